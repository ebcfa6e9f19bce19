//! `counterfoil keys create|list|revoke`

use super::Failure;
use super::arguments::{self, Data};
use super::output::Output;
use crate::control::{AdminAnswer, AdminRequest, KeyView, NewKey, call};
use crate::domain::programme::{KeyForm, Scope};
use crate::domain::{PartnerId, ShopId, Timestamp};
use crate::ops::SecretText;
use clap::{Args, Subcommand};
use serde_json::json;

/// Create, list and revoke credentials, while the service runs or not
///
/// To rotate a key without a gap: create another, move the shop over to it, revoke the old one.
#[derive(Debug, Args)]
pub(super) struct Keys {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Create(Create),
    List(List),
    Revoke(Revoke),
}

/// Create a key; its secret is shown once and kept nowhere
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  counterfoil keys create --data ./books --name \"web shop\"
  counterfoil keys create --data ./books --name till --shop 1 --bearer --scopes loyalty:read,points:manage
  counterfoil keys create --data ./books --allowed-ips 192.0.2.7,10.0.0.0/8 --expires-at 2030-01-01
  counterfoil keys create --data ./books --name auditor --audit-all --bearer

Scopes: loyalty:read, loyalty:write, points:manage, customers:erase, programme:manage, webhooks:manage, audit. A key without any may do everything.")]
struct Create {
    #[command(flatten)]
    data: Data,
    /// What to call it
    #[arg(long, default_value = "key", value_parser = arguments::name)]
    name: String,
    /// Bind it to one shop
    #[arg(long, value_name = "ID", group = "reach")]
    shop: Option<i64>,
    /// Make it the deployment's, for an auditor: it sees the events of every partner, and may do nothing else
    #[arg(long, group = "reach", conflicts_with_all = ["scopes", "partner"])]
    audit_all: bool,
    /// Make one bearer token instead of a key and a secret; needs --shop or --audit-all
    #[arg(long, requires = "reach")]
    bearer: bool,
    /// What it may do, separated by commas; everything if not given
    #[arg(long, value_name = "SCOPE", value_delimiter = ',', value_parser = arguments::scope)]
    scopes: Vec<Scope>,
    /// From where it may be used: addresses or CIDR blocks, separated by commas; anywhere if not given
    #[arg(long, value_name = "BLOCK", value_delimiter = ',', value_parser = arguments::address_block)]
    allowed_ips: Vec<String>,
    /// When it stops working: RFC 3339, or a date
    #[arg(long, value_name = "TIME", value_parser = arguments::moment)]
    expires_at: Option<Timestamp>,
    /// Whose it is, where there are several partners
    #[arg(long, value_name = "ID")]
    partner: Option<i64>,
    /// Print the credential as JSON and nothing else
    #[arg(long)]
    json: bool,
}

/// List the keys, without their secrets
#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    data: Data,
    /// Print an array of JSON objects
    #[arg(long)]
    json: bool,
}

/// End a key, for good and at once
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  counterfoil keys revoke --data ./books --key 5")]
struct Revoke {
    #[command(flatten)]
    data: Data,
    /// Which: its number (5 or key_5) or its public id
    #[arg(long, value_name = "ID")]
    key: String,
    /// Print the key as JSON and nothing else
    #[arg(long)]
    json: bool,
}

impl Keys {
    pub(super) fn run(self, output: &mut Output) -> Result<(), Failure> {
        match self.action {
            Action::Create(create) => create.run(output),
            Action::List(list) => list.run(output),
            Action::Revoke(revoke) => revoke.run(output),
        }
    }
}

impl Create {
    fn run(self, output: &mut Output) -> Result<(), Failure> {
        let json = self.json;
        let answer = call(&self.data.dir(), &AdminRequest::CreateKey(self.new_key()))?;
        let AdminAnswer::KeyCreated { key, secret } = answer else { return Err(Failure::unexpected()) };
        if json {
            return output.json(&credential(&key, &secret));
        }
        output.line(format_args!("Key {} of partner {} is made.", key.key_id, key.partner_id))?;
        match (key.form, key.shop_id) {
            (KeyForm::Bearer, Some(shop)) => {
                output.line(format_args!("Authorization: Bearer {}  (shown once)", secret.reveal()))?;
                output.line(format_args!("Shop-ID: {shop}"))
            }
            (KeyForm::Bearer, None) => {
                output.line(format_args!("Authorization: Bearer {}  (shown once)", secret.reveal()))
            }
            (KeyForm::Pair, _) => {
                output.line(format_args!("X-API-Key:    {}", key.public_id))?;
                output.line(format_args!("X-API-Secret: {}  (shown once)", secret.reveal()))
            }
        }
    }

    fn new_key(self) -> NewKey {
        NewKey {
            partner: if self.audit_all { Some(PartnerId::DEPLOYMENT) } else { self.partner.map(PartnerId::new) },
            name: self.name,
            form: if self.bearer { KeyForm::Bearer } else { KeyForm::Pair },
            shop: self.shop.map(ShopId::new),
            scopes: if self.audit_all { vec![Scope::Audit] } else { self.scopes },
            allowed_ips: self.allowed_ips,
            expires_at: self.expires_at,
        }
    }
}

impl List {
    fn run(self, output: &mut Output) -> Result<(), Failure> {
        let answer = call(&self.data.dir(), &AdminRequest::ListKeys)?;
        let AdminAnswer::Keys { keys } = answer else { return Err(Failure::unexpected()) };
        if self.json {
            return output.json(&keys);
        }
        for key in keys {
            output.line(line(&key))?;
        }
        Ok(())
    }
}

impl Revoke {
    fn run(self, output: &mut Output) -> Result<(), Failure> {
        let answer = call(&self.data.dir(), &AdminRequest::RevokeKey { key: self.key })?;
        let AdminAnswer::KeyRevoked { key, already } = answer else { return Err(Failure::unexpected()) };
        if self.json {
            return output.json(&key);
        }
        let before = if already { " already" } else { "" };
        output.line(format_args!("Key {} ({}) is revoked{before}.", key.key_id, key.public_id))
    }
}

fn credential(key: &KeyView, secret: &SecretText) -> serde_json::Value {
    let (key_id, partner_id, shop_id) = (key.key_id, key.partner_id, key.shop_id);
    match key.form {
        KeyForm::Pair => json!({
            "key_id": key_id, "partner_id": partner_id, "shop_id": shop_id,
            "api_key": key.public_id, "api_secret": secret.reveal(),
        }),
        KeyForm::Bearer => json!({
            "key_id": key_id, "partner_id": partner_id, "shop_id": shop_id, "bearer_token": secret.reveal(),
        }),
    }
}

fn line(key: &KeyView) -> String {
    let state = match (key.revoked_at, key.expires_at) {
        (Some(at), _) => format!("revoked {}", at.to_seconds_text()),
        (None, Some(at)) => format!("until {}", at.to_seconds_text()),
        (None, None) => "active".to_owned(),
    };
    let shop = key.shop_id.map_or_else(|| "any shop".to_owned(), |shop| format!("shop {shop}"));
    let scopes = key.scopes.iter().map(|scope| scope.name()).collect::<Vec<_>>().join(",");
    let scopes = if scopes.is_empty() { "everything".to_owned() } else { scopes };
    let from = if key.allowed_ips.is_empty() { "anywhere".to_owned() } else { key.allowed_ips.join(",") };
    format!(
        "{}\t{}\tpartner {}\t{shop}\t{scopes}\tfrom {from}\tsince {}\t{state}",
        key.key_id,
        key.public_id,
        key.partner_id,
        key.created_at.to_seconds_text()
    )
}
