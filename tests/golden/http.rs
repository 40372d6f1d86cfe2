//! Every failure of the HTTP service, with its status; errors of its set-up.

use std::{io, path::PathBuf};

use axum::{body::to_bytes, response::IntoResponse};
use tokio_rustls::rustls;

use super::{DocumentError, RouterError, TlsError, error::HttpError};
use crate::{
    api::problem::Problem,
    auth::AuthError,
    domain::{
        query::{RequestFault, RequestFaultReason},
        service::BadServiceUri,
        unrankable::{Unrankable, UnrankableReason},
        warning::Warning,
    },
    error::Error,
    golden::{Section, samples, section},
    pipeline::SetupError,
};

/// One sample of each variant.
pub(crate) fn errors() -> Vec<Error> {
    let faults = vec![
        RequestFault::new("/tes_uris/1", BadServiceUri::NotAbsolute.to_string()),
        RequestFault::new("/limit", RequestFaultReason::TooLow("1".to_owned())),
        RequestFault::new("", RequestFaultReason::Unreadable),
    ];
    let unrankable = Unrankable {
        reasons: vec![
            UnrankableReason::NotFound("a1".into()),
            UnrankableReason::NotFound("a2".into()),
        ],
        warnings: vec![Warning::UnknownSize("a3".into())],
    };
    samples!(Error:
        Error::Invalid(_) => [Error::Invalid(faults)]
        Error::Unrankable(_) => [Error::Unrankable(unrankable)]
        Error::Unauthorized(_) => [Error::Unauthorized(AuthError::Missing)]
        Error::Setup(_) => [
            Error::Setup(SetupError::CompactIdResolver(BadServiceUri::NotAbsolute)),
        ]
    )
}

pub(crate) async fn sections() -> Vec<Section> {
    let mut all: Vec<_> = errors().into_iter().map(HttpError::Ranking).collect();
    all.extend(samples!(HttpError:
        HttpError::Ranking(_) => [HttpError::Ranking(Error::Unauthorized(AuthError::Expired))]
        HttpError::NotFound => [HttpError::NotFound]
        HttpError::MethodNotAllowed => [HttpError::MethodNotAllowed]
        HttpError::PayloadTooLarge(_) => [HttpError::PayloadTooLarge(1_048_576)]
        HttpError::UnsupportedMediaType => [HttpError::UnsupportedMediaType]
        HttpError::Overloaded => [HttpError::Overloaded]
        HttpError::TooManyRequests(_) => [HttpError::TooManyRequests(6)]
        HttpError::CallerInFlight(_) => [HttpError::CallerInFlight(64)]
        HttpError::ShuttingDown => [HttpError::ShuttingDown]
        HttpError::DeadlineExceeded => [HttpError::DeadlineExceeded]
        HttpError::Internal => [HttpError::Internal]
    ));
    let mut texts = Vec::new();
    for error in all {
        let response = error.into_response();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let problem: Problem = serde_json::from_slice(&body).unwrap();
        texts.push(problem.message);
        for entry in problem.errors {
            let reason = serde_json::to_value(entry.reason).unwrap();
            let reason = reason.as_str().unwrap();
            texts.extend(
                entry
                    .message
                    .iter()
                    .map(|text| format!("{status} {reason}: {text}")),
            );
        }
    }
    vec![
        section("Failures of requests over HTTP", texts),
        section("Failures of the set-up of HTTP", router_errors()),
        section("Failures of certificates", tls_errors()),
    ]
}

fn router_errors() -> Vec<RouterError> {
    let yaml = yaml_serde::from_str::<u8>("x").unwrap_err();
    let json = serde_json::from_str::<u8>("x").unwrap_err();
    let schema = jsonschema::draft202012::new(&serde_json::json!({"type": 7})).unwrap_err();
    let mut all: Vec<_> = samples!(DocumentError:
        DocumentError::Json(_) => [DocumentError::Json(json)]
        DocumentError::Yaml(_) => [DocumentError::Yaml(yaml)]
    )
    .into_iter()
    .map(RouterError::from)
    .collect();
    all.extend(samples!(RouterError:
        RouterError::Document(_) => [RouterError::Document(serde_json::from_str::<u8>("x").unwrap_err().into())]
        RouterError::Schema(_) => [RouterError::Schema(Box::new(schema))]
    ));
    all
}

fn tls_errors() -> Vec<TlsError> {
    let certificate = || PathBuf::from("/etc/testribute/fullchain.pem");
    let key = || PathBuf::from("/etc/testribute/key.pem");
    samples!(TlsError:
        TlsError::Unreadable { .. } => [TlsError::Unreadable {
            key: "server.tls.certificate",
            file: certificate(),
            source: io::Error::from_raw_os_error(2),
        }]
        TlsError::Malformed { .. } => [TlsError::Malformed {
            key: "server.tls.key",
            file: key(),
            reason: "has no private key in PEM format that is not encrypted",
        }]
        TlsError::Mismatch { .. } => [TlsError::Mismatch {
            key: key(),
            certificate: certificate(),
        }]
        TlsError::Unusable { .. } => [TlsError::Unusable {
            certificate: certificate(),
            key: key(),
            source: rustls::Error::General("unsupported key".to_owned()),
        }]
    )
}
