//! Where a request carries its token.

use super::AuthError;
use crate::{
    config::Jwt,
    domain::token::{MalformedToken, Token},
};

/// Where a request carries its token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenHeader {
    name: String,
    prefix: String,
}

impl TokenHeader {
    /// The header that `jwt` names.
    pub fn new(jwt: &Jwt) -> Self {
        Self {
            name: jwt.auth_header_key.to_ascii_lowercase(),
            prefix: jwt.jwt_prefix.clone(),
        }
    }

    /// The name of the header, in lower case.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The token in the `values` of the header; `None` if there is no such header.
    ///
    /// # Errors
    /// [`AuthError::MoreThanOne`] if there is more than one, [`AuthError::Missing`] if it does not begin with the prefix,
    /// [`AuthError::Malformed`] if no token follows.
    pub fn read<'a>(
        &self,
        mut values: impl Iterator<Item = &'a [u8]>,
    ) -> Result<Option<Token>, AuthError> {
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(AuthError::MoreThanOne);
        }
        let text = std::str::from_utf8(value).map_err(|_| MalformedToken)?;
        let text = text.trim();
        let (prefix, token) = text.split_once(' ').unwrap_or((text, ""));
        if !prefix.eq_ignore_ascii_case(&self.prefix) {
            // What is of another scheme, such as a user name and a password, is no invalid token, but none (RFC 6750,
            // section 3.1).
            return Err(AuthError::Missing);
        }
        Ok(Some(Token::new(token.trim_start())?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&str]) -> Result<Option<String>, AuthError> {
        let header = TokenHeader::new(&Jwt::default());
        let token = header.read(values.iter().map(|value| value.as_bytes()))?;
        Ok(token.map(|token| token.expose().to_owned()))
    }

    #[test]
    fn the_scheme_is_read_in_any_case() {
        for value in ["Bearer abc", "bearer abc", "BEARER   abc", " Bearer abc "] {
            assert_eq!(read(&[value]), Ok(Some("abc".to_owned())), "{value}");
        }
        assert_eq!(read(&[]), Ok(None));
    }

    #[test]
    fn what_is_not_one_token_is_refused() {
        for value in ["Bearer", "Bearer ", "Bearer a b", "Bearer \u{e4}"] {
            let refused = AuthError::Malformed(MalformedToken);
            assert_eq!(read(&[value]), Err(refused), "{value}");
        }
        for value in [
            "",
            " ",
            "abc",
            "Bearerabc",
            "Basic YTpi",
            "Digest abc",
            "Negotiate YTpi",
            "Token abc",
        ] {
            assert_eq!(read(&[value]), Err(AuthError::Missing), "{value}");
        }
        assert_eq!(read(&["Bearer a", "Bearer a"]), Err(AuthError::MoreThanOne));
    }
}
