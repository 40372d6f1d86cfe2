//! What really happens in a federation: list prices times contracts, and rates that were measured.

use testribute::domain::{
    estimate::{CopyEstimate, Estimates, TesEstimate},
    exact::{Cost, Seconds},
    site::Tries,
    transfer::NetworkModel,
};

use super::{
    draw::Draw,
    federation::{Federation, Site, Store},
    grid::Grid,
    list::{list_price, list_route},
};

/// The truth as estimates without error, in the order of TES, objects and copies of the model.
pub fn of(federation: &Federation, grid: &Grid, draw: &mut Draw) -> Estimates {
    let task = &federation.task;
    let list = &grid.list;
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
                let rate = rate(list, store, site, grid) * draw.factor(0.3);
                (list_price(list, store, site) * store.contract, rate)
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
