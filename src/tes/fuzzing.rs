//! Entry points for fuzzing: reads any bytes as answers of a TES.

use jiff::Timestamp;

use super::{
    listing::{Coverage, Listing},
    task_history::TaskHistory,
    task_info::{has_no_task_info, read_task_info},
    tasks::Page,
};
use crate::{client::parse_object, domain::findings::TaskInfo};

/// The offer in an answer to a question for task info, if it is one.
pub fn task_info(answer: &[u8]) -> Option<TaskInfo> {
    let answer = parse_object(answer).ok()?;
    has_no_task_info(None, Some(&answer));
    read_task_info(&answer).ok()
}

/// The tasks in a page of them, if it is one.
pub fn history(answer: &[u8]) -> Option<TaskHistory> {
    let page = Page::parse(answer).ok()?;
    let listing = Listing {
        tasks: page.tasks,
        coverage: Coverage::Whole,
    };
    Some(TaskHistory::new(&listing, Timestamp::now(), 7.0))
}
