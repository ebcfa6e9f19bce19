//! The terms by which cards earn and spend: each partner's settings, and every edition of each template's rules.

use crate::decimal::Decimal;
use crate::ledger::Event;
use crate::payload::{Basis, Level, Payload, Retention, Rules, Settings, Sharing, Shortfall, Tier, TierPlan};
use crate::points::{PartnerId, Points, ShopId, TemplateId};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeSet;

/// What the log has said of partners and templates so far.
#[derive(Debug, Default)]
pub struct Programme {
    partners: FxHashMap<PartnerId, Partner>,
    templates: FxHashMap<TemplateId, Template>,
    /// Whose each template is: a partner's from the oldest on.
    owned: BTreeSet<(PartnerId, TemplateId)>,
    closed: FxHashSet<ShopId>,
}

/// A partner's money and settings.
#[derive(Debug)]
pub(super) struct Partner {
    pub(super) currency: Box<str>,
    pub(super) settings: Settings,
    /// Whether more than the card counted by any settings up to now.
    counts_more: bool,
}

/// A template's rules from its first event on.
#[derive(Debug, Default)]
pub(super) struct Template {
    /// Of its last event.
    pub(super) version: i64,
    retired: bool,
    editions: Vec<(i64, Rules)>,
}

impl Programme {
    /// Whether events of this kind say something about the programme.
    #[must_use]
    pub fn concerns(kind: &str) -> bool {
        matches!(
            kind,
            "partner.created"
                | "partner.settings_changed"
                | "shop.opened"
                | "shop.updated"
                | "shop.retired"
                | "template.created"
                | "template.updated"
                | "template.retired"
        )
    }

    /// Notes what an event says. That it may say so is the registry's to check.
    pub fn learn(&mut self, event: &Event<'_>, payload: &Payload<'_>) {
        match payload {
            Payload::PartnerCreated(it) => {
                let partner =
                    Partner { currency: it.currency.0.as_str().into(), settings: unchanged(), counts_more: false };
                self.partners.entry(it.partner).or_insert(partner);
            }
            Payload::SettingsChanged(it) => {
                if let Some(partner) = self.partners.get_mut(&it.partner) {
                    partner.counts_more |= !it.settings.count_the_card_alone();
                    partner.settings = it.settings.clone();
                }
            }
            Payload::ShopOpened(it) | Payload::ShopUpdated(it) => {
                self.set_open(it.shop, it.is_active.unwrap_or(true));
            }
            Payload::ShopRetired(it) => self.set_open(it.shop, false),
            Payload::TemplateCreated(it) => {
                self.owned.insert((PartnerId::new(event.partner_id), it.template));
                self.edit(it.template, event.version, &it.rules);
            }
            Payload::TemplateUpdated(it) => self.edit(it.template, event.version, &it.rules),
            Payload::TemplateRetired(it) => {
                let template = self.templates.entry(it.template).or_default();
                (template.version, template.retired) = (event.version, true);
            }
            Payload::KeyCreated(_)
            | Payload::KeyRevoked(_)
            | Payload::CheckpointKeyCreated(_)
            | Payload::CheckpointKeyRetired(_)
            | Payload::CheckpointMade(_)
            | Payload::CheckpointCosigned(_)
            | Payload::WebhookCreated(_)
            | Payload::WebhookUpdated(_)
            | Payload::WebhookRotated(_)
            | Payload::WebhookDisabled(_)
            | Payload::WebhookSkipped(_)
            | Payload::WebhookRemoved(_)
            | Payload::BalancesSealed(_)
            | Payload::CustomerRegistered(_)
            | Payload::CustomerUpdated(_)
            | Payload::CustomerErased(_)
            | Payload::RecordsErased(_)
            | Payload::Issued(_)
            | Payload::Updated(_)
            | Payload::Activated(_)
            | Payload::Blocked(_)
            | Payload::Unblocked(_)
            | Payload::TierChanged(_)
            | Payload::Moved(_) => {}
        }
    }

    fn set_open(&mut self, shop: ShopId, open: bool) {
        if open {
            self.closed.remove(&shop);
        } else {
            self.closed.insert(shop);
        }
    }

    fn edit(&mut self, id: TemplateId, version: i64, rules: &Rules) {
        let template = self.templates.entry(id).or_default();
        (template.version, template.retired) = (version, false);
        template.editions.push((version, rules.clone()));
    }

    /// Whether more than one card's lifetime points counted for a partner's tiers at some time up to now.
    #[must_use]
    pub fn counts_more(&self, partner: PartnerId) -> bool {
        self.partners.get(&partner).is_some_and(|partner| partner.counts_more)
    }

    /// How long a partner keeps what is in the vault.
    #[must_use]
    pub fn retention(&self, partner: PartnerId) -> Retention {
        self.partners.get(&partner).map(|partner| partner.settings.retention).unwrap_or_default()
    }

    /// Why a template is given to no new card, where it exists and is not.
    #[must_use]
    pub fn not_given_out(&self, template: TemplateId) -> Option<&'static str> {
        let template = self.templates.get(&template)?;
        let active = template.rules_now().is_none_or(|rules| rules.is_active.unwrap_or(true));
        match (template.retired, active) {
            (true, _) => Some("retired"),
            (false, false) => Some("not active"),
            (false, true) => None,
        }
    }

    /// The template that a partner's new cards get in a shop: the oldest in use that is assigned automatically and applies there.
    #[must_use]
    pub fn automatic(&self, partner: PartnerId, shop: Option<ShopId>) -> Option<TemplateId> {
        let own = self.owned.range((partner, TemplateId::new(i64::MIN))..=(partner, TemplateId::new(i64::MAX)));
        let assigned = |template: &TemplateId| {
            let rules = self.template(*template).and_then(Template::rules_now);
            let fits = rules.is_some_and(|rules| rules.auto_assign && rules.apply_at(shop));
            fits && self.not_given_out(*template).is_none()
        };
        own.map(|(_, template)| *template).find(assigned)
    }

    /// Whether a shop is retired or not active: it takes nothing new.
    #[must_use]
    pub fn is_closed(&self, shop: ShopId) -> bool {
        self.closed.contains(&shop)
    }

    /// The currency that a partner counts in.
    #[must_use]
    pub fn currency(&self, partner: PartnerId) -> Option<&str> {
        self.partners.get(&partner).map(|partner| partner.currency.as_ref())
    }

    /// The rules of a template in force, with the version of the event that stated them.
    #[must_use]
    pub fn rules_in_force(&self, template: TemplateId) -> Option<(i64, &Rules)> {
        self.templates.get(&template)?.editions.last().map(|(version, rules)| (*version, rules))
    }

    pub(super) fn partner(&self, partner: PartnerId) -> Option<&Partner> {
        self.partners.get(&partner)
    }

    pub(super) fn template(&self, template: TemplateId) -> Option<&Template> {
        self.templates.get(&template)
    }
}

impl Template {
    /// The rules of the event with that version, or of the last one before it.
    pub(super) fn rules(&self, version: i64) -> Option<&Rules> {
        self.editions.iter().rev().find(|(from, _)| *from <= version).map(|(_, rules)| rules)
    }

    /// The rules in force.
    pub(super) fn rules_now(&self) -> Option<&Rules> {
        self.editions.last().map(|(_, rules)| rules)
    }
}

impl Rules {
    /// Whether cards of the template earn and spend at a shop; who names no shop is everywhere.
    pub(super) fn apply_at(&self, shop: Option<ShopId>) -> bool {
        shop.is_none_or(|shop| self.shop_ids.is_empty() || self.shop_ids.contains(&shop))
    }
}

impl Settings {
    /// How points are shared, in effect.
    pub(super) const fn sharing(&self) -> Sharing {
        if self.multi_store_points { self.point_sharing } else { Sharing::None }
    }

    /// Whether a card's lifetime points alone decide on its tier.
    #[must_use]
    pub fn count_the_card_alone(&self) -> bool {
        !self.unified_tiers && !self.counts_twelve_months()
    }

    /// Whether only the points of the last twelve months count.
    #[must_use]
    pub fn counts_twelve_months(&self) -> bool {
        self.tiers.basis == Basis::Rolling
    }
}

impl TierPlan {
    /// The tier that so many counted points reach.
    #[must_use]
    pub fn reached(&self, counted: Points) -> Tier {
        self.levels.iter().rev().find(|level| level.threshold <= counted).map_or(Tier::Bronze, |level| level.tier)
    }

    /// What purchases of a card of that tier are multiplied by: as its own level says, or the highest below it.
    pub(super) fn multiplier(&self, tier: Tier) -> Decimal {
        self.levels.iter().rev().find(|level| level.tier <= tier).map_or(Decimal::ONE, |level| level.multiplier)
    }
}

/// The settings of a partner that never changed any.
fn unchanged() -> Settings {
    let level = |(tier, threshold)| Level { tier, threshold: Points::new(threshold), multiplier: Decimal::ONE };
    let levels = [(Tier::Bronze, 0), (Tier::Silver, 500), (Tier::Gold, 800), (Tier::Platinum, 6000)];
    Settings {
        multi_store_points: false,
        point_sharing: Sharing::Full,
        unified_tiers: false,
        refund_shortfall: Shortfall::Negative,
        tiers: TierPlan { basis: Basis::Lifetime, levels: levels.map(level).to_vec() },
        retention: Retention::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tier_begins_at_its_threshold() {
        let plan = unchanged().tiers;
        let tiers = [(0, Tier::Bronze), (499, Tier::Bronze), (500, Tier::Silver), (799, Tier::Silver)];
        for (lifetime, tier) in tiers.into_iter().chain([(800, Tier::Gold), (5999, Tier::Gold), (6000, Tier::Platinum)])
        {
            assert_eq!(plan.reached(Points::new(lifetime)), tier, "{lifetime}");
        }
    }

    #[test]
    fn a_tier_that_a_plan_leaves_out_counts_as_the_highest_below_it() {
        let two = Decimal::new(2, 0);
        let level = |tier, multiplier| Level { tier, threshold: Points::ZERO, multiplier };
        let levels = vec![level(Tier::Bronze, Decimal::ONE), level(Tier::Gold, two)];
        let plan = TierPlan { basis: Basis::Lifetime, levels };
        let tiers = [Tier::Bronze, Tier::Silver, Tier::Gold, Tier::Platinum];
        assert_eq!(tiers.map(|tier| plan.multiplier(tier)), [Decimal::ONE, Decimal::ONE, two, two]);
    }
}
