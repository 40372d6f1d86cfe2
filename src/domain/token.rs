//! A caller's bearer token.

use secrecy::{ExposeSecret, SecretString};

/// A bearer token, without the scheme `Bearer`. It can be neither printed nor serialised, and is zeroed on drop.
#[derive(Debug, Clone)]
pub struct Token(SecretString);

/// The text is not valid in an `Authorization` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token is empty or has characters other than visible ASCII")]
pub struct MalformedToken;

impl Token {
    /// # Errors
    /// [`MalformedToken`] if `text` is empty or has characters other than visible ASCII.
    pub fn new(text: impl Into<String>) -> Result<Self, MalformedToken> {
        let text = text.into();
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(text.into()))
        } else {
            Err(MalformedToken)
        }
    }

    /// The secret itself, for the `Authorization` header only.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_not_in_debug_output() {
        let token = Token::new("s3cret").unwrap();
        assert!(!format!("{token:?}").contains("s3cret"));
        assert_eq!(token.expose(), "s3cret");
    }

    #[test]
    fn text_that_is_invalid_in_a_header_is_no_token() {
        for bad in ["", "a b", "a\r\nX-Evil: 1", "\u{e9}"] {
            assert!(Token::new(bad).is_err(), "{bad:?}");
        }
    }
}
