//! From a query to its ranking: gather, locate, estimate, rank. The only place that knows the order of the steps.

mod transfer;

use std::sync::{Arc, PoisonError, RwLock};

use futures_util::future::join;
use jiff::Timestamp;
use tokio::time::Instant;
use tracing::{Instrument, debug, info_span};

pub use self::transfer::{TransferAnswer, TransferEnds};
pub(crate) use crate::tes::{SubmitError, TaskState};
use crate::{
    client::{CallScope, Client, ClientError, ServiceKind},
    config::{self, Config},
    domain::{
        assumed::{Assumed, Basis},
        estimate::{Assumptions, Estimates},
        findings::Findings,
        geo::{Host, Kilometres},
        mode::Mode,
        money::Currency,
        object::MissingSize,
        query::Query,
        rank::{Ranking, rank},
        registry::RegistryWarning,
        routes::Routes,
        service::BadServiceUri,
        site::SiteModel,
        sites::Sites,
        unrankable::{Unrankable, UnrankableReason},
        warning::Warning,
    },
    drs::DrsClient,
    estimation::Estimation,
    locations::{Locator, LocatorError, with_destinations},
    rates::{BadRatesUrl, ExchangeRates},
    registries::Registries,
    telemetry::{SPANS, metrics::RankingMetrics},
    tes::TesClient,
};

/// The clients of all services, and what the configuration assumes.
#[derive(Debug)]
pub struct Pipeline {
    tes: TesClient,
    registries: Registries,
    max_tes: usize,
    drs: DrsClient,
    rates: ExchangeRates,
    locator: Locator,
    missing_size: MissingSize,
    target_currency: Currency,
    /// Replaced when the tables are read again.
    estimation: RwLock<Arc<Estimation>>,
    config: Config,
    unknown_distance: Option<Kilometres>,
}

/// The pipeline cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A value of the configuration is out of range.
    #[error(transparent)]
    Config(#[from] config::ConfigFault),
    /// No calls can be made.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// Locations cannot be looked up as configured.
    #[error(transparent)]
    Locator(#[from] LocatorError),
    /// A source of exchange rates has no usable URL.
    #[error(transparent)]
    ExchangeRates(#[from] BadRatesUrl),
    /// The resolver of compact ids has no usable URL.
    #[error("drs.compact_id_resolver: {0}")]
    CompactIdResolver(#[from] BadServiceUri),
}

/// A ranking with everything that an answer is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked {
    /// The query.
    pub query: Query,
    /// Offers and objects.
    pub findings: Findings,
    /// Where everything is.
    pub sites: Sites,
    /// Cost and time of every copy at every TES.
    pub estimates: Estimates,
    /// The best combinations, best first.
    pub ranking: Ranking,
    /// The currency of all amounts.
    pub currency: Currency,
    /// What went wrong, in the order of the steps.
    pub warnings: Vec<Warning>,
    /// What the estimates assume, if the query asks for explanations.
    pub assumed: Vec<Assumed>,
}

impl Pipeline {
    /// A pipeline that calls through `client`.
    ///
    /// # Errors
    /// [`SetupError`] if a database or URL of `config` cannot be used.
    pub fn new(config: &Config, client: &Client) -> Result<Self, SetupError> {
        let estimation = Estimation::new(config)?;
        let locator = Locator::new(&config.locations, client)?;
        let unknown_distance = config.estimation.unknown_distance_km;
        Ok(Self {
            tes: TesClient::new(&config.tes, client),
            registries: Registries::new(client),
            max_tes: config.limits.tes_uris,
            drs: DrsClient::new(&config.drs, client)?,
            rates: ExchangeRates::new(&config.exchange_rates, client.for_kind(ServiceKind::Rates))?,
            locator: locator.with_domains(estimation.domains()),
            missing_size: config.drs.missing_size,
            target_currency: config.target_currency,
            unknown_distance: unknown_distance.and_then(Kilometres::new),
            estimation: RwLock::new(Arc::new(estimation)),
            config: config.clone(),
        })
    }

    /// Ranks what `query` asks for by calls of `scope`. `seed` decides the order in mode random.
    ///
    /// # Errors
    /// [`Unrankable`] if there is nothing to rank, with every reason and all warnings so far.
    pub async fn run(
        &self,
        query: Query,
        scope: &CallScope,
        seed: u64,
    ) -> Result<Ranked, Unrankable> {
        let mut warnings = query.warnings().to_vec();
        let query = self.with_listed(query, scope, &mut warnings).await;
        let estimation = self.estimation();
        let findings = match self
            .gather(&query, scope, &estimation, &mut warnings)
            .instrument(info_span!(target: SPANS, "gather"))
            .await
        {
            Ok(findings) => findings,
            Err(reasons) => return Err(Unrankable { reasons, warnings }),
        };
        debug!(
            offers = findings.offers.len(),
            objects = findings.objects.len(),
            "gathered"
        );

        let (known, sites) = self
            .locate_all(&query, &findings, scope, &estimation, &mut warnings)
            .await;
        debug!(places = sites.places.len(), "located");

        let model = estimation.transfers();
        let routes = Routes::new(&query, &findings, &sites, model, &known);
        warnings.extend(estimation.table_warning(Timestamp::now()));
        warnings.extend(routes.warnings(&query, &findings));
        let rates = self
            .rates
            .of_prices(
                scope,
                routes.currencies(),
                self.target_currency,
                &mut warnings,
            )
            .await;
        let assumptions = Assumptions {
            transfers: model,
            sites: &known,
            target: self.target_currency,
            rates: &rates,
        };
        let estimates = info_span!(target: SPANS, "estimate")
            .in_scope(|| Estimates::new(&query, &findings, routes, &assumptions));
        let estimates = match estimates {
            Ok(estimates) => estimates,
            Err(unrankable) => return Err(unrankable.after(warnings)),
        };
        warnings.extend(estimates.warnings.iter().cloned());
        let basis = Basis {
            query: &query,
            findings: &findings,
            estimates: &estimates,
            sites: &known,
            transfers: model,
        };
        let assumed = if query.explain() {
            basis.assumed()
        } else {
            Vec::new()
        };

        let span = info_span!(target: SPANS, "rank");
        let ranking = span.in_scope(|| rank(&estimates, query.mode(), query.limit(), seed));
        if ranking.space().exceeds(query.limit()) {
            warnings.push(Warning::LimitReached {
                space: ranking.space().to_string(),
                limit: query.limit(),
                at_random: query.mode() == Mode::Random,
            });
        }
        debug!(
            listed = ranking.len(),
            of = %ranking.space(),
            warnings = warnings.len(),
            "ranked"
        );
        Ok(Ranked {
            query,
            findings,
            sites,
            estimates,
            ranking,
            currency: self.target_currency,
            warnings,
            assumed,
        })
    }

    fn estimation(&self) -> Arc<Estimation> {
        let current = self.estimation.read();
        Arc::clone(&current.unwrap_or_else(PoisonError::into_inner))
    }

    /// What is known about each TES, and where all hosts are.
    async fn locate_all(
        &self,
        query: &Query,
        findings: &Findings,
        scope: &CallScope,
        estimation: &Estimation,
        warnings: &mut Vec<Warning>,
    ) -> (Vec<SiteModel>, Sites) {
        let mut known = estimation.sites_of(query);
        let mut hosts = findings.hosts_to_locate(query);
        let placed = Estimation::places_of(query, &known);
        hosts.retain(|host| !placed.contains_key(*host));
        let mut sites = self
            .locator
            .sites(scope, &hosts, self.unknown_distance)
            .instrument(info_span!(target: SPANS, "locate"))
            .await;
        sites.places.extend(placed);
        Estimation::complete_places(query, &mut known, &mut sites);
        warnings.extend(sites.warnings.iter().cloned());
        let stated = findings.stated_regions();
        warnings.extend(self.locator.doubts(scope, &stated, &sites).await);
        (known, sites)
    }

    /// Calls every TES for an offer and every DRS for every object, all at once. A service that fails is a warning.
    async fn gather(
        &self,
        query: &Query,
        scope: &CallScope,
        estimation: &Estimation,
        warnings: &mut Vec<Warning>,
    ) -> Result<Findings, Vec<UnrankableReason>> {
        let offers = async {
            let book = estimation.price_book();
            let (offers, mut warnings) = self.tes.offers(scope, query, book).await;
            let target = self.target_currency;
            let converted = self
                .rates
                .convert(scope, query.tes(), offers, target, &mut warnings)
                .await;
            (converted, warnings)
        };
        let ((offers, of_tes), (records, of_drs)) =
            join(offers, self.drs.resolve(scope, query)).await;
        warnings.extend(of_tes);
        warnings.extend(of_drs);
        if scope.bytes().is_exceeded() {
            return Err(vec![UnrankableReason::TooMuchData(scope.bytes().limit())]);
        }
        let findings = Findings::new(query, offers, records, self.missing_size, warnings)?;
        let (outputs, unreadable) = with_destinations(&query.task().outputs);
        warnings.extend(unreadable);
        Ok(Findings {
            outputs,
            ..findings
        })
    }

    /// `query` with the TES of its registries.
    async fn with_listed(
        &self,
        query: Query,
        scope: &CallScope,
        warnings: &mut Vec<Warning>,
    ) -> Query {
        if query.registries().is_empty() {
            return query;
        }
        let (listed, of_registries) = self.registries.tes(scope, query.registries()).await;
        warnings.extend(of_registries);
        let (query, skipped) = query.with_listed(listed, self.max_tes);
        if skipped > 0 {
            warnings.push(Warning::Registry(RegistryWarning::TooManyListed {
                limit: self.max_tes,
                skipped,
            }));
        }
        query
    }

    /// The client of TES instances.
    pub(crate) const fn tes(&self) -> &TesClient {
        &self.tes
    }

    /// Sets the ages of what rankings are made with.
    pub fn update_metrics(&self, metrics: &RankingMetrics) {
        for (source, age) in self.rates.ages(Instant::now()) {
            metrics.set_rates_age(source, age);
        }
        if let Some(age) = self.locator.database_age() {
            metrics.set_table_age("locations", age);
        }
    }

    /// Reads the location database again. If it cannot be read, it stays as it was.
    ///
    /// # Errors
    /// [`LocatorError`].
    pub fn reload_locations(&self) -> Result<(), LocatorError> {
        self.locator.reload()
    }

    /// Reads the tables of prices and rates again. If they cannot be used, they stay as they were. Requests that have
    /// begun end with the tables that they began with.
    ///
    /// # Errors
    /// [`config::ConfigFault`].
    pub fn reload_tables(&self) -> Result<(), config::ConfigFault> {
        let estimation = Arc::new(Estimation::new(&self.config)?);
        self.locator.set_domains(estimation.domains());
        let mut current = self
            .estimation
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *current = estimation;
        Ok(())
    }

    /// Where `hosts` are, as rankings see them.
    pub async fn locate(&self, scope: &CallScope, hosts: &[Host]) -> Sites {
        let hosts: Vec<_> = hosts.iter().collect();
        self.locator
            .places(scope, &hosts, self.unknown_distance)
            .await
    }
}
