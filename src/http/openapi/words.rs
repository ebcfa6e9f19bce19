//! Words that answers have for things of the domain, which itself knows nothing of documents.

use utoipa::ToSchema;

/// How far a card has come.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) enum Tier {
    Bronze,
    Silver,
    Gold,
    Platinum,
}

/// Whether a card may be used.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) enum CardStatus {
    Active,
    Inactive,
    Blocked,
}

/// Where points may be earned and spent, seen from a card's home shop.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) enum PointSharing {
    Full,
    EarningOnly,
    RedemptionOnly,
    None,
}

/// Which points count towards a tier.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) enum TierBasis {
    Lifetime,
    #[schema(rename = "rolling_12_months")]
    Rolling,
}

/// What a refund does when the card holds too little.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) enum Shortfall {
    Block,
    Partial,
    Negative,
}

/// What makes an inactive card active.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) enum Activation {
    FirstUse,
    Manual,
}
