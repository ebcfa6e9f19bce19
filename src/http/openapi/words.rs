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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{cards, programme};
    use serde::Serialize;
    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};
    use utoipa::PartialSchema;

    fn words<T: PartialSchema>() -> Vec<Value> {
        let schema = serde_json::to_value(T::schema()).unwrap();
        schema["enum"].as_array().unwrap().clone()
    }

    /// Every word is one of the domain's, and is written by it as it was read.
    fn are_of<T: PartialSchema, D: DeserializeOwned + Serialize>() {
        for word in words::<T>() {
            let thing: D = serde_json::from_value(word.clone()).unwrap();
            assert_eq!(json!(thing), word);
        }
    }

    #[test]
    fn the_words_are_those_of_the_domain() {
        assert_eq!(words::<Tier>(), cards::Tier::ALL.map(|tier| json!(tier.name())));
        let status = |word: &Value| cards::Status::from_name(word.as_str().unwrap()).map(|status| json!(status.name()));
        assert!(words::<CardStatus>().iter().all(|word| status(word).as_ref() == Some(word)));
        are_of::<PointSharing, programme::PointSharing>();
        are_of::<TierBasis, programme::TierBasis>();
        are_of::<Shortfall, programme::Shortfall>();
        are_of::<Activation, programme::Activation>();
    }
}
