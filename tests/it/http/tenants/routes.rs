//! Every route, with requests that name something of one partner's. A row that is missing here fails the test: see `sources`.
//!
//! `<card>`, `<customer>` and their kin stand for what a request names: the owner's things, or things that there are none of. `<own>`
//! is a card of whoever asks.

use counterfoil::domain::programme::Scope;

/// What a request takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    /// Nothing: it is for anyone.
    Nothing,
    /// Nothing; but credentials that are sent must be right.
    NothingWrong,
    /// Credentials, whatever their scopes.
    Credentials,
    Scope(Scope),
    /// Under `/partners`: the scope.
    Partner(Scope),
    /// Under `/partners`: the scope, and credentials that are bound to no shop.
    Whole(Scope),
}

/// One request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) needs: Needs,
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) body: &'static str,
    /// What the owner is answered where that is no success.
    pub(super) owner: Option<u16>,
}

impl Row {
    /// A request that not even the owner can be granted, because of what it says, and what the owner is told.
    const fn but(self, status: u16) -> Self {
        Self { owner: Some(status), ..self }
    }
}

const fn get(needs: Needs, path: &'static str) -> Row {
    Row { needs, method: "GET", path, body: "", owner: None }
}

const fn post(needs: Needs, path: &'static str, body: &'static str) -> Row {
    Row { needs, method: "POST", path, body, owner: None }
}

const fn put(needs: Needs, path: &'static str, body: &'static str) -> Row {
    Row { needs, method: "PUT", path, body, owner: None }
}

const fn delete(needs: Needs, path: &'static str) -> Row {
    Row { needs, method: "DELETE", path, body: "", owner: None }
}

const READS: Needs = Needs::Scope(Scope::LoyaltyRead);
const WRITES: Needs = Needs::Scope(Scope::LoyaltyWrite);
const MOVES: Needs = Needs::Scope(Scope::PointsManage);
const ERASES: Needs = Needs::Scope(Scope::CustomersErase);
const AUDITS: Needs = Needs::Scope(Scope::Audit);
const SEES: Needs = Needs::Partner(Scope::LoyaltyRead);
const EXPORTS: Needs = Needs::Whole(Scope::LoyaltyRead);
const PROGRAMME: Needs = Needs::Whole(Scope::ProgrammeManage);
const PEOPLE: Needs = Needs::Whole(Scope::LoyaltyWrite);
const BULK: Needs = Needs::Whole(Scope::PointsManage);
const HOOKS: Needs = Needs::Whole(Scope::WebhooksManage);

/// Everything that is asked.
pub(super) fn all() -> impl Iterator<Item = Row> {
    [OPEN, API, CUSTOMERS, AUDIT, SHOP, PARTNER, WEBHOOKS].into_iter().flatten().copied()
}

const OPEN: &[Row] = &[
    get(Needs::Nothing, "/health"),
    get(Needs::Nothing, "/api/health"),
    get(Needs::Nothing, "/en/health"),
    get(Needs::Nothing, "/en/shop/system/health"),
    get(Needs::Nothing, "/ready"),
    get(Needs::Nothing, "/en/error-codes"),
    get(Needs::Nothing, "/openapi.json"),
    get(Needs::Nothing, "/docs").but(308),
    get(Needs::Nothing, "/docs/<file>"),
    get(Needs::Nothing, "/qr?data=x"),
    get(Needs::Nothing, "/qr/<number>"),
    get(Needs::NothingWrong, "/shop/health"),
    get(Needs::NothingWrong, "/en/shop/health"),
    post(Needs::Credentials, "/en/shop/validate-credentials", "{}"),
];

const API: &[Row] = &[
    post(MOVES, "/api/points/award", r#"{"card_id":"card_<card>","points":1,"reason":"x"}"#),
    post(MOVES, "/api/points/award", r#"{"card_id":"<number>","points":1,"reason":"x"}"#),
    post(MOVES, "/api/points/award", r#"{"customer_id":"cust_<customer>","points":1,"reason":"x"}"#),
    post(MOVES, "/api/points/award", r#"{"card_id":"card_<blocked>","points":1,"reason":"x"}"#).but(403),
    post(MOVES, "/api/points/award", r#"{"card_id":"card_<own>","points":1,"reason":"x","shop_id":<shop>}"#),
    post(MOVES, "/api/points/redeem", r#"{"card_id":"card_<card>","points":1,"reason":"x"}"#),
    post(MOVES, "/api/points/redeem", r#"{"customer_id":<customer>,"points":1,"reason":"x"}"#),
    post(MOVES, "/api/points/adjust", r#"{"card_id":"card_<card>","points":-1,"reason":"x"}"#),
    post(MOVES, "/api/points/expire", r#"{"card_id":"card_<card>","points":1}"#),
    post(MOVES, "/api/points/bulk", r#"{"transactions":[{"card_id":"card_<card>","points":1,"reason":"x"}]}"#),
    get(READS, "/api/points/expiring?card_id=card_<card>"),
    get(READS, "/api/points/expiring"),
    get(READS, "/api/points/balance/card_<card>"),
    get(READS, "/api/points/balance/<number>"),
    get(READS, "/api/points/balance/card_<card>?as_of_seq=<moment>"),
    get(READS, "/api/points/history/card_<card>"),
    get(READS, "/api/points/history/card_<card>?as_of_seq=<moment>"),
    get(READS, "/api/loyalty-cards"),
    get(READS, "/api/loyalty-cards?customer_email=<email>"),
    post(WRITES, "/api/loyalty-cards", r#"{"customer_email":"shared@example.com","customer_name":"X"}"#).but(409),
    get(READS, "/api/loyalty-cards/card_<card>"),
    get(READS, "/api/loyalty-cards/<number>"),
    get(READS, "/api/loyalty-cards/card_<card>?as_of_seq=<moment>"),
    put(WRITES, "/api/loyalty-cards/card_<card>", r#"{"card_design":"mine"}"#),
    put(WRITES, "/api/loyalty-cards/card_<card>", r#"{"customer_email":"x@example.com"}"#).but(400),
    post(WRITES, "/api/loyalty-cards/card_<card>/block", r#"{"reason":"x"}"#),
    post(WRITES, "/api/loyalty-cards/card_<blocked>/block", r#"{"reason":"x"}"#),
    post(WRITES, "/api/loyalty-cards/card_<card>/unblock", r#"{"reason":"x"}"#),
    get(READS, "/api/loyalty-cards/card_<card>/history"),
    get(READS, "/api/loyalty-cards/card_<card>/history?reference=<order>"),
];

const CUSTOMERS: &[Row] = &[
    get(READS, "/api/customers"),
    get(READS, "/api/customers?email=<email>"),
    get(READS, "/api/customers?phone=<phone>"),
    get(READS, "/api/customers?card_number=<number>"),
    get(READS, "/api/customers?search=Ona"),
    post(WRITES, "/api/customers", r#"{"email":"shared@example.com"}"#).but(409),
    get(READS, "/api/customers/cust_<customer>"),
    get(READS, "/api/customers/cust_<customer>?as_of_seq=<moment>"),
    delete(ERASES, "/api/customers/cust_<customer>"),
    get(READS, "/api/customers/cust_<customer>/data-export"),
    get(READS, "/api/customers/cust_<customer>/balance"),
];

const AUDIT: &[Row] = &[
    get(AUDITS, "/audit/checkpoint"),
    post(AUDITS, "/audit/checkpoint", ""),
    get(AUDITS, "/audit/checkpoint/<size>"),
    post(AUDITS, "/audit/checkpoint/<size>/cosignatures", r#"{"signature":"x"}"#).but(400),
    get(AUDITS, "/audit/checkpoints"),
    get(AUDITS, "/audit/keys"),
    get(AUDITS, "/audit/proof/inclusion?seq=1"),
    get(AUDITS, "/audit/proof/consistency?from=1&to=2"),
    get(AUDITS, "/audit/tile/<tile>"),
    get(AUDITS, "/audit/events"),
    get(AUDITS, "/audit/events/stream"),
    get(AUDITS, "/audit/books?from=2026-01-01&to=2027-01-01"),
    get(AUDITS, "/audit/books?from=2026-01-01&to=2027-01-01&partner=<partner>"),
    get(AUDITS, "/audit/receipts/txn_<txn>"),
    get(AUDITS, "/audit/receipts/txn_<txn>/qr"),
    get(AUDITS, "/audit/balances"),
    get(AUDITS, "/audit/balances/<period>"),
    get(AUDITS, "/audit/balances/<period>/cards/card_<card>"),
    get(AUDITS, "/audit/balances/<period>/cards/<number>"),
    get(AUDITS, "/audit/balances/<period>/cards/card_<card>/qr"),
];

const SHOP: &[Row] = &[
    post(MOVES, "/en/shop/transactions/create", r#"{"order_id":"n1","order_total":1,"card_id":<card>}"#),
    post(MOVES, "/en/shop/transactions/create", r#"{"order_id":"n2","order_total":1,"user_id":<customer>}"#),
    post(MOVES, "/en/shop/transactions/create", r#"{"order_id":"n3","order_total":1,"user_email":"<email>"}"#),
    post(
        MOVES,
        "/en/shop/transactions/create",
        r#"{"order_id":"n4","order_total":1,"card_id":<own>,"shop_id":<shop>}"#,
    ),
    post(
        MOVES,
        "/en/shop/transactions/create",
        r#"{"order_id":"n5","order_total":1,"user_id":<holder>,"partner_card_id":<template>}"#,
    ),
    post(
        MOVES,
        "/en/shop/transactions/create",
        r#"{"order_id":"<order>","type":"refund","order_total":1,"refund_id":"r1"}"#,
    ),
    post(MOVES, "/en/shop/transactions/create", r#"{"order_id":"<order2>","type":"cancellation"}"#),
    post(MOVES, "/en/shop/transactions/award-points", r#"{"order_id":"n6","points":1,"card_number":"<number>"}"#),
    post(MOVES, "/en/shop/transactions/deduct-points", r#"{"card_id":<card>,"points":1}"#),
    post(MOVES, "/en/shop/transactions/deduct-points", r#"{"order_id":"<order>","points":1,"refund_id":"r2"}"#),
    get(READS, "/en/shop/transactions"),
    get(READS, "/en/shop/transactions?card_id=<card>"),
    get(READS, "/en/shop/transactions?user_id=<customer>"),
    get(READS, "/en/shop/transactions?user_email=<email>"),
    get(READS, "/en/shop/transactions?shop_id=<shop>"),
    get(READS, "/en/shop/transactions?reference_number=<order>"),
    get(READS, "/en/shop/transactions/<txn>"),
    get(READS, "/en/shop/transactions/<txn>?as_of_seq=<moment>"),
    get(READS, "/en/shop/points"),
    get(READS, "/en/shop/points?card_id=<card>"),
    post(MOVES, "/en/shop/points", r#"{"loyalty_card_id":<card>,"points":1,"type":"earned","description":"x"}"#),
    post(MOVES, "/en/shop/points/bulk", r#"{"transactions":[{"card_id":<card>,"points":1,"reason":"x"}]}"#),
    get(READS, "/en/shop/points/balance/<card>"),
    get(READS, "/en/shop/points/card/<card>/balance"),
    get(READS, "/en/shop/points/<txn>"),
    get(READS, "/en/shop/loyalty-cards"),
    get(READS, "/en/shop/loyalty-cards?card_number=<number>"),
    get(READS, "/en/shop/loyalty-cards?user_email=<email>"),
    get(READS, "/en/shop/loyalty-cards?shop_id=<shop>"),
    get(READS, "/en/shop/loyalty-cards/info?card_id=<card>"),
    get(READS, "/en/shop/loyalty-cards/info?user_id=<customer>"),
    get(READS, "/en/shop/loyalty-cards/info?card_number=<number>"),
    get(READS, "/en/shop/loyalty-cards/balance?card_id=<card>"),
    get(READS, "/en/shop/loyalty-cards/<card>"),
    get(READS, "/en/shop/loyalty-cards/<template>"),
    get(READS, "/en/shop/shops"),
    get(READS, "/en/shop/shops/nearby?latitude=54.7&longitude=25.3"),
    get(READS, "/en/shop/shops/<shop>"),
    get(READS, "/en/shop/categories"),
    get(READS, "/en/shop/products/categories"),
    get(READS, "/en/shop/sync-status"),
];

const PARTNER: &[Row] = &[
    get(SEES, "/en/partners/settings"),
    put(PROGRAMME, "/en/partners/settings", r#"{"unified_tiers":true}"#),
    Row {
        needs: PROGRAMME,
        method: "PATCH",
        path: "/en/partners/settings",
        body: r#"{"unified_tiers":false}"#,
        owner: None,
    },
    put(PROGRAMME, "/en/partners/settings/global", r#"{"cross_shop_redemption":true}"#),
    get(SEES, "/en/partners/shops"),
    get(SEES, "/en/partners/shops?search=Parduotuv"),
    post(PROGRAMME, "/en/partners/shops", r#"{"name":"New","is_virtual":true}"#),
    get(SEES, "/en/partners/shops/<shop>"),
    put(PROGRAMME, "/en/partners/shops/<shop>", r#"{"name":"Mine"}"#),
    delete(PROGRAMME, "/en/partners/shops/<shop>"),
    get(SEES, "/en/partners/cards"),
    get(SEES, "/en/partners/cards?shop_id=<shop>"),
    post(
        PROGRAMME,
        "/en/partners/cards",
        r#"{"title":{"en":"x","lt":"x"},"description":{"en":"x","lt":"x"},"terms_conditions":{"en":"x","lt":"x"},"card_design":{},"auto_assign":false}"#,
    ),
    post(
        PROGRAMME,
        "/en/partners/cards",
        r#"{"title":{"en":"y","lt":"y"},"description":{"en":"x","lt":"x"},"terms_conditions":{"en":"x","lt":"x"},"card_design":{},"shop_ids":[<shop>],"auto_assign":false}"#,
    ),
    get(SEES, "/en/partners/cards/<template>"),
    put(PROGRAMME, "/en/partners/cards/<template>", r#"{"points_per_visit":1}"#),
    delete(PROGRAMME, "/en/partners/cards/<template>"),
    get(SEES, "/en/partners/customers"),
    get(SEES, "/en/partners/customers?search=Ona"),
    get(SEES, "/en/partners/customers?shop_id=<shop>"),
    post(PEOPLE, "/en/partners/customers", r#"{"email":"shared@example.com"}"#).but(409),
    get(SEES, "/en/partners/customers/<customer>"),
    get(SEES, "/en/partners/customers/<customer>?as_of_seq=<moment>"),
    put(PEOPLE, "/en/partners/customers/<customer>", r#"{"first_name":"Mine"}"#),
    get(SEES, "/en/partners/customers/<customer>/data-export"),
    get(SEES, "/en/partners/customers/<customer>/loyalty-stats"),
    get(SEES, "/en/partners/customers/<customer>/transactions"),
    get(SEES, "/en/partners/transactions"),
    get(SEES, "/en/partners/transactions?customer_id=<customer>"),
    get(SEES, "/en/partners/transactions?card_id=<card>"),
    get(SEES, "/en/partners/transactions?search=<order>"),
    get(SEES, "/en/partners/transactions/<txn>"),
    post(
        BULK,
        "/en/partners/transactions/bulk-process",
        r#"{"transactions":[{"order_id":"n7","order_total":1,"card_id":<card>}]}"#,
    ),
    post(
        BULK,
        "/en/partners/points/bulk-award",
        r#"{"awards":[{"card_id":<card>,"points":1,"reason":"x","reference":"n8"}]}"#,
    ),
    post(
        BULK,
        "/en/partners/points/bulk-adjust",
        r#"{"adjustments":[{"customer_id":<customer>,"points":1,"reason":"x","reference":"n9"}]}"#,
    ),
    get(EXPORTS, "/en/partners/exports"),
    post(EXPORTS, "/en/partners/exports", r#"{"type":"cards"}"#),
    post(EXPORTS, "/en/partners/exports", r#"{"type":"transactions","filters":{"shop_id":<shop>}}"#),
    get(EXPORTS, "/en/partners/exports/<export>"),
    get(EXPORTS, "/en/partners/exports/<export>/download"),
    get(EXPORTS, "/en/partners/customers/export"),
    get(EXPORTS, "/en/partners/customers/export?customer_id=<customer>"),
    get(EXPORTS, "/en/partners/cards/export"),
    get(EXPORTS, "/en/partners/cards/export?card_id=<card>"),
    get(EXPORTS, "/en/partners/transactions/export"),
    get(EXPORTS, "/en/partners/transactions/export?customer_email=<email>"),
    post(EXPORTS, "/en/partners/transactions/export?shop_id=<shop>", ""),
];

const WEBHOOKS: &[Row] = &[
    get(HOOKS, "/en/partners/webhooks"),
    post(HOOKS, "/en/partners/webhooks", r#"{"url":"https://shop.example.com/","events":["*"]}"#),
    post(HOOKS, "/en/partners/webhooks", r#"{"url":"https://shop.example.com/","events":["*"],"shop_ids":[<shop>]}"#),
    get(HOOKS, "/en/partners/webhooks/<hook>"),
    put(HOOKS, "/en/partners/webhooks/<hook>", r#"{"description":"mine"}"#),
    delete(HOOKS, "/en/partners/webhooks/<hook>"),
    post(HOOKS, "/en/partners/webhooks/<hook>/rotate-secret", "{}"),
    post(HOOKS, "/en/partners/webhooks/<hook>/test", "{}"),
    post(HOOKS, "/en/partners/webhooks/<hook>/skip", "{}"),
    get(HOOKS, "/en/partners/webhooks/<hook>/deliveries"),
    post(HOOKS, "/en/partners/webhooks/<hook>/redeliver", r#"{"from_sequence":1}"#),
    get(HOOKS, "/en/partners/webhooks/deliveries/<delivery>"),
    post(HOOKS, "/en/partners/webhooks/deliveries/<delivery>/redeliver", "{}").but(400),
];
