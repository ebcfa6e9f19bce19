//! `counterfoil seal`

use super::Failure;
use super::arguments::Data;
use super::output::Output;
use crate::control::{AdminAnswer, AdminRequest, call};
use clap::Args;

/// Seal the balances of every month that is over and not sealed yet
///
/// Each partner's months are sealed one after the other, from the one in which the partner was founded; prints a line for each.
/// A seal commits to every card's balance at the month's end, so that one card's can be proved later without showing any other.
/// A running service does this by itself (`serve --seal-balances`). Works while it runs, and when it does not.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  counterfoil seal --data ./books")]
pub(super) struct Seal {
    #[command(flatten)]
    data: Data,
}

impl Seal {
    pub(super) fn run(self, output: &mut Output) -> Result<(), Failure> {
        let dir = self.data.dir();
        let mut sealed = 0;
        // One at a time: a service is given a minute to answer, which hashing years of cards would exceed.
        loop {
            let answer = call(&dir, &AdminRequest::Seal)?;
            if let AdminAnswer::Sealed { partner, period, cards } = answer {
                sealed += 1;
                output.line(format_args!("sealed {period} of partner {partner}: {cards} cards"))?;
                continue;
            }
            let AdminAnswer::NothingToSeal = answer else { return Err(Failure::unexpected()) };
            return if sealed == 0 { output.line("every month that is over is sealed") } else { Ok(()) };
        }
    }
}
