//! The document itself: what is committed is what is served, and has every route and no other.

use crate::support::{Client, Shop, contract};
use actix_web::{App, HttpRequest, HttpResponse, web};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Set it to write `schema/openapi.json` and its examples anew.
pub(super) const WRITE: &str = "COUNTERFOIL_WRITE_OPENAPI";

#[test]
fn the_committed_document_is_what_the_service_serves() {
    let shop = Shop::open();
    let served = shop.client.bare().get("/openapi.json");
    let path = contract::file();
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&path, &served.raw).expect("the document is written");
    }
    let committed = std::fs::read(&path).expect("the document is there");
    assert!(committed == served.raw, "write it anew: {WRITE}=1 cargo test --test it the_committed_document");
    assert_eq!(served.json()["openapi"], "3.1.0");
}

/// The segment of a language, as routes have it.
const LOCALE: &str = "{locale:en|lt}";

/// Every pattern of the real routes.
fn registered() -> BTreeSet<String> {
    async fn patterns(request: HttpRequest) -> HttpResponse {
        HttpResponse::Ok().body(format!("{:?}", request.resource_map()))
    }
    let printed = actix_web::rt::System::new().block_on(async {
        let app = App::new().configure(counterfoil::http::configure).default_service(web::to(patterns));
        let service = actix_web::test::init_service(app).await;
        let request = actix_web::test::TestRequest::with_uri("/no/such/path").to_request();
        actix_web::test::call_and_read_body(&service, request).await
    });
    let printed = String::from_utf8(printed.to_vec()).expect("text");
    let patterns = printed.split("Single(\"").skip(1).filter_map(|rest| rest.split('"').next());
    let patterns = patterns.filter(|pattern| !pattern.is_empty());
    patterns.map(|text| text.replace(LOCALE, "{locale}").replace(":.*}", "}")).collect()
}

#[test]
fn every_part_of_the_api_says_what_it_is_for() {
    let document = contract::committed();
    let about = |tag: &Value| tag["description"].as_str().is_some_and(|about| about.ends_with('.'));
    let tags: Vec<&Value> = document["tags"].as_array().expect("tags").iter().collect();
    assert!(tags.len() > 10 && tags.iter().all(|tag| about(tag)), "{tags:#?}");
}

/// The books and the streams of the log have no type of their own.
#[test]
fn the_books_and_the_rows_of_a_stream_have_schemas() {
    let document = contract::committed();
    let answers = |path: &str| document["paths"][path]["get"]["responses"]["200"]["content"].clone();
    assert_eq!(answers("/audit/books")["application/json"]["schema"]["$ref"], "#/components/schemas/Books");
    let books = &document["components"]["schemas"]["Books"];
    assert_eq!(books["properties"]["by_month"]["items"]["properties"]["awarded"]["type"], "integer");
    assert!(books["properties"].get("checks").is_none(), "only the auditor's tool has them");
    for content in answers("/audit/events/stream").as_object().expect("forms").values() {
        let about = content["schema"]["description"].as_str().expect("a description");
        assert!(about.contains("`LogRow`"), "{about}");
    }
}

fn documented() -> BTreeMap<String, BTreeSet<String>> {
    let document = contract::committed();
    let paths = document["paths"].as_object().expect("paths");
    let methods = |item: &Value| item.as_object().expect("methods").keys().map(|name| name.to_uppercase()).collect();
    paths.iter().map(|(path, item)| (path.clone(), methods(item))).collect()
}

#[test]
fn every_route_is_documented_and_nothing_else() {
    let registered = registered();
    assert!(registered.len() > 100, "the routes are where this test looks: {registered:?}");
    assert_eq!(documented().into_keys().collect::<BTreeSet<_>>(), registered);
}

#[test]
fn every_method_of_a_route_is_documented_and_no_other() {
    let shop = Shop::open();
    for (path, methods) in documented() {
        let mut at = path.replace("{locale}", "en");
        while let (Some(begin), Some(end)) = (at.find('{'), at.find('}')) {
            at.replace_range(begin..=end, "1");
        }
        let refused = shop.client.send("TRACE", &at, None);
        let allowed = refused.header("allow").unwrap_or_else(|| panic!("{path}: {}", refused.status));
        let allowed: BTreeSet<_> = allowed.split(',').map(|name| name.trim().to_owned()).collect();
        assert_eq!(allowed, methods, "{path}");
    }
}

#[test]
fn anyone_may_read_it_and_is_told_when_it_has_not_changed() {
    let shop = Shop::open();
    let anyone: Client = shop.client.bare();
    for path in ["/openapi.json", "/docs/", "/docs/swagger-ui-bundle.js", "/docs/explorer.js"] {
        let first = anyone.get(path);
        assert_eq!(first.status, 200, "{path}");
        let tag = first.header("etag").expect("a version").to_owned();
        let again = anyone.with("If-None-Match", &tag).get(path);
        assert_eq!((again.status, again.raw.len()), (304, 0), "{path}");
        assert_eq!(anyone.with("If-None-Match", "\"another\"").get(path).status, 200, "{path}");
    }
    let entrance = anyone.get("/docs");
    assert_eq!((entrance.status, entrance.header("location")), (308, Some("docs/")));
    anyone.get("/docs/no-such-file").error(404, "RESOURCE_NOT_FOUND");
    anyone.get("/docs/../Cargo.toml").error(404, "RESOURCE_NOT_FOUND");
}

#[test]
fn the_explorer_may_load_nothing_from_elsewhere() {
    let shop = Shop::open();
    let page = shop.client.bare().get("/docs/");
    let policy = page.header("content-security-policy").expect("a policy");
    for part in ["default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("http") && !policy.contains("unsafe-eval"), "{policy}");
    let html = String::from_utf8(page.raw).expect("text");
    assert!(!html.contains("http://") && !html.contains("https://") && !html.contains("<script>"), "{html}");
}
