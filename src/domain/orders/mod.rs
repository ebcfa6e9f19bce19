//! Orders: purchases that redeem and earn, what they come to, and their refunds and cancellations.

mod discount;
mod earning;
mod events;
mod order;
mod purchase;
mod refund;
mod transaction;

pub use discount::{Discount, worth, worth_of};
pub use earning::{Bound, Breakdown, Formula, earned};
pub use events::{OrderRecorded, PointsRefunded, PointsReturned, RefundCause};
pub use order::{PlacedOrder, Refunded, Spent};
pub use purchase::{Buyer, Purchase};
pub use refund::{Refund, Share};
pub use transaction::TransactionKind;

#[cfg(test)]
mod tests;
