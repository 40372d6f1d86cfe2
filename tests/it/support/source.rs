//! A server with one answer, which can be changed, and which counts how often it is asked.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use axum::{Router, http::StatusCode};
use tokio::net::TcpListener;

/// Serves one document on a free port of loopback, for as long as the runtime of the test lives.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) url: String,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    answer: Mutex<(StatusCode, String)>,
    calls: AtomicUsize,
}

impl Source {
    /// A server that answers with `document`.
    pub(crate) async fn start(document: &str) -> Self {
        let shared = Arc::new(Shared {
            answer: Mutex::new((StatusCode::OK, document.to_owned())),
            calls: AtomicUsize::new(0),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/document", listener.local_addr().unwrap());
        let served = Arc::clone(&shared);
        let router = Router::new().fallback(async move || {
            served.calls.fetch_add(1, Ordering::SeqCst);
            served.answer.lock().unwrap().clone()
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, shared }
    }

    /// From now on, answers with `document`.
    pub(crate) fn publish(&self, document: &str) {
        *self.shared.answer.lock().unwrap() = (StatusCode::OK, document.to_owned());
    }

    /// From now on, answers with status 500.
    pub(crate) fn fail(&self) {
        *self.shared.answer.lock().unwrap() = (StatusCode::INTERNAL_SERVER_ERROR, String::new());
    }

    /// How often it was asked.
    pub(crate) fn calls(&self) -> usize {
        self.shared.calls.load(Ordering::SeqCst)
    }
}
