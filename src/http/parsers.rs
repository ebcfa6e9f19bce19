//! What comes in from outside over HTTP, whatever it is: no parser panics, none takes more than its bound, what it writes it reads
//! again, and what it refuses it names. `PROPTEST_CASES=100000 cargo test --lib http::parsers` tries more.
//!
//! The parsers that other modules have are tried in `tests/it/parsers`, `src/cli/parsers.rs` and `src/control/import/frames.rs`.

use super::addresses::allowed;
use super::audit::events::last_seen;
use super::errors::ApiError;
use super::fields::{Change, Fields, NOT_NEGATIVE, NOT_ZERO, POSITIVE, digits_of};
use super::ids::{self, CardRef};
use super::locales::{Locale, Message};
use super::numbers::{Number, decimal};
use super::origin::{Proxies, ProxyHeaders};
use super::params::{Params, sort_word};
use super::rate_limits::Allowance;
use super::trace::Trace;
use super::{auth, body, signature};
use crate::domain::{CardId, CustomerId, Seq};
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::test::TestRequest;
use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use std::net::IpAddr;

/// A text that somebody changed in a few places: nearly right is where parsers fail.
fn nearly(samples: &'static [&'static str]) -> impl Strategy<Value = String> {
    let edits = prop::collection::vec((any::<prop::sample::Index>(), 0..3_u8, any::<char>()), 0..4);
    (prop::sample::select(samples), edits).prop_map(|(sample, edits)| {
        let mut letters: Vec<char> = sample.chars().collect();
        for (place, edit, letter) in edits {
            let place = place.index(letters.len() + 1);
            match (edit, place < letters.len()) {
                (0, true) => {
                    letters.remove(place);
                }
                (1, true) => letters[place] = letter,
                _ => letters.insert(place, letter),
            }
        }
        letters.into_iter().collect()
    })
}

/// Anything at all, or nearly one of these.
fn text(samples: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[ -~]{0,60}", nearly(samples)]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i32>().prop_map(|number| json!(f64::from(number))),
        text(&["ona@example.com", "+37060012345", "2026-01-31T12:00:00Z", "15.50", "card_17", "https://example.com/a"])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map(".{0,8}", inner, 0..6).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn fields_of(field: &str, value: &Value) -> Fields {
    Fields::new(Map::from_iter([(field.to_owned(), value.clone())]))
}

/// What a reader makes of a value, and which fields it complains about.
fn read<T>(value: &Value, reader: impl FnOnce(&mut Fields) -> Option<T>) -> (bool, Vec<String>) {
    let mut fields = fields_of("field", value);
    let found = reader(&mut fields).is_some();
    (found, fields.finish().iter().map(|problem| problem.field.clone()).collect())
}

fn request(query: &str) -> actix_web::HttpRequest {
    let escaped: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
    TestRequest::with_uri(&format!("/x?{}", escaped.replace("%3D", "=").replace("%26", "&"))).to_http_request()
}

fn problems(error: &ApiError) -> Vec<String> {
    let ApiError::Invalid(problems) = error else { panic!("{error:?}") };
    problems.iter().map(|problem| problem.field.clone()).collect()
}

proptest! {
    #[test]
    fn a_body_is_fields_or_a_refusal(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _fields = body::fields_of(&bytes);
    }

    #[test]
    fn a_body_of_json_is_read_as_it_stands(value in value()) {
        let found = body::fields_of(value.to_string().as_bytes());
        match &value {
            Value::Object(object) => {
                let mut fields = found.expect("an object");
                for (name, value) in object {
                    prop_assert_eq!(fields.take(name), Some(value.clone()).filter(|value| !value.is_null()));
                }
                // Nulls are there, and mean absent.
                prop_assert!(fields.is_sound());
            }
            Value::Array(list) if list.is_empty() => prop_assert!(found.is_ok()),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => prop_assert!(matches!(found, Err(ApiError::MalformedBody(_)))),
        }
    }

    #[test]
    fn digits_are_those_of_the_text(whole in any::<i64>(), places in "[0-9]{1,30}", name in "[a-z]{1,8}") {
        let text = format!("{{\"{name}\": {whole}.{places}}}");
        prop_assert_eq!(digits_of(&text).remove(&name), Some(format!("{whole}.{places}")));
        let _none = digits_of(&places);
    }

    #[test]
    fn whatever_a_field_holds_it_is_read_or_named(value in value()) {
        let blank = value.as_str().is_some_and(|text| text.trim().is_empty());
        let readers: Vec<(&str, (bool, Vec<String>))> = vec![
            ("text", read(&value, |fields| fields.text("field", 100))),
            ("boolean", read(&value, |fields| fields.boolean("field"))),
            ("time", read(&value, |fields| fields.time("field"))),
            ("phone", read(&value, |fields| fields.phone("field"))),
            ("design", read(&value, |fields| fields.design("field"))),
            ("metadata", read(&value, |fields| fields.metadata("field"))),
            ("positive points", read(&value, |fields| fields.points("field", POSITIVE))),
            ("points", read(&value, |fields| fields.points("field", NOT_ZERO))),
            ("points or none", read(&value, |fields| fields.points("field", NOT_NEGATIVE))),
            ("money", read(&value, |fields| fields.money("field"))),
            ("whole", read(&value, |fields| fields.whole("field", 1..=1_000))),
            ("decimal", read(&value, |fields| fields.decimal("field", |number| number <= Decimal::TEN, Message::OutOfBounds))),
            ("prose", read(&value, |fields| fields.prose("field", 100))),
            ("url", read(&value, |fields| fields.url("field", 100))),
            ("list", read(&value, |fields| fields.list("field", 3))),
            ("change", read(&value, |fields| match fields.change("field", |fields, name| fields.string(name)) {
                Change::Keep => None,
                Change::Clear | Change::Set(_) => Some(()),
            })),
        ];
        for (what, (found, named)) in readers {
            if value.is_null() {
                prop_assert!(named.is_empty(), "{what}: {named:?}");
            } else {
                prop_assert!(found != named.iter().any(|name| name.starts_with("field")), "{what}: {found} {named:?}");
            }
        }
        // Blank is as good as absent, for names of orders and for ids.
        for (found, named) in [read(&value, |fields| fields.reference("field")), read(&value, |fields| fields.id("field"))] {
            prop_assert!(value.is_null() || blank || found != (named == ["field"]), "{found} {named:?}");
        }
        let (found, named) = read(&value, |fields| fields.email("field"));
        prop_assert_eq!(!found, named == ["field"]);
    }

    #[test]
    fn what_was_read_is_within_its_bounds(text in text(&["ona@example.com", "+37060012345", "SHOP-1001"])) {
        let value = json!(text);
        if let Some(email) = fields_of("field", &value).email("field") {
            prop_assert!(email.len() <= 254 && email.contains('@') && !email.chars().any(char::is_control));
            prop_assert_eq!(fields_of("field", &json!(email)).email("field"), Some(email));
        }
        if let Some(phone) = fields_of("field", &value).phone("field") {
            prop_assert!((8..=16).contains(&phone.len()));
            prop_assert_eq!(fields_of("field", &json!(phone)).phone("field"), Some(phone));
        }
        if let Some(order) = fields_of("field", &value).reference("field") {
            prop_assert!((1..=255).contains(&order.len()));
            prop_assert_eq!(order, text);
        }
    }

    #[test]
    fn an_unknown_field_is_refused_by_its_name(name in ".{1,20}", value in value()) {
        let named: Vec<_> = fields_of(&name, &value).finish().iter().map(|problem| problem.field.clone()).collect();
        prop_assert_eq!(named, [name]);
    }

    #[test]
    fn parameters_are_read_or_named(query in text(&["page=2&limit=50", "as_of=2026-01-31T12:00:00Z", "sort=-created_at", "days=30"])) {
        for name in ["page", "limit", "days", "as_of", "sort", "search", "points"] {
            let request = request(&format!("{name}={query}"));
            let given = Params::of(&request).value(name).is_some();
            let readers: Vec<(bool, Params)> = vec![
                { let mut p = Params::of(&request); (p.number(&[name_of(name)], 1..=100).is_some(), p) },
                { let mut p = Params::of(&request); (p.boolean(name).is_some(), p) },
                { let mut p = Params::of(&request); (p.since(&[name_of(name)]).is_some(), p) },
                { let mut p = Params::of(&request); (p.until(&[name_of(name)]).is_some(), p) },
                { let mut p = Params::of(&request); (p.decimal(name, Decimal::ZERO..=Decimal::TEN).is_some(), p) },
                { let mut p = Params::of(&request); (p.id(&[name_of(name)], ids::parse_card).is_some(), p) },
                { let mut p = Params::of(&request); (p.word(name, |word| (word == "x").then_some(()), "x").is_some(), p) },
            ];
            for (found, params) in readers {
                match params.finish(()) {
                    Ok(()) => prop_assert_eq!(found, given),
                    Err(error) => prop_assert!(!found && problems(&error) == [name], "{error:?}"),
                }
            }
        }
        let mut params = Params::of(&request(&query));
        let _read = (params.paging(20).window(), params.search(), params.sort(|word| Some(word.to_owned()), "any"), params.movement("type"));
        let _sorted = sort_word(&query);
    }

    #[test]
    fn an_id_is_read_as_it_is_written(number in 0..i64::MAX, text in text(&["card_17", "LC079927398713", "loyalty:card:LC079927398713"])) {
        prop_assert_eq!(CardRef::parse(&ids::card(CardId::new(number))), Some(CardRef::Id(CardId::new(number))));
        prop_assert_eq!(ids::parse_customer(&ids::customer(CustomerId::new(number))), Some(CustomerId::new(number)));
        prop_assert_eq!(ids::parse_transaction(&ids::transaction(Seq::new(number))), Some(Seq::new(number)));
        match CardRef::parse(&text) {
            Some(CardRef::Id(card)) => prop_assert!(card.get() >= 0),
            Some(CardRef::Number(number)) => prop_assert_eq!(number.as_str().len(), 14),
            None => {}
        }
        let _read = (ids::parse_shop(&text), ids::parse_webhook(&text), ids::parse_delivery(&text));
        let mut details = Map::from_iter([("card_id".to_owned(), json!(text))]);
        ids::in_numbers(&mut details);
    }

    #[test]
    fn a_number_is_written_as_it_was_read(text in text(&["15.50", "1e2", "-0.0001", "999999999999.9999", "1e28"])) {
        if let Some(number) = decimal(&text) {
            let written = serde_json::to_string(&Number(number)).expect("a number");
            prop_assert!(written.len() <= 64, "{written}");
            prop_assert_eq!(decimal(&written), Some(number), "{}", written);
        }
    }

    #[test]
    fn a_number_with_any_exponent_takes_no_time(digits in "[0-9]{1,40}", exponent in any::<i64>()) {
        let _read = (decimal(&format!("{digits}e{exponent}")), decimal(&format!("0.{digits}E-{}", exponent.unsigned_abs())));
    }

    #[test]
    fn an_address_is_the_peers_unless_a_trusted_proxy_speaks(header in "[ -~]{0,80}", forwarded in nearly(&["for=\"[2001:db8::1]:80\";proto=https;host=a.example, for=10.0.0.2"])) {
        let Ok(forwarded) = HeaderValue::from_str(&forwarded) else { return Ok(()) };
        let request = TestRequest::default()
            .peer_addr("10.0.0.1:4000".parse().expect("an address"))
            .append_header(("x-forwarded-for", header.as_str()))
            .append_header(("x-forwarded-host", header.as_str()))
            .append_header(("x-forwarded-proto", header.as_str()))
            .append_header(("forwarded", forwarded))
            .to_http_request();
        let peer = "10.0.0.1".parse::<IpAddr>().ok();
        for headers in [ProxyHeaders::XForwarded, ProxyHeaders::Forwarded] {
            prop_assert_eq!(Proxies::new(&[], headers).address(&request), peer);
            prop_assert_eq!(Proxies::new(&["192.0.2.0/24".to_owned()], headers).address(&request), peer);
            let trusted = Proxies::new(&["10.0.0.0/8".to_owned()], headers);
            let _address = (trusted.address(&request), trusted.counted(&request));
            let url = trusted.base_url(&request);
            let host = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://")).expect("a scheme that is known");
            prop_assert!(host.len() <= 255 && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte)), "{url}");
        }
    }

    #[test]
    fn a_client_behind_a_proxy_is_known_by_its_address(client in any::<IpAddr>(), port in any::<u16>()) {
        let with_port = std::net::SocketAddr::new(client, port).to_string();
        for said in [client.to_string(), with_port] {
            let request = TestRequest::default()
                .peer_addr("10.0.0.1:4000".parse().expect("an address"))
                .append_header(("x-forwarded-for", said))
                .to_http_request();
            let found = Proxies::new(&["10.0.0.1".to_owned()], ProxyHeaders::XForwarded).address(&request);
            prop_assert_eq!(found, Some(client.to_canonical()));
        }
    }

    #[test]
    fn a_block_covers_its_own_and_what_cannot_be_read_covers_nobody(address in any::<IpAddr>(), bits in 0..=128_u32, entry in text(&["10.0.0.0/8", "2001:db8::/32", "::1"])) {
        prop_assert!(allowed(&[address.to_string()], Some(address)));
        let block = format!("{address}/{bits}");
        prop_assert!(allowed(&[block], Some(address)));
        let base = entry.split('/').next().unwrap_or_default().trim();
        if base.parse::<IpAddr>().is_err() {
            prop_assert!(!allowed(&[entry], Some(address)));
        }
    }

    #[test]
    fn a_trace_is_answered_where_it_is_sound(header in text(&["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"]), id in 1..u128::MAX, span in 1..u64::MAX) {
        let sound = format!("00-{id:032x}-{span:016x}-01");
        for (header, must) in [(header, false), (sound, true)] {
            let Ok(value) = HeaderValue::from_bytes(header.as_bytes()) else { continue };
            let mut headers = HeaderMap::new();
            headers.append(HeaderName::from_static("traceparent"), value);
            let mut answered = HeaderMap::new();
            Trace::of(&headers, 7, 9).tell(&mut answered);
            match answered.get("traceresponse").and_then(|told| told.to_str().ok()) {
                Some(told) => prop_assert_eq!(&told[3..35], &header.trim()[3..35]),
                None => prop_assert!(!must),
            }
        }
    }

    #[test]
    fn credentials_are_read_or_refused(key in "[ -~]{0,40}", secret in "[ -~]{0,80}", scheme in text(&["Bearer ltb_abc.def"])) {
        let request = TestRequest::default().append_header(("x-api-key", key.as_str())).append_header(("x-api-secret", secret.as_str()));
        let _secret = auth::presented_secret(&request.to_http_request());
        let Ok(value) = HeaderValue::from_bytes(scheme.as_bytes()) else { return Ok(()) };
        let request = TestRequest::default().append_header(("authorization", value)).to_http_request();
        if let Some(found) = auth::presented_secret(&request) {
            prop_assert!(!found.is_empty() && scheme.contains(found));
        }
    }

    #[test]
    fn a_signature_fits_its_own_body_and_no_other(body in prop::collection::vec(any::<u8>(), 0..100), sent in text(&["sha256=00"])) {
        use hmac::{KeyInit as _, Mac as _};
        let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(b"lts_secret").expect("any key");
        mac.update(&body);
        let right = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
        let of = |sent: &str| {
            let pair = TestRequest::default().append_header(("x-api-key", "lty_x")).append_header(("x-api-secret", "lts_secret"));
            HeaderValue::from_bytes(sent.as_bytes()).ok().map(|sent| pair.append_header(("x-api-signature", sent)).to_http_request())
        };
        prop_assert!(signature::check(&of(&right).expect("a header"), &body).is_ok());
        if let Some(request) = of(&sent) && !sent.trim().eq_ignore_ascii_case(&right) {
            prop_assert!(signature::check(&request, &body).is_err());
        }
    }

    #[test]
    fn a_stream_goes_on_where_the_browser_was_or_says_that_it_cannot_know(any in prop::collection::vec(any::<u8>(), 0..40), near in text(&["17", "9223372036854775807"]), last in 0..=i64::MAX) {
        for sent in [any, near.into_bytes(), last.to_string().into_bytes()] {
            let Ok(value) = HeaderValue::from_bytes(&sent) else { continue };
            let request = TestRequest::default().append_header(("last-event-id", value)).to_http_request();
            match last_seen(&request) {
                Ok(Some(seen)) => prop_assert!(seen >= 0),
                Ok(None) => prop_assert!(sent.trim_ascii().is_empty() || sent.iter().any(|byte| !(b' '..=b'~').contains(byte))),
                Err(ApiError::Invalid(problems)) => prop_assert!(problems.iter().all(|problem| problem.field == "Last-Event-ID")),
                Err(other) => prop_assert!(false, "{other:?}"),
            }
        }
        let request = TestRequest::default().append_header(("last-event-id", last)).to_http_request();
        prop_assert!(matches!(last_seen(&request), Ok(Some(seen)) if seen == last));
    }

    #[test]
    fn a_language_is_always_chosen(header in text(&["lt-LT,lt;q=0.9,en;q=0.8"])) {
        let Ok(value) = HeaderValue::from_bytes(header.as_bytes()) else { return Ok(()) };
        let request = TestRequest::with_uri("/api/partners/settings").append_header(("accept-language", value)).to_http_request();
        let _locale = Locale::of(&request);
    }

    #[test]
    fn an_allowance_is_written_as_it_is_read(text in text(&["2000/h,100/min", "off", "5/min"])) {
        if let Ok(allowance) = text.parse::<Allowance>() {
            prop_assert_eq!(allowance.to_string().parse(), Ok(allowance));
        }
    }
}

/// A parameter's name as readers want it.
fn name_of(name: &str) -> &'static str {
    ["page", "limit", "days", "as_of", "sort", "search", "points"]
        .into_iter()
        .find(|known| *known == name)
        .expect("one of these")
}

#[test]
fn depth_is_bounded() {
    for open in ["[", "{\"a\":", "[{\"a\":["] {
        let deep = open.repeat(64 * 1024 / open.len());
        assert!(matches!(body::fields_of(deep.as_bytes()), Err(ApiError::MalformedBody(_))));
        let closed = format!("{{\"a\":{}1{}}}", "[".repeat(60), "]".repeat(60));
        assert!(body::fields_of(closed.as_bytes()).is_ok());
    }
}
