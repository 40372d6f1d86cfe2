//! The routes from all sources of a request to all TES, each computed once, before they are priced in one currency.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    findings::Findings,
    money::Currency,
    object::{AccessUri, DataObject},
    output_routes::OutputRoutes,
    query::Query,
    site::SiteModel,
    sites::Sites,
    transfer::{
        TransferModel,
        leg::Source,
        route::{Assumption, Route},
        warning::TransferWarning,
    },
    warning::Warning,
};

/// The routes of a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Routes<'a> {
    /// The distinct sources.
    pub sources: Vec<Source<'a>>,
    /// For each object and access URI, the position of its source.
    pub of_objects: Vec<Vec<usize>>,
    /// For each offer, in their order, and each source, the route; `None` if the source cannot be used.
    pub of_offers: Vec<Vec<Option<Route>>>,
    /// The routes of outputs.
    pub outputs: OutputRoutes<'a>,
}

impl<'a> Routes<'a> {
    /// Computes all routes.
    pub fn new(
        query: &Query,
        findings: &'a Findings,
        sites: &Sites,
        model: &TransferModel,
        known: &[SiteModel],
    ) -> Self {
        let (sources, of_objects) = sources(&findings.objects);
        let default = SiteModel::default();
        let of_offers = findings
            .offers
            .iter()
            .map(|(position, offer)| {
                let Some(service) = query.tes().get(*position) else {
                    return Vec::new();
                };
                let site = known.get(*position).unwrap_or(&default);
                sources
                    .iter()
                    .map(|source| model.route(*source, service, site, offer.transfer, sites))
                    .collect()
            })
            .collect();
        Self {
            sources,
            of_objects,
            of_offers,
            outputs: OutputRoutes::new(query, findings, sites, model, known),
        }
    }

    /// The currencies of all prices but those of the TES.
    pub fn currencies(&self) -> BTreeSet<Currency> {
        let routes = self.of_offers.iter().chain(&self.outputs.of_offers);
        let routes = routes.flatten().flatten();
        routes
            .filter(|route| route.price_per_gb > 0.0)
            .filter_map(|route| route.currency)
            .collect()
    }

    /// One for each source and each TES about which too little is known.
    pub fn warnings(&self, query: &Query, findings: &Findings) -> Vec<Warning> {
        let mut sources = BTreeMap::new();
        let mut tes = BTreeSet::new();
        for ((position, _), routes) in findings.offers.iter().zip(&self.of_offers) {
            for (source, route) in self.sources.iter().zip(routes) {
                let Some(route) = route else { continue };
                if route.assumption == Some(Assumption::SourceUnknown) {
                    sources.insert(source.host.machine(), route);
                }
                if route.is_tes_unknown {
                    tes.insert(*position);
                }
            }
        }
        let of_sources = sources.into_iter().map(|(host, route)| {
            let currency = route.currency;
            TransferWarning::UnknownNetwork {
                host: host.to_string(),
                price_per_gb: route.price_per_gb,
                currency: currency.map_or("", Currency::code),
            }
        });
        let of_tes = tes.into_iter().filter_map(|position| {
            let service = query.tes().get(position)?.to_string();
            Some(TransferWarning::UnknownTesPlace { service })
        });
        let of_outputs = self.outputs.warnings(query, findings);
        let all = of_sources.chain(of_tes).chain(of_outputs);
        all.map(Warning::Transfer).collect()
    }
}

/// The distinct sources of all access URIs, and for each object and access URI the position of its source.
fn sources(objects: &[DataObject]) -> (Vec<Source<'_>>, Vec<Vec<usize>>) {
    let mut positions = HashMap::new();
    let mut distinct = Vec::new();
    let mut position_of = |access| {
        let source = source_of(access);
        *positions.entry(source).or_insert_with(|| {
            distinct.push(source);
            distinct.len() - 1
        })
    };
    let of_objects = objects
        .iter()
        .map(|object| object.access.iter().map(&mut position_of).collect())
        .collect();
    (distinct, of_objects)
}

/// The source of an access URI.
fn source_of(access: &AccessUri) -> Source<'_> {
    Source::of(&access.host, &access.uri)
}
