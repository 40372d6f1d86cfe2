//! `testribute locate`: the locations of hosts and the distances between them.

use std::fmt::Write as _;

use serde_json::json;

use super::{
    CliError,
    args::{LocateArgs, Output},
    console::Console,
};
use crate::{
    api::explanation,
    config::Config,
    domain::{
        geo::Host,
        sites::{Place, Sites},
    },
    ranker::{Ranker, Reach},
};

/// Looks up all hosts as the ranking does, and prints their locations and the distances of all pairs.
pub(super) async fn run(
    config: &Config,
    args: LocateArgs,
    console: &mut Console,
) -> Result<(), CliError> {
    let mut hosts: Vec<_> = args.hosts.iter().map(|text| host_in(text)).collect();
    let mut seen = std::collections::HashSet::new();
    hosts.retain(|host| seen.insert(host.clone()));
    let ranker = Ranker::with_reach(config, Reach::Everywhere)?;
    let sites = ranker.locate(&hosts).await;
    console.warnings(&sites.warnings);
    match args.output {
        Output::Json => console.print(as_json(&hosts, &sites))?,
        Output::Table | Output::Uri => console.print(as_table(&hosts, &sites).trim_end())?,
    }
    let is_located = |place: &Place| place.coordinates.is_some();
    if !sites.places.values().flatten().any(is_located) {
        return Err(CliError::NoLocation);
    }
    Ok(())
}

/// The host of the URI `text`, or `text` itself as a host.
fn host_in(text: &str) -> Host {
    let of_uri = text
        .parse::<url::Url>()
        .ok()
        .filter(|_| text.contains("://"))
        .and_then(|uri| Host::of(&uri));
    of_uri.unwrap_or_else(|| Host::parse(text))
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

fn as_json(hosts: &[Host], sites: &Sites) -> String {
    let distances: Vec<_> = pairs(hosts, sites)
        .map(|(from, to, km)| json!({"from": from.to_string(), "to": to.to_string(), "km": km}))
        .collect();
    let answer = json!({"places": explanation::places(sites), "distances": distances});
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

fn as_table(hosts: &[Host], sites: &Sites) -> String {
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
            let line = format!("{name:width$}  {coordinates}  {source}  {network}{city}");
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
            assert_eq!(host_in(text).to_string(), host, "{text}");
        }
    }
}
