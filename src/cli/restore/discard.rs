//! What is given up by putting an older copy in place, and that whoever does it says so.

use crate::backup::Comparison;
use crate::cli::Failure;
use crate::domain::Seq;
use crate::storage::DataDir;

/// What whoever restores says is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Discard {
    Events(i64),
    Unknown,
}

/// What is given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Lost {
    Nothing,
    /// Events that only the log has which is replaced; none where it cannot be read.
    Events(Option<Comparison>),
}

impl Lost {
    /// Whether the log that is replaced and the copy have no event in common.
    pub(super) fn is_of_another_log(&self) -> bool {
        match self {
            Self::Nothing | Self::Events(None) => false,
            Self::Events(Some(compared)) => compared.common == Seq::ZERO,
        }
    }

    /// How many events; none where nobody knows.
    pub(super) fn number(&self) -> Option<i64> {
        match self {
            Self::Nothing => Some(0),
            Self::Events(compared) => compared.as_ref().map(Comparison::lost),
        }
    }
}

impl Discard {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text == "unknown" {
            return Ok(Self::Unknown);
        }
        let number = text.parse::<i64>().ok().filter(|number| *number > 0);
        number.map(Self::Events).ok_or_else(|| "a number above 0, or unknown".to_owned())
    }

    /// Refuses what was not said, and what was said otherwise than it is. Of a log that is `damaged`, it may be said either way.
    pub(super) fn expect(said: Option<Self>, lost: Lost, damaged: bool, dir: &DataDir) -> Result<Lost, Failure> {
        let path = dir.path().display();
        let sentence = match (&lost, said) {
            (Lost::Nothing, None) | (Lost::Events(None), Some(Self::Unknown)) => return Ok(lost),
            (Lost::Events(Some(compared)), Some(Self::Events(said))) if said == compared.lost() => return Ok(lost),
            (Lost::Events(Some(_)), Some(Self::Unknown)) if damaged => return Ok(lost),
            (Lost::Nothing, Some(_)) => {
                format!("{path} holds no event that the copy lacks: leave --discard-events out")
            }
            (Lost::Events(None), None | Some(Self::Events(_))) => format!(
                "the log in {path} cannot be read, so nobody can say what would be lost: where nothing better is left, --discard-events unknown"
            ),
            (Lost::Events(Some(compared)), None | Some(Self::Events(_) | Self::Unknown)) => {
                let Comparison { events, common, between } = compared;
                let between = between.map(|(first, last)| {
                    format!(", recorded from {} to {},", first.to_seconds_text(), last.to_seconds_text())
                });
                format!(
                    "{path} holds {events} events, and the copy is the same up to event {common} only: {} events{} would be lost. To give them up: --discard-events {}",
                    compared.lost(),
                    between.unwrap_or_default(),
                    compared.lost(),
                )
            }
        };
        Err(Failure::WrongUse(sentence))
    }
}
