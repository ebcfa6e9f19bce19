//! Booking a purchase, or whatever else the type of the request says.

use super::booking::{Booked, Named, Party, book, note};
use crate::domain::orders::{Purchase, Refund, RefundCause, Share};
use crate::domain::points::{Note, Order, Particulars, Points, Redeem};
use crate::domain::programme::Scope;
use crate::domain::{Money, ShopId, TemplateId};
use crate::http::api::submitting::IdempotencyKey;
use crate::http::auth::Caller;
use crate::http::body::Body;
use crate::http::envelope::Answer;
use crate::http::errors::ApiError;
use crate::http::fields::{Fields, NOT_NEGATIVE, POSITIVE, Problem};
use crate::http::limits;
use crate::http::locales::{Locale, Message};
use crate::http::shop::State;
use crate::http::{HttpState, ids};
use crate::writer::{BuyerId, Command};

/// What a request books.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Purchase,
    Redemption,
    Refund,
    Cancellation,
}

/// A request to book something.
#[derive(Debug)]
pub(crate) struct Booking {
    kind: Kind,
    named: Named,
    order: String,
    refund: Option<String>,
    total: Option<Money>,
    points: Option<Points>,
    redeem: Option<Points>,
    discount: Option<Money>,
    currency: Option<String>,
    template: Option<TemplateId>,
    shop: Option<String>,
    order_shop: Option<String>,
    note: Note,
}

pub(crate) async fn create(
    state: State,
    caller: Caller,
    locale: Locale,
    key: IdempotencyKey,
    body: Body,
) -> Result<Answer<Booked>, ApiError> {
    caller.needs(Scope::PointsManage)?;
    let (caller, command) = Booking::read(body.fields()?, key.0.as_deref())?.placed(&state, &caller).await?;
    let (booked, replayed) = book(&state, &caller, locale, key.0, command).await?;
    Ok(Answer::created(Message::TransactionRecorded, booked).replayed(replayed))
}

impl Booking {
    /// The booking that a body asks for.
    fn read(fields: Fields, key: Option<&str>) -> Result<Self, ApiError> {
        Self::read_as(fields, || Some(unnamed(key)))
    }

    /// The same with an order id whatever it is, so that it is booked once.
    pub(crate) fn read_named(fields: Fields) -> Result<Self, ApiError> {
        Self::read_as(fields, || None)
    }

    /// The caller where it takes place, and the command.
    pub(crate) async fn placed(self, state: &HttpState, caller: &Caller) -> Result<(Caller, Command), ApiError> {
        self.check_currency(state, caller)?;
        let order_shop = caller.clone().at_shop(self.order_shop.as_deref().or(self.shop.as_deref()))?.shop;
        let caller = caller.clone().at_shop(self.shop.as_deref())?;
        let command = self.command(state, &caller, order_shop).await?;
        Ok((caller, command))
    }

    // Whatever is booked is in the partner's currency, which never changes.
    fn check_currency(&self, state: &HttpState, caller: &Caller) -> Result<(), ApiError> {
        let directory = state.queries.live().directory();
        let partner = directory.partners.get(&caller.partner).ok_or(ApiError::Internal)?;
        partner.check_currency(self.currency.as_deref()).map_err(ApiError::Rejected)
    }

    fn read_as(mut fields: Fields, unnamed: impl FnOnce() -> Option<String>) -> Result<Self, ApiError> {
        let (kind, old_form) = kind(&mut fields);
        let named = Named::take(&mut fields);
        if matches!(kind, Kind::Purchase | Kind::Redemption) {
            named.require(&mut fields);
        }
        let names = [fields.reference("order_id"), fields.reference("reference")];
        let named_order = names.into_iter().flatten().next();
        let order = named_order.or_else(|| if old_form { unnamed() } else { None });
        let order = fields.required("order_id", order);
        let total = fields.either(["order_total", "amount"], Fields::money);
        // A purchase may earn nothing; whatever else is booked moves something.
        let rule = || if kind == Kind::Purchase { NOT_NEGATIVE } else { POSITIVE };
        let points = fields.either(["points", "points_earned"], |fields, name| fields.points(name, rule()));
        match kind {
            Kind::Purchase | Kind::Refund if points.is_none() => {
                fields.required("order_total", total);
            }
            Kind::Redemption => {
                fields.required("points", points);
            }
            Kind::Purchase | Kind::Refund | Kind::Cancellation => {}
        }
        let booking = Self {
            kind,
            named,
            order: order.unwrap_or_default(),
            refund: fields.reference("refund_id"),
            total,
            points,
            redeem: fields.points("points_redeemed", NOT_NEGATIVE),
            discount: fields.money("points_discount_amount"),
            currency: fields.typed("currency", limits::CURRENCY_CHARS).map(|text| text.to_ascii_uppercase()),
            template: template(&mut fields),
            shop: fields.id("shop_id"),
            order_shop: fields.id("order_shop_id"),
            note: note(&mut fields),
        };
        fields.finish().none_or(booking).map_err(ApiError::Invalid)
    }

    async fn command(
        self,
        state: &HttpState,
        caller: &Caller,
        order_shop: Option<ShopId>,
    ) -> Result<Command, ApiError> {
        Ok(match self.kind {
            Kind::Purchase => {
                let buyer = match self.named.party(state, caller).await? {
                    Party::Card(card) => BuyerId::Card(card),
                    Party::Customer(customer) => BuyerId::Customer { customer, template: self.template },
                };
                Command::Purchase { buyer, purchase: self.purchase(caller) }
            }
            Kind::Redemption => Command::Redeem(Redeem {
                card: self.named.card(state, caller).await?,
                points: self.points.unwrap_or_default(),
                particulars: Particulars {
                    shop: caller.shop,
                    name: Some(Order::Id(self.order)),
                    note: self.note,
                    past: None,
                },
            }),
            Kind::Refund => Command::Refund { order_shop, refund: self.refund(caller, RefundCause::Refund) },
            Kind::Cancellation => {
                Command::Refund { order_shop, refund: self.refund(caller, RefundCause::Cancellation) }
            }
        })
    }

    fn purchase(self, caller: &Caller) -> Purchase {
        Purchase {
            shop: caller.shop,
            order: self.order,
            total: self.total.unwrap_or_default(),
            currency: self.currency,
            points: self.points,
            redeem: self.redeem.unwrap_or_default(),
            discount: self.discount,
            expires_at: None,
            note: self.note,
            past: None,
        }
    }

    fn refund(self, caller: &Caller, cause: RefundCause) -> Refund {
        let share = match (cause, self.total, self.points) {
            (RefundCause::Refund, Some(amount), _) => Share::Amount(amount),
            (RefundCause::Refund, None, Some(points)) => Share::Points(points),
            (RefundCause::Refund, None, None) | (RefundCause::Cancellation, _, _) => Share::Rest,
        };
        Refund { shop: caller.shop, order: self.order, refund: self.refund, cause, share, note: self.note, past: None }
    }
}

/// What is booked, and whether the word for it is an older client's.
fn kind(fields: &mut Fields) -> (Kind, bool) {
    const WORDS: &str = "purchase, earn, redeem, refund, cancellation";
    let Some(word) = fields.string("type") else { return (Kind::Purchase, false) };
    match word.as_str() {
        "purchase" | "sale" => (Kind::Purchase, false),
        "earn" => (Kind::Purchase, true),
        "redeem" => (Kind::Redemption, true),
        "refund" => (Kind::Refund, false),
        "cancellation" => (Kind::Cancellation, false),
        _ => {
            fields.problem(Problem::value("type", Message::MustBeOneOf { words: WORDS }));
            (Kind::Purchase, false)
        }
    }
}

/// The order id of what older clients book without one. Under an `Idempotency-Key` it is the same each time, and happens once;
/// without one it happens as often as it is sent.
fn unnamed(key: Option<&str>) -> String {
    match key {
        Some(key) => format!("unnamed-{}", blake3::hash(key.as_bytes()).to_hex()),
        None => format!("unnamed-{}", uuid::Uuid::new_v4()),
    }
}

fn template(fields: &mut Fields) -> Option<TemplateId> {
    let text = fields.id("partner_card_id")?;
    // Templates and cards share one sequence of ids.
    let template = ids::parse_card(&text).map(|id| TemplateId::new(id.get()));
    if template.is_none() {
        fields.problem(Problem::format("partner_card_id", Message::MustBeId));
    }
    template
}
