//! How long a task would wait at a TES, going by how long others did.

use super::{exact::Seconds, resources::ResourceNeeds};

/// With fewer tasks like this one, all others count too.
const ENOUGH_ALIKE: usize = 3;

/// A task is like another if it asked for this share of everything that the other needs, or for more.
const ALIKE: f64 = 0.5;

/// What a TES shows of its tasks.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct History {
    /// The latest tasks that have finished.
    pub finished: Vec<FinishedTask>,
    /// How many wait now.
    pub queued: usize,
}

/// A task that waited and ran.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct FinishedTask {
    /// From its creation to its start, in seconds.
    pub waited_seconds: f64,
    /// CPU cores that it asked for, if it did.
    pub cpu_cores: Option<f64>,
    /// Gigabytes of memory that it asked for, if it did.
    pub ram_gb: Option<f64>,
    /// Gigabytes of disk that it asked for, if it did.
    pub disk_gb: Option<f64>,
}

impl FinishedTask {
    /// Whether it asked for about as much as `needs`, or for more. Nothing said is nothing asked for.
    fn is_alike(&self, needs: &ResourceNeeds) -> bool {
        #[expect(
            clippy::cast_precision_loss,
            reason = "no one counts cores beyond 2^53"
        )]
        let cores = needs.cpu_cores as f64;
        [
            (self.cpu_cores, cores),
            (self.ram_gb, needs.ram_gb),
            (self.disk_gb, needs.disk_gb),
        ]
        .into_iter()
        .all(|(asked, needed)| asked.unwrap_or_default() >= ALIKE * needed)
    }
}

impl History {
    /// How long a task with these `needs` would wait; `None` if no task has finished. It is
    ///
    /// median * (1 + queued / (queued + finished)),
    ///
    /// where the median is that of the waits of the finished tasks that asked for at least half of each need, if there
    /// are three or more, and else of all; and the factor, from 1 to 2, makes up for tasks that wait now, which are not
    /// among the finished yet.
    pub fn expected_wait(&self, needs: &ResourceNeeds) -> Option<Seconds> {
        let waits = |tasks: &mut dyn Iterator<Item = &FinishedTask>| -> Vec<f64> {
            tasks.map(|task| task.waited_seconds).collect()
        };
        let alike = waits(&mut self.finished.iter().filter(|task| task.is_alike(needs)));
        let median = median(if alike.len() >= ENOUGH_ALIKE {
            alike
        } else {
            waits(&mut self.finished.iter())
        })?;
        #[expect(clippy::cast_precision_loss, reason = "pages of tasks are short")]
        let share = self.queued as f64 / (self.queued + self.finished.len()) as f64;
        Some(Seconds::from_f64(median * (1.0 + share)))
    }
}

/// The one in the middle, or the mean of the two there.
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
    fn the_wait_is_the_median_of_what_others_waited() {
        assert_eq!(expected(&[], 3), None);
        assert_eq!(expected(&[task(7.0, 1.0)], 0), Some(7.0));
        assert_eq!(expected(&[task(9.0, 1.0), task(1.0, 1.0)], 0), Some(5.0));
        let one_outlier = [task(10.0, 4.0), task(1e6, 4.0), task(20.0, 4.0)];
        assert_eq!(expected(&one_outlier, 0), Some(20.0));
    }

    #[test]
    fn tasks_of_this_size_or_larger_count_before_small_ones() {
        let small = [1.0; 9].map(|seconds| task(seconds, 1.0));
        let alike = [task(100.0, 2.0), task(200.0, 4.0), task(300.0, 64.0)];
        let all = |alike: &[FinishedTask]| expected(&[&small, alike].concat(), 0);
        assert_eq!(all(&alike), Some(200.0));
        assert_eq!(all(&alike[..2]), Some(1.0), "two are too few");
        let unknown = FinishedTask {
            cpu_cores: None,
            ..alike[0]
        };
        assert_eq!(all(&[unknown, alike[1], alike[2]]), Some(1.0));
    }

    #[test]
    fn a_backlog_makes_the_wait_up_to_twice_as_long() {
        let finished = [task(100.0, 4.0); 3];
        assert_eq!(expected(&finished, 1), Some(125.0));
        assert_eq!(expected(&finished, 3), Some(150.0));
        assert_eq!(expected(&finished, 297), Some(199.0));
    }
}
