//! Cards, lots and rules for the tests of decisions.

use super::cards::{Card, CardIssued, CardNumber, Status};
use super::points::{Lot, Lots, Order, Particulars, Points, Slice};
use super::programme::{Partner, Settings, Standing, Template, TemplateRules, Terms};
use super::{CardId, CustomerId, Draft, LotId, PartnerId, RecordId, Seq, TemplateId, Timestamp};

/// 2026-01-01T00:00:00Z.
pub(crate) const NOW: Timestamp = Timestamp::from_micros(1_767_225_600_000_000);
/// In microseconds.
pub(crate) const DAY: i64 = 86_400_000_000;
pub(crate) const CARD: CardId = CardId::new(17);
pub(crate) const CUSTOMER: CustomerId = CustomerId::new(9);

/// So many microseconds from now, or before it.
pub(crate) const fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(NOW.micros() + micros)
}

/// An unspent lot that expires so many microseconds from now.
pub(crate) fn lot(id: i64, points: i64, expires_in: Option<i64>) -> Lot {
    let points = Points::new(points);
    Lot { id: LotId::new(id), points, remaining: points, shop: None, expires_at: expires_in.map(at) }
}

/// An active card with these lots.
pub(crate) fn card(lots: &[Lot]) -> Card {
    let issued = CardIssued {
        card: CARD,
        customer: CUSTOMER,
        template: TemplateId::new(1),
        template_version: 1,
        number: CardNumber::from_drawn(17),
        status: Status::Active,
        design: "default".to_owned(),
        shop: None,
        happened_at: None,
        sealed: None,
    };
    let card = Card::issued(&issued, PartnerId::new(1), Seq::new(1), at(-DAY));
    Card { lots: Lots::new(lots.to_vec()), ..card }
}

/// A card that owes so many points.
pub(crate) fn owing(points: i64) -> Card {
    Card { debt: Points::new(points), ..card(&[]) }
}

/// The template that everybody starts with, except that points last so many days.
pub(crate) fn lasting(days: Option<u32>) -> TemplateRules {
    TemplateRules { points_expiration_days: days, ..TemplateRules::default() }
}

/// A partner with euros and a template.
#[derive(Debug, Clone)]
pub(crate) struct Programme {
    pub(crate) partner: Partner,
    pub(crate) template: Template,
}

/// The programme of a partner who never changed a setting.
pub(crate) fn programme(rules: TemplateRules) -> Programme {
    let (partner, record) = (PartnerId::new(1), RecordId::new(1));
    Programme {
        partner: Partner {
            id: partner,
            currency: "EUR".to_owned(),
            record,
            settings: Settings::default(),
            settings_record: None,
            created_at: NOW,
            updated_at: NOW,
            version: 1,
            as_of: Seq::new(1),
        },
        template: Template {
            id: TemplateId::new(1),
            partner,
            rules,
            record,
            created_at: NOW,
            updated_at: NOW,
            retired_at: None,
            version: 1,
            as_of: Seq::new(1),
        },
    }
}

impl Programme {
    pub(crate) fn with_settings(mut self, settings: Settings) -> Self {
        self.partner.settings = settings;
        self
    }

    pub(crate) fn terms(&self) -> Terms<'_> {
        Terms { partner: &self.partner, template: &self.template, standing: Standing::default() }
    }
}

pub(crate) fn named(name: Option<Order>) -> Particulars {
    Particulars { name, ..Particulars::default() }
}

/// The card once the decision has been recorded, from event 101 on.
pub(crate) fn after(card: &Card, drafts: &[Draft]) -> Card {
    let mut card = card.clone();
    for (seq, draft) in (101..).zip(drafts) {
        card.evolve(&draft.event, Seq::new(seq), NOW);
    }
    card
}

/// The kinds of the events, in order.
pub(crate) fn kinds(drafts: &[Draft]) -> Vec<&'static str> {
    drafts.iter().map(|draft| draft.event.kind()).collect()
}

/// How much was taken from which lot.
pub(crate) fn taken(slices: &[Slice]) -> Vec<(i64, i64)> {
    slices.iter().map(|slice| (slice.lot.get(), slice.points.get())).collect()
}
