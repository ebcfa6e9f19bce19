//! The service's end of the control socket: a thread that takes one request at a time. Administrative work is rare, and
//! one at a time is all it needs. An import goes on beside it, on a thread of its own.

use super::import::Sessions;
use super::message::{AdminAnswer, AdminRequest};
use super::operator::{Operator, refused};
use crate::storage::DataDir;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// The longest request.
pub(super) const LINE_MAX: u64 = 64 * 1024;
/// How long the other end may keep the thread waiting.
const PATIENCE: Duration = Duration::from_secs(5);
/// What the system allows for a socket's path, its closing zero aside.
const PATH_MAX: usize = 107;

/// Why the socket cannot be offered.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    #[error(
        "the control socket's path {} is {length} bytes long, and the system allows {PATH_MAX}: \
         serve the directory under a shorter or a relative path", path.display()
    )]
    TooLong { path: PathBuf, length: usize },
    #[error("the control socket {}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

/// The listening thread. Stops when told to, and takes the socket away.
#[derive(Debug)]
pub struct Control {
    path: PathBuf,
    stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    sessions: Arc<Sessions>,
}

/// Listens on the directory's control socket. The caller holds the directory's lock, so a socket that is there is stale.
///
/// # Errors
/// When the socket cannot be made.
pub fn serve(dir: &DataDir, operator: Operator) -> Result<Control, SocketError> {
    let path = dir.control_socket();
    let listener = listen(dir, &path)?;
    let stopping = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&stopping);
    let sessions = Arc::new(Sessions::default());
    let begun = Arc::clone(&sessions);
    let accept = move || {
        for stream in listener.incoming() {
            if told.load(Ordering::Acquire) {
                break;
            }
            if let Err(error) = stream.and_then(|stream| answer(&stream, &operator, &begun)) {
                tracing::warn!(%error, "a request on the control socket was not answered");
            }
        }
    };
    let thread = std::thread::Builder::new().name("control".to_owned()).spawn(accept);
    let thread = thread.map_err(|source| SocketError::Io { path: path.clone(), source })?;
    Ok(Control { path, stopping, thread: Some(thread), sessions })
}

impl Control {
    /// Takes no more requests; returns when the last one has been answered.
    pub fn stop(mut self) {
        self.finish();
    }

    fn finish(&mut self) {
        self.stopping.store(true, Ordering::Release);
        // The thread waits for a caller: this is one.
        let _woken = UnixStream::connect(&self.path);
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
        self.sessions.stop();
        let _removed = fs::remove_file(&self.path);
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        if self.thread.is_some() {
            self.finish();
        }
    }
}

// Made in a folder that only the owner can enter and moved from there, so that nobody else can reach it at any moment,
// whatever the process's umask and the directory's own mode.
fn listen(dir: &DataDir, path: &Path) -> Result<UnixListener, SocketError> {
    let folder = dir.path().join(".control");
    let fresh = folder.join("socket");
    let length = fresh.as_os_str().len().max(path.as_os_str().len());
    if length > PATH_MAX {
        return Err(SocketError::TooLong { path: path.to_owned(), length });
    }
    let make = || {
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::DirBuilder::new().mode(0o700).create(&folder)?;
        let listener = UnixListener::bind(&fresh)?;
        fs::set_permissions(&fresh, fs::Permissions::from_mode(0o600))?;
        fs::rename(&fresh, path)?;
        fs::remove_dir(&folder)?;
        Ok(listener)
    };
    make().map_err(|source| SocketError::Io { path: path.to_owned(), source })
}

fn answer(stream: &UnixStream, operator: &Operator, sessions: &Sessions) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut line = String::new();
    read_line(stream, &mut line)?;
    if line.is_empty() {
        // Somebody only looked whether a service runs.
        return Ok(());
    }
    let answer = match serde_json::from_str::<AdminRequest>(&line) {
        Ok(AdminRequest::Import(options)) => return sessions.begin(stream.try_clone()?, operator.clone(), options),
        Ok(request) => operator.execute(request),
        Err(_) => AdminAnswer::Refused(refused("the service is of another version and does not know this".to_owned())),
    };
    let mut text = serde_json::to_string(&answer)?;
    text.push('\n');
    let mut stream = stream;
    stream.write_all(text.as_bytes())
}

/// Reads up to the end of the line and not a byte further: what follows may be another's to read.
fn read_line(mut stream: &UnixStream, line: &mut String) -> io::Result<()> {
    let (mut bytes, mut byte) = (Vec::new(), [0]);
    while u64::try_from(bytes.len()).is_ok_and(|length| length < LINE_MAX) && stream.read(&mut byte)? > 0 {
        bytes.push(byte[0]);
        if byte[0] == b'\n' {
            break;
        }
    }
    line.push_str(std::str::from_utf8(&bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?);
    Ok(())
}
