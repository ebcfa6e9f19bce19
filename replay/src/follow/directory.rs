//! The directory of a mirror: what it says of itself, its lock, and which directories are none.

use super::files;
use super::trust::Told;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// What only a directory has that a service writes in.
const OF_A_SERVICE: [&str; 3] = ["ops.db", "lock", "control.sock"];
const FORMAT: &str = "counterfoil mirror v1";

/// Why a directory cannot be used as a mirror.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    #[error(
        "{} belongs to a service, which keeps {file} there: a mirror is the auditor's own. Name another directory", path.display()
    )]
    OfAService { path: PathBuf, file: &'static str },
    #[error("{} holds a ledger that this command did not make: name another directory", .0.display())]
    NotAMirror(PathBuf),
    #[error("another process follows into {}: there may be one at a time", .0.display())]
    InUse(PathBuf),
    #[error("{} is not the state of a mirror: {why}", path.display())]
    State { path: PathBuf, why: String },
    #[error("{}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{}", path.display())]
    Database { path: PathBuf, source: rusqlite::Error },
}

/// What the directory says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    format: String,
    /// Where the log was last read.
    pub(super) source: String,
    /// The key that is trusted, as text; none until the first checkpoint.
    pub(super) key: Option<String>,
    /// Whether the auditor named it, or it was taken from the log itself.
    pub(super) named: bool,
    /// The last key that took its place and was told of, as text.
    #[serde(default)]
    pub(super) told: Option<String>,
    /// The event that created it; none where an earlier version noted the key alone.
    #[serde(default)]
    pub(super) told_seq: Option<i64>,
}

/// Takes a directory for this process, made where it is absent, and answers what it says of itself.
pub(super) fn open(directory: &Path, source: &str) -> Result<(State, File), MirrorError> {
    let file = |path: &Path| {
        let path = path.to_owned();
        move |source| MirrorError::File { path, source }
    };
    if let Some(found) = OF_A_SERVICE.into_iter().find(|name| directory.join(name).exists()) {
        return Err(MirrorError::OfAService { path: directory.to_owned(), file: found });
    }
    let path = directory.join("follow.json");
    if directory.join("ledger.db").exists() && !path.exists() {
        return Err(MirrorError::NotAMirror(directory.to_owned()));
    }
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory);
    made.map_err(file(directory))?;
    let lock = lock(directory)?;
    let before = match files::read(&path).map_err(file(&path))? {
        Some(text) => Some(State::read(&text).map_err(|why| MirrorError::State { path: path.clone(), why })?),
        None => None,
    };
    let known = before.as_ref().is_some_and(|state| state.source == source);
    let state = State { source: source.to_owned(), ..before.unwrap_or_else(|| State::begin(source)) };
    if !known {
        files::replace(&path, state.text().as_bytes()).map_err(file(&path))?;
    }
    Ok((state, lock))
}

impl State {
    fn begin(source: &str) -> Self {
        let (format, source) = (FORMAT.to_owned(), source.to_owned());
        Self { format, source, key: None, named: false, told: None, told_seq: None }
    }

    /// Up to which rotation a person was told.
    pub(super) fn last_told(&self) -> Option<Told> {
        self.told.clone().map(|key| Told { key, seq: self.told_seq })
    }

    fn read(text: &str) -> Result<Self, String> {
        let state: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if state.format == FORMAT {
            Ok(state)
        } else {
            Err(format!("its format is {:?}, not {FORMAT:?}", state.format))
        }
    }

    /// As it stands in the file.
    pub(super) fn text(&self) -> String {
        let value = serde_json::json!({
            "format": self.format, "source": self.source, "key": self.key, "named": self.named, "told": self.told,
            "told_seq": self.told_seq,
        });
        format!("{value:#}\n")
    }
}

/// Takes the directory for this process, for as long as the file is open.
fn lock(directory: &Path) -> Result<File, MirrorError> {
    let path = directory.join("follow.lock");
    let opened = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = opened.map_err(|source| MirrorError::File { path: path.clone(), source })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(MirrorError::InUse(directory.to_owned())),
        Err(TryLockError::Error(source)) => Err(MirrorError::File { path, source }),
    }
}
