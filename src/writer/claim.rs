//! Which idempotency key a request claims, and the fingerprint of what it asks. The forms stand in schema/event-log.md.

use super::{Command, Request};
use crate::domain::cards::Issue;
use crate::domain::orders::{Purchase, Refund};
use crate::domain::points::{Adjust, Award, Expire, Order, Particulars, Redeem};
use crate::domain::programme::{CreateTemplate, OpenShop, ShopFacts};
use crate::domain::webhooks::{RotateWebhook, WebhookCommand, WebhookFacts};
use crate::domain::{CardId, CustomerId, PartnerId, ShopId, Timestamp};
use crate::event_log::{Claim, Fingerprint};
use rust_decimal::Decimal;

/// The claim of a request; none where nothing names it. `buyer` is who buys, where it is a purchase and they are known, with
/// the partner's currency.
pub(super) fn claim(request: &Request, buyer: Option<(CustomerId, String)>) -> Option<Claim> {
    match &request.command {
        Command::Award(command) => award(request, command),
        Command::Redeem(command) => redeem(request, command),
        Command::Adjust(command) => adjust(request, command),
        Command::Expire(command) => expire(request, command),
        Command::Issue(command) => header(request, "issue", issue(command)),
        Command::Register(_) => header(request, "register", Fingerprint::of(&[])),
        Command::Purchase { purchase, .. } => Some(self::purchase(request, purchase, buyer?)),
        Command::Refund { order_shop, refund } => self::refund(request, *order_shop, refund),
        Command::OpenShop(command) => header(request, "open_shop", facts(command)),
        Command::CreateTemplate(command) => header(request, "create_template", rules(command)),
        Command::Webhook(WebhookCommand::Create(command)) => header(request, "create_webhook", wishes(&command.facts)),
        Command::Webhook(WebhookCommand::Rotate(command)) => header(request, "rotate_webhook", rotation(command)),
        Command::CreatePartner(_)
        | Command::ChangeSettings(_)
        | Command::UpdateShop(_)
        | Command::RetireShop(_)
        | Command::UpdateTemplate(_)
        | Command::RetireTemplate(_)
        | Command::CreateKey(_)
        | Command::RevokeKey(_)
        | Command::UpdateCustomer(_)
        | Command::ChangeCheckpointKey(_)
        | Command::RecordCheckpoint(_)
        | Command::RecordCosignature(_)
        | Command::Webhook(_)
        | Command::RecordSeal(_)
        | Command::Erase(_)
        | Command::Forget(_)
        | Command::UpdateCard(_)
        | Command::Block(_)
        | Command::Unblock(_)
        | Command::ExpireDue(_) => None,
    }
}

/// The key under which points are awarded for an order, or its purchase recorded.
pub(super) fn earn_key(partner: PartnerId, shop: Option<ShopId>, order: &str) -> String {
    format!("{}/earn/order/{order}", scope(partner, shop))
}

/// The key under which points are redeemed for an order by themselves.
pub(super) fn redeem_key(partner: PartnerId, shop: Option<ShopId>, order: &str) -> String {
    format!("{}/redeem/order/{order}", scope(partner, shop))
}

fn purchase(request: &Request, command: &Purchase, (buyer, currency): (CustomerId, String)) -> Claim {
    let key = earn_key(request.partner, command.shop, &command.order);
    Claim::new(key, fingerprint_of(&command.content(buyer, &currency)))
}

// Under a header, the key does not say whose order it is: the fingerprint does.
fn refund(request: &Request, order_shop: Option<ShopId>, command: &Refund) -> Option<Claim> {
    let mut content = command.content();
    if let Some(key) = command.key() {
        let key = format!("{}/{key}", scope(request.partner, order_shop));
        return Some(Claim::new(key, fingerprint_of(&content)));
    }
    content.extend([order_shop.map(|shop| shop.to_string()), Some(command.order.clone())]);
    header(request, "refund", fingerprint_of(&content))
}

fn fingerprint_of(content: &[Option<String>]) -> Fingerprint {
    let fields: Vec<Option<&str>> = content.iter().map(Option::as_deref).collect();
    Fingerprint::of(&fields)
}

fn award(request: &Request, command: &Award) -> Option<Claim> {
    let fingerprint = fingerprint("award", command.card, Some(command.points.get()), command.expires_at);
    named(request, earn_key, "award", command.card, &command.particulars, fingerprint)
}

fn redeem(request: &Request, command: &Redeem) -> Option<Claim> {
    let fingerprint = fingerprint("redeem", command.card, Some(command.points.get()), None);
    named(request, redeem_key, "redeem", command.card, &command.particulars, fingerprint)
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

// Who the card is for is compared with the vault instead: see `batch::same_person`.
fn issue(command: &Issue) -> Fingerprint {
    let initial = command.initial_points.map(|points| points.to_string());
    let shop = command.shop.map(|shop| shop.to_string());
    let active = command.activate.to_string();
    Fingerprint::of(&[initial.as_deref(), Some(&command.design), Some(&active), shop.as_deref()])
}

// What people typed about a shop or a template is compared with the vault as well.
fn facts(command: &OpenShop) -> Fingerprint {
    let ShopFacts { is_virtual, is_active, coordinates } = command.facts;
    let degrees = |number: Decimal| number.normalize().to_string();
    let (latitude, longitude) = coordinates.map(|at| (degrees(at.latitude), degrees(at.longitude))).unzip();
    let (is_virtual, is_active) = (is_virtual.to_string(), is_active.to_string());
    Fingerprint::of(&[Some(&is_virtual), Some(&is_active), latitude.as_deref(), longitude.as_deref()])
}

// Neither the secret, which each attempt draws anew, nor where it leads, which is compared with the vault.
fn wishes(facts: &WebhookFacts) -> Fingerprint {
    let events: Vec<&str> = facts.events.iter().map(|name| name.as_str()).collect();
    let shops: Vec<String> = facts.shop_ids.iter().map(ToString::to_string).collect();
    Fingerprint::of(&[Some(&events.join(",")), Some(&shops.join(",")), Some(&facts.is_active.to_string())])
}

// Not the secret either.
fn rotation(command: &RotateWebhook) -> Fingerprint {
    Fingerprint::of(&[Some(&command.webhook.to_string()), Some(&command.overlap_hours.to_string())])
}

// The whole rules as the event states them: a field that is added later is absent where it says nothing new.
fn rules(command: &CreateTemplate) -> Fingerprint {
    let rules = serde_json::to_string(&command.rules).expect("rules are plain data with text keys");
    Fingerprint::of(&[Some(&rules)])
}

fn fingerprint(kind: &str, card: CardId, points: Option<i64>, time: Option<Timestamp>) -> Fingerprint {
    let (card, points) = (card.to_string(), points.map(|points| points.to_string()));
    let time = time.map(|time| time.to_micros_text());
    Fingerprint::of(&[Some(kind), Some(&card), points.as_deref(), time.as_deref()])
}

/// By the order id, whatever the card; by a reference, once for each card; else by the header.
fn named(
    request: &Request,
    order_key: fn(PartnerId, Option<ShopId>, &str) -> String,
    operation: &str,
    card: CardId,
    particulars: &Particulars,
    fingerprint: Fingerprint,
) -> Option<Claim> {
    match &particulars.name {
        Some(Order::Id(id) | Order::Both { id, .. }) => {
            Some(Claim::new(order_key(request.partner, request.command.shop(), id), fingerprint))
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
            let scope = scope(request.partner, request.command.shop());
            let key = format!("{scope}/{operation}/card{card}/reference/{name}");
            Some(Claim::new(key, fingerprint))
        }
        None => header(request, operation, fingerprint),
    }
}

fn header(request: &Request, operation: &str, fingerprint: Fingerprint) -> Option<Claim> {
    let name = request.idempotency_key.as_ref()?;
    Some(Claim::new(format!("p{}/{operation}/header/{name}", request.partner), fingerprint))
}

fn scope(partner: PartnerId, shop: Option<ShopId>) -> String {
    match shop {
        Some(shop) => format!("p{partner}/s{shop}"),
        None => format!("p{partner}/s-"),
    }
}
