//! `/api/customers`.

use crate::domain::programme::Scope;
use crate::http::api::{customer_data, customers};
use crate::http::limits;
use crate::http::openapi::fields::*;
use crate::http::openapi::table::Table;
use serde_json::json;

const CUSTOMER: &str = "The customer: `cust_9` or `9`.";

/// Who is to be registered.
pub(super) fn person() -> Vec<Field> {
    vec![
        field("email", email(), "A known one is `409 DUPLICATE_CUSTOMER`.").required(),
        field("name", text(limits::NAME_CHARS), "What they are called."),
        field("first_name", text(limits::NAME_CHARS), "Where it is known by itself."),
        field("last_name", text(limits::NAME_CHARS), "Where it is known by itself."),
        field("phone", phone(), "In international format; the plus sign may be missing."),
        field("metadata", metadata(), "Anything else, at most 1,024 bytes."),
    ]
}

pub(super) fn describe(table: &mut Table) {
    let mut api = table.section(&[""], "Customers");
    api.post("/api/customers", customers::create, "Register a customer")
        .needs(Scope::LoyaltyWrite)
        .takes(&person())
        .created();
    api.get("/api/customers", customers::list, "List customers")
        .about("Newest first; what is given must all match.")
        .needs(Scope::LoyaltyRead)
        .query([
            field("email", string(), "Exact but for case."),
            field("phone", string(), "Its digits."),
            field("card_number", string(), "Exact."),
            search("Part of the name, the email or the phone number."),
        ])
        .query(paging(limits::PAGE_ROWS, limits::PAGE_ROWS_MAX));
    api.get("/api/customers/{id}", customers::get, "Show a customer").needs(Scope::LoyaltyRead).id(CUSTOMER);
    api.delete("/api/customers/{id}", customers::erase, "Erase a customer for good")
        .about("Names, email, phone, metadata, reasons and notes are gone; cards, points and history stay. There is no way back.")
        .needs(Scope::CustomersErase)
        .id(CUSTOMER);
    api.get("/api/customers/{id}/balance", customers::balance, "What a customer has")
        .needs(Scope::LoyaltyRead)
        .id(CUSTOMER);
    api.get("/api/customers/{id}/data-export", customer_data::export, "All that is held about a customer")
        .about("One JSON document, sent as it is read: `explanations`, `customer`, `cards`, `retention` and `events`.")
        .needs(Scope::LoyaltyRead)
        .id(CUSTOMER)
        .answers("application/json", json!({ "type": "object" }))
        .headers(&["Content-Disposition", "X-Export-As-Of"]);
}
