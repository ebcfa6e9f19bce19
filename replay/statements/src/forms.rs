//! The tables of the books, as empty forms: name, title, columns. Whoever fills one in decides what its rows are; nothing here does.

/// A table before anything stands in it.
#[derive(Debug, PartialEq, Eq)]
pub struct Form {
    /// Its key in JSON, the name of its file in CSV and of its sheet.
    pub name: &'static str,
    /// Its heading for people.
    pub title: &'static str,
    /// The names of its columns.
    pub columns: &'static [&'static str],
}

macro_rules! forms {
    ($($(#[$doc:meta])* $place:ident = $name:literal, $title:literal, $columns:expr;)*) => {
        $($(#[$doc])* pub static $place: Form = Form { name: $name, title: $title, columns: &$columns };)*

        /// All of them, in the order of a statement.
        pub static ALL: &[&Form] = &[$(&$place),*];
    };
}

forms! {
    /// One row: the period, what part of the log it is, and whether it closes.
    SUMMARY = "summary", "Books of a period",
        ["from", "to", "partner", "as_of_seq", "first_seq", "events", "closes", "whole", "gaps_found"];
    /// By partner.
    TRIAL_BALANCE = "trial_balance", "Trial balance by partner (points)",
        ["partner", "opening", "awarded", "given_back", "redeemed", "expired", "refunded", "adjusted_up", "adjusted_down", "closing",
         "closes", "movements", "imported_movements", "imported_in", "imported_out"];
    /// By partner and the shop that the movement names, those that name none first.
    BY_SHOP = "by_shop", "Trial balance by the movements' shop (points)",
        ["partner", "shop", "opening", "awarded", "given_back", "redeemed", "expired", "refunded", "adjusted_up", "adjusted_down",
         "closing", "movements", "imported_movements", "imported_in", "imported_out"];
    /// By partner and template, those that have cards but no movements too.
    BY_TEMPLATE = "by_template", "Trial balance by the cards' template (points)",
        ["partner", "template", "opening", "awarded", "given_back", "redeemed", "expired", "refunded", "adjusted_up", "adjusted_down",
         "closing", "closes", "movements", "imported_movements", "imported_in", "imported_out"];
    /// By partner and calendar month, those in which something moved.
    BY_MONTH = "by_month", "Trial balance by calendar month (points)",
        ["partner", "month", "opening", "awarded", "given_back", "redeemed", "expired", "refunded", "adjusted_up", "adjusted_down",
         "closing", "closes", "movements", "imported_movements", "imported_in", "imported_out"];
    /// By partner.
    LIABILITY = "liability", "Points liability at the end of the period",
        ["partner", "cards", "lots", "open", "due", "available", "debt", "balance", "currency", "value", "due_value"];
    /// By partner and template.
    LIABILITY_BY_TEMPLATE = "liability_by_template", "Liability by the cards' template, and its price",
        ["partner", "template", "cards", "lots", "open", "due", "available", "debt", "balance", "template_version", "redeemable",
         "points_per_currency_redemption", "currency_amount_redemption", "currency", "value", "due_value"];
    /// By partner, template, and month: first the months whose points are due, then the others, then what never expires.
    AGEING = "ageing", "Open lots by the month in which they expire", ["partner", "template", "expires", "due", "lots", "points"];
    /// By partner.
    BREAKAGE = "breakage", "Breakage: expired / (redeemed + expired)", ["partner", "redeemed", "expired", "fraction", "percent"];
    /// By partner, template (the partner's settings first) and seq.
    RULES = "rules", "Settings and rules in force over the period",
        ["partner", "subject", "template", "version", "seq", "event", "from", "to", "actor", "terms"];
    /// By partner, actor and kind of event.
    RULE_CHANGES = "rule_changes", "Changes of settings, shops and templates by actor", ["partner", "actor", "event", "changes"];
    /// By partner and actor.
    ADJUSTMENTS = "adjustments", "Manual adjustments by actor (points)", ["partner", "actor", "adjustments", "up", "down"];
    /// By partner and actor, those who made any.
    REFUNDS_WITHOUT_ORDERS = "refunds_without_orders", "Corrections downwards without an order, by actor (points)",
        ["partner", "actor", "adjustments", "points"];
    /// By partner and actor.
    CARD_BLOCKS = "card_blocks", "Cards blocked and unblocked by actor", ["partner", "actor", "blocked", "unblocked"];
    /// By partner, those that refunded anything.
    ORDERS_REFUNDED = "orders_refunded", "Orders refunded",
        ["partner", "orders", "completed", "refunds", "cancellations", "taken_back", "debt", "let_go", "given_back", "amount", "currency",
         "without_amount"];
    /// In the order of the log.
    GAPS = "gaps", "Gaps in the log", ["after_seq", "next_seq", "missing"];
    /// In the order of the log.
    TIME_BACK = "time_back", "Events recorded before the one before them", ["seq"];
    /// The auditor's alone: for each row of the trial balances by partner, template and month, what the cards themselves come to.
    CHECKS = "checks", "The closing, found in four ways (points)",
        ["trial_balance", "partner", "template", "month", "closing", "balances", "lots_less_debt", "stated", "cards_amiss", "closes"];
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
            let columns: BTreeSet<_> = form.columns.iter().collect();
            assert_eq!(columns.len(), form.columns.len(), "{}", form.name);
        }
    }
}
