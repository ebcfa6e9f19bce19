//! Points: amounts, lots, and the commands that move them.

mod adjust;
mod amount;
mod award;
mod events;
mod expire;
mod lots;
mod moving;
mod redeem;

pub use adjust::Adjust;
pub use amount::Points;
pub use award::Award;
pub(in crate::domain) use award::promotion;
pub use events::{ExpiryCause, OpenedLot, Origin, PointsAdjusted, PointsAwarded, PointsExpired, PointsRedeemed};
pub use expire::{Expire, expire_due};
pub use lots::{Lot, Lots, Slice};
pub use moving::{Note, Order, Particulars};
pub use redeem::Redeem;
