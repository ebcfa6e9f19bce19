//! What a command's idempotency key says against what the command did.

use crate::findings::{Check, Findings};
use crate::ledger::Event;
use crate::payload::{About, Cause, Moving, MovingKind, Origin};
use std::fmt::Write as _;

/// Checks a movement against the key of its command. `expected` is room for the key, kept from one event to the next.
///
/// An order or reference names its movement, and then the key has to be that name; a movement without either is claimed by a header or by nothing.
pub fn check_key(
    event: &Event<'_>,
    command_key: Option<&str>,
    moving: &Moving<'_>,
    expected: &mut String,
    findings: &mut Findings,
) {
    match moving.kind {
        MovingKind::Expire { cause: Cause::Due } | MovingKind::Award { origin: Origin::Issue, .. } => return,
        // Their order's shop stands in the key, and is known only when the order has been looked up.
        MovingKind::Refund { .. } | MovingKind::Return => return,
        MovingKind::Award { .. }
        | MovingKind::Redeem
        | MovingKind::Adjust
        | MovingKind::Expire { .. }
        | MovingKind::Order => {}
    }
    if !spell(event.partner_id, moving, expected) {
        if let Some(key) = command_key.filter(|key| names_a_movement(key)) {
            findings.event(
                Check::Keys,
                event.seq,
                format!("the command claimed {key:?}, but the event names no order or reference"),
            );
        }
        return;
    }
    if command_key != Some(expected.as_str()) {
        let claimed = command_key.map_or_else(|| "nothing".to_owned(), |key| format!("{key:?}"));
        findings.event(
            Check::Keys,
            event.seq,
            format!("the event is named by {expected:?}, but its command claimed {claimed}"),
        );
    }
}

/// Writes the key that the movement's order or reference gives; false where there is neither.
fn spell(partner: i64, moving: &Moving<'_>, key: &mut String) -> bool {
    key.clear();
    let operation = moving.kind.name();
    let written = match (moving.kind, &moving.order, &moving.reference) {
        (MovingKind::Award { .. } | MovingKind::Order, Some(order), _) => {
            shop(partner, moving, key).and_then(|()| write!(key, "earn/order/{}", order.as_str()))
        }
        (MovingKind::Redeem, Some(order), _) => {
            // Within a purchase, the purchase is what is named.
            let purchase = matches!(&moving.about, About::Spending(spending) if spending.discount.is_some());
            let operation = if purchase { "earn" } else { "redeem" };
            shop(partner, moving, key).and_then(|()| write!(key, "{operation}/order/{}", order.as_str()))
        }
        (_, _, Some(reference)) => shop(partner, moving, key)
            .and_then(|()| write!(key, "{operation}/card{}/reference/{}", moving.card, reference.as_str())),
        (_, _, None) => return false,
    };
    written.is_ok()
}

fn shop(partner: i64, moving: &Moving<'_>, key: &mut String) -> std::fmt::Result {
    match moving.shop {
        Some(shop) => write!(key, "p{partner}/s{shop}/"),
        None => write!(key, "p{partner}/s-/"),
    }
}

/// Whether a key is of the forms for orders and references: `p1/s2/…` or `p1/s-/…`, where a header's has an operation.
#[must_use]
pub fn names_a_movement(key: &str) -> bool {
    let mut parts = key.splitn(3, '/').skip(1);
    let shop = parts.next().and_then(|part| part.strip_prefix('s'));
    shop.is_some_and(|shop| shop == "-" || (!shop.is_empty() && shop.bytes().all(|byte| byte.is_ascii_digit())))
}
