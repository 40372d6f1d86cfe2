//! GA4GH service registries: which TES are there?
//!
//! Read tolerantly: services of other types are skipped, and a list that could not be read anew is used for a day.

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt, stream::FuturesOrdered};
use http::StatusCode;
use serde_json::Value;
use url::Url;

use crate::{
    client::{
        CallScope, Client, FetchError,
        cache::TtlCache,
        cache_key::{CacheKey, CacheKeys},
        limit::single_flight::SingleFlight,
        parse_any,
    },
    domain::{registry::RegistryWarning, service::ServiceUri, warning::Warning},
};

/// How long a list is kept.
const TTL: Duration = Duration::from_secs(300);

/// How long a list stands in for one that cannot be read.
const STALE_TTL: Duration = Duration::from_secs(86_400);

/// How many lists are kept.
const MAX_KEPT: usize = 1000;

/// How many services of one registry are read.
const MAX_SERVICES: usize = 10_000;

/// The usual path of the API, below the root of a server.
const STANDARD: &str = "ga4gh/registry/v1/services";

/// Calls service registries. Nothing of a caller goes there.
#[derive(Debug)]
pub struct Registries {
    client: Client,
    keys: CacheKeys,
    /// By root.
    lists: SingleFlight<CacheKey, Arc<Listing>>,
    stale: TtlCache<CacheKey, Arc<Listing>>,
}

/// The TES of a registry.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Listing {
    /// Their root URIs, in its order.
    pub tes: Vec<ServiceUri>,
    /// The ids of those without a usable URL.
    pub unusable: Vec<String>,
}

impl Registries {
    /// Calls through `client`.
    pub fn new(client: &Client) -> Self {
        Self {
            client: client.clone(),
            keys: CacheKeys::default(),
            lists: SingleFlight::with_cache(TtlCache::new(MAX_KEPT, TTL)),
            stale: TtlCache::new(MAX_KEPT, STALE_TTL),
        }
    }

    /// The TES of all `registries`, in their order, and warnings.
    pub async fn tes(
        &self,
        scope: &CallScope,
        registries: &[ServiceUri],
    ) -> (Vec<ServiceUri>, Vec<Warning>) {
        let listings = registries.iter().map(|one| self.listing(scope, one));
        let mut listings: FuturesOrdered<_> = listings.collect();
        let (mut tes, mut found) = (Vec::new(), Vec::new());
        let mut registries = registries.iter();
        while let (Some((listing, failure)), Some(registry)) =
            (listings.next().await, registries.next())
        {
            let service = registry.to_string();
            if let Some(failure) = failure {
                found.push(RegistryWarning::Unavailable {
                    service: service.clone(),
                    cause: failure.to_string(),
                });
            } else if listing.tes.is_empty() && listing.unusable.is_empty() {
                found.push(RegistryWarning::Empty {
                    service: service.clone(),
                });
            }
            if !listing.unusable.is_empty() {
                found.push(RegistryWarning::UnusableListings {
                    service,
                    ids: listing.unusable.clone(),
                });
            }
            tes.extend(listing.tes.iter().cloned());
        }
        (tes, found.into_iter().map(Warning::Registry).collect())
    }

    /// What a registry lists, and why it could not be read anew.
    async fn listing(
        &self,
        scope: &CallScope,
        registry: &ServiceUri,
    ) -> (Arc<Listing>, Option<FetchError>) {
        let key = self.keys.of(registry.root());
        let fetch = async |scope: CallScope| Box::pin(self.fetch(&scope, registry)).await;
        let fetched = self
            .lists
            .get_or_fetch(&self.client, scope, key, registry.root(), |_| true, fetch)
            .await;
        let key = self.keys.of(registry.root());
        match fetched {
            Ok(listing) => {
                self.stale.insert(key, Arc::clone(&listing));
                (listing, None)
            }
            Err(failure) => (self.stale.get(&key).unwrap_or_default(), Some(failure)),
        }
    }

    async fn fetch(
        &self,
        scope: &CallScope,
        registry: &ServiceUri,
    ) -> Result<Arc<Listing>, FetchError> {
        let authorization = self.client.authorization(registry.root(), None).await;
        let mut first_failure = None;
        for url in urls(registry) {
            match self.client.get_bytes(scope, &url, authorization).await {
                Ok(body) => match parse_any(&body) {
                    Ok(services) => return Ok(Arc::new(Listing::read(&services))),
                    Err(malformed) => {
                        first_failure.get_or_insert(malformed);
                    }
                },
                Err(FetchError::Status(status)) if status == StatusCode::NOT_FOUND => {
                    first_failure.get_or_insert(FetchError::Status(status));
                }
                Err(failure) => return Err(failure),
            }
        }
        Err(first_failure.unwrap_or(FetchError::Status(StatusCode::NOT_FOUND)))
    }
}

/// Where the list may be: at the URI that is given, and at the usual path.
fn urls(registry: &ServiceUri) -> Vec<Url> {
    let path = registry.root().path().trim_end_matches('/');
    if path.ends_with("/services") {
        let mut url = registry.root().clone();
        url.set_path(path);
        return vec![url];
    }
    let mut urls = vec![registry.endpoint("services")];
    if !path.ends_with("/v1") {
        urls.push(registry.endpoint(STANDARD));
    }
    urls
}

impl Listing {
    /// The TES among `services`: a list, or an object that has one, as some registries wrap it.
    fn read(services: &Value) -> Self {
        let wrapped = ["services", "items", "data"].map(|name| services.get(name));
        let list = std::iter::once(Some(services))
            .chain(wrapped)
            .flatten()
            .find_map(Value::as_array);
        let mut listing = Self::default();
        for service in list.into_iter().flatten().take(MAX_SERVICES) {
            if !is_tes(service.get("type")) {
                continue;
            }
            let url = service.get("url").and_then(Value::as_str);
            // User info is the registry's own: answers would show it to every caller.
            if let Some(Ok(tes)) = url.map(ServiceUri::parse)
                && tes.root().username().is_empty()
                && tes.root().password().is_none()
            {
                listing.tes.push(tes);
                continue;
            }
            let id = service.get("id").and_then(Value::as_str);
            let id = id.unwrap_or("without id");
            let shown = id.chars().filter(|c| !c.is_control()).take(100);
            listing.unusable.push(shown.collect());
        }
        listing
    }
}

/// Whether a type is `org.ga4gh:tes` in any version, as an object or as a text.
fn is_tes(kind: Option<&Value>) -> bool {
    let is = |group: &str, artifact: &str| {
        group.eq_ignore_ascii_case("org.ga4gh") && artifact.eq_ignore_ascii_case("tes")
    };
    match kind {
        Some(Value::Object(kind)) => {
            let member = |name: &str| kind.get(name).and_then(Value::as_str).unwrap_or_default();
            is(member("group"), member("artifact"))
        }
        Some(Value::String(kind)) => {
            let mut parts = kind.split(':');
            is(
                parts.next().unwrap_or_default(),
                parts.next().unwrap_or_default(),
            )
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_services_of_the_type_tes_are_listed() {
        let of = |kind: Value| json!({"id": "x", "url": "https://tes.example/", "type": kind});
        let tes = |group: &str, artifact: &str| {
            of(json!({"group": group, "artifact": artifact, "version": "1.1.0"}))
        };
        let services = json!([
            tes("org.ga4gh", "tes"),
            tes("org.ga4gh", "TES"),
            tes("org.ga4gh", "drs"),
            tes("com.example", "tes"),
            of(json!("org.ga4gh:tes:1.1.0")),
            of(json!("tes")),
            of(Value::Null),
            7,
        ]);
        assert_eq!(Listing::read(&services).tes.len(), 3);
        assert_eq!(Listing::read(&json!({"services": services})).tes.len(), 3);
        assert_eq!(Listing::read(&json!("nothing")), Listing::default());
        let bad = json!([{"id": "bad", "type": "org.ga4gh:tes", "url": "ftp://x/"}, {"type": "org.ga4gh:tes"}]);
        assert_eq!(Listing::read(&bad).unusable, ["bad", "without id"]);
        for url in [
            "https://ann:pw@tes.example/",
            "https://ann@tes.example/",
            "https://:pw@tes.example/",
        ] {
            let listed = json!([{"id": "a", "type": "org.ga4gh:tes", "url": url}]);
            let listing = Listing::read(&listed);
            assert_eq!(
                (listing.tes.len(), listing.unusable),
                (0, vec!["a".to_owned()])
            );
        }
    }
}
