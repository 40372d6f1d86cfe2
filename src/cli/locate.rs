//! `testribute locate`: the locations of hosts and the distances between them.

use std::{collections::HashSet, fmt::Write as _, net::IpAddr};

use serde_json::json;
use url::Url;

use super::{
    CliError,
    args::{Format, LocateArgs},
    console::Console,
    placement::{Placement, Subject},
};
use crate::{
    api::explanation,
    config::Config,
    domain::{
        disclosure::{is_arn, redacted, strip_s3},
        geo::Host,
        sites::{Place, Sites},
    },
    locations::{DataUri, Region, UriKind},
    ranker::{Ranker, Reach},
};

/// Looks up all hosts as the ranking does, and prints their locations and the distances of all pairs.
pub(super) async fn run(
    config: &Config,
    args: LocateArgs,
    console: &mut Console,
) -> Result<(), CliError> {
    let uris: Vec<_> = args.hosts.iter().map(|text| Given::parse(text)).collect();
    let mut hosts: Vec<_> = uris.iter().filter_map(Given::host).cloned().collect();
    let mut seen = HashSet::new();
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
    subject: Subject,
}

impl Given {
    /// A URI, a path, an ARN, or a host with or without a port.
    fn parse(text: &str) -> Self {
        let shown = redacted(text);
        let is_uri = text.contains("://") || text.starts_with('/') || text.starts_with("arn:");
        let subject = if is_uri {
            DataUri::parse(text).map_or(Subject::Nothing, |uri| Self::subject_of(text, uri))
        } else {
            host_of(text).map_or(Subject::Nothing, |host| Subject::Located {
                kind: UriKind::Host,
                is_arn: false,
                region: Region::of_host(&host).map(Region::id),
                host,
            })
        };
        Self { shown, subject }
    }

    fn subject_of(text: &str, uri: DataUri) -> Subject {
        let region = uri.region();
        uri.host.map_or(Subject::Path, |host| Subject::Located {
            kind: uri.kind,
            is_arn: is_arn(strip_s3(text)),
            host,
            region,
        })
    }

    /// What is located.
    const fn host(&self) -> Option<&Host> {
        match &self.subject {
            Subject::Located { host, .. } => Some(host),
            Subject::Nothing | Subject::Path => None,
        }
    }

    /// What is located, and how.
    fn placement(&self, sites: &Sites) -> Option<Placement> {
        match &self.subject {
            Subject::Located { host, region, .. } => Some(Placement::of(host, *region, sites)),
            Subject::Nothing | Subject::Path => None,
        }
    }

    /// What it is, how it was placed, and how sure that is.
    fn explanation(&self, sites: &Sites) -> String {
        match self.placement(sites) {
            Some(placement) => format!("{}, {placement}", self.subject),
            None => self.subject.to_string(),
        }
    }

    /// Whether the table of places says it all.
    fn is_plain_host(&self) -> bool {
        let is_host = matches!(
            self.subject,
            Subject::Located {
                kind: UriKind::Host,
                ..
            }
        );
        is_host && !self.shown.contains("://")
    }
}

/// A host name or address, with or without a port.
fn host_of(text: &str) -> Option<Host> {
    if text.parse::<IpAddr>().is_ok() {
        return Some(Host::parse(text));
    }
    if text.contains(['/', '?', '#', '@', '\\']) {
        return None;
    }
    Host::of(&Url::parse(&format!("http://{text}/")).ok()?)
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
            let kind = match &given.subject {
                Subject::Located { kind, .. } => Some(kind.to_string()),
                Subject::Path => Some(UriKind::Path.to_string()),
                Subject::Nothing => None,
            };
            let placement = given.placement(sites);
            json!({
                "uri": given.shown, "is": kind,
                "place_of": given.host().map(ToString::to_string),
                "placed_by": placement.as_ref().and_then(Placement::name),
                "approximate": placement.as_ref().is_some_and(Placement::is_approximate),
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
        .filter(|given| !given.is_plain_host())
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
            ("TES.example:8080", "tes.example"),
            ("10.0.0.1", "10.0.0.1"),
            ("10.0.0.1:80", "10.0.0.1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:80", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("s3://bucket/key", "s3://bucket"),
        ] {
            let given = Given::parse(text);
            assert_eq!(given.host().unwrap().to_string(), host, "{text}");
        }
        for nothing in [
            "",
            "a/b",
            "mailto:a@b.example",
            "https://",
            "a b",
            "//x/y",
            "s3:/b",
        ] {
            assert_eq!(Given::parse(nothing).subject, Subject::Nothing, "{nothing}");
        }
    }
}
