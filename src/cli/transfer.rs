//! `testribute transfer`: what moving data between two places costs, how fast it is, and why.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::{
    CliError,
    args::{Output, TransferArgs},
    console::Console,
};
use crate::{
    config::Config,
    domain::{
        assumed::Assumed,
        geo::{Host, Kilometres},
        service::ServiceUri,
        sites::{Place, PlaceSource},
        transfer::{
            domains::Affiliation,
            route::{Assumption, RateLimit, Route},
        },
    },
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
        None => (host_in(&args.from), None),
    };
    let (uri, to_place) = match place_in(&args.to) {
        Some(place) => (SOME_TES.to_owned(), Some(place)),
        None if args.to.contains("://") => (args.to.clone(), None),
        None => (format!("https://{}/", args.to), None),
    };
    let tes = ServiceUri::parse(&uri).map_err(|error| CliError::File {
        file: args.to.clone(),
        reason: error.to_string(),
    })?;
    let ends = TransferEnds {
        from,
        from_place,
        is_ftp: args.from.starts_with("ftp://"),
        tes,
        to_place,
    };
    let (found, warnings) = ranker.transfer(ends).await;
    console.warnings(&warnings);
    let Some(route) = found else {
        return Err(CliError::NoLocation);
    };
    let route = Described {
        from: &args.from,
        to: &args.to,
        gb: args.gb,
        route: &route,
        currency: route
            .currency
            .map_or(config.target_currency.code(), |known| known.code()),
    };
    match args.output {
        Output::Json => console.print(format!("{:#}", Value::Object(route.json()))),
        Output::Table | Output::Uri => console.print(route.table().trim_end()),
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

/// The host of the URI `text`, or `text` itself as a host.
fn host_in(text: &str) -> Host {
    let uri = text.parse::<url::Url>().ok();
    let of_uri = uri
        .filter(|_| text.contains("://"))
        .as_ref()
        .and_then(Host::of);
    of_uri.unwrap_or_else(|| Host::parse(text))
}

/// A route as it is printed.
struct Described<'a> {
    from: &'a str,
    to: &'a str,
    gb: f64,
    route: &'a Route,
    currency: &'a str,
}

impl Described<'_> {
    fn cost(&self) -> f64 {
        self.gb * self.route.price_per_gb
    }

    fn seconds(&self) -> f64 {
        let rate = self.route.rate_mbps;
        rate.map_or(0.0, |rate| self.gb * 8000.0 / rate)
    }

    fn json(&self) -> Map<String, Value> {
        let route = self.route;
        let all = json!({
            "from": self.from,
            "to": self.to,
            "gb": self.gb,
            "cost": {"amount": self.cost(), "currency": self.currency},
            "seconds": self.seconds(),
            "price_per_gb": {"amount": route.price_per_gb, "currency": self.currency},
            "charged_as": route.charge.name(),
            "billed_to": route.billed_to.name(),
            "price_source": route.price_source.as_deref(),
            "verified": route.verified,
            "assumption": route.assumption.map(sentence),
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
        line("from", self.from.to_owned());
        line("to", self.to.to_owned());
        line(
            "cost",
            format!("{:.4} {currency} for {} GB", self.cost(), self.gb),
        );
        line(
            "price",
            format!(
                "{:.6} {currency} per GB, {}, billed to {}",
                route.price_per_gb,
                route.charge.name(),
                route.billed_to.name()
            ),
        );
        if let Some(source) = &route.price_source {
            let mark = if route.verified { "" } else { ", unverified" };
            line("source", format!("{source}{mark}"));
        }
        if let Some(assumption) = route.assumption {
            line("assumption", sentence(assumption));
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
        text
    }
}

fn sentence(assumption: Assumption) -> String {
    Assumed::Price(assumption).to_string()
}
