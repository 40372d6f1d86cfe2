//! One call: its permit, the health of its host, its time, and how its answer is read and counted.

use tokio::time::{Instant, timeout_at};
use tracing::{Instrument, info_span};
use url::Url;

use super::{
    AnyAnswer, Client, Shared,
    authorization::{Authorization, CallHeaders},
    error::{FetchError, StatusAndBody},
    headers::asks_for_passport,
    http_client::Response,
    limit::permits::{HostKey, ServiceKind},
    scope::CallScope,
    transport::Method,
};
use crate::telemetry::{
    SPANS, TraceContext,
    metrics::{CallKind, CallOutcome},
    traces,
};

/// Whether a request may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tries {
    /// No: it has an effect.
    Once,
    /// After a connection that broke, or when the server asks for it.
    WithRetry,
}

/// Which answers are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Accept {
    /// Those with a status of success; others are failures.
    Success,
    /// All: the body of a refusal may say more than its status.
    Any,
}

impl Client {
    /// The body of an answer with a status of success.
    pub(super) async fn body(
        &self,
        scope: &CallScope,
        url: &Url,
        method: Method<'_>,
        authorization: Authorization<'_>,
    ) -> Result<Vec<u8>, FetchError> {
        let answer = self.answer(scope, url, method, authorization, Accept::Success);
        answer.await.map(|answer| answer.body)
    }

    /// Status and body of any answer.
    pub(super) async fn any_status(
        &self,
        scope: &CallScope,
        url: &Url,
        method: Method<'_>,
        authorization: Authorization<'_>,
    ) -> Result<StatusAndBody, FetchError> {
        self.answer(scope, url, method, authorization, Accept::Any)
            .await
    }

    async fn answer(
        &self,
        scope: &CallScope,
        url: &Url,
        method: Method<'_>,
        authorization: Authorization<'_>,
        accept: Accept,
    ) -> Result<StatusAndBody, FetchError> {
        let read = async |response: Response| {
            let status = response.status();
            let asks_for_passport = asks_for_passport(&response);
            if accept == Accept::Success && !status.is_success() {
                // The warnings of the other kinds tell nothing else.
                if self.kind != ServiceKind::Tes {
                    return Err(FetchError::Status(status));
                }
                return Err(self.refusal(response, authorization).await.0);
            }
            let body = match self.shared.transport.read(response).await {
                Ok(body) => body,
                Err(failure) if status.is_success() => return Err(failure),
                // The body of a refusal that cannot be read adds nothing to its status.
                Err(_) => Vec::new(),
            };
            Ok(StatusAndBody {
                status,
                body,
                asks_for_passport,
            })
        };
        let answer = self
            .exchange(scope, url, method, authorization, Tries::WithRetry, read)
            .await?;
        self.count_received(&answer.body);
        Ok(answer)
    }

    /// Any answer, and why it is a refusal if it is one.
    pub(super) async fn answer_or_refusal(
        &self,
        scope: &CallScope,
        url: &Url,
        method: Method<'_>,
        authorization: Authorization<'_>,
    ) -> Result<AnyAnswer, FetchError> {
        let read = async |response: Response| {
            if response.status().is_success() {
                let (refusal, body) = (None, self.shared.transport.read(response).await?);
                return Ok(AnyAnswer { refusal, body });
            }
            let (refusal, body) = self.refusal(response, authorization).await;
            Ok(AnyAnswer {
                refusal: Some(refusal),
                body,
            })
        };
        let answer = self
            .exchange(scope, url, method, authorization, Tries::WithRetry, read)
            .await?;
        self.count_received(&answer.body);
        Ok(answer)
    }

    /// Sends a request within the limits of a call, and gives its answer to `read`.
    pub(super) async fn exchange<T>(
        &self,
        scope: &CallScope,
        url: &Url,
        method: Method<'_>,
        authorization: Authorization<'_>,
        tries: Tries,
        read: impl AsyncFnOnce(Response) -> Result<T, FetchError>,
    ) -> Result<T, FetchError> {
        let call = self.call(scope, url, async |deadline| {
            let (transport, trace) = (&self.shared.transport, self.trace(scope));
            let headers = CallHeaders {
                authorization: authorization.at(url),
                trace: trace.as_ref(),
            };
            let response = match tries {
                Tries::Once => {
                    transport
                        .send_following_redirects(url, method, headers)
                        .await
                }
                Tries::WithRetry => {
                    transport
                        .send_with_retry(url, method, headers, deadline)
                        .await
                }
            };
            read(response?).await
        });
        // Boxed: calls are large, and parts of many other futures.
        Box::pin(call).await
    }

    /// Why `response` is a refusal, and its body.
    pub(super) async fn refusal(
        &self,
        response: Response,
        authorization: Authorization<'_>,
    ) -> (FetchError, Vec<u8>) {
        let Shared {
            transport, time, ..
        } = &*self.shared;
        transport.refusal(response, authorization, *time).await
    }

    fn count_received(&self, body: &[u8]) {
        let calls = &self.shared.metrics.calls;
        calls.received(self.kind.into(), body.len());
    }

    /// What ties a call to its request: for TES and DRS only.
    fn trace(&self, scope: &CallScope) -> Option<TraceContext> {
        let is_sent = self.kind.shares_hosts();
        let trace = || traces::current().or_else(|| scope.trace().cloned());
        is_sent.then(trace).flatten()
    }

    /// Makes one call once there is a permit, unless the circuit breaker of its host is open. Waiting for the permit does
    /// not count against the time of the call.
    pub(super) async fn call<T>(
        &self,
        scope: &CallScope,
        url: &Url,
        call: impl AsyncFnOnce(Instant) -> Result<T, FetchError>,
    ) -> Result<T, FetchError> {
        let host = HostKey::of(url, &self.shared.hosts);
        let (calls, kind) = (&self.shared.metrics.calls, CallKind::from(self.kind));
        let not_made = |_: &FetchError| calls.not_made(kind);
        let permit = scope.permit_or_lease(self.acquire_for(scope, host)).await;
        let _permit = permit.inspect_err(not_made)?;
        // Another call may have found out in the meantime.
        scope.check_host(host).inspect_err(not_made)?;
        let timer = calls.start(kind);
        let (deadline, too_late) = scope.call_end();
        // Retries are decided by the call's own time: a shared failure must not depend on the end of one request.
        let own_deadline = Instant::now() + scope.time().call();
        let span = info_span!(target: SPANS, "call", ?kind, host = url.host_str());
        let result = timeout_at(deadline, call(own_deadline).instrument(span))
            .await
            .unwrap_or(Err(too_late));
        let failure = result.as_ref().err();
        timer.end(failure.map_or(CallOutcome::Ok, FetchError::outcome));
        if scope.record(self.kind, host, failure) {
            calls.breaker_opened();
        }
        result
    }
}
