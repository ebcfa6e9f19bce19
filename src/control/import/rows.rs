//! The rows of an import as both ends of the control socket know them, and what became of them.

use crate::domain::orders::Share;
use crate::domain::points::Points;
use crate::domain::{CardId, Money, PartnerId, ShopId, Timestamp};
use serde::{Deserialize, Serialize};

/// For whom and how rows are taken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportOptions {
    /// None where there is only one.
    pub partner: Option<PartnerId>,
    /// Where what names no shop took place; none means nowhere in particular.
    pub shop: Option<ShopId>,
    /// Lots of rows that state no expiry never expire, whatever the template says.
    pub endless: bool,
}

/// Rows of one kind, decided in this order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rows {
    Customers(Vec<CustomerRow>),
    Transactions(Vec<TransactionRow>),
}

impl Rows {
    /// The most that one message holds.
    pub const MAX: usize = 512;

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Customers(rows) => rows.len(),
            Self::Transactions(rows) => rows.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A person who gets a card.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerRow {
    /// What names the person here.
    pub email: String,
    pub name: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub phone: Option<String>,
    /// The other system's id of the customer.
    pub external_id: Option<String>,
    /// The other system's card number.
    pub number: Option<String>,
    pub registered_at: Option<Timestamp>,
    pub inactive: bool,
    pub shop: Option<ShopId>,
    pub opening: Option<Opening>,
}

/// A balance without its history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// More than zero.
    pub points: Points,
    /// As of when; none means now.
    pub at: Option<Timestamp>,
    pub expires_at: Option<Timestamp>,
}

/// Something that happened on a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransactionRow {
    pub who: Who,
    pub shop: Option<ShopId>,
    pub at: Timestamp,
    pub act: Act,
    pub reason: Option<String>,
    pub staff_member: Option<String>,
}

/// Whose card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Who {
    Card(CardId),
    /// The number of a card: the other system's, or the ledger's own.
    Number(String),
    /// The other system's id of the customer.
    External(String),
    Email(String),
    Phone(String),
}

/// The row's own name, under which it happens once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Name {
    Order(String),
    Reference(String),
    Both { order: String, reference: String },
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Act {
    Purchase {
        order: String,
        total: Money,
        currency: Option<String>,
        earned: Points,
        redeemed: Points,
        discount: Option<Money>,
        expires_at: Option<Timestamp>,
    },
    Award {
        name: Name,
        points: Points,
        expires_at: Option<Timestamp>,
    },
    Redeem {
        name: Name,
        points: Points,
    },
    /// Signed.
    Adjust {
        reference: String,
        points: Points,
    },
    Expire {
        reference: String,
        points: Points,
    },
    /// Of the order of the row's shop.
    Refund {
        order: String,
        refund: Option<String>,
        cancels: bool,
        share: Share,
    },
}

/// What became of the rows of one message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    pub written: u32,
    /// Had been taken before; nothing was written.
    pub already: u32,
    /// By their place in the message.
    pub refused: Vec<(u32, RowRefusal)>,
}

/// Why a row was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowRefusal {
    /// As the API names it.
    pub code: String,
    /// The field to look at, by its canonical name.
    pub field: Option<String>,
    pub message: String,
}
