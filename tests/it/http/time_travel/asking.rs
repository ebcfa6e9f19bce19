//! How the past is asked for, and who is refused.

use crate::support::{NewKey, Shop};
use counterfoil::domain::programme::Scope;
use serde_json::json;

#[test]
fn before_a_card_was_issued_there_is_no_such_card() {
    let shop = Shop::open();
    let before = shop.server.engine().live().progress().head().get();
    shop.server.advance_seconds(60);
    let issued = shop.issued("ann@example.com");
    let (card, number) = (&issued["id"].as_str().unwrap()[5..], issued["card_number"].as_str().unwrap());
    let customer = shop.customer_of(number);
    let award = shop.award(card, 10)["transaction_id"].as_str().unwrap().to_owned();
    let then = "2026-01-01T00:00:30Z";
    for (path, code) in [
        (format!("/api/loyalty-cards/{card}"), "CARD_NOT_FOUND"),
        (format!("/api/loyalty-cards/{number}/history"), "CARD_NOT_FOUND"),
        (format!("/api/points/balance/{card}"), "CARD_NOT_FOUND"),
        (format!("/api/points/history/{number}"), "CARD_NOT_FOUND"),
        (format!("/api/points/expiring?card_id={card}"), "CARD_NOT_FOUND"),
        (format!("/api/customers/{customer}"), "CUSTOMER_NOT_FOUND"),
        (format!("/api/customers/{customer}/balance"), "CUSTOMER_NOT_FOUND"),
        (format!("/en/shop/points/balance/{card}"), "CARD_NOT_FOUND"),
        (format!("/en/shop/loyalty-cards/{card}"), "CARD_NOT_FOUND"),
        (format!("/en/shop/loyalty-cards/info?card_number={number}"), "CARD_NOT_FOUND"),
        (format!("/en/shop/transactions/{award}"), "RESOURCE_NOT_FOUND"),
        (format!("/en/partners/transactions/{award}"), "RESOURCE_NOT_FOUND"),
        (format!("/en/partners/customers/{}/loyalty-stats", &customer[5..]), "CUSTOMER_NOT_FOUND"),
    ] {
        let sign = if path.contains('?') { '&' } else { '?' };
        for asked in [format!("as_of={then}"), format!("as_of_seq={before}"), "as_of_seq=1".to_owned()] {
            let reply = shop.get(&format!("{path}{sign}{asked}"));
            reply.error(404, code);
            assert!(reply.header("x-as-of-seq").is_some(), "{path} {asked}");
        }
    }
    for list in
        [format!("/en/shop/transactions?card_id={card}"), format!("/en/shop/loyalty-cards?card_number={number}")]
    {
        let (rows, meta) = shop.get(&format!("{list}&as_of={then}")).page();
        assert_eq!((rows.len(), &meta["total"]), (0, &json!(0)), "{list}");
    }
}

#[test]
fn a_moment_is_named_in_one_way_and_lies_in_the_past() {
    let shop = Shop::open();
    let card = shop.card("ann@example.com");
    let head = shop.server.engine().live().progress().head().get();
    let about = |query: &str, field: &str| {
        let reply = shop.get(&format!("/api/points/balance/{card}?{query}"));
        reply.error(400, "VALIDATION_ERROR");
        reply.about(field)
    };
    assert_eq!(about("as_of_seq=1&as_of=2026-01-01T00:00:00Z", "as_of_seq"), "must not be sent beside as_of");
    let range = format!("must be a whole number from 1 to {head}");
    for seq in ["0", "-1", "one", "1.0", &(head + 1).to_string(), "99999999999999999999"] {
        assert_eq!(about(&format!("as_of_seq={seq}"), "as_of_seq"), range, "{seq}");
    }
    let form = "must be an RFC 3339 time with its offset, such as 2026-01-31T12:00:00Z";
    for time in ["yesterday", "2026-01-01", "2026-01-01T00:00:00", "17"] {
        assert_eq!(about(&format!("as_of={time}"), "as_of"), form, "{time}");
    }
    let future = about("as_of=2026-01-01T00:00:00.000001Z", "as_of");
    let expected = format!("must not be later than now, 2026-01-01T00:00:00.000000Z: the log ends at event {head}");
    assert_eq!(future, expected);
    // In another language; in any offset, the plus sign escaped or not; an empty value is none.
    let reply = shop.get(&format!("/lt/shop/points/balance/{card}?as_of=2030-01-01T00:00:00Z"));
    assert!(reply.about("as_of").contains(&format!("žurnalas baigiasi įvykiu {head}")));
    for time in ["2026-01-01T02:00:00%2B02:00", "2026-01-01T02:00:00+02:00", "2025-12-31T23:00:00-01:00"] {
        let reply = shop.get(&format!("/api/points/balance/{card}?as_of={time}"));
        reply.data(200);
        assert_eq!(reply.header("x-as-of"), Some("2026-01-01T00:00:00.000000Z"), "{time}");
    }
    let reply = shop.get(&format!("/api/points/balance/{card}?as_of=&as_of_seq="));
    reply.data(200);
    assert_eq!(reply.header("x-as-of-seq"), None);
}

#[test]
fn where_there_is_no_past_the_parameter_is_refused_by_its_name() {
    let shop = Shop::open();
    let card = shop.card("ann@example.com");
    let moment = "2026-01-01T00:00:00Z";
    for path in [
        "/api/loyalty-cards",
        "/api/customers",
        "/en/shop/shops",
        "/en/shop/sync-status",
        "/en/partners/customers",
        "/en/partners/settings",
        "/lt/partners/shops",
        "/api/partners/cards",
        "/audit/events",
        "/audit/keys",
        &format!("/qr/{card}"),
    ] {
        for (field, value) in [("as_of", moment), ("as_of_seq", "1"), ("as%5Fof", moment)] {
            let reply = shop.get(&format!("{path}?{field}={value}"));
            assert_eq!(reply.status, 400, "{path} {field}");
            assert!(!reply.about(&field.replace("%5F", "_")).is_empty(), "{path} {field}");
        }
    }
    for path in [
        "/api/points/expiring",
        "/en/shop/transactions",
        "/en/shop/points",
        "/en/shop/loyalty-cards",
        "/en/shop/loyalty-cards?user_email=ann@example.com",
        "/lt/shop/transactions?user_email=ann@example.com",
        "/en/partners/transactions",
    ] {
        let sign = if path.contains('?') { '&' } else { '?' };
        let reply = shop.get(&format!("{path}{sign}as_of={moment}"));
        reply.error(400, "VALIDATION_ERROR");
        assert!(reply.about("as_of").contains("card"), "{path}: {}", reply.about("as_of"));
    }
    // Nothing is written about the past.
    let head = || shop.server.engine().live().progress().head();
    let before = head();
    let body = json!({"card_id": card, "points": 5, "reason": "Purchase"});
    let reply = shop.post(&format!("/api/points/award?as_of={moment}"), &body);
    reply.error(400, "VALIDATION_ERROR");
    assert!(reply.about("as_of").contains("cannot be asked for here"));
    assert_eq!(head(), before);
}

#[test]
fn the_past_is_told_to_whom_the_present_is_told_and_nobody_else() {
    let shop = Shop::open();
    let issued = shop.issued("ann@example.com");
    let (card, number) = (issued["id"].as_str().unwrap(), issued["card_number"].as_str().unwrap());
    let award = shop.award(card, 10)["transaction_id"].clone();
    let head = shop.server.engine().live().progress().head().get();
    let blind = shop.keyed(NewKey { scopes: vec![Scope::PointsManage], ..NewKey::default() });
    blind.get(&format!("/api/points/balance/{card}?as_of_seq={head}")).error(403, "INSUFFICIENT_PERMISSIONS");
    shop.bare().get(&format!("/api/points/balance/{card}?as_of_seq={head}")).error(401, "AUTH_REQUIRED");
    // A key that was made later may ask of what was before it.
    let reader = shop.keyed(NewKey { scopes: vec![Scope::LoyaltyRead], ..NewKey::default() });
    let told = reader.get(&format!("/api/points/balance/{number}?as_of_seq={head}")).data(200);
    assert_eq!(told["current_balance"], json!(10));
    let other = shop.other_partner();
    let head = shop.server.engine().live().progress().head().get();
    for (path, code) in [
        (format!("/api/loyalty-cards/{card}"), "CARD_NOT_FOUND"),
        (format!("/api/points/history/{number}"), "CARD_NOT_FOUND"),
        (format!("/en/shop/transactions/{}", award.as_str().unwrap()), "RESOURCE_NOT_FOUND"),
        ("/api/customers/1".to_owned(), "CUSTOMER_NOT_FOUND"),
        ("/en/partners/customers/1".to_owned(), "CUSTOMER_NOT_FOUND"),
    ] {
        other.get(&format!("{path}?as_of_seq={head}")).error(404, code);
    }
}

#[test]
fn a_card_template_is_shown_as_it_was() {
    let shop = Shop::open();
    let template = shop.get("/en/partners/cards").page().0[0]["id"].clone();
    let path = format!("/en/shop/loyalty-cards/{template}");
    let was = shop.get(&path).data(200);
    let head = shop.server.engine().live().progress().head().get();
    shop.server.advance_seconds(1);
    shop.put(&format!("/en/partners/cards/{template}"), &json!({"points_per_currency": 7})).data(200);
    assert_ne!(shop.get(&path).data(200), was);
    assert_eq!(shop.get(&format!("{path}?as_of_seq={head}")).data(200), was);
}

#[test]
fn a_history_that_is_too_long_to_be_folded_is_refused_by_the_parameter_that_asks() {
    let shop = Shop::open();
    let card = shop.card("ann@example.com");
    shop.award(&card, 10);
    shop.balance(&card);
    shop.get(&format!("/api/points/history/{card}")).data(200);
    // Rows that no event stands behind: they are counted before the log is looked at.
    let views = rusqlite::Connection::open(shop.server.files.path().join("views.db")).unwrap();
    let sql = "WITH RECURSIVE more (seq) AS (SELECT -1 UNION ALL SELECT seq - 1 FROM more LIMIT 100000) \
               INSERT INTO stream_events (stream, id, seq) SELECT 'card', card, seq FROM cards, more";
    views.execute(sql, []).unwrap();
    for (asked, field) in [("as_of_seq=1", "as_of_seq"), ("as_of=2026-01-01T00:00:00Z", "as_of")] {
        let reply = shop.get(&format!("/api/points/balance/{card}?{asked}"));
        assert_eq!(reply.error(400, "VALIDATION_ERROR")["fields"][0]["code"], json!("OUT_OF_RANGE"));
        let expected = "more than 100000 events would have to be folded: ask for an earlier moment";
        assert_eq!(reply.about(field), expected);
    }
}
