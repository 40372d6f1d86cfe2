//! The operator's prices and rates for some pairs of hosts.

use serde::{Deserialize, Serialize};

use super::{
    domains::Affiliation,
    leg::{End, Ends},
};
use crate::domain::{
    geo::Host,
    price_book::{TesMatch, is_host_name},
};

/// The price or the rate of some routes.
#[derive(Debug, Clone, PartialEq)]
pub struct RouteOverride {
    /// Where the data come from: sources of inputs, and TES whose outputs leave.
    pub from: Option<EndMatch>,
    /// Where they go to: TES, and hosts of outputs.
    pub to: Option<EndMatch>,
    /// The price of 10^9 bytes, in the currency of the entry.
    pub price_per_gb: Option<f64>,
    /// The currency of the price.
    pub currency: crate::domain::money::Currency,
    /// The rate, in megabits per second.
    pub rate_mbps: Option<f64>,
}

/// The hosts at one end of a route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum EndMatch {
    /// Hosts of a provider, a region or a network.
    Affiliation {
        /// As it is written.
        text: String,
        /// What they belong to.
        affiliation: Affiliation,
    },
    /// Hosts below a domain.
    Domain(String),
    /// A host, a bucket, or a TES by its URI.
    Service(TesMatch),
}

/// The text is not a valid [`EndMatch`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be academic, a provider, provider/region, a host, a domain such as *.unibas.ch, s3://bucket or the start of a \
     TES URI"
)]
pub struct BadEndMatch;

impl TryFrom<String> for EndMatch {
    type Error = BadEndMatch;

    fn try_from(text: String) -> Result<Self, BadEndMatch> {
        if let Ok(affiliation) = Affiliation::parse(&text)
            && !text.contains("://")
        {
            return Ok(Self::Affiliation { text, affiliation });
        }
        if let Some(domain) = text
            .strip_prefix("*.")
            .filter(|domain| is_host_name(domain))
        {
            return Ok(Self::Domain(domain.to_ascii_lowercase()));
        }
        match Host::parse(&text) {
            bucket @ Host::Bucket(_) => Ok(Self::Service(TesMatch::Host(bucket))),
            _ => Ok(Self::Service(
                TesMatch::try_from(text).map_err(|_| BadEndMatch)?,
            )),
        }
    }
}

impl From<EndMatch> for String {
    fn from(end: EndMatch) -> Self {
        match end {
            EndMatch::Affiliation { text, .. } => text,
            EndMatch::Domain(domain) => format!("*.{domain}"),
            EndMatch::Service(pattern) => pattern.to_string(),
        }
    }
}

impl EndMatch {
    fn matches(&self, end: End<'_>) -> bool {
        let End {
            host,
            place,
            service,
        } = end;
        match self {
            Self::Affiliation { affiliation, .. } => place.is_some_and(|place| {
                let is_same = place.provider == affiliation.provider
                    && (affiliation.network.is_none() || place.network == affiliation.network);
                is_same && (affiliation.region.is_none() || place.region == affiliation.region)
            }),
            Self::Domain(domain) => match host.machine() {
                Host::Name(name) => name
                    .strip_suffix(domain.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.ends_with('.')),
                _ => false,
            },
            Self::Service(TesMatch::Host(own)) => own == host.machine(),
            Self::Service(pattern) => match service {
                Some(service) => pattern.matches(service),
                None => match pattern {
                    TesMatch::Any => true,
                    TesMatch::Prefix(url) => Host::of(url).as_ref() == Some(host.machine()),
                    TesMatch::Host(_) => false,
                },
            },
        }
    }
}

impl RouteOverride {
    pub(super) fn matches(&self, ends: Ends<'_>) -> bool {
        let is_from = |end: &EndMatch| end.matches(ends.from);
        let is_to = |end: &EndMatch| end.matches(ends.to);
        self.from.as_ref().is_none_or(is_from) && self.to.as_ref().is_none_or(is_to)
    }
}
