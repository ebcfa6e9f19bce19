//! Routes, and the server that serves them.

use super::connections::{self, Watched};
use super::errors::ApiError;
use super::locales::Locale;
use super::openapi::{explorer, served};
use super::operations::{self, WorkerFigures};
use super::shop::{cards, catalogue, points, qr, shops, transactions};
use super::tls::Identity;
use super::{HttpConfig, HttpState, api, audit, edge, health, partners};
use actix_cors::Cors;
use actix_web::dev::Server;
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App, HttpServer, Route, web};
use std::io;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::sync::Arc;

/// How long a stopping server waits for the requests that it has begun to answer.
const SHUTDOWN_SECONDS: u64 = 30;

/// Where requests come in.
#[derive(Debug)]
pub enum Listener {
    Tcp(TcpListener),
    /// HTTP/1.1, as without TLS: of HTTP/2 the library bounds neither heads nor how long a stream may stand still.
    Tls(TcpListener, Arc<Identity>),
    Unix(UnixListener),
}

/// Starts the server on a listener that is bound already. It runs when awaited, and stops through its handle.
///
/// # Errors
/// When the listener cannot be used.
pub fn server(state: HttpState, listener: Listener, config: &HttpConfig) -> io::Result<Server> {
    let state = web::Data::new(state);
    let bench_echo = config.bench_echo;
    let (figures, connections) = (state.figures.clone(), state.figures.clone());
    let server = HttpServer::new(move || {
        App::new()
            .app_data(state.clone())
            .wrap(cors())
            .wrap(from_fn(edge::edge))
            .configure(|routes| echo(routes, bench_echo))
            .configure(|routes| {
                if let Some(figures) = &figures {
                    routes.app_data(WorkerFigures::new(Arc::clone(figures)));
                }
            })
            .configure(configure)
            .default_service(web::to(unknown_path))
    });
    // Else a connection would be cut that only rests between two requests.
    let quiet = config.stalled_within.max(config.idle_within + config.head_within);
    let server = server
        .workers(config.workers.max(1))
        .max_connections(config.max_connections)
        .keep_alive(config.idle_within)
        .client_request_timeout(config.head_within)
        .shutdown_timeout(SHUTDOWN_SECONDS)
        .disable_signals()
        .on_connect(move |connection, known| {
            if let Some(watched) = Watched::begin(connection, quiet) {
                known.insert(watched);
            }
            if let Some(figures) = &connections {
                known.insert(figures.connected());
            }
        });
    let server = match listener {
        Listener::Tcp(listener) => {
            connections::bound(&listener, quiet)?;
            server.listen(listener)?
        }
        Listener::Tls(listener, identity) => {
            connections::bound(&listener, quiet)?;
            server.listen_rustls_0_23(listener, identity.server_config().map_err(io::Error::other)?)?
        }
        Listener::Unix(listener) => server.listen_uds(listener)?,
    };
    Ok(server.run())
}

/// All routes.
pub fn configure(routes: &mut web::ServiceConfig) {
    // Routes are tried in this order, so what tills call most stands first.
    api_points(routes);
    loyalty_cards(routes);
    customers(routes);
    auditing(routes);
    for path in ["/health", "/api/health"] {
        routes.service(web::resource(path).route(web::get().to(health::health)));
    }
    routes.service(web::resource("/ready").route(web::get().to(operations::ready)));
    routes.service(web::resource("/shop/health").route(web::get().to(health::health_with_credentials)));
    // The PHP client joins a base that ends in `/shop` with paths that begin with it.
    let locale = Locale::segment();
    for base in [format!("/{locale}/shop"), format!("/{locale}/shop/shop")] {
        let at = |path: &str| web::resource(format!("{base}{path}"));
        routes
            .service(at("/health").route(web::get().to(health::health_with_credentials)))
            .service(at("/system/health").route(web::get().to(health::health)))
            .service(at("/validate-credentials").route(web::post().to(health::validate_credentials)))
            .configure(|routes| shop_routes(routes, &base));
    }
    partners::routes(routes);
    routes
        .service(web::resource(format!("/{locale}/health")).route(web::get().to(health::health)))
        .service(web::resource(format!("/{locale}/error-codes")).route(packed(web::get().to(catalogue::error_codes))))
        .service(web::resource("/qr").route(web::get().to(qr::text)))
        .service(web::resource("/qr/{id}").route(web::get().to(qr::card)));
    describing(routes);
}

fn describing(routes: &mut web::ServiceConfig) {
    routes
        .service(web::resource("/openapi.json").route(packed(web::get().to(served::document))))
        .service(web::resource("/docs").route(web::get().to(explorer::entrance)))
        .service(web::resource("/docs/{id:.*}").route(packed(web::get().to(explorer::file))));
}

fn shop_routes(routes: &mut web::ServiceConfig, base: &str) {
    let at = |path: &str| web::resource(format!("{base}{path}"));
    routes
        .service(at("/transactions/create").route(web::post().to(transactions::create)))
        .service(at("/transactions/award-points").route(web::post().to(transactions::create)))
        .service(at("/transactions/deduct-points").route(web::post().to(transactions::deduct)))
        .service(at("/transactions").route(packed(web::get().to(transactions::list))))
        .service(at("/transactions/{id}").route(web::get().to(transactions::get)))
        .service(at("/points").route(packed(web::get().to(points::list))).route(web::post().to(points::create)))
        .service(at("/points/bulk").route(packed(web::post().to(api::bulk::bulk_with_numbers))))
        .service(at("/points/balance/{id}").route(web::get().to(points::balance)))
        .service(at("/points/card/{id}/balance").route(web::get().to(points::balance)))
        .service(at("/points/{id}").route(web::get().to(points::get)))
        .service(at("/loyalty-cards").route(packed(web::get().to(cards::list))))
        .service(at("/loyalty-cards/info").route(web::get().to(cards::info)))
        .service(at("/loyalty-cards/balance").route(web::get().to(cards::balance)))
        .service(at("/loyalty-cards/{id}").route(web::get().to(cards::get)))
        .service(at("/shops").route(packed(web::get().to(shops::list))))
        .service(at("/shops/nearby").route(packed(web::get().to(shops::nearby))))
        .service(at("/shops/{id}").route(web::get().to(shops::get)))
        .service(at("/categories").route(web::get().to(catalogue::categories)))
        .service(at("/products/categories").route(web::get().to(catalogue::product_categories)))
        .service(at("/sync-status").route(web::get().to(catalogue::sync_status)));
}

fn loyalty_cards(routes: &mut web::ServiceConfig) {
    use api::loyalty_cards as cards;
    let at = |path: &str| web::resource(format!("/api/loyalty-cards{path}"));
    routes
        .service(at("").route(packed(web::get().to(cards::list))).route(web::post().to(cards::create)))
        .service(at("/{id}").route(web::get().to(cards::get)).route(web::put().to(cards::update)))
        .service(at("/{id}/block").route(web::post().to(cards::block)))
        .service(at("/{id}/unblock").route(web::post().to(cards::unblock)))
        .service(at("/{id}/history").route(packed(web::get().to(cards::history))));
}

fn api_points(routes: &mut web::ServiceConfig) {
    use api::points;
    let at = |path: &str| web::resource(format!("/api/points{path}"));
    routes
        .service(at("/award").route(web::post().to(points::award)))
        .service(at("/redeem").route(web::post().to(points::redeem)))
        .service(at("/adjust").route(web::post().to(points::adjust)))
        .service(at("/expire").route(web::post().to(points::expire)))
        .service(at("/bulk").route(packed(web::post().to(api::bulk::bulk))))
        .service(at("/expiring").route(packed(web::get().to(points::expiring))))
        .service(at("/balance/{id}").route(web::get().to(points::balance)))
        .service(at("/history/{id}").route(packed(web::get().to(points::history))));
}

fn customers(routes: &mut web::ServiceConfig) {
    use api::customers;
    let at = |path: &str| web::resource(format!("/api/customers{path}"));
    routes
        .service(at("").route(packed(web::get().to(customers::list))).route(web::post().to(customers::create)))
        .service(at("/{id}").route(web::get().to(customers::get)).route(web::delete().to(customers::erase)))
        .service(at("/{id}/data-export").route(packed(web::get().to(api::customer_data::export))))
        .service(at("/{id}/balance").route(web::get().to(customers::balance)));
}

fn auditing(routes: &mut web::ServiceConfig) {
    use audit::{balances, books, checkpoints, events, proofs, receipts};
    let at = |path: &str| web::resource(format!("/audit{path}"));
    routes
        .service(at("/checkpoint").route(web::get().to(checkpoints::newest)).route(web::post().to(checkpoints::make)))
        .service(at("/checkpoint/{id}").route(web::get().to(checkpoints::of_size)))
        .service(at("/checkpoint/{id}/cosignatures").route(web::post().to(checkpoints::cosign)))
        .service(at("/checkpoints").route(packed(web::get().to(checkpoints::list))))
        .service(at("/keys").route(web::get().to(checkpoints::keys)))
        .service(at("/proof/inclusion").route(web::get().to(proofs::inclusion)))
        .service(at("/proof/consistency").route(web::get().to(proofs::consistency)))
        .service(at("/tile/{tile:.*}").route(web::get().to(proofs::tile)))
        .service(at("/events").route(packed(web::get().to(events::page))))
        .service(at("/events/stream").route(web::get().to(events::stream)))
        .service(at("/books").route(packed(web::get().to(books::books))))
        .service(at("/receipts/{id}").route(web::get().to(receipts::receipt)))
        .service(at("/receipts/{id}/qr").route(web::get().to(receipts::qr)))
        .service(at("/balances").route(packed(web::get().to(balances::list))))
        .service(at("/balances/{id}").route(web::get().to(balances::of_period)))
        .service(at("/balances/{period}/cards/{card}").route(web::get().to(balances::statement)))
        .service(at("/balances/{period}/cards/{card}/qr").route(web::get().to(balances::qr)));
}

// Long answers are compressed for clients that ask for it. Short ones cost more time than they save bytes.
pub(super) fn packed(route: Route) -> Route {
    route.wrap(Compress::default())
}

fn echo(routes: &mut web::ServiceConfig, wanted: bool) {
    if wanted {
        routes.service(web::resource("/bench/echo").route(web::post().to(api::points::echo)));
    }
}

// What browsers may send and read: the API authenticates by headers alone, so any page may ask.
fn cors() -> Cors {
    Cors::default()
        .allow_any_origin()
        .send_wildcard()
        .allowed_methods(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
        .allowed_headers([
            "X-API-Key",
            "X-API-Secret",
            "X-API-Signature",
            "Authorization",
            "Content-Type",
            "Accept",
            "Accept-Language",
            "Shop-ID",
            "X-Shop-ID",
            "X-Partner-ID",
            "User-Agent",
            "Idempotency-Key",
            "X-Requested-With",
            "traceparent",
            "tracestate",
        ])
        .expose_headers([
            "X-Request-Id",
            "X-RateLimit-Limit",
            "X-RateLimit-Remaining",
            "X-RateLimit-Reset",
            "X-RateLimit-Retry-After",
            "RateLimit",
            "RateLimit-Policy",
            "Retry-After",
            "Idempotent-Replayed",
            "traceresponse",
            "Content-Disposition",
            "X-Export-As-Of",
            "X-As-Of",
            "X-As-Of-Seq",
        ])
        .max_age(3_600)
}

async fn unknown_path() -> Result<web::Bytes, ApiError> {
    Err(ApiError::UnknownPath)
}
