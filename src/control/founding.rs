//! Founding a programme: one partner, one shop, one template and one key, in a ledger that is still empty.

use super::message::{NewKey, Refused};
use super::operator::{Operator, refused, told};
use crate::domain::cards::Issue;
use crate::domain::customers::PersonRecord;
use crate::domain::points::Points;
use crate::domain::programme::{CreatePartner, CreateTemplate, KeyForm, OpenShop, TemplateRules};
use crate::domain::{CardId, Event, Metadata, PartnerId, ShopId, TemplateId};
use crate::ops::SecretText;
use crate::writer::{Command, Outcome};
use std::collections::BTreeMap;

/// What the programme is called and counts in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Founding {
    pub partner: String,
    pub shop: String,
    /// ISO 4217.
    pub currency: String,
    pub rules: TemplateRules,
}

/// What was founded, with the key's secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Founded {
    pub partner: PartnerId,
    pub shop: ShopId,
    pub template: TemplateId,
    pub api_key: String,
    pub api_secret: SecretText,
}

/// A person who gets a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMember {
    pub email: &'static str,
    pub name: &'static str,
}

/// Founds the programme, command by command, as the command line.
///
/// # Errors
/// When a command could not be written. The ledger is then incomplete and of no use.
pub fn found(operator: &Operator, founding: &Founding) -> Result<Founded, Refused> {
    // A partner that is being founded belongs to the deployment, which is number 0.
    let command =
        Command::CreatePartner(CreatePartner { name: founding.partner.clone(), currency: founding.currency.clone() });
    let partner = one(&submit(operator, PartnerId::new(0), command)?, |event| {
        if let Event::PartnerCreated(created) = event { Some(created.partner) } else { None }
    })?;
    let command = Command::OpenShop(OpenShop::named(&founding.shop));
    let shop = one(&submit(operator, partner, command)?, |event| {
        if let Event::ShopOpened(opened) = event { Some(opened.shop) } else { None }
    })?;
    let title = BTreeMap::from([("en".to_owned(), "Loyalty card".to_owned())]);
    let command = Command::CreateTemplate(CreateTemplate::titled(title, founding.rules.clone()));
    let template = one(&submit(operator, partner, command)?, |event| {
        if let Event::TemplateCreated(created) = event { Some(created.template) } else { None }
    })?;
    let (key, api_secret) = operator.new_key(&NewKey::unrestricted("first key"))?;
    Ok(Founded { partner, shop, template, api_key: key.public_id, api_secret })
}

/// Registers a person and issues a card in a shop.
///
/// # Errors
/// When it was refused.
pub fn issue_card(operator: &Operator, founded: &Founded, member: &NewMember) -> Result<CardId, Refused> {
    let name = Some(member.name.to_owned());
    let issue = Issue {
        person: PersonRecord { email: member.email.to_owned(), name, ..PersonRecord::default() },
        initial_points: Some(Points::ZERO),
        design: "default".to_owned(),
        activate: true,
        metadata: Metadata::new(),
        shop: Some(founded.shop),
        happened_at: None,
    };
    one(&submit(operator, founded.partner, Command::Issue(issue))?, |event| {
        if let Event::CardIssued(issued) = event { Some(issued.card) } else { None }
    })
}

/// Moves points on a card of the programme.
///
/// # Errors
/// When it was refused.
pub fn move_points(operator: &Operator, founded: &Founded, command: Command) -> Result<(), Refused> {
    submit(operator, founded.partner, command).map(|_| ())
}

impl NewKey {
    /// A pair that may do everything, for the only partner.
    #[must_use]
    pub fn unrestricted(name: &str) -> Self {
        Self {
            partner: None,
            name: name.to_owned(),
            form: KeyForm::Pair,
            shop: None,
            scopes: Vec::new(),
            allowed_ips: Vec::new(),
            expires_at: None,
        }
    }
}

fn submit(operator: &Operator, partner: PartnerId, command: Command) -> Result<Outcome, Refused> {
    operator.submit(partner, command).map_err(|refusal| told(&refusal))
}

fn one<T>(outcome: &Outcome, wanted: impl Fn(&Event) -> Option<T>) -> Result<T, Refused> {
    let found = outcome.events.iter().find_map(|recorded| wanted(&recorded.event));
    found.ok_or_else(|| refused("the writer did not record what was asked".to_owned()))
}
