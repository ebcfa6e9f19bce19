//! What comes of an attempt, and of a change of the webhook.

use super::parts::{State, plus, waiting};
use super::{ABANDONED_MAX, Line, Outcome};
use crate::domain::webhooks::Disabled;
use crate::domain::{CustomerId, Timestamp};
use crate::ops::{Delivery, DeliveryStatus, Standing};
use std::mem;
use std::time::Duration;

impl Line {
    /// Notes what came of sending the first event of a lane. `delivery` is filled in with what becomes of it; none where nothing
    /// was sent. Answers why the webhook is to be stopped, where it is.
    pub(in crate::webhooks) fn done(
        &mut self,
        customer: CustomerId,
        outcome: &Outcome,
        delivery: Option<Delivery>,
        now: Timestamp,
    ) -> Option<Disabled> {
        self.sending -= 1;
        let mut stop = None;
        let (status, next_at) = match outcome {
            Outcome::Settled => {
                if delivery.is_some() {
                    let last_delivery_at = Some(now);
                    self.standing = Standing { failures: 0, abandoned: 0, last_delivery_at, ..self.standing };
                }
                self.settle(customer);
                (DeliveryStatus::Delivered, None)
            }
            Outcome::Failed { leave_alone, .. } if self.is_skipped(customer) => {
                self.quiet(leave_alone, now);
                self.standing.failures += 1;
                self.settle(customer);
                (DeliveryStatus::Abandoned, None)
            }
            Outcome::Failed { after: Some(after), leave_alone } => {
                self.standing.failures += 1;
                self.quiet(leave_alone, now);
                let due = plus(now, leave_alone.map_or(*after, |wait| wait.max(*after)));
                self.count_attempt(customer, due);
                self.hold(customer, due);
                (DeliveryStatus::Failed, Some(due))
            }
            Outcome::Failed { after: None, leave_alone } => {
                self.quiet(leave_alone, now);
                self.standing.failures += 1;
                self.standing.abandoned += 1;
                stop = (self.standing.abandoned >= ABANDONED_MAX).then_some(Disabled::Failing);
                self.settle(customer);
                (DeliveryStatus::Abandoned, None)
            }
            Outcome::Changed if self.is_skipped(customer) => {
                self.settle(customer);
                (DeliveryStatus::Abandoned, None)
            }
            Outcome::Changed => {
                self.hold(customer, now);
                (DeliveryStatus::Failed, Some(now))
            }
            Outcome::Gone => {
                self.standing.failures += 1;
                self.count_attempt(customer, now);
                self.hold(customer, now);
                stop = Some(Disabled::Gone);
                (DeliveryStatus::Failed, None)
            }
        };
        self.changes.deliveries.extend(delivery.map(|delivery| Delivery { status, next_at, ..delivery }));
        stop
    }

    fn quiet(&mut self, leave_alone: &Option<Duration>, now: Timestamp) {
        self.standing.quiet_until = self.standing.quiet_until.max(leave_alone.map(|wait| plus(now, wait)));
    }

    fn settle(&mut self, customer: CustomerId) {
        let Some(lane) = self.lanes.get_mut(&customer) else { return };
        if let Some(item) = lane.items.pop_front() {
            if item.kept {
                self.kept -= 1;
                self.changes.settled.push((item.track, item.seq));
            } else {
                self.fresh -= 1;
                lane.fresh -= 1;
                if let Some(way) = self.ways.get_mut(&item.track) {
                    way.open.remove(&item.seq);
                }
            }
        }
        if lane.items.is_empty() {
            self.lanes.remove(&customer);
        } else {
            lane.state = State::Ready;
            self.ready.push_back(customer);
        }
    }

    fn count_attempt(&mut self, customer: CustomerId, due: Timestamp) {
        let first = self.lanes.get_mut(&customer).and_then(|lane| lane.items.front_mut());
        let Some(first) = first else { return };
        first.attempts += 1;
        if first.kept {
            self.changes.waiting.push(waiting(customer, first, due));
        }
    }

    pub(super) fn hold(&mut self, customer: CustomerId, due: Timestamp) {
        let Some(lane) = self.lanes.get_mut(&customer) else { return };
        lane.state = State::Held(due);
        self.held.insert((due, customer));
    }

    /// A change of the webhook is a reason to try everything again at once, and to count attempts anew.
    pub(super) fn changed(&mut self) {
        // One that does not send keeps its numbers, so that people can see why.
        if self.standing.version == self.webhook.version || !self.webhook.is_live() {
            return;
        }
        let version = self.webhook.version;
        self.standing = Standing { version, failures: 0, abandoned: 0, quiet_until: None, ..self.standing };
        let at_once = Timestamp::from_micros(0);
        for (customer, lane) in &mut self.lanes {
            for item in lane.items.iter_mut().filter(|item| item.attempts > 0) {
                item.attempts = 0;
                if item.kept {
                    self.changes.waiting.push(waiting(*customer, item, at_once));
                }
            }
        }
        for noted in self.ways.values_mut().flat_map(|way| way.noted.values_mut()) {
            if noted.attempts > 0 {
                (noted.attempts, noted.due_at) = (0, at_once);
                self.changes.waiting.push(*noted);
            }
        }
        for (_, customer) in mem::take(&mut self.held) {
            let Some(lane) = self.lanes.get_mut(&customer) else { continue };
            lane.state = State::Ready;
            self.ready.push_back(customer);
        }
    }
}
