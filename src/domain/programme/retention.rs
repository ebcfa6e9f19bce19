//! How long a partner keeps what people typed and who they are. The log and its points are kept for ever; this is about the vault.

use crate::domain::{Rejection, Timestamp};
use serde::{Deserialize, Serialize};

/// The longest time that a rule may state: ten years of days.
pub const RETENTION_DAYS_MAX: u32 = 3_650;
/// The longest time that a rule may state: thirty years of months.
pub const RETENTION_MONTHS_MAX: u32 = 360;

/// The rules of a partner, part of its settings. A rule that is none keeps what it is about for ever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// How many days the old value stays in the vault after a person or a card's metadata was changed. 0: none, it goes with the change.
    #[serde(skip_serializing_if = "is_zero")]
    pub superseded_records_after_days: u32,
    /// How many months after a movement what was typed about it stays: reason, staff member, metadata.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub movement_texts_after_months: Option<u32>,
    /// How many months after a card was blocked or unblocked the reason and note stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block_reasons_after_months: Option<u32>,
    /// After how many months without any movement or change a customer is erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inactive_customers_after_months: Option<u32>,
    /// Whether inactive customers are erased while they have points to spend, too.
    #[serde(skip_serializing_if = "is_no")]
    pub inactive_customers_with_points: bool,
}

/// A rule, by the name of its setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RetentionRule {
    #[serde(rename = "superseded_records_after_days")]
    SupersededRecords,
    #[serde(rename = "movement_texts_after_months")]
    MovementTexts,
    #[serde(rename = "block_reasons_after_months")]
    BlockReasons,
    #[serde(rename = "inactive_customers_after_months")]
    InactiveCustomers,
}

impl RetentionRule {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::SupersededRecords, Self::MovementTexts, Self::BlockReasons, Self::InactiveCustomers];

    /// The name of its setting, with the unit of its value.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SupersededRecords => "superseded_records_after_days",
            Self::MovementTexts => "movement_texts_after_months",
            Self::BlockReasons => "block_reasons_after_months",
            Self::InactiveCustomers => "inactive_customers_after_months",
        }
    }
}

impl Retention {
    /// What a rule states, in its unit; none where it keeps everything.
    #[must_use]
    pub const fn value(&self, rule: RetentionRule) -> Option<u32> {
        match rule {
            RetentionRule::SupersededRecords => Some(self.superseded_records_after_days),
            RetentionRule::MovementTexts => self.movement_texts_after_months,
            RetentionRule::BlockReasons => self.block_reasons_after_months,
            RetentionRule::InactiveCustomers => self.inactive_customers_after_months,
        }
    }

    /// What was typed, superseded or done last at this moment or before is due by the rule; none where it keeps everything.
    #[must_use]
    pub fn due_until(&self, rule: RetentionRule, now: Timestamp) -> Option<Timestamp> {
        let value = self.value(rule)?;
        Some(match rule {
            RetentionRule::SupersededRecords => now.minus_days(value),
            RetentionRule::MovementTexts | RetentionRule::BlockReasons | RetentionRule::InactiveCustomers => {
                now.months_earlier(value)
            }
        })
    }

    /// Whether it says nothing else than a partner that never set it.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The rule that is out of its bounds, if one is.
    ///
    /// # Errors
    /// [`Rejection::RuleOutOfBounds`]
    pub fn check(&self) -> Result<(), Rejection> {
        if self.superseded_records_after_days > RETENTION_DAYS_MAX {
            return Err(Rejection::RuleOutOfBounds { rule: "retention.superseded_records_after_days" });
        }
        for (rule, months) in [
            ("retention.movement_texts_after_months", self.movement_texts_after_months),
            ("retention.block_reasons_after_months", self.block_reasons_after_months),
            ("retention.inactive_customers_after_months", self.inactive_customers_after_months),
        ] {
            if months.is_some_and(|months| !(1..=RETENTION_MONTHS_MAX).contains(&months)) {
                return Err(Rejection::RuleOutOfBounds { rule });
            }
        }
        Ok(())
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_no(yes: &bool) -> bool {
    !*yes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_sets_nothing_keeps_everything_but_what_was_corrected() {
        let (none, now) = (Retention::default(), Timestamp::from_micros(1_767_225_600_000_000));
        let due = RetentionRule::ALL.map(|rule| none.due_until(rule, now));
        assert_eq!(due, [Some(now), None, None, None]);
        assert_eq!(serde_json::to_string(&none).unwrap(), "{}");
        assert_eq!(serde_json::from_str::<Retention>("{}").unwrap(), none);
    }

    #[test]
    fn a_rule_counts_days_or_months_of_the_calendar() {
        let now = Timestamp::parse("2026-03-31T12:00:00Z").unwrap();
        let rules = Retention {
            superseded_records_after_days: 30,
            movement_texts_after_months: Some(1),
            block_reasons_after_months: Some(12),
            inactive_customers_after_months: Some(36),
            inactive_customers_with_points: false,
        };
        let due = RetentionRule::ALL.map(|rule| rules.due_until(rule, now).unwrap().to_seconds_text());
        let expected = ["2026-03-01T12:00:00Z", "2026-02-28T12:00:00Z", "2025-03-31T12:00:00Z", "2023-03-31T12:00:00Z"];
        assert_eq!(due, expected);
        let text = r#"{"superseded_records_after_days":30,"movement_texts_after_months":1,"block_reasons_after_months":12,"inactive_customers_after_months":36}"#;
        assert_eq!(serde_json::to_string(&rules).unwrap(), text);
        for rule in RetentionRule::ALL {
            assert_eq!(serde_json::to_string(&rule).unwrap(), format!("\"{}\"", rule.name()));
        }
    }

    #[test]
    fn every_rule_has_its_bounds() {
        let rules = Retention::default();
        for (rules, fits) in [
            (Retention { superseded_records_after_days: RETENTION_DAYS_MAX, ..rules }, true),
            (Retention { superseded_records_after_days: RETENTION_DAYS_MAX + 1, ..rules }, false),
            (Retention { movement_texts_after_months: Some(0), ..rules }, false),
            (Retention { block_reasons_after_months: Some(RETENTION_MONTHS_MAX), ..rules }, true),
            (Retention { inactive_customers_after_months: Some(RETENTION_MONTHS_MAX + 1), ..rules }, false),
        ] {
            assert_eq!(rules.check().is_ok(), fits, "{rules:?}");
        }
    }
}
