//! How long to wait, and in what order to look: the only place where something is drawn by chance.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

/// The longest wait between two attempts to reach a source, and the longest that a source may ask for.
const LONGEST: Duration = Duration::from_secs(300);

/// Reads `500ms`, `10s`, `5m`, `1h` or `2d`; a bare `0` is no time at all.
#[must_use]
pub fn parse_duration(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let digits = text.find(|letter: char| !letter.is_ascii_digit())?;
    let number: u64 = text[..digits].parse().ok()?;
    let millis = match &text[digits..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    Some(Duration::from_millis(number.checked_mul(millis)?))
}

/// How long to wait after so many attempts in vain: twice as long each time up to five minutes (or `every`, if that is longer),
/// and by a quarter more or less, so that many followers do not come back at once.
#[must_use]
pub(super) fn back_off(every: Duration, failures: u32) -> Duration {
    let doubled = every.saturating_mul(2_u32.saturating_pow(failures.min(16)));
    jittered(doubled.clamp(every, LONGEST.max(every)))
}

/// A wait that a source asked for, as far as it is granted.
#[must_use]
pub(super) fn granted(asked: Duration) -> Duration {
    asked.clamp(Duration::from_secs(1), Duration::from_secs(3_600))
}

fn jittered(wait: Duration) -> Duration {
    let quarter = wait / 4;
    wait - quarter + (quarter * 2).mul_div(draw() % 1_001, 1_000)
}

trait MulDiv {
    fn mul_div(self, by: u64, of: u64) -> Self;
}

impl MulDiv for Duration {
    fn mul_div(self, by: u64, of: u64) -> Self {
        let micros = u64::try_from(self.as_micros()).unwrap_or(u64::MAX);
        Self::from_micros(micros / of * by)
    }
}

/// 64 bits that nobody knew before. The keys of std's hash maps are drawn by the system, and that is enough to be unpredictable
/// for a source.
pub(super) fn draw() -> u64 {
    RandomState::new().hash_one(0)
}

/// A round through all pages of a history, each once, in an order drawn anew for every round: whoever answers does not know
/// which page is compared next, and none is left out for ever.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Round {
    pages: u64,
    begin: u64,
    stride: u64,
    done: u64,
}

impl Round {
    /// Through so many pages.
    pub(super) fn of(pages: u64) -> Self {
        Self::drawn(pages, draw(), draw())
    }

    fn drawn(pages: u64, begin: u64, stride: u64) -> Self {
        let modulus = pages.max(1);
        // Steps that have no factor in common with the number of pages come to each of them.
        let mut stride = stride % modulus;
        while common_factor(stride, modulus) != 1 {
            stride = (stride + 1) % modulus;
            if modulus == 1 {
                break;
            }
        }
        Self { pages, begin: begin % modulus, stride, done: 0 }
    }

    /// The page that comes next; none when the round is over.
    pub(super) fn page(&self) -> Option<u64> {
        if self.done >= self.pages {
            return None;
        }
        let page = (u128::from(self.begin) + u128::from(self.stride) * u128::from(self.done)) % u128::from(self.pages);
        u64::try_from(page).ok()
    }

    /// That page is done.
    pub(super) const fn advance(&mut self) {
        self.done += 1;
    }
}

fn common_factor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { common_factor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_comes_to_every_page_once() {
        for pages in [0, 1, 2, 3, 4, 6, 12, 97, 256, 360] {
            for (begin, stride) in [(0, 0), (5, 2), (u64::MAX, u64::MAX), (7, 9)] {
                let mut round = Round::drawn(pages, begin, stride);
                let mut seen = Vec::new();
                while let Some(page) = round.page() {
                    seen.push(page);
                    round.advance();
                }
                seen.sort_unstable();
                assert_eq!(seen, (0..pages).collect::<Vec<_>>(), "{pages} pages, from {begin} by {stride}");
            }
        }
    }

    #[test]
    fn waits_grow_and_stay_bounded() {
        let every = Duration::from_secs(10);
        for failures in 0..40 {
            let wait = back_off(every, failures);
            assert!(wait >= every * 3 / 4 && wait <= LONGEST * 5 / 4, "{failures}: {wait:?}");
        }
        assert!(back_off(every, 3) > every * 5);
        let slow = Duration::from_secs(3_600);
        assert!(back_off(slow, 9) >= slow * 3 / 4);
    }

    #[test]
    fn durations_are_read_with_their_unit() {
        assert_eq!(parse_duration("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(parse_duration("90s"), Some(Duration::from_secs(90)));
        assert_eq!(parse_duration("1h"), Some(Duration::from_secs(3_600)));
        assert_eq!(parse_duration("0"), Some(Duration::ZERO));
        for wrong in ["", "10", "s", "1.5s", "-1s", "10 s", "1w", "99999999999999999999s", "18446744073709551615d"] {
            assert_eq!(parse_duration(wrong), None, "{wrong:?}");
        }
    }
}
