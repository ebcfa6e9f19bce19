//! `counterfoil init`

use super::arguments::{self, Data};
use super::output::Output;
use super::{Failure, programme};
use crate::control::Founded;
use crate::domain::{PartnerId, ShopId, TemplateId};
use crate::ops::Environment;
use clap::Args;
use serde::Serialize;

/// Create a ledger with one partner, one shop, one card template and one key
///
/// The template gives 10 points per 1.00 and takes 100 points per 1.00; nothing expires. The key may do everything; its
/// secret is shown once and kept nowhere. A directory that already holds a ledger is left as it is.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  counterfoil init --data ./books --partner \"Corner Bakery\" --currency EUR")]
pub(super) struct Init {
    #[command(flatten)]
    data: Data,
    /// What the partner, the business that runs the programme, is called
    #[arg(long, value_name = "NAME", default_value = "Loyalty programme", value_parser = arguments::name)]
    partner: String,
    /// The currency of the partner's prices (ISO 4217)
    #[arg(long, value_name = "CODE", default_value = "EUR", value_parser = arguments::currency)]
    currency: String,
    /// What the directory is for, decided once: staging can be emptied with `counterfoil reset`, production cannot
    #[arg(long, value_name = "NAME", default_value = "production")]
    environment: arguments::For,
    /// What the log is called in its signed checkpoints, such as loyalty.example.com/books; random if not given
    #[arg(long, value_name = "NAME", value_parser = arguments::origin)]
    origin: Option<String>,
    /// Print {"partner_id","shop_id","template_id","api_key","api_secret"} and nothing else
    #[arg(long)]
    json: bool,
}

impl Init {
    pub(super) fn run(self, output: &mut Output) -> Result<(), Failure> {
        let dir = self.data.dir();
        let founding = programme::founding(&self.partner, &self.partner, &self.currency, self.origin);
        let (founded, ()) = programme::create(&dir, (&founding, self.environment.into()), &[], |_, _, _| Ok(()))?;
        if self.json {
            return output.json(&Credentials::from(&founded));
        }
        let environment = Environment::from(self.environment);
        output.line(format_args!("{} holds a ledger now, for {environment}.", dir.path().display()))?;
        output
            .line(format_args!("partner {}, shop {}, template {}", founded.partner, founded.shop, founded.template))?;
        output.line(format_args!("X-API-Key:    {}", founded.api_key))?;
        output.line(format_args!("X-API-Secret: {}  (shown once)", founded.api_secret.reveal()))?;
        output.line(format_args!("Checkpoints verify with {}", founded.checkpoint_key))?;
        output.line(format_args!("Next: counterfoil serve --data {}", dir.path().display()))
    }
}

/// The answer for scripts, in this order.
#[derive(Serialize)]
struct Credentials<'a> {
    partner_id: PartnerId,
    shop_id: ShopId,
    template_id: TemplateId,
    api_key: &'a str,
    api_secret: &'a str,
}

impl<'a> From<&'a Founded> for Credentials<'a> {
    fn from(founded: &'a Founded) -> Self {
        Self {
            partner_id: founded.partner,
            shop_id: founded.shop,
            template_id: founded.template,
            api_key: &founded.api_key,
            api_secret: founded.api_secret.reveal(),
        }
    }
}
