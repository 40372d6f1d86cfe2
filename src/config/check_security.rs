//! Which values of `security` are safe: whom a token may come from, and how it may be signed.

use jsonwebtoken::AlgorithmFamily;

use super::{
    Audience, Jwt, Security,
    check::{in_range, not, not_shown},
    fault::{ConfigFault, ConfigFaultReason},
};
use crate::domain::{geo::Host, service::ServiceUri};

impl Security {
    pub(super) fn check(&self) -> Result<(), ConfigFault> {
        self.jwt.check()?;
        if self.authorization_required && self.jwt.issuers.is_empty() {
            return Err(ConfigFault {
                key: "security.authorization_required".to_owned(),
                reason: ConfigFaultReason::Malformed(
                    "is true, but security.jwt.issuers names no one whose tokens are trusted"
                        .to_owned(),
                ),
            });
        }
        Ok(())
    }
}

impl Jwt {
    fn check(&self) -> Result<(), ConfigFault> {
        if !is_token(&self.auth_header_key) {
            let key = "security.jwt.auth_header_key";
            return Err(not(
                key,
                "the name of an HTTP header",
                &self.auth_header_key,
            ));
        }
        for (key, word) in [
            ("security.jwt.jwt_prefix", &self.jwt_prefix),
            ("security.jwt.claim_identity", &self.claim_identity),
            ("security.jwt.claim_issuer", &self.claim_issuer),
            ("security.jwt.claim_key_id", &self.claim_key_id),
            ("security.jwt.idp_config_jwks", &self.idp_config_jwks),
            (
                "security.jwt.idp_config_userinfo",
                &self.idp_config_userinfo,
            ),
        ] {
            if word.is_empty() || !word.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(not(key, "a word of visible ASCII characters", word));
            }
        }
        self.check_algorithms()?;
        if !self.idp_config_url_suffix.starts_with('/') {
            let key = "security.jwt.idp_config_url_suffix";
            return Err(not(
                key,
                "a path that begins with /",
                &self.idp_config_url_suffix,
            ));
        }
        if self.validation_methods.is_empty() {
            let key = "security.jwt.validation_methods";
            return Err(not_shown(key, "a list with userinfo, public_key or both"));
        }
        for (position, issuer) in self.issuers.iter().enumerate() {
            check_issuer(&format!("security.jwt.issuers[{position}]"), issuer)?;
        }
        let audience_is_named = match &self.audience {
            None => true,
            Some(Audience::One(name)) => !name.is_empty(),
            Some(Audience::AnyOf(names)) => {
                !names.is_empty() && names.iter().all(|name| !name.is_empty())
            }
        };
        if !audience_is_named {
            let must_be = "null, or a string or list of strings that are not empty";
            return Err(not_shown("security.jwt.audience", must_be));
        }
        in_range("security.jwt.leeway_sec", self.leeway_sec, 0..=600)?;
        // A key that an issuer withdrew must not be believed for long.
        in_range("security.jwt.cache_ttl_sec", self.cache_ttl_sec, 1..=86_400)
    }

    fn check_algorithms(&self) -> Result<(), ConfigFault> {
        let key = "security.jwt.decode_algorithms";
        if self.decode_algorithms.is_empty() {
            return Err(not_shown(key, "a list with at least one algorithm"));
        }
        for (position, algorithm) in self.decode_algorithms.iter().enumerate() {
            if algorithm.family() == AlgorithmFamily::Hmac {
                // The public key would be the secret: whoever has it could sign.
                return Err(not(
                    &format!("{key}[{position}]"),
                    "an asymmetric algorithm, since with a symmetric one whoever can check a token can forge it",
                    &format!("{algorithm:?}"),
                ));
            }
        }
        Ok(())
    }
}

/// RFC 9110, section 5.6.2.
fn is_token(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Keys that come over plain http could be anyone's, except from this very machine.
fn check_issuer(key: &str, issuer: &str) -> Result<(), ConfigFault> {
    let is_safe = ServiceUri::parse(issuer).is_ok_and(|uri| {
        let stays_here = match uri.host() {
            Host::Address(address) => address.is_loopback(),
            Host::Name(name) => name == "localhost",
            Host::Bucket(_) | Host::Region { .. } => false,
        };
        let root = uri.root();
        let has_user = !root.username().is_empty() || root.password().is_some();
        !has_user && (root.scheme() == "https" || stays_here)
    });
    if is_safe {
        return Ok(());
    }
    let must_be = "an https URL without user name, query and fragment (http only for localhost)";
    Err(not_shown(key, must_be))
}
