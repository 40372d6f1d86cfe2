//! Object ids of a request: bare, a `drs://` URI that names its server, or the URL of the object itself.

use std::{fmt, sync::Arc};

use percent_encoding::percent_decode_str;
use url::Url;

use super::disclosure::redacted;

/// The id of an object, as given and parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectId {
    given: Arc<str>,
    form: IdForm,
}

/// The form of an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdForm {
    /// An id to look up at the DRS of the request.
    Bare,
    /// An id that names its server.
    Drs(DrsUri),
    /// The URL of the object itself.
    Url(Url),
}

/// A parsed `drs://` URI. The forms overlap: in `drs://dg.4503/x`, the host is a prefix, which only a lookup shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DrsUri {
    /// `drs://host[:port]/id`.
    Hosted {
        /// A host name, an address, or a prefix of compact identifiers; IPv6 addresses have brackets.
        host: String,
        /// The port, if given.
        port: Option<u16>,
        /// The id, percent-decoded.
        id: String,
        /// The query, such as `version=2`.
        query: Option<String>,
    },
    /// `drs://prefix:accession`.
    Compact {
        /// The namespace, preceded by `provider/` if there is a provider code.
        prefix: String,
        /// The id, percent-decoded.
        accession: String,
        /// The query.
        query: Option<String>,
    },
}

/// The text begins with `drs://` and is not a valid DRS URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a drs:// URI must name a server or a prefix and an id, such as drs://drs.example/id or drs://dg.4503:id"
)]
pub struct BadDrsUri;

impl ObjectId {
    /// # Errors
    /// [`BadDrsUri`] if `given` begins with `drs://` and is not valid. Anything else is a bare id.
    pub fn parse(given: impl Into<Arc<str>>) -> Result<Self, BadDrsUri> {
        let given = given.into();
        let form = match DrsUri::scheme_stripped(&given) {
            Some(rest) => IdForm::Drs(DrsUri::parse(rest)?),
            None => url_of(&given).map_or(IdForm::Bare, IdForm::Url),
        };
        Ok(Self { given, form })
    }

    /// The id exactly as given.
    pub const fn given(&self) -> &Arc<str> {
        &self.given
    }

    /// The parsed form.
    pub const fn form(&self) -> &IdForm {
        &self.form
    }

    /// Whether it is looked up at the DRS of the request.
    pub const fn is_bare(&self) -> bool {
        matches!(self.form, IdForm::Bare)
    }
}

/// Without what may be a secret: safe for warnings and logs.
impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&redacted(&self.given))
    }
}

/// The URL `text`: with `scheme://` and a host or bucket. A file's is none: it does not say on which host.
fn url_of(text: &str) -> Option<Url> {
    let (scheme, _) = text.split_once("://")?;
    let is_readable = !text.contains(|c: char| c.is_control() || c == '\\');
    let url = Url::parse(text).ok()?;
    (is_readable && url.has_host() && !scheme.eq_ignore_ascii_case("file")).then_some(url)
}

impl DrsUri {
    /// The part after `drs://`; `None` if `text` has another scheme or none.
    pub fn scheme_stripped(text: &str) -> Option<&str> {
        let (scheme, rest) = text.split_once("://")?;
        scheme.eq_ignore_ascii_case("drs").then_some(rest)
    }

    /// Parses the part after `drs://`.
    ///
    /// # Errors
    /// [`BadDrsUri`] if a part is missing or has invalid characters.
    pub fn parse(rest: &str) -> Result<Self, BadDrsUri> {
        if rest.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\') {
            return Err(BadDrsUri);
        }
        let (rest, query) = match rest.split_once('?') {
            Some((rest, query)) => (rest, Some(query)),
            None => (rest, None),
        };
        let mut uri = Self::parse_without_query(rest)?;
        let (Self::Hosted { query: known, .. } | Self::Compact { query: known, .. }) = &mut uri;
        *known = query.filter(|query| !query.is_empty()).map(str::to_owned);
        Ok(uri)
    }

    /// The query, such as `version=2`.
    pub fn query(&self) -> Option<&str> {
        let (Self::Hosted { query, .. } | Self::Compact { query, .. }) = self;
        query.as_deref()
    }

    fn parse_without_query(rest: &str) -> Result<Self, BadDrsUri> {
        let (authority, path) = match rest.split_once('/') {
            Some((authority, path)) => (authority, Some(path)),
            None => (rest, None),
        };
        let (name, port) = match authority.rsplit_once(']') {
            Some((address, port)) => (format!("{address}]"), port.strip_prefix(':')),
            None => match authority.split_once(':') {
                Some((name, port)) => (name.to_owned(), Some(port)),
                None => (authority.to_owned(), None),
            },
        };
        match (port, path) {
            // A provider code has no dot, and the id of a hosted URI has no unescaped colon.
            (None, Some(path)) if path.contains(':') && !name.contains(['.', '[']) => {
                let (namespace, accession) = path.split_once(':').ok_or(BadDrsUri)?;
                Self::compact(&format!("{name}/{namespace}"), accession)
            }
            (None, Some(id)) => Self::hosted(&name, None, id),
            (Some(port), Some(id)) if is_number(port) => {
                let port = port.parse().map_err(|_| BadDrsUri)?;
                Self::hosted(&name, Some(port), id)
            }
            // The accession begins after the first colon and may contain slashes and more colons.
            (Some(_), _) => {
                let (prefix, accession) = rest.split_once(':').ok_or(BadDrsUri)?;
                Self::compact(prefix, accession)
            }
            (None, None) => Err(BadDrsUri),
        }
    }

    fn hosted(host: &str, port: Option<u16>, id: &str) -> Result<Self, BadDrsUri> {
        let is_host = host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.[]:".contains(&byte));
        if host.is_empty() || !is_host || port == Some(0) {
            return Err(BadDrsUri);
        }
        Ok(Self::Hosted {
            host: host.to_owned(),
            port,
            id: decoded(id)?,
            query: None,
        })
    }

    fn compact(prefix: &str, accession: &str) -> Result<Self, BadDrsUri> {
        let is_prefix = prefix
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte));
        let has_empty_part = prefix
            .split('/')
            .any(|part| part.trim_matches('.').is_empty());
        if !is_prefix || has_empty_part {
            return Err(BadDrsUri);
        }
        Ok(Self::Compact {
            prefix: prefix.to_owned(),
            accession: decoded(accession)?,
            query: None,
        })
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn decoded(id: &str) -> Result<String, BadDrsUri> {
    let id = percent_decode_str(id)
        .decode_utf8()
        .map_err(|_| BadDrsUri)?;
    if id.is_empty() {
        return Err(BadDrsUri);
    }
    Ok(id.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosted(host: &str, port: Option<u16>, id: &str) -> IdForm {
        IdForm::Drs(DrsUri::Hosted {
            host: host.to_owned(),
            port,
            id: id.to_owned(),
            query: None,
        })
    }

    fn compact(prefix: &str, accession: &str) -> IdForm {
        IdForm::Drs(DrsUri::Compact {
            prefix: prefix.to_owned(),
            accession: accession.to_owned(),
            query: None,
        })
    }

    #[test]
    fn ids_of_each_form_are_parsed() {
        for (given, form) in [
            ("a001", IdForm::Bare),
            ("drs:x", IdForm::Bare),
            ("file:///data/x", IdForm::Bare),
            ("a?version=1", IdForm::Bare),
            (
                "drs://h.example/ID1?version=2",
                IdForm::Drs(DrsUri::Hosted {
                    host: "h.example".to_owned(),
                    port: None,
                    id: "ID1".to_owned(),
                    query: Some("version=2".to_owned()),
                }),
            ),
            ("drs://h.example/ID1?", hosted("h.example", None, "ID1")),
            (
                "s3://bucket/x",
                IdForm::Url("s3://bucket/x".parse().unwrap()),
            ),
            (
                "https://data.example/x?sig=1",
                IdForm::Url("https://data.example/x?sig=1".parse().unwrap()),
            ),
            (
                "drs://drs.example.org/314159",
                hosted("drs.example.org", None, "314159"),
            ),
            (
                "DRS://localhost:8080/a/b",
                hosted("localhost", Some(8080), "a/b"),
            ),
            ("drs://[::1]:8080/x", hosted("[::1]", Some(8080), "x")),
            ("drs://[::1]/x", hosted("[::1]", None, "x")),
            (
                "drs://h.example/ID1%3fID2",
                hosted("h.example", None, "ID1?ID2"),
            ),
            ("drs://h.example/urn:x", hosted("h.example", None, "urn:x")),
            ("drs://dg.ANV0/0000-1", hosted("dg.ANV0", None, "0000-1")),
            ("drs://drs.42:314159", compact("drs.42", "314159")),
            (
                "drs://dg.4503:dg.4503/44c5-1",
                compact("dg.4503", "dg.4503/44c5-1"),
            ),
            ("drs://drs.anv0:v2_ab", compact("drs.anv0", "v2_ab")),
            ("drs://pc/ns:a:b", compact("pc/ns", "a:b")),
        ] {
            let id = ObjectId::parse(given).unwrap();
            assert_eq!(*id.form(), form, "{given}");
            assert_eq!(&**id.given(), given);
        }
    }

    #[test]
    fn an_invalid_drs_uri_is_refused() {
        for bad in [
            "drs://",
            "drs:///x",
            "drs://host",
            "drs://host/",
            "drs://host/?version=2",
            "drs://:x",
            "drs://prefix:",
            "drs://..:x",
            "drs://host:0/x",
            "drs://host:99999/x",
            "drs://user@host/x",
            "drs://host/%ff",
            "drs://host/a b",
            "drs://host\\x/y",
        ] {
            assert_eq!(ObjectId::parse(bad), Err(BadDrsUri), "{bad}");
        }
    }
}
