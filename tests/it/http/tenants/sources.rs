//! The routes that stand in the source of the service, so that none is forgotten: what the program registers, read where it does.

use std::collections::BTreeSet;
use std::path::Path;

/// Where routes are registered, and what `{base}` is there, in one of its forms.
const FILES: &[(&str, &str)] = &[
    ("src/http/server.rs", "/en/shop"),
    ("src/http/partners/mod.rs", "/en/partners"),
    ("src/http/partners/exports/mod.rs", "/en/partners"),
    ("src/http/partners/webhooks/mod.rs", "/en/partners"),
];

/// The operator's own listener, and the figures about it.
const APART: &[&str] = &["src/http/operations/mod.rs", "src/http/operations/figures.rs"];

/// A method and a path, where each part of the path that varies is `{}`.
pub(super) type Route = (String, String);

/// Every route that a client reaches, in one of its languages.
pub(super) fn registered() -> BTreeSet<Route> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = BTreeSet::new();
    for (file, base) in FILES {
        let text = std::fs::read_to_string(root.join(file)).expect("the file is there");
        found.extend(routes_of(&text, base));
    }
    // Only the benchmark's, and only where it is switched on.
    found.remove(&("POST".to_owned(), "/bench/echo".to_owned()));
    found
}

/// Files that register routes and that this list does not know.
pub(super) fn unknown_files() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut unknown, mut folders) = (Vec::new(), vec![root.join("src")]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let name = path.strip_prefix(root).expect("within").display().to_string();
            let known = FILES.iter().any(|(file, _)| *file == name) || APART.contains(&name.as_str());
            if text.contains(".route(") && text.contains("web::") && !known {
                unknown.push(name);
            }
        }
    }
    unknown
}

/// A path without its query, where each part that varies is `{}`.
pub(super) fn pattern(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let part = |part: &str| {
        let varies = part.starts_with('<') || (part.starts_with('{') && part != "{locale}") || part.contains("_<");
        if varies { "{}".to_owned() } else { part.replace("{locale}", "en") }
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// The routes of one file. A path is a text in quotes after `at(` or `web::resource(`, before its `.route(…)`s.
fn routes_of(text: &str, base: &str) -> Vec<Route> {
    let (mut found, mut prefix, mut paths) = (Vec::new(), String::new(), Vec::<String>::new());
    let mut rest = text;
    loop {
        let marks = [
            "let at = ",
            "at(\"",
            "web::resource(",
            "for path in [",
            "web::get()",
            "web::post()",
            "web::put()",
            "web::patch()",
            "web::delete()",
        ];
        let next = marks.iter().filter_map(|mark| Some((rest.find(mark)?, *mark))).min();
        let Some((place, mark)) = next else { return found };
        rest = &rest[place + mark.len()..];
        match mark {
            "let at = " => {
                prefix = quoted(rest).trim_end_matches("{path}").replace("{base}", base);
                rest = &rest[rest.find(';').unwrap_or_default()..];
            }
            "at(\"" => paths = vec![format!("{prefix}{}", rest.split('"').next().unwrap_or_default())],
            "for path in [" => {
                let list = rest.split(']').next().unwrap_or_default();
                paths = list.split('"').skip(1).step_by(2).map(str::to_owned).collect();
            }
            // Of each of a list, which stands before it.
            "web::resource(" if rest.starts_with("path)") => {}
            "web::resource(" => paths = vec![quoted(rest)],
            method => {
                let method = method.trim_start_matches("web::").trim_end_matches("()").to_uppercase();
                found.extend(paths.iter().map(|path| (method.clone(), pattern(path))));
            }
        }
    }
}

/// The first text in quotes.
fn quoted(text: &str) -> String {
    text.split('"').nth(1).unwrap_or_default().to_owned()
}

#[test]
fn a_planted_route_is_found() {
    let planted = r#"
        let at = |path: &str| web::resource(format!("{base}/things{path}"));
        routes.service(at("").route(web::get().to(list)).route(packed(web::post().to(create))))
            .service(at("/{id}/parts/{part:.*}").route(web::delete().to(delete)));
        for path in ["/one", "/two"] { routes.service(web::resource(path).route(web::get().to(both))); }
        routes.service(web::resource(format!("/{locale}/alone")).route(web::put().to(alone)));"#;
    let found: Vec<String> =
        routes_of(planted, "/en/x").into_iter().map(|(method, path)| format!("{method} {path}")).collect();
    let expected = [
        "GET /en/x/things",
        "POST /en/x/things",
        "DELETE /en/x/things/{}/parts/{}",
        "GET /one",
        "GET /two",
        "PUT /en/alone",
    ];
    assert_eq!(found, expected);
}
