//! The books over HTTP: the same as the auditor's tool reads from the log alone, in every form, and each partner's to itself.

use super::text;
use crate::support::{Client, NewKey, Reply, Shop};
use calamine::{Reader as _, Xlsx};
use counterfoil::domain::programme::Scope;
use counterfoil::domain::{PartnerId, Timestamp};
use counterfoil::http::HttpConfig;
use counterfoil_replay::instant::Instant;
use counterfoil_replay::progress::Progress;
use counterfoil_replay::report::{Period, report};
use counterfoil_statements::Statement;
use serde_json::{Value, json};
use std::io::{Cursor, Read as _};

/// A time that holds all that a test does.
const ALWAYS: &str = "from=2020-01-01&to=2100-01-01";

/// A shop with some of everything.
fn busy() -> Shop {
    let shop = Shop::open();
    let card = shop.card("ona@example.com");
    shop.award(&card, 100);
    shop.redeem(&card, 30).data(201);
    shop.server.advance_days(40);
    shop.post("/api/points/adjust", &json!({"card_id": card, "points": -5, "reason": "Mistake"})).data(201);
    shop.award(&card, 7);
    shop
}

fn auditor(shop: &Shop) -> Client {
    shop.client_with(PartnerId::DEPLOYMENT, NewKey { scopes: vec![Scope::Audit], ..NewKey::default() }).0
}

fn from_the_log(shop: &Shop, from: &str, to: &str, partner: Option<i64>) -> Statement {
    let at = |text: &str| Instant::from_micros(Timestamp::parse(text).expect("a time").micros());
    let ledger = shop.server.files.path().join("ledger.db");
    let period = Period::new(at(from), at(to)).expect("a period");
    report(&ledger, period, partner, &Progress::silent()).expect("books")
}

/// A statement as JSON, without what only the auditor's tool says.
fn without_checks(statement: &Statement) -> Value {
    let mut json = serde_json::to_value(statement).expect("JSON");
    json.as_object_mut().expect("an object").remove("checks").expect("the tool checks");
    json
}

#[track_caller]
fn of_type(reply: &Reply, content_type: &str, disposition: &str) {
    assert_eq!(reply.status, 200, "{}", text(reply));
    assert_eq!(reply.header("content-type"), Some(content_type));
    assert_eq!(reply.header("content-disposition"), Some(disposition));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
}

#[test]
fn the_service_says_what_the_auditor_reads() {
    let shop = busy();
    let other = shop.other_partner();
    let auditor = auditor(&shop);
    for (client, query, partner) in [
        (&auditor, "", None),
        (&auditor, "&partner=1", Some(1)),
        (&auditor, "&partner=2", Some(2)),
        (&shop.client, "", Some(1)),
        (&shop.client, "&partner=1", Some(1)),
        (&other, "", Some(2)),
    ] {
        let served = client.get(&format!("/audit/books?{ALWAYS}{query}"));
        of_type(
            &served,
            "application/json",
            &format!(
                "inline; filename=\"books-{}2020-01-01-2100-01-01.json\"",
                partner.map_or(String::new(), |partner| format!("partner-{partner}-"))
            ),
        );
        let read = from_the_log(&shop, "2020-01-01", "2100-01-01", partner);
        assert_eq!(served.json(), without_checks(&read), "{query}");
        assert!(read.ok());
    }
    let books = shop.get(&format!("/audit/books?{ALWAYS}")).json();
    assert_eq!((&books["closes"], &books["whole"]), (&json!(true), &json!(true)));
    let balance = &books["trial_balance"][0];
    assert_eq!((&balance["awarded"], &balance["redeemed"], &balance["closing"]), (&json!(107), &json!(30), &json!(72)));
    assert_eq!(books["by_month"].as_array().map(Vec::len), Some(2), "forty days lie in two months");
}

#[test]
fn a_period_is_of_any_length_and_begins_and_ends_at_any_moment() {
    let shop = busy();
    let events = shop.get("/audit/events?limit=1000").json();
    let times: Vec<String> = events["events"]
        .as_array()
        .expect("rows")
        .iter()
        .filter_map(|row| Some(Timestamp::from_micros(row["recorded_at"].as_i64()?).to_string()))
        .collect();
    let (first, last) = (times[0].as_str(), times[times.len() - 1].as_str());
    assert!(first < last);
    for (from, to) in [("2020-01-01", last), (first, last), (first, "2100-01-01"), (last, "2100-01-01")] {
        let served = shop.get(&format!("/audit/books?from={from}&to={to}")).json();
        assert_eq!(served, without_checks(&from_the_log(&shop, from, to, Some(1))), "{from} {to}");
    }
}

#[test]
fn as_of_an_event_is_what_was_answered_then() {
    let shop = busy();
    let ask = |query: &str| text(&shop.get(&format!("/audit/books?{ALWAYS}{query}")));
    let then = ask("");
    let seq = shop.get(&format!("/audit/books?{ALWAYS}")).json()["as_of_seq"].clone();
    let card = shop.card("later@example.com");
    shop.award(&card, 12);
    assert_ne!(ask(""), then);
    assert_eq!(ask(&format!("&as_of_seq={seq}")), then);
    let named = shop.get(&format!("/audit/books?{ALWAYS}&as_of_seq={seq}&format=html"));
    let name = named.header("content-disposition").expect("a name");
    assert!(name.ends_with(&format!("-as-of-{seq}.html\"")), "{name}");
}

#[test]
fn every_form_holds_the_same_tables() {
    let shop = busy();
    let read = from_the_log(&shop, "2020-01-01", "2100-01-01", Some(1));
    let own: Vec<_> = read.tables().iter().filter(|table| table.name() != "checks").collect();
    let name = |end: &str| format!("filename=\"books-partner-1-2020-01-01-2100-01-01{end}\"");

    let csv = shop.get(&format!("/audit/books?{ALWAYS}&format=csv&table=by_month"));
    of_type(&csv, "text/csv; charset=utf-8", &format!("attachment; {}", name("-by_month.csv")));
    let mut printed = Vec::new();
    read.table("by_month").expect("a table").write_csv(&mut printed).expect("CSV");
    assert_eq!(csv.raw, printed);

    let zip = shop.get(&format!("/audit/books?{ALWAYS}&format=csv"));
    of_type(&zip, "application/zip", &format!("attachment; {}", name(".zip")));
    let mut files = zip::ZipArchive::new(Cursor::new(&zip.raw)).expect("an archive");
    assert_eq!(files.len(), own.len());
    for table in &own {
        let mut held = String::new();
        files.by_name(&format!("{}.csv", table.name())).expect("a file").read_to_string(&mut held).expect("text");
        let rows = csv::Reader::from_reader(held.as_bytes()).into_records().count();
        assert_eq!(rows, table.rows().len(), "{}", table.name());
    }

    let xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    let workbook = shop.client.with("Accept", xlsx).get(&format!("/audit/books?{ALWAYS}"));
    of_type(&workbook, xlsx, &format!("attachment; {}", name(".xlsx")));
    let opened: Xlsx<_> = Xlsx::new(Cursor::new(workbook.raw)).expect("a workbook");
    for table in &own {
        assert!(opened.sheet_names().iter().any(|sheet| sheet.as_str() == table.name()), "{}", table.name());
    }

    let page =
        shop.client.with("Accept", "text/html,application/xhtml+xml;q=0.9").get(&format!("/audit/books?{ALWAYS}"));
    of_type(&page, "text/html; charset=utf-8", &format!("inline; {}", name(".html")));
    assert!(text(&page).starts_with("<!DOCTYPE html>") && text(&page).contains("Trial balance by partner"));
}

#[test]
fn what_cannot_be_asked_is_refused_and_the_field_is_named() {
    let shop = busy();
    for (query, field) in [
        ("to=2026-01-01", "from"),
        ("from=2026-01-01", "to"),
        ("from=2026-13-01&to=2027-01-01", "from"),
        ("from=2026-01-01&to=soon", "to"),
        ("from=2026-01-02&to=2026-01-02", "to"),
        ("from=2026-01-02&to=2026-01-01", "to"),
        ("from=2020-01-01&to=2020-02-01", "to"),
        ("from=2026-01-01&to=2026-02-01&as_of_seq=0", "as_of_seq"),
        ("from=2026-01-01&to=2026-02-01&as_of_seq=1000000", "as_of_seq"),
        ("from=2026-01-01&to=2026-02-01&as_of=2026-01-05", "as_of"),
        ("from=2026-01-01&to=2026-02-01&format=pdf", "format"),
        ("from=2026-01-01&to=2026-02-01&format=csv&table=checks", "table"),
        ("from=2026-01-01&to=2026-02-01&table=rules", "table"),
        ("from=2026-01-01&to=2026-02-01&partner=x", "partner"),
    ] {
        let reply = shop.get(&format!("/audit/books?{query}"));
        reply.error(400, "VALIDATION_ERROR");
        assert!(!reply.about(field).is_empty(), "{query}");
    }
    let unknown = auditor(&shop).get(&format!("/audit/books?{ALWAYS}&partner=9"));
    unknown.error(400, "VALIDATION_ERROR");
    assert!(!unknown.about("partner").is_empty());
}

#[test]
fn nobody_sees_the_books_of_another() {
    let shop = busy();
    let other = shop.other_partner();
    assert_eq!(other.get(&format!("/audit/books?{ALWAYS}&partner=1")).status, 403);
    let own = other.get(&format!("/audit/books?{ALWAYS}")).json();
    for table in ["trial_balance", "by_template", "liability", "rules", "rule_changes", "adjustments"] {
        for row in own[table].as_array().expect("a table") {
            assert_eq!(row["partner"], 2, "{table}");
        }
    }
    let till = shop.keyed(NewKey { scopes: vec![Scope::LoyaltyRead], ..NewKey::default() });
    till.get(&format!("/audit/books?{ALWAYS}")).error(403, "INSUFFICIENT_PERMISSIONS");
    assert_eq!(shop.bare().get(&format!("/audit/books?{ALWAYS}")).status, 401);
}

#[test]
fn a_service_that_began_anew_says_the_same_to_the_byte() {
    let shop = busy();
    let paths = ["", "&format=csv", "&format=xlsx", "&format=html"].map(|form| format!("/audit/books?{ALWAYS}{form}"));
    let before: Vec<_> = paths.iter().map(|path| shop.get(path).raw).collect();
    let views = rusqlite::Connection::open(shop.server.files.path().join("views.db")).expect("the views");
    // As if another version had written it: the next start makes it anew from the log.
    views.execute("UPDATE meta SET value = 'another' WHERE name = 'layout'", []).expect("a mark");
    drop(views);
    let shop = shop.restarted(&HttpConfig { rate_limits: None, ..HttpConfig::default() });
    let after: Vec<_> = paths.iter().map(|path| shop.get(path).raw).collect();
    assert_eq!(after, before);
}
