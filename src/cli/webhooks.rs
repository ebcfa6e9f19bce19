//! `counterfoil webhooks create|list|update|remove|rotate|test|deliveries|redeliver`

use super::Failure;
use super::arguments::{self, Data, Switch};
use super::output::Output;
use crate::clock::Clock;
use crate::control::{AdminAnswer, AdminRequest, NewWebhook, WebhookAnswer, WebhookChanges, WebhookRequest, call};
use crate::domain::webhooks::EventName;
use crate::domain::{PartnerId, Seq, ShopId, Timestamp, WebhookId};
use crate::webhooks::{DeliveryView, WebhookView};
use clap::{Args, Subcommand};

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
    Rotate(Rotate),
    Test(Test),
    Deliveries(Deliveries),
    Redeliver(Redeliver),
}

/// Make a webhook; its secret is shown once
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  counterfoil webhooks create --data ./books --url https://shop.example.com/hooks --events points.awarded,points.redeemed
  counterfoil webhooks create --data ./books --url https://shop.example.com/hooks --events '*' --shops 1,2")]
struct Create {
    #[command(flatten)]
    data: Data,
    /// Where it leads: https, a public host
    #[arg(long, value_name = "URL")]
    url: String,
    /// What to tell: names of events, separated by commas; `*` is everything
    #[arg(long, value_name = "NAMES", value_delimiter = ',', required = true, value_parser = event_name)]
    events: Vec<EventName>,
    /// Only what happens in these shops
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    shops: Vec<i64>,
    /// What to remember about it
    #[arg(long, value_name = "TEXT", value_parser = arguments::name)]
    description: Option<String>,
    /// Whose it is, where there are several partners
    #[arg(long, value_name = "ID")]
    partner: Option<i64>,
    /// Print it as JSON and nothing else
    #[arg(long)]
    json: bool,
}

/// List webhooks, and how they fare
#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    data: Data,
    /// Of this partner only
    #[arg(long, value_name = "ID")]
    partner: Option<i64>,
    /// Print an array of JSON objects
    #[arg(long)]
    json: bool,
}

/// Change a webhook; one that was disabled goes on where it was with --active on
#[derive(Debug, Args)]
struct Update {
    #[command(flatten)]
    which: Which,
    /// Where it leads
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// What to tell
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = event_name)]
    events: Option<Vec<EventName>>,
    /// Only what happens in these shops; `all` for every shop
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    shops: Option<Vec<String>>,
    /// Whether to send; what happens meanwhile is sent afterwards
    #[arg(long, value_name = "SWITCH")]
    active: Option<Switch>,
    /// What to remember about it
    #[arg(long, value_name = "TEXT", value_parser = arguments::name)]
    description: Option<String>,
}

/// End a webhook for good
#[derive(Debug, Args)]
struct Remove {
    #[command(flatten)]
    which: Which,
}

/// Have another secret sign; both sign for a while
#[derive(Debug, Args)]
struct Rotate {
    #[command(flatten)]
    which: Which,
    /// For how many hours the secret before signs too
    #[arg(long, value_name = "HOURS", default_value_t = 24, value_parser = clap::value_parser!(i64).range(0..=168))]
    overlap_hours: i64,
}

/// Send a sample now, and print what the receiver answered; exits with 1 where it did not take it
#[derive(Debug, Args)]
struct Test {
    #[command(flatten)]
    which: Which,
    /// Which event it shall look like
    #[arg(long, value_name = "NAME", value_parser = event_name)]
    event: Option<EventName>,
}

/// Print the newest attempts, or what is pending
#[derive(Debug, Args)]
struct Deliveries {
    #[command(flatten)]
    which: Which,
    /// Only these: pending, delivered, failed or abandoned
    #[arg(long, value_name = "STATUS")]
    status: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(i64).range(1..=1_000))]
    limit: i64,
}

/// Send a part of the log again
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  counterfoil webhooks redeliver --data ./books --webhook 1 --from 2040 --to 2100")]
struct Redeliver {
    #[command(flatten)]
    which: Which,
    /// The first event, by its place in the log
    #[arg(long, value_name = "SEQ", value_parser = clap::value_parser!(i64).range(1..))]
    from: i64,
    /// The last one; the end of the log if not given
    #[arg(long, value_name = "SEQ", value_parser = clap::value_parser!(i64).range(1..))]
    to: Option<i64>,
}

#[derive(Debug, Args)]
struct Which {
    #[command(flatten)]
    data: Data,
    /// Which webhook, by its number
    #[arg(long, value_name = "ID")]
    webhook: i64,
    /// Print JSON and nothing else
    #[arg(long)]
    json: bool,
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
        };
        let WebhookAnswer::One { webhook } = ask(&self.data, WebhookRequest::Create(new))? else {
            return Err(Failure::unexpected());
        };
        if self.json {
            return output.json(&webhook);
        }
        output.line(format_args!("Webhook {} is made.", webhook.id))?;
        output.line(format_args!("Secret: {}  (shown once)", webhook.secret))
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

impl Rotate {
    fn run(self, output: &mut Output) -> Result<(), Failure> {
        let now = Clock::System.now();
        let previous_until = Timestamp::from_micros(now.micros() + self.overlap_hours * 3_600_000_000);
        let answer = self.which.ask(WebhookRequest::Rotate { webhook: self.which.id(), previous_until })?;
        let WebhookAnswer::One { webhook } = answer else { return Err(Failure::unexpected()) };
        if self.which.json {
            return output.json(&webhook);
        }
        output.line(format_args!("Secret: {}  (shown once)", webhook.secret))?;
        output.line(format_args!("The one before signs too until {}.", previous_until.to_seconds_text()))
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

fn event_name(text: &str) -> Result<EventName, String> {
    EventName::from_text(text).ok_or_else(|| {
        let names: Vec<&str> = EventName::canonical().map(EventName::as_str).collect();
        format!("one of {}", names.join(", "))
    })
}

fn line(webhook: &WebhookView) -> String {
    let state = match &webhook.disabled_reason {
        Some(reason) => format!("{} ({reason})", webhook.status),
        None => webhook.status.clone(),
    };
    let last = webhook.last_delivery_at.as_deref().unwrap_or("never");
    format!(
        "{}\t{}\t{}\t{state}\tup to {}\t{} pending\t{} failed in a row\tlast delivered {last}",
        webhook.id,
        webhook.url,
        webhook.events.join(","),
        webhook.delivered_up_to,
        webhook.pending_count,
        webhook.failure_count
    )
}

fn attempt(delivery: &DeliveryView) -> String {
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let status = delivery.status_code.map_or_else(|| text(&delivery.error), |code| code.to_string());
    format!(
        "{}\t{}\t{}\tattempt {}\t{}\t{status}\tnext {}",
        text(&delivery.created_at),
        delivery.event_id,
        text(&delivery.event),
        delivery.attempt,
        delivery.status,
        text(&delivery.next_attempt_at)
    )
}
