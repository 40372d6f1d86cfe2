//! The log: lines for people or for machines, on STDERR, so that STDOUT is left to answers.

use std::{env, io, io::IsTerminal};

use tracing::Subscriber;
use tracing_subscriber::{
    EnvFilter,
    filter::ParseError,
    fmt::MakeWriter,
    util::{SubscriberInitExt, TryInitError},
};

use crate::config::{Log, LogFormat, Telemetry};

/// Logs as an error what an answer has as a warning: that the certificate of a remote service is not valid. To see it,
/// name it in `log.level`. Spans for traces would hide the request that a line belongs to.
const SILENCED: &str = "rustls_platform_verifier=off,testribute::spans=off";

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `log.level` is no filter; the configuration was not checked.
    #[error("log.level: {0}")]
    Filter(#[from] ParseError),
    /// The program has a log already.
    #[error("{0}")]
    Installed(#[from] TryInitError),
    /// Traces cannot be sent to `telemetry.otlp_endpoint`.
    #[cfg(feature = "otlp")]
    #[error("telemetry.otlp_endpoint: {0}")]
    Traces(#[from] opentelemetry_otlp::ExporterBuildError),
    /// The program was built without the feature `otlp`.
    #[cfg(not(feature = "otlp"))]
    #[error("telemetry.otlp_endpoint: this program was built without the feature otlp")]
    NoTraces,
}

/// What was installed for the whole process. Sends the last spans when it is dropped, which takes seconds if the collector is
/// away; not within the runtime.
#[derive(Debug)]
#[must_use = "the last spans are sent when it is dropped"]
pub struct Installed {
    #[cfg(feature = "otlp")]
    _exporter: Option<super::traces::Exporter>,
}

/// What writes the events that `log` lets through to `writer`, in `colour` if they are for people.
///
/// # Errors
/// [`TelemetryError::Filter`] if `log.level` is no filter.
pub fn subscriber<W>(
    log: &Log,
    writer: W,
    colour: bool,
) -> Result<Box<dyn Subscriber + Send + Sync>, TelemetryError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter(log)?)
        .with_writer(writer);
    Ok(match log.format {
        LogFormat::Text => Box::new(builder.with_ansi(colour).finish()),
        // The list of spans would repeat the current one.
        LogFormat::Json => Box::new(
            builder
                .json()
                .flatten_event(true)
                .with_span_list(false)
                .finish(),
        ),
    })
}

/// Sends the events of the whole process to STDERR, in colour if that is a terminal and `NO_COLOR` is not set.
///
/// # Errors
/// [`TelemetryError::Filter`] if `log.level` is no filter, [`TelemetryError::Installed`] if it is not the first log.
pub fn init(log: &Log) -> Result<(), TelemetryError> {
    Ok(subscriber(log, io::stderr, has_colour())?.try_init()?)
}

/// The same, and sends spans to `telemetry.otlp_endpoint`, if there is one.
///
/// # Errors
/// As [`init`], and if the exporter cannot be made.
#[cfg(feature = "otlp")]
pub fn init_with_traces(log: &Log, telemetry: &Telemetry) -> Result<Installed, TelemetryError> {
    use tracing::level_filters::LevelFilter;
    use tracing_subscriber::{Layer, filter::Targets, layer::SubscriberExt, registry};

    let Some(endpoint) = &telemetry.otlp_endpoint else {
        init(log)?;
        return Ok(Installed { _exporter: None });
    };
    let exporter = super::traces::Exporter::new(endpoint)?;
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let lines = match log.format {
        LogFormat::Text => lines.with_ansi(has_colour()).boxed(),
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .boxed(),
    };
    let spans = Targets::new().with_target("testribute", LevelFilter::INFO);
    registry()
        .with(lines.with_filter(filter(log)?))
        .with(exporter.layer().with_filter(spans))
        .try_init()?;
    Ok(Installed {
        _exporter: Some(exporter),
    })
}

/// The same, but spans cannot be sent.
///
/// # Errors
/// As [`init`], and if `telemetry.otlp_endpoint` is set.
#[cfg(not(feature = "otlp"))]
pub fn init_with_traces(log: &Log, telemetry: &Telemetry) -> Result<Installed, TelemetryError> {
    if telemetry.otlp_endpoint.is_some() {
        return Err(TelemetryError::NoTraces);
    }
    init(log)?;
    Ok(Installed {})
}

fn has_colour() -> bool {
    let unwanted = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !unwanted && io::stderr().is_terminal()
}

fn filter(log: &Log) -> Result<EnvFilter, ParseError> {
    EnvFilter::builder().parse(format!("{SILENCED},{}", log.level))
}

#[cfg(test)]
mod tests {
    use std::{
        io::Write,
        sync::{Arc, Mutex},
    };

    use super::*;

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn log(level: &str, format: LogFormat) -> Log {
        Log {
            level: level.to_owned(),
            format,
        }
    }

    fn written(log: &Log, colour: bool, events: impl FnOnce()) -> String {
        let buffer = Buffer::default();
        let writer = buffer.clone();
        let subscriber = subscriber(log, move || writer.clone(), colour).unwrap();
        tracing::subscriber::with_default(subscriber, events);
        String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn a_line_for_machines_is_one_json_object() {
        let text = written(&log("info", LogFormat::Json), true, || {
            let _request = tracing::info_span!("request", id = "r-1").entered();
            tracing::warn!(service = "https://tes.example/", "no\nanswer");
        });
        assert_eq!(text.lines().count(), 1, "{text}");
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["level"], "WARN");
        assert_eq!(line["message"], "no\nanswer");
        assert_eq!(line["service"], "https://tes.example/");
        assert_eq!(line["span"]["id"], "r-1");
    }

    #[test]
    fn what_is_below_the_level_is_not_written() {
        let text = written(&log("warn", LogFormat::Text), false, || {
            tracing::info!("quiet");
            tracing::warn!("loud");
        });
        assert!(text.contains("loud") && !text.contains("quiet"), "{text}");
    }

    #[test]
    fn a_filter_can_single_out_a_module() {
        let only = log("off,testribute::telemetry=debug", LogFormat::Text);
        let text = written(&only, false, || {
            tracing::debug!("here");
            tracing::error!(target: "elsewhere", "there");
        });
        assert!(text.contains("here") && !text.contains("there"), "{text}");
    }

    #[test]
    fn a_bad_certificate_of_others_is_no_error_of_ours() {
        for (level, is_written) in [
            ("error", false),
            ("info,rustls_platform_verifier=error", true),
        ] {
            let text = written(&log(level, LogFormat::Text), false, || {
                tracing::error!(target: "rustls_platform_verifier::verification", "bad");
            });
            assert_eq!(text.contains("bad"), is_written, "{level}: {text}");
        }
    }

    #[test]
    fn colour_is_there_only_when_asked_for() {
        for colour in [true, false] {
            let info = log("info", LogFormat::Text);
            let text = written(&info, colour, || tracing::info!("hello"));
            assert_eq!(text.contains('\x1b'), colour, "{text:?}");
        }
    }

    #[test]
    fn a_level_that_is_no_filter_is_an_error() {
        let error = subscriber(&log("a=b=c", LogFormat::Text), io::sink, false).err();
        assert!(
            matches!(error, Some(TelemetryError::Filter(_))),
            "{error:?}"
        );
    }
}
