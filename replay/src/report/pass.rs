//! The one pass over the log.

use super::acts::Acts;
use super::order::Order;
use super::trial::Trial;
use super::versions::Versions;
use super::{Period, liability};
use crate::commands::CommandError;
use crate::findings::Findings;
use crate::fold::Cards;
use crate::instant::{Instant, Month};
use crate::ledger::{COLUMNS, Event, head, require_ledger};
use crate::payload::Payload;
use crate::points::PartnerId;
use crate::progress::Progress;
use counterfoil_statements::{Statement, Summary};
use std::path::Path;

/// The books of a period: of all partners, or of one.
///
/// # Errors
/// The ledger cannot be read, or has no such partner. A payload that is not one stops the report; `verify` says more.
pub fn report(
    ledger: &Path,
    period: Period,
    partner: Option<i64>,
    progress: &Progress,
) -> Result<Statement, CommandError> {
    let connection = require_ledger(ledger)?;
    progress.begin("reading the books of", head(&connection)?);
    let mut pass = Pass::new(period, partner.map(PartnerId::new));
    let mut statement = connection.prepare(&format!("SELECT {COLUMNS} FROM events ORDER BY seq"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let event = Event::read(row)?;
        progress.at(event.seq);
        if !pass.take(&event)? {
            break;
        }
    }
    progress.end();
    if let Some(partner) = partner.filter(|partner| pass.cards.programme.currency(PartnerId::new(*partner)).is_none()) {
        return Err(CommandError::NoSuchPartner(partner));
    }
    Ok(pass.finish())
}

/// What has been read so far.
struct Pass {
    period: Period,
    only: Option<PartnerId>,
    cards: Cards,
    /// What breaks a rule is for `verify` to tell.
    ignored: Findings,
    order: Order,
    trial: Trial,
    versions: Versions,
    acts: Acts,
    /// The month of the last event, once the period has begun.
    month: Option<Month>,
    events: u64,
    first: Option<i64>,
}

impl Pass {
    fn new(period: Period, only: Option<PartnerId>) -> Self {
        Self {
            period,
            only,
            cards: Cards::default(),
            ignored: Findings::default(),
            order: Order::new(),
            trial: Trial::default(),
            versions: Versions::default(),
            acts: Acts::default(),
            month: None,
            events: 0,
            first: None,
        }
    }

    /// Takes an event; false, and nothing taken, where the period has ended before it.
    fn take(&mut self, event: &Event<'_>) -> Result<bool, CommandError> {
        let at = self.order.time_of(event.recorded_at);
        if at >= self.period.to {
            return Ok(false);
        }
        self.order.note(event.seq, event.recorded_at);
        self.turn(at);
        let payload = Payload::read(event.kind, event.schema, event.payload)
            .map_err(|source| CommandError::Payload { seq: event.seq, source })?;
        self.cards.programme.learn(event, &payload);
        self.cards.apply(event, &payload, &mut self.ignored);
        // They are for the checks of orders, which nobody makes here.
        self.cards.refunds.clear();
        let partner = PartnerId::new(event.partner_id);
        if self.only.is_none_or(|only| only == partner) {
            self.note(partner, event, &payload, at);
        }
        Ok(true)
    }

    /// Ends what has ended by the time of the next event: the time before the period, and months.
    fn turn(&mut self, at: Instant) {
        if at < self.period.from {
            return;
        }
        let month = at.month();
        match self.month {
            None => self.trial.open(&self.cards, self.only),
            Some(last) if last != month => self.trial.end_month(&self.cards, self.only, last),
            Some(_) => {}
        }
        self.month = Some(month);
    }

    fn note(&mut self, partner: PartnerId, event: &Event<'_>, payload: &Payload<'_>, at: Instant) {
        let during = self.month.is_some();
        if during {
            self.events += 1;
            self.first.get_or_insert(event.seq);
        }
        // What concerns the deployment as a whole, such as a checkpoint, is in nobody's books.
        if event.partner_id != 0 {
            self.trial.admit(partner);
        }
        if let Payload::Moved(moving) = payload {
            let template = self.cards.get(moving.card).map(|card| card.template);
            self.trial.note(partner, template, moving, self.month);
        }
        self.versions.note(event, payload, at, self.period.from);
        self.acts.note(event, payload, during);
    }

    fn finish(mut self) -> Statement {
        match self.month {
            None => self.trial.open(&self.cards, self.only),
            Some(month) => self.trial.end_month(&self.cards, self.only, month),
        }
        self.trial.close(&self.cards, self.only);
        let (balances, checks) = self.trial.tables();
        let summary = self.summary(checks.closes());
        let mut tables = Vec::from(balances);
        tables.extend(liability::tables(&self.cards, self.only, self.period.to));
        tables.push(liability::breakage(self.trial.partners()));
        tables.push(self.versions.into_table());
        tables.extend(self.acts.tables(&self.cards.programme));
        tables.extend(self.order.tables());
        tables.push(checks.into_table());
        Statement::new(summary, tables)
    }

    fn summary(&self, closes: bool) -> Summary {
        Summary {
            from: self.period.from.to_string(),
            to: self.period.to.to_string(),
            partner: self.only.map(PartnerId::get),
            as_of_seq: self.order.last(),
            first_seq: self.first,
            events: self.events,
            closes,
            whole: self.order.gaps_found == 0 && self.order.backwards_found == 0,
            gaps_found: self.order.gaps_found,
        }
    }
}
