//! Whose card a row means: those of this import from memory, everybody else from the views.

use super::reasons::refusal;
use super::rows::{CustomerRow, RowRefusal, Who};
use crate::domain::cards::CardNumber;
use crate::domain::customers::PersonRecord;
use crate::domain::{CardId, CustomerId, PartnerId};
use crate::queries::{Lookups, QueryError};
use rustc_hash::FxHashMap;

/// How many names are kept, at 32 bytes each or so: two million customers with an email, a phone and an id. Beyond it a name
/// that the views know too is looked up there.
const NAMES_MAX: usize = 6_000_000;

/// A name as it is kept: nothing that was typed stays in memory.
type Hash = [u8; 16];

/// The names of this import's customers.
pub(super) struct People {
    partner: PartnerId,
    cards: FxHashMap<Hash, Known>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    Card(CardId),
    /// Two customers have it.
    Several,
}

impl People {
    pub(super) fn of(partner: PartnerId) -> Self {
        Self { partner, cards: FxHashMap::default() }
    }

    /// Notes whose card it is.
    pub(super) fn note(&mut self, row: &CustomerRow, card: CardId) {
        self.add(hash("email", &PersonRecord::email_key(&row.email)), card);
        for (kind, name) in [("external", &row.external_id), ("number", &row.number)] {
            if let Some(name) = name {
                self.add(hash(kind, name), card);
            }
        }
        if let Some(phone) = &row.phone {
            self.add(hash("phone", &PersonRecord::phone_key(phone)), card);
        }
    }

    fn add(&mut self, hash: Hash, card: CardId) {
        if self.cards.len() >= NAMES_MAX {
            return;
        }
        let known = self.cards.entry(hash).or_insert(Known::Card(card));
        if *known != Known::Card(card) {
            *known = Known::Several;
        }
    }

    /// The card that a row means, or why there is none.
    pub(super) fn card(&mut self, who: &Who, lookups: &Lookups<'_>) -> Result<Result<CardId, RowRefusal>, QueryError> {
        let (hash, field) = match who {
            Who::Card(card) => return Ok(Ok(*card)),
            Who::Number(number) => (hash("number", number), "card_number"),
            Who::External(id) => (hash("external", id), "customer_id"),
            Who::Email(email) => (hash("email", &PersonRecord::email_key(email)), "email"),
            Who::Phone(phone) => (hash("phone", &PersonRecord::phone_key(phone)), "phone"),
        };
        match self.cards.get(&hash) {
            Some(Known::Card(card)) => return Ok(Ok(*card)),
            Some(Known::Several) => return Ok(Err(ambiguous(field))),
            None => {}
        }
        let found = self.look_up(who, field, lookups)?;
        if let Ok(card) = found {
            self.add(hash, card);
        }
        Ok(found)
    }

    fn look_up(&self, who: &Who, field: &str, lookups: &Lookups<'_>) -> Result<Result<CardId, RowRefusal>, QueryError> {
        let customer: Option<CustomerId> = match who {
            Who::Card(card) => return Ok(Ok(*card)),
            Who::Number(number) => {
                let number = CardNumber::parse(number);
                let card = number.map(|number| lookups.card_by_number(self.partner, &number)).transpose()?.flatten();
                return Ok(card.ok_or_else(|| {
                    unknown(field, "no card has it, and no customer of this import: give the customers' file too")
                }));
            }
            Who::External(_) => {
                let message = "no customer of this import has it: give the customers' file too";
                return Ok(Err(unknown(field, message)));
            }
            Who::Email(email) => lookups.customer_by_email(self.partner, email)?,
            Who::Phone(phone) => match lookups.customers_by_phone(self.partner, phone)?.as_slice() {
                [] => None,
                [one] => Some(*one),
                [_, _, ..] => return Ok(Err(ambiguous(field))),
            },
        };
        let Some(customer) = customer else { return Ok(Err(unknown(field, "no customer has it"))) };
        let card = lookups.card_of_customer(self.partner, customer)?.flatten();
        Ok(card.ok_or_else(|| refusal("CARD_NOT_FOUND", Some(field), "the customer has no card")))
    }
}

fn unknown(field: &str, message: &str) -> RowRefusal {
    refusal("CUSTOMER_NOT_FOUND", Some(field), message)
}

fn ambiguous(field: &str) -> RowRefusal {
    refusal("AMBIGUOUS", Some(field), "several customers have it: name the customer in another way")
}

fn hash(kind: &str, name: &str) -> Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(kind.as_bytes()).update(&[0]).update(name.as_bytes());
    let mut hash = [0; 16];
    hash.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    hash
}
