//! Many objects in one call, at DRS that support it: since version 1.2, by `POST /objects`.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures_util::{StreamExt, stream};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{DrsClient, DrsItem, ItemRequest, fetch::below, lenient, object::DrsObject};
use crate::{
    client::{
        Authorization, CallScope, FetchError, cache::TtlCache, cache_key::CacheKey,
        limit::single_flight::SingleFlight, parse,
    },
    domain::service::ServiceUri,
};

/// How long the bulk limit of a DRS is kept.
const LIMIT_TTL: Duration = Duration::from_secs(3600);

/// How many bulk limits are kept.
const MAX_LIMITS: usize = 10_000;

/// The most objects in one call, whatever the DRS supports: the answer has a bound too.
const MAX_OBJECTS: usize = 100;

/// How many objects of a bulk answer have their access ids resolved at a time.
const OBJECTS_AT_ONCE: usize = 4;

/// How many objects each DRS takes in one call, by root and credential; 0 for those without bulk calls.
pub(super) type BulkLimits = SingleFlight<CacheKey, usize>;

/// No limits are known yet.
pub(super) fn unknown_limits() -> BulkLimits {
    SingleFlight::with_cache(TtlCache::new(MAX_LIMITS, LIMIT_TTL))
}

/// The service info of a DRS.
#[derive(Deserialize)]
struct ServiceInfo {
    r#type: Option<ServiceType>,
    #[serde(
        default,
        rename = "maxBulkRequestLength",
        deserialize_with = "lenient::size"
    )]
    max_bulk_request_length: Option<u64>,
    /// Where it is since version 1.4; it stays at the top as well.
    drs: Option<DrsInfo>,
}

#[derive(Deserialize)]
struct ServiceType {
    #[serde(default, deserialize_with = "lenient::text")]
    version: Option<String>,
}

#[derive(Deserialize)]
struct DrsInfo {
    #[serde(
        default,
        rename = "maxBulkRequestLength",
        deserialize_with = "lenient::size"
    )]
    max_bulk_request_length: Option<u64>,
}

#[derive(Serialize)]
struct BulkRequest<'a> {
    bulk_object_ids: &'a [&'a str],
}

#[derive(Deserialize)]
struct BulkResponse {
    /// In the singular, as the specification has it.
    #[serde(
        default,
        alias = "resolved_drs_objects",
        deserialize_with = "lenient::list"
    )]
    resolved_drs_object: Vec<Value>,
    /// A list; some servers write one entry instead.
    #[serde(default)]
    unresolved_drs_objects: Value,
}

#[derive(Deserialize)]
struct Unresolved {
    #[serde(default, deserialize_with = "lenient::size")]
    error_code: Option<u64>,
    #[serde(default, deserialize_with = "lenient::texts")]
    object_ids: Vec<String>,
}

impl ServiceInfo {
    fn bulk_limit(&self) -> usize {
        let version = self
            .r#type
            .as_ref()
            .and_then(|service| service.version.as_deref());
        let limit = self
            .max_bulk_request_length
            .or_else(|| self.drs.as_ref()?.max_bulk_request_length);
        match limit {
            Some(limit) if version.is_some_and(at_least_1_2) => {
                usize::try_from(limit).unwrap_or(usize::MAX)
            }
            _ => 0,
        }
    }
}

/// Whether `version`, such as `1.3.0experimental`, is 1.2 or later.
fn at_least_1_2(version: &str) -> bool {
    let mut numbers = version.split('.').map(|part| {
        let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<u32>().unwrap_or(0)
    });
    (numbers.next(), numbers.next()) >= (Some(1), Some(2))
}

/// What bulk calls gave, in the order of the ids; `None` for what has to be fetched singly.
pub(super) type BulkItems = Vec<Option<Result<Option<DrsItem>, FetchError>>>;

impl DrsClient {
    /// How many objects `drs` takes in one call; `None` if they are better fetched singly. Its service info is read once
    /// an hour.
    ///
    /// # Errors
    /// [`FetchError`] if it is out of reach, whatever it is asked.
    pub(super) async fn bulk_limit(
        &self,
        scope: &CallScope,
        drs: &ServiceUri,
        authorization: Authorization<'_>,
    ) -> Result<Option<usize>, FetchError> {
        let request = ItemRequest::plain(drs, "", authorization);
        let fetch = async |scope: CallScope| match self.service_info(&scope, request).await {
            Ok(Some((base, info))) => {
                self.roots
                    .insert(self.server_key(drs, authorization), Some(base));
                Ok(parse::<ServiceInfo>(&info).map_or(0, |info| info.bulk_limit()))
            }
            // It may say so another time.
            Err(error) if error.is_about_the_service() => Err(error),
            Ok(None) | Err(_) => Ok(0),
        };
        let key = self.server_key(drs, authorization);
        let limit = self
            .bulk_limits
            .get_or_fetch(&self.client, scope, key, drs.root(), |_| true, fetch)
            .await?;
        Ok((limit > 1).then_some(limit.min(MAX_OBJECTS)))
    }

    /// What `drs` has by each of `ids`, in one call: at most as many as its [`bulk_limit`](Self::bulk_limit). Those that
    /// are `None` in the answer have to be fetched singly, as do all of them after a failure.
    ///
    /// # Errors
    /// [`FetchError`] if the call as a whole failed. A DRS that refuses bulk calls gets no more of them for an hour.
    pub(super) async fn fetch_items(
        &self,
        scope: &CallScope,
        drs: &ServiceUri,
        ids: &[&str],
        authorization: Authorization<'_>,
    ) -> Result<BulkItems, FetchError> {
        let mut items = Vec::with_capacity(ids.len());
        let mut unknown = Vec::new();
        for &id in ids {
            let kept = self
                .items
                .get(&self.item_key(ItemRequest::plain(drs, id, authorization)));
            if kept.is_none() {
                unknown.push(id);
            }
            items.push(kept.map(Ok));
        }
        if unknown.is_empty() {
            return Ok(items);
        }
        let mut found = match self.post_objects(scope, drs, &unknown, authorization).await {
            Ok(answer) => self.read_bulk(scope, drs, answer, authorization).await,
            Err(error) => {
                if matches!(
                    error,
                    FetchError::Status(_) | FetchError::Malformed(_) | FetchError::Redirected(_)
                ) {
                    self.bulk_limits
                        .insert(self.server_key(drs, authorization), 0);
                }
                return Err(error);
            }
        };
        let is_complete = !scope.has_ended();
        for (item, &id) in items.iter_mut().zip(ids) {
            if let Some(result) = found.remove(id) {
                if let Ok(Some(found)) = &result
                    && is_complete
                {
                    let key = self.item_key(ItemRequest::plain(drs, id, authorization));
                    self.items.insert(key, Some(found.clone()));
                }
                *item = Some(result);
            }
        }
        Ok(items)
    }

    async fn post_objects(
        &self,
        scope: &CallScope,
        drs: &ServiceUri,
        ids: &[&str],
        authorization: Authorization<'_>,
    ) -> Result<BulkResponse, FetchError> {
        let request = BulkRequest {
            bulk_object_ids: ids,
        };
        // Texts can always be serialised.
        let json = serde_json::to_vec(&request).unwrap_or_default();
        let url = below(&self.root_or_given(drs, authorization), "objects");
        self.client.post(scope, &url, &json, authorization).await
    }

    /// What the answer says, by ids. Bundles, and what cannot be read, are left out: fetched singly, they are expanded or
    /// say what is wrong.
    async fn read_bulk(
        &self,
        scope: &CallScope,
        drs: &ServiceUri,
        answer: BulkResponse,
        authorization: Authorization<'_>,
    ) -> BTreeMap<String, Result<Option<DrsItem>, FetchError>> {
        let mut found = answer.unresolved();
        let resolved: Vec<_> = answer
            .resolved_drs_object
            .into_iter()
            .filter_map(|object| {
                let id = object.get("id")?.as_str()?.to_owned();
                let object = serde_json::from_value::<DrsObject>(object).ok()?;
                if object.is_bundle() {
                    return None;
                }
                Some((
                    object
                        .into_record(&ItemRequest::plain(drs, &id, authorization).uri())
                        .ok()?,
                    id,
                ))
            })
            .map(async |(mut record, id)| {
                let url = self.object_url(ItemRequest::plain(drs, &id, authorization));
                self.locate_access_ids(scope, &url, &mut record, authorization)
                    .await;
                (id, Ok(Some(DrsItem::Object(Arc::new(record)))))
            })
            .collect();
        let resolved: Vec<_> = stream::iter(resolved)
            .buffered(OBJECTS_AT_ONCE)
            .collect()
            .await;
        found.extend(resolved);
        found
    }
}

impl BulkResponse {
    /// The ids that failed. Those that are said not to be there are left out, to be fetched singly: some servers look them up
    /// differently in bulk, such as Gen3 those without its prefix.
    fn unresolved(&self) -> BTreeMap<String, Result<Option<DrsItem>, FetchError>> {
        let list = match &self.unresolved_drs_objects {
            Value::Array(list) => list.as_slice(),
            one => std::slice::from_ref(one),
        };
        let mut found = BTreeMap::new();
        for entry in list {
            let Ok(entry) = Unresolved::deserialize(entry) else {
                continue;
            };
            let code = entry
                .error_code
                .and_then(|code| StatusCode::from_u16(u16::try_from(code).ok()?).ok());
            let result = match code {
                Some(status) if !status.is_success() && status != StatusCode::NOT_FOUND => {
                    Err(FetchError::Status(status))
                }
                Some(_) | None => continue,
            };
            found.extend(entry.object_ids.into_iter().map(|id| (id, result.clone())));
        }
        found
    }
}

/// Whether `answer` is one about many objects, or about the service itself.
#[cfg(fuzzing)]
pub(super) fn can_be_read(answer: &[u8]) -> (bool, bool) {
    let about_many = parse::<BulkResponse>(answer).is_ok();
    let about_itself = parse::<ServiceInfo>(answer).is_ok_and(|info| info.bulk_limit() > 0);
    (about_many, about_itself)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn limit(info: Value) -> usize {
        serde_json::from_value::<ServiceInfo>(info)
            .unwrap()
            .bulk_limit()
    }

    #[test]
    fn a_bulk_limit_counts_since_version_1_2() {
        let info = |version: &str| json!({"type": {"artifact": "drs", "version": version}, "maxBulkRequestLength": 7});
        for (version, expected) in [
            ("1.2.0", 7),
            ("1.3.0experimental", 7),
            ("1.10", 7),
            ("2.0", 7),
            ("1.1.0", 0),
            ("1", 0),
            ("new", 0),
        ] {
            assert_eq!(limit(info(version)), expected, "{version}");
        }
        let nested = json!({"type": {"version": "1.5.0"}, "drs": {"maxBulkRequestLength": 9}});
        assert_eq!(limit(nested), 9);
        assert_eq!(limit(json!({"type": {"version": "1.5.0"}})), 0);
        assert_eq!(limit(json!({})), 0);
    }
}
