//! Reading a template from a request: all of it, or what of it changes.

use super::design;
use crate::domain::points::Points;
use crate::domain::programme::{Activation, Directory, Localised, TemplateRecord, TemplateRules};
use crate::domain::{PartnerId, ShopId};
use crate::http::errors::ApiError;
use crate::http::fields::{Fields, Problem};
use crate::http::locales::Message;
use crate::http::partners::changing::set;
use crate::http::{ids, limits};
use crate::queries::TemplateView;
use rust_decimal::Decimal;

/// What is shown of a template and not written.
const READ_ONLY: [&str; 13] = [
    "id",
    "partner_id",
    "name",
    "welcome_bonus",
    "points_per_euro",
    "applicable_shops",
    "qr_code",
    "partner",
    "version",
    "created_at",
    "updated_at",
    "deleted_at",
    "object",
];

/// The rules and words of a template: of a new one, which needs its words, or of `known` with the changes.
pub(super) fn template(
    mut fields: Fields,
    known: Option<TemplateView>,
    directory: &Directory,
    partner: PartnerId,
) -> Result<(TemplateRules, TemplateRecord), ApiError> {
    let is_new = known.is_none();
    let (mut rules, mut record) = match known {
        Some(view) => (view.template.rules, view.record),
        // One point for each unit of currency, unless the partner says otherwise.
        None => {
            (TemplateRules { points_per_currency: Decimal::ONE, ..TemplateRules::default() }, TemplateRecord::default())
        }
    };
    words(&mut fields, &mut record, is_new);
    let own = |shop| directory.shop_of(partner, shop).is_some();
    offer(&mut fields, &mut rules, own);
    earning(&mut fields, &mut rules);
    redemption(&mut fields, &mut rules);
    fields.read_only(&READ_ONLY);
    fields.finish().none_or((rules, record)).map_err(ApiError::Invalid)
}

fn words(fields: &mut Fields, record: &mut TemplateRecord, required: bool) {
    let texts: [(&str, usize, ReadText, &mut Localised); 3] = [
        ("title", limits::TITLE_CHARS, Fields::text, &mut record.title),
        ("description", limits::DESCRIPTION_CHARS, Fields::prose, &mut record.description),
        ("terms_conditions", limits::TERMS_CHARS, Fields::prose, &mut record.terms_conditions),
    ];
    for (name, most, read, place) in texts {
        let sent = fields.within(name, |inner| in_both_languages(inner, most, read));
        if required {
            fields.required(name, sent.as_ref());
        }
        set(place, sent);
    }
    let sent = fields.within("card_design", |inner| design::read(inner, &mut record.card_design));
    if required {
        fields.required("card_design", sent);
    }
}

/// How a text of at most so many characters is read.
type ReadText = fn(&mut Fields, &str, usize) -> Option<String>;

fn in_both_languages(inner: &mut Fields, most: usize, read: ReadText) -> Localised {
    let mut texts = Localised::new();
    for language in ["en", "lt"] {
        let text = read(inner, language, most);
        if let Some(text) = inner.required(language, text) {
            texts.insert(language.to_owned(), text);
        }
    }
    texts
}

/// Whom it is given to, and where its cards count.
fn offer(fields: &mut Fields, rules: &mut TemplateRules, own: impl Fn(ShopId) -> bool) {
    set(&mut rules.is_active, fields.boolean("is_active"));
    set(&mut rules.auto_assign, fields.boolean("auto_assign"));
    let kind = |word: &str| match word {
        "loyalty" => Some(false),
        "third_party" => Some(true),
        _ => None,
    };
    set(&mut rules.third_party, fields.word("card_type", kind, "loyalty, third_party"));
    let activation = |word: &str| match word {
        "first_use" => Some(Activation::FirstUse),
        "manual" => Some(Activation::Manual),
        _ => None,
    };
    set(&mut rules.activation, fields.word("activation", activation, "first_use, manual"));
    let shop = |fields: &mut Fields, name: &str| {
        let found = ids::parse_shop(fields.id(name)?.trim()).filter(|shop| own(*shop));
        if found.is_none() {
            fields.problem(Problem::value(name, Message::NoSuchShop));
        }
        found
    };
    if let Some(mut shops) = fields.each_value("shop_ids", limits::SHOPS_OF_TEMPLATE, shop) {
        shops.sort_unstable();
        shops.dedup();
        rules.shop_ids = shops;
    }
    let days = |fields: &mut Fields, name: &str| days(fields, name, 1, limits::COUPON_DAYS_MAX);
    fields.change("default_coupon_validity_days", days).apply(&mut rules.default_coupon_validity_days);
}

fn earning(fields: &mut Fields, rules: &mut TemplateRules) {
    set(&mut rules.points_enabled, fields.boolean("points_enabled"));
    set(&mut rules.initial_bonus_points, points(fields, "initial_bonus_points"));
    let lasting = |fields: &mut Fields, name: &str| days(fields, name, 0, limits::EXPIRATION_DAYS_MAX);
    fields.change("points_expiration_days", lasting).apply(&mut rules.points_expiration_days);
    set(&mut rules.points_per_currency, rate(fields, "points_per_currency"));
    set(&mut rules.currency_amount, rate(fields, "currency_amount"));
    set(&mut rules.round_points_up, fields.boolean("round_points_up"));
    set(&mut rules.min_points_per_purchase, points(fields, "min_points_per_purchase"));
    fields.change("max_points_per_purchase", points).apply(&mut rules.max_points_per_purchase);
    set(&mut rules.points_per_visit, points(fields, "points_per_visit"));
}

fn redemption(fields: &mut Fields, rules: &mut TemplateRules) {
    set(&mut rules.points_redemption_enabled, fields.boolean("points_redemption_enabled"));
    set(&mut rules.points_per_currency_redemption, rate(fields, "points_per_currency_redemption"));
    set(&mut rules.currency_amount_redemption, rate(fields, "currency_amount_redemption"));
    set(&mut rules.min_points_for_redemption, points(fields, "min_points_for_redemption"));
    fields.change("max_points_per_redemption", points).apply(&mut rules.max_points_per_redemption);
}

fn points(fields: &mut Fields, name: &str) -> Option<Points> {
    fields.whole(name, 0..=Points::MAX_MOVED.get()).map(Points::new)
}

fn days(fields: &mut Fields, name: &str, least: i64, most: i64) -> Option<u32> {
    fields.whole(name, least..=most).and_then(|days| u32::try_from(days).ok())
}

fn rate(fields: &mut Fields, name: &str) -> Option<Decimal> {
    fields.decimal(name, TemplateRules::is_rate, Message::MustBeRate).map(|rate| rate.normalize())
}
