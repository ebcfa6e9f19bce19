//! The books as JSON: their schema, from the forms by which they are printed.

use counterfoil_statements::{Column, Form, Unit, forms};
use serde_json::{Map, Value, json};

/// One object: the fields of the summary, then each table by its name.
pub(super) fn books() -> Value {
    let mut fields = columns(&forms::SUMMARY);
    let tables = forms::ALL.iter().filter(|form| ![&forms::SUMMARY, &forms::CHECKS].contains(form));
    fields.extend(tables.map(|form| (form.name.to_owned(), table(form))));
    object("The books of a period.", fields)
}

fn table(form: &Form) -> Value {
    json!({ "type": "array", "description": form.meaning, "items": object(form.title, columns(form)) })
}

fn columns(form: &Form) -> Map<String, Value> {
    form.columns.iter().map(|column| (column.name.to_owned(), value(column))).collect()
}

fn object(about: &str, fields: Map<String, Value>) -> Value {
    let names: Vec<&String> = fields.keys().collect();
    json!({ "type": "object", "description": about, "required": names, "properties": fields })
}

// Where something does not apply, null stands.
fn value(column: &Column) -> Value {
    let about = format!("{} ({})", column.meaning, column.unit.name());
    match column.unit {
        Unit::Points | Unit::Count => json!({ "type": "integer", "description": about }),
        Unit::Id => json!({ "type": ["integer", "null"], "description": about }),
        Unit::Money | Unit::Rate | Unit::Percent | Unit::Time | Unit::Word => {
            json!({ "type": ["string", "null"], "description": about })
        }
        Unit::Flag => json!({ "type": ["boolean", "null"], "description": about }),
        Unit::Terms => json!({ "description": about }),
    }
}
