//! Queue time of a task at a TES, estimated from its finished and queued tasks.

use super::{exact::Seconds, resources::ResourceNeeds};

/// With fewer similar tasks, all tasks count.
const MIN_SIMILAR: usize = 3;

/// A task is similar if it requested at least this share of each need.
const SIMILAR_SHARE: f64 = 0.5;

/// The tasks that a TES lists.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct History {
    /// The latest finished tasks.
    pub finished: Vec<FinishedTask>,
    /// The number of queued tasks.
    pub queued: usize,
}

/// The queue time and requested resources of a finished task.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct FinishedTask {
    /// From its creation to its start, in seconds.
    pub waited_seconds: f64,
    /// Requested CPU cores.
    pub cpu_cores: Option<f64>,
    /// Requested memory, in gigabytes.
    pub ram_gb: Option<f64>,
    /// Requested disk, in gigabytes.
    pub disk_gb: Option<f64>,
}

/// Why the queue time of a TES is unknown. The text follows the name of the TES.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoQueueTime {
    /// None of the tasks that it lists has finished and has times.
    #[error("lists no finished task with its times")]
    NoFinishedTask,
    /// The call for its tasks failed, with this text.
    #[error("does not list its tasks: it {0}")]
    NoTaskList(String),
}

impl FinishedTask {
    /// Whether it requested about as much as `needs`, or more. A missing value counts as 0.
    fn is_similar(&self, needs: &ResourceNeeds) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "cores are at most 2^53")]
        let cores = needs.cpu_cores as f64;
        [
            (self.cpu_cores, cores),
            (self.ram_gb, needs.ram_gb),
            (self.disk_gb, needs.disk_gb),
        ]
        .into_iter()
        .all(|(requested, needed)| requested.unwrap_or_default() >= SIMILAR_SHARE * needed)
    }
}

impl History {
    /// The expected queue time of a task with these `needs`; `None` if no task has finished. It is
    ///
    /// median * (1 + queued / (queued + finished)),
    ///
    /// with the median queue time of the finished tasks that requested at least half of each need, or of all finished
    /// tasks if there are fewer than three of these. The factor, from 1 to 2, accounts for queued tasks, whose queue
    /// times are not known yet.
    pub fn expected_wait(&self, needs: &ResourceNeeds) -> Option<Seconds> {
        let waits = |tasks: &mut dyn Iterator<Item = &FinishedTask>| -> Vec<f64> {
            tasks.map(|task| task.waited_seconds).collect()
        };
        let similar = waits(&mut self.finished.iter().filter(|task| task.is_similar(needs)));
        let median = median(if similar.len() >= MIN_SIMILAR {
            similar
        } else {
            waits(&mut self.finished.iter())
        })?;
        #[expect(clippy::cast_precision_loss, reason = "pages of tasks are short")]
        let share = self.queued as f64 / (self.queued + self.finished.len()) as f64;
        Some(Seconds::from_f64(median * (1.0 + share)))
    }
}

/// The middle number, or the mean of the two middle numbers.
fn median(mut numbers: Vec<f64>) -> Option<f64> {
    numbers.sort_unstable_by(f64::total_cmp);
    let upper = *numbers.get(numbers.len() / 2)?;
    let lower = *numbers.get((numbers.len() - 1) / 2)?;
    Some(f64::midpoint(lower, upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(waited_seconds: f64, cpu_cores: f64) -> FinishedTask {
        FinishedTask {
            waited_seconds,
            cpu_cores: Some(cpu_cores),
            ram_gb: Some(8.0),
            disk_gb: None,
        }
    }

    fn expected(finished: &[FinishedTask], queued: usize) -> Option<f64> {
        let needs = ResourceNeeds {
            cpu_cores: 4,
            ram_gb: 16.0,
            disk_gb: 0.0,
            execution_seconds: 60,
            preemptible: true,
            zones: Vec::new(),
        };
        let history = History {
            finished: finished.to_vec(),
            queued,
        };
        history.expected_wait(&needs).map(Seconds::to_f64)
    }

    #[test]
    fn the_queue_time_is_the_median_of_finished_tasks() {
        assert_eq!(expected(&[], 3), None);
        assert_eq!(expected(&[task(7.0, 1.0)], 0), Some(7.0));
        assert_eq!(expected(&[task(9.0, 1.0), task(1.0, 1.0)], 0), Some(5.0));
        let one_outlier = [task(10.0, 4.0), task(1e6, 4.0), task(20.0, 4.0)];
        assert_eq!(expected(&one_outlier, 0), Some(20.0));
    }

    #[test]
    fn similar_and_larger_tasks_take_precedence_over_small_ones() {
        let small = [1.0; 9].map(|seconds| task(seconds, 1.0));
        let similar = [task(100.0, 2.0), task(200.0, 4.0), task(300.0, 64.0)];
        let all = |similar: &[FinishedTask]| expected(&[&small, similar].concat(), 0);
        assert_eq!(all(&similar), Some(200.0));
        assert_eq!(all(&similar[..2]), Some(1.0), "two are too few");
        let unknown = FinishedTask {
            cpu_cores: None,
            ..similar[0]
        };
        assert_eq!(all(&[unknown, similar[1], similar[2]]), Some(1.0));
    }

    #[test]
    fn queued_tasks_increase_the_queue_time_up_to_twofold() {
        let finished = [task(100.0, 4.0); 3];
        assert_eq!(expected(&finished, 1), Some(125.0));
        assert_eq!(expected(&finished, 3), Some(150.0));
        assert_eq!(expected(&finished, 297), Some(199.0));
    }
}
