//! What the writer can be asked to do, who asks, and what it answers.

use crate::domain::cards::{Block, Card, Issue, Unblock, UpdateCard};
use crate::domain::checkpoints::{ChangeCheckpointKey, RecordCheckpoint, RecordCosignature};
use crate::domain::customers::{Erase, Forget, PersonRecord, Register, UpdateCustomer};
use crate::domain::orders::{Purchase, Refund};
use crate::domain::points::{Adjust, Award, Expire, Past, Redeem};
use crate::domain::programme::{
    ChangeSettings, CreateKey, CreatePartner, CreateTemplate, OpenShop, RetireShop, RetireTemplate, RevokeKey,
    UpdateShop, UpdateTemplate,
};
use crate::domain::seals::RecordSeal;
use crate::domain::webhooks::WebhookCommand;
use crate::domain::{CardId, CustomerId, Event, KeyId, PartnerId, Rejection, Seq, ShopId, TemplateId, Timestamp};
use std::fmt;
use std::sync::Arc;

/// Who asks. Written into every event as its actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    Key(KeyId),
    /// The expiry job.
    ExpiryJob,
    /// The job that makes checkpoints.
    CheckpointJob,
    /// The sender of webhooks.
    WebhookJob,
    /// The job that seals balances.
    SealJob,
    /// The job that forgets what the partners' retention rules no longer allow to be kept.
    RetentionJob,
    /// The command line, at the machine itself.
    CommandLine,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(id) => write!(f, "key:{id}"),
            Self::ExpiryJob => f.write_str("job:expiry"),
            Self::CheckpointJob => f.write_str("job:checkpoint"),
            Self::WebhookJob => f.write_str("job:webhooks"),
            Self::SealJob => f.write_str("job:seal"),
            Self::RetentionJob => f.write_str("job:retention"),
            Self::CommandLine => f.write_str("cli"),
        }
    }
}

/// Who buys, as the caller names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuyerId {
    /// Whoever holds this card.
    Card(CardId),
    /// This customer, with their card; without one, they get one of `template`, else of the one that is assigned automatically.
    Customer { customer: CustomerId, template: Option<TemplateId> },
}

/// Everything that changes something.
#[derive(Debug, Clone)]
pub enum Command {
    CreatePartner(CreatePartner),
    ChangeSettings(ChangeSettings),
    OpenShop(OpenShop),
    UpdateShop(UpdateShop),
    RetireShop(RetireShop),
    CreateTemplate(CreateTemplate),
    UpdateTemplate(UpdateTemplate),
    RetireTemplate(RetireTemplate),
    CreateKey(CreateKey),
    RevokeKey(RevokeKey),
    Register(Register),
    UpdateCustomer(UpdateCustomer),
    Erase(Erase),
    Forget(Forget),
    Issue(Issue),
    UpdateCard(UpdateCard),
    Block(Block),
    Unblock(Unblock),
    Award(Award),
    Redeem(Redeem),
    Adjust(Adjust),
    Expire(Expire),
    Purchase {
        buyer: BuyerId,
        purchase: Purchase,
    },
    /// Refunds or cancels an order of `order_shop`, which may be another shop than the one where the refund takes place.
    Refund {
        order_shop: Option<ShopId>,
        refund: Refund,
    },
    /// Writes off what is due on a card, whoever it belongs to.
    ExpireDue(CardId),
    ChangeCheckpointKey(ChangeCheckpointKey),
    RecordCheckpoint(RecordCheckpoint),
    RecordCosignature(RecordCosignature),
    Webhook(WebhookCommand),
    RecordSeal(RecordSeal),
}

impl Command {
    /// The shop where it takes place, part of the key of an order (a refund goes by the order's shop instead); none where the
    /// command or its credential names none.
    #[must_use]
    pub const fn shop(&self) -> Option<ShopId> {
        match self {
            Self::Issue(command) => command.shop,
            Self::Award(command) => command.particulars.shop,
            Self::Redeem(command) => command.particulars.shop,
            Self::Adjust(command) => command.particulars.shop,
            Self::Expire(command) => command.particulars.shop,
            Self::Purchase { purchase, .. } => purchase.shop,
            Self::Refund { refund, .. } => refund.shop,
            Self::CreatePartner(_)
            | Self::ChangeSettings(_)
            | Self::OpenShop(_)
            | Self::UpdateShop(_)
            | Self::RetireShop(_)
            | Self::CreateTemplate(_)
            | Self::UpdateTemplate(_)
            | Self::RetireTemplate(_)
            | Self::CreateKey(_)
            | Self::RevokeKey(_)
            | Self::ChangeCheckpointKey(_)
            | Self::RecordCheckpoint(_)
            | Self::RecordCosignature(_)
            | Self::Webhook(_)
            | Self::RecordSeal(_)
            | Self::Register(_)
            | Self::UpdateCustomer(_)
            | Self::Erase(_)
            | Self::Forget(_)
            | Self::UpdateCard(_)
            | Self::Block(_)
            | Self::Unblock(_)
            | Self::ExpireDue(_) => None,
        }
    }
}

impl Command {
    /// Whether it begins something new, which a closed shop does not; what ends or mends what was begun there goes on.
    #[must_use]
    pub const fn is_new_business(&self) -> bool {
        match self {
            // A card that an import says somebody has had since then is not new.
            Self::Issue(command) => command.happened_at.is_none(),
            Self::Award(_) | Self::Redeem(_) | Self::Purchase { .. } => true,
            Self::CreatePartner(_)
            | Self::ChangeSettings(_)
            | Self::OpenShop(_)
            | Self::UpdateShop(_)
            | Self::RetireShop(_)
            | Self::CreateTemplate(_)
            | Self::UpdateTemplate(_)
            | Self::RetireTemplate(_)
            | Self::CreateKey(_)
            | Self::RevokeKey(_)
            | Self::ChangeCheckpointKey(_)
            | Self::RecordCheckpoint(_)
            | Self::RecordCosignature(_)
            | Self::Webhook(_)
            | Self::RecordSeal(_)
            | Self::Register(_)
            | Self::UpdateCustomer(_)
            | Self::Erase(_)
            | Self::Forget(_)
            | Self::UpdateCard(_)
            | Self::Block(_)
            | Self::Unblock(_)
            | Self::Adjust(_)
            | Self::Expire(_)
            | Self::ExpireDue(_)
            | Self::Refund { .. } => false,
        }
    }
}

impl Command {
    /// The card that it names; none where it issues one, is about something else, or means the card of a customer or an order.
    #[must_use]
    pub const fn card(&self) -> Option<CardId> {
        match self {
            Self::UpdateCard(command) => Some(command.card),
            Self::Block(command) => Some(command.card),
            Self::Unblock(command) => Some(command.card),
            Self::Award(command) => Some(command.card),
            Self::Redeem(command) => Some(command.card),
            Self::Adjust(command) => Some(command.card),
            Self::Expire(command) => Some(command.card),
            Self::ExpireDue(card) | Self::Purchase { buyer: BuyerId::Card(card), .. } => Some(*card),
            Self::Purchase { buyer: BuyerId::Customer { .. }, .. }
            | Self::Refund { .. }
            | Self::CreatePartner(_)
            | Self::ChangeSettings(_)
            | Self::OpenShop(_)
            | Self::UpdateShop(_)
            | Self::RetireShop(_)
            | Self::CreateTemplate(_)
            | Self::UpdateTemplate(_)
            | Self::RetireTemplate(_)
            | Self::CreateKey(_)
            | Self::RevokeKey(_)
            | Self::ChangeCheckpointKey(_)
            | Self::RecordCheckpoint(_)
            | Self::RecordCosignature(_)
            | Self::Webhook(_)
            | Self::RecordSeal(_)
            | Self::Register(_)
            | Self::UpdateCustomer(_)
            | Self::Erase(_)
            | Self::Forget(_)
            | Self::Issue(_) => None,
        }
    }
}

impl Command {
    /// When it happened, where an import says that it did not happen now.
    #[must_use]
    pub const fn past(&self) -> Option<Past> {
        match self {
            Self::Award(command) => command.particulars.past,
            Self::Redeem(command) => command.particulars.past,
            Self::Adjust(command) => command.particulars.past,
            Self::Expire(command) => command.particulars.past,
            Self::Purchase { purchase, .. } => purchase.past,
            Self::Refund { refund, .. } => refund.past,
            Self::CreatePartner(_)
            | Self::ChangeSettings(_)
            | Self::OpenShop(_)
            | Self::UpdateShop(_)
            | Self::RetireShop(_)
            | Self::CreateTemplate(_)
            | Self::UpdateTemplate(_)
            | Self::RetireTemplate(_)
            | Self::CreateKey(_)
            | Self::RevokeKey(_)
            | Self::ChangeCheckpointKey(_)
            | Self::RecordCheckpoint(_)
            | Self::RecordCosignature(_)
            | Self::Webhook(_)
            | Self::RecordSeal(_)
            | Self::Register(_)
            | Self::UpdateCustomer(_)
            | Self::Erase(_)
            | Self::Forget(_)
            | Self::Issue(_)
            | Self::UpdateCard(_)
            | Self::Block(_)
            | Self::Unblock(_)
            | Self::ExpireDue(_) => None,
        }
    }
}

/// A command with its caller.
#[derive(Debug, Clone)]
pub struct Request {
    pub partner: PartnerId,
    pub actor: Actor,
    /// The `Idempotency-Key` header. A command with an order id or a reference goes by that instead.
    pub idempotency_key: Option<String>,
    pub command: Command,
}

/// An event as it was recorded, with what the vault holds of it.
#[derive(Debug, Clone)]
pub struct Recorded {
    pub seq: Seq,
    pub at: Timestamp,
    pub event: Event,
    /// The vault's body; none where nothing was sealed or it has been erased since.
    pub body: Option<String>,
}

/// What a command came to.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The command's events in order; none where everything was so already.
    pub events: Vec<Recorded>,
    /// The same command had been done before: these are its events, and nothing was written.
    pub replayed: bool,
    /// When the command was decided.
    pub at: Timestamp,
    /// The card that the command was about, as the command left it. After a replay: as it is now. None after whatever moves
    /// points: what that answers stands in its events, so that a replay answers the same however the card has changed since.
    pub card: Option<Arc<Card>>,
    /// The card's holder, where the command was about a card or a customer; none once erased.
    pub person: Option<Arc<PersonRecord>>,
}

/// Why a command changed nothing.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Refusal {
    /// A rule of the programme.
    #[error("{0:?}")]
    Rejected(Rejection),
    /// The idempotency key was claimed by other content, whose events these are.
    #[error("the key was claimed by another request")]
    Conflict { events: Vec<Recorded> },
    /// Points moved on the card as often as they may: nothing was written, and nothing will be for so many seconds.
    #[error("the card moved too often")]
    TooOften { card: CardId, retry_after: i64 },
    /// The queue is full or the writer is catching its breath: nothing was written, try again.
    #[error("the writer is busy")]
    Busy,
    /// The commit failed: nothing was written, try again.
    #[error("the log could not be written")]
    NotWritten,
    /// The service is stopping: nothing was written.
    #[error("the service is stopping")]
    Stopping,
}
