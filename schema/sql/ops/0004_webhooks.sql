-- Secrets that sign what webhooks send, in clear: a signature needs the secret itself. The log names them by their ids.
CREATE TABLE webhook_secrets (
    secret_id  TEXT PRIMARY KEY,
    secret     TEXT    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How each webhook fares. `version` is that of the webhook's stream: after a change of the webhook, attempts are counted anew.
-- Until `quiet_until` the receiver wants to be told nothing.
CREATE TABLE webhook_standing (
    webhook          INTEGER PRIMARY KEY,
    version          INTEGER NOT NULL,
    failures         INTEGER NOT NULL,
    abandoned        INTEGER NOT NULL,
    last_delivery_at INTEGER,
    quiet_until      INTEGER
) STRICT;

-- How far each webhook has come: everything up to `cursor` is settled, or stands in webhook_waiting. One track without an end
-- for each webhook; those with an end send a part of the log again.
CREATE TABLE webhook_tracks (
    track   INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook INTEGER NOT NULL,
    cursor  INTEGER NOT NULL,
    until   INTEGER
) STRICT;
-- The track of webhook 0 says how far erasures of customers have been followed.
CREATE UNIQUE INDEX webhook_main_tracks ON webhook_tracks (webhook) WHERE until IS NULL;
CREATE INDEX webhook_tracks_by_webhook ON webhook_tracks (webhook, track);

-- Places in the log and the hashes of its chain there, denser the newer. Nothing in these tables is about a later event than the
-- last of them. They tell up to where a log that was put back to an older copy is the one that this file is about.
CREATE TABLE webhook_history (
    slot   INTEGER PRIMARY KEY,
    number INTEGER NOT NULL,
    seq    INTEGER NOT NULL,
    hash   BLOB    NOT NULL
) STRICT;

-- Events that wait for another attempt, and those of the same customer that wait behind them. An event is named by its place in
-- the log and its hash: a log that was put back to an older copy may hold another in that place.
CREATE TABLE webhook_waiting (
    webhook    INTEGER NOT NULL,
    track      INTEGER NOT NULL,
    seq        INTEGER NOT NULL,
    event_hash BLOB    NOT NULL,
    customer   INTEGER NOT NULL,
    attempts   INTEGER NOT NULL,
    due_at     INTEGER NOT NULL,
    PRIMARY KEY (webhook, track, seq)
) STRICT, WITHOUT ROWID;

-- Attempts, newest last; bounded in number and age. `seq` is 0 for a test. What was sent is not kept, because it may name a
-- person: it is made again from log and vault, and `body_hash` (SHA-256) tells whether it is still the same. `answer` is the
-- beginning of the receiver's. Both go when the customer is erased: the hash would tell whether a guess is right.
CREATE TABLE webhook_deliveries (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook     INTEGER NOT NULL,
    partner     INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    event_hash  BLOB    NOT NULL,
    event       TEXT    NOT NULL,
    customer    INTEGER NOT NULL,
    attempt     INTEGER NOT NULL,
    status      TEXT    NOT NULL,
    status_code INTEGER,
    error       TEXT,
    body_hash   BLOB,
    answer      TEXT,
    sent_at     INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    next_at     INTEGER,
    CHECK (answer IS NULL OR body_hash IS NOT NULL)
) STRICT;
CREATE INDEX webhook_deliveries_by_webhook  ON webhook_deliveries (webhook, id);
CREATE INDEX webhook_deliveries_by_customer ON webhook_deliveries (customer) WHERE body_hash IS NOT NULL;
