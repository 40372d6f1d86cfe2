//! Who may import whom: the rules of docs/architecture.md, held by reading the module tree and its imports.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use syn::{
    Attribute, File, Item, ItemMod, ItemUse, UseTree,
    visit::{self, Visit},
};

/// For each room of `src/` the other rooms that it may name, and those of which it may name only re-exported types.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("api", &["config", "domain"]),
    ("config", &["domain"]),
    ("telemetry", &["config"]),
    ("client", &["config", "domain", "telemetry"]),
    ("locations", &["client", "config", "domain"]),
    ("tes", &["client", "config", "domain"]),
    ("drs", &["client", "config", "domain", "locations"]),
    ("rates", &["client", "config", "domain"]),
    ("registries", &["client", "config", "domain"]),
    ("auth", &["client", "config", "domain"]),
    ("estimation", &["config", "domain", "locations"]),
    (
        "pipeline",
        &[
            "client",
            "config",
            "domain",
            "drs",
            "estimation",
            "locations",
            "rates",
            "registries",
            "telemetry",
            "tes",
        ],
    ),
    ("error", &["auth", "domain", "pipeline"]),
    (
        "ranker",
        &[
            "api",
            "auth",
            "client",
            "config",
            "domain",
            "error",
            "locations",
            "pipeline",
            "telemetry",
        ],
    ),
    (
        "http",
        &[
            "api",
            "auth",
            "config",
            "domain",
            "error",
            "pipeline",
            "ranker",
            "telemetry",
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
            "pipeline",
            "ranker",
            "telemetry",
        ],
    ),
];

/// Other crates that a room may not name.
const MUST_NOT_USE: &[(&str, &[&str])] = &[
    (
        "domain",
        &[
            "tokio",
            "reqwest",
            "axum",
            "serde_json",
            "tracing",
            "futures_util",
            "quick_cache",
            "std::fs",
            "std::time",
            "std::thread",
            "std::env",
            "rand::random",
        ],
    ),
    ("api", &["tokio", "reqwest", "axum", "std::fs"]),
    ("config", &["reqwest", "axum"]),
    ("tes", &["axum"]),
    ("drs", &["axum"]),
    ("pipeline", &["reqwest", "axum"]),
    ("http", &["reqwest"]),
];

/// Of `locations`, `drs` may name its types only: what its `mod.rs` exports.
const EXPORTS_ONLY: &[(&str, &str)] = &[("drs", "locations")];

/// What the code of a file names.
#[derive(Debug, Default)]
struct Names {
    /// Paths within the crate, from its root.
    internal: BTreeSet<Vec<String>>,
    /// Paths into other crates.
    external: BTreeSet<String>,
    has_async: bool,
}

/// Collects paths, with `crate`, `self` and `super` resolved. Items for tests and fuzzing are left out.
struct Collector<'a> {
    module: &'a [String],
    names: Names,
}

impl Collector<'_> {
    fn add(&mut self, path: &[String]) {
        let Some(first) = path.first() else { return };
        match first.as_str() {
            "crate" => drop(self.names.internal.insert(path[1..].to_vec())),
            "self" => {
                let absolute = [self.module, &path[1..]].concat();
                self.names.internal.insert(absolute);
            }
            "super" => {
                let steps = path.iter().take_while(|step| *step == "super").count();
                let parent = &self.module[..self.module.len().saturating_sub(steps)];
                let absolute = [parent, &path[steps..]].concat();
                self.names.internal.insert(absolute);
            }
            _ => drop(self.names.external.insert(path.join("::"))),
        }
    }

    fn add_tree(&mut self, prefix: &mut Vec<String>, tree: &UseTree) {
        match tree {
            UseTree::Path(path) => {
                prefix.push(path.ident.to_string());
                self.add_tree(prefix, &path.tree);
                prefix.pop();
            }
            UseTree::Name(name) => self.add_leaf(prefix, &name.ident.to_string()),
            UseTree::Rename(name) => self.add_leaf(prefix, &name.ident.to_string()),
            UseTree::Glob(_) => self.add(prefix),
            UseTree::Group(group) => {
                for item in &group.items {
                    self.add_tree(prefix, item);
                }
            }
        }
    }

    fn add_leaf(&mut self, prefix: &[String], name: &str) {
        let mut path = prefix.to_vec();
        if name != "self" {
            path.push(name.to_owned());
        }
        self.add(&path);
    }
}

/// Whether an item is compiled for tests or fuzzing only.
fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let text = quote_tokens(attribute);
        text.starts_with("cfg") && (text.contains("test") || text.contains("fuzzing"))
    })
}

fn quote_tokens(attribute: &Attribute) -> String {
    match &attribute.meta {
        syn::Meta::List(list) => format!(
            "{}({})",
            list.path
                .get_ident()
                .map(ToString::to_string)
                .unwrap_or_default(),
            list.tokens
        ),
        _ => String::new(),
    }
}

impl<'ast> Visit<'ast> for Collector<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Mod(item) => &item.attrs,
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            Item::Struct(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if !is_for_tests(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.add_tree(&mut Vec::new(), &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let steps: Vec<_> = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string())
            .collect();
        // A single name is an item of this file or of an import, which was seen.
        if steps.len() > 1 || steps.first().is_some_and(|step| step == "crate") {
            self.add(&steps);
        }
        visit::visit_path(self, path);
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        self.names.has_async |= signature.asyncness.is_some();
        visit::visit_signature(self, signature);
    }

    fn visit_expr_async(&mut self, block: &'ast syn::ExprAsync) {
        self.names.has_async = true;
        visit::visit_expr_async(self, block);
    }
}

/// One file of a crate.
#[derive(Debug)]
struct Source {
    path: PathBuf,
    module: Vec<String>,
    text: String,
    names: Names,
}

/// The module tree of the crate with its root at `lib`, by following `mod` items.
fn module_tree(lib: &Path) -> Vec<Source> {
    let mut sources = Vec::new();
    load(lib, &[], &mut sources);
    sources
}

fn load(path: &Path, module: &[String], sources: &mut Vec<Source>) {
    let text = fs::read_to_string(path).unwrap();
    let file: File =
        syn::parse_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut collector = Collector {
        module,
        names: Names::default(),
    };
    collector.visit_file(&file);
    let names = collector.names;
    let stem = path.file_stem().unwrap().to_str().unwrap();
    let directory = match stem {
        "lib" | "mod" => path.parent().unwrap().to_owned(),
        stem => path.parent().unwrap().join(stem),
    };
    let children: Vec<_> = file
        .items
        .iter()
        .filter_map(|item| match item {
            Item::Mod(ItemMod {
                attrs,
                ident,
                content: None,
                ..
            }) if !is_for_tests(attrs) => Some(ident.to_string()),
            _ => None,
        })
        .collect();
    sources.push(Source {
        path: path.to_owned(),
        module: module.to_vec(),
        text,
        names,
    });
    for child in children {
        let flat = directory.join(format!("{child}.rs"));
        let path = if flat.exists() {
            flat
        } else {
            directory.join(&child).join("mod.rs")
        };
        load(&path, &[module, &[child]].concat(), sources);
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn product() -> Vec<Source> {
    module_tree(&root().join("src/lib.rs"))
}

/// The extension module of the Python package, which names the public items of the product.
fn python() -> Vec<Source> {
    module_tree(&root().join("python/src/lib.rs"))
}

/// The crates of the workspace beside the product.
fn members() -> Vec<(String, Vec<Source>)> {
    let crates = root().join("crates");
    let Ok(entries) = fs::read_dir(crates) else {
        return Vec::new();
    };
    entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("src/lib.rs").exists())
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, module_tree(&path.join("src/lib.rs")))
        })
        .collect()
}

#[test]
fn every_room_names_only_what_it_may() {
    let mut wrong = Vec::new();
    for source in product() {
        let Some(room) = source.module.first() else {
            continue;
        };
        let Some((_, may)) = MAY_NAME.iter().find(|(known, _)| known == room) else {
            panic!("src/{room} has no place in the plan of the house");
        };
        let shown = source.path.display();
        for path in &source.names.internal {
            let Some(named) = path.first().filter(|named| *named != room) else {
                continue;
            };
            // Items that lib.rs exports are those of a room, which names them itself.
            let is_room = MAY_NAME.iter().any(|(known, _)| known == named);
            if !is_room || !may.contains(&named.as_str()) {
                wrong.push(format!("{shown} names {}", path.join("::")));
            } else if EXPORTS_ONLY.contains(&(room.as_str(), named.as_str())) && path.len() > 2 {
                wrong.push(format!(
                    "{shown} names the inside of {named}: {}",
                    path.join("::")
                ));
            }
        }
        let forbidden = MUST_NOT_USE.iter().filter(|(known, _)| known == room);
        for used in forbidden.flat_map(|(_, list)| list.iter()) {
            let inside = format!("{used}::");
            if source
                .names
                .external
                .iter()
                .any(|path| path == used || path.starts_with(&inside))
            {
                wrong.push(format!("{shown} uses {used}"));
            }
        }
        if matches!(room.as_str(), "domain" | "api") && source.names.has_async {
            wrong.push(format!("{shown} is async"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_other_crates_do_not_name_the_product() {
    for (name, sources) in members() {
        for source in sources {
            let named = source.names.external.iter();
            let wrong: Vec<_> = named
                .filter(|path| path.split("::").next() == Some("testribute"))
                .collect();
            assert!(wrong.is_empty(), "{name}: {wrong:?}");
        }
    }
}

/// The file of the longest module that `path` begins with.
fn file_of<'a>(files: &BTreeMap<&'a [String], &'a Source>, path: &[String]) -> Option<&'a Source> {
    (1..=path.len())
        .rev()
        .find_map(|length| files.get(&path[..length]).copied())
}

/// Imports between files, without those of a module's own ancestors: a child belongs to its parent.
fn arrows(sources: &[Source]) -> BTreeMap<&Path, BTreeSet<&Path>> {
    let files: BTreeMap<&[String], &Source> = sources
        .iter()
        .map(|source| (source.module.as_slice(), source))
        .collect();
    let mut arrows = BTreeMap::<_, BTreeSet<_>>::new();
    for source in sources {
        for path in &source.names.internal {
            let Some(target) = file_of(&files, path) else {
                continue;
            };
            if !source.module.starts_with(&target.module) {
                // The owner of the target may be this very file, which arranges its children.
                arrows
                    .entry(source.path.as_path())
                    .or_default()
                    .insert(target.path.as_path());
            }
        }
    }
    arrows
}

/// The files that lead back to `start`.
fn circle<'a>(
    arrows: &BTreeMap<&'a Path, BTreeSet<&'a Path>>,
    start: &'a Path,
) -> Option<&'a Path> {
    let mut seen = BTreeSet::new();
    let mut next: Vec<_> = arrows.get(start).into_iter().flatten().copied().collect();
    while let Some(file) = next.pop() {
        let further = arrows.get(file).into_iter().flatten().copied();
        for target in further {
            if target == start {
                return Some(file);
            }
            if seen.insert(target) {
                next.push(target);
            }
        }
    }
    None
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let trees = members().into_iter().map(|(_, sources)| sources);
    for sources in trees.chain([product(), python()]) {
        let arrows = arrows(&sources);
        for &file in arrows.keys() {
            if let Some(last) = circle(&arrows, file) {
                panic!(
                    "{} and {} import each other",
                    file.display(),
                    last.display()
                );
            }
        }
    }
}

#[test]
fn imports_are_seen_however_they_are_written() {
    let code = "use crate::{api::problem::{A, B}, domain::x};\nuse super::super::config::C;\nuse self::inner::D;\n\
                fn f() { crate::http::z(); super::sibling::g(); tokio::spawn(async {}); }\n\
                #[cfg(test)]\nmod tests { use crate::hidden; }";
    let module = ["rates".to_owned(), "ecb".to_owned()];
    let mut collector = Collector {
        module: &module,
        names: Names::default(),
    };
    collector.visit_file(&syn::parse_str(code).unwrap());
    let internal: Vec<_> = collector
        .names
        .internal
        .iter()
        .map(|path| path.join("::"))
        .collect();
    assert_eq!(
        internal,
        [
            "api::problem::A",
            "api::problem::B",
            "config::C",
            "domain::x",
            "http::z",
            "rates::ecb::inner::D",
            "rates::sibling::g",
        ]
    );
    assert!(collector.names.external.contains("tokio::spawn"));
    assert!(collector.names.has_async);
}

#[test]
fn files_are_small_and_say_what_they_are_for() {
    let trees = members().into_iter().map(|(_, sources)| sources);
    for source in trees.chain([product(), python()]).flatten() {
        let shown = source.path.display();
        assert!(
            source.text.starts_with("//! "),
            "{shown} does not say what it is for"
        );
        let before_tests = source.text.split("#[cfg(test)]\nmod tests").next().unwrap();
        let lines = before_tests.lines().count();
        assert!(lines <= 400, "{shown} has {lines} lines");
    }
}
