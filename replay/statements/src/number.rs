//! Numbers as people read them: grouped by three, with every digit.

/// Between groups of three digits: a narrow space at which no line ends.
const GAP: char = '\u{202f}';
/// Before a negative number.
const MINUS: char = '\u{2212}';

/// A whole number.
pub(crate) fn whole(number: i128) -> String {
    let mut text = String::new();
    if number < 0 {
        text.push(MINUS);
    }
    group(&number.unsigned_abs().to_string(), &mut text);
    text
}

/// A decimal number with so many decimals at least; as it stands, if it is none.
pub(crate) fn decimal(number: &str, decimals: usize) -> String {
    let Some((negative, digits, after)) = parts(number) else { return number.to_owned() };
    let mut text = String::new();
    if negative {
        text.push(MINUS);
    }
    group(digits, &mut text);
    if decimals > 0 || !after.is_empty() {
        text.push('.');
        text.push_str(after);
        text.extend(std::iter::repeat_n('0', decimals.saturating_sub(after.len())));
    }
    text
}

/// How many decimals a number has; none, if it is no decimal number.
pub(crate) fn decimals(number: &str) -> Option<usize> {
    parts(number).map(|(_, _, after)| after.len())
}

/// How many digits it has; none, if it is no decimal number.
pub(crate) fn digits(number: &str) -> Option<usize> {
    parts(number).map(|(_, before, after)| before.len() + after.len())
}

/// The sign, the digits before the point and those after it.
fn parts(number: &str) -> Option<(bool, &str, &str)> {
    let (negative, bare) = number.strip_prefix('-').map_or((false, number), |bare| (true, bare));
    let (before, after) = bare.split_once('.').unwrap_or((bare, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    (!before.is_empty() && digits(before) && digits(after) && !bare.ends_with('.')).then_some((negative, before, after))
}

fn group(digits: &str, text: &mut String) {
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(GAP);
        }
        text.push(digit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_and_none_is_lost() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (-1000, "−1 000"),
            (1_234_567, "1 234 567"),
            (i128::MIN, "−170 141 183 460 469 231 731 687 303 715 884 105 728"),
        ] {
            assert_eq!(whole(number).replace(GAP, " "), text);
        }
        for (number, places, text) in [
            ("3.5", 2, "3.50"),
            ("6", 0, "6"),
            ("1234567.125", 2, "1 234 567.125"),
            ("-1234", 2, "−1 234.00"),
            ("", 2, ""),
            ("1.", 2, "1."),
            ("1e9", 2, "1e9"),
            ("2026-01", 2, "2026-01"),
        ] {
            assert_eq!(decimal(number, places).replace(GAP, " "), text);
        }
        assert_eq!((decimals("1.25"), decimals("7"), decimals("x"), digits("12.5")), (Some(2), Some(0), None, Some(3)));
    }
}
