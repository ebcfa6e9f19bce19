//! What an independent reader finds in a workbook.

use super::*;
use crate::domain::cards::{Status, Tier};
use crate::domain::customers::PersonRecord;
use crate::domain::points::Points;
use crate::domain::{CardId, CustomerId, TemplateId};
use crate::queries::{CardRow, DataSet};
use calamine::{Data, Reader as _, Xlsx};

fn card(number: i64, name: &str) -> CardRow {
    let at = Timestamp::parse("2026-01-31T12:34:56.789Z").unwrap();
    CardRow {
        card: CardId::new(number),
        number: "LC079927398713".to_owned(),
        status: Status::Active,
        tier: Tier::Gold,
        balance: Points::new(9_000_000_000_000_000),
        lifetime: Points::new(-1),
        redeemed: Points::ZERO,
        design: "default".to_owned(),
        template: TemplateId::new(1),
        shop: None,
        shop_name: None,
        customer: CustomerId::new(number),
        person: Some(PersonRecord { name: Some(name.to_owned()), ..PersonRecord::default() }),
        issued_at: at,
        updated_at: at,
        last_activity: at,
    }
}

fn packed(most_rows: u32, columns: &[&str], pages: &[Vec<CardRow>]) -> Xlsx<io::Cursor<Vec<u8>>> {
    let selection = Selection::of(DataSet::Cards, columns).unwrap();
    let mut workbook = Workbook::with_sheets_of(most_rows, &selection);
    let mut bytes = workbook.begin().unwrap();
    for page in pages {
        bytes.extend(workbook.rows(&selection, &ExportRows::Cards(page.clone())).unwrap());
    }
    bytes.extend(workbook.end().unwrap());
    Xlsx::new(io::Cursor::new(bytes)).unwrap()
}

#[test]
fn a_full_sheet_is_followed_by_another_with_the_same_header() {
    let rows: Vec<_> = (1..=7).map(|number| card(number, "Ann")).collect();
    let mut book = packed(4, &["id", "tier"], &[rows[..2].to_vec(), rows[2..].to_vec()]);
    let mut found = Vec::new();
    assert_eq!(book.sheet_names(), ["Export", "Export 2", "Export 3"]);
    for (_, sheet) in book.worksheets() {
        let rows: Vec<_> = sheet.rows().map(<[Data]>::to_vec).collect();
        assert_eq!(rows[0], [Data::String("id".to_owned()), Data::String("tier".to_owned())]);
        assert!(rows.len() <= 4);
        found.extend(rows[1..].iter().map(|row| row[0].to_string()));
    }
    assert_eq!(found, ["1", "2", "3", "4", "5", "6", "7"]);
    assert_eq!(packed(4, &["id"], &[rows[..3].to_vec()]).sheet_names(), ["Export"], "exactly full is one sheet");
    assert_eq!(packed(4, &["id"], &[]).worksheets()[0].1.rows().count(), 1, "an empty export has its header");
}

#[test]
fn a_text_is_read_as_it_was_typed_whatever_is_in_it() {
    let texts = ["=1+1", "<a & \"b\">", " blanks ", "_x0041_ _x004_ _", "Žemaitė 🎈", "two\nlines", "]]>"];
    let rows = texts.iter().zip(1..).map(|(text, number)| card(number, text)).collect();
    let mut book = packed(SHEET_ROWS, &["customer_name"], &[rows]);
    let sheet = &book.worksheets()[0].1;
    let found: Vec<_> = sheet.rows().skip(1).map(|row| row[0].to_string()).collect();
    assert_eq!(found, texts);
    assert!(sheet.rows().skip(1).all(|row| matches!(row[0], Data::String(_))));
}

#[test]
fn numbers_are_numbers_and_times_are_times() {
    let mut book =
        packed(SHEET_ROWS, &["points_balance", "lifetime_points", "created_at", "shop_name"], &[vec![card(1, "")]]);
    let sheet = &book.worksheets()[0].1;
    let row = sheet.rows().nth(1).unwrap();
    assert_eq!(row[0], Data::Float(9e15));
    assert_eq!(row[1], Data::Float(-1.0));
    let Data::DateTime(time) = &row[2] else { panic!("{row:?}") };
    let (year, month, day, hour, minute, second, millis) = time.to_ymd_hms_milli();
    assert_eq!((year, month, day, hour, minute, second), (2026, 1, 31, 12, 34, 56));
    assert_eq!(millis, 789);
    assert_eq!(row.get(3).cloned().unwrap_or_default(), Data::Empty);
}

#[test]
fn a_time_is_a_number_of_days() {
    let serial = |text: &str| serial(Timestamp::parse(text).unwrap());
    for (text, days) in [
        ("1970-01-01", Some("25569")),
        ("2026-01-01T12:00:00Z", Some("46023.50000000000")),
        ("2025-12-31T23:59:59.999999Z", Some("46022.99999999999")),
        ("9999-12-31", Some("2958465")),
        ("1900-01-01", Some("2")),
        ("1899-12-31", None),
    ] {
        assert_eq!(serial(text).as_deref(), days, "{text}");
    }
}

#[test]
fn columns_are_lettered_beyond_the_alphabet() {
    assert_eq!([0, 25, 26, 27, 51, 52, 701, 702].map(column_name), ["A", "Z", "AA", "AB", "AZ", "BA", "ZZ", "AAA"]);
}
