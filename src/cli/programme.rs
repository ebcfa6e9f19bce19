//! Making a new ledger with a programme in it, whole or not at all. `init` and `demo` begin with this.

use super::Failure;
use super::staging::Staging;
use crate::app::EngineConfig;
use crate::control::{Founded, Founding, Operator, found, start};
use crate::domain::programme::TemplateRules;
use crate::ops::Environment;
use crate::storage::DataDir;

/// The files of a data directory in the order in which they are put in place.
const FILES: [&str; 3] = ["views.db", "ops.db", "ledger.db"];

/// A programme of that name with the default rules.
pub(super) fn founding(partner: &str, shop: &str, currency: &str, origin: Option<String>) -> Founding {
    let (partner, shop, currency) = (partner.to_owned(), shop.to_owned(), currency.to_owned());
    Founding { partner, shop, currency, rules: TemplateRules::default(), origin }
}

/// Founds the programme in `target`, and does `more` (which may make `more_files`) before it is put in place.
pub(super) fn create<T>(
    target: &DataDir,
    (founding, environment): (&Founding, Environment),
    more_files: &[&str],
    more: impl FnOnce(&Operator, &Founded, &DataDir) -> Result<T, Failure>,
) -> Result<(Founded, T), Failure> {
    let staging = Staging::begin(target)?;
    let lock = staging.dir().lock()?;
    let (engine, operator, secrets) = start(EngineConfig::new(staging.dir()), lock)?;
    secrets.decide_environment(environment)?;
    let made = within(&operator, founding, |founded| more(&operator, founded, &staging.dir()));
    drop((operator, secrets));
    engine.stop();
    let made = made?;
    staging.finish(&[more_files, &FILES].concat())?;
    Ok(made)
}

fn within<T>(
    operator: &Operator,
    founding: &Founding,
    more: impl FnOnce(&Founded) -> Result<T, Failure>,
) -> Result<(Founded, T), Failure> {
    let founded = found(operator, founding)?;
    let extra = more(&founded)?;
    Ok((founded, extra))
}
