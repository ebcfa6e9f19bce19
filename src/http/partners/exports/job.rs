//! A job as clients see it.

use super::State;
use crate::http::api::loyalty_cards::host;
use crate::http::errors::ApiError;
use crate::ops::ExportJob;
use actix_web::HttpRequest;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// A job.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExportJob)]
pub(crate) struct Job {
    id: String,
    export_id: String,
    kind: &'static str,
    r#type: String,
    format: String,
    status: &'static str,
    /// Rows are counted by whoever reads them.
    total: Option<i64>,
    succeeded: Option<i64>,
    failed: i64,
    #[schema(value_type = Vec<Object>)]
    errors: [Value; 0],
    columns: Vec<String>,
    #[schema(value_type = Object)]
    filters: Value,
    /// The last event of the log that the export reflects.
    as_of: i64,
    download_url: Option<String>,
    #[schema(format = DateTime)]
    expires_at: String,
    #[schema(format = DateTime)]
    estimated_completion: String,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    completed_at: String,
}

/// A page of jobs.
#[derive(Debug, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(as = ExportJobs)]
pub(crate) struct Jobs(pub(super) Vec<Job>);

impl Job {
    pub(super) fn of(job: &ExportJob, state: &State, request: &HttpRequest) -> Result<Self, ApiError> {
        let expired = job.is_expired(state.clock.now());
        let link = || {
            let (host, base) = (host(state, request), base(request));
            format!("{host}{base}/exports/{}/download?token={}", job.id, state.exports.token(job))
        };
        let created_at = job.created_at.to_millis_text();
        Ok(Self {
            id: job.id.clone(),
            export_id: job.id.clone(),
            kind: "export",
            r#type: job.data_set.clone(),
            format: job.format.clone(),
            status: if expired { "expired" } else { "completed" },
            total: None,
            succeeded: None,
            failed: 0,
            errors: [],
            columns: job.columns.split(',').map(str::to_owned).collect(),
            filters: serde_json::from_str(&job.filters).map_err(|_| ApiError::Internal)?,
            as_of: job.as_of.get(),
            download_url: (!expired).then(link),
            expires_at: job.expires_at.to_millis_text(),
            estimated_completion: created_at.clone(),
            completed_at: created_at.clone(),
            created_at,
        })
    }
}

/// The path up to `/partners`, in the form in which the request has it.
fn base(request: &HttpRequest) -> &str {
    const END: &str = "/partners";
    let path = request.path();
    path.find(END).map_or(path, |at| &path[..at + END.len()])
}
