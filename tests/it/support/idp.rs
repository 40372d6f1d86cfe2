//! An identity provider, and tokens of every kind.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::get,
};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Semaphore};

/// A provider on a free port that counts what it is asked.
#[derive(Debug, Clone)]
pub struct Provider {
    pub issuer: String,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    issuer: String,
    keys: Mutex<Value>,
    vouches_for: Mutex<BTreeSet<String>>,
    is_down: AtomicBool,
    repeats_tokens: AtomicBool,
    /// One permit is needed for each answer.
    gate: Semaphore,
    key_sets_served: AtomicUsize,
    asked: AtomicUsize,
}

impl Provider {
    /// A provider that publishes the good keys.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            issuer: issuer.clone(),
            keys: Mutex::new(public_keys()),
            vouches_for: Mutex::default(),
            is_down: AtomicBool::new(false),
            repeats_tokens: AtomicBool::new(false),
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
            key_sets_served: AtomicUsize::new(0),
            asked: AtomicUsize::new(0),
        });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(keys))
            .route("/userinfo", get(userinfo))
            .fallback(anything)
            .with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { issuer, shared }
    }

    /// How many requests came, of any kind.
    pub fn asked(&self) -> usize {
        self.shared.asked.load(Ordering::SeqCst)
    }

    /// How often the key set was fetched.
    pub fn key_sets_served(&self) -> usize {
        self.shared.key_sets_served.load(Ordering::SeqCst)
    }

    /// From now on publishes `keys`.
    pub fn publish(&self, keys: Value) {
        *self.shared.keys.lock().unwrap() = keys;
    }

    /// From now on tells whom `token` belongs to.
    pub fn vouch_for(&self, token: &str) {
        self.shared
            .vouches_for
            .lock()
            .unwrap()
            .insert(token.to_owned());
    }

    /// From now on tells it no more.
    pub fn forget(&self) {
        self.shared.vouches_for.lock().unwrap().clear();
    }

    /// From now on answers everything with status 500.
    pub fn fail(&self) {
        self.shared.is_down.store(true, Ordering::SeqCst);
    }

    /// From now on answers again.
    pub fn recover(&self) {
        self.shared.is_down.store(false, Ordering::SeqCst);
    }

    /// From now on takes questions but does not answer them.
    pub fn hold(&self) {
        self.shared.gate.forget_permits(Semaphore::MAX_PERMITS);
    }

    /// Answers what was held, and everything from now on.
    pub fn release(&self) {
        self.shared.gate.add_permits(Semaphore::MAX_PERMITS);
    }

    /// From now on answers whose token it is with the token itself.
    pub fn repeat_tokens(&self) {
        self.shared.repeats_tokens.store(true, Ordering::SeqCst);
    }
}

async fn asked(shared: &Shared) -> Result<(), StatusCode> {
    shared.asked.fetch_add(1, Ordering::SeqCst);
    drop(shared.gate.acquire().await);
    if shared.is_down.load(Ordering::SeqCst) {
        Err(StatusCode::INTERNAL_SERVER_ERROR)
    } else {
        Ok(())
    }
}

async fn discovery(State(shared): State<Arc<Shared>>) -> Result<Json<Value>, StatusCode> {
    asked(&shared).await?;
    let issuer = &shared.issuer;
    Ok(Json(json!({
        "issuer": format!("{issuer}/"), "jwks_uri": format!("{issuer}/keys"),
        "userinfo_endpoint": format!("{issuer}/userinfo")
    })))
}

async fn keys(State(shared): State<Arc<Shared>>) -> Result<Json<Value>, StatusCode> {
    asked(&shared).await?;
    shared.key_sets_served.fetch_add(1, Ordering::SeqCst);
    Ok(Json(shared.keys.lock().unwrap().clone()))
}

async fn userinfo(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
) -> Result<Json<Value>, StatusCode> {
    asked(&shared).await?;
    let token = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
        .ok_or(StatusCode::UNAUTHORIZED)?;
    if shared.repeats_tokens.load(Ordering::SeqCst) {
        return Ok(Json(json!(token)));
    }
    if shared.vouches_for.lock().unwrap().contains(token) {
        Ok(Json(json!({"sub": "ann"})))
    } else {
        Err(StatusCode::UNAUTHORIZED)
    }
}

async fn anything(State(shared): State<Arc<Shared>>) -> StatusCode {
    let _ = asked(&shared).await;
    StatusCode::NOT_FOUND
}

/// The public keys `rsa`, `ec` and `ed`.
pub fn public_keys() -> Value {
    serde_json::from_str(include_str!("../fixtures/keys/public.json")).unwrap()
}

/// The key of `rsa` as an attacker has it: another key by the same name.
pub fn attackers_key() -> Value {
    serde_json::from_str(include_str!("../fixtures/keys/attacker.json")).unwrap()
}

/// Seconds after 1970.
pub fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

/// A token in the making.
#[derive(Debug, Clone)]
pub struct Draft {
    pub header: Header,
    pub claims: Value,
}

impl Draft {
    /// A token that is good, if it is signed with the key of its algorithm.
    pub fn good(issuer: &str, algorithm: Algorithm) -> Self {
        let mut header = Header::new(algorithm);
        header.kid = Some(
            match algorithm {
                Algorithm::ES256 => "ec",
                Algorithm::EdDSA => "ed",
                _ => "rsa",
            }
            .to_owned(),
        );
        Self {
            header,
            claims: json!({"iss": issuer, "sub": "ann", "iat": now(), "exp": now() + 600}),
        }
    }

    /// The same with another claim; without it, if `value` is null.
    pub fn claim(mut self, name: &str, value: Value) -> Self {
        let claims = self.claims.as_object_mut().unwrap();
        match value {
            Value::Null => drop(claims.remove(name)),
            value => drop(claims.insert(name.to_owned(), value)),
        }
        self
    }

    /// The same with another header.
    pub fn header(mut self, change: impl FnOnce(&mut Header)) -> Self {
        change(&mut self.header);
        self
    }

    /// Signed with the provider's key.
    pub fn sign(&self) -> String {
        let key = match self.header.alg {
            Algorithm::ES256 => EncodingKey::from_ec_der(include_bytes!("../fixtures/keys/ec.der")),
            Algorithm::EdDSA => EncodingKey::from_ed_der(include_bytes!("../fixtures/keys/ed.der")),
            _ => EncodingKey::from_rsa_der(include_bytes!("../fixtures/keys/rsa.der")),
        };
        self.sign_with(&key)
    }

    /// Signed with the attacker's key.
    pub fn forge(&self) -> String {
        self.sign_with(&EncodingKey::from_rsa_der(include_bytes!(
            "../fixtures/keys/attacker.der"
        )))
    }

    /// Signed with `key`.
    pub fn sign_with(&self, key: &EncodingKey) -> String {
        jsonwebtoken::encode(&self.header, &self.claims, key).unwrap()
    }
}
