//! Questions that many requests have at the same time: one asks for all, and none waits for the turn of another.

use std::{
    future::poll_fn,
    hash::Hash,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
};

use moka::future::Cache;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use url::Url;

use super::{failure::FetchError, fetch::Fetcher, turns::Turn};

tokio::task_local! {
    /// The turn of the question that is being asked, if there is one for all its calls: good for one call at a time.
    static HELD: Arc<Semaphore>;
}

/// Why a call may be made: it has a turn of its own, or that of the question that it belongs to.
#[derive(Debug)]
pub(super) enum Leave {
    Own(#[expect(dead_code, reason = "is had until it is dropped")] Turn),
    Held(#[expect(dead_code, reason = "is had until it is dropped")] OwnedSemaphorePermit),
}

/// Why a question that others may have joined has no answer.
#[derive(Debug, Clone)]
enum Unanswered<E> {
    /// Whoever asked it went away, and whoever came next in line had no turn to ask with.
    Orphaned,
    Failed(E),
}

/// Does `work` with `turn`: of its calls one at a time needs no other.
pub(super) async fn with_turn<W: Future>(turn: Turn, work: W) -> W::Output {
    let done = HELD.scope(Arc::new(Semaphore::new(1)), work).await;
    drop(turn);
    done
}

/// Waits for a turn to make one call with: the next `own` one, or that of the question that it belongs to.
///
/// # Errors
/// That of `own`.
pub(super) async fn leave(
    own: impl Future<Output = Result<Turn, FetchError>>,
) -> Result<Leave, FetchError> {
    let Ok(held) = HELD.try_with(Arc::clone) else {
        return own.await.map(Leave::Own);
    };
    tokio::select! {
        biased;
        Ok(permit) = held.acquire_owned() => Ok(Leave::Held(permit)),
        turn = own => turn.map(Leave::Own),
    }
}

impl Fetcher {
    /// What `answers` has for `key`, or is about to have; or else what `question` gives, which is kept there.
    ///
    /// A question is asked only when its request has a turn to call the host of `url`, and goes on with that turn to its
    /// end. So whoever joins it waits for the service, and never for a request that asks for too much.
    ///
    /// # Errors
    /// That of `question`, which is not kept but given to all who wait for the answer.
    pub(super) async fn ask_once<K, V, E>(
        &self,
        answers: &Cache<K, V>,
        key: K,
        url: &Url,
        question: impl Future<Output = Result<V, E>>,
    ) -> Result<V, E>
    where
        K: Hash + Eq + Clone + Send + Sync + 'static,
        V: Clone + Send + Sync + 'static,
        E: From<FetchError> + Clone + Send + Sync + 'static,
    {
        if let Some(answer) = answers.get(&key).await {
            return Ok(answer);
        }
        let mut question = pin!(question);
        loop {
            let turn = Mutex::new(Some(self.turn(url).await?));
            let take = || turn.lock().unwrap_or_else(PoisonError::into_inner).take();
            let ask = async {
                let Some(turn) = take() else {
                    return Err(Unanswered::Orphaned);
                };
                let answer = with_turn(turn, question.as_mut()).await;
                answer.map_err(Unanswered::Failed)
            };
            let mut answer = pin!(answers.try_get_with(key.clone(), ask));
            let answer = poll_fn(|context| {
                let answer = answer.as_mut().poll(context);
                // If the turn is still there, someone else is asking already.
                drop(take());
                answer
            });
            match answer.await.map_err(Arc::unwrap_or_clone) {
                Ok(answer) => return Ok(answer),
                Err(Unanswered::Failed(error)) => return Err(error),
                Err(Unanswered::Orphaned) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering::Relaxed},
        time::Duration,
    };

    use futures_util::{
        FutureExt,
        future::{join, join_all, pending},
    };
    use tokio::{sync::Notify, time::timeout};

    use super::*;
    use crate::{
        config::Config,
        outbound::{errand::on_errand, guard::Reach},
    };

    const PATIENCE: Duration = Duration::from_secs(10);

    /// With `calls` at once.
    fn fetcher(calls: usize) -> Fetcher {
        let mut config = Config::default();
        config.outbound.max_concurrency = calls;
        Fetcher::new(&config, Reach::Public).unwrap()
    }

    fn url() -> Url {
        "https://service.example/".parse().unwrap()
    }

    #[tokio::test]
    async fn a_question_is_asked_once_for_all_who_have_it_and_its_answer_is_kept() {
        let (fetcher, answers, asked) = (fetcher(64), Cache::new(9), AtomicUsize::new(0));
        let ask = async || {
            let question = async {
                tokio::task::yield_now().await;
                Ok::<_, FetchError>(asked.fetch_add(1, Relaxed))
            };
            on_errand(fetcher.ask_once(&answers, 1, &url(), question)).await
        };
        let told = join_all((0..20).map(|_| ask())).await;
        assert!(told.iter().all(|answer| *answer == Ok(0)), "{told:?}");
        assert_eq!(ask().await, Ok(0));
    }

    #[tokio::test]
    async fn whoever_joins_a_question_needs_no_turn_to_wait_with() {
        let (fetcher, answers, url, done) = (fetcher(8), Cache::new(9), url(), Notify::new());
        let ask = async || {
            let question = async {
                done.notified().await;
                Ok::<_, FetchError>(())
            };
            fetcher.ask_once(&answers, 1, &url, question).await
        };
        let asking = on_errand(async {
            let mut all = Box::pin(join_all((0..20).map(|_| ask())));
            assert!(all.as_mut().now_or_never().is_none());
            assert_eq!(all_turns(&fetcher, &url).len(), 3, "one of four is taken");
            done.notify_one();
            all.await
        });
        let told = timeout(PATIENCE, asking).await.unwrap();
        assert!(told.iter().all(Result::is_ok), "{told:?}");
    }

    #[tokio::test]
    async fn when_who_asked_goes_away_one_of_those_who_wait_asks_once_it_has_a_turn() {
        let (fetcher, answers) = (fetcher(2), Cache::new(9));
        let url = url();
        let ask = |question| on_errand(fetcher.ask_once(&answers, 1, &url, question)).boxed();
        let mut first = ask(pending::<Result<u8, FetchError>>().boxed());
        assert!(first.as_mut().now_or_never().is_none());
        let mut others: Vec<_> = (2..5)
            .map(|number| ask(async move { Ok(number) }.boxed()))
            .collect();
        for other in &mut others {
            assert!(other.as_mut().now_or_never().is_none());
        }
        drop(first);
        let told = timeout(PATIENCE, join_all(others)).await.unwrap();
        let answer = told.first().cloned().unwrap();
        assert!(answer.is_ok() && told.iter().all(|other| *other == answer));
        let again = timeout(PATIENCE, on_errand(fetcher.turn(&url))).await;
        assert!(again.unwrap().is_ok(), "all turns were given back");
    }

    #[tokio::test]
    async fn a_failure_is_for_all_who_wait_and_not_kept() {
        let (fetcher, answers) = (fetcher(8), Cache::new(9));
        let url = url();
        let ask = |answer| on_errand(fetcher.ask_once(&answers, 1, &url, async move { answer }));
        let failure = Err(FetchError::BadRedirect);
        assert_eq!(ask(failure.clone()).await, failure);
        assert_eq!(ask(Ok(7)).await, Ok(7));
    }

    /// As many turns as the errand can have at once.
    fn all_turns(fetcher: &Fetcher, url: &Url) -> Vec<Turn> {
        let next = || fetcher.turn(url).now_or_never()?.ok();
        std::iter::from_fn(next).collect()
    }

    #[tokio::test]
    async fn whoever_waits_for_a_turn_after_that_keeps_no_one_else_from_asking() {
        let (fetcher, answers, url) = (fetcher(8), Cache::new(9), url());
        let ask = |question| fetcher.ask_once(&answers, 1, &url, question).boxed();
        let call = || async { leave(fetcher.turn(&url)).await.map(drop) }.boxed();
        let mut first = on_errand(ask(pending().boxed())).boxed();
        assert!(first.as_mut().now_or_never().is_none());
        let mut greedy = Box::pin(on_errand(async {
            let mut asked = ask(call());
            assert!(asked.as_mut().now_or_never().is_none());
            let _all = all_turns(&fetcher, &url);
            asked.await
        }));
        assert!(greedy.as_mut().now_or_never().is_none());
        drop(first);
        let _its_turn = on_errand(fetcher.turn(&url)).await;
        assert!(greedy.as_mut().now_or_never().is_none());
        let modest = on_errand(ask(call()));
        assert_eq!(timeout(PATIENCE, modest).await, Ok(Ok(())));
    }

    #[tokio::test]
    async fn a_question_goes_on_with_its_turn_when_its_request_has_no_other() {
        let (fetcher, answers, url, done) = (fetcher(8), Cache::new(9), url(), Notify::new());
        let question = async {
            done.notified().await;
            leave(fetcher.turn(&url)).await.map(drop)
        };
        let asking = on_errand(async {
            let mut asked = Box::pin(fetcher.ask_once(&answers, 1, &url, question));
            assert!(asked.as_mut().now_or_never().is_none());
            let all = all_turns(&fetcher, &url);
            assert_eq!(all.len(), 3);
            done.notify_one();
            asked.await
        });
        assert_eq!(timeout(PATIENCE, asking).await, Ok(Ok(())));
    }

    #[tokio::test]
    async fn one_turn_is_enough_for_all_calls_of_a_question() {
        let (fetcher, url) = (fetcher(1), url());
        let call = async || {
            let leave = leave(fetcher.turn(&url)).await;
            tokio::task::yield_now().await;
            leave.map(drop)
        };
        let question = async {
            call().await?;
            let (one, other) = join(call(), call()).await;
            one.and(other)
        };
        let answers = Cache::new(9);
        let asked = on_errand(fetcher.ask_once(&answers, 1, &url, question));
        assert_eq!(timeout(PATIENCE, asked).await, Ok(Ok(())));
    }
}
