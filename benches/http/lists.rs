//! How long the list of transactions takes with each of its filters, orders and depths.

use crate::load::{Answered, ask};
use crate::mixed::SHOPS;
use crate::programme::Programme;
use std::io::Write;

const ASKED: usize = 15;

/// Asks for each list some times and prints the median and the longest, in milliseconds.
pub(crate) fn run(out: &mut impl Write, address: &str, programme: &Programme) -> anyhow::Result<()> {
    let one = |query: &str| ask(address, &format!("/en/shop/transactions?{query}"), programme);
    let all = one("per_page=50")?;
    let total = all.body["meta"]["total"].as_i64().unwrap_or(0);
    let times: Vec<String> = [total / 3, total / 2]
        .into_iter()
        .map(|place| {
            let row = one(&format!("per_page=1&page={}", place.max(1)))?;
            Ok(row.body["data"][0]["created_at"].as_str().unwrap_or_default().to_owned())
        })
        .collect::<anyhow::Result<_>>()?;
    let (half, third) = (&times[1], &times[0]);
    writeln!(out, "\n{total} transactions, {SHOPS} shops; milliseconds over HTTP, {ASKED} times each")?;
    writeln!(out, "list                                                        median  longest      rows     total")?;
    let deep = total / 100;
    let queries = [
        ("newest first", "per_page=50".to_owned()),
        ("oldest first", "per_page=50&sort=created_at".to_owned()),
        ("half way down", format!("per_page=50&page={deep}")),
        ("the last page", format!("per_page=50&page={}", total / 50)),
        ("a type", "per_page=50&type=purchase".to_owned()),
        ("a type, half way down", format!("per_page=50&type=purchase&page={}", deep * 7 / 10)),
        ("a rare type", "per_page=50&type=refund".to_owned()),
        ("a rare type, half way down", format!("per_page=50&type=refund&page={}", deep / 20)),
        ("a shop", "per_page=50&shop_id=3".to_owned()),
        ("a shop, half way down", format!("per_page=50&shop_id=3&page={}", deep / 4)),
        ("a shop and a type", "per_page=50&shop_id=1&type=redemption".to_owned()),
        ("a card", format!("per_page=50&loyalty_card_id={}", programme.card(1 << 60))),
        ("a customer's number", "per_page=50&user_id=77".to_owned()),
        ("a customer's email", "per_page=50&user_email=customer77@example.com".to_owned()),
        ("an order", "per_page=50&order_id=before-1000".to_owned()),
        ("a reference", "per_page=50&reference_id=campaign-1007".to_owned()),
        ("a refund's id", "per_page=50&reference_number=r-1018".to_owned()),
        ("a period", format!("per_page=50&date_from={half}&date_to={third}")),
        ("a period, its middle", format!("per_page=50&date_from={half}&date_to={third}&page={}", total / 600)),
        ("a period, a shop and a type", format!("per_page=50&date_from={half}&date_to={third}&shop_id=2&type=earn")),
        ("until a moment", format!("per_page=50&date_to={half}")),
        ("a card by points", format!("per_page=50&sort=-points&loyalty_card_id={}", programme.card(1 << 60))),
        ("a status that none has", "per_page=50&status=pending".to_owned()),
    ];
    for (name, query) in queries {
        let mut answers = (0..ASKED).map(|_| one(&query)).collect::<anyhow::Result<Vec<Answered>>>()?;
        answers.sort_by_key(|answer| answer.elapsed);
        let rows = answers[0].body["data"].as_array().map_or(0, Vec::len);
        let total = answers[0].body["meta"]["total"].as_i64().unwrap_or(-1);
        let [median, longest] = [ASKED / 2, ASKED - 1].map(|place| answers[place].millis());
        writeln!(out, "{name:58} {median:>7.2} {longest:>8.2} {rows:>9} {total:>9}")?;
    }
    Ok(())
}
