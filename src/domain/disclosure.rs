//! Which URIs may be given to anyone, and what of the others may: by a list of what is harmless, as the ways to carry a
//! secret in a URI cannot be listed.

use percent_encoding::percent_decode_str;
use url::Url;

use super::scheme::Scheme;

/// The query keys of URIs that may be disclosed: they select a representation or a version, or name who pays.
pub const HARMLESS_KEYS: [&str; 7] = [
    "alt",
    "userProject",
    "generation",
    "versionId",
    "snapshot",
    "download",
    "format",
];

/// Schemes of Azure whose user info is the name of a container.
const CONTAINER_SCHEMES: [&str; 4] = ["abfs", "abfss", "wasb", "wasbs"];

/// Whether `uri` may be disclosed as it is: it parses, has no user info and no fragment, and only [`HARMLESS_KEYS`] in its
/// query. An absolute path and an ARN of S3 may be too.
pub fn may_be_disclosed(uri: &str) -> bool {
    parsed_may_be_disclosed(uri, Url::parse(uri).ok().as_ref())
}

/// The same of `uri`, which is parsed as `url` if it can be.
pub fn parsed_may_be_disclosed(uri: &str, url: Option<&Url>) -> bool {
    // URL parsers drop line ends and turn backslashes round: another reader may see another URI.
    if uri.contains(|c: char| c.is_control() || c == '\\') {
        return false;
    }
    let (before_query, query) = match uri.split_once('?') {
        Some((before, query)) => (before, Some(query)),
        None => (uri, None),
    };
    if uri.contains('#') || has_parameters(before_query) || !query.is_none_or(is_harmless) {
        return false;
    }
    if is_arn(strip_s3(before_query)) || is_path(before_query) {
        return !before_query.contains('@') && !is_nested(before_query);
    }
    url.is_some_and(|url| {
        !url.cannot_be_a_base()
            && url.password().is_none()
            && has_no_user(url)
            && !is_nested(url.path())
            && !has_secret_in_path(url)
    })
}

/// What may be told of `uri` in warnings and logs: all of it if it may be disclosed, else scheme, host, port and path. A
/// text without a scheme is no URI, and stays as it is.
pub fn redacted(uri: &str) -> String {
    let Some((scheme, _)) = uri.split_once("://") else {
        return uri.to_owned();
    };
    // Without these marks it has neither user info nor query, whatever it is.
    let may_have_secret_in_path =
        uri.contains("/p/") || uri.contains("/s/") || uri.contains("/raw/");
    let is_plain = !uri.contains(['?', '#', '@', '\\', '%'])
        && !has_parameters(uri)
        && !may_have_secret_in_path;
    if is_plain || may_be_disclosed(uri) {
        return uri.to_owned();
    }
    let url = Url::parse(uri).ok().filter(|url| !url.cannot_be_a_base());
    let Some(url) = url else {
        // Anything may stand before `://`, a query or user info too.
        return match Scheme::parse(scheme) {
            Ok(scheme) => format!("{scheme}://(unreadable)"),
            Err(_) => "(unreadable)".to_owned(),
        };
    };
    let host = url.host_str().unwrap_or_default();
    let port = url
        .port()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    let path = url.path().split(';').next().unwrap_or_default();
    let path = if is_nested(path) || has_secret_in_path(&url) {
        "/"
    } else {
        path
    };
    format!("{}://{host}{port}{path}", url.scheme())
}

/// Whether there may be a URL with user info, a query or parameters in `path`, percent-encoded or not.
fn is_nested(path: &str) -> bool {
    let Some(decoded) = decoded(path) else {
        return true;
    };
    let is_url = |path: &str| path.contains('@') && (path.contains("//") || path.contains(":/"));
    let has_query = |path: &str| path.split('?').skip(1).any(|query| query.contains('='));
    is_url(path) || is_url(&decoded) || has_query(&decoded) || has_parameters(&decoded)
}

/// `text` without percent-encoding; `None` if it was encoded more often than anyone does, as each time costs a pass.
fn decoded(text: &str) -> Option<String> {
    const MOST_TIMES: usize = 4;

    let mut text = text.to_owned();
    for _ in 0..MOST_TIMES {
        let next = percent_decode_str(&text).decode_utf8_lossy().into_owned();
        if next == text {
            return Some(text);
        }
        text = next;
    }
    None
}

/// Whether the path of `url` has a secret in the place where its store puts one: pre-authenticated requests of Oracle
/// (`/p/TOKEN/n/..`) and links of Storj (`/s/GRANT/..`, `/raw/GRANT/..`).
fn has_secret_in_path(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let begins = |starts: &[&str]| starts.iter().any(|start| url.path().starts_with(start));
    let is_of = |domain: &str| {
        let before = host.strip_suffix(domain);
        before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
    };
    let oracle = ["oraclecloud.com", "oraclecloud.eu", "customer-oci.com"];
    (oracle.into_iter().any(is_of) && begins(&["/p/"]))
        || (is_of("storjshare.io") && begins(&["/s/", "/raw/"]))
}

/// Whether `text` is an absolute path.
pub fn is_path(text: &str) -> bool {
    text.starts_with('/') && !text.starts_with("//")
}

/// Whether `text` is the ARN of a bucket or an access point.
pub fn is_arn(text: &str) -> bool {
    let mut parts = text.splitn(6, ':');
    let (arn, partition, service) = (parts.next(), parts.next(), parts.next());
    arn == Some("arn")
        && partition.is_some_and(|partition| partition.starts_with("aws"))
        && service.is_some_and(|service| service == "s3" || service.starts_with("s3-"))
        && parts.nth(2).is_some_and(|resource| !resource.is_empty())
}

/// An ARN may stand where a bucket does: `s3://arn:aws:s3:..`.
pub fn strip_s3(text: &str) -> &str {
    text.strip_prefix("s3://").unwrap_or(text)
}

/// Whether parts of the path have parameters such as `;jsessionid=..`.
fn has_parameters(text: &str) -> bool {
    text.split(';').skip(1).any(|part| part.contains('='))
}

fn is_harmless(query: &str) -> bool {
    has_plain_values(query) && keys(query).all(|key| HARMLESS_KEYS.contains(&key))
}

/// Whether no value has a mark, percent-encoded or not, behind which another reader may find another key, user info or a
/// header. The last ones of a value in base64 may be equals signs.
fn has_plain_values(query: &str) -> bool {
    let encoded = [
        "%26", "%3b", "%3d", "%3f", "%23", "%25", "%40", "%7c", "%20",
    ];
    let lower = query.to_ascii_lowercase();
    let is_mark = |c: char| matches!(c, '=' | '?' | '@' | '|') || c.is_whitespace();
    let mut values = query
        .split(['&', ';'])
        .filter_map(|pair| pair.split_once('='));
    !encoded.iter().any(|mark| lower.contains(mark))
        && values.all(|(_, value)| !value.trim_end_matches('=').contains(is_mark))
}

/// Whether the query of a `drs://` URI may be disclosed: it may name the version of the object too, as those of Azul do.
pub fn is_harmless_of_drs(query: &str) -> bool {
    has_plain_values(query)
        && keys(query).all(|key| key == "version" || HARMLESS_KEYS.contains(&key))
}

fn keys(query: &str) -> impl Iterator<Item = &str> {
    let pairs = query.split(['&', ';']).filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split('=').next().unwrap_or_default())
}

fn has_no_user(url: &Url) -> bool {
    url.username().is_empty() || CONTAINER_SCHEMES.contains(&url.scheme())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_query_is_disclosed_only_if_all_its_keys_are_harmless() {
        // (key, whether it may be disclosed)
        let keys = [
            ("alt", true),
            ("userProject", true),
            ("generation", true),
            ("versionId", true),
            ("snapshot", true),
            ("download", true),
            ("format", true),
            ("X-Amz-Signature", false),
            ("X-Amz-Credential", false),
            ("X-Amz-Security-Token", false),
            ("X-Amz-Algorithm", false),
            ("X-Goog-Signature", false),
            ("X-Goog-Credential", false),
            ("Signature", false),
            ("AWSAccessKeyId", false),
            ("GoogleAccessId", false),
            ("Expires", false),
            ("Key-Pair-Id", false),
            ("Policy", false),
            ("sig", false),
            ("se", false),
            ("sv", false),
            ("sp", false),
            ("temp_url_sig", false),
            ("temp_url_expires", false),
            ("temp_url_prefix", false),
            ("access_token", false),
            ("token", false),
            ("auth_token", false),
            ("authz", false),
            ("ticket", false),
            ("hdnts", false),
            ("hdnea", false),
            ("Authorization", false),
            ("authorization", false),
            ("api_key", false),
            ("apikey", false),
            ("key", false),
            ("password", false),
            ("code", false),
            ("jwt", false),
            ("session", false),
            ("OSSAccessKeyId", false),
            ("q-signature", false),
            ("verify", false),
            ("ALT", false),
            ("userproject", false),
            ("alt[]", false),
            ("%61lt", false),
            ("version", false),
        ];
        assert!(keys.len() >= 40);
        for (key, expected) in keys {
            for uri in [
                format!("https://data.example/x?{key}=af07"),
                format!("https://data.example/x?alt=media&{key}=af07"),
                format!("https://data.example/x?alt=media;{key}=af07"),
                format!("s3://bucket/x?{key}=af07"),
                format!("https://data.example/x?{key}"),
            ] {
                assert_eq!(may_be_disclosed(&uri), expected, "{uri}");
            }
        }
    }

    #[test]
    fn user_info_fragments_and_what_does_not_parse_are_not_disclosed() {
        for uri in [
            "https://ann@data.example/x",
            "https://ann:af07@data.example/x",
            "https://:af07@data.example/x",
            "ftp://anonymous:af07@ftp.example/x",
            "sftp://ann:af07@data.example/x",
            "abfss://container:af07@account.dfs.core.windows.net/x",
            "s3://key:af07@bucket/x",
            "https://data.example/x#access_token=af07",
            "s3://bucket/x#af07",
            "https://data.example/x;jsessionid=af07",
            "https://data.example/x;token=af07?alt=media",
            "https://proxy.example/https://ann:af07@data.example/x",
            "https:\\\\ann:af07@data.example/x",
            "ht\ntps://data.example/x",
            "https://data.example/x?\nsig=af07",
            "https://data.example/x?alt=media%26token%3Daf07",
            "https://data.example/x?alt=media%2526token=af07",
            "https://data.example/x?alt=media%3btoken=af07",
            "https://objectstorage.us-ashburn-1.oraclecloud.com/p/af07/n/ns/b/bucket/o/x",
            "https://ns.objectstorage.eu-frankfurt-1.oci.customer-oci.com/p/af07/n/ns/b/bucket/o/x",
            "https://link.storjshare.io/s/af07/bucket/x",
            "https://link.eu1.storjshare.io/raw/af07/bucket/x",
            "https://data.example:99999/x",
            "/data/x?token=af07",
            "data:text/plain,af07",
            "mailto:af07@data.example",
            "s3:ann:af07@bucket",
            "af07",
            "5",
            "",
        ] {
            assert!(!may_be_disclosed(uri), "{uri}");
        }
    }

    #[test]
    fn a_drs_uri_may_name_a_version() {
        for query in ["", "version=2", "version=2&alt=media"] {
            assert!(is_harmless_of_drs(query), "{query}");
        }
        for query in ["token=af07", "version=2;token=af07", "Version=2", "af07"] {
            assert!(!is_harmless_of_drs(query), "{query}");
        }
    }

    #[test]
    fn what_looks_harmless_hides_nothing_in_values_and_paths() {
        for uri in [
            "https://h/x?alt=media?X-Amz-Signature=S",
            "https://h/x?format=https://ann:S@h2/x",
            "https://h/x?download=1,token=S",
            "https://h/x?alt=media|token=S",
            "https://h/x?alt=Bearer S",
            "https://h/x?alt=Bearer%20S",
            "https://h/x%3FX-Amz-Signature=S",
            "https://h/x%3Btoken=S",
            "https://h/proxy/https:/ann:S@h2/x",
            "https://h/https%3A%2F%2Fann%3AS%40host%2Fx",
            "https://h/x%253Ftoken=S",
            "https://h/x%25253Btoken=S",
            "s3://bucket/x%3Ftoken=S",
        ] {
            assert!(!may_be_disclosed(uri), "{uri}");
            let shown = redacted(uri);
            assert!(
                !shown.contains("=S") && !shown.contains(":S@") && !shown.contains("AS%40"),
                "{shown}"
            );
        }
        for uri in ["https://h/run%231.cram", "https://h/a%20b@c"] {
            assert!(may_be_disclosed(uri), "{uri}");
            assert_eq!(redacted(uri), uri);
        }
    }

    #[test]
    fn local_paths_and_arns_hide_nothing_either() {
        for uri in [
            "/x%3FX-Amz-Signature=S",
            "/x%3Btoken=S",
            "/https%3A%2F%2Fann%3AS%40host%2Fx",
            "arn:aws:s3:::bucket/x%3Ftoken=S",
        ] {
            assert!(!may_be_disclosed(uri), "{uri}");
        }
        assert!(may_be_disclosed("/data/a%20b:c"));
    }

    #[test]
    fn plain_uris_are_disclosed() {
        for uri in [
            "https://data.example/x",
            "https://data.example/x?",
            "https://data.example/x?alt=media&generation=7",
            "https://data.example/x?snapshot=2026-01-01T00%3A00%3A00Z",
            "s3://bucket/a b.bam",
            "https://objectstorage.us-ashburn-1.oraclecloud.com/n/ns/b/bucket/o/p/x",
            "https://data.example/p/x",
            "https://gateway.storjshare.io/bucket/s/x",
            "s3://bucket/x?versionId=3",
            "s3://minio.example.org:9000/bucket/x",
            "s3://arn:aws:s3:us-west-2:123456789012:accesspoint/ap/x",
            "arn:aws:s3:::bucket/x",
            "gs://bucket/x@2",
            "abfss://container@account.dfs.core.windows.net/x",
            "ftp://ftp.example/x;type",
            "file:///data/x",
            "/data/x",
            "drs://drs.example/x",
        ] {
            assert!(may_be_disclosed(uri), "{uri}");
        }
    }

    #[test]
    fn warnings_have_origin_and_path_of_a_uri() {
        for (uri, shown) in [
            ("https://b.example/x/y?sig=af07", "https://b.example/x/y"),
            (
                "https://ann:af07@b.example:8443/x",
                "https://b.example:8443/x",
            ),
            ("https://b.example/x#af07", "https://b.example/x"),
            ("https://b.example/x;s=af07/y", "https://b.example/x"),
            ("https://b.example?af07", "https://b.example/"),
            ("s3://b/x?alt=media", "s3://b/x?alt=media"),
            ("https://ann:a/f07@b.example/x", "https://(unreadable)"),
            ("ftp://a;b@ftp.example/x", "ftp://ftp.example/x"),
            (
                "https://objectstorage.x.oraclecloud.com/p/af07/n/ns",
                "https://objectstorage.x.oraclecloud.com/",
            ),
            ("https://data.example/p/x", "https://data.example/p/x"),
            ("a?b", "a?b"),
            ("drs://dg.4503:dg.4503/x", "drs://dg.4503:dg.4503/x"),
            ("drs://dg.4503:x?token=af07", "drs://(unreadable)"),
            ("/x?sig=af07&of=https://b.example", "(unreadable)"),
            ("ann:af07@b.example?to=s3://b", "(unreadable)"),
            ("aws#af07-1s3://b.example", "(unreadable)"),
        ] {
            assert_eq!(redacted(uri), shown);
        }
    }

    proptest! {
        #[test]
        fn no_other_key_is_ever_disclosed(
            key in "[A-Za-z0-9_%.-]{1,20}",
            secret in "[a-z0-9]{12}",
            separator in "[&;]",
        ) {
            prop_assume!(!HARMLESS_KEYS.contains(&key.as_str()));
            let uri = format!("https://data.example/x?alt=media{separator}{key}={secret}");
            prop_assert!(!may_be_disclosed(&uri));
            prop_assert!(!redacted(&uri).contains(&secret));
        }

        #[test]
        fn a_query_in_a_path_is_not_disclosed_however_often_it_is_encoded(
            base in "(https://data.example|s3://bucket|)",
            key in "[A-Za-z-]{1,12}",
            mark in "(3F|3f|3B|3b)",
            more in "(25){0,40}",
        ) {
            let uri = format!("{base}/x%{more}{mark}{key}=af07");
            prop_assert!(!may_be_disclosed(&uri));
        }

        #[test]
        fn user_info_is_never_shown(
            scheme in "(https|ftp|sftp|s3|gs|x)",
            user in "[a-zA-Z0-9:._~-]{0,8}",
            secret in "[a-z0-9]{12}",
            tail in "[a-z/?#;&=@.]{0,12}",
        ) {
            let uri = format!("{scheme}://{user}:{secret}@data.example/{tail}");
            prop_assert!(!may_be_disclosed(&uri));
            prop_assert!(!redacted(&uri).contains(&secret));
        }
    }
}
