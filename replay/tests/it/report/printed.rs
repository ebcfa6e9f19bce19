//! The tool's files: several forms at once, over nothing, and the same bytes each time.

use super::super::books::Books;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn run(books: &Books, forms: &[(&str, &Path)], more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_counterfoil-replay"));
    command.args(["report", "--from", "2026-01-01", "--to", "2026-02-01", "--ledger"]).arg(books.path()).args(more);
    for (form, path) in forms {
        command.arg(form).arg(path);
    }
    command.output().expect("the tool")
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("text")
}

#[test]
fn several_forms_are_written_at_once_and_are_the_same_each_time() {
    let books = Books::of_every_kind();
    let path = |name: &str| books.directory.path().join(name);
    let written =
        |set: &str| -> Vec<PathBuf> { ["csv", "xlsx", "html"].map(|form| path(&format!("{set}.{form}"))).into() };
    let mut printed = Vec::new();
    for set in ["one", "other"] {
        let files = written(set);
        let forms = [("--csv", &*files[0]), ("--xlsx", &*files[1]), ("--html", &*files[2])];
        let output = run(&books, &forms, &["--json"]);
        assert_eq!(output.status.code(), Some(0));
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one document and nothing else");
        assert_eq!(json["closes"], true);
        let balance = std::fs::read(files[0].join("trial_balance.csv")).expect("a file");
        let [workbook, page] = [&files[1], &files[2]].map(|file| std::fs::read(file).expect("a file"));
        assert!(workbook.starts_with(b"PK") && page.starts_with(b"<!DOCTYPE html>"));
        printed.push((balance, workbook, page, output.stdout));
    }
    assert!(printed[0] == printed[1], "the same books are the same bytes");
}

#[test]
fn no_file_is_overwritten() {
    let books = Books::of_every_kind();
    let file = books.directory.path().join("books");
    std::fs::write(&file, "mine").expect("a file");
    for form in ["--xlsx", "--html"] {
        let output = run(&books, &[(form, &*file)], &[]);
        let told = text(output.stderr);
        assert!(output.status.code() == Some(2) && told.contains("overwrites nothing"), "{form}: {told}");
        assert_eq!(std::fs::read_to_string(&file).expect("the file"), "mine");
    }
    let page = books.directory.path().join("page.html");
    let output = run(&books, &[("--html", &*page)], &[]);
    let told = text(output.stdout);
    assert!(told.contains("a page to print") && told.contains("The books close"), "{told}");
}
