//! Permits for calls in flight: all requests share `outbound.max_concurrency`, fairly.
//!
//! An eighth is reserved for requests without a call in flight. Of the rest a request gets one more while it holds fewer
//! than are still free. So a single request gets seven sixteenths of all, and n greedy ones converge to one part in n + 1
//! of the rest each, with as much left for the next one; with many of them, each can still make one call after the other.
//! Among waiting requests, the one with the fewest calls in flight is next; within it, kinds of services and then hosts
//! alternate, so that no call is stuck behind many to a dead host.

use std::{
    collections::VecDeque,
    hash::{BuildHasher, RandomState},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use tokio::sync::oneshot;
use url::Url;

use crate::telemetry::metrics::{CallKind, PermitsSeen};

/// What is called. Kinds alternate, so that many TES do not stand before all DRS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceKind {
    /// A TES.
    Tes,
    /// A DRS.
    Drs,
    /// A source of exchange rates.
    Rates,
    /// An identity provider.
    Oidc,
    /// Whatever else.
    Other,
}

impl ServiceKind {
    /// Whether many services can be behind one host.
    pub(in crate::client) const fn shares_hosts(self) -> bool {
        matches!(self, Self::Tes | Self::Drs)
    }
}

impl From<ServiceKind> for CallKind {
    fn from(kind: ServiceKind) -> Self {
        match kind {
            ServiceKind::Tes => Self::Tes,
            ServiceKind::Drs => Self::Drs,
            ServiceKind::Rates => Self::Rates,
            ServiceKind::Oidc => Self::Oidc,
            ServiceKind::Other => Self::Other,
        }
    }
}

/// Stands for host and port of a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HostKey(u64);

impl HostKey {
    pub(in crate::client) fn of(url: &Url, hasher: &RandomState) -> Self {
        Self(hasher.hash_one((url.host_str(), url.port_or_known_default())))
    }

    #[cfg(test)]
    pub(in crate::client) const fn of_test(number: u64) -> Self {
        Self(number)
    }
}

/// The permits of the whole process.
#[derive(Debug)]
pub(in crate::client) struct Permits {
    limit: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    in_use: usize,
    /// One entry for each request that waits.
    waiting: Vec<Waiting>,
}

/// How many permits one request holds. Changed only under the lock of [`Permits`].
#[derive(Debug, Default)]
pub(in crate::client) struct Holder(AtomicUsize);

/// The right to have a call in flight, until it is dropped.
#[derive(Debug)]
pub struct Permit {
    permits: Arc<Permits>,
    holder: Arc<Holder>,
}

/// The calls of one request that wait.
#[derive(Debug)]
struct Waiting {
    holder: Arc<Holder>,
    /// One queue for each host, the next one first.
    queues: VecDeque<HostQueue>,
    /// The kind that was served last.
    last: ServiceKind,
}

/// The calls that wait for one host.
#[derive(Debug)]
struct HostQueue {
    kind: ServiceKind,
    host: HostKey,
    /// Callers that went away are found when they are next.
    senders: VecDeque<oneshot::Sender<Permit>>,
}

impl Permits {
    /// At most `limit` calls in flight.
    pub(in crate::client) fn new(limit: usize) -> Self {
        Self {
            limit,
            state: Mutex::default(),
        }
    }

    /// A permit, if there is one for `holder` now.
    pub(in crate::client) fn try_acquire(self: &Arc<Self>, holder: &Arc<Holder>) -> Option<Permit> {
        let mut state = self.state();
        // Requests that wait hold at least as many as this one if it may have one more: see `may_acquire`.
        self.may_acquire(&state, holder)
            .then(|| self.grant(&mut state, holder))
    }

    /// Waits until `holder` may make a call to `host`.
    pub(in crate::client) async fn acquire(
        self: &Arc<Self>,
        holder: &Arc<Holder>,
        kind: ServiceKind,
        host: HostKey,
    ) -> Permit {
        loop {
            let receiver = {
                let mut state = self.state();
                if self.may_acquire(&state, holder) {
                    return self.grant(&mut state, holder);
                }
                state.enqueue(holder, kind, host)
            };
            // A queued sender is only dropped with the permits themselves, so there is no second round in practice.
            if let Ok(permit) = receiver.await {
                return permit;
            }
        }
    }

    /// The permits at this moment, for metrics.
    pub(in crate::client) fn seen(&self) -> PermitsSeen {
        let state = self.state();
        let queues = state.waiting.iter().flat_map(|waiting| &waiting.queues);
        PermitsSeen {
            limit: self.limit,
            in_use: state.in_use,
            waiting: queues.map(|queue| queue.senders.len()).sum(),
        }
    }

    fn may_acquire(&self, state: &State, holder: &Holder) -> bool {
        match holder.0.load(Relaxed) {
            0 => state.in_use < self.limit,
            held => held < (self.limit - self.limit / 8).saturating_sub(state.in_use),
        }
    }

    fn grant(self: &Arc<Self>, state: &mut State, holder: &Arc<Holder>) -> Permit {
        state.in_use += 1;
        holder.0.fetch_add(1, Relaxed);
        Permit {
            permits: Arc::clone(self),
            holder: Arc::clone(holder),
        }
    }

    fn release(self: &Arc<Self>, holder: &Holder) {
        // Permits whose receiver went away at this very moment. Dropping them takes the lock again, so it must be free.
        let mut rejected = Vec::new();
        let mut state = self.state();
        state.in_use -= 1;
        holder.0.fetch_sub(1, Relaxed);
        while let Some(position) = self.next(&state) {
            // To the end of the list: among equals, requests alternate.
            let mut waiting = state.waiting.remove(position);
            if let Some(sender) = waiting.dequeue() {
                let permit = self.grant(&mut state, &waiting.holder);
                rejected.extend(sender.send(permit).err());
            }
            if !waiting.queues.is_empty() {
                state.waiting.push(waiting);
            }
        }
    }

    /// The position of the waiting request with the fewest calls in flight, if it may have one more.
    fn next(&self, state: &State) -> Option<usize> {
        let (position, waiting) = state
            .waiting
            .iter()
            .enumerate()
            .min_by_key(|(_, waiting)| waiting.holder.0.load(Relaxed))?;
        self.may_acquire(state, &waiting.holder).then_some(position)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is consistent after every statement.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn enqueue(
        &mut self,
        holder: &Arc<Holder>,
        kind: ServiceKind,
        host: HostKey,
    ) -> oneshot::Receiver<Permit> {
        let (sender, receiver) = oneshot::channel();
        let known = self
            .waiting
            .iter_mut()
            .find(|waiting| Arc::ptr_eq(&waiting.holder, holder));
        match known {
            Some(waiting) => waiting.enqueue(kind, host, sender),
            None => self.waiting.push(Waiting {
                holder: Arc::clone(holder),
                queues: VecDeque::from([HostQueue::new(kind, host, sender)]),
                last: ServiceKind::Other,
            }),
        }
        receiver
    }
}

impl Waiting {
    fn enqueue(&mut self, kind: ServiceKind, host: HostKey, sender: oneshot::Sender<Permit>) {
        let same = |queue: &&mut HostQueue| (queue.kind, queue.host) == (kind, host);
        match self.queues.iter_mut().find(same) {
            Some(queue) => queue.senders.push_back(sender),
            None => self.queues.push_back(HostQueue::new(kind, host, sender)),
        }
    }

    /// The next call that still waits.
    fn dequeue(&mut self) -> Option<oneshot::Sender<Permit>> {
        while !self.queues.is_empty() {
            let of_another_kind = self.queues.iter().position(|queue| queue.kind != self.last);
            let mut queue = self.queues.remove(of_another_kind.unwrap_or(0))?;
            let next =
                std::iter::from_fn(|| queue.senders.pop_front()).find(|sender| !sender.is_closed());
            let kind = queue.kind;
            if !queue.senders.is_empty() {
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

impl HostQueue {
    fn new(kind: ServiceKind, host: HostKey, sender: oneshot::Sender<Permit>) -> Self {
        Self {
            kind,
            host,
            senders: VecDeque::from([sender]),
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.permits.release(&self.holder);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, future::join_all};

    use super::*;

    fn permits(limit: usize) -> Arc<Permits> {
        Arc::new(Permits::new(limit))
    }

    fn holder() -> Arc<Holder> {
        Arc::default()
    }

    /// As many permits as there are for `holder` at once.
    fn all(permits: &Arc<Permits>, holder: &Arc<Holder>) -> Vec<Permit> {
        std::iter::from_fn(|| permits.try_acquire(holder)).collect()
    }

    #[test]
    fn one_request_alone_gets_less_than_half_of_all_and_at_least_one() {
        for (most, expected) in [(1, 1), (2, 1), (3, 2), (8, 4), (256, 112)] {
            let permits = permits(most);
            assert_eq!(all(&permits, &holder()).len(), expected, "of {most}");
        }
    }

    #[test]
    fn later_requests_find_a_permit_and_never_more_than_the_limit_are_granted() {
        let permits = permits(16);
        let holders: Vec<_> = (0..10).map(|_| holder()).collect();
        let held: Vec<_> = holders.iter().map(|one| all(&permits, one)).collect();
        let counts: Vec<_> = held.iter().map(Vec::len).collect();
        assert_eq!(counts, [7, 4, 2, 1, 1, 1, 0, 0, 0, 0]);
        let mut ninth = Box::pin(permits.acquire(&holders[8], ServiceKind::Tes, HostKey(0)));
        assert!(ninth.as_mut().now_or_never().is_none());
        let mut first = Box::pin(permits.acquire(&holders[0], ServiceKind::Tes, HostKey(0)));
        assert!(first.as_mut().now_or_never().is_none());
        drop(held);
        drop((first.now_or_never(), ninth.now_or_never()));
        assert_eq!(permits.state().in_use, 0, "all were released");
        assert_eq!(all(&permits, &holders[7]).len(), 7);
    }

    #[tokio::test]
    async fn greedy_requests_converge_to_equal_shares() {
        let permits = permits(20);
        let holders: Vec<_> = (0..3).map(|_| holder()).collect();
        let greedy = holders.iter().flat_map(|one| {
            let permits = &permits;
            (0..200).map(move |_| async move {
                let _permit = permits.acquire(one, ServiceKind::Tes, HostKey(0)).await;
                for _ in 0..10 {
                    tokio::task::yield_now().await;
                }
                one.0.load(Relaxed)
            })
        });
        let held = join_all(greedy).await;
        // In the middle all three are active: of 20 an eighth is reserved, and a quarter of the rest left for the next one.
        for of_one in held.chunks(200) {
            assert!(
                of_one[80..120].iter().all(|&held| (3..=5).contains(&held)),
                "{of_one:?}"
            );
        }
        assert_eq!(permits.state().in_use, 0);
    }

    #[test]
    fn a_released_permit_goes_to_the_request_with_the_fewest() {
        let permits = permits(16);
        let (greedy, modest) = (holder(), holder());
        let mut held = all(&permits, &greedy);
        let few = all(&permits, &modest);
        assert_eq!((held.len(), few.len()), (7, 4));
        let mut first = Box::pin(permits.acquire(&greedy, ServiceKind::Tes, HostKey(0)));
        let mut second = Box::pin(permits.acquire(&modest, ServiceKind::Tes, HostKey(0)));
        assert!(first.as_mut().now_or_never().is_none());
        assert!(second.as_mut().now_or_never().is_none());
        held.truncate(held.len() - 2);
        let _third = second.now_or_never().unwrap();
        assert!(
            first.now_or_never().is_none(),
            "it came first, but holds more"
        );
    }

    #[test]
    fn kinds_and_hosts_of_one_request_alternate() {
        let (permits, holder) = (permits(2), holder());
        let mut held = all(&permits, &holder);
        let mut waiting: Vec<_> = [
            (ServiceKind::Tes, HostKey(1)),
            (ServiceKind::Tes, HostKey(1)),
            (ServiceKind::Tes, HostKey(2)),
            (ServiceKind::Drs, HostKey(3)),
            (ServiceKind::Drs, HostKey(3)),
            (ServiceKind::Drs, HostKey(4)),
        ]
        .into_iter()
        .enumerate()
        .map(|(number, (kind, host))| {
            let mut permit = Box::pin(permits.acquire(&holder, kind, host));
            assert!(permit.as_mut().now_or_never().is_none());
            (number, permit)
        })
        .collect();
        let mut order = Vec::new();
        while !waiting.is_empty() {
            held.clear();
            waiting.retain_mut(|(number, permit)| match permit.as_mut().now_or_never() {
                Some(permit) => {
                    held.push(permit);
                    order.push(*number);
                    false
                }
                None => true,
            });
        }
        assert_eq!(order, [0, 3, 2, 5, 1, 4]);
    }

    #[test]
    fn a_caller_that_gives_up_waiting_loses_no_permit() {
        let (permits, holder) = (permits(4), holder());
        let mut held = all(&permits, &holder);
        let mut waiters = Vec::new();
        for number in 0..6 {
            let mut permit = Box::pin(permits.acquire(&holder, ServiceKind::Tes, HostKey(number)));
            assert!(permit.as_mut().now_or_never().is_none());
            waiters.push(permit);
        }
        // One before, and one after it was granted a permit that it has not seen.
        drop(waiters.remove(0));
        held.clear();
        drop(waiters.remove(0));
        let granted: Vec<_> = waiters
            .iter_mut()
            .filter_map(FutureExt::now_or_never)
            .collect();
        assert_eq!(granted.len(), 2);
        drop((granted, waiters));
        assert_eq!(
            permits.state().in_use,
            0,
            "rejected permits are released too"
        );
        assert!(permits.state().waiting.is_empty());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn no_permit_is_lost_between_threads() {
        let permits = permits(6);
        let tasks = (0..16_u64).map(|number| {
            let (permits, holder) = (Arc::clone(&permits), holder());
            tokio::spawn(async move {
                let calls = (0..200_u64).map(async |call| {
                    let permit = permits.acquire(&holder, ServiceKind::Drs, HostKey(call % 3));
                    if (call + number).is_multiple_of(7) {
                        // Some do not wait for long.
                        let brief = std::time::Duration::from_micros(50 * call);
                        drop(tokio::time::timeout(brief, permit).await);
                    } else {
                        let _permit = permit.await;
                        tokio::task::yield_now().await;
                    }
                });
                join_all(calls).await;
            })
        });
        for task in join_all(tasks).await {
            task.unwrap();
        }
        assert_eq!(permits.state().in_use, 0);
    }
}
