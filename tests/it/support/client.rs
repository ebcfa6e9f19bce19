//! A small HTTP client: what was answered, without opinions about it.

use super::contract;
use serde_json::{Value, json};
use std::io::Read as _;
use std::time::Duration;
use ureq::http::{HeaderMap, Request};

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) raw: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.raw).unwrap_or_else(|error| {
            panic!("not JSON ({error}), status {}: {:?}", self.status, String::from_utf8_lossy(&self.raw))
        })
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(crate) fn replayed(&self) -> bool {
        self.header("idempotent-replayed") == Some("true")
    }

    /// The data of a success with that status; checks the envelope around it.
    #[track_caller]
    pub(crate) fn data(&self, status: u16) -> Value {
        let body = self.json();
        assert_eq!(self.status, status, "{body:#}");
        assert_eq!(body["success"], json!(true), "{body:#}");
        assert_eq!(body["code"], json!(status), "{body:#}");
        assert!(body["message"].is_string(), "{body:#}");
        assert_eq!(body["request_id"].as_str(), self.header("x-request-id"), "{body:#}");
        assert!(body["data"].is_object() || body["data"].is_array(), "{body:#}");
        assert!(body.get("meta").is_none(), "{body:#}");
        body["data"].clone()
    }

    /// The rows of a list under `/{locale}/shop`, and what it says about its page.
    #[track_caller]
    pub(crate) fn page(&self) -> (Vec<Value>, Value) {
        let body = self.json();
        assert_eq!((self.status, &body["success"]), (200, &json!(true)), "{body:#}");
        let rows = body["data"].as_array().unwrap_or_else(|| panic!("no list: {body:#}"));
        assert!(body["meta"].is_object(), "{body:#}");
        (rows.clone(), body["meta"].clone())
    }

    /// The nested error of a failure with that status and code; checks the envelope around it.
    #[track_caller]
    pub(crate) fn error(&self, status: u16, code: &str) -> Value {
        let body = self.json();
        assert_eq!((self.status, body["code"].as_str()), (status, Some(code)), "{body:#}");
        assert_eq!(body["success"], json!(false), "{body:#}");
        assert_eq!(body["status"], json!(status), "{body:#}");
        assert_eq!(body["error_code"], json!(code), "{body:#}");
        assert!(body.get("error_number").is_some_and(|number| number.is_u64() || number.is_null()), "{body:#}");
        assert!(body["errors"].is_object(), "{body:#}");
        assert_eq!(body["request_id"].as_str(), self.header("x-request-id"), "{body:#}");
        let error = &body["error"];
        assert_eq!(error["code"], json!(code), "{body:#}");
        assert_eq!(error["message"], body["message"], "{body:#}");
        assert_eq!(error["request_id"], body["request_id"], "{body:#}");
        assert!(is_time(&error["timestamp"]), "{body:#}");
        for (name, value) in error["details"].as_object().expect("details") {
            if name != "errors" {
                assert_eq!(&error[name], value, "every detail is repeated beside the code: {body:#}");
            }
        }
        error.clone()
    }

    /// The messages about one field.
    #[track_caller]
    pub(crate) fn about(&self, field: &str) -> String {
        let body = self.json();
        let messages = body["errors"][field].as_array().unwrap_or_else(|| panic!("nothing about {field}: {body:#}"));
        messages.iter().map(|message| message.as_str().expect("a text")).collect::<Vec<_>>().join("; ")
    }
}

/// Whether a value is a time as `/api/*` writes it: to the second, in UTC.
pub(crate) fn is_time(value: &Value) -> bool {
    value.as_str().is_some_and(|text| {
        let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        shape == "0000-00-00T00:00:00Z"
    })
}

/// A client with its credentials.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    agent: ureq::Agent,
    base: String,
    headers: Vec<(String, String)>,
    /// Whether what it asks is held against the document of the API.
    held: bool,
}

impl Client {
    pub(crate) fn new(base: &str) -> Self {
        let config = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build();
        Self { agent: config.into(), base: base.to_owned(), headers: Vec::new(), held: true }
    }

    /// A client of the operator's listener, which is no part of the API.
    pub(crate) fn of_operator(base: &str) -> Self {
        Self { held: false, ..Self::new(base) }
    }

    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.push((name.to_owned(), value.to_owned()));
        client
    }

    /// Without the headers so far.
    pub(crate) fn bare(&self) -> Self {
        Self { headers: Vec::new(), ..self.clone() }
    }

    #[track_caller]
    pub(crate) fn send(&self, method: &str, path: &str, body: Option<&[u8]>) -> Reply {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let sent = body;
        let answered = match body {
            Some(body) => self.agent.run(request.body(body.to_vec()).expect("a request")),
            None => self.agent.run(request.body(()).expect("a request")),
        };
        let answered = answered.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        let (head, mut body) = answered.into_parts();
        let raw = body.with_config().limit(64 << 20).read_to_vec().expect("a whole answer");
        let reply = Reply { status: head.status.as_u16(), headers: head.headers, raw };
        if self.held {
            contract::check(method, path, sent, &reply);
        }
        reply
    }

    /// What comes of an answer without an end until nothing has come for two seconds.
    #[track_caller]
    pub(crate) fn beginning(&self, path: &str) -> Reply {
        let config = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0);
        let agent: ureq::Agent = config.timeout_recv_body(Some(Duration::from_secs(2))).build().into();
        let mut request = Request::builder().uri(format!("{}{path}", self.base));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let answered = agent.run(request.body(()).expect("a request"));
        let (head, mut body) = answered.unwrap_or_else(|error| panic!("{path}: {error}")).into_parts();
        let mut raw = Vec::new();
        // What was read before the time was over is kept.
        let _ended = body.as_reader().take(1 << 20).read_to_end(&mut raw);
        Reply { status: head.status.as_u16(), headers: head.headers, raw }
    }

    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Reply {
        self.send("GET", path, None)
    }

    #[track_caller]
    pub(crate) fn post(&self, path: &str, body: &Value) -> Reply {
        self.send("POST", path, Some(body.to_string().as_bytes()))
    }

    #[track_caller]
    pub(crate) fn put(&self, path: &str, body: &Value) -> Reply {
        self.send("PUT", path, Some(body.to_string().as_bytes()))
    }

    #[track_caller]
    pub(crate) fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, None)
    }
}
