//! Prices and rates by the tables, as a model without other knowledge has them.

use testribute::domain::{
    geo::Host,
    service::ServiceUri,
    site::{Link, SiteModel},
    sites::Sites,
    transfer::{NetworkModel, leg::Source, route::Route},
};

use super::federation::{Site, Store};

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
