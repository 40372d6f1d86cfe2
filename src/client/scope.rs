//! What the calls of one request share: its time, its caller's token, its permits, its memory, and what it knows of hosts.

use std::sync::Arc;

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, timeout_at},
};

use super::{
    byte_budget::ByteBudget,
    error::FetchError,
    health::HostHealth,
    limit::permits::{Holder, HostKey, Permit, ServiceKind},
    time_budget::{StepEnd, TimeBudget},
};
use crate::{domain::token::Token, telemetry::TraceContext};

/// The calls of one request. Clones stand for the same request.
#[derive(Debug, Clone)]
pub struct CallScope {
    request: Arc<Request>,
    /// When calls are given up.
    end: StepEnd,
    /// The permit that a single flight holds for its calls.
    lease: Option<Arc<Lease>>,
}

#[derive(Debug)]
struct Request {
    token: Option<Token>,
    time: TimeBudget,
    bytes: ByteBudget,
    hosts: HostHealth,
    holder: Arc<Holder>,
    trace: Option<TraceContext>,
}

/// A permit for several calls, of which one at a time needs no other.
#[derive(Debug)]
struct Lease {
    calls: Semaphore,
    #[expect(dead_code, reason = "is held until it is dropped")]
    permit: Permit,
}

/// Why a call may be made: it has a permit of its own, or uses the one of the single flight that it belongs to.
#[derive(Debug)]
pub(super) enum CallPermit<'a> {
    Own(#[expect(dead_code, reason = "is held until it is dropped")] Permit),
    Leased(#[expect(dead_code, reason = "is held until it is dropped")] SemaphorePermit<'a>),
}

impl CallScope {
    /// The scope of a request with the rights of `token`, within `time`, whose answers take at most `max_bytes`: of its
    /// first step, which is gathering.
    pub fn new(token: Option<Token>, time: TimeBudget, max_bytes: usize) -> Self {
        Self::traced(token, time, max_bytes, None)
    }

    /// The same, with calls that carry `trace` to TES and DRS.
    pub fn traced(
        token: Option<Token>,
        time: TimeBudget,
        max_bytes: usize,
        trace: Option<TraceContext>,
    ) -> Self {
        Self {
            request: Arc::new(Request {
                token,
                time,
                bytes: ByteBudget::new(max_bytes),
                hosts: HostHealth::default(),
                holder: Arc::default(),
                trace,
            }),
            end: time.gather(),
            lease: None,
        }
    }

    /// The scope of calls that the service makes for itself: without a token, and without an end but that of each call.
    pub fn detached(time: TimeBudget) -> Self {
        Self::new(None, time, usize::MAX)
    }

    /// The caller's token.
    pub fn token(&self) -> Option<&Token> {
        self.request.token.as_ref()
    }

    /// What ties its calls to the caller's.
    pub fn trace(&self) -> Option<&TraceContext> {
        self.request.trace.as_ref()
    }

    /// How long its steps may take.
    pub fn time(&self) -> TimeBudget {
        self.request.time
    }

    /// How much memory its answers may take.
    pub fn bytes(&self) -> &ByteBudget {
        &self.request.bytes
    }

    /// The same request in a later step, whose calls are given up at `end`.
    #[must_use]
    pub fn ending(&self, end: StepEnd) -> Self {
        Self {
            end,
            ..self.clone()
        }
    }

    /// The same request, whose calls may use `permit`, one at a time.
    pub(super) fn with_lease(&self, permit: Permit) -> Self {
        Self {
            request: Arc::clone(&self.request),
            end: self.end,
            lease: Some(Arc::new(Lease {
                calls: Semaphore::new(1),
                permit,
            })),
        }
    }

    /// When a call ends that begins now, and the error of one that takes longer.
    pub(super) fn call_end(&self) -> (Instant, FetchError) {
        let (time, end) = (self.request.time, self.end);
        let own = Instant::now() + time.call();
        if own <= end.at {
            (own, FetchError::Timeout(time.call()))
        } else {
            (end.at, self.budget_exceeded())
        }
    }

    /// Whether the time for calls is over. Work that goes on without what a failed call would have given is incomplete
    /// then, and neither cached nor shared.
    pub(crate) fn has_ended(&self) -> bool {
        Instant::now() >= self.end.at
    }

    /// The output of `work`.
    ///
    /// # Errors
    /// [`FetchError::BudgetExceeded`] if it takes longer than the calls of this request may.
    pub(super) async fn until_end<W: Future>(&self, work: W) -> Result<W::Output, FetchError> {
        timeout_at(self.end.at, work)
            .await
            .map_err(|_| self.budget_exceeded())
    }

    /// The error of work that takes longer than the calls of this request may.
    pub(super) fn budget_exceeded(&self) -> FetchError {
        FetchError::from(self.end)
    }

    /// The first that there is for a call: the lease, or the permit that `own` waits for.
    pub(super) async fn permit_or_lease(
        &self,
        own: impl Future<Output = Result<Permit, FetchError>>,
    ) -> Result<CallPermit<'_>, FetchError> {
        let Some(lease) = self.lease.as_deref() else {
            return own.await.map(CallPermit::Own);
        };
        if let Ok(leased) = lease.calls.try_acquire() {
            return Ok(CallPermit::Leased(leased));
        }
        tokio::select! {
            biased;
            Ok(leased) = lease.calls.acquire() => Ok(CallPermit::Leased(leased)),
            permit = own => permit.map(CallPermit::Own),
        }
    }

    pub(super) fn holder(&self) -> &Arc<Holder> {
        &self.request.holder
    }

    /// # Errors
    /// Why `host` cannot be called, if that is known.
    pub(super) fn check_host(&self, host: HostKey) -> Result<(), FetchError> {
        self.request.hosts.check(host)
    }

    /// Counts the outcome of a call to `host`, and says whether it opened the circuit breaker.
    pub(super) fn record(
        &self,
        kind: ServiceKind,
        host: HostKey,
        failure: Option<&FetchError>,
    ) -> bool {
        self.request.hosts.record(kind, host, failure)
    }
}
