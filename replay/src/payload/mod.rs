//! What events say: the layouts of `schema/event-log.md`, written anew here so that the auditor reads nothing with code of the service.
//! Borrows from the stored text. Knows no rule beyond the layout.

mod cards;
mod checkpoints;
mod movements;
mod orders;
mod programme;
mod retention;
mod seals;
mod text;
mod webhooks;

pub use cards::{
    CardActivated, CardBlocked, CardIssued, CardNumber, CardTierChanged, CardUnblocked, CardUpdated, Status, Tier,
};
pub use checkpoints::{
    CheckpointCosigned, CheckpointKeyCreated, CheckpointKeyRetired, CheckpointMade, Digits, Handover, RetirementCause,
    SignedTree,
};
pub use movements::{About, Cause, Moving, MovingKind, OpenedLot, Origin, Refund, RefundCause, Spending, Taken};
pub use orders::{Bound, Discount, Formula, Purchase};
pub use programme::{
    Basis, CustomerRegistered, CustomerSealed, KeyCreated, KeyRevoked, Level, PartnerCreated, Rules, Settings,
    SettingsChanged, Sharing, ShopFacts, ShopRetired, Shortfall, TemplateCreated, TemplateRetired, TemplateUpdated,
    TierPlan,
};
pub use retention::{CustomerErased, ErasedRecord, RecordsErased, Retention, Rule};
pub use seals::BalancesSealed;
pub use text::{Commitment, Sealed, Text};
pub use webhooks::{
    Disabled, EventName, WebhookCreated, WebhookDisabled, WebhookRemoved, WebhookRotated, WebhookSkipped,
    WebhookUpdated,
};

use crate::points::{CardId, CustomerId, ShopId};
use movements::{Adjusted, Awarded, Expired, OrderRecorded, Redeemed, Refunded, Returned};
use serde::{Deserialize, Deserializer};

/// A payload, read.
#[derive(Debug)]
pub enum Payload<'a> {
    PartnerCreated(PartnerCreated),
    SettingsChanged(SettingsChanged),
    ShopOpened(ShopFacts),
    ShopUpdated(ShopFacts),
    ShopRetired(ShopRetired),
    TemplateCreated(TemplateCreated),
    TemplateUpdated(TemplateUpdated),
    TemplateRetired(TemplateRetired),
    KeyCreated(KeyCreated),
    KeyRevoked(KeyRevoked),
    CustomerRegistered(CustomerRegistered),
    CustomerUpdated(CustomerSealed),
    CustomerErased(CustomerErased),
    RecordsErased(RecordsErased),
    Issued(CardIssued<'a>),
    Updated(CardUpdated<'a>),
    Activated(CardActivated),
    Blocked(CardBlocked),
    Unblocked(CardUnblocked),
    TierChanged(CardTierChanged),
    Moved(Moving<'a>),
    CheckpointKeyCreated(CheckpointKeyCreated),
    CheckpointKeyRetired(CheckpointKeyRetired),
    CheckpointMade(CheckpointMade),
    CheckpointCosigned(CheckpointCosigned),
    WebhookCreated(WebhookCreated),
    WebhookUpdated(WebhookUpdated),
    WebhookRotated(WebhookRotated),
    WebhookDisabled(WebhookDisabled),
    WebhookSkipped(WebhookSkipped),
    WebhookRemoved(WebhookRemoved),
    BalancesSealed(BalancesSealed),
}

/// Why a payload cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    #[error("the kind {kind:?} with schema {schema} is not one of the format")]
    UnknownKind { kind: String, schema: i64 },
    #[error("the payload is not what {kind} schema 1 holds: {source}")]
    Layout { kind: &'static str, source: serde_json::Error },
}

impl<'a> Payload<'a> {
    /// Reads a payload by its kind and the version of its layout.
    ///
    /// # Errors
    /// An unknown kind or version, or a field that is missing, unknown or not what it should be.
    pub fn read(kind: &str, schema: i64, payload: &'a str) -> Result<Self, Unreadable> {
        macro_rules! layout {
            ($kind:literal, $make:expr) => {
                serde_json::from_str(payload).map($make).map_err(|source| Unreadable::Layout { kind: $kind, source })
            };
        }
        if schema != 1 {
            return Err(Unreadable::UnknownKind { kind: kind.to_owned(), schema });
        }
        match kind {
            "points.awarded" => layout!("points.awarded", |it: Awarded<'a>| Self::Moved(it.into())),
            "points.redeemed" => layout!("points.redeemed", |it: Redeemed<'a>| Self::Moved(it.into())),
            "points.adjusted" => layout!("points.adjusted", |it: Adjusted<'a>| Self::Moved(it.into())),
            "points.expired" => layout!("points.expired", |it: Expired<'a>| Self::Moved(it.into())),
            "order.recorded" => layout!("order.recorded", |it: OrderRecorded<'a>| Self::Moved(it.into())),
            "points.refunded" => layout!("points.refunded", |it: Refunded<'a>| Self::Moved(it.into())),
            "points.returned" => layout!("points.returned", |it: Returned<'a>| Self::Moved(it.into())),
            "card.issued" => layout!("card.issued", Self::Issued),
            "card.updated" => layout!("card.updated", Self::Updated),
            "card.activated" => layout!("card.activated", Self::Activated),
            "card.blocked" => layout!("card.blocked", Self::Blocked),
            "card.unblocked" => layout!("card.unblocked", Self::Unblocked),
            "card.tier_changed" => layout!("card.tier_changed", Self::TierChanged),
            "customer.registered" => layout!("customer.registered", Self::CustomerRegistered),
            "customer.updated" => layout!("customer.updated", Self::CustomerUpdated),
            "customer.erased" => layout!("customer.erased", Self::CustomerErased),
            "records.erased" => layout!("records.erased", Self::RecordsErased),
            "key.created" => layout!("key.created", Self::KeyCreated),
            "key.revoked" => layout!("key.revoked", Self::KeyRevoked),
            "template.created" => layout!("template.created", Self::TemplateCreated),
            "template.updated" => layout!("template.updated", Self::TemplateUpdated),
            "template.retired" => layout!("template.retired", Self::TemplateRetired),
            "shop.opened" => layout!("shop.opened", Self::ShopOpened),
            "shop.updated" => layout!("shop.updated", Self::ShopUpdated),
            "shop.retired" => layout!("shop.retired", Self::ShopRetired),
            "partner.created" => layout!("partner.created", Self::PartnerCreated),
            "partner.settings_changed" => layout!("partner.settings_changed", Self::SettingsChanged),
            "checkpoint_key.created" => layout!("checkpoint_key.created", Self::CheckpointKeyCreated),
            "checkpoint_key.retired" => layout!("checkpoint_key.retired", Self::CheckpointKeyRetired),
            "checkpoint.made" => layout!("checkpoint.made", Self::CheckpointMade),
            "checkpoint.cosigned" => layout!("checkpoint.cosigned", Self::CheckpointCosigned),
            "webhook.created" => layout!("webhook.created", Self::WebhookCreated),
            "webhook.updated" => layout!("webhook.updated", Self::WebhookUpdated),
            "webhook.rotated" => layout!("webhook.rotated", Self::WebhookRotated),
            "webhook.disabled" => layout!("webhook.disabled", Self::WebhookDisabled),
            "webhook.skipped" => layout!("webhook.skipped", Self::WebhookSkipped),
            "webhook.removed" => layout!("webhook.removed", Self::WebhookRemoved),
            "balances.sealed" => layout!("balances.sealed", Self::BalancesSealed),
            unknown => Err(Unreadable::UnknownKind { kind: unknown.to_owned(), schema }),
        }
    }

    /// The card that the event is about.
    #[must_use]
    pub const fn card(&self) -> Option<CardId> {
        match self {
            Self::Issued(it) => Some(it.card),
            Self::Updated(it) => Some(it.card),
            Self::Activated(it) => Some(it.card),
            Self::Blocked(it) => Some(it.card),
            Self::Unblocked(it) => Some(it.card),
            Self::TierChanged(it) => Some(it.card),
            Self::Moved(it) => Some(it.card),
            Self::PartnerCreated(_)
            | Self::SettingsChanged(_)
            | Self::ShopOpened(_)
            | Self::ShopUpdated(_)
            | Self::ShopRetired(_)
            | Self::TemplateCreated(_)
            | Self::TemplateUpdated(_)
            | Self::TemplateRetired(_)
            | Self::KeyCreated(_)
            | Self::KeyRevoked(_)
            | Self::CheckpointKeyCreated(_)
            | Self::CheckpointKeyRetired(_)
            | Self::CheckpointMade(_)
            | Self::CheckpointCosigned(_)
            | Self::WebhookCreated(_)
            | Self::WebhookUpdated(_)
            | Self::WebhookRotated(_)
            | Self::WebhookDisabled(_)
            | Self::WebhookSkipped(_)
            | Self::WebhookRemoved(_)
            | Self::BalancesSealed(_)
            | Self::CustomerRegistered(_)
            | Self::CustomerUpdated(_)
            | Self::CustomerErased(_)
            | Self::RecordsErased(_) => None,
        }
    }

    /// The vault record that the event names.
    #[must_use]
    pub const fn sealed(&self) -> Option<Sealed> {
        match self {
            Self::PartnerCreated(it) => Some(it.sealed),
            Self::SettingsChanged(it) => Some(it.sealed),
            Self::ShopOpened(it) | Self::ShopUpdated(it) => Some(it.sealed),
            Self::TemplateCreated(it) => Some(it.sealed),
            Self::TemplateUpdated(it) => Some(it.sealed),
            Self::KeyCreated(it) => Some(it.sealed),
            Self::WebhookCreated(it) => Some(it.sealed),
            Self::WebhookUpdated(it) => Some(it.sealed),
            Self::CustomerRegistered(it) => Some(it.sealed),
            Self::CustomerUpdated(it) => Some(it.sealed),
            Self::Issued(it) => it.sealed,
            Self::Updated(it) => it.sealed,
            Self::Blocked(it) => Some(it.sealed),
            Self::Unblocked(it) => Some(it.sealed),
            Self::Moved(it) => it.sealed,
            Self::BalancesSealed(it) => Some(it.sealed),
            Self::ShopRetired(_)
            | Self::TemplateRetired(_)
            | Self::KeyRevoked(_)
            | Self::CheckpointKeyCreated(_)
            | Self::CheckpointKeyRetired(_)
            | Self::CheckpointMade(_)
            | Self::CheckpointCosigned(_)
            | Self::WebhookRotated(_)
            | Self::WebhookDisabled(_)
            | Self::WebhookSkipped(_)
            | Self::WebhookRemoved(_)
            | Self::CustomerErased(_)
            | Self::RecordsErased(_)
            | Self::Activated(_)
            | Self::TierChanged(_) => None,
        }
    }

    /// The shop that the event names, other than the one that it opens.
    #[must_use]
    pub const fn shop(&self) -> Option<ShopId> {
        match self {
            Self::KeyCreated(it) => it.shop,
            Self::Issued(it) => it.shop,
            Self::Moved(it) => it.shop,
            Self::PartnerCreated(_)
            | Self::SettingsChanged(_)
            | Self::ShopOpened(_)
            | Self::ShopUpdated(_)
            | Self::ShopRetired(_)
            | Self::TemplateCreated(_)
            | Self::TemplateUpdated(_)
            | Self::TemplateRetired(_)
            | Self::KeyRevoked(_)
            | Self::CheckpointKeyCreated(_)
            | Self::CheckpointKeyRetired(_)
            | Self::CheckpointMade(_)
            | Self::CheckpointCosigned(_)
            | Self::WebhookCreated(_)
            | Self::WebhookUpdated(_)
            | Self::WebhookRotated(_)
            | Self::WebhookDisabled(_)
            | Self::WebhookSkipped(_)
            | Self::WebhookRemoved(_)
            | Self::BalancesSealed(_)
            | Self::CustomerRegistered(_)
            | Self::CustomerUpdated(_)
            | Self::CustomerErased(_)
            | Self::RecordsErased(_)
            | Self::Updated(_)
            | Self::Activated(_)
            | Self::Blocked(_)
            | Self::Unblocked(_)
            | Self::TierChanged(_) => None,
        }
    }

    /// The stream that the event belongs to, as its payload has it: the kind of thing and its number.
    #[must_use]
    pub const fn stream(&self) -> (&'static str, i64) {
        match self {
            Self::PartnerCreated(it) => ("partner", it.partner.get()),
            Self::SettingsChanged(it) => ("partner", it.partner.get()),
            Self::ShopOpened(it) | Self::ShopUpdated(it) => ("shop", it.shop.get()),
            Self::ShopRetired(it) => ("shop", it.shop.get()),
            Self::TemplateCreated(it) => ("template", it.template.get()),
            Self::TemplateUpdated(it) => ("template", it.template.get()),
            Self::TemplateRetired(it) => ("template", it.template.get()),
            Self::KeyCreated(it) => ("key", it.key.get()),
            Self::KeyRevoked(it) => ("key", it.key.get()),
            Self::CustomerRegistered(it) => ("customer", it.customer.get()),
            Self::CustomerUpdated(it) => ("customer", it.customer.get()),
            Self::CustomerErased(it) => ("customer", it.customer.get()),
            Self::RecordsErased(it) => ("customer", it.customer.get()),
            Self::CheckpointKeyCreated(it) => ("checkpoint_key", it.key.get()),
            Self::CheckpointKeyRetired(it) => ("checkpoint_key", it.key.get()),
            Self::CheckpointMade(it) => ("checkpoint_key", it.key.get()),
            Self::CheckpointCosigned(it) => ("checkpoint_key", it.key.get()),
            Self::WebhookCreated(it) => ("webhook", it.webhook.get()),
            Self::WebhookUpdated(it) => ("webhook", it.webhook.get()),
            Self::WebhookRotated(it) => ("webhook", it.webhook.get()),
            Self::WebhookDisabled(it) => ("webhook", it.webhook.get()),
            Self::WebhookSkipped(it) => ("webhook", it.webhook.get()),
            Self::WebhookRemoved(it) => ("webhook", it.webhook.get()),
            Self::BalancesSealed(it) => ("seal", it.seal),
            Self::Issued(CardIssued { card, .. })
            | Self::Updated(CardUpdated { card, .. })
            | Self::Activated(CardActivated { card })
            | Self::Blocked(CardBlocked { card, .. })
            | Self::Unblocked(CardUnblocked { card, .. })
            | Self::TierChanged(CardTierChanged { card, .. })
            | Self::Moved(Moving { card, .. }) => ("card", card.get()),
        }
    }
}

/// Splits a stream's name into its kind and number: `card:17`. Numbers have one spelling only.
#[must_use]
pub fn stream_parts(stream: &str) -> Option<(&str, i64)> {
    let (kind, number) = stream.split_once(':')?;
    let plain = !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && (number.len() == 1 || !number.starts_with('0'));
    if !plain {
        return None;
    }
    Some((kind, number.parse().ok()?))
}

/// Whether events of this kind are in a card's history: those that move points, and purchases that moved none.
#[must_use]
pub fn moves(kind: &str) -> bool {
    kind.starts_with("points.") || kind == "order.recorded"
}

/// The card of a card's stream.
#[must_use]
pub fn card_of_stream(stream: &str) -> Option<CardId> {
    match stream_parts(stream) {
        Some(("card", number)) => Some(CardId::new(number)),
        Some(_) | None => None,
    }
}

/// The customer of a customer's stream.
#[must_use]
pub fn customer_of_stream(stream: &str) -> Option<CustomerId> {
    match stream_parts(stream) {
        Some(("customer", number)) => Some(CustomerId::new(number)),
        Some(_) | None => None,
    }
}

/// Reads a field that is absent or has a value. The format never writes null for what does not apply, so null is refused.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
