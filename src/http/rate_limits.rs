//! How many requests a caller may make in a minute and in an hour. Off for a deployment that sits behind a gateway.
//!
//! Windows are fixed: they begin with each minute and each hour of the clock, so that the headers can say when they end.

use super::auth::Caller;
use super::errors::ApiError;
use crate::clock::Clock;
use crate::domain::programme::KeyForm;
use crate::domain::{KeyId, ShopId, Timestamp};
use actix_web::HttpRequest;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use std::net::IpAddr;

/// The allowances; none means without bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowances {
    pub pair: Allowance,
    pub bearer: Allowance,
    pub failed: Allowance,
    /// Pictures of QR codes, which anyone may ask for: by address.
    pub pictures: Allowance,
}

/// So many in an hour, so many in a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    pub per_hour: Option<i64>,
    pub per_minute: Option<i64>,
}

impl Default for Allowances {
    fn default() -> Self {
        Self {
            pair: Allowance { per_hour: Some(2_000), per_minute: Some(100) },
            bearer: Allowance { per_hour: Some(1_000), per_minute: None },
            failed: Allowance { per_hour: None, per_minute: Some(60) },
            // Three tills that show a code anew every two seconds ask 90 times.
            pictures: Allowance { per_hour: None, per_minute: Some(300) },
        }
    }
}

/// What the headers say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) limit: i64,
    pub(crate) remaining: i64,
    /// Seconds since 1970.
    pub(crate) reset: i64,
}

/// Whether a request may go on, and what its headers say.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) outcome: Result<(), ApiError>,
    pub(crate) standing: Option<Standing>,
}

// How many subjects are remembered. Callers who are unknown here cost nothing to forget: they fail anyway.
const SUBJECTS_MAX: usize = 20_000;
const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Subject {
    Key(KeyId),
    Shop(ShopId),
    Address(IpAddr),
    Viewer(IpAddr),
}

#[derive(Debug, Clone, Copy, Default)]
struct Used {
    hour: i64,
    in_hour: i64,
    minute: i64,
    in_minute: i64,
}

/// The counters of all callers.
#[derive(Debug)]
pub(crate) struct RateLimits {
    allowances: Option<Allowances>,
    clock: Clock,
    used: Mutex<FxHashMap<Subject, Used>>,
}

impl RateLimits {
    /// None switches them off.
    pub(crate) fn new(allowances: Option<Allowances>, clock: Clock) -> Self {
        Self { allowances, clock, used: Mutex::default() }
    }

    /// Counts an authenticated request.
    pub(crate) fn count(&self, caller: &Caller, form: KeyForm, now: Timestamp) -> Verdict {
        let Some(allowances) = self.allowances else { return Verdict { outcome: Ok(()), standing: None } };
        let (subject, allowance) = match (form, caller.shop) {
            (KeyForm::Bearer, Some(shop)) => (Subject::Shop(shop), allowances.bearer),
            (KeyForm::Bearer, None) => (Subject::Key(caller.key), allowances.bearer),
            (KeyForm::Pair, _) => (Subject::Key(caller.key), allowances.pair),
        };
        self.spend(subject, allowance, now)
    }

    /// Counts a request whose credentials were refused, against its address. Right credentials are never held up by it:
    /// a secret is too long to guess, and many shops may share an address.
    pub(crate) fn count_failure(&self, request: &HttpRequest, now: Timestamp) -> Verdict {
        match (self.allowances, address_of(request)) {
            (Some(allowances), Some(address)) => self.spend(Subject::Address(address), allowances.failed, now),
            (Some(_) | None, _) => Verdict { outcome: Ok(()), standing: None },
        }
    }

    /// Counts a request for a picture, which needs no credentials, against its address.
    pub(crate) fn count_picture(&self, request: &HttpRequest) -> Verdict {
        match (self.allowances, address_of(request)) {
            (Some(allowances), Some(address)) => {
                self.spend(Subject::Viewer(address), allowances.pictures, self.clock.now())
            }
            (Some(_) | None, _) => Verdict { outcome: Ok(()), standing: None },
        }
    }

    /// What the headers of a request without credentials say; nothing is counted.
    pub(crate) fn standing_of(&self, request: &HttpRequest) -> Option<Standing> {
        let (allowances, address) = (self.allowances?, address_of(request)?);
        let now = seconds(self.clock.now());
        let used = self.used.lock().get(&Subject::Address(address)).copied().unwrap_or_default().at(now);
        Some(used.standing(allowances.failed, now))
    }

    fn spend(&self, subject: Subject, allowance: Allowance, now: Timestamp) -> Verdict {
        let now = seconds(now);
        let mut all = self.used.lock();
        if all.len() >= SUBJECTS_MAX && !all.contains_key(&subject) {
            forget(&mut all, now);
        }
        let used = all.entry(subject).or_default();
        *used = used.at(now);
        if let Some((limit, reset)) = used.exhausted(allowance) {
            let standing = Standing { limit, remaining: 0, reset };
            let outcome = Err(ApiError::TooManyRequests { retry_after: (reset - now).max(1) });
            return Verdict { outcome, standing: Some(standing) };
        }
        used.in_hour += 1;
        used.in_minute += 1;
        Verdict { outcome: Ok(()), standing: Some(used.standing(allowance, now)) }
    }
}

impl Used {
    /// What is used of the windows that `now` is in.
    fn at(self, now: i64) -> Self {
        let (hour, minute) = (now.div_euclid(HOUR), now.div_euclid(MINUTE));
        Self {
            hour,
            in_hour: if self.hour == hour { self.in_hour } else { 0 },
            minute,
            in_minute: if self.minute == minute { self.in_minute } else { 0 },
        }
    }

    // The window that has no room, and when it ends; the longer one first.
    fn exhausted(&self, allowance: Allowance) -> Option<(i64, i64)> {
        let hour = allowance.per_hour.filter(|limit| self.in_hour >= *limit);
        let minute = allowance.per_minute.filter(|limit| self.in_minute >= *limit);
        hour.map(|limit| (limit, (self.hour + 1) * HOUR)).or(minute.map(|limit| (limit, (self.minute + 1) * MINUTE)))
    }

    // The hour's numbers, or the minute's where the hour has no bound.
    fn standing(&self, allowance: Allowance, now: i64) -> Standing {
        match (allowance.per_hour, allowance.per_minute) {
            (Some(limit), _) => {
                Standing { limit, remaining: (limit - self.in_hour).max(0), reset: (self.hour + 1) * HOUR }
            }
            (None, Some(limit)) => {
                Standing { limit, remaining: (limit - self.in_minute).max(0), reset: (self.minute + 1) * MINUTE }
            }
            (None, None) => Standing { limit: i64::MAX, remaining: i64::MAX, reset: now },
        }
    }
}

// Whoever has used nothing of the windows that `now` is in; if that is nobody, all addresses: memory stays bounded.
fn forget(all: &mut FxHashMap<Subject, Used>, now: i64) {
    all.retain(|_, used| used.hour == now.div_euclid(HOUR));
    if all.len() >= SUBJECTS_MAX {
        all.retain(|subject, _| !matches!(subject, Subject::Address(_) | Subject::Viewer(_)));
    }
}

// One IPv6 customer has a /64 at least.
fn address_of(request: &HttpRequest) -> Option<IpAddr> {
    const NETWORK: u128 = !(u64::MAX as u128);
    Some(match request.peer_addr()?.ip().to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() & NETWORK).into()),
        address @ IpAddr::V4(_) => address,
    })
}

fn seconds(now: Timestamp) -> i64 {
    now.micros().div_euclid(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOWANCE: Allowance = Allowance { per_hour: Some(5), per_minute: Some(2) };

    fn spend(limits: &RateLimits, second: i64) -> Result<i64, i64> {
        let verdict = limits.spend(Subject::Key(KeyId::new(1)), ALLOWANCE, Timestamp::from_micros(second * 1_000_000));
        match verdict.outcome {
            Ok(()) => Ok(verdict.standing.unwrap().remaining),
            Err(ApiError::TooManyRequests { retry_after }) => Err(retry_after),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn both_windows_must_have_room_and_each_opens_again_with_its_next_turn() {
        let limits = RateLimits::new(Some(Allowances::default()), Clock::System);
        assert_eq!(spend(&limits, 0), Ok(4));
        assert_eq!(spend(&limits, 10), Ok(3));
        assert_eq!(spend(&limits, 15), Err(45), "the minute is used up");
        assert_eq!(spend(&limits, 60), Ok(2));
        assert_eq!(spend(&limits, 61), Ok(1));
        assert_eq!(spend(&limits, 120), Ok(0));
        assert_eq!(spend(&limits, 180), Err(3_420), "the hour is used up");
        assert_eq!(spend(&limits, 3_600), Ok(4));
    }

    #[test]
    fn memory_stays_bounded_however_many_addresses_fail() {
        let limits = RateLimits::new(Some(Allowances::default()), Clock::System);
        for number in 0..u32::try_from(SUBJECTS_MAX).unwrap() * 2 {
            let subject = Subject::Address(IpAddr::V4(number.into()));
            drop(limits.spend(subject, ALLOWANCE, Timestamp::from_micros(0)));
        }
        assert!(limits.used.lock().len() <= SUBJECTS_MAX);
    }
}
