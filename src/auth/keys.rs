//! Which of an issuer's keys a token must be signed with, and whether it is. Pure.

use jsonwebtoken::{
    Algorithm, DecodingKey,
    crypto::verify,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyOperations, PublicKeyUse},
};

use super::claims::Unverified;
use crate::domain::token::Token;

/// Whether `token`, read as `unverified`, is signed with the one of `keys` that it has to be signed with.
pub(super) fn is_signed(token: &Token, unverified: &Unverified, keys: &JwkSet) -> bool {
    let Some((signed, signature)) = token.expose().rsplit_once('.') else {
        return false;
    };
    choose(keys, unverified)
        .and_then(|key| DecodingKey::from_jwk(key).ok())
        .and_then(|key| verify(signature, signed.as_bytes(), &key, unverified.algorithm).ok())
        .unwrap_or(false)
}

/// The key that the token names, among those that are for its algorithm; without a name, there must be no choice.
fn choose<'a>(keys: &'a JwkSet, token: &Unverified) -> Option<&'a Jwk> {
    let is_named = token.key_id.is_some();
    let mut fitting = keys.keys.iter().filter(|key| {
        is_for(key, token.algorithm) && (!is_named || key.common.key_id == token.key_id)
    });
    let first = fitting.next();
    first.filter(|_| is_named || fitting.next().is_none())
}

/// Whether `key` is public, made for signatures by `algorithm`, and not said to be for anything else.
fn is_for(key: &Jwk, algorithm: Algorithm) -> bool {
    let is_of_kind = match (&key.algorithm, algorithm) {
        (
            AlgorithmParameters::RSA(_),
            Algorithm::RS256
            | Algorithm::RS384
            | Algorithm::RS512
            | Algorithm::PS256
            | Algorithm::PS384
            | Algorithm::PS512,
        ) => true,
        (AlgorithmParameters::EllipticCurve(key), Algorithm::ES256) => {
            key.curve == EllipticCurve::P256
        }
        (AlgorithmParameters::EllipticCurve(key), Algorithm::ES384) => {
            key.curve == EllipticCurve::P384
        }
        (AlgorithmParameters::OctetKeyPair(key), Algorithm::EdDSA) => {
            key.curve == EllipticCurve::Ed25519
        }
        // Symmetric keys, among others: whoever can check such a signature can make it.
        _ => false,
    };
    let is_for_signatures = matches!(
        key.common.public_key_use,
        None | Some(PublicKeyUse::Signature)
    );
    let operations = key.common.key_operations.as_ref();
    let is_for_verifying = operations.is_none_or(|all| all.contains(&KeyOperations::Verify));
    let is_for_algorithm = key
        .common
        .key_algorithm
        .is_none_or(|named| Algorithm::try_from(named).is_ok_and(|named| named == algorithm));
    is_of_kind && is_for_signatures && is_for_verifying && is_for_algorithm
}
