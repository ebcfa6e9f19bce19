-- The books. Format: schema/event-log.md, which is a contract with every auditor: change it there first.
-- No secondary index: a random index costs seven eighths of the write rate. Look-up tables live in views.db.
CREATE TABLE events (
    seq             INTEGER PRIMARY KEY,
    command_seq     INTEGER NOT NULL,
    recorded_at     INTEGER NOT NULL,
    partner_id      INTEGER NOT NULL,
    stream          TEXT    NOT NULL,
    version         INTEGER NOT NULL,
    kind            TEXT    NOT NULL,
    schema          INTEGER NOT NULL,
    actor           TEXT    NOT NULL,
    idempotency_key TEXT,
    fingerprint     BLOB,
    payload         TEXT    NOT NULL,
    hash            BLOB    NOT NULL,
    CHECK (length(hash) = 32),
    CHECK ((idempotency_key IS NULL) = (fingerprint IS NULL)),
    CHECK (fingerprint IS NULL OR length(fingerprint) = 32),
    CHECK (command_seq <= seq)
) STRICT;

CREATE TRIGGER events_refuse_update BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'the event log is append-only: UPDATE refused'); END;

CREATE TRIGGER events_refuse_delete BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'the event log is append-only: DELETE refused'); END;

-- INSERT OR REPLACE deletes a row without asking the trigger above.
CREATE TRIGGER events_refuse_replace BEFORE INSERT ON events
WHEN EXISTS (SELECT 1 FROM events WHERE seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'the event log is append-only: REPLACE refused'); END;

-- The vault: the only place that holds personal data and what people typed. Erasable, never editable.
CREATE TABLE sealed_records (
    record  INTEGER PRIMARY KEY,
    subject TEXT NOT NULL,
    salt    BLOB,
    body    TEXT,
    CHECK ((salt IS NULL) = (body IS NULL)),
    CHECK (salt IS NULL OR length(salt) = 32)
) STRICT;

CREATE TRIGGER sealed_records_only_erase BEFORE UPDATE ON sealed_records
WHEN NEW.record IS NOT OLD.record OR NEW.subject IS NOT OLD.subject OR NEW.salt IS NOT NULL OR NEW.body IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a sealed record can only be erased: UPDATE refused'); END;

CREATE TRIGGER sealed_records_refuse_delete BEFORE DELETE ON sealed_records
BEGIN SELECT RAISE(ABORT, 'a sealed record can only be erased: DELETE refused'); END;

CREATE TRIGGER sealed_records_refuse_replace BEFORE INSERT ON sealed_records
WHEN EXISTS (SELECT 1 FROM sealed_records WHERE record = NEW.record)
BEGIN SELECT RAISE(ABORT, 'a sealed record can only be erased: REPLACE refused'); END;
