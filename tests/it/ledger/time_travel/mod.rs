//! Random histories, looked at after every step, by hand and by rules: whatever was told of a customer at a moment is told again of
//! that moment at the end, by the service from its own log and, of the card, by the auditor's tool.

mod steps;

use super::workshop::{
    DAY, PARTNER, START, Workshop, adjust, award, block, buy, cancel, erase, expire, issue, named, redeem, refund,
    unblock,
};
use crate::support::{balance_at, movements_at};
use counterfoil::domain::cards::{Card, Tier, UpdateCard};
use counterfoil::domain::customers::UpdateCustomer;
use counterfoil::domain::orders::Share;
use counterfoil::domain::points::{Award, Past, Points};
use counterfoil::domain::programme::{
    ChangeSettings, RETENTION_DAYS_MAX, Retention, Settings, SettingsRecord, ShopFacts, ShopRecord, TemplateRecord,
    TemplateRules, TierBasis, TierLevel, TierPlan, UpdateShop, UpdateTemplate,
};
use counterfoil::domain::{CardId, CustomerId, Metadata, Money, RecordId, Seq, ShopId, TemplateId, Timestamp};
use counterfoil::queries::{
    CardNames, CardSheet, CardView, CustomerFigures, CustomerSheet, HistoryFilter, HistoryPage, Moment, Queries,
    Subject, TransactionFilter, TransactionPage, TransactionSort, Window,
};
use counterfoil::writer::Command;
use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use steps::{CUSTOMERS, Step, steps};

/// Everything that is told of a customer.
#[derive(Debug, Clone, PartialEq)]
struct Told {
    card: Option<Card>,
    view: Option<CardView>,
    sheet: Option<CardSheet>,
    history: Option<HistoryPage>,
    customer: Option<CustomerSheet>,
    figures: CustomerFigures,
    counted: Points,
    transactions: TransactionPage,
}

/// Where a name or a note was corrected and then erased, the record of now stands in for that of then: neither says anything.
fn without_record(card: &mut Card) {
    card.metadata_record = card.metadata_record.map(|_| RecordId::new(0));
}

impl Told {
    /// Without what the vault has lost meanwhile.
    fn erased(mut self) -> Self {
        self.card.iter_mut().for_each(without_record);
        if let Some(view) = &mut self.view {
            without_record(&mut view.card);
            (view.person, view.metadata) = (None, Metadata::new());
            view.recent.iter_mut().for_each(|row| row.note = None);
        }
        if let Some(sheet) = &mut self.sheet {
            without_record(&mut sheet.card);
            (sheet.person, sheet.metadata) = (None, Metadata::new());
        }
        if let Some(history) = &mut self.history {
            without_record(&mut history.card);
            history.page.rows.iter_mut().for_each(|row| row.note = None);
        }
        if let Some(customer) = &mut self.customer {
            customer.view.person = None;
            customer.view.customer.record = RecordId::new(0);
        }
        for row in &mut self.transactions.page.rows {
            (row.person, row.note) = (None, None);
        }
        self
    }
}

struct History {
    workshop: Workshop,
    people: Vec<(CardId, CustomerId)>,
    clock: i64,
    erased: [bool; CUSTOMERS],
    /// What was told after an event, at the time of it; and at a time, which may be between two.
    after: BTreeMap<(usize, Seq), Told>,
    at: BTreeMap<(usize, Timestamp), Told>,
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime")
}

async fn tell(queries: &Queries, (card, customer): (CardId, CustomerId), now: Timestamp) -> Told {
    let directory = queries.live().directory();
    let settings = &directory.partners[&PARTNER].settings;
    let window = Window { offset: 0, limit: 100 };
    let names = CardNames { card: Some(card), customer: Some(customer), ..CardNames::default() };
    let filter = TransactionFilter { card: Some(card), ..TransactionFilter::default() };
    let found = queries.card(PARTNER, card).expect("a card");
    let counted = match &found {
        Some(card) => queries.counted(card, settings, now).await.expect("points that count"),
        None => Points::ZERO,
    };
    let sort = (TransactionSort::Amount, true);
    Told {
        card: found,
        view: queries.card_view(PARTNER, card).await.expect("a view"),
        sheet: queries.card_sheet(PARTNER, &names).await.expect("a sheet"),
        history: queries.history(PARTNER, card, HistoryFilter::default(), window).await.expect("a history"),
        customer: queries.customer_sheet(PARTNER, customer, now).await.expect("a customer"),
        figures: queries.customer_figures(customer, settings, now).await.expect("figures"),
        counted,
        transactions: queries.transactions(PARTNER, filter, sort, window).await.expect("transactions"),
    }
}

impl History {
    fn new() -> Self {
        let workshop = Workshop::new();
        // Old names are kept, so that they can be compared.
        workshop.must(settings(500, false, true, true));
        let people = (0..CUSTOMERS).map(|who| workshop.issue(&format!("c{who}@example.com"), 0)).collect();
        let mut history = Self {
            workshop,
            people,
            clock: START,
            erased: [false; CUSTOMERS],
            after: BTreeMap::new(),
            at: BTreeMap::new(),
        };
        history.look();
        history
    }

    fn queries(&self) -> Queries {
        Queries::new(self.workshop.dir(), Arc::clone(self.workshop.engine().live()))
    }

    /// Writes down what is told now.
    fn look(&mut self) {
        let queries = self.queries();
        let progress = self.workshop.engine().live().progress();
        let (head, now) = (progress.head(), progress.time(self.workshop.clock.now()));
        for (who, person) in self.people.iter().enumerate() {
            let told = runtime().block_on(tell(&queries, *person, now));
            // What comes later in the very microsecond counts, too.
            self.at.insert((who, now), told.clone());
            if progress.time(Timestamp::from_micros(START)) == now {
                self.after.insert((who, head), told);
            }
        }
    }

    fn live(&mut self, step: &Step) {
        self.clock += 1;
        self.workshop.set_time(self.clock);
        let time = Timestamp::from_micros(self.clock);
        let card = |who: usize| self.people[who].0;
        let command = match *step {
            Step::Award { who, points, expires_in } => {
                award(card(who), points, expires_in.map(|micros| self.clock + micros), None)
            }
            Step::Import { who, points, days_ago } => {
                let mut particulars = named(None);
                particulars.past =
                    Some(Past { at: Timestamp::from_micros(self.clock - days_ago * DAY), endless: true });
                let points = Points::new(points);
                Command::Award(Award { card: card(who), points, expires_at: None, particulars })
            }
            Step::Redeem { who, points } => redeem(card(who), points, None),
            Step::Buy { who, cents, redeem, order } => {
                buy(card(who), &format!("b{order}"), &Decimal::new(cents, 2).to_string(), redeem)
            }
            Step::Refund { order, cents } => {
                let share = Share::Amount(Money::new(Decimal::new(cents, 2)).expect("an amount"));
                refund(&format!("b{order}"), Some(&format!("r{}", self.clock)), share)
            }
            Step::Cancel { order } => cancel(&format!("b{order}")),
            Step::Adjust { who, points } => adjust(card(who), points, None),
            Step::Expire { who, points } => expire(card(who), Some(points), None),
            Step::Block { who } => block(card(who)),
            Step::Unblock { who } => unblock(card(who)),
            Step::Design { who, design } => {
                let metadata = Some(Metadata::from_iter([("looks".to_owned(), json!(design))]));
                let design = Some(format!("design-{design}"));
                let nothing = (None, None, None);
                let (email, name, phone) = nothing;
                Command::UpdateCard(UpdateCard { card: card(who), email, name, phone, design, metadata })
            }
            Step::Rename { who, name } => Command::UpdateCustomer(UpdateCustomer {
                customer: self.people[who].1,
                email: Some(format!("name{name}-{who}@example.com")),
                name: Some(format!("Ona {name}")),
                first_name: None,
                last_name: None,
                phone: None,
                metadata: None,
            }),
            Step::Erase { who } => {
                self.erased[who] = true;
                erase(self.people[who].1)
            }
            Step::Rules { rate } => Command::UpdateTemplate(UpdateTemplate {
                template: TemplateId::new(1),
                based_on: None,
                record: TemplateRecord::titled([("en".to_owned(), format!("Card at {rate}"))].into()),
                rules: TemplateRules { points_per_currency: rate.into(), ..TemplateRules::default() },
            }),
            Step::Tiers { first, rolling, unified, shared } => settings(first, rolling, unified, shared),
            Step::Shop { name } => Command::UpdateShop(UpdateShop {
                shop: ShopId::new(1),
                based_on: None,
                record: ShopRecord { name: format!("Shop {name}"), ..ShopRecord::default() },
                facts: ShopFacts { is_virtual: false, is_active: true, coordinates: None },
            }),
            Step::Wait { micros } => {
                self.clock += micros;
                return self.workshop.set_time(self.clock);
            }
            Step::Restart => return self.workshop.restart(),
            Step::LoseViews => return self.workshop.restart_without_views(),
        };
        // A rule may refuse it; then nothing has happened.
        if let Ok(outcome) = self.workshop.run(command) {
            assert!(outcome.events.iter().all(|recorded| recorded.at <= time), "{outcome:?}");
        }
    }

    /// Asks for all of it again.
    fn check(mut self) {
        let queries = self.queries();
        let moments = self.after.iter().map(|((who, seq), told)| (*who, Moment::After(*seq), told));
        let moments = moments.chain(self.at.iter().map(|((who, at), told)| (*who, Moment::At(*at), told)));
        for (who, moment, was) in moments {
            let (card, customer) = self.people[who];
            let subject = if who == 0 { Subject::Card(card) } else { Subject::Customer(customer) };
            let past = runtime().block_on(queries.past(PARTNER, Some(subject), moment)).expect("a past");
            let is = runtime().block_on(tell(&past.queries, (card, customer), past.at));
            // Of whom something was erased, all that is sealed is compared without it.
            let (was, is) = if self.erased[who] { (was.clone().erased(), is.erased()) } else { (was.clone(), is) };
            assert_eq!(is, was, "{moment:?}");
            self.compare_with_the_auditor(moment, &is, (past.seq, past.at));
        }
        self.workshop.stop();
    }

    fn compare_with_the_auditor(&self, moment: Moment, told: &Told, (seq, at): (Seq, Timestamp)) {
        let Some(card) = &told.card else { return };
        let moment = match moment {
            Moment::After(seq) => seq.to_string(),
            Moment::At(at) => at.to_micros_text(),
        };
        let rows = told.history.iter().flat_map(|history| history.page.rows.iter().rev());
        let rows: Vec<_> = rows.map(|row| (row.seq.get(), row.points.get(), row.balance_after.get())).collect();
        assert_eq!(movements_at(self.workshop.dir().path(), &card.id.to_string(), &moment), rows, "{moment}");
        for name in [card.id.to_string(), card.number.to_string()] {
            let audited = balance_at(self.workshop.dir().path(), &name, &moment).expect("a card that is there");
            let mut lots: Vec<_> = audited["lots"].as_array().expect("lots").clone();
            lots.sort_by_key(|lot| lot["lot"].as_i64());
            let mut own: Vec<_> = card.lots.iter().collect();
            own.sort_by_key(|lot| lot.id);
            let own: Vec<_> = own
                .iter()
                .map(|lot| {
                    json!({
                        "lot": lot.id, "points": lot.points, "remaining": lot.remaining, "shop": lot.shop,
                        "expires_at": lot.expires_at, "due": lot.expires_at.is_some_and(|time| time <= at),
                    })
                })
                .collect();
            let expected = json!({
                "card": card.id, "number": card.number.to_string(), "at": at, "as_of_seq": seq,
                "available": card.available(at), "balance": card.balance(), "debt": card.debt,
                "lifetime": card.lifetime, "redeemed": card.redeemed, "expired": card.expired,
                "adjusted": card.adjusted, "tier": card.tier.name(), "status": card.status.name(), "lots": own,
            });
            let mut audited = audited;
            audited["lots"] = lots.into();
            assert_eq!(audited, expected, "{name} at {moment}");
        }
    }
}

fn settings(first: i64, rolling: bool, unified: bool, shared: bool) -> Command {
    let level = |tier, threshold| TierLevel { tier, threshold: Points::new(threshold), multiplier: 2.into() };
    let levels = vec![
        TierLevel { tier: Tier::Bronze, threshold: Points::ZERO, multiplier: 1.into() },
        level(Tier::Silver, first),
        level(Tier::Gold, first * 2),
    ];
    let basis = if rolling { TierBasis::Rolling } else { TierBasis::Lifetime };
    let settings = Settings {
        unified_tiers: unified,
        multi_store_points: shared,
        tiers: TierPlan { basis, levels },
        retention: Retention { superseded_records_after_days: RETENTION_DAYS_MAX, ..Retention::default() },
        ..Settings::default()
    };
    Command::ChangeSettings(ChangeSettings { based_on: None, settings, record: SettingsRecord::default() })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_was_told_at_a_moment_is_told_again_of_that_moment(steps in steps()) {
        let mut history = History::new();
        for step in &steps {
            history.live(step);
            history.look();
        }
        history.check();
    }
}

/// Every event of a card, customer, partner, shop, template or key stands in one of the two tables, and once.
#[test]
fn movements_and_the_other_events_are_all_that_happened_to_a_thing() {
    let workshop = Workshop::new();
    let (card, customer) = workshop.issue("ona@example.com", 10);
    for command in [
        award(card, 600, None, None),
        buy(card, "1", "12", 20),
        block(card),
        unblock(card),
        cancel("1"),
        settings(50, true, false, true),
        erase(customer),
        issue("jonas@example.com", 0),
    ] {
        workshop.must(command);
    }
    let connection = counterfoil::storage::open_reader(&workshop.dir()).expect("views.db");
    assert!(workshop.engine().live().progress().caught_up_blocking(std::time::Duration::from_secs(30)));
    let column = |sql: &str| -> Vec<(String, i64)> {
        let mut statement = connection.prepare(sql).expect(sql);
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect(sql);
        rows.collect::<Result<_, _>>().expect(sql)
    };
    let logged = column("SELECT stream, seq FROM ledger.events ORDER BY stream, seq");
    let listed = column(
        "SELECT stream || ':' || id, seq FROM stream_events UNION ALL SELECT 'card:' || card, seq FROM movements ORDER BY 1, 2",
    );
    assert!(logged.len() > 15);
    assert_eq!(listed, logged);
}

#[test]
fn a_card_with_a_longer_history_than_is_folded_is_refused() {
    use counterfoil::projections::PAST_EVENTS_MAX;
    use counterfoil::queries::QueryError;
    let workshop = Workshop::new();
    let (card, _) = workshop.issue("ona@example.com", 10);
    assert!(workshop.engine().live().progress().caught_up_blocking(std::time::Duration::from_secs(30)));
    // Rows that no event stands behind: they are counted before the log is looked at.
    let views = rusqlite::Connection::open(workshop.dir().views()).expect("views.db");
    let sql = "WITH RECURSIVE more (seq) AS (SELECT -1 UNION ALL SELECT seq - 1 FROM more LIMIT ?2) \
               INSERT INTO stream_events (stream, id, seq) SELECT 'card', ?1, seq FROM more";
    views.execute(sql, (card.get(), i64::try_from(PAST_EVENTS_MAX).expect("a number"))).expect("rows");
    let queries = Queries::new(workshop.dir(), Arc::clone(workshop.engine().live()));
    let asked = queries.past(PARTNER, Some(Subject::Card(card)), Moment::After(Seq::new(4)));
    let refused = runtime().block_on(asked).map(|past| past.seq);
    assert!(matches!(refused, Err(QueryError::TooWide { most: 100_000 })), "{refused:?}");
    views.execute("DELETE FROM stream_events WHERE seq < 0", []).expect("rows");
}
