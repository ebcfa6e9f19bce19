//! What has to hold over all cards of a partner.

use crate::findings::{Check, Findings};
use crate::fold::{Cards, Totals};
use crate::payload::CardNumber;
use crate::points::{CardId, PartnerId};
use std::collections::BTreeMap;

/// Checks that nothing was gained or lost: movements, balances and lots come to the same for every partner.
pub(super) fn check(folds: &[Cards], findings: &mut Findings) {
    let mut partners: BTreeMap<PartnerId, (Totals, i128, i128)> = BTreeMap::new();
    for fold in folds {
        for (partner, totals) in fold.totals() {
            partners.entry(partner).or_default().0.add(totals);
        }
        for (id, card) in fold.iter() {
            let in_lots = card.in_lots().minus(card.debt);
            let sums = partners.entry(card.partner).or_default();
            sums.1 += i128::from(card.balance.get());
            sums.2 += i128::from(in_lots.get());
            if card.balance != in_lots {
                let sentence = format!(
                    "the movements of card {id} come to {}, its open lots less its debt to {in_lots}",
                    card.balance
                );
                findings.row(Check::Conservation, "card", id, None, sentence);
            }
        }
    }
    for (partner, (totals, balances, lots)) in partners {
        if totals.net() != balances || balances != lots {
            let sentence = format!(
                "awarded {} + adjusted up {} + given back {} − redeemed {} − expired {} − refunded {} − adjusted down {} = {}, but the balances come to {balances} and the open lots less debt to {lots}",
                totals.awarded,
                totals.adjusted_up,
                totals.given_back,
                totals.redeemed,
                totals.expired,
                totals.refunded,
                totals.adjusted_down,
                totals.net()
            );
            findings.row(Check::Conservation, "partner", partner, None, sentence);
        }
    }
}

/// Checks that no two cards of a partner have one number.
pub(super) fn check_numbers(folds: &[Cards], findings: &mut Findings) {
    let mut numbers: Vec<(PartnerId, CardNumber, CardId)> =
        Vec::with_capacity(folds.iter().map(|fold| fold.ids().count()).sum());
    for fold in folds {
        numbers.extend(fold.iter().map(|(id, card)| (card.partner, card.number, id)));
    }
    numbers.sort_unstable();
    for pair in numbers.windows(2) {
        let [(partner, number, one), (other_partner, other_number, other)] = pair else { continue };
        if (partner, number) == (other_partner, other_number) {
            findings.row(
                Check::Cards,
                "card",
                other,
                None,
                format!("card {other} has the number {number}, which card {one} has too"),
            );
        }
    }
}
