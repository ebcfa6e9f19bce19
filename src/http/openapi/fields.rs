//! What a field of a body or a parameter of a query may be, with the bounds that its reader holds.

use crate::domain::points::Points;
use crate::http::limits;
use serde_json::{Map, Value, json};

/// A field of a body, or a parameter of a query.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) schema: Value,
    pub(super) about: String,
    pub(super) required: bool,
}

pub(super) fn field(name: &'static str, schema: Value, about: impl Into<String>) -> Field {
    Field { name, schema, about: about.into(), required: false }
}

/// Other names of a field.
pub(super) fn aliases(of: &Field, names: &[&'static str]) -> Vec<Field> {
    let alias = |name: &&'static str| field(name, of.schema.clone(), format!("The same as `{}`.", of.name));
    std::iter::once(of.clone()).chain(names.iter().map(alias)).collect()
}

impl Field {
    pub(super) fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// As a property of a body, where null is as good as absent.
    pub(super) fn property(&self) -> Value {
        let mut schema = self.schema.clone();
        if !self.required {
            make_nullable(&mut schema);
        }
        schema["description"] = json!(self.about);
        schema
    }

    /// As a parameter of a query.
    pub(super) fn parameter(&self) -> Value {
        json!({
            "name": self.name, "in": "query", "required": self.required, "description": self.about, "schema": self.schema,
        })
    }
}

fn make_nullable(schema: &mut Value) {
    if let Some(kind) = schema.get("type").cloned() {
        let mut kinds = if let Value::Array(kinds) = kind { kinds } else { vec![kind] };
        if !kinds.contains(&json!("null")) {
            kinds.push(json!("null"));
        }
        schema["type"] = Value::Array(kinds);
        if let Some(Value::Array(words)) = schema.get_mut("enum") {
            words.push(Value::Null);
        }
    } else {
        let some = schema.take();
        *schema = json!({ "oneOf": [some, {"type": "null"}] });
    }
}

/// An object of these fields and no others.
pub(super) fn object(fields: &[Field]) -> Value {
    let properties: Map<_, _> = fields.iter().map(|field| (field.name.to_owned(), field.property())).collect();
    let required: Vec<_> = fields.iter().filter(|field| field.required).map(|field| field.name).collect();
    let mut schema = json!({ "type": "object", "additionalProperties": false, "properties": properties });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

pub(super) fn list_of(items: Value, least: usize, most: usize) -> Value {
    json!({ "type": "array", "items": items, "minItems": least, "maxItems": most })
}

/// Text of so many characters, not blank.
pub(super) fn text(most: usize) -> Value {
    json!({ "type": "string", "minLength": 1, "maxLength": most })
}

/// Text that may be blank, which counts as absent.
pub(super) fn typed(most: usize) -> Value {
    json!({ "type": "string", "maxLength": most })
}

pub(super) fn string() -> Value {
    json!({ "type": "string" })
}

pub(super) fn id() -> Value {
    json!({ "type": ["string", "integer"] })
}

/// A name that the shop gives an order or a movement.
pub(super) fn reference() -> Value {
    json!({ "type": ["string", "integer"], "maxLength": limits::REFERENCE_BYTES })
}

pub(super) fn boolean() -> Value {
    json!({ "type": "boolean" })
}

/// A truth value of a query.
pub(super) fn truth() -> Value {
    json!({ "type": "string", "enum": ["true", "false", "True", "False", "1", "0"] })
}

/// RFC 3339, or a bare date.
pub(super) fn time() -> Value {
    json!({ "type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}([T ].+)?$" })
}

pub(super) fn email() -> Value {
    json!({ "type": "string", "format": "email", "maxLength": limits::EMAIL_BYTES })
}

pub(super) fn phone() -> Value {
    json!({ "type": "string", "pattern": r"^\s*\+?[1-9][0-9]{6,14}\s*$" })
}

pub(super) fn design() -> Value {
    json!({ "type": "string", "pattern": format!("^\\s*[A-Za-z0-9_-]{{1,{}}}\\s*$", limits::DESIGN_CHARS) })
}

/// Any object; an empty list is an empty one.
pub(super) fn metadata() -> Value {
    json!({ "type": ["object", "array"], "maxItems": 0 })
}

pub(super) fn positive_points() -> Value {
    whole(1, Points::MAX_MOVED.get())
}

pub(super) fn any_points() -> Value {
    whole(0, Points::MAX_MOVED.get())
}

pub(super) fn other_than_zero() -> Value {
    let mut schema = whole(-Points::MAX_MOVED.get(), Points::MAX_MOVED.get());
    schema["not"] = json!({ "const": 0 });
    schema
}

pub(super) fn whole(least: i64, most: i64) -> Value {
    json!({ "type": "integer", "minimum": least, "maximum": most })
}

/// A decimal number, also as text.
pub(super) fn decimal() -> Value {
    json!({ "type": ["number", "string"] })
}

pub(super) fn cart() -> Value {
    json!({ "type": "array", "items": { "type": "object" } })
}

pub(super) fn words(words: &[&str]) -> Value {
    json!({ "type": "string", "enum": words })
}

pub(super) fn url() -> Value {
    json!({ "type": "string", "format": "uri", "maxLength": limits::URL_CHARS })
}

/// `page`, and the size of a page under its two names.
pub(super) fn paging(usual: i64, most: i64) -> Vec<Field> {
    let size = format!("Rows of a page; {usual} where none is sent, and more than {most} are cut to {most}.");
    let limit = field("limit", whole(1, i64::MAX), size);
    let mut fields = vec![field("page", whole(1, limits::PAGE_NUMBER_MAX), "Which page, from 1.")];
    fields.extend(aliases(&limit, &["per_page"]));
    fields
}

/// The same of lists whose rows may stand within `data`.
pub(super) fn listing(most: i64) -> Vec<Field> {
    let mut fields = paging(limits::SHOP_ROWS, most);
    fields.push(field("list_format", words(&["nested"]), "`nested` puts rows and page together into `data`."));
    fields
}

/// What a list may be sorted by, in both ways of writing it.
pub(super) fn sort(fields: &[&str], usual: &str) -> Field {
    let both = |name: &&str| [(*name).to_owned(), format!("-{name}"), format!("{name}:asc"), format!("{name}:desc")];
    let known: Vec<String> = fields.iter().flat_map(both).collect();
    let schema = json!({ "type": "string", "enum": known });
    field("sort", schema, format!("`{usual}` where none is sent; a minus sign sorts downwards."))
}

pub(super) fn search(about: &str) -> Field {
    field("search", json!({ "type": "string", "maxLength": limits::SEARCH_CHARS }), about)
}

/// Both ends of a period, under their names.
pub(super) fn period(begin: &[&'static str], end: &[&'static str]) -> Vec<Field> {
    let mut fields = Vec::new();
    for (names, about) in
        [(begin, "From when on, this moment included."), (end, "Until when, this moment or day included.")]
    {
        if let [first, others @ ..] = names {
            fields.extend(aliases(&field(first, time(), about), others));
        }
    }
    fields
}

pub(super) const TIERS: &[&str] = &["bronze", "silver", "gold", "platinum"];
