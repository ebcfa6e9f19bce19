//! Points: amounts, lots, and the commands that move them.

mod adjust;
mod amount;
mod award;
mod events;
mod expire;
mod lots;
mod moving;
mod redeem;
mod sharing;

pub use adjust::Adjust;
pub use amount::Points;
pub use award::Award;
pub(in crate::domain) use award::{Deposit, promotion};
pub use events::{ExpiryCause, OpenedLot, Origin, PointsAdjusted, PointsAwarded, PointsExpired, PointsRedeemed};
pub use expire::{Expire, expire_due};
pub use lots::{Lot, Lots, Slice};
pub use moving::{Note, Order, Particulars};
pub(in crate::domain) use moving::{Ready, balance_after, draft, ready, within_one_operation};
pub use redeem::Redeem;
pub(in crate::domain) use redeem::within_redemption_bounds;
pub(in crate::domain) use sharing::{applies, may_earn, may_spend, spendable};
