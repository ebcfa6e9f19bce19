//! How many requests a caller may make in a minute and in an hour. Off for a deployment that sits behind a gateway.
//!
//! Windows are fixed: they begin with each minute and each hour of the clock, so that the headers can say when they end. Reads and
//! writes are counted apart: a till that asks for a balance again and again never keeps an award from being recorded.

mod allowances;
mod standing;

pub use allowances::{Allowance, Allowances, NoAllowance};
pub(crate) use standing::Standing;

use super::auth::Caller;
use super::errors::ApiError;
use crate::clock::Clock;
use crate::domain::programme::KeyForm;
use crate::domain::{KeyId, ShopId, Timestamp};
use actix_web::HttpRequest;
use actix_web::http::Method;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use standing::Window;
use std::net::IpAddr;

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
    Key(KeyId, Use),
    /// A key under `/partners`.
    Partner(KeyId, Use),
    Shop(ShopId, Use),
    Address(IpAddr),
    Viewer(IpAddr),
}

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Use {
    Reading,
    Writing,
}

impl Use {
    fn of(request: &HttpRequest) -> Self {
        let reads = [Method::GET, Method::HEAD].contains(request.method());
        if reads { Self::Reading } else { Self::Writing }
    }
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
    pub(crate) fn count(&self, request: &HttpRequest, caller: &Caller, form: KeyForm, now: Timestamp) -> Verdict {
        let Some(allowances) = self.allowances else { return Verdict { outcome: Ok(()), standing: None } };
        let wanted = Use::of(request);
        let (subject, allowance) = match (form, caller.shop) {
            (KeyForm::Bearer, Some(shop)) => (Subject::Shop(shop, wanted), allowances.bearer),
            (KeyForm::Bearer, None) => (Subject::Key(caller.key, wanted), allowances.bearer),
            (KeyForm::Pair, _) if is_the_partners(request.path()) => {
                (Subject::Partner(caller.key, wanted), allowances.partner)
            }
            (KeyForm::Pair, _) => (Subject::Key(caller.key, wanted), allowances.pair),
        };
        self.spend(subject, allowance, now)
    }

    /// Counts a request whose credentials were refused, against its address. Right credentials are never held up by it:
    /// a secret is too long to guess, and many shops may share an address.
    pub(crate) fn count_failure(&self, address: Option<IpAddr>, now: Timestamp) -> Verdict {
        match (self.allowances, network_of(address)) {
            (Some(allowances), Some(address)) => self.spend(Subject::Address(address), allowances.failed, now),
            (Some(_) | None, _) => Verdict { outcome: Ok(()), standing: None },
        }
    }

    /// Counts a request for a picture, which needs no credentials, against its address.
    pub(crate) fn count_picture(&self, address: Option<IpAddr>) -> Verdict {
        match (self.allowances, network_of(address)) {
            (Some(allowances), Some(address)) => {
                self.spend(Subject::Viewer(address), allowances.pictures, self.clock.now())
            }
            (Some(_) | None, _) => Verdict { outcome: Ok(()), standing: None },
        }
    }

    /// What the headers of a request without credentials say; nothing is counted.
    pub(crate) fn standing_of(&self, address: impl FnOnce() -> Option<IpAddr>) -> Option<Standing> {
        let (allowances, address) = (self.allowances?, network_of(address())?);
        let now = seconds(self.clock.now());
        let used = self.used.lock().get(&Subject::Address(address)).copied().unwrap_or_default().at(now);
        used.standing(allowances.failed, now)
    }

    fn spend(&self, subject: Subject, allowance: Allowance, now: Timestamp) -> Verdict {
        let now = seconds(now);
        let mut all = self.used.lock();
        if all.len() >= SUBJECTS_MAX && !all.contains_key(&subject) {
            forget(&mut all, now);
        }
        let used = all.entry(subject).or_default();
        *used = used.at(now);
        if let Some(window) = used.exhausted(allowance) {
            let standing = used.standing(allowance, now).map(|standing| Standing { shown: window, ..standing });
            let outcome = Err(ApiError::TooManyRequests { retry_after: (window.reset - now).max(1) });
            return Verdict { outcome, standing };
        }
        used.in_hour += 1;
        used.in_minute += 1;
        Verdict { outcome: Ok(()), standing: used.standing(allowance, now) }
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

    // The window that has no room; the longer one first.
    fn exhausted(&self, allowance: Allowance) -> Option<Window> {
        let windows = [self.hour_of(allowance), self.minute_of(allowance)];
        windows.into_iter().flatten().find(|window| window.remaining == 0)
    }

    // The hour's numbers stand for both, or the minute's where the hour has no bound.
    fn standing(&self, allowance: Allowance, now: i64) -> Option<Standing> {
        let (hour, minute) = (self.hour_of(allowance), self.minute_of(allowance));
        hour.or(minute).map(|shown| Standing { hour, minute, shown, now })
    }

    fn hour_of(&self, allowance: Allowance) -> Option<Window> {
        let of = |limit: i64| Window { limit, remaining: (limit - self.in_hour).max(0), reset: (self.hour + 1) * HOUR };
        allowance.per_hour.map(of)
    }

    fn minute_of(&self, allowance: Allowance) -> Option<Window> {
        let reset = (self.minute + 1) * MINUTE;
        allowance.per_minute.map(|limit| Window { limit, remaining: (limit - self.in_minute).max(0), reset })
    }
}

/// Whether a path is of the partner's surface: `/{locale}/partners`, or `/api/partners`.
fn is_the_partners(path: &str) -> bool {
    let mut segments = path.split('/').skip(1);
    segments.nth(1) == Some("partners")
}

// Whoever has used nothing of the windows that `now` is in; if that is nobody, all addresses: memory stays bounded.
fn forget(all: &mut FxHashMap<Subject, Used>, now: i64) {
    all.retain(|_, used| used.hour == now.div_euclid(HOUR));
    if all.len() >= SUBJECTS_MAX {
        all.retain(|subject, _| !matches!(subject, Subject::Address(_) | Subject::Viewer(_)));
    }
}

// One IPv6 customer has a /64 at least.
fn network_of(address: Option<IpAddr>) -> Option<IpAddr> {
    const NETWORK: u128 = !(u64::MAX as u128);
    Some(match address?.to_canonical() {
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
        let verdict = limits.spend(
            Subject::Key(KeyId::new(1), Use::Writing),
            ALLOWANCE,
            Timestamp::from_micros(second * 1_000_000),
        );
        match verdict.outcome {
            Ok(()) => Ok(verdict.standing.unwrap().shown.remaining),
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
