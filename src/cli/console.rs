//! Output of commands: answers on STDOUT, warnings and errors on STDERR.

use std::{
    fmt,
    io::{self, ErrorKind, IsTerminal, Write},
};

use super::CliError;

/// The output streams.
pub(super) struct Console {
    out: Box<dyn Write>,
    err: Box<dyn Write>,
    colour: bool,
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console").finish_non_exhaustive()
    }
}

impl Console {
    /// The streams of the process, with colour if STDOUT is a terminal and `NO_COLOR` is not set.
    pub(super) fn of_process() -> Self {
        Self {
            out: Box::new(io::stdout()),
            err: Box::new(io::stderr()),
            colour: io::stdout().is_terminal()
                && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        }
    }

    /// Writes warnings and errors to `err` and discards answers.
    #[cfg(test)]
    pub(super) fn with_err(err: impl Write + 'static) -> Self {
        Self {
            out: Box::new(io::sink()),
            err: Box::new(err),
            colour: false,
        }
    }

    /// Whether STDOUT may be coloured.
    pub(super) const fn has_colour(&self) -> bool {
        self.colour
    }

    /// Writes `text` and a line break to STDOUT. A closed pipe (`| head`) is no error.
    pub(super) fn print(&mut self, text: impl fmt::Display) -> Result<(), CliError> {
        match writeln!(self.out, "{text}").and_then(|()| self.out.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(CliError::io("cannot write the answer")(error))
            }
            _ => Ok(()),
        }
    }

    /// Writes warnings to STDERR.
    pub(super) fn warnings(&mut self, warnings: impl IntoIterator<Item = impl fmt::Display>) {
        for warning in warnings {
            // STDERR may be closed.
            let _ = writeln!(
                self.err,
                "[WARNING] {}",
                without_control(&warning.to_string())
            );
        }
    }

    /// Writes an error to STDERR.
    pub(super) fn error(&mut self, kind: &str, message: &str) {
        let _ = writeln!(self.err, "[ERROR] {kind}: {}", without_control(message));
    }

    /// Writes a line about something that goes on to STDERR.
    pub(super) fn progress(&mut self, text: impl fmt::Display) {
        let _ = writeln!(self.err, "{}", without_control(&text.to_string()));
    }

    /// Writes a message to STDERR.
    #[cfg(feature = "mock")]
    pub(super) fn note(&mut self, text: impl fmt::Display) {
        let _ = writeln!(self.err, "{text}");
    }
}

/// `text` with control characters replaced: text of services must neither move the cursor nor begin a line.
pub(super) fn without_control(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_services_stays_on_its_line() {
        let shown = without_control("a\u{1b}[2J\n[ERROR] fake");
        assert_eq!(shown, "a\u{fffd}[2J\u{fffd}[ERROR] fake");
    }
}
