-- The projections: a pure function of the log. Disposable: delete views.db and it is rebuilt at the next start.
-- views.db is never migrated: when `layout` differs from the program's, the file is rebuilt.
-- No personal data: rows point into the vault (`record` columns), so that erasing a person touches one table.
-- Times are microseconds since 1970-01-01T00:00:00Z. `as_of` is the seq of the last event that the row reflects.
CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
-- names: layout (number), watermark (seq of the last event applied), watermark_hash (its chain hash, hex)

-- The eras that the log has reached: an event's is seq / 1048576, rounded down. What grows with the log and is found by something
-- else than its place in it is indexed by era first, so that what is new goes to a few pages, however long the log is.
CREATE TABLE eras (era INTEGER PRIMARY KEY) STRICT;

CREATE TABLE partners (
    partner INTEGER PRIMARY KEY, currency TEXT NOT NULL, record INTEGER NOT NULL, created_at INTEGER NOT NULL,
    version INTEGER NOT NULL, as_of INTEGER NOT NULL, settings TEXT NOT NULL, settings_record INTEGER, updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE shops (
    shop INTEGER PRIMARY KEY, partner INTEGER NOT NULL, facts TEXT NOT NULL, record INTEGER NOT NULL,
    created_at INTEGER NOT NULL, version INTEGER NOT NULL, as_of INTEGER NOT NULL, updated_at INTEGER NOT NULL, retired_at INTEGER
) STRICT;

CREATE TABLE templates (
    template INTEGER PRIMARY KEY, partner INTEGER NOT NULL, rules TEXT NOT NULL, record INTEGER NOT NULL,
    created_at INTEGER NOT NULL, version INTEGER NOT NULL, as_of INTEGER NOT NULL, updated_at INTEGER NOT NULL, retired_at INTEGER
) STRICT;

CREATE TABLE keys (
    key INTEGER PRIMARY KEY, partner INTEGER NOT NULL, public_id TEXT NOT NULL, form TEXT NOT NULL, shop INTEGER,
    scopes TEXT NOT NULL, allowed_ips TEXT NOT NULL, expires_at INTEGER, created_at INTEGER NOT NULL, revoked_at INTEGER,
    version INTEGER NOT NULL, as_of INTEGER NOT NULL
) STRICT;

CREATE TABLE customers (
    customer INTEGER PRIMARY KEY, partner INTEGER NOT NULL, email_hash BLOB, phone_hash BLOB, record INTEGER NOT NULL,
    registered_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, erased_at INTEGER, version INTEGER NOT NULL, as_of INTEGER NOT NULL
) STRICT;

-- Sealed records about a customer that no row of `movements` names; `seq` is the event that names them.
CREATE TABLE customer_records (
    customer INTEGER NOT NULL, record INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (customer, record)
) STRICT, WITHOUT ROWID;

CREATE TABLE cards (
    card INTEGER PRIMARY KEY, partner INTEGER NOT NULL, customer INTEGER NOT NULL, template INTEGER NOT NULL,
    number TEXT NOT NULL, status TEXT NOT NULL, status_before_block TEXT, design TEXT NOT NULL, shop INTEGER, tier TEXT NOT NULL,
    balance INTEGER NOT NULL,      -- by the books: open lots less debt, lots past their time included until their event
    debt INTEGER NOT NULL, lifetime INTEGER NOT NULL, redeemed INTEGER NOT NULL, expired INTEGER NOT NULL,
    adjusted INTEGER NOT NULL,     -- signed sum
    movements INTEGER NOT NULL,    -- how many rows of `movements` the card has
    last_seq INTEGER, last_type TEXT, last_points INTEGER, last_at INTEGER,
    issued_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, last_activity INTEGER NOT NULL,
    blocked_at INTEGER, block_record INTEGER, metadata_record INTEGER,
    version INTEGER NOT NULL, as_of INTEGER NOT NULL
) STRICT;

-- Open lots only: a lot leaves the table when nothing remains of it. Its id is the seq of the event that opened it. Those of a card
-- stand together in each era: a card is read with all of them when it is used for the first time.
CREATE TABLE lots (
    era INTEGER NOT NULL, card INTEGER NOT NULL, lot INTEGER NOT NULL, points INTEGER NOT NULL, remaining INTEGER NOT NULL,
    shop INTEGER, expires_at INTEGER, PRIMARY KEY (era, card, lot)
) STRICT, WITHOUT ROWID;

-- History: one row for each event that moved points; seq is the transaction's id.
CREATE TABLE movements (
    seq INTEGER PRIMARY KEY, card INTEGER NOT NULL, type TEXT NOT NULL, points INTEGER NOT NULL,
    balance_before INTEGER NOT NULL, balance_after INTEGER NOT NULL, shop INTEGER, order_id TEXT, reference TEXT,
    expires_at INTEGER, actor TEXT NOT NULL, record INTEGER, at INTEGER NOT NULL, partner INTEGER NOT NULL,
    kind INTEGER NOT NULL,         -- a place in `TransactionKind::ALL`
    amount INTEGER,                -- the order's total in ten-thousandths, where the row states one
    happened_at INTEGER            -- when it really happened, where an import said so; `at` is always the time of recording
) STRICT;

-- Every event of a card, customer, partner, shop, template or key (`stream`) that is no row of `movements`: with these it is
-- found what happened to a thing up to any event.
CREATE TABLE stream_events (
    stream TEXT NOT NULL, id INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (stream, id, seq)
) STRICT, WITHOUT ROWID;

-- Which points.refunded refunded an order: `order_seq` is the seq of the order's first event, by which a refund names it.
CREATE TABLE refunds (
    order_seq INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (order_seq, seq)
) STRICT, WITHOUT ROWID;

-- Which event claimed an idempotency key: first 8 bytes of BLAKE3(key), big endian, as a signed integer.
-- Two keys may share a hash: a reader compares the key in the log itself.
CREATE TABLE idempotency (
    era INTEGER NOT NULL, hash INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (era, hash, seq)
) STRICT, WITHOUT ROWID;

-- How many cards each block of 4096 card ids holds, so that a page of a list can be counted without reading the list.
CREATE TABLE card_counts (
    partner INTEGER NOT NULL, block INTEGER NOT NULL, status TEXT NOT NULL, tier TEXT NOT NULL, cards INTEGER NOT NULL,
    PRIMARY KEY (partner, block, status, tier)
) STRICT, WITHOUT ROWID;

-- How many transactions of each kind and shop (0: none named) each block of 8192 seqs holds, and the points that they add
-- and take: pages of transactions are counted and found by it.
CREATE TABLE transaction_counts (
    partner INTEGER NOT NULL, block INTEGER NOT NULL, kind INTEGER NOT NULL, shop INTEGER NOT NULL,
    transactions INTEGER NOT NULL, gained INTEGER NOT NULL, lost INTEGER NOT NULL,
    PRIMARY KEY (partner, block, kind, shop)
) STRICT, WITHOUT ROWID;

-- The Merkle tree over the log (RFC 6962, in tiles of C2SP tlog-tiles): levels 1 and above, whose hashes are the roots of the full
-- tiles below; the last tile of a level may be partial. Level 0 is not kept: its hashes follow from the log's.
CREATE TABLE tiles (
    level INTEGER NOT NULL, tile INTEGER NOT NULL, hashes BLOB NOT NULL, PRIMARY KEY (level, tile)
) STRICT, WITHOUT ROWID;

-- The keys that sign checkpoints, without their secrets.
CREATE TABLE checkpoint_keys (
    key INTEGER PRIMARY KEY, origin TEXT NOT NULL, public_key BLOB NOT NULL, created_at INTEGER NOT NULL, retired_at INTEGER,
    version INTEGER NOT NULL, as_of INTEGER NOT NULL
) STRICT;

-- Who wants to be told of events: as `terms`, what stands in the log of it. Where it leads stands in the vault, under `record`.
CREATE TABLE webhooks (
    webhook INTEGER PRIMARY KEY, partner INTEGER NOT NULL, terms TEXT NOT NULL, record INTEGER NOT NULL,
    created_at INTEGER NOT NULL, version INTEGER NOT NULL, as_of INTEGER NOT NULL, updated_at INTEGER NOT NULL, removed_at INTEGER
) STRICT;

-- Checkpoints, with a root, and their cosignatures, with a witness. `seq` is the event's.
CREATE TABLE checkpoints (
    seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, key INTEGER NOT NULL, size INTEGER NOT NULL, root BLOB, signature BLOB NOT NULL,
    witness TEXT, witness_key BLOB, cosigned_at INTEGER, CHECK ((root IS NULL) = (witness IS NOT NULL))
) STRICT;

-- Seals of balances, one for each partner and month: `seq` is the event's, `up_to` that of the last event before `ends_at`. The
-- secret and the tree's tiles stand in the vault (`record`).
CREATE TABLE seals (
    seal INTEGER PRIMARY KEY, seq INTEGER NOT NULL, at INTEGER NOT NULL, partner INTEGER NOT NULL, period TEXT NOT NULL,
    ends_at INTEGER NOT NULL, up_to INTEGER NOT NULL, cards INTEGER NOT NULL, points INTEGER NOT NULL, available INTEGER NOT NULL,
    root BLOB NOT NULL, record INTEGER NOT NULL
) STRICT;
-- The books: what the log comes to, in sums by span, so that the report of any period is answered without reading the log again.
-- A span is the events of one day (`day`: days since 1970-01-01, UTC) and one block (`block`: seq / 16384, rounded down); the last
-- of a log is a part of one. An event recorded before an earlier one counts as of that one's time. Shop 0: none was named.
CREATE TABLE book_spans (
    day INTEGER NOT NULL, block INTEGER NOT NULL, partner INTEGER NOT NULL, events INTEGER NOT NULL,
    late INTEGER NOT NULL,         -- how many of them were recorded before an event that stands before them
    first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL, last_at INTEGER NOT NULL,
    PRIMARY KEY (day, block, partner)
) STRICT, WITHOUT ROWID;

-- Movements by shop and the card's template; `orders` earned nothing and are no movements. imported*: those of them that happened
-- before they were recorded, and the points that they brought and took.
CREATE TABLE book_moves (
    day INTEGER NOT NULL, block INTEGER NOT NULL, partner INTEGER NOT NULL, shop INTEGER NOT NULL, template INTEGER NOT NULL,
    movements INTEGER NOT NULL, orders INTEGER NOT NULL, awarded INTEGER NOT NULL, given_back INTEGER NOT NULL,
    redeemed INTEGER NOT NULL, expired INTEGER NOT NULL, refunded INTEGER NOT NULL, adjusted_up INTEGER NOT NULL,
    adjusted_down INTEGER NOT NULL, imported INTEGER NOT NULL, imported_in INTEGER NOT NULL, imported_out INTEGER NOT NULL,
    PRIMARY KEY (day, block, partner, shop, template)
) STRICT, WITHOUT ROWID;

-- Cards issued, and by how much what cards owe has changed.
CREATE TABLE book_cards (
    day INTEGER NOT NULL, block INTEGER NOT NULL, partner INTEGER NOT NULL, template INTEGER NOT NULL,
    cards INTEGER NOT NULL, debt INTEGER NOT NULL, PRIMARY KEY (day, block, partner, template)
) STRICT, WITHOUT ROWID;

-- By how much open lots and what remains in them have changed, by the month in which they end (year * 12 + month - 1; -1: never).
CREATE TABLE book_lots (
    day INTEGER NOT NULL, block INTEGER NOT NULL, partner INTEGER NOT NULL, template INTEGER NOT NULL, month INTEGER NOT NULL,
    lots INTEGER NOT NULL, points INTEGER NOT NULL, PRIMARY KEY (day, block, partner, template, month)
) STRICT, WITHOUT ROWID;

-- The same by the day on which they end: `ending` is twice the day, and one more where it is not the day's first moment. Whatever
-- happened to lots before that day is one sum, under that day and the block -1: it tells what is due, and nothing finer is asked.
CREATE TABLE book_ends (
    ending INTEGER NOT NULL, day INTEGER NOT NULL, block INTEGER NOT NULL, partner INTEGER NOT NULL, template INTEGER NOT NULL,
    lots INTEGER NOT NULL, points INTEGER NOT NULL, PRIMARY KEY (ending, day, block, partner, template)
) STRICT, WITHOUT ROWID;

-- Who did what, by the kind of event: corrections (points added, points taken, how many took), blocks, changes of the programme.
CREATE TABLE book_acts (
    day INTEGER NOT NULL, block INTEGER NOT NULL, partner INTEGER NOT NULL, actor TEXT NOT NULL, act TEXT NOT NULL,
    acts INTEGER NOT NULL, up INTEGER NOT NULL, down INTEGER NOT NULL, downs INTEGER NOT NULL,
    PRIMARY KEY (day, block, partner, actor, act)
) STRICT, WITHOUT ROWID;

-- What refunds came to. `orders`: those of which it was the first refund; `amount` in ten-thousandths.
CREATE TABLE book_refunds (
    day INTEGER NOT NULL, block INTEGER NOT NULL, partner INTEGER NOT NULL, refunds INTEGER NOT NULL, cancellations INTEGER NOT NULL,
    returns INTEGER NOT NULL, orders INTEGER NOT NULL, completed INTEGER NOT NULL, taken_back INTEGER NOT NULL,
    debt INTEGER NOT NULL, let_go INTEGER NOT NULL, given_back INTEGER NOT NULL, amount INTEGER NOT NULL,
    without_amount INTEGER NOT NULL, PRIMARY KEY (day, block, partner)
) STRICT, WITHOUT ROWID;
