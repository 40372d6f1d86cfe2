//! The request for a whole TES task, and how it becomes the request for services.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    request::{RankRequest, RequestedMode, ResourceRequirements, ServiceRoot},
    strict::Whole,
    task_plan::{Given, TaskPlan, readable},
    task_template::TaskTemplate,
    tes_task::{TesResources, TesTask},
    unknown::{Unknown, escaped, has_services, misnamed, misnamed_in},
};
use crate::{
    config::{DefaultNeeds, Limits},
    domain::{
        query::{Query, RequestFault, RequestFaultReason},
        service::ServiceUri,
        task::{AssumedNeed, TaskFacts, TaskWarning},
        warning::Warning,
    },
};

/// A TES task, the TES that could run it, and the DRS that may have its inputs.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct TaskRequest {
    /// The task, as it would be posted to a TES.
    #[schema(value_type = TesTask)]
    pub task: Value,
    /// Root URIs of the TES instances that could run the task: absolute, `http` or `https`. They may be left out where the
    /// request or the configuration of the service names registries.
    #[serde(default, deserialize_with = "or_default")]
    #[schema(value_type = Option<Vec<ServiceRoot>>, max_items = 100)]
    pub tes_uris: Vec<String>,
    /// Root URIs of GA4GH service registries whose TES could run the task.
    #[serde(
        default,
        deserialize_with = "or_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schema(value_type = Option<Vec<ServiceRoot>>, max_items = 10)]
    pub registries: Vec<String>,
    /// Root URIs of the DRS instances that may have inputs whose URL is a bare id.
    #[serde(default, deserialize_with = "or_default")]
    #[schema(value_type = Option<Vec<ServiceRoot>>, max_items = 100)]
    pub drs_uris: Vec<String>,
    /// The ranking mode.
    #[serde(default)]
    #[schema(required = false)]
    pub mode: RequestedMode,
    /// The maximum number of combinations, best first. The service has a maximum of its own, which is the default.
    #[serde(
        default,
        deserialize_with = "whole",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(minimum = 1)]
    pub limit: Option<u64>,
    /// Whether the answer has what the estimates rest on.
    #[serde(default, deserialize_with = "or_default")]
    #[schema(value_type = Option<bool>)]
    pub explain: bool,
    /// The run time of the task, in seconds. Without it the median run time of earlier tasks with the image of the first
    /// executor at each TES is used, and else the default of the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0)]
    pub execution_time_sec: Option<f64>,
    /// The sizes of inputs and outputs in bytes, by their paths in the containers.
    #[serde(
        default,
        deserialize_with = "sizes",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    #[schema(value_type = Option<BTreeMap<String, FileSize>>)]
    pub sizes: BTreeMap<String, u64>,
    /// Properties that the schema does not define.
    #[serde(flatten, skip_serializing)]
    #[schema(ignore)]
    pub unknown: BTreeMap<String, Value>,
}

/// The size of a file, in bytes.
#[derive(Debug, ToSchema)]
#[schema(value_type = u64, minimum = 0, maximum = 9_007_199_254_740_992_i64)]
pub struct FileSize(pub u64);

/// The properties of a request.
const PROPERTIES: [&str; 9] = [
    "task",
    "tes_uris",
    "registries",
    "drs_uris",
    "mode",
    "limit",
    "explain",
    "execution_time_sec",
    "sizes",
];

fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(Option::<Whole>::deserialize(deserializer)?.map(Whole::get))
}

fn sizes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, u64>, D::Error> {
    let sizes = Option::<BTreeMap<String, Whole>>::deserialize(deserializer)?.unwrap_or_default();
    Ok(sizes
        .into_iter()
        .map(|(path, size)| (path, size.get()))
        .collect())
}

/// A valid request for a task: what is asked, and what the answer is written into.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskQuery {
    /// What is asked.
    pub query: Query,
    /// The task, with a place for each access URI.
    pub template: TaskTemplate,
}

impl TaskRequest {
    /// Checks all values within `limits`. What the task leaves out is taken from `defaults`, with a warning.
    ///
    /// # Errors
    /// All faults, with JSON pointers into the request.
    pub fn into_query(
        mut self,
        limits: &Limits,
        defaults: &DefaultNeeds,
        registries: &[ServiceUri],
    ) -> Result<TaskQuery, Vec<RequestFault>> {
        let mut faults = Vec::new();
        let task = self.read_task(&mut faults);
        let given = Given {
            task: &self.task,
            sizes: &self.sizes,
            has_drs: !self.drs_uris.is_empty(),
        };
        let services_named = has_services(!self.tes_uris.is_empty(), given.has_drs);
        let plan = TaskPlan::new(&task, &given, &mut faults);
        if let Some(time) = self.execution_time_sec
            && !is_amount(time)
        {
            let fault = RequestFaultReason::NotAnAmount;
            faults.push(RequestFault::new("/execution_time_sec", fault));
        }
        let (needs, assumed) = needs(task.resources.as_ref(), &self, defaults);
        let positions: Vec<_> = plan.objects.iter().map(|(_, input)| *input).collect();
        let request = RankRequest {
            tes_uris: std::mem::take(&mut self.tes_uris),
            registries: std::mem::take(&mut self.registries),
            drs_uris: std::mem::take(&mut self.drs_uris),
            object_ids: plan.objects.iter().map(|(id, _)| id.to_string()).collect(),
            object_sizes: plan.sizes,
            resource_requirements: needs,
            mode: self.mode,
            limit: self.limit,
            explain: self.explain,
            unknown: Unknown::default(),
        };
        let query = request.into_query(limits, registries);
        let query = match query {
            Ok(query) if faults.is_empty() => query,
            result => {
                let more = result.err().unwrap_or_default().into_iter();
                let more: Vec<_> = more
                    .map(|fault| in_terms_of_task(fault, &positions))
                    .filter(|fault| !faults.iter().any(|one| one.pointer == fault.pointer))
                    .collect();
                faults.extend(more);
                let names = self.unknown.keys().map(String::as_str);
                faults.extend(misnamed(&faults, "", names, &PROPERTIES, services_named));
                return Err(faults);
            }
        };
        let mut warnings = Vec::new();
        let names = self.unknown.into_keys().collect::<Unknown>();
        let unknown: Vec<_> = names
            .pointers("", &PROPERTIES)
            .chain(plan.unknown)
            .collect();
        if !unknown.is_empty() {
            warnings.push(Warning::UnknownProperties(unknown));
        }
        if !assumed.is_empty() {
            warnings.push(Warning::Task(TaskWarning::NeedsAssumed(assumed)));
        }
        if !plan.fixed.is_empty() {
            warnings.push(Warning::Task(TaskWarning::FixedInputs(plan.fixed)));
        }
        if !plan.unsized_outputs.is_empty() {
            let warning = TaskWarning::OutputsOfUnknownSize(plan.unsized_outputs);
            warnings.push(Warning::Task(warning));
        }
        let image = task.executors.into_iter().next().map(|one| one.image);
        let facts = TaskFacts {
            image: image
                .filter(|_| self.execution_time_sec.is_none())
                .map(Into::into),
            outputs: plan.outputs,
        };
        Ok(TaskQuery {
            query: query.for_task(facts, warnings),
            template: TaskTemplate::new(self.task, plan.inputs),
        })
    }

    /// The properties of the refused request `value` that may be meant for those that `faults` miss.
    pub(crate) fn misnamed(value: &Value, faults: &[RequestFault]) -> Vec<RequestFault> {
        misnamed_in(Some(value), faults, "", &PROPERTIES)
    }

    /// The parts of the task that can be read; the first fault of its types.
    fn read_task(&self, faults: &mut Vec<RequestFault>) -> TesTask {
        let task =
            serde_path_to_error::deserialize::<_, TesTask>(&self.task).unwrap_or_else(|error| {
                faults.push(fault_of(&error));
                TesTask {
                    inputs: Some(list(&self.task, "inputs")),
                    outputs: Some(list(&self.task, "outputs")),
                    executors: list(&self.task, "executors"),
                    ..TesTask::default()
                }
            });
        if task.executors.is_empty() && self.task.get("executors").is_some_and(Value::is_array) {
            faults.push(RequestFault::new(
                "/task/executors",
                RequestFaultReason::Empty,
            ));
        }
        for position in 0..task.executors.len() {
            let at = format!("/executors/{position}/image");
            // As it came: an executor with another fault has been read as an empty one.
            if self.task.pointer(&at).and_then(Value::as_str) == Some("") {
                let pointer = format!("/task{at}");
                faults.push(RequestFault::new(pointer, RequestFaultReason::Empty));
            }
        }
        if let Some(resources) = &task.resources {
            for (name, amount) in [
                ("cpu_cores", resources.cpu_cores),
                ("ram_gb", resources.ram_gb),
                ("disk_gb", resources.disk_gb),
            ] {
                if amount.is_some_and(|amount| !is_amount(amount)) {
                    let pointer = format!("/task/resources/{name}");
                    faults.push(RequestFault::new(pointer, RequestFaultReason::NotAnAmount));
                }
            }
        }
        task
    }
}

/// The items of a list that has a fault somewhere: what cannot be read of each is left out, and an item that cannot be read
/// at all is empty, so that others keep their positions.
fn list<T: for<'de> Deserialize<'de> + Default>(task: &Value, name: &str) -> Vec<T> {
    let items = task.get(name).and_then(Value::as_array);
    let items = items.into_iter().flatten();
    items
        .map(|item| T::deserialize(readable(item)).unwrap_or_default())
        .collect()
}

/// A fault of the types of the task. What is missing is told at its own place.
fn fault_of(error: &serde_path_to_error::Error<serde_json::Error>) -> RequestFault {
    let at = format!("/task{}", pointer_of(error.path()));
    let text = error.inner().to_string();
    let missing = text
        .strip_prefix("missing field `")
        .and_then(|rest| rest.strip_suffix('`'));
    match missing {
        Some(name) => RequestFault::new(format!("{at}/{name}"), RequestFaultReason::Required),
        None => RequestFault::new(at, text),
    }
}

/// `path` as a JSON pointer.
fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;

    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", escaped(key)),
            Segment::Enum { .. } | Segment::Unknown => String::new(),
        })
        .collect()
}

/// A fault of the request for services, at the part of the task that it comes from.
fn in_terms_of_task(fault: RequestFault, inputs: &[usize]) -> RequestFault {
    let pointer = &fault.pointer;
    if let Some(position) = pointer.strip_prefix("/object_ids/")
        && let Some(input) = position.parse().ok().and_then(|at: usize| inputs.get(at))
    {
        return RequestFault::new(format!("/task/inputs/{input}/url"), fault.message);
    }
    match pointer.as_str() {
        "/object_ids" => RequestFault::new("/task/inputs", fault.message),
        _ => match pointer.strip_prefix("/resource_requirements") {
            Some("/execution_time_sec") => RequestFault::new("/execution_time_sec", fault.message),
            Some(rest) => RequestFault::new(format!("/task/resources{rest}"), fault.message),
            None => fault,
        },
    }
}

fn is_amount(number: f64) -> bool {
    number.is_finite() && number >= 0.0
}

/// What the task needs, and which of it is assumed.
fn needs(
    resources: Option<&TesResources>,
    request: &TaskRequest,
    defaults: &DefaultNeeds,
) -> (ResourceRequirements, Vec<AssumedNeed>) {
    let none = TesResources::default();
    let resources = resources.unwrap_or(&none);
    let mut assumed = Vec::new();
    let mut or_assumed = |given: Option<f64>, name, default| {
        given.unwrap_or_else(|| {
            assumed.push(AssumedNeed {
                name,
                amount: default,
            });
            default
        })
    };
    let needs = ResourceRequirements {
        cpu_cores: or_assumed(resources.cpu_cores, "cpu_cores", defaults.cpu_cores),
        ram_gb: or_assumed(resources.ram_gb, "ram_gb", defaults.ram_gb),
        disk_gb: or_assumed(resources.disk_gb, "disk_gb", defaults.disk_gb),
        // Where a TES does not know better: then there is a warning for that TES.
        execution_time_sec: request
            .execution_time_sec
            .unwrap_or(defaults.execution_time_sec),
        preemptible: Some(resources.preemptible.unwrap_or(false)),
        zones: resources.zones.clone().unwrap_or_default(),
        backend_parameters: resources.backend_parameters.clone().unwrap_or_default(),
        backend_parameters_strict: resources.backend_parameters_strict.unwrap_or_default(),
        unknown: Unknown::default(),
    };
    (needs, assumed)
}
