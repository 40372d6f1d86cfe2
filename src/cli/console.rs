//! STDOUT for answers, STDERR for everything else.

use std::{
    fmt,
    io::{self, ErrorKind, IsTerminal, Write},
};

use super::CliError;

/// Where the program writes.
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

    /// Whether colours are wanted on STDOUT.
    pub(super) const fn has_colour(&self) -> bool {
        self.colour
    }

    /// Writes a line or more to STDOUT. That the reader is gone (`| head`) is no error.
    pub(super) fn print(&mut self, text: impl fmt::Display) -> Result<(), CliError> {
        match writeln!(self.out, "{text}").and_then(|()| self.out.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(CliError::io("the answer cannot be written")(error))
            }
            _ => Ok(()),
        }
    }

    /// Writes warnings to STDERR.
    pub(super) fn warnings(&mut self, warnings: impl IntoIterator<Item = impl fmt::Display>) {
        for warning in warnings {
            // Whoever closed STDERR does not want to know.
            let _ = writeln!(self.err, "[WARNING] {}", harmless(&warning.to_string()));
        }
    }

    /// Writes an error to STDERR.
    pub(super) fn error(&mut self, kind: &str, message: &str) {
        let _ = writeln!(self.err, "[ERROR] {kind}: {}", harmless(message));
    }

    /// Writes a line for people to STDERR.
    #[cfg(feature = "mock")]
    pub(super) fn note(&mut self, text: impl fmt::Display) {
        let _ = writeln!(self.err, "{text}");
    }
}

/// What strangers write must neither move the cursor nor look like a line of ours.
pub(super) fn harmless(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_strangers_write_stays_on_its_line() {
        let shown = harmless("a\u{1b}[2J\n[ERROR] fake");
        assert_eq!(shown, "a\u{fffd}[2J\u{fffd}[ERROR] fake");
    }
}
