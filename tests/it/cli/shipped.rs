//! The examples in docs/operating, as an operator takes them.

use super::program::{command, run};
use std::path::{Path, PathBuf};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn text(name: &str) -> String {
    std::fs::read_to_string(file(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// What stands behind a name in the unit.
fn of_unit(name: &str) -> String {
    let unit = text("docs/operating/counterfoil.service");
    let values: Vec<_> = unit.lines().filter_map(|line| line.strip_prefix(&format!("{name}="))).collect();
    assert_eq!(values.len(), 1, "{name}");
    values[0].to_owned()
}

fn checked(settings: &Path, words: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    run("init", dir.path()).ok();
    let mut command = command("config check");
    command.args(words).arg("--config").arg(settings).arg("--data").arg(dir.path());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}: {}", settings.display(), String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_settings_are_taken_as_they_stand_and_with_every_line_that_is_offered() {
    for name in ["counterfoil.toml", "image.toml"] {
        checked(&file("docs/operating").join(name), &[]);
    }
    let offered = |line: &str| line.strip_prefix("# ").filter(|rest| rest.contains(" = ")).unwrap_or(line).to_owned();
    let all: Vec<String> = text("docs/operating/counterfoil.toml").lines().map(offered).collect();
    let named = all.iter().filter(|line| line.starts_with("backup-") || line.starts_with("checkpoint-copy")).count();
    assert_eq!(named, 5, "{all:#?}");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("settings.toml");
    std::fs::write(&path, all.join("\n")).unwrap();
    checked(&path, &[]);
}

#[test]
fn the_unit_starts_this_program_with_words_that_it_knows() {
    for (name, subcommand) in [("ExecStartPre", &["config", "check"][..]), ("ExecStart", &["serve"])] {
        let line = of_unit(name);
        let words: Vec<_> = line.split_whitespace().collect();
        assert!(words[0].ends_with("/counterfoil"), "{line}");
        let flags = words[1..].strip_prefix(subcommand).unwrap_or_else(|| panic!("{line}"));
        // `config check` takes what `serve` takes.
        let place = flags.iter().position(|flag| *flag == "--config").unwrap_or_else(|| panic!("{line}"));
        assert_eq!(flags.get(place + 1), Some(&"/etc/counterfoil.toml"), "{line}");
        let others: Vec<_> = [&flags[..place], &flags[place + 2..]].concat();
        checked(&file("docs/operating/counterfoil.toml"), &others);
    }
    assert_eq!(of_unit("ExecReload"), "/bin/kill -HUP $MAINPID");
    let settings = text("docs/operating/counterfoil.toml");
    let has = |line: String| assert!(settings.lines().any(|found| found == line), "{line}");
    has(format!("data = \"/var/lib/{}\"", of_unit("StateDirectory")));
    has(format!("listen = \"unix:/run/{}/http.sock\"", of_unit("RuntimeDirectory")));
}

#[test]
fn a_file_that_is_mounted_over_the_images_own_settings_goes_before_them() {
    let image = text("docs/operating/Dockerfile");
    let of = |word: &str| -> Vec<String> {
        image.lines().filter_map(|line| line.strip_prefix(word)).map(str::to_owned).collect()
    };
    // Any other variable would go before what the file says.
    assert_eq!(of("ENV "), ["COUNTERFOIL_CONFIG=/etc/counterfoil.toml"]);
    let copy = "--from=build /source/docs/operating/image.toml /etc/counterfoil.toml".to_owned();
    assert!(of("COPY ").contains(&copy), "{image}");
}

#[test]
fn the_image_is_built_from_what_is_named_and_nothing_else() {
    let ignored = text(".dockerignore");
    let rules: Vec<_> = ignored.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(rules[0], "*", "what is not named stays outside");
    let let_in: Vec<_> = rules.iter().filter_map(|rule| rule.strip_prefix('!')).collect();
    assert!(let_in.iter().all(|name| file(name).exists()), "{let_in:?}");
    let needed =
        ["Cargo.toml", "Cargo.lock", ".cargo", "src", "schema", "replay", "benches", "docs/operating/image.toml"];
    assert!(needed.iter().all(|name| let_in.contains(name)), "{let_in:?}");
}
