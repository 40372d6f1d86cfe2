//! Lists of tasks as servers write them: with parts missing, spelt differently, or of another type. What can be read is
//! read; what cannot be read is unknown.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};

use super::{
    state::State,
    times::{instant, member, number, task_id},
};
use crate::{
    client::{FetchError, parse, parse_object},
    domain::{
        calibrate::{CompletedRun, Program},
        queue::{ListedTask, Progress, Requested, Run},
        site::Outcomes,
    },
};

/// A time in the future beyond this is an error, not another clock, in seconds.
const SKEW: f64 = 86_400.0;

/// The same of a start: one that is yet to come would end every standstill.
const START_SKEW: f64 = 300.0;

/// One page of tasks.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) tasks: Vec<Task>,
    /// The token of the next page, if there is one.
    pub(super) next: Option<String>,
}

impl Page {
    /// # Errors
    /// If it is no JSON object, or has no `tasks`, but other members: servers that leave out what is empty send `{}` for an
    /// empty page.
    pub(super) fn parse(body: &[u8]) -> Result<Self, FetchError> {
        Self::read(&parse_object(body)?, body)
    }

    fn read(object: &Map<String, Value>, body: &[u8]) -> Result<Self, FetchError> {
        const TOKENS: [&str; 3] = ["next_page_token", "nextPageToken", "next_page"];
        let is_of_token = |name: &String| TOKENS.contains(&name.as_str());
        if !object.contains_key("tasks") && !object.keys().all(is_of_token) {
            return Err(FetchError::Malformed("it has no list 'tasks'".to_owned()));
        }
        let tasks = list(object, "tasks");
        Ok(Self {
            tasks: tasks.iter().map(|task| Task::new(task)).collect(),
            next: member(object, &TOKENS, |token| page_token(token, body)),
        })
    }
}

/// TESP writes `None` for none. A token that is percent-encoded already is decoded: it is encoded again when it is sent.
fn page_token(value: &Value, body: &[u8]) -> Option<String> {
    let token = match value {
        Value::String(text) => text.trim(),
        Value::Number(number) if number.is_f64() => return number_as_written(body),
        Value::Number(number) => return Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    if matches!(token, "" | "None" | "null" | "none") {
        return None;
    }
    let is_encoded = token.contains('%')
        && token
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~%+".contains(&byte));
    if is_encoded && let Ok(decoded) = percent_encoding::percent_decode_str(token).decode_utf8() {
        return Some(decoded.into_owned());
    }
    Some(token.to_owned())
}

/// The token of `body` that is a number, digit by digit: it can be larger than numbers are read exactly.
fn number_as_written(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Tokens {
        next_page_token: Option<Box<RawValue>>,
        #[serde(rename = "nextPageToken")]
        camel: Option<Box<RawValue>>,
        next_page: Option<Box<RawValue>>,
    }
    let tokens: Tokens = parse(body).ok()?;
    [tokens.next_page_token, tokens.camel, tokens.next_page]
        .into_iter()
        .flatten()
        .map(|token| token.get().to_owned())
        .find(|token| token.starts_with(|c: char| c == '-' || c.is_ascii_digit()))
}

/// How many tasks ended in which of these `states`, if any did. Who cancels a task says nothing about the site.
pub(super) fn outcomes(states: impl Iterator<Item = State>) -> Option<Outcomes> {
    let mut outcomes = Outcomes::default();
    for state in states {
        let failed = match state {
            State::Complete => None,
            State::ExecutorError => Some(&mut outcomes.executor_errors),
            State::SystemError => Some(&mut outcomes.system_errors),
            State::Preempted => Some(&mut outcomes.preempted),
            State::Queued
            | State::Initializing
            | State::Other
            | State::Running
            | State::Canceling
            | State::Canceled => continue,
        };
        if let Some(count) = failed {
            *count += 1;
        }
        outcomes.ended += 1;
    }
    (outcomes.ended > 0).then_some(outcomes)
}

/// The parts of a task that matter here.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) id: Option<String>,
    pub(super) created: Option<Timestamp>,
    pub(super) state: State,
    started: Option<Timestamp>,
    /// Of its last attempt, in seconds.
    run_seconds: Option<f64>,
    /// The same without staging, where the logs of the executors have times.
    compute_seconds: Option<f64>,
    has_ended: bool,
    image: Option<String>,
    /// Of a complete task.
    program: Option<Program>,
    requested: Requested,
}

/// What a task tells of the queue.
#[derive(Debug, PartialEq)]
pub(super) enum Reading {
    /// When it was created, and whether it has started.
    Readable(ListedTask),
    /// It has started or waits, and its times cannot be read.
    Unreadable,
    /// It ended without a start.
    NeverStarted,
}

impl Task {
    fn new(task: &Value) -> Self {
        let empty = Map::new();
        let task = task.as_object().unwrap_or(&empty);
        let logs = list(task, "logs");
        let attempts: Vec<_> = logs.into_iter().filter_map(Attempt::new).collect();
        let executors = list(task, "executors");
        let image = executors.first().and_then(|executor| executor.get("image"));
        let state = State::of(task);
        let last_first = || attempts.iter().rev();
        Self {
            id: member(task, &["id"], task_id),
            created: member(task, &["creation_time", "creationTime"], instant),
            state,
            started: attempts.iter().find_map(|attempt| attempt.start),
            run_seconds: last_first().find_map(Attempt::seconds),
            compute_seconds: last_first().find_map(Attempt::compute_seconds),
            has_ended: attempts.last().is_some_and(|attempt| attempt.end.is_some()),
            image: image.and_then(|image| image.as_str().map(str::to_owned)),
            program: (state == State::Complete)
                .then(|| program(&executors))
                .flatten(),
            requested: task
                .get("resources")
                .map_or_else(Requested::default, requested),
        }
    }

    /// What it tells of the queue at the time `now`.
    pub(super) fn reading(&self, now: Timestamp) -> Reading {
        let seconds = |from: Timestamp, to: Timestamp| to.duration_since(from).as_secs_f64();
        let created = self.created.filter(|&time| seconds(now, time) < SKEW);
        let started = self
            .started
            .filter(|&time| seconds(now, time) <= START_SKEW);
        let waits = match self.state {
            State::Queued | State::Initializing => true,
            State::Other => !self.has_ended,
            State::Running
            | State::Complete
            | State::ExecutorError
            | State::SystemError
            | State::Preempted
            | State::Canceling
            | State::Canceled => false,
        };
        let progress = match (created, started) {
            (Some(created), Some(started)) => Progress::Started {
                waited_seconds: seconds(created, started).max(0.0),
            },
            (Some(_), None) if waits => Progress::Waiting,
            // Tasks can fail or be cancelled before they start.
            (_, None)
                if matches!(
                    self.state,
                    State::ExecutorError
                        | State::SystemError
                        | State::Preempted
                        | State::Canceling
                        | State::Canceled
                        | State::Other
                ) && !waits
                    && self.started.is_none() =>
            {
                return Reading::NeverStarted;
            }
            _ => return Reading::Unreadable,
        };
        let Some(created) = created else {
            return Reading::Unreadable;
        };
        let age_seconds = match (progress, started) {
            // Its age less its wait is the time since its start, also if it was created later, by another clock.
            (Progress::Started { waited_seconds }, Some(started)) => {
                seconds(started, now).max(0.0) + waited_seconds
            }
            _ => seconds(created, now).max(0.0),
        };
        Reading::Readable(ListedTask {
            age_seconds,
            requested: self.requested,
            progress,
        })
    }

    /// Whether it is known since when it waits.
    pub(super) fn waits(&self, now: Timestamp) -> bool {
        matches!(
            self.reading(now),
            Reading::Readable(ListedTask {
                progress: Progress::Waiting,
                ..
            })
        )
    }

    /// Tells it from other tasks: some servers give all the same id. `None` if it has no id.
    pub(super) fn key(&self) -> Option<(String, Option<Timestamp>)> {
        Some((self.id.clone()?, self.created))
    }

    /// Whether it is known when it started.
    pub(super) fn has_started(&self, now: Timestamp) -> bool {
        matches!(
            self.reading(now),
            Reading::Readable(ListedTask {
                progress: Progress::Started { .. },
                ..
            })
        )
    }

    /// How long it ran, if it is complete.
    pub(super) fn run(&self) -> Option<Run> {
        Some(Run {
            image: self
                .image
                .clone()
                .filter(|_| self.state == State::Complete)?,
            seconds: self.run_seconds?,
        })
    }

    /// What ran and for how long, if it is complete.
    pub(super) fn completed_run(&self) -> Option<CompletedRun> {
        Some(CompletedRun {
            program: self.program?,
            seconds: self.compute_seconds?,
        })
    }
}

/// Adds the tasks of another list. Of two lists, tasks without ids are the same if they were created at the same time; those
/// of one list are different ones.
pub(super) fn extend(tasks: &mut Vec<Task>, more: Vec<Task>) {
    let known: HashSet<_> = tasks
        .iter()
        .filter(|task| task.id.is_none())
        .map(|task| task.created)
        .collect();
    let is_new = |task: &Task| task.id.is_some() || !known.contains(&task.created);
    tasks.extend(more.into_iter().filter(is_new));
}

/// Images and commands of all executors, if each has an image.
fn program(executors: &[&Value]) -> Option<Program> {
    let mut hasher = DefaultHasher::new();
    executors.len().hash(&mut hasher);
    for executor in executors {
        executor.get("image")?.as_str()?.hash(&mut hasher);
        let command = executor.get("command").map_or_else(Vec::new, items);
        command.len().hash(&mut hasher);
        for word in command {
            word.as_str().hash(&mut hasher);
        }
    }
    (!executors.is_empty()).then(|| Program(hasher.finish()))
}

/// One attempt to run a task.
#[derive(Debug)]
struct Attempt {
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    /// The run times of its executors, if all are known.
    executor_seconds: Option<f64>,
}

/// The time from a start to an end, if it is not negative.
fn seconds_between(start: Timestamp, end: Timestamp) -> Option<f64> {
    let seconds = end.duration_since(start).as_secs_f64();
    (seconds >= 0.0).then_some(seconds)
}

impl Attempt {
    /// Its own times, or else those of its executors.
    fn new(log: &Value) -> Option<Self> {
        let log = log.as_object()?;
        let times = |log: &Map<String, Value>| {
            let start = member(log, &["start_time", "startTime"], instant);
            let end = member(log, &["end_time", "endTime"], instant);
            (start, end)
        };
        let executors: Vec<_> = list(log, "logs")
            .into_iter()
            .filter_map(Value::as_object)
            .map(times)
            .collect();
        let (start, end) = times(log);
        let each = executors
            .iter()
            .map(|&(start, end)| seconds_between(start?, end?));
        Some(Self {
            start: start.or_else(|| executors.iter().find_map(|(start, _)| *start)),
            end: end.or_else(|| executors.last().and_then(|(_, end)| *end)),
            executor_seconds: each.sum::<Option<f64>>().filter(|_| !executors.is_empty()),
        })
    }

    fn seconds(&self) -> Option<f64> {
        seconds_between(self.start?, self.end?)
    }

    /// The run times of the executors, or else from start to end.
    fn compute_seconds(&self) -> Option<f64> {
        self.executor_seconds.or_else(|| self.seconds())
    }
}

fn requested(resources: &Value) -> Requested {
    let amount = |names: &[&str]| {
        member(resources.as_object()?, names, |value| {
            number(value).filter(|&amount| amount >= 0.0)
        })
    };
    Requested {
        cpu_cores: amount(&["cpu_cores", "cpuCores"]),
        ram_gb: amount(&["ram_gb", "ramGb"]),
        disk_gb: amount(&["disk_gb", "diskGb"]),
    }
}

/// The items of the member `name`.
fn list<'a>(object: &'a Map<String, Value>, name: &str) -> Vec<&'a Value> {
    object.get(name).map_or_else(Vec::new, items)
}

/// The items of a list; an object stands for a list of one.
fn items(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(_) => vec![value],
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const CREATED: &str = "2024-05-01T10:00:00Z";

    fn now() -> Timestamp {
        "2024-05-01T11:00:00Z".parse().unwrap()
    }

    fn page(body: &Value) -> Page {
        Page::parse(body.to_string().as_bytes()).unwrap()
    }

    fn reading(task: &Value) -> Reading {
        Task::new(task).reading(now())
    }

    fn waited(task: &Value) -> Option<f64> {
        match reading(task) {
            Reading::Readable(ListedTask {
                progress: Progress::Started { waited_seconds },
                ..
            }) => Some(waited_seconds),
            _ => None,
        }
    }

    #[test]
    fn a_start_is_found_wherever_it_is() {
        let start = json!({"start_time": "2024-05-01T10:00:05Z"});
        for logs in [
            json!([start]),
            json!(start),
            json!([null, start]),
            json!(["none", 7, start]),
            json!([{"logs": []}, {"start_time": null}, {"start_time": "soon"}, start]),
            json!([{"start_time": null, "logs": [start]}]),
            json!([{"logs": start}]),
            json!([{"logs": [null, {}, start]}]),
            json!([{"startTime": 1_714_557_605}]),
        ] {
            let task = json!({"state": "COMPLETE", "creationTime": CREATED, "logs": logs});
            assert_eq!(waited(&task), Some(5.0), "{logs}");
        }
    }

    #[test]
    fn a_start_before_the_creation_is_a_wait_of_nothing_and_one_in_the_future_is_none() {
        let task = |start: &str| json!({"state": "RUNNING", "creation_time": CREATED, "logs": [{"start_time": start}]});
        assert_eq!(waited(&task("2024-05-01T09:00:00Z")), Some(0.0));
        assert_eq!(reading(&task("2034-05-01T09:00:00Z")), Reading::Unreadable);
    }

    #[test]
    fn a_start_that_is_yet_to_come_is_none() {
        let read = |state: &str, start: &str| {
            reading(
                &json!({"state": state, "creation_time": CREATED, "logs": [{"start_time": start}]}),
            )
        };
        for state in ["RUNNING", "COMPLETE", "EXECUTOR_ERROR"] {
            for (start, is_read) in [
                ("2024-05-01T11:04:00Z", true),
                ("2024-05-01T11:06:00Z", false),
                ("2024-05-01T13:00:00Z", false),
            ] {
                let found = read(state, start);
                assert_eq!(matches!(found, Reading::Readable(_)), is_read, "{start}");
                assert_eq!(found == Reading::Unreadable, !is_read, "{start}");
            }
        }
        let Reading::Readable(waits) = read("QUEUED", "2024-05-01T13:00:00Z") else {
            panic!("it waits");
        };
        assert_eq!(waits.progress, Progress::Waiting);
    }

    #[test]
    fn a_creation_that_is_yet_to_come_does_not_make_the_start_a_later_one() {
        let found = reading(&json!({
            "state": "COMPLETE", "creation_time": "2024-05-01T13:00:00Z",
            "logs": [{"start_time": "2024-05-01T10:30:00Z"}]
        }));
        let expected = ListedTask {
            age_seconds: 1800.0,
            requested: Requested::default(),
            progress: Progress::Started {
                waited_seconds: 0.0,
            },
        };
        assert_eq!(found, Reading::Readable(expected));
    }

    #[test]
    fn ids_may_be_numbers_and_empty_ones_are_none() {
        for (id, expected) in [
            (json!("a"), Some("a")),
            (json!(7), Some("7")),
            (json!(1.5), None),
            (json!(""), None),
            (json!(" "), None),
            (json!(null), None),
            (json!({}), None),
        ] {
            assert_eq!(Task::new(&json!({"id": id})).id.as_deref(), expected);
        }
    }

    #[test]
    fn every_state_without_a_start_waits_unless_it_is_final() {
        let state = |state: &Value| reading(&json!({"state": state, "creation_time": CREATED}));
        let waiting = Reading::Readable(ListedTask {
            age_seconds: 3600.0,
            requested: Requested::default(),
            progress: Progress::Waiting,
        });
        for waits in [
            json!("QUEUED"),
            json!("queued"),
            json!(1),
            json!("1"),
            json!(1.0),
            json!("1.0"),
            json!("TES_QUEUED"),
            json!("INITIALIZING"),
            json!("Initializing"),
            json!(2),
            json!("PAUSED"),
            json!(4),
            json!("UNKNOWN"),
            json!(0),
            json!("PENDING"),
            json!(null),
            json!({}),
        ] {
            assert_eq!(state(&waits), waiting, "{waits}");
        }
        for ended in [
            json!("EXECUTOR_ERROR"),
            json!("executor-error"),
            json!("SystemError"),
            json!(7),
            json!("CANCELED"),
            json!("cancelled"),
            json!("CANCELING"),
            json!("State.CANCELED"),
            json!(8.0),
            json!("6.0"),
            json!("PREEMPTED"),
        ] {
            assert_eq!(state(&ended), Reading::NeverStarted, "{ended}");
        }
        for unknown in [
            json!("RUNNING"),
            json!(3),
            json!("COMPLETE"),
            json!("complete"),
        ] {
            assert_eq!(state(&unknown), Reading::Unreadable, "{unknown}");
        }
        let ended =
            json!({"state": "DONE", "creation_time": CREATED, "logs": [{"end_time": CREATED}]});
        assert_eq!(reading(&ended), Reading::NeverStarted);
    }

    #[test]
    fn what_is_no_task_is_unreadable() {
        for task in [
            json!(7),
            json!(null),
            json!({"id": "x"}),
            json!([]),
            json!({"state": "QUEUED"}),
        ] {
            assert_eq!(reading(&task), Reading::Unreadable, "{task}");
        }
    }

    #[test]
    fn amounts_are_read_each_by_itself() {
        let resources = |resources: Value| Task::new(&json!({"resources": resources})).requested;
        let expected = Requested {
            cpu_cores: Some(2.0),
            ram_gb: None,
            disk_gb: Some(0.5),
        };
        for written in [
            json!({"cpu_cores": 2, "disk_gb": 0.5}),
            json!({"cpu_cores": "2", "ram_gb": "unlimited", "disk_gb": "0.5"}),
            json!({"cpuCores": 2.0, "ram_gb": null, "ramGb": [], "diskGb": 0.5}),
            json!({"cpu_cores": 2, "ram_gb": -1, "disk_gb": 0.5}),
        ] {
            assert_eq!(resources(written.clone()), expected, "{written}");
        }
        for none in [json!([]), json!("small"), json!(7), json!(null), json!({})] {
            assert_eq!(resources(none.clone()), Requested::default(), "{none}");
        }
    }

    #[test]
    fn tokens_of_pages_are_read_however_they_are_written() {
        let next = |token: Value| page(&json!({"tasks": null, "next_page_token": token})).next;
        for (token, expected) in [
            (json!("abc+/="), "abc+/="),
            (json!(17), "17"),
            (json!("YWJj%2B%3D"), "YWJj+="),
            (json!("100%"), "100%"),
            (json!("a%2Fb/c"), "a%2Fb/c"),
        ] {
            assert_eq!(next(token.clone()).as_deref(), Some(expected), "{token}");
        }
        for none in [
            json!(""),
            json!("None"),
            json!(null),
            json!([]),
            json!(false),
        ] {
            assert_eq!(next(none.clone()), None, "{none}");
        }
    }

    #[test]
    fn tokens_that_are_large_numbers_are_read_digit_by_digit() {
        for number in [
            "1000000000000000000000000000000",
            "18446744073709551617",
            "-99999999999999999999",
            "17.50",
            "9007199254740993",
        ] {
            for name in ["next_page_token", "nextPageToken"] {
                let body = format!("\u{feff}{{\"tasks\": [], \"{name}\": {number}, \"n\": NaN}}");
                let page = Page::parse(body.as_bytes()).unwrap();
                assert_eq!(page.next.as_deref(), Some(number));
            }
        }
    }

    #[test]
    fn an_unreadable_spelling_hides_no_readable_one() {
        let task = json!({
            "state": "COMPLETE", "id": 7, "creation_time": "soon", "creationTime": CREATED,
            "resources": {"cpu_cores": "some", "cpuCores": 3},
            "logs": [{"start_time": {}, "startTime": "2024-05-01T10:00:05Z"}]
        });
        assert_eq!(waited(&task), Some(5.0));
        assert_eq!(Task::new(&task).requested.cpu_cores, Some(3.0));
        let body = json!({"tasks": [], "next_page_token": [], "nextPageToken": "", "next_page": 5});
        assert_eq!(page(&body).next.as_deref(), Some("5"));
    }

    #[test]
    fn a_run_time_is_that_of_the_last_attempt_of_a_complete_task() {
        let logs = json!([
            {"start_time": "2024-05-01T10:00:00Z", "end_time": "2024-05-01T10:09:00Z"},
            {"start_time": "2024-05-01T10:10:00Z", "logs": [{"end_time": "2024-05-01T10:12:00Z"}]}
        ]);
        let task =
            |state| json!({"state": state, "executors": [{"image": "alpine"}], "logs": logs});
        let expected = Run {
            image: "alpine".to_owned(),
            seconds: 120.0,
        };
        assert_eq!(Task::new(&task("COMPLETE")).run(), Some(expected));
        assert_eq!(Task::new(&task("EXECUTOR_ERROR")).run(), None);
    }

    #[test]
    fn a_run_is_that_of_all_executors_without_staging() {
        let executor = |command: Value| json!({"image": "bwa:0.7", "command": command});
        let run = |executors: Value| {
            let logs = json!([{
                "start_time": "2024-05-01T10:00:00Z", "end_time": "2024-05-01T10:30:00Z", "logs": [
                    {"start_time": "2024-05-01T10:10:00Z", "end_time": "2024-05-01T10:12:00Z"},
                    {"start_time": "2024-05-01T10:12:00Z", "end_time": "2024-05-01T10:13:00Z"}
                ]
            }]);
            let task = json!({"state": "COMPLETE", "executors": executors, "logs": logs});
            Task::new(&task).completed_run()
        };
        let both = run(json!([executor(json!(["a", "b"])), executor(json!(["c"]))])).unwrap();
        assert_eq!(both.seconds.to_bits(), 180.0_f64.to_bits());
        for other in [
            json!([executor(json!(["a", "b"]))]),
            json!([executor(json!(["a"])), executor(json!(["b", "c"]))]),
            json!([executor(json!(["ab"])), executor(json!(["c"]))]),
            json!([executor(json!(null)), executor(json!(["c"]))]),
        ] {
            assert_ne!(run(other.clone()).unwrap().program, both.program, "{other}");
        }
        for none in [
            json!([]),
            json!(null),
            json!([{"command": ["a"]}]),
            json!([executor(json!([])), {"image": 7}]),
        ] {
            assert_eq!(run(none.clone()), None, "{none}");
        }
    }

    #[test]
    fn a_run_without_times_of_executors_is_that_of_its_attempt() {
        let logs = json!([{
            "start_time": "2024-05-01T10:00:00Z", "end_time": "2024-05-01T10:30:00Z",
            "logs": [{"start_time": "2024-05-01T10:10:00Z"}]
        }]);
        let task = json!({"state": "COMPLETE", "executors": [{"image": "bwa"}], "logs": logs});
        let run = Task::new(&task).completed_run().unwrap();
        assert_eq!(run.seconds.to_bits(), 1800.0_f64.to_bits());
        let failed =
            json!({"state": "SYSTEM_ERROR", "executors": [{"image": "bwa"}], "logs": logs});
        assert_eq!(Task::new(&failed).completed_run(), None);
    }

    #[test]
    fn tasks_that_ended_are_counted_by_their_states() {
        use State::{Canceled, Complete, ExecutorError, Preempted, Queued, Running, SystemError};

        let states = [
            Complete,
            Complete,
            Complete,
            SystemError,
            SystemError,
            ExecutorError,
            Preempted,
            Canceled,
            Running,
            Queued,
        ];
        let expected = Outcomes {
            ended: 7,
            system_errors: 2,
            executor_errors: 1,
            preempted: 1,
        };
        assert_eq!(outcomes(states.into_iter()), Some(expected));
        assert_eq!(outcomes([Queued, Canceled].into_iter()), None);
    }

    #[test]
    fn a_page_has_the_tasks_that_can_be_read() {
        let body = json!({"tasks": [{"state": "QUEUED"}, 7, null, {"state": "queued"}]});
        assert_eq!(page(&body).tasks.len(), 4);
        for body in [json!({}), json!({"tasks": null}), json!({"tasks": "none"})] {
            assert!(page(&body).tasks.is_empty(), "{body}");
        }
        assert_eq!(page(&json!({"tasks": {"id": "x"}})).tasks.len(), 1);
    }

    #[test]
    fn an_error_with_status_200_is_no_empty_page() {
        for body in [
            json!({"error": "database is down"}),
            json!({"status_code": 401, "msg": "Unauthorized"}),
            json!({"data": {"tasks": []}}),
        ] {
            assert!(Page::parse(body.to_string().as_bytes()).is_err(), "{body}");
        }
        for body in [
            json!({}),
            json!({"next_page_token": "x"}),
            json!({"tasks": null, "msg": ""}),
        ] {
            assert!(page(&body).tasks.is_empty(), "{body}");
        }
    }
}
