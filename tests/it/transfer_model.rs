//! Estimates of transfers: what a gigabyte costs, how fast it moves, who is billed.

use std::{collections::BTreeMap, sync::Arc};

use proptest::prelude::*;
use testribute::{
    config::TablesSource,
    domain::{
        cloud::{Network, Provider},
        estimate::{Assumptions, Estimates},
        exact::Seconds,
        findings::{Findings, OfferSource, TaskInfo},
        geo::{Coordinates, Host},
        mode::Mode,
        money::{Currency, Money, Rates},
        object::{AccessUri, DataObject},
        query::{Query, QueryParts},
        queue::QueueBasis,
        resources::ResourceNeeds,
        routes::Routes,
        service::ServiceUri,
        site::{Link, SiteModel},
        sites::{Place, PlaceSource, Sites},
        transfer::{
            BilledTo, BucketTerms, NetworkModel, RouteOverride, TransferModel, TransferRate,
            UnknownSource,
            domains::{Affiliation, Domains},
            leg::Source,
            route::{Assumption, Charge, Payer, RateLimit, Route},
        },
    },
};

fn model() -> NetworkModel {
    NetworkModel {
        tables: TablesSource::Embedded.load().unwrap(),
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

fn cloud(provider: Provider, region: Option<&str>) -> Place {
    let place = Place {
        provider: Some(provider),
        region: region.map(Into::into),
        ..Place::unknown(PlaceSource::Region)
    };
    testribute::locations::completed(place)
}

fn academic() -> Place {
    Place {
        network: Some(Network::Academic),
        ..Place::at(
            Coordinates::new(52.08, 0.18).unwrap(),
            PlaceSource::Database,
        )
    }
}

const TES: &str = "https://tes.example/";

/// The route from `from` at the host or bucket `host` to a TES at `to`.
fn route_of(
    model: &NetworkModel,
    host: &str,
    from: Option<Place>,
    to: Option<Place>,
    site: &SiteModel,
) -> Route {
    let is_ftp = host.starts_with("ftp");
    let (host, tes) = (Host::parse(host), ServiceUri::parse(TES).unwrap());
    let mut sites = Sites::default();
    sites
        .places
        .extend(from.map(|place| (host.clone(), vec![place])));
    sites
        .places
        .extend(to.map(|place| (tes.host().clone(), vec![place])));
    let source = Source {
        host: &host,
        is_ftp,
        names_payer: false,
    };
    model.route(source, &tes, site, None, &sites)
}

fn route(from: Place, to: Place) -> Route {
    let site = SiteModel::default();
    route_of(&model(), "data.example", Some(from), Some(to), &site)
}

fn close(a: f64, b: f64, digits: i32) -> bool {
    (a - b).abs() <= 0.5 * 10_f64.powi(-digits)
}

/// The seven copies of the issue that this model was made for.
fn copies() -> [Place; 7] {
    [
        cloud(Provider::Aws, Some("us-east-1")),
        cloud(Provider::Aws, Some("us-east-2")),
        cloud(Provider::Aws, Some("us-west-2")),
        cloud(Provider::Aws, Some("eu-central-1")),
        cloud(Provider::Gcp, Some("us-east4")),
        cloud(Provider::Gcp, Some("us-central1")),
        academic(),
    ]
}

#[test]
fn a_hundred_gigabytes_cost_what_providers_charge() {
    let to_academic = [9.0, 9.0, 9.0, 9.0, 11.1759, 11.1759, 0.0];
    for (to, expected) in [
        (
            cloud(Provider::Aws, Some("us-east-1")),
            [0.0, 1.0, 2.0, 2.0, 11.1759, 11.1759, 0.0],
        ),
        (academic(), to_academic),
        (
            cloud(Provider::Gcp, Some("us-central1")),
            [9.0, 9.0, 9.0, 9.0, 1.8626, 0.0, 0.0],
        ),
        (cloud(Provider::Azure, Some("eastus")), to_academic),
    ] {
        let costs = copies().map(|from| 100.0 * route(from, to.clone()).price_per_gb);
        for (cost, expected) in costs.iter().zip(expected) {
            assert!(close(*cost, expected, 4), "{costs:?} to {to:?}");
        }
    }
}

#[test]
fn every_price_says_what_it_is_and_where_it_comes_from() {
    let charges = copies().map(|from| {
        let route = route(from, cloud(Provider::Gcp, Some("us-central1")));
        (route.charge, route.billed_to, route.price_source.is_some())
    });
    let internet = (Charge::Internet, Payer::Owner, true);
    let free = |charge, is_listed| (charge, Payer::Nobody, is_listed);
    assert_eq!(
        charges,
        [
            internet,
            internet,
            internet,
            internet,
            (Charge::InterRegion, Payer::Owner, true),
            free(Charge::SameRegion, true),
            free(Charge::FreeNetwork, false),
        ]
    );
}

#[test]
fn prices_that_nobody_wrote_down_are_marked() {
    let south = cloud(Provider::Gcp, Some("southamerica-east1"));
    let north = cloud(Provider::Gcp, Some("us-central1"));
    assert!(!route(north.clone(), south).verified);
    assert!(route(north.clone(), cloud(Provider::Gcp, Some("us-east4"))).verified);
    let unlisted = cloud(Provider::Aws, Some("cn-north-1"));
    assert!(!route(unlisted, north).verified);
}

#[test]
fn a_source_in_an_unknown_region_has_the_price_of_most_regions() {
    let bucket = || cloud(Provider::Aws, None);
    let to_aws = route(bucket(), cloud(Provider::Aws, Some("eu-west-1")));
    assert_eq!(
        (to_aws.price_per_gb, to_aws.charge),
        (0.02, Charge::InterRegion)
    );
    let away = route(bucket(), academic());
    assert_eq!((away.price_per_gb, away.charge), (0.09, Charge::Internet));
    assert!(to_aws.assumption.is_some() && away.assumption.is_some());
    let google = route(cloud(Provider::Gcp, None), academic());
    assert!(
        close(google.price_per_gb, 0.12 / 1.073_741_824, 12),
        "{google:?}"
    );
}

#[test]
fn an_unknown_source_or_tes_has_an_assumed_price() {
    let site = SiteModel::default();
    let of = |from, to| route_of(&model(), "data.example", from, to, &site);
    let unknown = of(None, Some(academic()));
    assert_eq!(
        (unknown.price_per_gb, unknown.charge),
        (0.09, Charge::Unknown)
    );
    let coordinates = Place::at(Coordinates::new(1.0, 1.0).unwrap(), PlaceSource::Database);
    assert_eq!(
        of(Some(coordinates), Some(academic())).charge,
        Charge::Unknown
    );
    let internet = of(Some(cloud(Provider::Aws, Some("us-east-1"))), None);
    assert_eq!(
        (internet.price_per_gb, internet.charge),
        (0.09, Charge::Internet)
    );
    assert!(internet.assumption.is_some());
}

#[test]
fn buckets_in_several_regions_have_prices_of_their_own() {
    let to = |region| cloud(Provider::Gcp, Some(region));
    let per_gib = |price: f64| price / 1.073_741_824;
    for (from, region, price) in [
        ("us", "us-central1", 0.02),
        ("nam4", "us-east1", 0.0),
        ("eur4", "europe-west4", 0.0),
        ("eur4", "europe-west1", 0.02),
        ("us", "europe-west1", 0.05),
        ("asia1", "asia-northeast2", 0.0),
    ] {
        let found = route(to(from), to(region)).price_per_gb;
        assert!(close(found, per_gib(price), 12), "{from} {region}: {found}");
    }
    let away = route(to("us"), academic()).price_per_gb;
    assert!(close(away, per_gib(0.12), 12), "{away}");
}

#[test]
fn a_tes_in_a_region_that_is_not_listed_is_somewhere_else_at_its_provider() {
    for (provider, from, misspelt) in [
        (Provider::Gcp, "europe-west1", "europe-west99"),
        (Provider::Aws, "eu-west-1", "eu-wset-1"),
        (Provider::Azure, "westeurope", "westeuropa"),
    ] {
        for source in [Some(from), None] {
            let from = cloud(provider, source);
            let found = route(from.clone(), cloud(provider, Some(misspelt)));
            let somewhere = route(from, cloud(provider, None));
            assert!(
                close(found.price_per_gb, somewhere.price_per_gb, 15),
                "{misspelt}"
            );
            assert_eq!(found.charge, Charge::InterRegion, "{misspelt}");
            assert_eq!(found.assumption, Some(Assumption::CommonRegion));
        }
    }
}

#[test]
fn the_limit_of_archives_is_that_of_what_they_serve() {
    let (archive, tes) = ("ftp.ebi.ac.uk", "https://tes.ebi.ac.uk/");
    let rate = |source: &str, tes: &str| {
        let (host, tes) = (Host::parse(source), ServiceUri::parse(tes).unwrap());
        let uri = format!("https://{source}/x");
        let (site, sites) = (SiteModel::default(), Sites::default());
        let source = Source::of(&host, &uri);
        model().route(source, &tes, &site, None, &sites).rate_mbps
    };
    assert_eq!(rate(archive, "https://tes.example/"), Some(500.0));
    assert_eq!(rate("data.example", tes), Some(1000.0));
}

#[test]
fn the_smallest_network_decides_what_an_address_belongs_to() {
    let in_aws = ("10.1.2.3", Affiliation::parse("aws/eu-west-1").unwrap());
    let at_home = ("10.0.0.0/8", Affiliation::parse("academic").unwrap());
    for networks in [[&in_aws, &at_home], [&at_home, &in_aws]] {
        let mut domains = Domains::default();
        for (pattern, affiliation) in networks {
            domains.add(pattern, affiliation).unwrap();
        }
        let of = |address: &str| domains.of_addresses(&[address.parse().unwrap()]);
        assert_eq!(of("10.1.2.3").as_ref(), Some(&in_aws.1));
        assert_eq!(of("10.1.2.4").as_ref(), Some(&at_home.1));
        assert_eq!(of("11.1.2.4"), None);
    }
}

#[test]
fn whose_project_pays_is_told_by_any_part_of_the_query() {
    let host = Host::parse("gs://b");
    for (uri, expected) in [
        ("gs://b/x?userProject=p", true),
        ("gs://b/x?generation=3&userProject=p", true),
        ("gs://b/x?generation=3;userProject=p", true),
        ("gs://b/x?generation=userProject", false),
        ("gs://b/userProject=p", false),
    ] {
        let source = Source::of(&host, uri);
        assert_eq!(source.names_payer, expected, "{uri}");
    }
}

#[test]
fn tiers_follow_the_monthly_egress() {
    let site = SiteModel::default();
    for (egress, price) in [
        (0.0, 0.09),
        (10_239.0, 0.09),
        (10_240.0, 0.085),
        (1e9, 0.05),
    ] {
        let model = NetworkModel {
            monthly_egress_gb: egress,
            ..model()
        };
        let from = cloud(Provider::Aws, Some("us-east-1"));
        let found = route_of(&model, "data.example", Some(from), Some(academic()), &site);
        assert!(close(found.price_per_gb, price, 12), "{egress}: {found:?}");
    }
}

#[test]
fn google_charges_more_to_australia() {
    let sydney = Place::at(
        Coordinates::new(-33.9, 151.2).unwrap(),
        PlaceSource::Database,
    );
    let found = route(cloud(Provider::Gcp, Some("us-central1")), sydney).price_per_gb;
    assert!(close(found, 0.19 / 1.073_741_824, 12), "{found}");
}

#[test]
fn rates_are_those_of_the_narrowest_part() {
    let rate = |from: &str, place: Place, to: Place, link: Link| {
        let site = SiteModel {
            link,
            ..SiteModel::default()
        };
        let route = route_of(&model(), from, Some(place), Some(to), &site);
        (route.rate_mbps.unwrap(), route.limited_by.unwrap())
    };
    let aws = |region| cloud(Provider::Aws, Some(region));
    let any = Link::default();
    // Eight connections of 0.7 Gbit/s.
    let (near, limit) = rate("a.example", aws("us-east-1"), aws("us-east-1"), any);
    assert!(
        close(near, 5600.0, 6) && limit == RateLimit::Class,
        "{near}"
    );
    // 20 Mbit of eight connections in a round trip of 2 ms and 18.3 ms for each 1000 km.
    let km = aws("us-east-1").coordinates.unwrap();
    let km = km
        .distance_to(aws("eu-central-1").coordinates.unwrap())
        .get();
    let (far, limit) = rate("a.example", aws("us-east-1"), aws("eu-central-1"), any);
    let expected = 8.0 * 20.0 / (0.002 + 0.0183 * km / 1000.0);
    assert!(
        close(far, expected, 6) && limit == RateLimit::RoundTrip,
        "{far}"
    );
    let narrow = Link {
        in_mbps: Some(100.0),
        ..any
    };
    let narrow = rate("a.example", aws("us-east-1"), aws("eu-central-1"), narrow);
    assert_eq!(narrow, (100.0, RateLimit::Site));
    let many = Link {
        streams: Some(1000.0),
        ..any
    };
    let capped = rate("a.example", aws("us-east-1"), aws("eu-central-1"), many);
    assert_eq!(capped, (5000.0, RateLimit::Pair));
    let archive = rate("ftp.ebi.ac.uk", academic(), academic(), many);
    assert_eq!(archive, (500.0, RateLimit::Class), "one connection");
    let (slow, limit) = rate("ftp.ebi.ac.uk", academic(), aws("us-west-2"), many);
    assert!(slow < 200.0 && limit == RateLimit::RoundTrip, "{slow}");
}

#[test]
fn overrides_win_over_the_tables() {
    let of = |from: &str, to: Option<&str>, price_per_gb, rate_mbps| RouteOverride {
        from: Some(from.to_owned().try_into().unwrap()),
        to: to.map(|to| to.to_owned().try_into().unwrap()),
        price_per_gb,
        currency: Currency::CHF,
        rate_mbps,
    };
    let model = NetworkModel {
        overrides: vec![
            of("s3://1000genomes", None, Some(0.0), None),
            of("aws/us-east-1", Some(TES), Some(0.5), Some(8000.0)),
            of("aws", None, Some(0.7), Some(300.0)),
            of("*.unibas.ch", None, Some(0.1), None),
        ],
        ..model()
    };
    let site = SiteModel::default();
    let to = || Some(cloud(Provider::Aws, Some("us-west-2")));
    let aws = |host: &str, region| {
        route_of(
            &model,
            host,
            Some(cloud(Provider::Aws, Some(region))),
            to(),
            &site,
        )
    };
    let free = aws("s3://1000genomes", "us-west-1");
    assert_eq!((free.price_per_gb, free.charge), (0.0, Charge::Override));
    assert_eq!(
        free.limited_by,
        Some(RateLimit::Store),
        "the source's own limit"
    );
    let pair = aws("data.example", "us-east-1");
    assert_eq!(
        (pair.price_per_gb, pair.currency),
        (0.5, Some(Currency::CHF))
    );
    assert_eq!(
        (pair.rate_mbps, pair.limited_by),
        (Some(8000.0), Some(RateLimit::Override))
    );
    assert!((aws("data.example", "us-east-2").price_per_gb - 0.7).abs() < 1e-12);
    let below = route_of(&model, "data.biozentrum.unibas.ch", None, to(), &site);
    assert!((below.price_per_gb - 0.1).abs() < 1e-12);
}

#[test]
fn who_is_billed_depends_on_the_bucket() {
    let terms = |requester_pays, owned, open_data| BucketTerms {
        requester_pays,
        owned,
        open_data,
    };
    let model = NetworkModel {
        billed_to: BilledTo::Caller,
        buckets: BTreeMap::from([
            (Host::parse("s3://asks"), terms(true, false, false)),
            (Host::parse("s3://own"), terms(false, true, false)),
            (Host::parse("s3://open"), terms(true, false, true)),
        ]),
        ..model()
    };
    let site = SiteModel::default();
    let payer = |bucket: &str| {
        let from = Some(cloud(Provider::Aws, Some("us-east-1")));
        route_of(&model, bucket, from, Some(academic()), &site).billed_to
    };
    assert_eq!(payer("s3://asks"), Payer::Caller);
    assert_eq!(payer("s3://own"), Payer::Caller);
    assert_eq!(payer("s3://open"), Payer::Nobody);
    assert_eq!(payer("s3://other"), Payer::Owner);
    let azure = Some(cloud(Provider::Azure, Some("eastus")));
    let never = route_of(&model, "s3://asks", azure, Some(academic()), &site);
    assert_eq!(never.billed_to, Payer::Owner, "Azure has no Requester Pays");
    let model = TransferModel::Network(Arc::new(model));
    assert!(model.counts(Payer::Caller) && !model.counts(Payer::Owner));
}

#[test]
fn hosts_are_known_by_their_domains() {
    let tables = TablesSource::Embedded.load().unwrap();
    for (host, provider, region) in [
        ("bucket.s3.amazonaws.com", Some(Provider::Aws), None),
        ("storage.googleapis.com", Some(Provider::Gcp), None),
        ("account.blob.core.windows.net", Some(Provider::Azure), None),
        (
            "objectstorage.eu-frankfurt-1.oraclecloud.com",
            Some(Provider::Oci),
            Some("eu-frankfurt-1"),
        ),
        (
            "s3.eu-de.cloud-object-storage.appdomain.cloud",
            Some(Provider::Ibm),
            Some("eu-de"),
        ),
        (
            "x.r2.cloudflarestorage.com",
            Some(Provider::CloudflareR2),
            None,
        ),
        ("s3.wasabisys.com", Some(Provider::Wasabi), None),
        (
            "s3.eu-central-1.wasabisys.com",
            Some(Provider::Wasabi),
            Some("eu-central-1"),
        ),
        (
            "s3.us-west-004.backblazeb2.com",
            Some(Provider::BackblazeB2),
            Some("us-west-004"),
        ),
        ("fly.storage.tigris.dev", Some(Provider::Tigris), None),
        ("gateway.storjshare.io", Some(Provider::Storj), None),
        (
            "b.nyc3.digitaloceanspaces.com",
            Some(Provider::DigitalOcean),
            Some("nyc3"),
        ),
        (
            "eu-central-1.linodeobjects.com",
            Some(Provider::AkamaiLinode),
            Some("eu-central-1"),
        ),
        (
            "fsn1.your-objectstorage.com",
            Some(Provider::Hetzner),
            Some("fsn1"),
        ),
        (
            "s3.gra.io.cloud.ovh.net",
            Some(Provider::OvhCloud),
            Some("gra"),
        ),
        (
            "b.s3.fr-par.scw.cloud",
            Some(Provider::Scaleway),
            Some("fr-par"),
        ),
        ("s3://bucket", Some(Provider::Aws), None),
        ("gs://bucket", Some(Provider::Gcp), None),
    ] {
        let found = tables.domains.of_host(&Host::parse(host)).unwrap();
        assert_eq!(found.provider, provider, "{host}");
        assert_eq!(found.region.as_deref(), region, "{host}");
    }
    for host in [
        "ftp.ebi.ac.uk",
        "ftp.ncbi.nlm.nih.gov",
        "tes.sc.unibas.ch",
        "x.mit.edu",
    ] {
        let found = tables.domains.of_host(&Host::parse(host)).unwrap();
        assert_eq!(found.network, Some(Network::Academic), "{host}");
    }
    for host in ["example.org", "notamazonaws.com", "edu", "10.0.0.1"] {
        let found = tables.domains.of_host(&Host::parse(host));
        assert_eq!(found.filter(|_| host != "edu"), None, "{host}");
    }
    assert!(tables.domains.is_archive(&Host::parse("ftp.ensembl.org")));
    assert!(!tables.domains.is_archive(&Host::parse("unibas.ch")));
}

#[test]
fn the_tables_have_prices_of_every_provider_and_machine() {
    let tables = TablesSource::Embedded.load().unwrap();
    for provider in Provider::ALL {
        let route = route(cloud(provider, None), academic());
        assert!(route.charge == Charge::Internet, "{provider}: {route:?}");
    }
    let (machine, as_of) = tables.machine(Provider::Aws, "us-east-1").unwrap();
    assert!((machine.vcpu_hour - 0.035).abs() < 1e-12 && as_of.starts_with("2025"));
    assert!(tables.machine(Provider::Oci, "eu-frankfurt-1").is_some());
    assert!(tables.machine(Provider::Aws, "mars-1").is_none());
    assert!(!tables.is_old_in(2028, 3) && tables.is_old_in(2028, 4));
}

proptest! {
    #[test]
    fn by_distance_the_figures_are_those_of_the_predecessor(
        size: u64, unit in 0.0..10.0_f64, rate in 0.001..1e6_f64,
        latitude in -90.0..90.0_f64, longitude in -180.0..180.0_f64,
    ) {
        let host = Host::parse("data.example");
        let tes = ServiceUri::parse(TES).unwrap();
        let at = |latitude, longitude| Coordinates::new(latitude, longitude).unwrap();
        let (from, to) = (at(latitude, longitude), at(47.56, 7.59));
        let mut sites = Sites::default();
        let place = |at| vec![Place::at(at, PlaceSource::Override)];
        sites.places.insert(host.clone(), place(from));
        sites.places.insert(tes.host().clone(), place(to));
        let info = TaskInfo {
                run_time: None,
                discount: 0.0,
            source: OfferSource::TaskInfo,
            compute: Money::new(1.0, Currency::EUR).unwrap(),
            storage: Money::new(2.0, Currency::EUR).unwrap(),
            transfer: Some(Money::new(unit, Currency::EUR).unwrap()),
            queue: Seconds::from_f64(3.0),
            queue_basis: QueueBasis::TaskInfo,
            outcomes: None,
        };
        let rates = Rates::new(Currency::EUR, []);
        let findings = Findings {
            outputs: Vec::new(),
            offers: vec![(0, info.convert(Currency::EUR, &rates).unwrap())],
            objects: vec![DataObject {
                id: "a".into(),
                size_bytes: size,
                access: vec![AccessUri { uri: "https://data.example/a".into(), host, at_drs: false, access_id: None, stated_region: None, is_local: false }],
            }],
        };
        let query = query(&tes);
        let model = TransferModel::Distance(Some(TransferRate(rate)));
        let routes = Routes::new(&query, &findings, &sites, &model, &[]);
        let assumptions = Assumptions {
            transfers: &model, sites: &[], target: Currency::EUR, rates: &rates,
        };
        let estimates = Estimates::new(&query, &findings, routes, &assumptions).unwrap();
        let copy = estimates.tes[0].objects[0][0];
        #[expect(clippy::cast_precision_loss, reason = "as the predecessor does")]
        let bytes = size as f64;
        let cost = bytes / 1e9 * (to.distance_to(from).get() / 1000.0) * unit;
        let time = bytes * 8.0 / (rate * 1e6);
        let is_close = |found: f64, expected: f64, step: f64| {
            (found - expected).abs() <= 1e-12 * expected.abs() + step
        };
        // Fixed-point steps, and what is beyond their range.
        prop_assert!(is_close(copy.cost.to_f64(), cost, 1e-20));
        prop_assert!(time > 1e22 || is_close(copy.time.to_f64(), time, 1e-11));
        prop_assert_eq!(estimates.tes[0].execution.to_f64().to_bits(), 1800.0_f64.to_bits());
    }
}

fn query(tes: &ServiceUri) -> Query {
    Query::new(QueryParts {
        registries: Vec::new(),
        trusts_registries: false,
        needs: ResourceNeeds {
            cpu_cores: 1.0,
            ram_gb: 1.0,
            disk_gb: 1.0,
            execution_seconds: 1800.0,
            preemptible: Some(true),
            ..ResourceNeeds::default()
        },
        tes: vec![tes.clone()],
        drs: vec![ServiceUri::parse("https://drs.example/").unwrap()],
        objects: vec!["a".into()],
        object_sizes: BTreeMap::new(),
        mode: Mode::BALANCED,
        limit: 1,
        explain: false,
        unknown: Vec::new(),
    })
    .unwrap()
}

#[test]
fn the_examples_of_the_configuration_start() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/config/examples");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let config: testribute::config::Config = yaml_serde::from_str(&text).unwrap();
        config.check().unwrap();
        testribute::Ranker::new(&config).unwrap();
    }
}
