//! The card templates of a partner, with their words and looks.

use super::{Page, Queries, QueryError, Window, bodies};
use crate::domain::programme::{Template, TemplateRecord};
use crate::domain::{PartnerId, ShopId, TemplateId};
use rusqlite::Connection;

/// Which templates are listed. What is given must all match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TemplateFilter {
    /// Part of a title, in any case and language; or the whole number of the template, also as its QR code writes it.
    pub search: Option<String>,
    pub is_active: Option<bool>,
    pub third_party: Option<bool>,
    /// Whose cards earn and spend there.
    pub shop: Option<ShopId>,
    /// Whether it was deleted.
    pub is_retired: Option<bool>,
}

/// A template with everything that is shown of it.
#[derive(Debug, Clone, PartialEq)]
pub struct TemplateView {
    pub template: Template,
    pub record: TemplateRecord,
}

impl TemplateView {
    /// Whether it is offered.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.template.rules.is_active && self.template.retired_at.is_none()
    }
}

impl Queries {
    /// A page of a partner's templates, the oldest first or the newest.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub async fn templates(
        &self,
        partner: PartnerId,
        filter: TemplateFilter,
        down: bool,
        window: Window,
    ) -> Result<Page<TemplateView>, QueryError> {
        let directory = self.live().directory();
        self.aside(move |connection| {
            let mut views = Vec::new();
            for template in directory.templates.values().filter(|template| template.partner == partner) {
                let view = view(connection, template)?;
                if filter.matches(&view) {
                    views.push(view);
                }
            }
            if down {
                views.reverse();
            }
            Ok(window.of(views))
        })
        .await
    }

    /// A template of a partner.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn template(&self, partner: PartnerId, template: TemplateId) -> Result<Option<TemplateView>, QueryError> {
        let directory = self.live().directory();
        let Some(template) = directory.template_of(partner, template) else { return Ok(None) };
        self.here(|connection| view(connection, template)).map(Some)
    }
}

impl TemplateFilter {
    fn matches(&self, view: &TemplateView) -> bool {
        let rules = &view.template.rules;
        let titled = |search: &String| {
            let search = search.to_lowercase();
            let number = view.template.id.to_string();
            search.strip_prefix("tpl-").unwrap_or(&search) == number
                || view.record.title.values().any(|title| title.to_lowercase().contains(&search))
        };
        self.is_active.is_none_or(|wanted| wanted == view.is_active())
            && self.is_retired.is_none_or(|wanted| wanted == view.template.retired_at.is_some())
            && self.third_party.is_none_or(|wanted| wanted == rules.third_party)
            && rules.applies_at(self.shop)
            && self.search.as_ref().is_none_or(titled)
    }
}

pub(super) fn view(connection: &Connection, template: &Template) -> Result<TemplateView, QueryError> {
    let record = bodies::record(connection, template.record)?.unwrap_or_default();
    Ok(TemplateView { template: template.clone(), record })
}
