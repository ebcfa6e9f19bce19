//! Shops and keys, as every worker knows them: any event may name one, whoever folds it.

use crate::findings::{Check, Findings};
use crate::ledger::Event;
use crate::payload::stream_parts;
use crate::points::ShopId;
use rustc_hash::FxHashMap;

/// The shops and keys that exist so far, each with its partner.
#[derive(Debug, Default)]
pub(super) struct Names {
    shops: FxHashMap<i64, i64>,
    keys: FxHashMap<i64, i64>,
}

impl Names {
    /// Notes a shop or key that the event makes. Its stream says which; that the payload agrees is the registry's to check.
    pub(super) fn note(&mut self, event: &Event<'_>) {
        let things = match event.kind {
            "shop.opened" => &mut self.shops,
            "key.created" => &mut self.keys,
            _ => return,
        };
        if let Some((_, number)) = stream_parts(event.stream) {
            things.entry(number).or_insert(event.partner_id);
        }
    }

    /// Checks that a key that asked for something exists and is the partner's own.
    pub(super) fn check_actor(&self, event: &Event<'_>, findings: &mut Findings) {
        let Some(number) = event.actor.strip_prefix("key:") else { return };
        match stream_parts(event.actor) {
            // Any key that exists may have a checkpoint made, which belongs to nobody.
            Some((_, key))
                if event.partner_id == 0 && event.kind.starts_with("checkpoint") && self.keys.contains_key(&key) => {}
            Some((_, key)) => check("key", key, self.keys.get(&key), event, findings),
            None => {
                findings.event(Check::Programme, event.seq, format!("the actor names a key {number:?}, not a number"));
            }
        }
    }

    /// Checks that a shop exists and is the partner's own.
    pub(super) fn check_shop(&self, shop: Option<ShopId>, event: &Event<'_>, findings: &mut Findings) {
        let Some(shop) = shop.map(ShopId::get) else { return };
        check("shop", shop, self.shops.get(&shop), event, findings);
    }
}

fn check(kind: &str, number: i64, partner: Option<&i64>, event: &Event<'_>, findings: &mut Findings) {
    let sentence = match partner {
        None => format!("{kind}:{number} does not exist"),
        Some(partner) if *partner != event.partner_id => {
            format!("{kind}:{number} belongs to partner {partner}, the event to partner {}", event.partner_id)
        }
        Some(_) => return,
    };
    findings.event(Check::Programme, event.seq, sentence);
}
