//! The oracle: cards as lists of single coins. Shares no code and no data structure with the machine.
//!
//! Every point is a coin with an expiry; spending removes coins one by one. Slow, and too simple to be wrong in the same way.

/// One point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Coin {
    /// Microseconds; `i64::MAX` means never.
    expires_at: i64,
    /// Which award it came from, counted over the whole history.
    award: u64,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct ModelCard {
    coins: Vec<Coin>,
    pub(crate) lifetime: i64,
    pub(crate) redeemed: i64,
    pub(crate) blocked: bool,
    awards: u64,
}

impl ModelCard {
    pub(crate) fn award(&mut self, points: i64, expires_at: Option<i64>, now: i64) -> bool {
        if self.blocked || expires_at.is_some_and(|time| time <= now) {
            return false;
        }
        self.add(points, expires_at);
        self.lifetime += points;
        true
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
        if self.blocked || -points > self.balance(now) {
            return false;
        }
        if points > 0 {
            self.add(points, None);
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
        i64::try_from(self.coins.iter().filter(|coin| coin.expires_at > now).count()).expect("few coins")
    }

    fn add(&mut self, points: i64, expires_at: Option<i64>) {
        self.awards += 1;
        let coin = Coin { expires_at: expires_at.unwrap_or(i64::MAX), award: self.awards };
        self.coins.extend((0..points).map(|_| coin));
    }

    fn spend(&mut self, points: i64, now: i64) {
        self.coins.retain(|coin| coin.expires_at > now);
        self.coins.sort_by_key(|coin| (coin.expires_at, coin.award));
        self.coins.drain(..usize::try_from(points).expect("a positive number"));
    }
}
