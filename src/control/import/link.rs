//! The command line's end of an import: to the running service, or to an engine started here under the directory's lock.

use super::frames::{self, FromSession, ToSession};
use super::rows::{Answered, ImportOptions, Rows};
use super::sessions::hold;
use crate::app::EngineConfig;
use crate::control::call::{self, CallError};
use crate::control::message::{AdminAnswer, AdminRequest, Refused};
use crate::storage::{DataDir, Lock};
use std::collections::VecDeque;
use std::fmt;
use std::io::{self, BufRead as _, BufReader, BufWriter, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, Sender, SyncSender, TryRecvError, channel, sync_channel};
use std::thread::JoinHandle;
use std::time::Instant;

/// How many messages are parsed ahead of the session.
const AHEAD: usize = 4;

/// Why an import did not come to its end. What was answered is in the log; the same files again continue it.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("{0}. What was read until here may be in the ledger: the same command again continues it")]
    Broken(String),
}

/// An import as its files are read. Answers come in the order of what was sent.
pub struct Import {
    to: To,
    answers: Receiver<FromSession>,
    thread: Option<JoinHandle<Result<(), CallError>>>,
}

enum To {
    Service(BufWriter<UnixStream>),
    Here(Option<SyncSender<ToSession>>),
}

impl Import {
    /// Begins an import into a directory.
    ///
    /// # Errors
    /// When neither the service nor the directory can be reached, or the options are refused.
    pub fn begin(dir: &DataDir, options: &ImportOptions) -> Result<Self, ImportError> {
        let way = call::way(dir)?;
        match way {
            call::Way::Service(stream) => Self::with_service(stream, options),
            call::Way::Here(lock) => Self::under_lock(dir, lock, options),
        }
    }

    /// Begins an import into a directory whose lock is held.
    ///
    /// # Errors
    /// When its files cannot be used, or the options are refused.
    pub fn under_lock(dir: &DataDir, lock: Lock, options: &ImportOptions) -> Result<Self, ImportError> {
        let (to, incoming) = sync_channel::<ToSession>(AHEAD);
        let (outgoing, answers) = channel();
        let (ready, begun) = channel::<()>();
        let (dir, options) = (dir.clone(), options.clone());
        let run = move || {
            let (engine, operator, _secrets) = call::start(EngineConfig::new(dir), lock)?;
            let say_begun = || ready.send(()).map_err(|_| io::ErrorKind::BrokenPipe.into());
            let receive = || Ok(incoming.recv().ok());
            let held = hold(&operator, options, say_begun, receive, |message| say(&outgoing, message));
            engine.stop();
            match held {
                Ok(Ok(())) => Ok(()),
                Ok(Err(refused)) => Err(CallError::Refused(refused)),
                Err(source) => Err(CallError::Unanswered(source)),
            }
        };
        let thread = std::thread::Builder::new().name("import".to_owned()).spawn(run);
        let thread = thread.map_err(|error| ImportError::Broken(error.to_string()))?;
        let mut import = Self { to: To::Here(Some(to)), answers, thread: Some(thread) };
        match begun.recv() {
            Ok(()) => Ok(import),
            Err(_) => Err(import.reason()),
        }
    }

    fn with_service(stream: UnixStream, options: &ImportOptions) -> Result<Self, ImportError> {
        let unanswered = |source| ImportError::Call(CallError::Unanswered(source));
        let mut line = serde_json::to_string(&AdminRequest::Import(options.clone())).map_err(io::Error::other);
        line.as_mut().map(|line| line.push('\n')).ok();
        let mut to = BufWriter::new(stream.try_clone().map_err(unanswered)?);
        let asked = line.and_then(|line| to.write_all(line.as_bytes())).and_then(|()| to.flush());
        asked.map_err(unanswered)?;
        let mut from = BufReader::new(stream);
        let mut answer = String::new();
        from.read_line(&mut answer).map_err(unanswered)?;
        match serde_json::from_str::<AdminAnswer>(&answer) {
            Ok(AdminAnswer::ImportBegun) => {}
            Ok(AdminAnswer::Refused(refused)) => return Err(CallError::Refused(refused).into()),
            Ok(_) | Err(_) => return Err(unanswered(io::ErrorKind::InvalidData.into())),
        }
        let (outgoing, answers) = channel();
        // A thread of its own, so that the service can always answer, however much is being sent.
        let read = move || {
            while let Some(message) = frames::read(&mut from).map_err(CallError::Unanswered)? {
                let last = matches!(message, FromSession::Finished | FromSession::Broken { .. });
                if say(&outgoing, message).is_err() || last {
                    return Ok(());
                }
            }
            Err(CallError::Unanswered(io::ErrorKind::UnexpectedEof.into()))
        };
        let thread = std::thread::Builder::new().name("answers".to_owned()).spawn(read).map_err(unanswered)?;
        Ok(Self { to: To::Service(to), answers, thread: Some(thread) })
    }

    /// Sends rows, at most [`Rows::MAX`]; waits while the ledger is busy with those before.
    ///
    /// # Errors
    /// When the import is broken off.
    pub fn send(&mut self, rows: Rows) -> Result<(), ImportError> {
        self.put(ToSession::Rows(rows))
    }

    /// The answers that have come meanwhile.
    ///
    /// # Errors
    /// When the import is broken off.
    pub fn answers(&mut self) -> Result<Vec<Answered>, ImportError> {
        let mut answers = Vec::new();
        loop {
            match self.answers.try_recv() {
                Ok(FromSession::Answered(answer)) => answers.push(answer),
                Ok(FromSession::Broken { message }) => return Err(ImportError::Broken(message)),
                Ok(FromSession::Finished) | Err(TryRecvError::Empty) => return Ok(answers),
                Err(TryRecvError::Disconnected) => return Err(self.reason()),
            }
        }
    }

    /// Sends nothing more, and waits for the answers that are still to come: they, and when the last had come.
    ///
    /// # Errors
    /// When the import is broken off.
    pub fn finish(mut self, more_follows: bool) -> Result<(VecDeque<Answered>, Instant), ImportError> {
        self.put(ToSession::Finish { more_follows })?;
        let mut answers = VecDeque::new();
        loop {
            match self.answers.recv() {
                Ok(FromSession::Answered(answer)) => answers.push_back(answer),
                Ok(FromSession::Broken { message }) => return Err(ImportError::Broken(message)),
                Ok(FromSession::Finished) => break,
                Err(_) => return Err(self.reason()),
            }
        }
        let last = Instant::now();
        // Under the lock, the projections are level with the log when this returns.
        match self.join() {
            Some(Err(error)) => Err(error.into()),
            Some(Ok(())) | None => Ok((answers, last)),
        }
    }

    fn put(&mut self, message: ToSession) -> Result<(), ImportError> {
        let sent = match &mut self.to {
            To::Service(stream) => frames::write(stream, &message).is_ok(),
            To::Here(Some(to)) => to.send(message).is_ok(),
            To::Here(None) => false,
        };
        if sent { Ok(()) } else { Err(self.reason()) }
    }

    /// Why the other end has gone: it said so, or ended with an error.
    fn reason(&mut self) -> ImportError {
        if let To::Here(to) = &mut self.to {
            drop(to.take());
        }
        let ended = self.join();
        for message in self.answers.try_iter() {
            if let FromSession::Broken { message } = message {
                return ImportError::Broken(message);
            }
        }
        match ended {
            Some(Err(error)) => error.into(),
            Some(Ok(())) | None => ImportError::Broken("the import was broken off".to_owned()),
        }
    }

    fn join(&mut self) -> Option<Result<(), CallError>> {
        let gone = || Refused { message: "the thread of the import ended unexpectedly".to_owned() };
        self.thread.take().map(|thread| thread.join().unwrap_or_else(|_| Err(gone().into())))
    }
}

impl fmt::Debug for Import {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Import").finish_non_exhaustive()
    }
}

fn say(to: &Sender<FromSession>, message: FromSession) -> io::Result<()> {
    to.send(message).map_err(|_| io::ErrorKind::BrokenPipe.into())
}
