//! `security`: who may ask. The names under `jwt` are the predecessor's.

use jsonwebtoken::Algorithm;
use serde::{Deserialize, Serialize};

/// Who may ask.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Security {
    /// Whether a valid token is needed to rank services.
    pub authorization_required: bool,
    /// How tokens are read and checked.
    pub jwt: Jwt,
}

/// How tokens are read and checked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Jwt {
    /// The header that carries the token.
    pub auth_header_key: String,
    /// The word before the token.
    pub jwt_prefix: String,
    /// The claim that says who the caller is.
    pub claim_identity: String,
    /// The claim that says who gave the token out.
    pub claim_issuer: String,
    /// The field of the token's header that names the key.
    pub claim_key_id: String,
    /// The signature algorithms that are accepted; never a symmetric one.
    pub decode_algorithms: Vec<Algorithm>,
    /// What is added to an issuer to get its discovery document.
    pub idp_config_url_suffix: String,
    /// The field of the discovery document with the URL of the key set.
    pub idp_config_jwks: String,
    /// The field of the discovery document with the URL of the userinfo endpoint.
    pub idp_config_userinfo: String,
    /// How a token is validated.
    pub validation_methods: Vec<Method>,
    /// How many of the methods must accept.
    pub validation_checks: Check,
    /// The only issuers that are trusted.
    pub issuers: Vec<String>,
    /// Whom a token must be meant for; without it that is not checked.
    pub audience: Option<Audience>,
    /// Seconds that clocks may differ.
    pub leeway_sec: u64,
    /// Seconds that discovery documents and key sets are kept. FOCA calls it `cache_ttl`.
    #[serde(alias = "cache_ttl")]
    pub cache_ttl_sec: u64,
}

impl Default for Jwt {
    fn default() -> Self {
        Self {
            auth_header_key: "Authorization".to_owned(),
            jwt_prefix: "Bearer".to_owned(),
            claim_identity: "sub".to_owned(),
            claim_issuer: "iss".to_owned(),
            claim_key_id: "kid".to_owned(),
            decode_algorithms: vec![Algorithm::RS256],
            idp_config_url_suffix: "/.well-known/openid-configuration".to_owned(),
            idp_config_jwks: "jwks_uri".to_owned(),
            idp_config_userinfo: "userinfo_endpoint".to_owned(),
            validation_methods: vec![Method::Userinfo, Method::PublicKey],
            validation_checks: Check::All,
            issuers: Vec::new(),
            audience: None,
            leeway_sec: 60,
            cache_ttl_sec: 3600,
        }
    }
}

/// A way to validate a token.
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

/// Whom a token must be meant for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "must be a string, a list of strings, or null")]
pub enum Audience {
    /// This one.
    One(String),
    /// One of these.
    AnyOf(Vec<String>),
}
