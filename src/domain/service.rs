//! The root URI of a TES or DRS instance, as given and normalised.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};
use url::Url;

use super::geo::Host;

/// The root URI of a TES or DRS instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ServiceUri {
    given: Arc<str>,
    root: Url,
    host: Host,
}

/// The text is not a service root URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadServiceUri {
    /// It does not begin with `http://` or `https://`, or is not a valid URI.
    #[error("must be an absolute http or https URI with a host")]
    NotAbsolute,
    /// It has blanks or control characters.
    #[error("must not contain blanks, control characters or backslashes")]
    Blank,
    /// Its host is an IPv6 address without brackets.
    #[error("must have brackets around an IPv6 address, as in http://[2001:db8::1]:8080/")]
    NoBrackets,
    /// Its host cannot be parsed, for this reason.
    #[error("must be an absolute http or https URI with a host: {0}")]
    Host(url::ParseError),
    /// Paths are appended to it, so it can have neither query nor fragment.
    #[error("must be the root URI of a service, without query and fragment")]
    NotARoot,
}

impl ServiceUri {
    /// # Errors
    /// [`BadServiceUri`] if `given` is not an absolute `http` or `https` URI with a host, or has a query or fragment.
    pub fn parse(given: &str) -> Result<Self, BadServiceUri> {
        // The URL parser tolerates white space, backslashes and missing slashes. Another parser may tolerate them
        // differently and see another host.
        let has_scheme = given.split_once("://").is_some_and(|(scheme, rest)| {
            ["http", "https"]
                .iter()
                .any(|allowed| scheme.eq_ignore_ascii_case(allowed))
                && !rest.starts_with('/')
        });
        // The byte order mark is a space for the regular expressions of JSON Schema.
        let is_refused =
            |c: char| c.is_whitespace() || c.is_control() || matches!(c, '\\' | '\u{feff}');
        // Most are plain ASCII, which is quicker to look through.
        let is_plain = given
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        if !is_plain && given.contains(is_refused) {
            return Err(if given.contains("://") || given.contains('\\') {
                BadServiceUri::Blank
            } else {
                BadServiceUri::NotAbsolute
            });
        }
        if !has_scheme {
            return Err(BadServiceUri::NotAbsolute);
        }
        let mut root = Url::parse(given).map_err(|error| match error {
            _ if is_without_brackets(given) => BadServiceUri::NoBrackets,
            url::ParseError::RelativeUrlWithoutBase | url::ParseError::EmptyHost => {
                BadServiceUri::NotAbsolute
            }
            error => BadServiceUri::Host(error),
        })?;
        let host = Host::of(&root).ok_or(BadServiceUri::NotAbsolute)?;
        if root.query().is_some() || root.fragment().is_some() {
            return Err(BadServiceUri::NotARoot);
        }
        let path = root.path().trim_end_matches('/');
        if path.len() + 1 != root.path().len() {
            let path = format!("{path}/");
            root.set_path(&path);
        }
        Ok(Self {
            given: given.into(),
            root,
            host,
        })
    }

    /// The URI exactly as given.
    pub const fn given(&self) -> &Arc<str> {
        &self.given
    }

    /// The normalised root; its path ends in a slash. URIs with equal roots are the same service.
    pub const fn root(&self) -> &Url {
        &self.root
    }

    /// The URL of `path`, which is relative to the root, percent-encoded, and without `..`.
    pub fn endpoint(&self, path: &str) -> Url {
        let mut url = self.root.clone();
        url.set_path(&format!("{}{path}", self.root.path()));
        url
    }

    /// The host of the root.
    pub const fn host(&self) -> &Host {
        &self.host
    }
}

/// Whether the host of a URI that cannot be parsed looks like an IPv6 address without brackets.
fn is_without_brackets(uri: &str) -> bool {
    let rest = uri.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    host.matches(':').count() > 1
        && host
            .chars()
            .all(|c| c.is_ascii_hexdigit() || c == ':' || c == '.')
}

impl TryFrom<String> for ServiceUri {
    type Error = BadServiceUri;

    fn try_from(text: String) -> Result<Self, BadServiceUri> {
        Self::parse(&text)
    }
}

impl From<ServiceUri> for String {
    fn from(uri: ServiceUri) -> Self {
        uri.given.as_ref().to_owned()
    }
}

/// As given, without user name and password: safe for warnings and logs.
impl fmt::Display for ServiceUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.root.username().is_empty() && self.root.password().is_none() {
            return f.write_str(&self.given);
        }
        let mut shown = self.root.clone();
        // Cannot fail: the URI has a host.
        let _ = (shown.set_username(""), shown.set_password(None));
        f.write_str(shown.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trailing_slash_and_the_case_of_the_host_make_no_difference() {
        let roots: Vec<_> = [
            "https://TES.example/ga4gh",
            "https://tes.example:443/ga4gh/",
            "HTTPS://tes.example/ga4gh//",
        ]
        .map(|given| ServiceUri::parse(given).unwrap().root().clone())
        .into();
        assert!(
            roots
                .iter()
                .all(|root| root.as_str() == "https://tes.example/ga4gh/"),
            "{roots:?}"
        );
    }

    #[test]
    fn the_reason_why_a_uri_is_refused_is_the_real_one() {
        for (given, reason) in [
            ("http://h.example:99999/", "port"),
            ("http://h.example:port/", "port"),
            ("http://[::1/", "IPv6"),
            ("http://::1/", "brackets"),
            ("http://a:b@2001:db8::1:80/x", "brackets"),
            ("http://h:1:2/", "port"),
            ("http://1.2.3.400/", "IPv4"),
            ("http://h%zz/", "domain name"),
            ("http://a b/", "blanks"),
            (" http://h.example/", "blanks"),
            ("http://h.example/\t", "control characters"),
            ("http:\\\\h.example\\", "backslashes"),
            ("http://h.example/?x=1", "without query and fragment"),
            ("http://h.example/#x", "without query and fragment"),
            ("ftp://h.example/", "absolute http or https URI"),
            ("h.example/ga4gh", "absolute http or https URI"),
            ("http:///ga4gh", "with a host"),
            ("", "absolute http or https URI"),
        ] {
            let told = ServiceUri::parse(given).unwrap_err().to_string();
            assert!(told.contains(reason), "{given:?}: {told}");
        }
    }

    #[test]
    fn user_info_is_part_of_the_call_and_not_displayed() {
        let uri = ServiceUri::parse("https://ann:pw@tes.example/").unwrap();
        assert_eq!(&**uri.given(), "https://ann:pw@tes.example/");
        assert_eq!(uri.root().password(), Some("pw"));
        assert_eq!(uri.to_string(), "https://tes.example/");
    }

    #[test]
    fn what_is_not_an_absolute_http_uri_is_refused() {
        for bad in [
            "",
            "tes.example",
            "//tes.example",
            "ftp://tes.example",
            "http:tes.example",
            "http://",
            "http:///tes",
            "file:///etc/passwd",
        ] {
            assert_eq!(
                ServiceUri::parse(bad),
                Err(BadServiceUri::NotAbsolute),
                "{bad:?}"
            );
        }
        for bad in [
            " http://tes.example",
            "http://tes.example\n",
            "http://a b/",
            "http://a\\b/",
            "http:\\\\tes.example",
        ] {
            assert_eq!(ServiceUri::parse(bad), Err(BadServiceUri::Blank), "{bad:?}");
        }
        for (bad, reason) in [
            ("http://[::1", url::ParseError::InvalidIpv6Address),
            ("http://a:99999/", url::ParseError::InvalidPort),
            ("http://a:b/", url::ParseError::InvalidPort),
        ] {
            assert_eq!(
                ServiceUri::parse(bad),
                Err(BadServiceUri::Host(reason)),
                "{bad:?}"
            );
        }
        for bad in ["http://a/?q=1", "http://a/#top"] {
            assert_eq!(
                ServiceUri::parse(bad),
                Err(BadServiceUri::NotARoot),
                "{bad:?}"
            );
        }
    }
}
