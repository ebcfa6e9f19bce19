//! Who may see and do what under `/{locale}/shop`: another partner's things look like nothing, and a key does what its scopes say.

use crate::support::{Client, NewKey, Reply, Shop};
use counterfoil::domain::programme::Scope;
use serde_json::{Value, json};

/// The number in `card_17`.
fn number(id: &Value) -> i64 {
    id.as_str().unwrap().rsplit('_').next().unwrap().parse().unwrap()
}

/// An answer without what is different in every answer, and without the name that was asked for.
fn shape(reply: &Reply, name: i64) -> (u16, Value) {
    let mut body = reply.json();
    body["request_id"] = Value::Null;
    body["error"]["request_id"] = Value::Null;
    (reply.status, without(&body, &name.to_string()))
}

fn without(value: &Value, name: &str) -> Value {
    match value {
        Value::String(text) if text.rsplit('_').next() == Some(name) => json!("NAME"),
        Value::Object(object) => {
            let is_id = |key: &str, value: &Value| {
                key.ends_with("_id") && value.as_i64().is_some_and(|id| name.parse() == Ok(id))
            };
            let field = |(key, value): (&String, &Value)| {
                (key.clone(), if is_id(key, value) { json!("NAME") } else { without(value, name) })
            };
            object.iter().map(field).collect()
        }
        Value::Array(list) => list.iter().map(|value| without(value, name)).collect(),
        other => other.clone(),
    }
}

#[test]
fn another_partners_things_look_like_unknown_ones_everywhere() {
    let shop = Shop::open();
    let card = shop.issued("ann@example.com");
    let order =
        json!({"order_id": "1001", "order_total": 10, "card_number": card["card_number"], "shop_id": shop.shop.get()});
    let booked = shop.post("/en/shop/transactions/create", &order).data(201);
    let (card_id, customer) = (number(&card["id"]), booked["user_id"].as_i64().unwrap());
    let other = shop.other_partner();
    let get = |path: &'static str| move |client: &Client, name: i64| client.get(&path.replace("{}", &name.to_string()));
    type Ask = Box<dyn Fn(&Client, i64) -> Reply>;
    let asks: [(i64, Vec<Ask>); 4] = [
        (
            shop.shop.get(),
            vec![
                Box::new(get("/en/shop/shops/{}")),
                Box::new(get("/en/shop/transactions?shop_id={}")),
                Box::new(get("/en/shop/loyalty-cards?shop_id={}")),
            ],
        ),
        (
            card_id,
            vec![
                Box::new(get("/en/shop/loyalty-cards/{}")),
                Box::new(get("/en/shop/loyalty-cards/info?card_id={}")),
                Box::new(get("/en/shop/loyalty-cards/balance?card_id={}")),
                Box::new(get("/en/shop/points/balance/{}")),
                Box::new(get("/en/shop/transactions?card_id={}")),
                Box::new(|client, name| {
                    let body = json!({"order_id": "7", "order_total": 1, "card_id": name});
                    client.post("/en/shop/transactions/create", &body)
                }),
                Box::new(|client, name| {
                    client.post("/en/shop/transactions/deduct-points", &json!({"card_id": name, "points": 1}))
                }),
                Box::new(|client, name| {
                    let body = json!({"loyalty_card_id": name, "points": 1, "type": "earned", "description": "x"});
                    client.post("/en/shop/points", &body)
                }),
            ],
        ),
        (
            booked["id"].as_i64().unwrap(),
            vec![Box::new(get("/en/shop/transactions/{}")), Box::new(get("/en/shop/points/{}"))],
        ),
        (
            customer,
            vec![
                Box::new(get("/en/shop/loyalty-cards/info?user_id={}")),
                Box::new(get("/en/shop/transactions?user_id={}")),
                Box::new(|client, name| {
                    let body = json!({"order_id": "7", "order_total": 1, "user_id": name});
                    client.post("/en/shop/transactions/create", &body)
                }),
            ],
        ),
    ];
    for (name, asks) in asks {
        for (place, ask) in asks.iter().enumerate() {
            let (theirs, unknown) = (ask(&other, name), ask(&other, 987_654));
            // Both in the words for an id that is not there.
            assert_eq!(shape(&theirs, name), shape(&unknown, 987_654), "{place}");
        }
    }
    let refund = json!({"order_id": "1001", "type": "cancellation"});
    other.post("/en/shop/transactions/create", &refund).error(404, "RESOURCE_NOT_FOUND");
    for path in ["transactions", "points", "loyalty-cards?user_email=ann@example.com"] {
        assert_eq!(other.get(&format!("/en/shop/{path}")).page().1["total"], json!(0), "{path}");
    }
    assert_eq!(shop.balance(card["id"].as_str().unwrap()), 100);
}

#[test]
fn a_key_does_what_its_scopes_say() {
    let shop = Shop::open();
    let card = number(&json!(shop.card("ann@example.com")));
    let with = |scope| shop.keyed(NewKey { scopes: vec![scope], ..NewKey::default() });
    let (reader, till) = (with(Scope::LoyaltyRead), with(Scope::PointsManage));
    let reads = [
        "shops",
        "shops/nearby?latitude=1&longitude=1",
        "loyalty-cards",
        "transactions",
        "points",
        "categories",
        "products/categories",
        "sync-status",
    ];
    for path in reads {
        assert_eq!(reader.get(&format!("/en/shop/{path}")).status, 200, "{path}");
        let refused = till.get(&format!("/en/shop/{path}")).error(403, "INSUFFICIENT_PERMISSIONS");
        assert_eq!(refused["required_permissions"], json!(["loyalty:read"]), "{path}");
    }
    let writes = [
        ("transactions/create", json!({"order_id": "1", "order_total": 1, "card_id": card})),
        ("transactions/award-points", json!({"order_id": "2", "order_total": 1, "card_id": card})),
        ("transactions/deduct-points", json!({"card_id": card, "points": 1})),
        ("points", json!({"loyalty_card_id": card, "points": 1, "type": "earned", "description": "x"})),
        ("points/bulk", json!({"transactions": [{"card_id": card, "points": 1, "reason": "x"}]})),
    ];
    for (path, body) in writes {
        assert!(till.post(&format!("/en/shop/{path}"), &body).status < 300, "{path}");
        let refused = reader.post(&format!("/en/shop/{path}"), &body).error(403, "INSUFFICIENT_PERMISSIONS");
        assert_eq!(refused["required_permissions"], json!(["points:manage"]), "{path}");
    }
}

#[test]
fn a_key_of_one_shop_books_nothing_in_another() {
    let shop = Shop::open();
    let card = number(&json!(shop.card("ann@example.com")));
    let second = shop.server.open_shop(shop.partner);
    let bound = shop.keyed(NewKey { shop: Some(second), ..NewKey::default() });
    let body = |at: i64| json!({"order_id": "1", "order_total": 1, "card_id": card, "shop_id": at});
    bound.post("/en/shop/transactions/create", &body(shop.shop.get())).error(403, "STORE_ACCESS_DENIED");
    bound.post("/en/shop/transactions/create", &body(second.get())).data(201);
}
