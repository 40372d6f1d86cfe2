//! The log: lines for people or for machines, on STDERR, so that STDOUT is left to answers.

use std::{env, io, io::IsTerminal};

use tracing::Subscriber;
use tracing_subscriber::{
    EnvFilter,
    filter::ParseError,
    fmt::MakeWriter,
    util::{SubscriberInitExt, TryInitError},
};

use crate::config::{Log, LogFormat};

/// Logs as an error what an answer has as a warning: that the certificate of a remote service is not valid. To see it,
/// name it in `log.level`.
const SILENCED: &str = "rustls_platform_verifier=off";

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `log.level` is no filter; the configuration was not checked.
    #[error("log.level: {0}")]
    Filter(#[from] ParseError),
    /// The program has a log already.
    #[error("{0}")]
    Installed(#[from] TryInitError),
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
    let filter = EnvFilter::builder().parse(format!("{SILENCED},{}", log.level))?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
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
    let unwanted = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let colour = !unwanted && io::stderr().is_terminal();
    Ok(subscriber(log, io::stderr, colour)?.try_init()?)
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
