//! A collector of traces.

use std::sync::{Arc, Mutex};

use axum::{Router, body::Bytes, extract::State, routing::post};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest, trace::v1::Span,
};
use prost::Message;

use super::Server;

/// A collector that decodes what it gets.
pub async fn collector() -> (Server, Arc<Mutex<Vec<Span>>>) {
    type Spans = Arc<Mutex<Vec<Span>>>;
    async fn take(State(spans): State<Spans>, body: Bytes) {
        let export = ExportTraceServiceRequest::decode(body).unwrap();
        let scopes = export
            .resource_spans
            .into_iter()
            .flat_map(|all| all.scope_spans);
        spans
            .lock()
            .unwrap()
            .extend(scopes.flat_map(|scope| scope.spans));
    }
    let spans = Spans::default();
    let router = Router::new()
        .route("/v1/traces", post(take))
        .with_state(Arc::clone(&spans));
    (Server::start(router).await, spans)
}
