//! What the finished tasks of several TES tell about each: queue time, share of failures, and speed relative to the others.

use std::collections::BTreeMap;

use super::site::{Failures, Outcomes};

/// A ratio of run times counts as if so many further tasks had shown no difference.
const PRIOR_TASKS: f64 = 10.0;

/// The tasks that one TES lists.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SiteTasks {
    /// How long started tasks waited, in seconds.
    pub waits: Vec<f64>,
    /// How tasks ended.
    pub outcomes: Outcomes,
    /// The run times of completed tasks.
    pub runs: Vec<CompletedRun>,
}

/// The run time of a completed task.
#[derive(Debug, Clone, PartialEq)]
pub struct CompletedRun {
    /// What ran: tasks are compared with equal image and command only.
    pub program: Program,
    /// From its start to its end, in seconds.
    pub seconds: f64,
}

/// Image and command of a task.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Program {
    /// The container image.
    pub image: String,
    /// The command.
    pub command: Vec<String>,
}

/// What is learnt about one TES.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    /// The median wait, in seconds; `None` if no task has started.
    pub queue_seconds: Option<f64>,
    /// The share of attempts that fail for reasons of the TES.
    pub failures: f64,
    /// The speed relative to the other TES, shrunk towards 1.
    pub speed: f64,
    /// The number of tasks that ended.
    pub ended: u32,
    /// The number of tasks whose run times could be compared.
    pub compared: usize,
}

/// Compares the tasks of all `sites`, in their order.
///
/// For each program that ran at several sites, the logarithm of the median run time is compared with the mean over these
/// sites. A site's speed is the exponential of the mean of these differences, weighted by tasks, with ten further tasks
/// that show no difference.
pub fn calibrate(sites: &[SiteTasks]) -> Vec<Calibration> {
    let mut programs: BTreeMap<&Program, BTreeMap<usize, Vec<f64>>> = BTreeMap::new();
    for (site, tasks) in sites.iter().enumerate() {
        for run in tasks.runs.iter().filter(|run| run.seconds > 0.0) {
            let at = programs.entry(&run.program).or_default();
            at.entry(site).or_default().push(run.seconds.ln());
        }
    }
    let mut sums = vec![(0.0, 0_usize); sites.len()];
    for at in programs.into_values().filter(|at| at.len() > 1) {
        let medians: Vec<_> = at
            .into_iter()
            .filter_map(|(site, logs)| Some((site, logs.len(), median(logs)?)))
            .collect();
        let mean = medians.iter().map(|(.., log)| log).sum::<f64>() / float(medians.len());
        for (site, count, log) in medians {
            if let Some((sum, compared)) = sums.get_mut(site) {
                *sum += float(count) * (mean - log);
                *compared += count;
            }
        }
    }
    sites
        .iter()
        .zip(sums)
        .map(|(tasks, (sum, compared))| Calibration {
            queue_seconds: median(tasks.waits.clone()),
            failures: Failures::History.share(Some(tasks.outcomes), 0.0),
            speed: (sum / (float(compared) + PRIOR_TASKS)).exp(),
            ended: tasks.outcomes.ended,
            compared,
        })
        .collect()
}

#[expect(clippy::cast_precision_loss, reason = "lists of tasks are short")]
const fn float(count: usize) -> f64 {
    count as f64
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

    fn site(image: &str, seconds: f64, count: usize) -> SiteTasks {
        let run = CompletedRun {
            program: Program {
                image: image.to_owned(),
                command: vec!["run".to_owned()],
            },
            seconds,
        };
        SiteTasks {
            runs: vec![run; count],
            ..SiteTasks::default()
        }
    }

    #[test]
    fn many_equal_tasks_tell_the_ratio_of_speeds() {
        let found = calibrate(&[site("bwa", 100.0, 10_000), site("bwa", 400.0, 10_000)]);
        let ratio = found[0].speed / found[1].speed;
        assert!((ratio - 4.0).abs() < 0.02, "{found:?}");
        assert_eq!(found[0].compared, 10_000);
    }

    #[test]
    fn few_tasks_tell_little() {
        let found = calibrate(&[site("bwa", 100.0, 1), site("bwa", 400.0, 1)]);
        assert!(found[0].speed > 1.0 && found[0].speed < 1.1, "{found:?}");
    }

    #[test]
    fn tasks_of_other_images_are_not_compared() {
        let found = calibrate(&[site("bwa", 100.0, 50), site("star", 400.0, 50)]);
        assert!(found.iter().all(|site| (site.speed - 1.0).abs() < 1e-12));
        assert!(found.iter().all(|site| site.compared == 0));
    }

    #[test]
    fn waits_and_failures_are_those_of_the_site() {
        let tasks = SiteTasks {
            waits: vec![30.0, 10.0, 1e6],
            outcomes: Outcomes {
                ended: 80,
                system_errors: 9,
                ..Outcomes::default()
            },
            ..SiteTasks::default()
        };
        let [found] = calibrate(&[tasks])[..] else {
            panic!("one site");
        };
        assert_eq!(found.queue_seconds, Some(30.0));
        assert!((found.failures - 0.1).abs() < 1e-12);
        assert_eq!(found.ended, 80);
    }
}
