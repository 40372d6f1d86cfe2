//! From a query to its ranking: gather, locate, estimate, rank. The only place that knows the order of the steps.

use futures_util::future::join;
use tracing::debug;

use crate::{
    client::{CallScope, Client, ClientError},
    config::{self, Config},
    domain::{
        estimate::{Estimates, TransferRate},
        findings::Findings,
        geo::{Host, Kilometres},
        mode::Mode,
        money::Currency,
        object::MissingSize,
        query::Query,
        rank::{Ranking, rank},
        service::BadServiceUri,
        sites::Sites,
        unrankable::{Unrankable, UnrankableReason},
        warning::Warning,
    },
    drs::DrsClient,
    locations::{Locator, LocatorError},
    rates::{BadRatesUrl, ExchangeRates},
    tes::TesClient,
};

/// The clients of all services, and what the configuration assumes.
#[derive(Debug)]
pub struct Pipeline {
    tes: TesClient,
    drs: DrsClient,
    rates: ExchangeRates,
    locator: Locator,
    missing_size: MissingSize,
    target_currency: Currency,
    transfer_rate: Option<TransferRate>,
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
    /// The best combinations, best first.
    pub ranking: Ranking,
    /// The currency of all amounts.
    pub currency: Currency,
    /// What went wrong, in the order of the steps.
    pub warnings: Vec<Warning>,
}

impl Pipeline {
    /// A pipeline that calls through `client`.
    ///
    /// # Errors
    /// [`SetupError`] if a database or URL of `config` cannot be used.
    pub fn new(config: &Config, client: &Client) -> Result<Self, SetupError> {
        let estimation = &config.estimation;
        Ok(Self {
            tes: TesClient::new(&config.tes, client),
            drs: DrsClient::new(&config.drs, client)?,
            rates: ExchangeRates::new(&config.exchange_rates, client.clone())?,
            locator: Locator::new(&config.locations, client)?,
            missing_size: config.drs.missing_size,
            target_currency: config.target_currency,
            transfer_rate: estimation.transfer_rate_mbps.map(TransferRate),
            unknown_distance: estimation.unknown_distance_km.and_then(Kilometres::new),
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
        let findings = match self.gather(&query, scope, &mut warnings).await {
            Ok(findings) => findings,
            Err(reasons) => return Err(Unrankable { reasons, warnings }),
        };
        debug!(
            offers = findings.offers.len(),
            objects = findings.objects.len(),
            "gathered"
        );

        let hosts = findings.hosts_to_locate(&query);
        let sites = self
            .locator
            .sites(scope, &hosts, self.unknown_distance)
            .await;
        warnings.extend(sites.warnings.iter().cloned());
        let stated = findings.stated_regions();
        warnings.extend(self.locator.doubts(scope, &stated, &sites).await);
        debug!(places = sites.places.len(), "located");

        let estimates = match Estimates::new(&query, &findings, &sites, self.transfer_rate) {
            Ok(estimates) => estimates,
            Err(unrankable) => return Err(unrankable.after(warnings)),
        };
        warnings.extend(estimates.warnings.iter().cloned());

        let ranking = rank(&estimates, query.mode(), query.limit(), seed);
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
            ranking,
            currency: self.target_currency,
            warnings,
        })
    }

    /// Calls every TES for an offer and every DRS for every object, all at once. A service that fails is a warning.
    async fn gather(
        &self,
        query: &Query,
        scope: &CallScope,
        warnings: &mut Vec<Warning>,
    ) -> Result<Findings, Vec<UnrankableReason>> {
        let offers = async {
            let (offers, mut warnings) = self.tes.offers(scope, query).await;
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
        Findings::new(query, offers, records, self.missing_size, warnings)
    }

    /// Where `hosts` are, as rankings see them.
    pub async fn locate(&self, scope: &CallScope, hosts: &[Host]) -> Sites {
        let hosts: Vec<_> = hosts.iter().collect();
        self.locator
            .places(scope, &hosts, self.unknown_distance)
            .await
    }
}
