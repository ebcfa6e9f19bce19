//! What is retired takes nothing new, and what was begun with it is still ended.

use super::{buy, template};
use crate::support::{NewKey, Shop};
use serde_json::{Value, json};

const CREATE: &str = "/en/shop/transactions/create";

#[test]
fn a_closed_shop_takes_nothing_new_and_still_refunds() {
    for closing in ["delete", "inactive"] {
        let shop = Shop::open();
        let at = shop.shop.get();
        let card = shop.card("ann@example.com");
        let sale = |order: &str| json!({"order_id": order, "order_total": 10, "card_id": card, "shop_id": at});
        shop.post(CREATE, &sale("1")).data(201);
        let path = format!("/en/partners/shops/{at}");
        match closing {
            "delete" => shop.delete(&path).data(200),
            _ => shop.put(&path, &json!({"is_active": false})).data(200),
        };
        let closed = |reply: crate::support::Reply| {
            let error = reply.error(422, "OPERATION_NOT_ALLOWED");
            assert!(error["message"].as_str().unwrap().starts_with("The shop is closed"), "{error}");
            assert_eq!(error["details"]["shop_id"], json!(at));
        };
        let movement = json!({"card_id": card, "points": 1, "reason": "x", "shop_id": at});
        closed(shop.post(CREATE, &sale("2")));
        closed(shop.post("/api/points/award", &movement));
        closed(shop.post("/api/points/redeem", &movement));
        let bound = shop.keyed(NewKey { shop: Some(shop.shop), ..NewKey::default() });
        let person = json!({"customer_email": "bob@example.com", "customer_name": "Bob"});
        closed(bound.post("/api/loyalty-cards", &person));
        let lt = shop.post(&CREATE.replace("/en/", "/lt/"), &sale("2"));
        assert!(lt.json()["message"].as_str().unwrap().starts_with("Parduotuvė uždaryta"));
        // A repetition is an answer, not something new.
        let again = shop.post(CREATE, &sale("1"));
        again.data(201);
        assert!(again.replayed());
        // What was begun there is mended and ended there.
        shop.post("/api/points/adjust", &movement).data(201);
        let refund = json!({"order_id": "1", "refund_id": "r", "refund_amount": 4, "shop_id": at});
        let refunded = shop.post("/en/shop/transactions/deduct-points", &refund).data(201);
        assert_eq!(refunded["points"], json!(-40));
        let rest = json!({"order_id": "1", "type": "cancellation", "shop_id": at});
        assert_eq!(shop.post(CREATE, &rest).data(201)["points_balance"], json!(1));
        assert_eq!(shop.balance(&card), 1);
        shop.put(&path, &json!({"is_active": true})).data(200);
        shop.post(CREATE, &sale("2")).data(201);
    }
}

#[test]
fn a_deleted_template_gives_out_no_card_and_the_cards_that_have_it_go_on() {
    let shop = Shop::open();
    let card = shop.card("ann@example.com");
    let old = shop.get("/en/partners/cards").page().0[0]["id"].clone();
    let path = format!("/en/partners/cards/{old}");
    assert_eq!(shop.delete(&path).data(200), json!({}));
    for reply in [shop.get(&path), shop.delete(&path), shop.put(&path, &json!({"points_per_visit": 1}))] {
        reply.error(404, "CARD_NOT_FOUND");
    }
    assert_eq!(shop.get("/en/partners/cards").page().1["total"], json!(0));
    assert_eq!(shop.get("/en/shop/loyalty-cards").page().1["total"], json!(0));
    let person = json!({"customer_email": "bob@example.com", "customer_name": "Bob"});
    shop.post("/api/loyalty-cards", &person).error(422, "OPERATION_NOT_ALLOWED");
    let cat = shop.post("/en/partners/customers", &json!({"email": "cat@example.com"})).data(201);
    let sale = |template: &Value| json!({"order_id": "7", "order_total": 1, "customer_id": cat["id"], "partner_card_id": template});
    shop.post(CREATE, &sale(&old)).error(404, "CARD_NOT_FOUND");
    assert_eq!(buy(&shop, &card, "1", &json!(5))["points"], json!(50), "by the rules that it had");
    let new = shop.post("/en/partners/cards", &template()).data(201)["id"].clone();
    let issued = shop.post("/api/loyalty-cards", &person).data(201);
    assert!(issued["id"].is_string());
    shop.post(CREATE, &sale(&new)).data(201);
}
