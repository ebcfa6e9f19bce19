//! Issuing a card, to a customer who is known or registered by it.

use super::{CardIssued, CardNumber, CardRecord, Status, Tier};
use crate::domain::customers::{CustomerRegistered, PersonRecord, replacing};
use crate::domain::points::{Note, OpenedLot, Origin, Points, PointsAwarded, happened_by, promotion};
use crate::domain::programme::Terms;
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
    /// Since when they are a customer with a card, where an import says so.
    pub happened_at: Option<Timestamp>,
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
        terms: &Terms<'_>,
        fresh: &Fresh,
        now: Timestamp,
    ) -> Result<Vec<Draft>, Rejection> {
        let (customer, mut drafts) = match holder {
            Holder::HasCard { card, .. } => return Err(Rejection::CustomerHasCard { card: *card }),
            Holder::New => (fresh.customer, vec![self.registration(fresh.customer)]),
            Holder::Known { customer, person } => (*customer, Vec::from_iter(self.news(*customer, person))),
        };
        drafts.extend(self.card_and_bonus(customer, terms, fresh, now)?);
        Ok(drafts)
    }

    /// The card itself and what it begins with, for a customer who is known.
    pub(in crate::domain) fn card_and_bonus(
        &self,
        customer: CustomerId,
        terms: &Terms<'_>,
        fresh: &Fresh,
        now: Timestamp,
    ) -> Result<Vec<Draft>, Rejection> {
        happened_by(self.happened_at, now)?;
        let initial = self.initial_points.unwrap_or(terms.rules().initial_bonus_points);
        if initial > Points::MAX_MOVED {
            return Err(Rejection::TooManyPoints { points: initial });
        }
        let mut drafts = vec![self.card(customer, terms, fresh)];
        if initial.is_positive() {
            drafts.push(self.bonus(customer, fresh.card, initial, terms, now));
        }
        drafts.extend(promotion(fresh.card, Tier::Bronze, Points::ZERO, initial, terms));
        Ok(drafts)
    }

    fn registration(&self, customer: CustomerId) -> Draft {
        let secret = Secret::new(Stream::Customer(customer), &self.person);
        Draft::sealing(CustomerRegistered { customer, happened_at: self.happened_at, sealed: None }, secret)
    }

    // What the request says of a known person and differs from what was known.
    fn news(&self, customer: CustomerId, known: &PersonRecord) -> Option<Draft> {
        let merged = known.clone().merged_with(&self.person);
        (merged != *known).then(|| replacing(customer, known, &merged))
    }

    fn card(&self, customer: CustomerId, terms: &Terms<'_>, fresh: &Fresh) -> Draft {
        let issued = CardIssued {
            card: fresh.card,
            customer,
            template: terms.template.id,
            template_version: terms.template.version,
            number: fresh.number,
            status: if self.activate { Status::Active } else { Status::Inactive },
            design: self.design.clone(),
            shop: self.shop,
            happened_at: self.happened_at,
            sealed: None,
        };
        if self.metadata.is_empty() {
            return Draft::open(issued);
        }
        let record = CardRecord { metadata: self.metadata.clone() };
        Draft::sealing(issued, Secret::new(Stream::Customer(customer), &record))
    }

    fn bonus(&self, customer: CustomerId, card: CardId, points: Points, terms: &Terms<'_>, now: Timestamp) -> Draft {
        let expires_at = terms.rules().lot_expiry(now);
        let awarded = PointsAwarded {
            card,
            points,
            origin: Origin::Issue,
            shop: self.shop,
            order: None,
            reference: None,
            purchase: None,
            debt_paid: None,
            lot: Some(OpenedLot { points, expires_at }),
            balance_before: Points::ZERO,
            balance: points,
            lifetime: points,
            happened_at: None,
            sealed: None,
        };
        let note = Note { reason: Some("Initial points".to_owned()), ..Note::default() };
        Draft::sealing(awarded, Secret::new(Stream::Customer(customer), &note))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Event;
    use crate::domain::programme::TemplateRules;
    use crate::domain::samples::{CARD, CUSTOMER, DAY, NOW, Programme, at, kinds, lasting, programme};

    const SOMEBODY: CustomerId = CustomerId::new(4);

    /// The third version of a template with this bonus.
    fn template(initial_bonus_points: i64, days: Option<u32>) -> Programme {
        let mut programme =
            programme(TemplateRules { initial_bonus_points: Points::new(initial_bonus_points), ..lasting(days) });
        programme.template.version = 3;
        programme
    }

    fn ona() -> PersonRecord {
        let name = Some("Ona".to_owned());
        PersonRecord { email: "ona@example.com".to_owned(), name, ..PersonRecord::default() }
    }

    fn issue(initial: Option<i64>) -> Issue {
        Issue {
            person: ona(),
            initial_points: initial.map(Points::new),
            design: "gold".to_owned(),
            activate: true,
            metadata: Metadata::new(),
            shop: Some(ShopId::new(2)),
            happened_at: None,
        }
    }

    fn decide(issue: &Issue, holder: &Holder, programme: &Programme) -> Result<Vec<Draft>, Rejection> {
        let fresh = Fresh { customer: CUSTOMER, card: CARD, number: CardNumber::from_drawn(17) };
        issue.decide(holder, &programme.terms(), &fresh, NOW)
    }

    fn secrets(drafts: &[Draft]) -> Vec<&str> {
        drafts.iter().filter_map(|draft| Some(draft.secret.as_ref()?.body.as_str())).collect()
    }

    #[test]
    fn the_bonus_is_the_requests_else_the_templates() {
        for (requested, bonus, expected) in
            [(None, 0, None), (None, 50, Some(50)), (Some(0), 50, None), (Some(7), 50, Some(7)), (Some(7), 0, Some(7))]
        {
            let drafts = decide(&issue(requested), &Holder::New, &template(bonus, Some(30))).unwrap();
            let awarded = drafts.get(2).map(|draft| {
                let Event::PointsAwarded(event) = &draft.event else { panic!("{draft:?}") };
                let lot = OpenedLot { points: event.points, expires_at: Some(at(30 * DAY)) };
                assert_eq!((event.origin, event.lot, event.shop), (Origin::Issue, Some(lot), Some(ShopId::new(2))));
                assert_eq!((event.balance_before, event.balance), (Points::ZERO, event.points));
                event.points.get()
            });
            assert_eq!(awarded, expected, "{requested:?} {bonus}");
        }
    }

    #[test]
    fn initial_points_count_towards_the_tier() {
        let tier = |initial| {
            let drafts = decide(&issue(Some(initial)), &Holder::New, &template(0, None)).unwrap();
            drafts.into_iter().find_map(|draft| {
                let Event::CardTierChanged(event) = draft.event else { return None };
                Some(event.to)
            })
        };
        assert_eq!(
            [499, 500, 800, 6_000].map(tier),
            [None, Some(Tier::Silver), Some(Tier::Gold), Some(Tier::Platinum)]
        );
    }

    #[test]
    fn a_new_person_is_registered_by_the_issue() {
        let drafts = decide(&issue(None), &Holder::New, &template(0, None)).unwrap();
        assert_eq!(kinds(&drafts), ["customer.registered", "card.issued"]);
        assert_eq!(secrets(&drafts), [r#"{"email":"ona@example.com","name":"Ona"}"#]);
        let Event::CardIssued(issued) = &drafts[1].event else { panic!("{drafts:?}") };
        assert_eq!((issued.card, issued.customer, issued.template_version), (CARD, CUSTOMER, 3));
        assert_eq!((issued.status, issued.design.as_str()), (Status::Active, "gold"));
    }

    #[test]
    fn of_a_known_person_only_what_is_new_is_recorded() {
        let known = |person| Holder::Known { customer: SOMEBODY, person };
        let drafts = decide(&issue(None), &known(ona()), &template(0, None)).unwrap();
        assert_eq!(kinds(&drafts), ["card.issued"]);
        let Event::CardIssued(issued) = &drafts[0].event else { panic!("{drafts:?}") };
        assert_eq!(issued.customer, SOMEBODY, "the card is theirs, and the fresh number stays free");

        let phone = Some("+37060012345".to_owned());
        let before = PersonRecord { email: "Ona@Example.com".to_owned(), name: Some("O.".to_owned()), phone, ..ona() };
        let drafts = decide(&issue(None), &known(before), &template(0, None)).unwrap();
        assert_eq!(kinds(&drafts), ["customer.updated", "card.issued"]);
        assert_eq!(
            secrets(&drafts),
            [r#"{"email":"Ona@Example.com","name":"Ona","phone":"+37060012345"}"#],
            "the email and what the request is silent about stay"
        );
    }

    #[test]
    fn nobody_gets_a_second_card() {
        let holder = Holder::HasCard { customer: SOMEBODY, card: CARD };
        let refused = decide(&issue(None), &holder, &template(0, None));
        assert_eq!(refused, Err(Rejection::CustomerHasCard { card: CARD }));
    }

    #[test]
    fn a_billion_initial_points_are_the_most() {
        assert!(decide(&issue(Some(1_000_000_000)), &Holder::New, &template(0, None)).is_ok());
        let too_many = Err(Rejection::TooManyPoints { points: Points::new(1_000_000_001) });
        assert_eq!(decide(&issue(Some(1_000_000_001)), &Holder::New, &template(0, None)), too_many);
        assert_eq!(decide(&issue(None), &Holder::New, &template(1_000_000_001, None)), too_many);
    }

    #[test]
    fn a_card_may_begin_inactive_and_its_metadata_is_sealed() {
        let metadata = serde_json::json!({"till": 4}).as_object().cloned().unwrap();
        let drafts =
            decide(&Issue { activate: false, metadata, ..issue(None) }, &Holder::New, &template(0, None)).unwrap();
        let Event::CardIssued(issued) = &drafts[1].event else { panic!("{drafts:?}") };
        assert_eq!(issued.status, Status::Inactive);
        assert_eq!(secrets(&drafts)[1], r#"{"metadata":{"till":4}}"#);
    }
}
