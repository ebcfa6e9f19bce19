//! Files of any content, read as an import reads them: for `src/cli/parsers.rs`.

use super::columns::{Column, CustomerColumn, TransactionColumn};
use super::fields::{Conventions, Fields};
use super::source::{Format, Reading, Row, Source};
use super::{customers, transactions};
use chrono::FixedOffset;

/// How many rows a file of these bytes has at most, as customers or as transactions, each of them read.
pub(in crate::cli) fn rows(bytes: &[u8], json: bool) -> usize {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), bytes).expect("it takes the bytes");
    let format = Some(if json { Format::Jsonl } else { Format::Csv });
    let reading = Reading { format, delimiter: None, ignore_unknown: true };
    let people = count::<CustomerColumn>(file.path(), reading, |fields| drop(customers::read(fields, true)));
    people.max(count::<TransactionColumn>(file.path(), reading, |fields| drop(transactions::read(fields))))
}

fn count<C: Column>(path: &std::path::Path, reading: Reading, read: impl Fn(Fields<C>)) -> usize {
    let Ok(mut source) = Source::<C>::open(path, reading) else { return 0 };
    let conventions = Conventions { offset: FixedOffset::east_opt(0).expect("an offset") };
    let mut rows = 0;
    while let Ok(Some((line, row))) = source.next() {
        assert!(line > 0);
        rows += 1;
        match row {
            Row::Values(values) => read(Fields::new(values, conventions)),
            Row::Unreadable(why) => assert!(!why.is_empty()),
        }
    }
    rows
}
