//! A task as clients of TES 1.1 and 1.2 send it: read leniently, as null stands for a property that is left out.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// A task of TES 1.1 or 1.2. Properties that only a server sets (`id`, `state`, `logs`, `creation_time`) are ignored, and
/// others are handed on.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct TesTask {
    /// A name for people.
    #[serde(default)]
    pub name: Option<String>,
    /// A description for people.
    #[serde(default)]
    pub description: Option<String>,
    /// The files that are copied into the containers. Each path may occur once.
    #[serde(default)]
    #[schema(max_items = 1000)]
    pub inputs: Option<Vec<TesInput>>,
    /// The files that are copied out of the containers.
    #[serde(default)]
    #[schema(max_items = 1000)]
    pub outputs: Option<Vec<TesOutput>>,
    /// The resources that the task needs.
    #[serde(default)]
    pub resources: Option<TesResources>,
    /// The commands, one after the other.
    #[schema(min_items = 1)]
    pub executors: Vec<TesExecutor>,
    /// Directories that the executors share.
    #[serde(default)]
    pub volumes: Option<Vec<String>>,
    /// Labels.
    #[serde(default, deserialize_with = "without_nulls")]
    #[schema(value_type = Option<BTreeMap<String, Option<String>>>)]
    pub tags: Option<BTreeMap<String, String>>,
}

/// An input of a task. It has a `url`, or its `content` itself, which wins.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct TesInput {
    /// A name for people.
    #[serde(default)]
    pub name: Option<String>,
    /// A description for people.
    #[serde(default)]
    pub description: Option<String>,
    /// Where it is: a `drs://` URI, or any other URL, which is its own access URI.
    #[serde(default)]
    pub url: Option<String>,
    /// Where it is in the containers: an absolute path.
    #[schema(pattern = "^/")]
    pub path: String,
    /// `FILE` or `DIRECTORY`.
    #[serde(default)]
    #[schema(pattern = "^(|[Ff][Ii][Ll][Ee]|[Dd][Ii][Rr][Ee][Cc][Tt][Oo][Rr][Yy])$")]
    pub r#type: Option<String>,
    /// The text of the file.
    #[serde(default)]
    pub content: Option<String>,
    /// Whether the TES may stream it.
    #[serde(default)]
    pub streamable: Option<bool>,
}

/// An output of a task.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct TesOutput {
    /// A name for people.
    #[serde(default)]
    pub name: Option<String>,
    /// A description for people.
    #[serde(default)]
    pub description: Option<String>,
    /// Where it is copied to.
    #[schema(min_length = 1)]
    pub url: String,
    /// Where it is in the containers: an absolute path, which may have wildcards.
    #[schema(pattern = "^/")]
    pub path: String,
    /// The part of the path that is left out of the URLs of files that match wildcards.
    #[serde(default)]
    pub path_prefix: Option<String>,
    /// `FILE` or `DIRECTORY`.
    #[serde(default)]
    #[schema(pattern = "^(|[Ff][Ii][Ll][Ee]|[Dd][Ii][Rr][Ee][Cc][Tt][Oo][Rr][Yy])$")]
    pub r#type: Option<String>,
}

/// A command of a task.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct TesExecutor {
    /// The container image.
    #[schema(min_length = 1)]
    pub image: String,
    /// The command and its arguments.
    pub command: Vec<String>,
    /// The working directory.
    #[serde(default)]
    pub workdir: Option<String>,
    /// The file that is its standard input.
    #[serde(default)]
    pub stdin: Option<String>,
    /// The file that its standard output goes to.
    #[serde(default)]
    pub stdout: Option<String>,
    /// The file that its standard error goes to.
    #[serde(default)]
    pub stderr: Option<String>,
    /// Environment variables.
    #[serde(default, deserialize_with = "without_nulls")]
    #[schema(value_type = Option<BTreeMap<String, Option<String>>>)]
    pub env: Option<BTreeMap<String, String>>,
    /// Whether the task goes on if it fails.
    #[serde(default)]
    pub ignore_error: Option<bool>,
}

/// The resources that a task asks for. What is left out is taken from `tes.default_needs` of the service, with a warning.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct TesResources {
    /// CPU cores; TES 1.2 allows fractions.
    #[serde(default)]
    #[schema(minimum = 0)]
    pub cpu_cores: Option<f64>,
    /// Whether it may run on preemptible machines; false where it is left out.
    #[serde(default)]
    pub preemptible: Option<bool>,
    /// Memory, in gigabytes.
    #[serde(default)]
    #[schema(minimum = 0)]
    pub ram_gb: Option<f64>,
    /// Disk, in gigabytes.
    #[serde(default)]
    #[schema(minimum = 0)]
    pub disk_gb: Option<f64>,
    /// The zones in which it may run.
    #[serde(default)]
    pub zones: Option<Vec<String>>,
    /// What it asks of the backend of the TES.
    #[serde(default, deserialize_with = "without_nulls")]
    #[schema(value_type = Option<BTreeMap<String, Option<String>>>)]
    pub backend_parameters: Option<BTreeMap<String, String>>,
    /// Whether a TES must offer all of them.
    #[serde(default)]
    pub backend_parameters_strict: Option<bool>,
}

/// A map in which null stands for a key that is left out.
fn without_nulls<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<BTreeMap<String, String>>, D::Error> {
    let map = Option::<BTreeMap<String, Option<String>>>::deserialize(deserializer)?;
    let without = |map: BTreeMap<_, Option<_>>| {
        let given = map.into_iter();
        given
            .filter_map(|(key, value)| Some((key, value?)))
            .collect()
    };
    Ok(map.map(without))
}
