//! From points to places on paper, in whole units: nothing is drawn where a float would round it to.

/// An axis from what lies deepest below nought to what lies highest above it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Axis {
    /// Between its marks: 1, 2 or 5 and noughts.
    step: u128,
    /// Marks above nought, and below.
    above: u128,
    below: u128,
    /// How long it is.
    length: u64,
}

impl Axis {
    /// An axis of a length for all of these, nought among them.
    pub(super) fn of(figures: impl Iterator<Item = i128>, length: u64) -> Self {
        let (mut high, mut low) = (0_u128, 0_u128);
        for figure in figures {
            let side = if figure < 0 { &mut low } else { &mut high };
            *side = (*side).max(figure.unsigned_abs());
        }
        let step = step(high.max(low));
        let (above, below) = (high.div_ceil(step), low.div_ceil(step));
        Self { step, above: if above + below == 0 { 1 } else { above }, below, length }
    }

    /// How far from its high end a figure stands.
    pub(super) fn place(self, figure: i128) -> u64 {
        let nought = scale(self.above, self.above + self.below, self.length);
        let extent = self.step.saturating_mul(self.above + self.below);
        let away = scale(figure.unsigned_abs(), extent, self.length);
        if figure < 0 { nought.saturating_add(away).min(self.length) } else { nought.saturating_sub(away) }
    }

    /// Its marks, from the lowest to the highest.
    pub(super) fn marks(self) -> Vec<i128> {
        let mark = |times: u128| i128::try_from(times.saturating_mul(self.step)).unwrap_or(i128::MAX);
        let below = (1..=self.below).rev().map(|times| -mark(times));
        below.chain((0..=self.above).map(mark)).collect()
    }
}

/// A length that stands for a figure, and parts of it for its parts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Whole {
    figure: u128,
    length: u64,
}

impl Whole {
    /// A figure, no less than nought, and the length that stands for it.
    pub(super) fn of(figure: i128, length: u64) -> Self {
        Self { figure: figure.max(0).unsigned_abs(), length }
    }

    /// How long a part is.
    pub(super) fn part(self, figure: i128) -> u64 {
        scale(figure.max(0).unsigned_abs(), self.figure, self.length)
    }
}

/// The step of which at most five fit.
fn step(most: u128) -> u128 {
    let mut ten = 1_u128;
    loop {
        for digit in [1_u128, 2, 5] {
            let Some(step) = digit.checked_mul(ten) else { return u128::MAX / 5 };
            if step.saturating_mul(5) >= most {
                return step;
            }
        }
        let Some(more) = ten.checked_mul(10) else { return ten };
        ten = more;
    }
}

/// What a part is of a length, when the whole is the length; halves are rounded up. No more than the length.
fn scale(part: u128, whole: u128, length: u64) -> u64 {
    let (mut part, mut whole) = (part, whole.max(1));
    // Digits that make no difference on paper are dropped where the product would not fit.
    while part.checked_mul(u128::from(length) * 2).and_then(|product| product.checked_add(whole)).is_none() {
        (part, whole) = (part >> 1, (whole >> 1).max(1));
    }
    let scaled = (part * u128::from(length) * 2 + whole) / whole.saturating_mul(2);
    u64::try_from(scaled).unwrap_or(length).min(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_proportional_at_any_size() {
        for unit in [1, 1_000, 9_000_000_000_000_000, i128::MAX / 1_000] {
            let axis = Axis::of([300 * unit, -100 * unit, 0].into_iter(), 4_000);
            let places = [300, 150, 0, -100].map(|times| axis.place(times * unit));
            assert!(places.is_sorted(), "{unit}: {places:?}");
            let [high, half, nought, low] = places;
            assert!((nought - half).abs_diff(half - high) <= 1, "{unit}: {places:?}");
            assert!((nought - high).abs_diff((low - nought) * 3) <= 3, "{unit}: {places:?}");
            assert!(low - high >= 4_000 / 2, "{unit}: the figures fill the paper: {places:?}");
        }
        let marks = Axis::of([430, -90].into_iter(), 1_000).marks();
        assert_eq!(marks, [-100, 0, 100, 200, 300, 400, 500]);
        assert_eq!(Axis::of(std::iter::empty(), 1_000).marks(), [0, 1]);
        let all = Axis::of([i128::MAX, i128::MIN].into_iter(), 1_000);
        assert!(all.place(i128::MAX) < all.place(0) && all.place(0) < all.place(i128::MIN));
    }
}
