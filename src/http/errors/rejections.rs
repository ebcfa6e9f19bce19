//! What a client sees of a broken rule of the programme.

use super::{ApiError, Form};
use crate::domain::Rejection;
use crate::domain::points::Points;
use crate::http::fields::Problem;
use crate::http::ids;
use crate::http::locales::Message;
use actix_web::http::StatusCode;

/// The form of a rejection.
pub(super) fn rejected(rejection: &Rejection) -> Form {
    use StatusCode as S;
    let not_allowed = |message: Message| Form::new(S::UNPROCESSABLE_ENTITY, "OPERATION_NOT_ALLOWED", message);
    let out_of_range = |message: Message| Form::new(S::UNPROCESSABLE_ENTITY, "POINTS_OUT_OF_RANGE", message);
    match rejection {
        Rejection::CardNotFound { card } => ApiError::CardNotFound { card: ids::card(*card) }.form(),
        Rejection::CustomerNotFound { customer } => {
            ApiError::CustomerNotFound { customer: ids::customer(*customer), shop: None }.form()
        }
        Rejection::TemplateNotFound { template } => Form::new(S::NOT_FOUND, "CARD_NOT_FOUND", Message::NoSuchTemplate)
            .number(1200)
            .detail("template_id", template.get()),
        Rejection::NoTemplateToAssign => not_allowed(Message::NoTemplateToAssign),
        Rejection::ShopNotFound { shop } => ApiError::ShopNotFound { shop: shop.to_string() }.form(),
        Rejection::ShopClosed { shop } => not_allowed(Message::ShopIsClosed).detail("shop_id", shop.get()),
        Rejection::ChangedMeanwhile { .. } => ApiError::Unavailable(Message::ChangedMeanwhile).form(),
        Rejection::PartnerNotFound { .. } => Form::new(S::NOT_FOUND, "RESOURCE_NOT_FOUND", Message::NoSuchPartner),
        Rejection::KeyNotFound { .. } => Form::new(S::NOT_FOUND, "RESOURCE_NOT_FOUND", Message::NoSuchCredential),
        Rejection::WebhookNotFound { webhook } => {
            Form::new(S::NOT_FOUND, "RESOURCE_NOT_FOUND", Message::NoSuchWebhook).detail("webhook_id", webhook.get())
        }
        Rejection::TooManyRedeliveries { most } => not_allowed(Message::TooManyRedeliveries { most: *most }),
        Rejection::TooManyWebhooks { most } => not_allowed(Message::TooManyWebhooks { most: *most }),
        Rejection::CustomerExists { customer } => Form::new(S::CONFLICT, "DUPLICATE_CUSTOMER", Message::EmailTaken)
            .detail("field", "email")
            .detail("existing_customer_id", ids::customer(*customer)),
        Rejection::CustomerHasCard { card } => Form::new(S::CONFLICT, "DUPLICATE_CUSTOMER", Message::CustomerHasCard)
            .detail("field", "customer_email")
            .detail("existing_card_id", ids::card(*card)),
        Rejection::EmailIsFinal => ApiError::invalid(Problem::value("customer_email", Message::CannotBeChanged)).form(),
        Rejection::CustomerErased { customer } => {
            not_allowed(Message::CustomerWasErased).detail("customer_id", ids::customer(*customer))
        }
        Rejection::RuleOutOfBounds { rule } => ApiError::invalid(Problem::value(rule, Message::OutOfBounds)).form(),
        Rejection::OrderNotFound { order } => {
            Form::new(S::NOT_FOUND, "RESOURCE_NOT_FOUND", Message::NoSuchOrder).detail("order_id", order.as_str())
        }
        Rejection::CurrencyMismatch { given, expected } => {
            Form::new(S::UNPROCESSABLE_ENTITY, "CURRENCY_MISMATCH", Message::OtherCurrency)
                .detail("currency", given.as_str())
                .detail("expected_currency", expected.as_str())
        }
        Rejection::NothingMoved => not_allowed(Message::NothingMoved),
        Rejection::TooManyRefunds { most } => not_allowed(Message::TooManyRefunds { most: *most }),
        Rejection::OrderClosed { order } => not_allowed(Message::OrderClosed).detail("order_id", order.as_str()),
        Rejection::OrderRefunded { of } => {
            not_allowed(Message::OrderRefunded).detail("transaction_id", ids::transaction(*of))
        }
        Rejection::OrderTotalUnknown { of } => {
            not_allowed(Message::OrderTotalUnknown).detail("transaction_id", ids::transaction(*of))
        }
        Rejection::RefundTooLarge { amount, left } => not_allowed(Message::MoreThanIsLeft)
            .detail("refund_amount", amount.to_string())
            .detail("refundable_amount", left.to_string()),
        Rejection::RefundOfTooManyPoints { points, left } => not_allowed(Message::MorePointsThanAreLeft)
            .detail("requested_points", points.get())
            .detail("refundable_points", left.get()),
        Rejection::StoreAccessDenied { shop, setting } => {
            Form::new(S::FORBIDDEN, "STORE_ACCESS_DENIED", Message::SettingForbids { setting: setting.name() })
                .detail("shop_id", shop.get())
                .detail("setting", setting.name())
        }
        Rejection::DiscountTooLarge { asked, exact } => not_allowed(Message::MoreDiscountThanPoints)
            .detail("points_discount_amount", asked.to_string())
            .detail("maximum_discount_amount", exact.to_string()),
        Rejection::CardBlocked { card } => ApiError::CardBlocked { card: ids::card(*card), reason: None }.form(),
        Rejection::CardInactive { card } => Form {
            message: Message::CardNotActive,
            ..ApiError::CardBlocked { card: ids::card(*card), reason: None }.form()
        },
        Rejection::EarningDisabled => not_allowed(Message::CardsDoNotEarn),
        Rejection::RedemptionDisabled => not_allowed(Message::PointsNotRedeemable),
        Rejection::TooManyPoints { points } => out_of_range(Message::TooManyPointsAtOnce)
            .detail("requested_points", points.get())
            .detail("maximum_points", Points::MAX_MOVED.get()),
        Rejection::HappenedInFuture { .. } => {
            ApiError::invalid(Problem::value("happened_at", Message::MustNotBeInFuture)).form()
        }
        Rejection::ExpiryNotInFuture => ApiError::invalid(Problem::value("expires_at", Message::MustBeInFuture)).form(),
        Rejection::BelowRedemptionMinimum { points, minimum } => not_allowed(Message::BelowRedemptionMinimum)
            .detail("requested_points", points.get())
            .detail("minimum_points", minimum.get()),
        Rejection::AboveRedemptionMaximum { points, maximum } => not_allowed(Message::AboveRedemptionMaximum)
            .detail("requested_points", points.get())
            .detail("maximum_points", maximum.get()),
        Rejection::BalanceOutOfRange { balance, points } => out_of_range(Message::BalanceOutOfBounds)
            .detail("requested_points", points.get())
            .detail("current_balance", balance.get()),
        Rejection::InsufficientPoints { needed, available } => {
            Form::new(S::UNPROCESSABLE_ENTITY, "INSUFFICIENT_POINTS", Message::NotEnoughPoints)
                .detail("required_points", needed.get())
                .detail("available_points", available.get())
                .detail("shortfall", needed.minus(*available).get())
                .detail("requested_points", needed.get())
                .detail("current_balance", available.get())
        }
        Rejection::CheckpointKeyNotInForce { key } => {
            not_allowed(Message::CheckpointNotSigned).detail("checkpoint_key", key.get())
        }
        Rejection::CheckpointNotAhead { size, newest } => {
            not_allowed(Message::CheckpointNotSigned).detail("size", size.get()).detail("newest_size", newest.get())
        }
        Rejection::PeriodNotNext { period, .. }
        | Rejection::PeriodNotEnded { period }
        | Rejection::NotLastOfPeriod { period, .. } => {
            not_allowed(Message::MonthNotSealable).detail("period", period.to_string())
        }
        Rejection::NothingToExpire { card } => {
            not_allowed(Message::NothingToExpire).detail("card_id", ids::card(*card))
        }
    }
}
