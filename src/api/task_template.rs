//! A task that is written anew for each combination: the URL of every input is replaced by the chosen access URI.

use std::{collections::HashSet, sync::Arc};

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
pub(super) struct ChosenFile {
    /// The position of the input among the inputs of the task.
    position: usize,
    /// The object, by which it was asked for.
    pub(super) object: Arc<str>,
    /// Its path in the containers.
    pub(super) path: Arc<str>,
    pub(super) uri: Arc<str>,
    is_of_bundle: bool,
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

    /// The files that the inputs become. Each has a path of its own: that of an input stays, and a file of a bundle makes way.
    pub(super) fn files(&self, chosen: &AccessUris) -> Vec<ChosenFile> {
        let inputs = self.task.get("inputs").and_then(Value::as_array);
        let paths = inputs
            .into_iter()
            .flatten()
            .filter_map(|item| item.get("path"));
        let mut taken: HashSet<Arc<str>> = paths.filter_map(Value::as_str).map(Arc::from).collect();
        let mut all = Vec::new();
        for input in &self.inputs {
            for mut file in files(input, chosen) {
                if file.is_of_bundle {
                    file.path = unique(&file.path, &taken);
                    taken.insert(Arc::clone(&file.path));
                }
                all.push(file);
            }
        }
        all
    }

    /// The task with the chosen `files`, ready to be posted.
    pub(super) fn rewrite(&self, files: &[ChosenFile]) -> Value {
        let mut task = self.task.clone();
        let Some(list) = task.get_mut("inputs").and_then(Value::as_array_mut) else {
            return task;
        };
        let mut written = Vec::with_capacity(list.len());
        for (position, item) in std::mem::take(list).into_iter().enumerate() {
            let of_input = |file: &&ChosenFile| file.position == position;
            let files: Vec<_> = files.iter().filter(of_input).collect();
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

/// `path`, or if it is taken, the first of `path~2`, `path~3`, ... that is not.
fn unique(path: &Arc<str>, taken: &HashSet<Arc<str>>) -> Arc<str> {
    let mut unique = Arc::clone(path);
    let mut number = 1_usize;
    while taken.contains(&unique) {
        number += 1;
        unique = format!("{path}~{number}").into();
    }
    unique
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
    let one = |uri: &Arc<str>| ChosenFile {
        position: input.position,
        object: Arc::clone(&input.id),
        path: Arc::clone(&input.path),
        uri: Arc::clone(uri),
        is_of_bundle: false,
    };
    if !input.is_object {
        return vec![one(&input.id)];
    }
    let exact = chosen.objects.iter().find(|(id, _)| *id == input.id);
    if let Some((_, uri)) = exact {
        return vec![one(uri)];
    }
    let inside = chosen.objects.iter().filter_map(|(id, uri)| {
        let rest = id.strip_prefix(&*input.id)?;
        rest.starts_with('/').then(|| ChosenFile {
            object: Arc::clone(id),
            path: joined(&input.path, rest).into(),
            is_of_bundle: true,
            ..one(uri)
        })
    });
    inside.collect()
}

/// The path of a file of a bundle; `rest` begins with a slash.
fn joined(path: &str, rest: &str) -> String {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_file_of_a_bundle_has_a_path_of_its_own() {
        let inputs = [("drs://h/bundle", "/in"), ("drs://h/own", "/in/b")];
        let items = inputs.map(|(url, path)| json!({"url": url, "path": path}));
        let inputs = inputs.into_iter().enumerate();
        let inputs = inputs.map(|(position, (url, path))| TemplateInput {
            position,
            path: path.into(),
            id: url.into(),
            is_object: true,
        });
        let template = TaskTemplate::new(json!({ "inputs": items }), inputs.collect());
        let objects = ["/a", "/../a", "/b", "/a~2"].map(|name| format!("drs://h/bundle{name}"));
        let objects = objects.into_iter().chain(["drs://h/own".to_owned()]);
        let chosen = AccessUris {
            objects: objects
                .zip(["u1", "u2", "u3", "u4", "u5"])
                .map(|(id, uri)| (id.into(), uri.into()))
                .collect(),
            tes_uri: "https://tes".into(),
        };
        let files = template.files(&chosen);
        let expected = [
            ("/in/a", "u1"),
            ("/in/a~2", "u2"),
            ("/in/b~2", "u3"),
            ("/in/a~2~2", "u4"),
            ("/in/b", "u5"),
        ];
        let found: Vec<_> = files.iter().map(|file| (&*file.path, &*file.uri)).collect();
        assert_eq!(found, expected);
        let task = template.rewrite(&files);
        let written = task["inputs"].as_array().unwrap().iter();
        let written: Vec<_> = written
            .map(|item| {
                (
                    item["path"].as_str().unwrap(),
                    item["url"].as_str().unwrap(),
                )
            })
            .collect();
        assert_eq!(written, expected);
    }
}
