//! The way from a query to its ranking: the only place that knows the order of the steps.

mod budget;
mod bundles;
mod gather;
mod harvest;
mod locate;
mod objects;
mod offer;
mod patience;
mod server;

use std::time::Duration;

use tracing::{debug, info};

pub use self::patience::Deadline;
use self::{bundles::Bounds, patience::Patience};
use crate::{
    config::{self, Config},
    domain::{
        estimate::{Estimates, TransferRate},
        findings::Findings,
        geo::Kilometres,
        mode::Mode,
        money::Currency,
        object::MissingSize,
        query::Query,
        rank::{Ranking, rank},
        service::BadServiceUri,
        sites::Sites,
        token::Token,
        unrankable::Unrankable,
        warning::Warning,
    },
    outbound::{
        drs::{DrsClient, ids::IdResolver},
        errand::on_errand,
        exchange_rates::{BadRatesUrl, ExchangeRates},
        fetch::{Fetcher, FetcherError},
        geolocation::{Geolocation, GeolocationError},
        tes::TesClient,
    },
};

/// The services that are asked, and what is assumed about them.
#[derive(Debug)]
pub struct Pipeline {
    fetcher: Fetcher,
    tes: TesClient,
    about_tes: config::Tes,
    drs: DrsClient,
    drs_ids: IdResolver,
    geolocation: Geolocation,
    exchange_rates: ExchangeRates,
    missing_size: MissingSize,
    bundle_bounds: Bounds,
    target_currency: Currency,
    transfer_rate: Option<TransferRate>,
    unknown_distance: Option<Kilometres>,
    call_timeout: Duration,
    findings_bytes: usize,
}

/// The pipeline cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A value of the configuration is out of range.
    #[error(transparent)]
    Config(#[from] config::ConfigFault),
    /// No calls can be made.
    #[error(transparent)]
    Fetcher(#[from] FetcherError),
    /// The location database cannot be opened.
    #[error(transparent)]
    Geolocation(#[from] GeolocationError),
    /// A source of exchange rates has no usable URL.
    #[error(transparent)]
    ExchangeRates(#[from] BadRatesUrl),
    /// The resolver of compact ids has no usable URL.
    #[error("drs.compact_id_resolver {0}")]
    CompactIdResolver(#[from] BadServiceUri),
}

/// A ranking with all that is needed to tell it.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked {
    /// What was asked.
    pub query: Query,
    /// What was found out.
    pub findings: Findings,
    /// Where everything is.
    pub sites: Sites,
    /// The best combinations, best first.
    pub ranking: Ranking,
    /// The currency of all amounts.
    pub currency: Currency,
    /// What went wrong on the way, in the order of the steps.
    pub warnings: Vec<Warning>,
}

impl Pipeline {
    /// A pipeline that calls through `fetcher`.
    ///
    /// # Errors
    /// [`SetupError`] if the location database cannot be opened.
    pub fn new(config: &Config, fetcher: Fetcher) -> Result<Self, SetupError> {
        Ok(Self {
            tes: TesClient::new(fetcher.clone()),
            about_tes: config.tes.clone(),
            drs: DrsClient::new(&config.drs, fetcher.clone()),
            drs_ids: IdResolver::new(&config.drs, fetcher.clone())?,
            geolocation: Geolocation::new(&config.locations, &fetcher, config.call_timeout())?,
            exchange_rates: ExchangeRates::new(&config.exchange_rates, fetcher.clone())?,
            missing_size: config.drs.missing_size,
            bundle_bounds: Bounds {
                depth: config.drs.max_bundle_depth,
                objects: config.drs.max_bundle_objects,
            },
            target_currency: config.target_currency,
            transfer_rate: config.estimation.transfer_rate_mbps.map(TransferRate),
            unknown_distance: config
                .estimation
                .unknown_distance_km
                .and_then(Kilometres::new),
            call_timeout: config.call_timeout(),
            findings_bytes: config.limits.findings_bytes,
            fetcher,
        })
    }

    /// Ranks what `query` asks for, with the rights of `token`. `seed` decides the order in mode random. What has not
    /// answered well before `deadline` is left out.
    ///
    /// # Errors
    /// [`Unrankable`] if there is nothing to rank, with every reason and all warnings so far.
    pub async fn run(
        &self,
        query: Query,
        token: Option<&Token>,
        seed: u64,
        deadline: Option<Deadline>,
    ) -> Result<Ranked, Unrankable> {
        Box::pin(on_errand(self.rank(query, token, seed, deadline))).await
    }

    async fn rank(
        &self,
        query: Query,
        token: Option<&Token>,
        seed: u64,
        deadline: Option<Deadline>,
    ) -> Result<Ranked, Unrankable> {
        let mut warnings = query.warnings().to_vec();
        let patience = Patience::new(deadline, self.call_timeout);
        let (findings, from_gathering) = self.gather(&query, token, patience).await;
        warnings.extend(from_gathering);
        let findings = match findings {
            Ok(findings) => findings,
            Err(reasons) => return Err(Unrankable { reasons, warnings }),
        };

        debug!(
            offers = findings.offers.len(),
            objects = findings.objects.len(),
            "gathered"
        );

        let sites = self.locate(&query, &findings).await;
        warnings.extend(sites.warnings.iter().cloned());
        debug!(places = sites.places.len(), "located");

        let estimates = match Estimates::new(&query, &findings, &sites, self.transfer_rate) {
            Ok(estimates) => estimates,
            Err(mut unrankable) => {
                warnings.append(&mut unrankable.warnings);
                return Err(Unrankable {
                    warnings,
                    ..unrankable
                });
            }
        };
        warnings.extend(estimates.warnings.iter().cloned());

        let ranking = rank(&estimates, query.mode(), query.limit(), seed);
        if ranking.space().exceeds(query.limit()) {
            warnings.push(Warning::Cut {
                space: ranking.space().to_string(),
                limit: query.limit(),
                at_random: query.mode() == Mode::Random,
            });
        }
        info!(
            listed = ranking.len(),
            of = %ranking.space(),
            warnings = warnings.len(),
            "ranked"
        );
        Ok(Ranked {
            query,
            findings,
            sites,
            ranking,
            currency: self.target_currency,
            warnings,
        })
    }
}
