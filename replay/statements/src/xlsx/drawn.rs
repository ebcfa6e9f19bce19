//! The last sheet: charts, and below each the figures that it is drawn from. What went out is below nought there, so that it stands downwards.

use super::cells::{Formats, exact};
use crate::Statement;
use crate::charts::{self, Chart, Series};
use rust_xlsxwriter::{
    Chart as Drawing, ChartAxisLabelPosition, ChartFont, ChartLegendPosition, ChartSolidFill, ChartType, Color,
    Worksheet, XlsxError,
};

const SHEET: &str = "charts";
/// Rows that a chart covers, above its figures.
const CHART_ROWS: u32 = 24;
/// Light and dark by turns, so that they are told apart without colours.
const COLORS: [u32; 8] = [0x1F4E79, 0x7FB2E5, 0xD6E6F5, 0x6B3300, 0xE08E2B, 0xF8D3A4, 0xFFF4DC, 0x999999];

pub(super) fn write(worksheet: &mut Worksheet, statement: &Statement, formats: &Formats) -> Result<(), XlsxError> {
    worksheet.set_name(SHEET)?.set_landscape().set_paper_size(9);
    worksheet.set_column_width(0, 26)?;
    let standing = [charts::movements(statement), charts::ageing(statement)].concat();
    let lying = charts::liability(statement).into_iter().map(|chart| (chart, ChartType::BarStacked));
    let shares = charts::breakage(statement).map(|chart| (chart, ChartType::BarPercentStacked));
    let all = standing.into_iter().map(|chart| (chart, ChartType::ColumnStacked));
    let mut row = 0;
    for (chart, kind) in all.chain(lying).chain(shares) {
        row = block(worksheet, row, &chart, kind, formats)?;
    }
    if row == 0 {
        worksheet.write_string(0, 0, "Nothing to draw: nothing moved, and nothing is open.")?;
    }
    Ok(())
}

/// A chart and its figures; gives the row after them.
fn block(
    worksheet: &mut Worksheet,
    top: u32,
    chart: &Chart,
    kind: ChartType,
    formats: &Formats,
) -> Result<u32, XlsxError> {
    let figures = top + CHART_ROWS;
    worksheet.write_string_with_format(figures, 0, &chart.title, &formats.bold)?;
    let header = figures + 1;
    let first = header + 1;
    let many = u32::try_from(chart.categories.len()).unwrap_or(u32::MAX);
    let last = first + many.saturating_sub(1);
    for (name, row) in chart.categories.iter().zip(first..) {
        worksheet.write_string(row, 0, name)?;
    }
    let series: Vec<&Series> = chart.series.iter().chain(&chart.line).collect();
    for (series, column) in series.iter().zip(1..) {
        write_figures(worksheet, series, header, column, formats)?;
    }
    let range = |column: u16| (SHEET, first, column, last, column);
    let mut bars = Drawing::new(kind);
    dress(&mut bars, chart);
    for ((at, color), column) in (0..chart.series.len()).zip(COLORS).zip(1..) {
        let added = bars.add_series();
        added.set_name((SHEET, header, column)).set_categories(range(0)).set_values(range(column));
        added.set_format(ChartSolidFill::new().set_color(Color::RGB(color)));
        if at == 0 {
            added.set_overlap(100).set_gap(40);
        }
    }
    if chart.line.is_some() {
        let column = u16::try_from(series.len()).unwrap_or(u16::MAX);
        let mut line = Drawing::new(ChartType::Line);
        let added = line.add_series();
        // Its own axis: what cards hold is many times what moves in a month.
        added.set_name((SHEET, header, column)).set_categories(range(0)).set_values(range(column));
        added.set_secondary_axis(true);
        line.y2_axis().set_name("closing").set_num_format("#,##0");
        bars.combine(&line);
    }
    worksheet.insert_chart(top, 0, &bars)?;
    Ok(last + 3)
}

fn dress(drawing: &mut Drawing, chart: &Chart) {
    drawing.title().set_name(&chart.title).set_font(ChartFont::new().set_size(12));
    drawing.legend().set_position(ChartLegendPosition::Bottom);
    drawing.set_width(900).set_height(440).set_alt_text(&chart.about);
    // Below the bars that go below nought, rather than upon them.
    drawing.x_axis().set_label_position(ChartAxisLabelPosition::Low);
    drawing.y_axis().set_num_format(if chart.shares { "0%" } else { "#,##0" });
}

fn write_figures(
    worksheet: &mut Worksheet,
    series: &Series,
    header: u32,
    column: u16,
    formats: &Formats,
) -> Result<(), XlsxError> {
    worksheet.write_string_with_format(header, column, &series.name, &formats.header)?;
    worksheet.set_column_width(column, 16)?;
    for (points, row) in series.points.iter().zip(header + 1..) {
        match exact(&points.to_string()) {
            Some(number) => worksheet.write_number_with_format(row, column, number, &formats.whole)?,
            // It is not drawn: a spreadsheet has no such number.
            None => worksheet.write_string(row, column, points.to_string())?,
        };
    }
    Ok(())
}
