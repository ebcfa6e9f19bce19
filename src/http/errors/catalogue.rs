//! Every code that an answer may have, for `GET /{locale}/error-codes`: what `form` and `rejections` give, and no other.

use crate::http::locales::Message;

/// A code, and what is always true of it.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) code: &'static str,
    pub(crate) status: u16,
    /// The vendor's number; where a code has several, any of them.
    pub(crate) number: Option<u16>,
    pub(crate) message: Message,
    /// What other services of this kind call it.
    pub(crate) aliases: &'static [&'static str],
}

const fn entry(
    code: &'static str,
    status: u16,
    number: Option<u16>,
    message: Message,
    aliases: &'static [&'static str],
) -> Entry {
    Entry { code, status, number, message, aliases }
}

/// The codes, by status.
pub(crate) const CATALOGUE: &[Entry] = &[
    entry("VALIDATION_ERROR", 400, Some(1100), Message::SomeFieldsNotValid, &["VALIDATION_FAILED"]),
    entry("INVALID_EMAIL", 400, None, Message::InvalidEmail, &[]),
    entry("INVALID_POINTS", 400, None, Message::InvalidPoints, &["INVALID_POINTS_AMOUNT"]),
    entry("AUTH_REQUIRED", 401, Some(1010), Message::SendCredentials, &["MISSING_AUTHENTICATION"]),
    entry(
        "INVALID_CREDENTIALS",
        401,
        Some(1012),
        Message::CredentialsNotValid,
        &["UNAUTHORIZED", "INVALID_API_KEY", "AUTH_FORBIDDEN", "AUTH_FAILED"],
    ),
    entry("CREDENTIALS_EXPIRED", 401, Some(1014), Message::CredentialsExpired, &[]),
    entry(
        "INSUFFICIENT_PERMISSIONS",
        403,
        Some(1005),
        Message::NotPermitted,
        &["FORBIDDEN", "ACCESS_DENIED", "SCOPE_INSUFFICIENT"],
    ),
    entry("INSUFFICIENT_PARTNER_PERMISSIONS", 403, None, Message::NotPermitted, &[]),
    entry("IP_NOT_WHITELISTED", 403, None, Message::AddressNotAllowed, &[]),
    entry("STORE_ACCESS_DENIED", 403, None, Message::CredentialsOfAnotherShop, &[]),
    entry("CARD_BLOCKED", 403, None, Message::CardIsBlocked, &["BUSINESS_CARD_BLOCKED"]),
    entry("RESOURCE_NOT_FOUND", 404, None, Message::NothingUnderPath, &[]),
    entry("CARD_NOT_FOUND", 404, Some(1200), Message::NoSuchCard, &[]),
    entry("CUSTOMER_NOT_FOUND", 404, None, Message::NoSuchCustomer, &[]),
    entry("SHOP_NOT_FOUND", 404, None, Message::NoSuchShop, &[]),
    entry("METHOD_NOT_ALLOWED", 405, None, Message::MethodNotAllowed, &[]),
    entry("REQUEST_TIMEOUT", 408, None, Message::BodyTooSlow, &[]),
    entry("RESOURCE_ALREADY_EXISTS", 409, None, Message::RecordedDifferently, &[]),
    entry("DUPLICATE_CUSTOMER", 409, None, Message::CustomerHasCard, &["DUPLICATE_VALUE"]),
    entry("RESOURCE_EXPIRED", 410, None, Message::Expired, &[]),
    entry("PAYLOAD_TOO_LARGE", 413, None, Message::BodyTooLarge, &[]),
    entry("OPERATION_NOT_ALLOWED", 422, None, Message::RuleForbids, &[]),
    entry("INSUFFICIENT_POINTS", 422, None, Message::NotEnoughPoints, &["INSUFFICIENT_BALANCE"]),
    entry("CURRENCY_MISMATCH", 422, None, Message::OtherCurrency, &[]),
    entry("POINTS_OUT_OF_RANGE", 422, None, Message::PointsOutOfBounds, &[]),
    entry("BULK_OPERATION_TOO_LARGE", 422, None, Message::TooManyItems, &[]),
    entry("RATE_LIMIT_EXCEEDED", 429, Some(1003), Message::TooManyRequests, &["RATE_LIMITED"]),
    entry("TRANSACTION_LIMIT_EXCEEDED", 429, None, Message::TooManyMovements, &[]),
    entry("QUOTA_EXCEEDED", 429, None, Message::TooManyExports, &[]),
    entry("INTERNAL_ERROR", 500, None, Message::OurSide, &[]),
    entry("SERVICE_UNAVAILABLE", 503, None, Message::Busy, &[]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// The codes that stand in the text of the mapping: in capitals, with an underscore.
    fn codes(text: &str) -> BTreeSet<&str> {
        let quoted = text.split('"').skip(1).step_by(2);
        let code =
            |word: &&str| word.contains('_') && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
        quoted.filter(code).collect()
    }

    #[test]
    fn every_code_of_the_mapping_is_listed_and_no_other() {
        let mut mapped = codes(include_str!("form.rs"));
        mapped.extend(codes(include_str!("rejections.rs")));
        mapped.extend(["INVALID_EMAIL", "INVALID_POINTS"]);
        let listed: BTreeSet<_> = CATALOGUE.iter().map(|entry| entry.code).collect();
        assert_eq!(listed, mapped);
        assert_eq!(listed.len(), CATALOGUE.len(), "each stands once");
    }

    #[test]
    fn codes_have_the_status_and_number_that_answers_have() {
        use crate::http::errors::ApiError;
        for error in [
            ApiError::AuthRequired,
            ApiError::NotGenuine,
            ApiError::CredentialsExpired,
            ApiError::AddressNotAllowed,
            ApiError::MissingScope(crate::domain::programme::Scope::LoyaltyRead),
            ApiError::CardNotFound { card: String::new() },
            ApiError::ShopNotFound { shop: String::new() },
            ApiError::MalformedBody(Message::BodyNotAnObject),
            ApiError::TransactionNotFound { transaction: String::new() },
            ApiError::TooManyRequests { retry_after: 1 },
            ApiError::Unavailable(Message::Busy),
            ApiError::Internal,
        ] {
            let form = error.form();
            let entry = CATALOGUE.iter().find(|entry| entry.code == form.code).unwrap();
            assert_eq!((entry.status, entry.number), (form.status.as_u16(), form.number), "{}", form.code);
        }
    }
}
