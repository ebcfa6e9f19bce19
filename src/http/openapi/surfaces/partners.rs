//! `/{locale}/partners` and `/api/partners`: the programme, people and transactions.

use super::PARTNERS;
use super::customers::person;
use super::movements::{Kind, booking, fields};
use super::partner_bodies::{global_settings, settings, shop, template};
use crate::domain::programme::Scope;
use crate::http::api::customer_data;
use crate::http::limits;
use crate::http::openapi::fields::*;
use crate::http::openapi::schemas::reference as component;
use crate::http::openapi::table::Table;
use crate::http::partners::{bulk, cards, customers, settings as programme, shops, transactions};
use serde_json::{Value, json};

const CUSTOMER: &str = "The customer: `9` or `cust_9`.";

fn meta() -> Value {
    component("PageMeta")
}

pub(super) fn describe(table: &mut Table) {
    programme_of(table);
    people(table);
    movements(table);
}

fn programme_of(table: &mut Table) {
    let mut api = table.section(PARTNERS, "Partner: programme");
    api.get("/settings", programme::get, "Show the settings").needs(Scope::LoyaltyRead);
    let about = "Names what changes; the rest stays. What was booked before keeps its terms.";
    api.put("/settings", programme::update, "Change the settings")
        .about(about)
        .needs(Scope::ProgrammeManage)
        .takes(&settings());
    api.patch("/settings", programme::update, "Change the settings")
        .about(about)
        .needs(Scope::ProgrammeManage)
        .takes(&settings());
    api.put("/settings/global", programme::update_globally, "Change what holds for all shops together")
        .needs(Scope::ProgrammeManage)
        .takes(&global_settings());
    api.get("/shops", shops::list, "List shops, closed ones too")
        .needs(Scope::LoyaltyRead)
        .query([
            search("Part of the name, the address or the city."),
            field("is_active", truth(), "Whether it is open."),
            field("is_virtual", truth(), "Whether it is on the web alone."),
            sort(&["id", "name", "created_at"], "id"),
        ])
        .query(listing(limits::SHOP_ROWS_MAX))
        .beside("meta", meta(), false);
    api.post("/shops", shops::create, "Open a shop").needs(Scope::ProgrammeManage).takes(&shop(true)).created();
    let id = "The shop: `1` or `shop_1`.";
    api.get("/shops/{id}", shops::get, "Show a shop with its figures").needs(Scope::LoyaltyRead).id(id);
    api.put("/shops/{id}", shops::update, "Change a shop").needs(Scope::ProgrammeManage).id(id).takes(&shop(false));
    api.delete("/shops/{id}", shops::delete, "Close a shop")
        .about("It takes nothing new; its history stays.")
        .needs(Scope::ProgrammeManage)
        .id(id);
    api.get("/cards", cards::list, "List card templates")
        .needs(Scope::LoyaltyRead)
        .query([
            search("Part of a title, or the whole id."),
            field("is_active", truth(), "Whether it is offered."),
            field("card_type", words(&["loyalty", "third_party"]), "Which kind."),
            field("shop_id", string(), "Those that apply there."),
            sort(&["id", "created_at"], "id"),
        ])
        .query(listing(limits::SHOP_ROWS_MAX))
        .beside("meta", meta(), false)
        .beside("pagination", component("Pagination"), true);
    api.post("/cards", cards::create, "Create a card template")
        .needs(Scope::ProgrammeManage)
        .takes(&template(true))
        .created();
    let id = "The template's id.";
    api.get("/cards/{id}", cards::get, "Show a card template").needs(Scope::LoyaltyRead).id(id);
    api.put("/cards/{id}", cards::update, "Change a card template")
        .about("Each change makes a new version, by which every later purchase is computed.")
        .needs(Scope::ProgrammeManage)
        .id(id)
        .takes(&template(false));
    api.delete("/cards/{id}", cards::delete, "Withdraw a card template")
        .about("Nobody gets it any more; cards that have it go on by its rules.")
        .needs(Scope::ProgrammeManage)
        .id(id);
}

fn people(table: &mut Table) {
    let mut api = table.section(PARTNERS, "Partner: customers");
    api.get("/customers", customers::list, "List customers")
        .needs(Scope::LoyaltyRead)
        .query([
            search("Part of the name, the email or the phone number."),
            field("tier", words(TIERS), "How far they have come."),
            field("shop_id", string(), "Whose card was issued or points were moved there."),
            field("store_location", string(), "The same; `all` means every shop."),
            sort(&["member_since", "created_at", "name", "total_points"], "-member_since"),
        ])
        .query(listing(limits::SHOP_ROWS_MAX))
        .beside("meta", meta(), false);
    api.post("/customers", customers::create, "Register a customer")
        .needs(Scope::LoyaltyWrite)
        .takes(&person())
        .created();
    api.get("/customers/{id}", customers::get, "Show a customer with cards and newest transactions")
        .needs(Scope::LoyaltyRead)
        .id(CUSTOMER);
    let changes: Vec<Field> = person().into_iter().map(|field| Field { required: false, ..field }).collect();
    api.put("/customers/{id}", customers::update, "Change a customer")
        .about("Null takes away what may be absent; `metadata` is replaced as a whole.")
        .needs(Scope::LoyaltyWrite)
        .id(CUSTOMER)
        .takes(&changes)
        .fails(&[409]);
    api.get("/customers/{id}/data-export", customer_data::export_of_partner, "All that is held about a customer")
        .about("One JSON document, sent as it is read.")
        .needs(Scope::LoyaltyRead)
        .id(CUSTOMER)
        .answers("application/json", json!({ "type": "object" }))
        .headers(&["Content-Disposition", "X-Export-As-Of"]);
    api.get("/customers/{id}/loyalty-stats", customers::loyalty_stats, "A customer in figures")
        .needs(Scope::LoyaltyRead)
        .id(CUSTOMER);
    api.get("/customers/{id}/transactions", customers::transactions, "A customer's transactions")
        .needs(Scope::LoyaltyRead)
        .id(CUSTOMER)
        .query(filters())
        .query(listing(limits::SHOP_ROWS_MAX))
        .beside("meta", meta(), false);
}

fn filters() -> Vec<Field> {
    let ranges = ["today", "last_7_days", "last_30_days", "last_90_days", "this_month", "last_month", "this_year"];
    let kinds = ["all", "sale", "purchase", "refund", "bonus", "redemption", "adjustment", "expiry"];
    let mut fields = vec![
        field("type", words(&kinds), "Which kind."),
        field("shop_id", string(), "Of one shop."),
        field("status", words(&["completed", "pending", "cancelled"]), "All are `completed`."),
        field("staff_id", string(), "Matches nothing."),
        field("date_range", words(&ranges), "In UTC; not beside the two ends."),
        sort(&["date", "created_at", "amount"], "-date"),
    ];
    let name = field("search", string(), "An order id, a refund id or a reference, exact.");
    fields.extend(aliases(&name, &["order_id", "reference"]));
    fields.extend(period(&["start_date", "date_from", "from_date"], &["end_date", "date_to", "to_date"]));
    fields
}

fn movements(table: &mut Table) {
    let mut api = table.section(PARTNERS, "Partner: transactions");
    let mut whose = aliases(&field("card_id", string(), "Of one card, by its id."), &["loyalty_card_id"]);
    whose.extend(aliases(&field("customer_id", string(), "Of one customer."), &["user_id"]));
    whose.push(field("user_email", string(), "Of one customer, by email."));
    api.get("/transactions", transactions::list, "List transactions of all shops")
        .needs(Scope::LoyaltyRead)
        .query(filters())
        .query(whose)
        .query(listing(limits::SHOP_ROWS_MAX))
        .beside("meta", meta(), false);
    api.get("/transactions/{id}", transactions::get, "Show a transaction and how its points were computed")
        .needs(Scope::LoyaltyRead)
        .id("The transaction: `204` or `txn_204`.");
    let rows = |name: &'static str, row: Value| {
        let list = list_of(row, 1, limits::MANY_ROWS);
        let named = object(&[field(name, list.clone(), "Decided for itself each, in their order.").required()]);
        json!({ "oneOf": [named, list] })
    };
    let about = "Every row counts exactly once: it has an `order_id` or a `reference`, or the request an `Idempotency-Key`. \
                 The status is 200 even where all rows failed; after 503 send the same again.";
    api.post("/points/bulk-award", bulk::award, "Award points to many")
        .about(about)
        .needs(Scope::PointsManage)
        .takes_schema(rows("awards", object(&fields(Kind::Award))), true);
    api.post("/points/bulk-adjust", bulk::adjust, "Correct many balances")
        .about(about)
        .needs(Scope::PointsManage)
        .takes_schema(rows("adjustments", object(&fields(Kind::Adjust))), true);
    api.post("/transactions/bulk-process", bulk::book, "Book many transactions")
        .about(about)
        .needs(Scope::PointsManage)
        .takes_schema(rows("transactions", object(&booking())), true);
}
