//! Processes of this program: started with a role, they serve until their input is closed.

use std::{
    env, fs,
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
};

use serde_json::Value;
use tokio::runtime::Builder;

use super::{bare, world};

/// The variable that says what a process is for.
pub(crate) const ROLE: &str = "BENCH_ROLE";

/// The variable with the parameters of a role, in JSON.
const PARAMETERS: &str = "BENCH_PARAMETERS";

/// A process that serves, until it is dropped.
pub(crate) struct Process {
    child: Child,
    /// What it printed when it was ready.
    pub(crate) ready: Value,
}

impl Process {
    /// Starts this program with a role, and waits until it is ready.
    pub(crate) fn start(role: &str, parameters: &Value) -> Self {
        let program = Command::new(env::current_exe().unwrap());
        Self::spawn(program, role, parameters)
    }

    /// The same by `command`, which ends with this program.
    pub(crate) fn spawn(mut command: Command, role: &str, parameters: &Value) -> Self {
        let mut child = command
            .env(ROLE, role)
            .env(PARAMETERS, parameters.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        Self {
            child,
            ready: serde_json::from_str(&line).unwrap(),
        }
    }

    /// CPU time so far in microseconds, to a hundredth of a second; not a number where there is no `/proc`.
    pub(crate) fn cpu_microseconds(&self) -> f64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()));
        let stat = stat.unwrap_or_default();
        // After the name, which is in parentheses, user and system time are the 12th and 13th field.
        let fields = stat.rsplit(')').next().unwrap_or_default();
        let ticks = |field| fields.split_whitespace().nth(field)?.parse::<f64>().ok();
        match (ticks(11), ticks(12)) {
            (Some(user), Some(system)) => (user + system) * 1e4,
            _ => f64::NAN,
        }
    }

    /// Resident memory in bytes.
    pub(crate) fn memory_bytes(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok())
            .map_or(f64::NAN, |kilobytes| kilobytes * 1024.0)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Closing its input ends it.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// Serves in this process, says where, and ends with the input.
pub(crate) fn play(role: &str) {
    let parameters = env::var(PARAMETERS).unwrap_or_default();
    let parameters: Value = serde_json::from_str(&parameters).unwrap_or_default();
    let runtime = match parameters.get("single_thread") {
        Some(Value::Bool(true)) => Builder::new_current_thread().enable_all().build(),
        _ => Builder::new_multi_thread().enable_all().build(),
    };
    let runtime = runtime.unwrap();
    runtime.block_on(async {
        let ready = match role {
            "mocks" => world::mocks(&parameters).await,
            "service" => world::service(&parameters).await,
            "bare" => bare::start(&parameters).await,
            other => panic!("there is no role {other}"),
        };
        println!("{ready}");
        let end = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
        drop(end.await);
    });
    // Connections that are open would be waited for.
    runtime.shutdown_background();
}
