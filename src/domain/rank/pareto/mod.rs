//! The Pareto front of cost and time over the whole space.
//!
//! A copy may be cheaper and slower than another, so each TES has a front of its own. It is the sum of the fronts of its
//! objects, merged object by object: exactly while the fronts are small, and then between two bounds (`grid`), which decide
//! most combinations and leave the others undecided.

mod grid;
mod staircase;

use self::{
    grid::bounds,
    staircase::{Point, Staircase},
};
use crate::domain::{
    estimate::TesEstimate,
    exact::{Cost, Seconds},
};

/// The most points of all exact fronts together.
const MOST_POINTS: usize = 20_000;

/// The most additions of two points, for exact fronts and for bounds each: a few milliseconds.
const MOST_STEPS: usize = 1_500_000;

/// The Pareto front, or bounds of it.
#[derive(Debug)]
pub(super) struct Front {
    /// No combination is below: each point is at most the cost and the time of what it stands for.
    lower: Staircase,
    /// Combinations that exist; `None` if they are `lower`.
    upper: Option<Staircase>,
    /// Whether there are bounds at all.
    is_bounded: bool,
}

/// One TES as the front sees it.
#[derive(Debug)]
struct Part {
    constant: Point,
    /// The fronts of its objects, without those of a single point, which are in `constant`.
    objects: Vec<Staircase>,
}

impl Front {
    pub(super) fn of(tes: &[TesEstimate]) -> Self {
        let parts: Vec<_> = tes.iter().map(Part::new).collect();
        if let Some(front) = exact(&parts) {
            return Self {
                lower: front,
                upper: None,
                is_bounded: true,
            };
        }
        match grid::steps(&parts, MOST_STEPS) {
            Some(steps) => Self::between(&parts, steps),
            None => Self {
                lower: Staircase::default(),
                upper: None,
                is_bounded: false,
            },
        }
    }

    fn between(parts: &[Part], steps: usize) -> Self {
        let (lower, upper) = bounds(parts, steps);
        Self {
            lower,
            upper: Some(upper),
            is_bounded: true,
        }
    }

    /// The bounds of a front that may be small enough to be exact.
    #[cfg(test)]
    pub(super) fn with_steps(tes: &[TesEstimate], steps: usize) -> Self {
        let parts: Vec<_> = tes.iter().map(Part::new).collect();
        Self::between(&parts, steps)
    }

    /// Whether no combination is at least as good in both `cost` and `time` and better in one; `None` if that is not
    /// decided.
    pub(super) fn has_nothing_better(&self, cost: Cost, time: Seconds) -> Option<bool> {
        let point = Point { cost, time };
        if !self.is_bounded {
            return None;
        }
        if !self.lower.has_better_than(point) {
            return Some(true);
        }
        match &self.upper {
            None => Some(false),
            Some(upper) => upper.has_better_than(point).then_some(false),
        }
    }
}

impl Part {
    fn new(tes: &TesEstimate) -> Self {
        let mut constant = Point {
            cost: tes.constant_cost(),
            time: tes.constant_time(),
        };
        let mut objects = Vec::new();
        for copies in &tes.objects {
            let front = Staircase::new(copies.iter().map(|copy| Point {
                cost: copy.cost,
                time: copy.time,
            }));
            match front.only() {
                Some(point) => constant = constant + point,
                None => objects.push(front),
            }
        }
        Self { constant, objects }
    }
}

/// The front of all `parts`, unless it takes too many points or steps.
fn exact(parts: &[Part]) -> Option<Staircase> {
    let mut points = 0;
    let mut steps = 0;
    let mut fronts = Vec::with_capacity(parts.len());
    for part in parts {
        let mut front = Staircase::single(part.constant);
        for object in &part.objects {
            steps += front.len() * object.len();
            if steps > MOST_STEPS {
                return None;
            }
            front = front.plus(object);
            if points + front.len() > MOST_POINTS {
                return None;
            }
        }
        points += front.len();
        fronts.push(front);
    }
    Some(Staircase::union(fronts))
}
