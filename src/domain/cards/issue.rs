//! Issuing a card, to a customer who is known or registered by it.

use super::{CardIssued, CardNumber, CardRecord, Status, Tier};
use crate::domain::customers::{CustomerRegistered, CustomerUpdated, PersonRecord};
use crate::domain::points::{Note, OpenedLot, Origin, Points, PointsAwarded, promotion};
use crate::domain::programme::Template;
use crate::domain::{CardId, CustomerId, Draft, Metadata, Rejection, Secret, ShopId, Stream, Timestamp};

/// Gives a person a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    pub person: PersonRecord,
    /// None means the template's own bonus.
    pub initial_points: Option<Points>,
    pub design: String,
    pub activate: bool,
    pub metadata: Metadata,
    pub shop: Option<ShopId>,
}

/// Who will hold the card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// Nobody has registered that email.
    New,
    /// A customer has, without a card so far.
    Known { customer: CustomerId, person: PersonRecord },
    /// A customer has, and a card too.
    HasCard { customer: CustomerId, card: CardId },
}

/// Numbers that the writer hands out: the next free ids, and a card number drawn at random.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fresh {
    pub customer: CustomerId,
    pub card: CardId,
    pub number: CardNumber,
}

impl Issue {
    /// The events of the issue, or the rule that it breaks.
    ///
    /// # Errors
    /// The first broken rule in the order in which [`Rejection`] declares them.
    pub fn decide(
        &self,
        holder: &Holder,
        template: &Template,
        fresh: Fresh,
        now: Timestamp,
    ) -> Result<Vec<Draft>, Rejection> {
        let (customer, mut drafts) = match holder {
            Holder::HasCard { card, .. } => return Err(Rejection::CustomerHasCard { card: *card }),
            Holder::New => (fresh.customer, vec![self.registration(fresh.customer)]),
            Holder::Known { customer, person } => (*customer, Vec::from_iter(self.news(*customer, person))),
        };
        let initial = self.initial_points.unwrap_or(template.rules.initial_bonus_points);
        if initial > Points::MAX_MOVED {
            return Err(Rejection::TooManyPoints { points: initial });
        }
        drafts.push(self.card(customer, template, &fresh));
        if initial.is_positive() {
            drafts.push(self.bonus(customer, fresh.card, initial, template, now));
            drafts.extend(promotion(fresh.card, Tier::Bronze, initial));
        }
        Ok(drafts)
    }

    fn registration(&self, customer: CustomerId) -> Draft {
        let secret = Secret::new(Stream::Customer(customer), &self.person);
        Draft::sealing(CustomerRegistered { customer, sealed: None }, secret)
    }

    // What the request says of a known person and differs from what was known.
    fn news(&self, customer: CustomerId, known: &PersonRecord) -> Option<Draft> {
        let merged = known.clone().merged_with(&self.person);
        (merged != *known).then(|| {
            let secret = Secret::new(Stream::Customer(customer), &merged);
            Draft::sealing(CustomerUpdated { customer, sealed: None }, secret)
        })
    }

    fn card(&self, customer: CustomerId, template: &Template, fresh: &Fresh) -> Draft {
        let issued = CardIssued {
            card: fresh.card,
            customer,
            template: template.id,
            template_version: template.version,
            number: fresh.number.clone(),
            status: if self.activate { Status::Active } else { Status::Inactive },
            design: self.design.clone(),
            shop: self.shop,
            sealed: None,
        };
        if self.metadata.is_empty() {
            return Draft::open(issued);
        }
        let record = CardRecord { metadata: self.metadata.clone() };
        Draft::sealing(issued, Secret::new(Stream::Customer(customer), &record))
    }

    fn bonus(&self, customer: CustomerId, card: CardId, points: Points, template: &Template, now: Timestamp) -> Draft {
        let expires_at = template.rules.points_expiration_days.map(|days| now.plus_days(days));
        let awarded = PointsAwarded {
            card,
            points,
            origin: Origin::Issue,
            shop: self.shop,
            order: None,
            reference: None,
            debt_paid: None,
            lot: Some(OpenedLot { points, expires_at }),
            balance_before: Points::ZERO,
            balance: points,
            lifetime: points,
            sealed: None,
        };
        let note = Note { reason: Some("Initial points".to_owned()), ..Note::default() };
        Draft::sealing(awarded, Secret::new(Stream::Customer(customer), &note))
    }
}
