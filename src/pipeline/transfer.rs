//! Price and rate of one transfer, without a task.

use super::Pipeline;
use crate::{
    client::CallScope,
    domain::{
        geo::Host,
        service::ServiceUri,
        sites::Place,
        transfer::{leg::Source, route::Route},
        warning::Warning,
    },
};

/// The ends of a transfer.
#[derive(Debug, Clone)]
pub struct TransferEnds {
    /// Where the data are.
    pub from: Host,
    /// Its place, if it need not be looked up.
    pub from_place: Option<Place>,
    /// Its URI, or what else it was called.
    pub from_uri: String,
    /// Where the task runs.
    pub tes: ServiceUri,
    /// Its place, if it need not be looked up.
    pub to_place: Option<Place>,
}

/// A transfer, and what is known about its ends.
#[derive(Debug, Clone, PartialEq)]
pub struct TransferAnswer {
    /// Price and rate.
    pub route: Route,
    /// Whether its charge counts in costs (`estimation.billed_to`).
    pub counts: bool,
    /// The place of the data.
    pub from: Option<Place>,
    /// The place of the task.
    pub to: Option<Place>,
}

impl Pipeline {
    /// Price and rate between `ends`, and warnings.
    pub async fn transfer(
        &self,
        scope: &CallScope,
        ends: TransferEnds,
    ) -> (Option<TransferAnswer>, Vec<Warning>) {
        let estimation = self.estimation();
        let mut site = estimation.site_of(&ends.tes);
        if ends.to_place.is_some() {
            site.place = ends.to_place;
        }
        let mut hosts = Vec::new();
        if ends.from_place.is_none() {
            hosts.push(ends.from.clone());
        }
        if site.place.is_none() {
            hosts.push(ends.tes.host().clone());
        }
        let mut sites = self.locate(scope, &hosts).await;
        let places = ends
            .from_place
            .map(|place| (ends.from.clone(), vec![place]));
        sites.places.extend(places);
        let source = Source::of(&ends.from, &ends.from_uri);
        let model = estimation.transfers();
        let route = model.route(source, &ends.tes, &site, None, &sites);
        let (from, to, _) = sites.nearest(&ends.from, ends.tes.host(), site.place.as_ref());
        let answer = route.map(|route| TransferAnswer {
            counts: model.counts(route.billed_to),
            route,
            from: from.cloned(),
            to: to.cloned(),
        });
        (answer, sites.warnings)
    }
}
