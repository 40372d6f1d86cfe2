//! Every error of the command line, as it is printed, with its exit code.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use super::{
    CliError,
    console::Console,
    placement::{Placement, Subject},
};
use crate::{
    config::{self, Config},
    domain::{geo::Host, service::BadServiceUri, token::MalformedToken},
    golden::{Section, samples, section},
    http,
    locations::{LocateError, UriKind},
    pipeline::SetupError,
    telemetry,
};

/// STDERR in memory.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(crate) fn sections() -> Vec<Section> {
    let mut texts = Vec::new();
    for error in errors() {
        let memory = Memory::default();
        error.print(&mut Console::with_err(memory.clone()));
        let printed = memory.0.lock().unwrap().clone();
        let code = error.code();
        let lines = String::from_utf8(printed).unwrap();
        texts.extend(
            lines
                .lines()
                .map(|line| format!("exit code {code}: {line}")),
        );
    }
    vec![
        section("Failures of commands", texts),
        section("What is located", subjects()),
        section("How it is located", placements()),
    ]
}

fn subjects() -> Vec<Subject> {
    let located = |kind, is_arn, host| Subject::Located {
        kind,
        is_arn,
        host: Host::parse(host),
        region: None,
    };
    samples!(Subject:
        Subject::Nothing => [Subject::Nothing]
        Subject::Path => [Subject::Path]
        Subject::Located { .. } => [
            located(UriKind::Host, false, "data.example"),
            located(UriKind::Bucket, true, "s3://genomes"),
            located(UriKind::Collection, false, "globus://ddb59aef"),
        ]
    )
}

fn placements() -> Vec<Placement> {
    let region = |is_named, is_published| Placement::Region {
        region: "aws:eu-west-1".to_owned(),
        is_named,
        is_published,
    };
    samples!(Placement:
        Placement::Unknown(_) => [Placement::Unknown(LocateError::Bucket.to_string())]
        Placement::Configured => [Placement::Configured]
        Placement::Region { .. } => [region(true, true), region(false, false)]
        Placement::MultiRegion { .. } => [Placement::MultiRegion {
            region: "gcp:eu".to_owned(),
            members: 11,
        }]
        Placement::ManySites(_) => [Placement::ManySites("Cloudflare".to_owned())]
        Placement::Roughly => [Placement::Roughly]
        Placement::Address { .. } => [
            Placement::Address { places: 1 },
            Placement::Address { places: 3 },
        ]
        Placement::Domain => [Placement::Domain]
    )
}

fn errors() -> Vec<CliError> {
    let mut all: Vec<_> = http::golden::errors()
        .into_iter()
        .map(CliError::from)
        .collect();
    let unreadable = Config::load(Some("no/such.yaml".as_ref()), []).unwrap_err();
    let log = config::Log {
        level: "a=b=c".to_owned(),
        ..config::Log::default()
    };
    let not_yaml = yaml_serde::from_str::<u8>("x").unwrap_err();
    all.extend(samples!(CliError:
        CliError::Ranking(_) => [crate::Error::Unauthorized(crate::auth::AuthError::Expired).into()]
        CliError::Token(_) => [MalformedToken.into()]
        CliError::Config(_) => [unreadable.into()]
        CliError::Telemetry(_) => [telemetry::init(&log).unwrap_err().into()]
        CliError::Setup(_) => [SetupError::CompactIdResolver(BadServiceUri::NotAbsolute).into()]
        CliError::Router(_) => [http::RouterError::from(http::DocumentError::from(not_yaml)).into()]
        CliError::Tls(_) => [http::TlsError::Mismatch {
            key: "key.pem".into(),
            certificate: "fullchain.pem".into(),
        }
        .into()]
        CliError::Argument { .. } => [CliError::Argument {
            value: "amazon/us-east-1".to_owned(),
            reason: "must be a host".to_owned(),
        }]
        CliError::File { .. } => [CliError::File {
            file: "city.mmdb".to_owned(),
            reason: "its networks overlap".to_owned(),
        }]
        CliError::Io { .. } => [CliError::Io {
            what: "cannot listen on 127.0.0.1, port 8080".to_owned(),
            source: io::Error::from_raw_os_error(98),
        }]
        CliError::NoLocation => [CliError::NoLocation]
        CliError::NothingMeasured => [CliError::NothingMeasured]
        CliError::Stopped => [CliError::Stopped]
        CliError::NotAccepted => [CliError::NotAccepted]
        CliError::NotComplete(_) => [CliError::NotComplete("EXECUTOR_ERROR".to_owned())]
        CliError::Interrupted { .. } => [CliError::Interrupted {
            id: "c0ffee".to_owned(),
            tes: "https://tes.example/".to_owned(),
        }]
        CliError::MayRun(_) => [CliError::MayRun("https://tes.example/".to_owned())]
        CliError::Service(_) => [CliError::Service(
            "http://127.0.0.1:8080/healthz: error sending request".to_owned(),
        )]
    ));
    all
}
