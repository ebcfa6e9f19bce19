//! Points: amounts, lots, and the commands that move them.

mod adjust;
mod amount;
mod award;
mod events;
mod expire;
mod lots;
mod moving;
mod past;
mod redeem;
mod sharing;

pub use adjust::Adjust;
pub use amount::Points;
pub use award::Award;
pub(in crate::domain) use award::{Deposit, promotion};
pub use events::{ExpiryCause, OpenedLot, Origin, PointsAdjusted, PointsAwarded, PointsExpired, PointsRedeemed};
pub(in crate::domain) use expire::expire_due_as_of;
pub use expire::{Expire, expire_due};
pub use lots::{Lot, Lots, Slice};
pub use moving::{Note, Order, Particulars};
pub(in crate::domain) use moving::{Ready, balance_after, draft, ready, within_one_operation};
pub use past::Past;
pub(in crate::domain) use past::{When, happened_by, within_bounds_of};
pub use redeem::Redeem;
pub(in crate::domain) use sharing::{applies, may_earn, may_spend, spendable};
