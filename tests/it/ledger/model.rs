//! The oracle: cards as lists of single coins. Shares no code and no data structure with the machine.
//!
//! Every point is a coin with an expiry; spending removes coins one by one. An order is the coins that it brought and those that it cost. Slow, and too simple to be wrong in the same way.

/// One point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Coin {
    /// Microseconds; `i64::MAX` means never.
    expires_at: i64,
    /// Which award it came from, counted over the whole history.
    award: u64,
    /// Whether it was earned in the shop.
    in_shop: bool,
}

/// What a purchase brought and cost, and what was refunded of it.
#[derive(Debug, Clone)]
pub(crate) struct ModelOrder {
    /// Cents.
    total: i64,
    earned: i64,
    award: u64,
    spent: Vec<Coin>,
    refunded: i64,
    taken: i64,
    given: usize,
    complete: bool,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct ModelCard {
    coins: Vec<Coin>,
    pub(crate) lifetime: i64,
    pub(crate) redeemed: i64,
    pub(crate) blocked: bool,
    debt: i64,
    awards: u64,
}

const DAY: i64 = 86_400_000_000;

impl ModelCard {
    pub(crate) fn award(&mut self, points: i64, expires_at: Option<i64>, now: i64) -> bool {
        if self.blocked || expires_at.is_some_and(|time| time <= now) {
            return false;
        }
        self.add(points, expires_at, false);
        self.lifetime += points;
        true
    }

    /// Ten points for 1.00; the redemption comes first.
    pub(crate) fn buy(&mut self, total: i64, redeem: i64, now: i64) -> Option<ModelOrder> {
        if self.blocked || (redeem > 0 && redeem > self.balance(now)) {
            return None;
        }
        let spent = if redeem > 0 { self.spend(redeem, now) } else { Vec::new() };
        self.redeemed += redeem;
        let earned = total / 10;
        self.add(earned, None, true);
        self.lifetime += earned;
        Some(ModelOrder { total, earned, award: self.awards, spent, refunded: 0, taken: 0, given: 0, complete: false })
    }

    /// Refunds so many cents, or the rest. A blocked card gives back too.
    pub(crate) fn refund(&mut self, order: &mut ModelOrder, cents: Option<i64>, now: i64) -> bool {
        let left = order.total - order.refunded;
        let nothing = cents == Some(0) && order.total > 0;
        let cents = cents.unwrap_or(left);
        if order.complete || cents > left || nothing {
            return false;
        }
        let all = order.spent.len() - order.given;
        let (take, give) = if cents == left {
            (order.earned - order.taken, all)
        } else {
            let cost = i64::try_from(order.spent.len()).expect("few coins");
            (
                cents * order.earned / order.total,
                usize::try_from(cents * cost / order.total).expect("few coins").min(all),
            )
        };
        let take = take.min(order.earned - order.taken);
        self.take_back(take, order.award, now);
        let back: Vec<Coin> = order.spent.iter().rev().skip(order.given).take(give).copied().collect();
        self.give_back(&back, now);
        order.complete = cents == left;
        (order.refunded, order.taken, order.given) = (order.refunded + cents, order.taken + take, order.given + give);
        true
    }

    fn take_back(&mut self, points: i64, own: u64, now: i64) {
        self.coins.retain(|coin| coin.expires_at > now);
        self.coins.sort_by_key(|coin| (coin.award != own, coin.expires_at, coin.award));
        let there = self.coins.len().min(usize::try_from(points).expect("not negative"));
        self.coins.drain(..there);
        self.debt += points - i64::try_from(there).expect("few coins");
        self.lifetime -= points;
    }

    fn give_back(&mut self, coins: &[Coin], now: i64) {
        let renewed = |time| if time > now { time } else { now + 30 * DAY };
        let mut lots: Vec<(i64, bool, i64)> = Vec::new();
        for coin in coins {
            let (expires_at, in_shop) = (renewed(coin.expires_at), coin.in_shop);
            match lots.iter_mut().find(|lot| (lot.0, lot.1) == (expires_at, in_shop)) {
                Some(lot) => lot.2 += 1,
                None => lots.push((expires_at, in_shop, 1)),
            }
        }
        for (expires_at, in_shop, points) in lots {
            self.add(points, Some(expires_at), in_shop);
            self.redeemed -= points;
        }
    }

    pub(crate) fn redeem(&mut self, points: i64, now: i64) -> bool {
        if self.blocked || points > self.balance(now) {
            return false;
        }
        self.spend(points, now);
        self.redeemed += points;
        true
    }

    pub(crate) fn adjust(&mut self, points: i64, now: i64) -> bool {
        if self.blocked || (points < 0 && -points > self.balance(now)) {
            return false;
        }
        if points > 0 {
            self.add(points, None, false);
        } else {
            self.spend(-points, now);
        }
        true
    }

    /// Takes coins that expire before `before`, at most `points` of them.
    pub(crate) fn expire(&mut self, points: Option<i64>, before: Option<i64>, now: i64) -> bool {
        if before.is_none() && points.is_some_and(|points| points > self.balance(now)) {
            return false;
        }
        // On a copy: a refused command changes nothing, not even what a clock that jumps back would bring to life again.
        let mut coins: Vec<Coin> = self.coins.iter().copied().filter(|coin| coin.expires_at > now).collect();
        coins.sort_by_key(|coin| (coin.expires_at, coin.award));
        let (mut left, count) = (points.unwrap_or(i64::MAX), coins.len());
        coins.retain(|coin| {
            let goes = left > 0 && before.is_none_or(|end| coin.expires_at < end);
            left -= i64::from(goes);
            !goes
        });
        let expired = coins.len() < count;
        if expired {
            self.coins = coins;
        }
        expired
    }

    pub(crate) fn balance(&self, now: i64) -> i64 {
        i64::try_from(self.coins.iter().filter(|coin| coin.expires_at > now).count()).expect("few coins") - self.debt
    }

    fn add(&mut self, points: i64, expires_at: Option<i64>, in_shop: bool) {
        self.awards += 1;
        let paid = points.min(self.debt);
        self.debt -= paid;
        let coin = Coin { expires_at: expires_at.unwrap_or(i64::MAX), award: self.awards, in_shop };
        self.coins.extend((paid..points).map(|_| coin));
    }

    fn spend(&mut self, points: i64, now: i64) -> Vec<Coin> {
        self.coins.retain(|coin| coin.expires_at > now);
        self.coins.sort_by_key(|coin| (coin.expires_at, coin.award));
        self.coins.drain(..usize::try_from(points).expect("a positive number")).collect()
    }
}
