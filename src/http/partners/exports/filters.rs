//! The filters of an export: those of the list of the same data set, by the same names.

use crate::domain::CustomerId;
use crate::domain::cards::{Status, Tier};
use crate::http::auth::Caller;
use crate::http::errors::ApiError;
use crate::http::params::Params;
use crate::http::{HttpState, ids};
use crate::queries::{DataSet, ExportFilter, TRANSACTION_WORDS, kinds_of};

const SINCE: &[&str] = &["date_from", "from_date", "start_date", "created_after"];
const UNTIL: &[&str] = &["date_to", "to_date", "end_date", "created_before"];
const CUSTOMER: &[&str] = &["customer_id", "user_id"];
const EMAIL: &[&str] = &["customer_email", "user_email", "email"];
const CARD: &[&str] = &["card_id", "loyalty_card_id"];
const SHOP: &[&str] = &["shop_id"];
const NAME: &[&str] = &["reference", "reference_number", "reference_id", "order_id"];
const STANDING: &[&str] = &["status", "tier"];
const TYPE: &[&str] = &["type"];

/// Every name of a filter of a data set.
pub(super) fn names(set: DataSet) -> impl Iterator<Item = &'static str> {
    let more: &[&[&'static str]] = match set {
        DataSet::Customers => &[STANDING],
        DataSet::Cards => &[STANDING, SHOP],
        DataSet::Transactions => &[TYPE, SHOP, NAME],
    };
    [SINCE, UNTIL, CUSTOMER, EMAIL, CARD].into_iter().chain(more.iter().copied()).flatten().copied()
}

/// Filters as they were asked for.
#[derive(Debug, Clone, Default)]
pub(super) struct Filters {
    pub(super) filter: ExportFilter,
    /// The word for the kinds of transactions.
    kinds: Option<String>,
    email: Option<String>,
}

impl Filters {
    pub(super) fn of(params: &mut Params, set: DataSet) -> Self {
        let mut filters = Self {
            filter: ExportFilter {
                from: params.since(SINCE),
                until: params.until(UNTIL),
                customer: params.id(CUSTOMER, ids::parse_customer),
                card: params.id(CARD, ids::parse_card),
                ..ExportFilter::default()
            },
            kinds: None,
            email: params.text(EMAIL).map(|(_, email)| email),
        };
        if matches!(set, DataSet::Customers | DataSet::Cards) {
            filters.filter.status = params.word("status", status_word, "active, inactive, blocked");
            filters.filter.tier = params.word("tier", Tier::from_name, "bronze, silver, gold, platinum");
        }
        if matches!(set, DataSet::Cards | DataSet::Transactions) {
            filters.filter.shop = params.id(SHOP, ids::parse_shop);
        }
        if set == DataSet::Transactions {
            filters.kinds = params.value("type");
            filters.filter.kinds = params.word("type", kinds_of, TRANSACTION_WORDS).flatten();
            filters.filter.name = params.text(NAME).map(|(_, name)| name);
        }
        filters
    }

    /// With the customer that an email means: what is kept of a job names nobody.
    pub(super) async fn resolved(mut self, state: &HttpState, caller: &Caller) -> Result<Self, ApiError> {
        if let Some(shop) = self.filter.shop
            && state.queries.live().directory().shop_of(caller.partner, shop).is_none()
        {
            return Err(ApiError::ShopNotFound { shop: shop.to_string() });
        }
        if let Some(email) = self.email.take() {
            let lookups = state.queries.lookups().await?;
            let found = lookups.customer_by_email(caller.partner, &email)?;
            let named = |customer: CustomerId| self.filter.customer.is_none_or(|named| named == customer);
            let customer = found.filter(|customer| named(*customer));
            self.filter.customer = Some(customer.ok_or(ApiError::CustomerNotFound { customer: email, shop: None })?);
        }
        Ok(self)
    }

    /// The filters by the names under which they can be read again.
    pub(super) fn pairs(&self) -> Vec<(&'static str, String)> {
        let ExportFilter { from, until, customer, card, status, tier, kinds: _, shop, name } = &self.filter;
        let pairs = [
            ("type", self.kinds.clone()),
            ("date_from", from.map(|time| time.to_micros_text())),
            ("date_to", until.map(|time| time.to_micros_text())),
            ("customer_id", customer.map(|customer| customer.to_string())),
            ("card_id", card.map(|card| card.to_string())),
            ("shop_id", shop.map(|shop| shop.to_string())),
            ("status", status.map(|status| status.name().to_owned())),
            ("tier", tier.map(|tier| tier.name().to_owned())),
            ("reference", name.clone()),
        ];
        pairs.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

fn status_word(word: &str) -> Option<Status> {
    if word == "suspended" { Some(Status::Blocked) } else { Status::from_name(word) }
}
