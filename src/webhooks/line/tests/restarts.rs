//! What another start finds, what a change of the webhook brings, and that one customer holds up nobody else.

use super::*;

/// What another start finds.
fn kept_of(progress: WebhookProgress) -> KeptWebhook {
    KeptWebhook { standing: progress.standing, tracks: progress.tracks, waiting: progress.waiting }
}

#[test]
fn what_was_read_and_not_settled_is_left_behind_and_nothing_else_is_sent_again() {
    let mut line = line();
    read(&mut line, &[(11, 7), (15, 8), (20, 8)]);
    assert_eq!(line.next(NOW).map(|next| next.seq.get()), Some(11));
    assert_eq!(line.next(NOW).map(|next| next.seq.get()), Some(15));
    line.done(customer(8), &Outcome::Settled, None, NOW);
    assert_eq!(drain(&mut line, NOW), [(20, 1)]);
    line.done(customer(8), &failed(30), None, NOW);
    line.note_all();
    let progress = line.progress(true).unwrap();
    assert_eq!(progress.tracks[0].cursor, Seq::new(20));
    let mut again = Line::load(webhook(1), kept_of(progress));
    assert_eq!((again.unread(Seq::new(20)), again.pending()), (None, 2));
    assert_eq!(drain(&mut again, NOW), [(11, 1)]);
    again.done(customer(7), &Outcome::Settled, None, NOW);
    assert_eq!(drain(&mut again, later(30)), [(20, 2)]);
}

#[test]
fn what_is_read_again_after_a_kill_stands_before_what_waits_and_that_is_there_once_with_its_attempts() {
    let mut line = line();
    read(&mut line, &[(11, 7), (15, 8), (20, 8), (21, 9)]);
    drain(&mut line, NOW);
    for outcome in [Outcome::Settled, failed(30)] {
        line.done(customer(8), &outcome, None, NOW);
        drain(&mut line, NOW);
    }
    let mut progress = line.progress(false).unwrap();
    assert_eq!(progress.tracks[0].cursor, Seq::new(10), "11 is on its way");
    // It took something since: more than one event is sent at once.
    progress.standing.failures = 0;
    let mut again = Line::load(webhook(1), kept_of(progress));
    assert_eq!((drain(&mut again, later(60)), again.pending()), (vec![], 1), "it is not first before it is read again");
    read(&mut again, &[(11, 7), (15, 8), (20, 8), (21, 9)]);
    assert_eq!(drain(&mut again, NOW), [(11, 1), (15, 1), (21, 1)]);
    again.done(customer(8), &Outcome::Settled, None, NOW);
    assert_eq!(drain(&mut again, NOW), [(20, 2)]);
    again.done(customer(8), &failed(30), None, NOW);
    let progress = again.progress(true).unwrap();
    let rows: Vec<_> = progress.waiting.iter().map(|waiting| (waiting.seq.get(), waiting.attempts)).collect();
    assert_eq!((rows, again.pending()), (vec![(20, 2)], 1));
}

#[test]
fn what_waits_and_is_not_wanted_any_more_is_settled_when_it_would_be_read_again() {
    let waits =
        Waiting { track: 1, seq: Seq::new(20), event_hash: [0; 32], customer: customer(8), attempts: 1, due_at: NOW };
    let tracks = vec![Track { id: 1, cursor: Seq::new(10), until: None }];
    let standing = Standing { version: 1, ..Standing::default() };
    let mut line = Line::load(webhook(1), KeptWebhook { standing, tracks, waiting: vec![waits] });
    line.take(1, Vec::new(), Seq::new(30));
    assert_eq!((line.pending(), line.progress(true).unwrap().settled), (0, vec![(1, Seq::new(20))]));
}

#[test]
fn what_waits_behind_one_event_keeps_nobody_else_from_being_read_up_to_a_bound() {
    let mut line = line();
    read(&mut line, &[(1, 7)]);
    drain(&mut line, NOW);
    line.done(customer(7), &failed(3_600), None, NOW);
    let mut seq = 1;
    let head = Seq::new(10_000_000);
    while line.unread(head).is_some() {
        assert!(line.room() >= ITEMS_MAX / 2);
        let page: Vec<(i64, i64)> = (seq + 1..=seq + 500).map(|seq| (seq, 7)).collect();
        read(&mut line, &page);
        seq += 500;
        line.progress(false);
        if seq == 10_001 {
            seq += 1;
            read(&mut line, &[(seq, 8)]);
            assert_eq!(drain(&mut line, NOW), [(seq, 1)], "another's");
        }
    }
    assert!((KEPT_MAX..KEPT_MAX + ITEMS_MAX).contains(&line.pending()), "{}", line.pending());
}

#[test]
fn a_receiver_is_left_alone_by_another_start_too() {
    let mut line = line();
    read(&mut line, &[(1, 7), (2, 8)]);
    line.next(NOW);
    let leave_alone = Some(Duration::from_secs(60));
    line.done(customer(7), &Outcome::Failed { after: None, leave_alone }, None, NOW);
    line.note_all();
    let mut again = Line::load(webhook(1), kept_of(line.progress(true).unwrap()));
    assert_eq!((drain(&mut again, later(59)), again.due()), (vec![], Some(later(60))));
    assert_eq!(drain(&mut again, later(60)), [(2, 1)]);
}

#[test]
fn a_change_counts_the_attempts_of_what_is_on_its_way_anew_too() {
    let mut line = line();
    read(&mut line, &[(1, 7)]);
    for _ in 0..4 {
        line.next(later(60)).unwrap();
        line.done(customer(7), &failed(60), None, NOW);
    }
    line.progress(false);
    assert_eq!(line.next(later(60)).map(|next| next.attempt), Some(5));
    line.update(webhook(2));
    line.done(customer(7), &Outcome::Changed, None, NOW);
    let progress = line.progress(false).unwrap();
    assert_eq!((progress.standing.failures, progress.waiting[0].attempts), (0, 0));
    assert_eq!(drain(&mut line, NOW), [(1, 1)]);
}

#[test]
fn a_lane_whose_first_event_is_skipped_goes_on_with_what_somebody_wants_again() {
    let mut line = line();
    read(&mut line, &[(1, 7)]);
    line.follow(Track { id: 2, cursor: Seq::ZERO, until: Some(Seq::new(1)) });
    line.take(2, vec![(customer(7), stored(1))], Seq::new(1));
    line.next(NOW);
    line.done(customer(7), &failed(60), None, NOW);
    line.update(skipping(2, 5));
    assert_eq!(drain(&mut line, NOW), [(1, 1)]);
    line.done(customer(7), &Outcome::Settled, None, NOW);
    assert_eq!(line.progress(true).unwrap().ended, [2]);
}
