//! `drs`: how DRS instances are asked, and what is made of their answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use crate::domain::object::MissingSize;

/// How DRS instances are asked, and what is made of their answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Drs {
    /// What becomes of an object whose size no DRS knows: `refuse` or `zero`.
    #[serde(with = "MissingSizeName")]
    pub missing_size: MissingSize,
    /// The hosts that prefixes of compact ids stand for.
    pub prefixes: Prefixes,
    /// Whether `compact_id_resolver` is asked for other prefixes.
    pub resolve_compact_ids: bool,
    /// The root of identifiers.org's resolver, or of one that does as it does.
    pub compact_id_resolver: String,
    /// The hosts in `drs://` ids that are called over plain http.
    pub plain_http_hosts: Vec<String>,
    /// Whether DRS are asked for the URLs behind access ids, to see where they lead to.
    pub resolve_access_ids: bool,
    /// How many levels of bundles in bundles are opened.
    pub max_bundle_depth: usize,
    /// How many objects the bundles of a request may hold together.
    pub max_bundle_objects: usize,
    /// Seconds that objects are kept; 0 keeps nothing.
    pub cache_ttl_sec: u64,
}

impl Default for Drs {
    fn default() -> Self {
        Self {
            missing_size: MissingSize::Refuse,
            prefixes: Prefixes::default(),
            resolve_compact_ids: true,
            compact_id_resolver: "https://resolver.api.identifiers.org/".to_owned(),
            plain_http_hosts: Vec::new(),
            resolve_access_ids: false,
            max_bundle_depth: 8,
            max_bundle_objects: 1000,
            cache_ttl_sec: 60,
        }
    }
}

/// How a [`MissingSize`] is written.
#[derive(Serialize, Deserialize)]
#[serde(remote = "MissingSize", rename_all = "lowercase")]
enum MissingSizeName {
    Refuse,
    Zero,
}

/// Hosts by the prefixes that stand for them, in lower case. What a configuration says comes on top of the defaults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Prefixes(pub BTreeMap<String, String>);

impl Default for Prefixes {
    fn default() -> Self {
        let known = [
            ("dg.4503", "gen3.biodatacatalyst.nhlbi.nih.gov"),
            ("dg.4dfc", "nci-crdc.datacommons.io"),
            ("dg.anv0", "data.terra.bio"),
            ("dg.f82a1a", "data.kidsfirstdrc.org"),
            ("drs.anv0", "data.terra.bio"),
        ];
        let known = known.map(|(prefix, host)| (prefix.to_owned(), host.to_owned()));
        Self(known.into())
    }
}

impl<'de> Deserialize<'de> for Prefixes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut all = Self::default();
        for (prefix, host) in BTreeMap::<String, String>::deserialize(deserializer)? {
            all.0.insert(prefix.to_lowercase(), host);
        }
        Ok(all)
    }
}
