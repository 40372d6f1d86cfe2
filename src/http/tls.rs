//! The certificate that the service shows, and how it is exchanged while the service runs.

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

/// The largest file that is read: a chain has some kilobytes.
const LARGEST_FILE: u64 = 1 << 20;

/// The certificate and key of the service. All who share it see the same.
pub struct Tls {
    files: Files,
    current: watch::Sender<Arc<ServerConfig>>,
}

/// Where certificate and key are read from.
#[derive(Debug)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

/// A certificate or key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file is not there, or may not be read.
    #[error("{key}: {}: cannot be read: {source}", .file.display())]
    Unreadable {
        /// The key of the configuration.
        key: &'static str,
        /// The file, as it was named.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file holds something else. What it holds is not told: it may be a key.
    #[error("{key}: {}: {reason}", .file.display())]
    Malformed {
        /// The key of the configuration.
        key: &'static str,
        /// The file, as it was named.
        file: PathBuf,
        /// What is missing.
        reason: &'static str,
    },
    /// The two do not belong together.
    #[error("server.tls.key: {}: is not the key of the certificate in {}", .key.display(), .certificate.display())]
    Mismatch {
        /// The file with the key.
        key: PathBuf,
        /// The file with the certificate.
        certificate: PathBuf,
    },
    /// They are of a kind that cannot be used.
    #[error("server.tls: {} with {}: {source}", .certificate.display(), .key.display())]
    Unusable {
        /// The file with the certificate.
        certificate: PathBuf,
        /// The file with the key.
        key: PathBuf,
        /// What the TLS library says.
        source: rustls::Error,
    },
}

impl Tls {
    /// Reads what `config` names; `None` if it names nothing.
    ///
    /// # Errors
    /// [`TlsError`] if a file cannot be read or used.
    pub fn load(config: &config::Tls) -> Result<Option<Self>, TlsError> {
        let (Some(certificate), Some(key)) = (&config.certificate, &config.key) else {
            return Ok(None);
        };
        let files = Files {
            certificate: certificate.clone(),
            key: key.clone(),
        };
        let current = watch::Sender::new(files.read()?);
        Ok(Some(Self { files, current }))
    }

    /// Reads the files again. New connections get what is in them now; connections that are open keep what they have.
    ///
    /// # Errors
    /// [`TlsError`] if a file cannot be read or used: then everything stays as it was.
    pub fn reload(&self) -> Result<(), TlsError> {
        self.current.send_replace(self.files.read()?);
        Ok(())
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.current.borrow()))
    }
}

/// Without the key.
impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

impl Files {
    fn read(&self) -> Result<Arc<ServerConfig>, TlsError> {
        let (chain, key) = (self.chain()?, self.private_key()?);
        let unusable = |source| TlsError::Unusable {
            certificate: self.certificate.clone(),
            key: self.key.clone(),
            source,
        };
        let mut config =
            ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()
                .map_err(unusable)?
                .with_no_client_auth()
                .with_single_cert(chain, key)
                .map_err(|error| match error {
                    rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                        TlsError::Mismatch {
                            key: self.key.clone(),
                            certificate: self.certificate.clone(),
                        }
                    }
                    source => unusable(source),
                })?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    fn chain(&self) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        let (key, file) = ("server.tls.certificate", &self.certificate);
        CertificateDer::pem_slice_iter(&read(key, file)?)
            .collect::<Result<Vec<_>, _>>()
            .ok()
            .filter(|chain| !chain.is_empty())
            .ok_or_else(|| TlsError::Malformed {
                key,
                file: file.clone(),
                reason: "has no certificate in PEM format",
            })
    }

    fn private_key(&self) -> Result<PrivateKeyDer<'static>, TlsError> {
        let (key, file) = ("server.tls.key", &self.key);
        PrivateKeyDer::from_pem_slice(&read(key, file)?).map_err(|_| TlsError::Malformed {
            key,
            file: file.clone(),
            reason: "has no private key in PEM format that is not encrypted",
        })
    }
}

fn read(key: &'static str, file: &Path) -> Result<Vec<u8>, TlsError> {
    let mut bytes = Vec::new();
    File::open(file)
        .and_then(|opened| opened.take(LARGEST_FILE).read_to_end(&mut bytes))
        .map_err(|source| TlsError::Unreadable {
            key,
            file: file.to_owned(),
            source,
        })?;
    Ok(bytes)
}
