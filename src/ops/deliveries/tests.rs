use super::*;

const HOOK: WebhookId = WebhookId::new(1);

fn waits(track: i64, seq: i64) -> Waiting {
    let (seq, customer) = (Seq::new(seq), CustomerId::new(7));
    Waiting { track, seq, event_hash: [0; 32], customer, attempts: 1, due_at: Timestamp::from_micros(1) }
}

fn open(dir: &tempfile::TempDir) -> Deliveries {
    Deliveries::open(&DataDir::new(dir.path())).unwrap()
}

fn pending(deliveries: &Deliveries, since: i64) -> (i64, usize) {
    let (cursor, pending) = deliveries.place(HOOK, Seq::new(since)).unwrap().unwrap();
    let (rows, total) = deliveries.waiting(HOOK, Seq::new(since), 0, 10).unwrap();
    assert_eq!((pending, i64::try_from(rows.len()).unwrap()), (total, total));
    (cursor.get(), rows.len())
}

#[test]
fn what_failed_and_was_taken_before_either_was_kept_does_not_wait() {
    let dir = tempfile::tempdir().unwrap();
    let deliveries = open(&dir);
    let track = deliveries.load(HOOK, 1, Seq::ZERO).unwrap().tracks[0].id;
    let (waiting, settled) = (vec![waits(track, 4), waits(track, 5)], vec![(track, Seq::new(4))]);
    deliveries.write(&[(HOOK, Progress { waiting, settled, ..Progress::default() })], None).unwrap();
    assert_eq!(deliveries.load(HOOK, 1, Seq::ZERO).unwrap().waiting, [waits(track, 5)]);
}

#[test]
fn what_was_skipped_does_not_wait_and_what_is_sent_again_does() {
    let dir = tempfile::tempdir().unwrap();
    let deliveries = open(&dir);
    let main = deliveries.load(HOOK, 1, Seq::ZERO).unwrap().tracks[0].id;
    let again = deliveries.again(HOOK, Seq::ZERO, Seq::new(3)).unwrap().unwrap();
    let waiting = vec![waits(again, 2), waits(main, 4), waits(main, 9)];
    deliveries.write(&[(HOOK, Progress { waiting, ..Progress::default() })], None).unwrap();
    assert_eq!(pending(&deliveries, 0), (0, 3));
    assert_eq!(pending(&deliveries, 8), (8, 2), "one of the main track, and the one that is sent again");
    assert_eq!(pending(&deliveries, 9), (9, 1));
}

#[test]
fn what_is_asked_for_while_others_write_is_queued() {
    let dir = tempfile::tempdir().unwrap();
    let (asking, sending) = (open(&dir), open(&dir));
    let over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(std::sync::atomic::Ordering::Relaxed) {
                sending.follow_erasures(Seq::new(1)).unwrap();
            }
        });
        let results: Vec<_> = (1..=200)
            .flat_map(|hook| (0..=TRACKS_MAX).map(move |_| WebhookId::new(hook)))
            .map(|hook| asking.again(hook, Seq::ZERO, Seq::new(1)))
            .collect();
        over.store(true, std::sync::atomic::Ordering::Relaxed);
        for (place, result) in (0_i64..).zip(results) {
            let refused = place % (TRACKS_MAX + 1) == TRACKS_MAX;
            assert_eq!(result.unwrap().is_none(), refused, "only what is too many is refused");
        }
    });
}

#[test]
fn attempts_are_bounded_in_number_and_in_age() {
    let dir = tempfile::tempdir().unwrap();
    let deliveries = open(&dir);
    let at = |days: u32| Timestamp::from_micros(0).plus_days(days);
    let attempt = |sent_at| Delivery {
        id: 0,
        webhook: HOOK,
        partner: crate::domain::PartnerId::new(1),
        seq: Seq::new(1),
        event_hash: [0; 32],
        event: "points.awarded".to_owned(),
        customer: CustomerId::new(7),
        attempt: 1,
        status: DeliveryStatus::Delivered,
        status_code: Some(200),
        error: None,
        body_hash: Some([0; 32]),
        answer: None,
        sent_at,
        duration_ms: 1,
        next_at: None,
    };
    let many = |count: i64, sent_at| (0..count).map(|_| attempt(sent_at)).collect();
    let write = |deliveries_made| Progress { deliveries: deliveries_made, ..Progress::default() };
    deliveries.write(&[(HOOK, write(many(5, at(1)))), (HOOK, write(many(DELIVERIES_MAX, at(20))))], None).unwrap();
    let total = || deliveries.list(HOOK, None, 0, 1).unwrap().1;
    deliveries.trim(HOOK, at(21)).unwrap();
    assert_eq!(total(), DELIVERIES_MAX, "the oldest are too many");
    deliveries.write(&[(HOOK, write(many(3, at(40))))], None).unwrap();
    deliveries.trim(HOOK, at(20 + DELIVERY_DAYS + 1)).unwrap();
    assert_eq!(total(), 3, "the others are too old");
}

#[test]
fn of_where_the_log_was_the_latest_is_known_best_and_never_much_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let deliveries = open(&dir);
    for seq in 1..=1_000 {
        deliveries.write(&[], Some(Place { seq: Seq::new(seq), hash: [0; 32] })).unwrap();
    }
    let known: Vec<i64> = deliveries.history().unwrap().iter().map(|place| place.seq.get()).collect();
    assert!(known.len() <= 80, "{}", known.len());
    for gone in [1, 10, 100, 500] {
        let before = known.iter().find(|seq| **seq <= 1_000 - gone).unwrap();
        assert!(1_000 - before <= 2 * gone, "{gone}: {before}");
    }
}

#[test]
fn what_another_history_says_of_a_webhook_is_taken_away_and_its_place_goes_back() {
    let dir = tempfile::tempdir().unwrap();
    let deliveries = open(&dir);
    let other = WebhookId::new(2);
    let main = deliveries.load(HOOK, 1, Seq::new(50)).unwrap().tracks[0].id;
    deliveries.load(other, 1, Seq::new(50)).unwrap();
    deliveries.follow_erasures(Seq::new(50)).unwrap();
    let waiting = vec![waits(main, 30), waits(main, 45)];
    let standing = Standing { version: 3, failures: 2, ..Standing::default() };
    let progress = Progress { standing, waiting, ..Progress::default() };
    deliveries.write(&[(HOOK, progress)], Some(Place { seq: Seq::new(50), hash: [1; 32] })).unwrap();
    deliveries.again(HOOK, Seq::new(10), Seq::new(48)).unwrap();
    deliveries.cut(Seq::new(40), &[HOOK].into()).unwrap();
    let kept = deliveries.load(HOOK, 3, Seq::ZERO).unwrap();
    let tracks: Vec<_> = kept.tracks.iter().map(|track| (track.cursor.get(), track.until.map(Seq::get))).collect();
    assert_eq!((tracks, kept.waiting), (vec![(40, None), (10, Some(40))], vec![waits(main, 30)]));
    assert_eq!((kept.standing.version, deliveries.erasures_followed().unwrap()), (0, Some(Seq::new(40))));
    assert_eq!((deliveries.place(other, Seq::ZERO).unwrap(), deliveries.history().unwrap()), (None, vec![]));
}
