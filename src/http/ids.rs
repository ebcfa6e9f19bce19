//! Identifiers as `/api/*` writes them (`card_17`, `txn_204`, `cust_9`), and reading them in either form.

use crate::domain::cards::CardNumber;
use crate::domain::{CardId, CustomerId, Seq, ShopId, WebhookId};
use serde_json::{Map, Value};

pub(crate) fn card(id: CardId) -> String {
    format!("card_{id}")
}

pub(crate) fn transaction(seq: Seq) -> String {
    format!("txn_{seq}")
}

pub(crate) fn customer(id: CustomerId) -> String {
    format!("cust_{id}")
}

/// How a request names a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CardRef {
    Id(CardId),
    Number(CardNumber),
}

impl CardRef {
    /// Reads `card_17`, `17`, or a card number however it is written; also as a QR code prints it, after `loyalty:card:`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(id) = number_after(text, "card_") {
            return Some(Self::Id(CardId::new(id)));
        }
        let number = text.strip_prefix("loyalty:card:").unwrap_or(text);
        match CardNumber::parse(number) {
            Some(number) => Some(Self::Number(number)),
            None => digits(text).map(CardId::new).map(Self::Id),
        }
    }
}

pub(crate) fn parse_customer(text: &str) -> Option<CustomerId> {
    number_after(text, "cust_").or_else(|| digits(text)).map(CustomerId::new)
}

pub(crate) fn parse_shop(text: &str) -> Option<ShopId> {
    number_after(text, "shop_").or_else(|| digits(text)).map(ShopId::new)
}

pub(crate) fn parse_card(text: &str) -> Option<CardId> {
    number_after(text, "card_").or_else(|| digits(text)).map(CardId::new)
}

pub(crate) fn parse_transaction(text: &str) -> Option<Seq> {
    number_after(text, "txn_").or_else(|| digits(text)).map(Seq::new)
}

pub(crate) fn parse_webhook(text: &str) -> Option<WebhookId> {
    number_after(text, "whk_").or_else(|| digits(text)).map(WebhookId::new)
}

/// An attempt of a webhook: `dlv_12`, or its number.
pub(crate) fn parse_delivery(text: &str) -> Option<i64> {
    number_after(text, "dlv_").or_else(|| digits(text))
}

/// Which details of an error name a thing by its id.
const DETAILS: [&str; 7] =
    ["card_id", "customer_id", "existing_card_id", "existing_customer_id", "shop_id", "template_id", "transaction_id"];

/// Whether the answers of a path show ids as whole numbers: all but those of `/api` outside `/api/partners`.
pub(crate) fn are_numbers(path: &str) -> bool {
    !path.starts_with("/api/") || path.starts_with("/api/partners/")
}

/// Details of an error with whole numbers as ids. What is the id of nothing stays as the client wrote it.
pub(crate) fn in_numbers(details: &mut Map<String, Value>) {
    for name in DETAILS {
        let Some(Value::String(text)) = details.get(name) else { continue };
        let text = text.trim();
        let number = ["card_", "cust_", "shop_", "txn_"].iter().find_map(|prefix| number_after(text, prefix));
        if let Some(number) = number.or_else(|| digits(text)) {
            details.insert(name.to_owned(), number.into());
        }
    }
}

fn number_after(text: &str, prefix: &str) -> Option<i64> {
    digits(text.strip_prefix(prefix)?)
}

// Plain digits of a positive number, without a sign: `parse` alone would take `+5`.
fn digits(text: &str) -> Option<i64> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_is_named_by_id_or_by_number() {
        let id = |number| Some(CardRef::Id(CardId::new(number)));
        assert_eq!(CardRef::parse("card_17"), id(17));
        assert_eq!(CardRef::parse("17"), id(17));
        let number = CardNumber::parse("LC079927398713").map(CardRef::Number);
        for text in ["LC079927398713", "lc 0799-2739-8713", "079927398713", "loyalty:card:LC079927398713"] {
            assert_eq!(CardRef::parse(text), number, "{text}");
        }
        for text in ["", "card_", "card_x", "card_-1", "+17", "-17", "17.0", "cust_17", "99999999999999999999"] {
            assert_eq!(CardRef::parse(text), None, "{text}");
        }
    }

    #[test]
    fn customers_and_shops_are_named_with_or_without_their_prefix() {
        assert_eq!(parse_customer("cust_9"), Some(CustomerId::new(9)));
        assert_eq!(parse_customer("9"), Some(CustomerId::new(9)));
        assert_eq!(parse_customer("card_9"), None);
        assert_eq!(parse_shop("2"), Some(ShopId::new(2)));
    }
}
