//! What a command on a card is decided on besides the card: its partner's settings, its template's rules, its holder's standing.

use super::{Directory, Partner, Settings, Template, TemplateRules};
use crate::domain::cards::Tier;
use crate::domain::points::Points;
use crate::domain::{CardId, PartnerId, Rejection, TemplateId};

/// The programme as it stands for one card.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    pub partner: &'a Partner,
    pub template: &'a Template,
    pub standing: Standing<'a>,
}

/// What counts towards the tier besides the card's own lifetime points.
///
/// Needed where [`Settings::counts_more_than_the_card`] says so; by default the card alone decides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing<'a> {
    /// The points that count towards the tier before the command: of all the customer's cards where tiers are unified, and
    /// awarded less refunded since [`super::TierBasis::since`] where they are rolling. None means the card's lifetime.
    pub counted: Option<Points>,
    /// The customer's other cards and their tiers, where tiers are unified.
    pub others: &'a [(CardId, Tier)],
}

impl<'a> Terms<'a> {
    /// The template's rules.
    #[must_use]
    pub const fn rules(&self) -> &'a TemplateRules {
        &self.template.rules
    }

    /// The partner's settings.
    #[must_use]
    pub const fn settings(&self) -> &'a Settings {
        &self.partner.settings
    }

    /// The same for a customer of this standing.
    #[must_use]
    pub const fn with(self, standing: Standing<'a>) -> Self {
        Self { standing, ..self }
    }
}

impl Settings {
    /// Whether tiers count more than the lifetime points of the one card, so that a decision needs a [`Standing`].
    #[must_use]
    pub fn counts_more_than_the_card(&self) -> bool {
        self.unified_tiers || self.tiers.basis != super::TierBasis::Lifetime
    }
}

impl Directory {
    /// The terms of a partner's template.
    ///
    /// # Errors
    /// [`Rejection::PartnerNotFound`], [`Rejection::TemplateNotFound`]
    pub fn terms(&self, partner: PartnerId, template: TemplateId) -> Result<Terms<'_>, Rejection> {
        Ok(Terms {
            partner: self.partners.get(&partner).ok_or(Rejection::PartnerNotFound { partner })?,
            template: self.template_of(partner, template).ok_or(Rejection::TemplateNotFound { template })?,
            standing: Standing::default(),
        })
    }
}
