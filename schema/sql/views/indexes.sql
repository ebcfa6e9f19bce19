-- Made with an empty views.db, and last in a rebuild.
CREATE UNIQUE INDEX keys_by_public_id    ON keys (public_id);
CREATE UNIQUE INDEX customers_by_email   ON customers (partner, email_hash) WHERE email_hash IS NOT NULL;
CREATE INDEX customers_by_phone          ON customers (partner, phone_hash) WHERE phone_hash IS NOT NULL;
CREATE INDEX customers_by_partner        ON customers (partner, customer);
-- In the order of the vault, which is that of the log: what is due by age is walked from the oldest.
CREATE INDEX customer_records_by_record  ON customer_records (record, customer, seq);
CREATE UNIQUE INDEX cards_by_number      ON cards (partner, number);
CREATE INDEX cards_by_customer           ON cards (customer);
CREATE INDEX cards_by_partner            ON cards (partner, card);
CREATE INDEX cards_by_status             ON cards (partner, status, tier, card);
-- Status and tier ride along so that a filtered list is walked in the index alone, without a look at each card's row.
CREATE INDEX cards_by_balance            ON cards (partner, balance, card, status, tier);
CREATE INDEX cards_by_activity           ON cards (partner, last_activity, card, status, tier);
CREATE INDEX lots_by_expiry              ON lots (expires_at, card) WHERE expires_at IS NOT NULL;
-- Era by era; see `eras`. Rows with the same key stand in the order of the log.
CREATE INDEX movements_by_card           ON movements (seq >> 20, card);
CREATE INDEX movements_by_order          ON movements (seq >> 20, order_id) WHERE order_id IS NOT NULL;
CREATE INDEX movements_by_reference      ON movements (seq >> 20, reference) WHERE reference IS NOT NULL;
-- Of one size there is one checkpoint, and then its cosignatures.
CREATE INDEX checkpoints_by_size         ON checkpoints (size, seq);
CREATE UNIQUE INDEX seals_by_period      ON seals (partner, period);

-- What is found by a card or by a name, in all eras. In the order of the log: ORDER BY era, seq. (The plus sign takes the column's
-- affinity away, with which the index of an expression would not be used.)
CREATE VIEW card_lots AS
    SELECT eras.era, card, lot, points, remaining, shop, expires_at FROM eras CROSS JOIN lots WHERE lots.era = eras.era;
CREATE VIEW card_movements AS
    SELECT era, movements.* FROM eras CROSS JOIN movements INDEXED BY movements_by_card WHERE movements.seq >> 20 = +era;
CREATE VIEW order_movements AS
    SELECT era, movements.* FROM eras CROSS JOIN movements INDEXED BY movements_by_order WHERE movements.seq >> 20 = +era;
CREATE VIEW reference_movements AS
    SELECT era, movements.* FROM eras CROSS JOIN movements INDEXED BY movements_by_reference WHERE movements.seq >> 20 = +era;
