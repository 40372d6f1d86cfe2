//! `log`: what is logged to STDERR, and how.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tracing_subscriber::filter::{EnvFilter, LevelFilter};

use super::section::{section, text};

section! {
    /// What is logged to STDERR, and how.
    pub struct Log {
        /// Lowest level that is logged, or a filter by module. `off` logs nothing.
        pub level: String = "info".to_owned(),
            text("off, error, warn, info, debug, trace, or a filter such as info,testribute=debug", is_filter);
        /// `text` for people, `json` for machines (one object a line).
        pub format: LogFormat = LogFormat::Text;
    }
}

/// The format of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

fn is_filter(text: &str) -> bool {
    // EnvFilter takes a word that is no level for the name of a module: a typo would silence the program.
    let is_level =
        |word: &str| word.contains('=') || !word.is_empty() && LevelFilter::from_str(word).is_ok();
    let are_levels = text.contains('[') || text.split(',').all(|word| is_level(word.trim()));
    are_levels && EnvFilter::builder().parse(text).is_ok()
}
