//! The books of a period: trial balances, liability, and who did what, as JSON, CSV, a workbook or a page to print. The same as
//! `counterfoil-replay report` reads from the log alone, byte for byte in what both print alike.

use super::State;
use crate::domain::programme::Scope;
use crate::domain::{PartnerId, Seq, Timestamp};
use crate::exports::{BOOK_FORMATS, BOOK_TABLES, BooksForm};
use crate::http::auth::{Caller, header};
use crate::http::errors::ApiError;
use crate::http::fields::Problem;
use crate::http::locales::Message;
use crate::http::params::Params;
use crate::queries::{BooksQuestion, QueryError};
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};

/// What the client wants: by `format`, else by `Accept`, else JSON.
fn wanted(params: &mut Params, request: &HttpRequest) -> Option<BooksForm> {
    let known = |word: &str| BOOK_FORMATS.iter().copied().find(|it| *it == word);
    let asked = params.word("format", known, "json, csv, xlsx, html");
    let name = asked.or_else(|| accepted(request)).unwrap_or("json");
    let table = params.word("table", BooksForm::table, BOOK_TABLES.as_str());
    if params.value("table").is_some() && name != "csv" {
        params.problem(Problem::value("table", Message::OnlyWith { field: "format=csv" }));
    }
    BooksForm::of(name, table)
}

/// A name that tells one file from another.
fn disposition(form: BooksForm, question: &BooksQuestion) -> String {
    let partner = question.partner.map(|partner| format!("partner-{partner}-")).unwrap_or_default();
    let as_of = question.as_of.map(|seq| format!("-as-of-{seq}")).unwrap_or_default();
    let period = format!("{}-{}", file_name(question.from), file_name(question.to));
    let (kind, part, end) = match form {
        BooksForm::Json => ("inline", "", "json"),
        BooksForm::Zip => ("attachment", "", "zip"),
        BooksForm::Csv(table) => ("attachment", table, "csv"),
        BooksForm::Xlsx => ("attachment", "", "xlsx"),
        BooksForm::Html => ("inline", "", "html"),
    };
    let part = if part.is_empty() { String::new() } else { format!("-{part}") };
    format!("{kind}; filename=\"books-{partner}{period}{as_of}{part}.{end}\"")
}

/// `GET /audit/books`
pub(crate) async fn books(state: State, caller: Caller, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    caller.needs(Scope::Audit)?;
    let head = state.queries.live().progress().head().get();
    let mut params = Params::of(&request);
    let form = wanted(&mut params, &request);
    let question = question(&mut params, head);
    let named = params.number(&["partner"], 1..=i64::MAX).map(PartnerId::new);
    let (form, question) = params.finish((form, question))?;
    let (form, question) = (form.unwrap_or(BooksForm::Json), question.ok_or(ApiError::Internal)?);
    let partner = match named {
        _ if caller.partner == PartnerId::DEPLOYMENT => named,
        Some(other) if other != caller.partner => return Err(ApiError::NotThePartner),
        Some(_) | None => Some(caller.partner),
    };
    let question = BooksQuestion { partner, ..question };
    let found = state.queries.books(question).await.map_err(|error| refused(error, question.partner))?;
    let Some(statement) = found else {
        let field = if named.is_some() { "partner" } else { "to" };
        return Err(ApiError::invalid(Problem::value(field, Message::NoSuchPartnerThen)));
    };
    let printed = web::block(move || form.print(&statement)).await.map_err(|_| ApiError::Internal)?;
    let bytes = printed.map_err(|error| {
        tracing::error!(%error, "the books could not be printed");
        ApiError::Internal
    })?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, HeaderValue::from_static(form.content_type())))
        .insert_header((CONTENT_DISPOSITION, disposition(form, &question)))
        .insert_header((CACHE_CONTROL, HeaderValue::from_static("no-store")))
        .body(bytes))
}

/// The period, and the event as of which; as the auditor's tool reads them: a date is its first moment, and the end no part of it.
fn question(params: &mut Params, head: i64) -> Option<BooksQuestion> {
    for name in ["from", "to"] {
        if params.value(name).is_none() {
            params.problem(Problem::required(name));
        }
    }
    if params.value("as_of").is_some() {
        params.problem(Problem::value("as_of", Message::NoPastOfIt));
    }
    let (from, to) = (params.since(&["from"]), params.since(&["to"]));
    let as_of = params.number(&["as_of_seq"], 1..=head).map(Seq::new);
    let (from, to) = (from?, to?);
    if from >= to {
        params.problem(Problem::value("to", Message::MustBeAfter { field: "from" }));
    }
    Some(BooksQuestion { from, to, as_of, partner: None })
}

// A narrower period would not help: days that are whole do.
fn refused(error: QueryError, partner: Option<PartnerId>) -> ApiError {
    if let QueryError::TooWide { most } = error {
        return ApiError::invalid(Problem::range("to", Message::BooksTooWide { most }));
    }
    if let QueryError::TooLong { most } = error {
        let field = if partner.is_some() { "from" } else { "partner" };
        return ApiError::invalid(Problem::range(field, Message::BooksTooLong { most }));
    }
    error.into()
}

fn accepted(request: &HttpRequest) -> Option<&'static str> {
    header(request, "accept")?.split(',').find_map(|wanted| {
        Some(match wanted.split(';').next()?.trim() {
            "application/json" => "json",
            "text/csv" | "application/zip" => "csv",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => "xlsx",
            "text/html" => "html",
            _ => return None,
        })
    })
}

/// A moment as a part of a file's name: a day's first moment is the day.
fn file_name(at: Timestamp) -> String {
    let text = at.to_seconds_text();
    if at == at.day_start() { text.chars().take(10).collect() } else { text.replace(':', "") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_that_is_too_wide_is_told_what_is_not() {
        let form = refused(QueryError::TooWide { most: 7 }, None).form();
        assert_eq!((form.status.as_u16(), form.code), (400, "VALIDATION_ERROR"));
        assert_eq!(form.problems, [Problem::range("to", Message::BooksTooWide { most: 7 })]);
        let named = |partner| refused(QueryError::TooLong { most: 7 }, partner).form().problems;
        assert_eq!(named(None), [Problem::range("partner", Message::BooksTooLong { most: 7 })]);
        assert_eq!(named(Some(PartnerId::new(1))), [Problem::range("from", Message::BooksTooLong { most: 7 })]);
        assert_eq!(refused(QueryError::Behind, None).form().status.as_u16(), 503);
    }
}
