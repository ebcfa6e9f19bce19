//! Refusals that need more than one state: of two broken rules the one declared earlier is named here too.

use super::workshop::{Workshop, award};
use counterfoil::domain::cards::UpdateCard;
use counterfoil::domain::points::{Award, Particulars};
use counterfoil::domain::programme::TemplateRules;
use counterfoil::domain::{CardId, Rejection, ShopId};
use counterfoil::writer::{Command, Refusal};

fn rejection(workshop: &Workshop, command: Command) -> Rejection {
    match workshop.run(command) {
        Err(Refusal::Rejected(rejection)) => rejection,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_unknown_shop_is_named_before_an_unknown_card() {
    let workshop = Workshop::new();
    let (card, shop) = (CardId::new(99), ShopId::new(7));
    let Command::Award(unknown) = award(card, 5, None, None) else { unreachable!() };
    let elsewhere = Particulars { shop: Some(shop), ..unknown.particulars.clone() };
    let both = Command::Award(Award { particulars: elsewhere, ..unknown.clone() });
    assert_eq!(rejection(&workshop, both), Rejection::ShopNotFound { shop });
    assert_eq!(rejection(&workshop, Command::Award(unknown)), Rejection::CardNotFound { card });
}

#[test]
fn a_partner_without_a_template_is_told_so_whoever_the_card_is_for() {
    let workshop = Workshop::with_rules(TemplateRules { auto_assign: false, ..TemplateRules::default() });
    for email in ["ona@example.com", "jonas@example.com"] {
        assert_eq!(rejection(&workshop, super::workshop::issue(email, 0)), Rejection::NoTemplateToAssign);
    }
}

#[test]
fn a_change_to_an_unknown_card_is_refused_whatever_it_would_change() {
    let workshop = Workshop::new();
    let card = CardId::new(99);
    let email = Some("jonas@example.com".to_owned());
    let update = UpdateCard { card, email, name: None, phone: None, design: None, metadata: None };
    assert_eq!(rejection(&workshop, Command::UpdateCard(update)), Rejection::CardNotFound { card });
}
