//! The list of cards: every filter, order and page, against the same taken from everything at once.

use crate::support::{Shop, cards_of};
use serde_json::{Value, json};

struct Known {
    id: String,
    email: String,
    status: &'static str,
    tier: &'static str,
    balance: i64,
    activity: i64,
}

/// What a card is sorted by, and whether a filter keeps it: of the card and its place in the order of issue.
type SortKey = fn(&Known, usize) -> (i64, usize);
type Keep = fn(&Known, usize) -> bool;

/// Two dozen cards, one a day, of every status and tier, with balances that repeat.
fn shop_with_cards() -> (Shop, Vec<Known>) {
    let shop = Shop::open();
    let mut known = Vec::new();
    for number in 0..24_i64 {
        shop.server.advance_days(1);
        let email = format!("person{number}@example.com");
        let inactive = number % 8 == 3;
        let lifetime = [0, 500, 800, 6_000][usize::try_from(number % 4).unwrap()];
        let body = json!({"customer_email": email, "customer_name": format!("Person {number}"), "auto_activate": !inactive, "initial_points": lifetime});
        let id = shop.post("/api/loyalty-cards", &body).data(201)["id"].as_str().unwrap().to_owned();
        let tier = ["bronze", "silver", "gold", "platinum"][usize::try_from(number % 4).unwrap()];
        known.push(Known {
            id,
            email,
            status: if inactive { "inactive" } else { "active" },
            tier,
            balance: lifetime,
            activity: number,
        });
    }
    for number in [1, 5, 18] {
        let id = &known[number].id;
        shop.post(&format!("/api/loyalty-cards/{id}/block"), &json!({"reason": "Lost"})).data(200);
        known[number].status = "blocked";
    }
    // Later activity, in another order than the cards'.
    for (step, number) in [10_usize, 2, 20].into_iter().enumerate() {
        shop.server.advance_days(1);
        shop.award(&known[number].id, 7);
        known[number].balance += 7;
        known[number].activity = 24 + i64::try_from(step).unwrap();
    }
    (shop, known)
}

fn all_pages(shop: &Shop, query: &str, limit: usize) -> (Vec<String>, Value) {
    let mut seen = Vec::new();
    for page in 1.. {
        let data = shop.get(&format!("/api/loyalty-cards?page={page}&limit={limit}&{query}")).data(200);
        seen.extend(cards_of(&data));
        if data["pagination"]["has_next"] == json!(false) {
            return (seen, data["pagination"].clone());
        }
    }
    unreachable!()
}

#[test]
fn every_filter_in_every_order_and_page_size_gives_the_same_cards_as_sorting_everything() {
    let (shop, known) = shop_with_cards();
    let sorts: [(&str, SortKey, bool); 7] = [
        ("", |_, at| (0, at), true),
        ("sort=created_at:desc", |_, at| (0, at), true),
        ("sort=created_at:asc", |_, at| (0, at), false),
        ("sort=-created_at", |_, at| (0, at), true),
        ("sort=points_balance:desc", |card, at| (card.balance, at), true),
        ("sort=points_balance:asc", |card, at| (card.balance, at), false),
        ("sort=last_activity:desc", |card, at| (card.activity, at), true),
    ];
    let filters: [(&str, Keep); 10] = [
        ("", |_, _| true),
        ("status=active", |card, _| card.status == "active"),
        ("status=blocked", |card, _| card.status == "blocked"),
        ("status=inactive&tier=platinum", |card, _| card.status == "inactive" && card.tier == "platinum"),
        ("tier=gold", |card, _| card.tier == "gold"),
        ("status=expired", |_, _| false),
        ("created_after=2026-01-05", |_, at| at >= 3),
        ("created_before=2026-01-05", |_, at| at <= 3),
        ("created_after=2026-01-05T00:00:00Z&created_before=2026-01-20T00:00:00Z&status=active", |card, at| {
            (3..=18).contains(&at) && card.status == "active"
        }),
        ("created_after=2027-01-01", |_, _| false),
    ];
    for (filter, keep) in filters {
        for (sort, key, descending) in sorts {
            let mut expected: Vec<_> = known.iter().enumerate().filter(|(at, card)| keep(card, *at)).collect();
            expected.sort_by_key(|(at, card)| key(card, *at));
            if descending {
                expected.reverse();
            }
            let expected: Vec<&str> = expected.into_iter().map(|(_, card)| card.id.as_str()).collect();
            for limit in [3, 10, 100] {
                let (seen, pagination) = all_pages(&shop, &format!("{filter}&{sort}"), limit);
                assert_eq!(seen, expected, "{filter} {sort} {limit}");
                assert_eq!(pagination["total"], json!(expected.len()), "{filter} {sort} {limit}");
            }
        }
    }
}

#[test]
fn a_listed_card_has_the_documented_fields() {
    let (shop, known) = shop_with_cards();
    let data = shop.get("/api/loyalty-cards?status=active&page=1&limit=20&sort=created_at:desc").data(200);
    let card = data["cards"][0].as_object().unwrap();
    let mut fields: Vec<&str> = card.keys().map(String::as_str).collect();
    fields.sort_unstable();
    let expected = [
        "card_number",
        "created_at",
        "customer_email",
        "customer_name",
        "id",
        "last_activity",
        "points_balance",
        "status",
    ];
    assert_eq!(fields, expected);
    assert_eq!(card["customer_email"], json!(known[23].email));
    assert_eq!(card["customer_name"], "Person 23");
    let pagination = json!({
        "current_page": 1, "per_page": 20, "total": 18, "total_pages": 1, "last_page": 1, "has_next": false, "has_prev": false
    });
    assert_eq!(data["pagination"], pagination);
}

#[test]
fn an_email_finds_its_card_whatever_its_case_and_with_other_filters() {
    let (shop, known) = shop_with_cards();
    let list = |query: &str| cards_of(&shop.get(&format!("/api/loyalty-cards?{query}")).data(200));
    assert_eq!(list("customer_email=PERSON7@example.com"), [known[7].id.as_str()]);
    assert_eq!(list("customer_email=person7@example.com&tier=platinum"), [known[7].id.as_str()]);
    assert!(list("customer_email=person7@example.com&tier=gold").is_empty());
    assert!(list("customer_email=person7@example.com&page=2").is_empty());
    assert!(list("customer_email=person").is_empty(), "the whole email, not a part");
}

#[test]
fn a_page_past_the_end_is_empty_and_a_size_past_the_cap_is_cut() {
    let (shop, _) = shop_with_cards();
    let data = shop.get("/api/loyalty-cards?page=99").data(200);
    assert_eq!((&data["cards"], &data["pagination"]["total"]), (&json!([]), &json!(24)));
    assert_eq!(data["pagination"]["has_prev"], json!(true));
    let data = shop.get("/api/loyalty-cards?limit=5000").data(200);
    assert_eq!(data["pagination"]["per_page"], json!(100));
    assert_eq!(shop.get("/api/loyalty-cards?per_page=5").data(200)["pagination"]["per_page"], json!(5));
    assert_eq!(shop.get("/api/loyalty-cards").data(200)["pagination"]["per_page"], json!(20));
    let empty = Shop::open().get("/api/loyalty-cards").data(200);
    assert_eq!((&empty["pagination"]["total"], &empty["pagination"]["last_page"]), (&json!(0), &json!(1)));
}

#[test]
fn a_parameter_that_makes_no_sense_is_named_and_an_unknown_one_is_ignored() {
    let shop = Shop::open();
    for (query, field) in [
        ("status=sleeping", "status"),
        ("tier=wood", "tier"),
        ("sort=shoe_size:desc", "sort"),
        ("sort=created_at:up", "sort"),
        ("created_after=soon", "created_after"),
        ("created_before=1", "created_before"),
        ("page=0", "page"),
        ("limit=0", "limit"),
        ("limit=ten", "limit"),
    ] {
        let refused = shop.get(&format!("/api/loyalty-cards?{query}"));
        refused.error(400, "VALIDATION_ERROR");
        refused.about(field);
    }
    shop.get("/api/loyalty-cards?colour=red&page=&status=").data(200);
}

#[test]
fn a_card_is_listed_as_soon_as_its_issue_is_answered() {
    let shop = Shop::open();
    for number in 0..20 {
        let id = shop.card(&format!("person{number}@example.com"));
        let data = shop.get("/api/loyalty-cards?limit=1").data(200);
        assert_eq!(cards_of(&data), [id.as_str()]);
        assert_eq!(data["pagination"]["total"], json!(number + 1));
    }
}
