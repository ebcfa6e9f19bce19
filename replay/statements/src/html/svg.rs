//! Charts as inline SVG, in tenths of a thousandth of the width of the page. Told apart by lightness and by hatching, so that a print without
//! colours says the same.

use super::escape;
use super::scale::{Axis, Whole};
use crate::charts::{Chart, Series};
use crate::number::whole;
use std::fmt::Write as _;

/// The width of a chart.
const WIDE: u64 = 10_000;
/// A line of text, and a letter of it, roughly.
const LINE: u64 = 190;
const LETTER: u64 = 72;
/// The heights of the panel of bars, and of that of a line.
const BARS: u64 = 2_000;
const CURVE: u64 = 1_200;

/// A fill: its colour, and its hatching if it has any.
type Fill = (&'static str, Option<&'static str>);

const RISING: Option<&str> = Some("M0 120L120 0");
const FALLING: Option<&str> = Some("M0 0L120 120");
const LEVEL: Option<&str> = Some("M0 60H120");

/// For movements: blues came in, browns went out.
const MOVES: [Fill; 7] = [
    ("#1f4e79", None),
    ("#7fb2e5", RISING),
    ("#d6e6f5", None),
    ("#6b3300", None),
    ("#e08e2b", FALLING),
    ("#f8d3a4", None),
    ("#fff4dc", LEVEL),
];
/// For any series, and the last for the others.
const ANY: [Fill; 8] = [
    ("#1f4e79", None),
    ("#f0b35e", None),
    ("#7fb2e5", RISING),
    ("#6b3300", None),
    ("#d6e6f5", None),
    ("#c06c10", FALLING),
    ("#fff4dc", LEVEL),
    ("#ffffff", RISING),
];

/// A chart, with an id of its own.
pub(super) fn draw(chart: &Chart, id: usize, lying: bool) -> String {
    let fills: &[Fill] = if chart.line.is_some() { &MOVES } else { &ANY };
    let mut svg = Svg { body: String::new(), id };
    let mut height = svg.legend(chart, fills);
    height = if lying { svg.lying(chart, height) } else { svg.standing(chart, height) };
    let way = if lying { "lying" } else { "standing" };
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"{way}\" viewBox=\"0 0 {WIDE} {height}\" role=\"img\" aria-labelledby=\"c{id}t c{id}d\">\
         <title id=\"c{id}t\">{}</title><desc id=\"c{id}d\">{}</desc>",
        escape(&chart.title),
        escape(&chart.about)
    );
    svg.patterns(&mut text, fills);
    text.push_str(&svg.body);
    text.push_str("</svg>\n");
    text
}

struct Svg {
    body: String,
    id: usize,
}

impl Svg {
    fn patterns(&self, text: &mut String, fills: &[Fill]) {
        text.push_str("<defs>");
        for (at, (color, hatching)) in fills.iter().enumerate() {
            if let Some(path) = hatching {
                let id = self.id;
                let _ = write!(
                    text,
                    "<pattern id=\"c{id}f{at}\" width=\"120\" height=\"120\" patternUnits=\"userSpaceOnUse\">\
                     <rect width=\"120\" height=\"120\" fill=\"{color}\"/><path d=\"{path}\" stroke=\"#222\" stroke-width=\"16\"/></pattern>"
                );
            }
        }
        text.push_str("</defs>");
    }

    fn fill(&self, fills: &[Fill], series: usize) -> String {
        let at = series.min(fills.len() - 1);
        let (color, hatching) = fills[at];
        if hatching.is_some() { format!("url(#c{}f{at})", self.id) } else { color.to_owned() }
    }

    /// What each fill means, on as many lines as it takes; gives where they end.
    fn legend(&mut self, chart: &Chart, fills: &[Fill]) -> u64 {
        let (mut x, mut y) = (0, 0);
        for (at, series) in chart.series.iter().enumerate() {
            let name = cut(&series.name);
            let wide = 280 + length(&name) + 200;
            if x > 0 && x + wide > WIDE {
                (x, y) = (0, y + LINE + 40);
            }
            let fill = self.fill(fills, at);
            self.push(format_args!(
                "<rect class=\"b\" x=\"{}\" y=\"{}\" width=\"180\" height=\"130\" fill=\"{fill}\"/>",
                x + 20,
                y + 20
            ));
            self.text(x + 260, y + 140, "", &name);
            x += wide;
        }
        y + LINE + 160
    }

    /// Bars that stand beside each other, in and out from nought, and above them the line; gives where it ends.
    fn standing(&mut self, chart: &Chart, top: u64) -> u64 {
        let stacks = |rising: bool| {
            (0..chart.categories.len()).map(move |at| {
                let side = chart.series.iter().map(|series| series.points[at]).filter(|it| (*it > 0) == rising);
                side.fold(0_i128, i128::saturating_add)
            })
        };
        let bars = Axis::of(stacks(true).chain(stacks(false)), BARS);
        let curve = chart.line.as_ref().map(|line| (line, Axis::of(line.points.iter().copied(), CURVE)));
        let marks = bars.marks().into_iter().chain(curve.iter().flat_map(|(_, axis)| axis.marks()));
        let left = marks.map(|mark| length(&whole(mark))).max().unwrap_or(0) + 120;
        let mut y = top;
        if let Some((line, axis)) = curve {
            self.text(0, y + 60, "s", &format!("{} (points)", line.name));
            y += LINE;
            self.grid(axis, left, y);
            self.curve(line, axis, left, y);
            y += CURVE + LINE;
            self.text(0, y + 60, "s", "in and out (points)");
            y += LINE;
        }
        self.grid(bars, left, y);
        for at in 0..chart.categories.len() {
            self.stack(chart, at, bars, (left, y));
        }
        self.labels(chart, left, y + BARS + LINE);
        y + BARS + LINE + 60
    }

    fn grid(&mut self, axis: Axis, left: u64, top: u64) {
        for mark in axis.marks() {
            let y = top + axis.place(mark);
            let class = if mark == 0 { "n" } else { "g" };
            self.push(format_args!("<path class=\"{class}\" d=\"M{left} {y}H{WIDE}\"/>"));
            self.text(left - 60, y + 45, "e", &whole(mark));
        }
    }

    fn curve(&mut self, line: &Series, axis: Axis, left: u64, top: u64) {
        let at = |place: usize, points: i128| (middle(line.points.len(), place, left), top + axis.place(points));
        let places: Vec<(u64, u64)> =
            line.points.iter().enumerate().map(|(place, points)| at(place, *points)).collect();
        let path: Vec<String> = places.iter().map(|(x, y)| format!("{x} {y}")).collect();
        self.push(format_args!("<path class=\"l\" d=\"M{}\"/>", path.join("L")));
        for ((x, y), points) in places.iter().zip(&line.points) {
            self.push(format_args!("<circle class=\"p\" cx=\"{x}\" cy=\"{y}\" r=\"40\" data-points=\"{points}\"/>"));
        }
    }

    /// One category's bars, from nought up and from nought down.
    fn stack(&mut self, chart: &Chart, at: usize, axis: Axis, (left, top): (u64, u64)) {
        let fills: &[Fill] = if chart.line.is_some() { &MOVES } else { &ANY };
        let slot = (WIDE - left) / u64::try_from(chart.categories.len().max(1)).unwrap_or(1);
        let wide = (slot * 7 / 10).clamp(20, 700);
        let x = middle(chart.categories.len(), at, left) - wide / 2;
        let (mut up, mut down) = (0_i128, 0_i128);
        for (number, series) in chart.series.iter().enumerate() {
            let points = series.points[at];
            if points == 0 {
                continue;
            }
            let side = if points > 0 { &mut up } else { &mut down };
            let from = *side;
            *side = side.saturating_add(points);
            let [one, other] = [from, *side].map(|figure| top + axis.place(figure));
            let (y, height, fill) = (one.min(other), one.abs_diff(other), self.fill(fills, number));
            self.push(format_args!(
                "<rect class=\"b\" x=\"{x}\" y=\"{y}\" width=\"{wide}\" height=\"{height}\" fill=\"{fill}\" data-points=\"{points}\">\
                 <title>{}, {}: {}</title></rect>",
                escape(&chart.categories[at]),
                escape(&series.name),
                whole(points)
            ));
        }
    }

    /// The names of the categories, as many as fit beside each other.
    fn labels(&mut self, chart: &Chart, left: u64, y: u64) {
        let many = chart.categories.len();
        let slot = ((WIDE - left) / u64::try_from(many.max(1)).unwrap_or(1)).max(1);
        let longest = chart.categories.iter().map(|name| length(&cut(name)) + 90).max().unwrap_or(1);
        let every = usize::try_from(longest.div_ceil(slot)).unwrap_or(1).max(1);
        for (at, name) in chart.categories.iter().enumerate().step_by(every) {
            self.text(middle(many, at, left), y, "m", &cut(name));
        }
    }

    /// Bars that lie below each other, with what each comes to; gives where they end.
    fn lying(&mut self, chart: &Chart, top: u64) -> u64 {
        let all =
            |at: usize| chart.series.iter().fold(0_i128, |sum, series| sum.saturating_add(series.points[at].max(0)));
        let sums: Vec<i128> = (0..chart.categories.len()).map(all).collect();
        let left = chart.categories.iter().map(|name| length(&cut(name))).max().unwrap_or(0) + 120;
        let right = sums.iter().map(|sum| length(&whole(*sum))).max().unwrap_or(0) + 160;
        let room = WIDE.saturating_sub(left + right).max(1_000);
        let common = Whole::of(sums.iter().copied().max().unwrap_or(0), room);
        let mut y = top;
        for (at, name) in chart.categories.iter().enumerate() {
            self.text(left - 80, y + 170, "e", &cut(name));
            let whole_bar = if chart.shares { Whole::of(sums[at], room) } else { common };
            let mut from = 0_i128;
            for (number, series) in chart.series.iter().enumerate().filter(|(_, series)| series.points[at] > 0) {
                let points = series.points[at];
                let to = from.saturating_add(points);
                let [begin, end] = [from, to].map(|figure| left + whole_bar.part(figure));
                let (wide, fill) = (end - begin, self.fill(&ANY, number));
                self.push(format_args!(
                    "<rect class=\"b\" x=\"{begin}\" y=\"{y}\" width=\"{wide}\" height=\"240\" fill=\"{fill}\" data-points=\"{points}\">\
                     <title>{}, {}: {}</title></rect>",
                    escape(name),
                    escape(&series.name),
                    whole(points)
                ));
                from = to;
            }
            let end = left + whole_bar.part(from) + 80;
            self.text(end, y + 170, "", &whole(sums[at]));
            y += 340;
        }
        y + 60
    }

    fn text(&mut self, x: u64, y: u64, class: &str, text: &str) {
        let text = escape(text);
        self.push(format_args!("<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{text}</text>"));
    }

    fn push(&mut self, markup: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.body.write_fmt(markup);
    }
}

/// The middle of one of many places beside each other.
fn middle(many: usize, at: usize, left: u64) -> u64 {
    let [many, at] = [many.max(1), at].map(|number| u64::try_from(number).unwrap_or(1));
    left + (WIDE - left) * (2 * at + 1) / (2 * many)
}

/// A name, as long as there is room for one.
fn cut(name: &str) -> String {
    if name.chars().count() <= 40 { name.to_owned() } else { name.chars().take(39).chain(['…']).collect() }
}

/// How wide a text is, roughly.
fn length(text: &str) -> u64 {
    u64::try_from(text.chars().count()).unwrap_or(0) * LETTER
}
