//! Many objects in one question, at DRS that take such questions: since version 1.2, by `POST /objects`.

use std::{collections::BTreeMap, time::Duration};

use futures_util::{StreamExt, stream};
use moka::future::Cache;
use reqwest::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{DrsClient, Entity, lenient, object::DrsObject, object_path, object_uri};
use crate::{
    domain::service::ServiceUri,
    outbound::{failure::FetchError, fetch::Pass, fingerprint::Fingerprint},
};

/// How long it is remembered what a DRS says of itself.
const REMEMBERED: Duration = Duration::from_secs(3600);

/// How many DRS that is remembered of.
const MOST_DRS: u64 = 10_000;

/// The most objects in one question, however many the DRS would take: the answer has a bound too.
const MOST_OBJECTS: usize = 100;

/// How many objects of a bulk answer are looked at more closely at a time.
const AT_ONCE: usize = 4;

/// How many objects each DRS takes in one question, by fingerprints of root and token; 0 for those that take one only.
pub(super) type BulkLimits = Cache<Fingerprint, usize>;

/// No limits are known yet.
pub(super) fn unknown_limits() -> BulkLimits {
    Cache::builder()
        .max_capacity(MOST_DRS)
        .time_to_live(REMEMBERED)
        .build()
}

/// What a DRS says of itself.
#[derive(Deserialize)]
struct ServiceInfo {
    r#type: Option<ServiceType>,
    #[serde(rename = "maxBulkRequestLength")]
    max_bulk_request_length: Option<usize>,
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
    #[serde(rename = "maxBulkRequestLength")]
    max_bulk_request_length: Option<usize>,
}

#[derive(Serialize)]
struct BulkQuestion<'a> {
    bulk_object_ids: &'a [&'a str],
}

#[derive(Deserialize)]
struct BulkAnswer {
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
    error_code: Option<u16>,
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
            Some(limit) if version.is_some_and(at_least_1_2) => limit,
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

impl DrsClient {
    /// How many objects `drs` takes in one question; `None` if it is better asked for one after the other. It is asked
    /// about that once an hour.
    ///
    /// # Errors
    /// [`FetchError`] if it is out of reach, whatever it is asked.
    pub async fn bulk_limit(
        &self,
        drs: &ServiceUri,
        pass: Pass<'_>,
    ) -> Result<Option<usize>, FetchError> {
        let url = drs.endpoint("service-info");
        let fetch = async {
            match self.fetcher.get::<ServiceInfo>(&url, pass).await {
                Ok(info) => Ok(info.bulk_limit()),
                // It may say so another time.
                Err(error) if error.is_about_the_service() => Err(error),
                Err(_) => Ok(0),
            }
        };
        let key = self.cache.key_of_server(drs, pass);
        let asked = self
            .fetcher
            .ask_once(&self.bulk_limits, key, drs.root(), fetch);
        let limit = asked.await?;
        Ok((limit > 1).then_some(limit.min(MOST_OBJECTS)))
    }

    /// What `drs` says of each of `ids`, asked for in one question: at most as many as its
    /// [`bulk_limit`](Self::bulk_limit). Those that are `None` in the answer have to be asked for by themselves, as do
    /// all of them after a failure.
    ///
    /// # Errors
    /// [`FetchError`] if the question as a whole failed. A DRS that refuses such questions is not asked any more.
    pub async fn fetch_objects(
        &self,
        drs: &ServiceUri,
        ids: &[&str],
        pass: Pass<'_>,
    ) -> Result<Vec<Option<Result<Option<Entity>, FetchError>>>, FetchError> {
        let mut answers = Vec::with_capacity(ids.len());
        let mut unknown = Vec::new();
        for &id in ids {
            let kept = self.cache.peek(drs, id, pass).await;
            if kept.is_none() {
                unknown.push(id);
            }
            answers.push(kept.map(|entity| Ok(Some(entity))));
        }
        if unknown.is_empty() {
            return Ok(answers);
        }
        let mut told = match self.post_objects(drs, &unknown, pass).await {
            Ok(answer) => self.read_bulk(drs, answer, pass).await,
            Err(error) => {
                if matches!(
                    error,
                    FetchError::Status(_) | FetchError::Malformed(_) | FetchError::Redirected(_)
                ) {
                    let server = self.cache.key_of_server(drs, pass);
                    self.bulk_limits.insert(server, 0).await;
                }
                return Err(error);
            }
        };
        for (answer, &id) in answers.iter_mut().zip(ids) {
            if let Some(told) = told.remove(id) {
                if let Ok(Some(entity)) = &told {
                    self.cache.put(drs, id, pass, entity).await;
                }
                *answer = Some(told);
            }
        }
        Ok(answers)
    }

    async fn post_objects(
        &self,
        drs: &ServiceUri,
        ids: &[&str],
        pass: Pass<'_>,
    ) -> Result<BulkAnswer, FetchError> {
        let question = BulkQuestion {
            bulk_object_ids: ids,
        };
        // Texts can always be written.
        let json = serde_json::to_vec(&question).unwrap_or_default();
        self.fetcher
            .post(&drs.endpoint("objects"), &json, pass)
            .await
    }

    /// What is told by the answer, by ids. Bundles, and what cannot be read, are left out: asked for by themselves, they
    /// are opened or say what is wrong.
    async fn read_bulk(
        &self,
        drs: &ServiceUri,
        answer: BulkAnswer,
        pass: Pass<'_>,
    ) -> BTreeMap<String, Result<Option<Entity>, FetchError>> {
        let mut told = BTreeMap::new();
        let unresolved = match answer.unresolved_drs_objects {
            Value::Array(list) => list,
            one => vec![one],
        };
        for entry in unresolved {
            let Ok(entry) = serde_json::from_value::<Unresolved>(entry) else {
                continue;
            };
            let code = entry
                .error_code
                .and_then(|code| StatusCode::from_u16(code).ok());
            let said = match code {
                Some(StatusCode::NOT_FOUND) => Ok(None),
                Some(status) if !status.is_success() => Err(FetchError::Status(status)),
                Some(_) | None => continue,
            };
            told.extend(entry.object_ids.into_iter().map(|id| (id, said.clone())));
        }
        let resolved: Vec<_> = answer
            .resolved_drs_object
            .into_iter()
            .filter_map(|object| {
                let id = object.get("id")?.as_str()?.to_owned();
                let object = serde_json::from_value::<DrsObject>(object).ok()?;
                if object.is_bundle() {
                    return None;
                }
                Some((object.check(&object_uri(drs, &id)).ok()?, id))
            })
            .map(async |(object, id)| {
                let path = object_path(&id);
                let record = self.locate_ways(drs, &path, object, pass).await;
                (id, Ok(Some(Entity::Object(record))))
            })
            .collect();
        let resolved: Vec<_> = stream::iter(resolved).buffered(AT_ONCE).collect().await;
        told.extend(resolved);
        told
    }
}

/// Whether `answer` is one about many objects, or about the service itself.
#[cfg(fuzzing)]
pub(super) fn can_be_read(answer: &[u8]) -> (bool, bool) {
    use crate::outbound::json::parse;

    let about_many = parse::<BulkAnswer>(answer).is_ok();
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
