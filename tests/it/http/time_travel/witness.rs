//! Somebody who writes down everything that is answered about one card, and asks for it again later.

use crate::support::{Reply, Shop};
use serde_json::Value;
use std::collections::BTreeSet;

/// One moment: the head of the log, the time, and what was answered under each path.
struct Moment {
    seq: i64,
    at: String,
    /// Whether an event was recorded at this very time: by its seq alone the same moment is meant.
    recorded: bool,
    answers: Vec<(String, u16, String)>,
}

pub(super) struct Witness {
    card: String,
    number: String,
    pub(super) customer: String,
    moments: Vec<Moment>,
}

/// An answer without what is the request's own.
fn body(reply: &Reply) -> String {
    let id = reply.header("x-request-id").expect("a request id");
    String::from_utf8(reply.raw.clone()).expect("text").replace(id, "")
}

fn with(path: &str, parameter: &str) -> String {
    let sign = if path.contains('?') { '&' } else { '?' };
    format!("{path}{sign}{parameter}")
}

impl Witness {
    pub(super) fn of(shop: &Shop, issued: &Value) -> Self {
        let text = |name: &str| issued[name].as_str().expect("a text").to_owned();
        let (card, number) = (text("id"), text("card_number"));
        let customer = shop.customer_of(&number).trim_start_matches("cust_").to_owned();
        Self { card: card.trim_start_matches("card_").to_owned(), number, customer, moments: Vec::new() }
    }

    pub(super) fn moments(&self) -> usize {
        self.moments.len()
    }

    /// Every read about the card and its holder, and about the transactions that there are by now.
    fn paths(&self, transactions: &[i64]) -> Vec<String> {
        let Self { card, number, customer, .. } = self;
        let mut paths = vec![
            format!("/api/loyalty-cards/{card}"),
            format!("/api/loyalty-cards/{number}"),
            format!("/api/loyalty-cards/card_{card}/history?limit=4&page=2"),
            format!("/api/loyalty-cards/{number}/history?type=award"),
            format!("/api/points/balance/{card}"),
            format!("/api/points/balance/{number}"),
            format!("/api/points/history/card_{card}?per_page=5"),
            format!("/api/points/history/{number}?from_date=2026-01-01&to_date=2026-01-01&staff_member=Rasa"),
            format!("/api/points/history/{card}?reference=1001"),
            format!("/api/points/expiring?card_id={number}&days=60"),
            format!("/api/customers/cust_{customer}"),
            format!("/api/customers/{customer}/balance"),
            format!("/en/shop/transactions?card_id={card}&per_page=3&page=2"),
            format!("/lt/shop/transactions?user_id={customer}&sort=amount:desc&type=earn"),
            format!("/lt/shop/shop/transactions?loyalty_card_id={card}&list_format=nested&order_id=1001"),
            format!("/en/shop/points?card_id={card}&sort=-points&user_id={customer}"),
            format!("/en/shop/points?user_id={customer}&date_from=2026-01-02"),
            format!("/en/shop/points/balance/{card}"),
            format!("/lt/shop/points/card/{number}/balance"),
            format!("/en/shop/loyalty-cards?card_number={number}&user_id={customer}"),
            format!("/lt/shop/loyalty-cards?user_id={customer}"),
            format!("/en/shop/loyalty-cards/{card}"),
            format!("/en/shop/loyalty-cards/info?card_number={number}"),
            format!("/lt/shop/shop/loyalty-cards/info?user_id={customer}"),
            format!("/en/shop/loyalty-cards/balance?card_id={card}"),
            format!("/en/partners/customers/{customer}"),
            format!("/api/partners/customers/{customer}/loyalty-stats"),
            format!("/en/partners/customers/{customer}/transactions?per_page=3"),
            format!("/lt/partners/transactions?card_id={card}&sort=-amount"),
            format!("/api/partners/transactions?customer_id={customer}&date_range=last_7_days"),
        ];
        for transaction in transactions {
            paths.push(format!("/en/shop/transactions/{transaction}"));
            paths.push(format!("/lt/shop/points/{transaction}"));
            paths.push(format!("/en/partners/transactions/{transaction}"));
        }
        paths
    }

    /// Writes down what is answered now.
    pub(super) fn look(&mut self, shop: &Shop) {
        let progress = shop.server.engine().live().progress();
        let (seq, now) = (progress.head().get(), progress.time(shop.server.clock.now()));
        let newest = shop.get(&format!("/en/shop/transactions?card_id={}&per_page=4", self.card)).page().0;
        let newest: Vec<i64> = newest.iter().map(|row| row["id"].as_i64().expect("an id")).collect();
        let answers = self.paths(&newest).into_iter().map(|path| {
            let reply = shop.get(&path);
            assert_eq!(reply.status, 200, "{path}: {}", body(&reply));
            assert_eq!((reply.header("x-as-of"), reply.header("x-as-of-seq")), (None, None), "{path}");
            (path, reply.status, body(&reply))
        });
        let answers = answers.collect();
        let recorded = self.moments.last().is_none_or(|last| last.seq < seq);
        self.moments.push(Moment { seq, at: now.to_micros_text(), recorded, answers });
    }

    /// Asks again for what was ever answered, by the time and by the event: for one in so many of all questions, each path among
    /// them.
    pub(super) fn ask_again(&self, shop: &Shop, stride: usize) {
        let (mut asked, mut turn) = (BTreeSet::new(), 0);
        for moment in &self.moments {
            for (path, status, was) in &moment.answers {
                let by_time = with(path, &format!("as_of={}", moment.at));
                let by_seq = moment.recorded.then(|| with(path, &format!("as_of_seq={}", moment.seq)));
                for asking in [Some(by_time), by_seq].into_iter().flatten() {
                    turn += 1;
                    if turn % stride != 0 && asked.contains(path) {
                        continue;
                    }
                    let reply = shop.get(&asking);
                    assert_eq!((reply.status, &body(&reply)), (*status, was), "{asking}");
                    assert_eq!(reply.header("x-as-of"), Some(&*moment.at), "{asking}");
                    assert_eq!(reply.header("x-as-of-seq"), Some(&*moment.seq.to_string()), "{asking}");
                    asked.insert(path);
                }
            }
        }
    }
}
