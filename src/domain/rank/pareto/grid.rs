//! Bounds of a Pareto front that has too many points: one point for each of a limited number of steps of cost.
//!
//! Below: of all sums in one step, the least cost and the least time, so that nothing is below these. Above: one sum of
//! each step that exists, the fastest.

use super::{
    Part,
    staircase::{Point, Staircase},
};
use crate::domain::exact::Cost;

/// The most steps of cost, over all TES together.
const STEPS: usize = 4096;

/// With fewer steps for one TES, hardly anything would be decided.
const FEWEST_STEPS: usize = 16;

/// How the sums of one step become a point.
#[derive(Debug, Clone, Copy)]
enum Bound {
    Lower,
    Upper,
}

/// How many steps each TES has if both bounds take at most `most` additions; `None` if these are too few.
pub(super) fn steps(parts: &[Part], most: usize) -> Option<usize> {
    let copies = parts
        .iter()
        .flat_map(|part| &part.objects)
        .map(Staircase::len);
    let all: usize = copies.sum();
    let steps = (most / (2 * all.max(1))).min(STEPS / parts.len().max(1));
    (steps >= FEWEST_STEPS).then_some(steps)
}

/// The front of `parts` lies between these two, each of at most `steps` points for a TES.
pub(super) fn bounds(parts: &[Part], steps: usize) -> (Staircase, Staircase) {
    let front = |bound| {
        let fronts = parts.iter().map(|part| part.bound(bound, steps));
        Staircase::union(fronts.collect())
    };
    (front(Bound::Lower), front(Bound::Upper))
}

impl Part {
    fn bound(&self, bound: Bound, steps: usize) -> Staircase {
        let mut front = Staircase::single(self.constant);
        let mut cells = vec![None; steps];
        for object in &self.objects {
            if front.len() * object.len() <= steps {
                front = front.plus(object);
                continue;
            }
            let grid = Grid::of(&front, object, steps);
            cells.fill(None);
            for point in front.points() {
                for step in object.points() {
                    let sum = *point + *step;
                    if let Some(cell) = cells.get_mut(grid.cell(sum.cost)) {
                        *cell = Some(cell.map_or(sum, |old| bound.join(old, sum)));
                    }
                }
            }
            front = Staircase::new(cells.iter().flatten().copied());
        }
        front
    }
}

impl Bound {
    fn join(self, one: Point, other: Point) -> Point {
        match self {
            Self::Lower => Point {
                cost: one.cost.min(other.cost),
                time: one.time.min(other.time),
            },
            Self::Upper if (other.time, other.cost) < (one.time, one.cost) => other,
            Self::Upper => one,
        }
    }
}

/// Equal steps from the least to the greatest cost of a sum.
struct Grid {
    least: u128,
    per_step: u128,
    steps: usize,
}

impl Grid {
    fn of(front: &Staircase, object: &Staircase, steps: usize) -> Self {
        let end = |points: [Option<&Point>; 2]| -> u128 {
            let costs = points.into_iter().flatten().map(|point| point.cost);
            costs.sum::<Cost>().units()
        };
        let least = end([front.points().first(), object.points().first()]);
        let most = end([front.points().last(), object.points().last()]);
        Self {
            least,
            per_step: (most.saturating_sub(least) / steps as u128) + 1,
            steps,
        }
    }

    fn cell(&self, cost: Cost) -> usize {
        let step = cost.units().saturating_sub(self.least) / self.per_step;
        usize::try_from(step)
            .unwrap_or(usize::MAX)
            .min(self.steps - 1)
    }
}
