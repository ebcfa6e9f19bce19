//! What movements say about the purchase that they belong to.

use super::{Text, present};
use crate::decimal::{Decimal, Money};
use crate::points::{Points, TemplateId};
use serde::Deserialize;

/// What a purchase was, and how its points came about.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Purchase<'a> {
    pub order_total: Money,
    #[serde(borrow)]
    pub currency: Text<'a>,
    pub template: TemplateId,
    pub template_version: i64,
    #[serde(default, deserialize_with = "present")]
    pub formula: Option<Formula>,
}

/// The steps from the order's total to its points.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Formula {
    pub base: Decimal,
    pub multiplier: Decimal,
    pub whole: Points,
    pub visit_bonus: Points,
    #[serde(default, deserialize_with = "present")]
    pub bound: Option<Bound>,
}

/// The bound that decided what a purchase earned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    Minimum,
    Maximum,
}

/// What redeemed points bought.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Discount<'a> {
    pub amount: Money,
    pub exact: Money,
    #[serde(borrow)]
    pub currency: Text<'a>,
    pub template: TemplateId,
    pub template_version: i64,
}
