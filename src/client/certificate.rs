//! Why the certificate of a service is not accepted, in words for the operator.

use std::{error::Error, io};

use tokio_rustls::rustls::{self, CertificateError};

/// What is wrong with the certificate, if that is among the causes of `error`. Continues after `cannot be reached: `.
pub(super) fn certificate_problem(error: &(dyn Error + 'static)) -> Option<String> {
    let mut causes = std::iter::successors(Some(error), |&error| error.source());
    let problem = causes.find_map(|cause| {
        // The source of an I/O error is that of the error in it, which can be another one.
        let mut inner: &(dyn Error + 'static) = cause.downcast_ref::<io::Error>()?.get_ref()?;
        while let Some(further) = inner.downcast_ref::<io::Error>() {
            inner = further.get_ref()?;
        }
        match inner.downcast_ref()? {
            rustls::Error::InvalidCertificate(problem) => Some(problem),
            _ => None,
        }
    })?;
    let text = match problem {
        CertificateError::UnknownIssuer => {
            "is not of an authority that is trusted; the operator can add one to outbound.ca_file"
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "is not valid yet"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "is for another name than that in the URI"
        }
        CertificateError::Revoked => "is revoked",
        CertificateError::BadSignature => "has a wrong signature",
        CertificateError::BadEncoding => "cannot be read",
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            "is that of an authority and not of a server; the service needs one that is not marked as an authority (CA:FALSE)"
        }
        _ => "is not accepted",
    };
    Some(format!("its certificate {text}"))
}
