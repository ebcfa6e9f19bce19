//! The looks of a template: colours and pictures, which the ledger keeps and never reads.

use crate::domain::Metadata;
use crate::http::fields::{Change, Fields, Problem, is_url};
use crate::http::limits;
use crate::http::locales::Message;
use rust_decimal::Decimal;
use serde_json::{Value, json};

/// The colours, and which each of them is where nobody chose one.
const COLORS: [(&str, &str); 5] = [
    ("text_color", "#000000"),
    ("text_color_labels", "#555555"),
    ("background_color", "#FFFFFF"),
    ("qr_color", "#000000"),
    ("qr_background_color", "#FFFFFF"),
];
const PICTURES: [&str; 2] = ["logo", "background_image"];
const OPACITY: &str = "background_color_opacity";

/// Reads what is sent of the looks over what is there.
pub(super) fn read(fields: &mut Fields, design: &mut Metadata) {
    for (name, _) in COLORS {
        if let Some(color) = color(fields, name) {
            design.insert(name.to_owned(), json!(color));
        }
    }
    for name in PICTURES {
        match fields.change(name, picture) {
            Change::Keep => {}
            Change::Clear => drop(design.remove(name)),
            Change::Set(picture) => drop(design.insert(name.to_owned(), json!(picture))),
        }
    }
    // What was chosen under the name by which the logo is shown is the logo no more.
    if design.contains_key("logo") {
        design.remove("logo_url");
    }
    let within = |number: Decimal| (Decimal::ZERO..=Decimal::ONE).contains(&number) && number.scale() <= 4;
    if let Some(opacity) = fields.decimal(OPACITY, within, Message::OutOfBounds) {
        // A look, no money: as the number that it is.
        let number = serde_json::from_str::<Value>(&opacity.normalize().to_string());
        design.insert(OPACITY.to_owned(), number.unwrap_or(json!(1)));
    }
    fields.read_only(&["logo_url"]);
}

/// The looks with what nobody chose.
pub(super) fn with_defaults(mut design: Metadata) -> Metadata {
    for (name, color) in COLORS {
        design.entry(name).or_insert_with(|| json!(color));
    }
    design.entry(OPACITY).or_insert_with(|| json!(1));
    let logo = design.get("logo").or_else(|| design.get("logo_url")).cloned().unwrap_or(Value::Null);
    design.insert("logo".to_owned(), logo.clone());
    design.insert("logo_url".to_owned(), logo);
    design.entry("background_image").or_insert(Value::Null);
    design
}

fn color(fields: &mut Fields, name: &str) -> Option<String> {
    let text = fields.string(name)?;
    let valid = text
        .strip_prefix('#')
        .is_some_and(|digits| digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if !valid {
        fields.problem(Problem::format(name, Message::MustBeColor));
    }
    valid.then_some(text)
}

fn picture(fields: &mut Fields, name: &str) -> Option<String> {
    let text = fields.string(name)?;
    let problem = if text.len() > limits::PICTURE_BYTES {
        Problem::range(name, Message::TooLarge { most: limits::PICTURE_BYTES })
    } else if is_url(&text) || is_data_uri(&text) {
        return Some(text);
    } else {
        Problem::format(name, Message::MustBePicture)
    };
    fields.problem(problem);
    None
}

fn is_data_uri(text: &str) -> bool {
    let kinds = ["data:image/png;base64,", "data:image/jpeg;base64,"];
    let data = kinds.iter().find_map(|kind| text.strip_prefix(kind)).unwrap_or_default();
    let of_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    !data.is_empty() && data.len() % 4 == 0 && data.trim_end_matches('=').bytes().all(of_base64)
}
