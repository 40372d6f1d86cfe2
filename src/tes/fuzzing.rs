//! Entry points for fuzzing: reads any bytes as answers of a TES.

use http::StatusCode;

use super::{
    task_info::{TaskInfoResponse, has_no_task_info},
    tasks::{Page, Task},
};
use crate::{
    client::parse,
    domain::{findings::TaskInfo, queue::History},
};

/// The offer in an answer to a question for task info, if it is one.
pub fn task_info(answer: &[u8]) -> Option<TaskInfo> {
    has_no_task_info(StatusCode::BAD_REQUEST, answer);
    parse::<TaskInfoResponse>(answer).ok()?.check().ok()
}

/// The tasks in a page of them, if it is one.
pub fn history(answer: &[u8]) -> Option<History> {
    let page = parse::<Page>(answer).ok()?;
    page.next();
    let finished: Vec<_> = page.tasks_in("COMPLETE").collect();
    Some(History {
        finished: finished.iter().filter_map(Task::finished).collect(),
        queued: page.tasks_in("QUEUED").count(),
    })
}
