//! The certificate for HTTPS, which can be reloaded while the service runs.

use std::{
    fmt,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::sync::watch;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self, InconsistentKeys, ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

use crate::config;

/// The most that is read of a file, in bytes: a chain has some kilobytes.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// The certificate and private key of the service, and the files that they are loaded from.
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    current: watch::Sender<Arc<ServerConfig>>,
}

/// The certificate or the private key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file does not exist, or cannot be read.
    #[error("{key}: {}: cannot be read: {source}", .file.display())]
    Unreadable {
        /// The key of the configuration.
        key: &'static str,
        /// The file, as it is configured.
        file: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// A file has other contents. They are not part of the message: they may be a private key.
    #[error("{key}: {}: {reason}", .file.display())]
    Malformed {
        /// The key of the configuration.
        key: &'static str,
        /// The file, as it is configured.
        file: PathBuf,
        /// What is missing.
        reason: &'static str,
    },
    /// The private key is not the one of the certificate.
    #[error("server.tls.key: {}: is not the key of the certificate in {}", .key.display(), .certificate.display())]
    Mismatch {
        /// The file with the private key.
        key: PathBuf,
        /// The file with the certificate.
        certificate: PathBuf,
    },
    /// The TLS library does not support them.
    #[error("server.tls: {} with {}: {source}", .certificate.display(), .key.display())]
    Unusable {
        /// The file with the certificate.
        certificate: PathBuf,
        /// The file with the private key.
        key: PathBuf,
        /// The error of the TLS library.
        source: rustls::Error,
    },
}

impl Tls {
    /// Loads the files of `config`; `None` if it has none.
    ///
    /// # Errors
    /// Any [`TlsError`].
    pub fn load(config: &config::Tls) -> Result<Option<Self>, TlsError> {
        let (Some(certificate), Some(key)) = (&config.certificate, &config.key) else {
            return Ok(None);
        };
        Ok(Some(Self {
            current: watch::Sender::new(load(certificate, key)?),
            certificate: certificate.clone(),
            key: key.clone(),
        }))
    }

    /// Loads the files again, for new connections; open ones keep their session.
    ///
    /// # Errors
    /// Any [`TlsError`]: then new connections get the same certificate as before.
    pub fn reload(&self) -> Result<(), TlsError> {
        self.current
            .send_replace(load(&self.certificate, &self.key)?);
        Ok(())
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.current.borrow()))
    }
}

/// Without the private key.
impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("certificate", &self.certificate)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

fn load(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let unusable = |source| TlsError::Unusable {
        certificate: certificate.to_owned(),
        key: key.to_owned(),
        source,
    };
    let (chain, private_key) = (load_chain(certificate)?, load_private_key(key)?);
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .with_no_client_auth()
        .with_single_cert(chain, private_key)
        .map_err(|error| match error {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => TlsError::Mismatch {
                key: key.to_owned(),
                certificate: certificate.to_owned(),
            },
            source => unusable(source),
        })?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn load_chain(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let key = "server.tls.certificate";
    CertificateDer::pem_slice_iter(&read(key, file)?)
        .collect::<Result<Vec<_>, _>>()
        .ok()
        .filter(|chain| !chain.is_empty())
        .ok_or_else(|| TlsError::Malformed {
            key,
            file: file.to_owned(),
            reason: "has no certificate in PEM format",
        })
}

fn load_private_key(file: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let key = "server.tls.key";
    PrivateKeyDer::from_pem_slice(&read(key, file)?).map_err(|_| TlsError::Malformed {
        key,
        file: file.to_owned(),
        reason: "has no private key in PEM format that is not encrypted",
    })
}

fn read(key: &'static str, file: &Path) -> Result<Vec<u8>, TlsError> {
    let mut bytes = Vec::new();
    File::open(file)
        .and_then(|opened| opened.take(MAX_FILE_BYTES).read_to_end(&mut bytes))
        .map_err(|source| TlsError::Unreadable {
            key,
            file: file.to_owned(),
            source,
        })?;
    Ok(bytes)
}
