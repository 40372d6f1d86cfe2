//! The services that a configured credential is for: all on a host, or those at and below a URL.

use std::fmt;

use percent_encoding::percent_decode_str;
use url::Url;

use super::{
    geo::Host,
    price_book::{TesMatch, is_host_name},
};

/// The services that a credential is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialMatch {
    /// Those on this host, on any port.
    Host(Host),
    /// Those at or below this URL, whose path ends in a slash.
    Prefix(Url),
}

/// The text is not a valid [`CredentialMatch`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadCredentialMatch {
    /// It stands for all services.
    #[error(
        "match must not be \"*\": a credential is for one host or URI, not for every service that a request names"
    )]
    Any,
    /// It is neither a host nor a URI.
    #[error(
        "match must be a host name or address, or the start of a URI such as https://tes.example.org/ga4gh/, without user \
         name, query and fragment"
    )]
    Malformed,
}

impl CredentialMatch {
    /// Parses a host name, an address, or the start of a URI.
    ///
    /// # Errors
    /// [`BadCredentialMatch`] if it is none of these.
    pub fn parse(text: &str) -> Result<Self, BadCredentialMatch> {
        match TesMatch::try_from(text.to_owned()) {
            Ok(TesMatch::Any) => Err(BadCredentialMatch::Any),
            Ok(TesMatch::Host(host @ (Host::Name(_) | Host::Address(_)))) => Ok(Self::Host(host)),
            Ok(TesMatch::Prefix(url)) if has_host(&url) => Ok(Self::Prefix(url)),
            Ok(TesMatch::Host(_) | TesMatch::Prefix(_)) | Err(_) => {
                Err(BadCredentialMatch::Malformed)
            }
        }
    }

    /// Whether what is at `url` belongs to it. A path whose percent-encoding hides a step upwards does not: the server, or
    /// a proxy before it, may decode it and serve something else.
    pub fn covers(&self, url: &Url) -> bool {
        match self {
            Self::Host(host) => Host::of(url).as_ref() == Some(host),
            Self::Prefix(prefix) => {
                url.origin() == prefix.origin()
                    && url.path().starts_with(prefix.path())
                    && (prefix.path() == "/" || !hides_a_step_upwards(url.path()))
            }
        }
    }
}

/// Whether the host of `url` is an address, or a name without a wildcard, which would match nothing.
fn has_host(url: &Url) -> bool {
    match Host::of(url) {
        Some(Host::Name(name)) => is_host_name(&name),
        Some(Host::Address(_)) => true,
        _ => false,
    }
}

/// Whether a segment of `path` is `..` for a server that decodes it, however often, or that cuts parameters after `;`.
fn hides_a_step_upwards(path: &str) -> bool {
    let mut path = path.to_owned();
    loop {
        let mut segments = path.split(['/', '\\']);
        if segments.any(|segment| segment.split(';').next() == Some("..")) {
            return true;
        }
        let decoded = percent_decode_str(&path).decode_utf8_lossy().into_owned();
        if decoded == path {
            return false;
        }
        path = decoded;
    }
}

impl fmt::Display for CredentialMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(host) => host.fmt(f),
            Self::Prefix(url) => url.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(of: &str, url: &str) -> bool {
        CredentialMatch::parse(of)
            .unwrap()
            .covers(&Url::parse(url).unwrap())
    }

    #[test]
    fn a_host_stands_for_all_its_ports_and_a_uri_for_what_is_below_it() {
        for (of, url) in [
            ("tes.example", "https://TES.example:8443/v1/tasks"),
            ("tes.example", "http://tes.example/"),
            ("[::1]", "http://[0:0:0:0:0:0:0:1]:8000/"),
            ("::1", "http://[::1]/"),
            ("127.0.0.1", "http://[::ffff:127.0.0.1]/"),
            ("https://h.example", "https://h.example/any/path"),
            ("HTTPS://H.example:443/a", "https://h.example/a/tasks"),
            ("http://h.example:80/a/", "http://h.example/a/"),
            ("https://h.example:8443/a", "https://h.example:8443/a/b"),
            ("https://[::1]:8443/a", "https://[0::1]:8443/a/b"),
            ("https://h.example/a", "https://h.example/a/objects/x%2Fy"),
            ("https://h.example/a", "https://h.example/a/objects/x..%2Fy"),
        ] {
            assert!(covers(of, url), "{of} {url}");
        }
        for (of, url) in [
            ("tes.example", "https://sub.tes.example/"),
            ("tes.example", "https://tes.example.org/"),
            ("https://h.example/a", "https://h.example/ab"),
            ("https://h.example/a", "https://h.example/ab/"),
            ("https://h.example/a", "https://h.example/A/"),
            ("https://h.example/a", "https://h.example/"),
            ("https://h.example/a", "http://h.example/a/"),
            ("https://h.example/a", "https://h.example:8443/a/"),
            ("https://h.example:8443/a", "https://h.example/a/"),
            ("https://h.example/a", "https://other.example/a/"),
            ("https://h.example/a", "https://h.example@other.example/a/"),
            ("https://h.example/a", "https://h.example/a/../b"),
            ("https://h.example/a", "https://h.example/a/%2e%2e/b"),
            ("https://h.example/a", "https://h.example/a/..%2Fb"),
            ("https://h.example/a", "https://h.example/a/x%2F..%2F..%2Fb"),
            ("https://h.example/a", "https://h.example/a/%252e%252e/b"),
            ("https://h.example/a", "https://h.example/a/..%5Cb"),
            ("https://h.example/a", "https://h.example/a/..;x/b"),
        ] {
            assert!(!covers(of, url), "{of} {url}");
        }
    }

    #[test]
    fn what_would_match_everything_or_nothing_is_refused() {
        assert_eq!(CredentialMatch::parse("*"), Err(BadCredentialMatch::Any));
        for bad in [
            "",
            "**",
            "*.example.org",
            "tes.example/ga4gh",
            "tes.example:8000",
            "s3://bucket",
            "ftp://tes.example/",
            "https://*/",
            "https://*.example.org/",
            "https://ann:pw@tes.example/",
            "https://tes.example/?x",
            "https://tes.example/#x",
            "https://tes.example:99999/",
            "https://",
            " https://tes.example/",
        ] {
            assert_eq!(
                CredentialMatch::parse(bad),
                Err(BadCredentialMatch::Malformed),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn it_is_displayed_as_it_is_parsed() {
        for text in ["tes.example", "::1", "https://h.example:8443/a/"] {
            let parsed = CredentialMatch::parse(text).unwrap();
            let again = CredentialMatch::parse(&parsed.to_string());
            assert_eq!(again, Ok(parsed), "{text}");
        }
    }
}
