//! `testribute locate`: the locations of hosts and the distances between them.

use std::fmt::Write as _;

use serde_json::json;

use super::{
    CliError,
    args::{Format, LocateArgs},
    console::Console,
};
use crate::{
    api::explanation,
    config::Config,
    domain::{
        disclosure::redacted,
        geo::Host,
        sites::{Place, PlaceSource, Sites},
    },
    locations::{DataUri, UriKind},
    ranker::{Ranker, Reach},
};

/// Looks up all hosts as the ranking does, and prints their locations and the distances of all pairs.
pub(super) async fn run(
    config: &Config,
    args: LocateArgs,
    console: &mut Console,
) -> Result<(), CliError> {
    let uris: Vec<_> = args.hosts.iter().map(|text| Given::parse(text)).collect();
    let mut hosts: Vec<_> = uris.iter().filter_map(|given| given.host.clone()).collect();
    let mut seen = std::collections::HashSet::new();
    hosts.retain(|host| seen.insert(host.clone()));
    let ranker = Ranker::with_reach(config, Reach::Everywhere)?;
    let sites = ranker.locate(&hosts).await;
    console.warnings(&sites.warnings);
    match args.output {
        Format::Json => console.print(as_json(&uris, &hosts, &sites))?,
        Format::Table => {
            console.print(as_table(&uris, &hosts, &sites).trim_end())?;
        }
    }
    let is_located = |place: &Place| place.coordinates.is_some();
    if !sites.places.values().flatten().any(is_located) {
        return Err(CliError::NoLocation);
    }
    Ok(())
}

/// An argument, and what it stands for.
struct Given {
    /// Without what may be a secret.
    shown: String,
    kind: UriKind,
    host: Option<Host>,
}

impl Given {
    /// A URI, a path, an ARN, or a host.
    fn parse(text: &str) -> Self {
        let is_uri = text.contains("://") || text.starts_with('/') || text.starts_with("arn:");
        let uri = DataUri::parse(text).filter(|_| is_uri);
        let (kind, host) = match uri {
            Some(uri) => (uri.kind, uri.host),
            None => (UriKind::Host, Some(Host::parse(text))),
        };
        Self {
            shown: redacted(text),
            kind,
            host,
        }
    }

    /// What it is, and how sure its place is.
    fn explanation(&self, sites: &Sites) -> String {
        let Some(host) = &self.host else {
            return format!("{}: read only on the host of its DRS", self.kind);
        };
        let places = sites.places.get(host);
        let certainty = match places.and_then(|places| places.first()) {
            None => "of unknown place",
            Some(place) if place.approximate => "placed approximately",
            Some(place) => match place.source {
                PlaceSource::Override => "placed by the configuration",
                PlaceSource::Region => "in a region of a cloud",
                PlaceSource::Database => "placed by its address, to about 100 km",
                PlaceSource::Domain => "placed by its domain",
            },
        };
        format!("{} {host}, {certainty}", self.kind)
    }
}

/// Every pair of hosts with a known distance, once, in the order of the list, with its distance in kilometres.
fn pairs<'a>(
    hosts: &'a [Host],
    sites: &'a Sites,
) -> impl Iterator<Item = (&'a Host, &'a Host, f64)> {
    hosts.iter().enumerate().flat_map(move |(position, from)| {
        hosts.iter().skip(position + 1).filter_map(move |to| {
            let distance = sites.distance(from, to)?;
            Some((from, to, distance.km().get()))
        })
    })
}

fn as_json(uris: &[Given], hosts: &[Host], sites: &Sites) -> String {
    let distances: Vec<_> = pairs(hosts, sites)
        .map(|(from, to, km)| json!({"from": from.to_string(), "to": to.to_string(), "km": km}))
        .collect();
    let uris: Vec<_> = uris
        .iter()
        .map(|given| {
            json!({
                "uri": given.shown, "is": given.kind.to_string(),
                "place_of": given.host.as_ref().map(ToString::to_string),
                "explanation": given.explanation(sites)
            })
        })
        .collect();
    let answer =
        json!({"uris": uris, "places": explanation::places(sites), "distances": distances});
    format!("{answer:#}")
}

/// The provider, region and network of a place, followed by two blanks; empty if none is known.
fn network_of(place: &Place) -> String {
    let provider = place.provider.map(|provider| provider.to_string());
    let network = place.network.map(|network| network.to_string());
    let region = place.region.as_deref().map(ToOwned::to_owned);
    let parts: Vec<_> = [provider, region, network].into_iter().flatten().collect();
    if parts.is_empty() {
        return String::new();
    }
    format!("{}  ", parts.join(" "))
}

fn as_table(uris: &[Given], hosts: &[Host], sites: &Sites) -> String {
    let width = hosts
        .iter()
        .map(|host| host.to_string().chars().count())
        .max()
        .unwrap_or_default();
    let mut text = String::new();
    // Writing to a string cannot fail.
    for host in hosts {
        let name = host.to_string();
        for place in sites.places.get(host).into_iter().flatten() {
            let coordinates = place.coordinates.map_or_else(
                || format!("{:>18}", "-"),
                |at| format!("{:8.3} {:9.3}", at.latitude(), at.longitude()),
            );
            let network = network_of(place);
            let city = place.city.as_deref().unwrap_or_default();
            let source = place.source;
            let sign = if place.approximate { "~" } else { "" };
            let line = format!("{name:width$}  {coordinates}  {sign}{source}  {network}{city}");
            let _ = writeln!(text, "{}", line.trim_end());
        }
        if !sites.places.contains_key(host) {
            let _ = writeln!(text, "{name:width$}  unknown");
        }
    }
    for (position, (from, to, km)) in pairs(hosts, sites).enumerate() {
        if position == 0 {
            text.push('\n');
        }
        let _ = writeln!(
            text,
            "{:width$}  {:width$}  {km:9.1} km",
            from.to_string(),
            to.to_string()
        );
    }
    // What is plain from the names above needs no words.
    for (position, given) in uris
        .iter()
        .filter(|given| given.kind != UriKind::Host || given.shown.contains("://"))
        .enumerate()
    {
        if position == 0 {
            text.push('\n');
        }
        let _ = writeln!(text, "{}: {}", given.shown, given.explanation(sites));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_may_be_given_as_uris_names_and_addresses() {
        for (text, host) in [
            ("https://TES.example:8080/ga4gh", "tes.example"),
            ("tes.example.", "tes.example"),
            ("10.0.0.1", "10.0.0.1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("s3://bucket/key", "s3://bucket"),
        ] {
            let given = Given::parse(text);
            assert_eq!(given.host.unwrap().to_string(), host, "{text}");
        }
    }
}
