//! DRS servers as they are in the world: what each answers, quoted in a file of its own.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::Deserialize;
use serde_json::Value;

use super::flavour::Refusal;

macro_rules! flavours {
    ($($flavour:ident $name:literal)*) => {
        /// A DRS server that people run, or the latest of what the specification says.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the names of the servers speak for themselves")]
        pub enum DrsFlavour { $($flavour),* }

        impl DrsFlavour {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$flavour),*];

            /// What it is called on the command line.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$flavour => $name),* }
            }

            const fn text(self) -> &'static str {
                match self {
                    $(Self::$flavour => include_str!(concat!("flavours/drs/", $name, ".yaml"))),*
                }
            }
        }
    };
}
flavours!(
    Gen3 "gen3" Terra "terra" SevenBridges "sevenbridges" Azul "azul" DrsFiler "drs-filer" StarterKit "starter-kit"
    Drs15 "1.5"
);

impl fmt::Display for DrsFlavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no [`DrsFlavour`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be gen3, terra, sevenbridges, azul, drs-filer, starter-kit or 1.5")]
pub struct UnknownDrsFlavour;

impl FromStr for DrsFlavour {
    type Err = UnknownDrsFlavour;

    fn from_str(name: &str) -> Result<Self, UnknownDrsFlavour> {
        Self::ALL
            .iter()
            .copied()
            .find(|flavour| flavour.name() == name)
            .ok_or(UnknownDrsFlavour)
    }
}

impl DrsFlavour {
    pub(super) fn manners(self) -> Result<Manners, yaml_serde::Error> {
        yaml_serde::from_str(self.text())
    }
}

/// How a server answers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manners {
    pub(super) service_info: Value,
    pub(super) not_found: Refusal,
    /// To whoever has no token.
    #[serde(default)]
    pub(super) needs_token: Option<Refusal>,
    /// To whoever asks with parameters.
    #[serde(default)]
    pub(super) strict_query: Option<Refusal>,
    /// Whether the URLs behind access ids are for those alone who have a token.
    #[serde(default)]
    pub(super) access_needs_token: bool,
    /// Whether the first question for such a URL is answered with 202.
    #[serde(default)]
    pub(super) access_takes_a_while: bool,
    /// The parameter by which such URLs are signed.
    #[serde(default)]
    pub(super) signature: Option<String>,
    /// What a bundle shows of what it holds to whoever does not ask for more.
    #[serde(default)]
    pub(super) unexpanded: Unexpanded,
    /// Whether it takes many ids at once.
    #[serde(default)]
    pub(super) bulk: bool,
    /// What it has; `{host}` stands for its own host and port.
    pub(super) objects: Vec<Value>,
    /// URLs by ids of objects and of their access methods.
    #[serde(default)]
    pub(super) access: BTreeMap<String, BTreeMap<String, String>>,
}

/// How much a bundle shows of what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Unexpanded {
    /// All, at all levels.
    #[default]
    Everything,
    /// What is in it, but not what is in that.
    OneLevel,
    /// `[]`.
    Nothing,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flavour_has_a_file_that_can_be_read() {
        for flavour in DrsFlavour::ALL {
            let manners = flavour.manners().unwrap();
            assert_eq!(manners.service_info["type"]["artifact"], "drs");
            assert!(!manners.objects.is_empty(), "{flavour}");
            for object in &manners.objects {
                assert!(object["id"].is_string(), "{flavour}: {object}");
            }
            assert_eq!(flavour.name().parse(), Ok(*flavour));
        }
        assert_eq!("dos".parse::<DrsFlavour>(), Err(UnknownDrsFlavour));
    }
}
