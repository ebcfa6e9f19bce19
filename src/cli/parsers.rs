//! What an operator types and the files that are handed in, whatever they say: see `src/http/parsers.rs`.

use super::arguments;
use super::import::tried;
use super::listen::{self, Listen};
use super::settings;
use proptest::prelude::*;
use std::time::Duration;

fn text(near: &'static str) -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[ -~]{0,40}", proptest::string::string_regex(near).expect("a pattern")]
}

proptest! {
    #[test]
    fn a_length_of_time_is_within_its_bounds(text in text("[0-9]{0,22}(ms|s|m|h|d|ė)?")) {
        for read in [arguments::period(&text), arguments::period_or_off(&text)].into_iter().flatten() {
            prop_assert!(read <= Duration::from_secs(7 * 86_400), "{text}");
        }
        if let Ok(pause) = arguments::pause(&text) {
            prop_assert!(!pause.is_zero() && pause <= Duration::from_secs(86_400), "{text}");
        }
    }

    #[test]
    fn lists_of_pauses_are_read_one_by_one(seconds in prop::collection::vec(1..86_400_u64, 1..8)) {
        let written: Vec<_> = seconds.iter().map(|seconds| format!("{seconds}s")).collect();
        let read: Result<Vec<_>, _> = written.join(",").split(',').map(arguments::pause).collect();
        prop_assert_eq!(read, Ok(seconds.into_iter().map(Duration::from_secs).collect::<Vec<_>>()));
    }

    #[test]
    fn an_argument_is_read_or_refused_with_what_it_should_be(text in text("(cust_|key_)?-?[0-9]{0,20}|[0-9.:/a-f]{0,20}|[A-Z]{3}|unix:?/?.{0,9}")) {
        let refusals = [
            arguments::name(&text).err(),
            arguments::currency(&text).err(),
            arguments::customer(&text).err(),
            arguments::number(&text, "key_").err(),
            arguments::scope(&text).err(),
            arguments::proxy(&text).err(),
            arguments::moment(&text).err(),
            arguments::witness(&text).err(),
            arguments::origin(&text).err(),
            listen::mode(&text).err(),
            text.parse::<Listen>().err(),
        ];
        prop_assert!(refusals.iter().flatten().all(|refusal| !refusal.is_empty()));
        if let Ok(block) = arguments::address_block(&text) {
            let address = block.split('/').next().unwrap_or_default();
            prop_assert!(address.parse::<std::net::IpAddr>().is_ok(), "{block}");
        }
    }

    #[test]
    fn a_file_of_settings_is_read_or_refused(text in text("(card-memory|listen|webhook-retry) ?= ?(\"[a-z]*\"|[0-9]+|\\[.{0,9}\\]|true|1\\.5|2026-01-01)\n?")) {
        let known = ["card-memory", "listen", "webhook-retry"].map(str::to_owned);
        match settings::values(&text, &known) {
            Ok(values) => prop_assert!(values.iter().all(|(name, _)| known.contains(name))),
            Err(refusal) => prop_assert!(!refusal.is_empty()),
        }
    }
}

proptest! {
    // Each case writes a file.
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.min(5_000), ..ProptestConfig::default() })]

    #[test]
    fn a_file_to_import_is_read_to_its_end_or_refused(
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..600),
            "(email|name|points|\"|,|;|\n|\r\n|\t|[a-z0-9@.]{1,12}){0,40}".prop_map(String::into_bytes),
            "((\\{|\\}|\"email\"|:|\"[a-z@.]{0,9}\"|,|\\[|-?[0-9]{1,30}|null|\n){0,12}\n){0,6}".prop_map(String::into_bytes),
        ],
        json in any::<bool>(),
        lines in 0..200_usize,
    ) {
        // No line yields two rows, and none is read twice.
        let most = bytes.iter().filter(|byte| [b'\n', b'\r'].contains(byte)).count() + 1;
        prop_assert!(tried::rows(&bytes, json) <= most);
        prop_assert!(tried::rows(&b"email\n".repeat(lines), json) <= lines);
    }
}

#[test]
fn a_row_without_an_end_is_refused_before_it_fills_the_memory() {
    for (begin, json) in [(&b"email\n\""[..], false), (b"{\"email\":\"", true)] {
        let mut bytes = begin.to_vec();
        bytes.resize(4 << 20, b'x');
        assert!(tried::rows(&bytes, json) <= 1);
    }
}
