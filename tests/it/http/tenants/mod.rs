//! Every route, asked by everybody who must not be answered: without credentials, with wrong ones, with those of another shop, another
//! partner or another purpose. Nothing of the owner's is told, nothing is recorded, and what is another's looks like nothing at all.

mod answers;
mod operations;
mod routes;
mod scene;
mod sources;

use answers::{leaks, masked, refused_as};
use counterfoil::domain::programme::Scope;
use routes::{Needs, Row};
use scene::{STREAM, Scene};
use std::collections::BTreeSet;

/// What stands in every event.
const MARK_OF_EVENTS: &str = "\"seq\":";

/// Both forms of a path: clients of either kind reach the same.
fn forms(path: &str) -> Vec<String> {
    let other = path
        .strip_prefix("/en/partners")
        .map(|rest| format!("/api/partners{rest}"))
        .or_else(|| path.strip_prefix("/en/shop/").map(|rest| format!("/lt/shop/shop/{rest}")));
    [Some(path.to_owned()), other].into_iter().flatten().collect()
}

/// Every row under every form of its path.
fn everything() -> impl Iterator<Item = (Row, String)> {
    routes::all().flat_map(|row| forms(row.path).into_iter().map(move |path| (row, path)))
}

fn needs_credentials(row: &Row) -> bool {
    !matches!(row.needs, Needs::Nothing)
}

#[test]
fn every_route_of_the_service_is_asked_here() {
    assert_eq!(sources::unknown_files(), Vec::<String>::new(), "files that register routes");
    let asked: BTreeSet<_> = routes::all().map(|row| (row.method.to_owned(), sources::pattern(row.path))).collect();
    let registered = sources::registered();
    assert!(registered.len() > 100, "{}", registered.len());
    let missing: Vec<_> = registered.difference(&asked).collect();
    let gone: Vec<_> = asked.difference(&registered).collect();
    assert!(missing.is_empty() && gone.is_empty(), "not asked here: {missing:#?}\nnot registered: {gone:#?}");
}

#[test]
fn whoever_has_no_right_is_refused_everywhere_and_nothing_happens() {
    let scene = Scene::set();
    for wrong in scene.strangers().into_iter().chain(scene.misplaced()) {
        let (head, operations) = (scene.head(), scene.operations());
        let needs = |row: &Row| needs_credentials(row) && (row.needs != Needs::NothingWrong || wrong.what != "nothing");
        for (row, path) in everything().filter(|(row, _)| needs(row)) {
            let reply = scene.ask(&wrong.client, &row, &path, &scene.own_things);
            let what = format!("{} {path} with {}", row.method, wrong.what);
            refused_as(&reply, wrong.status, wrong.code, wrong.number, &what);
            assert_eq!(leaks(&scene.secrets, &scene.own_things, &row, &path, &reply), Vec::<&str>::new(), "{what}");
        }
        assert_eq!((scene.head(), scene.operations()), (head, operations), "{}", wrong.what);
    }
}

#[test]
fn a_wrong_secret_is_answered_as_an_unknown_key_to_the_byte() {
    let scene = Scene::set();
    let strangers = scene.strangers();
    let of = |what: &str| &strangers.iter().find(|wrong| wrong.what == what).expect("one").client;
    for (row, path) in everything().filter(|(row, _)| needs_credentials(row)) {
        let ask = |what| masked(&scene.ask(of(what), &row, &path, &scene.own_things), &[]);
        assert_eq!(ask("a wrong secret"), ask("an unknown key"), "{} {path}", row.method);
        assert_eq!(ask("an unknown token"), ask("an unknown key"), "{} {path}", row.method);
    }
}

#[test]
fn a_key_without_the_scope_is_refused_everywhere_and_nothing_happens() {
    let scene = Scene::set();
    let without = Scope::ALL.map(|scope| (scope, scene.without(scope)));
    let (head, operations) = (scene.head(), scene.operations());
    for (row, path) in everything() {
        let (scope, code) = match row.needs {
            Needs::Scope(scope) => (scope, "INSUFFICIENT_PERMISSIONS"),
            Needs::Partner(scope) | Needs::Whole(scope) => (scope, "INSUFFICIENT_PARTNER_PERMISSIONS"),
            Needs::Nothing | Needs::NothingWrong | Needs::Credentials => continue,
        };
        let client = &without.iter().find(|(left_out, _)| *left_out == scope).expect("every scope").1;
        let reply = scene.ask(client, &row, &path, &scene.own_things);
        let what = format!("{} {path} without {}", row.method, scope.name());
        let error = refused_as(&reply, 403, code, (code == "INSUFFICIENT_PERMISSIONS").then_some(1005), &what);
        assert_eq!(error["required_permissions"], serde_json::json!([scope.name()]), "{what}");
        assert_eq!(leaks(&scene.secrets, &scene.own_things, &row, &path, &reply), Vec::<&str>::new(), "{what}");
    }
    assert_eq!((scene.head(), scene.operations()), (head, operations));
}

#[test]
fn an_auditors_credential_opens_nothing_but_the_audit() {
    let scene = Scene::set();
    let (auditor, _) = scene.auditor();
    let (head, operations) = (scene.head(), scene.operations());
    for (row, path) in everything() {
        let code = match row.needs {
            Needs::Scope(Scope::Audit) | Needs::Nothing | Needs::NothingWrong => continue,
            Needs::Credentials | Needs::Scope(_) => "INSUFFICIENT_PERMISSIONS",
            Needs::Partner(_) | Needs::Whole(_) => "INSUFFICIENT_PARTNER_PERMISSIONS",
        };
        let reply = scene.ask(&auditor, &row, &path, &scene.own_things);
        let what = format!("{} {path} with an auditor's credential", row.method);
        refused_as(&reply, 403, code, None, &what);
        assert_eq!(leaks(&scene.secrets, &scene.own_things, &row, &path, &reply), Vec::<&str>::new(), "{what}");
    }
    assert_eq!((scene.head(), scene.operations()), (head, operations));
}

#[test]
fn a_key_that_is_bound_to_a_shop_changes_nothing_of_the_whole_partner() {
    let scene = Scene::set();
    let bound = super::partners::bound(&scene.owner);
    let (head, operations) = (scene.head(), scene.operations());
    for (row, path) in everything().filter(|(row, _)| matches!(row.needs, Needs::Whole(_))) {
        let reply = scene.ask(&bound, &row, &path, &scene.own_things);
        let what = format!("{} {path} with a key of one shop", row.method);
        refused_as(&reply, 403, "INSUFFICIENT_PARTNER_PERMISSIONS", None, &what);
        assert_eq!(leaks(&scene.secrets, &scene.own_things, &row, &path, &reply), Vec::<&str>::new(), "{what}");
    }
    assert_eq!((scene.head(), scene.operations()), (head, operations));
}

#[test]
fn what_is_another_partners_looks_to_the_byte_like_what_does_not_exist() {
    let scene = Scene::set();
    let (owners, shared) = (scene.owners_operations(), scene.shared_operations());
    for (row, path) in everything() {
        let what = format!("{} {path} {} with another partner's key", row.method, row.body);
        let head = scene.head();
        let theirs = scene.ask(&scene.other, &row, &path, &scene.foreign_things);
        assert_ne!(theirs.status, 500, "{what}");
        assert_eq!(leaks(&scene.secrets, &scene.foreign_things, &row, &path, &theirs), Vec::<&str>::new(), "{what}");
        let recorded = scene.recorded_after(head);
        let own =
            |(partner, kind): &(i64, String)| *partner == scene.other_partner.get() || kind.starts_with("checkpoint.");
        assert!(recorded.iter().all(own), "{what}: {recorded:?}");
        if answers::names_something(&row) {
            assert_eq!(recorded, [], "{what}");
            let nothing = scene.ask(&scene.other, &row, &path, &scene.no_things);
            let names: Vec<_> = scene.foreign_things.values().chain(scene.no_things.values()).collect();
            assert_eq!(masked(&theirs, &names), masked(&nothing, &names), "{what}");
        }
    }
    assert_eq!(scene.owners_operations(), owners);
    assert_eq!(shared.difference(&scene.shared_operations()).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn a_key_that_takes_itself_for_another_partner_is_refused() {
    let scene = Scene::set();
    let claims = scene.other.with("X-Partner-ID", &scene.owner.partner.to_string());
    let nobody = scene.other.with("X-Partner-ID", "987654");
    for (row, path) in everything().filter(|(row, _)| matches!(row.needs, Needs::Partner(_) | Needs::Whole(_))) {
        let reply = scene.ask(&claims, &row, &path, &scene.foreign_things);
        refused_as(&reply, 403, "INSUFFICIENT_PARTNER_PERMISSIONS", None, &path);
        assert_eq!(masked(&reply, &[]), masked(&scene.ask(&nobody, &row, &path, &scene.foreign_things), &[]), "{path}");
    }
}

/// Otherwise the refusals above would say nothing: what is refused to all others is there, for whoever has it.
#[test]
fn the_owner_is_answered_the_same_requests() {
    let scene = Scene::set();
    // What ends a thing is asked last.
    let (ends, asks): (Vec<_>, Vec<_>) = routes::all().partition(|row| row.method == "DELETE");
    let mut otherwise = Vec::new();
    for row in asks.iter().chain(&ends) {
        let reply = scene.ask(&scene.owner.client, row, row.path, &scene.own_things);
        let text = String::from_utf8_lossy(&reply.raw);
        if row.owner.map_or(!(200..300).contains(&reply.status), |status| status != reply.status) {
            otherwise.push(format!("{} {} {}: {} {text}", row.method, row.path, row.body, reply.status));
        }
        assert!(row.path != STREAM || text.contains(MARK_OF_EVENTS), "{text}");
    }
    assert!(otherwise.is_empty(), "{otherwise:#?}");
}
