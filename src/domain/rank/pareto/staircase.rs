//! Points of cost and time of which none dominates another, sorted by cost.

use std::ops::Add;

use crate::domain::exact::{Cost, Seconds};

/// A cost and a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Point {
    pub(super) cost: Cost,
    pub(super) time: Seconds,
}

impl Add for Point {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            cost: self.cost + other.cost,
            time: self.time + other.time,
        }
    }
}

/// Points sorted by rising cost and falling time, both strictly.
#[derive(Debug, Clone, Default)]
pub(super) struct Staircase(Vec<Point>);

impl Staircase {
    /// Those of `points` that no other dominates.
    pub(super) fn new(points: impl IntoIterator<Item = Point>) -> Self {
        let mut points: Vec<_> = points.into_iter().collect();
        points.sort_unstable();
        let mut front = Self(Vec::with_capacity(points.len()));
        for point in points {
            front.push(point);
        }
        front
    }

    pub(super) fn single(point: Point) -> Self {
        Self(vec![point])
    }

    /// The point, if there is exactly one.
    pub(super) fn only(&self) -> Option<Point> {
        match self.0.as_slice() {
            [only] => Some(*only),
            _ => None,
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn points(&self) -> &[Point] {
        &self.0
    }

    /// The sums of each point with each of `other` that no other sum dominates.
    pub(super) fn plus(&self, other: &Self) -> Self {
        let shifted = other
            .0
            .iter()
            .map(|&step| Self(self.0.iter().map(|&point| point + step).collect()));
        Self::union(shifted.collect())
    }

    /// What is left of all `fronts` together.
    pub(super) fn union(mut fronts: Vec<Self>) -> Self {
        // In pairs, so that a point is moved only a logarithmic number of times.
        while fronts.len() > 1 {
            let mut pairs = Vec::with_capacity(fronts.len().div_ceil(2));
            let mut rest = fronts.into_iter();
            while let Some(one) = rest.next() {
                pairs.push(match rest.next() {
                    Some(other) => one.merged(&other),
                    None => one,
                });
            }
            fronts = pairs;
        }
        fronts.pop().unwrap_or_default()
    }

    fn merged(&self, other: &Self) -> Self {
        let mut merged = Self(Vec::with_capacity(self.len() + other.len()));
        let (mut ours, mut theirs) = (self.0.iter().peekable(), other.0.iter().peekable());
        loop {
            let next = match (ours.peek(), theirs.peek()) {
                (Some(a), Some(b)) if b < a => theirs.next(),
                (Some(_), _) => ours.next(),
                (None, _) => theirs.next(),
            };
            match next {
                Some(&point) => merged.push(point),
                None => return merged,
            }
        }
    }

    /// Adds a point that is not before the last one, unless an earlier one is at least as good.
    fn push(&mut self, point: Point) {
        if self.0.last().is_none_or(|last| point.time < last.time) {
            self.0.push(point);
        }
    }

    /// Whether a point is at least as good in both and better in one.
    pub(super) fn has_better_than(&self, point: Point) -> bool {
        let count = self.0.partition_point(|own| own.cost <= point.cost);
        // The last of them is the fastest that costs no more.
        let fastest = self.0.get(..count).and_then(<[_]>::last);
        fastest.is_some_and(|best| {
            best.time < point.time || (best.time == point.time && best.cost < point.cost)
        })
    }
}
