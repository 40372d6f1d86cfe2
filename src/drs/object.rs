//! A DRS object as servers write it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    access::AccessMethod,
    checksums,
    contents::{self, Content},
    lenient,
};
use crate::{client::FetchError, domain::object::DrsRecord};

/// How many access methods an object may have at one DRS.
const MAX_METHODS: usize = 256;

/// The parts of an object that matter here: not its name, description and times.
#[derive(Deserialize)]
pub(super) struct DrsObject {
    #[serde(default, deserialize_with = "lenient::size")]
    size: Option<u64>,
    #[serde(default, deserialize_with = "checksums::read")]
    checksums: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "lenient::at_most::<MAX_METHODS, _, _>")]
    access_methods: Vec<AccessMethod>,
    #[serde(default, deserialize_with = "contents::read")]
    contents: Option<Vec<Content>>,
    /// What Gen3 says an object is: `object` or `bundle`.
    #[serde(default, deserialize_with = "lenient::text")]
    form: Option<String>,
}

impl DrsObject {
    /// Whether it is a bundle. Servers write `contents: []` for objects that are none, and also for bundles that they
    /// were not asked to expand.
    pub(super) fn is_bundle(&self) -> bool {
        match (self.form.as_deref(), &self.contents) {
            (Some(form), _) if form.eq_ignore_ascii_case("bundle") => true,
            (_, None) => false,
            (_, Some(contents)) => !contents.is_empty() || self.access_methods.is_empty(),
        }
    }

    /// What it holds.
    pub(super) fn into_contents(self) -> Vec<Content> {
        self.contents.unwrap_or_default()
    }

    /// Size, checksums and available access methods; `object_uri` is the `drs://` URI of the object.
    ///
    /// # Errors
    /// [`FetchError::Malformed`] if nothing in the answer shows that it describes an object.
    pub(super) fn into_record(self, object_uri: &str) -> Result<DrsRecord, FetchError> {
        if self.size.is_none() && self.access_methods.is_empty() {
            return Err(FetchError::Malformed(
                "size: is missing, and so is access_methods".to_owned(),
            ));
        }
        let methods = self.access_methods.len();
        let available: Vec<_> = self
            .access_methods
            .into_iter()
            .filter(AccessMethod::is_available)
            .collect();
        Ok(DrsRecord {
            size_bytes: self.size,
            checksums: self.checksums,
            unavailable: methods - available.len(),
            access: available
                .into_iter()
                .filter_map(|method| method.into_access(object_uri))
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(object: Value) -> Result<DrsRecord, FetchError> {
        serde_json::from_value::<DrsObject>(object)
            .unwrap()
            .into_record("drs://drs.example/x")
    }

    fn checksums(list: &Value) -> BTreeMap<String, String> {
        read(json!({"size": 1, "checksums": list}))
            .unwrap()
            .checksums
    }

    #[test]
    fn spellings_of_one_checksum_are_equal() {
        let one = checksums(&json!([{"type": "sha-256", "checksum": "AB"}]));
        for same in [
            json!([{"type": "SHA256", "checksum": "ab"}]),
            json!([{"sha_256": "aB"}]),
            json!([{"checksum": "ab ", "type": "Sha-256"}, {"type": "md5", "checksum": "None"}]),
            json!({"type": "sha256", "checksum": "ab"}),
            json!({"sha256": "ab", "etag": "x"}),
            json!([null, 7, {"type": "sha256", "checksum": "ab"}]),
        ] {
            assert_eq!(checksums(&same), one, "{same}");
        }
    }

    #[test]
    fn what_is_no_checksum_is_passed_over() {
        for nothing in [
            json!(null),
            json!([]),
            json!([{"type": "md5", "checksum": ""}]),
            json!([{"type": "md5", "checksum": null}]),
            json!([{"type": "", "checksum": "ab"}]),
            json!([{"type": "etag", "checksum": "4c555f6a344a35dd75fa4086bb94dccb-43"}]),
            json!([{"type": "s3-etag", "checksum": "ab"}]),
            json!([{"type": "md5"}]),
            json!("ab"),
        ] {
            assert!(checksums(&nothing).is_empty(), "{nothing}");
        }
    }

    #[test]
    fn base64_is_not_compared_with_hexadecimal() {
        let hexadecimal = checksums(&json!([{"md5": "d41d8cd98f00b204e9800998ecf8427e"}]));
        let base64 = checksums(&json!([{"md5": "1B2M2Y8AsgTpgAmY7PhCfg=="}]));
        assert!(
            hexadecimal.keys().all(|kind| !base64.contains_key(kind)),
            "{base64:?}"
        );
    }

    #[test]
    fn sizes_are_numbers_however_they_are_written() {
        for size in [json!(7), json!("7"), json!(" 7 "), json!(7.0)] {
            let record = read(json!({"size": size, "access_methods": []})).unwrap();
            assert_eq!(record.size_bytes, Some(7), "{size}");
        }
        let method = json!([{"type": "https", "access_url": {"url": "https://a/b"}}]);
        for absent in [
            json!(null),
            json!(""),
            json!("None"),
            json!(-1),
            json!("-1"),
            json!(1.5),
            json!("many"),
            json!("12 GB"),
            json!([]),
            json!({"bytes": 7}),
            json!(true),
            json!(1e300),
            json!(1_u64 << 63),
            json!("9223372036854775808"),
            json!("18446744073709551616"),
        ] {
            let record = read(json!({"size": absent, "access_methods": method})).unwrap();
            assert_eq!(record.size_bytes, None, "{absent}");
        }
    }

    #[test]
    fn what_is_not_needed_may_be_missing_or_odd() {
        let record = read(json!({
            "size": 7, "checksums": null, "name": null, "description": 5, "created": "yesterday", "region": "",
            "access_methods": [
                null,
                {"type": "gs", "access_url": {"url": "None"}},
                {"type": "https", "access_url": {"url": "https://a/b", "headers": ["None"]}, "region": ""},
                {"type": "sftp", "access_url": {"url": "sftp://a/b", "headers": {}}, "region": null},
                {"type": "globus", "access_url": ["globus://x"]}, {"access_url": true}, {"access_url": 5}, "s3", 7,
                {"type": "az", "access_url": "https://x.blob.core.windows.net/b", "cloud": 7},
                {"access_url": null},
                {"type": "https", "access_url": {"url": "https://cold/b"}, "available": false},
                {"type": "https", "access_url": {"url": "https://colder/b"}, "availability": "False"}
            ]
        }))
        .unwrap();
        let uris: Vec<_> = record
            .access
            .iter()
            .map(|access| access.uri.as_str())
            .collect();
        assert_eq!(
            uris,
            [
                "https://a/b",
                "sftp://a/b",
                "https://x.blob.core.windows.net/b"
            ]
        );
        assert_eq!(record.unavailable, 2);
    }

    #[test]
    fn a_bundle_is_told_by_what_it_holds() {
        let is_bundle = |object: Value| {
            serde_json::from_value::<DrsObject>(object)
                .unwrap()
                .is_bundle()
        };
        let method = json!([{"type": "gs", "access_id": "gs"}]);
        assert!(is_bundle(
            json!({"size": 1, "contents": [{"name": "x", "id": "y"}]})
        ));
        assert!(is_bundle(
            json!({"size": 1, "contents": [], "form": "bundle"})
        ));
        assert!(is_bundle(json!({"size": 1, "contents": []})));
        assert!(!is_bundle(
            json!({"size": 1, "contents": [], "access_methods": method})
        ));
        assert!(!is_bundle(
            json!({"size": 1, "contents": null, "form": "object"})
        ));
        assert!(!is_bundle(json!({"size": 1})));
    }

    #[test]
    fn an_answer_about_nothing_is_refused() {
        for nothing in [json!({}), json!({"id": "a"}), json!({"access_methods": []})] {
            assert!(read(nothing).is_err());
        }
    }
}
