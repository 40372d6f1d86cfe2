//! Schemes of access URIs: what a TES must be able to read.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The scheme of a URI, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scheme(String);

/// The text is not a scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be the scheme of a URI, such as https or s3")]
pub struct BadScheme;

impl Scheme {
    /// Parses a scheme (RFC 3986, section 3.1) in any case, with or without `://`.
    ///
    /// # Errors
    /// [`BadScheme`] if it is none.
    pub fn parse(text: &str) -> Result<Self, BadScheme> {
        let text = text.strip_suffix("://").unwrap_or(text);
        let text = text.strip_suffix(':').unwrap_or(text);
        let is_scheme = text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        if is_scheme {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(BadScheme)
        }
    }

    /// The scheme of an access URI; that of a bare path is `file`.
    pub fn of(uri: &str) -> Self {
        uri.split_once(':')
            .and_then(|(scheme, _)| Self::parse(scheme).ok())
            .unwrap_or_else(|| Self("file".to_owned()))
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Scheme {
    type Error = BadScheme;

    fn try_from(text: String) -> Result<Self, BadScheme> {
        Self::parse(&text)
    }
}

impl From<Scheme> for String {
    fn from(scheme: Scheme) -> Self {
        scheme.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_may_be_written_in_any_case_and_with_its_colon() {
        for text in ["s3", "S3", "s3:", "s3://"] {
            assert_eq!(Scheme::parse(text).unwrap().to_string(), "s3", "{text}");
        }
        for bad in [
            "",
            "://",
            "3s",
            "s3://bucket",
            "s 3",
            "s3/",
            "s:3",
            "\u{e4}",
            "*",
        ] {
            assert_eq!(Scheme::parse(bad), Err(BadScheme), "{bad:?}");
        }
    }

    #[test]
    fn a_path_is_a_file() {
        for (uri, scheme) in [
            ("s3://bucket/key", "s3"),
            ("HTTPS://h.example/a:b", "https"),
            ("drs://h.example/a", "drs"),
            ("abfss://container@account.dfs.core.windows.net/a", "abfss"),
            ("file:/data/a", "file"),
            ("file:///data/a", "file"),
            ("/data/a", "file"),
            ("/data/a:b", "file"),
            ("data/a", "file"),
            ("", "file"),
        ] {
            assert_eq!(Scheme::of(uri).to_string(), scheme, "{uri}");
        }
    }
}
