//! One step: what the source shows now, held against what it showed before.

use super::alarm::{Alarm, Kind};
use super::feed::Feed;
use super::judge::{Note, Seen, Shown, judge};
use super::mirror::{Covered, Mirror};
use super::source::{PAGE, Source, Trouble};
use super::{FollowError, Halt, Parted};
use crate::ledger::Row;
use crate::merkle::consistent;
use crate::note::Checkpoint;
use serde_json::Value;
use std::time::{Duration, Instant};

/// From how many new events on they are read as a stream and not in pages: it is one request, and a source counts requests.
const STREAMED: i64 = 10 * PAGE;

/// How long a step reads on: a source that grows as fast as it is read must not keep its checkpoint from ever being looked at unnoticed.
const PATIENCE: Duration = Duration::from_secs(1_800);

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Stepped {
    /// Events that are new in the mirror.
    pub(super) events: i64,
    /// A checkpoint under which more was verified than before.
    pub(super) covered: bool,
}

/// A source and its mirror.
#[derive(Debug)]
pub(super) struct Step<'a> {
    pub(super) source: &'a Source,
    pub(super) mirror: &'a mut Mirror,
}

impl Step<'_> {
    pub(super) fn run(&mut self) -> Result<Stepped, Halt> {
        let before = self.mirror.head.seq;
        let note = self.source.checkpoint()?;
        self.mirror_events(note.as_deref())?;
        let covered = self.mirror_checkpoint(note.as_deref())?;
        Ok(Stepped { events: self.mirror.head.seq - before, covered })
    }

    /// Reads on from the end of the mirror. The last event is asked for once more: what was there has to be there still.
    fn mirror_events(&mut self, note: Option<&str>) -> Result<(), Halt> {
        let head = self.mirror.head;
        let page = self.source.page((head.seq - 1).max(0), PAGE)?;
        let (mut full, mut target) = (is_full(&page.rows), page.head);
        let mut rows = page.rows.into_iter();
        if head.seq > 0 {
            let row = rows.next();
            if !self.is_same(row.as_ref(), head.seq)? {
                let row = row.filter(|row| row.seq == head.seq);
                return Err(Halt::Parted(Box::new(Parted { note: note.map(str::to_owned), row })));
            }
        }
        let (mut feed, begun) = (Feed::after(head), Instant::now());
        rows.try_for_each(|row| feed.take(row, self.mirror))?;
        while full {
            in_time(begun)?;
            feed.store_whole_commands(self.mirror)?;
            if target.saturating_sub(feed.last()) > STREAMED {
                let streamed = self.source.stream(feed.last(), target, |row| {
                    in_time(begun)?;
                    feed.take(row, self.mirror)
                });
                // However it ended: what came is in order, and the next step goes on after it.
                feed.store_whole_commands(self.mirror)?;
                streamed?;
            }
            let page = self.source.page(feed.last(), PAGE)?;
            (full, target) = (is_full(&page.rows), page.head);
            page.rows.into_iter().try_for_each(|row| feed.take(row, self.mirror))?;
        }
        // A page that is not full ends where the log did at that moment, and a log never ends within a command.
        feed.store(self.mirror)
    }

    fn mirror_checkpoint(&mut self, note: Option<&str>) -> Result<bool, Halt> {
        if let Some(note) = note
            && self.mirror.covered.is_none()
        {
            self.meet(note)?;
        }
        let standing = self.read_note(note);
        let checkpoint = match &standing {
            Note::Signed(checkpoint) => Some(checkpoint.clone()),
            Note::None | Note::Distrusted(_) => None,
        };
        let contradicts = match &checkpoint {
            Some(checkpoint) => {
                let root = self.mirror.root_at(checkpoint.size)?;
                let Some(root) = root else {
                    let (size, shown) = (checkpoint.size, self.mirror.head.seq);
                    let sentence = format!("the source has signed {size} events and shows {shown}");
                    return Err(self.evidence(Alarm::new(Kind::Rollback, shown + 1, sentence), note).into());
                };
                Some(root != checkpoint.root)
            }
            None => None,
        };
        let covered = self.covered_size();
        if let Some((kind, sentence)) = judge(&Seen { note: standing, shown: Shown::Same, covered, contradicts }) {
            return Err(self.evidence(Alarm::new(kind, None, sentence), note).into());
        }
        let (Some(checkpoint), Some(note)) = (checkpoint, note) else { return Ok(false) };
        self.require_record(&checkpoint, note)?;
        let grown = covered.is_none_or(|covered| checkpoint.size > covered);
        if grown {
            self.require_proof(&checkpoint, note)?;
        }
        // The same checkpoint may come with more cosignatures than before.
        let known = self.mirror.covered.as_ref().is_some_and(|covered| covered.note.len() >= note.len());
        if grown || !known {
            self.mirror.cover(Covered { note: note.to_owned(), checkpoint })?;
        }
        Ok(grown)
    }

    /// The first checkpoint: the key that the auditor named has to have signed it; where none was named, the log's own first key is
    /// taken at its word.
    fn meet(&mut self, note: &str) -> Result<(), Halt> {
        if self.mirror.keys.pinned().is_none() {
            let first = self.mirror.keys.first().cloned();
            let first =
                first.ok_or_else(|| Trouble::Passing("its log states no key that signs checkpoints".to_owned()))?;
            super::say(&format!(
                "no --key was given: from now on the key is trusted that the log itself states. Compare it with what the operator \
                 publishes: {}",
                first.text()
            ));
            self.mirror.pin(first, false)?;
        }
        match self.mirror.keys.open(note) {
            Ok(_) => Ok(()),
            Err(why) => {
                let key = self.mirror.keys.pinned().map(crate::note::LogKey::text).unwrap_or_default();
                let stated = self.mirror.keys.first().map(crate::note::LogKey::text).unwrap_or_default();
                Err(FollowError::Stranger { key, why: why.to_string(), stated }.into())
            }
        }
    }

    /// The log records every checkpoint that it signs: one that it does not was signed for somebody else's eyes. Nor does it count that
    /// a key which was not in force at the place of the record is trusted for what it signed before.
    fn require_record(&self, checkpoint: &Checkpoint, note: &str) -> Result<(), Halt> {
        let recorded = self.mirror.keys.recorded(checkpoint.size);
        let signer = self.mirror.keys.open(note).ok().map(|opened| opened.key);
        if signer.is_some() && recorded.is_some_and(|it| it.root == checkpoint.root && it.key == signer) {
            return Ok(());
        }
        let sentence = format!(
            "the checkpoint of size {} is signed, but its log does not record it with this root, and with this key while it was in force",
            checkpoint.size
        );
        Err(self.evidence(Alarm::new(Kind::Unrecorded, None, sentence), Some(note)).into())
    }

    /// Our own tree says already that the log continues. Others have nothing but the source's proofs, so those have to hold, too.
    fn require_proof(&self, checkpoint: &Checkpoint, note: &str) -> Result<(), Halt> {
        let Some(covered) = &self.mirror.covered else { return Ok(()) };
        let from = &covered.checkpoint;
        let given = self.source.consistency(from.size, checkpoint.size)?;
        let why = match &given {
            Ok(hashes) if consistent(from.size, &from.root, checkpoint.size, &checkpoint.root, hashes) => return Ok(()),
            Ok(_) => "it does not lead from one root to the other".to_owned(),
            Err(why) => why.clone(),
        };
        let (from, to) = (from.size, checkpoint.size);
        let sentence = format!(
            "the source gives no valid proof that its tree of {to} events continues the one of {from} ({why}), although the events do"
        );
        let hashes: Vec<Value> = given.unwrap_or_default().iter().map(|hash| hex::encode(hash).into()).collect();
        let alarm = Alarm::new(Kind::Proof, None, sentence).with("proof", hashes);
        Err(self.evidence(alarm, Some(note)).into())
    }

    /// What to call it that the source no longer shows the event with which the mirror ends, as far as that is known without another
    /// question.
    pub(super) fn at_first_sight(&self, parted: &Parted) -> Result<Alarm, FollowError> {
        let Parted { note, row } = parted;
        let note_read = self.read_note(note.as_deref());
        let contradicts = match &note_read {
            Note::Signed(checkpoint) => self.mirror_contradicts(checkpoint)?,
            Note::None | Note::Distrusted(_) => None,
        };
        let shown = shown(row.as_ref());
        let seen = Seen { note: note_read, shown, covered: self.covered_size(), contradicts };
        self.of_difference(seen, self.mirror.head.seq, row.as_ref(), note.as_deref())
    }

    /// The same with all that the source says while there is time: the first event that differs, and its proof.
    pub(super) fn parted(&self, parted: &Parted) -> Result<Alarm, FollowError> {
        let (seq, row, shown) = match self.first_difference() {
            Ok(found) => found,
            Err(Halt::Error(error)) => return Err(error),
            // An alarm does not wait for a source that would rather not say more: then it says what was seen at first sight.
            Err(Halt::Trouble(_) | Halt::Alarm(_) | Halt::Parted(_)) => {
                (self.mirror.head.seq, parted.row.clone(), shown(parted.row.as_ref()))
            }
        };
        let note_read = self.read_note(parted.note.as_deref());
        let contradicts = match &note_read {
            Note::Signed(checkpoint) => self.contradicts(checkpoint)?,
            Note::None | Note::Distrusted(_) => None,
        };
        let seen = Seen { note: note_read, shown, covered: self.covered_size(), contradicts };
        self.of_difference(seen, seq, row.as_ref(), parted.note.as_deref())
    }

    fn of_difference(&self, seen: Seen, seq: i64, row: Option<&Row>, note: Option<&str>) -> Result<Alarm, FollowError> {
        // What differs is always told.
        let otherwise = || (Kind::Rewrite, "the source shows another event than before".to_owned());
        let (kind, sentence) = judge(&seen).unwrap_or_else(otherwise);
        let alarm = self.differing(Alarm::new(kind, seq, sentence), seq, row)?;
        Ok(self.evidence(alarm, note))
    }

    /// The first event that the source shows otherwise than the mirror, by halving: a chain that parts stays parted.
    fn first_difference(&self) -> Result<(i64, Option<Row>, Shown), Halt> {
        let (mut same, mut other) = (0, self.mirror.head.seq);
        while other - same > 1 {
            let middle = same + (other - same) / 2;
            let row = self.row(middle)?;
            if self.is_same(row.as_ref(), middle)? { same = middle } else { other = middle }
        }
        let row = self.row(other)?;
        let shown = shown(row.as_ref());
        Ok((other, row, shown))
    }

    fn row(&self, seq: i64) -> Result<Option<Row>, Trouble> {
        let page = self.source.page(seq - 1, 1)?;
        Ok(page.rows.into_iter().next().filter(|row| row.seq == seq))
    }

    /// Whether a signed checkpoint speaks of another history than the mirror's: by the mirror's own tree, or by the source's
    /// proof where it speaks of more. None where the source gives no proof.
    fn contradicts(&self, checkpoint: &Checkpoint) -> Result<Option<bool>, FollowError> {
        let Some(covered) = &self.mirror.covered else { return Ok(None) };
        let from = &covered.checkpoint;
        if checkpoint.size <= from.size {
            return self.mirror_contradicts(checkpoint);
        }
        Ok(match self.source.consistency(from.size, checkpoint.size) {
            Ok(Ok(hashes)) => Some(!consistent(from.size, &from.root, checkpoint.size, &checkpoint.root, &hashes)),
            Ok(Err(_)) | Err(_) => None,
        })
    }

    /// The same by the mirror's own tree alone; none where the checkpoint speaks of more than was verified.
    fn mirror_contradicts(&self, checkpoint: &Checkpoint) -> Result<Option<bool>, FollowError> {
        if self.covered_size().is_none_or(|covered| checkpoint.size > covered) {
            return Ok(None);
        }
        let root = self.mirror.root_at(checkpoint.size)?;
        Ok(root.map(|root| root != checkpoint.root))
    }

    fn read_note(&self, note: Option<&str>) -> Note {
        match note.map(|note| self.mirror.keys.open(note)) {
            None => Note::None,
            Some(Ok(opened)) => Note::Signed(opened.checkpoint),
            Some(Err(why)) => Note::Distrusted(why.to_string()),
        }
    }

    fn covered_size(&self) -> Option<u64> {
        self.mirror.covered.as_ref().map(|covered| covered.checkpoint.size)
    }

    fn is_same(&self, row: Option<&Row>, seq: i64) -> Result<bool, FollowError> {
        let Some(row) = row else { return Ok(false) };
        Ok(self.mirror.with_event(seq, |event| row.event() == *event)?.unwrap_or(false))
    }

    /// Compares a page of old events with the mirror's.
    pub(super) fn compare_page(&self, page: u64) -> Result<(), Halt> {
        let after = i64::try_from(page).unwrap_or(0).saturating_mul(PAGE);
        let last = self.mirror.head.seq.min(after + PAGE);
        let mut rows = self.source.page(after, PAGE)?.rows.into_iter();
        for seq in after + 1..=last {
            let row = rows.next();
            if !self.is_same(row.as_ref(), seq)? {
                let row = row.filter(|row| row.seq == seq);
                let sentence = match row {
                    Some(_) => "the source shows an old event otherwise than before",
                    None => "the source no longer shows an old event",
                };
                let alarm = self.differing(Alarm::new(Kind::Rewrite, seq, sentence), seq, row.as_ref())?;
                return Err(self.evidence(alarm, None).into());
            }
        }
        Ok(())
    }

    fn differing(&self, alarm: Alarm, seq: i64, row: Option<&Row>) -> Result<Alarm, FollowError> {
        let held = self.mirror.with_event(seq, |event| event.to_json())?;
        let shown = row.map(|row| row.event().to_json());
        Ok(alarm.with("event_mirrored", held).with("event_shown", shown))
    }

    /// Adds the note that the source gave, which may be signed and contradict the mirror's.
    fn evidence(&self, alarm: Alarm, note: Option<&str>) -> Alarm {
        match note {
            Some(note) => alarm.with("source_checkpoint", note),
            None => alarm,
        }
    }
}

fn in_time(begun: Instant) -> Result<(), Trouble> {
    if begun.elapsed() < PATIENCE {
        return Ok(());
    }
    Err(Trouble::Passing(format!("its log did not come to an end in {} minutes", PATIENCE.as_secs() / 60)))
}

/// What it is that stands in the place of an event that was there.
const fn shown(row: Option<&Row>) -> Shown {
    if row.is_some() { Shown::Other } else { Shown::Fewer }
}

fn is_full(rows: &[Row]) -> bool {
    i64::try_from(rows.len()).is_ok_and(|rows| rows >= PAGE)
}
