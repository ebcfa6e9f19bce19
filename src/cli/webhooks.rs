//! `counterfoil webhooks create|list|update|remove|rotate|skip|test|deliveries|redeliver`

mod arguments;
mod lines;
mod secret_file;

use super::Failure;
use super::arguments::{Data, Switch};
use super::output::Output;
use crate::control::{AdminAnswer, AdminRequest, NewWebhook, WebhookAnswer, WebhookChanges, WebhookRequest, call};
use crate::domain::{PartnerId, Seq, ShopId, WebhookId};
use crate::webhooks::WebhookView;
use arguments::{Create, Deliveries, List, Redeliver, Remove, Rotate, Skip, Test, Update, Which};
use clap::{Args, Subcommand};
use lines::{attempt, line};

/// Manage webhooks: who is told of what happens, while the service runs or not
#[derive(Debug, Args)]
pub(super) struct Webhooks {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Create(Create),
    List(List),
    Update(Update),
    Remove(Remove),
    Skip(Skip),
    Rotate(Rotate),
    Test(Test),
    Deliveries(Deliveries),
    Redeliver(Redeliver),
}

impl Which {
    const fn id(&self) -> WebhookId {
        WebhookId::new(self.webhook)
    }

    fn ask(&self, request: WebhookRequest) -> Result<WebhookAnswer, Failure> {
        ask(&self.data, request)
    }
}

impl Webhooks {
    pub(super) fn run(self, output: &mut Output) -> Result<(), Failure> {
        match self.action {
            Action::Create(create) => create.run(output),
            Action::List(list) => list.run(output),
            Action::Update(update) => update.run(output),
            Action::Remove(remove) => remove.run(output),
            Action::Skip(skip) => skip.run(output),
            Action::Rotate(rotate) => rotate.run(output),
            Action::Test(test) => test.run(output),
            Action::Deliveries(deliveries) => deliveries.run(output),
            Action::Redeliver(redeliver) => redeliver.run(output),
        }
    }
}

impl Create {
    fn run(self, output: &mut Output) -> Result<(), Failure> {
        let new = NewWebhook {
            partner: self.partner.map(PartnerId::new),
            url: self.url,
            events: self.events,
            shop_ids: self.shops.into_iter().map(ShopId::new).collect(),
            description: self.description,
            is_active: !self.inactive,
            secret: self.secret_file.as_deref().map(secret_file::read).transpose()?,
        };
        let is_drawn = new.secret.is_none();
        let WebhookAnswer::One { webhook } = ask(&self.data, WebhookRequest::Create(new))? else {
            return Err(Failure::unexpected());
        };
        if self.json {
            return output.json(&webhook);
        }
        output.line(format_args!("Webhook {} is made.", webhook.id))?;
        new_secret(&webhook, is_drawn, output)
    }
}

impl List {
    fn run(self, output: &mut Output) -> Result<(), Failure> {
        let request = WebhookRequest::List { partner: self.partner.map(PartnerId::new) };
        let WebhookAnswer::All { webhooks } = ask(&self.data, request)? else { return Err(Failure::unexpected()) };
        if self.json {
            return output.json(&webhooks);
        }
        webhooks.iter().try_for_each(|webhook| output.line(line(webhook)))
    }
}

impl Update {
    fn run(self, output: &mut Output) -> Result<(), Failure> {
        let shop_ids = self.shops.map(|shops| shop_ids(&shops)).transpose()?;
        let is_active = self.active.map(|active| active == Switch::On);
        let changes =
            WebhookChanges { url: self.url, events: self.events, shop_ids, is_active, description: self.description };
        let request = WebhookRequest::Update { webhook: self.which.id(), changes };
        one(&self.which, request, output)
    }
}

impl Remove {
    fn run(self, output: &mut Output) -> Result<(), Failure> {
        let answer = self.which.ask(WebhookRequest::Remove { webhook: self.which.id() })?;
        let WebhookAnswer::Removed { webhook } = answer else { return Err(Failure::unexpected()) };
        if self.which.json {
            return output.json(&serde_json::json!({ "removed": webhook }));
        }
        output.line(format_args!("Webhook {webhook} is removed."))
    }
}

impl Skip {
    fn run(self, output: &mut Output) -> Result<(), Failure> {
        one(&self.which, WebhookRequest::Skip { webhook: self.which.id() }, output)
    }
}

impl Rotate {
    fn run(self, output: &mut Output) -> Result<(), Failure> {
        let secret = self.secret_file.as_deref().map(secret_file::read).transpose()?;
        let is_drawn = secret.is_none();
        let request = WebhookRequest::Rotate { webhook: self.which.id(), overlap_hours: self.overlap_hours, secret };
        let answer = self.which.ask(request)?;
        let WebhookAnswer::One { webhook } = answer else { return Err(Failure::unexpected()) };
        if self.which.json {
            return output.json(&webhook);
        }
        new_secret(&webhook, is_drawn, output)?;
        let until = webhook.previous_secret_valid_until.as_deref().unwrap_or("now");
        output.line(format_args!("The one before signs too until {until}."))
    }
}

impl Test {
    fn run(self, output: &mut Output) -> Result<(), Failure> {
        let answer = self.which.ask(WebhookRequest::Test { webhook: self.which.id(), event: self.event })?;
        let WebhookAnswer::Delivery { delivery } = answer else { return Err(Failure::unexpected()) };
        if self.which.json {
            output.json(&delivery)?;
        } else {
            output.line(attempt(&delivery))?;
        }
        if delivery.success { Ok(()) } else { Err(Failure::CheckFailed("the receiver did not take it".to_owned())) }
    }
}

impl Deliveries {
    fn run(self, output: &mut Output) -> Result<(), Failure> {
        let request =
            WebhookRequest::Deliveries { webhook: self.which.id(), status: self.status.clone(), limit: self.limit };
        let WebhookAnswer::Deliveries { deliveries } = self.which.ask(request)? else {
            return Err(Failure::unexpected());
        };
        if self.which.json {
            return output.json(&deliveries);
        }
        deliveries.iter().try_for_each(|delivery| output.line(attempt(delivery)))
    }
}

impl Redeliver {
    fn run(self, output: &mut Output) -> Result<(), Failure> {
        let (from, until) = (Seq::new(self.from), self.to.map(Seq::new));
        if until.is_some_and(|until| until < from) {
            return Err(Failure::WrongUse("--to is before --from".to_owned()));
        }
        let answer = self.which.ask(WebhookRequest::Redeliver { webhook: self.which.id(), from, until })?;
        let WebhookAnswer::Queued { from, until } = answer else { return Err(Failure::unexpected()) };
        if self.which.json {
            return output.json(&serde_json::json!({ "from_sequence": from, "to_sequence": until }));
        }
        output.line(format_args!("What the webhook wants of the events {from} to {until} is sent again."))
    }
}

/// What whoever chose it knows is not shown.
fn new_secret(webhook: &WebhookView, is_drawn: bool, output: &mut Output) -> Result<(), Failure> {
    if is_drawn {
        output.line(format_args!("Secret: {}  (shown once)", webhook.secret))
    } else {
        output.line("The secret is the one that you chose.")
    }
}

fn ask(data: &Data, request: WebhookRequest) -> Result<WebhookAnswer, Failure> {
    let answer = call(&data.dir(), &AdminRequest::Webhooks(request))?;
    let AdminAnswer::Webhooks(answer) = answer else { return Err(Failure::unexpected()) };
    Ok(answer)
}

fn one(which: &Which, request: WebhookRequest, output: &mut Output) -> Result<(), Failure> {
    let WebhookAnswer::One { webhook } = which.ask(request)? else { return Err(Failure::unexpected()) };
    if which.json { output.json(&webhook) } else { output.line(line(&webhook)) }
}

fn shop_ids(texts: &[String]) -> Result<Vec<ShopId>, Failure> {
    if texts == ["all"] {
        return Ok(Vec::new());
    }
    let read = |text: &String| text.parse().map(ShopId::new);
    let wrong = |_| Failure::WrongUse("--shops takes numbers separated by commas, or `all`".to_owned());
    texts.iter().map(read).collect::<Result<_, _>>().map_err(wrong)
}
