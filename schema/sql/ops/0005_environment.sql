-- What the directory is for, decided when it was made: at most one row. Without one it is production, which nothing resets.
CREATE TABLE environment (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    name TEXT    NOT NULL CHECK (name IN ('staging', 'production'))
) STRICT;
