//! Which idempotency key a request claims, and the fingerprint of what it asks. The forms stand in schema/event-log.md.

use super::{Command, Request};
use crate::domain::cards::Issue;
use crate::domain::points::{Adjust, Award, Expire, Order, Particulars, Redeem};
use crate::domain::{CardId, Timestamp};
use crate::event_log::{Claim, Fingerprint};

/// The claim of a request; none where nothing names it.
pub(super) fn claim(request: &Request) -> Option<Claim> {
    match &request.command {
        Command::Award(command) => award(request, command),
        Command::Redeem(command) => redeem(request, command),
        Command::Adjust(command) => adjust(request, command),
        Command::Expire(command) => expire(request, command),
        Command::Issue(command) => header(request, "issue", issue(command)),
        Command::Register(_) => header(request, "register", Fingerprint::of(&[])),
        Command::CreatePartner(_)
        | Command::OpenShop(_)
        | Command::CreateTemplate(_)
        | Command::CreateKey(_)
        | Command::RevokeKey(_)
        | Command::Erase(_)
        | Command::UpdateCard(_)
        | Command::Block(_)
        | Command::Unblock(_)
        | Command::ExpireDue(_) => None,
    }
}

fn award(request: &Request, command: &Award) -> Option<Claim> {
    let fingerprint = fingerprint("award", command.card, Some(command.points.get()), command.expires_at);
    named(request, "earn", "award", command.card, &command.particulars, fingerprint)
}

fn redeem(request: &Request, command: &Redeem) -> Option<Claim> {
    let fingerprint = fingerprint("redeem", command.card, Some(command.points.get()), None);
    named(request, "redeem", "redeem", command.card, &command.particulars, fingerprint)
}

fn adjust(request: &Request, command: &Adjust) -> Option<Claim> {
    let fingerprint = fingerprint("adjust", command.card, Some(command.points.get()), None);
    other(request, "adjust", command.card, &command.particulars, fingerprint)
}

fn expire(request: &Request, command: &Expire) -> Option<Claim> {
    let points = command.points.map(|points| points.get());
    let fingerprint = fingerprint("expire", command.card, points, command.expires_before);
    other(request, "expire", command.card, &command.particulars, fingerprint)
}

// Who the card is for is compared with the vault instead: see `memory`.
fn issue(command: &Issue) -> Fingerprint {
    let initial = command.initial_points.map(|points| points.to_string());
    let shop = command.shop.map(|shop| shop.to_string());
    let active = command.activate.to_string();
    Fingerprint::of(&[initial.as_deref(), Some(&command.design), Some(&active), shop.as_deref()])
}

fn fingerprint(kind: &str, card: CardId, points: Option<i64>, time: Option<Timestamp>) -> Fingerprint {
    let (card, points) = (card.to_string(), points.map(|points| points.to_string()));
    let time = time.map(|time| time.to_micros_text());
    Fingerprint::of(&[Some(kind), Some(&card), points.as_deref(), time.as_deref()])
}

/// By the order id, whatever the card; by a reference, once for each card; else by the header.
fn named(
    request: &Request,
    order_operation: &str,
    operation: &str,
    card: CardId,
    particulars: &Particulars,
    fingerprint: Fingerprint,
) -> Option<Claim> {
    match &particulars.name {
        Some(Order::Id(id) | Order::Both { id, .. }) => {
            let key = format!("{}/{order_operation}/order/{id}", scope(request));
            Some(Claim::new(key, fingerprint))
        }
        Some(Order::Reference(_)) | None => other(request, operation, card, particulars, fingerprint),
    }
}

fn other(
    request: &Request,
    operation: &str,
    card: CardId,
    particulars: &Particulars,
    fingerprint: Fingerprint,
) -> Option<Claim> {
    match &particulars.name {
        Some(Order::Reference(name) | Order::Id(name) | Order::Both { reference: name, .. }) => {
            let key = format!("{}/{operation}/card{card}/reference/{name}", scope(request));
            Some(Claim::new(key, fingerprint))
        }
        None => header(request, operation, fingerprint),
    }
}

fn header(request: &Request, operation: &str, fingerprint: Fingerprint) -> Option<Claim> {
    let name = request.idempotency_key.as_ref()?;
    Some(Claim::new(format!("p{}/{operation}/header/{name}", request.partner), fingerprint))
}

fn scope(request: &Request) -> String {
    match request.command.shop() {
        Some(shop) => format!("p{}/s{shop}", request.partner),
        None => format!("p{}/s-", request.partner),
    }
}
