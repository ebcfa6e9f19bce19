//! What movements come to, kind by kind.

use crate::payload::{Moving, MovingKind};

/// What was given and taken: over all cards of a partner, or whatever else movements are summed over. Sums of millions of points, hence wider
/// than one balance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    pub awarded: i128,
    pub redeemed: i128,
    pub expired: i128,
    pub adjusted_up: i128,
    pub adjusted_down: i128,
    pub refunded: i128,
    pub given_back: i128,
}

impl Totals {
    /// What all movements together come to.
    #[must_use]
    pub const fn net(&self) -> i128 {
        self.awarded + self.adjusted_up + self.given_back
            - self.redeemed
            - self.expired
            - self.refunded
            - self.adjusted_down
    }

    /// Adds another thread's totals.
    pub const fn add(&mut self, other: &Self) {
        self.awarded += other.awarded;
        self.redeemed += other.redeemed;
        self.expired += other.expired;
        self.adjusted_up += other.adjusted_up;
        self.adjusted_down += other.adjusted_down;
        self.refunded += other.refunded;
        self.given_back += other.given_back;
    }

    /// Notes a movement under its kind.
    pub fn note(&mut self, moving: &Moving<'_>) {
        let points = i128::from(moving.points.get());
        match moving.kind {
            MovingKind::Award { .. } => self.awarded += points,
            MovingKind::Redeem => self.redeemed -= points,
            MovingKind::Expire { .. } => self.expired -= points,
            MovingKind::Adjust if points > 0 => self.adjusted_up += points,
            MovingKind::Adjust => self.adjusted_down -= points,
            MovingKind::Order => {}
            MovingKind::Refund { .. } => self.refunded -= points,
            MovingKind::Return => self.given_back += points,
        }
    }
}
