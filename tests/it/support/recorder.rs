//! A server that answers some questions, and remembers all of them.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    http::{HeaderMap, Method, StatusCode, Uri, header::AUTHORIZATION},
    response::IntoResponse,
};
use serde_json::Value;

use super::Server;

/// Answers what it was told to, and everything else with 404.
#[derive(Debug)]
pub struct Recorder {
    pub server: Server,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Recorder {
    pub const NEVER: u16 = 0;

    /// `answer` gets the line of a question, and what was sent as `Authorization`. To what it answers with the status
    /// [`Self::NEVER`] there is no answer.
    pub async fn start(
        answer: impl Fn(&str, Option<&str>) -> Option<(u16, Value)> + Clone + Send + Sync + 'static,
    ) -> Self {
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = Arc::clone(&asked);
        let router =
            Router::new().fallback(async move |method: Method, uri: Uri, headers: HeaderMap| {
                let line = format!("{method} {uri}");
                let authorization = headers
                    .get(AUTHORIZATION)
                    .map(|value| value.to_str().unwrap().to_owned());
                let answer = answer(&line, authorization.as_deref());
                seen.lock().unwrap().push(line);
                match answer {
                    Some((Self::NEVER, _)) => std::future::pending().await,
                    Some((status, body)) => {
                        (StatusCode::from_u16(status).unwrap(), axum::Json(body)).into_response()
                    }
                    None => StatusCode::NOT_FOUND.into_response(),
                }
            });
        Self {
            server: Server::start(router).await,
            asked,
        }
    }

    /// What was asked since the last time: method, path and query, such as `GET /v1/tasks?view=BASIC`.
    pub fn lines(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}
