//! Exact fractions, for the one place where decimals are not enough: a division whose result is rounded to whole points or coins.

use super::money::Money;
use super::points::Points;
use rust_decimal::Decimal;

/// A fraction that is not negative. Every step is exact or refused: nothing is rounded before the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ratio {
    numerator: i128,
    /// More than zero.
    denominator: i128,
}

impl Ratio {
    /// A decimal, exactly. None where it is negative.
    pub(super) fn of(number: Decimal) -> Option<Self> {
        let number = number.normalize();
        let ratio = Self { numerator: number.mantissa(), denominator: power_of_ten(number.scale())? };
        (number.mantissa() >= 0).then(|| ratio.reduced())
    }

    /// So many points.
    pub(super) fn of_points(points: Points) -> Option<Self> {
        Self::of(Decimal::from(points.get()))
    }

    /// The product, or `None` where it is too large to be exact.
    pub(super) fn times(self, other: Self) -> Option<Self> {
        // What cancels is taken out first, so that ordinary rates never come near the bounds of the numbers.
        let (left, right) = (divisor(self.numerator, other.denominator), divisor(other.numerator, self.denominator));
        Some(Self {
            numerator: (self.numerator / left).checked_mul(other.numerator / right)?,
            denominator: (self.denominator / right).checked_mul(other.denominator / left)?,
        })
    }

    /// The quotient, or `None` where the divisor is zero or the result too large to be exact.
    pub(super) fn over(self, other: Self) -> Option<Self> {
        let inverse = Self { numerator: other.denominator, denominator: other.numerator };
        if other.numerator == 0 { None } else { self.times(inverse) }
    }

    /// Whole points, the rest dropped; `None` where they are more than a balance holds.
    pub(super) fn points_rounded_down(self) -> Option<Points> {
        whole_points(self.numerator / self.denominator)
    }

    /// Whole points, a begun one counted; `None` where they are more than a balance holds.
    pub(super) fn points_rounded_up(self) -> Option<Points> {
        let begun = i128::from(self.numerator % self.denominator != 0);
        whole_points((self.numerator / self.denominator).checked_add(begun)?)
    }

    /// A decimal of so many places, the rest dropped; `None` where it is too large.
    pub(super) fn decimal_rounded_down(self, places: u32) -> Option<Decimal> {
        let scaled = self.numerator.checked_mul(power_of_ten(places)?)? / self.denominator;
        Decimal::try_from_i128_with_scale(scaled, places).ok()
    }

    /// An amount of so many places, the rest dropped; `None` where it is too large.
    pub(super) fn money_rounded_down(self, places: u32) -> Option<Money> {
        Money::new(self.decimal_rounded_down(places)?)
    }

    fn reduced(self) -> Self {
        let common = divisor(self.numerator, self.denominator);
        Self { numerator: self.numerator / common, denominator: self.denominator / common }
    }
}

fn whole_points(points: i128) -> Option<Points> {
    let points = Points::new(i64::try_from(points).ok()?);
    (points <= Points::MAX_BALANCE).then_some(points)
}

fn power_of_ten(places: u32) -> Option<i128> {
    10_i128.checked_pow(places)
}

// Euclid's: the greatest number that divides both, of which the second is more than zero.
const fn divisor(mut a: i128, mut b: i128) -> i128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(text: &str) -> Ratio {
        Ratio::of(text.parse().unwrap()).unwrap()
    }

    #[test]
    fn a_third_of_three_is_one() {
        let third = ratio("1").over(ratio("3")).unwrap();
        let whole = third.times(ratio("3")).unwrap();
        assert_eq!(
            (whole.points_rounded_down(), whole.points_rounded_up()),
            (Some(Points::new(1)), Some(Points::new(1)))
        );
        assert_eq!(third.points_rounded_up(), Some(Points::new(1)));
        assert_eq!(third.decimal_rounded_down(6).unwrap().to_string(), "0.333333");
    }

    #[test]
    fn what_cannot_be_exact_is_refused() {
        let largest = Ratio::of(Decimal::MAX).unwrap();
        assert_eq!(largest.times(largest), None);
        assert_eq!(largest.points_rounded_down(), None);
        assert_eq!(ratio("1").over(ratio("0")), None);
        assert_eq!(Ratio::of(Decimal::NEGATIVE_ONE), None);
    }

    #[test]
    fn what_cancels_does_not_count_towards_the_bounds() {
        let largest = Ratio::of(Decimal::MAX).unwrap();
        assert_eq!(
            largest.times(ratio("7").over(largest).unwrap()).unwrap().points_rounded_down(),
            Some(Points::new(7))
        );
    }
}
