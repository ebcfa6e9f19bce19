//! `counterfoil import`

mod files;
mod once;
mod past;
mod service;

use super::program::{Finished, events, run};
use crate::support::verify;
use serde_json::Value;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Two people, as another system exports them.
const CUSTOMERS: &str = "\
id;name;email;phone;member_since;card_number;tier
7;Ona Ąžuolė;ona@example.com;+370 600 00001;2022-11-01;OLD-0007;gold
8;Jonas;;+370 600 00002;2023-02-01;OLD-0008;bronze
";

/// What happened on their cards, of every type, named in every way.
const HISTORY: &str = "\
id,type,date,customer_id,card_number,email,phone,amount,currency,points,points_earned,points_redeemed,discount,order_id,expires_at,description,staff_name,status
1,sale,2023-01-10T10:00:00+02:00,7,,,,100.00,EUR,,1000,,,A-1,2024-01-10,First,Rasa,completed
2,sale,2023-06-10,,OLD-0007,,,50.00,EUR,,500,400,4.50,A-2,2024-06-10,,,
3,redemption,2023-12-01,,,ONA@example.com,,,,,,300,,,,,,
4,sale,2024-05-01,8,,,,20,EUR,,200,,,A-3,,,,
5,bonus,2024-05-02,,,,+37060000002,,,50,,,,,,,,
6,refund,2024-05-03,8,,,,-5.00,EUR,,,,,A-3,,,,
7,expired,2024-05-05,8,,,,,,20,,,,,,,,
8,adjustment,2024-05-06,8,,,,,,-10,,,,,,,,
9,sale,2024-05-07,8,,,,5.00,,,0,,,A-4,,,,
10,void,2024-05-08,8,,,,,,,,,,A-4,,,,
11,sale,2024-12-24,7,,,,10.00,EUR,,100,,,A-9,,,,
";

/// A new ledger, and files beside it.
struct Books {
    folder: TempDir,
}

impl Books {
    fn new() -> Self {
        let books = Self { folder: tempfile::tempdir().unwrap() };
        run("init", &books.data()).ok();
        books
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("books")
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    /// The customers and the history of this page.
    fn with_files(&self) -> String {
        let (customers, history) = (self.file("customers.csv", CUSTOMERS), self.file("history.csv", HISTORY));
        format!("import --json --customers {customers} --transactions {history}")
    }

    fn run(&self, words: &str) -> Finished {
        run(words, &self.data())
    }

    fn events(&self) -> Vec<(String, String, Value)> {
        events(&self.data())
    }

    /// The auditor finds nothing, and the projections are what a rebuild gives.
    fn is_sound(&self) {
        verify(&self.data());
        self.run("rebuild --check").ok();
    }
}

/// What `--json` prints, whether rows were rejected or not.
#[track_caller]
fn report(finished: &Finished) -> Value {
    assert!(finished.code <= 1, "{finished:?}");
    serde_json::from_str(&finished.stdout).unwrap_or_else(|error| panic!("{error}: {finished:?}"))
}

/// Rows of a file as (written, already, rejected).
fn counts(report: &Value, file: &str) -> (u64, u64, u64) {
    let count = |name: &str| report[file][name].as_u64().unwrap_or_else(|| panic!("{report}"));
    (count("written"), count("already"), count("rejected"))
}

/// Every rejected row as (line, field, code).
fn rejected(report: &Value) -> Vec<(u64, &str, &str)> {
    let rows = report["rejected"].as_array().unwrap();
    let row = |row: &'_ Value| {
        let field = row["field"].as_str().map_or("", |field| field.to_owned().leak());
        let code: &str = row["code"].as_str().unwrap().to_owned().leak();
        (row["line"].as_u64().unwrap(), field, code)
    };
    rows.iter().map(row).collect()
}

fn exists(folder: &Path, name: &str) -> bool {
    folder.join(name).exists()
}
