//! DRS instances: how large is an object, and where can it be read from?
//!
//! Read tolerantly: servers in production omit, null or misspell most of what is not needed here.

mod access;
mod bulk;
mod checksums;
mod contents;
mod fetch;
#[cfg(fuzzing)]
pub mod fuzzing;
mod ids;
mod item;
mod lenient;
mod object;
mod passport;
mod resolve;

use std::{sync::Arc, time::Duration};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};
use url::Url;

use self::{bulk::BulkLimits, resolve::BundleLimits};
pub use self::{
    contents::Content,
    fetch::ItemRequest,
    ids::{DrsAddress, IdResolver, NamedBy, UnresolvedId},
    item::DrsItem,
};
use crate::{
    client::{
        Authorization, Cache, CallScope, Client, FetchError, ServiceKind,
        cache::TtlCache,
        cache_key::{CacheKey, CacheKeys},
        limit::single_flight::SingleFlight,
    },
    config::{self, ResolveAccessIds},
    domain::service::{BadServiceUri, ServiceUri},
};

/// Everything but the unreserved characters of RFC 3986: an id must stay one segment of the path.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// How long it is remembered where the API of a DRS begins, and of how many.
const ROOT_TTL: Duration = Duration::from_secs(3600);
const MAX_ROOTS: usize = 10_000;

/// The memory for items that are kept, in bytes, more or less, and about how many items that are.
const MAX_CACHE_BYTES: usize = 32 << 20;
const EXPECTED_ITEMS: usize = 20_000;

/// Calls DRS instances.
#[derive(Debug)]
pub struct DrsClient {
    client: Client,
    resolve_access_ids: ResolveAccessIds,
    keys: CacheKeys,
    /// By root, id and credential: what one caller may see is not shown to another. Only what was found is kept.
    items: SingleFlight<CacheKey, Option<DrsItem>>,
    /// Where the API begins, by root and credential: a server may answer 404 to callers without rights.
    roots: SingleFlight<CacheKey, Option<Arc<Url>>>,
    bulk_limits: BulkLimits,
    ids: IdResolver,
    bundle_limits: BundleLimits,
}

impl DrsClient {
    /// Calls through `client`, as `config` says.
    ///
    /// # Errors
    /// [`BadServiceUri`] if compact ids are to be resolved, and the resolver has no usable URL.
    pub fn new(config: &config::Drs, client: &Client) -> Result<Self, BadServiceUri> {
        let ttl = Duration::from_secs(config.cache_ttl_sec);
        let weigh = |item: &Option<DrsItem>| item.as_ref().map_or(0, DrsItem::bytes);
        let cache = TtlCache::with_weights(EXPECTED_ITEMS, MAX_CACHE_BYTES, ttl, weigh);
        Ok(Self {
            client: client.for_kind(ServiceKind::Drs),
            resolve_access_ids: config.resolve_access_ids,
            keys: CacheKeys::default(),
            items: SingleFlight::with_cache(cache).counted_as(Cache::DrsObjects),
            roots: SingleFlight::with_cache(TtlCache::new(MAX_ROOTS, ROOT_TTL)),
            bulk_limits: bulk::unknown_limits(),
            ids: IdResolver::new(config, client)?,
            bundle_limits: BundleLimits {
                depth: config.max_bundle_depth,
                objects: config.max_bundle_objects,
            },
        })
    }

    /// What a DRS has by an id, as it was a short while ago or is now; `None` if it is not there. A bundle is read once
    /// more, expanded. Callers that ask the same with the same credential at the same time share one call.
    ///
    /// # Errors
    /// [`FetchError`]; [`FetchError::Malformed`] if the answer describes no object, [`FetchError::NoDrs`] if nothing there
    /// is a DRS.
    pub async fn fetch_item(
        &self,
        scope: &CallScope,
        request: ItemRequest<'_>,
    ) -> Result<Option<DrsItem>, FetchError> {
        // These two would climb up the path instead of naming an object, however they are encoded.
        if matches!(request.id, "." | "..") {
            return Ok(None);
        }
        let key = self.item_key(request);
        let fetch = async |scope: CallScope| {
            // Boxed: reading bundles and access ids makes it large.
            Box::pin(self.fetch_item_anew(&scope, request)).await
        };
        let url = request.drs.root();
        self.items
            .get_or_fetch(&self.client, scope, key, url, Option::is_some, fetch)
            .await
    }

    /// Has the user name and password of the root in it, if there are any.
    fn item_key(&self, request: ItemRequest<'_>) -> CacheKey {
        let ItemRequest {
            drs,
            id,
            query,
            shows_query,
            authorization,
        } = request;
        let query = query.map(|query| (query, shows_query));
        self.keys
            .of((drs.root().as_str(), id, query, authorization.secret()))
    }

    fn server_key(&self, drs: &ServiceUri, authorization: Authorization<'_>) -> CacheKey {
        self.keys.of((drs.root().as_str(), authorization.secret()))
    }
}
