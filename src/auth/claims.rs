//! What a token says of itself, before anyone vouches for it. Pure.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::Algorithm;
use serde_json::{Map, Value};

use super::AuthError;
use crate::{
    config::{Audience, Jwt},
    domain::token::Token,
};

/// The largest token that is read, in bytes.
const LARGEST: usize = 16 << 10;

/// Where a token's header could bring or point to keys of its own: whoever sends these is not trusted with them.
const KEYS_OF_ITS_OWN: [&str; 4] = ["jwk", "jku", "x5u", "x5c"];

/// A token taken apart: nothing of it is true until its signature is checked or its issuer vouches for it.
#[derive(Debug)]
pub(super) struct Unverified {
    pub(super) algorithm: Algorithm,
    pub(super) key_id: Option<String>,
    pub(super) issuer: String,
    /// The claim `sub`, which userinfo has to agree with.
    pub(super) subject: Option<String>,
}

impl Unverified {
    /// Takes `token` apart and holds what it says of itself against `jwt`, at `now` seconds after 1970.
    ///
    /// # Errors
    /// [`AuthError`] says what is wrong, without a word of the token.
    pub(super) fn read(token: &Token, jwt: &Jwt, now: f64) -> Result<Self, AuthError> {
        let text = token.expose();
        if text.len() > LARGEST {
            return Err(AuthError::NotAJwt("is too large"));
        }
        let mut parts = text.split('.');
        let (Some(header), Some(claims), Some(_), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(AuthError::NotAJwt("does not have three parts"));
        };
        let header = object(header)?;
        let claims = object(claims)?;
        let algorithm = check_header(&header, jwt)?;
        check_times(&claims, jwt, now)?;
        check_audience(&claims, jwt)?;
        let text = |map: &Map<String, Value>, name: &str| {
            map.get(name)
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty())
                .map(ToOwned::to_owned)
        };
        if text(&claims, &jwt.claim_identity).is_none() {
            return Err(AuthError::NoIdentity);
        }
        Ok(Self {
            algorithm,
            key_id: text(&header, &jwt.claim_key_id),
            issuer: text(&claims, &jwt.claim_issuer).ok_or(AuthError::NoIssuer)?,
            subject: text(&claims, "sub"),
        })
    }
}

fn object(part: &str) -> Result<Map<String, Value>, AuthError> {
    let bytes = BASE64_URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| AuthError::NotAJwt("is not base64url"))?;
    serde_json::from_slice(&bytes).map_err(|_| AuthError::NotAJwt("does not hold JSON"))
}

fn check_header(header: &Map<String, Value>, jwt: &Jwt) -> Result<Algorithm, AuthError> {
    let text = |name| header.get(name).and_then(Value::as_str);
    let algorithm = text("alg")
        .and_then(|name| name.parse::<Algorithm>().ok())
        .filter(|algorithm| jwt.decode_algorithms.contains(algorithm))
        .ok_or(AuthError::Algorithm)?;
    if header.contains_key("crit") {
        return Err(AuthError::NotAJwt(
            "has an extension that must be understood and is not",
        ));
    }
    if KEYS_OF_ITS_OWN
        .iter()
        .any(|name| header.contains_key(*name))
    {
        return Err(AuthError::NotAJwt("brings a key of its own"));
    }
    if let Some(kind) = header.get("typ") {
        let kind = kind.as_str().unwrap_or_default().to_ascii_lowercase();
        let kind = kind.strip_prefix("application/").unwrap_or(&kind);
        if !matches!(kind, "jwt" | "at+jwt") {
            return Err(AuthError::NotAJwt("is of another type"));
        }
    }
    Ok(algorithm)
}

/// `exp` has to be there; `nbf` and `iat` are checked if they are.
fn check_times(claims: &Map<String, Value>, jwt: &Jwt, now: f64) -> Result<(), AuthError> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "the configuration allows minutes"
    )]
    let leeway = jwt.leeway_sec as f64;
    let time = |name| match claims.get(name) {
        None => Ok(None),
        Some(value) => match value.as_f64() {
            Some(time) if time.is_finite() => Ok(Some(time)),
            _ => Err(AuthError::NotAJwt("has a time that is not a number")),
        },
    };
    let expires = time("exp")?.ok_or(AuthError::NeverExpires)?;
    if expires + leeway <= now {
        return Err(AuthError::Expired);
    }
    for start in ["nbf", "iat"] {
        if time(start)?.is_some_and(|start| start - leeway > now) {
            return Err(AuthError::NotYet);
        }
    }
    Ok(())
}

fn check_audience(claims: &Map<String, Value>, jwt: &Jwt) -> Result<(), AuthError> {
    let Some(expected) = &jwt.audience else {
        return Ok(());
    };
    let is_expected = |name: &Value| match (name.as_str(), expected) {
        (Some(name), Audience::One(expected)) => name == expected,
        (Some(name), Audience::AnyOf(expected)) => expected.iter().any(|one| one == name),
        (None, _) => false,
    };
    let is_meant = match claims.get("aud") {
        Some(Value::Array(names)) => names.iter().any(is_expected),
        Some(name) => is_expected(name),
        None => false,
    };
    is_meant.then_some(()).ok_or(AuthError::Audience)
}
