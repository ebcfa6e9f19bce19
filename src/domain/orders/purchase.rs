//! A purchase: one command that redeems, earns, and gives a customer who has none a card.

use super::{Breakdown, Discount, OrderRecorded, earned};
use crate::domain::cards::{Card, Fresh, Issue};
use crate::domain::customers::{Customer, PersonRecord};
use crate::domain::points::{
    Deposit, Note, Origin, Past, Points, PointsAwarded, PointsRedeemed, Ready, When, applies, balance_after, draft,
    may_earn, may_spend, promotion, ready, spendable, within_bounds_of, within_one_operation,
};
use crate::domain::programme::Terms;
use crate::domain::{CustomerId, Draft, Event, Metadata, Money, Rejection, Seq, ShopId, Timestamp};

/// An order of a shop, paid. The redemption comes first, and may not spend what the purchase earns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purchase {
    pub shop: Option<ShopId>,
    /// The shop's own order id, by which the purchase happens once.
    pub order: String,
    /// The amount that earns: what was left to pay after discounts.
    pub total: Money,
    /// ISO 4217; none means the partner's.
    pub currency: Option<String>,
    /// Exactly so many instead of what the formula gives.
    pub points: Option<Points>,
    /// None or zero where nothing is redeemed.
    pub redeem: Points,
    /// The discount that the client gave for the redeemed points; none means the exact one.
    pub discount: Option<Money>,
    /// Overrides the template's expiry of what is earned.
    pub expires_at: Option<Timestamp>,
    pub note: Note,
    /// When it happened, where it is not happening now. Its points have to be stated then.
    pub past: Option<Past>,
}

/// Who buys.
#[derive(Debug, Clone)]
pub enum Buyer<'a> {
    /// Whoever holds this card.
    Holder(&'a Card),
    /// A customer without a card, who gets one of the terms' template.
    Cardless { customer: &'a Customer, fresh: Fresh },
}

/// A purchase that was checked: what it moves.
struct Checked {
    earned: Points,
    breakdown: Box<Breakdown>,
    discount: Option<Box<Discount>>,
}

impl Purchase {
    /// What decides the effect of the purchase, as texts that no spelling changes: repeated with the same content, it is the
    /// same purchase. It is the customer's rather than a card's, because the first time may have issued the card; and `own`, the
    /// partner's currency, is the same whether the request says it or not.
    #[must_use]
    pub fn content(&self, customer: CustomerId, own: &str) -> Vec<Option<String>> {
        vec![
            Some("purchase".to_owned()),
            Some(customer.to_string()),
            Some(self.total.plain()),
            self.currency.clone().filter(|given| given != own),
            self.points.map(|points| points.to_string()),
            Some(self.redeem.to_string()),
            self.discount.map(Money::plain),
            self.expires_at.map(Timestamp::to_micros_text),
        ]
    }

    /// The events of the purchase, or the rule that it breaks.
    ///
    /// # Errors
    /// The first broken rule in the order in which [`Rejection`] declares them.
    pub fn decide(&self, buyer: &Buyer<'_>, terms: &Terms<'_>, now: Timestamp) -> Result<Vec<Draft>, Rejection> {
        match buyer {
            Buyer::Holder(card) => self.on_card(card, Points::MAX_BALANCE, terms, now),
            Buyer::Cardless { customer, fresh } => self.with_new_card(customer, fresh, terms, now),
        }
    }

    fn with_new_card(
        &self,
        customer: &Customer,
        fresh: &Fresh,
        terms: &Terms<'_>,
        now: Timestamp,
    ) -> Result<Vec<Draft>, Rejection> {
        if customer.erased_at.is_some() {
            return Err(Rejection::CustomerErased { customer: customer.id });
        }
        let issue = Issue {
            person: PersonRecord::default(),
            // A card of the past begins with what its history says.
            initial_points: self.past.map(|_| Points::ZERO),
            design: "default".to_owned(),
            activate: true,
            metadata: Metadata::new(),
            shop: self.shop,
            happened_at: self.past.map(|past| past.at),
        };
        let mut drafts = issue.card_and_bonus(customer.id, terms, fresh, now)?;
        // The purchase is decided on the card that these events make. Their places in the log are not known yet, so nothing
        // may be taken from the bonus: a purchase spends what the card held before it, which is nothing.
        let card = card_of(&drafts, terms, now);
        drafts.extend(self.on_card(&card, Points::ZERO, terms, now)?);
        Ok(drafts)
    }

    fn on_card(
        &self,
        card: &Card,
        spendable: Points,
        terms: &Terms<'_>,
        now: Timestamp,
    ) -> Result<Vec<Draft>, Rejection> {
        let when = When::of(self.past, now)?;
        terms.partner.check_currency(self.currency.as_deref())?;
        let (checked, Ready { mut drafts, balance }) = self.check(card, spendable, terms, when)?;
        let left = balance.minus(self.redeem);
        drafts.extend(checked.discount.map(|discount| self.redeemed(card, balance, discount, terms, when)));
        if !checked.earned.is_positive() {
            drafts.push(self.recorded(card, left, checked.breakdown, when));
            return Ok(drafts);
        }
        drafts.push(self.awarded(card, left, checked.earned, checked.breakdown, terms, when));
        drafts.extend(promotion(card.id, card.tier, card.lifetime, checked.earned, terms));
        Ok(drafts)
    }

    fn check(
        &self,
        card: &Card,
        spendable: Points,
        terms: &Terms<'_>,
        when: When,
    ) -> Result<(Checked, Ready), Rejection> {
        let (rules, redeems) = (terms.rules(), self.redeem.is_positive());
        let place = when.judged_at(self.shop);
        let ready = ready(card, rules, when)?;
        applies(place, terms)?;
        if self.asks_to_earn(terms) {
            may_earn(card, place, terms)?;
        }
        if redeems {
            may_spend(card, place, self.redeem, terms, when.at())?;
        }
        let states_points = self.points.is_some_and(Points::is_positive);
        when.needs(rules.points_enabled || !states_points, Rejection::EarningDisabled)?;
        when.needs(rules.points_redemption_enabled || !redeems, Rejection::RedemptionDisabled)?;
        within_one_operation(self.redeem)?;
        let (earned, breakdown) = self.earning(card, terms)?;
        within_one_operation(earned)?;
        when.check_expiry(self.expires_at)?;
        let discount = self.bought(terms, when)?;
        balance_after(ready.balance, earned)?;
        let available = ready.balance.min(spendable);
        if redeems && self.redeem > available {
            return Err(Rejection::InsufficientPoints { needed: self.redeem, available });
        }
        Ok((Checked { earned, breakdown, discount }, ready))
    }

    /// What the redeemed points bought. Of the past it is what was given then; where that is not known, what they are worth now.
    fn bought(&self, terms: &Terms<'_>, when: When) -> Result<Option<Box<Discount>>, Rejection> {
        if !self.redeem.is_positive() {
            self.check_no_discount()?;
            return Ok(None);
        }
        within_bounds_of(when, self.redeem, terms.rules())?;
        let discount = match self.discount.filter(|_| when.is_past()) {
            Some(given) => Discount::given(self.redeem, given, terms)?,
            None => Discount::of(self.redeem, self.discount, terms)?,
        };
        Ok(Some(Box::new(discount)))
    }

    // A purchase that earns nothing in any case may take place where the card does not earn.
    fn asks_to_earn(&self, terms: &Terms<'_>) -> bool {
        match self.points {
            Some(points) => points.is_positive(),
            None => !self.total.is_zero() && terms.rules().points_enabled,
        }
    }

    // Who redeems nothing has nothing to give a discount for.
    fn check_no_discount(&self) -> Result<(), Rejection> {
        match self.discount {
            Some(asked) if !asked.is_zero() => Err(Rejection::DiscountTooLarge { asked, exact: Money::ZERO }),
            Some(_) | None => Ok(()),
        }
    }

    // A card that does not earn makes no till fail: the purchase is recorded, and earns nothing.
    fn earning(&self, card: &Card, terms: &Terms<'_>) -> Result<(Points, Box<Breakdown>), Rejection> {
        let stated = Breakdown::stated(self.total, terms);
        let (points, formula) = match self.points {
            Some(points) => (points, None),
            None if !terms.rules().points_enabled => (Points::ZERO, None),
            None => earned(self.total, terms.rules(), terms.settings().tiers.multiplier(card.tier))?,
        };
        Ok((points, Box::new(Breakdown { formula, ..stated })))
    }

    fn redeemed(
        &self,
        card: &Card,
        balance_before: Points,
        discount: Box<Discount>,
        terms: &Terms<'_>,
        when: When,
    ) -> Draft {
        let (at, place) = (when.at(), when.judged_at(self.shop));
        let taken = card.lots.slices(self.redeem, |lot| spendable(lot, place, terms, at));
        let event = PointsRedeemed {
            card: card.id,
            points: self.redeem.negated(),
            shop: self.shop,
            order: Some(self.order.clone()),
            reference: None,
            lot_shops: card.lots.shops(&taken),
            discount: Some(discount),
            taken,
            balance_before,
            balance: balance_before.minus(self.redeem),
            happened_at: when.happened_at(),
            sealed: None,
        };
        draft(event, self.note.secret(card))
    }

    fn awarded(
        &self,
        card: &Card,
        balance_before: Points,
        points: Points,
        purchase: Box<Breakdown>,
        terms: &Terms<'_>,
        when: When,
    ) -> Draft {
        let expires_at = self.expires_at.or_else(|| when.lot_expiry(terms.rules()));
        let deposit = Deposit::new(card.debt, points, expires_at);
        let event = PointsAwarded {
            card: card.id,
            points,
            origin: Origin::Award,
            shop: self.shop,
            order: Some(self.order.clone()),
            reference: None,
            purchase: Some(purchase),
            debt_paid: deposit.debt_paid,
            lot: deposit.lot,
            balance_before,
            balance: balance_before.plus(points),
            lifetime: card.lifetime.plus(points),
            happened_at: when.happened_at(),
            sealed: None,
        };
        draft(event, self.note.secret(card))
    }

    fn recorded(&self, card: &Card, balance: Points, purchase: Box<Breakdown>, when: When) -> Draft {
        let event = OrderRecorded {
            card: card.id,
            shop: self.shop,
            order: self.order.clone(),
            purchase,
            balance,
            happened_at: when.happened_at(),
            sealed: None,
        };
        draft(event, self.note.secret(card))
    }
}

/// The card that the events of an issue make.
fn card_of(drafts: &[Draft], terms: &Terms<'_>, now: Timestamp) -> Card {
    let mut events = drafts.iter().map(|draft| &draft.event);
    let issued = events.find_map(|event| if let Event::CardIssued(issued) = event { Some(issued) } else { None });
    let issued = issued.expect("an issue issues a card");
    let mut card = Card::issued(issued, terms.partner.id, Seq::ZERO, now);
    for event in events.filter(|event| event.stream() == crate::domain::Stream::Card(issued.card)) {
        card.evolve(event, Seq::ZERO, now);
    }
    card
}

#[cfg(test)]
mod tests;
