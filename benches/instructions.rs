//! Instructions of one request, counted by callgrind: repeatable on a busy machine.
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
#[path = "requests/world.rs"]
mod world;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, exit},
};

use axum::body::Bytes;
use mimalloc::MiMalloc;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

use self::process::Process;

/// As in the program.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Instructions of a request are those of `MANY` less those of `FEW`, without starting and stopping.
const FEW: u32 = 50;
const MANY: u32 = 250;

/// How many more instructions than the committed figure are let pass.
const TOLERANCE: f64 = 1.05;

fn main() {
    if let Ok(role) = env::var(process::ROLE) {
        return process::play(&role);
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
    let figures = [
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
    let known = committed();
    let mut is_worse = false;
    for (name, instructions) in figures {
        let before = known.iter().find(|(known, _)| known == name);
        let ratio = before.map(|(_, before)| f64::from(instructions) / f64::from(*before));
        println!(
            "{name}: {instructions} instructions a request{}",
            ratio.map_or_else(String::new, |ratio| format!(
                ", {ratio:.3} of the committed figure"
            ))
        );
        // The bare handler is not ours to make faster.
        is_worse |= name.starts_with("service") && ratio.is_some_and(|ratio| ratio > TOLERANCE);
    }
    if env::var_os("UPDATE_INSTRUCTIONS").is_some() {
        let lines = figures.map(|(name, instructions)| format!("{name}: {instructions}\n"));
        fs::write(file(), lines.concat()).unwrap();
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
fn committed() -> Vec<(String, u32)> {
    let text = fs::read_to_string(file()).unwrap_or_default();
    text.lines()
        .filter_map(|line| {
            let (name, figure) = line.rsplit_once(": ")?;
            Some((name.to_owned(), figure.parse().ok()?))
        })
        .collect()
}

fn per_request(role: &str, parameters: &Value, request: &Value) -> u32 {
    let (_, few) = run(role, parameters, request, FEW);
    let (_, many) = run(role, parameters, request, MANY);
    u32::try_from((many - few) / u64::from(MANY - FEW)).unwrap()
}

/// Sends `count` requests, one after the other, to a process under callgrind; its last answer and its instructions.
fn run(role: &str, parameters: &Value, request: &Value, count: u32) -> (String, u64) {
    let output = env::temp_dir().join(format!("callgrind.{}.{role}.{count}", std::process::id()));
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--quiet"])
        .arg(format!("--callgrind-out-file={}", output.display()))
        .arg(env::current_exe().unwrap());
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
    let profile = fs::read_to_string(&output).unwrap();
    let _ = fs::remove_file(&output);
    let total = profile
        .lines()
        .find_map(|line| line.strip_prefix("summary: "));
    (answer, total.unwrap().trim().parse().unwrap())
}
