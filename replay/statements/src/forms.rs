//! The tables of the books, as empty forms: name, title, columns. Whoever fills one in decides what its rows are; nothing here does.

use crate::columns::{
    ACTOR, ADJUSTED_DOWN, ADJUSTED_UP, ADJUSTMENTS, AFTER_SEQ, ALL_CLOSE, ALL_EQUAL, AMOUNT, AMOUNT_PER, AS_OF_SEQ,
    AVAILABLE, AWARDED, BACK_SEQ, BALANCE, BALANCES, BLOCKED, CANCELLATIONS, CARDS, CARDS_AMISS, CHANGES,
    CHECKED_TABLE, CLOSES, CLOSING, COMPLETED, CURRENCY, Column, DEBT, DOWN, DUE, DUE_VALUE, EVENT, EVENTS, EXPIRED,
    EXPIRES, FIRST_SEQ, FRACTION, FROM, GAPS_FOUND, GIVEN_BACK, IMPORTED_IN, IMPORTED_MOVEMENTS, IMPORTED_OUT, IN_LOTS,
    IS_DUE, LET_GO, LOTS, LOTS_LESS_DEBT, MISSING, MONTH, MOVEMENTS, NEW_DEBT, NEXT_SEQ, OF_PARTNER, OF_TEMPLATE, OPEN,
    OPENING, ORDERLESS, ORDERS, PARTNER, PERCENT, POINTS_PER, REDEEMABLE, REDEEMED, REFUNDED, REFUNDS, SEQ, SHOP,
    SINCE, STATED, SUBJECT, TAKEN_BACK, TEMPLATE, TEMPLATE_VERSION, TERMS, TO, UNBLOCKED, UNTIL, UP, VALUE, VERSION,
    WHOLE, WITHOUT_AMOUNT,
};

/// A table before anything stands in it.
#[derive(Debug, PartialEq, Eq)]
pub struct Form {
    /// Its key in JSON, the name of its file in CSV and of its sheet.
    pub name: &'static str,
    /// Its heading for people.
    pub title: &'static str,
    /// What it is, in a sentence or two.
    pub meaning: &'static str,
    /// Its columns.
    pub columns: &'static [Column],
}

macro_rules! forms {
    ($($(#[$doc:meta])* $place:ident = $name:literal, $title:literal, $meaning:literal, $columns:expr;)*) => {
        $($(#[$doc])* pub static $place: Form =
            Form { name: $name, title: $title, meaning: $meaning, columns: &$columns };)*

        /// All of them, in the order of a statement.
        pub static ALL: &[&Form] = &[$(&$place),*];
    };
}

forms! {
    /// One row: the period, what part of the log it is, and whether it closes.
    SUMMARY = "summary", "Books of a period",
        "Of what period and what part of the log these books are, and whether they close.",
        [FROM, TO, OF_PARTNER, AS_OF_SEQ, FIRST_SEQ, EVENTS, ALL_CLOSE, WHOLE, GAPS_FOUND];
    /// By partner.
    TRIAL_BALANCE = "trial_balance", "Trial balance by partner (points)",
        "What each partner's cards opened with, what moved, and what they closed with.",
        [PARTNER, OPENING, AWARDED, GIVEN_BACK, REDEEMED, EXPIRED, REFUNDED, ADJUSTED_UP, ADJUSTED_DOWN, CLOSING,
         CLOSES, MOVEMENTS, IMPORTED_MOVEMENTS, IMPORTED_IN, IMPORTED_OUT];
    /// By partner and the shop that the movement names, those that name none first.
    BY_SHOP = "by_shop", "Trial balance by the movements' shop (points)",
        "The same by the shop that the movement names. The rows of a partner add up to the partner's; a shop where more is spent than earned closes below nought.",
        [PARTNER, SHOP, OPENING, AWARDED, GIVEN_BACK, REDEEMED, EXPIRED, REFUNDED, ADJUSTED_UP, ADJUSTED_DOWN,
         CLOSING, MOVEMENTS, IMPORTED_MOVEMENTS, IMPORTED_IN, IMPORTED_OUT];
    /// By partner and template, those that have cards but no movements too.
    BY_TEMPLATE = "by_template", "Trial balance by the cards' template (points)",
        "The same by the template of the cards.",
        [PARTNER, TEMPLATE, OPENING, AWARDED, GIVEN_BACK, REDEEMED, EXPIRED, REFUNDED, ADJUSTED_UP, ADJUSTED_DOWN,
         CLOSING, CLOSES, MOVEMENTS, IMPORTED_MOVEMENTS, IMPORTED_IN, IMPORTED_OUT];
    /// By partner and calendar month, those in which something moved.
    BY_MONTH = "by_month", "Trial balance by calendar month (points)",
        "The same by calendar month. What a month closes with, the next one opens with.",
        [PARTNER, MONTH, OPENING, AWARDED, GIVEN_BACK, REDEEMED, EXPIRED, REFUNDED, ADJUSTED_UP, ADJUSTED_DOWN,
         CLOSING, CLOSES, MOVEMENTS, IMPORTED_MOVEMENTS, IMPORTED_IN, IMPORTED_OUT];
    /// By partner.
    LIABILITY = "liability", "Points liability at the end of the period",
        "What cards may still spend, and what that is worth. No value: some of the points have no price.",
        [PARTNER, CARDS, LOTS, OPEN, DUE, AVAILABLE, DEBT, BALANCE, CURRENCY, VALUE, DUE_VALUE];
    /// By partner and template.
    LIABILITY_BY_TEMPLATE = "liability_by_template", "Liability by the cards' template, and its price",
        "The same by the template of the cards, with the terms by which it is priced.",
        [PARTNER, TEMPLATE, CARDS, LOTS, OPEN, DUE, AVAILABLE, DEBT, BALANCE, TEMPLATE_VERSION, REDEEMABLE, POINTS_PER,
         AMOUNT_PER, CURRENCY, VALUE, DUE_VALUE];
    /// By partner, template, and month: first the months whose points are due, then the others, then what never expires.
    AGEING = "ageing", "Open lots by the month in which they expire",
        "When what is open at the end of the period expires.",
        [PARTNER, TEMPLATE, EXPIRES, IS_DUE, LOTS, IN_LOTS];
    /// By partner.
    BREAKAGE = "breakage", "Breakage: expired / (redeemed + expired)",
        "How much of what left in the period was never used. No share: nothing left.",
        [PARTNER, REDEEMED, EXPIRED, FRACTION, PERCENT];
    /// By partner, template (the partner's settings first) and seq.
    RULES = "rules", "Settings and rules in force over the period",
        "Each version of settings and templates that was in force in the period: since when, until when, by whom, and what it said.",
        [PARTNER, SUBJECT, OF_TEMPLATE, VERSION, SEQ, EVENT, SINCE, UNTIL, ACTOR, TERMS];
    /// By partner, actor and kind of event.
    RULE_CHANGES = "rule_changes", "Changes of settings, shops and templates by actor",
        "Who changed how often what the points follow from.",
        [PARTNER, ACTOR, EVENT, CHANGES];
    /// By partner and actor.
    ADJUSTMENTS_BY_ACTOR = "adjustments", "Manual adjustments by actor (points)",
        "Who corrected balances by hand.",
        [PARTNER, ACTOR, ADJUSTMENTS, UP, DOWN];
    /// By partner and actor, those who made any.
    REFUNDS_WITHOUT_ORDERS = "refunds_without_orders", "Corrections downwards without an order, by actor (points)",
        "Those of the corrections that took points and name no order.",
        [PARTNER, ACTOR, ADJUSTMENTS, ORDERLESS];
    /// By partner and actor.
    CARD_BLOCKS = "card_blocks", "Cards blocked and unblocked by actor",
        "Who blocked and unblocked cards.",
        [PARTNER, ACTOR, BLOCKED, UNBLOCKED];
    /// By partner, those that refunded anything.
    ORDERS_REFUNDED = "orders_refunded", "Orders refunded",
        "What refunds and cancellations of orders came to.",
        [PARTNER, ORDERS, COMPLETED, REFUNDS, CANCELLATIONS, TAKEN_BACK, NEW_DEBT, LET_GO, GIVEN_BACK, AMOUNT, CURRENCY, WITHOUT_AMOUNT];
    /// In the order of the log.
    GAPS = "gaps", "Gaps in the log",
        "Events that are missing up to the end of the period. There must be none.",
        [AFTER_SEQ, NEXT_SEQ, MISSING];
    /// In the order of the log.
    TIME_BACK = "time_back", "Events recorded before the one before them",
        "Where time goes back in the log. It must not.",
        [BACK_SEQ];
    /// The auditor's alone: for each row of the trial balances by partner, template and month, what the cards themselves come to.
    CHECKS = "checks", "The closing, found in four ways (points)",
        "For each row of the trial balances by partner, template and month: its closing, and what a fold of every card comes to. The auditor's tool alone states it.",
        [CHECKED_TABLE, PARTNER, TEMPLATE, MONTH, CLOSING, BALANCES, LOTS_LESS_DEBT, STATED, CARDS_AMISS, ALL_EQUAL];
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_one_tables_own_and_so_are_columns_within_it() {
        let names: BTreeSet<_> = ALL.iter().map(|form| form.name).collect();
        assert_eq!(names.len(), ALL.len());
        for form in ALL {
            let columns: BTreeSet<_> = form.columns.iter().map(|column| column.name).collect();
            assert_eq!(columns.len(), form.columns.len(), "{}", form.name);
        }
    }
}
