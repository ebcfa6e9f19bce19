//! Why a command is refused. Precedence is the order of declaration: of two broken rules, the earlier one is named.

use super::points::Points;
use super::programme::Setting;
use super::seals::Period;
use super::{CardId, CustomerId, Money, PartnerId, Seq, ShopId, TemplateId, Timestamp};

/// A broken rule, with its numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rejection {
    /// No such partner.
    PartnerNotFound { partner: PartnerId },
    /// No such shop, or not this partner's.
    ShopNotFound { shop: ShopId },
    /// A shop that is retired or not active takes no new purchases, awards or redemptions and issues no cards. What was
    /// begun there is still refunded, corrected and expired.
    ShopClosed { shop: ShopId },
    /// No such card, or not this partner's.
    CardNotFound { card: CardId },
    /// No such customer, or not this partner's.
    CustomerNotFound { customer: CustomerId },
    /// No such template, or not this partner's.
    TemplateNotFound { template: TemplateId },
    /// The partner has no template that is assigned automatically.
    NoTemplateToAssign,
    /// No such credential, or not this partner's.
    KeyNotFound { key: super::KeyId },
    /// No such webhook, or not this partner's, or removed.
    WebhookNotFound { webhook: super::WebhookId },
    /// No such order of the shop.
    OrderNotFound { order: String },
    /// The email is a customer's already.
    CustomerExists { customer: CustomerId },
    /// The customer has a card at this partner already.
    CustomerHasCard { card: CardId },
    /// The person was erased: there is nothing left to change.
    CustomerErased { customer: CustomerId },
    /// An email stays as it was registered.
    EmailIsFinal,
    /// Somebody else changed it since the caller read it: this is its version now.
    ChangedMeanwhile { version: i64 },
    /// What happened cannot have happened after it is recorded.
    HappenedInFuture { happened_at: Timestamp },
    /// A rule or setting that nothing can be computed with, by its name in the API.
    RuleOutOfBounds { rule: &'static str },
    /// A partner has so many webhooks at most.
    TooManyWebhooks { most: usize },
    /// So many parts of the log at most wait to be sent again by one webhook.
    TooManyRedeliveries { most: usize },
    /// There is no conversion: an order is in the partner's own currency.
    CurrencyMismatch { given: String, expected: String },
    /// What a command moves is more than nothing.
    NothingMoved,
    /// One order has so many refunds of a part at most.
    TooManyRefunds { most: usize },
    /// The order under this id belongs to another card, or was refunded whole.
    OrderClosed { order: String },
    /// Nothing of the order is left to refund.
    OrderRefunded { of: Seq },
    /// The order's amount is not known, so that no share of it can be.
    OrderTotalUnknown { of: Seq },
    /// Together with the refunds before it, more than the order's total.
    RefundTooLarge { amount: Money, left: Money },
    /// Together with the refunds before it, more than the order earned.
    RefundOfTooManyPoints { points: Points, left: Points },
    /// A blocked card neither earns nor spends.
    CardBlocked { card: CardId },
    /// An inactive card, where only an explicit activation makes it active.
    CardInactive { card: CardId },
    /// The card does not earn or spend in this shop, or not these points; and the setting that says so.
    StoreAccessDenied { shop: ShopId, setting: Setting },
    /// The template's cards do not earn.
    EarningDisabled,
    /// The template's points cannot be spent.
    RedemptionDisabled,
    /// One operation moves at most [`Points::MAX_MOVED`].
    TooManyPoints { points: Points },
    /// A lot must expire after it is opened.
    ExpiryNotInFuture,
    /// Less than the template's minimum for one redemption.
    BelowRedemptionMinimum { points: Points, minimum: Points },
    /// More than the template's maximum for one redemption.
    AboveRedemptionMaximum { points: Points, maximum: Points },
    /// The client gave more for the redeemed points than they are worth.
    DiscountTooLarge { asked: Money, exact: Money },
    /// A balance stays within ±[`Points::MAX_BALANCE`].
    BalanceOutOfRange { balance: Points, points: Points },
    /// More than the card has available.
    InsufficientPoints { needed: Points, available: Points },
    /// Nothing matches what was asked to expire.
    NothingToExpire { card: CardId },
    /// The log has no such key, or it has been retired.
    CheckpointKeyNotInForce { key: super::CheckpointKeyId },
    /// A checkpoint is larger than the newest one and no larger than the log.
    CheckpointNotAhead { size: Seq, newest: Seq },
    /// A partner's months are sealed once and one after the other.
    PeriodNotNext { period: Period, next: Period },
    /// Something may still be recorded in the month.
    PeriodNotEnded { period: Period },
    /// Another event than `as_of` is the last one of the month.
    NotLastOfPeriod { period: Period, as_of: Seq },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::cards::{Card, CardNumber, Fresh, Holder, Issue, Status, UpdateCard};
    use crate::domain::customers::{Customer, CustomerRegistered, PersonRecord};
    use crate::domain::orders::{Buyer, PlacedOrder, Purchase, Refund, RefundCause, Refunded, Share};
    use crate::domain::points::{Adjust, Award, Expire, Note, Redeem};
    use crate::domain::programme::{Activation, Settings, Shortfall, TemplateRules};
    use crate::domain::samples::{CARD, CUSTOMER, DAY, NOW, Programme, at, card, lot, named, owing, programme};
    use crate::domain::{Draft, Metadata, PartnerId, Seq};

    type Decided = Result<Vec<Draft>, Rejection>;
    /// A rejection's name, and what breaks its rule and no other, whatever else is broken already.
    type Breach<T> = (&'static str, fn(&mut T));

    /// The place at which a rejection is declared, in the text of this file.
    fn declared_at(name: &str) -> usize {
        let text = include_str!("rejection.rs");
        let place = [" {", ","].iter().find_map(|end| text.find(&format!("\n    {name}{end}")));
        place.unwrap_or_else(|| panic!("{name} is declared"))
    }

    fn name(rejection: &Rejection) -> String {
        format!("{rejection:?}").split(' ').next().unwrap_or_default().to_owned()
    }

    /// Breaks each rule alone, and every two of them together.
    fn assert_precedence<T: Clone>(whole: &T, breaches: &[Breach<T>], decide: impl Fn(&T) -> Decided) {
        assert!(decide(whole).is_ok(), "nothing is broken yet");
        for (place, (later, break_later)) in breaches.iter().enumerate() {
            let mut broken = whole.clone();
            break_later(&mut broken);
            assert_eq!(name(&decide(&broken).unwrap_err()), *later);
            for (earlier, break_earlier) in &breaches[..place] {
                assert!(declared_at(earlier) < declared_at(later), "{earlier} is declared before {later}");
                let mut both = broken.clone();
                break_earlier(&mut both);
                assert_eq!(name(&decide(&both).unwrap_err()), *earlier, "{earlier} and {later} are broken");
            }
        }
    }

    /// A command on a card, with everything that it is decided on.
    #[derive(Debug, Clone)]
    struct OnCard<C> {
        card: Card,
        rules: TemplateRules,
        command: C,
    }

    impl<C> OnCard<C> {
        fn new(command: C) -> Self {
            let card = card(&[lot(2, 2_000_000_000, None)]);
            let rules = TemplateRules { activation: Activation::Manual, ..TemplateRules::default() };
            Self { card, rules, command }
        }

        fn programme(&self) -> Programme {
            programme(self.rules.clone())
        }
    }

    #[test]
    fn of_two_broken_rules_an_award_names_the_one_declared_earlier() {
        let award = Award { card: CARD, points: Points::new(10), expires_at: Some(at(DAY)), particulars: named(None) };
        let breaches: [Breach<OnCard<Award>>; 8] = [
            ("NothingMoved", |this| this.command.points = Points::ZERO),
            ("CardBlocked", |this| this.card.status = Status::Blocked),
            ("CardInactive", |this| this.card.status = Status::Inactive),
            ("StoreAccessDenied", |this| {
                this.rules.shop_ids = vec![ShopId::new(5)];
                this.command.particulars.shop = Some(ShopId::new(4));
            }),
            ("EarningDisabled", |this| this.rules.points_enabled = false),
            ("TooManyPoints", |this| this.command.points = Points::new(1_000_000_001)),
            ("ExpiryNotInFuture", |this| this.command.expires_at = Some(NOW)),
            ("BalanceOutOfRange", |this| this.card.lots = card(&[lot(2, Points::MAX_BALANCE.get(), None)]).lots),
        ];
        assert_precedence(&OnCard::new(award), &breaches, |this| {
            this.command.decide(&this.card, &this.programme().terms(), NOW)
        });
    }

    #[test]
    fn of_two_broken_rules_a_redemption_names_the_one_declared_earlier() {
        let redeem = Redeem { card: CARD, points: Points::new(10), particulars: named(None) };
        let breaches: [Breach<OnCard<Redeem>>; 9] = [
            ("NothingMoved", |this| this.command.points = Points::new(-1)),
            ("CardBlocked", |this| this.card.status = Status::Blocked),
            ("CardInactive", |this| this.card.status = Status::Inactive),
            ("StoreAccessDenied", |this| {
                this.rules.shop_ids = vec![ShopId::new(5)];
                this.command.particulars.shop = Some(ShopId::new(4));
            }),
            ("RedemptionDisabled", |this| this.rules.points_redemption_enabled = false),
            ("TooManyPoints", |this| this.command.points = Points::new(1_000_000_001)),
            ("BelowRedemptionMinimum", |this| this.rules.min_points_for_redemption = Points::MAX_BALANCE),
            ("AboveRedemptionMaximum", |this| this.rules.max_points_per_redemption = Some(Points::new(1))),
            ("InsufficientPoints", |this| this.card.lots = card(&[]).lots),
        ];
        assert_precedence(&OnCard::new(redeem), &breaches, |this| {
            this.command.decide(&this.card, &this.programme().terms(), NOW)
        });
    }

    #[test]
    fn of_two_broken_rules_a_correction_names_the_one_declared_earlier() {
        let adjust = Adjust { card: CARD, points: Points::new(-10), particulars: named(None) };
        let breaches: [Breach<OnCard<Adjust>>; 6] = [
            ("NothingMoved", |this| this.command.points = Points::ZERO),
            ("CardBlocked", |this| this.card.status = Status::Blocked),
            ("CardInactive", |this| this.card.status = Status::Inactive),
            ("TooManyPoints", |this| this.command.points = Points::new(-1_000_000_001)),
            // A card that owes as much as a card can.
            ("BalanceOutOfRange", |this| {
                let owing = owing(Points::MAX_BALANCE.get());
                this.card = Card { lots: owing.lots, debt: owing.debt, ..this.card.clone() };
            }),
            ("InsufficientPoints", |this| this.card.lots = card(&[]).lots),
        ];
        assert_precedence(&OnCard::new(adjust), &breaches, |this| this.command.decide(&this.card, &this.rules, NOW));
    }

    #[test]
    fn of_two_broken_rules_an_expiry_names_the_one_declared_earlier() {
        let expire = Expire { card: CARD, points: None, expires_before: None, particulars: named(None) };
        let breaches: [Breach<OnCard<Expire>>; 3] = [
            ("TooManyPoints", |this| this.command.points = Some(Points::new(1_000_000_001))),
            ("InsufficientPoints", |this| this.command.points = Some(Points::new(1_000_000_000))),
            ("NothingToExpire", |this| this.card.lots = card(&[]).lots),
        ];
        let mut whole = OnCard::new(expire);
        whole.card.lots = card(&[lot(2, 999_999_999, None)]).lots;
        assert_precedence(&whole, &breaches, |this| this.command.decide(&this.card, NOW));
    }

    /// A purchase on a card, with everything that it is decided on.
    #[derive(Debug, Clone)]
    struct Sale {
        card: Card,
        programme: Programme,
        purchase: Purchase,
    }

    #[test]
    fn of_two_broken_rules_a_purchase_names_the_one_declared_earlier() {
        let purchase = Purchase {
            shop: Some(ShopId::new(4)),
            order: "1001".to_owned(),
            total: Money::ZERO,
            currency: None,
            points: Some(Points::new(10)),
            redeem: Points::new(10),
            discount: None,
            expires_at: None,
            note: Note::default(),
            past: None,
        };
        let breaches: [Breach<Sale>; 11] = [
            ("CurrencyMismatch", |this| this.purchase.currency = Some("USD".to_owned())),
            ("CardBlocked", |this| this.card.status = Status::Blocked),
            ("CardInactive", |this| this.card.status = Status::Inactive),
            ("StoreAccessDenied", |this| this.programme.template.rules.shop_ids = vec![ShopId::new(5)]),
            ("EarningDisabled", |this| this.programme.template.rules.points_enabled = false),
            ("RedemptionDisabled", |this| this.programme.template.rules.points_redemption_enabled = false),
            ("TooManyPoints", |this| this.purchase.points = Some(Points::new(1_000_000_001))),
            ("BelowRedemptionMinimum", |this| {
                this.programme.template.rules.min_points_for_redemption = Points::MAX_BALANCE;
            }),
            ("AboveRedemptionMaximum", |this| {
                this.programme.template.rules.max_points_per_redemption = Some(Points::new(1));
            }),
            ("DiscountTooLarge", |this| this.purchase.discount = Some(Money::MAX)),
            ("InsufficientPoints", |this| this.card.lots = card(&[]).lots),
        ];
        let rules = TemplateRules { activation: Activation::Manual, ..TemplateRules::default() };
        let card = card(&[lot(2, 2_000_000_000, None)]);
        assert_precedence(&Sale { card, programme: programme(rules), purchase }, &breaches, |this| {
            this.purchase.decide(&Buyer::Holder(&this.card), &this.programme.terms(), NOW)
        });
    }

    #[test]
    fn of_two_broken_rules_a_refund_names_the_one_declared_earlier() {
        let order = PlacedOrder {
            id: "1001".to_owned(),
            of: Seq::new(101),
            card: CARD,
            shop: None,
            total: Money::new(10.into()),
            earned: Points::new(100),
            lot: None,
            spent: Vec::new(),
            refunded: Refunded::default(),
        };
        let refund = Refund {
            shop: None,
            order: "1001".to_owned(),
            refund: None,
            cause: RefundCause::Refund,
            share: Share::Amount(Money::new(1.into()).unwrap_or_default()),
            note: Note::default(),
            past: None,
        };
        let breaches: [Breach<(Refund, PlacedOrder, Card)>; 6] = [
            ("NothingMoved", |(refund, ..)| refund.share = Share::Points(Points::ZERO)),
            ("TooManyRefunds", |(_, order, _)| order.refunded.count = 500),
            ("OrderRefunded", |(_, order, _)| order.refunded.complete = true),
            ("OrderTotalUnknown", |(_, order, _)| order.total = None),
            ("RefundTooLarge", |(refund, ..)| refund.share = Share::Amount(Money::MAX)),
            ("InsufficientPoints", |(refund, order, card)| {
                refund.share = Share::Amount(order.total.unwrap_or_default());
                card.lots = crate::domain::samples::card(&[]).lots;
            }),
        ];
        let settings = Settings { refund_shortfall: Shortfall::Block, ..Settings::default() };
        assert_precedence(&(refund, order, card(&[lot(2, 100, None)])), &breaches, |(refund, order, card)| {
            refund.decide(order, card, &settings, NOW)
        });
    }

    #[test]
    fn of_two_broken_rules_an_issue_names_the_one_declared_earlier() {
        let programme = programme(TemplateRules::default());
        let issue = Issue {
            person: PersonRecord { email: "ona@example.com".to_owned(), ..PersonRecord::default() },
            initial_points: None,
            design: "default".to_owned(),
            activate: true,
            metadata: Metadata::new(),
            shop: None,
            happened_at: None,
        };
        let breaches: [Breach<(Issue, Holder)>; 2] = [
            ("CustomerHasCard", |(_, holder)| *holder = Holder::HasCard { customer: CUSTOMER, card: CARD }),
            ("TooManyPoints", |(issue, _)| issue.initial_points = Some(Points::new(1_000_000_001))),
        ];
        assert_precedence(&(issue, Holder::New), &breaches, |(issue, holder)| {
            let fresh = Fresh { customer: CUSTOMER, card: CARD, number: CardNumber::from_drawn(17) };
            issue.decide(holder, &programme.terms(), &fresh, NOW)
        });
    }

    #[test]
    fn of_two_broken_rules_an_update_names_the_one_declared_earlier() {
        let registered = CustomerRegistered { customer: CUSTOMER, happened_at: None, sealed: None };
        let holder = Customer::registered(&registered, PartnerId::new(1), Seq::new(1), NOW);
        let person = PersonRecord { email: "ona@example.com".to_owned(), ..PersonRecord::default() };
        let update = UpdateCard { card: CARD, email: None, name: None, phone: None, design: None, metadata: None };
        let breaches: [Breach<(UpdateCard, Option<PersonRecord>)>; 2] = [
            ("CustomerErased", |(_, person)| *person = None),
            ("EmailIsFinal", |(update, _)| update.email = Some("jonas@example.com".to_owned())),
        ];
        assert_precedence(&(update, Some(person)), &breaches, |(update, person)| {
            update.decide(&card(&[]), &holder, person.as_ref(), &Metadata::new())
        });
    }
}
