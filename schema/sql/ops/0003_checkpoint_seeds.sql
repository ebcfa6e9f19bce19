-- The secret seeds (Ed25519) of the keys that sign checkpoints, by their public keys. Who has a seed can speak for the log.
-- `signed_size` and `signed_root`: the largest tree that was signed with it, so that a log that was put back to an older copy is
-- noticed before it is signed.
CREATE TABLE checkpoint_seeds (
    public_key  BLOB PRIMARY KEY CHECK (length(public_key) = 32),
    seed        BLOB NOT NULL CHECK (length(seed) = 32),
    created_at  INTEGER NOT NULL,
    signed_size INTEGER NOT NULL DEFAULT 0,
    signed_root BLOB CHECK ((signed_root IS NULL) = (signed_size = 0))
) STRICT, WITHOUT ROWID;
