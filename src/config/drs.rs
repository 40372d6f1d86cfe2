//! `drs`: how DRS instances are called and their answers read.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, Unexpected, Visitor},
};
use url::Url;

use super::{
    fault::ConfigFault,
    section::{Section, range, section, text},
};
use crate::domain::{object::MissingSize, service::ServiceUri};

section! {
    /// How DRS instances are called and their answers read.
    #[derive(Eq)]
    pub struct Drs {
        /// What happens to an object of which no DRS knows the size. `refuse`: the request fails. `zero`: it counts as
        /// 0 bytes, with a warning.
        #[serde(with = "MissingSizeName")]
        pub missing_size: MissingSize = MissingSize::Refuse;
        /// Hosts (with a port if needed) of compact ids, `drs://prefix:accession` or `drs://dg.ABCD/id`, by prefix in
        /// any case. Entries are added to these defaults. Callers' tokens are sent to these hosts.
        pub prefixes: Prefixes = Prefixes::default();
        /// Whether other prefixes are looked up at `compact_id_resolver`. Results are kept for a day.
        pub resolve_compact_ids: bool = true;
        /// Root URL of identifiers.org's resolver, or of one with the same API.
        pub compact_id_resolver: String = "https://resolver.api.identifiers.org/".to_owned(),
            text("an absolute http or https URL without query and fragment", is_root).hidden();
        /// Whether the DRS is asked for the access URL of an `access_id`. Its host gives the place; the URL itself, which is
        /// often signed, is neither kept nor shown. `never`: the place of the DRS counts where nothing else is known.
        /// `auto` (or true): where nothing else places the copy. `always`: also where its region is stated.
        pub resolve_access_ids: ResolveAccessIds = ResolveAccessIds::Never;
        /// Levels of nested bundles. A bundle stands for all objects in it.
        pub max_bundle_depth: usize = 8, range(1, 100);
        /// Objects in all bundles of a request, at one DRS.
        pub max_bundle_objects: usize = 1000, range(1, 1_000_000);
        /// Seconds that metadata of objects are kept, for each token separately. 0: not at all.
        pub cache_ttl_sec: u64 = 60, range(0, 86_400);
        /// Hosts in `drs://host/id` that are called over plain http, such as `[drs.intern, 'localhost:8080']`.
        pub plain_http_hosts: Vec<String> = Vec::new();
    }
}

impl Drs {
    pub(super) fn check(&self) -> Result<(), ConfigFault> {
        let is_prefix = |prefix: &str| {
            let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
            !prefix.is_empty() && prefix.bytes().all(is_part)
        };
        let prefix_rule = text("a prefix of compact ids such as dg.4503", is_prefix).hidden();
        let host_rule = text("a host name, with a port if need be", is_host);
        for (prefix, host) in &self.prefixes.0 {
            let key = format!("prefixes.{prefix}");
            prefix_rule.check(&key, prefix)?;
            host_rule.check(&key, host)?;
        }
        let host_rule = text("a host name or address, with a port if need be", is_host);
        host_rule.check_each("plain_http_hosts", &self.plain_http_hosts)?;
        self.check_keys()
    }
}

fn is_root(url: &str) -> bool {
    ServiceUri::parse(url).is_ok()
}

/// Whether `text` is a host, with or without a port, and nothing else.
fn is_host(text: &str) -> bool {
    Url::parse(&format!("http://{text}/")).is_ok_and(|url| {
        url.path() == "/"
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    }) && !text.contains(|c: char| c.is_whitespace() || c.is_control() || "/\\@".contains(c))
}

/// Which access ids are resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ResolveAccessIds {
    /// None.
    #[default]
    Never,
    /// Those of copies that nothing else places.
    Auto,
    /// All.
    Always,
}

impl<'de> Deserialize<'de> for ResolveAccessIds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ResolveAccessIdsVisitor)
    }
}

struct ResolveAccessIdsVisitor;

impl Visitor<'_> for ResolveAccessIdsVisitor {
    type Value = ResolveAccessIds;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("never, auto or always")
    }

    fn visit_bool<E: Error>(self, is_on: bool) -> Result<ResolveAccessIds, E> {
        Ok(if is_on {
            ResolveAccessIds::Auto
        } else {
            ResolveAccessIds::Never
        })
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<ResolveAccessIds, E> {
        match name {
            "never" | "false" => Ok(ResolveAccessIds::Never),
            "auto" | "true" => Ok(ResolveAccessIds::Auto),
            "always" => Ok(ResolveAccessIds::Always),
            _ => Err(E::invalid_value(Unexpected::Str(name), &self)),
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

/// Hosts by their prefix in lower case. Those of a configuration are added to the defaults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Prefixes(pub BTreeMap<String, String>);

impl Default for Prefixes {
    fn default() -> Self {
        let defaults = [
            ("dg.4503", "gen3.biodatacatalyst.nhlbi.nih.gov"),
            ("dg.4dfc", "nci-crdc.datacommons.io"),
            ("dg.anv0", "data.terra.bio"),
            ("dg.f82a1a", "data.kidsfirstdrc.org"),
            ("drs.anv0", "data.terra.bio"),
        ];
        Self(
            defaults
                .map(|(prefix, host)| (prefix.to_owned(), host.to_owned()))
                .into(),
        )
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn access_ids_are_resolved_as_a_word_or_a_flag_says() {
        let read = yaml_serde::from_str::<ResolveAccessIds>;
        for (text, expected) in [
            ("never", ResolveAccessIds::Never),
            ("false", ResolveAccessIds::Never),
            ("auto", ResolveAccessIds::Auto),
            ("true", ResolveAccessIds::Auto),
            ("always", ResolveAccessIds::Always),
            // Environments have texts only.
            ("'true'", ResolveAccessIds::Auto),
            ("'false'", ResolveAccessIds::Never),
        ] {
            assert_eq!(read(text).unwrap(), expected, "{text}");
        }
        for bad in ["sometimes", "Always", "1", "[auto]", "''"] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert_eq!(Drs::default().resolve_access_ids, ResolveAccessIds::Never);
    }
}
