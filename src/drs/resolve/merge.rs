//! Merges the trees of all DRS into one list of objects.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::Arc,
};

use super::tree::{Node, NodeState, ObjectTree};
use crate::domain::{
    object::{Copies, ObjectRecords, Origin},
    service::ServiceUri,
    unrankable::{BundleFault, Difference, UnrankableReason},
};

impl ObjectTree<'_> {
    /// What was found, in the order of the query; the objects of a bundle stand in its place.
    pub(super) fn merge(mut self, servers: &[Arc<ServiceUri>]) -> Vec<ObjectRecords> {
        let mut trees: Vec<BTreeMap<usize, Vec<Node>>> = Vec::new();
        trees.resize_with(self.objects.len(), BTreeMap::new);
        for node in std::mem::take(&mut self.nodes) {
            if let Some(trees) = trees.get_mut(node.object) {
                trees.entry(node.root).or_default().push(node);
            }
        }
        let mut taken = HashSet::new();
        let mut records = Vec::new();
        for (object, trees) in trees.into_iter().enumerate() {
            let found = match self.rejected.remove(&object) {
                Some(reason) => vec![ObjectRecords {
                    id: self.name_of(object, &[]),
                    copies: Err(reason),
                }],
                None => match self.urls.remove(&object) {
                    Some(record) => vec![ObjectRecords {
                        id: self.name_of(object, &[]),
                        copies: Ok(vec![(Origin::Url, Arc::new(record))]),
                    }],
                    None => self.merge_object(object, trees.into_values().collect(), servers),
                },
            };
            // A bundle may hold an object that the query names too.
            records.extend(
                found
                    .into_iter()
                    .filter(|one| taken.insert(Arc::clone(&one.id))),
            );
        }
        records
    }

    /// One object of the query out of what each DRS has.
    fn merge_object(
        &self,
        object: usize,
        trees: Vec<Vec<Node>>,
        servers: &[Arc<ServiceUri>],
    ) -> Vec<ObjectRecords> {
        let id = self.name_of(object, &[]);
        let one = |copies| {
            vec![ObjectRecords {
                id: Arc::clone(&id),
                copies,
            }]
        };
        let is_bundle = |tree: &Vec<Node>| matches!(tree.first(), Some(root) if matches!(root.state, NodeState::Bundle));
        let (bundles, rest): (Vec<_>, Vec<_>) = trees.into_iter().partition(is_bundle);
        let at = |server: usize| servers.get(server).cloned();
        let mut lookups = Lookups::default();
        for node in rest.into_iter().flatten() {
            if let Some(server) = servers.get(node.server) {
                lookups.add(server, node.state);
            }
        }
        let copies = &lookups.copies;
        match (
            bundles.first().and_then(|tree| at(tree.first()?.server)),
            copies.first(),
        ) {
            (None, _) => one(lookups.into_copies(&id)),
            (Some(bundle), Some((blob, _))) => one(Err(UnrankableReason::Conflict {
                object: Arc::clone(&id),
                first: bundle.to_string(),
                second: blob.to_string(),
                difference: Box::new(Difference::BundleAndObject),
            })),
            (Some(_), None) => match merge_bundles(&id, bundles, servers) {
                Err(reason) => one(Err(reason)),
                Ok(leaves) => leaves
                    .into_iter()
                    .map(|(path, lookups)| {
                        let id = self.name_of(object, &path);
                        let copies = lookups.into_copies(&id);
                        ObjectRecords { id, copies }
                    })
                    .collect(),
            },
        }
    }
}

/// What the DRS have of one object.
#[derive(Default)]
struct Lookups {
    copies: Copies,
    /// The DRS that did not say, and why.
    failed: Vec<(String, Arc<str>)>,
    absent_at: usize,
}

impl Lookups {
    fn add(&mut self, server: &Arc<ServiceUri>, state: NodeState) {
        match state {
            NodeState::Object(record) => {
                self.copies.push((Origin::Drs(Arc::clone(server)), record));
            }
            NodeState::Failed(cause) => self.failed.push((server.to_string(), cause)),
            NodeState::Absent => self.absent_at += 1,
            NodeState::Pending | NodeState::Bundle => {}
        }
    }

    /// # Errors
    /// [`UnrankableReason::Unanswered`] if there are no copies, and some DRS may have one.
    fn into_copies(self, id: &Arc<str>) -> Result<Copies, UnrankableReason> {
        if self.copies.is_empty() && !self.failed.is_empty() {
            return Err(UnrankableReason::Unanswered {
                object: Arc::clone(id),
                causes: self.failed,
                absent_at: self.absent_at,
            });
        }
        Ok(self.copies)
    }
}

/// The objects of a bundle, which must be the same at all DRS that list them all.
fn merge_bundles(
    id: &Arc<str>,
    bundles: Vec<Vec<Node>>,
    servers: &[Arc<ServiceUri>],
) -> Result<Vec<(Vec<String>, Lookups)>, UnrankableReason> {
    let mut order = Vec::new();
    let mut leaves: BTreeMap<Vec<String>, Lookups> = BTreeMap::new();
    let mut reference: Option<(usize, BTreeSet<Vec<String>>)> = None;
    for tree in bundles {
        let server = tree.first().map_or(0, |root| root.server);
        // What failed could be a bundle: then the list is not complete.
        let is_complete = tree
            .iter()
            .all(|node| !matches!(node.state, NodeState::Failed(_)));
        let nodes: Vec<_> = tree
            .into_iter()
            .filter(|node| !matches!(node.state, NodeState::Bundle))
            .collect();
        if is_complete {
            let paths: BTreeSet<_> = nodes.iter().map(|node| node.path.clone()).collect();
            match &reference {
                None => reference = Some((server, paths)),
                Some((_, known)) if *known == paths => {}
                Some((first, known)) => {
                    let name = |server: usize| servers.get(server).map(ToString::to_string);
                    return Err(UnrankableReason::Conflict {
                        object: Arc::clone(id),
                        first: name(*first).unwrap_or_default(),
                        second: name(server).unwrap_or_default(),
                        difference: Box::new(Difference::Contents(known.len(), paths.len())),
                    });
                }
            }
        }
        for node in nodes {
            let lookups = leaves.entry(node.path.clone()).or_insert_with(|| {
                order.push(node.path);
                Lookups::default()
            });
            if let Some(server) = servers.get(node.server) {
                lookups.add(server, node.state);
            }
        }
    }
    if order.is_empty() {
        return Err(UnrankableReason::Bundle {
            bundle: Arc::clone(id),
            fault: BundleFault::Empty,
        });
    }
    Ok(order
        .into_iter()
        .filter_map(|path| leaves.remove_entry(&path))
        .collect())
}
