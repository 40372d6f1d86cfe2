//! The combinations of all TES, best first.

use std::{cmp::Reverse, collections::BinaryHeap};

use super::{
    Choice,
    best::Stream,
    score::{Scale, Sum},
};
use crate::domain::estimate::TesEstimate;

/// The streams of all TES as one.
#[derive(Debug)]
pub(super) struct Merged<'a> {
    scale: Scale,
    sources: Vec<Source<'a>>,
    /// The best combination of each TES that was not taken yet.
    heads: BinaryHeap<Reverse<Head>>,
}

#[derive(Debug)]
struct Source<'a> {
    tes: &'a TesEstimate,
    constant: Sum,
    /// Made when the TES has its first turn: most of many TES never have one.
    stream: Option<Stream>,
}

/// Ordered by what the combination adds up to, then by the order of TES.
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

    /// The next best combination; the positions of its access URIs are added to `uris`.
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

/// What the best choice of copies adds up to.
fn best(tes: &TesEstimate, scale: &Scale) -> Sum {
    tes.objects
        .iter()
        .filter_map(|copies| copies.iter().map(|copy| scale.copy(copy)).min())
        .fold(Sum::ZERO, |sum, least| sum + least)
}
