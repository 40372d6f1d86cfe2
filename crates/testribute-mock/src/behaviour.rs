//! The format of the files in `flavours/`: how the server that is replayed behaves.

use std::collections::BTreeMap;

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

/// How a TES behaves.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TesBehaviour {
    /// The paths that serve the API; the first is the documented one.
    pub(crate) base_paths: Vec<String>,
    pub(crate) service_info: Value,
    /// The reply to `POST tasks/task-info`.
    pub(crate) task_info_error: ErrorReply,
    pub(crate) not_found: ErrorReply,
    /// The reply to a request for tasks without a token; without it, no token is required.
    pub(crate) token_error: Option<ErrorReply>,
    /// The reply to a task without a name; without it, a task needs none.
    pub(crate) name_error: Option<ErrorReply>,
    pub(crate) pages: Pages,
    /// Whether the list of tasks begins with the oldest.
    #[serde(default)]
    pub(crate) oldest_first: bool,
    /// Whether the query parameter `state` has an effect.
    pub(crate) filters_state: bool,
    /// The states that the server knows and the reply to others, and to views that are not of TES; without it, they are
    /// accepted.
    pub(crate) query_error: Option<QueryError>,
    /// The state of tasks that wait.
    #[serde(default = "queued")]
    pub(crate) queued_state: String,
    pub(crate) timestamps: Timestamps,
    /// The tasks at the start, newest first. The latest time in them is that of the start of the server.
    pub(crate) tasks: Vec<Value>,
    /// How often the last task is repeated, each time ten minutes earlier.
    #[serde(default)]
    pub(crate) repeat_last: usize,
}

fn queued() -> String {
    "QUEUED".to_owned()
}

/// Which states can be asked for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueryError {
    pub(crate) states: Vec<String>,
    pub(crate) reply: ErrorReply,
}

/// Pagination of the list of tasks.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pages {
    /// Tasks on a page without `page_size`.
    pub(crate) default_size: usize,
    /// The most tasks on a page.
    pub(crate) max_size: usize,
    /// The reply to a larger `page_size`; without it, `max_size` applies.
    pub(crate) size_error: Option<ErrorReply>,
    /// Whether the token of a page is the id of the last task before it, and not the number of tasks.
    #[serde(default)]
    pub(crate) token_is_id: bool,
    /// `next_page_token` of the last page, which may be `null`; without it, the member is left out.
    #[serde(default, deserialize_with = "some")]
    pub(crate) last_token: Option<Value>,
}

/// Reads `null` as a value: as `Some(Value::Null)`.
fn some<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// The format of timestamps.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Timestamps {
    /// Digits of the fraction of a second.
    pub(crate) fraction_digits: usize,
    /// The offset of UTC: `Z` or `+00:00`.
    pub(crate) utc_offset: String,
}

/// How a DRS behaves.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DrsBehaviour {
    pub(crate) service_info: Value,
    pub(crate) not_found: ErrorReply,
    /// The reply to a request without a token; without it, no token is required.
    pub(crate) token_error: Option<ErrorReply>,
    /// The reply to a request with other query parameters than `query_parameters`; without it, they are accepted.
    pub(crate) query_error: Option<ErrorReply>,
    #[serde(default)]
    pub(crate) query_parameters: Vec<String>,
    /// Whether access URLs require a token.
    #[serde(default)]
    pub(crate) access_requires_token: bool,
    /// Whether the first request for an access URL is answered with 202.
    #[serde(default)]
    pub(crate) access_is_deferred: bool,
    /// The query parameter that signs access URLs; without it, they are not signed.
    pub(crate) signature_parameter: Option<String>,
    /// The contents of a bundle in an answer to a request without `expand=true`.
    #[serde(default)]
    pub(crate) contents_unless_expanded: Contents,
    /// Whether `POST objects` takes many ids at once.
    #[serde(default)]
    pub(crate) bulk: bool,
    /// A prefix of ids that `GET` finds objects without; `POST objects` requires it, and finds no bundles.
    pub(crate) optional_prefix: Option<String>,
    /// `{host}` in them is replaced with the host and port of the server.
    pub(crate) objects: Vec<Value>,
    /// Access URLs by object id and access id.
    #[serde(default)]
    pub(crate) access_urls: BTreeMap<String, BTreeMap<String, String>>,
}

/// How much of its contents a bundle lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Contents {
    /// The contents at all levels.
    #[default]
    All,
    /// The contents of the bundle, without those of nested bundles.
    OneLevel,
    /// An empty list.
    None,
}

/// An error as the server replies it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErrorReply {
    status: u16,
    /// JSON; without it, the body is empty.
    body: Option<Value>,
}

impl ErrorReply {
    pub(crate) fn response(&self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        match &self.body {
            Some(body) => (status, Json(body)).into_response(),
            None => status.into_response(),
        }
    }
}

/// Parses a file in `flavours/`.
pub(crate) fn parse<B: DeserializeOwned>(yaml: &str) -> Result<B, yaml_serde::Error> {
    let mut yaml: yaml_serde::Value = yaml_serde::from_str(yaml)?;
    yaml.apply_merge()?; // resolves `<<`
    yaml_serde::from_value(yaml)
}
