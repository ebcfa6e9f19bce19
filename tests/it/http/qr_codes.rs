//! QR codes as pictures, without credentials and within bounds.

use crate::support::Shop;
use std::io::Cursor;

#[test]
fn a_cards_code_is_the_same_picture_under_its_id_and_its_number() {
    let shop = Shop::open();
    let card = shop.issued("ann@example.com");
    let anyone = shop.client.bare();
    let by_id = anyone.get(&format!("/qr/{}", card["id"].as_str().unwrap()));
    let by_number = anyone.get(&format!("/qr/{}", card["card_number"].as_str().unwrap()));
    assert_eq!((by_id.status, by_id.header("content-type")), (200, Some("image/png")));
    assert_eq!(by_id.raw, by_number.raw);
    let picture = png::Decoder::new(Cursor::new(by_id.raw)).read_info().unwrap();
    assert_eq!((picture.info().width, picture.info().height), (250, 250));
}

#[test]
fn what_is_no_card_has_no_code() {
    let shop = Shop::open();
    for name in ["card_999999", "999999", "nonsense", "LC12"] {
        shop.client.bare().get(&format!("/qr/{name}")).error(404, "CARD_NOT_FOUND");
    }
}

#[test]
fn the_text_and_the_width_are_bounded() {
    let shop = Shop::open();
    let anyone = shop.client.bare();
    for (query, field) in [
        ("", "data"),
        (&*format!("?data={}", "x".repeat(501)), "data"),
        ("?data=x&size=0", "size"),
        ("?data=x&size=1001", "size"),
        ("?data=x&size=-1", "size"),
        ("?data=x&size=28", "size"),
    ] {
        let reply = anyone.get(&format!("/qr{query}"));
        reply.error(400, "VALIDATION_ERROR");
        reply.about(field);
    }
    assert_eq!(anyone.get("/qr?data=x&size=1000").status, 200);
}
