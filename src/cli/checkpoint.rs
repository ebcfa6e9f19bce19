//! `counterfoil checkpoint`

use super::Failure;
use super::arguments::Data;
use super::output::Output;
use crate::control::{AdminAnswer, AdminRequest, call};
use clap::Args;

/// Sign a checkpoint of everything recorded so far, and print it
///
/// The checkpoint is a signed note: the log's name, how many events it covers, the root of the Merkle tree over them, and the
/// signature. Keep it: a later log can be held against it. Where nothing has been recorded since the newest one, that is printed.
/// Works while the service runs, and when it does not.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  counterfoil checkpoint --data ./books > checkpoint.txt")]
pub(super) struct Checkpoint {
    #[command(flatten)]
    data: Data,
}

impl Checkpoint {
    pub(super) fn run(self, output: &mut Output) -> Result<(), Failure> {
        let answer = call(&self.data.dir(), &AdminRequest::Checkpoint)?;
        let AdminAnswer::Checkpoint { note, .. } = answer else { return Err(Failure::unexpected()) };
        // A note ends with the newline that a printed line brings.
        output.line(format_args!("{}", note.trim_end_matches('\n')))
    }
}
