//! The shop's surface, `/{locale}/shop/*`, as the official clients call it: whole numbers as ids, times to the millisecond.

pub(crate) mod cards;
pub(crate) mod catalogue;
mod facts;
mod listing;
pub(crate) mod points;
pub(crate) mod qr;
pub(crate) mod shops;
mod templates;
pub(crate) mod transactions;

type State = actix_web::web::Data<crate::http::HttpState>;
