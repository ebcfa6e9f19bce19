//! The partner's management of its programme, `/{locale}/partners/*` and `/api/partners/*`: one set of routes under two bases.

mod access;
mod exports;
mod settings;

pub(crate) use exports::Downloads;

use super::locales::Locale;
use actix_web::web;

type State = web::Data<super::HttpState>;

/// All routes, under both forms of path. Under `/api` the language is the one of `Accept-Language`.
pub(crate) fn routes(routes: &mut web::ServiceConfig) {
    for base in [format!("/{}/partners", Locale::segment()), "/api/partners".to_owned()] {
        routes_under(routes, &base);
    }
}

fn routes_under(routes: &mut web::ServiceConfig, base: &str) {
    let at = |path: &str| web::resource(format!("{base}{path}"));
    routes.service(at("/settings").route(web::get().to(settings::get)));
    exports::routes(routes, base);
}
