//! What charts are drawn from: figures of the tables, put side by side. Spreadsheets and pages draw the same.
//!
//! A stack is as long as its parts together, and where there is more than a chart can show, the rest is drawn as one: only there are figures added
//! up, and in no table.

mod figures;
mod months;

pub(crate) use figures::{ageing, breakage, liability, movements};

/// Partners that charts are drawn for, in the order of the tables. The tables state all.
pub(crate) const PARTNERS_MAX: usize = 12;
/// Categories along a chart; what is left over goes into one more.
pub(crate) const CATEGORIES_MAX: usize = 48;
/// Bars below each other, likewise: as many as a page has room for.
pub(crate) const BARS_MAX: usize = 16;
/// Series that are told apart by their look; what is left over goes into one more.
pub(crate) const SERIES_MAX: usize = 7;

/// A series of figures, one for each category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Series {
    pub(crate) name: String,
    /// Points; those that left are negative.
    pub(crate) points: Vec<i128>,
}

/// A chart of stacked bars.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chart {
    pub(crate) title: String,
    /// What it shows, for those who do not see it.
    pub(crate) about: String,
    pub(crate) categories: Vec<String>,
    pub(crate) series: Vec<Series>,
    /// A line beside the bars.
    pub(crate) line: Option<Series>,
    /// Whether each category is a whole of its own, whose parts the series are.
    pub(crate) shares: bool,
}
