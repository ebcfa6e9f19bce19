//! Why a command is refused. Precedence is the order of declaration: of two broken rules, the earlier one is named.

use super::points::Points;
use super::{CardId, CustomerId, ShopId, TemplateId};

/// A broken rule, with its numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rejection {
    /// No such card, or not this partner's.
    CardNotFound { card: CardId },
    /// No such customer, or not this partner's.
    CustomerNotFound { customer: CustomerId },
    /// No such template, or not this partner's.
    TemplateNotFound { template: TemplateId },
    /// The partner has no template that is assigned automatically.
    NoTemplateToAssign,
    /// No such shop, or not this partner's.
    ShopNotFound { shop: ShopId },
    /// No such credential, or not this partner's.
    KeyNotFound { key: super::KeyId },
    /// The email is a customer's already.
    CustomerExists { customer: CustomerId },
    /// The customer has a card at this partner already.
    CustomerHasCard { card: CardId },
    /// An email stays as it was registered.
    EmailIsFinal,
    /// The person was erased: there is nothing left to change.
    CustomerErased { customer: CustomerId },
    /// A blocked card neither earns nor spends.
    CardBlocked { card: CardId },
    /// An inactive card, where only an explicit activation makes it active.
    CardInactive { card: CardId },
    /// The template's cards do not earn.
    EarningDisabled,
    /// The template's points cannot be spent.
    RedemptionDisabled,
    /// One operation moves at most [`Points::MAX_MOVED`].
    TooManyPoints { points: Points },
    /// A lot must expire after it is opened.
    ExpiryNotInFuture,
    /// Less than the template's minimum for one redemption.
    BelowRedemptionMinimum { points: Points, minimum: Points },
    /// More than the template's maximum for one redemption.
    AboveRedemptionMaximum { points: Points, maximum: Points },
    /// A balance stays within ±[`Points::MAX_BALANCE`].
    BalanceOutOfRange { balance: Points, points: Points },
    /// More than the card has available.
    InsufficientPoints { needed: Points, available: Points },
    /// Nothing matches what was asked to expire.
    NothingToExpire { card: CardId },
}
