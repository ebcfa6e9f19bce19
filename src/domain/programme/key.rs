//! What a credential is and may do.

use serde::{Deserialize, Serialize};

/// How a credential is presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyForm {
    /// `X-API-Key` and `X-API-Secret`.
    Pair,
    /// `Authorization: Bearer …` and `Shop-ID`: one long secret, bound to one shop.
    Bearer,
}

/// What a credential may do. A key without any scope may do everything that keys may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Scope {
    /// See cards, customers, balances and history.
    #[serde(rename = "loyalty:read")]
    LoyaltyRead,
    /// Create and change cards and customers.
    #[serde(rename = "loyalty:write")]
    LoyaltyWrite,
    /// Award, redeem, adjust and expire points.
    #[serde(rename = "points:manage")]
    PointsManage,
    /// Erase a customer for good.
    #[serde(rename = "customers:erase")]
    CustomersErase,
    /// Change the programme: its settings, shops and card templates.
    #[serde(rename = "programme:manage")]
    ProgrammeManage,
    /// Say who is told of what happens: webhooks, their secrets and deliveries.
    #[serde(rename = "webhooks:manage")]
    WebhooksManage,
    /// Read the log and its proofs, and have checkpoints made.
    #[serde(rename = "audit")]
    Audit,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::LoyaltyRead,
        Self::LoyaltyWrite,
        Self::PointsManage,
        Self::CustomersErase,
        Self::ProgrammeManage,
        Self::WebhooksManage,
        Self::Audit,
    ];

    /// The scope's name in the log and the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LoyaltyRead => "loyalty:read",
            Self::LoyaltyWrite => "loyalty:write",
            Self::PointsManage => "points:manage",
            Self::CustomersErase => "customers:erase",
            Self::ProgrammeManage => "programme:manage",
            Self::WebhooksManage => "webhooks:manage",
            Self::Audit => "audit",
        }
    }

    /// The scope of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }
}
