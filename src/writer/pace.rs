//! How often points may move on one card: what a till does wrong in a loop, or a thief at speed, ends here. Decided on the writer's
//! thread, without a lock, after the look-up of idempotency keys: the same order again is answered again and never counted.

use crate::domain::{CardId, Timestamp};
use rustc_hash::FxHashMap;
use std::fmt;
use std::str::FromStr;

/// How many cards are remembered in one window. Beyond that those who moved once are forgotten, which only lets them move once more.
const CARDS_MAX: usize = 262_144;
const MOST: u32 = 1_000_000;

/// So many movements of points of one card in each minute or hour of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CardPace {
    pub moves: u32,
    /// How long the window is: 60 or 3,600 seconds.
    pub seconds: u32,
}

impl Default for CardPace {
    /// Twice what a till can ring up by hand on one card.
    fn default() -> Self {
        Self { moves: 120, seconds: 60 }
    }
}

/// Why a text is no pace.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a number from 1 to {MOST} for a minute or an hour, such as 120/min")]
pub struct NoPace;

impl FromStr for CardPace {
    type Err = NoPace;

    fn from_str(text: &str) -> Result<Self, NoPace> {
        let (moves, window) = text.split_once('/').ok_or(NoPace)?;
        let moves = moves.parse().ok().filter(|moves| (1..=MOST).contains(moves)).ok_or(NoPace)?;
        match window {
            "min" => Ok(Self { moves, seconds: 60 }),
            "h" => Ok(Self { moves, seconds: 3_600 }),
            _ => Err(NoPace),
        }
    }
}

impl fmt::Display for CardPace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.moves, if self.seconds == 60 { "min" } else { "h" })
    }
}

/// What moved in the window that is.
#[derive(Debug)]
pub(super) struct Moves {
    pace: Option<CardPace>,
    window: i64,
    of_cards: FxHashMap<CardId, u32>,
}

impl Moves {
    /// None counts nothing.
    pub(super) fn new(pace: Option<CardPace>) -> Self {
        Self { pace, window: i64::MIN, of_cards: FxHashMap::default() }
    }

    /// Whether anything is counted.
    pub(super) const fn are_counted(&self) -> bool {
        self.pace.is_some()
    }

    /// Counts a movement of a card; where it may not move again yet, answers the seconds until it may.
    pub(super) fn count(&mut self, card: CardId, now: Timestamp) -> Result<(), i64> {
        let Some(CardPace { moves, seconds }) = self.pace else { return Ok(()) };
        let (now, seconds) = (now.micros().div_euclid(1_000_000), i64::from(seconds));
        let window = now.div_euclid(seconds);
        if window != self.window {
            self.window = window;
            self.of_cards.clear();
        }
        if self.of_cards.len() >= CARDS_MAX {
            self.make_room();
        }
        let used = self.of_cards.entry(card).or_default();
        if *used >= moves {
            return Err((window + 1) * seconds - now);
        }
        *used += 1;
        Ok(())
    }

    /// Nothing of it was written.
    pub(super) fn forget(&mut self) {
        self.of_cards.clear();
    }

    fn make_room(&mut self) {
        self.of_cards.retain(|_, used| *used > 1);
        if self.of_cards.len() >= CARDS_MAX / 2 {
            self.of_cards.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_micros(second * 1_000_000)
    }

    #[test]
    fn a_card_moves_so_often_in_a_window_and_again_in_the_next() {
        let mut moves = Moves::new(Some(CardPace { moves: 2, seconds: 60 }));
        let (one, other) = (CardId::new(1), CardId::new(2));
        assert_eq!(moves.count(one, at(5)), Ok(()));
        assert_eq!(moves.count(one, at(30)), Ok(()));
        assert_eq!(moves.count(one, at(31)), Err(29));
        assert_eq!(moves.count(other, at(31)), Ok(()), "each card by itself");
        assert_eq!(moves.count(one, at(60)), Ok(()));
    }

    #[test]
    fn memory_stays_bounded_and_a_card_that_moves_often_is_not_forgotten() {
        let mut moves = Moves::new(Some(CardPace { moves: 2, seconds: 60 }));
        let often = CardId::new(0);
        assert_eq!((moves.count(often, at(0)), moves.count(often, at(0))), (Ok(()), Ok(())));
        for card in 1..i64::try_from(CARDS_MAX).unwrap() * 2 {
            assert_eq!(moves.count(CardId::new(card), at(0)), Ok(()));
            assert!(moves.of_cards.len() <= CARDS_MAX);
        }
        assert_eq!(moves.count(often, at(0)), Err(60));
    }

    #[test]
    fn a_pace_is_written_as_it_is_read() {
        for text in ["120/min", "1/h", "1000000/min"] {
            assert_eq!(text.parse::<CardPace>().unwrap().to_string(), text);
        }
        for wrong in ["", "0/min", "120", "120/s", "-1/min", "1000001/h"] {
            assert_eq!(wrong.parse::<CardPace>(), Err(NoPace), "{wrong}");
        }
    }
}
