//! `counterfoil reset`

use super::Failure;
use super::arguments::Data;
use super::output::Output;
use crate::app::EngineConfig;
use crate::backup::{origin_of, programme_alone};
use crate::control::{self, start};
use crate::ops::{Environment, Secrets};
use crate::storage::{Replaced, fold_wal, open_ledger};
use crate::writer::Actor;
use clap::Args;

/// Empty a staging directory: customers, cards and movements go, the programme stays
///
/// Partners, shops, templates, keys (with their secrets) and webhooks stay as they are, with the numbers that they have. It is a new
/// log, with a key of its own for checkpoints; nothing is kept of the old one, but what `restore` put aside in DIR/replaced-… before stays
/// until you remove it. A directory that was made for production is refused, and so is one that is being served.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  counterfoil reset --data ./trial --confirm example.com/trial")]
pub(super) struct Reset {
    #[command(flatten)]
    data: Data,
    /// What the log is called in its checkpoints: `counterfoil audit-key list` shows it, and so does this command without it
    #[arg(long, value_name = "ORIGIN")]
    confirm: Option<String>,
}

impl Reset {
    pub(super) fn run(self, output: &mut Output) -> Result<(), Failure> {
        let dir = self.data.dir();
        dir.expect_ledger()?;
        if dir.is_backup() {
            return Err(Failure::WrongUse(format!("{} is a backup: it stays what it is", dir.path().display())));
        }
        let lock = control::lock(&dir)?;
        // It may be that an exchange was to be finished: what is asked is asked of what is there now.
        let environment = Secrets::open(&dir)?.environment();
        if environment != Environment::Staging {
            let path = dir.path().display();
            return Err(Failure::WrongUse(format!(
                "{path} was made for {environment}: nothing resets it. For trying things, `counterfoil init --environment staging`"
            )));
        }
        let events = crate::event_log::head(&open_ledger(&dir)?)?.seq;
        let origin = origin_of(&dir.ledger())?;
        let origin = origin.unwrap_or_else(|| "unnamed".to_owned());
        if self.confirm.as_deref() != Some(origin.as_str()) {
            return Err(Failure::WrongUse(format!(
                "this would drop {events} events of the log {origin}, all customers, cards and movements among them: repeat it with --confirm {origin}"
            )));
        }
        let staged = dir.begin_exchange(&lock)?;
        programme_alone(&dir, &staged)?;
        let (engine, operator, secrets) = start(EngineConfig::new(staged.clone()), staged.lock()?)?;
        let key = operator.notary().ensure_key(Some(&origin), Actor::CommandLine);
        drop((operator, secrets));
        engine.stop();
        let key = key?;
        for path in [dir.ledger(), dir.ops(), dir.views()] {
            fold_wal(&path)?;
        }
        dir.exchange(&lock, &Replaced::Dropped)?;
        output.line(format_args!("{} has its programme and nothing else.", dir.path().display()))?;
        for folder in dir.replaced()? {
            let path = folder.display();
            output
                .line(format_args!("What an earlier restore replaced is still in {path}: it holds people's names."))?;
        }
        output.line(format_args!("Checkpoints verify with {key}"))
    }
}
