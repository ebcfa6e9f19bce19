//! Card numbers: `LC` and twelve digits, the last a Luhn check digit.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// A card number, as printed on the card.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CardNumber([u8; Self::LENGTH]);

impl CardNumber {
    const LENGTH: usize = 14;

    /// How many different numbers there are.
    pub const COUNT: u64 = 100_000_000_000;

    /// The number whose first eleven digits are `drawn`; what is above [`CardNumber::COUNT`] wraps.
    #[must_use]
    pub fn from_drawn(drawn: u64) -> Self {
        let body = format!("{:011}", drawn % Self::COUNT);
        Self::of(&format!("LC{body}{}", check_digit(&body))).expect("two letters and twelve digits")
    }

    /// Reads a number as people write it: case, spaces and dashes aside, with or without `LC`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let plain: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect::<String>().to_ascii_uppercase();
        let digits = plain.strip_prefix("LC").unwrap_or(&plain);
        let valid = digits.len() == 12 && digits.bytes().all(|byte| byte.is_ascii_digit());
        valid.then(|| Self::of(&format!("LC{digits}"))).flatten()
    }

    fn of(printed: &str) -> Option<Self> {
        let plain = printed.strip_prefix("LC")?.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| printed.as_bytes().try_into().ok().map(Self)).flatten()
    }

    /// The number as printed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("letters and digits")
    }
}

impl Serialize for CardNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for CardNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::of(&text).ok_or_else(|| de::Error::custom("not a card number"))
    }
}

impl fmt::Debug for CardNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CardNumber({})", self.as_str())
    }
}

impl fmt::Display for CardNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

// Luhn, ISO/IEC 7812-1 annex B: from the right, every second digit is doubled, beginning with the one beside the check digit.
fn check_digit(body: &str) -> u32 {
    let sum: u32 = body
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let digit = u32::from(byte - b'0');
            let weighted = if place % 2 == 0 { digit * 2 } else { digit };
            weighted / 10 + weighted % 10
        })
        .sum();
    (10 - sum % 10) % 10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_digit_is_luhn() {
        // The textbook example: 7992739871 has check digit 3.
        assert_eq!(check_digit("7992739871"), 3);
        assert_eq!(CardNumber::from_drawn(7_992_739_871).as_str(), "LC079927398713");
        assert_eq!(CardNumber::from_drawn(0).as_str(), "LC000000000000");
    }

    #[test]
    fn a_number_is_read_however_it_is_written() {
        let number = CardNumber::from_drawn(7_992_739_871);
        for text in ["LC079927398713", "lc079927398713", "LC 0799-2739-8713", "079927398713"] {
            assert_eq!(CardNumber::parse(text), Some(number), "{text}");
        }
        for text in ["", "LC", "LC07992739871", "LC0799273987134", "LX079927398713"] {
            assert_eq!(CardNumber::parse(text), None, "{text}");
        }
    }
}
