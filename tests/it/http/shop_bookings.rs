//! Booking under `/{locale}/shop`: exact amounts, every name of a field, once and only once.

use crate::support::{Reply, Shop};
use counterfoil::domain::programme::TemplateRules;
use serde_json::{Value, json};

const CREATE: &str = "/en/shop/transactions/create";

fn rules(points_per_currency: i64) -> TemplateRules {
    TemplateRules { points_per_currency: points_per_currency.into(), ..TemplateRules::default() }
}

/// Sends a body as it is written.
#[track_caller]
fn book(shop: &Shop, body: &str) -> Reply {
    shop.send("POST", CREATE, Some(body.as_bytes()))
}

#[test]
fn an_amount_is_read_digit_by_digit() {
    let shop = Shop::with_rules(rules(100));
    let number = shop.issued("ann@example.com")["card_number"].as_str().unwrap().to_owned();
    for (order, written, points, shown) in [
        (1, "0.29", 29, "0.29"),
        (2, "2.9e-1", 29, "0.29"),
        (3, "\"0.29\"", 29, "0.29"),
        (4, "1.10", 110, "1.1"),
        (5, "9007199.2547", 900_719_925, "9007199.2547"),
        (6, "5", 500, "5"),
    ] {
        let body = format!(r#"{{"order_id":"{order}","card_number":"{number}","order_total":{written}}}"#);
        let reply = book(&shop, &body);
        assert_eq!(reply.data(201)["points"], json!(points), "{written}");
        let text = String::from_utf8(reply.raw).unwrap();
        assert!(text.contains(&format!(r#""order_total":{shown},"#)), "{written}: {text}");
    }
    for written in ["-0.01", "0.00001", "1e30", "\"much\"", "true", "[]"] {
        let body = format!(r#"{{"order_id":"9","card_number":"{number}","order_total":{written}}}"#);
        let reply = book(&shop, &body);
        reply.error(400, "VALIDATION_ERROR");
        assert!(reply.about("order_total").starts_with("must be an amount"), "{written}");
    }
}

#[test]
fn one_order_is_the_same_however_it_is_spelt() {
    let shop = Shop::open();
    let card = shop.issued("ann@example.com");
    let first = shop.post(CREATE, &json!({"order_id": 1001, "order_total": 15.5, "card_number": card["card_number"]}));
    let user = first.data(201)["user_id"].clone();
    for body in [
        json!({"order_id": "1001", "order_total": "15.50", "user_id": user}),
        json!({"order_id": "1001", "amount": 15.5, "user_email": "ANN@example.com", "type": "purchase"}),
        json!({"reference": "1001", "order_total": 15.5, "customer_id": format!("cust_{user}"), "meta_data": {"till": 2}}),
    ] {
        let again = shop.post("/en/shop/shop/transactions/award-points", &body);
        assert_eq!(again.data(201), first.data(201), "{body}");
        assert!(again.replayed(), "{body}");
    }
}

#[test]
fn two_shops_may_have_the_same_order_and_a_refund_says_whose_it_is() {
    let shop = Shop::open();
    let card = shop.issued("ann@example.com");
    let (first, second) = (shop.shop.get(), shop.server.open_shop(shop.partner).get());
    let buy = |at: i64, total: i64| json!({"order_id": "1001", "order_total": total, "card_number": card["card_number"], "shop_id": at});
    assert_eq!(shop.post(CREATE, &buy(first, 10)).data(201)["points"], json!(100));
    assert_eq!(shop.post(CREATE, &buy(second, 20)).data(201)["points"], json!(200));
    let refund =
        json!({"order_id": "1001", "refund_id": "r1", "refund_amount": 10, "shop_id": second, "order_shop_id": first});
    let refunded = shop.post("/en/shop/transactions/deduct-points", &refund).data(201);
    assert_eq!((&refunded["points"], &refunded["points_balance"]), (&json!(-100), &json!(200)));
    let (rows, _) = shop.get(&format!("/en/shop/transactions?shop_id={second}")).page();
    let kinds: Vec<&Value> = rows.iter().map(|row| &row["type"]).collect();
    assert_eq!(kinds, ["refund", "purchase"]);
    // Nobody booked it without a shop.
    let cancel = json!({"order_id": "1001", "type": "cancellation"});
    shop.post(CREATE, &cancel).error(404, "RESOURCE_NOT_FOUND");
}

#[test]
fn names_that_contradict_each_other_book_nothing() {
    let shop = Shop::open();
    let (ann, bob) = (shop.issued("ann@example.com"), shop.issued("bob@example.com"));
    let bob_id = shop.customer_of(bob["card_number"].as_str().unwrap());
    let ann_id = shop.customer_of(ann["card_number"].as_str().unwrap());
    let body = json!({"order_id": "1", "order_total": 1, "card_number": ann["card_number"], "user_id": bob_id});
    shop.post(CREATE, &body).error(404, "CARD_NOT_FOUND");
    let body = json!({"order_id": "1", "order_total": 1, "user_email": "ann@example.com", "user_id": bob_id});
    shop.post(CREATE, &body).error(404, "CUSTOMER_NOT_FOUND");
    let body =
        json!({"order_id": "1", "order_total": 1, "loyalty_card_id": ann["id"], "card_number": bob["card_number"]});
    shop.post(CREATE, &body).error(404, "CARD_NOT_FOUND");
    let body = json!({"order_id": "1", "order_total": 1, "user_id": bob_id, "customer_id": ann_id});
    shop.post(CREATE, &body).error(404, "CUSTOMER_NOT_FOUND");
    let body = json!({"order_id": "1", "order_total": 1, "amount": 2, "user_id": bob_id});
    assert_eq!(shop.post(CREATE, &body).about("amount"), "must say the same as order_total, or be left out");
    let query = format!("/en/shop/transactions?loyalty_card_id=1&card_id={}", 2);
    assert_eq!(shop.get(&query).about("card_id"), "must say the same as loyalty_card_id, or be left out");
    let body = json!({"order_id": "1", "order_total": 1});
    let reply = shop.post(CREATE, &body);
    reply.error(400, "VALIDATION_ERROR");
    assert!(reply.about("user_id").contains("card_number"));
    assert_eq!(shop.get("/en/shop/transactions").page().1["total"], json!(0));
}

#[test]
fn an_unknown_field_and_an_unknown_type_are_refused() {
    let shop = Shop::open();
    let card = shop.issued("ann@example.com");
    let with = |name: &str, value: Value| {
        let mut body = json!({"order_id": "1", "order_total": 1, "card_number": card["card_number"]});
        body[name] = value;
        let reply = shop.post(CREATE, &body);
        reply.error(400, "VALIDATION_ERROR");
        reply.about(name)
    };
    assert_eq!(with("refrence", json!("x")), "is not a field of this request");
    assert!(with("type", json!("nonsense")).contains("cancellation"));
    assert_eq!(with("cart_items", json!([1])), "must be a list of objects");
    assert_eq!(with("cart_items", json!({})), "must be a list");
    assert!(with("cart_items", json!([{"sku": "x".repeat(17_000)}])).contains("16384"));
}

#[test]
fn what_was_typed_goes_with_the_customer_and_the_figures_stay() {
    let shop = Shop::open();
    let card = shop.issued("ann@example.com");
    let body = json!({
        "order_id": "1", "order_total": 3, "card_number": card["card_number"], "description": "Ann's cake",
        "cart_items": [{"product_name": "Ann's cake"}], "meta_data": {"for": "Ann"},
    });
    let booked = shop.post(CREATE, &body).data(201);
    let path = format!("/en/shop/transactions/{}", booked["id"]);
    assert_eq!(shop.get(&path).data(200)["cart_items"], json!([{"product_name": "Ann's cake"}]));
    shop.delete(&format!("/api/customers/{}", booked["user_id"])).data(200);
    let shown = shop.get(&path).data(200);
    assert_eq!((&shown["description"], &shown["cart_items"]), (&json!("[erased]"), &json!([])));
    assert_eq!((&shown["points"], &shown["amount"], &shown["metadata"]), (&json!(30), &json!(3), &json!({})));
    assert_eq!(shown["user"], json!({"id": booked["user_id"], "name": null, "email": null, "phone": null}));
    assert!(!shown.to_string().contains("Ann"));
}

#[test]
fn a_description_that_nobody_gave_is_said_in_the_language_of_the_path() {
    let shop = Shop::open();
    let card = shop.issued("ann@example.com");
    let body = json!({"order_id": "1", "order_total": 3, "card_number": card["card_number"]});
    let path = format!("shop/transactions/{}", shop.post(CREATE, &body).data(201)["id"]);
    assert_eq!(shop.get(&format!("/en/{path}")).data(200)["description"], json!("Purchase"));
    assert_eq!(shop.get(&format!("/lt/{path}")).data(200)["description"], json!("Pirkimas"));
}

#[test]
fn nothing_is_neither_redeemed_nor_refunded() {
    let shop = Shop::open();
    let card = shop.issued("ann@example.com");
    let sold = json!({"order_id": "1", "order_total": 10, "card_number": card["card_number"]});
    shop.post(CREATE, &sold).data(201);
    for body in [
        json!({"type": "redeem", "order_id": "2", "points": 0, "card_number": card["card_number"]}),
        json!({"type": "refund", "order_id": "1", "points": 0}),
    ] {
        let reply = shop.post(CREATE, &body);
        reply.error(400, "INVALID_POINTS");
        assert!(reply.about("points").contains("greater than 0"), "{body}");
    }
    let nothing = json!({"type": "refund", "order_id": "1", "order_total": 0});
    shop.post(CREATE, &nothing).error(422, "OPERATION_NOT_ALLOWED");
    assert_eq!(shop.get("/en/shop/transactions").page().1["total"], json!(1));
}

#[test]
fn an_older_form_without_an_order_id_happens_once_under_an_idempotency_key() {
    let shop = Shop::open();
    let card = shop.issued("ann@example.com");
    let earn =
        json!({"type": "earn", "amount": 10, "card_number": card["card_number"], "description": " ", "currency": ""});
    let (once, twice) = (shop.with("Idempotency-Key", "till-4-0001"), shop.with("Idempotency-Key", "till-4-0002"));
    let first = once.post(CREATE, &earn);
    let again = once.post(CREATE, &earn);
    assert_eq!((again.data(201), again.replayed()), (first.data(201), true));
    let other = json!({"type": "earn", "amount": 11, "card_number": card["card_number"]});
    once.post(CREATE, &other).error(409, "RESOURCE_ALREADY_EXISTS");
    let redeem = json!({"type": "redeem", "points": 3, "card_number": card["card_number"]});
    for replayed in [false, true] {
        assert_eq!(twice.post(CREATE, &redeem).replayed(), replayed);
    }
    // Without a key it happens as often as it is sent.
    shop.post(CREATE, &earn).data(201);
    shop.post(CREATE, &earn).data(201);
    assert_eq!(shop.get("/en/shop/transactions").page().1["total"], json!(4));
}

#[test]
fn everything_that_is_booked_is_in_the_partners_currency() {
    let shop = Shop::open();
    let card = shop.issued("ann@example.com");
    let sold = json!({"order_id": "1", "order_total": 10, "card_number": card["card_number"]});
    shop.post(CREATE, &sold).data(201);
    let mut named = sold.clone();
    named["currency"] = json!("eur");
    assert!(shop.post(CREATE, &named).replayed(), "the same order, whether its currency is said or not");
    for body in [
        json!({"order_id": "2", "order_total": 10, "card_number": card["card_number"], "currency": "USD"}),
        json!({"type": "redeem", "order_id": "2", "points": 1, "card_number": card["card_number"], "currency": "USD"}),
        json!({"type": "refund", "order_id": "1", "order_total": 10, "currency": "USD"}),
        json!({"type": "cancellation", "order_id": "1", "currency": "USD"}),
    ] {
        shop.post(CREATE, &body).error(422, "CURRENCY_MISMATCH");
    }
    assert_eq!(shop.get("/en/shop/transactions").page().1["total"], json!(1));
}

#[test]
fn a_repeated_purchase_answers_the_same_after_its_points_have_expired() {
    let shop = Shop::with_rules(TemplateRules { points_expiration_days: Some(30), ..TemplateRules::default() });
    let card = shop.issued("ann@example.com");
    let sold = json!({"order_id": "1", "order_total": 10, "card_number": card["card_number"]});
    let first = shop.post(CREATE, &sold);
    assert_eq!(first.data(201)["is_expired"], json!(false));
    shop.server.advance_days(31);
    let again = shop.post(CREATE, &sold);
    assert_eq!((again.data(201), again.replayed()), (first.data(201), true));
    assert_eq!(shop.get("/en/shop/transactions?type=purchase").page().0[0]["is_expired"], json!(true));
}
