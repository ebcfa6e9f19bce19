//! Erasing a person: gone from the bytes of every file, while the books stay whole.

use super::workshop::{DAY, PARTNER, START, Workshop, award, block, erase, issue, order};
use counterfoil::domain::customers::{PersonRecord, UpdateCustomer};
use counterfoil::domain::{Event, Rejection, Seq};
use counterfoil::event_log;
use counterfoil::storage::open_ledger;
use counterfoil::vault::lookup_hash;
use counterfoil::writer::{Command, Refusal};
use std::path::Path;
use std::time::{Duration, Instant};

const EMAIL: &str = "rasa.unmistakable@example.com";

pub(super) fn files_holding(dir: &Path, needle: impl AsRef<[u8]>) -> Vec<String> {
    let needle = needle.as_ref();
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            if bytes.windows(needle.len()).any(|window| window == needle) {
                found.push(path.file_name().unwrap().to_string_lossy().into_owned());
            }
        }
    }
    found
}

#[test]
fn an_erased_email_is_in_no_byte_of_any_file() {
    let mut workshop = Workshop::new();
    for number in 0..200 {
        workshop.issue(&format!("somebody{number}@example.com"), 1);
    }
    let (card, customer) = workshop.issue(EMAIL, 40);
    for number in 0..50 {
        workshop.must(award(card, 1, Some(START + DAY), order(&format!("{number}"))));
    }
    workshop.must(block(card));
    assert_ne!(files_holding(workshop.files.path(), EMAIL), Vec::<String>::new(), "the search finds what is there");
    let outcome = workshop.must(erase(customer));
    // Registration, 50 awards, the initial points' reason, the block.
    let Event::CustomerErased(erased) = &outcome.events[0].event else { panic!("{outcome:?}") };
    assert_eq!(erased.records, 53);
    assert_eq!(files_holding(workshop.files.path(), EMAIL), Vec::<String>::new(), "while the service runs");
    workshop.restart();
    assert_eq!(files_holding(workshop.files.path(), EMAIL), Vec::<String>::new(), "after a restart");
    workshop.stop();
    let ledger = open_ledger(&workshop.dir()).unwrap();
    let head = event_log::head(&ledger).unwrap();
    assert_eq!(event_log::check_chain(&ledger, Seq::ZERO, head.seq).unwrap(), head.hash, "the log is untouched");
}

#[test]
fn the_hash_by_which_an_erased_person_was_found_is_in_no_byte_of_any_file_soon_after() {
    let workshop = Workshop::new();
    let (_, customer) = workshop.issue(EMAIL, 40);
    let (_, corrected) = workshop.issue("wrong@example.com", 40);
    let hash = |email: &str| lookup_hash(PARTNER, "email", &PersonRecord::email_key(email));
    let hashes = [hash(EMAIL), hash("wrong@example.com")];
    let held = |hash: &[u8; 16]| files_holding(workshop.files.path(), hash);
    assert!(workshop.engine().live().progress().caught_up_blocking(Duration::from_secs(60)));
    assert!(hashes.iter().all(|hash| !held(hash).is_empty()), "the search finds what is there");
    workshop.must(erase(customer));
    let (name, first_name, last_name, phone, metadata) = (None, None, None, None, None);
    let email = Some("right@example.com".to_owned());
    let change = UpdateCustomer { customer: corrected, email, name, first_name, last_name, phone, metadata };
    workshop.must(Command::UpdateCustomer(change));
    // Nothing else happens: nobody writes over what stands in a WAL.
    let start = Instant::now();
    while !hashes.iter().all(|hash| held(hash).is_empty()) {
        assert!(start.elapsed() < Duration::from_secs(30), "{:?}", hashes.map(|hash| held(&hash)));
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Emails and phones whose hashes come in no order, as they do at a shop.
fn customer(number: usize) -> (String, String) {
    (format!("customer{number}@example.com"), format!("+3706{number:07}"))
}

#[test]
fn neither_hash_is_left_behind_by_pages_that_were_split_for_thousands_of_others() {
    const CUSTOMERS: usize = 5_000;
    let workshop = Workshop::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut ids = Vec::new();
    // Many small batches: the projector writes them one after the other, so that pages are split again and again.
    for numbers in (0..CUSTOMERS).collect::<Vec<_>>().chunks(100) {
        let register = |number: &usize| {
            let (email, phone) = customer(*number);
            let Command::Issue(mut issue) = issue(&email, 0) else { unreachable!("issuing a card") };
            issue.person.phone = Some(phone);
            Workshop::request(Command::Issue(issue))
        };
        let done = runtime.block_on(workshop.engine().writer().submit_all(numbers.iter().map(register).collect()));
        ids.extend(done.unwrap().into_iter().map(|outcome| outcome.unwrap().card.expect("a card").customer));
        assert!(workshop.engine().live().progress().caught_up_blocking(Duration::from_secs(60)));
    }
    let erased: Vec<usize> = (0..CUSTOMERS).step_by(50).collect();
    let hashes: Vec<[u8; 16]> = erased
        .iter()
        .flat_map(|number| {
            let (email, phone) = customer(*number);
            [
                lookup_hash(PARTNER, "email", &PersonRecord::email_key(&email)),
                lookup_hash(PARTNER, "phone", &PersonRecord::phone_key(&phone)),
            ]
        })
        .collect();
    assert_eq!(held_of(workshop.files.path(), &hashes), hashes.len(), "the search finds what is there");
    erased.iter().for_each(|number| drop(workshop.must(erase(ids[*number]))));
    let start = Instant::now();
    while held_of(workshop.files.path(), &hashes) > 0 {
        let left = held_of(workshop.files.path(), &hashes);
        assert!(start.elapsed() < Duration::from_secs(30), "{left} of {} hashes are left", hashes.len());
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// How many of them stand in any file, at any place.
fn held_of(dir: &Path, hashes: &[[u8; 16]]) -> usize {
    let wanted: std::collections::HashSet<&[u8]> = hashes.iter().map(<[u8; 16]>::as_slice).collect();
    let mut found = std::collections::HashSet::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            found.extend(bytes.windows(16).filter_map(|window| wanted.get(window).copied()));
        }
    }
    found.len()
}

#[test]
fn the_points_of_an_erased_person_stay_and_can_be_moved() {
    let workshop = Workshop::new();
    let (card, customer) = workshop.issue(EMAIL, 40);
    workshop.must(erase(customer));
    assert_eq!(workshop.available(card), 40);
    workshop.must(award(card, 2, None, order("later")));
    assert_eq!(workshop.available(card), 42);
}

#[test]
fn erasing_twice_finds_nothing_more_to_erase() {
    let workshop = Workshop::new();
    let (_, customer) = workshop.issue(EMAIL, 40);
    assert_eq!(workshop.must(erase(customer)).events.len(), 1);
    assert!(workshop.must(erase(customer)).events.is_empty());
    let nobody = counterfoil::domain::CustomerId::new(99);
    assert!(matches!(
        workshop.run(erase(nobody)),
        Err(Refusal::Rejected(Rejection::CustomerNotFound { customer })) if customer == nobody
    ));
}

#[test]
fn an_erased_email_may_be_registered_again_as_somebody_new() {
    let workshop = Workshop::new();
    let (old, customer) = workshop.issue(EMAIL, 40);
    workshop.must(erase(customer));
    let (new, somebody) = workshop.issue(EMAIL, 0);
    assert!(new != old && somebody != customer);
    assert!(workshop.run(issue(EMAIL, 0)).is_err());
}

#[test]
fn a_record_that_is_not_projected_yet_is_erased_too() {
    let workshop = Workshop::new();
    let (card, customer) = workshop.issue(EMAIL, 40);
    let requests: Vec<_> =
        (0..900).map(|number| Workshop::request(award(card, 1, None, order(&number.to_string())))).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(workshop.engine().writer().submit_all(requests)).unwrap();
    let outcome = workshop.must(Command::Erase(counterfoil::domain::customers::Erase { customer }));
    let Event::CustomerErased(erased) = &outcome.events[0].event else { panic!("{outcome:?}") };
    assert_eq!(erased.records, 902);
}
