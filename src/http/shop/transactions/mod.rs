//! `/{locale}/shop/transactions`: booking purchases, redemptions, refunds and cancellations, and what was booked.

mod booking;
mod create;
mod deduct;
mod list;

pub(crate) use create::create;
pub(crate) use deduct::deduct;
pub(super) use list::{Whose, found, nothing, period};
pub(crate) use list::{get, list};
