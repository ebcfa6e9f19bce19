//! Shops: opening, changing and closing them.

use super::{refused, with};
use crate::support::Shop;
use serde_json::{Value, json};

const SHOPS: &str = "/en/partners/shops";

fn market() -> Value {
    json!({
        "name": "Turgus", "address": "Pylimo 58", "postal_code": "01136", "city": "Vilnius", "country": "LT",
        "latitude": 54.67312, "longitude": 25.28011, "contact_email": "turgus@example.com", "contact_phone": "+37060012345",
        "website": "https://example.com/turgus", "description": "Bread.\nAnd cakes.",
        "opening_hours": {"monday": "08:00-20:00", "saturday": "18:00-02:00", "sunday": null},
        "images": ["https://example.com/a.png"],
    })
}

#[test]
fn a_shop_is_opened_shown_changed_and_closed() {
    let shop = Shop::open();
    let opened = shop.post(SHOPS, &market()).data(201);
    let path = format!("{SHOPS}/{}", opened["id"]);
    assert_eq!(
        (&opened["status"], &opened["is_virtual"], &opened["version"]),
        (&json!("active"), &json!(false), &json!(1))
    );
    assert_eq!((&opened["latitude"], &opened["coordinates"]["longitude"]), (&json!(54.67312), &json!(25.28011)));
    assert_eq!((&opened["email"], &opened["phone"]), (&json!("turgus@example.com"), &json!("+37060012345")));
    assert_eq!(opened["working_hours"], json!({"monday": "08:00-20:00", "saturday": "18:00-02:00"}));
    assert_eq!(opened["partner"]["name"], json!("Corner Bakery"));
    let mut shown = shop.get(&path).data(200);
    assert_eq!(shown["statistics"], json!({"transactions_30d": 0, "points_issued": 0, "points_redeemed": 0}));
    shown.as_object_mut().unwrap().remove("statistics");
    assert_eq!(shown, opened);

    let body = json!({"name": "Halė", "phone": null, "coordinates": null, "opening_hours": {"friday": "09:00-17:00"}});
    let changed = shop.put(&path, &body).data(200);
    assert_eq!(
        (&changed["name"], &changed["phone"], &changed["latitude"]),
        (&json!("Halė"), &json!(null), &json!(null))
    );
    assert_eq!((&changed["address"], &changed["version"]), (&json!("Pylimo 58"), &json!(2)));
    assert_eq!(changed["opening_hours"], json!({"friday": "09:00-17:00"}));
    assert_eq!(shop.get(&format!("/lt/shop/shops/{}", opened["id"])).data(200)["name"], json!("Halė"));

    assert_eq!(shop.delete(&path).data(200), json!({}));
    let closed = shop.get(&path).data(200);
    assert_eq!((&closed["is_active"], &closed["status"]), (&json!(false), &json!("inactive")));
    shop.delete(&path).data(200);
    // A new word about a closed shop does not open it; only `is_active` does.
    assert_eq!(shop.put(&path, &json!({"city": "Kaunas"})).data(200)["is_active"], json!(false));
    assert_eq!(shop.put(&path, &json!({"is_active": true})).data(200)["status"], json!("active"));
}

#[test]
fn shops_are_searched_filtered_sorted_and_paged() {
    let shop = Shop::open();
    shop.post(SHOPS, &market()).data(201);
    let web = shop.post("/api/partners/shops", &json!({"name": "Web", "is_virtual": true})).data(201);
    shop.delete(&format!("{SHOPS}/{}", web["id"])).data(200);
    let names = |query: &str| {
        let (rows, _) = shop.get(&format!("{SHOPS}{query}")).page();
        rows.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(""), ["Old Town", "Turgus", "Web"]);
    assert_eq!(names("?is_active=true"), ["Old Town", "Turgus"]);
    assert_eq!(names("?is_virtual=true"), ["Web"]);
    assert_eq!(names("?search=pylimo"), ["Turgus"]);
    assert_eq!(names("?sort=-name&per_page=2"), ["Web", "Turgus"]);
    assert_eq!(names("?page=2&limit=2"), ["Web"]);
    let meta = shop.get(&format!("{SHOPS}?per_page=999")).page().1;
    assert_eq!((&meta["per_page"], &meta["total"]), (&json!(50), &json!(3)));
    let nested = shop.get(&format!("{SHOPS}?list_format=nested")).data(200);
    assert_eq!(nested["total"], json!(3));
    for (query, field) in [("?is_active=maybe", "is_active"), ("?sort=city", "sort"), ("?page=0", "page")] {
        refused(&shop.get(&format!("{SHOPS}{query}")), field);
    }
}

#[test]
fn every_field_that_cannot_be_accepted_is_named() {
    let shop = Shop::open();
    for (field, value, named) in [
        ("name", json!(null), "name"),
        ("name", json!(" "), "name"),
        ("name", json!("x".repeat(256)), "name"),
        ("address", json!(null), "address"),
        ("address", json!(7), "address"),
        ("postal_code", json!("x".repeat(21)), "postal_code"),
        ("city", json!(1), "city"),
        ("country", json!([]), "country"),
        ("latitude", json!(90.1), "latitude"),
        ("latitude", json!("north"), "latitude"),
        ("latitude", json!(null), "latitude"),
        ("longitude", json!(-180.5), "longitude"),
        ("longitude", json!(null), "longitude"),
        ("coordinates", json!({"latitude": 1, "longitude": 2}), "coordinates"),
        ("contact_email", json!("turgus"), "contact_email"),
        ("contact_phone", json!("12"), "contact_phone"),
        ("website", json!("javascript:alert(1)"), "website"),
        ("description", json!("x".repeat(2_001)), "description"),
        ("opening_hours", json!("always"), "opening_hours"),
        ("opening_hours", json!({"monday": "8-20"}), "opening_hours.monday"),
        ("opening_hours", json!({"monday": "08:00-24:30"}), "opening_hours.monday"),
        ("opening_hours", json!({"monday": "08:00-08:00"}), "opening_hours.monday"),
        ("opening_hours", json!({"someday": "08:00-20:00"}), "opening_hours.someday"),
        ("images", json!("x"), "images"),
        ("images", json!(["x"]), "images.0"),
        ("images", json!(vec!["https://example.com/a.png"; 21]), "images"),
        ("is_active", json!("yes"), "is_active"),
        ("is_virtual", json!(0), "is_virtual"),
        ("id", json!(7), "id"),
        ("status", json!("active"), "status"),
        ("nonsense", json!(1), "nonsense"),
    ] {
        let mut body = with(market(), field, value.clone());
        if field.ends_with("itude") && value.is_null() {
            body.as_object_mut().unwrap().remove(field);
        }
        refused(&shop.post(SHOPS, &body), named);
    }
    let path = format!("{SHOPS}/{}", shop.post(SHOPS, &market()).data(201)["id"]);
    refused(&shop.put(&path, &json!({"latitude": 5})), "longitude");
    refused(&shop.put(&path, &json!({"longitude": null})), "latitude");
    refused(&shop.put(&path, &json!({"address": null})), "address");
    refused(&shop.put(&path, &json!({"coordinates": {"latitude": 5}})), "coordinates.longitude");
    assert_eq!(shop.get(&path).data(200)["version"], json!(1));
    assert_eq!(shop.get(SHOPS).page().1["total"], json!(2));
    let lt = shop.post("/lt/partners/shops", &with(market(), "website", json!("x")));
    assert!(lt.about("website").starts_with("turi būti interneto adresas"));
    let large = with(market(), "description", json!("x".repeat(300_000)));
    shop.post(SHOPS, &large).error(413, "PAYLOAD_TOO_LARGE");
}

#[test]
fn a_shop_that_is_sent_again_is_opened_once() {
    let shop = Shop::open();
    let once = shop.with("Idempotency-Key", "s-1");
    let first = once.post(SHOPS, &market()).data(201);
    // Whatever became of it since, the answer is the first one again.
    shop.put(&format!("{SHOPS}/{}", first["id"]), &json!({"name": "Halė"})).data(200);
    for path in [SHOPS, "/api/partners/shops"] {
        let again = once.post(path, &market());
        assert_eq!(again.data(201), first);
        assert!(again.replayed());
    }
    for (field, value) in [("name", json!("Other")), ("latitude", json!(54)), ("is_active", json!(false))] {
        let other = once.post(SHOPS, &with(market(), field, value));
        other.error(409, "RESOURCE_ALREADY_EXISTS");
        assert_eq!(other.json()["data"]["id"], first["id"], "{field}");
    }
    assert_eq!(shop.get(SHOPS).page().1["total"], json!(2));
    assert_ne!(
        shop.post(SHOPS, &market()).data(201)["id"],
        first["id"],
        "without a name it happens as often as it is sent"
    );
    refused(&shop.with("Idempotency-Key", &"x".repeat(256)).post(SHOPS, &market()), "Idempotency-Key");
}
