//! The service's end of imports: one at a time, on a thread of its own, so that other administrative work goes on.

use super::frames::{self, FromSession, ToSession};
use super::rows::ImportOptions;
use super::session::{Broken, Session};
use crate::control::message::{AdminAnswer, Refused};
use crate::control::operator::{Operator, refused};
use parking_lot::Mutex;
use std::io::{self, BufReader, BufWriter, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::thread::JoinHandle;

/// The import that is going on, if one is.
#[derive(Debug, Default)]
pub(in crate::control) struct Sessions(Mutex<Option<(UnixStream, JoinHandle<()>)>>);

impl Sessions {
    /// Begins an import with the other end of a stream, or tells it why not.
    pub(in crate::control) fn begin(
        &self,
        stream: UnixStream,
        operator: Operator,
        options: ImportOptions,
    ) -> io::Result<()> {
        let mut running = self.0.lock();
        if running.as_ref().is_some_and(|(_, thread)| !thread.is_finished()) {
            let busy = refused("another import is going on: wait until it has ended".to_owned());
            return say(&stream, &AdminAnswer::Refused(busy));
        }
        let handle = stream.try_clone()?;
        // The other end may read files for as long as it likes.
        stream.set_read_timeout(None)?;
        stream.set_write_timeout(None)?;
        let run = move || {
            if let Err(error) = serve(&stream, &operator, options) {
                tracing::warn!(%error, "an import was interrupted: the same files again continue it");
            }
            let _closed = stream.shutdown(Shutdown::Both);
        };
        let thread = std::thread::Builder::new().name("import".to_owned()).spawn(run)?;
        *running = Some((handle, thread));
        Ok(())
    }

    /// Ends the import that is going on; returns when what it had sent to the writer is answered.
    pub(in crate::control) fn stop(&self) {
        if let Some((stream, thread)) = self.0.lock().take() {
            let _closed = stream.shutdown(Shutdown::Both);
            let _ended = thread.join();
        }
    }
}

fn serve(stream: &UnixStream, operator: &Operator, options: ImportOptions) -> io::Result<()> {
    let mut begun = false;
    let mut from = BufReader::new(stream);
    let mut to = BufWriter::new(stream);
    let held = hold(
        operator,
        options,
        || {
            begun = true;
            say(stream, &AdminAnswer::ImportBegun)
        },
        || frames::read(&mut from),
        |message| frames::write(&mut to, &message),
    )?;
    match held {
        Err(refused) if !begun => say(stream, &AdminAnswer::Refused(refused)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn say(mut stream: &UnixStream, answer: &AdminAnswer) -> io::Result<()> {
    let mut text = serde_json::to_string(answer)?;
    text.push('\n');
    stream.write_all(text.as_bytes())
}

/// Holds an import from its beginning to its end. Until it has been finished, in this process or a later one, the expiry job
/// rests: what was due long ago has to stay open for the rows to come.
pub(super) fn hold(
    operator: &Operator,
    options: ImportOptions,
    begun: impl FnOnce() -> io::Result<()>,
    mut receive: impl FnMut() -> io::Result<Option<ToSession>>,
    mut send: impl FnMut(FromSession) -> io::Result<()>,
) -> io::Result<Result<(), Refused>> {
    let queries = operator.queries();
    let mut session = match Session::begin(operator, &queries, options) {
        Ok(session) => session,
        Err(refused) => return Ok(Err(refused)),
    };
    operator.dir().mark_import()?;
    let _resting = operator.writer().rest_expiry();
    begun()?;
    while let Some(message) = receive()? {
        let finish = match &message {
            ToSession::Rows(_) => None,
            ToSession::Finish { more_follows } => Some(*more_follows),
        };
        let answers = match message {
            ToSession::Rows(rows) => session.push(rows),
            ToSession::Finish { .. } => session.drain(),
        };
        match answers {
            Ok(answers) => answers.into_iter().try_for_each(|answer| send(FromSession::Answered(answer)))?,
            Err(broken) => return tell(&broken, send),
        }
        if let Some(more_follows) = finish {
            if !more_follows {
                operator.dir().unmark_import()?;
            }
            send(FromSession::Finished)?;
            return Ok(Ok(()));
        }
    }
    // The other end has gone. What it sent is decided, and nobody is there to be told.
    drop(session.drain());
    Err(io::ErrorKind::UnexpectedEof.into())
}

fn tell(broken: &Broken, mut send: impl FnMut(FromSession) -> io::Result<()>) -> io::Result<Result<(), Refused>> {
    let message = broken.to_string();
    tracing::error!(%broken, "an import cannot go on");
    send(FromSession::Broken { message: message.clone() })?;
    Ok(Err(refused(message)))
}
