//! One import on the service's side: rows become commands, several messages of them wait for the writer at a time, and what it
//! answers is told in the order of the rows.

use super::commands;
use super::people::People;
use super::reasons::{self, refusal};
use super::rows::{Answered, CustomerRow, ImportOptions, RowRefusal, Rows};
use crate::control::message::Refused;
use crate::control::operator::{Operator, refused};
use crate::domain::{CardId, Event, PartnerId, Rejection};
use crate::queries::{Lookups, Queries, QueryError};
use crate::writer::{self, Actor, Bulk, Command, Outcome, Refusal, Request, Writer};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How many messages wait for the writer. Enough that it never waits for rows, and at most half of its queue.
const DEPTH: usize = 12;
/// How far views.db may be behind: below what would have the writer slow others.
const LAG_MAX: i64 = writer::LAG_FELT / 4 * 3;
/// How long the projector may stand still, and the writer refuse, before the import gives up.
const PATIENCE: Duration = Duration::from_secs(120);
const PAUSE: Duration = Duration::from_millis(2);

/// Why an import cannot go on. What was answered is in the log; sending everything again is harmless.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error("the views could not be read: {0}")]
    Views(#[from] QueryError),
    #[error("the log could not be written: is the disk full?")]
    NotWritten,
    #[error("the service is stopping")]
    Stopping,
    #[error("the ledger took nothing for two minutes")]
    Stuck,
}

/// An import that is going on. Blocks the thread that holds it.
pub(super) struct Session<'q> {
    writer: Writer,
    partner: PartnerId,
    options: ImportOptions,
    lookups: Lookups<'q>,
    people: People,
    sent: VecDeque<Sent>,
    operator: Operator,
}

/// A message that the writer has not answered yet.
struct Sent {
    rows: Rows,
    /// Which row each request is of.
    places: Vec<usize>,
    /// Rows that led to no request.
    refused: Vec<(usize, RowRefusal)>,
    bulk: Result<Bulk, Refusal>,
}

/// What became of a row: whether something was written, or why not.
type Fate = Result<bool, RowRefusal>;

impl<'q> Session<'q> {
    /// Begins: everything that was committed before can be looked up.
    pub(super) fn begin(operator: &Operator, queries: &'q Queries, options: ImportOptions) -> Result<Self, Refused> {
        let partner = operator.partner(options.partner)?;
        operator.check_shop(partner, options.shop)?;
        let unreadable = |error: &dyn std::fmt::Display| refused(format!("the views cannot be read: {error}"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let runtime = runtime.map_err(|error| unreadable(&error))?;
        let lookups = runtime.block_on(queries.lookups()).map_err(|error| unreadable(&error))?;
        let (writer, people) = (operator.writer().clone(), People::of(partner));
        Ok(Self { writer, partner, options, lookups, people, sent: VecDeque::new(), operator: operator.clone() })
    }

    /// Sends rows to the writer; answers the oldest message where enough of them wait.
    pub(super) fn push(&mut self, rows: Rows) -> Result<Vec<Answered>, Broken> {
        let mut answers = Vec::new();
        // Whose card a transaction means, the answers to the customers before it say.
        let other_kind = |sent: &Sent| std::mem::discriminant(&sent.rows) != std::mem::discriminant(&rows);
        if self.sent.back().is_some_and(other_kind) {
            answers.extend(self.drain()?);
        }
        self.await_views()?;
        let sent = self.send(rows)?;
        self.sent.push_back(sent);
        if self.sent.len() >= DEPTH {
            answers.extend(self.settle()?);
        }
        Ok(answers)
    }

    /// Waits for all answers that are still to come.
    pub(super) fn drain(&mut self) -> Result<Vec<Answered>, Broken> {
        let mut answers = Vec::new();
        while !self.sent.is_empty() {
            answers.extend(self.settle()?);
        }
        Ok(answers)
    }

    fn send(&mut self, rows: Rows) -> Result<Sent, Broken> {
        let (mut requests, mut places, mut refused) = (Vec::with_capacity(rows.len()), Vec::new(), Vec::new());
        match &rows {
            Rows::Customers(rows) => {
                requests.extend(rows.iter().map(|row| commands::issue(row, &self.options)));
                places.extend(0..rows.len());
            }
            Rows::Transactions(rows) => {
                for (place, row) in rows.iter().enumerate() {
                    match self.people.card(&row.who, &self.lookups)? {
                        Ok(card) => {
                            requests.push(commands::movement(row, card, &self.options));
                            places.push(place);
                        }
                        Err(refusal) => refused.push((place, refusal)),
                    }
                }
            }
        }
        let bulk = self.writer.submit_bulk(requests.into_iter().map(|command| self.request(command)).collect());
        Ok(Sent { rows, places, refused, bulk })
    }

    fn request(&self, command: Command) -> Request {
        Request { partner: self.partner, actor: Actor::CommandLine, idempotency_key: None, command }
    }

    /// The answer to the oldest message. Where the writer refused it as a whole, that message and all behind it are sent again,
    /// one by one, so that no row is decided before an earlier one: what was written the first time is answered so then.
    fn settle(&mut self) -> Result<Vec<Answered>, Broken> {
        let Some(first) = self.sent.pop_front() else { return Ok(Vec::new()) };
        match outcomes(first) {
            Ok((sent, outcomes)) => Ok(vec![self.answered(sent, outcomes)?]),
            Err(sent) => {
                let behind: Vec<Sent> = self.sent.drain(..).collect();
                let mut answers = vec![self.again(*sent, Vec::new())?];
                for sent in behind {
                    let (sent, before) = match outcomes(sent) {
                        Ok((sent, outcomes)) => (sent, outcomes),
                        Err(sent) => (*sent, Vec::new()),
                    };
                    answers.push(self.again(sent, before)?);
                }
                Ok(answers)
            }
        }
    }

    /// Sends a message until it is taken. `before` is what it was answered the first time, when an earlier one was missing.
    fn again(&mut self, sent: Sent, before: Vec<Result<Outcome, Refusal>>) -> Result<Answered, Broken> {
        let start = Instant::now();
        let mut rows = sent.rows;
        loop {
            let retried = self.send(rows)?;
            match outcomes(retried) {
                Ok((sent, mut outcomes)) => {
                    for (outcome, before) in outcomes.iter_mut().zip(before) {
                        if before.is_ok() {
                            *outcome = before;
                        }
                    }
                    return self.answered(sent, outcomes);
                }
                Err(_) if self.writer.stopped() => return Err(Broken::Stopping),
                Err(_) if start.elapsed() > PATIENCE && self.writer.failing() => return Err(Broken::NotWritten),
                Err(_) if start.elapsed() > PATIENCE => return Err(Broken::Stuck),
                Err(sent) => {
                    rows = sent.rows;
                    std::thread::sleep(PAUSE * 10);
                }
            }
        }
    }

    fn answered(&mut self, sent: Sent, outcomes: Vec<Result<Outcome, Refusal>>) -> Result<Answered, Broken> {
        let Sent { rows, places, refused, .. } = sent;
        let mut fates: Vec<(usize, Fate)> = refused.into_iter().map(|(place, refusal)| (place, Err(refusal))).collect();
        match rows {
            Rows::Customers(rows) => fates.extend(self.customers(&rows, outcomes)?),
            Rows::Transactions(_) => {
                fates.extend(places.into_iter().zip(outcomes.into_iter().map(|outcome| fate(outcome.as_ref()))));
            }
        }
        fates.sort_unstable_by_key(|(place, _)| *place);
        let mut answered = Answered::default();
        for (place, fate) in fates {
            match fate {
                Ok(true) => answered.written += 1,
                Ok(false) => answered.already += 1,
                Err(refusal) => answered.refused.push((u32::try_from(place).unwrap_or(u32::MAX), refusal)),
            }
        }
        Ok(answered)
    }

    /// Notes the cards, and gives the opening balances.
    fn customers(
        &mut self,
        rows: &[CustomerRow],
        outcomes: Vec<Result<Outcome, Refusal>>,
    ) -> Result<Vec<(usize, Fate)>, Broken> {
        let mut fates = Vec::with_capacity(rows.len());
        let (mut openings, mut places) = (Vec::new(), Vec::new());
        let now = self.operator.clock().now();
        for (place, (row, outcome)) in rows.iter().zip(outcomes).enumerate() {
            let fate = match issued(&outcome) {
                Some((card, fresh)) => {
                    self.people.note(row, card);
                    if let Some(opening) = row.opening {
                        openings.push(commands::opening(card, opening, &self.options, now));
                        places.push(place);
                    }
                    Ok(fresh)
                }
                None => fate(outcome.as_ref()),
            };
            fates.push((place, fate));
        }
        for (place, outcome) in places.into_iter().zip(self.submit(openings)?) {
            let (_, before) = &mut fates[place];
            *before = match (&before, fate(outcome.as_ref())) {
                (Ok(card), Ok(points)) => Ok(*card || points),
                (_, Err(refusal)) => Err(RowRefusal { field: Some("points".to_owned()), ..refusal }),
                (Err(refusal), Ok(_)) => Err(refusal.clone()),
            };
        }
        Ok(fates)
    }

    /// Submits commands until the writer takes them.
    fn submit(&self, commands: Vec<Command>) -> Result<Vec<Result<Outcome, Refusal>>, Broken> {
        let start = Instant::now();
        if commands.is_empty() {
            return Ok(Vec::new());
        }
        loop {
            let requests = commands.iter().map(|command| self.request(command.clone())).collect();
            match self.writer.submit_bulk(requests).and_then(Bulk::wait) {
                Ok(outcomes) if !outcomes.iter().any(is_of_the_batch) => return Ok(outcomes),
                Ok(_) | Err(_) if self.writer.stopped() => return Err(Broken::Stopping),
                Ok(_) | Err(_) if start.elapsed() > PATIENCE => return Err(Broken::Stuck),
                Ok(_) | Err(_) => std::thread::sleep(PAUSE * 10),
            }
        }
    }

    /// Waits while views.db is so far behind that the writer would soon wait for it.
    fn await_views(&self) -> Result<(), Broken> {
        let (start, progress) = (Instant::now(), self.writer.live().progress());
        while progress.lag() > LAG_MAX {
            if start.elapsed() > PATIENCE {
                return Err(Broken::Stuck);
            }
            std::thread::sleep(PAUSE);
        }
        Ok(())
    }
}

/// What the writer answered; the message itself where it was not taken as a whole.
#[expect(clippy::type_complexity, reason = "a message with its answers, or the message")]
fn outcomes(mut sent: Sent) -> Result<(Sent, Vec<Result<Outcome, Refusal>>), Box<Sent>> {
    let bulk = std::mem::replace(&mut sent.bulk, Err(Refusal::Stopping));
    match bulk.and_then(Bulk::wait) {
        Ok(outcomes) if !outcomes.iter().any(is_of_the_batch) => Ok((sent, outcomes)),
        Ok(_) | Err(_) => Err(Box::new(sent)),
    }
}

/// Whether an answer says nothing of its row: the whole message is to be sent again.
fn is_of_the_batch(outcome: &Result<Outcome, Refusal>) -> bool {
    outcome.as_ref().is_err_and(|refusal| reasons::of(refusal).is_none())
}

fn fate(outcome: Result<&Outcome, &Refusal>) -> Fate {
    match outcome {
        Ok(outcome) => Ok(!outcome.replayed && !outcome.events.is_empty()),
        Err(refused) => {
            Err(reasons::of(refused).unwrap_or_else(|| refusal("NOT_WRITTEN", None, "the ledger did not take it")))
        }
    }
}

/// The customer's card, and whether it is new.
fn issued(outcome: &Result<Outcome, Refusal>) -> Option<(CardId, bool)> {
    match outcome {
        Ok(outcome) => outcome.events.iter().find_map(|recorded| {
            if let Event::CardIssued(issued) = &recorded.event { Some((issued.card, true)) } else { None }
        }),
        Err(Refusal::Rejected(Rejection::CustomerHasCard { card })) => Some((*card, false)),
        Err(_) => None,
    }
}
