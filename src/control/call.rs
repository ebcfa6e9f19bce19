//! The command line's end: ask the service if one runs, otherwise do it here under the directory's lock.

use super::message::{AdminAnswer, AdminRequest, Refused};
use super::operator::Operator;
use crate::app::{Engine, EngineConfig, EngineError};
use crate::notary::NotaryError;
use crate::ops::{OpsError, Secrets};
use crate::storage::{DataDir, DataDirError, Lock};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long to wait for a service that is starting or a command that is being executed.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(50);
/// How long the service may take over one request.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// Why a request could not be made, or came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    #[error(transparent)]
    Directory(#[from] DataDirError),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Ops(#[from] OpsError),
    #[error("{0}")]
    Notary(Box<NotaryError>),
    #[error("the running service did not answer: {0}. What was asked may have been done; look before you ask again")]
    Unanswered(#[source] io::Error),
    #[error(transparent)]
    Refused(#[from] Refused),
}

impl From<NotaryError> for CallError {
    fn from(error: NotaryError) -> Self {
        Self::Notary(Box::new(error))
    }
}

/// Has a request executed, by the running service or here.
///
/// # Errors
/// When neither can be reached, or the request was refused.
pub fn call(dir: &DataDir, request: &AdminRequest) -> Result<AdminAnswer, CallError> {
    match way(dir)? {
        Way::Service(stream) => said(ask(&stream, request).map_err(CallError::Unanswered)?),
        Way::Here(lock) => said(execute_here(dir, lock, request)?),
    }
}

/// Who executes what is asked.
pub(super) enum Way {
    Service(UnixStream),
    Here(Lock),
}

/// The way to a directory's ledger: its running service, else its lock.
pub(super) fn way(dir: &DataDir) -> Result<Way, CallError> {
    dir.expect_ledger()?;
    let start = Instant::now();
    loop {
        if let Ok(stream) = UnixStream::connect(dir.control_socket()) {
            return Ok(Way::Service(stream));
        }
        match dir.lock() {
            Ok(lock) => return Ok(Way::Here(lock)),
            // Somebody holds it and has no socket yet, or no more: it is starting, ending, or a command like this one.
            Err(DataDirError::InUse(_)) if start.elapsed() < PATIENCE => std::thread::sleep(PAUSE),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Takes the directory's lock, and waits for a command that is being executed there. A running service is not waited for.
///
/// # Errors
/// [`DataDirError::InUse`] while a service runs.
pub fn lock(dir: &DataDir) -> Result<Lock, DataDirError> {
    let (start, mut told) = (Instant::now(), false);
    loop {
        match dir.lock() {
            Err(DataDirError::InUse(_)) if start.elapsed() < PATIENCE && !is_served(dir) => {
                if !told {
                    tracing::info!("waiting for a command that holds the directory's lock");
                    told = true;
                }
                std::thread::sleep(PAUSE);
            }
            outcome => return outcome,
        }
    }
}

/// Whether a service runs and takes requests of the command line.
#[must_use]
pub fn is_served(dir: &DataDir) -> bool {
    UnixStream::connect(dir.control_socket()).is_ok()
}

/// Starts the engine of a directory whose lock is held, with an operator for it and the secrets. A log that is not a continuation of
/// what ops.db knows to have been signed is not continued.
///
/// # Errors
/// When its files cannot be used, or the log was put back to an older copy.
pub fn start(config: EngineConfig, lock: Lock) -> Result<(Engine, Operator, Arc<Secrets>), CallError> {
    let (engine, operator, secrets) = start_whatever_was_signed(config, lock)?;
    operator.notary().expect_continuation(None)?;
    Ok((engine, operator, secrets))
}

/// [`start`] for what only looks, and for what admits that the log was put back.
///
/// # Errors
/// When its files cannot be used.
pub fn start_whatever_was_signed(
    config: EngineConfig,
    lock: Lock,
) -> Result<(Engine, Operator, Arc<Secrets>), CallError> {
    let dir = config.dir.clone();
    let engine = Engine::start_locked(config, lock)?;
    let secrets = Arc::new(Secrets::open(&dir)?);
    let operator = Operator::new(&engine, Arc::clone(&secrets));
    Ok((engine, operator, secrets))
}

fn execute_here(dir: &DataDir, lock: Lock, request: &AdminRequest) -> Result<AdminAnswer, CallError> {
    let looks_or_admits = matches!(
        request,
        AdminRequest::Status
            | AdminRequest::ListKeys
            | AdminRequest::ListCheckpointKeys
            | AdminRequest::RotateCheckpointKey { .. }
    );
    let start = if looks_or_admits { start_whatever_was_signed } else { start };
    let (engine, operator, _secrets) = start(EngineConfig::new(dir.clone()), lock)?;
    let answer = operator.execute(request.clone());
    engine.stop();
    Ok(answer)
}

fn said(answer: AdminAnswer) -> Result<AdminAnswer, CallError> {
    if let AdminAnswer::Refused(refused) = answer { Err(CallError::Refused(refused)) } else { Ok(answer) }
}

fn ask(stream: &UnixStream, request: &AdminRequest) -> io::Result<AdminAnswer> {
    stream.set_read_timeout(Some(ANSWER_WITHIN))?;
    let mut line = serde_json::to_string(request)?;
    line.push('\n');
    let mut writer = stream;
    writer.write_all(line.as_bytes())?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer)?;
    if answer.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(serde_json::from_str(&answer)?)
}
