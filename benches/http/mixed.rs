//! A history as a shop has it: purchases, bonuses, redemptions, refunds and corrections over several shops.

use counterfoil::domain::orders::{Purchase, Refund, RefundCause, Share};
use counterfoil::domain::points::{Adjust, Award, Note, Order, Particulars, Points, Redeem};
use counterfoil::domain::programme::OpenShop;
use counterfoil::domain::{CardId, Money, PartnerId, ShopId};
use counterfoil::writer::{Actor, BuyerId, Command, Request};
use rust_decimal::Decimal;

/// The shop that `init` founds, and those opened beside it.
pub(crate) const SHOPS: i64 = 4;

/// Opens the shops after the first.
pub(crate) fn shops(partner: PartnerId) -> impl Iterator<Item = Request> {
    (2..=SHOPS).map(move |number| request(partner, Command::OpenShop(OpenShop::named(format!("Shop {number}")))))
}

/// The movement of that number. Of ten, seven are purchases; one takes back or spends what the first of them earned.
pub(crate) fn movement(partner: PartnerId, card: impl Fn(i64) -> CardId, number: i64) -> Request {
    let shop = Some(ShopId::new(1 + number % SHOPS));
    let named = |name| Particulars { shop, name: Some(name), note: note("Bench"), past: None };
    let command = match (number % 10, number % 20) {
        (7, _) => {
            let particulars = named(Order::Reference(format!("campaign-{number}")));
            Command::Award(Award { card: card(number), points: Points::new(20), expires_at: None, particulars })
        }
        // Eight before it stands a purchase in the same shop.
        (8, 8) => {
            let particulars = named(Order::Id(format!("spent-{number}")));
            Command::Redeem(Redeem { card: card(number - 8), points: Points::new(3), particulars })
        }
        (8, _) => {
            let refund = Refund {
                shop,
                order: format!("before-{}", number - 8),
                refund: Some(format!("r-{number}")),
                cause: RefundCause::Refund,
                share: Share::Amount(euros(500)),
                note: note("Returned"),
                past: None,
            };
            Command::Refund { order_shop: shop, refund }
        }
        (9, _) => {
            let particulars = named(Order::Reference(format!("correction-{number}")));
            Command::Adjust(Adjust { card: card(number), points: Points::new(2), particulars })
        }
        (_, _) => Command::Purchase {
            buyer: BuyerId::Card(card(number)),
            purchase: Purchase {
                shop,
                order: format!("before-{number}"),
                total: euros(1_000 + number % 9_000),
                currency: None,
                points: None,
                redeem: Points::ZERO,
                discount: None,
                expires_at: None,
                note: note("Purchase reward"),
                past: None,
            },
        },
    };
    request(partner, command)
}

fn euros(cents: i64) -> Money {
    Money::new(Decimal::new(cents, 2)).unwrap_or_default()
}

fn note(reason: &str) -> Note {
    Note { reason: Some(reason.to_owned()), ..Note::default() }
}

fn request(partner: PartnerId, command: Command) -> Request {
    Request { partner, actor: Actor::CommandLine, idempotency_key: None, command }
}
