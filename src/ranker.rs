//! From a request to its answer: the one code path of service, console and library.

use std::sync::Arc;

use rand::{TryRng, random, rngs::SysRng};

use crate::{
    api::{
        request::RankRequest,
        response::{AnswerParts, RankResponse},
        task_request::TaskRequest,
        task_response::TaskResponse,
    },
    auth::{AuthError, Verifier},
    client::{Client, ServiceKind, cache_key::CacheKey},
    config::{Config, ConfigFault, DefaultNeeds, Limits},
    domain::{
        calibrate::{Calibration, warning::CalibrationWarning},
        geo::Host,
        query::Query,
        service::ServiceUri,
        sites::Sites,
        token::Token,
        unrankable::Unrankable,
        warning::Warning,
    },
    error::Error,
    locations::LocatorError,
    pipeline::{Pipeline, Ranked, SetupError, TransferAnswer, TransferEnds},
    telemetry::{TraceContext, metrics::Metrics},
};

pub use crate::client::{Deadline, DeadlineOwner, Reach};
pub(crate) use crate::pipeline::{SubmitError, TaskState};

/// Ranks services, one request after the other or many at once.
///
/// Owns the connections, the caches of names, rates and objects, and the keys of identity providers: make one and keep it.
#[derive(Debug)]
pub struct Ranker {
    client: Client,
    pipeline: Pipeline,
    /// There is one if a valid token is required.
    verifier: Option<Verifier>,
    limits: Limits,
    default_needs: DefaultNeeds,
    registries: Vec<ServiceUri>,
}

impl Ranker {
    /// A ranker for requests of others: it calls public addresses and `outbound.allowed_networks` only.
    ///
    /// # Errors
    /// [`SetupError`], as [`with_reach`](Self::with_reach).
    pub fn new(config: &Config) -> Result<Self, SetupError> {
        Self::with_reach(config, Reach::Public)
    }

    /// A ranker that calls what `reach` lets it.
    ///
    /// # Errors
    /// [`SetupError`] if a value of the configuration is out of range, the location database cannot be opened or no HTTP
    /// client can be made.
    pub fn with_reach(config: &Config, reach: Reach) -> Result<Self, SetupError> {
        config.check().map_err(SetupError::from)?;
        let client = Client::new(config, reach)?;
        let security = &config.security;
        Ok(Self {
            verifier: security
                .authorization_required
                .then(|| Verifier::new(security, client.for_kind(ServiceKind::Oidc))),
            pipeline: Pipeline::new(config, &client)?,
            limits: config.limits,
            default_needs: config.tes.default_needs,
            registries: config.tes.registries.clone(),
            client,
        })
    }

    /// Lets a caller in, if the configuration asks for no token or `token` is a valid one.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] if a valid token is required and this is none.
    pub async fn admit(&self, token: Option<Token>) -> Result<Caller, Error> {
        let identity = match &self.verifier {
            Some(verifier) => {
                let token = token.as_ref().ok_or(AuthError::Missing)?;
                Some(CallerIdentity(verifier.verify(token).await?))
            }
            None => None,
        };
        Ok(Caller {
            token,
            identity,
            trace: None,
        })
    }

    /// The metrics of this ranker, in which [`update_metrics`](Self::update_metrics) sets what is not counted.
    pub fn metrics(&self) -> &Arc<Metrics> {
        self.client.metrics()
    }

    /// Sets the metrics that are read off and not counted: permits, ages of rates and tables.
    pub fn update_metrics(&self) {
        self.client.update_metrics();
        self.pipeline.update_metrics(&self.client.metrics().ranking);
    }

    /// Reads the location database again. If it cannot be used, it stays as it was.
    ///
    /// # Errors
    /// [`LocatorError`].
    pub fn reload_locations(&self) -> Result<(), LocatorError> {
        self.pipeline.reload_locations()
    }

    /// Reads the tables of prices and rates (`estimation.network.tables`) again. If they cannot be used, they stay as they
    /// were.
    ///
    /// # Errors
    /// [`ConfigFault`].
    pub fn reload_tables(&self) -> Result<(), ConfigFault> {
        self.pipeline.reload_tables()
    }

    /// Whether callers need a token.
    pub const fn needs_token(&self) -> bool {
        self.verifier.is_some()
    }

    /// Ranks what `request` asks for. The caller's token is sent to the services of the request.
    ///
    /// Waits for every service, each call of at most `timeout`; [`rank_before`](Self::rank_before) does not.
    ///
    /// # Errors
    /// [`Error::Invalid`] or [`Error::Unrankable`].
    pub async fn rank(&self, request: RankRequest, caller: &Caller) -> Result<RankResponse, Error> {
        self.rank_with(request, caller, None).await
    }

    /// The same with an answer before `deadline`: services that have not answered two `timeout`s before that (or, if this is
    /// more, in half of the time of a service, or in seven eighths of that of a caller) are left out, each with a warning.
    ///
    /// # Errors
    /// [`Error::Invalid`] or [`Error::Unrankable`].
    pub async fn rank_before(
        &self,
        deadline: Deadline,
        request: RankRequest,
        caller: &Caller,
    ) -> Result<RankResponse, Error> {
        self.rank_with(request, caller, Some(deadline)).await
    }

    async fn rank_with(
        &self,
        request: RankRequest,
        caller: &Caller,
        deadline: Option<Deadline>,
    ) -> Result<RankResponse, Error> {
        let query = request
            .into_query(&self.limits, &self.registries)
            .map_err(Error::Invalid)?;
        let ranked = self.run(query, caller, deadline).await?;
        Ok(self.response(&ranked))
    }

    /// Ranks the TES task of `request`, and writes the access URIs into it.
    ///
    /// # Errors
    /// [`Error::Invalid`] or [`Error::Unrankable`].
    pub async fn rank_task(
        &self,
        request: TaskRequest,
        caller: &Caller,
    ) -> Result<TaskResponse, Error> {
        self.rank_task_with(request, caller, None).await
    }

    /// The same with an answer before `deadline`, as [`rank_before`](Self::rank_before).
    ///
    /// # Errors
    /// [`Error::Invalid`] or [`Error::Unrankable`].
    pub async fn rank_task_before(
        &self,
        deadline: Deadline,
        request: TaskRequest,
        caller: &Caller,
    ) -> Result<TaskResponse, Error> {
        self.rank_task_with(request, caller, Some(deadline)).await
    }

    async fn rank_task_with(
        &self,
        request: TaskRequest,
        caller: &Caller,
        deadline: Option<Deadline>,
    ) -> Result<TaskResponse, Error> {
        let task = request
            .into_query(&self.limits, &self.default_needs, &self.registries)
            .map_err(Error::Invalid)?;
        let ranked = self.run(task.query, caller, deadline).await?;
        let tes = ranked.query.tes();
        let best_first = ranked.ranking.tes().iter();
        Ok(TaskResponse::new(
            &task.template,
            self.response(&ranked),
            best_first
                .filter_map(|&position| Some(Arc::clone(tes.get(position)?.given())))
                .collect(),
            self.limits.answer_bytes,
        ))
    }

    /// Posts `task` to `tes`. The caller's token is sent along if `tes` may get it.
    ///
    /// # Errors
    /// [`SubmitError`].
    pub(crate) async fn submit(
        &self,
        tes: &ServiceUri,
        task: &[u8],
        caller: &Caller,
    ) -> Result<String, SubmitError> {
        let scope = self
            .client
            .scope(caller.token.clone(), None, usize::MAX, None);
        Box::pin(self.pipeline.tes().submit(&scope, tes, task)).await
    }

    /// Measures each of `tes` by the tasks of the last `max_age_days` that it lists, with their positions; what cannot be
    /// measured is a warning.
    pub(crate) async fn calibrate(
        &self,
        tes: &[ServiceUri],
        max_age_days: f64,
        caller: &Caller,
    ) -> (Vec<(usize, Calibration)>, Vec<CalibrationWarning>) {
        let scope = self
            .client
            .scope(caller.token.clone(), None, usize::MAX, None);
        let tes_client = self.pipeline.tes();
        Box::pin(tes_client.calibrate(&scope, tes, max_age_days)).await
    }

    /// The state of a task at `tes`.
    ///
    /// # Errors
    /// [`SubmitError`].
    pub(crate) async fn task_state(
        &self,
        tes: &ServiceUri,
        id: &str,
        caller: &Caller,
    ) -> Result<TaskState, SubmitError> {
        let scope = self
            .client
            .scope(caller.token.clone(), None, usize::MAX, None);
        Box::pin(self.pipeline.tes().task_state(&scope, tes, id)).await
    }

    async fn run(
        &self,
        query: Query,
        caller: &Caller,
        deadline: Option<Deadline>,
    ) -> Result<Ranked, Error> {
        let token = caller.token.clone();
        let scope = self.client.scope(
            token,
            deadline,
            self.limits.findings_bytes,
            caller.trace.clone(),
        );
        // Boxed: a large future that is moved around.
        let ranked = Box::pin(self.pipeline.run(query, &scope, seed())).await;
        self.observe(&ranked);
        Ok(ranked?)
    }

    fn response(&self, ranked: &Ranked) -> RankResponse {
        RankResponse::new(&AnswerParts {
            query: &ranked.query,
            findings: &ranked.findings,
            sites: &ranked.sites,
            estimates: &ranked.estimates,
            ranking: &ranked.ranking,
            currency: ranked.currency,
            warnings: &ranked.warnings,
            assumed: &ranked.assumed,
            most_bytes: self.limits.answer_bytes,
        })
    }

    fn observe(&self, ranked: &Result<Ranked, Unrankable>) {
        let metrics = &self.client.metrics().ranking;
        let warnings = match ranked {
            Ok(ranked) => {
                let space = ranked.ranking.space().approximate();
                metrics.ranked(ranked.ranking.len(), space);
                &ranked.warnings
            }
            Err(unrankable) => &unrankable.warnings,
        };
        for warning in warnings {
            metrics.warned(warning.kind());
        }
    }

    /// Price and rate between `ends`, as the ranking sees them, and warnings; `None` if the model needs a distance that is
    /// unknown.
    pub async fn transfer(&self, ends: TransferEnds) -> (Option<TransferAnswer>, Vec<Warning>) {
        let scope = self.client.detached_scope();
        self.pipeline.transfer(&scope, ends).await
    }

    /// Where `hosts` are, as the ranking sees them.
    pub async fn locate(&self, hosts: &[Host]) -> Sites {
        let scope = self.client.detached_scope();
        self.pipeline.locate(&scope, hosts).await
    }
}

/// What decides the order in mode random. Of the system: a process that was forked, as those of gateways are, has the
/// generator of its parent, and all would rank in one order.
fn seed() -> u64 {
    SysRng.try_next_u64().unwrap_or_else(|_| random())
}

/// Someone who may ask: can only be had from [`Ranker::admit`].
#[derive(Debug, Clone)]
pub struct Caller {
    token: Option<Token>,
    identity: Option<CallerIdentity>,
    trace: Option<TraceContext>,
}

/// Stands for the identity in a valid token, without holding it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CallerIdentity(CacheKey);

impl Caller {
    /// The same caller, whose request is part of the trace `trace`.
    #[must_use]
    pub fn in_trace(self, trace: Option<TraceContext>) -> Self {
        Self { trace, ..self }
    }

    /// Who calls, if a valid token says so.
    pub const fn identity(&self) -> Option<CallerIdentity> {
        self.identity
    }

    /// The same caller, whose token is sent nowhere.
    #[must_use]
    pub(crate) fn without_token(self) -> Self {
        Self {
            token: None,
            ..self
        }
    }
}

/// Ranks what `request` asks for, once. For more than one request, keep a [`Ranker`].
///
/// # Errors
/// [`Error`], whose variants say what to do about it.
pub async fn rank_services(
    config: &Config,
    request: RankRequest,
    token: Option<Token>,
) -> Result<RankResponse, Error> {
    let ranker = Ranker::new(config)?;
    let caller = ranker.admit(token).await?;
    ranker.rank(request, &caller).await
}
