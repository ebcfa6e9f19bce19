//! What is summed up.

use crate::domain::orders::{PointsRefunded, RefundCause};
use crate::domain::points::Points;
use crate::domain::{Movement, Stated};
use crate::domain::{Seq, Timestamp};
use std::ops::Neg;

/// Sums that are added up, negated to be taken off, and kept in columns of their names.
macro_rules! sums {
    ($(#[$doc:meta])* $name:ident $($(#[$field_doc:meta])* $field:ident),* $(,)?) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub struct $name { $($(#[$field_doc])* pub $field: i128),* }

        impl $name {
            /// The columns in which they are kept.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($field)),*];

            /// The sums in the order of the columns.
            #[must_use]
            pub fn columns(&self) -> Vec<i128> {
                vec![$(self.$field),*]
            }

            /// The sums from their columns, which are asked for one after the other.
            ///
            /// # Errors
            /// What a column cannot be read for.
            pub fn read<E>(mut column: impl FnMut() -> Result<i128, E>) -> Result<Self, E> {
                Ok(Self { $($field: column()?),* })
            }

            /// Adds other sums.
            pub const fn add(&mut self, other: &Self) {
                $(self.$field += other.$field;)*
            }

        }

        impl Neg for $name {
            type Output = Self;

            fn neg(self) -> Self {
                Self { $($field: -self.$field),* }
            }
        }
    };
}

sums! {
    /// Movements of points.
    Moved
        movements,
        /// Purchases that earned nothing, which are no movements.
        orders,
        awarded, given_back, redeemed, expired, refunded, adjusted_up, adjusted_down,
        /// Of the movements, those that happened before they were recorded, and what they brought and took.
        imported, imported_in, imported_out,
}

sums! {
    /// Cards, and what they owe.
    Holders cards, debt,
}

sums! {
    /// Open lots, and what remains in them.
    Lots lots, points,
}

sums! {
    /// What an actor did of one kind.
    Acts
        acts,
        /// Of corrections: the points added and taken, and how many of them took.
        up, down, downs,
}

sums! {
    /// What refunds came to.
    Refunds
        refunds, cancellations, returns,
        /// Orders of which this was the first refund, and the last.
        orders, completed,
        taken_back, debt, let_go, given_back,
        /// In ten-thousandths of the currency.
        amount,
        without_amount,
}

/// Events of one partner in a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    pub events: i64,
    /// Of them, those recorded before an event that stands before them.
    pub late: i64,
    pub first: Seq,
    pub last: Seq,
    /// When the last was recorded, or the latest before it.
    pub last_at: Timestamp,
}

impl Moved {
    /// What all movements together come to.
    #[must_use]
    pub const fn net(&self) -> i128 {
        self.awarded + self.given_back + self.adjusted_up
            - self.redeemed
            - self.expired
            - self.refunded
            - self.adjusted_down
    }

    /// Whether anything stands in it at all, a purchase that earned nothing included.
    #[must_use]
    pub const fn is_any(&self) -> bool {
        self.movements + self.orders > 0
    }

    pub(super) fn note(&mut self, movement: Movement<'_>, stated: &Stated<'_>) {
        let points = i128::from(stated.points.get());
        match movement {
            Movement::Recorded(_) => {
                self.orders += 1;
                return;
            }
            Movement::Awarded(_) => self.awarded += points,
            Movement::Redeemed(_) => self.redeemed -= points,
            Movement::Adjusted(_) => {
                self.adjusted_up += points.max(0);
                self.adjusted_down -= points.min(0);
            }
            Movement::Expired(_) => self.expired -= points,
            Movement::Refunded(_) => self.refunded -= points,
            Movement::Returned(_) => self.given_back += points,
        }
        self.movements += 1;
        if stated.happened_at.is_some() {
            self.imported += 1;
            self.imported_in += points.max(0);
            self.imported_out -= points.min(0);
        }
    }
}

impl Acts {
    pub(super) fn note(&mut self, corrected: Points) {
        let points = i128::from(corrected.get());
        self.acts += 1;
        self.up += points.max(0);
        self.down -= points.min(0);
        self.downs += i128::from(points < 0);
    }
}

impl Refunds {
    pub(super) fn note(&mut self, refund: &PointsRefunded) {
        match refund.cause {
            RefundCause::Refund => self.refunds += 1,
            RefundCause::Cancellation => self.cancellations += 1,
        }
        self.completed += i128::from(refund.completes);
        self.taken_back -= i128::from(refund.points.get());
        self.debt += i128::from(refund.debt.unwrap_or_default().get());
        self.let_go += i128::from(refund.let_go.unwrap_or_default().get());
        match refund.amount {
            Some(amount) => self.amount += i128::from(amount.ten_thousandths()),
            None => self.without_amount += 1,
        }
    }

    /// Whether anything stands in it.
    #[must_use]
    pub const fn is_any(&self) -> bool {
        self.refunds + self.cancellations + self.returns > 0
    }
}
