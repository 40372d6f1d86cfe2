//! Who may import whom: the rooms of the house stay what they are.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// For each room the rooms of the crate that it may name; a room may always name itself.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("mock", &[]),
    ("api", &["config", "domain"]),
    ("config", &["domain"]),
    ("telemetry", &["config"]),
    ("locations", &["domain"]),
    ("outbound", &["config", "domain", "locations"]),
    ("auth", &["config", "domain", "outbound"]),
    ("pipeline", &["config", "domain", "outbound"]),
    ("error", &["auth", "domain", "pipeline"]),
    (
        "ranker",
        &[
            "api", "auth", "config", "domain", "error", "outbound", "pipeline",
        ],
    ),
    (
        "http",
        &[
            "api", "auth", "config", "domain", "error", "pipeline", "ranker",
        ],
    ),
    (
        "cli",
        &[
            "api",
            "auth",
            "config",
            "domain",
            "error",
            "http",
            "locations",
            "mock",
            "pipeline",
            "ranker",
            "telemetry",
        ],
    ),
];

/// What a room may not name of other crates.
const MUST_NOT_USE: &[(&str, &[&str])] = &[
    (
        "domain",
        &[
            "tokio",
            "reqwest",
            "axum",
            "serde_json",
            "std::fs",
            "std::net::Tcp",
            "std::time",
            "async ",
            "tracing",
            "moka",
        ],
    ),
    ("api", &["tokio", "reqwest", "axum", "std::fs", "async "]),
    ("pipeline", &["reqwest", "axum"]),
    ("http", &["reqwest"]),
];

fn room_of(file: &Path) -> String {
    let inside = file.strip_prefix(source()).unwrap();
    let first = inside.components().next().unwrap();
    let name = first.as_os_str().to_str().unwrap();
    name.trim_end_matches(".rs").to_owned()
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn files(directory: &Path) -> Vec<PathBuf> {
    fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

/// The code of a file, without comments and without unit tests.
fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
    code.lines()
        .map(|line| line.split("//").next().unwrap())
        .collect::<Vec<_>>()
        .join("\n")
}

/// The rooms that `code` names: `crate::room`, also out of `use crate::{room, other::..}`.
fn rooms_named(code: &str) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            None => rooms.extend(name(rest)),
            Some(list) => {
                let mut depth = 0;
                let mut item = String::new();
                for c in list.chars() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => {
                            rooms.extend(name(item.trim()));
                            item.clear();
                            continue;
                        }
                        _ => {}
                    }
                    item.push(c);
                }
                rooms.extend(name(item.trim()));
            }
        }
    }
    rooms
}

fn name(path: &str) -> Option<String> {
    let name: String = path
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
        .collect();
    (!name.is_empty()).then_some(name)
}

#[test]
fn every_room_names_only_what_it_may() {
    let mut wrong = Vec::new();
    for file in files(&source()) {
        let room = room_of(&file);
        if matches!(room.as_str(), "lib" | "main") {
            continue;
        }
        let Some((_, may)) = MAY_NAME.iter().find(|(known, _)| *known == room) else {
            panic!("src/{room} has no place in the plan of the house");
        };
        let code = code(&file);
        for named in rooms_named(&code) {
            if named != room && !may.contains(&named.as_str()) {
                wrong.push(format!("{} names {named}", file.display()));
            }
        }
        let must_not = MUST_NOT_USE.iter().filter(|(known, _)| *known == room);
        for used in must_not.flat_map(|(_, list)| list.iter()) {
            if code.contains(used) {
                wrong.push(format!("{} uses {used}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn nested_imports_are_seen_by_this_test() {
    let code = "use crate::{api::problem::{A, B}, domain::x};\nlet y = crate::http::z;";
    let rooms: Vec<_> = rooms_named(code).into_iter().collect();
    assert_eq!(rooms, ["api", "domain", "http"]);
}

#[test]
fn files_are_small_and_say_what_they_are_for() {
    for file in files(&source()) {
        let text = fs::read_to_string(&file).unwrap();
        assert!(
            text.starts_with("//! "),
            "{} does not say what it is for",
            file.display()
        );
        let before_tests = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        let lines = before_tests.lines().count();
        // The oracle is a test as a whole.
        assert!(
            lines <= 400 || file.ends_with("rank/oracle.rs"),
            "{} has {lines} lines",
            file.display()
        );
    }
}
