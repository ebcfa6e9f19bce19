//! Card templates: every rule and word of them.

use super::{refused, template, with};
use crate::support::Shop;
use serde_json::{Value, json};

const CARDS: &str = "/en/partners/cards";

#[test]
fn a_new_template_has_the_published_defaults() {
    let shop = Shop::open();
    let card = shop.post(CARDS, &template()).data(201);
    for (field, value) in [
        ("name", json!({"en": "Bakery card", "lt": "Kepyklos kortelė"})),
        ("is_active", json!(true)),
        ("shop_ids", json!([])),
        ("applicable_shops", json!(null)),
        ("auto_assign", json!(true)),
        ("card_type", json!("loyalty")),
        ("activation", json!("first_use")),
        ("points_enabled", json!(true)),
        ("initial_bonus_points", json!(0)),
        ("welcome_bonus", json!(0)),
        ("points_expiration_days", json!(null)),
        ("points_per_currency", json!(1)),
        ("currency_amount", json!(1)),
        ("points_per_euro", json!(1)),
        ("round_points_up", json!(false)),
        ("min_points_per_purchase", json!(0)),
        ("max_points_per_purchase", json!(null)),
        ("points_per_visit", json!(0)),
        ("points_redemption_enabled", json!(true)),
        ("points_per_currency_redemption", json!(100)),
        ("currency_amount_redemption", json!(1)),
        ("min_points_for_redemption", json!(0)),
        ("max_points_per_redemption", json!(null)),
        ("default_coupon_validity_days", json!(null)),
        ("version", json!(1)),
        ("deleted_at", json!(null)),
        ("qr_code", json!(format!("TPL-{}", card["id"]))),
    ] {
        assert_eq!(card[field], value, "{field}");
    }
    assert_eq!(
        card["card_design"],
        json!({
            "logo": null, "logo_url": null, "text_color": "#000000", "text_color_labels": "#555555",
            "background_color": "#FFFFFF", "background_color_opacity": 1, "background_image": null,
            "qr_color": "#000000", "qr_background_color": "#FFFFFF",
        })
    );
    assert_eq!(card["partner"]["name"], json!("Corner Bakery"));
    assert_eq!(shop.get(&format!("/api/partners/cards/{}", card["id"])).data(200), card);
}

/// Every field that can be written, and another value than the one that it has.
fn changes(shop: i64) -> Vec<(&'static str, Value)> {
    vec![
        ("title", json!({"en": "New", "lt": "Nauja"})),
        ("description", json!({"en": "a\nb", "lt": "c"})),
        ("terms_conditions", json!({"en": "d", "lt": "e"})),
        ("is_active", json!(false)),
        ("shop_ids", json!([shop])),
        ("auto_assign", json!(false)),
        ("card_type", json!("third_party")),
        ("activation", json!("manual")),
        ("points_enabled", json!(false)),
        ("initial_bonus_points", json!(25)),
        ("points_expiration_days", json!(365)),
        ("points_per_currency", json!(2.5)),
        ("currency_amount", json!(0.75)),
        ("round_points_up", json!(true)),
        ("min_points_per_purchase", json!(3)),
        ("max_points_per_purchase", json!(500)),
        ("points_per_visit", json!(5)),
        ("points_redemption_enabled", json!(false)),
        ("points_per_currency_redemption", json!(50.5)),
        ("currency_amount_redemption", json!(0.5)),
        ("min_points_for_redemption", json!(10)),
        ("max_points_per_redemption", json!(1_000)),
        ("default_coupon_validity_days", json!(30)),
    ]
}

#[test]
fn each_field_is_written_at_creation_and_by_itself_and_each_change_is_a_version() {
    let shop = Shop::open();
    let mut body = template();
    let path = format!("{CARDS}/{}", shop.post(CARDS, &template()).data(201)["id"]);
    let mut version = 1;
    for (field, value) in changes(shop.shop.get()) {
        body[field] = value.clone();
        let changed = shop.put(&path, &json!({field: value})).data(200);
        version += 1;
        assert_eq!((&changed[field], &changed["version"]), (&value, &json!(version)), "{field}");
        let same = shop.put(&path, &json!({field: value})).data(200);
        assert_eq!(same["version"], json!(version), "what is so already is not recorded again: {field}");
    }
    let created = shop.post("/api/partners/cards", &body).data(201);
    let changed = shop.get(&path).data(200);
    for (field, value) in changes(shop.shop.get()) {
        assert_eq!((&created[field], &changed[field]), (&value, &value), "{field}");
    }
    assert_eq!(created["applicable_shops"], json!([shop.shop.get()]));
    assert_eq!(created["points_per_euro"].to_string(), "3.33333333");
    for field in [
        "points_expiration_days",
        "max_points_per_purchase",
        "max_points_per_redemption",
        "default_coupon_validity_days",
    ] {
        assert_eq!(shop.put(&path, &json!({field: null})).data(200)[field], json!(null), "{field}");
    }
}

#[test]
fn the_looks_are_changed_one_by_one() {
    let shop = Shop::open();
    let logo = "data:image/png;base64,iVBORw0KGgo=";
    let design = json!({"text_color": "#1a2B3c", "logo": logo, "background_color_opacity": 0.85});
    let card = shop.post(CARDS, &with(template(), "card_design", design)).data(201);
    assert_eq!((&card["card_design"]["logo_url"], &card["partner"]["logo"]), (&json!(logo), &json!(logo)));
    assert_eq!(card["card_design"]["background_color_opacity"], json!(0.85));
    let path = format!("{CARDS}/{}", card["id"]);
    let body =
        json!({"card_design": {"qr_color": "#FF0000", "logo": null, "background_image": "https://example.com/b.jpg"}});
    let design = shop.put(&path, &body).data(200)["card_design"].clone();
    assert_eq!(
        (&design["text_color"], &design["qr_color"], &design["logo"]),
        (&json!("#1a2B3c"), &json!("#FF0000"), &json!(null))
    );
    assert_eq!(design["background_image"], json!("https://example.com/b.jpg"));
    assert_eq!(
        shop.get(&format!("/en/shop/loyalty-cards/{}", card["id"])).data(200)["card_design"]["qr_color"],
        json!("#FF0000")
    );
}

#[test]
fn every_field_that_cannot_be_accepted_is_named() {
    let shop = Shop::open();
    let other = shop.other_partner();
    let foreign = other.get("/en/partners/shops").page().0[0]["id"].clone();
    let path = format!("{CARDS}/{}", shop.post(CARDS, &template()).data(201)["id"]);
    let refusals = [
        ("title", json!("Card"), "title"),
        ("title", json!({"en": "Card"}), "title.lt"),
        ("title", json!({"en": "Card", "lt": ""}), "title.lt"),
        ("title", json!({"en": "x".repeat(256), "lt": "x"}), "title.en"),
        ("title", json!({"en": "a\nb", "lt": "x"}), "title.en"),
        ("title", json!({"en": "a", "lt": "x", "de": "Karte"}), "title.de"),
        ("description", json!({"en": "x", "lt": "x".repeat(2_001)}), "description.lt"),
        ("terms_conditions", json!({"en": 5, "lt": "x"}), "terms_conditions.en"),
        ("card_design", json!([]), "card_design"),
        ("card_design", json!({"text_color": "red"}), "card_design.text_color"),
        ("card_design", json!({"qr_color": "#12345"}), "card_design.qr_color"),
        ("card_design", json!({"background_color_opacity": 1.1}), "card_design.background_color_opacity"),
        ("card_design", json!({"logo": "data:text/html;base64,AAAA"}), "card_design.logo"),
        ("card_design", json!({"logo": format!("https://example.com/{}", "x".repeat(110_000))}), "card_design.logo"),
        ("card_design", json!({"background_image": "logo.png"}), "card_design.background_image"),
        ("card_design", json!({"logo_url": "https://example.com"}), "card_design.logo_url"),
        ("card_design", json!({"font": "serif"}), "card_design.font"),
        ("is_active", json!(1), "is_active"),
        ("shop_ids", json!(4), "shop_ids"),
        ("shop_ids", json!([shop.shop.get(), foreign]), "shop_ids.1"),
        ("shop_ids", json!(["x"]), "shop_ids.0"),
        ("auto_assign", json!("yes"), "auto_assign"),
        ("card_type", json!("personal"), "card_type"),
        ("activation", json!("never"), "activation"),
        ("points_enabled", json!("x"), "points_enabled"),
        ("initial_bonus_points", json!(-1), "initial_bonus_points"),
        ("initial_bonus_points", json!(1.5), "initial_bonus_points"),
        ("initial_bonus_points", json!(1_000_000_001), "initial_bonus_points"),
        ("points_expiration_days", json!(-1), "points_expiration_days"),
        ("points_expiration_days", json!(36_501), "points_expiration_days"),
        ("points_per_currency", json!(0), "points_per_currency"),
        ("points_per_currency", json!(-2), "points_per_currency"),
        ("points_per_currency", json!(1_000_000_001), "points_per_currency"),
        ("points_per_currency", json!("much"), "points_per_currency"),
        ("currency_amount", json!(0.000000001), "currency_amount"),
        ("round_points_up", json!("up"), "round_points_up"),
        ("min_points_per_purchase", json!(-1), "min_points_per_purchase"),
        ("max_points_per_purchase", json!(-1), "max_points_per_purchase"),
        ("points_per_visit", json!("5"), "points_per_visit"),
        ("points_redemption_enabled", json!(0), "points_redemption_enabled"),
        ("points_per_currency_redemption", json!(0), "points_per_currency_redemption"),
        ("currency_amount_redemption", json!("0"), "currency_amount_redemption"),
        ("min_points_for_redemption", json!(-5), "min_points_for_redemption"),
        ("max_points_per_redemption", json!(2.5), "max_points_per_redemption"),
        ("default_coupon_validity_days", json!(0), "default_coupon_validity_days"),
        ("default_coupon_validity_days", json!(3_651), "default_coupon_validity_days"),
        ("points_per_curency", json!(5), "points_per_curency"),
    ];
    for (field, value, named) in refusals {
        refused(&shop.post(CARDS, &with(template(), field, value.clone())), named);
        refused(&shop.put(&path, &json!({field: value})), named);
    }
    for field in
        ["id", "partner_id", "name", "welcome_bonus", "points_per_euro", "applicable_shops", "qr_code", "version"]
    {
        assert_eq!(refused(&shop.put(&path, &json!({field: 1})), field), "is shown, but cannot be written");
    }
    for field in ["title", "description", "terms_conditions", "card_design"] {
        refused(&shop.post(CARDS, &with(template(), field, json!(null))), field);
    }
    for (least, most) in [
        ("min_points_per_purchase", "max_points_per_purchase"),
        ("min_points_for_redemption", "max_points_per_redemption"),
    ] {
        refused(&shop.put(&path, &json!({least: 10, most: 9})), most);
        shop.put(&path, &json!({least: 10, most: 10})).data(200);
        refused(&shop.put(&path, &json!({least: 11})), most);
    }
    let lt = shop.put(&path.replace("/en/", "/lt/"), &json!({"points_per_currency": 0}));
    assert!(lt.about("points_per_currency").starts_with("turi būti skaičius"));
}

#[test]
fn an_exact_rate_is_kept_digit_by_digit() {
    let shop = Shop::open();
    let body = r#"{"points_per_currency": 0.10000001, "currency_amount": "3.30"}"#;
    let path = format!("{CARDS}/{}", shop.post(CARDS, &template()).data(201)["id"]);
    let reply = shop.send("PUT", &path, Some(body.as_bytes()));
    reply.data(200);
    let text = String::from_utf8(reply.raw).unwrap();
    assert!(text.contains(r#""points_per_currency":0.10000001,"currency_amount":3.3,"#), "{text}");
}

#[test]
fn templates_are_filtered_sorted_and_paged() {
    let shop = Shop::open();
    let create = |title: &str, field: &str, value: Value| {
        let body = with(template(), "title", json!({"en": title, "lt": title}));
        shop.post(CARDS, &with(body, field, value)).data(201)["id"].as_i64().unwrap()
    };
    let second = shop.server.open_shop(shop.partner).get();
    let first = shop.get(CARDS).page().0[0]["id"].as_i64().unwrap();
    let here = create("Here", "shop_ids", json!([shop.shop.get()]));
    let there = create("There", "shop_ids", json!([second]));
    let idle = create("Idle", "is_active", json!(false));
    let foreign = create("Foreign", "card_type", json!("third_party"));
    let ids = |query: &str| {
        let rows = shop.get(&format!("{CARDS}{query}")).page().0;
        rows.iter().map(|row| row["id"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(ids(""), [first, here, there, idle, foreign]);
    assert_eq!(ids("?sort=-created_at&per_page=2"), [foreign, idle]);
    assert_eq!(ids("?is_active=false"), [idle]);
    assert_eq!(ids("?card_type=third_party"), [foreign]);
    assert_eq!(ids(&format!("?shop_id={second}")), [first, there, idle, foreign]);
    assert_eq!(ids("?search=here"), [here, there]);
    assert_eq!(ids(&format!("?search=TPL-{idle}")), [idle]);
    let body = shop.get(&format!("{CARDS}?page=2&per_page=2")).json();
    for name in ["current_page", "last_page", "per_page", "total"] {
        assert_eq!(body["pagination"][name], body["meta"][name], "{name}");
    }
    assert_eq!(body["meta"]["total"], json!(5));
    for (query, field) in [("?card_type=personal", "card_type"), ("?sort=title", "sort"), ("?shop_id=x", "shop_id")] {
        refused(&shop.get(&format!("{CARDS}{query}")), field);
    }
    shop.get(&format!("{CARDS}?shop_id=999")).error(404, "SHOP_NOT_FOUND");
}

#[test]
fn changes_of_one_template_at_the_same_time_are_all_applied() {
    let shop = Shop::open();
    let path = format!("{CARDS}/{}", shop.post(CARDS, &template()).data(201)["id"]);
    let fields = changes(shop.shop.get());
    // Of so many, the last to come through has seen as many others pass as a change is tried anew.
    let some = &fields[9..15];
    std::thread::scope(|threads| {
        for (field, value) in some {
            let (client, path) = (&shop.client, &path);
            threads.spawn(move || client.put(path, &json!({*field: value})).data(200));
        }
    });
    let card = shop.get(&path).data(200);
    for (field, value) in some {
        assert_eq!(card[field], *value, "{field}");
    }
    assert_eq!(card["version"], json!(1 + some.len()));
}

#[test]
fn a_template_that_is_sent_again_is_created_once() {
    let shop = Shop::open();
    let once = shop.with("Idempotency-Key", "t-1");
    let first = once.post(CARDS, &template()).data(201);
    shop.put(&format!("{CARDS}/{}", first["id"]), &json!({"points_per_visit": 5})).data(200);
    let again = once.post("/api/partners/cards", &template());
    assert_eq!(again.data(201), first);
    assert!(again.replayed());
    for (field, value) in [("points_per_visit", json!(5)), ("title", json!({"en": "A", "lt": "B"}))] {
        let other = once.post(CARDS, &with(template(), field, value));
        other.error(409, "RESOURCE_ALREADY_EXISTS");
        assert_eq!(other.json()["data"]["id"], first["id"]);
    }
    assert_eq!(shop.get(CARDS).page().1["total"], json!(2));
}
