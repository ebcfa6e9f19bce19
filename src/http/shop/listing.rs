//! Lists under `/{locale}/shop`: an array with `meta` beside it, or both within `data` where `list_format=nested` asks for it.

use crate::http::envelope::Answer;
use crate::http::locales::Message;
use crate::http::paging::{Meta, Paging};
use crate::http::params::Params;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use utoipa::openapi::schema::{AllOfBuilder, ArrayBuilder, ObjectBuilder, OneOfBuilder};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// The form of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Listing {
    pub(crate) paging: Paging,
    nested: bool,
}

/// The data of a list.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Rows<T> {
    Flat(Vec<T>),
    Nested {
        data: Vec<T>,
        #[serde(flatten)]
        meta: Meta,
        #[serde(flatten)]
        more: Map<String, Value>,
    },
}

impl<T: ToSchema> PartialSchema for Rows<T> {
    fn schema() -> RefOr<Schema> {
        let rows = || ArrayBuilder::new().items(Ref::from_schema_name(T::name()));
        let data = ObjectBuilder::new().property("data", rows()).required("data");
        let nested = AllOfBuilder::new().item(Ref::from_schema_name(Meta::name())).item(data);
        let nested = nested.description(Some("With `list_format=nested`."));
        OneOfBuilder::new().item(rows()).item(nested).into()
    }
}

impl<T: ToSchema> ToSchema for Rows<T> {
    fn name() -> Cow<'static, str> {
        format!("{}Rows", T::name()).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
        schemas.push((Meta::name().into_owned(), Meta::schema()));
        Meta::schemas(schemas);
    }
}

impl Listing {
    /// Reads `page`, `per_page` and `list_format`.
    pub(crate) fn of(params: &mut Params, most: i64) -> Self {
        let paging = params.paging_up_to(crate::http::limits::SHOP_ROWS, most);
        let nested = params.word("list_format", |word| (word == "nested").then_some(()), "nested").is_some();
        Self { paging, nested }
    }

    pub(crate) fn answer<T: Serialize>(self, message: Message, rows: Vec<T>, total: i64) -> Answer<Rows<T>> {
        self.answer_with(message, rows, total, Map::new())
    }

    /// The same with more to say beside the page.
    pub(crate) fn answer_with<T: Serialize>(
        self,
        message: Message,
        rows: Vec<T>,
        total: i64,
        more: Map<String, Value>,
    ) -> Answer<Rows<T>> {
        let meta = self.paging.meta(total);
        if self.nested {
            return Answer::ok(message, Rows::Nested { data: rows, meta, more });
        }
        let mut said = json!(meta);
        if let Value::Object(said) = &mut said {
            said.extend(more);
        }
        Answer::ok(message, Rows::Flat(rows)).with_meta(Some(said))
    }
}
