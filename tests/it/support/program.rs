//! The program itself, as a process of its own.

use std::{process::Stdio, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStderr, Command},
    time::timeout,
};

/// The program, with nothing of this process's own configuration.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_testribute"));
    command
        .env_clear()
        .env("TESTRIBUTE__LOCATIONS__DATABASE", "none")
        .env("TESTRIBUTE__EXCHANGE_RATES__SOURCE", "static")
        .env(
            "TESTRIBUTE__LOCATIONS__OVERRIDES",
            "[{match: 127.0.0.1, latitude: 47.56, longitude: 7.59}, {match: near.example, latitude: 47, longitude: 8}]",
        )
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

/// `testribute serve` on a free port.
#[derive(Debug)]
pub struct RunningService {
    pub root: String,
    process: Child,
    log: Lines<BufReader<ChildStderr>>,
}

impl RunningService {
    /// Starts the service with these environment variables.
    pub async fn start(environment: &[(&str, &str)]) -> Self {
        let mut process = program()
            .args(["serve", "--host", "127.0.0.1", "--port", "0"])
            .envs(environment.iter().copied())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
        let root = loop {
            let line = log.next_line().await.unwrap().unwrap();
            if let Some((_, rest)) = line.split_once("listening on ") {
                break rest.split(';').next().unwrap().to_owned();
            }
        };
        Self { root, process, log }
    }

    /// Sends SIGHUP, and waits for the line of the log that has `answer`.
    pub async fn hang_up(&mut self, answer: &str) -> String {
        self.signal("-HUP").await;
        loop {
            let line = self.log.next_line().await.unwrap().unwrap();
            if line.contains(answer) {
                return line;
            }
        }
    }

    /// Reads its log for so long: a service whose log no one reads stands still.
    pub async fn read_log_for(&mut self, length: Duration) {
        let read = async { while let Ok(Some(_)) = self.log.next_line().await {} };
        let _ = timeout(length, read).await;
    }

    /// What `work` gives, and what is logged meanwhile.
    pub async fn log_of<T>(&mut self, work: impl Future<Output = T>) -> (T, String) {
        let mut logged = String::new();
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                result = &mut work => return (result, logged),
                line = self.log.next_line() => {
                    logged.push_str(&line.unwrap().unwrap());
                    logged.push('\n');
                }
            }
        }
    }

    /// The id of its process.
    pub fn id(&self) -> u32 {
        self.process.id().unwrap()
    }

    async fn signal(&self, signal: &str) {
        let pid = self.process.id().unwrap().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status().await;
        assert!(sent.unwrap().success());
    }

    /// Tells the service to stop; gives back its exit code and what it logged.
    pub async fn stop(mut self) -> (Option<i32>, String) {
        self.signal("-TERM").await;
        let mut logged = String::new();
        while let Some(line) = self.log.next_line().await.unwrap() {
            logged.push_str(&line);
            logged.push('\n');
        }
        (self.process.wait().await.unwrap().code(), logged)
    }
}
