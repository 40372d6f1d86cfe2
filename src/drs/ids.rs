//! From a `drs://` URI to the server to call and the id to fetch.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use percent_encoding::{percent_decode_str, utf8_percent_encode};
use serde::Deserialize;

use super::SEGMENT;
use crate::{
    client::{
        Authorization, Cache, CallScope, Client, FetchError,
        cache::TtlCache,
        cache_key::{CacheKey, CacheKeys},
        limit::single_flight::SingleFlight,
    },
    config,
    domain::{
        object_id::DrsUri,
        service::{BadServiceUri, ServiceUri},
    },
};

/// How long the server of a prefix is kept, as the specification of DRS suggests.
const PREFIX_TTL: Duration = Duration::from_secs(86_400);

/// How many prefixes are kept. There are some thousand registered ones in all.
const MAX_PREFIXES: usize = 10_000;

/// Where an object can be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrsAddress {
    /// The server.
    pub server: ServiceUri,
    /// The ids that it may know the object by, the likeliest first.
    pub ids: Vec<String>,
    /// The query of the URI.
    pub query: Option<String>,
    /// Who named this server.
    pub named_by: NamedBy,
}

/// Who named a server: this decides whether it gets the caller's token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedBy {
    /// The caller or the operator.
    CallerOrOperator,
    /// A third party, such as a registry or a bundle: no token goes there.
    ThirdParty,
}

/// No server is known for a `drs://` URI. The texts go on after the URI.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnresolvedId {
    /// The prefix is not configured, and resolving others is off.
    #[error(
        "has the prefix '{0}', which is not in drs.prefixes, and drs.resolve_compact_ids is off"
    )]
    NotListed(String),
    /// The resolver of compact identifiers gave no answer that can be used.
    #[error(
        "has the prefix '{prefix}', which is not in drs.prefixes, and the compact id resolver {cause}"
    )]
    Unresolved {
        /// The prefix.
        prefix: String,
        /// What the resolver did.
        cause: FetchError,
    },
    /// The resolver of compact identifiers knows the prefix, if at all, for something else than a DRS.
    #[error(
        "has the prefix '{0}', which is not in drs.prefixes, and for which the compact id resolver lists no DRS"
    )]
    NoDrs(String),
    /// What should be a host is none.
    #[error("has no valid host")]
    NotAHost,
}

impl From<BadServiceUri> for UnresolvedId {
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
    /// The resolver of other prefixes.
    registry: Option<Registry>,
}

impl IdResolver {
    /// Resolves prefixes by `config`, and by its resolver, called through `client`, where that does not know them.
    ///
    /// # Errors
    /// [`BadServiceUri`] if the resolver is to be called, and has no usable URL.
    pub fn new(config: &config::Drs, client: &Client) -> Result<Self, BadServiceUri> {
        let registry = if config.resolve_compact_ids {
            Some(Registry {
                root: ServiceUri::parse(&config.compact_id_resolver)?,
                client: client.clone(),
                keys: CacheKeys::default(),
                templates: SingleFlight::with_cache(TtlCache::new(MAX_PREFIXES, PREFIX_TTL))
                    .counted_as(Cache::CompactIds),
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

    /// Where the object that `uri` stands for can be fetched.
    ///
    /// # Errors
    /// [`UnresolvedId`] if no server is known for it.
    pub async fn resolve(
        &self,
        scope: &CallScope,
        uri: &DrsUri,
    ) -> Result<DrsAddress, UnresolvedId> {
        let address = self.address(scope, uri).await?;
        Ok(DrsAddress {
            query: uri.query().map(str::to_owned),
            ..address
        })
    }

    async fn address(&self, scope: &CallScope, uri: &DrsUri) -> Result<DrsAddress, UnresolvedId> {
        match uri {
            DrsUri::Hosted { host, port, id, .. } => {
                let listed = self.listed(host);
                if let (Some(server), Some(port)) = (listed, port) {
                    // What looked like a port is the beginning of an accession.
                    return self.at(server, ids_of_compact(host, &format!("{port}/{id}")));
                }
                if let Some(server) = listed {
                    return self.at(server, ids_with_and_without(host, id));
                }
                if port.is_none() && is_data_guid_prefix(host) {
                    let found = self.ask_registry(scope, host, id).await?;
                    return Ok(DrsAddress {
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
            DrsUri::Compact {
                prefix, accession, ..
            } => match self.listed(prefix) {
                Some(server) => self.at(server, ids_of_compact(prefix, accession)),
                None => self.ask_registry(scope, prefix, accession).await,
            },
        }
    }

    fn listed(&self, prefix: &str) -> Option<&str> {
        let host = self.prefixes.get(&prefix.to_ascii_lowercase())?;
        Some(host.as_str())
    }

    /// At `server`, a host with a port if it is not the usual one.
    fn at(&self, server: &str, ids: Vec<String>) -> Result<DrsAddress, UnresolvedId> {
        let scheme = if self.is_plain_http(server) {
            "http"
        } else {
            "https"
        };
        Ok(DrsAddress {
            server: ServiceUri::parse(&format!("{scheme}://{server}/ga4gh/drs/v1/"))?,
            ids,
            query: None,
            named_by: NamedBy::CallerOrOperator,
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

    async fn ask_registry(
        &self,
        scope: &CallScope,
        prefix: &str,
        accession: &str,
    ) -> Result<DrsAddress, UnresolvedId> {
        match &self.registry {
            Some(registry) => registry.resolve(scope, prefix, accession).await,
            None => Err(UnresolvedId::NotListed(prefix.to_owned())),
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

/// identifiers.org, or another resolver with its interface.
#[derive(Debug)]
struct Registry {
    root: ServiceUri,
    client: Client,
    keys: CacheKeys,
    /// By prefixes as they are written: the registry tells `CHEBI` from `chebi`. Only what was found is kept.
    templates: SingleFlight<CacheKey, Option<Arc<IdTemplate>>>,
}

/// Where the objects of a prefix are.
#[derive(Debug, Clone, PartialEq, Eq)]
struct IdTemplate {
    server: ServiceUri,
    /// What precedes the accession in an id.
    before: String,
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
    async fn resolve(
        &self,
        scope: &CallScope,
        prefix: &str,
        accession: &str,
    ) -> Result<DrsAddress, UnresolvedId> {
        let fetch = async |scope: CallScope| self.fetch(&scope, prefix, accession).await;
        let (key, url) = (self.keys.of(prefix), self.root.root());
        let template = self
            .templates
            .get_or_fetch(&self.client, scope, key, url, Option::is_some, fetch)
            .await
            .map_err(|cause| UnresolvedId::Unresolved {
                prefix: prefix.to_owned(),
                cause,
            })?
            .ok_or_else(|| UnresolvedId::NoDrs(prefix.to_owned()))?;
        Ok(DrsAddress {
            server: template.server.clone(),
            ids: vec![format!("{}{accession}", template.before)],
            query: None,
            named_by: NamedBy::ThirdParty,
        })
    }

    /// `None` if the registry does not know the prefix, or not as that of a DRS.
    async fn fetch(
        &self,
        scope: &CallScope,
        prefix: &str,
        accession: &str,
    ) -> Result<Option<Arc<IdTemplate>>, FetchError> {
        let segment = utf8_percent_encode(accession, SEGMENT);
        let url = self.root.endpoint(&format!("{prefix}:{segment}"));
        let answer: Resolution = match self.client.get(scope, &url, Authorization::None).await {
            Ok(answer) => answer,
            // Unknown prefixes, and accessions that cannot be.
            Err(FetchError::Status(status)) if status.is_client_error() => return Ok(None),
            Err(failure) => return Err(failure),
        };
        let mut resources = answer
            .payload
            .and_then(|payload| payload.resolved_resources)
            .unwrap_or_default();
        resources.sort_by_key(|resource| resource.official != Some(true));
        Ok(resources
            .iter()
            .filter_map(|resource| resource.compact_identifier_resolved_url.as_deref())
            .find_map(|url| IdTemplate::parse(url, accession))
            .map(Arc::new))
    }
}

impl IdTemplate {
    /// The template behind the URL of one object; `None` if that is not at a DRS.
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
    fn the_template_of_a_prefix_is_read_from_one_url() {
        let template =
            IdTemplate::parse("https://drs.example/ga4gh/drs/v1/objects/ns%3A314", "314").unwrap();
        assert_eq!(
            template.server.root().as_str(),
            "https://drs.example/ga4gh/drs/v1/"
        );
        assert_eq!(template.before, "ns:");
        for other in [
            "https://www.ebi.ac.uk/chebi/searchId.do?chebiId=314",
            "https://drs.example/ga4gh/drs/v1/objects/another",
            "ftp://drs.example/objects/314",
        ] {
            assert_eq!(IdTemplate::parse(other, "314"), None, "{other}");
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
