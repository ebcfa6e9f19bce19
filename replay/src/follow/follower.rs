//! The loop: a step, what is due after it, and a wait; and what becomes of whatever ended it.

use super::alarm::{Alarm, Alarms, Kind};
use super::mirror::Mirror;
use super::pace::Round;
use super::patience::PutOff;
use super::source::{PAGE, Source, Trouble};
use super::step::Step;
use super::trust::Told;
use super::{FollowError, Halt, Outcome, Parted, Settings, line, say};
use crate::note::LogKey;
use crate::progress::Progress;
use crate::verify::verify;
use serde_json::{Map, Value, json};
use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

/// Follows one source into one mirror.
pub(super) struct Follower<'a> {
    pub(super) settings: &'a Settings,
    pub(super) source: Source,
    pub(super) mirror: Mirror,
    pub(super) alarms: Alarms,
    /// The file of an alarm of which more is being asked.
    pub(super) at_first_sight: Option<PathBuf>,
    round: Round,
    /// When the whole mirror was verified, and how far.
    pub(super) verified: Option<(Instant, i64)>,
    /// How far every rule holds; none while problems are known.
    pub(super) rules_hold: Option<i64>,
    /// When a step came to its end.
    pub(super) contact: Instant,
    /// When old events were compared with the source, or there was nothing to compare; and the same by the clock, for others to read.
    pub(super) rechecked: Instant,
    pub(super) rechecked_at: Option<crate::instant::Instant>,
    /// Whether the source refuses the credential with which it was followed.
    pub(super) refused: bool,
    /// How often in a row it was too busy, how long that took, and where the mirror ended before.
    pub(super) put_off: PutOff,
    /// The first event that no checkpoint covers, and when it was seen first.
    pub(super) uncovered: Option<(i64, Instant)>,
    pub(super) warned: Option<Instant>,
}

impl<'a> Follower<'a> {
    pub(super) fn new(settings: &'a Settings, source: Source, mirror: Mirror, alarms: Alarms) -> Self {
        Self {
            settings,
            source,
            mirror,
            alarms,
            at_first_sight: None,
            round: Round::default(),
            verified: None,
            rules_hold: None,
            contact: Instant::now(),
            rechecked: Instant::now(),
            rechecked_at: None,
            refused: false,
            put_off: PutOff::default(),
            uncovered: None,
            warned: None,
        }
    }

    pub(super) fn run(&mut self, out: &mut impl Write) -> Result<Outcome, FollowError> {
        let ended = self.begin(out).and_then(|()| self.go_on(out));
        match ended {
            Ok(()) => Ok(Outcome::Followed),
            Err(Halt::Alarm(alarm)) => self.raise(&alarm),
            Err(Halt::Parted(parted)) => self.raise_parted(&parted),
            Err(Halt::Trouble(trouble)) => Err(trouble.into()),
            Err(Halt::Error(error)) => Err(error),
        }
    }

    /// The mirror has to be what it was.
    fn begin(&mut self, out: &mut impl Write) -> Result<(), Halt> {
        if let Some(damage) = self.mirror.read()? {
            let sentence = format!("the mirror itself was changed: {}", damage.sentence);
            return Err(Alarm::new(Kind::Mirror, damage.seq, sentence).into());
        }
        if let Some(given) = &self.settings.key {
            self.take_key(given)?;
        }
        let (url, into) = (&self.source.url, self.settings.into.display());
        let covered = self.mirror.covered.as_ref().map_or(0, |covered| covered.checkpoint.size);
        let head = self.mirror.head.seq;
        line(out, &format!("following {url} into {into}: {head} events, {covered} of them under a checkpoint"));
        // One that came in the last moment of the process before this one.
        self.tell_of_rotations()
    }

    /// A key that was named must be the mirror's, or one that took its place; before the first checkpoint any will do.
    fn take_key(&mut self, given: &LogKey) -> Result<(), Halt> {
        let keys = &self.mirror.keys;
        match keys.pinned() {
            Some(pinned) if pinned == given && self.mirror.state.named => Ok(()),
            Some(pinned) if pinned != given && self.mirror.covered.is_some() => {
                let chain = keys.chain();
                let Some(successor) = chain.iter().find(|successor| successor.key == given) else {
                    return Err(FollowError::OtherKey { pinned: pinned.text(), given: given.text() }.into());
                };
                let told = Told { key: given.text(), seq: Some(successor.seq) };
                // Whoever vouches for the later key vouches for the one from which it came, and for all that lies between.
                let (pinned, trusted) = (pinned.clone(), keys.trusts(given));
                if !self.mirror.state.named {
                    self.mirror.pin(pinned, true)?;
                }
                if !trusted {
                    self.mirror.tell(told)?;
                }
                Ok(())
            }
            // What was taken at its word is confirmed now, or not bound to anything yet.
            Some(_) | None => Ok(self.mirror.pin(given.clone(), true)?),
        }
    }

    fn go_on(&mut self, out: &mut impl Write) -> Result<(), Halt> {
        let mut failures = 0;
        loop {
            let wait = match self.step(out) {
                Ok(()) => {
                    failures = 0;
                    self.put_off.ends();
                    self.settings.every
                }
                Err(Halt::Trouble(trouble)) => {
                    failures += 1;
                    self.wait_after(trouble, failures)?
                }
                Err(other) => return Err(other),
            };
            self.watch_the_clock()?;
            if self.settings.once && failures == 0 {
                return Ok(());
            }
            std::thread::sleep(wait);
        }
    }

    fn step(&mut self, out: &mut impl Write) -> Result<(), Halt> {
        let before = self.mirror.head.seq;
        let stepped = Step { source: &self.source, mirror: &mut self.mirror }.run();
        // Whatever the step came to: a key that came with its events is trusted from now on.
        let told = self.tell_of_rotations();
        let stepped = match stepped {
            // That a key is not trusted is said with the reason, where there is one.
            Err(Halt::Alarm(alarm)) if alarm.kind != Kind::Key || told.is_ok() => return Err(Halt::Alarm(alarm)),
            Err(Halt::Parted(parted)) => return Err(Halt::Parted(parted)),
            Err(Halt::Trouble(Trouble::Redacted { seq })) if before > 0 => return Err(hidden(seq).into()),
            other => told.and(other)?,
        };
        (self.contact, self.refused) = (Instant::now(), false);
        let head = self.mirror.head.seq;
        if stepped.covered
            && let Some(covered) = &self.mirror.covered
        {
            let (size, root) = (covered.checkpoint.size, hex::encode(covered.checkpoint.root));
            line(out, &format!("verified {size} events under the checkpoint of that size, root {root}"));
        }
        if stepped.events > 0 {
            let more = head - i64::try_from(self.covered()).unwrap_or(head);
            line(
                out,
                &format!("mirrored {} events up to {head}, {more} of them not yet under a checkpoint", stepped.events),
            );
        }
        self.verify_when_due(out)?;
        self.recheck()?;
        self.write_status()
    }

    pub(super) fn covered(&self) -> u64 {
        self.mirror.covered.as_ref().map_or(0, |covered| covered.checkpoint.size)
    }

    /// The rules of every movement, and everything else that `verify` checks, on the whole mirror.
    fn verify_when_due(&mut self, out: &mut impl Write) -> Result<(), Halt> {
        let head = self.mirror.head.seq;
        let due = match self.verified {
            None => true,
            Some((at, seq)) => {
                let every = self.settings.verify_every;
                !every.is_zero() && at.elapsed() >= every && head > seq
            }
        };
        if !due || head == 0 {
            return Ok(());
        }
        let report = verify(&self.mirror.location(), &Progress::silent()).map_err(FollowError::from)?;
        let (ok, report) = (report.ok(), report.to_json());
        if self.verified.is_none() {
            let notes = report["notes"].as_array().into_iter().flatten().filter_map(|note| note.as_str());
            notes.for_each(|note| line(out, &format!("not checked on the mirror: {note}")));
        }
        self.rules_hold = ok.then_some(head);
        if !ok {
            let problems = report["problems"].as_array().cloned().unwrap_or_default();
            let found = report["problems_found"].as_u64().unwrap_or(u64::MAX);
            if !self.are_known(found, &problems)? {
                let first = problems.first().cloned().unwrap_or_default();
                let sentence =
                    format!("{found} problems, the first: {}", first["problem"].as_str().unwrap_or("unknown"));
                let alarm = Alarm::new(Kind::Rules, first["seq"].as_i64(), sentence);
                return Err(alarm.with("problems_found", found).with("problems", problems).into());
            }
            say(&format!("the rules are broken as they were when that was acknowledged: {found} problems"));
        } else {
            line(
                out,
                &format!("every rule holds in all {head} events (the vault, with personal data, is not mirrored)"),
            );
        }
        self.verified = Some((Instant::now(), head));
        Ok(())
    }

    fn are_known(&self, found: u64, problems: &[Value]) -> Result<bool, Halt> {
        let known = self.alarms.known_problems();
        let known = known.map_err(|source| FollowError::File { path: "alarms".to_owned(), source })?;
        Ok(known.is_some_and(|(count, known)| count == found && known == problems))
    }

    /// Compares old pages with the source again. A source that has no time for it now is asked in the next step.
    fn recheck(&mut self) -> Result<(), Halt> {
        if self.mirror.head.seq == 0 || self.settings.recheck == Some(0) {
            self.rechecked = Instant::now();
        }
        let page_rows = PAGE.unsigned_abs();
        let pages = self.mirror.head.seq.unsigned_abs().div_ceil(page_rows);
        let share = self.settings.recheck.map_or(pages, |rows| rows.div_ceil(page_rows).min(pages));
        if self.settings.recheck.is_none() {
            self.round = Round::of(pages);
        }
        for _ in 0..share {
            if self.round.page().is_none() {
                self.round = Round::of(pages);
            }
            let Some(page) = self.round.page() else { break };
            if !self.compare(page)? {
                break;
            }
            self.round.advance();
        }
        Ok(())
    }

    /// Compares a page; false where the source has no time for it now. Whoever comes once waits until it has.
    fn compare(&mut self, page: u64) -> Result<bool, Halt> {
        loop {
            match (Step { source: &self.source, mirror: &mut self.mirror }).compare_page(page) {
                Ok(()) => {
                    self.put_off.ends();
                    (self.rechecked, self.rechecked_at) = (Instant::now(), Some(crate::instant::Instant::now()));
                    return Ok(true);
                }
                Err(Halt::Trouble(trouble @ Trouble::TooMany(_))) if self.settings.once => {
                    std::thread::sleep(self.wait_after(trouble, 1)?);
                }
                Err(Halt::Trouble(Trouble::TooMany(_))) => return Ok(false),
                Err(Halt::Trouble(Trouble::Redacted { seq })) => return Err(hidden(seq).into()),
                Err(other) => return Err(other),
            }
        }
    }

    /// The source shows another end than the mirror's: that is written down first, and then found out what to call it, for as long as
    /// whoever hears of alarms may wait.
    fn raise_parted(&mut self, parted: &Parted) -> Result<Outcome, FollowError> {
        let step = Step { source: &self.source, mirror: &mut self.mirror };
        let at_first_sight = step.at_first_sight(parted)?;
        self.raise_at_first_sight(&at_first_sight)?;
        self.source.answer_by(Instant::now() + self.source.search_for);
        let step = Step { source: &self.source, mirror: &mut self.mirror };
        let alarm = step.parted(parted)?;
        self.raise(&alarm)
    }

    /// What every alarm says of the mirror.
    pub(super) fn about(&self) -> Map<String, Value> {
        let covered = self.mirror.covered.as_ref();
        let mirror = json!({
            "events": self.mirror.head.seq,
            "head_hash": hex::encode(self.mirror.head.hash),
            "covered": self.covered(),
            "root": covered.map(|covered| hex::encode(covered.checkpoint.root)),
            "key": self.mirror.keys.newest().map(LogKey::text),
        });
        let note = covered.map(|covered| covered.note.clone());
        let about = [("source", json!(self.source.url)), ("mirror", mirror), ("mirror_checkpoint", json!(note))];
        about.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

/// Who showed everything until now has no reason to hide anything, unless somebody took the credential's leave to see it.
fn hidden(seq: i64) -> Alarm {
    let sentence = "the source shows the event without its content, although it showed everything before: it hides it, or the \
                    credential no longer sees everything";
    Alarm::new(Kind::Hidden, seq, sentence)
}
