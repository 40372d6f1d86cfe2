//! DRS instances: how large is an object, and where may it be had?
//!
//! Reads tolerantly: servers in production leave out, null or spell differently most of what is not needed here.

mod access;
mod bulk;
mod cache;
mod contents;
mod entity;
#[cfg(fuzzing)]
pub mod fuzzing;
pub mod ids;
mod lenient;
mod object;

use std::time::Duration;

use futures_util::{StreamExt, stream};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::StatusCode;

use tracing::debug;

use self::{
    access::{AccessUrl, Way},
    bulk::BulkLimits,
    cache::ObjectCache,
    object::{Described, DrsObject},
};
pub use self::{contents::Content, entity::Entity};
use super::{
    failure::FetchError,
    fetch::{Fetcher, Pass},
    json::parse,
    turns::Kind,
};
use crate::{
    config,
    domain::{
        geo::Host,
        object::{DrsRecord, Source},
        service::ServiceUri,
    },
};

/// Everything but the unreserved characters of RFC 3986: an id must stay one segment of the path.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// How many access ids of one object are asked about, and how many of them at a time.
const MOST_ACCESS_IDS: usize = 16;
const ACCESS_IDS_AT_ONCE: usize = 4;

/// Asks DRS instances for objects.
#[derive(Debug, Clone)]
pub struct DrsClient {
    fetcher: Fetcher,
    resolve_access_ids: bool,
    cache: ObjectCache,
    bulk_limits: BulkLimits,
}

impl DrsClient {
    /// A client that calls through `fetcher`.
    pub fn new(config: &config::Drs, fetcher: Fetcher) -> Self {
        Self {
            fetcher: fetcher.to(Kind::Drs),
            resolve_access_ids: config.resolve_access_ids,
            cache: ObjectCache::new(Duration::from_secs(config.cache_ttl_sec)),
            bulk_limits: bulk::unknown_limits(),
        }
    }

    /// Asks `drs` for what it has by this `id`, unless that is known from a short while ago; `None` if it is not there. A
    /// bundle is asked for once more, to be expanded.
    ///
    /// # Errors
    /// [`FetchError`]; [`FetchError::Malformed`] if the answer is about no object.
    pub async fn fetch_object(
        &self,
        drs: &ServiceUri,
        id: &str,
        pass: Pass<'_>,
    ) -> Result<Option<Entity>, FetchError> {
        // These two would climb up the path instead of naming an object, however they are encoded.
        if matches!(id, "." | "..") {
            return Ok(None);
        }
        let fetch = Box::pin(self.fetch_anew(drs, id, pass));
        self.cache.get(&self.fetcher, drs, id, pass, fetch).await
    }

    async fn fetch_anew(
        &self,
        drs: &ServiceUri,
        id: &str,
        pass: Pass<'_>,
    ) -> Result<Option<Entity>, FetchError> {
        let path = object_path(id);
        let body = match self.fetcher.get_bytes(&drs.endpoint(&path), pass).await {
            Err(FetchError::Status(StatusCode::NOT_FOUND)) => return Ok(None),
            body => body?,
        };
        let object = parse::<DrsObject>(&body)?;
        if object.is_bundle() {
            // It can take many times what its bytes take, and has to wait for another answer.
            drop(object);
            let contents = self.expand(drs, &path, &body, pass).await?;
            return Ok(Some(Entity::Bundle(contents)));
        }
        drop(body);
        let object = object.check(&object_uri(drs, id))?;
        let record = self.locate_ways(drs, &path, object, pass).await;
        Ok(Some(Entity::Object(record)))
    }

    /// What a bundle holds, at all levels if the DRS can tell that. Objects are not asked for so in the first place: some
    /// servers refuse parameters that they do not expect.
    async fn expand(
        &self,
        drs: &ServiceUri,
        path: &str,
        unexpanded: &[u8],
        pass: Pass<'_>,
    ) -> Result<Vec<Content>, FetchError> {
        let mut url = drs.endpoint(path);
        url.set_query(Some("expand=true"));
        match self.fetcher.get::<DrsObject>(&url, pass).await {
            Ok(expanded) => Ok(expanded.into_contents()),
            Err(error) => match parse::<DrsObject>(unexpanded)?.into_contents() {
                contents if contents.is_empty() => Err(error),
                contents => Ok(contents),
            },
        }
    }

    /// The record of an object, with the places of access ids if those are to be asked for.
    async fn locate_ways(
        &self,
        drs: &ServiceUri,
        path: &str,
        object: Described,
        pass: Pass<'_>,
    ) -> DrsRecord {
        let mut access: Vec<_> = object.ways.iter().map(|way| way.access.clone()).collect();
        if self.resolve_access_ids {
            for (position, host) in self.fetch_sources(drs, path, &object.ways, pass).await {
                if let Some(access) = access.get_mut(position) {
                    access.source = Source::Host(host);
                }
            }
        }
        DrsRecord {
            size_bytes: object.size_bytes,
            checksums: object.checksums,
            access,
            unavailable: object.unavailable,
        }
    }

    /// Where access ids lead to: positions in `ways`, and hosts. What the DRS does not tell is left out.
    async fn fetch_sources(
        &self,
        drs: &ServiceUri,
        path: &str,
        ways: &[Way],
        pass: Pass<'_>,
    ) -> Vec<(usize, Host)> {
        let questions: Vec<_> = ways
            .iter()
            .enumerate()
            .filter_map(|(position, way)| Some((position, way.ask.as_deref()?)))
            .take(MOST_ACCESS_IDS)
            .map(async |(position, access_id)| {
                let access_id = utf8_percent_encode(access_id, SEGMENT);
                let url = drs.endpoint(&format!("{path}/access/{access_id}"));
                match self.fetcher.get::<AccessUrl>(&url, pass).await {
                    Ok(url) => Some((position, url.into_host()?)),
                    Err(error) => {
                        debug!(%drs, %error, "an access id was not resolved");
                        None
                    }
                }
            })
            .collect();
        stream::iter(questions)
            .buffered(ACCESS_IDS_AT_ONCE)
            .filter_map(std::future::ready)
            .collect()
            .await
    }
}

/// The path of an object, below the root of its DRS.
fn object_path(id: &str) -> String {
    format!("objects/{}", utf8_percent_encode(id, SEGMENT))
}

/// The `drs://` URI of an object, by which anyone who may can get at it.
fn object_uri(drs: &ServiceUri, id: &str) -> String {
    let root = drs.root();
    let host = root.host_str().unwrap_or_default();
    let id = utf8_percent_encode(id, SEGMENT);
    match root.port() {
        Some(port) => format!("drs://{host}:{port}/{id}"),
        None => format!("drs://{host}/{id}"),
    }
}
