//! A stream of events: a task that reads pages of the log and hands them to the connection as fast as that takes them. Bounded in
//! how many there are, in what each holds, and in how long each lasts; whoever wants more resumes where it ended.

use crate::domain::{KeyId, Seq};
use crate::http::HttpState;
use crate::http::errors::ApiError;
use crate::http::locales::Message;
use crate::queries::{LogRow, Sight};
use actix_web::body::{BodySize, MessageBody};
use actix_web::web::{self, Bytes};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::{Instant, sleep, timeout};

/// How many streams there may be at once.
const FEEDS_MAX: usize = 64;
/// How many rows are read at a time.
const PAGE: i64 = 500;
/// How many pages wait for a slow reader.
const WAITING: usize = 2;
/// How long a reader may take for a page before its stream ends.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a stream that has reached the end of the log looks again. Telling each of them of each commit would cost the
/// commits; looking costs one number.
const LOOK: Duration = Duration::from_millis(100);
/// How long nothing may be sent.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long a stream lasts.
const LIFE: Duration = Duration::from_secs(3_600);

/// How a stream looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A JSON object a line; an empty line is a heartbeat.
    JsonLines,
    /// Server-Sent Events, whose ids are seqs.
    ServerSentEvents,
}

impl Form {
    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Self::JsonLines => "application/jsonl; charset=utf-8",
            Self::ServerSentEvents => "text/event-stream; charset=utf-8",
        }
    }

    fn heartbeat(self) -> Bytes {
        match self {
            Self::JsonLines => Bytes::from_static(b"\n"),
            Self::ServerSentEvents => Bytes::from_static(b": still here\n\n"),
        }
    }

    fn page(self, rows: &[LogRow]) -> serde_json::Result<Bytes> {
        let mut page = Vec::with_capacity(rows.len() * 512);
        for row in rows {
            if self == Self::ServerSentEvents {
                page.extend_from_slice(format!("id: {}\ndata: ", row.seq()).as_bytes());
            }
            // Compact JSON holds no line break.
            serde_json::to_writer(&mut page, row)?;
            page.extend_from_slice(if self == Self::ServerSentEvents { b"\n\n" } else { b"\n" });
        }
        Ok(page.into())
    }
}

/// Where a stream begins, and how it looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) after: Seq,
    pub(super) sight: Sight,
    pub(super) form: Form,
}

/// All streams of the service.
#[derive(Debug)]
pub(crate) struct Feeds {
    places: Arc<Semaphore>,
    closing: watch::Sender<bool>,
}

impl Default for Feeds {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(FEEDS_MAX)), closing: watch::Sender::new(false) }
    }
}

impl Feeds {
    /// Begins a stream.
    pub(super) fn begin(&self, state: web::Data<HttpState>, key: KeyId, place: Place) -> Result<Feed, ApiError> {
        let permit = Arc::clone(&self.places).try_acquire_owned().map_err(|_| ApiError::Unavailable(Message::Busy))?;
        let (pages, waiting) = mpsc::channel(WAITING);
        let reader = Reader { state, key, place, pages, closing: self.closing.subscribe(), _permit: permit };
        actix_web::rt::spawn(reader.run());
        Ok(Feed(waiting))
    }

    /// How many streams there are.
    pub(crate) fn open(&self) -> usize {
        FEEDS_MAX - self.places.available_permits()
    }

    /// Ends every stream, and each that begins: a service that stops waits for its connections.
    pub(crate) fn close(&self) {
        self.closing.send_replace(true);
    }
}

/// The body of an answer.
#[derive(Debug)]
pub(super) struct Feed(mpsc::Receiver<Bytes>);

impl MessageBody for Feed {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        self.0.poll_recv(context).map(|page| page.map(Ok))
    }
}

struct Reader {
    state: web::Data<HttpState>,
    key: KeyId,
    place: Place,
    pages: mpsc::Sender<Bytes>,
    closing: watch::Receiver<bool>,
    _permit: OwnedSemaphorePermit,
}

impl Reader {
    async fn run(mut self) {
        let end = Instant::now() + LIFE;
        let Place { mut after, sight, form } = self.place;
        while Instant::now() < end && !*self.closing.borrow() && self.may_still() {
            if self.head() <= after {
                if !self.wait(after).await {
                    return;
                }
                if self.head() <= after && !self.send(form.heartbeat()).await {
                    return;
                }
                continue;
            }
            let rows = match self.state.queries.log_rows(after, PAGE, sight).await {
                Ok(rows) => rows,
                Err(error) => {
                    tracing::warn!(%error, "a stream of events ends early");
                    return;
                }
            };
            let Some(last) = rows.last().map(LogRow::seq) else { return };
            let Ok(page) = form.page(&rows) else { return };
            if !self.send(page).await {
                return;
            }
            after = last;
        }
    }

    fn head(&self) -> Seq {
        self.state.queries.live().progress().head()
    }

    /// A key that is revoked meanwhile reads no further.
    fn may_still(&self) -> bool {
        let now = self.state.clock.now();
        let directory = self.state.queries.live().directory();
        let key = directory.keys.get(&self.key);
        key.is_some_and(|key| key.revoked_at.is_none() && key.expires_at.is_none_or(|end| end > now))
    }

    /// Waits until there is more, or it is time for a heartbeat; false where nobody listens any more.
    async fn wait(&mut self, after: Seq) -> bool {
        let start = Instant::now();
        while self.head() <= after && start.elapsed() < HEARTBEAT && !*self.closing.borrow() && self.may_still() {
            tokio::select! {
                () = self.pages.closed() => return false,
                _ = self.closing.changed() => return false,
                () = sleep(LOOK) => {}
            }
        }
        true
    }

    async fn send(&self, page: Bytes) -> bool {
        timeout(PATIENCE, self.pages.send(page)).await.is_ok_and(|sent| sent.is_ok())
    }
}
