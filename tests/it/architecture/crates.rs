//! Which crate of the workspace may use which. The auditor's tool has nothing of the service, and the service nothing of the tool; both print
//! statements with a third crate, which has nothing of either and can neither read a log nor reckon with one.

use super::{sources, without_comments_and_tests};
use std::path::{Path, PathBuf};

/// The folder of a crate, and the crates of this workspace that it is made with.
const MADE_WITH: &[(&str, &[&str])] =
    &[("", &["counterfoil-statements"]), ("replay", &["counterfoil-statements"]), ("replay/statements", &[])];

/// All that the printer may use: forms of writing.
const PRINTERS_CRATES: &[&str] = &["csv", "rust_xlsxwriter", "serde", "serde_json"];

/// What would make of the printer something that reads, draws or depends on where it runs.
const BEYOND_PRINTING: &[&str] = &[
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "SystemTime",
    "Instant",
    "f64",
    "f32",
    "HashMap",
    "HashSet",
    "include_bytes!",
    "include_str!",
];

#[test]
fn every_crate_is_made_with_those_that_it_may_use() {
    for (folder, allowed) in MADE_WITH {
        let used = of_the_workspace(&dependencies(&manifest(folder), &["dependencies", "build-dependencies"]));
        assert!(used.iter().all(|name| allowed.contains(&name.as_str())), "{folder}: {used:?}");
    }
    // Tests of the service run the auditor's tool on what it wrote; tests of the other two have nothing but themselves.
    assert_eq!(of_the_workspace(&dependencies(&manifest(""), &["dev-dependencies"])), ["counterfoil-replay"]);
    for folder in ["replay", "replay/statements"] {
        assert_eq!(of_the_workspace(&dependencies(&manifest(folder), &["dev-dependencies"])), Vec::<String>::new());
    }
}

#[test]
fn every_crate_of_the_workspace_is_one_of_these() {
    let members = MADE_WITH.iter().map(|(folder, _)| format!("\"{folder}\"")).skip(1).collect::<Vec<_>>().join(", ");
    assert!(manifest("").contains(&format!("members = [{members}]")), "{members}");
}

#[test]
fn no_crate_has_unsafe_code() {
    assert!(manifest("").contains("\n[workspace.lints.rust]\nunsafe_code = \"forbid\"\n"));
    for (folder, _) in MADE_WITH {
        // Benches, examples and tests are the crate's own, and under the same lints.
        assert!(manifest(folder).contains("\n[lints]\nworkspace = true\n"), "{folder}");
        assert!(!root().join(folder).join("build.rs").exists(), "{folder}: a build script runs before any lint");
    }
}

#[test]
fn the_printer_uses_nothing_but_forms_of_writing() {
    for name in dependencies(&manifest("replay/statements"), &["dependencies", "build-dependencies"]) {
        assert!(PRINTERS_CRATES.contains(&name.as_str()), "{name}");
    }
    let sources = sources(&root().join("replay/statements/src"));
    assert!(sources.len() > 4, "the sources are where this test looks");
    for (path, text) in sources {
        // A spreadsheet knows no other numbers: its cells take the ones that a double holds.
        let allowed: &[&str] = if path == Path::new("xlsx/cells.rs") { &["f64"] } else { &[] };
        assert_eq!(beyond_printing(&text), allowed, "{}", path.display());
    }
}

#[test]
fn a_planted_dependency_is_found() {
    for (line, section) in [
        ("counterfoil = { path = \"..\" }", "dependencies"),
        ("counterfoil.workspace = true", "dependencies"),
        ("ledger = { package = \"counterfoil\", path = \"../..\" }", "dependencies"),
        ("anything = { path = \"../elsewhere\" }", "target.'cfg(unix)'.dependencies"),
    ] {
        let manifest = format!("[package]\nname = \"x\"\n\n[{section}]\nserde.workspace = true\n{line}\n");
        let found = of_the_workspace(&dependencies(&manifest, &["dependencies"]));
        assert_eq!(found.len(), 1, "{line}: {found:?}");
        assert_ne!(found, ["counterfoil-statements"], "{line}");
    }
    assert_eq!(beyond_printing("let at = SystemTime::now(); // std::fs"), ["SystemTime"]);
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn manifest(folder: &str) -> String {
    std::fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap()
}

/// What stands under headings that end so: the name of each crate, or the whole line where it is renamed or stands in a folder.
fn dependencies(manifest: &str, headings: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let mut inside = false;
    for line in manifest.lines().map(str::trim) {
        if let Some(heading) = line.strip_prefix('[') {
            let heading = heading.trim_end_matches(']');
            inside = headings.iter().any(|of| heading == *of || heading.ends_with(&format!(".{of}")))
                && !heading.starts_with("workspace");
            assert!(!headings.iter().any(|of| heading.contains(&format!("{of}."))), "one line a dependency: {heading}");
        } else if inside && !line.is_empty() && !line.starts_with('#') {
            let name = line.split(['=', '.', ' ']).next().unwrap_or_default();
            found.push(if line.contains("package") { line.to_owned() } else { name.to_owned() });
            if line.contains("path") && !name.starts_with("counterfoil") {
                found.push(line.to_owned());
            }
        }
    }
    found
}

/// Those that are of this workspace: by their name, or by a folder.
fn of_the_workspace(dependencies: &[String]) -> Vec<String> {
    let ours = |name: &&String| name.starts_with("counterfoil") || name.contains("path") || name.contains("package");
    let mut found: Vec<String> = dependencies.iter().filter(ours).cloned().collect();
    found.dedup();
    found
}

fn beyond_printing(code: &str) -> Vec<&'static str> {
    let code = without_comments_and_tests(code);
    BEYOND_PRINTING.iter().copied().filter(|word| code.contains(word)).collect()
}
