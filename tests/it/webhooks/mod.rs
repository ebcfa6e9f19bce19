//! Webhooks: managing them, and that receivers are told what they asked for, whatever they do.

mod lanes;
mod management;
mod messages;
mod people;
mod redelivery;
mod restored;
mod skipping;
mod trouble;

use crate::support::{Receiver, Server, Shop};
use counterfoil::domain::programme::TemplateRules;
use counterfoil::http::HttpConfig;
use counterfoil::webhooks::{Policy, Post};
use serde_json::{Value, json};
use std::ops::Deref;
use std::time::Duration;

const HOOKS: &str = "/en/partners/webhooks";

/// Retries without a pause worth mentioning, and receivers on this machine, which may be busy with other things.
fn quick() -> Policy {
    let retries = vec![Duration::from_millis(20); 5];
    Policy { allow_private: true, timeout: Duration::from_secs(60), retries, ..Policy::default() }
}

/// A shop with somebody who tells.
struct Told {
    post: Option<Post>,
    shop: Shop,
}

impl Deref for Told {
    type Target = Shop;

    fn deref(&self) -> &Shop {
        &self.shop
    }
}

impl Told {
    fn open() -> Self {
        Self::with(quick())
    }

    fn with(policy: Policy) -> Self {
        let config = HttpConfig { rate_limits: None, webhooks: policy.clone(), ..HttpConfig::default() };
        let shop = Shop::on(Server::start_now(&config), TemplateRules::default());
        let post = Some(shop.server.post(policy));
        Self { post, shop }
    }

    /// Nobody tells any more.
    fn hush(&mut self) {
        if let Some(post) = self.post.take() {
            post.stop();
        }
    }

    fn tell_again(&mut self, policy: Policy) {
        self.hush();
        self.post = Some(self.shop.server.post(policy));
    }

    /// Has a receiver told of these events; answers the webhook with its secret.
    #[track_caller]
    fn hook(&self, receiver: &Receiver, events: &[&str]) -> Value {
        self.post_hook(&json!({"url": receiver.url, "events": events}))
    }

    #[track_caller]
    fn post_hook(&self, body: &Value) -> Value {
        self.shop.post(HOOKS, body).data(201)
    }

    #[track_caller]
    fn seen(&self, id: &Value) -> Value {
        self.get(&format!("{HOOKS}/{id}")).data(200)
    }

    /// The attempts of a webhook, oldest first.
    #[track_caller]
    fn attempts(&self, id: &Value) -> Vec<Value> {
        let (mut rows, _) = self.get(&format!("{HOOKS}/{id}/deliveries?per_page=50")).page();
        rows.reverse();
        rows
    }
}

impl Drop for Told {
    // Before the engine that it needs.
    fn drop(&mut self) {
        self.hush();
    }
}
