//! All that is held about one person, as a JSON document that people can read: sections with explanations, times in RFC 3339, points
//! and money with their units.

use crate::domain::Timestamp;
use crate::domain::points::Points;
use crate::domain::programme::{Retention, RetentionRule};
use crate::queries::{CustomerData, DataCard, DataEvent};
use serde_json::{Map, Value, json};

/// What each section is, in the document itself.
const SECTIONS: [(&str, &str); 6] = [
    ("as_of", "The last event of the ledger that this document reflects. Later events are not in it."),
    (
        "customer",
        "Who the person is, as the shop recorded it. Nulls mean that nothing is recorded, or that it was erased.",
    ),
    (
        "cards",
        "The person's cards as they stand: balances in points, lots (points that expire together), tier, and what was typed.",
    ),
    ("retention", "After how long what is erased by itself. Null: not before the person is erased."),
    (
        "events",
        "Everything that was ever recorded about the person, oldest first: when, by whom (key: a till or integration of the shop, \
         job: the service itself, cli: somebody at the machine), what changed, and under `typed` what people entered, such as names, \
         reasons and descriptions. Where `typed` is \"erased\", it was entered and is gone for good.",
    ),
    (
        "receipt",
        "Where a proof of the event can be had from the service. It shows that the event stands in the ledger as it is given here.",
    ),
];

const KINDS: [(&str, &str); 17] = [
    ("customer.registered", "The person became known to the programme."),
    ("customer.updated", "What is known of the person was changed."),
    ("customer.erased", "Everything that was entered about the person was erased."),
    ("records.erased", "Old values or old texts were erased by the rule that is named."),
    ("card.issued", "The person got a card."),
    ("card.updated", "The card's design or metadata was changed."),
    ("card.activated", "The card was used for the first time."),
    ("card.blocked", "The card was blocked."),
    ("card.unblocked", "The card was unblocked."),
    ("card.tier_changed", "The card reached another tier."),
    ("order.recorded", "A purchase that earned no points."),
    ("points.awarded", "Points were earned or given."),
    ("points.redeemed", "Points were spent."),
    ("points.adjusted", "The balance was corrected."),
    ("points.expired", "Points expired."),
    ("points.refunded", "A purchase was refunded, and what it had earned was taken back."),
    ("points.returned", "Points that a refunded purchase had spent were given back."),
];

/// The document, part by part: [`PersonDocument::begin`], each event, [`PersonDocument::end`].
#[derive(Debug, Default)]
pub struct PersonDocument {
    begun: bool,
}

impl PersonDocument {
    /// Everything before the events.
    #[must_use]
    pub fn begin(data: &CustomerData) -> String {
        let explained = |pairs: &[(&str, &str)]| -> Map<String, Value> {
            pairs.iter().map(|(name, text)| ((*name).to_owned(), json!(text))).collect()
        };
        let sections = [
            ("format", json!("counterfoil customer data v1")),
            ("explanations", json!({ "sections": explained(&SECTIONS), "events": explained(&KINDS) })),
            ("as_of", json!({ "event": data.as_of, "read_at": data.read_at })),
            ("customer", customer(data)),
            ("cards", data.cards.iter().map(|held| card(held, data.read_at)).collect()),
            ("retention", retention(&data.retention)),
        ];
        let mut text = "{\n".to_owned();
        for (name, value) in sections {
            text.push_str(&format!("  \"{name}\": {},\n", indented(&value, 1)));
        }
        text.push_str("  \"events\": [");
        text
    }

    /// The next event.
    #[must_use]
    pub fn event(&mut self, event: &DataEvent) -> String {
        let comma = if std::mem::replace(&mut self.begun, true) { ",\n    " } else { "\n    " };
        format!("{comma}{}", indented(&told(event), 2))
    }

    /// The end of the document.
    #[must_use]
    pub const fn end() -> &'static str {
        "\n  ]\n}\n"
    }
}

// No text of JSON holds a line break of its own.
fn indented(value: &Value, depth: usize) -> String {
    format!("{value:#}").replace('\n', &format!("\n{}", "  ".repeat(depth)))
}

fn points(points: Points) -> Value {
    json!({ "value": points, "unit": "points" })
}

fn customer(data: &CustomerData) -> Value {
    json!({
        "customer_id": data.customer.id,
        "person": data.person,
        "registered_at": data.customer.registered_at,
        "updated_at": data.customer.updated_at,
        "erased_at": data.customer.erased_at,
        "currency_of_amounts": data.currency,
        "balance": points(data.cards.iter().map(|held| held.card.available(data.read_at)).sum()),
    })
}

fn card(held: &DataCard, now: Timestamp) -> Value {
    let DataCard { card, shop_name, metadata, block } = held;
    let lot = |lot: crate::domain::points::Lot| {
        json!({ "lot": lot.id, "opened_with": points(lot.points), "remaining": points(lot.remaining),
            "expires_at": lot.expires_at, "shop_id": lot.shop })
    };
    json!({
        "card_id": card.id,
        "card_number": card.number,
        "status": card.status,
        "tier": card.tier,
        "design": card.design,
        "template_id": card.template,
        "shop_id": card.shop,
        "shop_name": shop_name,
        "issued_at": card.issued_at,
        "updated_at": card.updated_at,
        "last_activity": card.last_activity,
        "balance": points(card.available(now)),
        "owed": points(card.debt),
        "earned_in_all": points(card.lifetime),
        "spent_in_all": points(card.redeemed),
        "expired_in_all": points(card.expired),
        "corrections_in_all": points(card.adjusted),
        "lots": card.lots.iter().map(lot).collect::<Vec<_>>(),
        "metadata": metadata,
        "blocked_at": card.blocked_at,
        "blocked_because": block,
    })
}

fn retention(rules: &Retention) -> Value {
    let stated = |rule: RetentionRule| (rule.name().to_owned(), json!(rules.value(rule)));
    Value::Object(RetentionRule::ALL.map(stated).into_iter().collect())
}

fn told(event: &DataEvent) -> Value {
    let typed = match (event.record, &event.sealed) {
        (Some(_), Some(sealed)) => sealed.clone(),
        (Some(_), None) => json!("erased"),
        (None, _) => Value::Null,
    };
    json!({
        "event": event.seq,
        "recorded_at": event.at,
        "kind": event.kind,
        "by": event.actor,
        "shop_name": event.shop_name,
        "request_key": event.idempotency_key,
        "says": event.payload,
        "vault_record": event.record,
        "typed": typed,
        "receipt": format!("/audit/receipts/{}", event.seq),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Event;

    #[test]
    fn every_kind_of_event_about_a_person_is_explained() {
        let about = |kind: &&&str| {
            ["customer.", "records.", "card.", "points.", "order."].iter().any(|prefix| kind.starts_with(prefix))
        };
        let mut kinds: Vec<&str> = Event::KINDS.iter().filter(about).copied().collect();
        let mut explained = KINDS.map(|(kind, _)| kind).to_vec();
        kinds.sort_unstable();
        explained.sort_unstable();
        assert_eq!(explained, kinds);
    }
}
