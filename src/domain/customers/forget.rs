//! Forgetting what the partner's retention rules no longer allow to be kept, and the old values of what was corrected.

use super::{Customer, CustomerErased, ErasedRecord, RecordsErased};
use crate::domain::points::Points;
use crate::domain::programme::{Retention, RetentionRule};
use crate::domain::{CustomerId, Draft, RecordId, Timestamp};

/// How many records one event names at most: an event stays small, and the next one names the others.
pub const FORGOTTEN_MAX: usize = 500;

/// Erases what is due of a customer by one rule in force: records one by one, or the whole person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forget {
    pub customer: CustomerId,
    pub rule: RetentionRule,
    pub within: Span,
}

/// A part of what a rule goes through, in its order: after one place, up to another. Places are events for
/// [`RetentionRule::MovementTexts`] and records of the vault for [`RetentionRule::BlockReasons`] and, as those that superseded another,
/// [`RetentionRule::SupersededRecords`]. [`RetentionRule::InactiveCustomers`] is about the person, whatever stands here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub after: i64,
    pub through: i64,
}

impl Span {
    /// Everything there is.
    pub const WHOLE: Self = Self { after: 0, through: i64::MAX };
}

/// What is known of a customer that the rule asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keeping {
    /// What the rule has due, none of it erased yet, at most [`FORGOTTEN_MAX`] records.
    pub due: Vec<ErasedRecord>,
    /// When anything moved or changed last.
    pub last_activity: Option<Timestamp>,
    /// What could be spent on all cards together.
    pub available: Points,
    /// All records about the customer that are still there; nobody asks for them of whoever stays.
    pub records: Vec<RecordId>,
}

impl Keeping {
    /// Whether the rules want the whole person gone.
    #[must_use]
    pub fn is_inactive(&self, rules: &Retention, now: Timestamp) -> bool {
        rules
            .due_until(RetentionRule::InactiveCustomers, now)
            .is_some_and(|until| self.last_activity.is_some_and(|last| last <= until))
            && (rules.inactive_customers_with_points || !self.available.is_positive())
    }
}

impl Forget {
    /// The erasure that is due, and the records that go; nothing where none is.
    #[must_use]
    pub fn decide(
        &self,
        customer: &Customer,
        keeping: Keeping,
        rules: &Retention,
        now: Timestamp,
    ) -> (Vec<Draft>, Vec<RecordId>) {
        let Some(value) = rules.value(self.rule) else { return (Vec::new(), Vec::new()) };
        if self.rule == RetentionRule::InactiveCustomers {
            if customer.erased_at.is_some() || !keeping.is_inactive(rules, now) {
                return (Vec::new(), Vec::new());
            }
            let records = i64::try_from(keeping.records.len()).unwrap_or(i64::MAX);
            let event = CustomerErased { customer: customer.id, records, rule: Some(self.rule), value: Some(value) };
            return (vec![Draft::open(event)], keeping.records);
        }
        if keeping.due.is_empty() {
            return (Vec::new(), Vec::new());
        }
        let gone = keeping.due.iter().map(|erased| erased.record).collect();
        let event = RecordsErased { customer: customer.id, rule: self.rule, value, records: keeping.due };
        (vec![Draft::open(event)], gone)
    }
}

/// The erasure of what a change supersedes, at once, where the partner keeps no old values.
#[must_use]
pub fn superseded(customer: CustomerId, records: &[RecordId], rules: &Retention) -> Option<Draft> {
    if records.is_empty() || rules.superseded_records_after_days > 0 {
        return None;
    }
    let records = records.iter().map(|record| ErasedRecord { record: *record, event: None }).collect();
    Some(Draft::open(RecordsErased { customer, rule: RetentionRule::SupersededRecords, value: 0, records }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::customers::CustomerRegistered;
    use crate::domain::samples::{CUSTOMER, DAY, NOW, at, kinds};
    use crate::domain::{PartnerId, Seq};

    fn customer() -> Customer {
        let registered = CustomerRegistered { customer: CUSTOMER, happened_at: None, sealed: None };
        Customer::registered(&registered, PartnerId::new(1), Seq::new(1), NOW)
    }

    fn one(record: i64) -> Vec<ErasedRecord> {
        vec![ErasedRecord { record: RecordId::new(record), event: Some(Seq::new(record + 10)) }]
    }

    fn by(rule: RetentionRule) -> Forget {
        Forget { customer: CUSTOMER, rule, within: Span::WHOLE }
    }

    #[test]
    fn a_rule_that_has_something_due_says_so_in_its_event_and_one_that_is_not_set_does_nothing() {
        let rules = Retention { movement_texts_after_months: Some(6), ..Retention::default() };
        let found = || Keeping { due: one(5), ..Keeping::default() };
        let (drafts, gone) = by(RetentionRule::MovementTexts).decide(&customer(), found(), &rules, NOW);
        assert_eq!((kinds(&drafts), gone), (vec!["records.erased"], vec![RecordId::new(5)]));
        let payload = drafts[0].event.payload();
        let expected = r#","rule":"movement_texts_after_months","value":6,"records":[{"record":5,"event":15}]}"#;
        assert!(payload.ends_with(expected), "{payload}");
        // No rule of the partner's, whatever was found; nothing found.
        for (rule, keeping) in
            [(RetentionRule::BlockReasons, found()), (RetentionRule::MovementTexts, Keeping::default())]
        {
            assert_eq!(by(rule).decide(&customer(), keeping, &rules, NOW), (Vec::new(), Vec::new()), "{rule:?}");
        }
    }

    #[test]
    fn an_inactive_customer_is_erased_whole_unless_there_are_points_to_spend() {
        let rules = Retention { inactive_customers_after_months: Some(1), ..Retention::default() };
        let anyway = Retention { inactive_customers_with_points: true, ..rules };
        let now = at(62 * DAY);
        for (rules, last, points, expected) in [
            (&rules, 0, 0, &["customer.erased"][..]),
            (&rules, 0, -5, &["customer.erased"]),
            (&rules, 0, 1, &[]),
            (&anyway, 0, 1, &["customer.erased"]),
            (&rules, 60 * DAY, 0, &[]),
            (&Retention::default(), 0, 0, &[]),
        ] {
            let keeping = Keeping {
                last_activity: Some(at(last)),
                available: Points::new(points),
                records: vec![RecordId::new(1), RecordId::new(2)],
                ..Keeping::default()
            };
            let (drafts, gone) = by(RetentionRule::InactiveCustomers).decide(&customer(), keeping, rules, now);
            assert_eq!(kinds(&drafts), expected, "{rules:?} {last} {points}");
            assert_eq!(gone.len(), drafts.len() * 2);
        }
        let erased = Customer { erased_at: Some(NOW), ..customer() };
        let keeping = Keeping { last_activity: Some(NOW), ..Keeping::default() };
        assert!(by(RetentionRule::InactiveCustomers).decide(&erased, keeping, &rules, now).0.is_empty());
    }

    #[test]
    fn what_is_corrected_is_gone_with_the_correction_unless_old_values_are_kept() {
        let records = [RecordId::new(4)];
        let draft = superseded(CUSTOMER, &records, &Retention::default()).unwrap();
        let payload = draft.event.payload();
        assert!(payload.ends_with(r#","rule":"superseded_records_after_days","value":0,"records":[{"record":4}]}"#));
        assert_eq!(superseded(CUSTOMER, &[], &Retention::default()), None);
        let kept = Retention { superseded_records_after_days: 1, ..Retention::default() };
        assert_eq!(superseded(CUSTOMER, &records, &kept), None);
    }
}
