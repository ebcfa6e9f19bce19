//! Exact decimals as payloads spell them, and the few fractions that an auditor has to round. Nothing here is a binary fraction.

use crate::payload::Text;
use serde::{Deserialize, Deserializer, de};
use std::cmp::Ordering;
use std::fmt;

/// A number that is not negative: `digits` / 10^`places`, without zeros at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    digits: u128,
    places: u32,
}

impl Decimal {
    /// Nothing.
    pub const ZERO: Self = Self { digits: 0, places: 0 };
    /// One.
    pub const ONE: Self = Self { digits: 1, places: 0 };

    /// A number of so many places; zeros at the end do not count.
    #[must_use]
    pub const fn new(mut digits: u128, mut places: u32) -> Self {
        while places > 0 && digits.is_multiple_of(10) {
            digits /= 10;
            places -= 1;
        }
        Self { digits, places }
    }

    /// Reads digits with at most one point between them: no sign, no exponent.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        if whole.is_empty() || fraction.is_empty() == text.contains('.') {
            return None;
        }
        let digits = whole.bytes().chain(fraction.bytes()).try_fold(0_u128, |number, byte| {
            let digit = byte.is_ascii_digit().then(|| u128::from(byte - b'0'))?;
            number.checked_mul(10)?.checked_add(digit)
        })?;
        Some(Self::new(digits, u32::try_from(fraction.len()).ok()?))
    }

    /// Whether it is nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.digits == 0
    }

    /// How many decimal places it has.
    #[must_use]
    pub const fn places(self) -> u32 {
        self.places
    }

    /// The number in units of so many places, if it is a whole number of them.
    #[must_use]
    pub fn scaled(self, places: u32) -> Option<i64> {
        let tens = 10_u128.checked_pow(places.checked_sub(self.places)?)?;
        i64::try_from(self.digits.checked_mul(tens)?).ok()
    }

    /// The sum; none where no number holds it.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        let (one, two, places) = self.aligned(other)?;
        Some(Self::new(one.checked_add(two)?, places))
    }

    /// The difference; none where it is below nothing.
    #[must_use]
    pub fn minus(self, other: Self) -> Option<Self> {
        let (one, two, places) = self.aligned(other)?;
        Some(Self::new(one.checked_sub(two)?, places))
    }

    fn aligned(self, other: Self) -> Option<(u128, u128, u32)> {
        let places = self.places.max(other.places);
        let scaled = |it: Self| it.digits.checked_mul(10_u128.checked_pow(places - it.places)?);
        Some((scaled(self)?, scaled(other)?, places))
    }
}

impl PartialOrd for Decimal {
    /// None only where the numbers are too far apart in their places to be compared.
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.aligned(*other).map(|(one, two, _)| one.cmp(&two))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = usize::try_from(self.places).unwrap_or(0);
        let digits = format!("{:0>width$}", self.digits, width = places + 1);
        let (whole, fraction) = digits.split_at(digits.len() - places);
        if fraction.is_empty() { f.write_str(whole) } else { write!(f, "{whole}.{fraction}") }
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Text::deserialize(deserializer)?;
        Self::parse(text.as_str())
            .ok_or_else(|| de::Error::custom(format!("{:?} is not a decimal number", text.as_str())))
    }
}

/// An amount of money: at most four decimal places.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Money(pub Decimal);

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let amount = Decimal::deserialize(deserializer)?;
        if amount.places() > 4 {
            return Err(de::Error::custom(format!("{amount} is no amount of money: it has more than four places")));
        }
        Ok(Self(amount))
    }
}

/// A product of numbers over a product of numbers, rounded once, at the end.
#[derive(Debug, Clone, Copy)]
pub struct Fraction {
    above: u128,
    below: u128,
}

impl Fraction {
    /// The exact value of `above` multiplied together over `below` multiplied together; none where it divides by nothing or no
    /// number holds it.
    #[must_use]
    pub fn of<const A: usize, const B: usize>(above: [Decimal; A], below: [Decimal; B]) -> Option<Self> {
        // A place after the point above counts like a ten below, and the other way round.
        let tens = |numbers: &[Decimal]| numbers.iter().map(|number| number.places).sum::<u32>();
        let (up, down) = (tens(&below), tens(&above));
        let shared = up.min(down);
        let (mut upper, mut lower) = ([1; 8], [1; 8]);
        for (place, number) in upper.iter_mut().zip(above.iter().map(|it| it.digits)) {
            *place = number;
        }
        for (place, number) in lower.iter_mut().zip(below.iter().map(|it| it.digits)) {
            *place = number;
        }
        upper[7] = 10_u128.checked_pow(up - shared)?;
        lower[7] = 10_u128.checked_pow(down - shared)?;
        let product = |numbers: &[u128; 8]| numbers.iter().try_fold(1_u128, |all, number| all.checked_mul(*number));
        if lower.contains(&0) {
            return None;
        }
        if let (Some(above), Some(below)) = (product(&upper), product(&lower)) {
            return Some(Self { above, below });
        }
        // What cancels is taken out, and only then is anything too large.
        for one in &mut upper {
            for other in &mut lower {
                let common = divisor(*one, *other);
                (*one, *other) = (*one / common, *other / common);
            }
        }
        Some(Self { above: product(&upper)?, below: product(&lower)? })
    }

    /// Whole numbers, the rest dropped.
    #[must_use]
    pub const fn down(self) -> u128 {
        self.above / self.below
    }

    /// Whole numbers, a begun one counted.
    #[must_use]
    pub const fn up(self) -> u128 {
        self.above.div_ceil(self.below)
    }
}

impl fmt::Display for Fraction {
    /// In lowest terms: `27/37`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let common = divisor(self.above, self.below);
        write!(f, "{}/{}", self.above / common, self.below / common)
    }
}

/// Euclid's; `b` is not zero.
const fn divisor(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// How many decimal places a currency's smallest coin has.
#[must_use]
pub fn coin_places(currency: &str) -> u32 {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "VND" | "VUV"
        | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Decimal {
        Decimal::parse(text).expect(text)
    }

    #[test]
    fn a_decimal_is_plain_digits_and_means_its_value() {
        for (text, shown) in [("15.50", "15.5"), ("0.00", "0"), ("100", "100"), ("0.0001", "0.0001"), ("007", "7")] {
            assert_eq!(number(text).to_string(), shown, "{text}");
        }
        for wrong in
            ["", ".", "1.", ".5", "-1", "+1", "1e3", "1.2.3", "1 ", "0x1", "9999999999999999999999999999999999999999"]
        {
            assert_eq!(Decimal::parse(wrong), None, "{wrong:?}");
        }
        assert!(number("0.3") > number("0.29") && number("15.50") == number("15.5"));
        assert_eq!(number("0.1").plus(number("0.2")), Some(number("0.3")));
        assert_eq!(
            (number("1").minus(number("0.25")), number("1").minus(number("1.01"))),
            (Some(number("0.75")), None)
        );
    }

    #[test]
    fn a_fraction_is_rounded_once_at_its_end() {
        let of =
            |above: [&str; 2], below| Fraction::of(above.map(number), [number(below)]).map(|it| (it.down(), it.up()));
        assert_eq!(of(["0.29", "100"], "1"), Some((29, 29)));
        assert_eq!(of(["1", "3"], "3"), Some((1, 1)), "a third of three is one");
        assert_eq!(of(["9.99", "1"], "10"), Some((0, 1)));
        assert_eq!(of(["1", "1"], "0.25"), Some((4, 4)));
        assert_eq!(of(["1", "1"], "0"), None);
        let huge = "100000000000000000000000000000000000000";
        assert_eq!(of([huge, "7"], huge), Some((7, 7)), "what cancels does not count");
        assert_eq!(of([huge, huge], "1"), None);
        let shown = Fraction::of([number("270"), number("0.5")], [number("185")]).map(|it| it.to_string());
        assert_eq!(shown.as_deref(), Some("27/37"));
    }
}
