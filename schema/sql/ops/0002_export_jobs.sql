-- Exports that were asked for: what, and where in the log they stand. Their rows are read when they are downloaded.
-- `filters` is a JSON object of ids, times and words: no name, no email.
CREATE TABLE export_jobs (
    id         TEXT PRIMARY KEY,
    partner    INTEGER NOT NULL,
    key        INTEGER NOT NULL,
    data_set   TEXT    NOT NULL,
    format     TEXT    NOT NULL,
    columns    TEXT    NOT NULL,
    filters    TEXT    NOT NULL,
    as_of      INTEGER NOT NULL,
    last_id    INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX export_jobs_by_partner ON export_jobs (partner, created_at, id);
CREATE INDEX export_jobs_by_end     ON export_jobs (expires_at);

-- What download links are signed with: 256 random bits for each purpose. Without the row a new one is drawn, and old links end.
CREATE TABLE signing_keys (
    purpose TEXT PRIMARY KEY,
    bits    BLOB NOT NULL CHECK (length(bits) = 32)
) STRICT, WITHOUT ROWID;
