//! A handler that makes the calls of a request concurrently, parses the answers and answers as many bytes: the floor.

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{
        StatusCode,
        header::{ACCEPT, CONTENT_TYPE},
    },
    response::IntoResponse,
    routing::post,
};
use futures_util::future::try_join_all;
use reqwest::{Client, Method, Url, redirect};
use serde_json::{Value, json};

use super::world;

struct Bare {
    client: Client,
    calls: Vec<(Method, Url, Bytes)>,
    answer: Bytes,
}

/// Serves a [`Bare`] for `request`, which answers `answer`; gives back its URL.
pub(crate) async fn start(parameters: &Value) -> Value {
    let request = &parameters["request"];
    let uris = |field: &str| {
        let list = request[field].as_array().cloned().unwrap_or_default();
        list.into_iter().map(|uri| uri.as_str().unwrap().to_owned())
    };
    let needs: Bytes = request["resource_requirements"].to_string().into();
    let task_infos = uris("tes_uris").map(|tes| {
        let url = format!("{tes}tasks/task-info").parse().unwrap();
        (Method::POST, url, needs.clone())
    });
    let objects = uris("drs_uris").flat_map(|drs| {
        uris("object_ids").map(move |id| {
            let url = format!("{drs}objects/{id}").parse().unwrap();
            (Method::GET, url, Bytes::new())
        })
    });
    let bare = Bare {
        // As the service makes its own.
        client: Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            .http2_max_header_list_size(64 << 10)
            .user_agent("bare")
            .build()
            .unwrap(),
        calls: task_infos.chain(objects).collect(),
        answer: parameters["answer"].as_str().unwrap().to_owned().into(),
    };
    let router = Router::new().route("/", post(handle));
    let url = world::serve(router.with_state(Arc::new(bare))).await;
    json!({ "url": url })
}

async fn handle(State(bare): State<Arc<Bare>>, _request: Bytes) -> impl IntoResponse {
    let calls = bare.calls.iter().map(async |(method, url, body)| {
        let mut request = bare
            .client
            .request(method.clone(), url.clone())
            .header(ACCEPT, "application/json");
        if !body.is_empty() {
            request = request
                .header(CONTENT_TYPE, "application/json")
                .body(body.clone());
        }
        let response = request.send().await?.error_for_status()?;
        response.json::<Value>().await
    });
    let (status, body) = match try_join_all(calls).await {
        Ok(_) => (StatusCode::OK, bare.answer.clone()),
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string().into()),
    };
    (status, [(CONTENT_TYPE, "application/json")], body)
}
