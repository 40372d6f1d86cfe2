//! One object at one DRS: from its id to its record or the contents of the bundle.

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use http::StatusCode;
use percent_encoding::utf8_percent_encode;
use tracing::debug;
use url::Url;

use super::{Content, DrsClient, DrsItem, SEGMENT, access::AccessUrl, object::DrsObject, passport};
use crate::{
    client::{Authorization, CallScope, FetchError, StatusAndBody, parse},
    config::ResolveAccessIds,
    domain::{
        cloud::CloudRegion,
        drs_base::bases,
        geo::Host,
        object::{Access, DrsRecord},
        service::ServiceUri,
    },
};

/// How many access ids of one object are resolved, and how many of them at a time.
const MAX_ACCESS_IDS: usize = 16;
const ACCESS_IDS_AT_ONCE: usize = 4;

/// An object that is fetched.
#[derive(Debug, Clone, Copy)]
pub struct ItemRequest<'a> {
    /// The DRS.
    pub drs: &'a ServiceUri,
    /// The id at the DRS.
    pub id: &'a str,
    /// The query of the `drs://` URI, such as `version=2`.
    pub query: Option<&'a str>,
    /// Whether the query may be in answers: it is the caller's own, or harmless.
    pub shows_query: bool,
    /// What the calls carry.
    pub authorization: Authorization<'a>,
}

/// What there is at a URL of an object.
enum Answer {
    Item(DrsItem),
    /// Nothing. That it is said in JSON shows that an API is there.
    Absent {
        is_json: bool,
    },
}

impl<'a> ItemRequest<'a> {
    /// Without a query.
    pub(super) const fn plain(
        drs: &'a ServiceUri,
        id: &'a str,
        authorization: Authorization<'a>,
    ) -> Self {
        Self {
            drs,
            id,
            query: None,
            shows_query: false,
            authorization,
        }
    }

    /// The `drs://` URI of the object, by which anyone with the right to read it can.
    pub(super) fn uri(&self) -> String {
        let root = self.drs.root();
        let host = root.host_str().unwrap_or_default();
        let id = utf8_percent_encode(self.id, SEGMENT);
        let port = root
            .port()
            .map(|port| format!(":{port}"))
            .unwrap_or_default();
        let query = self.query.filter(|_| self.shows_query);
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        format!("drs://{host}{port}/{id}{query}")
    }

    /// The URLs of the object below `base`: with the id as one segment of the path, and, for servers and proxies that refuse
    /// an encoded slash, with its slashes as they are.
    pub(super) fn urls(&self, base: &Url) -> Vec<Url> {
        let encoded = |id: &str| utf8_percent_encode(id, SEGMENT).to_string();
        let mut ids = vec![encoded(self.id)];
        let is_segment = |part: &str| !matches!(part, "" | "." | "..");
        if self.id.contains('/') && self.id.split('/').all(is_segment) {
            let parts: Vec<_> = self.id.split('/').map(encoded).collect();
            ids.push(parts.join("/"));
        }
        let url = |id| {
            let mut url = below(base, &format!("objects/{id}"));
            url.set_query(self.query);
            url
        };
        ids.into_iter().map(url).collect()
    }
}

impl DrsClient {
    /// What a DRS has by an id, at the path that is given or at the usual one, which is remembered.
    pub(super) async fn fetch_item_anew(
        &self,
        scope: &CallScope,
        request: ItemRequest<'_>,
    ) -> Result<Option<DrsItem>, FetchError> {
        let key = self.server_key(request.drs, request.authorization);
        if let Some(Some(base)) = self.roots.get(&key) {
            return match self.fetch_below(scope, request, &base).await? {
                Answer::Item(item) => Ok(Some(item)),
                Answer::Absent { .. } => Ok(None),
            };
        }
        let (mut is_api, mut failure) = (false, None);
        for base in bases(request.drs) {
            match self.fetch_below(scope, request, &base).await {
                Ok(Answer::Item(item)) => {
                    self.roots.insert(key, Some(Arc::new(base)));
                    return Ok(Some(item));
                }
                Ok(Answer::Absent { is_json }) => is_api |= is_json,
                Err(error) if error.is_on_the_way() || error.is_unready() => return Err(error),
                Err(error) => _ = failure.get_or_insert(error),
            }
        }
        match failure {
            // Something is there that refuses, or answers in a way that cannot be read.
            Some(error) if !is_wrong_path(&error) => Err(error),
            _ if is_api => Ok(None),
            failure => match self.find_root(scope, request).await? {
                Some(_) => failure.map_or(Ok(None), Err),
                None => Err(failure.unwrap_or_else(|| no_drs(request.drs))),
            },
        }
    }

    /// Where the API of a DRS begins, by its service info; `None` if none is found. Kept for an hour.
    async fn find_root(
        &self,
        scope: &CallScope,
        request: ItemRequest<'_>,
    ) -> Result<Option<Arc<Url>>, FetchError> {
        let search = async |scope: CallScope| {
            let found = self.service_info(&scope, request).await?;
            Ok(found.map(|(base, _)| base))
        };
        let key = self.server_key(request.drs, request.authorization);
        let url = request.drs.root();
        self.roots
            .get_or_fetch(&self.client, scope, key, url, Option::is_some, search)
            .await
    }

    /// Where the API of a DRS begins, and its service info, which is empty if the DRS does not show it to this caller.
    pub(super) async fn service_info(
        &self,
        scope: &CallScope,
        request: ItemRequest<'_>,
    ) -> Result<Option<(Arc<Url>, Vec<u8>)>, FetchError> {
        let key = self.server_key(request.drs, request.authorization);
        let bases = match self.roots.get(&key).flatten() {
            Some(base) => vec![Url::clone(&base)],
            None => bases(request.drs),
        };
        for base in bases {
            let url = below(&base, "service-info");
            match self
                .client
                .get_any_status(scope, &url, request.authorization)
                .await
            {
                Ok(answer) if matches!(answer.status.as_u16(), 401 | 403) => {
                    return Ok(Some((Arc::new(base), Vec::new())));
                }
                Ok(answer) if answer.status.is_success() && is_object(&answer.body) => {
                    return Ok(Some((Arc::new(base), answer.body)));
                }
                Err(error) if error.is_on_the_way() => return Err(error),
                Ok(_) | Err(_) => {}
            }
        }
        Ok(None)
    }

    /// Where the API begins, as far as that is known.
    pub(super) fn root_or_given(
        &self,
        drs: &ServiceUri,
        authorization: Authorization<'_>,
    ) -> Arc<Url> {
        let known = self.roots.get(&self.server_key(drs, authorization));
        known
            .flatten()
            .unwrap_or_else(|| Arc::new(drs.root().clone()))
    }

    /// The URL of an object that is not fetched by itself.
    pub(super) fn object_url(&self, request: ItemRequest<'_>) -> Url {
        let base = self.root_or_given(request.drs, request.authorization);
        let id = utf8_percent_encode(request.id, SEGMENT);
        below(&base, &format!("objects/{id}"))
    }

    async fn fetch_below(
        &self,
        scope: &CallScope,
        request: ItemRequest<'_>,
        base: &Url,
    ) -> Result<Answer, FetchError> {
        let mut answer = Ok(Answer::Absent { is_json: false });
        for url in request.urls(base) {
            answer = self.fetch_at(scope, request, &url).await;
            let is_refused_id = match &answer {
                Ok(Answer::Absent { .. }) => true,
                Err(FetchError::Status(status)) => *status == StatusCode::BAD_REQUEST,
                _ => false,
            };
            if !is_refused_id {
                return answer;
            }
        }
        answer
    }

    async fn fetch_at(
        &self,
        scope: &CallScope,
        request: ItemRequest<'_>,
        url: &Url,
    ) -> Result<Answer, FetchError> {
        let authorization = request.authorization;
        let StatusAndBody {
            status,
            body,
            asks_for_passport,
        } = self
            .client
            .get_any_status(scope, url, authorization)
            .await?;
        match status {
            StatusCode::NOT_FOUND => {
                return Ok(Answer::Absent {
                    is_json: is_object(&body),
                });
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN
                if asks_for_passport || passport::is_asked_for(&body) =>
            {
                return Err(FetchError::PassportWanted(status));
            }
            status if !status.is_success() => return Err(FetchError::Status(status)),
            _ => {}
        }
        let object = parse::<DrsObject>(&body)?;
        if object.is_bundle() {
            // Parsed, it can take many times its bytes, and would have to wait for another answer.
            drop(object);
            let contents = self.expand(scope, url, &body, authorization).await?;
            return Ok(Answer::Item(DrsItem::Bundle(contents.into())));
        }
        drop(body);
        let mut record = object.into_record(&request.uri())?;
        self.locate_access_ids(scope, url, &mut record, authorization)
            .await;
        Ok(Answer::Item(DrsItem::Object(Arc::new(record))))
    }

    /// The contents of a bundle, at all levels if the DRS can expand them. Objects are not fetched with `expand` in the
    /// first place: some servers refuse parameters that they do not expect.
    async fn expand(
        &self,
        scope: &CallScope,
        url: &Url,
        unexpanded: &[u8],
        authorization: Authorization<'_>,
    ) -> Result<Vec<Content>, FetchError> {
        let mut url = url.clone();
        url.query_pairs_mut().append_pair("expand", "true");
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

    /// Finds the hosts behind access ids of the object at `url`, if those are to be resolved. What the DRS does not tell
    /// stays as it is.
    pub(super) async fn locate_access_ids(
        &self,
        scope: &CallScope,
        url: &Url,
        record: &mut DrsRecord,
        authorization: Authorization<'_>,
    ) {
        let is_wanted = |access: &Access| match self.resolve_access_ids {
            ResolveAccessIds::Never => false,
            ResolveAccessIds::Auto => access.host.is_none(),
            ResolveAccessIds::Always => true,
        };
        let wanted: Vec<_> = record
            .access
            .iter()
            .enumerate()
            .filter(|(_, access)| is_wanted(access))
            .filter_map(|(position, access)| Some((position, access.access_id.clone()?)))
            .take(MAX_ACCESS_IDS)
            .map(async |(position, access_id)| {
                let access_id = utf8_percent_encode(&access_id, SEGMENT);
                let mut url = url.clone();
                url.set_query(None);
                url.set_path(&format!("{}/access/{access_id}", url.path()));
                let host = self.access_host(scope, &url, authorization).await?;
                Some((position, host))
            })
            .collect();
        let found: Vec<_> = stream::iter(wanted)
            .buffered(ACCESS_IDS_AT_ONCE)
            .filter_map(std::future::ready)
            .collect()
            .await;
        for (position, host) in found {
            if let Some(access) = record.access.get_mut(position) {
                let (host, doubtful) = in_known_region(access.host.as_ref(), host);
                access.host = Some(host);
                access.stated_region = access.stated_region.or(doubtful);
            }
        }
    }

    /// The host of the access URL at `url`.
    async fn access_host(
        &self,
        scope: &CallScope,
        url: &Url,
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
}

/// `found`, in the region of `known` if it has none of its own; else the region of `known` is the one that is stated.
fn in_known_region(known: Option<&Host>, found: Host) -> (Host, Option<CloudRegion>) {
    let Some(&Host::Region { region, .. }) = known else {
        return (found, None);
    };
    if matches!(found, Host::Region { .. }) {
        return (found, Some(region));
    }
    let host = Some(Box::new(found));
    (Host::Region { region, host }, None)
}

/// The URL of `path` below `base`, whose path ends in a slash.
pub(super) fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path()));
    url
}

fn is_object(body: &[u8]) -> bool {
    parse::<serde_json::Map<String, serde_json::Value>>(body).is_ok()
}

/// Whether a failure may be due to the path: another path may be the right one.
fn is_wrong_path(error: &FetchError) -> bool {
    match error {
        FetchError::Status(status) => *status == StatusCode::METHOD_NOT_ALLOWED,
        FetchError::Malformed(_)
        | FetchError::TooManyRedirects(_)
        | FetchError::BadRedirect
        | FetchError::Downgraded => true,
        _ => false,
    }
}

fn no_drs(drs: &ServiceUri) -> FetchError {
    let tried = bases(drs);
    FetchError::NoDrs(tried.iter().map(|base| base.path().to_owned()).collect())
}
