//! Instructions of one request and of one ranking, counted by callgrind: repeatable on a busy machine.
//!
//! `cargo bench --bench instructions` compares with the committed figures in `benches/instructions.txt` and fails above
//! +5 %; `UPDATE_INSTRUCTIONS=1` writes them anew. Needs valgrind, and says so if there is none.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::exit,
    reason = "a benchmark that fails may stop at once, and its output is its result"
)]

#[path = "requests/bare.rs"]
mod bare;
#[path = "requests/process.rs"]
#[expect(
    dead_code,
    reason = "time and memory are measured by the other benchmark"
)]
mod process;
#[path = "ranking/spaces.rs"]
mod spaces;
#[path = "requests/world.rs"]
mod world;

use std::{
    env, fs,
    hint::black_box,
    path::{Path, PathBuf},
    process::{Command, exit},
};

use axum::body::Bytes;
use mimalloc::MiMalloc;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use testribute::domain::{
    estimate::Estimates,
    mode::Mode,
    rank::{rank, rank_unflagged},
};

use self::process::Process;

/// As in the program.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Instructions of a request are those of `MANY` less those of `FEW`, without starting and stopping.
const FEW: u32 = 50;
const MANY: u32 = 250;

/// A ranking is repeated so often, and once: the difference is without making its space.
const RANKINGS: u32 = 5;

/// The variables of a process that ranks: which ranking, and how often.
const RANKING: &str = "BENCH_RANKING";
const REPEATS: &str = "BENCH_REPEATS";

/// Names of rankings. The spaces are those of `benches/ranking.rs`.
const UNFLAGGED: &str = "ranking without flags, 1000 of 20 TES x 20 objects x 6 copies";
const RANDOM: &str = "flags alone, 20 TES x 30 objects x 6 random copies";
const COLLINEAR: &str = "flags alone, 20 TES x 30 objects x 6 collinear copies";

/// How many more instructions than the committed figure are let pass.
const TOLERANCE: f64 = 1.05;

fn main() {
    if let Ok(role) = env::var(process::ROLE) {
        return process::play(&role);
    }
    if let Ok(name) = env::var(RANKING) {
        return rank_repeatedly(&name);
    }
    // `cargo test --benches` only wants to know that it builds.
    if !env::args().any(|argument| argument == "--bench") {
        return;
    }
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("SKIPPED: instructions (no valgrind)");
        return;
    }
    let mocks = Process::start("mocks", &json!({"tes": 2, "drs": 2, "objects": 2}));
    let request = &mocks.ready;
    let six_calls = json!({"single_thread": true, "cache_ttl_sec": 0});
    let two_calls = json!({"single_thread": true, "cache_ttl_sec": 60});
    let (answer, _) = run("service", &six_calls, request, 1);
    let bare = json!({"single_thread": true, "request": request, "answer": answer});
    let mut figures = vec![
        ("bare handler, 6 calls", per_request("bare", &bare, request)),
        (
            "service, 6 calls",
            per_request("service", &six_calls, request),
        ),
        (
            "service, 2 calls",
            per_request("service", &two_calls, request),
        ),
    ];
    figures.extend([UNFLAGGED, RANDOM, COLLINEAR].map(|name| (name, per_ranking(name))));
    let known = committed();
    let mut is_worse = false;
    for &(name, instructions) in &figures {
        let before = known.iter().find(|(known, _)| known == name);
        #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53")]
        let ratio = before.map(|(_, before)| instructions as f64 / *before as f64);
        println!(
            "{name}: {instructions} instructions{}",
            ratio.map_or_else(String::new, |ratio| format!(
                ", {ratio:.3} of the committed figure"
            ))
        );
        // The bare handler is not ours to make faster.
        is_worse |= !name.starts_with("bare") && ratio.is_some_and(|ratio| ratio > TOLERANCE);
    }
    if env::var_os("UPDATE_INSTRUCTIONS").is_some() {
        let lines = figures.iter();
        let lines = lines.map(|(name, instructions)| format!("{name}: {instructions}\n"));
        fs::write(file(), lines.collect::<String>()).unwrap();
    } else if is_worse {
        eprintln!(
            "more instructions than benches/instructions.txt says; if that is right, run with UPDATE_INSTRUCTIONS=1"
        );
        exit(1);
    }
}

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/instructions.txt")
}

/// The committed figures.
fn committed() -> Vec<(String, u64)> {
    let text = fs::read_to_string(file()).unwrap_or_default();
    text.lines()
        .filter_map(|line| {
            let (name, figure) = line.rsplit_once(": ")?;
            Some((name.to_owned(), figure.parse().ok()?))
        })
        .collect()
}

fn per_request(role: &str, parameters: &Value, request: &Value) -> u64 {
    let (_, few) = run(role, parameters, request, FEW);
    let (_, many) = run(role, parameters, request, MANY);
    (many - few) / u64::from(MANY - FEW)
}

/// The instructions of the ranking `name`.
fn per_ranking(name: &str) -> u64 {
    let count = |repeats: u32| {
        let (mut command, output) = under_callgrind(&format!("ranking.{repeats}"));
        command.env(RANKING, name).env(REPEATS, repeats.to_string());
        assert!(command.status().unwrap().success(), "{name}");
        instructions_in(&output)
    };
    (count(RANKINGS) - count(1)) / u64::from(RANKINGS - 1)
}

/// In a process of its own: makes the space of the ranking `name`, and ranks it.
fn rank_repeatedly(name: &str) {
    let repeats: u32 = env::var(REPEATS).unwrap().parse().unwrap();
    let space = match name {
        UNFLAGGED => spaces::space(20, 20, 6),
        RANDOM => spaces::two_dimensional(20, 30, 6, false),
        COLLINEAR => spaces::two_dimensional(20, 30, 6, true),
        other => panic!("there is no ranking {other}"),
    };
    let once = |space: &Estimates| match name {
        UNFLAGGED => rank_unflagged(space, Mode::BALANCED, 1000, 0).len(),
        _ => rank(space, Mode::COST, 1, 0).len(),
    };
    for _ in 0..repeats {
        black_box(once(black_box(&space)));
    }
}

/// This program under callgrind, and where that writes its counts.
fn under_callgrind(name: &str) -> (Command, PathBuf) {
    let output = env::temp_dir().join(format!("callgrind.{}.{name}", std::process::id()));
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--quiet"])
        .arg(format!("--callgrind-out-file={}", output.display()))
        .arg(env::current_exe().unwrap());
    (command, output)
}

/// The total in a file of callgrind, which is removed.
fn instructions_in(output: &Path) -> u64 {
    let profile = fs::read_to_string(output).unwrap();
    let _ = fs::remove_file(output);
    let total = profile
        .lines()
        .find_map(|line| line.strip_prefix("summary: "));
    total.unwrap().trim().parse().unwrap()
}

/// Sends `count` requests, one after the other, to a process under callgrind; its last answer and its instructions.
fn run(role: &str, parameters: &Value, request: &Value, count: u32) -> (String, u64) {
    let (command, output) = under_callgrind(&format!("{role}.{count}"));
    let process = Process::spawn(command, role, parameters);
    let url = process.ready["url"].as_str().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let answer = runtime.block_on(async {
        let client = world::caller();
        let mut answer = String::new();
        for number in 0..count {
            // Another task each time, as most are.
            let mut request = request.clone();
            request["resource_requirements"]["execution_time_sec"] = json!(1000 + number);
            let response = client
                .post(url)
                .header(CONTENT_TYPE, "application/json")
                .body(Bytes::from(request.to_string()));
            answer = response.send().await.unwrap().text().await.unwrap();
        }
        answer
    });
    drop(process);
    (answer, instructions_in(&output))
}
