//! Merges the streams of all TES: their combinations, best first.

use std::{cmp::Reverse, collections::BinaryHeap};

use super::{
    Choice,
    best::Stream,
    score::{Scale, Sum},
};
use crate::domain::estimate::TesEstimate;

/// The merged stream of all TES.
#[derive(Debug)]
pub(super) struct Merged<'a> {
    scale: Scale,
    sources: Vec<Source<'a>>,
    /// The next combination of each TES.
    heads: BinaryHeap<Reverse<Head>>,
}

#[derive(Debug)]
struct Source<'a> {
    tes: &'a TesEstimate,
    constant: Sum,
    /// Created when the first combination of the TES is listed: with many TES, most never are.
    stream: Option<Stream>,
}

/// Ordered by the sum of the combination, then by the order of TES.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Head {
    sum: Sum,
    source: usize,
    position: usize,
}

impl<'a> Merged<'a> {
    pub(super) fn new(tes: &'a [TesEstimate], scale: Scale) -> Self {
        let sources: Vec<_> = tes
            .iter()
            .map(|tes| Source {
                tes,
                constant: scale.constant(tes),
                stream: None,
            })
            .collect();
        let heads = sources
            .iter()
            .enumerate()
            .map(|(source, Source { tes, constant, .. })| {
                Reverse(Head {
                    sum: *constant + best(tes, &scale),
                    source,
                    position: 0,
                })
            })
            .collect();
        Self {
            scale,
            sources,
            heads,
        }
    }

    /// The positions in the query of all TES by their best combinations. To be called first.
    pub(super) fn tes_best_first(&self) -> Vec<usize> {
        let mut heads: Vec<_> = self.heads.iter().map(|Reverse(head)| *head).collect();
        heads.sort_unstable();
        heads
            .into_iter()
            .filter_map(|head| Some(self.sources.get(head.source)?.tes.tes))
            .collect()
    }

    /// The next best combination; appends the positions of its access URIs to `uris`.
    pub(super) fn next(&mut self, uris: &mut Vec<u32>) -> Option<Choice<'a>> {
        let Reverse(head) = self.heads.pop()?;
        let source = self.sources.get_mut(head.source)?;
        let stream = source
            .stream
            .get_or_insert_with(|| Stream::new(source.tes, &self.scale));
        let chosen = stream.sum(head.position)?;
        let start = uris.len();
        stream.write_copies(head.position, uris);
        for (uri, copies) in uris.iter_mut().skip(start).zip(&source.tes.objects) {
            *uri = copies.get(*uri as usize).map_or(*uri, |copy| copy.uri);
        }
        if let Some(next) = stream.sum(head.position + 1) {
            let sum = source.constant + next;
            self.heads.push(Reverse(Head {
                sum,
                position: head.position + 1,
                ..head
            }));
        }
        Some(Choice {
            tes: source.tes,
            uris: start..uris.len(),
            transfer_cost: chosen.cost,
            transfer_time: chosen.time,
        })
    }
}

/// The sum of the best copy of each object.
fn best(tes: &TesEstimate, scale: &Scale) -> Sum {
    tes.objects
        .iter()
        .filter_map(|copies| copies.iter().map(|copy| scale.copy(copy)).min())
        .fold(Sum::ZERO, |sum, least| sum + least)
}
