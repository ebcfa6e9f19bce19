//! Changing what is written on a card and known of its holder. Never the email, never the status.

use super::{Card, CardRecord, CardUpdated};
use crate::domain::customers::{Customer, CustomerUpdated, PersonRecord};
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
            let secret = Secret::new(Stream::Customer(holder.id), &changed);
            drafts.push(Draft::sealing(CustomerUpdated { customer: holder.id, sealed: None }, secret));
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
