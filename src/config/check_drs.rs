//! Which values of `drs` can be used.

use url::Url;

use super::{
    Drs,
    check::{in_range, not, not_shown},
    fault::ConfigFault,
};
use crate::domain::service::ServiceUri;

impl Drs {
    pub(super) fn check(&self) -> Result<(), ConfigFault> {
        for (prefix, host) in &self.prefixes.0 {
            let key = format!("drs.prefixes.{prefix}");
            let is_prefix = !prefix.is_empty()
                && prefix
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte));
            if !is_prefix {
                return Err(not_shown(&key, "a prefix of compact ids such as dg.4503"));
            }
            if !is_host(host) {
                return Err(not(&key, "a host name, with a port if need be", host));
            }
        }
        if ServiceUri::parse(&self.compact_id_resolver).is_err() {
            let must_be = "an absolute http or https URL without query and fragment";
            return Err(not_shown("drs.compact_id_resolver", must_be));
        }
        for (position, host) in self.plain_http_hosts.iter().enumerate() {
            if !is_host(host) {
                let key = format!("drs.plain_http_hosts[{position}]");
                return Err(not(
                    &key,
                    "a host name or address, with a port if need be",
                    host,
                ));
            }
        }
        let depth = self.max_bundle_depth;
        in_range("drs.max_bundle_depth", depth, 1..=100)?;
        let objects = self.max_bundle_objects;
        in_range("drs.max_bundle_objects", objects, 1..=1_000_000)?;
        in_range("drs.cache_ttl_sec", self.cache_ttl_sec, 0..=86_400)
    }
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
