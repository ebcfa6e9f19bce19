//! The partner's management of its programme, `/{locale}/partners/*` and `/api/partners/*`: one set of routes under two bases.

mod access;
pub(in crate::http) mod bulk;
pub(in crate::http) mod cards;
mod changing;
pub(in crate::http) mod customers;
pub(in crate::http) mod exports;
pub(in crate::http) mod settings;
pub(in crate::http) mod shops;
pub(in crate::http) mod transactions;
pub(in crate::http) mod webhooks;

pub(crate) use access::Access;
pub(crate) use exports::Downloads;

use super::api::customer_data;
use super::locales::Locale;
use super::server::packed;
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
    // First, because `/cards/export` has the form of `/cards/{id}` too.
    exports::routes(routes, base);
    routes
        .service(
            at("/settings")
                .route(web::get().to(settings::get))
                .route(web::put().to(settings::update))
                .route(web::patch().to(settings::update)),
        )
        .service(at("/settings/global").route(web::put().to(settings::update_globally)))
        .service(at("/shops").route(packed(web::get().to(shops::list))).route(web::post().to(shops::create)))
        .service(
            at("/shops/{id}")
                .route(web::get().to(shops::get))
                .route(web::put().to(shops::update))
                .route(web::delete().to(shops::delete)),
        )
        .service(at("/cards").route(packed(web::get().to(cards::list))).route(web::post().to(cards::create)))
        .service(
            at("/cards/{id}")
                .route(web::get().to(cards::get))
                .route(web::put().to(cards::update))
                .route(web::delete().to(cards::delete)),
        )
        .configure(|routes| people(routes, base))
        .configure(|routes| movements(routes, base))
        .configure(|routes| webhooks::routes(routes, base));
}

fn people(routes: &mut web::ServiceConfig, base: &str) {
    let at = |path: &str| web::resource(format!("{base}/customers{path}"));
    routes
        .service(at("").route(packed(web::get().to(customers::list))).route(web::post().to(customers::create)))
        .service(at("/{id}").route(web::get().to(customers::get)).route(web::put().to(customers::update)))
        .service(at("/{id}/data-export").route(packed(web::get().to(customer_data::export_of_partner))))
        .service(at("/{id}/loyalty-stats").route(web::get().to(customers::loyalty_stats)))
        .service(at("/{id}/transactions").route(packed(web::get().to(customers::transactions))));
}

fn movements(routes: &mut web::ServiceConfig, base: &str) {
    let at = |path: &str| web::resource(format!("{base}{path}"));
    routes
        .service(at("/transactions").route(packed(web::get().to(transactions::list))))
        .service(at("/transactions/bulk-process").route(packed(web::post().to(bulk::book))))
        .service(at("/transactions/{id}").route(web::get().to(transactions::get)))
        .service(at("/points/bulk-award").route(packed(web::post().to(bulk::award))))
        .service(at("/points/bulk-adjust").route(packed(web::post().to(bulk::adjust))));
}
