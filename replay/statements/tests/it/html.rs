//! The page, read by an XML parser.

use crate::samples;
use counterfoil_statements::{Cell, Statement, Table, Unit};
use roxmltree::{Document, Node, ParsingOptions};
use std::collections::BTreeMap;

fn page(statement: &Statement) -> String {
    let mut page = Vec::new();
    statement.write_html(&mut page).expect("a page");
    String::from_utf8(page).expect("text")
}

fn parsed(page: &str) -> Document<'_> {
    Document::parse_with_options(page, ParsingOptions { allow_dtd: true, ..ParsingOptions::default() }).expect("XML")
}

fn named<'a, 'b>(node: Node<'a, 'b>, name: &'static str) -> impl Iterator<Item = Node<'a, 'b>> {
    node.descendants().filter(move |node| node.has_tag_name(name) || node.tag_name().name() == name)
}

fn text(node: Node<'_, '_>) -> String {
    node.descendants().filter(Node::is_text).filter_map(|node| node.text()).collect()
}

/// A cell's exact value: the one for machines, where people read it otherwise.
fn value(cell: Node<'_, '_>) -> String {
    named(cell, "data").next().map_or_else(|| text(cell), |data| data.attribute("value").expect("a value").to_owned())
}

/// What no XML may hold, and what would turn the direction of the page.
fn printable(text: &str) -> String {
    text.replace('\u{1}', "\u{2401}").replace('\u{202e}', "\u{fffd}")
}

fn section<'a, 'b>(document: &'a Document<'b>, table: &Table) -> Node<'a, 'b> {
    let id = format!("t-{}", table.name());
    document.descendants().find(|node| node.attribute("id") == Some(&id)).expect("a section for each table")
}

fn compare(statement: &Statement) -> usize {
    let page = page(statement);
    let document = parsed(&page);
    let mut compared = 0;
    for table in statement.tables() {
        let section = section(&document, table);
        if table.rows().is_empty() {
            assert!(text(section).contains("None."), "{}", table.name());
            continue;
        }
        let caption = named(section, "caption").map(text).collect::<Vec<_>>();
        assert_eq!(caption, [table.title()]);
        let heads: Vec<Node<'_, '_>> = named(section, "th").collect();
        assert!(heads.iter().all(|head| head.attribute("scope") == Some("col")));
        assert_eq!(
            heads.into_iter().map(text).collect::<Vec<_>>(),
            table.names().map(|name| name.replace('_', " ")).collect::<Vec<_>>()
        );
        let rows: Vec<Vec<String>> =
            named(section, "tr").skip(1).map(|row| named(row, "td").map(value).collect()).collect();
        assert_eq!(rows.len(), table.rows().len(), "{}", table.name());
        for (shown, row) in rows.iter().zip(table.rows()) {
            let plain: Vec<String> = row.iter().map(|cell| printable(&cell.plain())).collect();
            assert_eq!(shown, &plain, "{}", table.name());
            compared += plain.len();
        }
    }
    compared
}

#[test]
fn every_cell_of_every_table_is_on_the_page() {
    assert!(compare(&samples::full()) > 1_000);
    assert_eq!(compare(&samples::empty()), samples::empty().tables()[0].columns().len(), "nothing but the summary");
}

#[test]
fn what_people_read_has_every_digit_of_the_value() {
    let page = page(&samples::full());
    let document = parsed(&page);
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let mut grouped = 0;
    for data in named(document.root_element(), "data").filter(|data| text(*data).chars().any(|it| it.is_ascii_digit()))
    {
        let (value, shown) = (data.attribute("value").expect("a value"), text(data));
        let padded = format!("{}0", digits(value));
        assert!(digits(&shown) == digits(value) || digits(&shown) == padded, "{value}: {shown}");
        assert_eq!(value.starts_with('-'), shown.starts_with('\u{2212}'), "{value}: {shown}");
        grouped += usize::from(shown.contains('\u{202f}'));
    }
    assert!(grouped > 100, "{grouped}");
}

#[test]
fn a_hostile_name_is_text_and_nothing_comes_from_elsewhere() {
    let page = page(&samples::full());
    assert!(page.contains("&lt;script&gt;") && !page.contains("<script"));
    let document = parsed(&page);
    for node in document.descendants().filter(Node::is_element) {
        let name = node.tag_name().name();
        assert!(!["script", "link", "img", "iframe", "object", "image", "use"].contains(&name), "{name}");
        for attribute in node.attributes() {
            assert!(!attribute.name().starts_with("on"), "{name} {}", attribute.name());
            assert!(attribute.name() != "href" || attribute.value().starts_with('#'), "{}", attribute.value());
        }
    }
    assert!(!page.contains("@import") && !page.contains("url(http") && !page.contains("src="));
}

#[test]
fn the_page_says_what_it_is_and_how_to_check_it() {
    let found = page(&samples::full());
    for told in [
        "48\u{202f}211",
        "2025-11-01T00:00:00Z",
        "do NOT close",
        "counterfoil-replay verify --ledger",
        "report --ledger",
    ] {
        assert!(found.contains(told), "{told}");
    }
    assert!(page(&samples::empty()).contains("The books close"));
    // Each column of each table is explained.
    let document = parsed(&found);
    let glossary = document.descendants().find(|node| node.attribute("id") == Some("glossary")).expect("a glossary");
    let explained = text(glossary);
    for column in samples::full().tables().iter().flat_map(|table| table.columns()) {
        assert!(explained.contains(column.meaning), "{}", column.name);
    }
}

#[test]
fn equal_statements_are_equal_pages() {
    assert_eq!(page(&samples::full()), page(&samples::full()));
}

/// The charts by their titles: for each, the figures of its bars with how long they are.
fn bars(document: &Document<'_>) -> BTreeMap<String, Vec<(i128, i64)>> {
    named(document.root_element(), "figure")
        .map(|figure| {
            let title = text(named(figure, "figcaption").next().expect("a title"));
            let svg = named(figure, "svg").next().expect("a chart");
            let labels = svg.attribute("aria-labelledby").expect("labels").split(' ');
            for label in labels {
                let of = svg.descendants().find(|node| node.attribute("id") == Some(label)).expect("a label");
                assert!(!text(of).is_empty());
            }
            let lying = svg.attribute("class") == Some("lying");
            let length = if lying { "width" } else { "height" };
            let number =
                |node: Node<'_, '_>, name| node.attribute(name).expect("a number").parse::<i128>().expect("whole");
            let bars = named(svg, "rect")
                .filter(|rect| rect.has_attribute("data-points"))
                .map(|rect| (number(rect, "data-points"), i64::try_from(number(rect, length)).expect("short")))
                .collect();
            (title, bars)
        })
        .collect()
}

#[test]
fn bars_are_as_long_as_their_numbers() {
    let page = page(&samples::full());
    let charts = bars(&parsed(&page));
    assert_eq!(charts.len(), 5, "{:?}", charts.keys());
    let mut charts = charts;
    // Each partner's breakage is a whole of its own.
    let shares = charts.remove("Breakage: what expired of what left (points)").expect("breakage");
    let [(330_000, used), (42_345, expired), (8_999_999_999_999_999, all)] = shares[..] else { panic!("{shares:?}") };
    assert!((used + expired - all).abs() <= 2 && (expired * 372_345 / 42_345 - all).abs() <= 20, "{shares:?}");
    for (title, bars) in &charts {
        let (most, longest) = bars.iter().map(|(points, length)| (points.abs(), *length)).max().expect("bars");
        assert!(longest > 300, "{title}: {longest}");
        for (points, length) in bars {
            let expected = points.abs() * i128::from(longest) / most;
            assert!(expected.abs_diff(i128::from(*length)) <= 3, "{title}: {points} is {length}, not {expected}");
        }
    }
    let moves = &charts["Movements by month, partner 1 (points)"];
    let figures: Vec<i128> = moves.iter().map(|(points, _)| *points).collect();
    assert_eq!(figures, [120_000, -20_000, 90_000, -60_000, -12_345, -250_000, -30_000]);
    // Seven of thirty templates, and the others as one, in each of the months.
    let ages = &charts["Open points by the month in which they expire, partner 1"];
    assert_eq!(ages.len(), 4 * 8);
    let all: i128 = (1..=30).sum::<i128>() * 1_000 * 4;
    assert_eq!(ages.iter().map(|(points, _)| points).sum::<i128>(), all, "nothing is left out");
}

#[test]
fn the_closing_of_a_month_without_movements_is_the_one_before() {
    let page = page(&samples::full());
    let document = parsed(&page);
    let circles: Vec<(i128, i64)> = named(document.root_element(), "circle")
        .map(|circle| {
            let number = |name| circle.attribute(name).expect("a number");
            (number("data-points").parse().expect("whole"), number("cy").parse().expect("whole"))
        })
        .collect();
    let closings: Vec<i128> = circles.iter().map(|(points, _)| *points).collect();
    assert_eq!(closings, [100_000, 100_000, 117_655, -162_345, 1]);
    assert!(circles[2].1 < circles[0].1 && circles[0].1 < circles[3].1, "higher is more: {circles:?}");
}

#[test]
fn all_units_are_printed() {
    let statement = samples::full();
    for unit in [Unit::Points, Unit::Money, Unit::Rate, Unit::Percent, Unit::Terms, Unit::Flag] {
        assert!(statement.tables().iter().any(|table| table.columns().iter().any(|column| column.unit == unit)));
    }
    let money = page(&statement);
    assert!(money.contains("<data value=\"30.5\">30.50</data>"), "money with one decimal has two");
    assert!(statement.tables().iter().flat_map(Table::rows).flatten().any(|cell| *cell == Cell::Nothing));
}
