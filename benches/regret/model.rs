//! What is ranked: the product's own estimates and ranking, with what each model is told.

use std::{collections::BTreeMap, sync::Arc};

use testribute::domain::{
    estimate::{Assumptions, Estimates},
    exact::Seconds,
    findings::{Findings, OfferSource, TaskInfo},
    geo::Host,
    mode::Mode,
    money::{Currency, Money, Rates},
    object::{AccessUri, DataObject},
    query::{Query, QueryParts},
    queue::QueueBasis,
    resources::ResourceNeeds,
    routes::Routes,
    service::ServiceUri,
    site::{Failures, Link, SiteModel},
    sites::Sites,
    transfer::{EndMatch, NetworkModel, RouteOverride, TransferModel},
};

use super::{draw::Draw, federation::Federation, grid::Grid, list::list_price};

/// A way to choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Model {
    /// Any combination.
    Random,
    /// The least sum of distances, as proTES chooses.
    Nearest,
    /// The predecessor's formula.
    Distance,
    /// `network` with its defaults.
    Defaults,
    /// `network` with speeds, links, failures and contract prices.
    Known,
    /// The same with all prices off by a factor of 1.5 either way.
    Off,
}

impl Model {
    pub const ALL: [Self; 6] = [
        Self::Random,
        Self::Nearest,
        Self::Distance,
        Self::Defaults,
        Self::Known,
        Self::Off,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::Nearest => "nearest copy (proTES)",
            Self::Distance => "distance (TEStribute)",
            Self::Defaults => "network, defaults",
            Self::Known => "network, all known",
            Self::Off => "network, prices x1.5 off",
        }
    }

    /// How it ranks in `mode`.
    pub const fn mode(self, mode: Mode) -> Mode {
        match self {
            Self::Random => Mode::Random,
            Self::Nearest => Mode::COST,
            _ => mode,
        }
    }

    /// The product's estimates of `federation`.
    pub fn estimates(self, federation: &Federation, grid: &Grid, draw: &mut Draw) -> Estimates {
        let task = &federation.task;
        let off = |draw: &mut Draw| match self {
            Self::Off if draw.chance(0.5) => 1.5,
            Self::Off => 1.0 / 1.5,
            _ => 1.0,
        };
        let sites: Vec<_> = federation
            .sites
            .iter()
            .map(|site| self.site(site))
            .collect();
        let query = query(federation);
        let per_km = match self {
            Self::Nearest => Some(1.0),
            Self::Distance => Some(0.02),
            _ => None,
        };
        let usd = |amount| Money::new(amount, Currency::USD).unwrap();
        let rates = Rates::new(Currency::USD, []);
        let offers = federation.sites.iter().zip(&sites).map(|(site, known)| {
            #[expect(clippy::cast_precision_loss, reason = "few cores")]
            let per_hour = task.cores as f64 * site.core_hour + task.ram_gb * site.gb_hour;
            let compute = match self {
                Self::Nearest => 0.0,
                _ => task.seconds / known.speed / 3600.0 * per_hour * off(draw),
            };
            let info = TaskInfo {
                run_time: None,
                discount: 0.0,
                source: OfferSource::PriceBook,
                compute: usd(compute),
                storage: usd(0.0),
                transfer: per_km.map(usd),
                queue: Seconds::from_f64(site.told_queue),
                queue_basis: QueueBasis::TaskInfo,
                outcomes: None,
            };
            info.convert(Currency::USD, &rates).unwrap()
        });
        let findings = Findings {
            outputs: Vec::new(),
            offers: offers.enumerate().collect(),
            objects: objects(federation),
        };
        let transfers = match self {
            Self::Nearest | Self::Distance => TransferModel::Distance(None),
            Self::Random | Self::Defaults => TransferModel::Network(Arc::clone(&grid.list)),
            Self::Known | Self::Off => {
                let overrides = contracts(federation, &grid.list, || off(draw));
                let list = NetworkModel::clone(&grid.list);
                TransferModel::Network(Arc::new(NetworkModel { overrides, ..list }))
            }
        };
        let places = places(federation);
        let routes = Routes::new(&query, &findings, &places, &transfers, &sites);
        let assumptions = Assumptions {
            transfers: &transfers,
            sites: &sites,
            target: Currency::USD,
            rates: &rates,
        };
        Estimates::new(&query, &findings, routes, &assumptions).unwrap()
    }

    fn site(self, site: &super::federation::Site) -> SiteModel {
        if !matches!(self, Self::Known | Self::Off) {
            return SiteModel::default();
        }
        SiteModel {
            link: Link {
                in_mbps: site.link_mbps,
                out_mbps: None,
                streams: Some(site.streams),
            },
            speed: site.speed,
            failures: Failures::Share(site.failures),
            preemptions_per_hour: site.preemptions_per_hour,
            ..SiteModel::default()
        }
    }
}

fn tes_uri(position: usize) -> String {
    format!("https://tes-{position}.example/")
}

/// The contract price of every route, times `off`.
fn contracts(
    federation: &Federation,
    list: &NetworkModel,
    mut off: impl FnMut() -> f64,
) -> Vec<RouteOverride> {
    let end = |text: String| Some(EndMatch::try_from(text).unwrap());
    let mut overrides = Vec::new();
    for store in &federation.stores {
        for (position, site) in federation.sites.iter().enumerate() {
            overrides.push(RouteOverride {
                from: end(store.host.clone()),
                to: end(tes_uri(position)),
                price_per_gb: Some(list_price(list, store, site) * store.contract * off()),
                currency: Currency::USD,
                rate_mbps: None,
            });
        }
    }
    overrides
}

fn query(federation: &Federation) -> Query {
    let task = &federation.task;
    Query::new(QueryParts {
        registries: Vec::new(),
        trusts_registries: false,
        needs: ResourceNeeds {
            #[expect(clippy::cast_precision_loss, reason = "few cores")]
            cpu_cores: task.cores as f64,
            ram_gb: task.ram_gb,
            execution_seconds: task.seconds.floor(),
            preemptible: Some(true),
            ..ResourceNeeds::default()
        },
        tes: (0..federation.sites.len())
            .map(|position| ServiceUri::parse(&tes_uri(position)).unwrap())
            .collect(),
        drs: vec![ServiceUri::parse("https://drs.example/").unwrap()],
        objects: (0..task.objects.len())
            .map(|id| id.to_string().into())
            .collect(),
        object_sizes: BTreeMap::new(),
        mode: Mode::BALANCED,
        limit: 1,
        explain: false,
        unknown: Vec::new(),
    })
    .unwrap()
}

fn objects(federation: &Federation) -> Vec<DataObject> {
    let objects = federation.task.objects.iter().enumerate();
    objects
        .map(|(id, (size_bytes, stores))| DataObject {
            id: id.to_string().into(),
            size_bytes: *size_bytes,
            access: stores
                .iter()
                .map(|&store| {
                    let store = &federation.stores[store];
                    let scheme = if store.is_ftp { "ftp" } else { "https" };
                    AccessUri {
                        uri: format!("{scheme}://{}/{id}", store.host).into(),
                        host: Host::parse(&store.host),
                        at_drs: false,
                        access_id: None,
                        stated_region: None,
                        is_local: false,
                    }
                })
                .collect(),
        })
        .collect()
}

/// What the model sees of all places.
fn places(federation: &Federation) -> Sites {
    let mut sites = Sites::default();
    for store in &federation.stores {
        let host = Host::parse(&store.host);
        sites.places.insert(host, vec![store.seen.clone()]);
    }
    for (position, site) in federation.sites.iter().enumerate() {
        let tes = ServiceUri::parse(&tes_uri(position)).unwrap();
        sites
            .places
            .insert(tes.host().clone(), vec![site.place.clone()]);
    }
    sites
}
