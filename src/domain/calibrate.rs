//! What the tasks that several TES list tell about each: queue time, share of failures, and speed relative to the others.

pub mod warning;

use std::collections::BTreeMap;

use super::{
    kaplan_meier,
    site::{Failures, Outcomes},
};

/// A ratio of run times counts as if so many further tasks had shown no difference.
const PRIOR_TASKS: f64 = 10.0;

/// The speeds are exact after as many steps as there are sites; rounding may ask for a few more.
const MORE_STEPS: usize = 8;

/// The tasks that one TES lists.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SiteTasks {
    /// How long started tasks waited, in seconds.
    pub started: Vec<f64>,
    /// How long tasks that wait have waited so far, in seconds.
    pub waiting: Vec<f64>,
    /// How tasks ended.
    pub outcomes: Outcomes,
    /// The run times of completed tasks.
    pub runs: Vec<CompletedRun>,
}

/// The run time of a completed task.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CompletedRun {
    /// What ran: tasks are compared with equal images and commands only.
    pub program: Program,
    /// From its start to its end, in seconds.
    pub seconds: f64,
}

/// Images and commands of the executors of a task, as a hash: commands can be long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Program(pub u64);

/// How the share of failures of a site is counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FailureRule {
    /// Which failures count; [`Failures::Share`] counts as [`Failures::History`].
    pub failures: Failures,
    /// Preemptions count as failures if this is 0.
    pub preemptions_per_hour: f64,
}

/// What is measured of one TES.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Calibration {
    /// The wait, if a task has started or waits.
    pub queue: Option<MeasuredQueue>,
    /// The share of attempts that fail, if tasks have ended.
    pub failures: Option<f64>,
    /// The tasks that the share rests on.
    pub outcomes: Outcomes,
    /// The speed, if tasks can be compared.
    pub speed: Option<MeasuredSpeed>,
}

/// How long tasks wait.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeasuredQueue {
    /// The Kaplan-Meier median, in seconds.
    pub seconds: f64,
    /// The number of tasks that started.
    pub started: usize,
    /// The number of tasks that wait.
    pub waiting: usize,
}

/// The speed of a TES.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeasuredSpeed {
    /// Relative to the geometric mean of the TES that are compared, shrunk towards 1.
    pub ratio: f64,
    /// The number of tasks here that ran elsewhere too.
    pub tasks: usize,
    /// The number of equal tasks elsewhere.
    pub elsewhere: usize,
}

impl Default for FailureRule {
    fn default() -> Self {
        Self {
            failures: Failures::History,
            preemptions_per_hour: 0.0,
        }
    }
}

impl FailureRule {
    fn share(self, outcomes: Outcomes) -> Option<f64> {
        let rule = match self.failures {
            Failures::Share(_) => Failures::History,
            counted => counted,
        };
        let share = || rule.share(Some(outcomes), self.preemptions_per_hour);
        (outcomes.ended > 0).then(share)
    }
}

impl Calibration {
    /// Whether nothing could be measured.
    pub const fn is_empty(&self) -> bool {
        self.queue.is_none() && self.failures.is_none() && self.speed.is_none()
    }
}

/// Measures all `sites`, in their order, each with the rule for its failures.
pub fn calibrate(sites: &[(SiteTasks, FailureRule)]) -> Vec<Calibration> {
    let tasks: Vec<_> = sites.iter().map(|(tasks, _)| tasks).collect();
    sites
        .iter()
        .zip(speeds(&tasks))
        .map(|((tasks, rule), speed)| Calibration {
            queue: queue_of(tasks),
            failures: rule.share(tasks.outcomes),
            outcomes: tasks.outcomes,
            speed,
        })
        .collect()
}

fn queue_of(tasks: &SiteTasks) -> Option<MeasuredQueue> {
    let seconds = kaplan_meier::median(tasks.started.clone(), tasks.waiting.clone())?;
    Some(MeasuredQueue {
        seconds,
        started: tasks.started.len(),
        waiting: tasks.waiting.len(),
    })
}

/// The run times of one program at one site.
struct Cell {
    site: usize,
    tasks: usize,
    /// The logarithm of the median run time.
    log: f64,
}

/// The speed of each site whose tasks can be compared.
///
/// The logarithm of a run time is that of its program less that of the speed of its site. Both are fitted to the median
/// of each program at each site by least squares, weighted by tasks; each site counts [`PRIOR_TASKS`] more at speed 1.
fn speeds(sites: &[&SiteTasks]) -> Vec<Option<MeasuredSpeed>> {
    let programs = compared(sites);
    let mut counts = vec![(0, 0); sites.len()];
    let mut differences = vec![0.0; sites.len()];
    for cells in &programs {
        let all: usize = cells.iter().map(|cell| cell.tasks).sum();
        let mean = mean(cells, |cell| cell.log);
        for cell in cells {
            if let Some((tasks, elsewhere)) = counts.get_mut(cell.site) {
                *tasks += cell.tasks;
                *elsewhere += all - cell.tasks;
            }
            if let Some(difference) = differences.get_mut(cell.site) {
                *difference += float(cell.tasks) * (mean - cell.log);
            }
        }
    }
    let logs = solve(&differences, |speeds| fitted(&programs, speeds));
    logs.into_iter()
        .zip(counts)
        .map(|(log, (tasks, elsewhere))| {
            (tasks > 0).then(|| MeasuredSpeed {
                ratio: log.exp(),
                tasks,
                elsewhere,
            })
        })
        .collect()
}

/// The programs that ran at several sites.
fn compared(sites: &[&SiteTasks]) -> Vec<Vec<Cell>> {
    let mut programs: BTreeMap<Program, BTreeMap<usize, Vec<f64>>> = BTreeMap::new();
    for (site, tasks) in sites.iter().enumerate() {
        let usable = |run: &&CompletedRun| run.seconds > 0.0 && run.seconds.is_finite();
        for run in tasks.runs.iter().filter(usable) {
            let at = programs.entry(run.program).or_default();
            at.entry(site).or_default().push(run.seconds.ln());
        }
    }
    let several = programs.into_values().filter(|at| at.len() > 1);
    several
        .map(|at| {
            at.into_iter()
                .filter_map(|(site, logs)| {
                    let tasks = logs.len();
                    let log = median(logs)?;
                    Some(Cell { site, tasks, log })
                })
                .collect()
        })
        .collect()
}

/// The matrix of the normal equations, with the programs eliminated, times `speeds`.
fn fitted(programs: &[Vec<Cell>], speeds: &[f64]) -> Vec<f64> {
    let speed = |cell: &Cell| speeds.get(cell.site).copied().unwrap_or_default();
    let mut product: Vec<_> = speeds.iter().map(|speed| PRIOR_TASKS * speed).collect();
    for cells in programs {
        let mean = mean(cells, speed);
        for cell in cells {
            if let Some(sum) = product.get_mut(cell.site) {
                *sum += float(cell.tasks) * (speed(cell) - mean);
            }
        }
    }
    product
}

/// The mean of `of` over `cells`, weighted by tasks.
fn mean(cells: &[Cell], of: impl Fn(&Cell) -> f64) -> f64 {
    let sum: f64 = cells.iter().map(|cell| float(cell.tasks) * of(cell)).sum();
    sum / float(cells.iter().map(|cell| cell.tasks).sum())
}

/// The solution of `matrix` x = `right` by conjugate gradients. The matrix is symmetric and positive definite.
fn solve(right: &[f64], matrix: impl Fn(&[f64]) -> Vec<f64>) -> Vec<f64> {
    let mut solution = vec![0.0; right.len()];
    let mut residual = right.to_vec();
    let mut direction = residual.clone();
    let mut norm = dot(&residual, &residual);
    let enough = 1e-24 * norm;
    for _ in 0..right.len() + MORE_STEPS {
        if norm <= enough {
            break;
        }
        let image = matrix(&direction);
        let step = norm / dot(&direction, &image);
        add(&mut solution, step, &direction);
        add(&mut residual, -step, &image);
        let rest = dot(&residual, &residual);
        let along = rest / norm;
        for (old, new) in direction.iter_mut().zip(&residual) {
            *old = new + along * *old;
        }
        norm = rest;
    }
    solution
}

fn dot(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(a, b)| a * b).sum()
}

/// Adds `factor` * `other` to `sum`.
fn add(sum: &mut [f64], factor: f64, other: &[f64]) {
    for (sum, other) in sum.iter_mut().zip(other) {
        *sum += factor * other;
    }
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
    use proptest::prelude::*;

    use super::*;

    fn runs(program: u64, seconds: f64, count: usize) -> Vec<CompletedRun> {
        let program = Program(program);
        vec![CompletedRun { program, seconds }; count]
    }

    fn site(runs: &[Vec<CompletedRun>]) -> (SiteTasks, FailureRule) {
        let tasks = SiteTasks {
            runs: runs.concat(),
            ..SiteTasks::default()
        };
        (tasks, FailureRule::default())
    }

    fn ratios(sites: &[(SiteTasks, FailureRule)]) -> Vec<Option<f64>> {
        let found = calibrate(sites).into_iter();
        found.map(|found| Some(found.speed?.ratio)).collect()
    }

    #[test]
    fn many_equal_tasks_tell_the_ratio_of_speeds() {
        let found = calibrate(&[
            site(&[runs(1, 100.0, 10_000)]),
            site(&[runs(1, 400.0, 9_000)]),
        ]);
        let [one, other] = [found[0].speed.unwrap(), found[1].speed.unwrap()];
        assert!((one.ratio / other.ratio - 4.0).abs() < 0.02, "{found:?}");
        assert!((one.ratio * other.ratio - 1.0).abs() < 1e-9, "{found:?}");
        assert_eq!((one.tasks, one.elsewhere), (10_000, 9_000));
    }

    #[test]
    fn few_tasks_tell_little() {
        let found = ratios(&[site(&[runs(1, 100.0, 1)]), site(&[runs(1, 400.0, 1)])]);
        let faster = found[0].unwrap();
        assert!(faster > 1.0 && faster < 1.1, "{found:?}");
    }

    #[test]
    fn a_single_task_elsewhere_does_not_make_many_tasks_here_tell_much() {
        let found = ratios(&[site(&[runs(1, 100.0, 10_000)]), site(&[runs(1, 400.0, 1)])]);
        let faster = found[0].unwrap();
        assert!(faster > 1.0 && faster < 1.2, "{found:?}");
    }

    #[test]
    fn tasks_of_other_programs_are_not_compared() {
        let other = [site(&[runs(1, 100.0, 50)]), site(&[runs(2, 400.0, 50)])];
        assert_eq!(ratios(&other), [None, None]);
        assert_eq!(ratios(&other[..1]), [None]);
        assert_eq!(ratios(&[]), []);
    }

    #[test]
    fn sites_without_a_common_program_are_compared_over_a_third() {
        // The first is 4 times as fast as the two others, which are equal.
        let found = ratios(&[
            site(&[runs(1, 100.0, 10_000)]),
            site(&[runs(1, 400.0, 10_000), runs(2, 70.0, 10_000)]),
            site(&[runs(2, 70.0, 10_000)]),
        ]);
        let [first, second, third] = [found[0], found[1], found[2]].map(Option::unwrap);
        assert!((first / third - 4.0).abs() < 0.05, "{found:?}");
        assert!((second / third - 1.0).abs() < 0.01, "{found:?}");
    }

    #[test]
    fn run_times_of_nothing_are_left_out() {
        let found = ratios(&[
            site(&[runs(1, 0.0, 50)]),
            site(&[runs(1, 400.0, 50)]),
            site(&[runs(1, f64::NAN, 50)]),
        ]);
        assert_eq!(found, [None, None, None]);
    }

    #[test]
    fn waits_and_failures_are_those_of_the_site() {
        let tasks = SiteTasks {
            started: vec![30.0, 10.0, 1e6],
            outcomes: Outcomes {
                ended: 80,
                system_errors: 7,
                executor_errors: 10,
                preempted: 2,
            },
            ..SiteTasks::default()
        };
        let share = |failures, preemptions_per_hour| {
            let rule = FailureRule {
                failures,
                preemptions_per_hour,
            };
            let found = calibrate(&[(tasks.clone(), rule)]);
            (100.0 * found[0].failures.unwrap()).round()
        };
        let found = calibrate(&[(tasks.clone(), FailureRule::default())]);
        let queue = MeasuredQueue {
            seconds: 30.0,
            started: 3,
            waiting: 0,
        };
        assert_eq!(found[0].queue, Some(queue));
        assert!((share(Failures::Share(0.5), 0.0) - 10.0).abs() < 1e-9);
        assert!((share(Failures::History, 0.1) - 8.0).abs() < 1e-9);
        assert!((share(Failures::HistoryWithExecutorErrors, 0.0) - 20.0).abs() < 1e-9);
    }

    #[test]
    fn tasks_that_wait_make_the_queue_longer() {
        let tasks = SiteTasks {
            started: vec![10.0; 3],
            waiting: vec![500.0; 5],
            ..SiteTasks::default()
        };
        let found = calibrate(&[(tasks, FailureRule::default())]);
        assert!((found[0].queue.unwrap().seconds - 500.0).abs() < 1e-9);
    }

    #[test]
    fn nothing_is_measured_of_a_site_without_tasks() {
        let found = calibrate(&[site(&[])]);
        assert!(found[0].is_empty());
    }

    proptest! {
        /// Sites and programs with true speeds and durations, each program at a random part of the sites.
        #[test]
        fn true_speeds_are_found(
            speeds in prop::collection::vec(-1.5..1.5_f64, 2..7),
            programs in prop::collection::vec((1.0..1e5_f64, any::<u8>()), 1..20),
        ) {
            // The first program runs everywhere, so that all sites can be compared.
            let sites: Vec<_> = speeds.iter().enumerate().map(|(position, speed)| {
                let at = programs.iter().enumerate().filter(|(number, (_, at))| {
                    *number == 0 || at & (1 << position) != 0
                });
                let all: Vec<_> = at.map(|(number, (seconds, _))| {
                    runs(number as u64, seconds / speed.exp(), 400)
                }).collect();
                site(&all)
            }).collect();
            let found = ratios(&sites);
            let centre = speeds.iter().sum::<f64>() / float(speeds.len());
            for (found, speed) in found.iter().zip(&speeds) {
                let found = found.unwrap().ln();
                prop_assert!((found - (speed - centre)).abs() < 0.1, "{found} {speed}");
            }
        }

        #[test]
        fn speeds_are_finite_whatever_the_tasks(
            times in prop::collection::vec(
                (0_usize..4, 0_u64..5, prop::num::f64::ANY), 0..60),
        ) {
            let mut sites = vec![site(&[]); 4];
            for (at, program, seconds) in times {
                sites[at].0.runs.extend(runs(program, seconds, 1));
            }
            for ratio in ratios(&sites).into_iter().flatten() {
                prop_assert!(ratio > 0.0 && ratio.is_finite());
            }
        }
    }
}
