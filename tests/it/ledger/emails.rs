//! Emails that change hands: always one person's, in the writer and in views.db, however far behind the projector is.

use super::workshop::{PARTNER, Workshop, all, issue};
use counterfoil::domain::customers::{PersonRecord, Register, UpdateCustomer};
use counterfoil::domain::{CustomerId, Event, Rejection};
use counterfoil::writer::{Command, Outcome, Refusal};

fn takes(customer: CustomerId, email: &str) -> Command {
    Command::UpdateCustomer(UpdateCustomer {
        customer,
        email: Some(email.to_owned()),
        name: None,
        first_name: None,
        last_name: None,
        phone: None,
        metadata: None,
    })
}

fn register(email: &str) -> Command {
    Command::Register(Register { person: PersonRecord { email: email.to_owned(), ..PersonRecord::default() } })
}

fn registered(outcome: &Outcome) -> CustomerId {
    match &outcome.events[0].event {
        Event::CustomerRegistered(event) => event.customer,
        other => panic!("{other:?}"),
    }
}

fn waits_for_projector(workshop: &Workshop) {
    assert!(workshop.engine().live().progress().caught_up_blocking(std::time::Duration::from_secs(30)));
}

#[test]
fn two_customers_swap_their_emails_in_one_batch_and_everybody_knows() {
    for caught_up in [false, true] {
        let mut workshop = Workshop::new();
        let (ona, jonas) =
            (registered(&workshop.must(register("a@x.lt"))), registered(&workshop.must(register("b@x.lt"))));
        if caught_up {
            waits_for_projector(&workshop);
        }
        // The later customer gives up what the earlier one takes: in the order of their rows it is taken first.
        let swap = [takes(jonas, "c@x.lt"), takes(ona, "b@x.lt"), takes(jonas, "a@x.lt"), register("B@x.lt")];
        let answers = all(&workshop, swap);
        assert!(answers[..3].iter().all(|answer| answer.as_ref().is_ok_and(|outcome| outcome.events.len() == 2)));
        let exists = |customer| Some(Rejection::CustomerExists { customer });
        let refusal = |answer: &Result<Outcome, Refusal>| match answer {
            Err(Refusal::Rejected(rejection)) => Some(rejection.clone()),
            Ok(_) | Err(_) => None,
        };
        assert_eq!(refusal(&answers[3]), exists(ona));
        for restarted in [false, true] {
            if restarted {
                workshop.restart();
            }
            assert_eq!(refusal(&workshop.run(register("a@x.lt"))), exists(jonas));
            assert_eq!(refusal(&workshop.run(takes(jonas, "b@x.lt"))), exists(ona));
            waits_for_projector(&workshop);
            assert_eq!(refusal(&workshop.run(register("b@x.lt"))), exists(ona));
        }
        // Given up, it is nobody's: a new customer may have it.
        registered(&workshop.must(register("c@x.lt")));
    }
}

#[test]
fn an_email_that_was_given_up_gets_its_card_for_whoever_has_it_now() {
    let workshop = Workshop::new();
    let (_, ona) = workshop.issue("a@x.lt", 0);
    workshop.must(takes(ona, "b@x.lt"));
    let issued = workshop.must(issue("a@x.lt", 0));
    assert_ne!(issued.card.unwrap().customer, ona);
    let refused = workshop.run(issue("b@x.lt", 0));
    assert!(matches!(refused, Err(Refusal::Rejected(Rejection::CustomerHasCard { .. }))), "{refused:?}");
}

#[test]
fn another_partners_customer_is_as_good_as_none() {
    let workshop = Workshop::new();
    let refused = workshop.run(takes(CustomerId::new(999), "a@x.lt"));
    assert!(matches!(refused, Err(Refusal::Rejected(Rejection::CustomerNotFound { .. }))), "{PARTNER}: {refused:?}");
}
