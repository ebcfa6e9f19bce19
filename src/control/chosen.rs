//! A secret that an operator chose, on its way to whoever keeps it.

use super::message::Refused;
use super::operator::refused;
use crate::ops::{CHOSEN_SECRET_CHARS, may_be_chosen};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Its text leaves only to be kept: a request that is printed does not show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChosenSecret(String);

impl ChosenSecret {
    /// The text, where it may be a secret.
    pub(super) fn checked(self) -> Result<String, Refused> {
        if may_be_chosen(&self.0) {
            return Ok(self.0);
        }
        let (least, most) = CHOSEN_SECRET_CHARS;
        Err(refused(format!("--secret-file: the secret has to be {least} to {most} visible ASCII characters")))
    }
}

impl From<String> for ChosenSecret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for ChosenSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChosenSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_is_printed_does_not_show_it() {
        let secret = ChosenSecret::from("a secret of my own".to_owned());
        assert_eq!(format!("{secret:?}"), "ChosenSecret(…)");
        assert_eq!(secret.checked().unwrap(), "a secret of my own");
        for wrong in ["", "fifteen letters", "sixteen letters\n", "šešiolika raidžių", &"x".repeat(129)] {
            assert!(ChosenSecret::from(wrong.to_owned()).checked().is_err(), "{wrong}");
        }
    }
}
