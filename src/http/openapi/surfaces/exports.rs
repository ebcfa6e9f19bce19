//! Exports.

use super::PARTNERS;
use super::shop::split;
use crate::domain::programme::Scope;
use crate::http::limits;
use crate::http::openapi::fields::*;
use crate::http::openapi::operation::Operation;
use crate::http::openapi::schemas::reference as component;
use crate::http::openapi::table::Table;
use crate::http::partners::exports;
use crate::queries::TRANSACTION_WORDS;
use serde_json::json;

const FORMATS: &[&str] = &["csv", "json", "jsonl", "ndjson", "xlsx", "excel"];

/// Which data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    Customers,
    Cards,
    Transactions,
}

fn query(set: Set) -> Vec<Field> {
    let mut fields = vec![
        field("format", words(FORMATS), "`csv` where none is sent."),
        field("columns", string(), "Which columns in which order, such as `points,id`."),
    ];
    fields.extend(period(
        &["date_from", "from_date", "start_date", "created_after"],
        &["date_to", "to_date", "end_date", "created_before"],
    ));
    fields.extend(aliases(&field("customer_id", string(), "Of one customer."), &["user_id"]));
    fields.extend(aliases(&field("customer_email", string(), "Of one customer, by email."), &["user_email", "email"]));
    fields.extend(aliases(&field("card_id", string(), "Of one card, by its id."), &["loyalty_card_id"]));
    if matches!(set, Set::Customers | Set::Cards) {
        fields.push(field("status", words(&["active", "inactive", "blocked", "suspended"]), "Of the card."));
        fields.push(field("tier", words(TIERS), "Of the card."));
    }
    if matches!(set, Set::Cards | Set::Transactions) {
        fields.push(field("shop_id", string(), "Of one shop."));
    }
    if set == Set::Transactions {
        fields.push(field("type", split(TRANSACTION_WORDS), "Which kind."));
        let name = field("reference", string(), "An order id or a reference, exact.");
        fields.extend(aliases(&name, &["reference_number", "reference_id", "order_id"]));
    }
    fields
}

fn files(operation: &mut Operation) {
    operation
        .answers("text/csv; charset=utf-8", json!({ "type": "string" }))
        .answers("application/json", json!({ "type": "array", "items": { "type": "object" } }))
        .answers("application/x-ndjson", json!({ "type": "string" }))
        .answers("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", super::rest::bytes())
        .headers(&["Content-Disposition", "X-Export-As-Of"]);
}

pub(super) fn describe(table: &mut Table) {
    let mut api = table.section(PARTNERS, "Partner: exports");
    let about = "Rows come by id, oldest first, as of one position of the log, and are read while they are sent.";
    let customers = api.get("/customers/export", exports::customers, "Customers as a file");
    files(customers.about(about).needs(Scope::LoyaltyRead).query(query(Set::Customers)));
    let cards = api.get("/cards/export", exports::cards, "Cards as a file");
    files(cards.about(about).needs(Scope::LoyaltyRead).query(query(Set::Cards)));
    let transactions = api.get("/transactions/export", exports::transactions, "Transactions as a file");
    files(transactions.about(about).needs(Scope::LoyaltyRead).query(query(Set::Transactions)));
    api.post("/transactions/export", exports::create_of_transactions, "Keep an export of transactions")
        .about("Asked for in the query; the body is not looked at.")
        .needs(Scope::LoyaltyRead)
        .query(query(Set::Transactions))
        .takes_schema(json!({}), false)
        .created();
    let filters = json!({ "type": ["object", "array"], "maxItems": 0,
        "additionalProperties": { "type": ["string", "number", "null"] } });
    let columns = json!({ "type": ["string", "array"], "items": { "type": "string" } });
    api.post("/exports", exports::create, "Keep an export")
        .about("A saved request, complete at once; its rows are read when it is downloaded, as of its position. It ends after 24 hours.")
        .needs(Scope::LoyaltyRead)
        .takes(&[
            field("type", words(&["customers", "cards", "transactions"]), "Which data set.").required(),
            field("format", words(FORMATS), "`csv` if absent."),
            field("columns", columns, "Which columns in which order, as a list or in one text."),
            field("filters", filters, "As in the query of the same export."),
        ])
        .created();
    api.get("/exports", exports::list, "List exports that are kept")
        .needs(Scope::LoyaltyRead)
        .query(paging(limits::SHOP_ROWS, limits::SHOP_ROWS_MAX))
        .beside("meta", component("PageMeta"), true);
    api.get("/exports/{id}", exports::get, "Show an export").needs(Scope::LoyaltyRead).id("The export's id.");
    let download = api.get("/exports/{id}/download", exports::download, "Download an export");
    files(
        download
            .about("With credentials, or with the `token` of the link in `download_url`.")
            .id("The export's id.")
            .query([field("token", string(), "What the link carries.")])
            .credentials_or_none()
            .fails(&[410]),
    );
}
