//! Erasing a person. The points stay: books do not forget.

use super::{Customer, CustomerErased};
use crate::domain::{CustomerId, Draft};

/// Erases every sealed record about a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erase {
    pub customer: CustomerId,
}

impl Erase {
    /// The erasure of `records` records, or nothing where it has happened already.
    #[must_use]
    pub fn decide(&self, customer: &Customer, records: i64) -> Vec<Draft> {
        match customer.erased_at {
            Some(_) if records == 0 => Vec::new(),
            Some(_) | None => {
                vec![Draft::open(CustomerErased { customer: customer.id, records, rule: None, value: None })]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::customers::CustomerRegistered;
    use crate::domain::samples::{CUSTOMER, NOW};
    use crate::domain::{Event, PartnerId, Seq};

    #[test]
    fn a_person_is_erased_as_often_as_there_is_something_to_erase() {
        let registered = CustomerRegistered { customer: CUSTOMER, happened_at: None, sealed: None };
        let known = Customer::registered(&registered, PartnerId::new(1), Seq::new(1), NOW);
        let erased = Customer { erased_at: Some(NOW), ..known.clone() };
        for (customer, records, expected) in
            [(&known, 3, Some(3)), (&known, 0, Some(0)), (&erased, 0, None), (&erased, 2, Some(2))]
        {
            let drafts = Erase { customer: CUSTOMER }.decide(customer, records);
            let stated = drafts.first().map(|draft| {
                let Event::CustomerErased(event) = &draft.event else { panic!("{draft:?}") };
                event.records
            });
            assert_eq!((drafts.len() <= 1, stated), (true, expected));
        }
    }
}
