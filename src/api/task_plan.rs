//! The files of a task: which are objects to look for, which stay as they are, and how large they are.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::Arc,
};

use serde::Deserialize;
use serde_json::Value;

use super::{
    task_template::TemplateInput,
    tes_task::{TesInput, TesOutput, TesTask},
    unknown::escaped,
};
use crate::domain::{
    object_id::ObjectId,
    query::{RequestFault, RequestFaultReason},
    task::Output,
};

/// How many inputs and how many outputs a task may have, as in the schema.
const MAX_FILES: usize = 1000;

/// What a request says of the files of its task.
pub(super) struct Given<'a> {
    /// The task as it came.
    pub(super) task: &'a Value,
    /// Sizes by path.
    pub(super) sizes: &'a BTreeMap<String, u64>,
    /// Whether there are DRS for bare ids.
    pub(super) has_drs: bool,
}

/// The files of a task.
#[derive(Default)]
pub(super) struct TaskPlan {
    /// The distinct ids of the inputs, each with the position of the first input that has it.
    pub(super) objects: Vec<(Arc<str>, usize)>,
    /// The sizes of inputs by id.
    pub(super) sizes: BTreeMap<String, u64>,
    pub(super) inputs: Vec<TemplateInput>,
    pub(super) outputs: Vec<Output>,
    /// The paths of inputs whose URLs stay as they are.
    pub(super) fixed: Vec<String>,
    /// The paths of outputs that leave the TES and have no size.
    pub(super) unsized_outputs: Vec<String>,
    /// JSON pointers of sizes that belong to no file.
    pub(super) unknown: Vec<String>,
}

impl TaskPlan {
    pub(super) fn new(task: &TesTask, given: &Given<'_>, faults: &mut Vec<RequestFault>) -> Self {
        let mut plan = Self::default();
        for (name, length) in [
            ("inputs", task.inputs.as_ref().map_or(0, Vec::len)),
            ("outputs", task.outputs.as_ref().map_or(0, Vec::len)),
        ] {
            if length > MAX_FILES {
                let reason = RequestFaultReason::TooManyItems {
                    limit: MAX_FILES,
                    length,
                };
                faults.push(RequestFault::new(format!("/task/{name}"), reason));
            }
        }
        let mut paths = HashSet::new();
        let mut files = BTreeSet::new();
        for (position, input) in task.inputs.iter().flatten().enumerate() {
            let at = |name: &str| format!("/task/inputs/{position}/{name}");
            let is_read = given
                .task
                .pointer(&format!("/inputs/{position}"))
                .is_some_and(|item| TesInput::deserialize(readable(item)).is_ok());
            if !is_read {
                continue;
            }
            check_path(&input.path, at("path"), faults);
            check_type(input.r#type.as_deref(), at("type"), faults);
            if !paths.insert(&input.path) {
                faults.push(RequestFault::new(
                    at("path"),
                    RequestFaultReason::DuplicatePath,
                ));
            }
            files.insert(input.path.as_str());
            match url_of(input) {
                Some(url) => {
                    let is_consistent = plan.add(position, input, url, given);
                    let pointer = format!("/sizes/{}", escaped(&input.path));
                    let fault = RequestFault::new(pointer, RequestFaultReason::DifferentSize);
                    faults.extend((!is_consistent).then_some(fault));
                }
                None if input.content.is_none() => {
                    faults.push(RequestFault::new(at("url"), RequestFaultReason::NoUrl));
                }
                None => {}
            }
        }
        for (position, output) in task.outputs.iter().flatten().enumerate() {
            let at = |name: &str| format!("/task/outputs/{position}/{name}");
            let is_read = given
                .task
                .pointer(&format!("/outputs/{position}"))
                .is_some_and(|item| TesOutput::deserialize(readable(item)).is_ok());
            if !is_read {
                continue;
            }
            check_path(&output.path, at("path"), faults);
            check_type(output.r#type.as_deref(), at("type"), faults);
            if output.url.is_empty() {
                faults.push(RequestFault::new(at("url"), RequestFaultReason::Empty));
            }
            files.insert(output.path.as_str());
            match given.sizes.get(&output.path) {
                Some(&size_bytes) => plan.outputs.push(Output {
                    path: output.path.as_str().into(),
                    url: output.url.as_str().into(),
                    size_bytes,
                }),
                None if is_remote(&output.url) => plan.unsized_outputs.push(output.path.clone()),
                None => {}
            }
        }
        let unused = given
            .sizes
            .keys()
            .filter(|path| !files.contains(path.as_str()));
        plan.unknown = unused
            .map(|path| format!("/sizes/{}", escaped(path)))
            .collect();
        plan
    }

    /// Adds an input; false if its size is not that of another input with the same URL.
    fn add(&mut self, position: usize, input: &TesInput, url: &str, given: &Given<'_>) -> bool {
        let mut is_consistent = true;
        let is_object = is_remote(url) || is_bare_id(url) && given.has_drs;
        let id: Arc<str> = url.into();
        if is_object {
            if !self.objects.iter().any(|(known, _)| *known == id) {
                self.objects.push((Arc::clone(&id), position));
            }
            if let Some(&size) = given.sizes.get(&input.path) {
                let known = *self.sizes.entry(url.to_owned()).or_insert(size);
                is_consistent = known == size;
            }
        } else {
            self.fixed.push(input.path.clone());
        }
        self.inputs.push(TemplateInput {
            position,
            path: input.path.as_str().into(),
            id,
            is_object,
        });
        is_consistent
    }
}

/// The URL of an input. Its content wins, if there is one.
fn url_of(input: &TesInput) -> Option<&str> {
    let has_content = input.content.as_ref().is_some_and(|text| !text.is_empty());
    let url = input.url.as_deref().filter(|url| !url.is_empty());
    url.filter(|_| !has_content)
}

/// Whether a URL names its object wherever it is read; a path or a file does not.
fn is_remote(url: &str) -> bool {
    // What begins with `drs://` and is not valid is a fault of the request.
    ObjectId::parse(url).map_or(true, |id| !id.is_bare())
}

/// Whether a text may be the id of an object at some DRS, and no path of a file.
fn is_bare_id(url: &str) -> bool {
    !url.contains("://") && !url.starts_with(['/', '.', '~']) && !url.contains('\\')
}

/// An input or output without what is no text: a fault of the schema that hides none of meaning.
pub(super) fn readable(item: &Value) -> Value {
    match item {
        Value::Object(members) => {
            let texts = members
                .iter()
                .filter(|(name, value)| value.is_string() && *name != "streamable");
            let texts = texts.map(|(name, value)| (name.clone(), value.clone()));
            Value::Object(texts.collect())
        }
        other => other.clone(),
    }
}

fn check_path(path: &str, pointer: String, faults: &mut Vec<RequestFault>) {
    if !path.starts_with('/') {
        faults.push(RequestFault::new(
            pointer,
            RequestFaultReason::NotAbsolutePath,
        ));
    }
}

fn check_type(kind: Option<&str>, pointer: String, faults: &mut Vec<RequestFault>) {
    let is_known = |kind: &str| {
        ["", "FILE", "DIRECTORY"]
            .iter()
            .any(|known| kind.eq_ignore_ascii_case(known))
    };
    if !kind.is_none_or(is_known) {
        faults.push(RequestFault::new(pointer, RequestFaultReason::NotAFileType));
    }
}
