//! The regions of the clouds, and the rates that were measured between them.

use std::{collections::HashMap, sync::Arc};

use testribute::{
    config::Config,
    domain::{
        cloud::Provider,
        sites::Place,
        transfer::{NetworkModel, TransferModel, tables::Area},
    },
    estimation::Estimation,
};

type Region = (Provider, String);

/// The measured rates between regions, in Gbit/s with 64 connections, and round trips.
pub struct Grid {
    /// The model `network` with its defaults.
    pub list: Arc<NetworkModel>,
    pub europe: Vec<Region>,
    pub north_america: Vec<Region>,
    pub elsewhere: Vec<Region>,
    measured: HashMap<(String, String), (f64, Option<f64>)>,
}

impl Grid {
    /// Reads the fixture.
    pub fn new() -> Self {
        let defaults = Estimation::new(&Config::default()).unwrap();
        let TransferModel::Network(list) = defaults.transfers() else {
            panic!("the default model is another one");
        };
        let tables = &list.tables;
        let mut grid = Self {
            list: Arc::clone(list),
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

    pub fn between(&self, from: &Place, to: &Place) -> Option<(f64, Option<f64>)> {
        let name = |place: &Place| Some(format!("{}:{}", place.provider?, place.region.as_ref()?));
        self.measured.get(&(name(from)?, name(to)?)).copied()
    }
}
