//! Partners, shops, templates, keys and customers: that they exist before they are named, once, and that their streams have no gaps.

use super::report_version;
use crate::findings::{Check, Findings};
use crate::fold::{Programme, check_happened, names_a_movement};
use crate::instant::Instant;
use crate::ledger::Event;
use crate::payload::{CardIssued, EventName, Payload, Rules};
use crate::points::{PartnerId, ShopId};
use rustc_hash::FxHashMap;

/// For how many hours the secret of a webhook before the one in force may sign too.
const OVERLAP_HOURS_MAX: i64 = 168;

#[derive(Debug, Clone, Copy)]
struct Thing {
    partner: i64,
    version: i64,
    /// A revoked key, an erased customer, a retired shop or template.
    ended: bool,
    /// A webhook that nothing is sent to.
    paused: bool,
}

/// What happens to a thing that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Update,
    Revoke,
    Erase,
    /// What is retired may be updated, and then is in use again.
    Retire,
    Renew,
    /// What was sealed about an erased customer since comes to its time, too.
    Forget,
    /// What a retired key has signed may still be witnessed.
    Cosign,
}

/// Everything that is not a card.
#[derive(Debug, Default)]
pub(super) struct Registry {
    things: FxHashMap<(&'static str, i64), Thing>,
}

impl Registry {
    /// Applies an event that is not a card's, or checks whom and what an issued card names.
    pub(super) fn check(
        &mut self,
        event: &Event<'_>,
        payload: &Payload<'_>,
        command_key: Option<&str>,
        programme: &Programme,
        findings: &mut Findings,
    ) {
        let (kind, number) = payload.stream();
        match payload {
            Payload::Issued(issued) => {
                self.check_issued(event, issued, programme, findings);
                check_automatic(event, issued, command_key, programme, findings);
            }
            Payload::PartnerCreated(_)
            | Payload::ShopOpened(_)
            | Payload::KeyCreated(_)
            | Payload::CheckpointKeyCreated(_)
            | Payload::BalancesSealed(_) => self.create(kind, number, event, findings),
            Payload::WebhookCreated(created) => {
                self.create(kind, number, event, findings);
                self.pause(number, created.is_active == Some(false));
                self.check_wishes(&created.events, &created.shop_ids, event, findings);
            }
            Payload::WebhookUpdated(updated) => {
                self.change(kind, number, Change::Update, event, findings);
                self.pause(number, updated.is_active == Some(false));
                self.check_wishes(&updated.events, &updated.shop_ids, event, findings);
            }
            Payload::WebhookRotated(rotated) => {
                self.change(kind, number, Change::Update, event, findings);
                check_overlap(rotated.previous_until, event, findings);
            }
            Payload::WebhookDisabled(_) => {
                self.change(kind, number, Change::Update, event, findings);
                self.check_disabled(number, event, findings);
                self.pause(number, true);
            }
            Payload::WebhookSkipped(_) => self.change(kind, number, Change::Update, event, findings),
            Payload::CustomerRegistered(registered) => {
                self.create(kind, number, event, findings);
                check_happened(event, registered.happened_at, Check::Programme, findings);
            }
            Payload::TemplateCreated(created) => {
                self.create(kind, number, event, findings);
                self.check_shops(&created.rules, event, findings);
            }
            Payload::SettingsChanged(_) => self.change(kind, number, Change::Update, event, findings),
            Payload::ShopUpdated(_) => self.change(kind, number, Change::Renew, event, findings),
            Payload::TemplateUpdated(updated) => {
                self.change(kind, number, Change::Renew, event, findings);
                self.check_shops(&updated.rules, event, findings);
                if updated.version != event.version {
                    let sentence = format!(
                        "says that its rules apply from version {}, but it is version {}",
                        updated.version, event.version
                    );
                    findings.event(Check::Programme, event.seq, sentence);
                }
            }
            Payload::ShopRetired(_) | Payload::TemplateRetired(_) => {
                self.change(kind, number, Change::Retire, event, findings);
            }
            Payload::CheckpointMade(_) => self.change(kind, number, Change::Update, event, findings),
            Payload::CheckpointCosigned(_) => self.change(kind, number, Change::Cosign, event, findings),
            Payload::KeyRevoked(_) | Payload::CheckpointKeyRetired(_) | Payload::WebhookRemoved(_) => {
                self.change(kind, number, Change::Revoke, event, findings)
            }
            Payload::CustomerUpdated(_) => self.change(kind, number, Change::Update, event, findings),
            Payload::CustomerErased(_) => self.change(kind, number, Change::Erase, event, findings),
            Payload::RecordsErased(_) => self.change(kind, number, Change::Forget, event, findings),
            Payload::Updated(_)
            | Payload::Activated(_)
            | Payload::Blocked(_)
            | Payload::Unblocked(_)
            | Payload::TierChanged(_)
            | Payload::Moved(_) => {}
        }
    }

    fn create(&mut self, kind: &'static str, number: i64, event: &Event<'_>, findings: &mut Findings) {
        if event.version != 1 {
            report_version(event.seq, event.stream, event.version, 1, findings);
        }
        let owner = if kind == "partner" { number } else { event.partner_id };
        if kind != "partner" && !self.things.contains_key(&("partner", owner)) && owner != 0 {
            findings.event(Check::Programme, event.seq, format!("partner {owner} does not exist"));
        }
        let thing = Thing { partner: owner, version: 1, ended: false, paused: false };
        if self.things.insert((kind, number), thing).is_some() {
            findings.event(Check::Programme, event.seq, format!("{kind}:{number} exists already"));
        }
    }

    fn change(&mut self, kind: &'static str, number: i64, change: Change, event: &Event<'_>, findings: &mut Findings) {
        self.require(kind, number, event, findings);
        let Some(thing) = self.things.get_mut(&(kind, number)) else { return };
        // What was sealed about a customer after an erasure is erased by another one.
        if thing.ended && !matches!(change, Change::Erase | Change::Forget | Change::Renew | Change::Cosign) {
            let ended = if change == Change::Retire { "retired" } else { "revoked or erased" };
            let sentence = format!("{} after {kind}:{number} was {ended}", event.kind);
            findings.event(Check::Programme, event.seq, sentence);
        }
        let expected = thing.version.saturating_add(1);
        if event.version != expected {
            report_version(event.seq, event.stream, event.version, expected, findings);
        }
        let ends = match change {
            Change::Update | Change::Forget | Change::Cosign => thing.ended,
            Change::Renew => false,
            Change::Revoke | Change::Erase | Change::Retire => true,
        };
        (thing.version, thing.ended) = (event.version, ends);
    }

    fn check_issued(&self, event: &Event<'_>, issued: &CardIssued<'_>, programme: &Programme, findings: &mut Findings) {
        if let Some(why) = programme.not_given_out(issued.template) {
            let sentence = format!("gives a card of template {}, which is {why}", issued.template);
            findings.event(Check::Programme, event.seq, sentence);
        }
        self.require("customer", issued.customer.get(), event, findings);
        self.require("template", issued.template.get(), event, findings);
        if let Some(template) = self.things.get(&("template", issued.template.get()))
            && template.version != issued.template_version
        {
            let sentence = format!(
                "template {} is at version {}, not {}",
                issued.template, template.version, issued.template_version
            );
            findings.event(Check::Programme, event.seq, sentence);
        }
    }

    fn check_shops(&self, rules: &Rules, event: &Event<'_>, findings: &mut Findings) {
        for shop in &rules.shop_ids {
            self.require("shop", shop.get(), event, findings);
        }
    }

    /// Checks that a webhook wants something, each thing once, of shops that there are.
    fn check_wishes(&self, events: &[EventName], shops: &[ShopId], event: &Event<'_>, findings: &mut Findings) {
        if events.is_empty() {
            findings.event(Check::Programme, event.seq, "the webhook wants no events");
        }
        if has_twice(events) {
            findings.event(Check::Programme, event.seq, "the webhook names an event twice");
        }
        if has_twice(shops) {
            findings.event(Check::Programme, event.seq, "the webhook names a shop twice");
        }
        for shop in shops {
            self.require("shop", shop.get(), event, findings);
        }
    }

    fn pause(&mut self, webhook: i64, paused: bool) {
        if let Some(thing) = self.things.get_mut(&("webhook", webhook)) {
            thing.paused = paused;
        }
    }

    /// Checks that the sender stopped a webhook, and one that was sent to.
    fn check_disabled(&self, webhook: i64, event: &Event<'_>, findings: &mut Findings) {
        if event.actor != "job:webhooks" {
            findings.event(Check::Programme, event.seq, "only job:webhooks finds that a receiver takes nothing");
        }
        if self.things.get(&("webhook", webhook)).is_some_and(|thing| thing.paused) {
            findings.event(Check::Programme, event.seq, "the webhook is not active: there is nothing to stop");
        }
    }

    /// Checks that a thing exists and belongs to the event's partner.
    fn require(&self, kind: &'static str, number: i64, event: &Event<'_>, findings: &mut Findings) {
        let sentence = match self.things.get(&(kind, number)) {
            None => format!("{kind}:{number} does not exist"),
            Some(thing) if thing.partner != event.partner_id => {
                format!(
                    "{kind}:{number} belongs to partner {}, the event to partner {}",
                    thing.partner, event.partner_id
                )
            }
            Some(_) => return,
        };
        findings.event(Check::Programme, event.seq, sentence);
    }
}

fn has_twice<T: PartialEq>(list: &[T]) -> bool {
    list.iter().enumerate().any(|(place, one)| list[..place].contains(one))
}

/// Checks that the secret before signs for no longer than it may.
fn check_overlap(until: Instant, event: &Event<'_>, findings: &mut Findings) {
    let overlap = until.micros().saturating_sub(event.recorded_at);
    if !(0..=OVERLAP_HOURS_MAX * 3_600_000_000).contains(&overlap) {
        let sentence = format!(
            "the secret before signs too until {until}, which is not within {OVERLAP_HOURS_MAX} hours of the rotation"
        );
        findings.event(Check::Programme, event.seq, sentence);
    }
}

/// Who is given a card by itself gets the template that is assigned automatically. A purchase, which its order's key names, may ask for
/// another one.
fn check_automatic(
    event: &Event<'_>,
    issued: &CardIssued<'_>,
    command_key: Option<&str>,
    programme: &Programme,
    findings: &mut Findings,
) {
    if command_key.is_some_and(names_a_movement) || programme.not_given_out(issued.template).is_some() {
        return;
    }
    let expected = programme.automatic(PartnerId::new(event.partner_id), issued.shop);
    if expected == Some(issued.template) {
        return;
    }
    let place = issued.shop.map_or_else(|| "without a shop".to_owned(), |shop| format!("at shop {shop}"));
    let expected = expected.map_or_else(|| "none".to_owned(), |template| template.to_string());
    let sentence =
        format!("gives a card of template {}, but the one that is assigned {place} is {expected}", issued.template);
    findings.event(Check::Programme, event.seq, sentence);
}
