//! Reading a shop from a request: all of it, or what of it changes.

use crate::domain::programme::{Coordinates, ShopFacts, ShopRecord};
use crate::http::errors::ApiError;
use crate::http::fields::{Change, Fields, Problem};
use crate::http::limits;
use crate::http::locales::Message;
use crate::http::partners::changing::set;
use crate::queries::ShopView;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
/// What is shown of a shop and not written.
const READ_ONLY: [&str; 7] = ["id", "status", "partner", "version", "created_at", "updated_at", "statistics"];

/// The words and facts of a shop: of a new one, which needs a name and an address, or of `known` with the changes.
pub(super) fn shop(mut fields: Fields, known: Option<ShopView>) -> Result<(ShopRecord, ShopFacts), ApiError> {
    let is_new = known.is_none();
    let (mut record, mut facts) = match known {
        // A shop that was closed stays so until `is_active` opens it.
        Some(view) => {
            let is_active = view.is_active();
            (view.record, ShopFacts { is_active, ..view.shop.facts })
        }
        None => (ShopRecord::default(), ShopFacts { is_virtual: false, is_active: true, coordinates: None }),
    };
    let had_address = record.address.is_some();
    let name = fields.text("name", limits::TITLE_CHARS);
    if is_new {
        fields.required("name", name.as_ref());
    }
    set(&mut record.name, name);
    set(&mut facts.is_virtual, fields.boolean("is_virtual"));
    set(&mut facts.is_active, fields.boolean("is_active"));
    place(&mut fields, &mut record, &mut facts);
    // A shop that is only on the web stands nowhere; one that was opened without an address need not get one.
    if !facts.is_virtual && (is_new || had_address) {
        fields.required("address", record.address.as_ref());
    }
    contact(&mut fields, &mut record);
    fields.read_only(&READ_ONLY);
    fields.finish().none_or((record, facts)).map_err(ApiError::Invalid)
}

fn place(fields: &mut Fields, record: &mut ShopRecord, facts: &mut ShopFacts) {
    for (name, most, place) in [
        ("address", limits::ADDRESS_CHARS, &mut record.address),
        ("postal_code", limits::POSTAL_CODE_CHARS, &mut record.postal_code),
        ("city", limits::NAME_CHARS, &mut record.city),
        ("country", limits::NAME_CHARS, &mut record.country),
    ] {
        fields.change(name, |fields, name| fields.text(name, most)).apply(place);
    }
    let nested = fields.change("coordinates", |fields, name| fields.within(name, coordinates));
    let beside = coordinates(fields);
    match (nested, beside) {
        (Change::Set(_) | Change::Clear, Place::At(_) | Place::Nowhere) => {
            fields.problem(Problem::value("coordinates", Message::NotBeside { field: "latitude" }));
        }
        (Change::Clear, Place::Unsaid) => facts.coordinates = None,
        (Change::Set(place), Place::Unsaid) | (Change::Keep, place) => match place {
            Place::At(place) => facts.coordinates = Some(place),
            Place::Nowhere => facts.coordinates = None,
            Place::Unsaid => {}
        },
    }
}

/// Where a shop stands, as far as a request says.
enum Place {
    At(Coordinates),
    Nowhere,
    Unsaid,
}

/// Both numbers, both null, or neither.
fn coordinates(fields: &mut Fields) -> Place {
    let degrees = |most: i64| {
        move |fields: &mut Fields, name: &str| {
            let within =
                move |number: Decimal| number.abs() <= Decimal::from(most) && number.scale() <= limits::DEGREE_PLACES;
            fields.decimal(name, within, Message::OutOfBounds)
        }
    };
    let latitude = fields.change("latitude", degrees(90));
    let longitude = fields.change("longitude", degrees(180));
    match (latitude, longitude) {
        (Change::Set(latitude), Change::Set(longitude)) => {
            Place::At(Coordinates { latitude: latitude.normalize(), longitude: longitude.normalize() })
        }
        (Change::Clear, Change::Clear) => Place::Nowhere,
        (Change::Set(_), Change::Keep | Change::Clear) | (Change::Clear, Change::Keep) => {
            fields.required::<()>("longitude", None);
            Place::Unsaid
        }
        (Change::Keep, Change::Set(_) | Change::Clear) | (Change::Clear, Change::Set(_)) => {
            fields.required::<()>("latitude", None);
            Place::Unsaid
        }
        (Change::Keep, Change::Keep) => Place::Unsaid,
    }
}

fn contact(fields: &mut Fields, record: &mut ShopRecord) {
    let email = |fields: &mut Fields, name: &str| fields.email(name);
    // An email that is not named is not missing.
    for name in ["email", "contact_email"] {
        if fields.has(name) {
            fields.change(name, email).apply(&mut record.email);
        }
    }
    for name in ["phone", "contact_phone"] {
        fields.change(name, Fields::phone).apply(&mut record.phone);
    }
    fields.change("website", |fields, name| fields.url(name, limits::URL_CHARS)).apply(&mut record.website);
    let description = |fields: &mut Fields, name: &str| fields.prose(name, limits::DESCRIPTION_CHARS);
    fields.change("description", description).apply(&mut record.description);
    for name in ["working_hours", "opening_hours"] {
        match fields.change(name, |fields, name| fields.within(name, hours)) {
            Change::Keep => {}
            Change::Clear => record.working_hours.clear(),
            Change::Set(hours) => record.working_hours = hours,
        }
    }
    let images = |fields: &mut Fields, name: &str| fields.url(name, limits::URL_CHARS);
    set(&mut record.images, fields.each_value("images", limits::IMAGES_OF_SHOP, images));
}

/// By day of the week; a day that is not named, or null, is closed.
fn hours(fields: &mut Fields) -> BTreeMap<String, String> {
    let mut hours = BTreeMap::new();
    for day in DAYS {
        if let Change::Set(range) = fields.change(day, range) {
            hours.insert(day.to_owned(), range);
        }
    }
    hours
}

/// `08:00-20:00`; past midnight where the end is the earlier.
fn range(fields: &mut Fields, name: &str) -> Option<String> {
    let text = fields.string(name)?;
    let range = text.trim();
    let valid = range.split_once('-').is_some_and(|(from, to)| is_time(from) && is_time(to) && from != to);
    if !valid {
        fields.problem(Problem::format(name, Message::MustBeHours));
    }
    valid.then(|| range.to_owned())
}

fn is_time(text: &str) -> bool {
    let number = |text: &str| {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse::<u8>().ok()).flatten()
    };
    let parts = text.split_once(':').map(|(hours, minutes)| (number(hours), number(minutes)));
    matches!(parts, Some((Some(0..=23), Some(0..=59)) | (Some(24), Some(0))))
}
