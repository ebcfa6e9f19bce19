//! What comes in from outside, whatever it says: no parser panics, and what one has read it writes so that it reads the same again.
//! `PROPTEST_CASES=100000 cargo test --test it parsers::` tries more.
//!
//! Here are the parsers that anybody may call: of the domain, of proofs, and of the auditor's tool, whose input may come from an enemy.
//! Those of HTTP are tried in `src/http/parsers.rs`, those of files and arguments in `src/cli/parsers.rs`.

mod files;

use counterfoil::control::AdminRequest;
use counterfoil::domain::cards::CardNumber;
use counterfoil::domain::seals::Period;
use counterfoil::domain::webhooks::EventName;
use counterfoil::domain::{Bytes, Timestamp};
use counterfoil::note::{SignatureLine, VerifierKey};
use counterfoil::ops::split_bearer;
use counterfoil::tree::TileId;
use counterfoil::webhooks::check_url;
use counterfoil::writer::CardPace;
use counterfoil_replay::commands::as_of::Moment;
use counterfoil_replay::decimal::Decimal;
use counterfoil_replay::follow::{Credential, parse_duration};
use counterfoil_replay::instant::Instant;
use counterfoil_replay::note::LogKey;
use counterfoil_replay::payload::Payload;
use counterfoil_replay::points::Points;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::LazyLock;

/// Anything at all, what looks like it, or the pattern.
fn text(pattern: &'static str) -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[ -~]{0,80}", prop::string::string_regex(pattern).expect("a pattern")]
}

/// Each kind of event, with the fields that it may have.
static KINDS: LazyLock<Vec<(String, Vec<String>)>> = LazyLock::new(|| {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/events");
    let files = std::fs::read_dir(folder).expect("the schemas");
    let kinds = files.map(|file| {
        let path = file.expect("a file").path();
        let schema: Value = serde_json::from_slice(&std::fs::read(&path).expect("a schema")).expect("JSON");
        let fields = schema["properties"].as_object().expect("properties").keys().cloned().collect();
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
        (name.split(".v").next().expect("a kind").to_owned(), fields)
    });
    kinds.collect()
});

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0..1_000_i64).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text("[0-9a-f]{64}|-?[0-9]{1,20}(\\.[0-9]{1,12})?|2026-0[1-9]-[0-3][0-9]T12:00:00(\\.[0-9]{0,9})?Z|gold|EUR")
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map("card|lot|points|shop|record|commitment|at|tier", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn a_time_is_written_as_it_was_read(text in text("[0-9]{4}-[01][0-9]-[0-3][0-9]([Tt ][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{0,12})?([Zz]|[+-][0-2][0-9]:[0-6][0-9]))?")) {
        for time in [Timestamp::parse(&text), Timestamp::parse_range_end(&text), Timestamp::parse_moment(&text)].into_iter().flatten() {
            prop_assert_eq!(Timestamp::parse_moment(&time.to_micros_text()), Some(time));
            let _written = (time.to_seconds_text(), time.to_millis_text(), time.plus_days(u32::MAX), time.minus_days(u32::MAX), time.months_earlier(u32::MAX));
        }
        if let (Some(begin), Some(end)) = (Timestamp::parse(&text), Timestamp::parse_range_end(&text)) {
            prop_assert!(begin <= end);
        }
        let _auditors = (Instant::parse_typed(&text), Instant::parse_payload(&text), Moment::parse(&text));
    }

    #[test]
    fn both_programs_read_the_same_times(micros in -62_000_000_000_000_000..250_000_000_000_000_000_i64) {
        let written = Timestamp::from_micros(micros).to_micros_text();
        prop_assert_eq!(Timestamp::parse_moment(&written).map(Timestamp::micros), Some(micros));
        prop_assert!(Instant::parse_payload(&written).is_some(), "{written}");
    }

    #[test]
    fn a_month_is_written_as_it_was_read(text in text("[0-9]{4}-[01][0-9]")) {
        if let Some(period) = Period::parse(&text) {
            prop_assert_eq!(json!(period), json!(text));
            prop_assert!(period.last_moment() < period.ends_at());
        }
    }

    #[test]
    fn a_card_number_has_one_form(text in text("(LC|lc)?[ -]?[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{4}"), drawn in any::<u64>()) {
        for number in [CardNumber::parse(&text), Some(CardNumber::from_drawn(drawn))].into_iter().flatten() {
            prop_assert_eq!(number.as_str().len(), 14);
            prop_assert_eq!(CardNumber::parse(number.as_str()), Some(number));
        }
    }

    #[test]
    fn digits_are_bytes_or_nothing(bytes in any::<[u8; 32]>(), text in text("[0-9a-f]{64}")) {
        prop_assert_eq!(Bytes::<32>::parse(&Bytes(bytes).to_string()), Some(Bytes(bytes)));
        if let Some(read) = Bytes::<32>::parse(&text) {
            prop_assert_eq!(read.to_string(), text);
        }
    }

    #[test]
    fn a_token_is_an_id_and_a_secret(text in text("ltb_[a-z0-9]{0,16}\\.[0-9a-f]{0,64}")) {
        if let Some((id, secret)) = split_bearer(&text) {
            prop_assert!(id.starts_with("ltb_") && !secret.is_empty());
            prop_assert_eq!(format!("{id}.{secret}"), text);
        }
    }

    #[test]
    fn a_tile_has_one_name(text in text("[0-9]{1,2}/(x[0-9]{3}/){0,7}[0-9]{3}(\\.p/[0-9]{1,3})?"), entries in any::<bool>()) {
        let read = if entries { TileId::parse_entries(&format!("entries/{text}")) } else { TileId::parse(&text) };
        if let Some(tile) = read {
            prop_assert!((1..=256).contains(&tile.width) && tile.level < 64);
        }
    }

    #[test]
    fn keys_and_lines_of_notes_are_read_or_refused(text in text("(example\\.com/log\\+[0-9a-f]{8}\\+|— [a-z]{1,9} )[A-Za-z0-9+/]{0,70}={0,2}\n?"), seed in any::<[u8; 32]>()) {
        if let Ok(key) = VerifierKey::parse(&text) {
            prop_assert_eq!(key.to_string(), text.clone());
        }
        if let Ok(line) = SignatureLine::parse(&text) {
            prop_assert_eq!(SignatureLine::parse(&line.to_string()).map_err(|error| error.to_string()), Ok(line));
        }
        if let Ok(key) = LogKey::parse(&text) {
            prop_assert_eq!(key.text(), text.clone());
        }
        let signer = counterfoil::note::Signer::new("example.com/log", &seed).expect("a name");
        let key = signer.verifier().to_string();
        prop_assert_eq!(VerifierKey::parse(&key).map(|key| key.to_string()).ok(), Some(key.clone()));
        let key = LogKey::parse(&key).expect("the auditor reads it too");
        prop_assert!(key.open(&text).is_err(), "nobody guesses a signature");
    }

    #[test]
    fn an_address_of_a_webhook_is_public_or_refused(text in text("https?://([a-z.]{1,12}|\\[?[0-9a-f:.]{1,20}\\]?|[0-9x.]{1,15})(:[0-9]{1,6})?/?[a-z?=#@]{0,9}")) {
        if let Ok(url) = check_url(&text, false) {
            prop_assert_eq!(url.scheme(), "https");
            prop_assert!(url.username().is_empty() && url.password().is_none());
            prop_assert!(url.host_str().is_some_and(|host| host != "localhost" && !host.starts_with("127.") && !host.starts_with("10.")), "{url}");
        }
        let _for_development = check_url(&text, true);
    }

    #[test]
    fn words_of_settings_and_lists_are_read_or_refused(text in text("[0-9]{1,9}/(min|h)|[0-9]{1,20}(ms|s|m|h)|[a-z_.]{1,20}")) {
        if let Ok(pace) = text.parse::<CardPace>() {
            prop_assert_eq!(pace.to_string().parse(), Ok(pace));
        }
        let _read = (EventName::from_text(&text), parse_duration(&text), Credential::parse(&text));
        let _asked = serde_json::from_str::<AdminRequest>(&text);
    }

    #[test]
    fn a_request_on_the_control_socket_is_read_or_refused(ask in "create_key|revoke_key|erase|import|webhooks|status|[a-z]{1,9}", fields in prop::collection::hash_map("partner|name|form|shop|scopes|key|customer|url|events|[a-z]{1,4}", value(), 0..6)) {
        let mut request: serde_json::Map<String, Value> = fields.into_iter().collect();
        request.insert("ask".to_owned(), json!(ask));
        let _asked = serde_json::from_str::<AdminRequest>(&Value::Object(request).to_string());
    }

    #[test]
    fn the_auditors_numbers_are_exact_or_refused(text in text("-?[0-9]{1,40}(\\.[0-9]{1,40})?"), number in 0..1_000_000_000_000_000_i64) {
        if let Some(decimal) = Decimal::parse(&text) {
            let _reckoned = (decimal.scaled(4), decimal.plus(decimal), decimal.minus(decimal));
        }
        prop_assert_eq!(Decimal::parse(&number.to_string()).and_then(|decimal| decimal.scaled(0)), Some(number));
        let _points = serde_json::from_str::<Points>(&text);
    }

    #[test]
    fn an_event_of_any_content_is_read_or_refused(
        kind in any::<prop::sample::Index>(),
        schema in prop_oneof![Just(1_i64), 1..9_i64, any::<i64>()],
        values in prop::collection::vec((any::<prop::sample::Index>(), value()), 0..10),
        garbage in text("\\{\"card\":[0-9]{1,9}\\}"),
    ) {
        let (kind, fields) = &KINDS[kind.index(KINDS.len())];
        let field = |(place, value): (prop::sample::Index, Value)| (fields[place.index(fields.len())].clone(), value);
        let payload: serde_json::Map<String, Value> = values.into_iter().filter(|_| !fields.is_empty()).map(field).collect();
        let _read = Payload::read(kind, schema, &Value::Object(payload).to_string()).map(drop);
        let _garbage = Payload::read(kind, 1, &garbage).map(drop);
    }
}
