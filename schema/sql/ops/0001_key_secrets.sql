-- Operations: neither history nor derivable. Losing it loses no points, only credentials.
-- A secret is 256 random bits, so one round of BLAKE3 suffices: there is nothing to guess faster than the secret itself.
CREATE TABLE key_secrets (
    public_id   TEXT PRIMARY KEY,
    secret_hash BLOB NOT NULL CHECK (length(secret_hash) = 32),
    created_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
