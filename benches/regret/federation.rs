//! Random federations: TES, copies of objects, and what the model cannot see of them.

use testribute::{
    domain::{
        cloud::{Network, Provider},
        geo::Coordinates,
        sites::{Place, PlaceSource},
    },
    locations::completed,
};

use super::{draw::Draw, grid::Grid};

/// Universities and institutes: name, latitude, longitude.
const ACADEMIC: [(&str, f64, f64); 16] = [
    ("basel", 47.56, 7.59),
    ("hinxton", 52.08, 0.18),
    ("espoo", 60.20, 24.66),
    ("barcelona", 41.39, 2.19),
    ("prague", 50.10, 14.39),
    ("freiburg", 48.00, 7.85),
    ("tartu", 58.38, 26.72),
    ("uppsala", 59.86, 17.64),
    ("amsterdam", 52.36, 4.95),
    ("lyon", 45.78, 4.87),
    ("boston", 42.36, -71.09),
    ("bethesda", 39.00, -77.10),
    ("san-diego", 32.88, -117.23),
    ("toronto", 43.66, -79.39),
    ("melbourne", -37.80, 144.96),
    ("tokyo", 35.71, 139.76),
];

/// Share of regions in Europe and in North America.
const OF_EUROPE: f64 = 0.45;
const OF_NORTH_AMERICA: f64 = 0.4;

/// One TES as it is.
#[derive(Debug, Clone)]
pub struct Site {
    pub place: Place,
    /// USD for a core and hour, and for a gigabyte of memory and hour.
    pub core_hour: f64,
    pub gb_hour: f64,
    pub speed: f64,
    /// What the model is told of the queue, and what it is.
    pub told_queue: f64,
    pub queue: f64,
    pub failures: f64,
    pub preemptions_per_hour: f64,
    pub link_mbps: Option<f64>,
    pub streams: f64,
}

/// One place that objects are copied from.
#[derive(Debug, Clone)]
pub struct Store {
    pub host: String,
    pub place: Place,
    /// What the model sees of the place.
    pub seen: Place,
    pub is_ftp: bool,
    /// Part of the list price that the contract is.
    pub contract: f64,
}

/// A task and its objects: size in bytes, and the stores that have it.
#[derive(Debug, Clone)]
pub struct Task {
    pub cores: u64,
    pub ram_gb: f64,
    pub seconds: f64,
    pub objects: Vec<(u64, Vec<usize>)>,
}

#[derive(Debug, Clone)]
pub struct Federation {
    pub sites: Vec<Site>,
    pub stores: Vec<Store>,
    pub task: Task,
}

impl Federation {
    pub fn new(draw: &mut Draw, grid: &Grid) -> Self {
        let sites = (0..draw.count(3, 10))
            .map(|_| Site::new(draw, grid))
            .collect();
        let known = draw.between(0.8, 0.9);
        let stores: Vec<_> = (0..draw.count(2, 6))
            .map(|number| Store::new(draw, grid, number, known))
            .collect();
        let task = Task::new(draw, stores.len());
        Self {
            sites,
            stores,
            task,
        }
    }
}

fn region(draw: &mut Draw, grid: &Grid) -> Place {
    let part = draw.unit();
    let regions = if part < OF_EUROPE {
        &grid.europe
    } else if part < OF_EUROPE + OF_NORTH_AMERICA {
        &grid.north_america
    } else {
        &grid.elsewhere
    };
    let (provider, region) = draw.of(regions);
    in_region(*provider, region)
}

pub fn in_region(provider: Provider, region: &str) -> Place {
    completed(Place {
        provider: Some(provider),
        region: Some(region.into()),
        ..Place::unknown(PlaceSource::Region)
    })
}

fn academic(draw: &mut Draw) -> Place {
    let (_, latitude, longitude) = *draw.of(&ACADEMIC);
    let coordinates = Coordinates::new(latitude, longitude).unwrap();
    Place {
        network: Some(Network::Academic),
        ..Place::at(coordinates, PlaceSource::Database)
    }
}

impl Site {
    fn new(draw: &mut Draw, grid: &Grid) -> Self {
        let speed = draw.factor(0.22);
        let noise = draw.factor(0.7);
        if draw.chance(0.45) {
            let is_free = draw.chance(0.3);
            let part = if is_free { 0.0 } else { draw.between(0.2, 0.8) };
            let told_queue = 900.0 * draw.factor(1.0);
            return Self {
                place: academic(draw),
                core_hour: 0.04 * part,
                gb_hour: 0.004 * part,
                speed,
                told_queue,
                queue: told_queue * noise,
                failures: draw.between(0.0, 0.15),
                preemptions_per_hour: 0.0,
                link_mbps: Some(*draw.of(&[1000.0, 2000.0, 5000.0, 10_000.0])),
                streams: *draw.of(&[1.0, 4.0, 8.0, 8.0, 16.0]),
            };
        }
        let place = region(draw, grid);
        let is_spot = draw.chance(0.3);
        let (machine, _) = place
            .provider
            .zip(place.region.as_deref())
            .and_then(|(provider, region)| grid.list.tables.machine(provider, region))
            .unwrap();
        let part = if is_spot { machine.spot_ratio } else { 1.0 };
        let told_queue = 120.0 * draw.factor(0.5);
        Self {
            core_hour: machine.vcpu_hour * part,
            gb_hour: machine.gib_hour / 1.073_741_824 * part,
            speed,
            told_queue,
            queue: told_queue * noise,
            failures: draw.between(0.0, 0.03),
            preemptions_per_hour: if is_spot {
                draw.between(0.01, 0.1)
            } else {
                0.0
            },
            link_mbps: None,
            streams: *draw.of(&[4.0, 8.0, 8.0, 16.0, 32.0]),
            place,
        }
    }
}

impl Store {
    fn new(draw: &mut Draw, grid: &Grid, number: usize, known: f64) -> Self {
        let in_cloud = draw.chance(0.5);
        let place = if in_cloud {
            region(draw, grid)
        } else {
            academic(draw)
        };
        let is_seen = draw.chance(known);
        let seen = match place.coordinates {
            Some(coordinates) if !is_seen => Place::at(coordinates, PlaceSource::Database),
            _ => place.clone(),
        };
        let contract = match draw.unit() {
            part if part < 0.6 => 1.0,
            part if part < 0.9 => draw.between(0.3, 1.0),
            _ => 0.0,
        };
        Self {
            host: format!("store-{number}.example"),
            place,
            seen,
            is_ftp: !in_cloud && draw.chance(0.3),
            contract,
        }
    }
}

impl Task {
    fn new(draw: &mut Draw, stores: usize) -> Self {
        const GB: f64 = 1e9;
        const HOUR: f64 = 3600.0;
        let (cores, hours, sizes) = if draw.chance(1.0 / 3.0) {
            (1, 90.0 / HOUR, vec![0.3; draw.count(1, 8)])
        } else {
            match draw.count(0, 3) {
                0 => (16, 6.0, vec![40.0, 40.0]),
                1 => (8, 8.0, vec![15.0, 3.0]),
                2 => (4, 2.0, vec![4.0; draw.count(10, 30)]),
                _ => (8, 1.0, vec![3.0, 3.0]),
            }
        };
        let objects = sizes
            .into_iter()
            .map(|size| {
                let copies = draw.count(1, 4).min(stores);
                let mut at: Vec<usize> = (0..stores).collect();
                while at.len() > copies {
                    at.remove(draw.count(0, at.len() - 1));
                }
                let bytes = size * GB * draw.factor(0.3);
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "gigabytes"
                )]
                let bytes = bytes as u64;
                (bytes, at)
            })
            .collect();
        Self {
            cores,
            #[expect(clippy::cast_precision_loss, reason = "few cores")]
            ram_gb: 4.0 * cores as f64,
            seconds: hours * HOUR * draw.factor(0.4),
            objects,
        }
    }
}
