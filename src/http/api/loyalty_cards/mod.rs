//! `/api/loyalty-cards`: issuing, showing, listing, changing and blocking cards.

mod change;
mod holder;
mod issue;
mod list;
mod show;

pub(crate) use change::{block, unblock, update};
pub(crate) use holder::{host, qr_url};
pub(crate) use issue::create;
pub(crate) use list::list;
pub(crate) use show::{get, history};

type State = actix_web::web::Data<crate::http::HttpState>;
