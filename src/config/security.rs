//! `security`: authorization of callers. The names under `jwt` are those of FOCA, which 0.1 was built on.

use jsonwebtoken::{Algorithm, AlgorithmFamily};
use serde::{Deserialize, Serialize};

use super::{
    fault::{ConfigFault, ConfigFaultReason},
    section::{Rule, Section, must_be, range, section, text},
};
use crate::domain::{geo::Host, service::ServiceUri};

section! {
    /// Authorization of callers.
    pub struct Security {
        /// Whether callers need a valid bearer token; requires `jwt.issuers`.
        pub authorization_required: bool = false;
        /// How tokens are read and validated.
        pub jwt: Jwt = Jwt::default();
    }
}

section! {
    /// How tokens are read and validated.
    pub struct Jwt {
        /// Header that carries the token.
        pub auth_header_key: String = "Authorization".to_owned(), text("the name of an HTTP header", is_token);
        /// Scheme in front of the token.
        pub jwt_prefix: String = "Bearer".to_owned(), word();
        /// Claim with the identity of the caller.
        pub claim_identity: String = "sub".to_owned(), word();
        /// Claim with the issuer of the token.
        pub claim_issuer: String = "iss".to_owned(), word();
        /// Field of the token's header with the id of the key.
        pub claim_key_id: String = "kid".to_owned(), word();
        /// Accepted signature algorithms: RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA.
        pub decode_algorithms: Vec<Algorithm> = vec![Algorithm::RS256],
            must_be("a list with at least one algorithm", |list: &Vec<Algorithm>| !list.is_empty());
        /// Added to an issuer to get the URL of its discovery document.
        pub idp_config_url_suffix: String = "/.well-known/openid-configuration".to_owned(),
            text("a path that begins with /", |path| path.starts_with('/'));
        /// Field of the discovery document with the URL of the key set.
        pub idp_config_jwks: String = "jwks_uri".to_owned(), word();
        /// Field of the discovery document with the URL of the userinfo endpoint.
        pub idp_config_userinfo: String = "userinfo_endpoint".to_owned(), word();
        /// `userinfo`: ask the issuer's userinfo endpoint. `public_key`: check the signature.
        pub validation_methods: Vec<Method> = vec![Method::Userinfo, Method::PublicKey],
            must_be("a list with userinfo, public_key or both", |list: &Vec<Method>| !list.is_empty());
        /// How many of the methods must accept the token: `all` or `any`.
        pub validation_checks: Check = Check::All;
        /// The only trusted issuers, such as `[https://login.example.org/]`; https, or http on localhost.
        pub issuers: Vec<String> = Vec::new();
        /// Values of which one must be in the token's `aud`. null: not checked.
        pub audience: Option<Audience> = None,
            must_be("null, or a string or list of strings that are not empty", Audience::is_named).or_null();
        /// Seconds that clocks may differ.
        pub leeway_sec: u64 = 60, range(0, 600);
        /// Seconds that discovery documents and key sets are kept; a key that an issuer withdraws is accepted for as
        /// long. Also called `cache_ttl`, as in FOCA.
        #[serde(alias = "cache_ttl")]
        pub cache_ttl_sec: u64 = 3600, range(1, 86_400);
    }
}

impl Security {
    pub(super) fn check(&self) -> Result<(), ConfigFault> {
        self.jwt.check().map_err(|fault| fault.within("jwt"))?;
        if self.authorization_required && self.jwt.issuers.is_empty() {
            let reason = "is true, but security.jwt.issuers has no trusted issuer";
            return Err(ConfigFault {
                key: "authorization_required".to_owned(),
                reason: ConfigFaultReason::Malformed(reason.to_owned()),
            });
        }
        Ok(())
    }
}

impl Jwt {
    fn check(&self) -> Result<(), ConfigFault> {
        self.check_keys()?;
        // An issuer's public key would be the secret, with which anyone can sign.
        let words = "an asymmetric algorithm, as tokens could be forged with a symmetric one";
        let rule = must_be(words, |algorithm: &Algorithm| {
            algorithm.family() != AlgorithmFamily::Hmac
        });
        rule.check_each("decode_algorithms", &self.decode_algorithms)?;
        let words = "an https URL without user name, query and fragment (http only for localhost)";
        let rule = text(words, is_secure_issuer).hidden();
        rule.check_each("issuers", &self.issuers)
    }
}

fn word() -> Rule<String> {
    text("a word of visible ASCII characters", |word| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_graphic())
    })
}

/// RFC 9110, section 5.6.2.
fn is_token(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Over plain http anyone on the network path could replace the keys, except on this machine.
fn is_secure_issuer(issuer: &str) -> bool {
    ServiceUri::parse(issuer).is_ok_and(|uri| {
        let is_loopback = match uri.host() {
            Host::Address(address) => address.is_loopback(),
            Host::Name(name) => name == "localhost",
            Host::Bucket(_) | Host::Region { .. } => false,
        };
        let root = uri.root();
        let has_user = !root.username().is_empty() || root.password().is_some();
        !has_user && (root.scheme() == "https" || is_loopback)
    })
}

/// A method to validate a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Ask the issuer's userinfo endpoint.
    Userinfo,
    /// Check the signature with the issuer's public key.
    PublicKey,
}

/// How many of the [`Method`]s must accept a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Check {
    /// Every one.
    All,
    /// At least one.
    Any,
}

/// The audiences of which one must be in a token's `aud`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "must be a string, a list of strings, or null")]
pub enum Audience {
    /// This one.
    One(String),
    /// One of these.
    AnyOf(Vec<String>),
}

impl Audience {
    fn is_named(&self) -> bool {
        match self {
            Self::One(name) => !name.is_empty(),
            Self::AnyOf(names) => !names.is_empty() && names.iter().all(|name| !name.is_empty()),
        }
    }
}
