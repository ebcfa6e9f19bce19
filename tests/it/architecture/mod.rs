//! Who may know whom: the table of docs in `src/lib.rs`, held against the imports that stand in the code.

mod crates;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Module → the modules of this crate that it may name.
const MAY_KNOW: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("clock", &["domain"]),
    ("metrics", &[]),
    ("priority", &[]),
    ("storage", &[]),
    ("tree", &[]),
    ("note", &[]),
    ("notary", &["domain", "note", "ops", "queries", "writer", "clock"]),
    ("event_log", &["domain"]),
    ("vault", &["domain"]),
    ("live", &["domain"]),
    ("books", &["domain"]),
    ("projections", &["domain", "event_log", "vault", "storage", "tree", "books"]),
    ("writer", &["domain", "event_log", "vault", "projections", "live", "clock", "storage", "metrics"]),
    ("queries", &["domain", "projections", "vault", "live", "storage", "tree", "books"]),
    ("exports", &["domain", "queries"]),
    ("ops", &["domain", "storage"]),
    ("sealing", &["domain", "tree", "queries", "notary", "writer", "clock"]),
    (
        "webhooks",
        &[
            "domain",
            "event_log",
            "vault",
            "projections",
            "live",
            "ops",
            "writer",
            "clock",
            "storage",
            "metrics",
            "priority",
        ],
    ),
    ("backup", &["domain", "event_log", "storage", "tree", "note"]),
    (
        "jobs",
        &["domain", "projections", "writer", "notary", "sealing", "backup", "metrics", "priority", "clock", "storage"],
    ),
    (
        "app",
        &["domain", "event_log", "vault", "projections", "live", "writer", "clock", "storage", "metrics", "priority"],
    ),
    ("control", &["domain", "writer", "ops", "app", "notary", "sealing", "queries", "webhooks", "clock", "storage"]),
    (
        "http",
        &[
            "domain", "queries", "exports", "webhooks", "writer", "ops", "notary", "note", "tree", "sealing", "clock",
            "live", "metrics",
        ],
    ),
    (
        "cli",
        &[
            "domain",
            "app",
            "backup",
            "control",
            "http",
            "jobs",
            "webhooks",
            "notary",
            "sealing",
            "note",
            "ops",
            "queries",
            "exports",
            "projections",
            "event_log",
            "storage",
            "clock",
            "writer",
            "live",
        ],
    ),
];

/// Crates that the domain may use: data, decimals and time. Nothing that does I/O, hashes or draws.
const DOMAIN_CRATES: &[&str] =
    &["std", "core", "serde", "serde_json", "rust_decimal", "chrono", "thiserror", "crate", "super", "self"];

/// What must not be reachable from a decision, whatever crate it comes from.
const IMPURE: &[&str] = &[
    "SystemTime",
    "Instant",
    "Utc::now",
    "Local::now",
    "std::fs",
    "std::net",
    "std::env",
    "async fn",
    "f64",
    "f32",
    "rusqlite::Connection",
    "tokio::",
    "actix_web::",
    "rand::",
    "blake3::",
    "tracing::",
];

#[test]
fn every_module_knows_only_whom_it_may() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let sources = sources(&root);
    assert!(sources.len() > 50, "the sources are where this test looks");
    assert_eq!(violations(&sources), Vec::<String>::new());
}

#[test]
fn every_module_of_the_crate_stands_in_the_table() {
    let library = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let declared: BTreeSet<&str> =
        library.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let listed: BTreeSet<&str> = MAY_KNOW.iter().map(|(module, _)| *module).collect();
    assert_eq!(declared, listed);
}

#[test]
fn a_planted_violation_is_found() {
    for (file, line, finding) in [
        ("domain/points/award.rs", "use crate::writer::Writer;", "domain knows writer"),
        ("domain/cards/card.rs", "let row = crate::projections::load_card(views, id);", "domain knows projections"),
        ("domain/cards/card.rs", "use rusqlite::Connection;", "domain uses the crate rusqlite"),
        ("domain/points/lots.rs", "let now = SystemTime::now();", "domain names SystemTime"),
        ("domain/points/mod.rs", "pub use rusqlite::Row;", "domain uses the crate rusqlite"),
        ("domain/cards/issue.rs", "let drawn = rand::random::<u64>();", "domain names rand::"),
        ("projections/fold.rs", "use crate::{domain::Event, http::HttpState};", "projections knows http"),
        ("queries/history.rs", "use crate::writer::{Writer, Request};", "queries knows writer"),
    ] {
        let planted = BTreeMap::from([(PathBuf::from(file), line.to_owned())]);
        let found = violations(&planted);
        assert!(found.iter().any(|violation| violation.contains(finding)), "{file}: {line}: {found:?}");
    }
}

fn sources(root: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.insert(path.strip_prefix(root).unwrap().to_owned(), text);
            }
        }
    }
    found
}

fn violations(sources: &BTreeMap<PathBuf, String>) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in sources {
        let top = path.components().next().unwrap().as_os_str().to_string_lossy();
        let module = top.trim_end_matches(".rs");
        // A folder's or file's own tests, where they are too long to stand in it.
        if path.components().any(|part| part.as_os_str() == "tests" || part.as_os_str() == "tests.rs") {
            continue;
        }
        let Some((_, allowed)) = MAY_KNOW.iter().find(|(known, _)| *known == module) else { continue };
        let code = without_comments_and_tests(text);
        for known in known_modules(&code) {
            if known != module && !allowed.contains(&known.as_str()) {
                found.push(format!("{}: {module} knows {known}", path.display()));
            }
        }
        if module == "domain" {
            found.extend(impurities(&code).into_iter().map(|finding| format!("{}: domain {finding}", path.display())));
        }
    }
    found
}

fn without_comments_and_tests(text: &str) -> String {
    // Test modules stand at the end of their file.
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    code.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// Every module that follows `crate::`, in a path or in a group of imports.
fn known_modules(code: &str) -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 1;
            let mut part = String::new();
            for letter in group.chars() {
                match letter {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    ',' if depth == 1 => known.extend(first_word(&std::mem::take(&mut part))),
                    _ if depth >= 1 => part.push(letter),
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
            }
            known.extend(first_word(&part));
        } else {
            known.extend(first_word(rest));
        }
    }
    known
}

fn first_word(text: &str) -> Option<String> {
    let word: String = text.trim().chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
    (!word.is_empty()).then_some(word)
}

fn impurities(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in code.lines().map(str::trim) {
        if let Some(imported) = line.strip_prefix("use ").or_else(|| line.strip_prefix("pub use ")) {
            let root = first_word(imported.trim_start_matches("::")).unwrap_or_default();
            // `pub use award::Award;` names a module of the folder, which stands in the same file as `mod award;`.
            let own_module = code.contains(&format!("mod {root};"));
            if !DOMAIN_CRATES.contains(&root.as_str()) && !own_module {
                found.push(format!("uses the crate {root}"));
            }
        }
        found.extend(IMPURE.iter().filter(|word| line.contains(**word)).map(|word| format!("names {word}")));
    }
    found
}
