//! The classic surface, `/api/*`: cards, points and customers.

pub(crate) mod bulk;
pub(crate) mod customer_data;
pub(crate) mod customers;
pub(crate) mod entries;
pub(crate) mod loyalty_cards;
pub(crate) mod points;
pub(crate) mod submitting;

/// What stands where a person's data stood before it was erased.
pub(crate) const ERASED: &str = "[erased]";
