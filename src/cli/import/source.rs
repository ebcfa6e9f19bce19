//! A file of rows: CSV or JSON Lines, read one row at a time, never as a whole.

use super::columns::{Column, Meaning, meaning};
use super::json;
use clap::ValueEnum;
use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// The longest row, in bytes.
pub(super) const ROW_BYTES: usize = 64 * 1024;
/// What is read from the file at a time.
const BUFFER: usize = 256 * 1024;

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Comma-separated values with a line of names; `.csv`, `.tsv`, `.txt`
    Csv,
    /// One JSON object on each line; `.jsonl`, `.ndjson`, `.json`
    Jsonl,
}

/// How a file is to be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    pub(super) format: Option<Format>,
    pub(super) delimiter: Option<u8>,
    pub(super) ignore_unknown: bool,
}

/// Why a file cannot be read, or not any further.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{}: say with --format whether it is csv or jsonl", path.display())]
    Format { path: PathBuf },
    #[error("{}: it is empty", path.display())]
    Empty { path: PathBuf },
    #[error("{}: it is not UTF-8 text (a {encoding} mark begins it): save it as UTF-8", path.display())]
    Encoding { path: PathBuf, encoding: &'static str },
    #[error("{}, line 1: the names of the columns are not UTF-8 text: save the file as UTF-8", path.display())]
    HeaderEncoding { path: PathBuf },
    #[error(
        "{}: no such columns: {}. Known are {known}. Rename them, or leave them out with --ignore-unknown-columns",
        path.display(), columns.join(", ")
    )]
    UnknownColumns { path: PathBuf, columns: Vec<String>, known: String },
    #[error("{}: two columns mean {column}: {first} and {second}", path.display())]
    Twice { path: PathBuf, column: &'static str, first: String, second: String },
    #[error("{}, from line {line}: a row of more than {ROW_BYTES} bytes: is a quotation mark not closed?", path.display())]
    TooLong { path: PathBuf, line: u64 },
}

/// A row as it stands in the file: a text for each column that it has.
#[derive(Debug)]
pub(super) enum Row {
    Values(Vec<Option<String>>),
    /// It cannot be read; why.
    Unreadable(String),
}

/// An open file.
pub(super) struct Source<C> {
    path: PathBuf,
    size: u64,
    read: Rc<Cell<u64>>,
    /// How far the file may be read for the row at hand.
    limit: Rc<Cell<u64>>,
    rows: Rows,
    ignore_unknown: bool,
    columns: PhantomData<C>,
}

enum Rows {
    Csv { reader: Box<csv::Reader<Bounded>>, record: csv::ByteRecord, places: Vec<Option<usize>> },
    Json { reader: BufReader<Bounded>, line: u64, bytes: Vec<u8> },
}

impl<C: Column> Source<C> {
    /// Opens a file and reads the names of its columns.
    pub(super) fn open(path: &Path, reading: Reading) -> Result<Self, SourceError> {
        let io = |source| SourceError::Io { path: path.to_owned(), source };
        let format = reading.format.or_else(|| format_of(path));
        let format = format.ok_or_else(|| SourceError::Format { path: path.to_owned() })?;
        let file = File::open(path).map_err(io)?;
        let size = file.metadata().map_err(io)?.len();
        let (read, limit) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(u64::MAX)));
        let mut bounded = Bounded { file, head: Vec::new(), read: read.clone(), limit: limit.clone() };
        bounded.head = beginning(&mut bounded.file, path)?;
        let rows = match format {
            Format::Csv => {
                let delimiter = reading.delimiter.unwrap_or_else(|| delimiter(&bounded.head));
                let reader = csv::ReaderBuilder::new()
                    .delimiter(delimiter)
                    .flexible(true)
                    .buffer_capacity(BUFFER)
                    .from_reader(bounded);
                Rows::Csv { reader: Box::new(reader), record: csv::ByteRecord::new(), places: Vec::new() }
            }
            Format::Jsonl => {
                Rows::Json { reader: BufReader::with_capacity(BUFFER, bounded), line: 0, bytes: Vec::new() }
            }
        };
        let (path, ignore_unknown) = (path.to_owned(), reading.ignore_unknown);
        let mut source = Self { path, size, read, limit, rows, ignore_unknown, columns: PhantomData };
        source.read_header()?;
        Ok(source)
    }

    /// How many bytes the file has.
    pub(super) const fn size(&self) -> u64 {
        self.size
    }

    /// How many of them were read.
    pub(super) fn position(&self) -> u64 {
        self.read.get()
    }

    /// The next row, with the line on which it begins.
    pub(super) fn next(&mut self) -> Result<Option<(u64, Row)>, SourceError> {
        let begun = self.read.get();
        self.limit.set(begun.saturating_add(u64::try_from(ROW_BYTES + BUFFER).unwrap_or(u64::MAX)));
        match &mut self.rows {
            Rows::Csv { reader, record, places } => {
                let line = reader.position().line();
                match reader.read_byte_record(record) {
                    Ok(false) => Ok(None),
                    Ok(true) => {
                        let line = record.position().map_or(line, csv::Position::line);
                        Ok(Some((line, csv_row::<C>(record, places))))
                    }
                    Err(error) => Err(failed(&self.path, line, of_csv(error))),
                }
            }
            Rows::Json { reader, line, bytes } => {
                let begun = *line + 1;
                match next_line(reader, bytes, line).map_err(|error| failed(&self.path, begun, error))? {
                    Line::End => Ok(None),
                    Line::Whole(at) => Ok(Some((at, json::row::<C>(bytes, self.ignore_unknown)))),
                    Line::TooLong(at) => {
                        Ok(Some((at, Row::Unreadable(format!("the line has more than {ROW_BYTES} bytes")))))
                    }
                }
            }
        }
    }

    fn read_header(&mut self) -> Result<(), SourceError> {
        let path = || self.path.clone();
        let Rows::Csv { reader, places, .. } = &mut self.rows else { return Ok(()) };
        let header = reader.byte_headers().map_err(|error| failed(&self.path, 1, of_csv(error)))?;
        if header.is_empty() {
            return Err(SourceError::Empty { path: path() });
        }
        let mut unknown = Vec::new();
        let mut names: Vec<Option<String>> = vec![None; C::ALL.len()];
        for name in header {
            let name = std::str::from_utf8(name).map_err(|_| SourceError::HeaderEncoding { path: path() })?;
            places.push(match meaning::<C>(name) {
                Meaning::Column(place) => {
                    if let Some(first) = names[place].replace(name.to_owned()) {
                        let (column, second) = (C::ALL[place].1, name.to_owned());
                        return Err(SourceError::Twice { path: path(), column, first, second });
                    }
                    Some(place)
                }
                Meaning::Ignored => None,
                Meaning::Unknown => {
                    unknown.push(format!("{name:?}"));
                    None
                }
            });
        }
        if unknown.is_empty() || self.ignore_unknown {
            return Ok(());
        }
        let known: Vec<&str> = C::ALL.iter().map(|(_, name, _)| *name).collect();
        Err(SourceError::UnknownColumns { path: path(), columns: unknown, known: known.join(", ") })
    }
}

fn format_of(path: &Path) -> Option<Format> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "csv" | "tsv" | "txt" => Some(Format::Csv),
        "jsonl" | "ndjson" | "json" => Some(Format::Jsonl),
        _ => None,
    }
}

/// The first bytes without a mark of UTF-8; refuses the marks of other encodings.
fn beginning(file: &mut File, path: &Path) -> Result<Vec<u8>, SourceError> {
    let mut head = Vec::new();
    let io = |source| SourceError::Io { path: path.to_owned(), source };
    file.take(4_096).read_to_end(&mut head).map_err(io)?;
    let encoding = match head.as_slice() {
        [0xEF, 0xBB, 0xBF, ..] => {
            head.drain(..3);
            None
        }
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => Some("UTF-16"),
        _ => None,
    };
    match encoding {
        Some(encoding) => Err(SourceError::Encoding { path: path.to_owned(), encoding }),
        None => Ok(head),
    }
}

/// The most frequent of the usual delimiters in the first line.
fn delimiter(head: &[u8]) -> u8 {
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |delimiter: u8| line.iter().filter(|byte| **byte == delimiter).count();
    [b';', b'\t', b'|'].into_iter().fold(b',', |best, other| if count(other) > count(best) { other } else { best })
}

fn csv_row<C: Column>(record: &csv::ByteRecord, places: &[Option<usize>]) -> Row {
    if record.len() != places.len() {
        return Row::Unreadable(format!("the row has {} fields, the first line {}", record.len(), places.len()));
    }
    let mut values = vec![None; C::ALL.len()];
    for (field, place) in record.iter().zip(places) {
        let Some(place) = *place else { continue };
        let Ok(text) = std::str::from_utf8(field) else {
            return Row::Unreadable(format!("{} is not UTF-8 text: save the file as UTF-8", C::ALL[place].1));
        };
        let text = text.trim();
        if !text.is_empty() {
            values[place] = Some(text.to_owned());
        }
    }
    Row::Values(values)
}

enum Line {
    /// It begins here.
    Whole(u64),
    TooLong(u64),
    End,
}

/// Reads the next line that is not blank; of one that is too long only its end is looked for.
fn next_line(reader: &mut BufReader<Bounded>, bytes: &mut Vec<u8>, line: &mut u64) -> io::Result<Line> {
    loop {
        bytes.clear();
        *line += 1;
        let most = u64::try_from(ROW_BYTES + 1).unwrap_or(u64::MAX);
        if reader.by_ref().take(most).read_until(b'\n', bytes)? == 0 {
            return Ok(Line::End);
        }
        if bytes.len() > ROW_BYTES && !bytes.ends_with(b"\n") {
            reader.get_ref().limit.set(u64::MAX);
            reader.skip_until(b'\n')?;
            return Ok(Line::TooLong(*line));
        }
        if !bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(Line::Whole(*line));
        }
        reader.get_ref().limit.set(u64::MAX);
    }
}

/// What reading the file came to: the reader wraps it.
fn of_csv(error: csv::Error) -> io::Error {
    if error.is_io_error()
        && let csv::ErrorKind::Io(source) = error.into_kind()
    {
        return source;
    }
    io::ErrorKind::InvalidData.into()
}

fn failed(path: &Path, line: u64, error: io::Error) -> SourceError {
    let path = path.to_owned();
    if error.get_ref().is_some_and(|source| source.is::<RowTooLong>()) {
        SourceError::TooLong { path, line }
    } else {
        SourceError::Io { path, source: error }
    }
}

/// A file that is counted, and not read further than one row needs.
struct Bounded {
    file: File,
    /// What was read to look at the beginning.
    head: Vec<u8>,
    read: Rc<Cell<u64>>,
    limit: Rc<Cell<u64>>,
}

#[derive(Debug, thiserror::Error)]
#[error("the row is too long")]
struct RowTooLong;

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.read.get() > self.limit.get() {
            return Err(io::Error::other(RowTooLong));
        }
        let read = if self.head.is_empty() {
            self.file.read(buffer)?
        } else {
            let length = self.head.len().min(buffer.len());
            buffer[..length].copy_from_slice(&self.head[..length]);
            self.head.drain(..length);
            length
        };
        self.read.set(self.read.get() + u64::try_from(read).unwrap_or(u64::MAX));
        Ok(read)
    }
}
