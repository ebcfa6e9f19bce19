//! Creating a card template, changing its rules and words, and retiring it.

use super::shop::unchanged_since;
use super::{Directory, Template, TemplateCreated, TemplateRecord, TemplateRetired, TemplateRules, TemplateUpdated};
use crate::domain::{Draft, PartnerId, Rejection, Secret, Stream, TemplateId};
use std::collections::BTreeMap;

/// Creates a card template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateTemplate {
    pub record: TemplateRecord,
    pub rules: TemplateRules,
}

impl CreateTemplate {
    /// A template of which only the title and the rules are known.
    #[must_use]
    pub fn titled(title: BTreeMap<String, String>, rules: TemplateRules) -> Self {
        Self { record: TemplateRecord::titled(title), rules }
    }

    /// The template's first event.
    ///
    /// # Errors
    /// [`Rejection::ShopNotFound`], [`Rejection::RuleOutOfBounds`]
    pub fn decide(
        &self,
        directory: &Directory,
        partner: PartnerId,
        fresh: TemplateId,
    ) -> Result<Vec<Draft>, Rejection> {
        check(&self.rules, directory, partner)?;
        let secret = Secret::new(Stream::Template(fresh), &self.record);
        Ok(vec![Draft::sealing(TemplateCreated { template: fresh, rules: self.rules.clone(), sealed: None }, secret)])
    }
}

/// Changes a template. Both parts are stated as a whole: the caller fills in what stays.
///
/// What was earned stays earned: every award names the version of the rules that it was computed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateTemplate {
    pub template: TemplateId,
    /// The version of the template's stream from which the caller filled in what stays; none overwrites whatever is there.
    pub based_on: Option<i64>,
    pub record: TemplateRecord,
    pub rules: TemplateRules,
}

impl UpdateTemplate {
    /// The change, or nothing where everything is so already. `known` is what the vault holds of the template.
    ///
    /// # Errors
    /// [`Rejection::TemplateNotFound`], [`Rejection::ChangedMeanwhile`], [`Rejection::ShopNotFound`], [`Rejection::RuleOutOfBounds`]
    pub fn decide(
        &self,
        directory: &Directory,
        partner: PartnerId,
        known: Option<&TemplateRecord>,
    ) -> Result<Vec<Draft>, Rejection> {
        let template = found(directory, partner, self.template)?;
        unchanged_since(self.based_on, template.version)?;
        check(&self.rules, directory, partner)?;
        if template.rules == self.rules && known == Some(&self.record) && template.retired_at.is_none() {
            return Ok(Vec::new());
        }
        let version = template.version + 1;
        let event = TemplateUpdated { template: self.template, version, rules: self.rules.clone(), sealed: None };
        Ok(vec![Draft::sealing(event, Secret::new(Stream::Template(self.template), &self.record))])
    }
}

/// Gives a template to nobody any more. Cards that have it go on by its rules; an update brings it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetireTemplate {
    pub template: TemplateId,
}

impl RetireTemplate {
    /// The end, or nothing where it has happened already.
    ///
    /// # Errors
    /// [`Rejection::TemplateNotFound`]
    pub fn decide(&self, directory: &Directory, partner: PartnerId) -> Result<Vec<Draft>, Rejection> {
        let template = found(directory, partner, self.template)?;
        let retired = || vec![Draft::open(TemplateRetired { template: self.template })];
        Ok(if template.retired_at.is_some() { Vec::new() } else { retired() })
    }
}

fn found(directory: &Directory, partner: PartnerId, template: TemplateId) -> Result<&Template, Rejection> {
    directory.template_of(partner, template).ok_or(Rejection::TemplateNotFound { template })
}

fn check(rules: &TemplateRules, directory: &Directory, partner: PartnerId) -> Result<(), Rejection> {
    let foreign = rules.shop_ids.iter().find(|shop| directory.shop_of(partner, **shop).is_none());
    foreign.map_or(Ok(()), |shop| Err(Rejection::ShopNotFound { shop: *shop }))?;
    rules.check()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::points::Points;
    use crate::domain::samples::{NOW, kinds};
    use crate::domain::{Seq, ShopId};
    use rust_decimal::Decimal;

    const PARTNER: PartnerId = PartnerId::new(1);
    const TEMPLATE: TemplateId = TemplateId::new(7);

    fn created() -> CreateTemplate {
        CreateTemplate::titled([("en".to_owned(), "Card".to_owned())].into(), TemplateRules::default())
    }

    fn directory(drafts: &[Draft]) -> Directory {
        let mut directory = Directory::default();
        for draft in drafts {
            directory.evolve(&draft.event, PARTNER, Seq::new(1), NOW);
        }
        directory
    }

    fn create() -> Vec<Draft> {
        created().decide(&Directory::default(), PARTNER, TEMPLATE).unwrap()
    }

    fn generous() -> UpdateTemplate {
        let rules = TemplateRules { points_per_visit: Points::new(5), ..TemplateRules::default() };
        let terms_conditions = [("lt".to_owned(), "Taškai galioja metus".to_owned())].into();
        UpdateTemplate {
            template: TEMPLATE,
            based_on: None,
            record: TemplateRecord { terms_conditions, ..created().record },
            rules,
        }
    }

    #[test]
    fn a_change_states_the_whole_rules_and_the_new_version() {
        let mut all = create();
        all.extend(generous().decide(&directory(&all), PARTNER, Some(&created().record)).unwrap());
        assert_eq!(kinds(&all), ["template.created", "template.updated"]);
        let changed = &directory(&all).templates[&TEMPLATE];
        assert_eq!((changed.version, changed.rules.points_per_visit), (2, Points::new(5)));
        assert!(all[1].event.payload().starts_with(r#"{"template":7,"version":2,"rules":{"auto_assign":true"#));
        assert!(
            !all[1].event.payload().contains("galioja") && all[1].secret.as_ref().unwrap().body.contains("galioja")
        );
    }

    #[test]
    fn rules_that_use_nothing_new_are_written_as_ever() {
        let payload = create()[0].event.payload();
        for new in ["is_active", "shop_ids", "default_coupon_validity_days", "third_party"] {
            assert!(!payload.contains(new), "{payload}");
        }
    }

    #[test]
    fn what_is_so_already_is_not_recorded_again() {
        let mut all = create();
        all.extend(generous().decide(&directory(&all), PARTNER, None).unwrap());
        assert_eq!(generous().decide(&directory(&all), PARTNER, Some(&generous().record)), Ok(vec![]));
    }

    #[test]
    fn a_retired_template_is_given_to_nobody_until_it_is_changed_again() {
        let mut all = create();
        assert!(directory(&all).auto_assigned(PARTNER, None).is_some());
        let retire = RetireTemplate { template: TEMPLATE };
        all.extend(retire.decide(&directory(&all), PARTNER).unwrap());
        assert!(directory(&all).auto_assigned(PARTNER, None).is_none());
        assert_eq!(retire.decide(&directory(&all), PARTNER), Ok(vec![]));
        all.extend(generous().decide(&directory(&all), PARTNER, None).unwrap());
        assert_eq!(directory(&all).auto_assigned(PARTNER, None).map(|template| template.version), Some(3));
    }

    #[test]
    fn a_shop_gives_out_a_template_that_applies_there() {
        let mut all = create();
        let rules = TemplateRules { shop_ids: vec![ShopId::new(4)], ..TemplateRules::default() };
        all.extend([Draft::open(crate::domain::programme::ShopOpened {
            shop: ShopId::new(4),
            is_virtual: false,
            is_active: true,
            coordinates: None,
            sealed: None,
        })]);
        let update = UpdateTemplate { rules, ..generous() };
        all.extend(update.decide(&directory(&all), PARTNER, None).unwrap());
        let found = |shop| directory(&all).auto_assigned(PARTNER, shop).map(|template| template.id);
        assert_eq!(found(Some(ShopId::new(4))), Some(TEMPLATE));
        assert_eq!((found(Some(ShopId::new(5))), found(None)), (None, Some(TEMPLATE)));
    }

    #[test]
    fn a_template_that_is_not_active_is_given_to_nobody() {
        let mut all = create();
        let rules = TemplateRules { is_active: false, ..TemplateRules::default() };
        let update = UpdateTemplate { rules, ..generous() };
        all.extend(update.decide(&directory(&all), PARTNER, None).unwrap());
        assert!(directory(&all).auto_assigned(PARTNER, None).is_none());
    }

    #[test]
    fn a_rate_that_cannot_be_computed_with_is_refused() {
        let zero = |change: fn(&mut TemplateRules)| {
            let mut rules = TemplateRules::default();
            change(&mut rules);
            CreateTemplate { rules, ..created() }.decide(&Directory::default(), PARTNER, TEMPLATE).err()
        };
        let refused = |rule| Some(Rejection::RuleOutOfBounds { rule });
        assert_eq!(zero(|rules| rules.currency_amount = Decimal::ZERO), refused("currency_amount"));
        assert_eq!(zero(|rules| rules.points_per_currency = Decimal::NEGATIVE_ONE), refused("points_per_currency"));
        assert_eq!(
            zero(|rules| rules.points_per_currency_redemption = Decimal::ZERO),
            refused("points_per_currency_redemption")
        );
        assert_eq!(zero(|rules| rules.min_points_per_purchase = Points::new(-1)), refused("min_points_per_purchase"));
        assert_eq!(
            zero(|rules| {
                rules.min_points_for_redemption = Points::new(10);
                rules.max_points_per_redemption = Some(Points::new(9));
            }),
            refused("max_points_per_redemption")
        );
        assert_eq!(zero(|rules| rules.max_points_per_purchase = Some(Points::ZERO)), None, "0 means no bound");
    }

    #[test]
    fn a_template_applies_to_shops_of_its_own_partner() {
        let rules = TemplateRules { shop_ids: vec![ShopId::new(4)], ..TemplateRules::default() };
        let refused = CreateTemplate { rules, ..created() }.decide(&Directory::default(), PARTNER, TEMPLATE);
        assert_eq!(refused, Err(Rejection::ShopNotFound { shop: ShopId::new(4) }));
    }
}
