//! Two partners of one service. What the first typed has the letters `slapt` in it, so that it is known where it turns up; but for
//! what is asked with, which has `viesa`.

use super::routes::Row;
use crate::support::{Client, NewKey, Receiver, Shop};
use counterfoil::domain::programme::{KeyForm, RevokeKey, Scope, TemplateRules};
use counterfoil::domain::{KeyId, PartnerId, ShopId};
use counterfoil::http::HttpConfig;
use counterfoil::webhooks::Policy;
use counterfoil::writer::Command;
use serde_json::{Value, json};

/// What stands in everything that the owner typed and nobody asks with.
pub(super) const MARK: &str = "slapt";
const EMAIL: &str = "ona.viesa@example.com";
const ORDERS: [&str; 2] = ["VIESA-1001", "VIESA-1002"];
/// What has no end, so that only its beginning is read.
pub(super) const STREAM: &str = "/audit/events/stream";
const PHONE: &str = "+37061234567";

/// What placeholders stand for.
#[derive(Debug, Clone)]
pub(super) struct Names(Vec<(&'static str, String)>);

impl Names {
    /// A text with its placeholders filled in.
    pub(super) fn fill(&self, text: &str) -> String {
        let filled = self.0.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value));
        assert!(!filled.contains('<'), "no such placeholder: {filled}");
        filled
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(_, value)| value.as_str())
    }

    fn with(&self, more: &[(&'static str, String)]) -> Self {
        Self(self.0.iter().chain(more).cloned().collect())
    }
}

/// The owner's programme, the other partner's, and the names of what is in the owner's.
pub(super) struct Scene {
    pub(super) owner: Shop,
    pub(super) other_partner: PartnerId,
    pub(super) other: Client,
    /// What the owner has, as the owner names it.
    pub(super) own_things: Names,
    /// The same things as the other partner names them.
    pub(super) foreign_things: Names,
    /// Things that there are none of, as the other partner names them.
    pub(super) no_things: Names,
    /// What must never be told to anybody else.
    pub(super) secrets: Vec<String>,
    _receiver: Receiver,
}

/// A credential that does not open what the owner's opens, and what is answered to it.
pub(super) struct Wrong {
    pub(super) what: &'static str,
    pub(super) client: Client,
    pub(super) status: u16,
    pub(super) code: &'static str,
    pub(super) number: Option<u16>,
}

impl Scene {
    pub(super) fn set() -> Self {
        let webhooks = Policy { allow_private: true, ..Policy::default() };
        let config = HttpConfig { rate_limits: None, webhooks, ..HttpConfig::default() };
        let owner = Shop::with(TemplateRules::default(), config);
        let other_partner = owner.server.create_partner("Other Bakery");
        owner.server.open_shop(other_partner);
        owner.server.create_template(other_partner, TemplateRules::default());
        let (other, _) = owner.client_with(other_partner, NewKey::default());
        let receiver = Receiver::obliging();
        let (mut things, number, second) = plant(&owner, &receiver);
        let bob = json!({"customer_email": "bob@example.com", "customer_name": "Bob"});
        let own = other.post("/api/loyalty-cards", &bob).data(201)["id"].as_str().expect("an id").to_owned();
        let holder = other.post("/api/customers", &json!({"email": "bea@example.com"})).data(201);
        // A month ends, so that there are seals and statements of both.
        owner.server.advance_days(31);
        owner.server.seal();
        let size = checkpoint_size(&owner);
        let export = owner.post("/en/partners/exports", &json!({"type": "customers"})).data(201);
        things.push(("<export>", text(&export["id"])));
        let moment = things.iter().find(|(name, _)| *name == "<txn>").expect("one").1.clone();
        let partner = owner.partner.to_string();
        let always = [
            ("<size>", size),
            ("<tile>", "0/000.p/1".to_owned()),
            ("<period>", "2026-01".to_owned()),
            ("<moment>", moment),
        ];
        let always: Vec<_> = always.into_iter().collect();
        let others = [("<own>", digits(&own)), ("<holder>", digits(holder["id"].as_str().expect("an id")))];
        let of_other = Names(always.clone()).with(&others);
        let foreign_things = of_other.with(&things).with(&[("<partner>", partner.clone())]);
        let no_things = of_other.with(&nothings()).with(&[("<partner>", "987654".to_owned())]);
        let own_things =
            Names(always).with(&things).with(&[("<partner>", partner), ("<own>", second.0), ("<holder>", second.1)]);
        let secrets = [MARK, &number, &PHONE[1..], EMAIL, ORDERS[0], ORDERS[1]].map(str::to_owned).to_vec();
        Self { owner, other_partner, other, own_things, foreign_things, no_things, secrets, _receiver: receiver }
    }

    /// Where the log ends.
    pub(super) fn head(&self) -> i64 {
        self.owner.server.engine().live().progress().head().get()
    }

    /// Whose events were recorded after one.
    pub(super) fn recorded_after(&self, head: i64) -> Vec<(i64, String)> {
        let ledger = rusqlite::Connection::open(self.owner.server.files.path().join("ledger.db")).expect("a ledger");
        let mut query = ledger.prepare("SELECT partner_id, kind FROM events WHERE seq > ?1").expect("a query");
        let rows = query.query_map([head], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
        rows.map(|row| row.expect("a row")).collect()
    }

    /// Sends what a row says, with these names.
    #[track_caller]
    pub(super) fn ask(&self, client: &Client, row: &Row, path: &str, names: &Names) -> crate::support::Reply {
        let (path, body) = (names.fill(path), names.fill(row.body));
        if row.path == STREAM {
            return client.beginning(&path);
        }
        let body = (!body.is_empty()).then_some(body.as_bytes());
        client.send(row.method, &path, body)
    }

    /// Every way of having no right at all, whatever is asked.
    pub(super) fn strangers(&self) -> Vec<Wrong> {
        let (owner, bare) = (&self.owner, self.owner.client.bare());
        let pair = |key: &str, secret: &str| bare.with("X-API-Key", key).with("X-API-Secret", secret);
        let bearer = |token: &str| bare.with("Authorization", &format!("Bearer {token}")).with("Shop-ID", "1");
        let wrong = |what, client, status, code, number| Wrong { what, client, status, code, number };
        let (revoked, key) = owner.client_with(owner.partner, NewKey::default());
        owner.server.command(owner.partner, Command::RevokeKey(RevokeKey { key }));
        let tomorrow = Some(owner.server.clock.now().plus_days(1));
        let expired = owner.keyed(NewKey { expires_at: tomorrow, ..NewKey::default() });
        owner.server.advance_seconds(86_400);
        let elsewhere = NewKey { allowed_ips: vec!["10.0.0.0/8".to_owned()], ..NewKey::default() };
        vec![
            wrong("nothing", bare.clone(), 401, "AUTH_REQUIRED", Some(1010)),
            wrong("half a pair", bare.with("X-API-Key", &owner.public_id), 401, "AUTH_REQUIRED", Some(1010)),
            wrong("no key at all", pair("pk_live_1", &owner.secret), 401, "INVALID_CREDENTIALS", Some(1011)),
            wrong("no token at all", bearer("nonsense"), 401, "INVALID_CREDENTIALS", Some(1011)),
            wrong("an unknown key", pair("lty_unknown", &owner.secret), 401, "INVALID_CREDENTIALS", Some(1012)),
            wrong("a wrong secret", pair(&owner.public_id, "lts_wrong"), 401, "INVALID_CREDENTIALS", Some(1012)),
            wrong("an unknown token", bearer("ltb_unknown.x"), 401, "INVALID_CREDENTIALS", Some(1012)),
            wrong("a revoked key", revoked, 401, "CREDENTIALS_EXPIRED", Some(1014)),
            wrong("a key past its time", expired, 401, "CREDENTIALS_EXPIRED", Some(1014)),
            wrong("a key of elsewhere", owner.keyed(elsewhere), 403, "IP_NOT_WHITELISTED", None),
        ]
    }

    /// Genuine credentials that name a shop which is not theirs.
    pub(super) fn misplaced(&self) -> Vec<Wrong> {
        let owner = &self.owner;
        let second = owner.server.open_shop(owner.partner);
        let wrong = |what, client, status, code| Wrong { what, client, status, code, number: None };
        let bound = |form, partner, shop| {
            let key = NewKey { form, shop: Some(shop), ..NewKey::default() };
            let (_, credential) = owner.server.create_key(partner, key);
            let (bare, presented) = (owner.client.bare(), credential.presented());
            match form {
                KeyForm::Pair => bare.with("X-API-Key", &credential.public_id).with("X-API-Secret", presented.reveal()),
                KeyForm::Bearer => bare.with("Authorization", &format!("Bearer {}", presented.reveal())),
            }
        };
        let at = |client: Client, shop: ShopId| client.with("Shop-ID", &shop.to_string());
        let theirs = owner.server.open_shop(self.other_partner);
        vec![
            wrong(
                "a pair of another shop",
                at(bound(KeyForm::Pair, owner.partner, second), owner.shop),
                403,
                "STORE_ACCESS_DENIED",
            ),
            wrong(
                "a token of another shop",
                at(bound(KeyForm::Bearer, owner.partner, second), owner.shop),
                403,
                "STORE_ACCESS_DENIED",
            ),
            wrong("another partner's pair", at(self.other.clone(), owner.shop), 404, "SHOP_NOT_FOUND"),
            wrong(
                "another partner's token",
                at(bound(KeyForm::Bearer, self.other_partner, theirs), owner.shop),
                404,
                "SHOP_NOT_FOUND",
            ),
        ]
    }

    /// A key of the owner with all scopes but one.
    pub(super) fn without(&self, scope: Scope) -> Client {
        let scopes = Scope::ALL.into_iter().filter(|other| *other != scope).collect();
        self.owner.keyed(NewKey { scopes, ..NewKey::default() })
    }

    /// The credential that sees every partner's events, and may do nothing else.
    pub(super) fn auditor(&self) -> (Client, KeyId) {
        let key = NewKey { scopes: vec![Scope::Audit], ..NewKey::default() };
        self.owner.client_with(PartnerId::DEPLOYMENT, key)
    }
}

type Things = Vec<(&'static str, String)>;

/// Fills the owner's programme. Answers its things, the number of the card, and another card and customer.
fn plant(owner: &Shop, receiver: &Receiver) -> (Things, String, (String, String)) {
    let shop = json!({"name": "Slapta parduotuvė", "address": "Slaptoji g. 1", "city": "Slaptai", "latitude": 54.7, "longitude": 25.3});
    let shop = owner.post("/en/partners/shops", &shop).data(201)["id"].clone();
    let both = |text: &str| json!({"en": text, "lt": text});
    let template = json!({
        "title": both("Slapta kortelė"), "description": both("slapta"), "terms_conditions": both("slapta"),
        "card_design": {}, "auto_assign": false,
    });
    let template = owner.post("/en/partners/cards", &template).data(201)["id"].clone();
    let person = |email: &str| {
        let metadata = json!({"note": "slaptas"});
        let body = json!({"customer_email": email, "customer_name": "Ona Slaptoji", "customer_phone": PHONE, "metadata": metadata});
        owner.post("/api/loyalty-cards", &body).data(201)
    };
    let (issued, blocked) = (person(EMAIL), person("jonas.slaptas@example.com"));
    let number = text(&issued["card_number"]);
    let card = digits(issued["id"].as_str().expect("an id"));
    let reason = json!({"reason": "slapta priežastis", "internal_note": "slapta"});
    owner.post(&format!("/api/loyalty-cards/{}/block", text(&blocked["id"])), &reason).data(200);
    let mut booked = Value::Null;
    for order in ORDERS {
        let order = json!({
            "order_id": order, "order_total": 100, "card_id": card, "description": "slapta", "staff_member": "Slaptas Tadas",
        });
        booked = owner.post("/en/shop/transactions/create", &order).data(201);
    }
    let hook = json!({"url": format!("{}&slaptas", receiver.url), "events": ["*"], "description": "slaptas"});
    let hook = owner.post("/en/partners/webhooks", &hook).data(201)["id"].clone();
    let delivery = owner.post(&format!("/en/partners/webhooks/{hook}/test"), &json!({})).data(200)["id"].clone();
    // Whom the other partner registers as well.
    owner.card("shared@example.com");
    let second = owner.card("petras.slaptas@example.com");
    let holder = owner.post("/api/customers", &json!({"email": "rasa.slapta@example.com"})).data(201);
    let things = vec![
        ("<file>", "explorer.js".to_owned()),
        ("<card>", card),
        ("<blocked>", digits(blocked["id"].as_str().expect("an id"))),
        ("<number>", number.clone()),
        ("<customer>", digits(&owner.customer_of(&number))),
        ("<email>", EMAIL.to_owned()),
        ("<phone>", PHONE.replace('+', "%2B")),
        ("<txn>", booked["id"].to_string()),
        ("<order>", ORDERS[0].to_owned()),
        ("<order2>", ORDERS[1].to_owned()),
        ("<shop>", shop.to_string()),
        ("<template>", template.to_string()),
        ("<hook>", hook.to_string()),
        ("<delivery>", text(&delivery)),
    ];
    (things, number, (digits(&second), digits(holder["id"].as_str().expect("an id"))))
}

/// Names of the same kinds that nobody has.
fn nothings() -> Things {
    let unknown = || "987654".to_owned();
    vec![
        ("<file>", "explorer.js".to_owned()),
        ("<card>", unknown()),
        ("<blocked>", unknown()),
        ("<number>", "LC000000000000".to_owned()),
        ("<customer>", unknown()),
        ("<email>", "nobody@example.com".to_owned()),
        ("<phone>", "%2B37069999999".to_owned()),
        ("<txn>", unknown()),
        ("<order>", "UNKNOWN-1001".to_owned()),
        ("<order2>", "UNKNOWN-1002".to_owned()),
        ("<shop>", unknown()),
        ("<template>", unknown()),
        ("<hook>", unknown()),
        ("<delivery>", "dlv_987654".to_owned()),
        ("<export>", "aaaaaaaaaaaaaaaaaaaa".to_owned()),
    ]
}

fn checkpoint_size(owner: &Shop) -> String {
    let newest = owner.get("/audit/checkpoint").raw;
    let note = String::from_utf8(newest).expect("a note");
    note.lines().nth(1).expect("a size").to_owned()
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The number in `card_17`.
fn digits(id: &str) -> String {
    id.rsplit('_').next().expect("an id").to_owned()
}
