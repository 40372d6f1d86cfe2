//! From object ids to what each DRS has by them, with bundles expanded into their objects.
//!
//! Works in rounds: what a bundle holds is known only once it was fetched.

mod merge;
mod session;
mod tree;
mod urls;

use std::{collections::HashMap, sync::Arc};

use futures_util::{StreamExt, future::join, stream, stream::FuturesOrdered};

pub(super) use self::tree::BundleLimits;
use self::{
    session::{DrsSession, ItemResult, Sessions},
    tree::{Leaf, LocalIds, ObjectTree},
};
use super::{DrsAddress, DrsClient, ItemRequest, NamedBy, UnresolvedId};
use crate::{
    client::{Authorization, CallScope},
    domain::{
        disclosure::is_harmless_of_drs,
        estimate::CopyEstimate,
        object::ObjectRecords,
        object_id::{DrsUri, IdForm, ObjectId},
        query::Query,
        service::ServiceUri,
        unrankable::UnrankableReason,
        warning::Warning,
    },
};

/// How many objects of one DRS are fetched at a time.
const CALLS_PER_DRS: usize = 8;

/// Up to so many objects are fetched singly: to learn whether a DRS supports bulk calls costs a call.
const MAX_SINGLE_FETCHES: usize = 10;

/// The objects of one request.
#[derive(Clone, Copy)]
struct Resolution<'a> {
    client: &'a DrsClient,
    scope: &'a CallScope,
    query: &'a Query,
}

impl DrsClient {
    /// What the DRS have of each object of `query`, in its order, and warnings. The objects of a bundle stand in its place.
    ///
    /// More than the byte budget of `scope` is not read; then the budget is exceeded.
    pub async fn resolve(
        &self,
        scope: &CallScope,
        query: &Query,
    ) -> (Vec<ObjectRecords>, Vec<Warning>) {
        let resolution = Resolution {
            client: self,
            scope,
            query,
        };
        resolution.run().await
    }
}

impl<'a> Resolution<'a> {
    async fn run(self) -> (Vec<ObjectRecords>, Vec<Warning>) {
        let objects = self.query.objects();
        let addresses = all(objects.iter().map(|id| self.address_of(id))).await;
        let mut tree = ObjectTree::new(objects, self.client.bundle_limits);
        let mut sessions = Sessions::new(self.sessions(&addresses).await);
        self.add_roots(&mut tree, &sessions, addresses);
        let (urls, ()) = join(self.urls(), self.expand_all(&mut tree, &mut sessions)).await;
        for (object, record) in urls {
            match record {
                Ok(record) => drop(tree.urls.insert(object, record)),
                Err(reason) => tree.reject(object, reason),
            }
        }
        let mut sessions = sessions.list;
        for session in &mut sessions {
            session.settle(&mut tree);
        }
        let refused = sessions.iter_mut();
        all(refused.map(|session| session.look_for_passports(self.client, self.scope, &tree)))
            .await;
        let servers: Vec<_> = sessions
            .iter()
            .map(|session| Arc::clone(&session.uri))
            .collect();
        let warnings = sessions
            .into_iter()
            .flat_map(DrsSession::into_warnings)
            .collect();
        (tree.merge(&servers), warnings)
    }

    /// Fetches what is in `tree`, and what turns out to be in bundles.
    async fn expand_all(self, tree: &mut ObjectTree<'a>, sessions: &mut Sessions<'a>) {
        loop {
            let pending = tree.pending_by_server(sessions.list.len());
            if pending.iter().all(Vec::is_empty) {
                break;
            }
            let fetches = sessions.list.iter().zip(&pending);
            let results =
                all(fetches.map(|(session, nodes)| self.fetch_all(session, tree, nodes))).await;
            let mut leaves = Vec::new();
            let outcomes = sessions.list.iter_mut().zip(&pending).zip(results);
            for ((session, nodes), results) in outcomes {
                for (&node, result) in nodes.iter().zip(results) {
                    let found = session.record(tree, node, result);
                    leaves.extend(found.into_iter().map(|leaf| (node, leaf)));
                }
            }
            for (node, leaf) in leaves {
                let (server, ids) = self.leaf_address(sessions, tree.server(node), &leaf).await;
                tree.add_child(node, leaf, server, ids);
            }
        }
    }

    /// Where an object is fetched whose id names its server; `None` for the others.
    async fn address_of(self, id: &ObjectId) -> Result<Option<DrsAddress>, UnresolvedId> {
        match id.form() {
            IdForm::Bare | IdForm::Url(_) => Ok(None),
            IdForm::Drs(uri) => self.client.ids.resolve(self.scope, uri).await.map(Some),
        }
    }

    /// The DRS of the query, and then those that ids name, each once.
    async fn sessions(
        self,
        addresses: &[Result<Option<DrsAddress>, UnresolvedId>],
    ) -> Vec<DrsSession<'a>> {
        let mut named: Vec<_> = self
            .query
            .drs()
            .iter()
            .map(|uri| (uri.clone(), NamedBy::CallerOrOperator))
            .collect();
        let mut positions: HashMap<_, _> = (0..named.len())
            .zip(&named)
            .map(|(position, (uri, _))| (uri.root().clone(), position))
            .collect();
        for address in addresses
            .iter()
            .filter_map(|address| address.as_ref().ok()?.as_ref())
        {
            let known = positions.get(address.server.root());
            match known.and_then(|&position| named.get_mut(position)) {
                // A third party that names it too takes nothing away.
                Some((_, named_by)) if address.named_by == NamedBy::CallerOrOperator => {
                    *named_by = NamedBy::CallerOrOperator;
                }
                Some(_) => {}
                None => {
                    positions.insert(address.server.root().clone(), named.len());
                    named.push((address.server.clone(), address.named_by));
                }
            }
        }
        all(named
            .into_iter()
            .map(|(uri, named_by)| self.session(uri, named_by)))
        .await
    }

    /// Nothing of the caller goes to a server that a third party named; what the service itself sends there, the operator
    /// has configured.
    async fn session(self, uri: ServiceUri, named_by: NamedBy) -> DrsSession<'a> {
        let client = &self.client.client;
        let token = match named_by {
            NamedBy::CallerOrOperator => self.scope.token(),
            NamedBy::ThirdParty => None,
        };
        let authorization = client.authorization(uri.root(), token).await;
        let service = uri.to_string();
        let has_token = self.scope.token().is_some();
        let warning = match (named_by, authorization) {
            (NamedBy::CallerOrOperator, Authorization::Withheld) => {
                Some(Warning::TokenNotSentOverHttp { service })
            }
            (NamedBy::ThirdParty, Authorization::None | Authorization::Withheld) if has_token => {
                Some(Warning::TokenNotSentToUnlisted { service })
            }
            _ => None,
        };
        DrsSession::new(uri, authorization, warning)
    }

    /// Bare ids are fetched from each DRS of the query, the others at their addresses.
    fn add_roots(
        self,
        tree: &mut ObjectTree<'_>,
        sessions: &Sessions<'_>,
        addresses: Vec<Result<Option<DrsAddress>, UnresolvedId>>,
    ) {
        for (object, (id, address)) in self.query.objects().iter().zip(addresses).enumerate() {
            match address {
                Ok(None) if !id.is_bare() => {}
                Ok(None) => {
                    for server in 0..self.query.drs().len() {
                        tree.add_root(object, server, LocalIds::one(&**id.given()));
                    }
                }
                Ok(Some(address)) => {
                    let server = sessions.position(&address.server);
                    let ids = LocalIds {
                        ids: address.ids,
                        query: address.query,
                        // The caller's own.
                        shows_query: true,
                    };
                    tree.add_root(object, server.unwrap_or_default(), ids);
                }
                Err(cause) => {
                    let reason = UnrankableReason::NoServer {
                        object: Arc::clone(id.given()),
                        cause: cause.to_string(),
                    };
                    tree.reject(object, reason);
                }
            }
        }
    }

    /// Where the leaf of a bundle is fetched, which the server at `server` listed; no ids, if that cannot be known.
    async fn leaf_address(
        self,
        sessions: &mut Sessions<'a>,
        server: usize,
        leaf: &Leaf,
    ) -> (usize, LocalIds) {
        if let Some(id) = &leaf.id {
            return (server, LocalIds::one(id));
        }
        for uri in &leaf.drs_uris {
            let Some(Ok(uri)) = DrsUri::scheme_stripped(uri).map(DrsUri::parse) else {
                continue;
            };
            let Ok(address) = self.client.ids.resolve(self.scope, &uri).await else {
                continue;
            };
            let ids = LocalIds {
                ids: address.ids,
                shows_query: address.query.as_deref().is_none_or(is_harmless_of_drs),
                query: address.query,
            };
            if let Some(known) = sessions.position(&address.server) {
                return (known, ids);
            }
            // Named by the author of the bundle.
            let session = self.session(address.server, NamedBy::ThirdParty).await;
            return (sessions.add(session), ids);
        }
        (server, LocalIds::default())
    }

    /// What one DRS has by each of `nodes`: in few calls if there are many and it supports that. Once its circuit breaker
    /// is open, it is not called for the rest.
    async fn fetch_all(
        self,
        session: &DrsSession<'_>,
        tree: &ObjectTree<'_>,
        nodes: &[usize],
    ) -> Vec<ItemResult> {
        let in_bulk = self.fetch_in_bulk(session, tree, nodes).await;
        let results: Vec<_> = nodes
            .iter()
            .zip(in_bulk)
            .map(async |(&node, result)| match result {
                Some(result) => result,
                None => self.fetch_one(session, tree.ids(node)).await,
            })
            .collect();
        stream::iter(results)
            .buffered(CALLS_PER_DRS)
            .collect()
            .await
    }

    /// The same for those of `nodes` that can be fetched together; `None` for the rest.
    async fn fetch_in_bulk(
        self,
        session: &DrsSession<'_>,
        tree: &ObjectTree<'_>,
        nodes: &[usize],
    ) -> Vec<Option<ItemResult>> {
        let mut results: Vec<_> = nodes.iter().map(|_| None).collect();
        // An object with several possible ids takes several calls, and "." names no object.
        let with_one_id = |(position, &node): (usize, &usize)| {
            let ids = tree.ids(node).filter(|ids| ids.query.is_none())?;
            match ids.ids.as_slice() {
                [id] if !matches!(id.as_str(), "." | "..") => Some((position, id.as_str())),
                _ => None,
            }
        };
        let together: Vec<_> = nodes.iter().enumerate().filter_map(with_one_id).collect();
        if together.len() <= MAX_SINGLE_FETCHES {
            return results;
        }
        let (client, scope, authorization) = (self.client, self.scope, session.authorization);
        let limit = match client.bulk_limit(scope, &session.uri, authorization).await {
            Ok(Some(limit)) => limit,
            Ok(None) => return results,
            Err(error) => {
                session.record_outcome(Some(&error));
                return results;
            }
        };
        let calls: Vec<_> = together
            .chunks(limit)
            .map(async |chunk| {
                let ids: Vec<_> = chunk.iter().map(|&(_, id)| id).collect();
                let items = match session.check() {
                    Err(error) => Err(error),
                    Ok(()) if scope.bytes().is_exceeded() => Ok(Vec::new()),
                    Ok(()) => {
                        client
                            .fetch_items(scope, &session.uri, &ids, authorization)
                            .await
                    }
                };
                session.record_outcome(items.as_ref().err());
                (chunk, items)
            })
            .collect();
        let mut calls = stream::iter(calls).buffered(CALLS_PER_DRS);
        while let Some((chunk, items)) = calls.next().await {
            // After a failure each is fetched singly.
            for (&(position, _), item) in chunk.iter().zip(items.unwrap_or_default()) {
                if let Some(result) = results.get_mut(position) {
                    *result = item.map(|item| self.reserve(item));
                }
            }
        }
        results
    }

    /// What a DRS has by the first of `ids` that it knows.
    async fn fetch_one(self, session: &DrsSession<'_>, ids: Option<&LocalIds>) -> ItemResult {
        for id in ids.into_iter().flat_map(|ids| &ids.ids) {
            session.check()?;
            if self.scope.bytes().is_exceeded() {
                break;
            }
            let request = ItemRequest {
                drs: &session.uri,
                id,
                query: ids.and_then(|ids| ids.query.as_deref()),
                shows_query: ids.is_some_and(|ids| ids.shows_query),
                authorization: session.authorization,
            };
            let item = self.client.fetch_item(self.scope, request).await;
            session.record_outcome(item.as_ref().err());
            if !matches!(item, Ok(None)) {
                return self.reserve(item);
            }
        }
        Ok(None)
    }

    /// The same, unless there is no memory for it and its estimates: then there will be no ranking.
    fn reserve(self, item: ItemResult) -> ItemResult {
        let estimates = self
            .query
            .tes()
            .len()
            .saturating_mul(size_of::<CopyEstimate>());
        item.map(|item| {
            item.filter(|item| {
                let estimates = item.access_count().saturating_mul(estimates);
                let bytes = item.bytes().saturating_add(estimates);
                self.scope.bytes().reserve(bytes)
            })
        })
    }
}

/// What each of `futures` gives, in their order. Unlike `join_all`, which polls up to thirty whenever one can go on, this
/// polls that one.
async fn all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    futures.collect::<FuturesOrdered<_>>().collect().await
}
