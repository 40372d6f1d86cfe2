//! From a `drs://` URI to the server to ask and the id to ask for.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use moka::future::Cache;
use percent_encoding::{percent_decode_str, utf8_percent_encode};
use serde::Deserialize;

use super::SEGMENT;
use crate::{
    config,
    domain::{
        object_id::DrsUri,
        service::{BadServiceUri, ServiceUri},
    },
    outbound::{
        failure::FetchError,
        fetch::{Fetcher, Pass},
    },
};

/// How long it is remembered whom a prefix leads to, as the specification of DRS suggests.
const REMEMBERED: Duration = Duration::from_secs(86_400);

/// How many prefixes are remembered. There are some thousand registered ones in all.
const MOST_PREFIXES: u64 = 10_000;

/// Where an object can be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The server.
    pub server: ServiceUri,
    /// The ids that it may know the object by, the likeliest first.
    pub ids: Vec<String>,
    /// Who says that it is this server.
    pub named_by: NamedBy,
}

/// Who says which server an object is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedBy {
    /// The caller or the operator.
    Us,
    /// Someone else, who must not get to see callers' tokens by that.
    Others,
}

/// No server is known for a `drs://` URI. The texts go on after the URI.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnknownServer {
    /// The operator names none, and no one else is asked.
    #[error(
        "has the prefix '{0}', which is not in drs.prefixes, and drs.resolve_compact_ids is off"
    )]
    NotListed(String),
    /// The resolver of compact identifiers gave no answer that can be used.
    #[error(
        "has the prefix '{prefix}', which is not in drs.prefixes, and the resolver of compact ids {cause}"
    )]
    Unresolved {
        /// The prefix.
        prefix: String,
        /// What the resolver did.
        cause: FetchError,
    },
    /// The resolver of compact identifiers knows the prefix, if at all, for something else than a DRS.
    #[error(
        "has the prefix '{0}', which is not in drs.prefixes, and for which the resolver of compact ids knows no DRS"
    )]
    NoDrs(String),
    /// What should be a host is none.
    #[error("names no server that can be called")]
    NotAHost,
}

impl From<BadServiceUri> for UnknownServer {
    fn from(_: BadServiceUri) -> Self {
        Self::NotAHost
    }
}

/// Finds the servers of `drs://` URIs.
#[derive(Debug)]
pub struct IdResolver {
    /// Hosts by prefixes in lower case.
    prefixes: BTreeMap<String, String>,
    plain_http_hosts: Vec<String>,
    /// Who is asked for other prefixes.
    registry: Option<Registry>,
}

impl IdResolver {
    /// Knows what `config` says, and asks its resolver through `fetcher` for what it does not say.
    ///
    /// # Errors
    /// [`BadServiceUri`] if the resolver is to be asked, and has no usable URL.
    pub fn new(config: &config::Drs, fetcher: Fetcher) -> Result<Self, BadServiceUri> {
        let registry = if config.resolve_compact_ids {
            Some(Registry {
                root: ServiceUri::parse(&config.compact_id_resolver)?,
                fetcher,
                known: Cache::builder()
                    .max_capacity(MOST_PREFIXES)
                    .time_to_live(REMEMBERED)
                    .build(),
            })
        } else {
            None
        };
        Ok(Self {
            prefixes: config.prefixes.0.clone(),
            plain_http_hosts: config
                .plain_http_hosts
                .iter()
                .map(|host| host.to_ascii_lowercase())
                .collect(),
            registry,
        })
    }

    /// Where the object that `uri` stands for can be asked for.
    ///
    /// # Errors
    /// [`UnknownServer`] if no one knows.
    pub async fn locate(&self, uri: &DrsUri) -> Result<Address, UnknownServer> {
        match uri {
            DrsUri::Hosted { host, port, id } => {
                let listed = self.listed(host);
                if let (Some(server), Some(port)) = (listed, port) {
                    // What looked like a port is the beginning of an accession.
                    return self.at(server, ids_of_compact(host, &format!("{port}/{id}")));
                }
                if let Some(server) = listed {
                    return self.at(server, ids_with_and_without(host, id));
                }
                if port.is_none() && is_data_guid_prefix(host) {
                    let found = self.ask_registry(host, id).await?;
                    return Ok(Address {
                        ids: ids_with_and_without(host, id),
                        ..found
                    });
                }
                let server = match port {
                    Some(port) => format!("{host}:{port}"),
                    None => host.clone(),
                };
                self.at(&server, vec![id.clone()])
            }
            DrsUri::Compact { prefix, accession } => match self.listed(prefix) {
                Some(server) => self.at(server, ids_of_compact(prefix, accession)),
                None => self.ask_registry(prefix, accession).await,
            },
        }
    }

    fn listed(&self, prefix: &str) -> Option<&str> {
        let host = self.prefixes.get(&prefix.to_ascii_lowercase())?;
        Some(host.as_str())
    }

    /// At `server`, a host with a port if it is not the usual one.
    fn at(&self, server: &str, ids: Vec<String>) -> Result<Address, UnknownServer> {
        let scheme = if self.is_plain_http(server) {
            "http"
        } else {
            "https"
        };
        Ok(Address {
            server: ServiceUri::parse(&format!("{scheme}://{server}/ga4gh/drs/v1/"))?,
            ids,
            named_by: NamedBy::Us,
        })
    }

    fn is_plain_http(&self, server: &str) -> bool {
        let server = server.to_ascii_lowercase();
        self.plain_http_hosts.iter().any(|plain| {
            server
                .strip_prefix(plain.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
        })
    }

    async fn ask_registry(&self, prefix: &str, accession: &str) -> Result<Address, UnknownServer> {
        match &self.registry {
            Some(registry) => registry.locate(prefix, accession).await,
            None => Err(UnknownServer::NotListed(prefix.to_owned())),
        }
    }
}

/// Whether this is a namespace of Data GUIDs, which some write where a host belongs: `drs://dg.4503/id`.
fn is_data_guid_prefix(host: &str) -> bool {
    host.split_once('.')
        .is_some_and(|(first, rest)| first.eq_ignore_ascii_case("dg") && !rest.contains('.'))
}

/// What `drs://prefix:accession` may be known by. Servers of Data GUIDs have the prefix in the ids themselves.
fn ids_of_compact(prefix: &str, accession: &str) -> Vec<String> {
    if let Some((named, rest)) = accession.split_once('/')
        && named.eq_ignore_ascii_case(prefix)
    {
        return vec![accession.to_owned(), rest.to_owned()];
    }
    if is_data_guid_prefix(prefix) {
        return vec![accession.to_owned(), format!("{prefix}/{accession}")];
    }
    vec![accession.to_owned()]
}

/// What `drs://prefix/id` may be known by.
fn ids_with_and_without(prefix: &str, id: &str) -> Vec<String> {
    let whole = format!("{prefix}/{id}");
    if is_data_guid_prefix(prefix) {
        vec![whole, id.to_owned()]
    } else {
        vec![id.to_owned(), whole]
    }
}

/// identifiers.org, or who does as it does.
#[derive(Debug)]
struct Registry {
    root: ServiceUri,
    fetcher: Fetcher,
    /// By prefixes as they are written: the registry tells `CHEBI` from `chebi`.
    known: Cache<String, Arc<Pattern>>,
}

/// Where the objects of a prefix are.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern {
    server: ServiceUri,
    /// What comes before the accession in an id.
    before: String,
}

/// Why there is no pattern of a prefix.
#[derive(Debug, Clone)]
enum NoPattern {
    /// The registry knows none, or not of a DRS.
    Unknown,
    Failed(FetchError),
}

impl From<FetchError> for NoPattern {
    fn from(failure: FetchError) -> Self {
        Self::Failed(failure)
    }
}

/// The answer of identifiers.org's resolver.
#[derive(Deserialize)]
struct Resolution {
    payload: Option<Payload>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    resolved_resources: Option<Vec<Resource>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Resource {
    compact_identifier_resolved_url: Option<String>,
    official: Option<bool>,
}

impl Registry {
    async fn locate(&self, prefix: &str, accession: &str) -> Result<Address, UnknownServer> {
        let pattern = self.fetch_pattern(prefix, accession);
        let asked =
            self.fetcher
                .ask_once(&self.known, prefix.to_owned(), self.root.root(), pattern);
        let known = asked.await.map_err(|none| match none {
            NoPattern::Unknown => UnknownServer::NoDrs(prefix.to_owned()),
            NoPattern::Failed(cause) => UnknownServer::Unresolved {
                prefix: prefix.to_owned(),
                cause,
            },
        })?;
        Ok(Address {
            server: known.server.clone(),
            ids: vec![format!("{}{accession}", known.before)],
            named_by: NamedBy::Others,
        })
    }

    async fn fetch_pattern(
        &self,
        prefix: &str,
        accession: &str,
    ) -> Result<Arc<Pattern>, NoPattern> {
        let accession_in_path = utf8_percent_encode(accession, SEGMENT);
        let url = self.root.endpoint(&format!("{prefix}:{accession_in_path}"));
        let answer: Resolution = match self.fetcher.get(&url, Pass::None).await {
            Ok(answer) => answer,
            // Prefixes that it does not know, and accessions that cannot be.
            Err(FetchError::Status(status)) if status.is_client_error() => {
                return Err(NoPattern::Unknown);
            }
            Err(failure) => return Err(NoPattern::Failed(failure)),
        };
        let mut resources = answer
            .payload
            .and_then(|payload| payload.resolved_resources)
            .unwrap_or_default();
        resources.sort_by_key(|resource| resource.official != Some(true));
        resources
            .iter()
            .filter_map(|resource| resource.compact_identifier_resolved_url.as_deref())
            .find_map(|url| Pattern::parse(url, accession))
            .map(Arc::new)
            .ok_or(NoPattern::Unknown)
    }
}

impl Pattern {
    /// The pattern behind the URL of one object; `None` if it is not that of a DRS.
    fn parse(url: &str, accession: &str) -> Option<Self> {
        let (root, id) = url.rsplit_once("/objects/")?;
        let id = percent_decode_str(id).decode_utf8().ok()?;
        Some(Self {
            server: ServiceUri::parse(root).ok()?,
            before: id.strip_suffix(accession)?.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pattern_of_a_prefix_is_read_from_one_url() {
        let pattern =
            Pattern::parse("https://drs.example/ga4gh/drs/v1/objects/ns%3A314", "314").unwrap();
        assert_eq!(
            pattern.server.root().as_str(),
            "https://drs.example/ga4gh/drs/v1/"
        );
        assert_eq!(pattern.before, "ns:");
        for other in [
            "https://www.ebi.ac.uk/chebi/searchId.do?chebiId=314",
            "https://drs.example/ga4gh/drs/v1/objects/another",
            "ftp://drs.example/objects/314",
        ] {
            assert_eq!(Pattern::parse(other, "314"), None, "{other}");
        }
    }

    #[test]
    fn servers_of_data_guids_may_have_the_prefix_in_their_ids() {
        assert_eq!(ids_of_compact("dg.4503", "x"), ["x", "dg.4503/x"]);
        assert_eq!(ids_of_compact("dg.4503", "DG.4503/x"), ["DG.4503/x", "x"]);
        assert_eq!(ids_of_compact("drs.anv0", "v2_x"), ["v2_x"]);
        assert_eq!(ids_with_and_without("dg.ANV0", "x"), ["dg.ANV0/x", "x"]);
        assert_eq!(ids_with_and_without("drs.anv0", "x"), ["x", "drs.anv0/x"]);
    }
}
