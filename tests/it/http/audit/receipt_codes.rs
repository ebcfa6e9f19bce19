//! Receipts as QR codes, read from the picture as a scanner reads them.

use super::{checkpoint, log_key};
use crate::support::Shop;
use counterfoil_replay::receipt;
use serde_json::{Value, json};
use std::io::Cursor;

#[test]
fn a_scanned_code_says_the_receipt_and_proves_it() {
    let shop = Shop::open();
    let card = shop.card("ona@example.com");
    // A log long enough for a path, and an order id beyond ASCII.
    (0..40).for_each(|_| drop(shop.award(&card, 1)));
    let body = json!({"card_id": card, "points": 25, "reason": "x", "order_id": "užsakymas-№7"});
    let award = shop.post("/api/points/award", &body).data(201);
    let id = award["transaction_id"].as_str().expect("an id");
    checkpoint(&shop);
    let picture = shop.get(&format!("/audit/receipts/{id}/qr"));
    assert_eq!((picture.status, picture.header("content-type")), (200, Some("image/png")));
    assert_eq!(picture.header("cache-control"), None, "it is nobody else's");
    let (width, said) = scanned(picture.raw);
    assert_eq!(width, 1_000);
    assert!(receipt::verify(&said, &log_key(&shop)).is_ok(), "{said}");
    let said: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(said, shop.get(&format!("/audit/receipts/{id}")).json());
}

#[test]
fn what_has_no_receipt_or_no_room_has_no_code() {
    let shop = Shop::open();
    let card = shop.card("ona@example.com");
    let award = json!({"card_id": card, "points": 1, "reason": "x"});
    shop.post("/api/points/bulk", &json!({"transactions": vec![award; 80]})).data(200);
    let spent = shop.post("/api/points/redeem", &json!({"card_id": card, "points": 80, "reason": "x"})).data(201);
    let id = spent["transaction_id"].as_str().expect("an id");
    let path = format!("/audit/receipts/{id}/qr");
    shop.get(&path).error(404, "RESOURCE_NOT_FOUND");
    checkpoint(&shop);
    let length = shop.get(&format!("/audit/receipts/{id}")).raw.len();
    let refused = shop.get(&path).error(422, "OPERATION_NOT_ALLOWED");
    assert_eq!((&refused["details"]["bytes"], &refused["details"]["maximum_bytes"]), (&json!(length), &json!(2_953)));

    for (query, status) in [("?size=1000", 200), ("?size=1001", 400), ("?size=100", 400)] {
        assert_eq!(shop.get(&format!("/audit/receipts/2/qr{query}")).status, status, "{query}");
    }
    shop.get("/audit/receipts/txn_999999/qr").error(404, "RESOURCE_NOT_FOUND");
    shop.other_partner().get("/audit/receipts/9/qr").error(404, "RESOURCE_NOT_FOUND");
}

/// The picture's width, and what its code says.
pub(super) fn scanned(png: Vec<u8>) -> (usize, String) {
    let mut decoder = png::Decoder::new(Cursor::new(png));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().expect("a picture");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
    reader.next_frame(&mut pixels).expect("a frame");
    let width = usize::try_from(reader.info().width).expect("a width");
    let mut seen = rqrr::PreparedImage::prepare_from_greyscale(width, width, |x, y| pixels[y * width + x]);
    let codes = seen.detect_grids();
    let [code] = &codes[..] else { panic!("{} codes", codes.len()) };
    (width, code.decode().expect("a code that can be read").1)
}
