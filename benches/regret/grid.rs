//! The regions of the clouds, and the rates that were measured between them.

use std::{collections::HashMap, sync::Arc};

use testribute::{
    config::TablesSource,
    domain::{
        cloud::Provider,
        sites::Place,
        transfer::tables::{Area, Tables},
    },
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

    pub fn between(&self, from: &Place, to: &Place) -> Option<(f64, Option<f64>)> {
        let name = |place: &Place| Some(format!("{}:{}", place.provider?, place.region.as_ref()?));
        self.measured.get(&(name(from)?, name(to)?)).copied()
    }
}
