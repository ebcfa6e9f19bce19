//! What a receiver can ask to be told of, under every name that receivers have for it.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::borrow::Cow;

/// What a receiver is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    /// Everything that there is, under its canonical name.
    All,
    CustomerRegistered,
    CustomerUpdated,
    CustomerErased,
    CustomerTierChanged,
    PointsAwarded,
    PointsRedeemed,
    PointsExpired,
    TransactionRefunded,
    CardCreated,
    CardBlocked,
    CardUnblocked,
    // What this ledger does not do yet: it may be asked for, and nothing is sent.
    CouponRedeemed,
    OfferClaimed,
    GameCompleted,
}

/// Canonical names first, each followed by the others that mean the same.
const NAMES: &[(&str, Topic)] = &[
    ("*", Topic::All),
    ("customer.registered", Topic::CustomerRegistered),
    ("customer_registered", Topic::CustomerRegistered),
    ("customer.updated", Topic::CustomerUpdated),
    ("customer_updated", Topic::CustomerUpdated),
    ("customer.erased", Topic::CustomerErased),
    ("customer_erased", Topic::CustomerErased),
    ("customer.tier_changed", Topic::CustomerTierChanged),
    ("customer_tier_changed", Topic::CustomerTierChanged),
    ("tier_upgraded", Topic::CustomerTierChanged),
    ("points.awarded", Topic::PointsAwarded),
    ("points_awarded", Topic::PointsAwarded),
    ("points.redeemed", Topic::PointsRedeemed),
    ("points_redeemed", Topic::PointsRedeemed),
    ("points.expired", Topic::PointsExpired),
    ("points_expired", Topic::PointsExpired),
    ("transaction.refunded", Topic::TransactionRefunded),
    ("transaction_refunded", Topic::TransactionRefunded),
    ("card.created", Topic::CardCreated),
    ("card_created", Topic::CardCreated),
    ("loyalty_card.created", Topic::CardCreated),
    ("card.blocked", Topic::CardBlocked),
    ("card_blocked", Topic::CardBlocked),
    ("card.unblocked", Topic::CardUnblocked),
    ("card_unblocked", Topic::CardUnblocked),
    ("coupon.redeemed", Topic::CouponRedeemed),
    ("coupon_redeemed", Topic::CouponRedeemed),
    ("offer.claimed", Topic::OfferClaimed),
    ("offer_claimed", Topic::OfferClaimed),
    ("game.completed", Topic::GameCompleted),
    ("game_completed", Topic::GameCompleted),
];

/// The name under which a receiver wants to be told of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventName {
    name: &'static str,
    topic: Topic,
}

impl EventName {
    /// The name that a text is.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        NAMES.iter().find(|(name, _)| *name == text).map(|(name, topic)| Self { name, topic: *topic })
    }

    /// The name as it was asked for.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.name
    }

    /// What it names.
    #[must_use]
    pub const fn topic(self) -> Topic {
        self.topic
    }

    /// Every canonical name, `*` first.
    pub fn canonical() -> impl Iterator<Item = Self> {
        let first = |place: usize| place == 0 || NAMES[place - 1].1 != NAMES[place].1;
        NAMES
            .iter()
            .enumerate()
            .filter(move |(place, _)| first(*place))
            .map(|(_, (name, topic))| Self { name, topic: *topic })
    }
}

impl Topic {
    /// Its canonical name.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(_, topic)| *topic == self).map_or("*", |(name, _)| name)
    }

    /// All names that mean it.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        NAMES.iter().filter(move |(_, topic)| *topic == self).map(|(name, _)| *name)
    }

    /// The name under which it is sent to a receiver who asked for these, or nothing where none of them means it.
    #[must_use]
    pub fn wanted(self, names: &[EventName]) -> Option<&'static str> {
        let named = names.iter().find(|name| name.topic == self);
        let all = || names.iter().any(|name| name.topic == Self::All).then(|| self.name());
        named.map(|name| name.name).or_else(all)
    }
}

impl Serialize for EventName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name)
    }
}

impl<'de> Deserialize<'de> for EventName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        Self::from_text(&text).ok_or_else(|| de::Error::custom("not the name of an event"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn names(texts: &[&str]) -> Vec<EventName> {
        texts.iter().map(|text| EventName::from_text(text).unwrap()).collect()
    }

    #[test]
    fn a_receiver_gets_the_name_that_it_asked_for() {
        let wanted = |texts: &[&str]| Topic::CardCreated.wanted(&names(texts));
        assert_eq!(wanted(&["points.awarded", "loyalty_card.created", "card.created"]), Some("loyalty_card.created"));
        assert_eq!(wanted(&["*"]), Some("card.created"));
        assert_eq!(wanted(&["*", "card_created"]), Some("card_created"));
        assert_eq!((wanted(&["points.awarded"]), wanted(&[])), (None, None));
    }

    #[test]
    fn every_name_stands_once_beside_its_canonical_one() {
        let texts: BTreeSet<_> = NAMES.iter().map(|(name, _)| *name).collect();
        assert_eq!(texts.len(), NAMES.len());
        let canonical: Vec<_> = EventName::canonical().collect();
        let topics: Vec<_> = canonical.iter().map(|name| name.topic()).collect();
        assert!(topics.iter().enumerate().all(|(place, topic)| !topics[..place].contains(topic)), "{topics:?}");
        assert!(
            canonical.iter().all(|name| name.topic().name() == name.as_str() && !name.as_str().contains("loyalty_"))
        );
        for (name, _) in NAMES {
            let text = format!("\"{name}\"");
            assert_eq!(serde_json::to_string(&serde_json::from_str::<EventName>(&text).unwrap()).unwrap(), text);
        }
        assert!(serde_json::from_str::<EventName>("\"points.stolen\"").is_err());
    }
}
