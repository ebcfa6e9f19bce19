//! An Office Open XML workbook, packed while it is written: no file in between, no cell kept, numbers digit for digit.
//!
//! A writer that keeps the whole sheet, or seeks back in it, could not be sent while it is made. What a list of rows takes of the
//! format (ECMA-376) is small: sheets of rows with texts in place, three styles, and the parts that name them. A sheet that is
//! full is followed by another with the same header.

use super::Selection;
use super::cell::Cell;
use crate::domain::Timestamp;
use crate::queries::ExportRows;
use parking_lot::Mutex;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::Arc;
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

/// The rows that a sheet may have, its header among them.
const SHEET_ROWS: u32 = 1_048_576;
/// The bytes of XML after which a sheet ends early: an entry of 4 GiB would need an extension of ZIP that Excel does not read.
const SHEET_BYTES: u64 = 3 << 30;
const LEVEL: i64 = 3;

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const RELATIONSHIPS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
const SHEET_ML: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";

/// A workbook in the making.
pub(super) struct Workbook {
    zip: ZipWriter<StreamWriter<Outlet>>,
    outlet: Outlet,
    columns: Vec<String>,
    header: Vec<&'static str>,
    most_rows: u32,
    sheets: usize,
    /// Rows of the sheet at hand, and its bytes.
    rows: u32,
    bytes: u64,
}

/// What was packed and has not been taken away yet.
#[derive(Clone, Default)]
struct Outlet(Arc<Mutex<Vec<u8>>>);

impl Outlet {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock())
    }
}

impl Write for Outlet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Workbook {
    pub(super) fn new(selection: &Selection) -> Self {
        Self::with_sheets_of(SHEET_ROWS, selection)
    }

    fn with_sheets_of(most_rows: u32, selection: &Selection) -> Self {
        let outlet = Outlet::default();
        let header = selection.names();
        Self {
            zip: ZipWriter::new_stream(outlet.clone()),
            outlet,
            columns: (0..header.len()).map(column_name).collect(),
            header,
            most_rows,
            sheets: 0,
            rows: 0,
            bytes: 0,
        }
    }

    pub(super) fn begin(&mut self) -> io::Result<Vec<u8>> {
        self.part("_rels/.rels", &relationships(&[("officeDocument", "xl/workbook.xml")]))?;
        self.part("xl/styles.xml", &styles())?;
        self.begin_sheet()?;
        Ok(self.outlet.take())
    }

    pub(super) fn rows(&mut self, selection: &Selection, rows: &ExportRows) -> io::Result<Vec<u8>> {
        selection.each_row(rows, |cells| self.row(cells))?;
        Ok(self.outlet.take())
    }

    pub(super) fn end(mut self) -> io::Result<Vec<u8>> {
        self.end_sheet()?;
        let mut workbook = format!("{DECLARATION}<workbook xmlns=\"{MAIN}\" xmlns:r=\"{RELATIONSHIPS}\"><sheets>");
        let mut types = format!(
            "{DECLARATION}<Types xmlns=\"{PACKAGE}/content-types\">\
             <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
             <Override PartName=\"/xl/workbook.xml\" ContentType=\"{SHEET_ML}.sheet.main+xml\"/>\
             <Override PartName=\"/xl/styles.xml\" ContentType=\"{SHEET_ML}.styles+xml\"/>"
        );
        let mut targets = Vec::new();
        for sheet in 1..=self.sheets {
            let name = if sheet == 1 { "Export".to_owned() } else { format!("Export {sheet}") };
            put(&mut workbook, format_args!("<sheet name=\"{name}\" sheetId=\"{sheet}\" r:id=\"rId{sheet}\"/>"));
            let path = format!("worksheets/sheet{sheet}.xml");
            put(
                &mut types,
                format_args!("<Override PartName=\"/xl/{path}\" ContentType=\"{SHEET_ML}.worksheet+xml\"/>"),
            );
            targets.push(path);
        }
        workbook.push_str("</sheets></workbook>");
        types.push_str("</Types>");
        let mut related: Vec<_> = targets.iter().map(|target| ("worksheet", target.as_str())).collect();
        related.push(("styles", "styles.xml"));
        self.part("xl/workbook.xml", &workbook)?;
        self.part("xl/_rels/workbook.xml.rels", &relationships(&related))?;
        self.part("[Content_Types].xml", &types)?;
        self.zip.finish()?;
        Ok(self.outlet.take())
    }

    fn part(&mut self, path: &str, text: &str) -> io::Result<()> {
        self.zip.start_file(path, options())?;
        self.zip.write_all(text.as_bytes())
    }

    fn begin_sheet(&mut self) -> io::Result<()> {
        self.sheets += 1;
        (self.rows, self.bytes) = (0, 0);
        self.zip.start_file(format!("xl/worksheets/sheet{}.xml", self.sheets), options())?;
        // The header stays in sight.
        let head = format!(
            "{DECLARATION}<worksheet xmlns=\"{MAIN}\"><sheetViews><sheetView workbookViewId=\"0\">\
             <pane ySplit=\"1\" topLeftCell=\"A2\" activePane=\"bottomLeft\" state=\"frozen\"/></sheetView></sheetViews><sheetData>"
        );
        self.zip.write_all(head.as_bytes())?;
        let header = self.header.clone();
        let cells: Vec<_> = header.into_iter().map(Cell::text).collect();
        self.write_row(&cells, Some(Style::Header))
    }

    fn end_sheet(&mut self) -> io::Result<()> {
        self.zip.write_all(b"</sheetData></worksheet>")
    }

    fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        if self.rows >= self.most_rows || self.bytes >= SHEET_BYTES {
            self.end_sheet()?;
            self.begin_sheet()?;
        }
        self.write_row(cells, None)
    }

    fn write_row(&mut self, cells: &[Cell<'_>], style: Option<Style>) -> io::Result<()> {
        self.rows += 1;
        let number = self.rows;
        let mut xml = String::with_capacity(64 * cells.len());
        put(&mut xml, format_args!("<row r=\"{number}\">"));
        for (column, cell) in self.columns.iter().zip(cells) {
            let place = format_args!("{column}{number}");
            match cell {
                Cell::Empty => {}
                Cell::Integer(value) => put(&mut xml, format_args!("<c r=\"{place}\"><v>{value}</v></c>")),
                Cell::Amount(value) => put(&mut xml, format_args!("<c r=\"{place}\"><v>{value}</v></c>")),
                Cell::Text(text) => text_cell(&mut xml, place, style, text),
                Cell::Time(time) => match serial(*time) {
                    Some(serial) => {
                        put(&mut xml, format_args!("<c r=\"{place}\" s=\"{}\"><v>{serial}</v></c>", Style::Time.id()));
                    }
                    None => text_cell(&mut xml, place, style, &time.to_millis_text()),
                },
            }
        }
        xml.push_str("</row>");
        self.bytes = self.bytes.saturating_add(u64::try_from(xml.len()).unwrap_or(u64::MAX));
        self.zip.write_all(xml.as_bytes())
    }
}

/// How a cell looks: a place in the list of `styles`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    Time,
    Header,
}

impl Style {
    const fn id(self) -> u8 {
        match self {
            Self::Time => 1,
            Self::Header => 2,
        }
    }
}

fn styles() -> String {
    format!(
        "{DECLARATION}<styleSheet xmlns=\"{MAIN}\">\
         <numFmts count=\"1\"><numFmt numFmtId=\"164\" formatCode=\"yyyy\\-mm\\-dd\\ hh:mm:ss\"/></numFmts>\
         <fonts count=\"2\"><font><sz val=\"11\"/><name val=\"Calibri\"/></font>\
         <font><b/><sz val=\"11\"/><name val=\"Calibri\"/></font></fonts>\
         <fills count=\"2\"><fill><patternFill patternType=\"none\"/></fill><fill><patternFill patternType=\"gray125\"/></fill></fills>\
         <borders count=\"1\"><border><left/><right/><top/><bottom/><diagonal/></border></borders>\
         <cellStyleXfs count=\"1\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/></cellStyleXfs>\
         <cellXfs count=\"3\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\"/>\
         <xf numFmtId=\"164\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\"/>\
         <xf numFmtId=\"0\" fontId=\"1\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyFont=\"1\"/></cellXfs>\
         <cellStyles count=\"1\"><cellStyle name=\"Normal\" xfId=\"0\" builtinId=\"0\"/></cellStyles></styleSheet>"
    )
}

fn relationships(targets: &[(&str, &str)]) -> String {
    let mut xml = format!("{DECLARATION}<Relationships xmlns=\"{PACKAGE}/relationships\">");
    for (place, (kind, target)) in targets.iter().enumerate() {
        let id = place + 1;
        put(
            &mut xml,
            format_args!("<Relationship Id=\"rId{id}\" Type=\"{RELATIONSHIPS}/{kind}\" Target=\"{target}\"/>"),
        );
    }
    xml + "</Relationships>"
}

fn options() -> SimpleFileOptions {
    SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).compression_level(Some(LEVEL))
}

// A text in place is never a formula, whatever it begins with.
fn text_cell(xml: &mut String, place: std::fmt::Arguments<'_>, style: Option<Style>, text: &str) {
    put(xml, format_args!("<c r=\"{place}\""));
    if let Some(style) = style {
        put(xml, format_args!(" s=\"{}\"", style.id()));
    }
    xml.push_str(" t=\"inlineStr\"><is><t");
    if text.trim().len() != text.len() {
        xml.push_str(" xml:space=\"preserve\"");
    }
    xml.push('>');
    for (at, letter) in text.char_indices() {
        match letter {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            // Excel reads `_x0041_` as the letter of that number, so an underscore that would begin one is written as one.
            '_' if is_escape(&text.as_bytes()[at..]) => xml.push_str("_x005F_"),
            '\t' | '\n' => xml.push(letter),
            '\r' => xml.push_str("&#13;"),
            // What XML cannot say.
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => xml.push('\u{fffd}'),
            letter => xml.push(letter),
        }
    }
    xml.push_str("</t></is></c>");
}

fn is_escape(bytes: &[u8]) -> bool {
    matches!(bytes, [b'_', b'x' | b'X', a, b, c, d, b'_', ..] if [a, b, c, d].iter().all(|digit| digit.is_ascii_hexdigit()))
}

/// Days since 1899-12-30 with their fraction, which is how a workbook keeps times; none before 1900, which it cannot keep.
fn serial(time: Timestamp) -> Option<String> {
    const DAY: i128 = 86_400_000_000;
    const UNIX_EPOCH: i128 = 25_569;
    // Finer than a millisecond, and no finer than a double holds.
    const PLACES: i128 = 100_000_000_000;
    let scaled = (i128::from(time.micros()) * PLACES + DAY / 2).div_euclid(DAY) + UNIX_EPOCH * PLACES;
    let (days, fraction) = (scaled.div_euclid(PLACES), scaled.rem_euclid(PLACES));
    (days >= 2).then(|| if fraction == 0 { days.to_string() } else { format!("{days}.{fraction:011}") })
}

/// `A`, `B`, … `Z`, `AA`, …
fn column_name(place: usize) -> String {
    const LETTERS: &[u8; 26] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let (mut name, mut left) = (String::new(), place + 1);
    while left > 0 {
        left -= 1;
        name.insert(0, char::from(LETTERS[left % 26]));
        left /= 26;
    }
    name
}

fn put(text: &mut String, what: std::fmt::Arguments<'_>) {
    text.write_fmt(what).expect("a text takes everything that is written to it");
}

#[cfg(test)]
mod tests;
