//! What may be wrong with an id that no DRS knows.

use std::{borrow::Cow, fmt};

use percent_encoding::percent_decode_str;

/// A guess at what was meant by an id. The text follows the sentence about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdHint<'a> {
    /// It looks like a compact id without `drs://`.
    CompactId(&'a str),
    /// It is percent-encoded, as in the path of a URL; decoded, it is this.
    PercentEncoded(String),
    /// Nothing looks wrong.
    None,
}

impl<'a> IdHint<'a> {
    /// What may be wrong with `id`.
    pub fn of(id: &'a str) -> Self {
        if id.contains("://") {
            return Self::None;
        }
        if let Cow::Owned(decoded) = percent_decode_str(id).decode_utf8_lossy()
            && decoded != id
            && !decoded.contains(char::is_control)
        {
            return Self::PercentEncoded(decoded);
        }
        match id.split_once(':') {
            Some((prefix, accession)) if is_prefix(prefix) && !accession.is_empty() => {
                Self::CompactId(id)
            }
            _ => Self::None,
        }
    }
}

fn is_prefix(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/'))
}

impl fmt::Display for IdHint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CompactId(id) => write!(f, "; if it is a compact id, write 'drs://{id:.200}'"),
            Self::PercentEncoded(decoded) => write!(
                f,
                "; ids are given as they are, not percent-encoded: '{decoded:.200}'"
            ),
            Self::None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_are_written_in_another_way_have_a_hint() {
        for id in ["dg.4503:44c5-1", "drs.anv0:v2_ab", "ns:1"] {
            assert_eq!(IdHint::of(id), IdHint::CompactId(id));
        }
        assert_eq!(
            IdHint::of("dg.4503%2F44c5"),
            IdHint::PercentEncoded("dg.4503/44c5".to_owned())
        );
        for id in [
            "a001",
            "a/b",
            "100%",
            ":x",
            "x:",
            "s3://b/a%20b",
            "drs://x.y:1",
        ] {
            assert_eq!(IdHint::of(id), IdHint::None, "{id}");
        }
    }
}
