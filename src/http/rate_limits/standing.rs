//! What a caller is told of their limits: in the headers that clients of this kind of service read, and in those of the IETF's draft
//! (draft-ietf-httpapi-ratelimit-headers-10), which tell of both windows.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use std::fmt::Write as _;

static LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
static REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
static RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");
static POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
static STANDING: HeaderName = HeaderName::from_static("ratelimit");

/// One window: how much it allows, what is left of it, and when it ends, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) limit: i64,
    pub(super) remaining: i64,
    pub(super) reset: i64,
}

/// Where a caller stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(super) hour: Option<Window>,
    pub(super) minute: Option<Window>,
    /// What the headers with room for one window tell of.
    pub(super) shown: Window,
    /// Seconds since 1970.
    pub(super) now: i64,
}

impl Standing {
    /// Adds the headers to an answer.
    pub(crate) fn tell(&self, headers: &mut HeaderMap) {
        headers.insert(LIMIT.clone(), self.shown.limit.into());
        headers.insert(REMAINING.clone(), self.shown.remaining.into());
        headers.insert(RESET.clone(), self.shown.reset.into());
        let (mut policy, mut standing) = (String::with_capacity(48), String::with_capacity(48));
        for (name, seconds, window) in [("hour", 3_600, self.hour), ("minute", 60, self.minute)] {
            let Some(window) = window else { continue };
            let comma = if policy.is_empty() { "" } else { ", " };
            let ends_in = (window.reset - self.now).max(0);
            // Writing into a text cannot fail.
            let _ = write!(policy, "{comma}\"{name}\";q={};w={seconds}", window.limit);
            let _ = write!(standing, "{comma}\"{name}\";r={};t={ends_in}", window.remaining);
        }
        for (name, value) in [(&POLICY, policy), (&STANDING, standing)] {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(name.clone(), value);
            }
        }
    }
}
