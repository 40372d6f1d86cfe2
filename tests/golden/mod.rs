//! All texts that users see, rendered from the types and compared with `texts.txt`. Part of the unit tests, as some of
//! the types are private.
//!
//! `UPDATE_GOLDEN=1 cargo test --lib golden` rewrites the file. Other tests compare values of the types, not texts.

mod answers;
mod config;
mod domain;
mod outbound;
mod requests;

use std::{collections::HashSet, env, fmt::Display, fs};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/texts.txt");

const HEAD: &str = "\
All texts that users see, one per line. Written by a unit test:
UPDATE_GOLDEN=1 cargo test --lib golden
";

/// Samples of every variant of an enum: a variant without samples does not compile.
macro_rules! samples {
    ($type:ty: $($pattern:pat => [$($sample:expr),+ $(,)?])+) => {{
        const fn _has_all_variants(value: &$type) {
            match value {
                $(| $pattern)+ => {}
            }
        }
        let mut samples: Vec<$type> = Vec::new();
        $($(
            let sample = $sample;
            assert!(matches!(&sample, $pattern), "{sample:?}");
            samples.push(sample);
        )+)+
        samples
    }};
}
pub(crate) use samples;

/// A heading and its texts.
pub(crate) type Section = (&'static str, Vec<String>);

/// The texts of `samples` under `heading`, each once.
pub(crate) fn section(
    heading: &'static str,
    samples: impl IntoIterator<Item = impl Display>,
) -> Section {
    let mut seen = HashSet::new();
    let texts = samples.into_iter().map(|sample| sample.to_string());
    (
        heading,
        texts.filter(|text| seen.insert(text.clone())).collect(),
    )
}

#[tokio::test]
async fn texts_are_those_of_the_golden_file() {
    let mut sections = domain::sections();
    sections.extend(outbound::sections());
    sections.extend(answers::sections().await);
    sections.extend(requests::sections().await);
    sections.extend(crate::http::golden::sections().await);
    sections.extend(crate::cli::golden::sections());
    sections.extend(config::sections());

    let mut rendered = HEAD.to_owned();
    for (heading, texts) in sections {
        rendered.extend(["\n## ", heading, "\n"]);
        for text in texts {
            assert!(!text.contains(char::is_control), "not one line: {text:?}");
            rendered.extend([text.as_str(), "\n"]);
        }
    }
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(FILE, &rendered).unwrap();
    }
    let golden = fs::read_to_string(FILE).unwrap();
    assert!(
        golden == rendered,
        "texts differ from tests/golden/texts.txt; UPDATE_GOLDEN=1 rewrites it:\n{}",
        difference(&golden, &rendered)
    );
}

/// The lines of `old` that are not in `new` and the reverse, below their headings.
fn difference(old: &str, new: &str) -> String {
    let only_in = |text: &str, other: &str, sign: char| {
        let mut heading = "";
        let mut lines = Vec::new();
        for line in text.lines() {
            if line.starts_with("## ") {
                heading = line;
            } else if !other.lines().any(|known| known == line) {
                lines.push(format!("{heading}\n{sign} {line}"));
            }
        }
        lines
    };
    let mut lines = only_in(old, new, '-');
    lines.extend(only_in(new, old, '+'));
    if lines.is_empty() {
        lines.push("the same lines in another order".to_owned());
    }
    lines.join("\n")
}
