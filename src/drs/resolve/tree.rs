//! The objects of a request as trees: an object can turn out to be a bundle of others, and those of others again.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use crate::{
    domain::{
        disclosure::redacted,
        object::DrsRecord,
        object_id::ObjectId,
        unrankable::{BundleFault, UnrankableReason},
    },
    drs::Content,
};

/// How much a bundle may hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BundleLimits {
    /// Levels of bundles in bundles.
    pub(crate) depth: usize,
    /// Objects in all bundles that one DRS lists for a request.
    pub(crate) objects: usize,
}

/// One tree for each object and DRS that may have it.
#[derive(Debug)]
pub(super) struct ObjectTree<'a> {
    pub(super) objects: &'a [ObjectId],
    limits: BundleLimits,
    pub(super) nodes: Vec<Node>,
    /// How many nodes were found in bundles of each DRS.
    children_of_server: BTreeMap<usize, usize>,
    /// Why objects of the query cannot be used, by their positions.
    pub(super) rejected: BTreeMap<usize, UnrankableReason>,
    /// Objects of the query that are URLs, by their positions.
    pub(super) urls: BTreeMap<usize, DrsRecord>,
}

/// An id at one DRS.
#[derive(Debug)]
pub(super) struct Node {
    /// The position in the query of the object that it is or belongs to.
    pub(super) object: usize,
    /// The position of the DRS.
    pub(super) server: usize,
    /// The position of the root of its tree.
    pub(super) root: usize,
    /// The names that lead to it from the object; none for the object itself.
    pub(super) path: Vec<String>,
    /// Server and ids of it and of all bundles around it, itself last.
    ancestry: Vec<(usize, LocalIds)>,
    pub(super) state: NodeState,
}

/// What an object may be known by at a DRS: no ids, if that cannot be known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct LocalIds {
    /// The likeliest first.
    pub(super) ids: Vec<String>,
    /// The query of its `drs://` URI.
    pub(super) query: Option<String>,
    /// Whether that may be in answers.
    pub(super) shows_query: bool,
}

impl LocalIds {
    pub(super) fn one(id: impl Into<String>) -> Self {
        Self {
            ids: vec![id.into()],
            query: None,
            shows_query: false,
        }
    }
}

/// What a DRS has by the id of a node.
#[derive(Debug)]
pub(super) enum NodeState {
    /// Not fetched yet.
    Pending,
    /// Nothing.
    Absent,
    /// It could not be read; why not.
    Failed(Arc<str>),
    /// An object.
    Object(Arc<DrsRecord>),
    /// A bundle, whose objects are nodes of their own.
    Bundle,
}

/// An object in a bundle, and the bundles between the two.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Leaf {
    /// The names that lead to it.
    names: Vec<String>,
    /// The ids of the bundles between.
    between: Vec<String>,
    /// Its id at the DRS that has the bundle.
    pub(super) id: Option<String>,
    /// Its `drs://` URIs.
    pub(super) drs_uris: Vec<String>,
}

impl<'a> ObjectTree<'a> {
    pub(super) const fn new(objects: &'a [ObjectId], limits: BundleLimits) -> Self {
        Self {
            objects,
            limits,
            nodes: Vec::new(),
            children_of_server: BTreeMap::new(),
            rejected: BTreeMap::new(),
            urls: BTreeMap::new(),
        }
    }

    /// Adds the object at this position of the query, which may be at `server` by one of `ids`.
    pub(super) fn add_root(&mut self, object: usize, server: usize, ids: LocalIds) {
        self.nodes.push(Node {
            object,
            server,
            root: self.nodes.len(),
            path: Vec::new(),
            ancestry: vec![(server, ids)],
            state: NodeState::Pending,
        });
    }

    /// Rules out the object at this position of the query.
    pub(super) fn reject(&mut self, object: usize, reason: UnrankableReason) {
        self.rejected.entry(object).or_insert(reason);
    }

    /// The nodes that are still to be fetched, for each of `servers` DRS.
    pub(super) fn pending_by_server(&self, servers: usize) -> Vec<Vec<usize>> {
        let mut pending = vec![Vec::new(); servers];
        for (position, node) in self.nodes.iter().enumerate() {
            if matches!(node.state, NodeState::Pending)
                && !self.rejected.contains_key(&node.object)
                && let Some(nodes) = pending.get_mut(node.server)
            {
                nodes.push(position);
            }
        }
        pending
    }

    /// The ids that a node may be known by.
    pub(super) fn ids(&self, node: usize) -> Option<&LocalIds> {
        let (_, ids) = self.nodes.get(node)?.ancestry.last()?;
        Some(ids)
    }

    /// The position of the DRS of a node.
    pub(super) fn server(&self, node: usize) -> usize {
        self.nodes.get(node).map_or(0, |node| node.server)
    }

    /// The name of a node in warnings and in the answer.
    pub(super) fn name(&self, node: usize) -> Arc<str> {
        self.nodes.get(node).map_or_else(
            || Arc::from(""),
            |node| self.name_of(node.object, &node.path),
        )
    }

    pub(super) fn name_of(&self, object: usize, path: &[String]) -> Arc<str> {
        match (self.objects.get(object), path) {
            (None, _) => Arc::from(""),
            (Some(id), []) => Arc::clone(id.given()),
            (Some(id), path) => format!("{}/{}", id.given(), path.join("/")).into(),
        }
    }

    pub(super) fn set_state(&mut self, node: usize, state: NodeState) {
        if let Some(node) = self.nodes.get_mut(node) {
            node.state = state;
        }
    }

    /// Marks a node as a bundle with these contents; gives back what is to be fetched.
    pub(super) fn expand(&mut self, node: usize, contents: &[Content]) -> Vec<Leaf> {
        self.set_state(node, NodeState::Bundle);
        let mut leaves = Vec::new();
        flatten(contents, &mut Vec::new(), &mut Vec::new(), &mut leaves);
        let Some((object, server)) = self.nodes.get(node).map(|node| {
            let found_at = node.ancestry.first().map_or(node.server, |(root, _)| *root);
            (node.object, found_at)
        }) else {
            return Vec::new();
        };
        let children = self.children_of_server.entry(server).or_default();
        *children += leaves.len();
        if *children > self.limits.objects {
            let fault = BundleFault::TooLarge {
                found: *children,
                limit: self.limits.objects,
            };
            let bundle = self.name_of(object, &[]);
            self.reject(object, UnrankableReason::Bundle { bundle, fault });
            return Vec::new();
        }
        leaves
    }

    /// Adds a leaf of the bundle `parent`, which may be at `server` by one of `ids`; with no ids, it is absent.
    pub(super) fn add_child(&mut self, parent: usize, leaf: Leaf, server: usize, ids: LocalIds) {
        let Some(bundle) = self.nodes.get(parent) else {
            return;
        };
        let (object, root) = (bundle.object, bundle.root);
        let mut ancestry = bundle.ancestry.clone();
        let between = leaf.between.into_iter();
        ancestry.extend(between.map(|id| (bundle.server, LocalIds::one(id))));
        let mut path = bundle.path.clone();
        path.extend(leaf.names);

        let is_around = ancestry
            .iter()
            .any(|(at, known)| *at == server && known.ids.iter().any(|id| ids.ids.contains(id)));
        let fault = if is_around {
            Some(BundleFault::ContainsItself)
        } else if path.len() > self.limits.depth {
            Some(BundleFault::TooDeep(self.limits.depth))
        } else {
            None
        };
        if let Some(fault) = fault {
            let bundle = self.name_of(object, &[]);
            return self.reject(object, UnrankableReason::Bundle { bundle, fault });
        }
        let state = if ids.ids.is_empty() {
            NodeState::Absent
        } else {
            NodeState::Pending
        };
        ancestry.push((server, ids));
        self.nodes.push(Node {
            object,
            server,
            root,
            path,
            ancestry,
            state,
        });
    }
}

/// The objects in `contents`, at all levels that are listed.
fn flatten(
    contents: &[Content],
    names: &mut Vec<String>,
    between: &mut Vec<String>,
    leaves: &mut Vec<Leaf>,
) {
    let mut taken = HashSet::new();
    for (number, content) in (1..).zip(contents) {
        let mut name = content
            .name
            .clone()
            .or_else(|| content.id.clone())
            .map_or_else(|| number.to_string(), |name| redacted(&name));
        if !taken.insert(name.clone()) {
            // Names should be unique in a bundle, and keys in the answer must be.
            name = format!("{name}~{number}");
        }
        names.push(name);
        if content.contents.is_empty() {
            leaves.push(Leaf {
                names: names.clone(),
                between: between.clone(),
                id: content.id.clone(),
                drs_uris: content.drs_uris.clone(),
            });
        } else {
            let depth = between.len();
            between.extend(content.id.clone());
            flatten(&content.contents, names, between, leaves);
            between.truncate(depth);
        }
        names.pop();
    }
}
