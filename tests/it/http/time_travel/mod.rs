//! Reads about one card or customer as of any moment: what is answered is what was answered then, byte for byte.

mod asking;
mod witness;

use crate::support::{Shop, verify};
use counterfoil::domain::points::{Award, Note, Order, Particulars, Past, Points};
use counterfoil::domain::programme::TemplateRules;
use counterfoil::domain::{CardId, Timestamp};
use counterfoil::http::HttpConfig;
use counterfoil::writer::Command;
use serde_json::json;
use witness::Witness;

/// With one address for all starts: answers hold it.
fn config() -> HttpConfig {
    let public_url = Some("https://loyalty.example.com".to_owned());
    HttpConfig { rate_limits: None, public_url, ..HttpConfig::default() }
}

fn rules() -> TemplateRules {
    TemplateRules { points_expiration_days: Some(90), ..TemplateRules::default() }
}

/// A purchase over the counter.
fn buys(shop: &Shop, card: &str, order: &str, total: &str, redeemed: i64) {
    let body = json!({
        "order_id": order, "order_total": total, "card_id": card, "shop_id": shop.shop.get(), "points_redeemed": redeemed,
        "description": "Bread",
    });
    shop.post("/en/shop/transactions/create", &body).data(201);
}

#[test]
fn every_read_of_a_card_is_answered_again_as_it_was_answered_then() {
    let mut shop = Shop::with(rules(), config());
    let issued = shop.issued("ann@example.com");
    let card = issued["id"].as_str().expect("an id").to_owned();
    let mut witness = Witness::of(&shop, &issued);
    let template = shop.get("/en/partners/cards").page().0[0]["id"].clone();
    let template = format!("/en/partners/cards/{template}");
    let place = format!("/en/partners/shops/{}", shop.shop);
    let step = |shop: &Shop, witness: &mut Witness, act: &dyn Fn(&Shop)| {
        shop.server.advance_seconds(3_600);
        act(shop);
        witness.look(shop);
    };
    // Old names are kept, so that they can be compared.
    let retention = json!({"superseded_records_after_days": 3_650});
    shop.put("/en/partners/settings", &json!({"retention": retention})).data(200);
    witness.look(&shop);

    // Points, in all the ways in which they move.
    step(&shop, &mut witness, &|shop| drop(shop.award(&card, 400)));
    step(&shop, &mut witness, &|shop| buys(shop, &card, "1001", "25.50", 0));
    step(&shop, &mut witness, &|shop| buys(shop, &card, "1002", "12", 100));
    step(&shop, &mut witness, &|shop| {
        let body = json!({"order_id": "1001", "refund_id": "r1", "refund_amount": 10, "shop_id": shop.shop.get()});
        shop.post("/en/shop/transactions/deduct-points", &body).data(201);
    });
    let soon = shop.server.clock.now().plus_days(10).to_micros_text();
    step(&shop, &mut witness, &|shop| {
        let body =
            json!({"card_id": card, "points": 70, "reason": "Name day", "expires_at": soon, "staff_member": "Rasa"});
        shop.post("/api/points/award", &body).data(201);
    });
    step(&shop, &mut witness, &|shop| {
        shop.post("/api/points/adjust", &json!({"card_id": card, "points": -20, "reason": "Miscounted"})).data(201);
    });

    // The rules, the words and the prices change under it.
    step(&shop, &mut witness, &|shop| {
        let tiers = json!([{"threshold": 0}, {"name": "Draugas", "threshold": 900, "multiplier": "1.5"}]);
        shop.put(
            "/en/partners/settings",
            &json!({"tiers": tiers, "tier_basis": "rolling_12_months", "retention": retention}),
        )
        .data(200);
    });
    step(&shop, &mut witness, &|shop| {
        let title = json!({"en": "Gold crust", "lt": "Auksinė pluta"});
        let body = json!({"title": title, "points_per_currency": 4, "points_per_currency_redemption": 50});
        shop.put(&template, &body).data(200);
    });
    step(&shop, &mut witness, &|shop| drop(shop.put(&place, &json!({"name": "New Town"})).data(200)));
    step(&shop, &mut witness, &|shop| buys(shop, &card, "1003", "40", 0));
    step(&shop, &mut witness, &|shop| {
        shop.put("/api/partners/settings/global", &json!({"cross_shop_redemption": true})).data(200);
    });

    // What is said of the card and its holder.
    step(&shop, &mut witness, &|shop| {
        let body = json!({"reason": "Lost", "internal_note": "found on the tram"});
        shop.post(&format!("/api/loyalty-cards/{card}/block"), &body).data(200);
    });
    step(&shop, &mut witness, &|shop| {
        shop.post(&format!("/api/loyalty-cards/{card}/unblock"), &json!({"reason": "Found"})).data(200);
    });
    step(&shop, &mut witness, &|shop| {
        let body = json!({"customer_name": "Ona Pavyzdienė", "card_design": "autumn", "metadata": {"pets": 2}});
        shop.put(&format!("/api/loyalty-cards/{card}"), &body).data(200);
    });
    let customer = witness.customer.clone();
    step(&shop, &mut witness, &|shop| {
        let body = json!({"email": "ona@example.com", "phone": "+37060012345"});
        shop.put(&format!("/en/partners/customers/{customer}"), &body).data(200);
    });

    // What is imported stands at its own time and counts from its recording.
    step(&shop, &mut witness, &|shop| {
        let at = Timestamp::from_micros(shop.server.clock.now().micros() - 400 * 86_400_000_000);
        let particulars = Particulars {
            shop: Some(shop.shop),
            name: Some(Order::Reference("old-1".to_owned())),
            note: Note { reason: Some("From the old system".to_owned()), ..Note::default() },
            past: Some(Past { at, endless: true }),
        };
        let id: i64 = card.trim_start_matches("card_").parse().expect("a number");
        let award = Award { card: CardId::new(id), points: Points::new(55), expires_at: None, particulars };
        shop.server.command(shop.partner, Command::Award(award));
    });

    // Time alone expires points, without an event; the next movement writes it down.
    shop.server.advance_days(11);
    witness.look(&shop);
    step(&shop, &mut witness, &|shop| buys(shop, &card, "1004", "3", 0));
    shop.server.advance_days(100);
    witness.look(&shop);
    step(&shop, &mut witness, &|shop| drop(shop.award(&card, 5)));
    step(&shop, &mut witness, &|shop| {
        shop.post(
            "/en/shop/transactions/create",
            &json!({"order_id": "1003", "type": "cancellation", "shop_id": shop.shop.get()}),
        )
        .data(201);
    });
    assert!(witness.moments() >= 22, "{}", witness.moments());

    witness.ask_again(&shop, 2);
    shop = shop.restarted(&config());
    witness.ask_again(&shop, 11);
    shop = shop.without_views(&config());
    witness.ask_again(&shop, 7);
    verify(shop.server.files.path());
}

#[test]
fn others_do_not_show_in_the_past_of_a_card_and_it_goes_on_while_it_is_asked_for() {
    let shop = Shop::with_rules(rules());
    let issued = shop.issued("ann@example.com");
    let card = issued["id"].as_str().expect("an id").to_owned();
    let mut witness = Witness::of(&shop, &issued);
    for round in 0..4 {
        shop.server.advance_seconds(1);
        let other = shop.card(&format!("other{round}@example.com"));
        shop.award(&other, 1_000);
        shop.award(&card, 10);
        witness.look(&shop);
        witness.ask_again(&shop, 3);
    }
}

#[test]
fn whose_name_was_corrected_is_told_of_by_the_name_of_now() {
    let shop = Shop::open();
    let issued = shop.issued("ann@example.com");
    let card = issued["id"].as_str().expect("an id").to_owned();
    let annotate = |name: &str, pets: i64| {
        let body = json!({"customer_name": name, "metadata": {"pets": pets}});
        shop.put(&format!("/api/loyalty-cards/{card}"), &body).data(200);
    };
    annotate("Anne Example", 1);
    shop.award(&card, 120);
    let then = shop.server.clock.now().to_micros_text();
    shop.server.advance_seconds(60);
    shop.award(&card, 30);
    annotate("Ann Example", 2);
    let told = shop.get(&format!("/api/loyalty-cards/{card}?as_of={then}")).data(200);
    assert_eq!((&told["customer_name"], &told["customer_email"]), (&json!("Ann Example"), &json!("ann@example.com")));
    assert_eq!((&told["metadata"]["pets"], &told["points_balance"]), (&json!(2), &json!(120)));
}

#[test]
fn what_was_erased_stays_erased_and_the_figures_of_then_stay() {
    let shop = Shop::open();
    let issued = shop.issued("ann@example.com");
    let card = issued["id"].as_str().expect("an id").to_owned();
    let customer = shop.customer_of(issued["card_number"].as_str().expect("a number"));
    shop.award(&card, 120);
    shop.server.advance_seconds(60);
    let then = shop.server.clock.now().to_micros_text();
    let paths = [format!("/api/loyalty-cards/{card}"), format!("/api/customers/{customer}")];
    let answered = paths.clone().map(|path| shop.get(&path).data(200));
    shop.server.advance_seconds(60);
    shop.delete(&format!("/api/customers/{customer}")).data(200);
    shop.redeem(&card, 20).data(201);
    let told = paths.map(|path| shop.get(&format!("{path}?as_of={then}")).data(200));
    let erased = json!("[erased]");
    for (was, is) in answered.iter().zip(&told) {
        assert_eq!(was["points_balance"], is["points_balance"]);
        assert_eq!(was["points"], is["points"]);
        assert_eq!(was["tier"], is["tier"]);
    }
    assert_eq!((&told[0]["customer_name"], &told[0]["customer_email"]), (&erased, &erased));
    assert_eq!(told[0]["recent_transactions"][0]["reason"], erased);
    assert_eq!(told[0]["recent_transactions"][0]["points"], json!(120));
    assert_eq!((&told[1]["name"], &told[1]["email"]), (&erased, &erased));
    assert!(
        !String::from_utf8_lossy(&shop.get(&format!("/api/customers/{customer}?as_of={then}")).raw).contains("ann@")
    );
}
