//! A task that is written anew for each combination: the URL of every input is replaced by the chosen access URI.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::access_uris::AccessUris;

/// The properties that only a server sets.
const OF_SERVERS: [&str; 4] = ["id", "state", "logs", "creation_time"];

/// A task, with a place for each access URI.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskTemplate {
    /// As it came, without nulls and without what only a server sets.
    task: Value,
    inputs: Vec<TemplateInput>,
}

/// An input that has a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TemplateInput {
    /// Its position among the inputs of the task.
    pub(super) position: usize,
    /// Its path in the containers.
    pub(super) path: Arc<str>,
    /// Its URL, by which it was asked for.
    pub(super) id: Arc<str>,
    /// Whether it is asked for; otherwise the URL stays.
    pub(super) is_object: bool,
}

/// A file that an input becomes: a bundle becomes several.
struct ChosenFile {
    path: Arc<str>,
    uri: Arc<str>,
}

impl TaskTemplate {
    pub(super) fn new(mut task: Value, inputs: Vec<TemplateInput>) -> Self {
        remove_nulls(&mut task);
        if let Some(members) = task.as_object_mut() {
            members.retain(|name, _| !OF_SERVERS.contains(&name.as_str()));
        }
        for list in ["inputs", "outputs"] {
            let items = task.get_mut(list).and_then(Value::as_array_mut);
            for item in items.into_iter().flatten().filter_map(Value::as_object_mut) {
                match item.get("type").and_then(Value::as_str) {
                    Some("") => drop(item.shift_remove("type")),
                    Some(kind) => {
                        let kind = kind.to_ascii_uppercase();
                        item.insert("type".to_owned(), kind.into());
                    }
                    None => {}
                }
            }
        }
        Self { task, inputs }
    }

    /// Its approximate size as JSON.
    pub(super) fn bytes(&self) -> usize {
        self.task.to_string().len()
    }

    /// The access URIs by the paths of the inputs.
    pub(super) fn by_path(&self, chosen: &AccessUris) -> AccessUris {
        let inputs = self.inputs.iter();
        let objects = inputs.flat_map(|input| files(input, chosen));
        AccessUris {
            objects: objects.map(|file| (file.path, file.uri)).collect(),
            tes_uri: Arc::clone(&chosen.tes_uri),
        }
    }

    /// The name of `object`, by which it was asked for, in terms of the paths of the inputs.
    pub(super) fn path_of(&self, object: &str) -> Option<String> {
        self.inputs.iter().find_map(|input| {
            let rest = object.strip_prefix(&*input.id)?;
            let is_inside = rest.is_empty() || rest.starts_with('/');
            is_inside.then(|| joined(&input.path, rest))
        })
    }

    /// The task with the chosen access URIs, ready to be posted.
    pub(super) fn rewrite(&self, chosen: &AccessUris) -> Value {
        let mut task = self.task.clone();
        let Some(list) = task.get_mut("inputs").and_then(Value::as_array_mut) else {
            return task;
        };
        let mut written = Vec::with_capacity(list.len());
        for (position, item) in std::mem::take(list).into_iter().enumerate() {
            let input = self.inputs.iter().find(|input| input.position == position);
            let files = input.map(|input| files(input, chosen)).unwrap_or_default();
            match (item, files.as_slice()) {
                (Value::Object(item), [_, ..]) => {
                    let is_one = files.len() == 1;
                    written.extend(files.iter().map(|file| with_file(&item, file, is_one)));
                }
                (item, _) => written.push(item),
            }
        }
        *list = written;
        task
    }
}

fn with_file(item: &Map<String, Value>, file: &ChosenFile, is_one: bool) -> Value {
    let mut item = item.clone();
    item.insert("url".to_owned(), (&*file.uri).into());
    item.insert("path".to_owned(), (&*file.path).into());
    if !is_one {
        item.insert("type".to_owned(), "FILE".into());
    }
    item.into()
}

/// The chosen files of an input: one, or those of a bundle.
fn files(input: &TemplateInput, chosen: &AccessUris) -> Vec<ChosenFile> {
    if !input.is_object {
        return vec![ChosenFile {
            path: Arc::clone(&input.path),
            uri: Arc::clone(&input.id),
        }];
    }
    let exact = chosen.objects.iter().find(|(id, _)| *id == input.id);
    if let Some((_, uri)) = exact {
        return vec![ChosenFile {
            path: Arc::clone(&input.path),
            uri: Arc::clone(uri),
        }];
    }
    let inside = chosen.objects.iter().filter_map(|(id, uri)| {
        let rest = id.strip_prefix(&*input.id)?;
        rest.starts_with('/').then(|| ChosenFile {
            path: joined(&input.path, rest).into(),
            uri: Arc::clone(uri),
        })
    });
    inside.collect()
}

/// The path of a file of a bundle; `rest` is empty or begins with a slash.
fn joined(path: &str, rest: &str) -> String {
    if rest.is_empty() {
        return path.to_owned();
    }
    // The names in a bundle are those of a stranger: none may lead out of the directory.
    let names = rest
        .split('/')
        .filter(|name| !matches!(*name, "" | "." | ".."));
    let path = path.trim_end_matches('/');
    names.fold(path.to_owned(), |path, name| format!("{path}/{name}"))
}

/// Removes all members that are null: no TES expects them.
fn remove_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, value| !value.is_null());
            members.values_mut().for_each(remove_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(remove_nulls),
        _ => {}
    }
}
