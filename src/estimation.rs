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

    /// The places of TES that the price book gives, by host.
    pub fn places_of(query: &Query, sites: &[SiteModel]) -> BTreeMap<Host, Vec<Place>> {
        let tes = query.tes().iter().zip(sites);
        tes.filter_map(|(tes, site)| {
            let place = site.place.clone()?;
            // Without coordinates, the host is looked up for them.
            place.coordinates?;
            Some((tes.host().clone(), vec![place]))
        })
        .collect()
    }

    /// Gives the configured places of TES that have no coordinates those of their hosts, and lists them among `sites`.
    pub fn complete_places(query: &Query, known: &mut [SiteModel], sites: &mut Sites) {
        for (tes, site) in query.tes().iter().zip(known) {
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
            sites.places.insert(tes.host().clone(), vec![place.clone()]);
        }
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
