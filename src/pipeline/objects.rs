//! Asks every DRS for every object that it may have, and for what is in those that are bundles.

use std::sync::Arc;

use futures_util::{StreamExt, stream};

use super::{
    bundles::{Forest, Leaf},
    gather::{Round, all},
    server::{Answer, Server},
};
use crate::{
    domain::{
        object::ObjectRecords,
        object_id::{DrsUri, IdForm, ObjectId},
        service::ServiceUri,
        unrankable::UnrankableReason,
        warning::Warning,
    },
    outbound::{
        drs::ids::{Address, NamedBy, UnknownServer},
        fetch::Pass,
    },
};

/// How many objects one DRS is asked for at a time.
const CALLS_PER_DRS: usize = 8;

/// Up to so many objects are asked for one by one: to learn whether a DRS takes many at once costs a call.
const FEW: usize = 10;

impl<'a> Round<'a> {
    /// What the DRS say of each object of the query, in its order. Asks in turns: what bundles hold is known only after
    /// they were asked for.
    pub(super) async fn records(self) -> (Vec<ObjectRecords>, Vec<Warning>) {
        let objects = self.query.objects();
        let addresses = all(objects.iter().map(|id| self.address_of(id))).await;
        let mut forest = Forest::new(objects, self.pipeline.bundle_bounds);
        let mut servers = self.servers(&addresses).await;
        plant(
            &mut forest,
            &servers,
            self.query.drs().len(),
            objects,
            addresses,
        );
        loop {
            let mut questions = vec![Vec::new(); servers.len()];
            let pending = forest.pending();
            if pending.is_empty() {
                break;
            }
            for (node, server) in pending {
                if let Some(questions) = questions.get_mut(server) {
                    questions.push(node);
                }
            }
            let asking = servers.iter().zip(&questions);
            let answers = all(asking.map(|(server, nodes)| self.ask(server, &forest, nodes))).await;
            let mut opened = Vec::new();
            for ((server, nodes), answers) in servers.iter_mut().zip(&questions).zip(answers) {
                for (&node, answer) in nodes.iter().zip(answers) {
                    opened.extend(server.take_down(&mut forest, node, answer));
                }
            }
            for (node, at, leaf) in opened {
                let (server, ids) = self.leaf_address(&mut servers, at, &leaf).await;
                forest.grow(node, leaf, server, ids);
            }
        }
        let uris: Vec<_> = servers
            .iter()
            .map(|server| Arc::clone(&server.uri))
            .collect();
        let warnings = servers
            .into_iter()
            .flat_map(Server::into_warnings)
            .collect();
        (forest.harvest(&uris), warnings)
    }

    /// Where an object is asked for that names its server; `None` for the others.
    async fn address_of(self, id: &ObjectId) -> Result<Option<Address>, UnknownServer> {
        match id.form() {
            IdForm::Bare => Ok(None),
            IdForm::Drs(uri) => self.locate(uri).await.map(Some),
        }
    }

    async fn locate(self, uri: &DrsUri) -> Result<Address, UnknownServer> {
        let located = self.pipeline.drs_ids.locate(uri);
        self.patience
            .wait_for_any(located)
            .await
            .unwrap_or_else(|cause| {
                let (DrsUri::Hosted { host: prefix, .. } | DrsUri::Compact { prefix, .. }) = uri;
                let prefix = prefix.clone();
                Err(UnknownServer::Unresolved { prefix, cause })
            })
    }

    /// The DRS of the query, and then those that ids name, each once.
    async fn servers(
        self,
        addresses: &[Result<Option<Address>, UnknownServer>],
    ) -> Vec<Server<'a>> {
        let mut named: Vec<_> = self
            .query
            .drs()
            .iter()
            .map(|uri| (uri.clone(), NamedBy::Us))
            .collect();
        for address in addresses
            .iter()
            .filter_map(|address| address.as_ref().ok()?.as_ref())
        {
            let known = named
                .iter_mut()
                .find(|(uri, _)| uri.root() == address.server.root());
            match known {
                // Whoever else names it too: it is known to be meant.
                Some((_, named_by)) if address.named_by == NamedBy::Us => *named_by = NamedBy::Us,
                Some(_) => {}
                None => named.push((address.server.clone(), address.named_by)),
            }
        }
        all(named
            .into_iter()
            .map(|(uri, named_by)| self.server(uri, named_by)))
        .await
    }

    /// A server as it is called, with a warning if the token does not go there.
    async fn server(self, uri: ServiceUri, named_by: NamedBy) -> Server<'a> {
        let (pass, warnings) = match named_by {
            NamedBy::Us => self.pass(&uri).await,
            NamedBy::Others => self.pass_of_our_own(&uri).await,
        };
        Server::new(uri, pass, warnings)
    }

    /// Nothing of the caller goes to who was named by others; what the service itself shows there, the operator has said.
    async fn pass_of_our_own(self, uri: &ServiceUri) -> (Pass<'a>, Vec<Warning>) {
        let pass = self.pipeline.fetcher.pass(uri.root(), None).await;
        let warnings = match (pass, self.token) {
            (Pass::None | Pass::HeldBack, Some(_)) => {
                let service = uri.to_string();
                vec![Warning::TokenNotEntrusted { service }]
            }
            _ => Vec::new(),
        };
        (pass, warnings)
    }

    /// Where the leaf of a bundle is asked for, which the server `at` has told of; no ids, if that cannot be known.
    async fn leaf_address(
        self,
        servers: &mut Vec<Server<'a>>,
        at: usize,
        leaf: &Leaf,
    ) -> (usize, Vec<String>) {
        if let Some(id) = &leaf.id {
            return (at, vec![id.clone()]);
        }
        for uri in &leaf.drs_uris {
            let Some(Ok(uri)) = DrsUri::scheme_stripped(uri).map(DrsUri::parse) else {
                continue;
            };
            let Ok(address) = self.locate(&uri).await else {
                continue;
            };
            let known = servers
                .iter()
                .position(|server| server.uri.root() == address.server.root());
            let server = known.unwrap_or(servers.len());
            if known.is_none() {
                // Whoever wrote the bundle names it.
                servers.push(self.server(address.server, NamedBy::Others).await);
            }
            return (server, address.ids);
        }
        (at, Vec::new())
    }

    /// What one DRS says of each of `nodes`, in few questions if there are many and it takes that. Once it proves to be out
    /// of reach, it is not asked for the rest.
    async fn ask(self, server: &Server<'_>, forest: &Forest<'_>, nodes: &[usize]) -> Vec<Answer> {
        let told = self.ask_in_bulk(server, forest, nodes).await;
        let answers: Vec<_> = nodes
            .iter()
            .zip(told)
            .map(async |(&node, told)| match told {
                Some(answer) => answer,
                None => self.ask_one(server, forest.ids(node)).await,
            })
            .collect();
        stream::iter(answers)
            .buffered(CALLS_PER_DRS)
            .collect()
            .await
    }

    /// The same for those of `nodes` that can be asked for with others; `None` for the rest.
    async fn ask_in_bulk(
        self,
        server: &Server<'_>,
        forest: &Forest<'_>,
        nodes: &[usize],
    ) -> Vec<Option<Answer>> {
        let mut told: Vec<_> = nodes.iter().map(|_| None).collect();
        // An id that may be another one is asked for twice, and "." names no object.
        let with_one_id = |(position, &node): (usize, &usize)| match forest.ids(node) {
            [id] if !matches!(id.as_str(), "." | "..") => Some((position, id.as_str())),
            _ => None,
        };
        let together: Vec<_> = nodes.iter().enumerate().filter_map(with_one_id).collect();
        if together.len() <= FEW {
            return told;
        }
        let client = &self.pipeline.drs;
        let limit = client.bulk_limit(&server.uri, server.pass);
        let limit = match self.patience.wait(limit).await {
            Ok(Some(limit)) => limit,
            Ok(None) => return told,
            Err(error) => {
                server.note(Some(&error));
                return told;
            }
        };
        let questions: Vec<_> = together
            .chunks(limit)
            .map(async |chunk| {
                let ids: Vec<_> = chunk.iter().map(|&(_, id)| id).collect();
                let answer = if let Some(error) = server.given_up.get() {
                    Err(error.clone())
                } else if self.budget.is_exceeded() {
                    Ok(Vec::new())
                } else {
                    let asked = client.fetch_objects(&server.uri, &ids, server.pass);
                    self.patience.wait(asked).await
                };
                // Those that come after it are not to be asked in vain.
                server.note(answer.as_ref().err());
                (chunk, answer)
            })
            .collect();
        let mut answers = stream::iter(questions).buffered(CALLS_PER_DRS);
        while let Some((chunk, answer)) = answers.next().await {
            // After a failure each is asked for by itself.
            for (&(position, _), answer) in chunk.iter().zip(answer.unwrap_or_default()) {
                if let Some(told) = told.get_mut(position) {
                    *told = answer.map(|answer| self.take_in(answer));
                }
            }
        }
        told
    }

    /// What a DRS says of one object, by the first of its `ids` that it knows.
    async fn ask_one(self, server: &Server<'_>, ids: &[String]) -> Answer {
        for id in ids {
            if let Some(error) = server.given_up.get() {
                return Err(error.clone());
            }
            if self.budget.is_exceeded() {
                break;
            }
            let client = &self.pipeline.drs;
            let answer = client.fetch_object(&server.uri, id, server.pass);
            let answer = self.patience.wait(answer).await;
            server.note(answer.as_ref().err());
            if !matches!(answer, Ok(None)) {
                return self.take_in(answer);
            }
        }
        Ok(None)
    }

    /// The same, without what there is no room for: then there will be no ranking.
    fn take_in(self, answer: Answer) -> Answer {
        answer.map(|entity| entity.filter(|entity| self.budget.has_room_for(entity)))
    }
}

/// Bare ids are asked for at each of the first `everyone` servers, which are those of the query, the others at their
/// addresses.
fn plant(
    forest: &mut Forest<'_>,
    servers: &[Server<'_>],
    everyone: usize,
    objects: &[ObjectId],
    addresses: Vec<Result<Option<Address>, UnknownServer>>,
) {
    for (object, (id, address)) in objects.iter().zip(addresses).enumerate() {
        match address {
            Ok(None) => {
                for server in 0..everyone {
                    forest.plant(object, server, vec![id.to_string()]);
                }
            }
            Ok(Some(address)) => {
                let server = servers
                    .iter()
                    .position(|server| server.uri.root() == address.server.root());
                forest.plant(object, server.unwrap_or_default(), address.ids);
            }
            Err(cause) => {
                let (object_id, cause) = (Arc::clone(id.given()), cause.to_string());
                let reason = UnrankableReason::NoServer {
                    object: object_id,
                    cause,
                };
                forest.give_up(object, reason);
            }
        }
    }
}
