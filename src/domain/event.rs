//! All events as one type: their names, streams and layouts. `evolve` in each area says what they do.

use super::cards::{CardActivated, CardBlocked, CardIssued, CardTierChanged, CardUnblocked, CardUpdated};
use super::checkpoints::{CheckpointCosigned, CheckpointKeyCreated, CheckpointKeyRetired, CheckpointMade};
use super::customers::{CustomerErased, CustomerRegistered, CustomerUpdated, RecordsErased};
use super::orders::{OrderRecorded, PointsRefunded, PointsReturned};
use super::points::{PointsAdjusted, PointsAwarded, PointsExpired, PointsRedeemed};
use super::programme::{
    KeyCreated, KeyRevoked, PartnerCreated, PartnerSettingsChanged, ShopOpened, ShopRetired, ShopUpdated,
    TemplateCreated, TemplateRetired, TemplateUpdated,
};
use super::seals::BalancesSealed;
use super::webhooks::{
    WebhookCreated, WebhookDisabled, WebhookRemoved, WebhookRotated, WebhookSkipped, WebhookUpdated,
};
use super::{
    CardId, CheckpointKeyId, CustomerId, KeyId, PartnerId, SealId, Sealed, Secret, ShopId, TemplateId, WebhookId,
};
use std::fmt;

/// The thing that an event changed: its own sequence of versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stream {
    Partner(PartnerId),
    Shop(ShopId),
    Template(TemplateId),
    Key(KeyId),
    Customer(CustomerId),
    Card(CardId),
    CheckpointKey(CheckpointKeyId),
    Webhook(WebhookId),
    Seal(SealId),
}

impl Stream {
    /// What kind of thing it is, and its number.
    #[must_use]
    pub const fn parts(self) -> (&'static str, i64) {
        match self {
            Self::Partner(id) => ("partner", id.get()),
            Self::Shop(id) => ("shop", id.get()),
            Self::Template(id) => ("template", id.get()),
            Self::Key(id) => ("key", id.get()),
            Self::Customer(id) => ("customer", id.get()),
            Self::Card(id) => ("card", id.get()),
            Self::CheckpointKey(id) => ("checkpoint_key", id.get()),
            Self::Webhook(id) => ("webhook", id.get()),
            Self::Seal(id) => ("seal", id.get()),
        }
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, number) = self.parts();
        write!(f, "{kind}:{number}")
    }
}

/// An event that a decision wants recorded, with what the vault shall keep of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub event: Event,
    pub secret: Option<Secret>,
}

impl Draft {
    /// An event without anything for the vault.
    #[must_use]
    pub fn open(event: impl Into<Event>) -> Self {
        Self { event: event.into(), secret: None }
    }

    /// An event with content for the vault.
    #[must_use]
    pub fn sealing(event: impl Into<Event>, secret: Secret) -> Self {
        Self { event: event.into(), secret: Some(secret) }
    }
}

/// A kind or layout of event that this program does not know.
#[derive(Debug, thiserror::Error)]
pub enum UnknownEvent {
    #[error("kind {kind} with schema {schema} is not known to this version of the program")]
    Kind { kind: String, schema: i64 },
    #[error("the payload of {kind} does not have the layout of its schema: {source}")]
    Payload { kind: String, source: serde_json::Error },
}

macro_rules! events {
    ($($name:ident = $kind:literal on $stream:ident($field:ident)),* $(,)?) => {
        /// Everything that can happen. All kinds have schema 1.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Event {
            $($name($name),)*
        }

        impl Event {
            /// Every kind's name, in the order of their declaration.
            pub const KINDS: &'static [&'static str] = &[$($kind),*];

            /// The event's name in the log.
            #[must_use]
            pub const fn kind(&self) -> &'static str {
                match self { $(Self::$name(_) => $kind,)* }
            }

            /// The version of its payload's layout.
            #[must_use]
            pub const fn schema(&self) -> i64 {
                1
            }

            /// The stream it belongs to.
            #[must_use]
            pub const fn stream(&self) -> Stream {
                match self { $(Self::$name(event) => Stream::$stream(event.$field),)* }
            }

            /// The payload as the log stores and hashes it.
            #[must_use]
            pub fn payload(&self) -> String {
                // Room for most of them, so that it is not grown step by step.
                let mut json = Vec::with_capacity(512);
                match self { $(Self::$name(event) => serde_json::to_writer(&mut json, event),)* }
                    .expect("events are plain data with text keys");
                String::from_utf8(json).expect("JSON is text")
            }

            /// Reads a payload of the log.
            ///
            /// # Errors
            /// A kind, schema or layout that this program does not know.
            pub fn decode(kind: &str, schema: i64, payload: &str) -> Result<Self, UnknownEvent> {
                match (kind, schema) {
                    $(($kind, 1) => serde_json::from_str(payload).map(Self::$name),)*
                    (kind, schema) => return Err(UnknownEvent::Kind { kind: kind.to_owned(), schema }),
                }
                .map_err(|source| UnknownEvent::Payload { kind: kind.to_owned(), source })
            }
        }

        $(impl From<$name> for Event {
            fn from(event: $name) -> Self {
                Self::$name(event)
            }
        })*
    };
}

events! {
    PartnerCreated = "partner.created" on Partner(partner),
    PartnerSettingsChanged = "partner.settings_changed" on Partner(partner),
    ShopOpened = "shop.opened" on Shop(shop),
    ShopUpdated = "shop.updated" on Shop(shop),
    ShopRetired = "shop.retired" on Shop(shop),
    TemplateCreated = "template.created" on Template(template),
    TemplateUpdated = "template.updated" on Template(template),
    TemplateRetired = "template.retired" on Template(template),
    KeyCreated = "key.created" on Key(key),
    KeyRevoked = "key.revoked" on Key(key),
    CustomerRegistered = "customer.registered" on Customer(customer),
    CustomerUpdated = "customer.updated" on Customer(customer),
    CustomerErased = "customer.erased" on Customer(customer),
    RecordsErased = "records.erased" on Customer(customer),
    CardIssued = "card.issued" on Card(card),
    CardUpdated = "card.updated" on Card(card),
    CardActivated = "card.activated" on Card(card),
    CardBlocked = "card.blocked" on Card(card),
    CardUnblocked = "card.unblocked" on Card(card),
    CardTierChanged = "card.tier_changed" on Card(card),
    OrderRecorded = "order.recorded" on Card(card),
    PointsAwarded = "points.awarded" on Card(card),
    PointsRedeemed = "points.redeemed" on Card(card),
    PointsAdjusted = "points.adjusted" on Card(card),
    PointsExpired = "points.expired" on Card(card),
    PointsRefunded = "points.refunded" on Card(card),
    PointsReturned = "points.returned" on Card(card),
    CheckpointKeyCreated = "checkpoint_key.created" on CheckpointKey(key),
    CheckpointKeyRetired = "checkpoint_key.retired" on CheckpointKey(key),
    CheckpointMade = "checkpoint.made" on CheckpointKey(key),
    CheckpointCosigned = "checkpoint.cosigned" on CheckpointKey(key),
    WebhookCreated = "webhook.created" on Webhook(webhook),
    WebhookUpdated = "webhook.updated" on Webhook(webhook),
    WebhookRotated = "webhook.rotated" on Webhook(webhook),
    WebhookDisabled = "webhook.disabled" on Webhook(webhook),
    WebhookSkipped = "webhook.skipped" on Webhook(webhook),
    WebhookRemoved = "webhook.removed" on Webhook(webhook),
    BalancesSealed = "balances.sealed" on Seal(seal),
}

impl Event {
    /// The vault record that the event names.
    #[must_use]
    pub const fn sealed(&self) -> Option<Sealed> {
        match self {
            Self::PartnerCreated(event) => event.sealed,
            Self::PartnerSettingsChanged(event) => event.sealed,
            Self::ShopOpened(event) => event.sealed,
            Self::ShopUpdated(event) => event.sealed,
            Self::TemplateCreated(event) => event.sealed,
            Self::TemplateUpdated(event) => event.sealed,
            Self::KeyCreated(event) => event.sealed,
            Self::CustomerRegistered(event) => event.sealed,
            Self::CustomerUpdated(event) => event.sealed,
            Self::CardIssued(event) => event.sealed,
            Self::CardUpdated(event) => event.sealed,
            Self::CardBlocked(event) => event.sealed,
            Self::CardUnblocked(event) => event.sealed,
            Self::PointsAwarded(event) => event.sealed,
            Self::PointsRedeemed(event) => event.sealed,
            Self::PointsAdjusted(event) => event.sealed,
            Self::PointsExpired(event) => event.sealed,
            Self::OrderRecorded(event) => event.sealed,
            Self::PointsRefunded(event) => event.sealed,
            Self::WebhookCreated(event) => event.sealed,
            Self::WebhookUpdated(event) => event.sealed,
            Self::BalancesSealed(event) => event.sealed,
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
            | Self::CardActivated(_)
            | Self::CardTierChanged(_)
            | Self::PointsReturned(_) => None,
        }
    }

    /// Names the vault record in the event.
    ///
    /// # Panics
    /// When the kind has no place for one: a decision that drafts such a secret is wrong.
    pub fn seal(&mut self, sealed: Sealed) {
        let place = match self {
            Self::PartnerCreated(event) => &mut event.sealed,
            Self::PartnerSettingsChanged(event) => &mut event.sealed,
            Self::ShopOpened(event) => &mut event.sealed,
            Self::ShopUpdated(event) => &mut event.sealed,
            Self::TemplateCreated(event) => &mut event.sealed,
            Self::TemplateUpdated(event) => &mut event.sealed,
            Self::KeyCreated(event) => &mut event.sealed,
            Self::CustomerRegistered(event) => &mut event.sealed,
            Self::CustomerUpdated(event) => &mut event.sealed,
            Self::CardIssued(event) => &mut event.sealed,
            Self::CardUpdated(event) => &mut event.sealed,
            Self::CardBlocked(event) => &mut event.sealed,
            Self::CardUnblocked(event) => &mut event.sealed,
            Self::PointsAwarded(event) => &mut event.sealed,
            Self::PointsRedeemed(event) => &mut event.sealed,
            Self::PointsAdjusted(event) => &mut event.sealed,
            Self::PointsExpired(event) => &mut event.sealed,
            Self::OrderRecorded(event) => &mut event.sealed,
            Self::PointsRefunded(event) => &mut event.sealed,
            Self::WebhookCreated(event) => &mut event.sealed,
            Self::WebhookUpdated(event) => &mut event.sealed,
            Self::BalancesSealed(event) => &mut event.sealed,
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
            | Self::CardActivated(_)
            | Self::CardTierChanged(_)
            | Self::PointsReturned(_) => {
                panic!("{} has no sealed record", self.kind())
            }
        };
        *place = Some(sealed);
    }
}
