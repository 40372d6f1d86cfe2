//! Traces by OTLP over HTTP. Without `telemetry.otlp_endpoint` nothing of this runs, and spans are never made.

use std::{
    str::FromStr,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};

use axum::http::HeaderValue;
use opentelemetry::{
    Context, KeyValue, SpanId, TraceFlags, TraceId,
    trace::{SpanContext, TraceContextExt, TraceState, TracerProvider},
};
use opentelemetry_otlp::{ExporterBuildError, Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    trace::{SdkTracer, SdkTracerProvider},
};
use tracing::{Span, Subscriber};
use tracing_opentelemetry::{OpenTelemetryLayer, OpenTelemetrySpanExt};
use tracing_subscriber::registry::LookupSpan;

use super::trace_context::TraceContext;

/// For one batch of spans.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(5);

/// Set once spans are sent anywhere: until then, looking for the current one is not worth its time.
static ARE_SENT: AtomicBool = AtomicBool::new(false);

/// What sends spans, until it is dropped: then it sends the last ones.
#[derive(Debug)]
pub(super) struct Exporter(SdkTracerProvider);

impl Exporter {
    /// Sends to `endpoint` in the background.
    ///
    /// # Errors
    /// If there cannot be an HTTP client.
    pub(super) fn new(endpoint: &str) -> Result<Self, ExporterBuildError> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
            .with_timeout(EXPORT_TIMEOUT)
            .build()?;
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let resource = Resource::builder()
            .with_service_name("testribute")
            .with_attribute(version)
            .build();
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource)
            .build();
        ARE_SENT.store(true, Relaxed);
        Ok(Self(provider))
    }

    /// What makes spans of tracing those of this exporter.
    pub(super) fn layer<S>(&self) -> OpenTelemetryLayer<S, SdkTracer>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        tracing_opentelemetry::layer().with_tracer(self.0.tracer("testribute"))
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        // A collector that is away is no reason not to stop.
        let _ = self.0.shutdown_with_timeout(EXPORT_TIMEOUT);
    }
}

/// Makes the span of `context` the parent of `span`.
pub fn set_parent(span: &Span, context: &TraceContext) {
    if !ARE_SENT.load(Relaxed) {
        return;
    }
    let remote = remote(context).filter(SpanContext::is_valid);
    if let Some(remote) = remote {
        // Fails only where no span is made.
        let _ = span.set_parent(Context::new().with_remote_span_context(remote));
    }
}

fn remote(context: &TraceContext) -> Option<SpanContext> {
    let mut parts = context.parent.to_str().ok()?.split('-').skip(1);
    let trace = TraceId::from_hex(parts.next()?).ok()?;
    let span = SpanId::from_hex(parts.next()?).ok()?;
    let flags = u8::from_str_radix(parts.next()?, 16).ok()?;
    let state = context.state.as_ref().and_then(|state| state.to_str().ok());
    let state = state.and_then(|state| TraceState::from_str(state).ok());
    let flags = TraceFlags::new(flags & TraceFlags::SAMPLED.to_u8());
    Some(SpanContext::new(
        trace,
        span,
        flags,
        true,
        state.unwrap_or_default(),
    ))
}

/// The context of the current span, if spans are sent anywhere.
pub fn current() -> Option<TraceContext> {
    if !ARE_SENT.load(Relaxed) {
        return None;
    }
    let context = Span::current().context();
    let span = context.span().span_context().clone();
    if !span.is_valid() {
        return None;
    }
    let (trace, id, flags) = (span.trace_id(), span.span_id(), span.trace_flags().to_u8());
    let state = span.trace_state().header();
    Some(TraceContext {
        parent: HeaderValue::try_from(format!("00-{trace}-{id}-{flags:02x}")).ok()?,
        state: HeaderValue::try_from(state)
            .ok()
            .filter(|state| !state.is_empty()),
    })
}
