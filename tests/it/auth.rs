//! Authentication: valid tokens are accepted, forged ones are refused, and no part of a token is disclosed.

use std::sync::{Arc, Mutex};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey};
use reqwest::StatusCode;
use serde_json::{Value, json};
use testribute::{
    auth::{AuthError, Verifier, oidc::OidcClient},
    client::{Client, Reach},
    config::{Check, Config, Method, Security},
    domain::token::Token,
};

use crate::support::{
    client,
    idp::{Draft, Provider, attackers_key, now, public_keys},
    later,
    network::{Service, assert_problem, request, tes, tes_root},
    program::RunningService,
    recorder::Recorder,
};

const GOOD_ALGORITHMS: [Algorithm; 4] = [
    Algorithm::RS256,
    Algorithm::PS256,
    Algorithm::ES256,
    Algorithm::EdDSA,
];

fn security(provider: &Provider, methods: &[Method], check: Check) -> Security {
    let mut security = Security {
        authorization_required: true,
        ..Security::default()
    };
    security.jwt.issuers = vec![provider.issuer.clone()];
    security.jwt.decode_algorithms = GOOD_ALGORITHMS.to_vec();
    security.jwt.validation_methods = methods.to_vec();
    security.jwt.validation_checks = check;
    security
}

fn by_key(provider: &Provider) -> Verifier {
    Verifier::new(
        &security(provider, &[Method::PublicKey], Check::All),
        client(),
    )
}

async fn verify(verifier: &Verifier, token: &str) -> Result<(), AuthError> {
    let token = Token::new(token).unwrap();
    verifier.verify(&token).await.map(drop)
}

#[tokio::test]
async fn valid_tokens_of_every_configured_algorithm_are_accepted() {
    let provider = Provider::start().await;
    let verifier = by_key(&provider);
    for algorithm in GOOD_ALGORITHMS {
        for issuer in [provider.issuer.clone(), format!("{}/", provider.issuer)] {
            let token = Draft::good(&issuer, algorithm).sign();
            assert_eq!(verify(&verifier, &token).await, Ok(()), "{algorithm:?}");
        }
    }
    let token = Draft::good(&provider.issuer, Algorithm::RS256)
        .header(|header| header.typ = Some("application/AT+jwt".to_owned()))
        .claim("exp", json!(now() - 30))
        .sign();
    assert_eq!(
        verify(&verifier, &token).await,
        Ok(()),
        "clocks may differ by a minute"
    );
    let token = Draft::good(&provider.issuer, Algorithm::RS256)
        .claim("exp", json!(f64::from(u32::try_from(now()).unwrap()) + 0.5))
        .claim("nbf", json!(1.5))
        .sign();
    assert_eq!(
        verify(&verifier, &token).await,
        Ok(()),
        "times may have fractions"
    );
    assert_eq!(provider.key_sets_served(), 1, "keys are remembered");
}

/// Tokens that must be refused, each with the error.
#[expect(clippy::too_many_lines, reason = "a table")]
fn attacks(provider: &Provider, attacker: &Provider) -> Vec<(&'static str, String, AuthError)> {
    let good = || Draft::good(&provider.issuer, Algorithm::RS256);
    let signed = good().sign();
    let parts: Vec<_> = signed.split('.').collect();
    let [header, claims, signature] = parts.as_slice() else {
        panic!("a token has three parts");
    };
    let encoded = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let none = encoded(json!({"alg": "none", "typ": "JWT"}));
    let other_claims = encoded(json!({"iss": provider.issuer, "sub": "eve", "exp": now() + 600}));
    let modulus = public_keys()["keys"][0]["n"].as_str().unwrap().to_owned();
    let public_key_as_secret =
        EncodingKey::from_secret(&BASE64_URL_SAFE_NO_PAD.decode(&modulus).unwrap());
    let confused = good().header(|header| header.alg = Algorithm::HS256);
    let raw = |header: Value| format!("{}.{claims}.{signature}", encoded(header));
    let mut attacks = vec![
        (
            "no signature",
            format!("{none}.{claims}."),
            AuthError::Algorithm,
        ),
        (
            "no algorithm",
            raw(json!({"typ": "JWT", "kid": "rsa"})),
            AuthError::Algorithm,
        ),
        (
            "the public key as a secret",
            confused.sign_with(&public_key_as_secret),
            AuthError::Algorithm,
        ),
        (
            "a secret that is in the source code",
            confused.sign_with(&EncodingKey::from_secret(b"public")),
            AuthError::Algorithm,
        ),
        (
            "the wrong key by the right name",
            good().forge(),
            AuthError::Signature,
        ),
        (
            "a key of its own",
            raw(json!({"alg": "RS256", "jwk": attackers_key()})),
            AuthError::HeaderParameter("jwk"),
        ),
        (
            "keys from elsewhere",
            good()
                .header(|header| header.jku = Some(format!("{}/keys", attacker.issuer)))
                .forge(),
            AuthError::HeaderParameter("jku"),
        ),
        (
            "a certificate from elsewhere",
            good()
                .header(|header| header.x5u = Some(format!("{}/keys", attacker.issuer)))
                .forge(),
            AuthError::HeaderParameter("x5u"),
        ),
        (
            "a certificate of its own",
            raw(json!({"alg": "RS256", "kid": "rsa", "x5c": ["MIIB"]})),
            AuthError::HeaderParameter("x5c"),
        ),
        (
            "another issuer",
            Draft::good(&attacker.issuer, Algorithm::RS256).sign(),
            AuthError::UntrustedIssuer,
        ),
        (
            "more than the issuer",
            good()
                .claim("iss", json!(format!("{}.evil.example", provider.issuer)))
                .sign(),
            AuthError::UntrustedIssuer,
        ),
        (
            "less than the issuer",
            good()
                .claim(
                    "iss",
                    json!(provider.issuer.trim_end_matches(char::is_numeric)),
                )
                .sign(),
            AuthError::UntrustedIssuer,
        ),
        (
            "the issuer with two slashes",
            good()
                .claim("iss", json!(format!("{}//", provider.issuer)))
                .sign(),
            AuthError::UntrustedIssuer,
        ),
        (
            "no issuer",
            good().claim("iss", Value::Null).sign(),
            AuthError::NoIssuer("iss".to_owned()),
        ),
        (
            "issuers",
            good().claim("iss", json!([provider.issuer])).sign(),
            AuthError::NoIssuer("iss".to_owned()),
        ),
        (
            "expired",
            good().claim("exp", json!(now() - 61)).sign(),
            AuthError::Expired,
        ),
        (
            "no end",
            good().claim("exp", Value::Null).sign(),
            AuthError::Time("exp".to_owned()),
        ),
        (
            "an end that is no number",
            good().claim("exp", json!("never")).sign(),
            AuthError::Time("exp".to_owned()),
        ),
        (
            "not yet",
            good().claim("nbf", json!(now() + 120)).sign(),
            AuthError::NotYetValid,
        ),
        (
            "made in the future",
            good().claim("iat", json!(now() + 120)).sign(),
            AuthError::NotYetValid,
        ),
        (
            "about no one",
            good().claim("sub", Value::Null).sign(),
            AuthError::NoSubject("sub".to_owned()),
        ),
        (
            "about an empty name",
            good().claim("sub", json!("")).sign(),
            AuthError::NoSubject("sub".to_owned()),
        ),
        (
            "an algorithm that is not configured",
            good().header(|header| header.alg = Algorithm::RS512).sign(),
            AuthError::Algorithm,
        ),
        (
            "an algorithm of another key",
            raw(json!({"alg": "ES256", "kid": "rsa"})),
            AuthError::Signature,
        ),
        (
            "other claims",
            format!("{header}.{other_claims}.{signature}"),
            AuthError::Signature,
        ),
        (
            "a cut signature",
            signed.chars().take(signed.len() - 4).collect(),
            AuthError::Signature,
        ),
        (
            "a padded signature",
            format!("{signed}=="),
            AuthError::Signature,
        ),
        (
            "an empty signature",
            format!("{header}.{claims}."),
            AuthError::Signature,
        ),
        (
            "two parts",
            format!("{header}.{claims}"),
            AuthError::NotAJwt,
        ),
        ("four parts", format!("{signed}.x"), AuthError::NotAJwt),
        ("encrypted", format!("{header}.a.b.c.d"), AuthError::NotAJwt),
        ("huge", "x".repeat(17_000), AuthError::TooLarge(16_384)),
        (
            "huge and signed",
            good().claim("pad", json!("x".repeat(12_500))).sign(),
            AuthError::TooLarge(16_384),
        ),
        ("no JSON", "a.b.c".to_owned(), AuthError::NotAJwt),
        (
            "no object as header",
            format!("{}.{claims}.{signature}", encoded(json!(["RS256"]))),
            AuthError::NotAJwt,
        ),
        (
            "padded",
            format!("{header}=.{claims}.{signature}"),
            AuthError::NotAJwt,
        ),
        (
            "an extension",
            raw(json!({"alg": "RS256", "kid": "rsa", "crit": ["exp"]})),
            AuthError::HeaderParameter("crit"),
        ),
        (
            "an extension that is null",
            raw(json!({"alg": "RS256", "kid": "rsa", "crit": null})),
            AuthError::HeaderParameter("crit"),
        ),
        (
            "a key that is null",
            raw(json!({"alg": "RS256", "kid": "rsa", "jwk": null})),
            AuthError::HeaderParameter("jwk"),
        ),
        (
            "a type that is no string",
            raw(json!({"alg": "RS256", "kid": "rsa", "typ": ["JWT"]})),
            AuthError::HeaderParameter("typ"),
        ),
        (
            "an id token of another type",
            good()
                .header(|header| header.typ = Some("dpop+jwt".to_owned()))
                .sign(),
            AuthError::HeaderParameter("typ"),
        ),
        (
            "an unknown key",
            good()
                .header(|header| header.kid = Some("nothing".to_owned()))
                .sign(),
            AuthError::Signature,
        ),
        (
            "a choice of keys",
            good()
                .header(|header| header.kid = None)
                .header(|header| header.alg = Algorithm::PS256)
                .forge(),
            AuthError::Signature,
        ),
    ];
    attacks.extend(signed_attacks(&provider.issuer));
    attacks
}

/// Tokens that are signed with the issuer's key and must be refused for their claims, which parsers may read differently.
fn signed_attacks(issuer: &str) -> impl Iterator<Item = (&'static str, String, AuthError)> {
    let (earlier, later) = (now() - 600, now() + 600);
    let about_ann = format!(r#""iss": "{issuer}", "sub": "ann""#);
    let claims = |rest: &str| format!("{{{about_ann}, {rest}}}");
    let but_for = |rest: &str| claims(&format!(r#""exp": {later}, {rest}"#));
    let no_time = |name: &str| AuthError::Time(name.to_owned());
    let end = |value: &str| claims(&format!(r#""exp": {value}"#));
    [
        (
            "`exp` as a string",
            end(&format!(r#""{later}""#)),
            no_time("exp"),
        ),
        (
            "`exp` as a list",
            end(&format!("[{later}]")),
            AuthError::NotAJwt,
        ),
        (
            "`exp` as an object",
            end(r#"{"exp": 1}"#),
            AuthError::NotAJwt,
        ),
        ("`exp` as null", end("null"), no_time("exp")),
        ("`exp` as a boolean", end("true"), no_time("exp")),
        ("negative `exp`", end("-1"), no_time("exp")),
        ("`exp` above 64 bits", end("1e30"), no_time("exp")),
        ("`exp` above all floats", end("1e999"), AuthError::NotAJwt),
        ("`exp` of 0", end("0"), AuthError::Expired),
        ("`exp` that is rounded to 0", end("0.2"), AuthError::Expired),
        // 60 s is the leeway.
        (
            "`exp` right now",
            end(&(now() - 60).to_string()),
            AuthError::Expired,
        ),
        (
            "`exp` twice",
            but_for(&format!(r#""exp": {earlier}"#)),
            AuthError::NotAJwt,
        ),
        (
            "`exp` twice, the valid one last",
            claims(&format!(r#""exp": {earlier}, "exp": {later}"#)),
            AuthError::NotAJwt,
        ),
        (
            "`iss` twice",
            but_for(&format!(r#""iss": "{issuer}""#)),
            AuthError::NotAJwt,
        ),
        (
            "`nbf` as a string",
            but_for(r#""nbf": "1""#),
            no_time("nbf"),
        ),
        ("`nbf` as null", but_for(r#""nbf": null"#), no_time("nbf")),
        (
            "`iat` as a string",
            but_for(r#""iat": "1""#),
            no_time("iat"),
        ),
        ("`iat` as null", but_for(r#""iat": null"#), no_time("iat")),
        ("a list as claims", format!("[{later}]"), AuthError::NotAJwt),
        ("no claims", String::new(), AuthError::NotAJwt),
        ("text after the claims", end("1") + "}", AuthError::NotAJwt),
    ]
    .map(|(name, claims, refusal)| (name, sign_text(&claims), refusal))
    .into_iter()
}

/// A token with `claims` exactly as they are, signed with the provider's key.
fn sign_text(claims: &str) -> String {
    let header = BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","kid":"rsa"}"#);
    let message = format!("{header}.{}", BASE64_URL_SAFE_NO_PAD.encode(claims));
    let key = EncodingKey::from_rsa_der(include_bytes!("fixtures/keys/rsa.der"));
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::RS256);
    format!("{message}.{}", signature.unwrap())
}

#[tokio::test]
async fn forged_tokens_are_refused_and_cause_no_calls_to_others() {
    let (provider, attacker) = (Provider::start().await, Provider::start().await);
    let verifier = by_key(&provider);
    for (name, token, refusal) in attacks(&provider, &attacker) {
        let refused = verify(&verifier, &token).await;
        assert_eq!(refused, Err(refusal), "{name}");
    }
    assert_eq!(attacker.asked(), 0, "no token decides who is asked");
    assert!(
        provider.key_sets_served() <= 2,
        "no token decides how often: {}",
        provider.key_sets_served()
    );
}

#[tokio::test]
async fn without_a_signature_check_all_other_checks_remain() {
    let (provider, attacker) = (Provider::start().await, Provider::start().await);
    let security = security(&provider, &[Method::Userinfo], Check::All);
    let verifier = Verifier::new(&security, client());
    let forged = Draft::good(&provider.issuer, Algorithm::RS256).forge();
    provider.vouch_for(&forged);
    assert_eq!(verify(&verifier, &forged).await, Ok(()));
    for (name, token, refusal) in attacks(&provider, &attacker) {
        if refusal != AuthError::Signature {
            provider.vouch_for(&token);
            let refused = verify(&verifier, &token).await;
            assert_eq!(refused, Err(refusal), "{name}");
        }
    }
    assert_eq!(attacker.asked(), 0);
    assert_eq!(provider.asked(), 3, "discovery, keys and one userinfo");
}

#[tokio::test]
async fn a_token_that_is_refused_without_a_key_causes_no_call() {
    let (provider, attacker) = (Provider::start().await, Provider::start().await);
    let verifier = by_key(&provider);
    for (name, token, refusal) in attacks(&provider, &attacker) {
        if refusal != AuthError::Signature {
            assert_eq!(verify(&verifier, &token).await, Err(refusal), "{name}");
        }
    }
    assert_eq!((provider.asked(), attacker.asked()), (0, 0));
}

#[tokio::test]
async fn a_token_of_almost_16_kib_is_accepted() {
    let provider = Provider::start().await;
    let token = Draft::good(&provider.issuer, Algorithm::RS256)
        .claim("groups", json!("x".repeat(11_500)))
        .sign();
    assert!((15_000..=16_384).contains(&token.len()));
    assert_eq!(verify(&by_key(&provider), &token).await, Ok(()));
}

#[tokio::test]
async fn subject_issuer_and_key_are_read_where_the_configuration_says() {
    let provider = Provider::start().await;
    let mut security = security(&provider, &[Method::PublicKey], Check::All);
    security.jwt.claim_identity = "username".to_owned();
    security.jwt.claim_issuer = "issuer".to_owned();
    security.jwt.claim_key_id = "x5t".to_owned();
    let verifier = Verifier::new(&security, client());
    let good = || {
        Draft::good("https://elsewhere.example", Algorithm::RS256)
            .claim("username", json!("ann"))
            .claim("issuer", json!(provider.issuer))
            .header(|header| header.kid = Some("unknown".to_owned()))
            .header(|header| header.x5t = Some("rsa".to_owned()))
    };
    assert_eq!(verify(&verifier, &good().sign()).await, Ok(()));
    for (bad, refusal) in [
        (
            good().claim("username", Value::Null),
            AuthError::NoSubject("username".to_owned()),
        ),
        (
            good()
                .claim("issuer", Value::Null)
                .claim("iss", json!(provider.issuer)),
            AuthError::NoIssuer("issuer".to_owned()),
        ),
        (
            good().claim("issuer", json!("https://elsewhere.example")),
            AuthError::UntrustedIssuer,
        ),
        (
            good()
                .header(|header| header.x5t = Some("unknown".to_owned()))
                .header(|header| header.kid = Some("rsa".to_owned())),
            AuthError::Signature,
        ),
    ] {
        assert_eq!(verify(&verifier, &bad.sign()).await, Err(refusal));
    }
}

#[tokio::test]
async fn a_token_without_a_key_id_is_refused_if_several_keys_could_be_meant() {
    let provider = Provider::start().await;
    let mut other = attackers_key();
    other["kid"] = json!("other");
    let good_key = public_keys()["keys"][0].clone();
    provider.publish(json!({"keys": [good_key, other]}));
    let verifier = by_key(&provider);
    let named = |name: Option<&str>| {
        Draft::good(&provider.issuer, Algorithm::RS256)
            .header(|header| header.kid = name.map(ToOwned::to_owned))
            .sign()
    };
    assert_eq!(verify(&verifier, &named(Some("rsa"))).await, Ok(()));
    for name in [None, Some("other"), Some("")] {
        let refused = verify(&verifier, &named(name)).await;
        assert_eq!(refused, Err(AuthError::Signature), "{name:?}");
    }
}

#[tokio::test]
async fn a_symmetric_key_in_the_key_set_signs_nothing() {
    let provider = Provider::start().await;
    let secret = BASE64_URL_SAFE_NO_PAD.encode("secret");
    provider.publish(json!({"keys": [{"kty": "oct", "kid": "rsa", "k": secret, "alg": "RS256"}]}));
    let token = Draft::good(&provider.issuer, Algorithm::RS256).sign();
    assert_eq!(
        verify(&by_key(&provider), &token).await,
        Err(AuthError::Signature)
    );
}

#[tokio::test]
async fn the_audience_is_checked_if_it_is_configured() {
    let provider = Provider::start().await;
    let token = |audience: Value| {
        let token = Draft::good(&provider.issuer, Algorithm::RS256)
            .claim("aud", audience)
            .sign();
        provider.vouch_for(&token);
        token
    };
    for method in [Method::PublicKey, Method::Userinfo] {
        let verifier = |audience: &str| {
            let mut security = security(&provider, &[method], Check::All);
            security.jwt.audience = serde_json::from_str(audience).unwrap();
            Verifier::new(&security, client())
        };
        let (one, any) = (verifier(r#""us""#), verifier(r#"["us", "we"]"#));
        for good in [json!("us"), json!(["them", "us"])] {
            assert_eq!(verify(&one, &token(good.clone())).await, Ok(()));
            assert_eq!(verify(&any, &token(good)).await, Ok(()));
        }
        assert_eq!(verify(&any, &token(json!("we"))).await, Ok(()));
        let whatever = verifier("null");
        for unchecked in [json!("them"), json!(null), json!(1)] {
            assert_eq!(verify(&whatever, &token(unchecked)).await, Ok(()));
        }
        for bad in [
            json!("them"),
            json!(null),
            json!([]),
            json!([1]),
            json!("usurper"),
            json!(1),
            json!({"us": "us"}),
        ] {
            for verifier in [&one, &any] {
                let refused = verify(verifier, &token(bad.clone())).await;
                assert_eq!(refused, Err(AuthError::Audience), "{bad}");
            }
        }
    }
}

#[tokio::test]
async fn unknown_key_ids_cause_a_fetch_at_most_once_a_minute() {
    let provider = Provider::start().await;
    let verifier = by_key(&provider);
    let token = Draft::good(&provider.issuer, Algorithm::RS256);
    assert_eq!(verify(&verifier, &token.sign()).await, Ok(()));
    let mut keys = public_keys();
    keys["keys"][0]["kid"] = json!("new");
    provider.publish(keys);
    let renamed = |name: &str| {
        let name = Some(name.to_owned());
        token.clone().header(|header| header.kid = name).sign()
    };
    // The first fetch was a moment ago: not yet.
    for _ in 0..10 {
        let refused = verify(&verifier, &renamed("new")).await;
        assert_eq!(refused, Err(AuthError::Signature));
    }
    assert_eq!(provider.key_sets_served(), 1);
    later(61).await;
    assert_eq!(verify(&verifier, &renamed("new")).await, Ok(()));
    for unknown in 0..10 {
        let refused = verify(&verifier, &renamed(&unknown.to_string())).await;
        assert_eq!(refused, Err(AuthError::Signature));
    }
    assert_eq!(provider.key_sets_served(), 2);
    later(61).await;
    for unknown in 0..10 {
        let refused = verify(&verifier, &renamed(&unknown.to_string())).await;
        assert_eq!(refused, Err(AuthError::Signature));
    }
    assert_eq!(provider.key_sets_served(), 3, "once a minute");
}

#[tokio::test]
async fn keys_that_an_issuer_withdrew_are_believed_no_longer_than_configured() {
    let provider = Provider::start().await;
    let mut security = security(&provider, &[Method::PublicKey], Check::All);
    security.jwt.cache_ttl_sec = 10;
    let verifier = Verifier::new(&security, client());
    let token = Draft::good(&provider.issuer, Algorithm::RS256).sign();
    assert_eq!(verify(&verifier, &token).await, Ok(()));
    provider.publish(json!({"keys": []}));
    later(5).await;
    assert_eq!(verify(&verifier, &token).await, Ok(()));
    later(6).await;
    let refused = verify(&verifier, &token).await;
    assert_eq!(refused, Err(AuthError::Signature));
}

#[tokio::test]
async fn remembered_keys_serve_on_while_the_provider_is_down_and_until_it_is_back() {
    let provider = Provider::start().await;
    let verifier = by_key(&provider);
    let token = Draft::good(&provider.issuer, Algorithm::RS256).sign();
    assert_eq!(verify(&verifier, &token).await, Ok(()));
    provider.fail();
    later(3601).await;
    for _ in 0..5 {
        assert_eq!(verify(&verifier, &token).await, Ok(()));
    }
    assert_eq!(provider.asked(), 3, "asked once, and then left alone");
    provider.recover();
    provider.publish(json!({"keys": []}));
    later(61).await;
    let refused = verify(&verifier, &token).await;
    assert_eq!(refused, Err(AuthError::Signature));
}

#[tokio::test]
async fn a_provider_that_was_down_at_first_is_asked_again() {
    let provider = Provider::start().await;
    let verifier = by_key(&provider);
    let token = Draft::good(&provider.issuer, Algorithm::RS256).sign();
    provider.fail();
    let refused = verify(&verifier, &token).await;
    assert_eq!(refused, Err(AuthError::IssuerUnavailable));
    provider.recover();
    let refused = verify(&verifier, &token).await;
    assert_eq!(refused, Err(AuthError::IssuerUnavailable), "not at once");
    later(6).await;
    assert_eq!(verify(&verifier, &token).await, Ok(()));
}

#[tokio::test]
async fn a_caller_who_goes_away_takes_no_keys_from_the_others() {
    let provider = Provider::start().await;
    let verifier = by_key(&provider);
    let token = Draft::good(&provider.issuer, Algorithm::RS256);
    let forged = token.forge();
    provider.hold();
    let is_asked = async {
        while provider.asked() == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = verify(&verifier, &forged) => panic!("the provider is held"),
        () = is_asked => {}
    }
    provider.release();
    assert_eq!(verify(&verifier, &token.sign()).await, Ok(()));
    assert_eq!(provider.key_sets_served(), 1);
}

#[tokio::test]
async fn known_keys_are_used_while_a_token_with_an_unknown_key_id_waits_for_a_fetch() {
    let provider = Provider::start().await;
    let verifier = by_key(&provider);
    let token = Draft::good(&provider.issuer, Algorithm::RS256);
    assert_eq!(verify(&verifier, &token.sign()).await, Ok(()));
    later(61).await;
    provider.hold();
    let unknown = token
        .clone()
        .header(|header| header.kid = Some("nothing".to_owned()))
        .sign();
    let others = async {
        while provider.asked() < 3 {
            tokio::task::yield_now().await;
        }
        verify(&verifier, &token.sign()).await
    };
    tokio::select! {
        _ = verify(&verifier, &unknown) => panic!("the provider is held"),
        passed = others => assert_eq!(passed, Ok(()))
    }
}

#[tokio::test]
async fn a_provider_that_is_not_where_it_should_be_is_no_refusal() {
    let provider = Provider::start().await;
    let mut security = security(&provider, &[Method::PublicKey], Check::All);
    let elsewhere = format!("{}/nowhere", provider.issuer);
    security.jwt.issuers = vec![elsewhere.clone()];
    let token = Draft::good(&elsewhere, Algorithm::RS256).sign();
    let refused = verify(&Verifier::new(&security, client()), &token).await;
    assert_eq!(refused, Err(AuthError::IssuerUnavailable), "status 404");
}

#[tokio::test]
async fn the_keys_of_a_provider_that_speaks_for_another_are_not_used() {
    let provider = Provider::start().await;
    let keys = format!("{}/keys", provider.issuer);
    let named = Arc::new(Mutex::new(provider.issuer.clone()));
    let seen = Arc::clone(&named);
    let other = Recorder::start(move |line, _| {
        let document = json!({"issuer": *seen.lock().unwrap(), "jwks_uri": keys});
        (line == "GET /.well-known/openid-configuration").then_some((200, document))
    })
    .await;
    let mut security = security(&provider, &[Method::PublicKey], Check::All);
    let issuer = other.server.url("");
    security.jwt.issuers = vec![issuer.clone()];
    let token = Draft::good(&issuer, Algorithm::RS256).sign();
    let refused = verify(&Verifier::new(&security, client()), &token).await;
    assert_eq!(refused, Err(AuthError::IssuerUnavailable));
    *named.lock().unwrap() = issuer;
    let passed = verify(&Verifier::new(&security, client()), &token).await;
    assert_eq!(passed, Ok(()));
}

#[tokio::test]
async fn a_name_for_keys_of_two_kinds_means_the_one_of_the_algorithm() {
    let provider = Provider::start().await;
    let mut keys = public_keys();
    for key in keys["keys"].as_array_mut().unwrap() {
        let key = key.as_object_mut().unwrap();
        key.remove("alg");
        key.insert("kid".to_owned(), json!("rsa"));
    }
    provider.publish(keys);
    let verifier = by_key(&provider);
    for algorithm in GOOD_ALGORITHMS {
        let draft = Draft::good(&provider.issuer, algorithm);
        let named = draft
            .clone()
            .header(|header| header.kid = Some("rsa".to_owned()));
        assert_eq!(verify(&verifier, &named.sign()).await, Ok(()));
        let nameless = draft.header(|header| header.kid = None);
        assert_eq!(verify(&verifier, &nameless.sign()).await, Ok(()));
    }
}

#[tokio::test]
async fn a_key_for_something_else_verifies_nothing() {
    for (name, value) in [
        ("use", json!("enc")),
        ("key_ops", json!(["encrypt"])),
        ("alg", json!("RS512")),
        ("alg", json!("RSA-OAEP")),
    ] {
        let provider = Provider::start().await;
        let mut keys = public_keys();
        let key = keys["keys"][0].as_object_mut().unwrap();
        key.remove("use");
        key.insert(name.to_owned(), value);
        provider.publish(keys);
        let token = Draft::good(&provider.issuer, Algorithm::RS256).sign();
        let refused = verify(&by_key(&provider), &token).await;
        assert_eq!(refused, Err(AuthError::Signature), "{name}");
    }
}

#[tokio::test]
async fn without_a_validation_method_no_token_is_accepted() {
    let provider = Provider::start().await;
    let token = |issuer: &str| Draft::good(issuer, Algorithm::RS256).sign();
    for check in [Check::All, Check::Any] {
        let verifier = Verifier::new(&security(&provider, &[], check), client());
        let refused = verify(&verifier, &token(&provider.issuer)).await;
        assert_eq!(refused, Err(AuthError::IssuerUnavailable), "{check:?}");
        // The issuer is checked first, not only when its keys are looked up.
        let refused = verify(&verifier, &token("https://elsewhere.example")).await;
        assert_eq!(refused, Err(AuthError::UntrustedIssuer), "{check:?}");
    }
}

#[tokio::test]
async fn an_issuer_is_not_asked_about_tokens_that_it_did_not_sign() {
    let provider = Provider::start().await;
    let both = [Method::Userinfo, Method::PublicKey];
    let verifier = Verifier::new(&security(&provider, &both, Check::All), client());
    let draft = Draft::good(&provider.issuer, Algorithm::RS256);
    for id in 0..10 {
        let forged = draft.clone().claim("jti", json!(id)).forge();
        let refused = verify(&verifier, &forged).await;
        assert_eq!(refused, Err(AuthError::Signature));
    }
    assert_eq!(provider.asked(), 2, "discovery and keys");
}

#[tokio::test]
async fn an_issuer_is_asked_about_the_callers_token_and_not_about_the_services_own() {
    let provider = Provider::start().await;
    let mut config = Config::default();
    config.outbound.allowed_networks = vec!["127.0.0.0/8".parse().unwrap()];
    // The service may ask others on the same host in its own name.
    config.credentials =
        serde_json::from_value(json!([{"match": "127.0.0.1", "bearer_env": "CARGO_PKG_NAME"}]))
            .unwrap();
    provider.vouch_for(env!("CARGO_PKG_NAME"));
    let verifier = Verifier::new(
        &security(&provider, &[Method::Userinfo], Check::All),
        Client::new(&config, Reach::Public).unwrap(),
    );
    let forged = Draft::good(&provider.issuer, Algorithm::RS256).forge();
    assert_eq!(
        verify(&verifier, &forged).await,
        Err(AuthError::RefusedByIssuer)
    );
    provider.vouch_for(&forged);
    assert_eq!(verify(&verifier, &forged).await, Ok(()));
}

#[tokio::test]
async fn a_provider_that_repeats_a_token_does_not_get_it_into_the_log() {
    let provider = Provider::start().await;
    provider.repeat_tokens();
    let security = security(&provider, &[Method::Userinfo], Check::All);
    let client = OidcClient::new(&security.jwt, client());
    let token = Draft::good(&provider.issuer, Algorithm::RS256).sign();
    let failed = client
        .subject(&provider.issuer, &Token::new(token.as_str()).unwrap())
        .await
        .unwrap_err();
    // This is what is logged.
    let logged = format!("{failed} {failed:?}");
    for part in token.split('.') {
        let beginning: String = part.chars().take(20).collect();
        assert!(!logged.contains(&beginning), "{logged}");
    }
}

#[tokio::test]
async fn many_callers_make_one_fetch() {
    let provider = Provider::start().await;
    let verifier = by_key(&provider);
    let token = Draft::good(&provider.issuer, Algorithm::ES256).sign();
    let all = futures_util::future::join_all((0..50).map(|_| verify(&verifier, &token))).await;
    assert!(all.iter().all(Result::is_ok));
    assert_eq!(provider.key_sets_served(), 1);
}

#[tokio::test]
async fn while_a_provider_is_down_no_token_is_accepted_without_cached_keys() {
    let provider = Provider::start().await;
    let token = Draft::good(&provider.issuer, Algorithm::RS256).sign();
    let before = by_key(&provider);
    assert_eq!(verify(&before, &token).await, Ok(()));
    provider.fail();
    assert_eq!(
        verify(&before, &token).await,
        Ok(()),
        "remembered keys serve on"
    );
    let after = by_key(&provider);
    for _ in 0..5 {
        assert_eq!(
            verify(&after, &token).await,
            Err(AuthError::IssuerUnavailable)
        );
    }
    assert_eq!(
        provider.asked(),
        3,
        "a provider that failed is left alone for a moment"
    );
    let asking = Verifier::new(
        &security(&provider, &[Method::Userinfo], Check::All),
        client(),
    );
    assert_eq!(
        verify(&asking, &token).await,
        Err(AuthError::IssuerUnavailable)
    );
}

#[tokio::test]
async fn userinfo_and_public_key_must_both_or_either_accept() {
    let provider = Provider::start().await;
    let both = [Method::Userinfo, Method::PublicKey];
    let verifier = |check| Verifier::new(&security(&provider, &both, check), client());
    let draft = Draft::good(&provider.issuer, Algorithm::RS256);
    let (good, forged) = (draft.sign(), draft.clone().claim("jti", json!(1)).forge());

    assert_eq!(
        verify(&verifier(Check::All), &good).await,
        Err(AuthError::RefusedByIssuer)
    );
    assert_eq!(verify(&verifier(Check::Any), &good).await, Ok(()));
    assert_eq!(
        verify(&verifier(Check::Any), &forged).await,
        Err(AuthError::RefusedByIssuer)
    );
    provider.vouch_for(&good);
    provider.vouch_for(&forged);
    assert_eq!(verify(&verifier(Check::All), &good).await, Ok(()));
    assert_eq!(
        verify(&verifier(Check::All), &forged).await,
        Err(AuthError::Signature)
    );
    // Userinfo confirms it.
    assert_eq!(verify(&verifier(Check::Any), &forged).await, Ok(()));
    let someone_else = draft.claim("sub", json!("eve")).sign();
    provider.vouch_for(&someone_else);
    assert_eq!(
        verify(&verifier(Check::All), &someone_else).await,
        Err(AuthError::RefusedByIssuer)
    );
}

#[tokio::test]
async fn userinfo_is_cached_for_one_token_and_only_if_it_confirms_it() {
    let provider = Provider::start().await;
    let verifier = Verifier::new(
        &security(&provider, &[Method::Userinfo], Check::All),
        client(),
    );
    let draft = Draft::good(&provider.issuer, Algorithm::RS256);
    let token = draft.sign();
    assert_eq!(
        verify(&verifier, &token).await,
        Err(AuthError::RefusedByIssuer)
    );
    provider.vouch_for(&token);
    assert_eq!(
        verify(&verifier, &token).await,
        Ok(()),
        "a refusal is not remembered"
    );
    provider.forget();
    assert_eq!(verify(&verifier, &token).await, Ok(()));
    let other = draft.claim("jti", json!("other")).sign();
    assert_eq!(
        verify(&verifier, &other).await,
        Err(AuthError::RefusedByIssuer)
    );
}

#[tokio::test]
async fn the_service_answers_401_without_a_valid_token() {
    let provider = Provider::start().await;
    let service = Service::start_with(&format!(
        "security: {{authorization_required: true, jwt: {{issuers: ['{}'], validation_methods: [public_key]}}}}",
        provider.issuer
    ))
    .await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let request = request(&[tes_root(&tes)], &[], &[]);
    let good = Draft::good(&provider.issuer, Algorithm::RS256);

    let anonymous = service.post().json(&request).send().await.unwrap();
    assert_eq!(anonymous.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(anonymous.headers()["www-authenticate"], "Bearer");
    let messages = assert_problem(&anonymous.json().await.unwrap(), 401, "Unauthorized");
    assert_eq!(messages, [AuthError::Missing.to_string()]);
    // A user name and a password are no invalid token.
    let basic = service.post().basic_auth("a", Some("b")).json(&request);
    let basic = basic.send().await.unwrap();
    assert_eq!(basic.headers()["www-authenticate"], "Bearer");
    let messages = assert_problem(&basic.json().await.unwrap(), 401, "Unauthorized");
    assert_eq!(messages, [AuthError::Missing.to_string()]);

    let expired = good.clone().claim("exp", json!(1)).sign();
    for bad in [format!("Bearer {expired}"), "Bearer nonsense".to_owned()] {
        let response = service
            .post()
            .header("authorization", &bad)
            .body("no JSON at all")
            .send()
            .await
            .unwrap();
        assert_eq!(
            response.status(),
            StatusCode::UNAUTHORIZED,
            "the body is not parsed without a valid token"
        );
        assert_eq!(
            response.headers()["www-authenticate"],
            r#"Bearer error="invalid_token""#
        );
        let body = response.text().await.unwrap();
        let secret = bad.split(' ').next_back().unwrap();
        assert!(!body.contains(secret), "{body}");
    }
    let welcome = service
        .post()
        .bearer_auth(good.sign())
        .json(&request)
        .send()
        .await
        .unwrap();
    assert_eq!(welcome.status(), StatusCode::OK);
    for open in ["/healthz", "/readyz", "/service-info", "/openapi.json"] {
        assert_eq!(
            service.get(open).send().await.unwrap().status(),
            StatusCode::OK,
            "{open}"
        );
    }
}

#[tokio::test]
async fn no_part_of_a_token_is_logged_or_answered() {
    let (provider, attacker) = (Provider::start().await, Provider::start().await);
    let service = RunningService::start(&[
        ("TESTRIBUTE__LOG__LEVEL", "trace"),
        ("TESTRIBUTE__OUTBOUND__ALLOWED_NETWORKS", "127.0.0.0/8"),
        ("TESTRIBUTE__SECURITY__AUTHORIZATION_REQUIRED", "true"),
        ("TESTRIBUTE__SECURITY__JWT__ISSUERS", &provider.issuer),
        ("TESTRIBUTE__SECURITY__JWT__VALIDATION_CHECKS", "any"),
    ])
    .await;
    let url = format!("{}/rank-services", service.root);
    let client = reqwest::Client::new();
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let good = Draft::good(&provider.issuer, Algorithm::RS256).sign();
    let request = request(
        &[tes_root(&tes), "http://tes.invalid/".to_owned()],
        &[],
        &[],
    );
    let welcome = client
        .post(&url)
        .bearer_auth(&good)
        .json(&request)
        .send()
        .await
        .unwrap();
    assert_eq!(welcome.status(), StatusCode::OK);
    let mut disclosed = welcome.text().await.unwrap();
    let attacks = attacks(&provider, &attacker);
    for (name, token, _) in &attacks {
        let refused = client
            .post(&url)
            .bearer_auth(token)
            .json(&request)
            .send()
            .await
            .unwrap();
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED, "{name}");
        disclosed.push_str(&refused.text().await.unwrap());
    }
    let (_, log) = service.stop().await;
    assert!(log.contains("a token is valid"), "the log is on");
    disclosed.push_str(&log);
    let tokens = attacks.iter().map(|(_, token, _)| token).chain([&good]);
    for part in tokens
        .flat_map(|token| token.split('.'))
        .filter(|part| part.len() > 20)
    {
        assert!(!disclosed.contains(part), "{part} is disclosed");
    }
}
