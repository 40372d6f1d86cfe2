//! The routes of outputs: from each TES to where they go.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    findings::Findings,
    money::Currency,
    output::Destination,
    query::Query,
    site::SiteModel,
    sites::Sites,
    transfer::{
        TransferModel,
        route::{Assumption, Route},
        warning::TransferWarning,
    },
};

/// The routes of outputs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OutputRoutes<'a> {
    /// The distinct destinations.
    pub destinations: Vec<Option<&'a Destination>>,
    /// For each output, the position of its destination.
    pub of_outputs: Vec<usize>,
    /// For each offer, in their order, and each destination, the route; `None` if the model needs a distance that is
    /// unknown.
    pub of_offers: Vec<Vec<Option<Route>>>,
}

impl<'a> OutputRoutes<'a> {
    /// Computes all routes.
    pub fn new(
        query: &Query,
        findings: &'a Findings,
        sites: &Sites,
        model: &TransferModel,
        known: &[SiteModel],
    ) -> Self {
        let mut positions = HashMap::new();
        let mut destinations = Vec::new();
        let of_outputs = findings.outputs.iter().map(|output| {
            let destination = output.destination.as_ref();
            *positions.entry(destination).or_insert_with(|| {
                destinations.push(destination);
                destinations.len() - 1
            })
        });
        let of_outputs = of_outputs.collect();
        let default = SiteModel::default();
        let of_offers = findings.offers.iter().map(|(position, offer)| {
            let Some(service) = query.tes().get(*position) else {
                return Vec::new();
            };
            let site = known.get(*position).unwrap_or(&default);
            destinations
                .iter()
                .map(|to| model.output_route(*to, service, site, offer.transfer, sites))
                .collect()
        });
        let of_offers = of_offers.collect();
        Self {
            destinations,
            of_outputs,
            of_offers,
        }
    }

    /// One for each destination and each TES about which too little is known.
    pub fn warnings(&self, query: &Query, findings: &Findings) -> Vec<TransferWarning> {
        let (mut tes, mut unplaced, mut unmeasured) =
            (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
        for ((position, _), routes) in findings.offers.iter().zip(&self.of_offers) {
            for (destination, route) in self.destinations.iter().zip(routes) {
                let Some(host) = destination.map(|to| to.host.machine()) else {
                    continue;
                };
                match route.as_ref().map(|route| route.assumption) {
                    None => {
                        unmeasured.insert(host);
                    }
                    Some(Some(Assumption::DestinationUnknown)) => {
                        unplaced.insert(host);
                    }
                    Some(Some(Assumption::TesProviderUnknown)) => {
                        tes.insert(*position, route);
                    }
                    Some(_) => {}
                }
            }
        }
        let of_tes = tes.into_iter().filter_map(|(position, route)| {
            let route = route.as_ref()?;
            Some(TransferWarning::UnknownTesNetwork {
                service: query.tes().get(position)?.to_string(),
                price_per_gb: route.price_per_gb,
                currency: route.currency.map_or("", Currency::code),
            })
        });
        let of_places = unplaced
            .into_iter()
            .map(|host| TransferWarning::UnknownDestination {
                host: host.to_string(),
            });
        let of_distances =
            unmeasured
                .into_iter()
                .map(|host| TransferWarning::UnknownDistanceOfOutputs {
                    host: host.to_string(),
                });
        of_tes.chain(of_places).chain(of_distances).collect()
    }
}
