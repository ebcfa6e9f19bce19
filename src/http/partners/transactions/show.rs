//! A transaction as the partner sees it.

use super::calculation::calculation;
use super::type_of;
use crate::domain::orders::TransactionKind;
use crate::domain::points::Points;
use crate::domain::{Event, Metadata};
use crate::http::HttpState;
use crate::http::auth::Caller;
use crate::http::errors::ApiError;
use crate::http::locales::Locale;
use crate::http::numbers::Number;
use crate::http::shop::cards::User;
use crate::http::shop::facts::Facts;
use crate::http::shop::transactions::currency;
use crate::queries::{TransactionFilter, TransactionSort, TransactionView, Window};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// A transaction.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PartnerTransaction {
    id: i64,
    #[schema(format = DateTime)]
    date: String,
    r#type: &'static str,
    status: &'static str,
    customer_id: i64,
    customer_name: Option<String>,
    amount: Number,
    currency: String,
    /// With its sign.
    points: i64,
    points_awarded: i64,
    points_earned: i64,
    points_redeemed: i64,
    balance_after: i64,
    shop_id: Option<i64>,
    shop_name: Option<String>,
    staff_id: Option<i64>,
    staff_name: Option<String>,
    reference: Option<String>,
    description: String,
}

/// A transaction with everything that is known of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PartnerTransactionDetail)]
pub(crate) struct Detail {
    #[serde(flatten)]
    transaction: PartnerTransaction,
    card_id: i64,
    card_number: String,
    customer: User,
    #[schema(value_type = Vec<Object>)]
    items: Vec<Value>,
    shop: Option<AtShop>,
    staff: Option<Staff>,
    receipt: Option<Value>,
    points_calculation: Option<String>,
    points_discount_amount: Number,
    uploaded_by_staff_id: Option<i64>,
    #[schema(value_type = Object)]
    metadata: Metadata,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PartnerTransactionShop)]
struct AtShop {
    id: i64,
    name: String,
    address: Option<String>,
    phone: Option<String>,
    email: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PartnerTransactionStaff)]
struct Staff {
    id: Option<i64>,
    name: String,
    email: Option<String>,
}

impl PartnerTransaction {
    pub(crate) fn of(view: TransactionView, state: &HttpState, caller: &Caller, locale: Locale) -> Option<Self> {
        Facts::of_view(&view).map(|facts| Self::stated(&view, &facts, state, caller, locale))
    }

    fn stated(view: &TransactionView, facts: &Facts, state: &HttpState, caller: &Caller, locale: Locale) -> Self {
        let (points, redeems) = (facts.points.get(), facts.kind == TransactionKind::Redemption);
        Self {
            id: facts.seq.get(),
            date: facts.at.to_millis_text(),
            r#type: type_of(facts.kind),
            status: "completed",
            customer_id: view.customer.get(),
            customer_name: view.person.as_ref().map(|person| person.display_name()),
            amount: Number(facts.total.get()),
            currency: currency(state, caller),
            points,
            points_awarded: points.max(0),
            points_earned: points.max(0),
            points_redeemed: if redeems { points.saturating_neg() } else { 0 },
            balance_after: view.balance_after.get(),
            shop_id: view.shop.as_ref().map(|(shop, _)| shop.get()),
            shop_name: view.shop.as_ref().map(|(_, name)| name.clone()),
            staff_id: None,
            staff_name: view.note.as_ref().and_then(|note| note.staff_member.clone()),
            reference: facts.named().0,
            description: facts.description(locale),
        }
    }
}

impl Detail {
    pub(super) async fn of(
        view: TransactionView,
        state: &HttpState,
        caller: &Caller,
        locale: Locale,
    ) -> Result<Self, ApiError> {
        let facts = Facts::of_view(&view).ok_or(ApiError::Internal)?;
        let transaction = PartnerTransaction::stated(&view, &facts, state, caller, locale);
        let discount = discount(&view, &facts, state, caller).await?;
        let shop = view.shop.as_ref().map(|(shop, _)| state.queries.shop(caller.partner, *shop)).transpose()?.flatten();
        let staff = transaction.staff_name.clone();
        Ok(Self {
            card_id: view.card.get(),
            card_number: view.number.to_string(),
            customer: User::of(view.customer, view.person),
            shop: shop.map(|shop| AtShop {
                id: shop.shop.id.get(),
                name: shop.record.name,
                address: shop.record.address,
                phone: shop.record.phone,
                email: shop.record.email,
            }),
            staff: staff.map(|name| Staff { id: None, name, email: None }),
            receipt: None,
            points_calculation: calculation(&view.event, locale),
            points_discount_amount: Number(discount),
            uploaded_by_staff_id: None,
            items: facts.cart,
            metadata: facts.metadata,
            transaction,
        })
    }
}

/// The money that points took off: stated by a redemption, and for a purchase by the redemption of the same order.
async fn discount(
    view: &TransactionView,
    facts: &Facts,
    state: &HttpState,
    caller: &Caller,
) -> Result<Decimal, ApiError> {
    if let Some(discount) = stated(&view.event) {
        return Ok(discount);
    }
    let (TransactionKind::Purchase, Some(order)) = (facts.kind, &facts.order) else { return Ok(Decimal::ZERO) };
    let filter = TransactionFilter {
        kinds: Some(vec![TransactionKind::Redemption]),
        card: Some(view.card),
        shop: view.shop.as_ref().map(|(shop, _)| *shop),
        name: Some(order.clone()),
        ..TransactionFilter::default()
    };
    let window = Window { offset: 0, limit: 1 };
    let found = state.queries.transactions(caller.partner, filter, (TransactionSort::Recorded, false), window).await?;
    Ok(found.page.rows.first().and_then(|row| stated(&row.event)).unwrap_or_default())
}

fn stated(event: &Event) -> Option<Decimal> {
    let Event::PointsRedeemed(event) = event else { return None };
    debug_assert!(event.points <= Points::ZERO, "a redemption takes");
    event.discount.as_ref().map(|discount| discount.amount.get())
}
