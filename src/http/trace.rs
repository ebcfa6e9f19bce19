//! The trace that a request belongs to, as W3C Trace Context says: taken from `traceparent` where that is sound, else begun here.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

static PARENT: HeaderName = HeaderName::from_static("traceparent");
static RESPONSE: HeaderName = HeaderName::from_static("traceresponse");
/// The flag of a trace whose id is random.
const RANDOM: u8 = 2;

/// One request's place in a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trace {
    id: u128,
    /// This request's own part of it.
    span: u64,
    flags: u8,
    /// The caller began it.
    taken: bool,
}

impl Trace {
    /// The trace of a request, with random numbers for what begins here.
    pub(super) fn of(headers: &HeaderMap, id: u128, span: u64) -> Self {
        // Zero says that there is none.
        let (id, span) = (id.max(1), span.max(1));
        let mut parents = headers.get_all(&PARENT);
        match (parents.next(), parents.next()) {
            (Some(parent), None) => parsed(parent.as_bytes()),
            (Some(_) | None, _) => None,
        }
        .map_or(Self { id, span, flags: RANDOM, taken: false }, |(id, flags)| Self {
            id,
            span,
            flags,
            taken: true,
        })
    }

    pub(super) fn id(&self) -> String {
        format!("{:032x}", self.id)
    }

    pub(super) fn span(&self) -> String {
        format!("{:016x}", self.span)
    }

    /// Tells a caller who traces under which number this service did its part.
    pub(super) fn tell(&self, headers: &mut HeaderMap) {
        if self.taken
            && let Ok(value) = HeaderValue::try_from(format!("00-{}-{}-{:02x}", self.id(), self.span(), self.flags))
        {
            headers.insert(RESPONSE.clone(), value);
        }
    }
}

// The trace's id and flags. A later version may have more after them.
fn parsed(text: &[u8]) -> Option<(u128, u8)> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let mut parts = text.splitn(5, '-');
    let (version, id, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let version = u8::try_from(hex(version, 2)?).ok().filter(|version| *version != u8::MAX)?;
    let complete = version > 0 || parts.next().is_none();
    let id = hex(id, 32).filter(|id| *id > 0)?;
    hex(span, 16).filter(|span| *span > 0 && complete)?;
    Some((id, u8::try_from(hex(flags, 2)?).ok()?))
}

fn hex(text: &str, length: usize) -> Option<u128> {
    let sound = text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if sound { u128::from_str_radix(text, 16).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn of(parents: &[&str]) -> Trace {
        let mut headers = HeaderMap::new();
        for parent in parents {
            headers.append(PARENT.clone(), HeaderValue::from_str(parent).unwrap());
        }
        Trace::of(&headers, 7, 9)
    }

    #[test]
    fn a_sound_parent_is_taken_and_answered() {
        for parent in [format!("00-{ID}-00f067aa0ba902b7-01"), format!("01-{ID}-00f067aa0ba902b7-01-and-more")] {
            let trace = of(&[&parent]);
            assert_eq!((trace.id(), trace.taken), (ID.to_owned(), true), "{parent}");
            let mut headers = HeaderMap::new();
            trace.tell(&mut headers);
            assert_eq!(headers.get(&RESPONSE).unwrap(), format!("00-{ID}-0000000000000009-01").as_str());
        }
    }

    #[test]
    fn anything_else_begins_a_trace_of_its_own() {
        let sound = format!("00-{ID}-00f067aa0ba902b7-01");
        for parents in [
            vec![],
            vec![""],
            vec!["00-x-y-01"],
            vec![&sound[..54]],
            vec!["00-00000000000000000000000000000000-00f067aa0ba902b7-01"],
            vec!["00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"],
            vec!["ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"],
            vec!["00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"],
            vec!["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more"],
            vec![&sound, &sound],
        ] {
            let trace = of(&parents);
            assert_eq!((trace.id, trace.taken), (7, false), "{parents:?}");
            let mut headers = HeaderMap::new();
            trace.tell(&mut headers);
            assert!(headers.is_empty());
        }
    }
}
