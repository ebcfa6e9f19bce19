//! `/{locale}/shop/transactions`: booking purchases, redemptions, refunds and cancellations, and what was booked.

mod booking;
mod create;
mod deduct;
mod list;

pub(crate) use create::{Booking, create};
pub(crate) use deduct::deduct;
pub(super) use list::period;
pub(in crate::http) use list::{Whose, currency, found, nothing};
pub(crate) use list::{get, list};
