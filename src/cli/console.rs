//! Output of commands: answers on STDOUT, warnings and errors on STDERR.

use std::{
    fmt,
    io::{self, ErrorKind, IsTerminal, Write},
};

use super::{CliError, options};

/// The width of a narrow terminal, less the cursor.
const MAX_LIVE_CHARS: usize = 79;

/// The output streams.
pub(super) struct Console {
    out: Box<dyn Write>,
    err: Box<dyn Write>,
    colour: bool,
    /// Whether STDERR is a terminal, whose last line can be written anew.
    has_live_line: bool,
    /// The number of characters of the line that is written anew; 0 without one.
    live: usize,
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
            has_live_line: io::stderr().is_terminal()
                && std::env::var_os("TERM").is_none_or(|name| name != "dumb"),
            live: 0,
        }
    }

    /// Writes warnings and errors to `err` and discards answers.
    #[cfg(test)]
    pub(super) fn with_err(err: impl Write + 'static) -> Self {
        Self {
            out: Box::new(io::sink()),
            err: Box::new(err),
            colour: false,
            has_live_line: false,
            live: 0,
        }
    }

    /// The same with the live line of a terminal.
    #[cfg(test)]
    const fn on_terminal(mut self) -> Self {
        self.has_live_line = true;
        self
    }

    /// Whether STDOUT may be coloured.
    pub(super) const fn has_colour(&self) -> bool {
        self.colour
    }

    /// Writes `text` and a line break to STDOUT. A closed pipe (`| head`) is no error.
    pub(super) fn print(&mut self, text: impl fmt::Display) -> Result<(), CliError> {
        self.end_progress();
        match writeln!(self.out, "{text}").and_then(|()| self.out.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(CliError::io("cannot write the answer")(error))
            }
            _ => Ok(()),
        }
    }

    /// Writes warnings to STDERR.
    pub(super) fn warnings(&mut self, warnings: impl IntoIterator<Item = impl fmt::Display>) {
        self.end_progress();
        for warning in warnings {
            // STDERR may be closed.
            let _ = writeln!(
                self.err,
                "[WARNING] {}",
                without_control(&options::text(&warning.to_string()))
            );
        }
    }

    /// Writes an error to STDERR.
    pub(super) fn error(&mut self, kind: &str, message: &str) {
        self.end_progress();
        let _ = writeln!(
            self.err,
            "[ERROR] {kind}: {}",
            without_control(&options::text(message))
        );
    }

    /// Whether [`progress`](Self::progress) writes one line anew, so that it may be called at any time.
    pub(super) const fn has_live_line(&self) -> bool {
        self.has_live_line
    }

    /// Writes a line about something that goes on to STDERR. On a terminal it takes the place of the one before; spaces
    /// cover what was longer, as not every terminal knows escape codes.
    pub(super) fn progress(&mut self, text: impl fmt::Display) {
        let text = without_control(&text.to_string());
        if !self.has_live_line {
            let _ = writeln!(self.err, "{text}");
            return;
        }
        // A line that wraps cannot be written anew.
        let text: String = text.chars().take(MAX_LIVE_CHARS).collect();
        let length = text.chars().count();
        let covered = self.live.saturating_sub(length);
        let _ = write!(self.err, "\r{text}{:covered$}", "");
        let _ = self.err.flush();
        self.live = length;
    }

    /// Leaves the line that [`progress`](Self::progress) writes anew as it is: what follows has lines of its own.
    pub(super) fn end_progress(&mut self) {
        if std::mem::take(&mut self.live) > 0 {
            let _ = writeln!(self.err);
        }
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

    /// What is written to STDERR.
    #[derive(Clone, Default)]
    struct Written(std::rc::Rc<std::cell::RefCell<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(write: impl FnOnce(&mut Console), on_terminal: bool) -> String {
        let err = Written::default();
        let mut console = Console::with_err(err.clone());
        if on_terminal {
            console = console.on_terminal();
        }
        write(&mut console);
        let bytes = err.0.borrow().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn progress_is_one_line_on_a_terminal_and_has_no_escape_codes() {
        let shown = written(
            |console| {
                console.progress("t: INITIALIZING");
                console.progress("t: \u{1b}[2JRUN");
                console.progress("x".repeat(200));
                console.error("NotComplete", "it failed");
            },
            true,
        );
        assert!(!shown.contains('\u{1b}'), "{shown:?}");
        let lines: Vec<_> = shown.lines().collect();
        let [live, "[ERROR] NotComplete: it failed"] = lines[..] else {
            panic!("{lines:?}");
        };
        let texts: Vec<_> = live.split('\r').skip(1).collect();
        assert_eq!(texts[0], "t: INITIALIZING");
        assert_eq!(texts[1].trim_end(), "t: \u{fffd}[2JRUN");
        assert_eq!(
            texts[1].chars().count(),
            texts[0].len(),
            "covers the text before"
        );
        assert_eq!(texts[2].len(), MAX_LIVE_CHARS);
    }

    #[test]
    fn progress_is_a_line_each_elsewhere() {
        let shown = written(
            |console| {
                console.progress("t: QUEUED");
                console.progress("t: RUNNING");
                console.end_progress();
            },
            false,
        );
        assert_eq!(shown, "t: QUEUED\nt: RUNNING\n");
    }

    #[test]
    fn text_of_services_stays_on_its_line() {
        let shown = without_control("a\u{1b}[2J\n[ERROR] fake");
        assert_eq!(shown, "a\u{fffd}[2J\u{fffd}[ERROR] fake");
    }
}
