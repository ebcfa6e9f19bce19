//! Who may send, where there is not room for all: attempts under way are bounded, over all webhooks and for each partner, so that
//! receivers who hang take neither all file handles nor the turn of others.

use super::{Trouble, Work};
use crate::domain::{PartnerId, Timestamp, WebhookId};
use std::collections::{BTreeSet, HashMap};

/// How many attempts are under way at once.
const UNDER_WAY_MAX: usize = 128;
/// How many of them for the webhooks of one partner.
const OF_PARTNER_MAX: usize = 64;

/// Whose turn it is: those of whom least is under way, first by partner and then by webhook.
#[derive(Debug, Default)]
struct Turns {
    of_partners: HashMap<PartnerId, usize>,
    waiting: BTreeSet<(usize, usize, WebhookId, PartnerId)>,
}

impl Turns {
    /// Of webhooks and how much of each is under way.
    fn of(webhooks: impl Iterator<Item = (WebhookId, PartnerId, usize)>) -> Self {
        let mut turns = Self::default();
        let all: Vec<_> = webhooks.collect();
        for (_, partner, under_way) in &all {
            *turns.of_partners.entry(*partner).or_default() += under_way;
        }
        turns.waiting =
            all.into_iter().map(|(id, partner, own)| (turns.of_partner(partner), own, id, partner)).collect();
        turns
    }

    fn of_partner(&self, partner: PartnerId) -> usize {
        self.of_partners.get(&partner).copied().unwrap_or_default()
    }

    /// Takes the next turn; it does not come again unless it is given back.
    fn next(&mut self) -> Option<Turn> {
        while let Some((known, own, webhook, partner)) = self.waiting.pop_first() {
            let of_partner = self.of_partner(partner);
            if of_partner >= OF_PARTNER_MAX {
                continue;
            }
            if of_partner == known {
                return Some(Turn { webhook, partner, own });
            }
            self.waiting.insert((of_partner, own, webhook, partner));
        }
        None
    }

    /// Another one after this, which has put so many attempts under way.
    fn give_back(&mut self, turn: Turn, begun: usize) {
        let of_partner = self.of_partners.entry(turn.partner).or_default();
        *of_partner += begun;
        self.waiting.insert((*of_partner, turn.own + begun, turn.webhook, turn.partner));
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Turn {
    webhook: WebhookId,
    partner: PartnerId,
    own: usize,
}

impl Work {
    /// Sends what is due, as far as there is room.
    pub(super) fn send_due(&mut self, now: Timestamp) -> Result<(), Trouble> {
        let lines = self.lines.iter().map(|(id, desk)| (*id, desk.line.webhook.partner, desk.line.sending()));
        let mut turns = Turns::of(lines);
        while self.sending.len() < UNDER_WAY_MAX {
            let Some(turn) = turns.next() else { break };
            let webhook = turn.webhook;
            let Some((next, live)) = self.next_of(webhook, now) else { continue };
            let (customer, before) = (next.customer, self.sending.len());
            if let Err(error) = self.send(webhook, next, live, now) {
                if let Some(desk) = self.lines.get_mut(&webhook) {
                    desk.line.put_back(customer);
                }
                return Err(error);
            }
            turns.give_back(turn, self.sending.len() - before);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes turns until so many attempts are under way or nobody may; answers how many of each webhook.
    fn share(mut turns: Turns, room: usize) -> Vec<(i64, usize)> {
        let mut taken = HashMap::new();
        for _ in 0..room {
            let Some(turn) = turns.next() else { break };
            *taken.entry(turn.webhook.get()).or_default() += 1;
            turns.give_back(turn, 1);
        }
        let mut taken: Vec<_> = taken.into_iter().collect();
        taken.sort_unstable();
        taken
    }

    fn of(webhooks: &[(i64, i64, usize)]) -> Turns {
        Turns::of(webhooks.iter().map(|(id, partner, own)| (WebhookId::new(*id), PartnerId::new(*partner), *own)))
    }

    #[test]
    fn room_is_shared_by_partners_and_then_by_webhooks() {
        assert_eq!(share(of(&[(1, 1, 0), (2, 1, 0), (3, 2, 0)]), 8), [(1, 2), (2, 2), (3, 4)]);
        assert_eq!(share(of(&[(1, 1, 16), (2, 1, 16), (3, 2, 0)]), 8), [(3, 8)], "who has least comes first");
    }

    #[test]
    fn a_partner_of_many_webhooks_does_not_take_all_room() {
        let many: Vec<_> = (1..=50).map(|id| (id, 1, 0)).collect();
        let taken: usize = share(of(&many), UNDER_WAY_MAX).iter().map(|(_, taken)| taken).sum();
        assert_eq!(taken, OF_PARTNER_MAX);
        let hung: Vec<_> = (1..=4).map(|id| (id, 1, 16)).chain([(5, 1, 0), (6, 2, 0)]).collect();
        assert_eq!(share(of(&hung), 3), [(6, 3)]);
    }

    #[test]
    fn a_turn_that_put_nothing_under_way_comes_again_and_one_not_given_back_does_not() {
        let mut turns = of(&[(1, 1, 0)]);
        let turn = turns.next().unwrap();
        assert_eq!(turns.next(), None);
        turns.give_back(turn, 0);
        assert_eq!(turns.next(), Some(turn));
    }
}
