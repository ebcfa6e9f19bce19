//! The words by which transactions are listed, filtered and exported.

use crate::domain::orders::TransactionKind as Kind;

/// Every word of [`kinds_of`] that clients are told of.
pub const TRANSACTION_WORDS: &str =
    "all, points, purchase, bonus, earn, redemption, refund, cancellation, expiry, adjustment, coupons, games, cards";

/// What a transaction of that kind is called.
#[must_use]
pub const fn transaction_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Purchase => "purchase",
        Kind::Award | Kind::Welcome => "bonus",
        Kind::Redemption => "redemption",
        Kind::Expiry => "expiry",
        Kind::Refund | Kind::Return => "refund",
        Kind::Cancellation => "cancellation",
        Kind::Raise | Kind::Cut => "adjustment",
    }
}

/// The kinds that a word means; all of them by none, and none by an empty list. No answer where the word means nothing.
#[must_use]
pub fn kinds_of(word: &str) -> Option<Option<Vec<Kind>>> {
    let kinds = match word {
        "all" | "points" => return Some(None),
        "purchase" | "sale" => vec![Kind::Purchase],
        "earn" | "earned" | "award" | "awarded" => vec![Kind::Purchase, Kind::Award, Kind::Welcome],
        "bonus" => vec![Kind::Award, Kind::Welcome],
        "redemption" | "redeem" | "redeemed" | "spend" | "spent" => vec![Kind::Redemption],
        "refund" | "refunded" => vec![Kind::Refund, Kind::Return],
        "cancellation" | "cancelled" => vec![Kind::Cancellation],
        "expiry" | "expire" | "expired" => vec![Kind::Expiry],
        "adjustment" | "adjust" | "adjusted" => vec![Kind::Raise, Kind::Cut],
        "coupon" | "coupons" | "game" | "games" | "card" | "cards" | "transfer" => Vec::new(),
        _ => return None,
    };
    Some(Some(kinds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_transaction_is_called_finds_it_again() {
        for kind in Kind::ALL {
            let found = kinds_of(transaction_word(kind)).unwrap().unwrap();
            assert!(found.contains(&kind), "{kind:?}");
        }
    }
}
