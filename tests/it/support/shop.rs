//! A small programme with a server before it: one partner, one shop, one template, one key.

use super::client::{Client, Reply};
use super::server::{NewKey, Server};
use counterfoil::domain::programme::{KeyForm, TemplateRules};
use counterfoil::domain::{KeyId, PartnerId, ShopId};
use counterfoil::http::HttpConfig;
use serde_json::{Value, json};
use std::ops::Deref;
use std::path::Path;

/// A shop and its till. Requests go out with the shop's credentials.
pub(crate) struct Shop {
    pub(crate) server: Server,
    pub(crate) partner: PartnerId,
    pub(crate) shop: ShopId,
    pub(crate) public_id: String,
    pub(crate) secret: String,
    pub(crate) client: Client,
}

impl Deref for Shop {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Shop {
    pub(crate) fn open() -> Self {
        Self::with(TemplateRules::default(), HttpConfig { rate_limits: None, ..HttpConfig::default() })
    }

    pub(crate) fn with_rules(rules: TemplateRules) -> Self {
        Self::with(rules, HttpConfig { rate_limits: None, ..HttpConfig::default() })
    }

    pub(crate) fn with(rules: TemplateRules, config: HttpConfig) -> Self {
        Self::on(Server::start(&config), rules)
    }

    pub(crate) fn on(server: Server, rules: TemplateRules) -> Self {
        let partner = server.create_partner("Corner Bakery");
        let shop = server.open_shop(partner);
        server.create_template(partner, rules);
        let (_, credential) = server.create_key(partner, NewKey::default());
        let (public_id, secret) = (credential.public_id.clone(), credential.presented().reveal().to_owned());
        let client = Client::new(&server.base).with("X-API-Key", &public_id).with("X-API-Secret", &secret);
        Self { server, partner, shop, public_id, secret, client }
    }

    /// The same shop after its service stopped and started again.
    pub(crate) fn restarted(self, config: &HttpConfig) -> Self {
        let server = self.server.restart(config);
        let client = Client::new(&server.base).with("X-API-Key", &self.public_id).with("X-API-Secret", &self.secret);
        Self { server, client, ..self }
    }

    /// The same shop after its projections were lost.
    pub(crate) fn without_views(self, config: &HttpConfig) -> Self {
        let server = self.server.restart_without_views(config);
        let client = Client::new(&server.base).with("X-API-Key", &self.public_id).with("X-API-Secret", &self.secret);
        Self { server, client, ..self }
    }

    /// The same shop after its log was put back to an older copy.
    pub(crate) fn restored(self, ledger: &Path, config: &HttpConfig) -> Self {
        let server = self.server.restart_on(ledger, config);
        let client = Client::new(&server.base).with("X-API-Key", &self.public_id).with("X-API-Secret", &self.secret);
        Self { server, client, ..self }
    }

    /// The same shop on a disk that has no room left.
    pub(crate) fn on_a_full_disk(self) -> Self {
        self.server.limit_pages(1);
        self.restarted(&HttpConfig { rate_limits: None, ..HttpConfig::default() })
    }

    /// Another partner of the same service, with a client of its own.
    pub(crate) fn other_partner(&self) -> Client {
        let partner = self.server.create_partner("Other Bakery");
        self.server.open_shop(partner);
        self.server.create_template(partner, TemplateRules::default());
        self.client_with(partner, NewKey::default()).0
    }

    /// A client with a fresh key of this partner.
    pub(crate) fn keyed(&self, key: NewKey) -> Client {
        self.client_with(self.partner, key).0
    }

    pub(crate) fn client_with(&self, partner: PartnerId, key: NewKey) -> (Client, KeyId) {
        let shop = key.shop;
        let (id, credential) = self.server.create_key(partner, key);
        let presented = credential.presented();
        let client = Client::new(&self.server.base);
        let client = match credential.form {
            KeyForm::Pair => client.with("X-API-Key", &credential.public_id).with("X-API-Secret", presented.reveal()),
            KeyForm::Bearer => client
                .with("Authorization", &format!("Bearer {}", presented.reveal()))
                .with("Shop-ID", &shop.map(|shop| shop.to_string()).unwrap_or_default()),
        };
        (client, id)
    }

    /// A fresh card's id.
    #[track_caller]
    pub(crate) fn card(&self, email: &str) -> String {
        self.issued(email)["id"].as_str().expect("an id").to_owned()
    }

    /// A fresh card, as its issue answered.
    #[track_caller]
    pub(crate) fn issued(&self, email: &str) -> Value {
        let body = json!({"customer_email": email, "customer_name": "Ann Example"});
        self.post("/api/loyalty-cards", &body).data(201)
    }

    #[track_caller]
    pub(crate) fn award(&self, card: &str, points: i64) -> Value {
        let body = json!({"card_id": card, "points": points, "reason": "Purchase"});
        self.post("/api/points/award", &body).data(201)
    }

    #[track_caller]
    pub(crate) fn redeem(&self, card: &str, points: i64) -> Reply {
        self.post("/api/points/redeem", &json!({"card_id": card, "points": points, "reason": "Discount"}))
    }

    #[track_caller]
    pub(crate) fn balance(&self, card: &str) -> i64 {
        let balance = self.get(&format!("/api/points/balance/{card}")).data(200);
        balance["current_balance"].as_i64().expect("a whole number")
    }

    /// The id of the customer who holds a card.
    #[track_caller]
    pub(crate) fn customer_of(&self, card_number: &str) -> String {
        let found = self.get(&format!("/api/customers?card_number={card_number}")).data(200);
        found["customers"][0]["id"].as_str().expect("a customer").to_owned()
    }
}

/// The ids on a page of cards.
#[track_caller]
pub(crate) fn cards_of(data: &Value) -> Vec<String> {
    let cards = data["cards"].as_array().expect("a list of cards");
    cards.iter().map(|card| card["id"].as_str().expect("an id").to_owned()).collect()
}
