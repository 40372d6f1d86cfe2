//! The Kaplan-Meier estimate of a median, for durations of which some have not ended yet.
//!
//! E. L. Kaplan and P. Meier, "Nonparametric estimation from incomplete observations", J. Amer. Statist. Assoc. 53
//! (1958).

/// Survival this close to one half is one half: products of fractions are not exact.
const TOLERANCE: f64 = 1e-12;

/// The smallest time at which survival falls below one half. `ended` are durations that ended, `open` those that have
/// lasted so long and go on: finite numbers of at least 0.
///
/// Survival is multiplied by 1 - d / r at each time at which d of r durations end. At equal times, durations end before
/// open ones leave. Where survival is one half over an interval, the median is its middle, as usual. Where it stays one
/// half or above to the end, the median is not known, and the longest open duration is the best lower bound.
///
/// `None` without any duration.
pub(super) fn median(mut ended: Vec<f64>, mut open: Vec<f64>) -> Option<f64> {
    ended.sort_unstable_by(f64::total_cmp);
    open.sort_unstable_by(f64::total_cmp);
    let longest_open = open.last().copied();
    let mut survival = 1.0;
    let mut ended_before = 0;
    let mut half_since = None;
    for tied in ended.chunk_by(|one, next| one.total_cmp(next).is_eq()) {
        let &time = tied.first()?;
        if let Some(since) = half_since {
            return Some(f64::midpoint(since, time));
        }
        let left = ended_before + open.partition_point(|&age| age < time);
        let at_risk = (ended.len() + open.len()).saturating_sub(left);
        survival *= 1.0 - ratio(tied.len(), at_risk);
        if survival < 0.5 - TOLERANCE {
            return Some(time);
        }
        if survival < 0.5 + TOLERANCE {
            half_since = Some(time);
        }
        ended_before += tied.len();
    }
    longest_open
}

#[expect(
    clippy::cast_precision_loss,
    reason = "lists of tasks are far shorter than 2^53"
)]
fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};

    use super::*;

    /// The definition, in exact fractions: survival at `time` is the product over all earlier end times.
    fn naive(ended: &[u32], open: &[u32]) -> Option<f64> {
        let mut times = ended.to_vec();
        times.sort_unstable();
        times.dedup();
        let survival_at = |time: u32| {
            let steps = times.iter().filter(|&&end| end <= time);
            steps.fold((1_u128, 1_u128), |(numerator, denominator), &end| {
                let at_risk = ended.iter().chain(open).filter(|&&one| one >= end).count() as u128;
                let ends = ended.iter().filter(|&&one| one == end).count() as u128;
                (numerator * (at_risk - ends), denominator * at_risk)
            })
        };
        for (position, &time) in times.iter().enumerate() {
            let (numerator, denominator) = survival_at(time);
            if 2 * numerator < denominator {
                return Some(f64::from(time));
            }
            if 2 * numerator == denominator {
                return match times.get(position + 1) {
                    Some(&next) => Some(f64::midpoint(f64::from(time), f64::from(next))),
                    None => open.iter().max().map(|&age| f64::from(age)),
                };
            }
        }
        open.iter().max().map(|&age| f64::from(age))
    }

    fn floats(numbers: &[u32]) -> Vec<f64> {
        numbers.iter().copied().map(f64::from).collect()
    }

    #[test]
    fn it_agrees_with_the_definition_on_ten_thousand_random_cohorts() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(15);
        for round in 0..10_000 {
            // Few distinct times, so that there are ties and open durations at the times of ends.
            let latest = [3, 10, 1000][round % 3];
            let mut draw = |most: usize| -> Vec<u32> {
                let length = rng.random_range(0..=most);
                (0..length).map(|_| rng.random_range(0..=latest)).collect()
            };
            let (ended, open) = (draw(15), draw(15));
            let found = median(floats(&ended), floats(&open));
            assert_eq!(found, naive(&ended, &open), "{ended:?} {open:?}");
        }
    }

    #[test]
    fn without_open_durations_it_is_the_plain_median() {
        let plain = |numbers: &[f64]| median(numbers.to_vec(), Vec::new());
        assert_eq!(plain(&[]), None);
        assert_eq!(plain(&[7.0]), Some(7.0));
        assert_eq!(plain(&[9.0, 1.0]), Some(5.0));
        assert_eq!(plain(&[10.0, 1e6, 20.0]), Some(20.0));
        assert_eq!(plain(&[1.0, 2.0, 4.0, 9.0]), Some(3.0));
    }

    #[test]
    fn an_open_duration_counts_until_it_leaves() {
        // Survival: 1/2 at 1 (two of four ended), then one open leaves at 2, and 0 at 3.
        assert_eq!(median(vec![1.0, 1.0, 3.0], vec![2.0]), Some(2.0));
        // At an equal time the end comes first: 2/3, then 1/3.
        assert_eq!(median(vec![1.0, 2.0], vec![1.0]), Some(2.0));
        assert_eq!(median(vec![1.0], vec![2.0, 5.0]), Some(5.0));
        assert_eq!(median(Vec::new(), vec![4.0, 2.0]), Some(4.0));
    }
}
