//! SIGINT and SIGTERM.

use super::CliError;

/// The signals that stop a command, from [`listen`](Self::listen) on: one that comes before the first
/// [`received`](Self::received) is not lost, and does not end the process on its own.
pub(super) struct StopSignals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(windows)]
    interrupt: tokio::signal::windows::CtrlC,
}

impl StopSignals {
    /// From now on, the signals come here.
    #[cfg(unix)]
    pub(super) fn listen() -> Result<Self, CliError> {
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Self {
            interrupt: signal(SignalKind::interrupt())
                .map_err(CliError::io("cannot handle SIGINT"))?,
            terminate: signal(SignalKind::terminate())
                .map_err(CliError::io("cannot handle SIGTERM"))?,
        })
    }

    /// From now on, the signals come here.
    #[cfg(windows)]
    pub(super) fn listen() -> Result<Self, CliError> {
        let interrupt =
            tokio::signal::windows::ctrl_c().map_err(CliError::io("cannot handle Ctrl-C"))?;
        Ok(Self { interrupt })
    }

    /// Ready at the next signal.
    pub(super) async fn received(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        #[cfg(windows)]
        self.interrupt.recv().await;
    }

    /// Ready at the next signal. One more exits at once.
    pub(super) async fn stop(mut self) {
        self.received().await;
        tokio::spawn(async move {
            self.received().await;
            // Without the grace period.
            std::process::exit(130);
        });
    }
}
