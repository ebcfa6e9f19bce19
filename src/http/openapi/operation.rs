//! One operation: what its handler's type says, and what is said about it besides.

use super::fields::{Field, object};
use super::handlers::Reads;
use super::{failures, headers};
use crate::domain::programme::Scope;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// An operation under one or several bases.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) method: &'static str,
    /// The path under each of the bases.
    pub(super) path: &'static str,
    pub(super) bases: &'static [&'static str],
    tag: &'static str,
    summary: &'static str,
    about: String,
    reads: Reads,
    /// Whether credentials may be missing.
    open: bool,
    data: Option<Value>,
    scope: Option<Scope>,
    id: &'static str,
    query: Vec<Field>,
    body: Option<Body>,
    done: Vec<u16>,
    /// Content types of answers without an envelope.
    contents: Vec<(&'static str, Value)>,
    beside: Vec<(&'static str, Value, bool)>,
    failures: BTreeSet<u16>,
    headers: Vec<&'static str>,
}

#[derive(Debug, Clone)]
struct Body {
    schema: Value,
    required: bool,
}

impl Operation {
    pub(super) fn new(
        (method, path): (&'static str, &'static str),
        (bases, tag): (&'static [&'static str], &'static str),
        summary: &'static str,
        (reads, data): (Reads, Option<Value>),
    ) -> Self {
        Self {
            method,
            path,
            bases,
            tag,
            summary,
            about: String::new(),
            reads,
            open: false,
            data,
            scope: None,
            id: "",
            query: Vec::new(),
            body: None,
            done: vec![200],
            contents: Vec::new(),
            beside: Vec::new(),
            failures: BTreeSet::from([500]),
            headers: Vec::new(),
        }
    }

    /// More about it.
    pub(super) fn about(&mut self, about: impl Into<String>) -> &mut Self {
        self.about = about.into();
        self
    }

    /// The scope that a credential needs.
    pub(super) const fn needs(&mut self, scope: Scope) -> &mut Self {
        self.scope = Some(scope);
        self
    }

    /// What the `{id}` of the path is.
    pub(super) const fn id(&mut self, what: &'static str) -> &mut Self {
        self.id = what;
        self
    }

    /// Adds parameters of the query.
    pub(super) fn query(&mut self, fields: impl IntoIterator<Item = Field>) -> &mut Self {
        self.query.extend(fields);
        self
    }

    /// The fields of the body.
    pub(super) fn takes(&mut self, fields: &[Field]) -> &mut Self {
        let required = fields.iter().any(|field| field.required);
        self.takes_schema(object(fields), required)
    }

    pub(super) fn takes_schema(&mut self, schema: Value, required: bool) -> &mut Self {
        self.body = Some(Body { schema, required });
        self
    }

    /// At least one of these groups of fields must be there.
    pub(super) fn one_of(&mut self, groups: &[&[&str]]) -> &mut Self {
        let body = self.body.as_mut().expect("the body is described first");
        body.schema["anyOf"] = groups.iter().map(|names| json!({ "required": names })).collect();
        body.required = true;
        self
    }

    /// Answers 201.
    pub(super) fn created(&mut self) -> &mut Self {
        self.done = vec![201];
        self
    }

    /// Answers 201, or 200 where it had been done before.
    pub(super) fn created_once(&mut self) -> &mut Self {
        self.done = vec![200, 201];
        self
    }

    /// Answers something without an envelope.
    pub(super) fn answers(&mut self, content_type: &'static str, schema: Value) -> &mut Self {
        self.contents.push((content_type, schema));
        self
    }

    /// What may stand, or always stands, beside `data`.
    pub(super) fn beside(&mut self, name: &'static str, schema: Value, always: bool) -> &mut Self {
        self.beside.push((name, schema, always));
        self
    }

    /// Statuses of failures beyond those that follow from what it reads.
    pub(super) fn fails(&mut self, statuses: &[u16]) -> &mut Self {
        self.failures.extend(statuses);
        self
    }

    /// Answers that the client has it already, where it does.
    pub(super) fn not_modified(&mut self) -> &mut Self {
        self.done.push(304);
        self
    }

    /// Leads elsewhere.
    pub(super) fn redirects(&mut self) -> &mut Self {
        self.done = vec![308];
        self
    }

    /// Takes credentials where some are sent.
    pub(super) fn credentials_or_none(&mut self) -> &mut Self {
        self.open = true;
        self.reads.credentials = true;
        self
    }

    pub(super) const fn tag(&self) -> &'static str {
        self.tag
    }

    pub(super) fn headers(&mut self, names: &[&'static str]) -> &mut Self {
        self.headers.extend(names);
        self
    }

    /// As the document has it at one of its paths. What is the same under several bases stands in `shared`, once.
    pub(super) fn described(&self, path: &str, shared: &mut Shared) -> Value {
        let mut operation = json!({
            "tags": [self.tag],
            "summary": self.summary,
            "operationId": self.name(path),
            "description": self.description(),
            "responses": self.responses(shared),
            "security": self.security(),
        });
        let parameters = self.parameters(path);
        if !parameters.is_empty() {
            operation["parameters"] = Value::Array(parameters);
        }
        if let Some(body) = &self.body {
            let mut content = json!({ "schema": body.schema });
            if let Some(request) = self.example("request") {
                content["example"] = request;
            }
            let body = json!({ "required": body.required, "content": { "application/json": content } });
            operation["requestBody"] = self.once("requestBodies", "", body, &mut shared.bodies);
        }
        operation
    }

    /// Such as `post-api-points-award`.
    fn name(&self, path: &str) -> String {
        let words = path.split('/').filter(|word| !word.is_empty()).map(|word| word.trim_matches(['{', '}']));
        let words: Vec<_> = std::iter::once(self.method).chain(words).collect();
        words.join("-")
    }

    /// What was once sent or answered, under the first of the paths.
    fn example(&self, part: &str) -> Option<Value> {
        let base = self.bases.first()?;
        let example = super::EXAMPLES.get(format!("{} {base}{}", self.method, self.path))?;
        Some(example[part].clone()).filter(|example| !example.is_null())
    }

    fn description(&self) -> String {
        let mut parts = vec![self.about.clone()];
        if let Some(scope) = self.scope {
            parts.push(format!("Needs the scope `{}`.", scope.name()));
        }
        if let Some(most) = self.reads.body {
            parts.push(format!("The body may have {most} bytes."));
        }
        parts.retain(|part| !part.is_empty());
        parts.join("\n\n")
    }

    fn parameters(&self, path: &str) -> Vec<Value> {
        let mut parameters = Vec::new();
        for name in path.split('/').filter_map(|word| word.strip_prefix('{')?.strip_suffix('}')) {
            parameters.push(match name {
                "locale" => shared("Locale"),
                name => {
                    let about = if name == "id" { self.id } else { "" };
                    json!({ "name": name, "in": "path", "required": true, "description": about,
                        "schema": { "type": "string", "minLength": 1 } })
                }
            });
        }
        parameters.extend(self.query.iter().map(Field::parameter));
        let extra = [
            (self.reads.past, "AsOf"),
            (self.reads.past, "AsOfSeq"),
            (self.reads.idempotency_key, "IdempotencyKey"),
            (self.reads.credentials, "Signature"),
            (self.reads.partner, "PartnerId"),
            (path.starts_with("/api/partners"), "AcceptLanguage"),
        ];
        parameters.extend(extra.into_iter().filter(|(wanted, _)| *wanted).map(|(_, name)| shared(name)));
        parameters
    }

    fn security(&self) -> Value {
        if !self.reads.credentials {
            return json!([]);
        }
        if self.scope == Some(Scope::Audit) {
            return json!([{ "key": [], "secret": [] }, { "token": [] }, { "token": [], "shop": [] }]);
        }
        let mut ways =
            json!([{ "key": [], "secret": [] }, { "token": [], "shop": [] }, { "key": [], "secret": [], "shop": [] }]);
        if let (true, Some(ways)) = (self.open, ways.as_array_mut()) {
            ways.push(json!({}));
        }
        ways
    }

    /// A part as it is, or where it is the same under several bases a reference to it.
    fn once(&self, kind: &str, suffix: &str, part: Value, known: &mut Map<String, Value>) -> Value {
        let Some(base) = self.bases.first().filter(|_| self.bases.len() > 1) else { return part };
        let name = format!("{}{suffix}", self.name(&format!("{base}{}", self.path)));
        known.insert(name.clone(), part);
        json!({ "$ref": format!("#/components/{kind}/{name}") })
    }

    fn responses(&self, shared: &mut Shared) -> Value {
        let mut responses = Map::new();
        for status in &self.done {
            let success = self.once("responses", &format!("-{status}"), self.success(*status), &mut shared.responses);
            responses.insert(status.to_string(), success);
        }
        for status in self.statuses_of_failures() {
            let response = json!({ "$ref": format!("#/components/responses/{}", failures::name(status)) });
            responses.insert(status.to_string(), response);
        }
        Value::Object(responses)
    }

    fn statuses_of_failures(&self) -> BTreeSet<u16> {
        let mut statuses = self.failures.clone();
        if self.reads.credentials {
            statuses.extend([400, 401, 403, 404, 429, 503]);
            if self.method != "get" {
                statuses.insert(422);
            }
        }
        if self.reads.body.is_some() {
            statuses.extend([400, 408, 413]);
        }
        if self.reads.idempotency_key {
            statuses.insert(409);
        }
        if !self.query.is_empty() {
            statuses.insert(400);
        }
        // Another language than those that are spoken, too, is nothing that there is.
        if self.path.contains('{') || self.bases.iter().any(|base| base.contains('{')) {
            statuses.insert(404);
        }
        statuses
    }

    fn success(&self, status: u16) -> Value {
        let mut names = vec!["X-Request-Id", "traceresponse"];
        if status >= 300 {
            return json!({ "description": self.summary, "headers": headers::of(&names) });
        }
        if self.reads.credentials {
            names.extend(headers::OF_CALLERS);
        }
        if self.reads.idempotency_key {
            names.push("Idempotent-Replayed");
        }
        if self.reads.past {
            names.extend(["X-As-Of", "X-As-Of-Seq"]);
        }
        names.extend(&self.headers);
        let mut contents: Map<String, Value> =
            self.contents.iter().map(|(kind, schema)| ((*kind).to_owned(), json!({ "schema": schema }))).collect();
        if let Some(data) = &self.data {
            contents.insert("application/json".to_owned(), json!({ "schema": self.enveloped(status, data) }));
        }
        if let (Some(content), Some(response)) = (contents.get_mut("application/json"), self.example("response")) {
            content["example"] = response;
        }
        json!({ "description": self.summary, "headers": headers::of(&names), "content": contents })
    }

    fn enveloped(&self, status: u16, data: &Value) -> Value {
        let mut properties = json!({ "code": { "const": status }, "data": data });
        let mut required = vec!["data"];
        for (name, schema, always) in &self.beside {
            properties[*name] = schema.clone();
            if *always {
                required.push(name);
            }
        }
        let own = json!({ "type": "object", "required": required, "properties": properties });
        json!({ "allOf": [super::schemas::reference("Success"), own] })
    }
}

/// What several paths have in common, by name.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) responses: Map<String, Value>,
    pub(super) bodies: Map<String, Value>,
}

fn shared(name: &str) -> Value {
    json!({ "$ref": format!("#/components/parameters/{name}") })
}
