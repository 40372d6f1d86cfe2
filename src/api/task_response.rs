//! The answer for a whole TES task: the ranking, the sites, and the task for each combination, ready to be posted.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    explanation::{HostPlace, HostPlaces},
    response::{Means, RankResponse, ServiceCombination},
    task_template::{ChosenFile, TaskTemplate},
};
use crate::domain::warning::Warning;

/// The ranked combinations for a task, best first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TaskResponse {
    /// Combinations of one TES and one access URI for each input, best first. Access URIs have the paths of the inputs as
    /// their keys.
    pub service_combinations: Vec<TaskCombination>,
    /// All sites that can run the task, the one with the best combination first.
    #[schema(value_type = Vec<String>)]
    pub tes_uris: Vec<Arc<str>>,
    /// Problems that did not prevent the ranking, and what was assumed.
    pub warnings: Vec<String>,
    /// The number of combinations, listed or not, in decimal digits.
    #[serde(default)]
    #[schema(pattern = "^[0-9]+$")]
    pub space_size: String,
    /// What scores are relative to.
    #[serde(default)]
    pub means: Means,
    /// What the estimates assume, as sentences. Only if the request sets `explain`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub assumptions: Option<Vec<String>>,
    /// The locations of the hosts. Only if the request sets `explain`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<BTreeMap<String, HostPlace>>)]
    pub places: Option<HostPlaces>,
}

/// A combination, and the task for its TES.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TaskCombination {
    /// The combination.
    #[serde(flatten)]
    pub combination: ServiceCombination,
    /// The task with the URL of every input replaced by the chosen access URI, ready to be posted to `tes_uri`.
    #[schema(value_type = Object)]
    pub task: Value,
}

impl TaskResponse {
    /// Writes `ranking` into the task, up to about `most_bytes`; at least one combination is listed.
    pub fn new(
        template: &TaskTemplate,
        ranking: RankResponse,
        tes_uris: Vec<Arc<str>>,
        most_bytes: usize,
    ) -> Self {
        let listed = (most_bytes / template.bytes().max(1)).max(1);
        let RankResponse {
            service_combinations,
            mut warnings,
            space_size,
            means,
            assumptions,
            places,
        } = ranking;
        if service_combinations.len() > listed {
            let warning = Warning::AnswerTruncated {
                listed,
                max_bytes: most_bytes,
            };
            warnings.push(warning.to_string());
        }
        let combinations = service_combinations.into_iter().take(listed);
        Self {
            service_combinations: combinations
                .map(|combination| TaskCombination::new(template, combination))
                .collect(),
            tes_uris,
            warnings,
            space_size,
            means,
            assumptions,
            places,
        }
    }
}

impl TaskCombination {
    fn new(template: &TaskTemplate, mut combination: ServiceCombination) -> Self {
        let files = template.files(&combination.access_uris);
        let task = template.rewrite(&files);
        combination.distances = combination.distances.map(|by_id| by_path(&files, by_id));
        combination.transfers = combination.transfers.map(|by_id| by_path(&files, by_id));
        let by_path = files.into_iter().map(|file| (file.path, file.uri));
        combination.access_uris.objects = by_path.collect();
        Self { combination, task }
    }
}

fn by_path<T>(files: &[ChosenFile], by_id: BTreeMap<String, T>) -> BTreeMap<String, T> {
    by_id
        .into_iter()
        .map(|(id, value)| {
            let file = files.iter().find(|file| *file.object == *id);
            (file.map_or(id, |file| file.path.to_string()), value)
        })
        .collect()
}
