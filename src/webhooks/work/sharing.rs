//! Who may send, where there is not room for all. Attempts under way are bounded, so that receivers who hang do not take all file
//! handles; and each webhook has a place of its own, so that they do not take the turn of others either.

use super::{Trouble, Work};
use crate::domain::{PartnerId, Timestamp, WebhookId};
use std::collections::{BTreeMap, HashMap};

/// How many webhooks have an attempt under way at once: the first one of each, which none of another's keeps it from.
const FIRST_MAX: usize = 512;
/// How many of these webhooks may be in trouble: what they sent last was not taken, and the next attempt may hang as well. The other
/// places are for those without.
const IN_TROUBLE_MAX: usize = 384;
/// How many attempts are under way besides: what a webhook sends at once, beyond its first.
const FURTHER_MAX: usize = 128;
/// How many of these for the webhooks of one partner.
const OF_PARTNER_MAX: usize = 64;

/// Whose turn it is: first those of whom nothing is under way, then those of whom least is, by partner and then by webhook; and of
/// these whoever waited longest.
#[derive(Debug, Default)]
struct Turns {
    firsts: usize,
    in_trouble: usize,
    further: usize,
    of_partners: HashMap<PartnerId, usize>,
    waiting: BTreeMap<Rank, Turn>,
}

/// What of the partner is under way beyond each webhook's first, what of the webhook is, and when it had its last turn.
type Rank = (usize, usize, u64, WebhookId);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Turn {
    webhook: WebhookId,
    partner: PartnerId,
    under_way: usize,
    in_trouble: bool,
    /// The number of its last turn.
    served: u64,
}

impl Turns {
    fn of(webhooks: impl Iterator<Item = Turn>) -> Self {
        let mut turns = Self::default();
        let all: Vec<_> = webhooks.collect();
        all.iter().filter(|turn| turn.under_way > 0).for_each(|turn| turns.count(turn, turn.under_way - 1));
        turns.waiting = all.into_iter().map(|turn| (turns.rank(&turn), turn)).collect();
        turns
    }

    /// Counts the first attempt of a webhook, and so many further ones.
    fn count(&mut self, turn: &Turn, further: usize) {
        self.firsts += 1;
        self.in_trouble += usize::from(turn.in_trouble);
        self.count_further(turn.partner, further);
    }

    fn count_further(&mut self, partner: PartnerId, further: usize) {
        self.further += further;
        *self.of_partners.entry(partner).or_default() += further;
    }

    fn of_partner(&self, partner: PartnerId) -> usize {
        self.of_partners.get(&partner).copied().unwrap_or_default()
    }

    fn rank(&self, turn: &Turn) -> Rank {
        let of_partner = if turn.under_way == 0 { 0 } else { self.of_partner(turn.partner) };
        (of_partner, turn.under_way, turn.served, turn.webhook)
    }

    fn has_room(&self, turn: &Turn) -> bool {
        if turn.under_way == 0 {
            self.firsts < FIRST_MAX && (!turn.in_trouble || self.in_trouble < IN_TROUBLE_MAX)
        } else {
            self.further < FURTHER_MAX && self.of_partner(turn.partner) < OF_PARTNER_MAX
        }
    }

    /// Takes the next turn; it does not come again unless it is given back.
    fn next(&mut self) -> Option<Turn> {
        while let Some((known, turn)) = self.waiting.pop_first() {
            // What is under way only becomes more until all turns are made anew.
            if !self.has_room(&turn) {
                continue;
            }
            let rank = self.rank(&turn);
            if rank == known {
                return Some(turn);
            }
            self.waiting.insert(rank, turn);
        }
        None
    }

    /// Another one after this, which has put so many attempts under way, as the turn of that number.
    fn give_back(&mut self, turn: Turn, begun: usize, served: u64) {
        if turn.under_way > 0 {
            self.count_further(turn.partner, begun);
        } else if let Some(further) = begun.checked_sub(1) {
            self.count(&turn, further);
        }
        let turn = Turn { under_way: turn.under_way + begun, served, ..turn };
        self.waiting.insert(self.rank(&turn), turn);
    }
}

impl Work {
    /// Sends what is due, as far as there is room.
    pub(super) fn send_due(&mut self, now: Timestamp) -> Result<(), Trouble> {
        let mut turns = Turns::of(self.lines.iter().map(|(webhook, desk)| Turn {
            webhook: *webhook,
            partner: desk.line.webhook.partner,
            under_way: desk.line.sending(),
            in_trouble: desk.line.is_in_trouble(),
            served: desk.served,
        }));
        while let Some(turn) = turns.next() {
            let webhook = turn.webhook;
            let Some((next, live)) = self.next_of(webhook, now) else { continue };
            let (customer, before) = (next.customer, self.sending.len());
            if let Err(error) = self.send(webhook, next, live, now) {
                if let Some(desk) = self.lines.get_mut(&webhook) {
                    desk.line.put_back(customer);
                }
                return Err(error);
            }
            self.served += 1;
            if let Some(desk) = self.lines.get_mut(&webhook) {
                desk.served = self.served;
            }
            turns.give_back(turn, self.sending.len() - before, self.served);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::webhooks::WEBHOOKS_MAX;
    use crate::webhooks::line::SENDING_MAX;

    /// Takes turns until so many attempts are under way or nobody may; answers how many of each webhook.
    fn share(mut turns: Turns, room: usize) -> Vec<(i64, usize)> {
        let mut taken = BTreeMap::new();
        for number in (1..).take(room) {
            let Some(turn) = turns.next() else { break };
            *taken.entry(turn.webhook.get()).or_default() += 1;
            turns.give_back(turn, 1, number);
        }
        taken.into_iter().collect()
    }

    fn turn(webhook: i64, partner: i64, under_way: usize) -> Turn {
        let (webhook, partner) = (WebhookId::new(webhook), PartnerId::new(partner));
        Turn { webhook, partner, under_way, in_trouble: false, served: 0 }
    }

    fn of(webhooks: &[(i64, i64, usize)]) -> Turns {
        Turns::of(webhooks.iter().map(|(id, partner, under_way)| turn(*id, *partner, *under_way)))
    }

    #[test]
    fn room_is_shared_by_partners_and_then_by_webhooks() {
        assert_eq!(share(of(&[(1, 1, 0), (2, 1, 0), (3, 2, 0)]), 8), [(1, 3), (2, 2), (3, 3)]);
        assert_eq!(share(of(&[(1, 1, 16), (2, 1, 16), (3, 2, 0)]), 8), [(3, 8)], "who has least comes first");
    }

    #[test]
    fn a_partner_of_many_webhooks_does_not_take_all_room() {
        let many: Vec<_> = (1..=50).map(|id| (id, 1, 0)).collect();
        let taken: usize = share(of(&many), 1_000).iter().map(|(_, taken)| taken).sum();
        assert_eq!(taken, many.len() + OF_PARTNER_MAX);
        let hung: Vec<_> = (1..=4).map(|id| (id, 1, 16)).chain([(5, 1, 1), (6, 2, 1)]).collect();
        assert_eq!(share(of(&hung), 3), [(6, 3)]);
    }

    #[test]
    fn however_many_receivers_hang_with_all_that_they_may_one_more_is_sent_to() {
        // Of one partner as many as it may have, of which those that hang came first; and of enough others to take everything.
        let last = i64::try_from(WEBHOOKS_MAX).unwrap();
        for hung in 1..last {
            let taken = share(of(&(1..=hung).map(|id| (id, 1, 0)).collect::<Vec<_>>()), usize::MAX);
            assert!(taken.iter().all(|(_, taken)| *taken <= OF_PARTNER_MAX + 1));
            let hangs = taken.iter().map(|(id, taken)| (*id, 1, (*taken).min(SENDING_MAX)));
            assert_eq!(share(of(&hangs.chain([(last, 1, 0)]).collect::<Vec<_>>()), 1), [(last, 1)], "{hung} hang");
        }
        let everywhere: Vec<_> = (1..=8).map(|id| (id, id, 17)).chain([(99, 99, 0)]).collect();
        assert_eq!(share(of(&everywhere), 9), [(99, 1)], "with nothing else left it has a place of its own");
    }

    #[test]
    fn those_in_trouble_leave_places_for_those_without_and_take_turns_with_each_other() {
        let troubled = |id: i64| Turn { in_trouble: true, ..turn(id, id, 0) };
        let most = i64::try_from(IN_TROUBLE_MAX).unwrap();
        let taken = share(Turns::of((1..=most + 100).map(troubled)), IN_TROUBLE_MAX);
        assert_eq!(taken.len(), IN_TROUBLE_MAX, "the first of each");
        let hung = (1..=most).map(|id| Turn { under_way: 1, ..troubled(id) });
        let waits = (1..=9).map(|id| troubled(most + id)).chain([turn(9_999, 1, 0)]);
        let mut turns = Turns::of(hung.chain(waits));
        turns.further = FURTHER_MAX;
        assert_eq!(share(turns, 10), [(9_999, 1)]);
        let one_waited = [(1, 7), (2, 3), (3, 5)].map(|(id, served)| Turn { served, ..troubled(id) });
        assert_eq!(Turns::of(one_waited.into_iter()).next().unwrap().webhook.get(), 2, "who waited longest");
    }

    #[test]
    fn a_turn_that_put_nothing_under_way_comes_again_and_one_not_given_back_does_not() {
        let mut turns = of(&[(1, 1, 0)]);
        let turn = turns.next().unwrap();
        assert_eq!(turns.next(), None);
        turns.give_back(turn, 0, 0);
        assert_eq!(turns.next(), Some(turn));
        assert_eq!(turns.firsts, 0);
    }
}
