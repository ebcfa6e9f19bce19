//! Taking points back: by the order that earned them, or as a correction where no order is named.

use super::booking::{Booked, Named, book, note};
use crate::domain::orders::{Refund, RefundCause, Share};
use crate::domain::points::{Adjust, Note, Order, Particulars, Points};
use crate::domain::programme::Scope;
use crate::domain::{Money, ShopId};
use crate::http::HttpState;
use crate::http::api::submitting::IdempotencyKey;
use crate::http::auth::Caller;
use crate::http::body::Body;
use crate::http::envelope::Answer;
use crate::http::errors::ApiError;
use crate::http::fields::{Fields, POSITIVE};
use crate::http::locales::{Locale, Message};
use crate::http::shop::State;
use crate::writer::Command;

/// A request to take points back.
#[derive(Debug)]
struct Deduction {
    named: Named,
    points: Option<Points>,
    order: Option<String>,
    refund: Option<String>,
    amount: Option<Money>,
    shop: Option<String>,
    order_shop: Option<String>,
    note: Note,
}

pub(crate) async fn deduct(
    state: State,
    caller: Caller,
    locale: Locale,
    key: IdempotencyKey,
    body: Body,
) -> Result<Answer<Booked>, ApiError> {
    caller.needs(Scope::PointsManage)?;
    let deduction = Deduction::read(body.fields()?)?;
    let order_shop = caller.clone().at_shop(deduction.order_shop.as_deref().or(deduction.shop.as_deref()))?.shop;
    let caller = caller.at_shop(deduction.shop.as_deref())?;
    let command = deduction.command(&state, &caller, order_shop).await?;
    let (booked, replayed) = book(&state, &caller, locale, key.0, command).await?;
    Ok(Answer::created(Message::PointsDeducted, booked).replayed(replayed))
}

impl Deduction {
    fn read(mut fields: Fields) -> Result<Self, ApiError> {
        let named = Named::take(&mut fields);
        let deduction = Self {
            points: fields.points("points", POSITIVE),
            order: fields.reference("order_id"),
            refund: fields.reference("refund_id"),
            amount: fields.money("refund_amount"),
            shop: fields.id("shop_id"),
            order_shop: fields.id("order_shop_id"),
            note: note(&mut fields),
            named,
        };
        if deduction.order.is_none() {
            deduction.named.require(&mut fields);
        }
        if deduction.order.is_none() || deduction.amount.is_none() {
            fields.required("points", deduction.points);
        }
        fields.finish().none_or(deduction).map_err(ApiError::Invalid)
    }

    async fn command(
        self,
        state: &HttpState,
        caller: &Caller,
        order_shop: Option<ShopId>,
    ) -> Result<Command, ApiError> {
        let points = self.points.unwrap_or_default();
        let Some(order) = self.order else {
            let card = self.named.card(state, caller).await?;
            let particulars =
                Particulars { shop: caller.shop, name: self.refund.map(Order::Reference), note: self.note, past: None };
            return Ok(Command::Adjust(Adjust { card, points: points.negated(), particulars }));
        };
        let share = self.amount.map_or(Share::Points(points), Share::Amount);
        let (shop, refund, note) = (caller.shop, self.refund, self.note);
        let refund = Refund { shop, order, refund, cause: RefundCause::Refund, share, note, past: None };
        Ok(Command::Refund { order_shop, refund })
    }
}
