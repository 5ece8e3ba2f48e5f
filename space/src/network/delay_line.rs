//! One thread that runs actions at their time of release.
//!
//! Timers of an async runtime are rounded to a millisecond, and a call crosses many of them; a condition
//! variable on a thread of its own is exact to a fraction of that.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Once, PoisonError};
use std::time::Instant;

use tokio::sync::oneshot;

type Action = Box<dyn FnOnce() + Send>;

/// Runs actions in the order of their release, and in the order they were given in for equal times.
pub(super) struct DelayLine {
    shared: Arc<Shared>,
    started: Once,
}

struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    heap: BinaryHeap<Reverse<Entry>>,
    sequence: u64,
    closed: bool,
}

struct Entry {
    release: Instant,
    sequence: u64,
    action: Action,
}

impl DelayLine {
    /// The thread starts with the first action: a space without delay has none.
    pub(super) fn new() -> Self {
        let shared = Shared {
            queue: Mutex::default(),
            changed: Condvar::new(),
        };
        Self {
            shared: Arc::new(shared),
            started: Once::new(),
        }
    }

    /// Runs `action` on the thread of the line at `release`, or as soon as possible when that is past.
    /// The action must not block: everything behind it waits.
    pub(super) fn at(&self, release: Instant, action: impl FnOnce() + Send + 'static) {
        self.started.call_once(|| {
            let shared = Arc::clone(&self.shared);
            std::thread::spawn(move || shared.run());
        });
        let mut queue = self.shared.lock();
        let sequence = queue.sequence;
        queue.sequence += 1;
        queue.heap.push(Reverse(Entry {
            release,
            sequence,
            action: Box::new(action),
        }));
        if queue
            .heap
            .peek()
            .is_some_and(|first| first.0.sequence == sequence)
        {
            self.shared.changed.notify_one();
        }
    }

    /// Resolves at `release`. When the line ends first, the receiver resolves with an error.
    pub(super) fn timer(&self, release: Instant) -> oneshot::Receiver<()> {
        let (fire, fired) = oneshot::channel();
        self.at(release, move || {
            // A receiver that is gone no longer waits: nothing is lost.
            let _ = fire.send(());
        });
        fired
    }
}

impl Drop for DelayLine {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_one();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        while let Some(action) = self.next() {
            action();
        }
    }

    /// Waits for the next action that is due; `None` once the line is dropped.
    fn next(&self) -> Option<Action> {
        let mut queue = self.lock();
        loop {
            if queue.closed {
                return None;
            }
            let now = Instant::now();
            queue = match queue.heap.peek().map(|first| first.0.release) {
                Some(release) if release <= now => {
                    return queue.heap.pop().map(|first| first.0.action);
                }
                Some(release) => {
                    let waited = self.changed.wait_timeout(queue, release - now);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self
                    .changed
                    .wait(queue)
                    .unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.sequence == other.sequence
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.release, self.sequence).cmp(&(other.release, other.sequence))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::Duration;

    #[test]
    fn runs_by_release_then_by_order_of_arrival_and_never_early() {
        let line = DelayLine::new();
        let (report, reports) = mpsc::channel();
        let start = Instant::now();
        for (name, delay_ms) in [("third", 60), ("first", 20), ("second", 20), ("fourth", 60)] {
            let report = report.clone();
            let release = start + Duration::from_millis(delay_ms);
            line.at(release, move || {
                report
                    .send((name, release, Instant::now()))
                    .expect("the test listens");
            });
        }
        drop(report);
        let ran: Vec<_> = reports.iter().collect();
        assert_eq!(
            ran.iter().map(|run| run.0).collect::<Vec<_>>(),
            ["first", "second", "third", "fourth"]
        );
        for (name, release, at) in ran {
            assert!(at >= release, "{name} ran early");
            assert!(
                at - release < Duration::from_millis(200),
                "{name} ran {:?} late",
                at - release
            );
        }
    }

    #[test]
    fn a_line_that_is_dropped_ends_its_timers() {
        let line = DelayLine::new();
        let timer = line.timer(Instant::now() + Duration::from_secs(3600));
        drop(line);
        assert!(timer.blocking_recv().is_err());
    }
}
