//! Why a row was refused, in words for whoever reads the report. The codes are those of the API where it has one.

use super::rows::RowRefusal;
use crate::domain::Rejection;
use crate::writer::Refusal;

/// A reason.
pub(super) fn refusal(code: &str, field: Option<&str>, message: impl Into<String>) -> RowRefusal {
    RowRefusal { code: code.to_owned(), field: field.map(str::to_owned), message: message.into() }
}

/// Why the writer refused a row; none where it said nothing about the row, and the row is to be sent again.
pub(super) fn of(refused: &Refusal) -> Option<RowRefusal> {
    match refused {
        Refusal::Rejected(rejection) => Some(of_rejection(rejection)),
        Refusal::Conflict { events } => {
            let by = events.first().map(|event| format!(" by transaction txn_{}", event.seq)).unwrap_or_default();
            let message = format!("the id was used before{by}, with other content");
            Some(refusal("RESOURCE_ALREADY_EXISTS", Some("id"), message))
        }
        Refusal::TooOften { .. } | Refusal::Busy | Refusal::NotWritten | Refusal::Stopping => None,
    }
}

fn of_rejection(rejection: &Rejection) -> RowRefusal {
    let not_allowed = |field, message: String| refusal("OPERATION_NOT_ALLOWED", field, message);
    match rejection {
        Rejection::HappenedInFuture { .. } => {
            refusal("VALIDATION_ERROR", Some("happened_at"), "must not be in the future")
        }
        Rejection::ExpiryNotInFuture => {
            refusal("VALIDATION_ERROR", Some("expires_at"), "must be later than happened_at")
        }
        Rejection::InsufficientPoints { needed, available } => refusal(
            "INSUFFICIENT_POINTS",
            Some("points"),
            format!(
                "{needed} points, but by happened_at the card has {available}: are earlier rows missing or later in the file?"
            ),
        ),
        Rejection::TooManyPoints { points } => {
            refusal("POINTS_OUT_OF_RANGE", Some("points"), format!("{points} points at once; a billion are the most"))
        }
        Rejection::BalanceOutOfRange { balance, points } => refusal(
            "POINTS_OUT_OF_RANGE",
            Some("points"),
            format!("{points} points take the balance of {balance} out of its bounds"),
        ),
        Rejection::NothingToExpire { .. } => {
            not_allowed(Some("points"), "by happened_at the card has nothing that could expire".to_owned())
        }
        Rejection::CurrencyMismatch { given, expected } => refusal(
            "CURRENCY_MISMATCH",
            Some("currency"),
            format!("{given}, but the partner's currency is {expected}; there is no conversion"),
        ),
        Rejection::OrderNotFound { order } => refusal(
            "RESOURCE_NOT_FOUND",
            Some("order_id"),
            format!("the shop has no order {order:?}: is its row refused, or later in the file?"),
        ),
        Rejection::OrderRefunded { of } => {
            not_allowed(Some("order_id"), format!("nothing of the order (txn_{of}) is left to refund"))
        }
        Rejection::OrderTotalUnknown { of } => {
            not_allowed(Some("amount"), format!("the order (txn_{of}) has no amount: state the points instead"))
        }
        Rejection::RefundTooLarge { amount, left } => {
            not_allowed(Some("amount"), format!("{amount}, but {left} of the order are left"))
        }
        Rejection::RefundOfTooManyPoints { points, left } => {
            not_allowed(Some("points"), format!("{points} points, but {left} of what the order earned are left"))
        }
        Rejection::NothingMoved => refusal("VALIDATION_ERROR", Some("points"), "must be more than 0"),
        Rejection::TooManyRefunds { most } => {
            not_allowed(Some("order_id"), format!("the order has {most} refunds, and no more are taken"))
        }
        Rejection::OrderClosed { order } => not_allowed(
            Some("order_id"),
            format!("order {order:?} is another card's, or was refunded whole: it takes nothing more"),
        ),
        Rejection::CardNotFound { card } => {
            refusal("CARD_NOT_FOUND", Some("card_id"), format!("the partner has no card {card}"))
        }
        Rejection::CustomerNotFound { customer } => {
            refusal("CUSTOMER_NOT_FOUND", Some("customer_id"), format!("the partner has no customer {customer}"))
        }
        Rejection::ShopNotFound { shop } => {
            refusal("SHOP_NOT_FOUND", Some("shop_id"), format!("the partner has no shop {shop}"))
        }
        Rejection::NoTemplateToAssign => {
            not_allowed(None, "the partner has no template that is assigned automatically".to_owned())
        }
        Rejection::CustomerHasCard { card } => {
            refusal("DUPLICATE_CUSTOMER", Some("email"), format!("the customer has card {card} already"))
        }
        Rejection::CustomerExists { customer } => {
            refusal("DUPLICATE_CUSTOMER", Some("email"), format!("it is customer {customer}'s already"))
        }
        Rejection::CustomerErased { .. } => not_allowed(None, "the person was erased".to_owned()),
        Rejection::RuleOutOfBounds { rule } => refusal(
            "VALIDATION_ERROR",
            Some("points_redeemed"),
            format!("{rule} gives them no worth that can be computed"),
        ),
        Rejection::ShopClosed { shop } => not_allowed(
            Some("shop_id"),
            format!("shop {shop} is closed, and the row does not say since when there is a card"),
        ),
        // What follows is asked of what happens now, never of the past.
        Rejection::PartnerNotFound { .. }
        | Rejection::TemplateNotFound { .. }
        | Rejection::KeyNotFound { .. }
        | Rejection::WebhookNotFound { .. }
        | Rejection::TooManyWebhooks { .. }
        | Rejection::TooManyRedeliveries { .. }
        | Rejection::EmailIsFinal
        | Rejection::ChangedMeanwhile { .. }
        | Rejection::CheckpointKeyNotInForce { .. }
        | Rejection::CheckpointNotAhead { .. }
        | Rejection::PeriodNotNext { .. }
        | Rejection::PeriodNotEnded { .. }
        | Rejection::NotLastOfPeriod { .. }
        | Rejection::CardBlocked { .. }
        | Rejection::CardInactive { .. }
        | Rejection::StoreAccessDenied { .. }
        | Rejection::EarningDisabled
        | Rejection::RedemptionDisabled
        | Rejection::BelowRedemptionMinimum { .. }
        | Rejection::AboveRedemptionMaximum { .. }
        | Rejection::DiscountTooLarge { .. } => not_allowed(None, format!("{rejection:?}")),
    }
}
