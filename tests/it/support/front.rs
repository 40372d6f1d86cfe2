//! A router behind the service's own listener, and certificates for it.

use std::{
    fs,
    net::SocketAddr,
    path::PathBuf,
    process,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use axum::Router;
use testribute::{
    config,
    http::{self, Listener, Readiness, Tls},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// A router behind the service's own listener, until it is dropped.
#[derive(Debug)]
pub struct Front {
    pub address: SocketAddr,
    pub task: JoinHandle<()>,
}

impl Front {
    /// Serves `router` on a free port of 127.0.0.1 until `shutdown`.
    pub async fn open(
        server: &config::Server,
        tls: Option<Arc<Tls>>,
        router: Router,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(http::serve(
            Listener::new(listener, server, tls),
            router,
            Readiness::default(),
            shutdown,
            Duration::from_secs(60),
        ));
        Self { address, task }
    }

    /// A connection that says `text`.
    pub async fn say(&self, text: impl AsRef<[u8]>) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(text.as_ref()).await.unwrap();
        stream
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Everything that still comes, until the other side closes.
pub async fn rest(mut stream: TcpStream) -> Vec<u8> {
    let mut rest = Vec::new();
    // A connection that is reset has ended too.
    let _ = stream.read_to_end(&mut rest).await;
    rest
}

/// A certificate for `localhost`, in a folder of its own until it is dropped.
#[derive(Debug)]
pub struct Identity {
    folder: PathBuf,
}

impl Identity {
    pub fn new() -> Self {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let name = format!("identity-{}-{}", process::id(), MADE.fetch_add(1, Relaxed));
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&folder).unwrap();
        let identity = Self { folder };
        identity.renew();
        identity
    }

    /// One that is not valid any more.
    pub fn expired() -> Self {
        Self::with(|wanted| wanted.not_after = rcgen::date_time_ymd(2020, 1, 1))
    }

    /// One that `change` makes another than usual.
    pub fn with(change: impl FnOnce(&mut rcgen::CertificateParams)) -> Self {
        let identity = Self::new();
        let mut wanted = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
        change(&mut wanted);
        let key = rcgen::KeyPair::generate().unwrap();
        fs::write(
            identity.certificate(),
            wanted.self_signed(&key).unwrap().pem(),
        )
        .unwrap();
        fs::write(identity.key(), key.serialize_pem()).unwrap();
        identity
    }

    /// Writes another certificate and key over those that there are.
    pub fn renew(&self) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        fs::write(self.certificate(), made.cert.pem()).unwrap();
        fs::write(self.key(), made.signing_key.serialize_pem()).unwrap();
    }

    pub fn certificate(&self) -> PathBuf {
        self.folder.join("certificate.pem")
    }

    pub fn key(&self) -> PathBuf {
        self.folder.join("key.pem")
    }

    pub fn config(&self) -> config::Tls {
        config::Tls {
            certificate: Some(self.certificate()),
            key: Some(self.key()),
        }
    }

    /// The certificate and key as they are now.
    pub fn load(&self) -> Arc<Tls> {
        Arc::new(Tls::load(&self.config()).unwrap().unwrap())
    }

    /// A client that trusts the certificate as it is now, and no other.
    pub fn client(&self) -> reqwest::ClientBuilder {
        let pem = fs::read(self.certificate()).unwrap();
        reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([reqwest::Certificate::from_pem(&pem).unwrap()])
    }
}

impl Drop for Identity {
    fn drop(&mut self) {
        // Nothing depends on it.
        let _ = fs::remove_dir_all(&self.folder);
    }
}
