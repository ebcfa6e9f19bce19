//! The shop's surface, `/{locale}/shop/*`, as the official clients call it: whole numbers as ids, times to the millisecond.

pub(crate) mod cards;
pub(crate) mod catalogue;
pub(crate) mod facts;
pub(crate) mod listing;
mod naming;
pub(crate) mod points;
pub(crate) mod qr;
pub(crate) mod shops;
pub(crate) mod templates;
pub(crate) mod transactions;

type State = actix_web::web::Data<crate::http::HttpState>;
