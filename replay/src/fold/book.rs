//! All cards: what happens to a card itself. Movements of points are in [`super::movement`].

use super::card::Card;
use super::past::{Pasts, check_happened};
use super::place;
use super::programme::Programme;
use super::purchase::Tills;
use super::refund::{RefundNote, Refunding};
use super::rows::MovementRow;
use super::totals::Totals;
use crate::findings::{Check, Findings};
use crate::instant::Instant;
use crate::ledger::Event;
use crate::payload::{
    CardBlocked, CardIssued, CardTierChanged, CardUnblocked, CardUpdated, Moving, Payload, Status, Tier,
};
use crate::points::{CardId, PartnerId};
use rustc_hash::FxHashMap;

/// A threshold that was crossed, and whose `card.tier_changed` has yet to come.
#[derive(Debug, Clone, Copy)]
struct Crossing {
    seq: i64,
    command_seq: i64,
    tier: Tier,
}

/// What the next event of a card may also say after a wrong one, so that one wrong event is not told twice.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Doubt {
    /// The next version, had the wrong event had the right one.
    pub(super) version: Option<i64>,
    /// How far the stated balance is from the fold's.
    pub(super) drift: crate::points::Points,
}

/// The cards as of the last event applied.
#[derive(Debug, Default)]
pub struct Cards {
    pub(super) cards: FxHashMap<CardId, Card>,
    pub(super) totals: FxHashMap<PartnerId, Totals>,
    pub(super) doubts: FxHashMap<CardId, Doubt>,
    /// The terms by which movements are judged.
    pub programme: Programme,
    /// Every refund so far.
    pub refunds: Vec<RefundNote>,
    tills: Tills,
    refunding: Refunding,
    pasts: Pasts,
    crossings: FxHashMap<CardId, Crossing>,
    /// Cards changed since [`Cards::freeze`], as they were then; none for a card issued since.
    frozen: Option<FxHashMap<CardId, Option<Card>>>,
}

impl Cards {
    /// Applies an event of a card and says what is wrong with it. A movement gives its row.
    pub fn apply<'a>(
        &mut self,
        event: &Event<'a>,
        payload: &'a Payload<'a>,
        findings: &mut Findings,
    ) -> Option<MovementRow<'a>> {
        let id = payload.card()?;
        self.keep_for_comparison(id);
        self.expect_tier_change(id, event, payload, findings);
        self.tills.expect_terms(Some(event.command_seq), findings);
        if let Payload::Issued(issued) = payload {
            self.issue(event, issued, findings);
            self.step_version(id, event, findings);
            return None;
        }
        if !self.cards.contains_key(&id) {
            findings.event(Check::Cards, event.seq, format!("{} of card {id}, which was never issued", event.kind));
            return None;
        }
        self.step_version(id, event, findings);
        let card = self.cards.get_mut(&id)?;
        if card.partner.get() != event.partner_id {
            let sentence =
                format!("card {id} belongs to partner {}, the event to partner {}", card.partner, event.partner_id);
            findings.event(Check::Cards, event.seq, sentence);
        }
        if let Payload::Moved(moving) = payload {
            self.tills.follow(event, moving, findings);
            self.refunding.follow(event, moving, findings);
            self.pasts.follow(event, moving, findings);
            return Some(self.moved(id, event, moving, findings));
        }
        change(id, card, event, payload, findings);
        if let Payload::TierChanged(changed) = payload {
            self.change_tier(id, event, changed, findings);
        }
        None
    }

    /// Notes an event of a card that could not be read, so that the card's next version is not told as a gap.
    pub fn skip(&mut self, id: CardId, event: &Event<'_>, findings: &mut Findings) {
        if self.cards.contains_key(&id) {
            self.keep_for_comparison(id);
            self.step_version(id, event, findings);
        }
    }

    /// From here on, keeps what cards were at this moment, for [`Cards::as_frozen`].
    pub fn freeze(&mut self) {
        self.frozen.get_or_insert_default();
    }

    /// A card as it was when [`Cards::freeze`] was called, or as it is if it never was.
    #[must_use]
    pub fn as_frozen(&self, id: CardId) -> Option<&Card> {
        match self.frozen.as_ref().and_then(|frozen| frozen.get(&id)) {
            Some(then) => then.as_ref(),
            None => self.cards.get(&id),
        }
    }

    /// All ids of cards, also of those issued after the freeze.
    pub fn ids(&self) -> impl Iterator<Item = CardId> {
        self.cards.keys().copied()
    }

    /// A card as it is.
    #[must_use]
    pub fn get(&self, id: CardId) -> Option<&Card> {
        self.cards.get(&id)
    }

    /// All cards as they are, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (CardId, &Card)> {
        self.cards.iter().map(|(id, card)| (*id, card))
    }

    /// What each partner's cards were given and lost.
    pub fn totals(&self) -> impl Iterator<Item = (PartnerId, &Totals)> {
        self.totals.iter().map(|(partner, totals)| (*partner, totals))
    }

    /// Says which thresholds were crossed without a change of tier by the end of the log, and which purchase has no terms.
    pub fn finish(&mut self, findings: &mut Findings) {
        self.tills.expect_terms(None, findings);
        for (id, crossing) in &self.crossings {
            missing_tier_change(*id, crossing, findings);
        }
    }

    /// Notes that an event took a card's lifetime over a threshold.
    pub(super) fn cross(&mut self, id: CardId, event: &Event<'_>, tier: Tier) {
        self.crossings.insert(id, Crossing { seq: event.seq, command_seq: event.command_seq, tier });
    }

    fn keep_for_comparison(&mut self, id: CardId) {
        if let Some(frozen) = &mut self.frozen {
            frozen.entry(id).or_insert_with(|| self.cards.get(&id).cloned());
        }
    }

    fn step_version(&mut self, id: CardId, event: &Event<'_>, findings: &mut Findings) {
        let Some(card) = self.cards.get_mut(&id) else { return };
        let expected = card.version.saturating_add(1);
        (card.version, card.as_of) = (event.version, event.seq);
        if event.version == expected && self.doubts.is_empty() {
            return;
        }
        let forgiven = self.doubts.get_mut(&id).and_then(|doubt| doubt.version.take());
        if event.version != expected && forgiven != Some(event.version) {
            let sentence = format!("version {} of stream {}, where {expected} comes next", event.version, event.stream);
            findings.event(Check::Streams, event.seq, sentence);
            self.doubts.entry(id).or_default().version = Some(expected.saturating_add(1));
        }
    }

    fn issue(&mut self, event: &Event<'_>, issued: &CardIssued<'_>, findings: &mut Findings) {
        if issued.status == Status::Blocked {
            findings.event(Check::Cards, event.seq, "a card is issued active or inactive, not blocked");
        }
        check_happened(event, issued.happened_at, Check::Cards, findings);
        place::check_issued(event, issued, &self.programme, findings);
        let at = Instant::from_micros(event.recorded_at);
        let card = Card::issued(issued, PartnerId::new(event.partner_id), event.seq, at);
        if let Some(known) = self.cards.insert(issued.card, card) {
            findings.event(Check::Cards, event.seq, format!("card {} was issued before", issued.card));
            self.cards.insert(issued.card, known);
        }
    }

    fn expect_tier_change(&mut self, id: CardId, event: &Event<'_>, payload: &Payload<'_>, findings: &mut Findings) {
        if self.crossings.is_empty() || matches!(payload, Payload::TierChanged(_)) {
            return;
        }
        if let Some(crossing) = self.crossings.get(&id)
            && crossing.command_seq != event.command_seq
        {
            missing_tier_change(id, crossing, findings);
            self.crossings.remove(&id);
        }
    }

    fn change_tier(&mut self, id: CardId, event: &Event<'_>, changed: &CardTierChanged, findings: &mut Findings) {
        let Some(card) = self.cards.get_mut(&id) else { return };
        let crossing = self.crossings.remove(&id);
        let mut wrong = |sentence: String| findings.event(Check::Tiers, event.seq, sentence);
        let settings = self.programme.partner(card.partner).map(|partner| &partner.settings);
        if settings.is_some_and(|settings| !settings.count_the_card_alone()) {
            // The points of other cards or of twelve months count: see [`super::Standings`].
            card.tier = changed.to;
            return;
        }
        match crossing {
            None => wrong(format!("the tier of card {id} changes, but no threshold was crossed")),
            Some(crossing) if crossing.command_seq != event.command_seq => {
                wrong(format!(
                    "the tier of card {id} changes in another command than event {}, which crossed the threshold",
                    crossing.seq
                ));
            }
            Some(crossing) if crossing.tier != changed.to => {
                wrong(format!(
                    "card {id} becomes {}, but {} lifetime points are {}",
                    changed.to.name(),
                    card.lifetime,
                    crossing.tier.name()
                ));
            }
            Some(_) => {}
        }
        if changed.from != card.tier {
            wrong(format!("card {id} was {}, not {}", card.tier.name(), changed.from.name()));
        }
        if changed.lifetime != card.lifetime {
            wrong(format!("card {id} has {} lifetime points, not {}", card.lifetime, changed.lifetime));
        }
        card.tier = changed.to;
    }

    /// Applies a movement; its rules are in [`super::movement`].
    fn moved<'a>(
        &mut self,
        id: CardId,
        event: &Event<'a>,
        moving: &'a Moving<'a>,
        findings: &mut Findings,
    ) -> MovementRow<'a> {
        self.check_and_move(id, event, moving, findings);
        MovementRow {
            seq: event.seq,
            card: id.get(),
            kind: moving.kind.name(),
            points: moving.points.get(),
            balance_before: moving.balance_before.get(),
            balance_after: moving.balance.get(),
            shop: moving.shop.map(crate::points::ShopId::get),
            order_id: moving.order.as_ref().map(crate::payload::Text::as_str),
            reference: moving.reference.as_ref().map(crate::payload::Text::as_str),
            expires_at: moving.lot.and_then(|lot| lot.expires_at).map(Instant::micros),
            actor: event.actor,
            record: moving.sealed.map(|sealed| sealed.record.get()),
            at: event.recorded_at,
            partner: event.partner_id,
            transaction: moving.transaction(),
            amount: moving.order_total().filter(|amount| *amount != 0),
            happened_at: moving.happened_at.map(Instant::micros),
        }
    }
}

fn missing_tier_change(id: CardId, crossing: &Crossing, findings: &mut Findings) {
    let sentence =
        format!("the event made card {id} {}, but no card.tier_changed follows in its command", crossing.tier.name());
    findings.event(Check::Tiers, crossing.seq, sentence);
}

/// What happens to a card that moves no points. Its time of change is noted here too.
fn change(id: CardId, card: &mut Card, event: &Event<'_>, payload: &Payload<'_>, findings: &mut Findings) {
    let at = Instant::from_micros(event.recorded_at);
    card.updated_at = at;
    match payload {
        Payload::Updated(CardUpdated { design, sealed, .. }) => {
            if let Some(design) = design {
                card.design = design.as_str().into();
            }
            card.metadata_record = sealed.map(|sealed| sealed.record).or(card.metadata_record);
        }
        Payload::Activated(_) => {
            if card.status != Status::Inactive {
                findings.event(
                    Check::Cards,
                    event.seq,
                    format!("card {id} is activated, but it was {}", card.status.name()),
                );
            }
            card.status = Status::Active;
        }
        Payload::Blocked(CardBlocked { sealed, .. }) => {
            if card.status == Status::Blocked {
                findings.event(Check::Cards, event.seq, format!("card {id} is blocked, but it was blocked before"));
            } else {
                card.status_before_block = Some(card.status);
            }
            card.status = Status::Blocked;
            (card.blocked_at, card.block_record) = (Some(at), Some(sealed.record));
        }
        Payload::Unblocked(CardUnblocked { status, .. }) => {
            if card.status_before_block != Some(*status) {
                let before = card.status_before_block.map_or("not blocked", Status::name);
                findings.event(
                    Check::Cards,
                    event.seq,
                    format!("card {id} is unblocked to {}, but it was {before}", status.name()),
                );
            }
            card.status = *status;
            (card.status_before_block, card.blocked_at, card.block_record) = (None, None, None);
        }
        Payload::Issued(_)
        | Payload::TierChanged(_)
        | Payload::Moved(_)
        | Payload::PartnerCreated(_)
        | Payload::SettingsChanged(_)
        | Payload::ShopOpened(_)
        | Payload::ShopUpdated(_)
        | Payload::ShopRetired(_)
        | Payload::TemplateCreated(_)
        | Payload::TemplateUpdated(_)
        | Payload::TemplateRetired(_)
        | Payload::KeyCreated(_)
        | Payload::KeyRevoked(_)
        | Payload::CheckpointKeyCreated(_)
        | Payload::CheckpointKeyRetired(_)
        | Payload::CheckpointMade(_)
        | Payload::CheckpointCosigned(_)
        | Payload::WebhookCreated(_)
        | Payload::WebhookUpdated(_)
        | Payload::WebhookRotated(_)
        | Payload::WebhookDisabled(_)
        | Payload::WebhookSkipped(_)
        | Payload::WebhookRemoved(_)
        | Payload::BalancesSealed(_)
        | Payload::CustomerRegistered(_)
        | Payload::CustomerUpdated(_)
        | Payload::CustomerErased(_)
        | Payload::RecordsErased(_) => {}
    }
}
