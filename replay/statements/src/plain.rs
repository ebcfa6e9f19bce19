//! What a terminal is shown of a text that somebody else wrote.

use std::borrow::Cow;
use std::io::{self, Write};

/// The text with `U+FFFD` in the place of each character that a terminal would obey rather than show: controls, ends of lines among
/// them, and what turns the direction of what follows.
#[must_use]
pub fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains(is_obeyed) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|letter| if is_obeyed(letter) { '\u{fffd}' } else { letter }).collect())
}

fn is_obeyed(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

/// A writer to a terminal: lines end where they are told to, and nothing else is obeyed. Every write is of whole characters, as
/// `write!` makes them.
#[derive(Debug)]
pub struct Plain<W>(pub W);

impl<W: Write> Write for Plain<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for (place, line) in String::from_utf8_lossy(bytes).split('\n').enumerate() {
            if place > 0 {
                self.0.write_all(b"\n")?;
            }
            self.0.write_all(plain(line).as_bytes())?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_obeys_nothing_of_a_text() {
        let text = "a\u{1b}[2J\u{9b}1m\u{7f}\r\nThe ledger is sound.\u{202e}\u{2066}\u{200f}ė→\u{fffd}";
        let shown = plain(text);
        assert_eq!(
            shown,
            "a\u{fffd}[2J\u{fffd}1m\u{fffd}\u{fffd}\u{fffd}The ledger is sound.\u{fffd}\u{fffd}\u{fffd}ė→\u{fffd}"
        );
        assert!(matches!(plain("key:1, ąčę → 5"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_writer_ends_its_lines() {
        let mut written = Vec::new();
        writeln!(Plain(&mut written), "one\u{1b}\ntwo\r").expect("written");
        assert_eq!(String::from_utf8(written).expect("text"), "one\u{fffd}\ntwo\u{fffd}\n");
    }
}
