//! The events of the library as records for Python's `logging`. They wait in a queue until a thread that is attached to
//! the interpreter takes them, so that no thread of the library waits for the interpreter.

use std::{
    collections::VecDeque,
    fmt::{self, Write as _},
    panic,
    sync::{
        Mutex, MutexGuard, TryLockError,
        atomic::{AtomicU8, Ordering},
    },
    thread,
};

use pyo3::prelude::*;
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    subscriber::Interest,
};
use tracing_subscriber::{
    layer::{Context, Layer, SubscriberExt},
    registry::Registry,
};

/// Older records are dropped: nobody takes them while no ranking is asked for.
const MAX_RECORDS: usize = 1000;

/// How often the lock of the queue is tried.
const MAX_TRIES: usize = 10_000;

/// Level of `logging`, target, text.
type Record = (u8, &'static str, String);

static QUEUE: Mutex<VecDeque<Record>> = Mutex::new(VecDeque::new());
/// The least level of `logging` that is recorded: WARNING.
static MIN_LEVEL: AtomicU8 = AtomicU8::new(30);

/// Sends events of the library and panics to the queue, and nothing to STDERR. The state is that of this extension
/// module: the interpreter and other modules have their own.
pub(crate) fn install() {
    // A second interpreter of the process finds it installed.
    if tracing::subscriber::set_global_default(Registry::default().with(Queue)).is_ok() {
        panic::set_hook(Box::new(|info| {
            let payload = info.payload();
            let text = payload.downcast_ref::<&str>().copied();
            let owned = payload.downcast_ref::<String>().map(String::as_str);
            let what = text.or(owned).unwrap_or_default();
            let place = info.location().map(ToString::to_string).unwrap_or_default();
            push((
                40,
                "testribute",
                format!("Internal error at {place}: {what}"),
            ));
        }));
    }
}

/// The queue, which is locked for moments. In a child process it is locked for ever if a thread of the parent had it at the
/// fork: records are lost there then.
fn queue() -> Option<MutexGuard<'static, VecDeque<Record>>> {
    for _ in 0..MAX_TRIES {
        match QUEUE.try_lock() {
            Ok(queue) => return Some(queue),
            Err(TryLockError::Poisoned(queue)) => return Some(queue.into_inner()),
            Err(TryLockError::WouldBlock) => thread::yield_now(),
        }
    }
    None
}

fn push(record: Record) {
    let Some(mut queue) = queue() else {
        return;
    };
    if queue.len() >= MAX_RECORDS {
        queue.pop_front();
    }
    queue.push_back(record);
}

/// Sets the least level of `logging` that is recorded.
#[pyfunction]
pub(crate) fn set_log_level(level: u8) {
    MIN_LEVEL.store(level, Ordering::Relaxed);
}

/// Takes the records since the last call: level of `logging`, target, text.
#[pyfunction]
pub(crate) fn take_logs() -> Vec<Record> {
    queue().map_or_else(Vec::new, |mut queue| queue.drain(..).collect())
}

const fn python_level(level: Level) -> u8 {
    match level {
        Level::ERROR => 40,
        Level::WARN => 30,
        Level::INFO => 20,
        Level::DEBUG => 10,
        Level::TRACE => 5,
    }
}

struct Queue;

impl<S: Subscriber> Layer<S> for Queue {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if metadata.target().starts_with("testribute") {
            Interest::sometimes()
        } else {
            Interest::never()
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        metadata.is_event() && python_level(*metadata.level()) >= MIN_LEVEL.load(Ordering::Relaxed)
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = Line::default();
        event.record(&mut line);
        let metadata = event.metadata();
        let level = python_level(*metadata.level());
        push((level, metadata.target(), line.message + &line.fields));
    }
}

/// A message and its fields, such as `gathered offers=2 objects=1`.
#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a string cannot fail.
        let _ = if field.name() == "message" {
            write!(self.message, "{value:?}")
        } else {
            write!(self.fields, " {}={value:?}", field.name())
        };
    }
}
