//! Every column that a statement may have: its name, its unit, and what stands in it.

/// In what a column counts, which is how it is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Whole points.
    Points,
    /// How many.
    Count,
    /// The number of a thing: never grouped, never summed up.
    Id,
    /// A decimal number in the currency of its row.
    Money,
    /// A decimal number.
    Rate,
    /// Hundredths, to two places.
    Percent,
    /// A time (RFC 3339, UTC) or a calendar month (`2026-01`).
    Time,
    /// A word.
    Word,
    /// Yes or no.
    Flag,
    /// JSON, as the log has it.
    Terms,
}

impl Unit {
    /// Its name in a glossary.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Points => "points",
            Self::Count => "count",
            Self::Id => "id",
            Self::Money => "money",
            Self::Rate => "decimal",
            Self::Percent => "percent",
            Self::Time => "time, UTC",
            Self::Word => "word",
            Self::Flag => "yes or no",
            Self::Terms => "JSON",
        }
    }

    /// Whether it is printed at the right.
    #[must_use]
    pub const fn is_number(self) -> bool {
        match self {
            Self::Points | Self::Count | Self::Id | Self::Money | Self::Rate | Self::Percent => true,
            Self::Time | Self::Word | Self::Flag | Self::Terms => false,
        }
    }
}

/// A column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its key in JSON, and its heading in CSV.
    pub name: &'static str,
    /// In what it counts.
    pub unit: Unit,
    /// What stands in it, in a sentence.
    pub meaning: &'static str,
}

impl Column {
    /// Its heading for people.
    #[must_use]
    pub fn heading(&self) -> String {
        self.name.replace('_', " ")
    }
}

macro_rules! columns {
    ($($place:ident = $name:literal, $unit:ident, $meaning:literal;)*) => {
        $(pub(crate) const $place: Column = Column { name: $name, unit: Unit::$unit, meaning: $meaning };)*
    };
}

columns! {
    // The summary.
    FROM = "from", Time, "The first moment of the period.";
    TO = "to", Time, "The moment with which the period has ended; no part of it.";
    OF_PARTNER = "partner", Id, "The one partner whose books these are; none: those of all partners.";
    AS_OF_SEQ = "as_of_seq", Id, "The last event of the log before the end of the period.";
    FIRST_SEQ = "first_seq", Id, "The first event of the period that is in these books.";
    EVENTS = "events", Count, "Events of the period that are in these books.";
    ALL_CLOSE = "closes", Flag, "Whether every trial balance closes.";
    WHOLE = "whole", Flag, "Whether the log has neither gaps nor times that go back, up to the end of the period.";
    GAPS_FOUND = "gaps_found", Count, "Gaps in the log; at most 1000 are listed.";
    // Whose.
    PARTNER = "partner", Id, "The partner.";
    SHOP = "shop", Id, "The shop that the movement names; none: it names none, as what expires when it is due.";
    TEMPLATE = "template", Id, "The template of the cards.";
    MONTH = "month", Time, "The calendar month, by when events were recorded. A month in which nothing moved has no row.";
    ACTOR = "actor", Word, "Who did it: a key, or the command line.";
    // Movements.
    OPENING = "opening", Points, "What all movements before come to.";
    AWARDED = "awarded", Points, "Points given, for purchases and otherwise; bonuses of new cards among them.";
    GIVEN_BACK = "given_back", Points, "Points that orders had spent, and refunds gave back.";
    REDEEMED = "redeemed", Points, "Points spent.";
    EXPIRED = "expired", Points, "Points written off, because they were due or on request.";
    REFUNDED = "refunded", Points, "Points that orders had earned, and refunds took back.";
    ADJUSTED_UP = "adjusted_up", Points, "Corrections by hand that gave points.";
    ADJUSTED_DOWN = "adjusted_down", Points, "Corrections by hand that took points.";
    CLOSING = "closing", Points,
        "Opening + awarded + given back + adjusted up - redeemed - expired - refunded - adjusted down.";
    CLOSES = "closes", Flag, "Whether opening and closing are what the cards hold.";
    MOVEMENTS = "movements", Count, "Movements of the period.";
    IMPORTED_MOVEMENTS = "imported_movements", Count,
        "Those of the movements that happened before they were recorded. They are in the other columns too.";
    IMPORTED_IN = "imported_in", Points, "Points that those brought.";
    IMPORTED_OUT = "imported_out", Points, "Points that those took.";
    // What is owed.
    CARDS = "cards", Count, "Cards, whether they hold points or not.";
    LOTS = "lots", Count, "Lots of points that are not used up: each stands for one award and expires as one.";
    OPEN = "open", Points, "What remains in open lots: due or available.";
    DUE = "due", Points, "What has come to its time and is not written off yet. It can no longer be spent.";
    AVAILABLE = "available", Points, "What may still be spent: open - due.";
    DEBT = "debt", Points, "What cards owe after refunds of points that they had spent. It is no part of open.";
    BALANCE = "balance", Points, "Open - debt: the closing of the trial balance.";
    CURRENCY = "currency", Word, "The partner's currency (ISO 4217).";
    VALUE = "value", Money,
        "Available points in money, by the template's rules at the end of the period, rounded down to the smallest coin for each template.";
    DUE_VALUE = "due_value", Money, "Due points in money, likewise.";
    TEMPLATE_VERSION = "template_version", Id, "The version of the rules by which the value is reckoned.";
    REDEEMABLE = "redeemable", Flag, "Whether cards of the template may spend.";
    POINTS_PER = "points_per_currency_redemption", Rate, "So many points buy the next column's amount.";
    AMOUNT_PER = "currency_amount_redemption", Rate, "The amount, in the currency, that so many points buy.";
    EXPIRES = "expires", Time, "The calendar month in which the lots expire, or never.";
    IS_DUE = "due", Flag, "Whether they have come to their time by the end of the period.";
    IN_LOTS = "points", Points, "What remains in these lots.";
    // Breakage.
    FRACTION = "fraction", Word, "Expired / (redeemed + expired), exactly, in lowest terms.";
    PERCENT = "percent", Percent, "The same in percent, to two places, halves rounded up.";
    // Rules.
    SUBJECT = "subject", Word, "The partner's settings, or a template's rules.";
    OF_TEMPLATE = "template", Id, "The template whose rules they are; none: the partner's settings.";
    VERSION = "version", Id, "The version, counted from 1.";
    SEQ = "seq", Id, "The event's place in the log.";
    EVENT = "event", Word, "The kind of event.";
    SINCE = "from", Time, "Since when it was in force.";
    UNTIL = "to", Time, "Until when it was in force; none: it still was at the end of the period.";
    TERMS = "terms", Terms, "What it said, in the words of the log.";
    CHANGES = "changes", Count, "How many.";
    // Acts.
    ADJUSTMENTS = "adjustments", Count, "Corrections by hand.";
    UP = "up", Points, "Points that they gave.";
    DOWN = "down", Points, "Points that they took.";
    ORDERLESS = "points", Points, "Points that they took without naming an order.";
    BLOCKED = "blocked", Count, "Cards blocked.";
    UNBLOCKED = "unblocked", Count, "Cards unblocked.";
    ORDERS = "orders", Count, "Orders of which the period saw the first refund.";
    COMPLETED = "completed", Count, "Orders of which it saw the last.";
    REFUNDS = "refunds", Count, "Refunds of orders, whole or in part.";
    CANCELLATIONS = "cancellations", Count, "Orders cancelled.";
    TAKEN_BACK = "taken_back", Points, "Points taken back, debt among them.";
    NEW_DEBT = "debt", Points, "Those of them that the cards did not have.";
    LET_GO = "let_go", Points, "Points that were due back and not asked for.";
    AMOUNT = "amount", Money, "What was refunded, as far as refunds say.";
    WITHOUT_AMOUNT = "without_amount", Count, "Refunds that do not say.";
    // The log.
    AFTER_SEQ = "after_seq", Id, "The last event before the gap.";
    NEXT_SEQ = "next_seq", Id, "The first event after it.";
    MISSING = "missing", Count, "Events that should stand between them.";
    BACK_SEQ = "seq", Id, "The event that was recorded before the one before it.";
    // Checks.
    CHECKED_TABLE = "trial_balance", Word, "The table whose row is checked.";
    BALANCES = "balances", Points, "The sum of the cards' balances, each folded from its own events.";
    LOTS_LESS_DEBT = "lots_less_debt", Points, "What remains in the cards' open lots, less what they owe.";
    STATED = "stated", Points, "The sum of the balances that the cards' last events state.";
    CARDS_AMISS = "cards_amiss", Count, "Cards for which these three differ.";
    ALL_EQUAL = "closes", Flag, "Whether all four are equal and no card is amiss, and so it was at the opening.";
}
