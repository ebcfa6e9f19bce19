//! Jobs: saved requests that stand at a position of the log, and their links.

use crate::support::{NewKey, Reply, Shop};
use counterfoil::control::{AdminAnswer, AdminRequest, Operator};
use counterfoil::http::HttpConfig;
use serde_json::{Value, json};

const EXPORTS: &str = "/en/partners/exports";

/// The path and the query of a link.
fn path_of(job: &Value, base: &str) -> String {
    let url = job["download_url"].as_str().expect("a link");
    url.strip_prefix(base).unwrap_or_else(|| panic!("{url} does not begin with {base}")).to_owned()
}

fn lines(reply: &Reply) -> Vec<String> {
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.raw));
    String::from_utf8(reply.raw.clone()).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn a_job_is_complete_at_once_and_stands_where_it_was_asked_for() {
    let shop = Shop::open();
    let card = shop.card("ann@example.com");
    shop.award(&card, 100);
    let sets = ["customers", "cards", "transactions"];
    let columns = json!(["id", "points_balance"]);
    let jobs = sets.map(|set| {
        let columns = if set == "transactions" { json!("id,points") } else { columns.clone() };
        shop.post(EXPORTS, &json!({"type": set, "columns": columns})).data(201)
    });
    for job in &jobs {
        assert_eq!(
            (&job["kind"], &job["status"], &job["format"]),
            (&json!("export"), &json!("completed"), &json!("csv"))
        );
        assert_eq!((&job["export_id"], &job["expires_at"]), (&job["id"], &json!("2026-01-02T00:00:00.000Z")));
    }
    // What happens later is in none of them.
    shop.award(&card, 10);
    shop.card("bob@example.com");
    let files = jobs.each_ref().map(|job| lines(&shop.bare().get(&path_of(job, &shop.server.base))));
    assert_eq!(files[0].len(), 2, "{files:?}");
    assert!(
        files[0][1].ends_with(",100") && files[1][1].ends_with(",100") && files[2][1].ends_with(",100"),
        "{files:?}"
    );
    assert_eq!((files[1].len(), files[2].len()), (2, 2), "{files:?}");
    assert_eq!(lines(&shop.get("/en/partners/cards/export?columns=points_balance")), ["points_balance", "110", "0"]);
    // With credentials, the token is not needed.
    let again = shop.get(&format!("/api/partners/exports/{}/download", jobs[1]["id"].as_str().unwrap()));
    assert_eq!(lines(&again), files[1]);
    assert_eq!(again.header("x-export-as-of").map(str::to_owned), Some(jobs[1]["as_of"].to_string()));
}

#[test]
fn jobs_are_listed_and_shown_to_their_partner_alone() {
    let shop = Shop::open();
    let first = shop.post(EXPORTS, &json!({"type": "cards", "format": "excel"})).data(201);
    shop.server.advance_seconds(1);
    let second = shop.post("/en/partners/transactions/export?format=json&type=purchase&date_to=2026-01-31", &json!({}));
    let second = second.data(201);
    assert_eq!(
        (&first["format"], &second["format"], &second["type"]),
        (&json!("xlsx"), &json!("json"), &json!("transactions"))
    );
    assert_eq!(second["filters"], json!({"type": "purchase", "date_to": "2026-01-31T23:59:59.999999Z"}));
    let (page, meta) = shop.get(&format!("{EXPORTS}?per_page=1")).page();
    assert_eq!((page, &meta["total"]), (vec![second.clone()], &json!(2)));
    assert_eq!(shop.get(&format!("{EXPORTS}/{}", first["id"].as_str().unwrap())).data(200), first);

    let other = shop.other_partner();
    assert_eq!(other.get(EXPORTS).page().0, Vec::<Value>::new());
    for path in ["", "/download"] {
        let known = other.get(&format!("{EXPORTS}/{}{path}", first["id"].as_str().unwrap()));
        known.error(404, "RESOURCE_NOT_FOUND");
        shop.get(&format!("{EXPORTS}/nothing{path}")).error(404, "RESOURCE_NOT_FOUND");
    }
    let bound = shop.keyed(NewKey { shop: Some(shop.shop), ..NewKey::default() });
    bound.post(EXPORTS, &json!({"type": "cards"})).error(403, "INSUFFICIENT_PARTNER_PERMISSIONS");
}

#[test]
fn a_job_that_cannot_be_understood_is_not_made() {
    let shop = Shop::open();
    for (body, field) in [
        (json!({}), "type"),
        (json!({"type": "games"}), "type"),
        (json!({"type": "cards", "format": "pdf"}), "format"),
        (json!({"type": "cards", "columns": ["nmae"]}), "columns"),
        (json!({"type": "cards", "columns": []}), "columns"),
        (json!({"type": "cards", "columns": [1]}), "columns"),
        (json!({"type": "cards", "filters": {"order_id": "1"}}), "filters.order_id"),
        (json!({"type": "cards", "filters": {"tier": ["gold"]}}), "filters.tier"),
        (json!({"type": "cards", "filters": {"tier": "tin"}}), "tier"),
        (json!({"type": "cards", "filters": "gold"}), "filters"),
        (json!({"type": "cards", "fliters": {}}), "fliters"),
    ] {
        let reply = shop.post(EXPORTS, &body);
        reply.error(400, "VALIDATION_ERROR");
        assert!(!reply.about(field).is_empty(), "{body}");
    }
    assert_eq!(shop.get(EXPORTS).page().0, Vec::<Value>::new());
}

#[test]
fn what_is_kept_of_a_job_names_nobody() {
    let shop = Shop::open();
    shop.issued("ann@example.com");
    let job = shop.post(EXPORTS, &json!({"type": "transactions", "filters": {"customer_email": "ann@example.com"}}));
    let filters = job.data(201)["filters"].clone();
    assert!(filters["customer_id"].is_string() && filters.as_object().unwrap().len() == 1, "{filters}");
    let ops = rusqlite::Connection::open(shop.server.files.path().join("ops.db")).unwrap();
    let kept: String = ops.query_row("SELECT filters FROM export_jobs", [], |row| row.get(0)).unwrap();
    assert!(!kept.contains("ann"), "{kept}");
}

#[test]
fn a_link_ends_with_its_day_and_with_its_key_and_outlives_a_restart() {
    let shop = Shop::open();
    let job = shop.post(EXPORTS, &json!({"type": "cards"})).data(201);
    let path = path_of(&job, &shop.server.base);
    let shop = shop.restarted(&HttpConfig { rate_limits: None, ..HttpConfig::default() });
    assert_eq!(lines(&shop.bare().get(&path)).len(), 1);
    for wrong in [path.replace("token=", "token=0"), path.replace(job["id"].as_str().unwrap(), "nothing")] {
        shop.bare().get(&wrong).error(401, "INVALID_CREDENTIALS");
    }
    shop.bare().get(path.split('?').next().unwrap()).error(401, "AUTH_REQUIRED");

    let (client, key) = shop.client_with(shop.partner, NewKey::default());
    let of_key = path_of(&client.post(EXPORTS, &json!({"type": "cards"})).data(201), &shop.server.base);
    assert_eq!(lines(&shop.bare().get(&of_key)).len(), 1);
    revoke(&shop, &key.to_string());
    shop.bare().get(&of_key).error(401, "CREDENTIALS_EXPIRED");

    shop.server.advance_days(1);
    shop.bare().get(&path).error(410, "RESOURCE_EXPIRED");
    shop.get(path.split('?').next().unwrap()).error(410, "RESOURCE_EXPIRED");
    let shown = shop.get(&format!("{EXPORTS}/{}", job["id"].as_str().unwrap())).data(200);
    assert_eq!((&shown["status"], &shown["download_url"]), (&json!("expired"), &Value::Null));
}

fn revoke(shop: &Shop, key: &str) {
    let secrets = counterfoil::ops::Secrets::open(shop.server.engine().dir()).unwrap();
    let operator = Operator::new(shop.server.engine(), secrets.into());
    let answer = operator.execute(AdminRequest::RevokeKey { key: key.to_owned() });
    assert!(matches!(answer, AdminAnswer::KeyRevoked { already: false, .. }), "{answer:?}");
}

#[test]
fn a_partner_keeps_a_hundred_jobs() {
    let shop = Shop::open();
    for _ in 0..100 {
        shop.post(EXPORTS, &json!({"type": "cards"})).data(201);
    }
    let refused = shop.post(EXPORTS, &json!({"type": "cards"}));
    refused.error(429, "QUOTA_EXCEEDED");
    assert_eq!(refused.header("retry-after"), Some("86401"));
    shop.other_partner().post(EXPORTS, &json!({"type": "cards"})).data(201);
    shop.server.advance_days(1);
    shop.post(EXPORTS, &json!({"type": "cards"})).data(201);
}
