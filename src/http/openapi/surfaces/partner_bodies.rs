//! The bodies that change a partner's programme.

use crate::domain::cards::Tier;
use crate::domain::points::Points;
use crate::domain::programme::{RETENTION_DAYS_MAX, RETENTION_MONTHS_MAX};
use crate::http::limits;
use crate::http::openapi::fields::*;
use serde_json::{Value, json};

/// What holds for all shops together.
pub(super) fn global_settings() -> Vec<Field> {
    let crossing =
        "Whether points that one shop gave may be spent in another; follows from the two settings of sharing.";
    vec![
        field("cross_shop_redemption", boolean(), crossing),
        field("unified_customer_profiles", json!({ "type": "boolean", "const": true }), "Always so."),
        field("auto_tier_progression", json!({ "type": "boolean", "const": true }), "Always so."),
    ]
    .into_iter()
    .map(without_const)
    .collect()
}

// In a body, null is as good as absent, which a constant would not allow.
fn without_const(mut field: Field) -> Field {
    if let Some(value) = field.schema.as_object_mut().and_then(|schema| schema.remove("const")) {
        field.schema["enum"] = json!([value]);
    }
    field
}

/// All settings.
pub(super) fn settings() -> Vec<Field> {
    let tier = object(&[
        field("tier", words(TIERS), "Where a rank is left out; else the next one."),
        field(
            "threshold",
            whole(0, Points::MAX_BALANCE.get()),
            "From which points on; the first is 0, each next is higher.",
        )
        .required(),
        field("multiplier", decimal(), "Of what a purchase earns: 0 to 1,000 with 4 decimal places; 1 if absent."),
        field("name", text(limits::TIER_NAME_CHARS), "What the partner calls it."),
        field("benefits", list_of(text(limits::BENEFIT_CHARS), 0, limits::BENEFITS_OF_TIER), "What it is good for."),
    ]);
    let refunds = object(&[
        field(
            "insufficient",
            words(&["block", "partial", "negative"]),
            "What a refund does when the card holds too little.",
        ),
        field("mode", words(&["automatic"]), "Always so."),
        field("max_days", json!({ "type": "null" }), "Always so: there is no limit."),
    ]);
    let months = || whole(1, i64::from(RETENTION_MONTHS_MAX));
    let retention = object(&[
        field(
            "superseded_records_after_days",
            whole(0, i64::from(RETENTION_DAYS_MAX)),
            "0: an old value goes with the change.",
        ),
        field("movement_texts_after_months", months(), "Null keeps them for ever."),
        field("block_reasons_after_months", months(), "Null keeps them for ever."),
        field("inactive_customers_after_months", months(), "Null keeps them for ever."),
        field("inactive_customers_with_points", boolean(), "Whether those too who have points."),
    ]);
    let mut fields = global_settings();
    fields.extend([
        field("multi_store_points", boolean(), "Whether the shops share points at all."),
        field("point_sharing", words(&["full", "earning_only", "redemption_only", "none"]), "What they share."),
        field("unified_tiers", boolean(), "Whether all cards of one customer count together."),
        field("tier_basis", words(&["lifetime", "rolling_12_months"]), "Which points count towards a tier."),
        field("tiers", list_of(tier, 1, Tier::ALL.len()), "From the lowest, as a whole."),
        field("refunds", refunds, "What holds of refunds."),
        field("retention", retention, "How long the vault keeps what; what is left out stays."),
        field("currency", string(), "As it is: it cannot change."),
    ]);
    fields
}

/// The fields of a shop; of a new one, with those that it needs.
pub(super) fn shop(new: bool) -> Vec<Field> {
    let require = |field: Field| if new { field.required() } else { field };
    let hours = hours();
    let place = || decimal();
    let mut fields = vec![
        require(field("name", text(limits::TITLE_CHARS), "What it is called.")),
        field("address", text(limits::ADDRESS_CHARS), "Required, except of a virtual shop."),
        field("postal_code", text(limits::POSTAL_CODE_CHARS), "Null takes it away."),
        field("city", text(limits::NAME_CHARS), "Null takes it away."),
        field("country", text(limits::NAME_CHARS), "Null takes it away."),
        field("latitude", place(), "In degrees with at most 9 decimal places, with the longitude."),
        field("longitude", place(), "In degrees with at most 9 decimal places, with the latitude."),
        field(
            "coordinates",
            object(&[field("latitude", place(), "In degrees."), field("longitude", place(), "In degrees.")]),
            "The same in another form.",
        ),
        field("website", url(), "Null takes it away."),
        field("description", text(limits::DESCRIPTION_CHARS), "May have several lines."),
        field("images", list_of(url(), 0, limits::IMAGES_OF_SHOP), "Web addresses."),
        field("is_virtual", boolean(), "Whether it is on the web alone; `false`."),
        field("is_active", boolean(), "Whether it is open; `true`."),
    ];
    fields.extend(aliases(&field("contact_email", email(), "Null takes it away."), &["email"]));
    fields.extend(aliases(&field("contact_phone", phone(), "Null takes it away."), &["phone"]));
    let about = "Such as `{\"monday\": \"08:00-20:00\"}`; a day that is missing or null is closed.";
    fields.extend(aliases(&field("opening_hours", hours, about), &["working_hours"]));
    fields
}

fn hours() -> Value {
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let range = json!({ "type": "string", "pattern": r"^\s*\d\d:\d\d-\d\d:\d\d\s*$" });
    object(&days.map(|day| field(day, range.clone(), "An end before its begin is the next day's.")))
}

/// The fields of a card template; of a new one, with those that it needs.
pub(super) fn template(new: bool) -> Vec<Field> {
    let require = |field: Field| if new { field.required() } else { field };
    let said = |most: usize| {
        object(&[
            field("en", text(most), "In English.").required(),
            field("lt", text(most), "In Lithuanian.").required(),
        ])
    };
    let mut fields = vec![
        require(field("title", said(limits::TITLE_CHARS), "What it is called, in both languages.")),
        require(field("description", said(limits::DESCRIPTION_CHARS), "In both languages; may have several lines.")),
        require(field("terms_conditions", said(limits::TERMS_CHARS), "In both languages; may have several lines.")),
        require(field("card_design", looks(), "How its cards look; a change names what changes of it.")),
        field("is_active", boolean(), "Whether it is offered; `true`."),
        field("auto_assign", boolean(), "Whether new cards get it; `true`. The oldest such template counts."),
        field(
            "shop_ids",
            list_of(id(), 0, limits::SHOPS_OF_TEMPLATE),
            "Where its cards earn and spend; none means everywhere.",
        ),
        field("card_type", words(&["loyalty", "third_party"]), "Which kind."),
        field("activation", words(&["first_use", "manual"]), "What makes an inactive card active."),
        field("default_coupon_validity_days", whole(1, limits::COUPON_DAYS_MAX), "Null for none."),
    ];
    fields.extend(earning());
    fields
}

fn earning() -> Vec<Field> {
    let rate = |name, about: &str| field(name, decimal(), about);
    let about = "Above 0, at most 1,000,000,000, with 8 decimal places.";
    vec![
        field("points_enabled", boolean(), "Whether its cards earn."),
        field("initial_bonus_points", any_points(), "What a new card holds."),
        field("points_expiration_days", whole(0, limits::EXPIRATION_DAYS_MAX), "Null or 0 means never."),
        rate("points_per_currency", about),
        rate("currency_amount", about),
        field("round_points_up", boolean(), "`false`"),
        field("min_points_per_purchase", any_points(), "At least so many."),
        field("max_points_per_purchase", any_points(), "Null or 0 means no bound."),
        field("points_per_visit", any_points(), "For each purchase, beside the formula."),
        field("points_redemption_enabled", boolean(), "Whether its cards spend; `true`."),
        rate("points_per_currency_redemption", about),
        rate("currency_amount_redemption", about),
        field("min_points_for_redemption", any_points(), "At least so many."),
        field("max_points_per_redemption", any_points(), "Null or 0 means no bound."),
    ]
}

fn looks() -> Value {
    let color = json!({ "type": "string", "pattern": "^#[0-9A-Fa-f]{6}$" });
    let picture = json!({ "type": "string", "maxLength": limits::PICTURE_BYTES });
    let colors = ["text_color", "text_color_labels", "background_color", "qr_color", "qr_background_color"];
    let mut fields: Vec<Field> = colors.map(|name| field(name, color.clone(), "`#RRGGBB`")).into();
    fields.push(field("background_color_opacity", decimal(), "0 to 1."));
    for name in ["logo", "background_image"] {
        fields.push(field(name, picture.clone(), "A web address, or a PNG or JPEG as a data URI. Null takes it away."));
    }
    object(&fields)
}
