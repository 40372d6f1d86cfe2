//! What is asked for, as trees: an object can turn out to be a bundle of others, and those of others again.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use crate::{
    domain::{object::DrsRecord, object_id::ObjectId, unrankable::UnrankableReason},
    outbound::drs::Content,
};

/// How much a bundle may hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Levels of bundles in bundles.
    pub(super) depth: usize,
    /// Objects in all bundles that one DRS tells of for a request.
    pub(super) objects: usize,
}

/// One tree for each object and DRS that is asked for it.
#[derive(Debug)]
pub(super) struct Forest<'a> {
    pub(super) objects: &'a [ObjectId],
    bounds: Bounds,
    pub(super) nodes: Vec<Node>,
    /// How many nodes were found in bundles of each DRS.
    grown: BTreeMap<usize, usize>,
    /// Why objects of the query are of no use, by their positions.
    pub(super) problems: BTreeMap<usize, UnrankableReason>,
}

/// Something that one DRS is asked for.
#[derive(Debug)]
pub(super) struct Node {
    /// The position of the object in the query that it is or belongs to.
    pub(super) object: usize,
    /// The position of the DRS.
    pub(super) server: usize,
    /// The tree that it belongs to: the position of its root.
    pub(super) tree: usize,
    /// The names that lead to it from the object; none for the object itself.
    pub(super) path: Vec<String>,
    /// Where it and all bundles around it are asked for, and by which ids.
    line: Vec<(usize, Vec<String>)>,
    pub(super) said: Said,
}

/// What a DRS said.
#[derive(Debug)]
pub(super) enum Said {
    /// Nothing yet.
    Pending,
    /// That it is not there.
    Nothing,
    /// Nothing that can be used.
    Failed,
    /// That it is this.
    Object(DrsRecord),
    /// That it is several objects, which are nodes of their own.
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
    /// Where else it may be asked for.
    pub(super) drs_uris: Vec<String>,
}

impl<'a> Forest<'a> {
    pub(super) const fn new(objects: &'a [ObjectId], bounds: Bounds) -> Self {
        Self {
            objects,
            bounds,
            nodes: Vec::new(),
            grown: BTreeMap::new(),
            problems: BTreeMap::new(),
        }
    }

    /// The object at this position of the query is to be asked for at `server`.
    pub(super) fn plant(&mut self, object: usize, server: usize, ids: Vec<String>) {
        self.nodes.push(Node {
            object,
            server,
            tree: self.nodes.len(),
            path: Vec::new(),
            line: vec![(server, ids)],
            said: Said::Pending,
        });
    }

    /// The object at this position of the query is of no use.
    pub(super) fn give_up(&mut self, object: usize, reason: UnrankableReason) {
        self.problems.entry(object).or_insert(reason);
    }

    /// The nodes that are still to be asked for, and where.
    pub(super) fn pending(&self) -> Vec<(usize, usize)> {
        let nodes = self.nodes.iter().enumerate();
        nodes
            .filter(|(_, node)| {
                matches!(node.said, Said::Pending) && !self.problems.contains_key(&node.object)
            })
            .map(|(position, node)| (position, node.server))
            .collect()
    }

    /// The ids that a node may be known by.
    pub(super) fn ids(&self, node: usize) -> &[String] {
        let node = self.nodes.get(node);
        node.and_then(|node| node.line.last())
            .map_or(&[], |(_, ids)| ids)
    }

    /// Where a node is asked for.
    pub(super) fn server(&self, node: usize) -> usize {
        self.nodes.get(node).map_or(0, |node| node.server)
    }

    /// What a node is called in warnings and in the answer.
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
            (Some(id), path) => format!("{id}/{}", path.join("/")).into(),
        }
    }

    /// Takes down what a DRS said of a node.
    pub(super) fn note(&mut self, node: usize, said: Said) {
        if let Some(node) = self.nodes.get_mut(node) {
            node.said = said;
        }
    }

    /// Takes down that a node is a bundle with these contents; gives back what is to be asked for.
    pub(super) fn open(&mut self, node: usize, contents: Vec<Content>) -> Vec<Leaf> {
        self.note(node, Said::Bundle);
        let mut leaves = Vec::new();
        flatten(contents, &mut Vec::new(), &mut Vec::new(), &mut leaves);
        leaves
    }

    /// A leaf of the bundle `parent` is to be asked for at `server`; with no ids, it cannot be.
    pub(super) fn grow(&mut self, parent: usize, leaf: Leaf, server: usize, ids: Vec<String>) {
        let Some(bundle) = self.nodes.get(parent) else {
            return;
        };
        let (object, tree) = (bundle.object, bundle.tree);
        let mut line = bundle.line.clone();
        line.extend(leaf.between.into_iter().map(|id| (bundle.server, vec![id])));
        let mut path = bundle.path.clone();
        path.extend(leaf.names);

        let is_around = line
            .iter()
            .any(|(at, known)| *at == server && known.iter().any(|id| ids.contains(id)));
        let found_at = line.first().map_or(server, |(root, _)| *root);
        let grown = self.grown.entry(found_at).or_default();
        *grown += 1;
        let problem = if is_around {
            Some("contains itself".to_owned())
        } else if path.len() > self.bounds.depth {
            Some(format!(
                "is nested deeper than {} levels (drs.max_bundle_depth)",
                self.bounds.depth
            ))
        } else if *grown > self.bounds.objects {
            Some(format!(
                "holds too much: the bundles of a request may hold {} objects together (drs.max_bundle_objects)",
                self.bounds.objects
            ))
        } else {
            None
        };
        if let Some(cause) = problem {
            let bundle = self.name_of(object, &[]);
            return self.give_up(object, UnrankableReason::Bundle { bundle, cause });
        }
        let said = if ids.is_empty() {
            Said::Nothing
        } else {
            Said::Pending
        };
        line.push((server, ids));
        self.nodes.push(Node {
            object,
            server,
            tree,
            path,
            line,
            said,
        });
    }
}

/// The objects in `contents`, at all levels that are told.
fn flatten(
    contents: Vec<Content>,
    names: &mut Vec<String>,
    between: &mut Vec<String>,
    leaves: &mut Vec<Leaf>,
) {
    let mut taken = HashSet::new();
    for (number, content) in (1..).zip(contents) {
        let id = content.id.clone();
        let mut name = content
            .name
            .or_else(|| id.clone())
            .unwrap_or_else(|| number.to_string());
        if !taken.insert(name.clone()) {
            // Names should be unique in a bundle, and keys in the answer must be.
            name = format!("{name}~{number}");
        }
        names.push(name);
        if content.contents.is_empty() {
            leaves.push(Leaf {
                names: names.clone(),
                between: between.clone(),
                id,
                drs_uris: content.drs_uris,
            });
        } else {
            let depth = between.len();
            between.extend(id);
            flatten(content.contents, names, between, leaves);
            between.truncate(depth);
        }
        names.pop();
    }
}
