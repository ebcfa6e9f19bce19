//! Changing what is known of a customer.

use super::{Customer, CustomerUpdated, PersonRecord};
use crate::domain::{CustomerId, Draft, Metadata, Rejection, Secret, Stream};

/// Changes to a customer; what is none stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateCustomer {
    pub customer: CustomerId,
    pub email: Option<String>,
    pub name: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    /// The inner none takes the phone number away.
    pub phone: Option<Option<String>>,
    /// Replaces the whole object.
    pub metadata: Option<Metadata>,
}

impl UpdateCustomer {
    /// The change, or nothing where everything is so already. `owner` is whoever has the wanted email now.
    ///
    /// # Errors
    /// [`Rejection::CustomerExists`], [`Rejection::CustomerErased`]
    pub fn decide(
        &self,
        known: &Customer,
        person: Option<&PersonRecord>,
        owner: Option<CustomerId>,
    ) -> Result<Vec<Draft>, Rejection> {
        if let Some(customer) = owner.filter(|owner| *owner != known.id) {
            return Err(Rejection::CustomerExists { customer });
        }
        let Some(person) = person else { return Err(Rejection::CustomerErased { customer: known.id }) };
        let changed = self.applied_to(person);
        if changed == *person {
            return Ok(Vec::new());
        }
        Ok(vec![replacing(known.id, person, &changed)])
    }

    fn applied_to(&self, known: &PersonRecord) -> PersonRecord {
        let or_known = |new: &Option<String>, known: &Option<String>| new.clone().or_else(|| known.clone());
        PersonRecord {
            email: self.email.clone().unwrap_or_else(|| known.email.clone()),
            name: or_known(&self.name, &known.name),
            first_name: or_known(&self.first_name, &known.first_name),
            last_name: or_known(&self.last_name, &known.last_name),
            phone: self.phone.clone().unwrap_or_else(|| known.phone.clone()),
            metadata: self.metadata.clone().unwrap_or_else(|| known.metadata.clone()),
        }
    }
}

/// The change of a person's record as a whole.
pub fn replacing(customer: CustomerId, before: &PersonRecord, now: &PersonRecord) -> Draft {
    let event = CustomerUpdated { customer, changed: now.changed_since(before), sealed: None };
    Draft::sealing(event, Secret::new(Stream::Customer(customer), now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::customers::CustomerRegistered;
    use crate::domain::samples::{CUSTOMER, NOW, kinds};
    use crate::domain::{PartnerId, Seq};

    const NOTHING: UpdateCustomer = UpdateCustomer {
        customer: CUSTOMER,
        email: None,
        name: None,
        first_name: None,
        last_name: None,
        phone: None,
        metadata: None,
    };

    fn ona() -> PersonRecord {
        let phone = Some("+37060012345".to_owned());
        PersonRecord { email: "ona@example.com".to_owned(), name: Some("Ona".to_owned()), phone, ..Default::default() }
    }

    fn decide(update: &UpdateCustomer, owner: Option<CustomerId>) -> Result<Vec<Draft>, Rejection> {
        let registered = CustomerRegistered { customer: CUSTOMER, happened_at: None, sealed: None };
        let known = Customer::registered(&registered, PartnerId::new(1), Seq::new(1), NOW);
        update.decide(&known, Some(&ona()), owner)
    }

    #[test]
    fn what_is_not_named_stays_and_the_whole_record_is_sealed_anew() {
        let email = Some("ona@example.org".to_owned());
        let drafts = decide(&UpdateCustomer { email, ..NOTHING }, None).unwrap();
        assert_eq!(kinds(&drafts), ["customer.updated"]);
        assert_eq!(drafts[0].event.payload(), r#"{"customer":9,"changed":["email"]}"#);
        let body = &drafts[0].secret.as_ref().unwrap().body;
        assert_eq!(body, r#"{"email":"ona@example.org","name":"Ona","phone":"+37060012345"}"#);
        let drafts = decide(&UpdateCustomer { phone: Some(None), ..NOTHING }, None).unwrap();
        assert_eq!(drafts[0].secret.as_ref().unwrap().body, r#"{"email":"ona@example.com","name":"Ona"}"#);
    }

    #[test]
    fn what_is_so_already_is_not_recorded_again() {
        let same = UpdateCustomer { name: Some("Ona".to_owned()), email: Some(ona().email), ..NOTHING };
        assert_eq!(decide(&same, Some(CUSTOMER)), Ok(vec![]));
    }

    #[test]
    fn an_email_of_another_customer_is_refused_before_an_erased_person() {
        let other = CustomerId::new(10);
        let update = UpdateCustomer { email: Some("jonas@example.com".to_owned()), ..NOTHING };
        let exists = Err(Rejection::CustomerExists { customer: other });
        assert_eq!(decide(&update, Some(other)), exists);
        let registered = CustomerRegistered { customer: CUSTOMER, happened_at: None, sealed: None };
        let known = Customer::registered(&registered, PartnerId::new(1), Seq::new(1), NOW);
        assert_eq!(update.decide(&known, None, Some(other)), exists);
        assert_eq!(update.decide(&known, None, None), Err(Rejection::CustomerErased { customer: CUSTOMER }));
    }
}
