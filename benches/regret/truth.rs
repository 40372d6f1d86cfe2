//! What really happens in a federation: list prices times contracts, and rates that were measured.

use std::{collections::HashMap, sync::Arc};

use testribute::{
    config::TablesSource,
    domain::{
        cloud::Provider,
        estimate::{CopyEstimate, Estimates, TesEstimate},
        exact::{Cost, Seconds},
        geo::Host,
        service::ServiceUri,
        site::{Link, SiteModel, Tries},
        sites::{Place, Sites},
        transfer::{
            NetworkModel,
            leg::Source,
            route::Route,
            tables::{Area, Tables},
        },
    },
};

use super::{
    draw::Draw,
    federation::{Federation, Site, Store},
    model,
};

type Region = (Provider, String);

/// The measured rates between regions, in Gbit/s with 64 connections, and round trips.
pub struct Grid {
    pub tables: Arc<Tables>,
    pub europe: Vec<Region>,
    pub north_america: Vec<Region>,
    pub elsewhere: Vec<Region>,
    measured: HashMap<(String, String), (f64, Option<f64>)>,
}

impl Grid {
    /// Reads the fixture.
    pub fn new() -> Self {
        let tables = TablesSource::Embedded.load().unwrap();
        let mut grid = Self {
            tables: Arc::clone(&tables),
            europe: Vec::new(),
            north_america: Vec::new(),
            elsewhere: Vec::new(),
            measured: HashMap::new(),
        };
        let mut seen = std::collections::BTreeSet::new();
        for line in include_str!("throughput_grid.csv").lines().skip(1) {
            let fields: Vec<_> = line.split(',').collect();
            let pair = (fields[0].to_owned(), fields[1].to_owned());
            seen.insert(pair.0.clone());
            let rates = (fields[2].parse().unwrap(), fields[3].parse().ok());
            grid.measured.insert(pair, rates);
        }
        for name in seen {
            let (provider, region) = name.split_once(':').unwrap();
            let provider = Provider::parse(provider).unwrap();
            if tables.machine(provider, region).is_none() {
                continue;
            }
            let regions = match tables.area(provider, region) {
                Some(Area::Eu) => &mut grid.europe,
                Some(Area::Na) => &mut grid.north_america,
                _ => &mut grid.elsewhere,
            };
            regions.push((provider, region.to_owned()));
        }
        grid
    }

    fn between(&self, from: &Place, to: &Place) -> Option<(f64, Option<f64>)> {
        let name = |place: &Place| Some(format!("{}:{}", place.provider?, place.region.as_ref()?));
        self.measured.get(&(name(from)?, name(to)?)).copied()
    }
}

/// The truth as estimates without error, in the order of TES, objects and copies of the model.
pub fn of(federation: &Federation, grid: &Grid, draw: &mut Draw) -> Estimates {
    let task = &federation.task;
    let list = model::network(&grid.tables);
    let tes = federation.sites.iter().enumerate().map(|(position, site)| {
        let execution = task.seconds / site.speed;
        let tries = Tries::new(site.failures, site.preemptions_per_hour, execution)
            .unwrap_or(Tries::new(site.failures, 0.0, execution).unwrap());
        let hours = execution / 3600.0;
        #[expect(clippy::cast_precision_loss, reason = "few cores")]
        let per_hour = task.cores as f64 * site.core_hour + task.ram_gb * site.gb_hour;
        let routes: Vec<_> = federation
            .stores
            .iter()
            .map(|store| {
                let rate = rate(&list, store, site, grid) * draw.factor(0.3);
                (list_price(&list, store, site) * store.contract, rate)
            })
            .collect();
        let copy = |size: u64, uri: usize, store: usize| {
            let (per_gb, rate_mbps) = routes[store];
            #[expect(clippy::cast_precision_loss, reason = "gigabytes")]
            let size = size as f64 * tries.of_transfers;
            CopyEstimate {
                uri: u32::try_from(uri).unwrap(),
                cost: Cost::from_f64(size / 1e9 * per_gb),
                time: Seconds::from_f64(size * 8.0 / (rate_mbps * 1e6)),
                ..CopyEstimate::default()
            }
        };
        let copies = |(size, stores): &(u64, Vec<usize>)| {
            let stores = stores.iter().enumerate();
            stores
                .map(|(uri, &store)| copy(*size, uri, store))
                .collect()
        };
        TesEstimate {
            tes: position,
            compute: Cost::from_f64(hours * per_hour * tries.of_execution),
            queue: Seconds::from_f64(site.queue),
            execution: Seconds::from_f64(execution * tries.of_execution),
            objects: task.objects.iter().map(copies).collect(),
            ..TesEstimate::default()
        }
    });
    Estimates {
        tes: tes.collect(),
        warnings: Vec::new(),
    }
}

/// The route by the tables, with the whole truth about the places.
fn list_route(list: &NetworkModel, store: &Store, site: &Site) -> Route {
    let (host, tes) = (
        Host::parse(&store.host),
        ServiceUri::parse("https://tes.example/").unwrap(),
    );
    let mut sites = Sites::default();
    sites.places.insert(host.clone(), vec![store.place.clone()]);
    let known = SiteModel {
        place: Some(site.place.clone()),
        link: Link {
            in_mbps: site.link_mbps,
            out_mbps: None,
            streams: Some(site.streams),
        },
        ..SiteModel::default()
    };
    let source = Source {
        host: &host,
        is_ftp: store.is_ftp,
        names_payer: false,
    };
    list.route(source, &tes, &known, None, &sites)
}

/// The list price of a gigabyte.
pub fn list_price(list: &NetworkModel, store: &Store, site: &Site) -> f64 {
    list_route(list, store, site).price_per_gb
}

/// What was measured between two regions, as far as the connections and the link of the TES allow; elsewhere the class.
fn rate(list: &NetworkModel, store: &Store, site: &Site, grid: &Grid) -> f64 {
    const WINDOW_MBIT: f64 = 20.0;
    let by_class = list_route(list, store, site).rate_mbps.unwrap_or(1e5);
    let Some((gbps, rtt)) = grid.between(&store.place, &site.place) else {
        return by_class;
    };
    let by_window = rtt.map_or(by_class, |ms| site.streams * WINDOW_MBIT / (ms / 1000.0));
    let link = site.link_mbps.unwrap_or(f64::INFINITY);
    (gbps * 1000.0).min(by_window).min(link)
}
