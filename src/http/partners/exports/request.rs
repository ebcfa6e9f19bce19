//! What an export is asked to hold: in the body of a job, in a query, or as it was kept.

use super::filters::{self, Filters};
use crate::exports::{ColumnsError, Format, Selection};
use crate::http::HttpState;
use crate::http::auth::Caller;
use crate::http::errors::ApiError;
use crate::http::fields::{Fields, Problem};
use crate::http::locales::Message;
use crate::http::params::Params;
use crate::ops::{ExportJob, NewExportJob};
use crate::queries::{DataSet, ExportFilter, ExportPosition};
use actix_web::HttpRequest;
use serde_json::{Map, Value};

const FORMATS: &str = "csv, json, jsonl, xlsx, excel";
const SETS: &str = "customers, cards, transactions";

/// What was asked, with every word of it understood.
#[derive(Debug)]
pub(super) struct Request {
    set: DataSet,
    format: Format,
    selection: Selection,
    filters: Filters,
}

/// A request whose filters name what there is.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) set: DataSet,
    pub(super) format: Format,
    pub(super) selection: Selection,
    pub(super) filter: ExportFilter,
    kept: Vec<(&'static str, String)>,
}

impl Request {
    pub(super) fn of_body(mut fields: Fields) -> Result<Self, ApiError> {
        let set = word(&mut fields, "type", DataSet::from_name, SETS);
        let format = word(&mut fields, "format", Format::from_name, FORMATS);
        let columns = names(&mut fields);
        let given = pairs(&mut fields);
        let (set, given) = match set {
            Word::Known(set) => (set, given),
            Word::Absent | Word::Wrong => {
                if matches!(set, Word::Absent) {
                    fields.problem(Problem::required("type"));
                }
                return Err(ApiError::Invalid(fields.finish()));
            }
        };
        for (name, _) in &given {
            if filters::names(set).all(|known| known != name) {
                fields.problem(Problem::value(&format!("filters.{name}"), Message::NotAField));
            }
        }
        let selection = selected(set, columns.as_deref()).map_err(|problem| fields.problem(problem)).ok();
        let selection = fields.finish().or(selection).map_err(ApiError::Invalid)?;
        let mut params = Params::of_pairs(given);
        let filters = Filters::of(&mut params, set);
        let format = if let Word::Known(format) = format { format } else { Format::Csv };
        params.finish(Self { set, format, selection, filters })
    }

    pub(super) fn of_query(request: &HttpRequest, set: DataSet) -> Result<Self, ApiError> {
        let mut params = Params::of(request);
        let format = params.word("format", Format::from_name, FORMATS).unwrap_or(Format::Csv);
        let columns = params.value("columns").map(|columns| split(&columns));
        let selection = selected(set, columns.as_deref()).unwrap_or_else(|problem| {
            params.problem(problem);
            Selection::all(set)
        });
        let filters = Filters::of(&mut params, set);
        params.finish(Self { set, format, selection, filters })
    }

    pub(super) async fn resolved(self, state: &HttpState, caller: &Caller) -> Result<Asked, ApiError> {
        let Self { set, format, selection, filters } = self;
        let filters = filters.resolved(state, caller).await?;
        Ok(Asked { set, format, selection, kept: filters.pairs(), filter: filters.filter })
    }
}

impl Asked {
    pub(super) fn job(&self, caller: &Caller, position: ExportPosition) -> NewExportJob {
        let filters: Map<_, _> = self.kept.iter().map(|(name, value)| ((*name).into(), value.clone().into())).collect();
        NewExportJob {
            partner: caller.partner,
            key: caller.key,
            data_set: self.set.name().to_owned(),
            format: self.format.name().to_owned(),
            columns: self.selection.names().join(","),
            filters: Value::Object(filters).to_string(),
            as_of: position.as_of,
            last: position.last,
        }
    }

    /// What a job was asked for. It was understood when it was kept.
    pub(super) fn of_job(job: &ExportJob) -> Result<Self, ApiError> {
        let unreadable = || {
            tracing::error!(job = job.id, "a kept export cannot be read");
            ApiError::Internal
        };
        let set = DataSet::from_name(&job.data_set).ok_or_else(unreadable)?;
        let format = Format::from_name(&job.format).ok_or_else(unreadable)?;
        let selection = Selection::of(set, &split(&job.columns)).map_err(|_| unreadable())?;
        let given: Vec<(String, String)> =
            serde_json::from_str::<std::collections::BTreeMap<String, String>>(&job.filters)
                .map_err(|_| unreadable())?
                .into_iter()
                .collect();
        let mut params = Params::of_pairs(given);
        let filters = Filters::of(&mut params, set);
        let filters = params.finish(filters).map_err(|_| unreadable())?;
        Ok(Self { set, format, selection, kept: filters.pairs(), filter: filters.filter })
    }
}

enum Word<T> {
    Known(T),
    Absent,
    Wrong,
}

fn word<T>(fields: &mut Fields, field: &str, parse: fn(&str) -> Option<T>, known: &'static str) -> Word<T> {
    match fields.take(field) {
        None => Word::Absent,
        Some(value) => match value.as_str().and_then(parse) {
            Some(parsed) => Word::Known(parsed),
            None => {
                fields.problem(Problem::value(field, Message::MustBeOneOf { words: known }));
                Word::Wrong
            }
        },
    }
}

/// The columns that a body names, as a list or in one text.
fn names(fields: &mut Fields) -> Option<Vec<String>> {
    let value = fields.take("columns")?;
    if let Some(text) = value.as_str() {
        return Some(split(text));
    }
    let names: Option<Vec<String>> =
        value.as_array().and_then(|list| list.iter().map(|name| Some(name.as_str()?.to_owned())).collect());
    if names.is_none() {
        fields.problem(Problem::format("columns", Message::MustBeList));
    }
    names
}

/// The filters of a body as the pairs that a query would have.
fn pairs(fields: &mut Fields) -> Vec<(String, String)> {
    match fields.take("filters") {
        None => Vec::new(),
        Some(Value::Array(list)) if list.is_empty() => Vec::new(),
        Some(Value::Object(object)) => {
            let mut pairs = Vec::new();
            for (name, value) in object {
                match value {
                    Value::Null => {}
                    Value::String(text) => pairs.push((name, text)),
                    Value::Number(number) => pairs.push((name, number.to_string())),
                    Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
                        fields.problem(Problem::format(&format!("filters.{name}"), Message::MustBeText));
                    }
                }
            }
            pairs
        }
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
            fields.problem(Problem::format("filters", Message::MustBeObject));
            Vec::new()
        }
    }
}

fn selected(set: DataSet, columns: Option<&[String]>) -> Result<Selection, Problem> {
    let Some(columns) = columns else { return Ok(Selection::all(set)) };
    Selection::of(set, columns).map_err(|error| match error {
        ColumnsError::Unknown { name, known } => {
            let mut problem = Problem::value("columns", Message::MustBeOneOf { words: known });
            problem.meta.insert("provided_value".to_owned(), name.into());
            problem
        }
        ColumnsError::Twice(name) => {
            let mut problem = Problem::value("columns", Message::NamedTwice);
            problem.meta.insert("provided_value".to_owned(), name.into());
            problem
        }
        ColumnsError::None => Problem::value("columns", Message::MustNotBeEmpty),
    })
}

fn split(columns: &str) -> Vec<String> {
    columns.split(',').map(|name| name.trim().to_owned()).collect()
}
