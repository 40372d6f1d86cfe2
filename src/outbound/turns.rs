//! Whose turn it is to make a call: all requests share `outbound.max_concurrency`, and none has to wait for another.
//!
//! An eighth is kept for requests that have no call in flight. Of the rest a request gets one more while it has fewer in
//! flight than are still free. So one alone gets seven sixteenths of all, n of them that want everything come to hold one
//! part in n + 1 of the rest each and leave as much to the next one; and with many of them, each can still make one call
//! after the other. Among those that wait, the one with the fewest calls in flight is next; within it, kinds of services
//! and then hosts take turns, so that nothing is stuck behind many calls to a dead host.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{
            AtomicUsize,
            Ordering::{AcqRel, Acquire, Relaxed},
        },
    },
};

use tokio::sync::oneshot;

use super::errand::Errand;

/// What a service is asked for. Kinds take turns, so that many TES do not stand before all DRS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Tes,
    Drs,
    Other,
}

/// The turns of the whole process.
#[derive(Debug)]
pub(super) struct Turns {
    /// How many calls may be in flight.
    most: usize,
    /// How many calls are in flight, times [`ONE`]; and [`AWAITED`] while someone waits. While no one does, this is all
    /// that is touched; after that, everything is changed under the lock.
    state: AtomicUsize,
    lines: Mutex<Vec<Line>>,
}

const AWAITED: usize = 1;
const ONE: usize = 2;

/// The right to have a call in flight, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    turns: Arc<Turns>,
    errand: Arc<Errand>,
}

/// Those that wait for the calls of one request.
#[derive(Debug)]
struct Line {
    errand: Arc<Errand>,
    /// One queue for each host, the next one first.
    queues: VecDeque<Queue>,
    /// The kind whose turn it was.
    last: Kind,
}

/// Those that wait to call one host.
#[derive(Debug)]
struct Queue {
    kind: Kind,
    host: u64,
    /// Whoever gave up waiting is found out when it is its turn.
    waiting: VecDeque<oneshot::Sender<Turn>>,
}

impl Turns {
    /// With at most `most` calls in flight.
    pub(super) const fn new(most: usize) -> Self {
        Self {
            most,
            state: AtomicUsize::new(0),
            lines: Mutex::new(Vec::new()),
        }
    }

    /// Waits until `errand` may make a call to `host`, which stands for a host in whatever way.
    pub(super) async fn take(
        self: &Arc<Self>,
        errand: &Arc<Errand>,
        kind: Kind,
        host: u64,
    ) -> Turn {
        loop {
            if let Some(turn) = self.try_take(errand) {
                return turn;
            }
            let waiting = match self.take_or_wait(errand, kind, host) {
                Ok(turn) => return turn,
                Err(waiting) => waiting,
            };
            // Whoever waits is not forgotten, so there is no second round.
            if let Ok(turn) = waiting.await {
                return turn;
            }
        }
    }

    /// A turn if no one waits and there is one.
    fn try_take(self: &Arc<Self>, errand: &Arc<Errand>) -> Option<Turn> {
        let taken = self.state.fetch_update(AcqRel, Acquire, |state| {
            let free = state & AWAITED == 0 && self.may(errand, state);
            free.then_some(state + ONE)
        });
        taken.is_ok().then(|| self.turn(errand))
    }

    /// A turn if there is one, or else a place in the line.
    fn take_or_wait(
        self: &Arc<Self>,
        errand: &Arc<Errand>,
        kind: Kind,
        host: u64,
    ) -> Result<Turn, oneshot::Receiver<Turn>> {
        let mut lines = self.lines();
        let mut may = false;
        // Never refused. Those that wait could not go a moment ago: whoever can has fewer calls in flight than they.
        let _ = self.state.fetch_update(AcqRel, Acquire, |state| {
            may = self.may(errand, state);
            Some(if may { state + ONE } else { state | AWAITED })
        });
        if may {
            drop(lines);
            return Ok(self.turn(errand));
        }
        let (sender, receiver) = oneshot::channel();
        let known = lines
            .iter()
            .position(|line| Arc::ptr_eq(&line.errand, errand));
        let position = known.unwrap_or_else(|| {
            lines.push(Line {
                errand: Arc::clone(errand),
                queues: VecDeque::new(),
                last: Kind::Other,
            });
            lines.len() - 1
        });
        if let Some(line) = lines.get_mut(position) {
            line.join(kind, host, sender);
        }
        Err(receiver)
    }

    /// Whether `errand` may have one more call in flight.
    fn may(&self, errand: &Errand, state: usize) -> bool {
        let taken = state / ONE;
        match errand.in_flight.load(Relaxed) {
            0 => taken < self.most,
            held => held < (self.most - self.most / 8).saturating_sub(taken),
        }
    }

    /// What was counted in `state` already.
    fn turn(self: &Arc<Self>, errand: &Arc<Errand>) -> Turn {
        errand.in_flight.fetch_add(1, Relaxed);
        Turn {
            turns: Arc::clone(self),
            errand: Arc::clone(errand),
        }
    }

    fn give_back(self: &Arc<Self>, errand: &Errand) {
        errand.in_flight.fetch_sub(1, Relaxed);
        let given = self.state.fetch_update(AcqRel, Acquire, |state| {
            (state & AWAITED == 0).then(|| state - ONE)
        });
        if given.is_ok() {
            return;
        }
        // Turns of those that gave up at this very moment; they come back here, for which the lock must be free.
        let mut unwanted = Vec::new();
        let mut lines = self.lines();
        self.state.fetch_sub(ONE, AcqRel);
        while let Some(position) = self.next(&lines) {
            // To the end of the line of lines: among equals each has its turn.
            let mut line = lines.remove(position);
            if let Some(waiting) = line.leave() {
                self.state.fetch_add(ONE, AcqRel);
                unwanted.extend(waiting.send(self.turn(&line.errand)).err());
            }
            if !line.queues.is_empty() {
                lines.push(line);
            }
        }
        if lines.is_empty() {
            self.state.fetch_and(!AWAITED, AcqRel);
        }
    }

    /// The position of the line that has the fewest calls in flight, if one of those that wait there may go.
    fn next(&self, lines: &[Line]) -> Option<usize> {
        let (position, line) = lines
            .iter()
            .enumerate()
            .min_by_key(|(_, line)| line.errand.in_flight.load(Relaxed))?;
        self.may(&line.errand, self.state.load(Acquire))
            .then_some(position)
    }

    fn lines(&self) -> MutexGuard<'_, Vec<Line>> {
        // What is written into it is always whole.
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    fn join(&mut self, kind: Kind, host: u64, sender: oneshot::Sender<Turn>) {
        let same = |queue: &&mut Queue| (queue.kind, queue.host) == (kind, host);
        match self.queues.iter_mut().find(same) {
            Some(queue) => queue.waiting.push_back(sender),
            None => self.queues.push_back(Queue {
                kind,
                host,
                waiting: VecDeque::from([sender]),
            }),
        }
    }

    /// The next one that still waits.
    fn leave(&mut self) -> Option<oneshot::Sender<Turn>> {
        while !self.queues.is_empty() {
            let of_another_kind = self.queues.iter().position(|queue| queue.kind != self.last);
            let mut queue = self.queues.remove(of_another_kind.unwrap_or(0))?;
            let next = std::iter::from_fn(|| queue.waiting.pop_front())
                .find(|waiting| !waiting.is_closed());
            let kind = queue.kind;
            if !queue.waiting.is_empty() {
                self.queues.push_back(queue);
            }
            if next.is_some() {
                self.last = kind;
                return next;
            }
        }
        None
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.give_back(&self.errand);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, future::join_all};

    use super::*;

    fn turns(most: usize) -> Arc<Turns> {
        Arc::new(Turns::new(most))
    }

    fn errand() -> Arc<Errand> {
        Arc::default()
    }

    /// As many turns as can be had at once.
    fn all(turns: &Arc<Turns>, errand: &Arc<Errand>) -> Vec<Turn> {
        std::iter::from_fn(|| turns.take(errand, Kind::Tes, 0).now_or_never()).collect()
    }

    #[test]
    fn one_request_alone_gets_less_than_half_of_all_and_at_least_one() {
        for (most, expected) in [(1, 1), (2, 1), (3, 2), (8, 4), (256, 112)] {
            let turns = turns(most);
            assert_eq!(all(&turns, &errand()).len(), expected, "of {most}");
        }
    }

    #[test]
    fn late_comers_find_a_call_left_for_them_and_never_more_than_all_are_taken() {
        let turns = turns(16);
        let errands: Vec<_> = (0..10).map(|_| errand()).collect();
        let held: Vec<_> = errands.iter().map(|one| all(&turns, one)).collect();
        let counts: Vec<_> = held.iter().map(Vec::len).collect();
        assert_eq!(counts, [7, 4, 2, 1, 1, 1, 0, 0, 0, 0]);
        let mut ninth = Box::pin(turns.take(&errands[8], Kind::Tes, 0));
        assert!(ninth.as_mut().now_or_never().is_none());
        let mut first = Box::pin(turns.take(&errands[0], Kind::Tes, 0));
        assert!(first.as_mut().now_or_never().is_none());
        drop(held);
        drop((first.now_or_never(), ninth.now_or_never()));
        assert_eq!(turns.state.load(Acquire), 0, "all was given back");
        assert_eq!(all(&turns, &errands[7]).len(), 7);
    }

    #[tokio::test]
    async fn greedy_requests_come_to_hold_the_same() {
        let turns = turns(20);
        let errands: Vec<_> = (0..3).map(|_| errand()).collect();
        let greedy = errands.iter().flat_map(|one| {
            let turns = &turns;
            (0..200).map(move |_| async move {
                let _turn = turns.take(one, Kind::Tes, 0).await;
                for _ in 0..10 {
                    tokio::task::yield_now().await;
                }
                one.in_flight.load(Relaxed)
            })
        });
        let held = join_all(greedy).await;
        // In the middle all three are there: of 20 an eighth is kept, and a quarter of the rest left to the next one.
        for of_one in held.chunks(200) {
            assert!(
                of_one[80..120].iter().all(|&held| (3..=5).contains(&held)),
                "{of_one:?}"
            );
        }
        assert_eq!(turns.state.load(Acquire), 0);
    }

    #[test]
    fn a_turn_that_becomes_free_goes_to_who_has_the_fewest() {
        let turns = turns(16);
        let (greedy, modest) = (errand(), errand());
        let mut held = all(&turns, &greedy);
        let few = all(&turns, &modest);
        assert_eq!((held.len(), few.len()), (7, 4));
        let mut first = Box::pin(turns.take(&greedy, Kind::Tes, 0));
        let mut second = Box::pin(turns.take(&modest, Kind::Tes, 0));
        assert!(first.as_mut().now_or_never().is_none());
        assert!(second.as_mut().now_or_never().is_none());
        held.truncate(held.len() - 2);
        let _third = second.now_or_never().unwrap();
        assert!(
            first.now_or_never().is_none(),
            "it came first, but has more"
        );
    }

    #[test]
    fn kinds_and_hosts_of_one_request_take_turns() {
        let (turns, errand) = (turns(2), errand());
        let mut held = all(&turns, &errand);
        let mut waiting: Vec<_> = [
            (Kind::Tes, 1),
            (Kind::Tes, 1),
            (Kind::Tes, 2),
            (Kind::Drs, 3),
            (Kind::Drs, 3),
            (Kind::Drs, 4),
        ]
        .into_iter()
        .enumerate()
        .map(|(number, (kind, host))| {
            let mut turn = Box::pin(turns.take(&errand, kind, host));
            assert!(turn.as_mut().now_or_never().is_none());
            (number, turn)
        })
        .collect();
        let mut order = Vec::new();
        while !waiting.is_empty() {
            held.clear();
            waiting.retain_mut(|(number, turn)| match turn.as_mut().now_or_never() {
                Some(turn) => {
                    held.push(turn);
                    order.push(*number);
                    false
                }
                None => true,
            });
        }
        assert_eq!(order, [0, 3, 2, 5, 1, 4]);
    }

    #[test]
    fn who_gives_up_waiting_takes_nothing_along() {
        let (turns, errand) = (turns(4), errand());
        let mut held = all(&turns, &errand);
        let mut patient = Vec::new();
        for number in 0..6 {
            let mut turn = Box::pin(turns.take(&errand, Kind::Tes, number));
            assert!(turn.as_mut().now_or_never().is_none());
            patient.push(turn);
        }
        // One before, and one after it was given a turn that it has not seen.
        drop(patient.remove(0));
        held.clear();
        drop(patient.remove(0));
        let granted: Vec<_> = patient
            .iter_mut()
            .filter_map(FutureExt::now_or_never)
            .collect();
        assert_eq!(granted.len(), 2);
        drop((granted, patient));
        assert_eq!(
            turns.state.load(Acquire),
            0,
            "not even the mark of those who wait"
        );
        assert!(turns.lines().is_empty());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn no_turn_is_lost_between_threads() {
        let turns = turns(6);
        let tasks = (0..16_u64).map(|number| {
            let (turns, errand) = (Arc::clone(&turns), errand());
            tokio::spawn(async move {
                let calls = (0..200_u64).map(async |call| {
                    let turn = turns.take(&errand, Kind::Drs, call % 3);
                    if (call + number).is_multiple_of(7) {
                        // Some do not wait for long.
                        let brief = std::time::Duration::from_micros(50 * call);
                        drop(tokio::time::timeout(brief, turn).await);
                    } else {
                        let _turn = turn.await;
                        tokio::task::yield_now().await;
                    }
                });
                join_all(calls).await;
            })
        });
        for task in join_all(tasks).await {
            task.unwrap();
        }
        assert_eq!(turns.state.load(Acquire), 0);
    }
}
