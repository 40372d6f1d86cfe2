//! Prices and rates by the tables, as a model without other knowledge has them.

use std::{collections::BTreeMap, sync::Arc};

use testribute::domain::{
    geo::Host,
    money::Currency,
    service::ServiceUri,
    site::{Link, SiteModel},
    sites::Sites,
    transfer::{BilledTo, NetworkModel, UnknownSource, leg::Source, route::Route, tables::Tables},
};

use super::federation::{Site, Store};

/// The model `network` with its defaults.
pub fn network(tables: &Arc<Tables>) -> NetworkModel {
    NetworkModel {
        tables: Arc::clone(tables),
        billed_to: BilledTo::All,
        monthly_egress_gb: 0.0,
        streams: 8.0,
        unknown: UnknownSource {
            price_per_gb: 0.09,
            currency: Currency::USD,
            rate_mbps: 1000.0,
        },
        overrides: Vec::new(),
        buckets: BTreeMap::new(),
    }
}

/// The route by the tables, with the whole truth about the places.
pub fn list_route(list: &NetworkModel, store: &Store, site: &Site) -> Route {
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
