//! Forgetting what the partner's retention rules no longer allow to be kept, and the old values of what was corrected.

use super::{Customer, CustomerErased, ErasedRecord, RecordsErased};
use crate::domain::points::Points;
use crate::domain::programme::{Retention, RetentionRule};
use crate::domain::{CustomerId, Draft, RecordId, Timestamp};

/// How many records one event names at most: an event stays small, and the next one names the others.
pub const FORGOTTEN_MAX: usize = 500;

/// Erases what is due of a customer by the rules in force: records one by one, or the whole person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forget {
    pub customer: CustomerId,
}

/// What is known of a customer that the rules ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keeping {
    /// What each rule has due, none of it erased yet, at most [`FORGOTTEN_MAX`] records each.
    pub due: Vec<(RetentionRule, Vec<ErasedRecord>)>,
    /// When anything moved or changed last.
    pub last_activity: Option<Timestamp>,
    /// What could be spent on all cards together.
    pub available: Points,
    /// All records about the customer that are still there.
    pub records: Vec<RecordId>,
}

impl Forget {
    /// The erasures that are due, and the records that go; nothing where none is.
    #[must_use]
    pub fn decide(
        &self,
        customer: &Customer,
        keeping: Keeping,
        rules: &Retention,
        now: Timestamp,
    ) -> (Vec<Draft>, Vec<RecordId>) {
        if customer.erased_at.is_none()
            && let (Some(until), Some(value)) =
                (rules.due_until(RetentionRule::InactiveCustomers, now), rules.inactive_customers_after_months)
            && keeping.last_activity.is_some_and(|last| last <= until)
            && (rules.inactive_customers_with_points || !keeping.available.is_positive())
        {
            let (rule, value) = (Some(RetentionRule::InactiveCustomers), Some(value));
            let records = i64::try_from(keeping.records.len()).unwrap_or(i64::MAX);
            let event = CustomerErased { customer: customer.id, records, rule, value };
            return (vec![Draft::open(event)], keeping.records);
        }
        let (mut drafts, mut gone) = (Vec::new(), Vec::new());
        for (rule, records) in keeping.due {
            if let (Some(value), false) = (rules.value(rule), records.is_empty()) {
                gone.extend(records.iter().map(|erased| erased.record));
                drafts.push(Draft::open(RecordsErased { customer: customer.id, rule, value, records }));
            }
        }
        (drafts, gone)
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

    #[test]
    fn each_rule_that_has_something_due_says_so_in_an_event_of_its_own() {
        let rules = Retention { movement_texts_after_months: Some(6), ..Retention::default() };
        let due = vec![
            (RetentionRule::SupersededRecords, one(3)),
            (RetentionRule::MovementTexts, one(5)),
            // No rule of the partner's, whatever was found.
            (RetentionRule::BlockReasons, one(7)),
        ];
        let keeping = Keeping { due, ..Keeping::default() };
        let (drafts, gone) = Forget { customer: CUSTOMER }.decide(&customer(), keeping, &rules, NOW);
        assert_eq!(kinds(&drafts), ["records.erased", "records.erased"]);
        assert_eq!(gone, [3, 5].map(RecordId::new));
        let payload = drafts[1].event.payload();
        let expected = r#","rule":"movement_texts_after_months","value":6,"records":[{"record":5,"event":15}]}"#;
        assert!(payload.ends_with(expected), "{payload}");
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
            let (drafts, gone) = Forget { customer: CUSTOMER }.decide(&customer(), keeping, rules, now);
            assert_eq!(kinds(&drafts), expected, "{rules:?} {last} {points}");
            assert_eq!(gone.len(), drafts.len() * 2);
        }
        let erased = Customer { erased_at: Some(NOW), ..customer() };
        let keeping = Keeping { last_activity: Some(NOW), ..Keeping::default() };
        assert!(Forget { customer: CUSTOMER }.decide(&erased, keeping, &rules, now).0.is_empty());
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
