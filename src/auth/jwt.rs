//! Parses a JWT, checks what needs no key (header, times, audience, issuer, subject), and then its signature.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, EncodingKey, Validation,
    crypto::sign,
    decode,
    errors::ErrorKind,
    get_current_timestamp,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyOperations, PublicKeyUse},
};
use serde_json::{Map, Value};

use super::AuthError;
use crate::config::{Audience, Jwt};

type Object = Map<String, Value>;

/// The largest token that is parsed, in bytes.
const MAX_BYTES: usize = 16 << 10;

/// Critical extensions, none of which is supported, and keys that the token brings or links to (RFC 7515, section 4.1).
const REFUSED_PARAMETERS: [&str; 5] = ["crit", "jwk", "jku", "x5u", "x5c"];

/// Accepted values of `typ`, in any case (RFC 7519, section 5.1, and RFC 9068, section 2.1).
const TYPES: [&str; 4] = ["jwt", "at+jwt", "application/jwt", "application/at+jwt"];

/// A JWT that is valid if it is authentic, which nothing has verified yet.
#[derive(Debug)]
pub(super) struct UnverifiedJwt {
    algorithm: Algorithm,
    pub(super) key_id: Option<String>,
    pub(super) issuer: String,
    /// The claim that is configured as identity.
    pub(super) identity: String,
    /// The claim `sub`, which userinfo has to agree with, whatever claim is configured as identity.
    pub(super) subject: Option<String>,
}

impl UnverifiedJwt {
    /// Parses `token` and checks all that needs no key.
    ///
    /// # Errors
    /// [`AuthError`] if `token` would not be valid even with a good signature.
    pub(super) fn parse(token: &str, config: &Jwt) -> Result<Self, AuthError> {
        if token.len() > MAX_BYTES {
            return Err(AuthError::TooLarge(MAX_BYTES));
        }
        let parts: Vec<_> = token.split('.').collect();
        let &[header, claims, _signature] = parts.as_slice() else {
            return Err(AuthError::NotAJwt);
        };
        // Not as the library's `Header`, which takes `null` for absent and does not report a bad `alg` as such.
        let header = BASE64_URL_SAFE_NO_PAD.decode(header).ok();
        let header: Option<Object> = header.and_then(|json| serde_json::from_slice(&json).ok());
        let header = header.ok_or(AuthError::NotAJwt)?;
        let algorithm = check_header(&header, &config.decode_algorithms)?;
        let claims = validate_claims(claims, config)?;
        let (subject, issuer) = (&config.claim_identity, &config.claim_issuer);
        let identity =
            text(&claims, subject).ok_or_else(|| AuthError::NoSubject(subject.clone()))?;
        Ok(Self {
            algorithm,
            identity,
            key_id: text(&header, &config.claim_key_id),
            issuer: text(&claims, issuer).ok_or_else(|| AuthError::NoIssuer(issuer.clone()))?,
            subject: text(&claims, "sub"),
        })
    }

    /// Verifies that `token`, which this was parsed from, is signed with one of its issuer's `keys`.
    ///
    /// # Errors
    /// [`AuthError::Signature`] if it is not, or if it names no key and several are for its algorithm.
    pub(super) fn verify(&self, token: &str, keys: &JwkSet, config: &Jwt) -> Result<(), AuthError> {
        let is_named = self.key_id.is_some();
        let mut candidates = keys.keys.iter().filter(|key| {
            is_key_for(key, self.algorithm) && (!is_named || key.common.key_id == self.key_id)
        });
        let key = candidates.next().ok_or(AuthError::Signature)?;
        if !is_named && candidates.next().is_some() {
            return Err(AuthError::Signature);
        }
        let key = DecodingKey::from_jwk(key).map_err(|_| AuthError::Signature)?;
        match decode::<Object>(token, &key, &validation(self.algorithm, config)) {
            Ok(_) => Ok(()),
            // The part that is not base64url is the signature: the others were decoded before.
            Err(error) if matches!(error.kind(), ErrorKind::Base64(_)) => Err(AuthError::Signature),
            Err(error) => Err(error.into()),
        }
    }
}

fn check_header(header: &Object, accepted: &[Algorithm]) -> Result<Algorithm, AuthError> {
    let text = |name| header.get(name).and_then(Value::as_str);
    let algorithm = text("alg")
        .and_then(|name| name.parse().ok())
        .filter(|algorithm| accepted.contains(algorithm))
        .ok_or(AuthError::Algorithm)?;
    let mut refused = REFUSED_PARAMETERS.into_iter();
    if let Some(name) = refused.find(|name| header.contains_key(*name)) {
        return Err(AuthError::HeaderParameter(name));
    }
    let is_accepted = |name: &str| TYPES.contains(&name.to_ascii_lowercase().as_str());
    if header.contains_key("typ") && !text("typ").is_some_and(is_accepted) {
        return Err(AuthError::HeaderParameter("typ"));
    }
    Ok(algorithm)
}

/// Decodes `claims` and validates times and audience.
///
/// The library validates claims only together with a signature. Here they are validated before an issuer is called,
/// and also if only userinfo confirms the token. So they are signed for the occasion, which proves nothing.
fn validate_claims(claims: &str, config: &Jwt) -> Result<Object, AuthError> {
    let key = EncodingKey::from_secret(b"public");
    let message = format!("eyJhbGciOiJIUzI1NiJ9.{claims}"); // {"alg":"HS256"}
    let signature = sign(message.as_bytes(), &key, Algorithm::HS256)?;
    let token = format!("{message}.{signature}");
    let key = DecodingKey::from_secret(b"public");
    let claims: Object = decode(token, &key, &validation(Algorithm::HS256, config))?.claims;
    // A token from the future is not valid yet. The library does not look at `iat`.
    let latest = Duration::from_secs(get_current_timestamp() + config.leeway_sec).as_secs_f64();
    match claims.get("iat").map(Value::as_f64) {
        Some(None) => Err(AuthError::Time("iat".to_owned())),
        Some(Some(time)) if time.floor() > latest => Err(AuthError::NotYetValid),
        _ => Ok(claims),
    }
}

/// What the library validates: `exp`, `nbf` and `aud`. Not the issuer, whose claim is configurable.
fn validation(algorithm: Algorithm, config: &Jwt) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.leeway = config.leeway_sec;
    validation.validate_nbf = true;
    // A token is invalid at its expiry time (RFC 7519, section 4.1.4), not from the next second on.
    validation.reject_tokens_expiring_in_less_than = 1;
    // Otherwise an audience that is missing, or not a string, would be valid.
    validation.set_required_spec_claims(&["exp", "aud"]);
    match &config.audience {
        Some(Audience::One(name)) => validation.set_audience(&[name]),
        Some(Audience::AnyOf(names)) => validation.set_audience(names),
        None => {
            validation.validate_aud = false;
            validation.required_spec_claims.remove("aud");
        }
    }
    validation
}

/// Whether `key` is a public key for signatures by `algorithm`, and declares no other purpose.
fn is_key_for(key: &Jwk, algorithm: Algorithm) -> bool {
    use AlgorithmParameters::{EllipticCurve as Ec, OctetKeyPair, RSA};
    let is_of_type = match (&key.algorithm, algorithm) {
        (RSA(_), _) => algorithm.family() == AlgorithmFamily::Rsa,
        (Ec(key), Algorithm::ES256) => key.curve == EllipticCurve::P256,
        (Ec(key), Algorithm::ES384) => key.curve == EllipticCurve::P384,
        (OctetKeyPair(key), Algorithm::EdDSA) => key.curve == EllipticCurve::Ed25519,
        // This includes symmetric keys, with which everyone who can verify can also sign.
        _ => false,
    };
    let declared = &key.common;
    let operations = declared.key_operations.as_ref();
    is_of_type
        && matches!(
            declared.public_key_use,
            None | Some(PublicKeyUse::Signature)
        )
        && operations.is_none_or(|all| all.contains(&KeyOperations::Verify))
        && declared
            .key_algorithm
            .is_none_or(|name| name == algorithm.into())
}

fn text(object: &Object, name: &str) -> Option<String> {
    let text = object.get(name)?.as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}
