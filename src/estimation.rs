//! The estimation model of the configuration: tables, overrides, and what is known about each site.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{Timestamp, tz::Offset};

use crate::{
    config::{Config, ConfigFault, Tes, TransferModelName},
    domain::{
        geo::Host,
        query::Query,
        service::ServiceUri,
        site::SiteModel,
        sites::{Place, PlaceSource, Sites},
        transfer::{
            NetworkModel, TransferModel, TransferRate, domains::Domains, tables::Tables,
            warning::TransferWarning,
        },
        warning::Warning,
    },
    locations::{bucket_terms, completed},
};

/// What estimates are made by.
#[derive(Debug)]
pub struct Estimation {
    transfers: TransferModel,
    tables: Arc<Tables>,
    domains: Arc<Domains>,
    tes: Tes,
    /// Of each entry of the price book.
    sites: Vec<SiteModel>,
}

impl Estimation {
    /// The model that `config` describes.
    ///
    /// # Errors
    /// [`ConfigFault`] if the tables cannot be read or have no list prices for an entry.
    pub fn new(config: &Config) -> Result<Self, ConfigFault> {
        let estimation = &config.estimation;
        let network = &estimation.network;
        let within = |fault: ConfigFault| fault.within("estimation.network");
        let tables = network.tables.load().map_err(within)?;
        let mut tes = config.tes.clone();
        let mut sites = Vec::with_capacity(tes.price_book.len());
        for (position, entry) in tes.price_book.iter_mut().enumerate() {
            let within = |fault: ConfigFault| fault.within(&format!("tes.price_book[{position}]"));
            *entry = entry.with_list_prices(&tables).map_err(within)?;
            let mut site = entry.site().map_err(within)?;
            site.place = site.place.map(completed);
            site.list_prices = entry.list_price_basis(&tables);
            sites.push(site);
        }
        let mut domains = tables.domains.clone();
        network.add_networks(&mut domains).map_err(within)?;
        let transfers = match estimation.transfer_model {
            TransferModelName::Distance => {
                TransferModel::Distance(estimation.transfer_rate_mbps.map(TransferRate))
            }
            TransferModelName::Network => TransferModel::Network(Arc::new(NetworkModel {
                tables: Arc::clone(&tables),
                billed_to: estimation.billed_to,
                monthly_egress_gb: network.monthly_egress_gb,
                streams: network.streams,
                unknown: network.unknown_source(estimation.transfer_rate_mbps),
                overrides: network.route_overrides(),
                buckets: bucket_terms(&config.locations.buckets),
            })),
        };
        Ok(Self {
            transfers,
            tables,
            domains: Arc::new(domains),
            tes,
            sites,
        })
    }

    /// The price book, with list prices written out.
    pub const fn price_book(&self) -> &Tes {
        &self.tes
    }

    /// How transfers are estimated.
    pub const fn transfers(&self) -> &TransferModel {
        &self.transfers
    }

    /// What hosts belong to by their domains and addresses.
    pub fn domains(&self) -> Arc<Domains> {
        Arc::clone(&self.domains)
    }

    /// What is known about each TES of `query`, in its order.
    pub fn sites_of(&self, query: &Query) -> Vec<SiteModel> {
        query.tes().iter().map(|tes| self.site_of(tes)).collect()
    }

    /// What is known about `tes`.
    pub fn site_of(&self, tes: &ServiceUri) -> SiteModel {
        let entry = self.tes.position_for(tes);
        let site = entry.and_then(|entry| self.sites.get(entry));
        site.cloned().unwrap_or_default()
    }

    /// The places of hosts that need not be looked up: of those whose TES all have configured coordinates.
    pub fn places_of(query: &Query, sites: &[SiteModel]) -> BTreeMap<Host, Vec<Place>> {
        configured(query, sites, |place| place.coordinates.is_some())
    }

    /// Gives the configured places of TES that have no coordinates those that their hosts were located at, and lists them in
    /// `sites`.
    pub fn complete_places(query: &Query, known: &mut [SiteModel], sites: &mut Sites) {
        for (position, (tes, site)) in query.tes().iter().zip(known.iter_mut()).enumerate() {
            let Some(place) = &mut site.place else {
                continue;
            };
            let located = sites
                .places
                .get(tes.host())
                .and_then(|places| places.first());
            if let (None, Some(located)) = (place.coordinates, located) {
                place.coordinates = located.coordinates;
                place.approximate = located.approximate;
                place.network_source = Some(PlaceSource::Override);
                place.source = located.source;
            }
            sites.of_tes.insert(position, place.clone());
        }
        sites.places.extend(configured(query, known, |_| true));
    }

    /// That the tables are old at the time `now`, if they are.
    pub fn table_warning(&self, now: Timestamp) -> Option<Warning> {
        let uses_tables =
            matches!(self.transfers, TransferModel::Network(_)) || self.tes.has_list_prices();
        let today = Offset::UTC.to_datetime(now);
        let (year, month) = (i32::from(today.year()), i32::from(today.month()));
        (uses_tables && self.tables.is_old_in(year, month)).then(|| {
            Warning::Transfer(TransferWarning::OldTables {
                as_of: self.tables.as_of.clone(),
            })
        })
    }
}

/// The distinct configured places of each host of which every TES has one that is `enough`: where one has none, the host may
/// be anywhere.
fn configured(
    query: &Query,
    sites: &[SiteModel],
    enough: impl Fn(&Place) -> bool,
) -> BTreeMap<Host, Vec<Place>> {
    let mut by_host: BTreeMap<Host, Option<Vec<Place>>> = BTreeMap::new();
    for (tes, site) in query.tes().iter().zip(sites) {
        let places = by_host
            .entry(tes.host().clone())
            .or_insert_with(|| Some(Vec::new()));
        match (places.as_mut(), &site.place) {
            (Some(places), Some(place)) if enough(place) => {
                if !places.contains(place) {
                    places.push(place.clone());
                }
            }
            _ => *places = None,
        }
    }
    let by_host = by_host.into_iter();
    by_host
        .filter_map(|(host, places)| Some((host, places?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{api::request::RankRequest, config::Limits, domain::geo::Coordinates};

    fn site(place: Option<Place>) -> SiteModel {
        SiteModel {
            place,
            ..SiteModel::default()
        }
    }

    #[test]
    fn the_configured_place_of_a_tes_is_not_that_of_another_on_its_host() {
        let request = serde_json::json!({
            "resource_requirements": {
                "cpu_cores": 1, "ram_gb": 1, "disk_gb": 1, "execution_time_sec": 1
            },
            "tes_uris": ["https://tes.example:22500", "https://tes.example:22501"]
        });
        let request: RankRequest = serde_json::from_value(request).unwrap();
        let query = request.into_query(&Limits::default(), &[]).unwrap();
        let place = |latitude| {
            let coordinates = Coordinates::new(latitude, 0.0).unwrap();
            Place::at(coordinates, PlaceSource::Override)
        };
        let host = query.tes()[0].host().clone();
        let network = Place::unknown(PlaceSource::Override);
        for second in [Some(network), None] {
            let mut known = [site(Some(place(1.0))), site(second.clone())];
            assert_eq!(Estimation::places_of(&query, &known), BTreeMap::new());
            let mut sites = Sites::default();
            Estimation::complete_places(&query, &mut known, &mut sites);
            let coordinates = known[1].place.as_ref().and_then(|place| place.coordinates);
            assert_eq!(coordinates, None, "the host is not located");

            let mut known = [site(Some(place(1.0))), site(second.clone())];
            let mut sites = Sites::default();
            sites.places.insert(host.clone(), vec![place(2.0)]);
            Estimation::complete_places(&query, &mut known, &mut sites);
            assert_eq!(sites.of_tes[&0], place(1.0));
            let completed = sites.of_tes.get(&1).map(|place| place.coordinates);
            assert_eq!(completed, second.map(|_| place(2.0).coordinates));
        }
        let known = [site(Some(place(1.0))), site(Some(place(3.0)))];
        let both = BTreeMap::from([(host, vec![place(1.0), place(3.0)])]);
        assert_eq!(Estimation::places_of(&query, &known), both);
    }
}
