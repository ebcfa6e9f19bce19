//! Sending an export while it is read: a page is read when the one before has been taken, and no sooner.
//!
//! A reader who is slow, or gone, therefore holds nothing: no thread, no snapshot, no more than one page of bytes. Only so many
//! may read at once, and whoever has not taken a page for a while loses the place to somebody who would.

use crate::clock::Clock;
use crate::domain::{PartnerId, Timestamp};
use crate::exports::Encoder;
use crate::http::errors::ApiError;
use crate::queries::{ExportQuestion, Queries, QueryError};
use actix_web::web::Bytes;
use futures_util::stream::{Stream, try_unfold};
use parking_lot::Mutex;
use std::io;
use std::sync::Arc;

/// How many exports are sent at once: each keeps a core busy while its reader is fast.
const AT_ONCE: usize = 4;
/// How many of them may be one partner's.
const OF_PARTNER: usize = 2;
/// After how long without taking a page a download may lose its place, in seconds.
const STALLED: i64 = 60;
/// When somebody without a place may try again, in seconds.
const RETRY_AFTER: i64 = 10;

/// Who is downloading.
#[derive(Debug, Clone, Default)]
pub(crate) struct Downloads(Arc<Mutex<Places>>);

#[derive(Debug, Default)]
struct Places {
    next: u64,
    taken: Vec<Taken>,
}

#[derive(Debug)]
struct Taken {
    id: u64,
    partner: PartnerId,
    last_page: Timestamp,
}

impl Downloads {
    /// Takes a place.
    pub(super) fn begin(&self, partner: PartnerId, clock: Clock) -> Result<Place, ApiError> {
        let now = clock.now();
        let mut places = self.0.lock();
        let of_partner = |taken: &[Taken]| taken.iter().filter(|taken| taken.partner == partner).count();
        let full = |taken: &[Taken]| taken.len() >= AT_ONCE || of_partner(taken) >= OF_PARTNER;
        if full(&places.taken) {
            places.taken.retain(|taken| now.micros() - taken.last_page.micros() <= STALLED * 1_000_000);
        }
        if full(&places.taken) {
            return Err(ApiError::TooManyDownloads { retry_after: RETRY_AFTER });
        }
        places.next += 1;
        let id = places.next;
        places.taken.push(Taken { id, partner, last_page: now });
        Ok(Place { downloads: self.clone(), id, clock })
    }
}

/// A place among the downloads, given back when it is dropped: when the file is complete, or its reader gone.
#[derive(Debug)]
pub(super) struct Place {
    downloads: Downloads,
    id: u64,
    clock: Clock,
}

impl Place {
    /// Notes that a page is wanted. False where the place was lost meanwhile.
    fn goes_on(&self) -> bool {
        let mut places = self.downloads.0.lock();
        let taken = places.taken.iter_mut().find(|taken| taken.id == self.id);
        taken.map(|taken| taken.last_page = self.clock.now()).is_some()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.downloads.0.lock().taken.retain(|taken| taken.id != self.id);
    }
}

/// Why a download ends before its end: the connection is closed without the last chunk, so that nobody takes half for whole.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error("nothing was taken for more than {STALLED} seconds, and another download has the place")]
    Stalled,
    #[error(transparent)]
    Read(#[from] QueryError),
    #[error(transparent)]
    Write(#[from] io::Error),
}

enum Stage {
    Begin,
    After(i64),
    End,
    Done,
}

struct Sending {
    queries: Queries,
    question: ExportQuestion,
    encoder: Option<Encoder>,
    stage: Stage,
    place: Place,
}

/// The bytes of an export, read as they are taken.
pub(super) fn stream(
    queries: Queries,
    question: ExportQuestion,
    encoder: Encoder,
    place: Place,
) -> impl Stream<Item = Result<Bytes, Broken>> {
    let sending = Sending { queries, question, encoder: Some(encoder), stage: Stage::Begin, place };
    try_unfold(sending, |mut sending| async move {
        let bytes = sending.bytes().await.inspect_err(|error| tracing::warn!(%error, "an export broke off"))?;
        Ok(bytes.map(|bytes| (Bytes::from(bytes), sending)))
    })
}

impl Sending {
    /// The next bytes, which are never empty; none after the last.
    async fn bytes(&mut self) -> Result<Option<Vec<u8>>, Broken> {
        if !self.place.goes_on() {
            return Err(Broken::Stalled);
        }
        loop {
            let Some(mut encoder) = self.encoder.take() else { return Ok(None) };
            let bytes = match self.stage {
                Stage::Begin => {
                    let bytes = encoder.begin()?;
                    self.encoder = Some(encoder);
                    self.stage = Stage::After(0);
                    bytes
                }
                Stage::After(id) => {
                    let (encoder, bytes, next) = self.page(encoder, id).await?;
                    self.encoder = Some(encoder);
                    self.stage = next.map_or(Stage::End, Stage::After);
                    bytes
                }
                Stage::End => {
                    self.stage = Stage::Done;
                    encoder.end()?
                }
                Stage::Done => return Ok(None),
            };
            if !bytes.is_empty() {
                return Ok(Some(bytes));
            }
        }
    }

    // Rows become bytes on the thread that read them: the one that answers requests is not held up by either.
    async fn page(&self, mut encoder: Encoder, after: i64) -> Result<(Encoder, Vec<u8>, Option<i64>), Broken> {
        let make = move |page: crate::queries::ExportPage| {
            let bytes = encoder.page(&page.rows)?;
            Ok::<_, io::Error>((encoder, bytes, page.next))
        };
        Ok(self.queries.export_page(self.question.clone(), after, make).await??)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_767_225_600_000_000;

    #[test]
    fn places_are_few_and_given_back() {
        let (downloads, clock) = (Downloads::default(), Clock::manual(Timestamp::from_micros(START)));
        let begin = |partner| downloads.begin(PartnerId::new(partner), clock.clone());
        let (first, second) = (begin(1).unwrap(), begin(1).unwrap());
        assert!(matches!(begin(1), Err(ApiError::TooManyDownloads { .. })), "a partner has two");
        let (third, fourth) = (begin(2).unwrap(), begin(3).unwrap());
        assert!(begin(4).is_err(), "four are all");
        drop(first);
        assert!(begin(1).unwrap().goes_on());
        drop((second, third, fourth));
        assert!(downloads.0.lock().taken.is_empty());
    }

    #[test]
    fn a_place_is_lost_by_who_takes_nothing_once_another_wants_it() {
        let (downloads, clock) = (Downloads::default(), Clock::manual(Timestamp::from_micros(START)));
        let begin = || downloads.begin(PartnerId::new(1), clock.clone());
        let (stalled, working) = (begin().unwrap(), begin().unwrap());
        clock.set(Timestamp::from_micros(START + STALLED * 1_000_000));
        assert!(begin().is_err() && stalled.goes_on() && working.goes_on());
        clock.set(Timestamp::from_micros(START + 2 * STALLED * 1_000_000));
        assert!(working.goes_on());
        clock.set(Timestamp::from_micros(START + 2 * STALLED * 1_000_000 + 1));
        let next = begin().unwrap();
        assert!(next.goes_on() && working.goes_on() && !stalled.goes_on());
        drop(stalled);
        assert!(begin().is_err(), "what was lost is not given back twice");
    }
}
