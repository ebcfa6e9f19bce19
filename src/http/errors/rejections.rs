//! What a client sees of a broken rule of the programme.

use super::{ApiError, Form};
use crate::domain::Rejection;
use crate::domain::points::Points;
use crate::http::fields::Problem;
use crate::http::ids;
use actix_web::http::StatusCode;

/// The form of a rejection.
pub(super) fn rejected(rejection: &Rejection) -> Form {
    use StatusCode as S;
    let not_allowed = |message: &str| Form::new(S::UNPROCESSABLE_ENTITY, "OPERATION_NOT_ALLOWED", message);
    let out_of_range = |message: &str| Form::new(S::UNPROCESSABLE_ENTITY, "POINTS_OUT_OF_RANGE", message);
    match rejection {
        Rejection::CardNotFound { card } => ApiError::CardNotFound { card: ids::card(*card) }.form(),
        Rejection::CustomerNotFound { customer } => {
            ApiError::CustomerNotFound { customer: ids::customer(*customer), shop: None }.form()
        }
        Rejection::TemplateNotFound { template } => {
            Form::new(S::NOT_FOUND, "CARD_NOT_FOUND", "There is no such template")
                .number(1200)
                .detail("template_id", template.get())
        }
        Rejection::NoTemplateToAssign => not_allowed("No card template is assigned automatically"),
        Rejection::ShopNotFound { shop } => ApiError::ShopNotFound { shop: shop.to_string() }.form(),
        Rejection::PartnerNotFound { .. } => Form::new(S::NOT_FOUND, "RESOURCE_NOT_FOUND", "There is no such partner"),
        Rejection::KeyNotFound { .. } => Form::new(S::NOT_FOUND, "RESOURCE_NOT_FOUND", "There is no such credential"),
        Rejection::CustomerExists { customer } => {
            Form::new(S::CONFLICT, "DUPLICATE_CUSTOMER", "A customer with this email exists already")
                .detail("field", "email")
                .detail("existing_customer_id", ids::customer(*customer))
        }
        Rejection::CustomerHasCard { card } => {
            Form::new(S::CONFLICT, "DUPLICATE_CUSTOMER", "The customer with this email has a card already")
                .detail("field", "customer_email")
                .detail("existing_card_id", ids::card(*card))
        }
        Rejection::EmailIsFinal => {
            ApiError::invalid(Problem::value("customer_email", "cannot be changed once set")).form()
        }
        Rejection::CustomerErased { customer } => {
            not_allowed("The customer was erased").detail("customer_id", ids::customer(*customer))
        }
        Rejection::RuleOutOfBounds { rule } => ApiError::invalid(Problem::value(rule, "is out of its bounds")).form(),
        Rejection::OrderNotFound { order } => {
            Form::new(S::NOT_FOUND, "RESOURCE_NOT_FOUND", "There is no such order").detail("order_id", order.as_str())
        }
        Rejection::CurrencyMismatch { given, expected } => {
            Form::new(S::UNPROCESSABLE_ENTITY, "CURRENCY_MISMATCH", "The order is not in the programme's currency")
                .detail("currency", given.as_str())
                .detail("expected_currency", expected.as_str())
        }
        Rejection::OrderRefunded { of } => {
            not_allowed("The order was refunded already").detail("transaction_id", ids::transaction(*of))
        }
        Rejection::OrderTotalUnknown { of } => {
            not_allowed("The order's total is not known: refund it by points or as a whole")
                .detail("transaction_id", ids::transaction(*of))
        }
        Rejection::RefundTooLarge { amount, left } => not_allowed("More than is left of the order")
            .detail("refund_amount", amount.to_string())
            .detail("refundable_amount", left.to_string()),
        Rejection::RefundOfTooManyPoints { points, left } => not_allowed("More points than are left of the order")
            .detail("requested_points", points.get())
            .detail("refundable_points", left.get()),
        Rejection::StoreAccessDenied { shop, setting } => Form::new(
            S::FORBIDDEN,
            "STORE_ACCESS_DENIED",
            format!("The setting {} does not allow it in this shop", setting.name()),
        )
        .detail("shop_id", shop.get())
        .detail("setting", setting.name()),
        Rejection::DiscountTooLarge { asked, exact } => not_allowed("More discount than the points are worth")
            .detail("points_discount_amount", asked.to_string())
            .detail("maximum_discount_amount", exact.to_string()),
        Rejection::CardBlocked { card } => ApiError::CardBlocked { card: ids::card(*card), reason: None }.form(),
        Rejection::CardInactive { card } => Form {
            message: "The card is not active yet".to_owned(),
            ..ApiError::CardBlocked { card: ids::card(*card), reason: None }.form()
        },
        Rejection::EarningDisabled => not_allowed("Cards of this kind do not earn points"),
        Rejection::RedemptionDisabled => not_allowed("Points of these cards cannot be redeemed"),
        Rejection::TooManyPoints { points } => out_of_range("One operation cannot move so many points")
            .detail("requested_points", points.get())
            .detail("maximum_points", Points::MAX_MOVED.get()),
        Rejection::ExpiryNotInFuture => ApiError::invalid(Problem::value("expires_at", "must be in the future")).form(),
        Rejection::BelowRedemptionMinimum { points, minimum } => {
            not_allowed("Fewer points than one redemption must have")
                .detail("requested_points", points.get())
                .detail("minimum_points", minimum.get())
        }
        Rejection::AboveRedemptionMaximum { points, maximum } => {
            not_allowed("More points than one redemption may have")
                .detail("requested_points", points.get())
                .detail("maximum_points", maximum.get())
        }
        Rejection::BalanceOutOfRange { balance, points } => out_of_range("The balance would leave its bounds")
            .detail("requested_points", points.get())
            .detail("current_balance", balance.get()),
        Rejection::InsufficientPoints { needed, available } => {
            Form::new(S::UNPROCESSABLE_ENTITY, "INSUFFICIENT_POINTS", "The card does not have enough points")
                .detail("required_points", needed.get())
                .detail("available_points", available.get())
                .detail("shortfall", needed.minus(*available).get())
                .detail("requested_points", needed.get())
                .detail("current_balance", available.get())
        }
        Rejection::NothingToExpire { card } => {
            not_allowed("No points match what is asked to expire").detail("card_id", ids::card(*card))
        }
    }
}
