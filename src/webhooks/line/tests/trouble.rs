//! What a line sends to a receiver that takes nothing.

use super::*;
use crate::domain::WebhookId;
use crate::ops::{Delivery, DeliveryStatus};

/// An attempt that was made.
fn attempt() -> Delivery {
    Delivery {
        id: 0,
        webhook: WebhookId::new(1),
        partner: PartnerId::new(1),
        seq: Seq::new(1),
        event_hash: [0; 32],
        event: "points.awarded".to_owned(),
        customer: customer(1),
        attempt: 1,
        status: DeliveryStatus::Failed,
        status_code: Some(200),
        error: None,
        body_hash: None,
        answer: None,
        sent_at: NOW,
        duration_ms: 1,
        next_at: None,
    }
}

#[test]
fn a_receiver_that_took_nothing_lately_is_sent_one_event_at_a_time_until_it_takes_one() {
    let mut line = line();
    let many: Vec<(i64, i64)> = (1..=40).map(|seq| (seq, seq)).collect();
    read(&mut line, &many);
    let taken = |line: &mut Line, number: i64| line.done(customer(number), &Outcome::Settled, Some(attempt()), NOW);
    assert_eq!(drain(&mut line, NOW).len(), SENDING_MAX);
    for number in 1..=16 {
        assert_eq!(drain(&mut line, NOW), [], "as long as others are on their way");
        line.done(customer(number), &failed(60), None, NOW);
    }
    assert_eq!(drain(&mut line, NOW), [(17, 1)]);
    assert_eq!(line.due(), None, "the next answer comes before");
    line.done(customer(17), &failed(60), None, NOW);
    assert_eq!(drain(&mut line, later(60)), [(1, 2)], "what waits is due, and is tried as singly");
    line.done(customer(1), &failed(60), None, later(60));
    assert_eq!(drain(&mut line, later(60)), [(18, 1)], "in turn with what never was");
    taken(&mut line, 18);
    assert_eq!(drain(&mut line, later(60)).len(), SENDING_MAX);
}
