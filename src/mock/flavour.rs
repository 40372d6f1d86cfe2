//! TES servers as they are in the world: what each answers, quoted in a file of its own.

use std::{fmt, str::FromStr};

use serde::Deserialize;
use serde_json::Value;

macro_rules! flavours {
    ($($flavour:ident $name:literal)*) => {
        /// A TES server that people run, none of which knows task info.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the names of the servers speak for themselves")]
        pub enum Flavour { $($flavour),* }

        impl Flavour {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$flavour),*];

            /// What it is called on the command line.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$flavour => $name),* }
            }

            const fn text(self) -> &'static str {
                match self { $(Self::$flavour => include_str!(concat!("flavours/", $name, ".yaml"))),* }
            }
        }
    };
}
flavours!(Funnel "funnel" Tesk "tesk" Poiesis "poiesis" Azure "azure" Tesp "tesp" Planetary "planetary");

impl fmt::Display for Flavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no [`Flavour`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be funnel, tesk, poiesis, azure, tesp or planetary")]
pub struct UnknownFlavour;

impl FromStr for Flavour {
    type Err = UnknownFlavour;

    fn from_str(name: &str) -> Result<Self, UnknownFlavour> {
        Self::ALL
            .iter()
            .copied()
            .find(|flavour| flavour.name() == name)
            .ok_or(UnknownFlavour)
    }
}

impl Flavour {
    /// The path of its API that is told to people.
    ///
    /// # Errors
    /// If its file cannot be read.
    pub fn path(self) -> Result<String, yaml_serde::Error> {
        let bases = self.manners()?.bases;
        Ok(format!("{}/", bases.first().map_or("", String::as_str)))
    }

    pub(super) fn manners(self) -> Result<Manners, yaml_serde::Error> {
        let mut yaml: yaml_serde::Value = yaml_serde::from_str(self.text())?;
        yaml.apply_merge()?;
        yaml_serde::from_value(yaml)
    }
}

/// How a server answers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manners {
    /// The paths at which its API begins.
    pub(super) bases: Vec<String>,
    pub(super) service_info: Value,
    /// To `POST tasks/task-info`.
    pub(super) no_task_info: Refusal,
    pub(super) not_found: Refusal,
    pub(super) pages: Pages,
    /// Whether it heeds `state`.
    pub(super) filters_state: bool,
    pub(super) times: Times,
    /// What it has to begin with, the latest first.
    pub(super) tasks: Vec<Value>,
}

/// An answer that says no.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Refusal {
    pub(super) status: u16,
    /// Empty without it.
    pub(super) body: Option<Value>,
}

/// How long lists are cut.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pages {
    /// Tasks on a page, if the caller does not say.
    pub(super) default: usize,
    /// Most tasks on a page.
    pub(super) largest: usize,
    /// The answer to whoever wants more; without it they get the largest.
    pub(super) beyond: Option<Refusal>,
    /// What `next_page_token` is on the last page; without it, it is left out.
    #[serde(default, deserialize_with = "some")]
    pub(super) last_token: Option<Value>,
}

/// `null` is a value, too.
fn some<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// How times are written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Times {
    /// Of a second.
    pub(super) digits: usize,
    /// That of UTC.
    pub(super) offset: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flavour_has_a_file_that_can_be_read() {
        for flavour in Flavour::ALL {
            let manners = flavour.manners().unwrap();
            assert!(
                !manners.bases.is_empty() && !manners.tasks.is_empty(),
                "{flavour}"
            );
            assert_eq!(manners.service_info["type"]["artifact"], "tes");
            assert_eq!(flavour.name().parse(), Ok(*flavour));
        }
        assert_eq!("toil".parse::<Flavour>(), Err(UnknownFlavour));
    }
}
