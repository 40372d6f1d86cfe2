//! `testribute transfer`: what moving data between two places costs, how fast it is, and why.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::{
    CliError,
    args::{Format, TransferArgs},
    console::Console,
};
use crate::{
    api::transfers::{known_by, network_of},
    config::Config,
    domain::{
        assumed::Assumed,
        cloud::Provider,
        disclosure::redacted,
        geo::{Host, Kilometres},
        price_book::is_host_name,
        service::ServiceUri,
        sites::{Place, PlaceSource},
        transfer::{
            domains::Affiliation,
            route::{RateLimit, Route},
        },
    },
    locations::DataUri,
    pipeline::TransferEnds,
    ranker::{Ranker, Reach},
};

/// The URI of a TES that is given by its place only.
const SOME_TES: &str = "https://tes.invalid/";

/// Prints price, rate and reasons of one route.
pub(super) async fn run(
    config: &Config,
    args: TransferArgs,
    console: &mut Console,
) -> Result<(), CliError> {
    let ranker = Ranker::with_reach(config, Reach::Everywhere)?;
    let (from, from_place) = match place_in(&args.from) {
        Some(place) => (Host::parse("source.invalid"), Some(place)),
        None => (host_in(&args.from)?, None),
    };
    let (uri, to_place) = match place_in(&args.to) {
        Some(place) => (SOME_TES.to_owned(), Some(place)),
        None if args.to.contains("://") => (args.to.clone(), None),
        // Not a place, but spelt like one.
        None if args.to.contains('/') && !args.to.contains(['.', ':']) => {
            return Err(no_end(&args.to));
        }
        None => (format!("https://{}/", args.to), None),
    };
    let tes = ServiceUri::parse(&uri).map_err(|_| no_end(&args.to))?;
    for (end, place) in [(&args.from, &from_place), (&args.to, &to_place)] {
        let is_unlisted = |place: &Place| place.region.is_some() && place.coordinates.is_none();
        if place.as_ref().is_some_and(is_unlisted) {
            console.warnings([format!("Region unknown: the tables do not list '{end}'.")]);
        }
    }
    let ends = TransferEnds {
        from,
        from_place,
        from_uri: args.from.clone(),
        tes,
        to_place,
    };
    let (found, warnings) = ranker.transfer(ends).await;
    console.warnings(&warnings);
    let Some(answer) = found else {
        return Err(CliError::NoLocation);
    };
    let route = Described {
        from: &redacted(&args.from),
        to: &redacted(&args.to),
        gb: args.gb,
        currency: answer
            .route
            .currency
            .map_or(config.target_currency.code(), |known| known.code()),
        route: &answer.route,
        counts: answer.counts,
        ends: [answer.from.as_ref(), answer.to.as_ref()],
    };
    match args.output {
        Format::Json => console.print(format!("{:#}", Value::Object(route.json()))),
        Format::Table => console.print(route.table().trim_end()),
    }
}

/// A place that is given as `academic`, `aws` or `aws/eu-central-1`.
fn place_in(text: &str) -> Option<Place> {
    if text.contains(['.', ':']) {
        return None;
    }
    let affiliation = Affiliation::parse(text).ok()?;
    let mut place = Place::unknown(PlaceSource::Override);
    affiliation.add_to(&mut place, PlaceSource::Override);
    Some(crate::locations::completed(place))
}

/// The host or bucket that `text` names.
fn host_in(text: &str) -> Result<Host, CliError> {
    let is_uri = text.contains("://") || text.starts_with('/') || text.starts_with("arn:");
    let host = if is_uri {
        DataUri::parse(text).and_then(|uri| uri.host)
    } else {
        let host = Host::parse(text);
        let is_host = match &host {
            Host::Name(name) => is_host_name(name),
            _ => true,
        };
        is_host.then_some(host)
    };
    host.ok_or_else(|| no_end(text))
}

fn no_end(text: &str) -> CliError {
    let providers: Vec<_> = Provider::ALL.iter().map(|provider| provider.id()).collect();
    CliError::Argument {
        value: redacted(text),
        reason: format!(
            "must be a host, a bucket, a URI with a host, academic, or a provider with or without a region, such as \
             aws/eu-central-1; providers are {}",
            providers.join(", ")
        ),
    }
}

/// A route as it is printed.
struct Described<'a> {
    from: &'a str,
    to: &'a str,
    gb: f64,
    route: &'a Route,
    /// Whether its charge counts in costs.
    counts: bool,
    /// The places of source and TES, as far as they are known.
    ends: [Option<&'a Place>; 2],
    currency: &'a str,
}

impl Described<'_> {
    fn cost(&self) -> f64 {
        if self.counts {
            self.gb * self.route.price_per_gb
        } else {
            0.0
        }
    }

    fn seconds(&self) -> f64 {
        let rate = self.route.rate_mbps;
        rate.map_or(0.0, |rate| self.gb * 8000.0 / rate)
    }

    fn assumptions(&self) -> Vec<String> {
        let route = self.route;
        let rate = route.assumed_rate;
        let unknown = rate.is_unknown.then_some(route.rate_mbps).flatten();
        [
            route.assumption.map(Assumed::Price),
            unknown.map(Assumed::UnknownRate),
            rate.has_no_round_trip.then_some(Assumed::NoRoundTrip),
        ]
        .into_iter()
        .flatten()
        .map(|assumed| assumed.to_string())
        .collect()
    }

    fn json(&self) -> Map<String, Value> {
        let route = self.route;
        let all = json!({
            "from": self.from,
            "to": self.to,
            "from_place": text_of(network_of(self.ends[0])),
            "to_place": text_of(network_of(self.ends[1])),
            "from_source": known_by(self.ends[0]),
            "to_source": known_by(self.ends[1]),
            "gb": self.gb,
            "cost": {"amount": self.cost(), "currency": self.currency},
            "seconds": self.seconds(),
            "price_per_gb": {"amount": route.price_per_gb, "currency": self.currency},
            "charged_as": route.charge.name(),
            "billed_to": route.billed_to.name(),
            "price_source": route.price_source.as_deref(),
            "verified": route.verified,
            "assumptions": self.assumptions(),
            "rate_mbps": route.rate_mbps,
            "limited_by": route.limited_by.map(RateLimit::name),
            "km": route.distance.map(Kilometres::get),
        });
        let Value::Object(mut map) = all else {
            return Map::new();
        };
        map.retain(|_, value| !value.is_null());
        map
    }

    fn table(&self) -> String {
        let (route, currency) = (self.route, self.currency);
        let mut text = String::new();
        let mut line = |name: &str, value: String| {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{name:12} {value}");
        };
        for (name, end, place) in [
            ("from", self.from, self.ends[0]),
            ("to", self.to, self.ends[1]),
        ] {
            let network = network_of(place);
            let known = match known_by(place).as_str() {
                "unknown" => "at no known provider or network".to_owned(),
                _ if network == end => String::new(),
                source => format!("{network}, known by {source}"),
            };
            let known = Some(known).filter(|known| !known.is_empty());
            line(
                name,
                known.map_or_else(|| end.to_owned(), |known| format!("{end} ({known})")),
            );
        }
        line(
            "cost",
            format!("{:.4} {currency} for {} GB", self.cost(), self.gb),
        );
        let uncounted = if self.counts {
            ""
        } else {
            ", which does not count (estimation.billed_to)"
        };
        line(
            "price",
            format!(
                "{:.6} {currency} per GB, {}, billed to {}{uncounted}",
                route.price_per_gb,
                route.charge.name(),
                route.billed_to.name()
            ),
        );
        if let Some(source) = &route.price_source {
            let mark = if route.verified { "" } else { ", unverified" };
            line("source", format!("{source}{mark}"));
        }
        line("time", format!("{:.0} s", self.seconds()));
        if let (Some(rate), Some(limit)) = (route.rate_mbps, route.limited_by) {
            line(
                "rate",
                format!("{rate:.0} Mbit/s, limited by {}", limit.name()),
            );
        }
        if let Some(km) = route.distance {
            line("distance", format!("{:.0} km", km.get()));
        }
        for assumption in self.assumptions() {
            line("assumption", assumption);
        }
        text
    }
}

/// `text`, if there is any.
fn text_of(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}
