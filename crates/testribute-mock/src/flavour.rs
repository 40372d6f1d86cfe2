//! The server products whose answers are replayed: the names of the flavours and their embedded files.

use std::{error::Error, fmt, str::FromStr};

use crate::behaviour::{self, DrsBehaviour, TesBehaviour};

/// An enum of flavours. Each has a name on the command line and a file of that name in `directory`, which describes the
/// `behaviour`.
macro_rules! flavours {
    (
        $(#[$doc:meta])*
        $flavours:ident: $behaviour:ident in $directory:literal {
            $($(#[$variant_doc:meta])* $variant:ident = $name:literal,)+
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $flavours {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $flavours {
            /// All flavours.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            const NAMES: &'static [&'static str] = &[$($name),+];

            /// The name on the command line.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            pub(crate) fn behaviour(self) -> Result<$behaviour, yaml_serde::Error> {
                behaviour::parse(match self {
                    $(Self::$variant => include_str!(concat!("../flavours/", $directory, $name, ".yaml")),)+
                })
            }
        }

        impl fmt::Display for $flavours {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }

        impl FromStr for $flavours {
            type Err = UnknownFlavour;

            fn from_str(name: &str) -> Result<Self, UnknownFlavour> {
                let mut all = Self::ALL.iter().copied();
                all.find(|flavour| flavour.name() == name)
                    .ok_or(UnknownFlavour { known: Self::NAMES })
            }
        }
    };
}

flavours! {
    /// A TES server in production; none of them supports task info.
    TesFlavour: TesBehaviour in "tes/" {
        /// Funnel 0.11 of OHSU.
        Funnel = "funnel",
        /// TESK 1.1 of ELIXIR Cloud.
        Tesk = "tesk",
        /// Poiesis.
        Poiesis = "poiesis",
        /// TES on Azure 5 of Microsoft.
        Azure = "azure",
        /// TESP of CESNET.
        Tesp = "tesp",
        /// Planetary of St. Jude.
        Planetary = "planetary",
        /// proTES of ELIXIR Cloud: a gateway to other TES.
        ProTes = "protes",
    }
}

flavours! {
    /// A DRS server in production, or the latest version of the specification.
    DrsFlavour: DrsBehaviour in "drs/" {
        /// Gen3: indexd and fence.
        Gen3 = "gen3",
        /// The Terra Data Repository of the Broad Institute.
        Terra = "terra",
        /// Seven Bridges: Cancer Genomics Cloud and CAVATICA.
        SevenBridges = "sevenbridges",
        /// Azul of the Human Cell Atlas.
        Azul = "azul",
        /// drs-filer of ELIXIR Cloud.
        DrsFiler = "drs-filer",
        /// The GA4GH Starter Kit.
        StarterKit = "starter-kit",
        /// DRS 1.5 as specified.
        Drs15 = "1.5",
    }
}

/// The text is not the name of a flavour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownFlavour {
    known: &'static [&'static str],
}

impl fmt::Display for UnknownFlavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((last, others)) = self.known.split_last() else {
            return Ok(());
        };
        write!(f, "must be {} or {last}", others.join(", "))
    }
}

impl Error for UnknownFlavour {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_parses_to_its_flavour() {
        for flavour in TesFlavour::ALL {
            assert_eq!(flavour.to_string().parse(), Ok(*flavour));
        }
        for flavour in DrsFlavour::ALL {
            assert_eq!(flavour.to_string().parse(), Ok(*flavour));
        }
    }

    #[test]
    fn the_error_for_an_unknown_name_lists_the_known_ones() {
        assert_eq!(
            "toil".parse::<TesFlavour>().unwrap_err().to_string(),
            "must be funnel, tesk, poiesis, azure, tesp, planetary or protes"
        );
        assert_eq!(
            "dos".parse::<DrsFlavour>().unwrap_err().to_string(),
            "must be gen3, terra, sevenbridges, azul, drs-filer, starter-kit or 1.5"
        );
    }

    #[test]
    fn the_file_of_every_tes_flavour_is_valid() {
        for flavour in TesFlavour::ALL {
            let tes = flavour.behaviour().unwrap();
            assert!(
                !tes.base_paths.is_empty() && !tes.tasks.is_empty(),
                "{flavour}"
            );
            assert_eq!(tes.service_info["type"]["artifact"], "tes");
        }
    }

    #[test]
    fn the_file_of_every_drs_flavour_is_valid() {
        for flavour in DrsFlavour::ALL {
            let drs = flavour.behaviour().unwrap();
            assert_eq!(drs.service_info["type"]["artifact"], "drs");
            assert!(!drs.objects.is_empty(), "{flavour}");
            for object in &drs.objects {
                assert!(object["id"].is_string(), "{flavour}: {object}");
            }
        }
    }
}
