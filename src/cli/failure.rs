//! Why a subcommand did not do what it was asked, and the exit code that says so.

use super::import::SourceError;
use super::staging::StagingError;
use crate::backup::BackupError;
use crate::control::{CallError, ImportError, Refused, SocketError};
use crate::http::TlsError;
use crate::jobs::JobError;
use crate::notary::NotaryError;
use crate::ops::OpsError;
use crate::projections::RebuildError;
use crate::queries::QueryError;
use crate::storage::{DataDirError, StorageError};
use crate::webhooks::AuthoritiesError;
use crate::webhooks::PostError;
use std::io;
use std::process::ExitCode;

/// A subcommand's failure, in words for whoever typed it.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("{0}")]
    CheckFailed(String),
    #[error("{0}")]
    WrongUse(String),
    #[error(transparent)]
    Directory(#[from] DataDirError),
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Staging(#[from] StagingError),
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("{0}")]
    Notary(Box<NotaryError>),
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error(transparent)]
    Socket(#[from] SocketError),
    #[error(transparent)]
    Job(#[from] JobError),
    #[error(transparent)]
    Post(#[from] PostError),
    #[error(transparent)]
    Rebuild(#[from] RebuildError),
    #[error(transparent)]
    Operations(#[from] OpsError),
    #[error(transparent)]
    Query(#[from] QueryError),
    #[error(transparent)]
    Backup(#[from] BackupError),
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error("cannot listen on {address}: {source}")]
    Listen { address: String, source: io::Error },
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Authorities(#[from] AuthoritiesError),
    #[error("the server failed: {0}")]
    Server(#[source] io::Error),
    #[error("{path}: {source}")]
    File { path: String, source: io::Error },
    #[error("a projection could not be read: {0}")]
    Views(#[from] rusqlite::Error),
    #[error("the output could not be written: {0}")]
    Output(#[source] io::Error),
}

impl From<NotaryError> for Failure {
    fn from(error: NotaryError) -> Self {
        Self::Notary(Box::new(error))
    }
}

impl Failure {
    /// The running service answered something else than it was asked.
    pub(super) fn unexpected() -> Self {
        Self::WrongUse("the service is of another version: use the command line of that version".to_owned())
    }

    /// 1 where a check found something, 2 otherwise.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        let check_failed = match self {
            Self::CheckFailed(_) => true,
            Self::Backup(error) => error.is_a_finding(),
            Self::WrongUse(_)
            | Self::Directory(_)
            | Self::Storage(_)
            | Self::Staging(_)
            | Self::Call(_)
            | Self::Notary(_)
            | Self::Refused(_)
            | Self::Socket(_)
            | Self::Job(_)
            | Self::Post(_)
            | Self::Rebuild(_)
            | Self::Operations(_)
            | Self::Query(_)
            | Self::Source(_)
            | Self::Import(_)
            | Self::Listen { .. }
            | Self::Tls(_)
            | Self::Authorities(_)
            | Self::Server(_)
            | Self::File { .. }
            | Self::Views(_)
            | Self::Output(_) => false,
        };
        ExitCode::from(if check_failed { 1 } else { 2 })
    }
}
