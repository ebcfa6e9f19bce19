//! Changing what is written on a card and known of its holder. Never the email, never the status.

use super::{Card, CardRecord, CardUpdated};
use crate::domain::customers::{Customer, PersonRecord, replacing};
use crate::domain::{CardId, Draft, Metadata, Rejection, Secret, Stream};

/// Changes to a card and its holder; what is none stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateCard {
    pub card: CardId,
    /// Only to be refused when it differs.
    pub email: Option<String>,
    pub name: Option<String>,
    pub phone: Option<String>,
    pub design: Option<String>,
    /// Replaces the whole object.
    pub metadata: Option<Metadata>,
}

impl UpdateCard {
    /// The changes, none where everything is so already, or the rule that they break.
    ///
    /// # Errors
    /// The first broken rule in the order in which [`Rejection`] declares them.
    pub fn decide(
        &self,
        card: &Card,
        holder: &Customer,
        person: Option<&PersonRecord>,
        metadata: &Metadata,
    ) -> Result<Vec<Draft>, Rejection> {
        let Some(person) = person else {
            return Err(Rejection::CustomerErased { customer: holder.id });
        };
        if self.email.as_ref().is_some_and(|email| !person.has_email(email)) {
            return Err(Rejection::EmailIsFinal);
        }
        let mut drafts = Vec::new();
        let changed = self.person(person);
        if changed != *person {
            drafts.push(replacing(holder.id, person, &changed));
        }
        drafts.extend(self.card(card, metadata));
        Ok(drafts)
    }

    fn person(&self, known: &PersonRecord) -> PersonRecord {
        let mut person = known.clone();
        if let Some(name) = &self.name {
            person.name = Some(name.clone());
        }
        if let Some(phone) = &self.phone {
            person.phone = Some(phone.clone());
        }
        person
    }

    fn card(&self, card: &Card, metadata: &Metadata) -> Option<Draft> {
        let design = self.design.clone().filter(|design| **design != *card.design);
        let metadata = self.metadata.clone().filter(|new| new != metadata);
        let secret = metadata.map(|metadata| Secret::new(Stream::Customer(card.customer), &CardRecord { metadata }));
        let changed = design.is_some() || secret.is_some();
        changed.then(|| Draft { event: CardUpdated { card: card.id, design, sealed: None }.into(), secret })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::customers::CustomerRegistered;
    use crate::domain::samples::{CARD, CUSTOMER, NOW, card, kinds};
    use crate::domain::{Event, PartnerId, Seq};

    const NOTHING: UpdateCard =
        UpdateCard { card: CARD, email: None, name: None, phone: None, design: None, metadata: None };

    fn person() -> PersonRecord {
        let (name, phone) = (Some("Ona".to_owned()), Some("+37060012345".to_owned()));
        PersonRecord { email: "ona@example.com".to_owned(), name, phone, ..PersonRecord::default() }
    }

    fn metadata(till: i64) -> Metadata {
        Metadata::from_iter([("till".to_owned(), till.into())])
    }

    /// Decides on a card of design `default` and metadata `{"till":4}`.
    fn decide(update: &UpdateCard, person: Option<&PersonRecord>) -> Result<Vec<Draft>, Rejection> {
        let registered = CustomerRegistered { customer: CUSTOMER, happened_at: None, sealed: None };
        let holder = Customer::registered(&registered, PartnerId::new(1), Seq::new(1), NOW);
        update.decide(&card(&[]), &holder, person, &metadata(4))
    }

    #[test]
    fn an_email_is_final_but_for_its_spelling() {
        for (email, expected) in [
            ("ona@example.com", Ok(vec![])),
            (" Ona@Example.COM ", Ok(vec![])),
            ("jonas@example.com", Err(Rejection::EmailIsFinal)),
            ("", Err(Rejection::EmailIsFinal)),
        ] {
            let update = UpdateCard { email: Some(email.to_owned()), ..NOTHING };
            assert_eq!(decide(&update, Some(&person())), expected, "{email:?}");
        }
    }

    #[test]
    fn what_is_so_already_is_not_recorded_again() {
        let same = UpdateCard {
            name: Some("Ona".to_owned()),
            phone: Some("+37060012345".to_owned()),
            design: Some("default".to_owned()),
            metadata: Some(metadata(4)),
            ..NOTHING
        };
        for update in [NOTHING, same] {
            assert_eq!(decide(&update, Some(&person())), Ok(vec![]));
        }
    }

    #[test]
    fn each_change_is_recorded_where_it_belongs_and_the_rest_stays() {
        let renamed = UpdateCard { name: Some("Ona B.".to_owned()), ..NOTHING };
        let drafts = decide(&renamed, Some(&person())).unwrap();
        assert_eq!(kinds(&drafts), ["customer.updated"]);
        let body = r#"{"email":"ona@example.com","name":"Ona B.","phone":"+37060012345"}"#;
        assert_eq!(drafts[0].secret.as_ref().unwrap().body, body, "the whole record anew");

        let redesigned = UpdateCard { design: Some("gold".to_owned()), ..NOTHING };
        let drafts = decide(&redesigned, Some(&person())).unwrap();
        let [Draft { event: Event::CardUpdated(updated), secret: None }] = &drafts[..] else { panic!("{drafts:?}") };
        assert_eq!(updated.design.as_deref(), Some("gold"));

        let annotated = UpdateCard { metadata: Some(metadata(5)), ..NOTHING };
        let drafts = decide(&annotated, Some(&person())).unwrap();
        let [Draft { event: Event::CardUpdated(updated), secret: Some(secret) }] = &drafts[..] else {
            panic!("{drafts:?}")
        };
        assert_eq!((updated.design.as_deref(), secret.body.as_str()), (None, r#"{"metadata":{"till":5}}"#));

        let both = UpdateCard { phone: Some("+37060054321".to_owned()), ..redesigned };
        assert_eq!(kinds(&decide(&both, Some(&person())).unwrap()), ["customer.updated", "card.updated"]);
    }

    #[test]
    fn of_an_erased_person_nothing_can_be_changed() {
        for update in [NOTHING, UpdateCard { design: Some("gold".to_owned()), ..NOTHING }] {
            assert_eq!(decide(&update, None), Err(Rejection::CustomerErased { customer: CUSTOMER }));
        }
    }
}
