//! A caller's bearer token.

use secrecy::{ExposeSecret, SecretString};

/// A bearer token, without the word `Bearer`: it can be neither printed nor serialised, and is wiped when dropped.
#[derive(Debug, Clone)]
pub struct Token(SecretString);

/// The text cannot stand in a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token is empty or has characters that a token cannot have")]
pub struct MalformedToken;

impl Token {
    /// # Errors
    /// [`MalformedToken`] if `text` is empty or has anything but visible ASCII characters.
    pub fn new(text: impl Into<String>) -> Result<Self, MalformedToken> {
        let text = text.into();
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(text.into()))
        } else {
            Err(MalformedToken)
        }
    }

    /// The secret itself, for the one header that it belongs in.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_does_not_show_itself() {
        let token = Token::new("s3cret").unwrap();
        assert!(!format!("{token:?}").contains("s3cret"));
        assert_eq!(token.expose(), "s3cret");
    }

    #[test]
    fn what_cannot_stand_in_a_header_is_no_token() {
        for bad in ["", "a b", "a\r\nX-Evil: 1", "\u{e9}"] {
            assert!(Token::new(bad).is_err(), "{bad:?}");
        }
    }
}
