//! `drs`: how DRS instances are asked, and what is made of their answers.

use serde::{Deserialize, Serialize};

use crate::domain::object::MissingSize;

/// How DRS instances are asked, and what is made of their answers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Drs {
    /// What becomes of an object whose size no DRS knows: `refuse` or `zero`.
    #[serde(with = "MissingSizeName")]
    pub missing_size: MissingSize,
}

/// How a [`MissingSize`] is written.
#[derive(Serialize, Deserialize)]
#[serde(remote = "MissingSize", rename_all = "lowercase")]
enum MissingSizeName {
    Refuse,
    Zero,
}
