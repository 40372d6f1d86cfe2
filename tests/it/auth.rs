//! Who may ask: good tokens pass, forged ones do not, and nothing of a token is told.

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
    verifier.verify(&Token::new(token).unwrap()).await
}

#[tokio::test]
async fn good_tokens_of_every_configured_algorithm_pass() {
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

/// Tokens that must not pass, each with what the caller is told.
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
    let bad_jwt = AuthError::NotAJwt;
    vec![
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
            "the wrong key by the right name",
            good().forge(),
            AuthError::Signature,
        ),
        (
            "a key of its own",
            raw(json!({"alg": "RS256", "jwk": attackers_key()})),
            bad_jwt("brings a key of its own"),
        ),
        (
            "keys from elsewhere",
            good()
                .header(|header| header.jku = Some(format!("{}/keys", attacker.issuer)))
                .forge(),
            bad_jwt("brings a key of its own"),
        ),
        (
            "a certificate from elsewhere",
            good()
                .header(|header| header.x5u = Some(format!("{}/keys", attacker.issuer)))
                .forge(),
            bad_jwt("brings a key of its own"),
        ),
        (
            "a certificate of its own",
            raw(json!({"alg": "RS256", "kid": "rsa", "x5c": ["MIIB"]})),
            bad_jwt("brings a key of its own"),
        ),
        (
            "another issuer",
            Draft::good(&attacker.issuer, Algorithm::RS256).sign(),
            AuthError::Issuer,
        ),
        (
            "more than the issuer",
            good()
                .claim("iss", json!(format!("{}.evil.example", provider.issuer)))
                .sign(),
            AuthError::Issuer,
        ),
        (
            "less than the issuer",
            good()
                .claim(
                    "iss",
                    json!(provider.issuer.trim_end_matches(char::is_numeric)),
                )
                .sign(),
            AuthError::Issuer,
        ),
        (
            "the issuer with two slashes",
            good()
                .claim("iss", json!(format!("{}//", provider.issuer)))
                .sign(),
            AuthError::Issuer,
        ),
        (
            "no issuer",
            good().claim("iss", Value::Null).sign(),
            AuthError::NoIssuer,
        ),
        (
            "issuers",
            good().claim("iss", json!([provider.issuer])).sign(),
            AuthError::NoIssuer,
        ),
        (
            "expired",
            good().claim("exp", json!(now() - 61)).sign(),
            AuthError::Expired,
        ),
        (
            "no end",
            good().claim("exp", Value::Null).sign(),
            AuthError::NeverExpires,
        ),
        (
            "an end that is no number",
            good().claim("exp", json!("never")).sign(),
            bad_jwt("has a time that is not a number"),
        ),
        (
            "not yet",
            good().claim("nbf", json!(now() + 120)).sign(),
            AuthError::NotYet,
        ),
        (
            "made in the future",
            good().claim("iat", json!(now() + 120)).sign(),
            AuthError::NotYet,
        ),
        (
            "about no one",
            good().claim("sub", Value::Null).sign(),
            AuthError::NoIdentity,
        ),
        (
            "about an empty name",
            good().claim("sub", json!("")).sign(),
            AuthError::NoIdentity,
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
            "an empty signature",
            format!("{header}.{claims}."),
            AuthError::Signature,
        ),
        (
            "two parts",
            format!("{header}.{claims}"),
            bad_jwt("does not have three parts"),
        ),
        (
            "four parts",
            format!("{signed}.x"),
            bad_jwt("does not have three parts"),
        ),
        (
            "encrypted",
            format!("{header}.a.b.c.d"),
            bad_jwt("does not have three parts"),
        ),
        ("huge", "x".repeat(17_000), bad_jwt("is too large")),
        ("no JSON", "a.b.c".to_owned(), bad_jwt("is not base64url")),
        (
            "padded",
            format!("{header}=.{claims}.{signature}"),
            bad_jwt("is not base64url"),
        ),
        (
            "an extension",
            raw(json!({"alg": "RS256", "kid": "rsa", "crit": ["exp"]})),
            bad_jwt("has an extension that must be understood and is not"),
        ),
        (
            "an id token of another type",
            good()
                .header(|header| header.typ = Some("dpop+jwt".to_owned()))
                .sign(),
            bad_jwt("is of another type"),
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
    ]
}

#[tokio::test]
async fn forged_tokens_do_not_pass_and_lead_nowhere() {
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
    let verifier = |audience: &str| {
        let mut security = security(&provider, &[Method::PublicKey], Check::All);
        security.jwt.audience = serde_json::from_str(audience).unwrap();
        Verifier::new(&security, client())
    };
    let token = |audience: Value| {
        Draft::good(&provider.issuer, Algorithm::RS256)
            .claim("aud", audience)
            .sign()
    };
    let (one, any) = (verifier(r#""us""#), verifier(r#"["us", "we"]"#));
    for good in [json!("us"), json!(["them", "us"])] {
        assert_eq!(verify(&one, &token(good.clone())).await, Ok(()));
        assert_eq!(verify(&any, &token(good)).await, Ok(()));
    }
    assert_eq!(verify(&any, &token(json!("we"))).await, Ok(()));
    for bad in [
        json!("them"),
        json!(null),
        json!([]),
        json!("usurper"),
        json!(1),
        json!({"us": "us"}),
    ] {
        assert_eq!(verify(&one, &token(bad)).await, Err(AuthError::Audience));
    }
}

#[tokio::test]
async fn new_keys_are_fetched_but_not_at_a_strangers_pace() {
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
    for stranger in 0..10 {
        let refused = verify(&verifier, &renamed(&stranger.to_string())).await;
        assert_eq!(refused, Err(AuthError::Signature));
    }
    assert_eq!(provider.key_sets_served(), 2);
    later(61).await;
    for stranger in 0..10 {
        let refused = verify(&verifier, &renamed(&stranger.to_string())).await;
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
    assert_eq!(refused, Err(AuthError::Unchecked));
    provider.recover();
    let refused = verify(&verifier, &token).await;
    assert_eq!(refused, Err(AuthError::Unchecked), "not at once");
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
async fn known_keys_are_not_waited_for_while_a_stranger_has_others_fetched() {
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
    assert_eq!(refused, Err(AuthError::Unchecked), "status 404");
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
    assert_eq!(refused, Err(AuthError::Unchecked));
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
async fn without_a_method_no_token_passes() {
    let provider = Provider::start().await;
    let token = Draft::good(&provider.issuer, Algorithm::RS256).sign();
    for check in [Check::All, Check::Any] {
        let verifier = Verifier::new(&security(&provider, &[], check), client());
        let refused = verify(&verifier, &token).await;
        assert_eq!(refused, Err(AuthError::Unchecked), "{check:?}");
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
    assert_eq!(verify(&verifier, &forged).await, Err(AuthError::Refused));
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
    let told = format!("{failed} {failed:?}");
    for part in token.split('.') {
        let beginning: String = part.chars().take(20).collect();
        assert!(!told.contains(&beginning), "{told}");
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
async fn a_provider_that_is_down_is_never_a_pass() {
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
        assert_eq!(verify(&after, &token).await, Err(AuthError::Unchecked));
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
    assert_eq!(verify(&asking, &token).await, Err(AuthError::Unchecked));
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
        Err(AuthError::Refused)
    );
    assert_eq!(verify(&verifier(Check::Any), &good).await, Ok(()));
    assert_eq!(
        verify(&verifier(Check::Any), &forged).await,
        Err(AuthError::Refused)
    );
    provider.vouch_for(&good);
    provider.vouch_for(&forged);
    assert_eq!(verify(&verifier(Check::All), &good).await, Ok(()));
    assert_eq!(
        verify(&verifier(Check::All), &forged).await,
        Err(AuthError::Signature)
    );
    // The issuer itself vouches for it.
    assert_eq!(verify(&verifier(Check::Any), &forged).await, Ok(()));
    let someone_else = draft.claim("sub", json!("eve")).sign();
    provider.vouch_for(&someone_else);
    assert_eq!(
        verify(&verifier(Check::All), &someone_else).await,
        Err(AuthError::Refused)
    );
}

#[tokio::test]
async fn an_issuers_word_is_taken_for_a_minute_and_for_one_token() {
    let provider = Provider::start().await;
    let verifier = Verifier::new(
        &security(&provider, &[Method::Userinfo], Check::All),
        client(),
    );
    let draft = Draft::good(&provider.issuer, Algorithm::RS256);
    let token = draft.sign();
    assert_eq!(verify(&verifier, &token).await, Err(AuthError::Refused));
    provider.vouch_for(&token);
    assert_eq!(
        verify(&verifier, &token).await,
        Ok(()),
        "a refusal is not remembered"
    );
    provider.forget();
    assert_eq!(verify(&verifier, &token).await, Ok(()));
    let other = draft.claim("jti", json!("other")).sign();
    assert_eq!(verify(&verifier, &other).await, Err(AuthError::Refused));
}

#[tokio::test]
async fn the_service_lets_no_one_in_without_a_valid_token() {
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
    assert_eq!(messages, ["A bearer token is required."]);

    let expired = good.clone().claim("exp", json!(1)).sign();
    for bad in [
        format!("Bearer {expired}"),
        "Bearer nonsense".to_owned(),
        "Basic YTpi".to_owned(),
    ] {
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
            "the body of a stranger is not looked at"
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
    let mut told = welcome.text().await.unwrap();
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
        told.push_str(&refused.text().await.unwrap());
    }
    let (_, log) = service.stop().await;
    assert!(log.contains("a token is valid"), "the log is on");
    told.push_str(&log);
    let tokens = attacks.iter().map(|(_, token, _)| token).chain([&good]);
    for part in tokens
        .flat_map(|token| token.split('.'))
        .filter(|part| part.len() > 20)
    {
        assert!(!told.contains(part), "{part} is told");
    }
}
