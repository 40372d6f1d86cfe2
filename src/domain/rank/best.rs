//! The combinations of one TES, best first, computed on demand.
//!
//! Let `L(i)` be the list of all choices of copies for the objects i, i+1, ..., best first. Then `L(i)` is the merge, over
//! the copies of object i, of `L(i+1)` with that copy prepended; and as sums are exact, prepending the same copy to all
//! of `L(i+1)` preserves its order, ties included. So each layer is a heap with one candidate for each copy, and produces
//! its next entry only when the layer above requests it: k combinations of n objects take at most k entries per layer.
//! (Recursive enumeration, Jimenez and Marzal 1999, doi:10.1007/3-540-48318-7_4, on a graph with one layer per object.)

use std::{cmp::Reverse, collections::BinaryHeap};

use super::score::{Scale, Sum};
use crate::domain::estimate::{CopyEstimate, TesEstimate};

/// The choices of a copy of every object, best first.
#[derive(Debug)]
pub(super) struct Stream {
    layers: Vec<Layer>,
}

/// The choices of copies for one object and all after it.
#[derive(Debug)]
struct Layer {
    /// The sum of each copy of this object, in the order in which their URIs were first given.
    copies: Vec<Sum>,
    produced: Vec<Entry>,
    /// The best choice for each copy that was not produced yet, except that of `awaited`.
    candidates: BinaryHeap<Reverse<Entry>>,
    /// The copy of the last entry, and the entry of the next layer that it is combined with next.
    awaited: Option<Rest>,
}

/// One choice: ordered by its sum, then by the order of copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    sum: Sum,
    choice: Rest,
}

/// A copy, and the position of the entry in the next layer that it is prepended to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rest {
    copy: u32,
    next: u32,
}

impl Stream {
    /// Each layer needs the best entry of the next one, so they are filled from the last to the first.
    pub(super) fn new(tes: &TesEstimate, scale: &Scale) -> Self {
        let mut best_rest = Sum::ZERO;
        let mut layers: Vec<_> = tes
            .objects
            .iter()
            .rev()
            .map(|copies| {
                let layer = Layer::new(copies, scale, best_rest);
                best_rest = layer.produced.first().map_or(Sum::ZERO, |best| best.sum);
                layer
            })
            .collect();
        layers.reverse();
        Self { layers }
    }

    /// The sum of the choice at `position`, best first from 0; `None` after the last one.
    /// Positions must be requested in order.
    pub(super) fn sum(&mut self, position: usize) -> Option<Sum> {
        if self.layers.is_empty() {
            return (position == 0).then_some(Sum::ZERO);
        }
        if position >= self.produced(0) {
            self.advance();
        }
        Some(self.layers.first()?.produced.get(position)?.sum)
    }

    /// Writes the positions of the chosen copies, object by object.
    pub(super) fn write_copies(&self, position: usize, copies: &mut Vec<u32>) {
        let mut position = position;
        for layer in &self.layers {
            let Some(entry) = layer.produced.get(position) else {
                return;
            };
            copies.push(entry.choice.copy);
            position = entry.choice.next as usize;
        }
    }

    /// Makes the first layer produce one more entry, if there is one.
    fn advance(&mut self) {
        // A layer can advance once the next one has the entry that it awaits: descend to the first that can.
        let mut depth = 0;
        while self
            .layers
            .get(depth)
            .is_some_and(|layer| layer.awaits(self.produced(depth + 1)))
            && self.layers.get(depth + 1).is_some_and(Layer::has_more)
        {
            depth += 1;
        }
        // Not by recursion: there may be thousands of objects.
        for depth in (0..=depth).rev() {
            let next = self.layers.get(depth + 1);
            let rest = |position: u32| match next {
                Some(layer) => layer.produced.get(position as usize).map(|entry| entry.sum),
                None => (position == 0).then_some(Sum::ZERO),
            };
            let sum = self
                .layers
                .get(depth)
                .and_then(|layer| rest(layer.awaited?.next));
            if let Some(layer) = self.layers.get_mut(depth) {
                layer.produce(sum);
            }
        }
    }

    /// The number of entries that a layer has produced; after the last object, there is exactly one empty choice.
    fn produced(&self, depth: usize) -> usize {
        self.layers
            .get(depth)
            .map_or(1, |layer| layer.produced.len())
    }
}

impl Layer {
    fn new(copies: &[CopyEstimate], scale: &Scale, best_rest: Sum) -> Self {
        let copies: Vec<_> = copies.iter().map(|copy| scale.copy(copy)).collect();
        let candidates = (0..)
            .zip(&copies)
            .map(|(copy, &own)| {
                Reverse(Entry {
                    sum: own + best_rest,
                    choice: Rest { copy, next: 0 },
                })
            })
            .collect();
        let mut layer = Self {
            copies,
            produced: Vec::new(),
            candidates,
            awaited: None,
        };
        layer.produce(None);
        layer
    }

    /// Whether the layer cannot advance before the next one has produced more than `produced` entries.
    fn awaits(&self, produced: usize) -> bool {
        self.awaited
            .is_some_and(|rest| rest.next as usize >= produced)
    }

    /// Whether there may be more entries than those produced.
    fn has_more(&self) -> bool {
        self.awaited.is_some() || !self.candidates.is_empty()
    }

    /// Produces the next entry. `awaited` is the sum of the awaited entry of the next layer, or `None` if that has ended.
    fn produce(&mut self, awaited: Option<Sum>) {
        if let Some(choice) = self.awaited.take()
            && let Some(rest) = awaited
            && let Some(&own) = self.copies.get(choice.copy as usize)
        {
            self.candidates.push(Reverse(Entry {
                sum: own + rest,
                choice,
            }));
        }
        if let Some(Reverse(entry)) = self.candidates.pop() {
            self.produced.push(entry);
            self.awaited = Some(Rest {
                copy: entry.choice.copy,
                next: entry.choice.next + 1,
            });
        }
    }
}
