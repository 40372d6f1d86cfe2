//! Lists of tasks as servers write them: with parts missing, spelt differently, or not filtered.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::domain::queue::FinishedTask;

/// Clocks of one site may differ by so much, in seconds: a task that starts before it is created has waited for nothing.
const SKEW: f64 = 60.0;

/// Nothing waits longer than a year, in seconds.
const LONGEST_WAIT: f64 = 31_536_000.0;

/// One page of tasks.
#[derive(Debug, Deserialize)]
pub(super) struct Page {
    /// Left out by some when it is empty.
    #[serde(default)]
    tasks: Option<Vec<Value>>,
    #[serde(default, alias = "nextPageToken")]
    next_page_token: Option<Value>,
}

impl Page {
    /// The token of the next page, if there is one. TESP writes `None` for none.
    pub(super) fn next(&self) -> Option<&str> {
        let token = self.next_page_token.as_ref()?.as_str()?;
        (!matches!(token, "" | "None" | "null")).then_some(token)
    }

    /// The tasks in `state`: not every server filters. What cannot be read is left out.
    pub(super) fn tasks_in(&self, state: &'static str) -> impl Iterator<Item = Task> {
        self.tasks
            .iter()
            .flatten()
            .filter_map(|task| Task::deserialize(task).ok())
            .filter(move |task| task.state.as_deref() == Some(state))
    }
}

/// The parts of a task that matter here.
#[derive(Debug, Deserialize)]
pub(super) struct Task {
    state: Option<String>,
    #[serde(alias = "creationTime")]
    creation_time: Option<String>,
    logs: Option<Vec<TaskLog>>,
    resources: Option<Resources>,
}

#[derive(Debug, Deserialize)]
struct TaskLog {
    #[serde(alias = "startTime")]
    start_time: Option<String>,
    /// Of each executor.
    #[serde(default)]
    logs: Option<Vec<Self>>,
}

#[derive(Debug, Default, Deserialize)]
struct Resources {
    #[serde(alias = "cpuCores")]
    cpu_cores: Option<f64>,
    #[serde(alias = "ramGb")]
    ram_gb: Option<f64>,
    #[serde(alias = "diskGb")]
    disk_gb: Option<f64>,
}

impl Task {
    /// How long it waited and what it requested, if its times are plausible.
    pub(super) fn finished(&self) -> Option<FinishedTask> {
        let first = self.logs.as_ref()?.first()?;
        let of_executor = || first.logs.as_ref()?.first()?.start_time.as_deref();
        let started = first
            .start_time
            .as_deref()
            .and_then(instant)
            .or_else(|| of_executor().and_then(instant))?;
        let created = instant(self.creation_time.as_deref()?)?;
        let seconds = started.duration_since(created).as_secs_f64();
        if !(-SKEW..=LONGEST_WAIT).contains(&seconds) {
            return None;
        }
        let Resources {
            cpu_cores,
            ram_gb,
            disk_gb,
        } = *self.resources.as_ref().unwrap_or(&Resources {
            cpu_cores: None,
            ram_gb: None,
            disk_gb: None,
        });
        Some(FinishedTask {
            waited_seconds: seconds.max(0.0),
            cpu_cores,
            ram_gb,
            disk_gb,
        })
    }
}

/// RFC 3339, and the same without an offset, which some servers leave out: UTC then.
fn instant(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    text.parse().or_else(|_| format!("{text}Z").parse()).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn waited(created: &str, started: &str) -> Option<f64> {
        let task = json!({"creation_time": created, "logs": [{"start_time": started}]});
        let task = Task::deserialize(task).unwrap();
        task.finished().map(|task| task.waited_seconds)
    }

    #[test]
    fn times_are_read_however_they_are_written() {
        for (created, started) in [
            ("2024-05-01T10:00:00Z", "2024-05-01T10:01:30Z"),
            (
                "2024-05-01T10:00:00+02:00",
                "2024-05-01T08:01:30.000000+00:00",
            ),
            (
                "2024-05-01T10:00:00.123456789Z",
                "2024-05-01T10:01:30.123456789Z",
            ),
            ("2024-05-01T10:00:00", "2024-05-01T10:01:30"),
            ("2024-05-01T23:59:00-00:00", "2024-05-02T00:00:30Z"),
            ("2024-05-01 10:00:00Z", "2024-05-01t10:01:30z"),
        ] {
            assert_eq!(waited(created, started), Some(90.0), "{created}");
        }
    }

    #[test]
    fn times_that_make_no_sense_are_no_times() {
        let created = "2024-05-01T10:00:00Z";
        assert_eq!(waited(created, "2024-05-01T09:59:30Z"), Some(0.0), "skew");
        for started in [
            "",
            "soon",
            "0001-01-01T00:00:00Z",
            "2024-05-01T09:00:00Z",
            "2034-05-01T09:00:00Z",
        ] {
            assert_eq!(waited(created, started), None, "{started}");
        }
    }

    #[test]
    fn what_servers_leave_out_is_done_without() {
        let page: Page = serde_json::from_value(json!({"next_page_token": "None", "tasks": [
            {"state": "COMPLETE"}, {"state": "COMPLETE", "logs": null, "resources": null},
            {"state": "COMPLETE", "logs": [{"start_time": null, "logs": [{"start_time": "2024-05-01T10:00:05Z"}]}],
             "creationTime": "2024-05-01T10:00:00Z", "resources": {"cpu_cores": 2, "ram_gb": null}},
            {"state": "RUNNING"}, {"id": "x"}, 7, {"state": "COMPLETE", "logs": "none"}
        ]}))
        .unwrap();
        assert_eq!(page.next(), None);
        assert_eq!(page.tasks_in("COMPLETE").count(), 3);
        let finished: Vec<_> = page
            .tasks_in("COMPLETE")
            .filter_map(|task| task.finished())
            .collect();
        let expected = FinishedTask {
            waited_seconds: 5.0,
            cpu_cores: Some(2.0),
            ..FinishedTask::default()
        };
        assert_eq!(finished, [expected]);
        let empty: Page =
            serde_json::from_value(json!({"tasks": null, "next_page_token": ""})).unwrap();
        assert_eq!((empty.next(), empty.tasks_in("QUEUED").count()), (None, 0));
    }
}
