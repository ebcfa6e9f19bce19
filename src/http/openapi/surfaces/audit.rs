//! `/audit`.

use super::rest::{bytes, size_of_receipt};
use crate::domain::programme::Scope;
use crate::http::audit::{balances, books, checkpoints, events, proofs, receipts};
use crate::http::limits;
use crate::http::openapi::answers::{
    Checkpoints, Consistency, Inclusion, Keys, LogPage, Receipt, Seals, SealsOfPeriod, Statement,
};
use crate::http::openapi::fields::*;
use crate::http::openapi::statements;
use crate::http::openapi::table::Table;
use serde_json::{Value, json};

fn note() -> Value {
    json!({ "type": "string", "description": "A C2SP signed note." })
}

fn rows(most: i64, usual: i64) -> Vec<Field> {
    let about = format!("How many at most; {usual} where none is sent.");
    vec![
        field("after", whole(0, i64::MAX), "Those after this one; 0 where none is sent."),
        field("limit", whole(1, most), about),
    ]
}

pub(super) fn describe(table: &mut Table) {
    log(table);
    proved(table);
    sealed(table);
}

fn log(table: &mut Table) {
    const NOTE: &str = "text/plain; charset=utf-8";
    let listed = table.schemas.of::<Checkpoints>();
    let keys = table.schemas.of::<Keys>();
    let page = table.schemas.of::<LogPage>();
    let (lines, told) = rows_without_end();
    let mut api = table.section(&[""], "Audit: log and checkpoints");
    api.get("/audit/checkpoint", checkpoints::newest, "The newest checkpoint")
        .needs(Scope::Audit)
        .answers(NOTE, note());
    api.post("/audit/checkpoint", checkpoints::make, "Have a checkpoint made")
        .about(
            "200 where nothing but checkpoints and cosignatures was recorded since the newest, which it then answers.",
        )
        .needs(Scope::Audit)
        .answers(NOTE, note())
        .created_once();
    let size = "The size of the tree.";
    api.get("/audit/checkpoint/{id}", checkpoints::of_size, "The checkpoint of a size")
        .needs(Scope::Audit)
        .id(size)
        .answers(NOTE, note());
    api.post("/audit/checkpoint/{id}/cosignatures", checkpoints::cosign, "Add a witness's cosignature")
        .about("200 where the witness had signed it before.")
        .needs(Scope::Audit)
        .id(size)
        .takes(
            &[field("signature", text(limits::SIGNATURE_LINE_CHARS), "A signature line of C2SP, type 4.").required()],
        )
        .answers(NOTE, note())
        .created_once();
    api.get("/audit/checkpoints", checkpoints::list, "List checkpoints")
        .needs(Scope::Audit)
        .query(rows(limits::PAGE_ROWS_MAX, limits::PAGE_ROWS))
        .answers("application/json", listed);
    api.get("/audit/keys", checkpoints::keys, "The keys that sign checkpoints")
        .needs(Scope::Audit)
        .answers("application/json", keys);
    api.get("/audit/events", events::page, "Events as they are hashed")
        .about("Of other partners' rows there are place and hash alone.")
        .needs(Scope::Audit)
        .query(rows(limits::LOG_ROWS_MAX, limits::LOG_ROWS))
        .answers("application/json", page);
    api.get("/audit/events/stream", events::stream, "The same without end")
        .about("JSON Lines, or Server-Sent Events by `Accept: text/event-stream`; `Last-Event-ID` is honoured.")
        .needs(Scope::Audit)
        .query([field("after", whole(0, i64::MAX), "Those after this one.")])
        .answers("application/jsonl; charset=utf-8", lines)
        .answers("text/event-stream; charset=utf-8", told);
}

/// The schemas of a stream: a line or an event of it holds a row.
fn rows_without_end() -> (Value, Value) {
    let of_rows = |about: &str| {
        // OpenAPI 3.1 has no word for a text of many documents.
        json!({ "type": "string", "description": format!("{about} A row is a `LogRow`.") })
    };
    (
        of_rows("A row on each line; an empty line says that there is nothing new."),
        of_rows("A row as the `data` of each event, its seq as the `id`; a comment says that there is nothing new."),
    )
}

fn proved(table: &mut Table) {
    let inclusion = table.schemas.of::<Inclusion>();
    let consistency = table.schemas.of::<Consistency>();
    let receipt = table.schemas.of::<Receipt>();
    let mut api = table.section(&[""], "Audit: proofs");
    api.get("/audit/proof/inclusion", proofs::inclusion, "A proof that an event is in a tree")
        .needs(Scope::Audit)
        .query([
            field("seq", whole(1, i64::MAX), "The event.").required(),
            field("size", whole(1, i64::MAX), "Of the tree; absent: the smallest checkpoint that covers the event."),
        ])
        .answers("application/json", inclusion);
    api.get("/audit/proof/consistency", proofs::consistency, "A proof that a tree begins with another")
        .needs(Scope::Audit)
        .query([
            field("from", whole(0, i64::MAX), "The size of the smaller tree.").required(),
            field("to", whole(0, i64::MAX), "The size of the larger.").required(),
        ])
        .answers("application/json", consistency);
    api.get("/audit/tile/{tile}", proofs::tile, "A tile of the tree, or the entries under one")
        .about("Named as C2SP tlog-tiles has it, slashes and all: `0/x001/x234/067`, `1/000.p/17`, `entries/000`.")
        .needs(Scope::Audit)
        .answers("application/octet-stream", bytes());
    let id = "The transaction: `txn_204` or `204`.";
    api.get("/audit/receipts/{id}", receipts::receipt, "A receipt of a transaction")
        .about("The event, its proof and the smallest checkpoint that covers it; 404 where none does yet.")
        .needs(Scope::Audit)
        .id(id)
        .answers("application/json", receipt);
    api.get("/audit/receipts/{id}/qr", receipts::qr, "The same as a QR code")
        .needs(Scope::Audit)
        .id(id)
        .query([size_of_receipt()])
        .answers("image/png", bytes())
        .fails(&[422]);
}

fn sealed(table: &mut Table) {
    let seals = table.schemas.of::<Seals>();
    let of_period = table.schemas.of::<SealsOfPeriod>();
    let statement = table.schemas.of::<Statement>();
    let books_as_json = table.schemas.insert("Books", statements::books());
    let mut api = table.section(&[""], "Audit: balances and books");
    api.get("/audit/balances", balances::list, "List sealed balances")
        .needs(Scope::Audit)
        .query(rows(limits::PAGE_ROWS_MAX, limits::PAGE_ROWS))
        .answers("application/json", seals);
    api.get("/audit/balances/{id}", balances::of_period, "The seals of a month")
        .needs(Scope::Audit)
        .id("The month, such as `2026-10`.")
        .answers("application/json", of_period);
    api.get("/audit/balances/{period}/cards/{card}", balances::statement, "A statement of one card's balance")
        .needs(Scope::Audit)
        .answers("application/json", statement);
    api.get("/audit/balances/{period}/cards/{card}/qr", balances::qr, "The same as a QR code")
        .needs(Scope::Audit)
        .query([size_of_receipt()])
        .answers("image/png", bytes())
        .fails(&[422]);
    api.get("/audit/books", books::books, "The books of a period")
        .about("The same tables, names and numbers as `counterfoil-replay report` reads from the log alone.")
        .needs(Scope::Audit)
        .query([
            field("from", time(), "From the first moment.").required(),
            field("to", time(), "Up to this one, which is no part of the period.").required(),
            field("as_of_seq", whole(1, i64::MAX), "What was recorded after this event is left out."),
            field("partner", whole(1, i64::MAX), "That partner's books alone."),
            field("format", words(&["json", "csv", "xlsx", "html"]), "Also by `Accept`; `json` where neither says."),
            field("table", string(), "With `format=csv`, this table alone."),
        ])
        .answers("application/json", books_as_json)
        .answers("application/zip", bytes())
        .answers("text/csv; charset=utf-8", json!({ "type": "string" }))
        .answers("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", bytes())
        .answers("text/html; charset=utf-8", json!({ "type": "string" }))
        .headers(&["Content-Disposition"]);
}
