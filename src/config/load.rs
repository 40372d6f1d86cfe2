//! From a file and the environment to a [`Config`] that is complete and in range.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use super::{
    Config,
    environment::Variable,
    fault::{ConfigError, ConfigFault, Origin},
    read::{in_our_names, read},
    tree::Tree,
};

/// The largest file that is read. A list of some thousand hosts fits; the parser's time grows with the square of what
/// an ill-meant file of brackets nests.
const LARGEST_FILE: usize = 256 << 10;

impl Config {
    /// Reads `file`, lays the variables of `environment` that begin with `TESTRIBUTE__` over it, and checks the ranges
    /// of all values. Keys that are set nowhere have their defaults.
    ///
    /// The value of a variable is YAML, or the bare text for a key that is a text, or a list with commas.
    ///
    /// # Errors
    /// A [`ConfigError`] that names the place, the key and the reason of the first fault.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let origin = file.map_or(Origin::Default, |path| Origin::File(path.to_owned()));
        let mut tree = match file {
            Some(path) => in_our_names(load_tree(path)?),
            None => Tree::Null,
        };
        read(&tree).map_err(|fault| ConfigError::Key {
            origin: origin.clone(),
            fault,
        })?;

        let mut variables: Vec<_> = environment
            .into_iter()
            .filter_map(|(name, text)| Variable::parse(name, text))
            .collect();
        variables.sort_by_cached_key(Variable::order);
        let mut origins = Vec::new();
        for variable in variables {
            let layer = variable.layer(&tree)?;
            origins.extend(
                layer
                    .leaves("")
                    .into_iter()
                    .map(|key| (key, variable.name.clone())),
            );
            tree.merge(layer);
        }

        let set_by = |fault: &ConfigFault| {
            // The last one won.
            let variable = origins
                .iter()
                .rev()
                .find(|(key, _)| is_within(&fault.key, key));
            variable.map_or(origin.clone(), |(_, name)| Origin::Variable(name.clone()))
        };
        let config = read(&tree).and_then(|config| config.check().map(|()| config));
        config.map_err(|fault| ConfigError::Key {
            origin: set_by(&fault),
            fault,
        })
    }
}

/// Whether `key` is `whole` or a part of it.
fn is_within(key: &str, whole: &str) -> bool {
    key.strip_prefix(whole)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

fn load_tree(path: &Path) -> Result<Tree, ConfigError> {
    let file = || PathBuf::from(path);
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|opened| opened.take(LARGEST_FILE as u64 + 1).read_to_end(&mut bytes))
        .map_err(|source| ConfigError::Unreadable {
            file: file(),
            source,
        })?;
    if bytes.len() > LARGEST_FILE {
        return Err(ConfigError::TooLarge {
            file: file(),
            limit: LARGEST_FILE,
        });
    }
    let text = str::from_utf8(&bytes).map_err(|source| ConfigError::NotText {
        file: file(),
        source,
    })?;
    Tree::parse(text).map_err(|source| ConfigError::Syntax {
        file: file(),
        source,
    })
}
