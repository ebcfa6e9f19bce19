//! Cells of a sheet. The one place where a number becomes what Excel knows, a double; only where that changes no digit of it.

use crate::number::{decimals, digits};
use crate::{Cell, Column, Unit};
use rust_xlsxwriter::{Format, FormatAlign, FormatBorder, Worksheet, XlsxError};

/// Digits that Excel keeps of a number.
const DIGITS_MAX: usize = 15;
/// Characters that it keeps of a text, as UTF-16 counts them.
const TEXT_MAX: usize = 32_767;
const CUT: &str = "… [cut: JSON and CSV have the rest]";

/// How cells look.
#[derive(Debug)]
pub(super) struct Formats {
    pub(super) title: Format,
    pub(super) header: Format,
    pub(super) bold: Format,
    pub(super) wrapped: Format,
    pub(super) whole: Format,
    id: Format,
    right: Format,
    plain: Format,
}

impl Formats {
    pub(super) fn new() -> Self {
        let top = Format::new().set_align(FormatAlign::Top);
        Self {
            title: Format::new().set_bold().set_font_size(16),
            header: Format::new().set_bold().set_border_bottom(FormatBorder::Medium).set_background_color(0xEE_EE_EE),
            bold: top.clone().set_bold(),
            wrapped: top.clone().set_text_wrap(),
            whole: top.clone().set_num_format("#,##0"),
            id: top.clone().set_num_format("0"),
            right: top.clone().set_align(FormatAlign::Right),
            plain: top,
        }
    }
}

/// Writes a cell of a table.
pub(super) fn write(
    worksheet: &mut Worksheet,
    (row, at): (u32, u16),
    column: &Column,
    cell: &Cell,
    formats: &Formats,
) -> Result<(), XlsxError> {
    match cell {
        Cell::Nothing => {}
        Cell::Number(number) => {
            let format = if column.unit == Unit::Id { &formats.id } else { &formats.whole };
            match exact(&number.to_string()) {
                Some(number) => worksheet.write_number_with_format(row, at, number, format)?,
                None => worksheet.write_string_with_format(row, at, number.to_string(), &formats.right)?,
            };
        }
        Cell::Text(text) => {
            let is_decimal = matches!(column.unit, Unit::Money | Unit::Rate | Unit::Percent);
            match exact(text).filter(|_| is_decimal) {
                Some(number) => worksheet.write_number_with_format(row, at, number, &decimal(column.unit, text))?,
                None => worksheet.write_string_with_format(row, at, cut(text), &formats.plain)?,
            };
        }
        Cell::Flag(flag) => {
            worksheet.write_boolean_with_format(row, at, *flag, &formats.plain)?;
        }
        Cell::Json(json) => {
            worksheet.write_string_with_format(row, at, cut(&json.to_string()), &formats.plain)?;
        }
    }
    Ok(())
}

/// How wide a cell is, in characters.
pub(super) fn width(cell: &Cell) -> usize {
    let grouping = |text: &str| text.len() + text.len() / 3;
    match cell {
        Cell::Number(number) => grouping(&number.to_string()) + 2,
        Cell::Text(text) => text.chars().count() + 2,
        Cell::Nothing | Cell::Flag(_) => 0,
        Cell::Json(_) => 60,
    }
}

/// A number of which Excel keeps every digit.
pub(super) fn exact(number: &str) -> Option<f64> {
    digits(number).filter(|digits| *digits <= DIGITS_MAX)?;
    number.parse().ok()
}

/// With as many decimals as it has; money with two, if it has one.
fn decimal(unit: Unit, text: &str) -> Format {
    let places = match decimals(text) {
        Some(1) if unit == Unit::Money => 2,
        places => places.unwrap_or(0),
    };
    let point = if places > 0 { "." } else { "" };
    Format::new().set_align(FormatAlign::Top).set_num_format(format!("#,##0{point}{}", "0".repeat(places)))
}

/// A text that fits into a cell.
pub(super) fn cut(text: &str) -> String {
    if text.encode_utf16().count() <= TEXT_MAX {
        return text.to_owned();
    }
    let mut left = TEXT_MAX - CUT.encode_utf16().count();
    let kept = text.chars().take_while(|letter| {
        let fits = letter.len_utf16() <= left;
        left = left.saturating_sub(letter.len_utf16());
        fits
    });
    kept.chain(CUT.chars()).collect()
}
