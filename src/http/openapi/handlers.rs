//! What the type of a handler says about its operation: its arguments what it reads, its output what it answers.

use super::schemas::Schemas;
use crate::http::HttpState;
use crate::http::api::submitting::{IdempotencyKey, PathId};
use crate::http::as_of::AsOf;
use crate::http::auth::Caller;
use crate::http::body::Body;
use crate::http::envelope::Answer;
use crate::http::errors::ApiError;
use crate::http::locales::Locale;
use crate::http::partners::Access;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Value;
use utoipa::ToSchema;

/// What a handler's arguments read of a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Reads {
    /// Credentials, of either form.
    pub(super) credentials: bool,
    /// Credentials of a whole partner.
    pub(super) partner: bool,
    pub(super) idempotency_key: bool,
    pub(super) past: bool,
    /// The bytes that a body may have.
    pub(super) body: Option<usize>,
}

/// One argument of a handler.
pub(super) trait Argument {
    fn note(reads: &mut Reads);
}

impl Argument for web::Data<HttpState> {
    fn note(_: &mut Reads) {}
}

impl Argument for HttpRequest {
    fn note(_: &mut Reads) {}
}

impl Argument for Locale {
    fn note(_: &mut Reads) {}
}

impl Argument for PathId {
    fn note(_: &mut Reads) {}
}

impl Argument for web::Path<(String, String)> {
    fn note(_: &mut Reads) {}
}

impl Argument for Caller {
    fn note(reads: &mut Reads) {
        reads.credentials = true;
    }
}

impl Argument for Access {
    fn note(reads: &mut Reads) {
        reads.credentials = true;
        reads.partner = true;
    }
}

impl Argument for IdempotencyKey {
    fn note(reads: &mut Reads) {
        reads.idempotency_key = true;
    }
}

impl Argument for AsOf {
    fn note(reads: &mut Reads) {
        reads.past = true;
    }
}

impl<const MOST: usize> Argument for Body<MOST> {
    fn note(reads: &mut Reads) {
        reads.body = Some(MOST);
    }
}

/// All arguments of a handler.
pub(super) trait Arguments {
    fn reads() -> Reads;
}

macro_rules! arguments {
    ($(($($argument:ident),*);)*) => {$(
        impl<$($argument: Argument),*> Arguments for ($($argument,)*) {
            fn reads() -> Reads {
                #[allow(unused_mut, reason = "a handler may have no arguments")]
                let mut reads = Reads::default();
                $($argument::note(&mut reads);)*
                reads
            }
        }
    )*};
}

arguments! {
    ();
    (A);
    (A, B);
    (A, B, C);
    (A, B, C, D);
    (A, B, C, D, E);
    (A, B, C, D, E, F);
}

/// What a handler answers.
pub(super) trait Output {
    /// The schema of `data` in the envelope; none where the answer has no envelope.
    fn data(schemas: &mut Schemas) -> Option<Value>;
}

impl<T: ToSchema> Output for Result<Answer<T>, ApiError> {
    fn data(schemas: &mut Schemas) -> Option<Value> {
        Some(schemas.of::<T>())
    }
}

impl Output for Result<HttpResponse, ApiError> {
    fn data(_: &mut Schemas) -> Option<Value> {
        None
    }
}
