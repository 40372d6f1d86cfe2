//! DRS instances: how large is an object, and where can it be read from?
//!
//! Read tolerantly: servers in production omit, null or misspell most of what is not needed here.

mod access;
mod bulk;
mod contents;
#[cfg(fuzzing)]
pub mod fuzzing;
mod ids;
mod item;
mod lenient;
mod object;
mod resolve;

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt, stream};
use http::StatusCode;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tracing::debug;

use self::{access::AccessUrl, bulk::BulkLimits, object::DrsObject, resolve::BundleLimits};
pub use self::{
    contents::Content,
    ids::{DrsAddress, IdResolver, NamedBy, UnresolvedId},
    item::DrsItem,
};
use crate::{
    client::{
        Authorization, Cache, CallScope, Client, FetchError, ServiceKind,
        cache::TtlCache,
        cache_key::{CacheKey, CacheKeys},
        limit::single_flight::SingleFlight,
        parse,
    },
    config,
    domain::{
        geo::Host,
        object::{DrsRecord, Source},
        service::{BadServiceUri, ServiceUri},
    },
};

/// Everything but the unreserved characters of RFC 3986: an id must stay one segment of the path.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// How many access ids of one object are resolved, and how many of them at a time.
const MAX_ACCESS_IDS: usize = 16;
const ACCESS_IDS_AT_ONCE: usize = 4;

/// The memory for items that are kept, in bytes, more or less, and about how many items that are.
const MAX_CACHE_BYTES: usize = 32 << 20;
const EXPECTED_ITEMS: usize = 20_000;

/// Calls DRS instances.
#[derive(Debug)]
pub struct DrsClient {
    client: Client,
    resolve_access_ids: bool,
    keys: CacheKeys,
    /// By root, id and credential: what one caller may see is not shown to another. Only what was found is kept.
    items: SingleFlight<CacheKey, Option<DrsItem>>,
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
            bulk_limits: bulk::unknown_limits(),
            ids: IdResolver::new(config, client)?,
            bundle_limits: BundleLimits {
                depth: config.max_bundle_depth,
                objects: config.max_bundle_objects,
            },
        })
    }

    /// What `drs` has by this `id`, as it was a short while ago or is now; `None` if it is not there. A bundle is read
    /// once more, expanded. Callers that ask the same with the same credential at the same time share one call.
    ///
    /// # Errors
    /// [`FetchError`]; [`FetchError::Malformed`] if the answer describes no object.
    pub async fn fetch_item(
        &self,
        scope: &CallScope,
        drs: &ServiceUri,
        id: &str,
        authorization: Authorization<'_>,
    ) -> Result<Option<DrsItem>, FetchError> {
        // These two would climb up the path instead of naming an object, however they are encoded.
        if matches!(id, "." | "..") {
            return Ok(None);
        }
        let key = self.item_key(drs, id, authorization);
        let fetch = async |scope: CallScope| {
            // Boxed: reading bundles and access ids makes it large.
            Box::pin(self.fetch_item_anew(&scope, drs, id, authorization)).await
        };
        self.items
            .get_or_fetch(&self.client, scope, key, drs.root(), Option::is_some, fetch)
            .await
    }

    async fn fetch_item_anew(
        &self,
        scope: &CallScope,
        drs: &ServiceUri,
        id: &str,
        authorization: Authorization<'_>,
    ) -> Result<Option<DrsItem>, FetchError> {
        let path = object_path(id);
        let url = drs.endpoint(&path);
        let body = match self.client.get_bytes(scope, &url, authorization).await {
            Err(FetchError::Status(StatusCode::NOT_FOUND)) => return Ok(None),
            body => body?,
        };
        let object = parse::<DrsObject>(&body)?;
        if object.is_bundle() {
            // Parsed, it can take many times its bytes, and would have to wait for another answer.
            drop(object);
            let contents = self.expand(scope, drs, &path, &body, authorization).await?;
            return Ok(Some(DrsItem::Bundle(contents.into())));
        }
        drop(body);
        let mut record = object.into_record(&object_uri(drs, id))?;
        self.locate_access_ids(scope, drs, &path, &mut record, authorization)
            .await;
        Ok(Some(DrsItem::Object(Arc::new(record))))
    }

    /// The contents of a bundle, at all levels if the DRS can expand them. Objects are not fetched with `expand` in the
    /// first place: some servers refuse parameters that they do not expect.
    async fn expand(
        &self,
        scope: &CallScope,
        drs: &ServiceUri,
        path: &str,
        unexpanded: &[u8],
        authorization: Authorization<'_>,
    ) -> Result<Vec<Content>, FetchError> {
        let mut url = drs.endpoint(path);
        url.set_query(Some("expand=true"));
        let expanded = self
            .client
            .get::<DrsObject>(scope, &url, authorization)
            .await;
        match expanded {
            Ok(expanded) => Ok(expanded.into_contents()),
            Err(error) => match parse::<DrsObject>(unexpanded)?.into_contents() {
                contents if contents.is_empty() => Err(error),
                contents => Ok(contents),
            },
        }
    }

    /// Finds the hosts behind access ids, if those are to be resolved. What the DRS does not tell stays as it is.
    async fn locate_access_ids(
        &self,
        scope: &CallScope,
        drs: &ServiceUri,
        path: &str,
        record: &mut DrsRecord,
        authorization: Authorization<'_>,
    ) {
        if !self.resolve_access_ids {
            return;
        }
        let unknown: Vec<_> = record
            .access
            .iter()
            .enumerate()
            .filter(|(_, access)| access.source == Source::Drs)
            .filter_map(|(position, access)| Some((position, access.access_id.clone()?)))
            .take(MAX_ACCESS_IDS)
            .map(async |(position, access_id)| {
                let access_id = utf8_percent_encode(&access_id, SEGMENT);
                let url = drs.endpoint(&format!("{path}/access/{access_id}"));
                let host = self.access_host(scope, &url, authorization).await?;
                Some((position, host))
            })
            .collect();
        let found: Vec<_> = stream::iter(unknown)
            .buffered(ACCESS_IDS_AT_ONCE)
            .filter_map(std::future::ready)
            .collect()
            .await;
        for (position, host) in found {
            if let Some(access) = record.access.get_mut(position) {
                access.source = Source::Host(host);
            }
        }
    }

    /// The host of the access URL at `url`.
    async fn access_host(
        &self,
        scope: &CallScope,
        url: &url::Url,
        authorization: Authorization<'_>,
    ) -> Option<Host> {
        match self
            .client
            .get::<AccessUrl>(scope, url, authorization)
            .await
        {
            Ok(access_url) => access_url.into_host(),
            Err(error) => {
                debug!(host = url.host_str(), %error, "an access id was not resolved");
                None
            }
        }
    }

    /// Has the user name and password of the root in it, if there are any.
    fn item_key(&self, drs: &ServiceUri, id: &str, authorization: Authorization<'_>) -> CacheKey {
        self.keys
            .of((drs.root().as_str(), id, authorization.secret()))
    }

    fn server_key(&self, drs: &ServiceUri, authorization: Authorization<'_>) -> CacheKey {
        self.keys.of((drs.root().as_str(), authorization.secret()))
    }
}

/// The path of an object, below the root of its DRS.
fn object_path(id: &str) -> String {
    format!("objects/{}", utf8_percent_encode(id, SEGMENT))
}

/// The `drs://` URI of an object, by which anyone with the right to read it can.
fn object_uri(drs: &ServiceUri, id: &str) -> String {
    let root = drs.root();
    let host = root.host_str().unwrap_or_default();
    let id = utf8_percent_encode(id, SEGMENT);
    match root.port() {
        Some(port) => format!("drs://{host}:{port}/{id}"),
        None => format!("drs://{host}/{id}"),
    }
}
