//! How a purchase came to its points, in words: read off the breakdown that its event keeps.

use crate::domain::Event;
use crate::domain::orders::{Bound, Breakdown};
use crate::domain::points::Points;
use crate::http::locales::{Locale, Message};
use rust_decimal::Decimal;

/// The way to a purchase's points; none for whatever is no purchase.
pub(super) fn calculation(event: &Event, locale: Locale) -> Option<String> {
    let (purchase, points) = if let Event::PointsAwarded(event) = event {
        (event.purchase.as_ref()?, event.points)
    } else if let Event::OrderRecorded(event) = event {
        (&event.purchase, Points::ZERO)
    } else {
        return None;
    };
    Some(told(purchase, points, locale))
}

fn told(purchase: &Breakdown, points: Points, locale: Locale) -> String {
    let Some(formula) = &purchase.formula else {
        return Message::CalculationStated { points: points.get() }.text(locale).into_owned();
    };
    let number = |number: Decimal| number.normalize().to_string();
    let steps = format!(
        "{} {} → {}; × {} {} → {}; + {} {}",
        number(purchase.order_total.get()),
        purchase.currency,
        number(formula.base),
        number(formula.multiplier),
        Message::CalculationTier.text(locale),
        formula.whole.get(),
        formula.visit_bonus.get(),
        Message::CalculationVisit.text(locale),
    );
    let (template, version) = (purchase.template.get(), purchase.template_version);
    let steps = Message::CalculationSteps { steps, template, version };
    let bound = formula.bound.map(|bound| match bound {
        Bound::Minimum => Message::CalculationMinimum,
        Bound::Maximum => Message::CalculationMaximum,
    });
    let bound = bound.map(|bound| format!(", {}", bound.text(locale))).unwrap_or_default();
    format!("{}{bound} = {}", steps.text(locale), points.get())
}
