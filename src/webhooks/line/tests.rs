//! One line by itself: what is sent, in which order, and what is kept of it.

mod restarts;
mod trouble;

use super::parts::plus;
use super::*;
use crate::domain::programme::CreatePartner;
use crate::domain::webhooks::Disabled;
use crate::domain::webhooks::{EventName, WebhookTerms};
use crate::domain::{Commitment, PartnerId, RecordId, Sealed};

const NOW: Timestamp = Timestamp::from_micros(1_767_225_600_000_000);

fn webhook(version: i64) -> Webhook {
    let terms = WebhookTerms {
        events: EventName::from_text("*").into_iter().collect(),
        shop_ids: Vec::new(),
        is_active: true,
        secret_id: "one".to_owned(),
        previous: None,
        disabled: None,
        since: Seq::ZERO,
    };
    Webhook {
        id: crate::domain::WebhookId::new(1),
        partner: PartnerId::new(1),
        terms,
        record: RecordId::new(1),
        created_at: NOW,
        updated_at: NOW,
        removed_at: None,
        version,
        as_of: Seq::ZERO,
    }
}

fn line() -> Line {
    let tracks = vec![Track { id: 1, cursor: Seq::ZERO, until: None }];
    Line::load(
        webhook(1),
        KeptWebhook { standing: Standing { version: 1, ..Standing::default() }, tracks, waiting: Vec::new() },
    )
}

/// An event of the log, whatever it is: a line does not look into it.
fn stored(seq: i64) -> Stored {
    let created = CreatePartner { name: "Bakery".to_owned(), currency: "EUR".to_owned() }.decide(PartnerId::new(1));
    let mut event = created[0].event.clone();
    event.seal(Sealed { record: RecordId::new(1), commitment: Commitment([0; 32]) });
    Stored {
        seq: Seq::new(seq),
        command_seq: Seq::new(seq),
        at: NOW,
        partner: PartnerId::new(1),
        actor: "cli".to_owned(),
        idempotency_key: None,
        fingerprint: None,
        event,
        hash: [u8::try_from(seq % 256).unwrap(); 32],
    }
}

/// Events by the number of their customers.
fn read(line: &mut Line, events: &[(i64, i64)]) {
    let (last, _) = *events.last().unwrap();
    let page = events.iter().map(|(seq, customer)| (CustomerId::new(*customer), stored(*seq))).collect();
    line.take(1, page, Seq::new(last));
}

/// Everything that is to be sent now: event and attempt.
fn drain(line: &mut Line, now: Timestamp) -> Vec<(i64, u32)> {
    std::iter::from_fn(|| line.next(now)).map(|next| (next.seq.get(), next.attempt)).collect()
}

fn customer(number: i64) -> CustomerId {
    CustomerId::new(number)
}

fn failed(seconds: u64) -> Outcome {
    Outcome::Failed { after: Some(Duration::from_secs(seconds)), leave_alone: None }
}

fn later(seconds: u64) -> Timestamp {
    plus(NOW, Duration::from_secs(seconds))
}

#[test]
fn one_event_of_a_customer_is_on_its_way_and_many_customers_are() {
    let mut line = line();
    read(&mut line, &[(1, 7), (2, 7), (3, 8)]);
    assert_eq!(drain(&mut line, NOW), [(1, 1), (3, 1)]);
    line.done(customer(7), &Outcome::Settled, None, NOW);
    assert_eq!(drain(&mut line, NOW), [(2, 1)]);
    let many: Vec<(i64, i64)> = (4..=40).map(|seq| (seq, seq)).collect();
    read(&mut line, &many);
    assert_eq!(drain(&mut line, NOW).len() + 2, SENDING_MAX);
}

#[test]
fn the_cursor_stops_before_the_first_event_that_is_not_settled() {
    let mut line = line();
    read(&mut line, &[(1, 7), (2, 8), (3, 9)]);
    drain(&mut line, NOW);
    for number in [8, 9] {
        line.done(customer(number), &Outcome::Settled, None, NOW);
    }
    assert_eq!(line.progress(true), None, "the first may be lost yet");
    line.done(customer(7), &Outcome::Settled, None, NOW);
    let progress = line.progress(true).unwrap();
    assert_eq!(progress.tracks, [Track { id: 1, cursor: Seq::new(3), until: None }]);
    assert_eq!(line.progress(true), None, "said once");
}

#[test]
fn what_waits_is_kept_with_all_behind_it_and_the_cursor_passes() {
    let mut line = line();
    read(&mut line, &[(1, 7), (2, 7), (3, 8)]);
    drain(&mut line, NOW);
    line.done(customer(7), &failed(30), None, NOW);
    line.done(customer(8), &Outcome::Settled, None, NOW);
    let progress = line.progress(false).unwrap();
    let waits: Vec<_> = progress.waiting.iter().map(|waiting| (waiting.seq.get(), waiting.attempts)).collect();
    assert_eq!(waits, [(1, 1), (2, 0)]);
    assert_eq!((progress.tracks[0].cursor, progress.standing.failures), (Seq::new(3), 1));
    assert_eq!((drain(&mut line, later(29)), line.due()), (vec![], Some(later(30))));

    // Another start finds the same.
    let kept = KeptWebhook { standing: progress.standing, tracks: progress.tracks, waiting: progress.waiting };
    let mut again = Line::load(webhook(1), kept);
    assert_eq!(drain(&mut again, later(29)), []);
    assert_eq!(drain(&mut again, later(30)), [(1, 2)]);
    again.done(customer(7), &Outcome::Settled, None, NOW);
    assert_eq!(drain(&mut again, later(30)), [(2, 1)]);
    again.done(customer(7), &Outcome::Settled, None, NOW);
    assert_eq!(again.progress(false).unwrap().settled, [(1, Seq::new(1)), (1, Seq::new(2))]);
}

#[test]
fn a_change_of_the_webhook_is_a_reason_to_try_at_once() {
    let mut line = line();
    read(&mut line, &[(1, 7)]);
    drain(&mut line, NOW);
    line.done(customer(7), &failed(3_600), None, NOW);
    line.progress(false);
    line.update(webhook(2));
    assert_eq!(drain(&mut line, NOW), [(1, 1)], "and the attempts are counted anew");
}

#[test]
fn nobody_is_sent_anything_while_the_receiver_wants_to_be_left_alone() {
    let mut line = line();
    read(&mut line, &[(1, 7), (2, 8)]);
    line.next(NOW);
    let leave_alone = Some(Duration::from_secs(60));
    line.done(customer(7), &Outcome::Failed { after: Some(Duration::from_secs(1)), leave_alone }, None, NOW);
    assert_eq!((drain(&mut line, later(59)), line.due()), (vec![], Some(later(60))));
    assert_eq!(drain(&mut line, later(60)), [(1, 2)]);
}

#[test]
fn when_too_many_customers_wait_nothing_more_is_read() {
    let mut line = line();
    let mut seq = 0;
    while line.unread(Seq::new(10_000)).is_some() {
        seq += 1;
        read(&mut line, &[(seq, seq)]);
        line.next(NOW).unwrap();
        line.done(customer(seq), &failed(60), None, NOW);
    }
    assert_eq!(usize::try_from(seq).unwrap(), LANES_HELD_MAX);
    line.next(later(60)).unwrap();
    assert!(line.unread(Seq::new(10_000)).is_some(), "one place is free while it is tried");
}

#[test]
fn when_too_many_customers_wait_nobody_else_is_tried() {
    let mut line = line();
    let many: Vec<(i64, i64)> = (1..=150).map(|seq| (seq, seq)).collect();
    read(&mut line, &many);
    for _ in 0..LANES_HELD_MAX {
        let next = line.next(NOW).unwrap();
        line.done(next.customer, &failed(60), None, NOW);
    }
    assert_eq!((drain(&mut line, NOW), line.due()), (vec![], Some(later(60))));
    let next = line.next(later(60)).unwrap();
    assert_eq!((next.seq.get(), next.attempt), (1, 2));
    line.done(next.customer, &Outcome::Settled, None, later(60));
    let next = line.next(later(60)).unwrap();
    assert_eq!(next.attempt, 1, "with one place free, those that were not tried and those that wait take turns");
    line.done(next.customer, &failed(60), None, later(60));
    assert_eq!(line.next(later(60)).map(|next| next.attempt), Some(2));
}

#[test]
fn fifty_events_in_a_row_that_are_given_up_are_enough_and_one_that_is_taken_begins_anew() {
    let mut line = line();
    let gone = Outcome::Failed { after: None, leave_alone: None };
    let give_up = |line: &mut Line, seq: i64| {
        read(line, &[(seq, 7)]);
        line.next(NOW).unwrap();
        line.done(customer(7), &gone, None, NOW)
    };
    for seq in 1..50 {
        assert_eq!(give_up(&mut line, seq), None);
    }
    assert_eq!(give_up(&mut line, 50), Some(Disabled::Failing));
}

#[test]
fn what_could_not_be_kept_is_kept_with_what_comes() {
    let mut line = line();
    read(&mut line, &[(1, 7), (2, 8)]);
    drain(&mut line, NOW);
    line.done(customer(7), &failed(30), None, NOW);
    let lost = line.progress(false).unwrap();
    line.not_kept(lost.clone());
    line.done(customer(8), &Outcome::Settled, None, NOW);
    let progress = line.progress(false).unwrap();
    assert_eq!((progress.waiting, progress.tracks[0].cursor), (lost.waiting, Seq::new(2)));
}

#[test]
fn a_part_of_the_log_ends_where_it_should() {
    let mut line = line();
    line.follow(Track { id: 2, cursor: Seq::new(4), until: Some(Seq::new(6)) });
    assert_eq!(line.unread(Seq::ZERO), None);
    assert_eq!(line.unread(Seq::new(5)), Some((1, (Seq::ZERO, Seq::new(5)))));
    line.take(1, Vec::new(), Seq::new(9));
    assert_eq!(line.unread(Seq::new(9)), Some((2, (Seq::new(4), Seq::new(6)))));
    line.take(2, vec![(customer(7), stored(5))], Seq::new(6));
    drain(&mut line, NOW);
    line.done(customer(7), &Outcome::Settled, None, NOW);
    assert_eq!(line.progress(true).unwrap().ended, [2]);
}

#[test]
fn a_receiver_is_left_alone_as_it_asks_also_where_an_event_is_given_up() {
    let mut line = line();
    read(&mut line, &[(1, 7), (2, 8)]);
    line.next(NOW);
    let leave_alone = Some(Duration::from_secs(60));
    line.done(customer(7), &Outcome::Failed { after: None, leave_alone }, None, NOW);
    assert_eq!((drain(&mut line, later(59)), drain(&mut line, later(60))), (vec![], vec![(2, 1)]));
}

#[test]
fn what_cannot_be_told_yet_is_told_a_little_later_and_it_is_no_attempt() {
    let mut line = line();
    read(&mut line, &[(1, 7), (2, 7), (3, 8)]);
    let next = line.next(NOW).unwrap();
    line.put_off(next.customer, NOW, Duration::from_secs(1));
    assert_eq!(drain(&mut line, NOW), [(3, 1)], "others go on");
    assert_eq!(drain(&mut line, later(1)), [(1, 1)], "and it stays the first of its customer");
}

/// A webhook that was told to leave out what came up to there.
fn skipping(version: i64, since: i64) -> Webhook {
    let mut webhook = webhook(version);
    webhook.terms.since = Seq::new(since);
    webhook
}

#[test]
fn what_is_skipped_is_neither_sent_nor_read_nor_kept_any_more() {
    let mut line = line();
    read(&mut line, &[(1, 7), (2, 7), (3, 8), (4, 9), (5, 9)]);
    drain(&mut line, NOW);
    line.done(customer(7), &failed(60), None, NOW);
    line.progress(true);
    // 1 and 2 wait and are kept; 3 and 4 are on their way.
    line.update(skipping(2, 50));
    assert_eq!((line.held(), line.pending(), line.due()), (0, 0, None));
    assert_eq!(line.unread(Seq::new(60)), Some((1, (Seq::new(50), Seq::new(60)))));
    assert_eq!(line.progress(true).unwrap().settled, [(1, Seq::new(1)), (1, Seq::new(2))]);
    line.done(customer(8), &Outcome::Settled, None, NOW);
    line.done(customer(9), &failed(60), None, NOW);
    assert_eq!((line.sending(), line.held(), drain(&mut line, later(60))), (0, 0, vec![]), "it is not tried again");
    read(&mut line, &[(51, 7)]);
    assert_eq!(drain(&mut line, NOW), [(51, 1)]);
}

#[test]
fn another_start_finds_skipped_what_was_and_sends_again_what_somebody_wants() {
    let again = Track { id: 2, cursor: Seq::new(1), until: Some(Seq::new(3)) };
    let tracks = vec![Track { id: 1, cursor: Seq::new(9), until: None }, again];
    let waits = |track, seq| Waiting {
        track,
        seq: Seq::new(seq),
        event_hash: [0; 32],
        customer: customer(7),
        attempts: 1,
        due_at: later(60),
    };
    let standing = Standing { version: 2, ..Standing::default() };
    let kept = KeptWebhook { standing, tracks, waiting: vec![waits(2, 1), waits(1, 4)] };
    let mut line = Line::load(skipping(2, 20), kept);
    assert_eq!((line.pending(), line.lag(Seq::new(25))), (1, 5));
    assert_eq!(drain(&mut line, later(60)), [(1, 2)]);
    assert_eq!(line.progress(true).unwrap().settled, [(1, Seq::new(4))]);
    assert_eq!(line.unread(Seq::new(25)), Some((1, (Seq::new(20), Seq::new(25)))));
}
