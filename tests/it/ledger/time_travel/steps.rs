//! What may happen to two customers, their cards and the programme.

use crate::ledger::workshop::DAY;
use proptest::prelude::*;

#[derive(Debug, Clone)]
pub(super) enum Step {
    Award { who: usize, points: i64, expires_in: Option<i64> },
    Import { who: usize, points: i64, days_ago: i64 },
    Redeem { who: usize, points: i64 },
    Buy { who: usize, cents: i64, redeem: i64, order: u8 },
    Refund { order: u8, cents: i64 },
    Cancel { order: u8 },
    Adjust { who: usize, points: i64 },
    Expire { who: usize, points: i64 },
    Block { who: usize },
    Unblock { who: usize },
    Design { who: usize, design: u8 },
    Rename { who: usize, name: u8 },
    Erase { who: usize },
    Rules { rate: i64 },
    Tiers { first: i64, rolling: bool, unified: bool, shared: bool },
    Shop { name: u8 },
    Wait { micros: i64 },
    Restart,
    LoseViews,
}

pub(super) const CUSTOMERS: usize = 2;

pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let who = || 0..CUSTOMERS;
    let step = prop_oneof![
        5 => (who(), 1..60_i64, proptest::option::of(1..5 * DAY))
            .prop_map(|(who, points, expires_in)| Step::Award { who, points, expires_in }),
        1 => (who(), 1..60_i64, 1..900_i64).prop_map(|(who, points, days_ago)| Step::Import { who, points, days_ago }),
        3 => (who(), 1..60_i64).prop_map(|(who, points)| Step::Redeem { who, points }),
        4 => (who(), 0..900_i64, prop_oneof![Just(0_i64), 1..40_i64], 0..6_u8)
            .prop_map(|(who, cents, redeem, order)| Step::Buy { who, cents, redeem, order }),
        3 => (0..6_u8, 0..600_i64).prop_map(|(order, cents)| Step::Refund { order, cents }),
        1 => (0..6_u8).prop_map(|order| Step::Cancel { order }),
        2 => (who(), (-50..50_i64).prop_filter("not zero", |points| *points != 0))
            .prop_map(|(who, points)| Step::Adjust { who, points }),
        1 => (who(), 1..40_i64).prop_map(|(who, points)| Step::Expire { who, points }),
        1 => who().prop_map(|who| Step::Block { who }),
        2 => who().prop_map(|who| Step::Unblock { who }),
        1 => (who(), any::<u8>()).prop_map(|(who, design)| Step::Design { who, design }),
        1 => (who(), any::<u8>()).prop_map(|(who, name)| Step::Rename { who, name }),
        1 => who().prop_map(|who| Step::Erase { who }),
        1 => (1..9_i64).prop_map(|rate| Step::Rules { rate }),
        1 => (10..200_i64, any::<bool>(), any::<bool>(), any::<bool>())
            .prop_map(|(first, rolling, unified, shared)| Step::Tiers { first, rolling, unified, shared }),
        1 => any::<u8>().prop_map(|name| Step::Shop { name }),
        3 => prop_oneof![1..3 * DAY, Just(400 * DAY)].prop_map(|micros| Step::Wait { micros }),
        1 => Just(Step::Restart),
        1 => Just(Step::LoseViews),
    ];
    proptest::collection::vec(step, 1..24)
}
