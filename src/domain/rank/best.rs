//! The combinations of one TES, best first, each when it is asked for.
//!
//! Let `L(i)` be the list of all ways to choose copies for the objects i, i+1, ..., best first. Then `L(i)` is the
//! merge, over the copies of object i, of `L(i+1)` with that copy put in front; and as sums are exact, putting the same
//! copy in front of all of `L(i+1)` leaves it in order, ties included. So each layer is a heap with one candidate for
//! each copy, and produces its next entry only when the layer above asks for it: k combinations of n objects take at
//! most k entries a layer. (Recursive enumeration, Jimenez and Marzal 1999, doi:10.1007/3-540-48318-7_4, on a graph
//! with one layer an object.)

use std::{cmp::Reverse, collections::BinaryHeap};

use super::score::{Scale, Sum};
use crate::domain::estimate::{CopyEstimate, TesEstimate};

/// The ways to choose a copy of every object, best first.
#[derive(Debug)]
pub(super) struct Stream {
    layers: Vec<Layer>,
}

/// The ways to choose copies for one object and all after it.
#[derive(Debug)]
struct Layer {
    /// What each copy of this object adds, in the order in which their URIs were first given.
    copies: Vec<Sum>,
    produced: Vec<Entry>,
    /// The best way for each copy that was not produced yet, except that of `awaited`.
    candidates: BinaryHeap<Reverse<Entry>>,
    /// The copy of the last entry, and which entry of the next layer it goes on with.
    awaited: Option<Rest>,
}

/// One way to choose: ordered by what it adds up to, then by the order of copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    sum: Sum,
    choice: Rest,
}

/// A copy, and the position of the entry in the next layer that it is put in front of.
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

    /// What the choice at `position` adds up to, best first from 0; `None` past the last one.
    /// Positions must be asked for one after the other.
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
        // A layer can go on once the next one has the entry that it awaits; go down to the first that has.
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

    /// How many entries a layer has produced; behind the last object there is exactly one way to choose nothing.
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

    /// Whether the layer cannot go on before the next one has produced more than `produced` entries.
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
