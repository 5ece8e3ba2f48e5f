//! The thread that all media run on.
//!
//! A leg wakes for every packet and does very little. On a runtime of several threads most of that time
//! goes into waking the other threads, and requests and packets get into each other's way.

use std::future::Future;
use std::io;
use std::thread::JoinHandle;

use tokio::runtime::{Builder, EnterGuard, Handle};
use tokio::sync::oneshot;

/// A thread with a runtime. Dropping it waits until the thread and every task on it have ended, so it
/// must not be dropped by one of its own tasks.
pub(super) struct MediaThread {
    runtime: Handle,
    /// Dropped to end the thread.
    alive: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl MediaThread {
    /// # Errors
    /// The operating system gives no thread or no event queue.
    pub(super) fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (alive, ended) = oneshot::channel::<()>();
        let thread = std::thread::Builder::new().name("media".to_owned());
        let thread = thread.spawn(move || {
            // Nothing is ever sent: an error is the end of the owner, and what is waited for.
            drop(runtime.block_on(ended));
        })?;
        Ok(Self {
            runtime: handle,
            alive: Some(alive),
            thread: Some(thread),
        })
    }

    /// Runs `task` until it ends or the thread does.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.runtime.spawn(task);
    }

    /// Sockets opened while the guard lives belong to this thread.
    pub(super) fn enter(&self) -> EnterGuard<'_> {
        self.runtime.enter()
    }
}

impl Drop for MediaThread {
    fn drop(&mut self) {
        drop(self.alive.take());
        if self
            .thread
            .take()
            .is_some_and(|thread| thread.join().is_err())
        {
            tracing::error!("the media thread failed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;
    use std::sync::Arc;

    #[test]
    fn dropping_it_ends_every_task() {
        let thread = MediaThread::start().expect("a thread");
        let held = Arc::new(());
        for _ in 0..3 {
            let held = Arc::clone(&held);
            thread.spawn(async move {
                pending::<()>().await;
                drop(held);
            });
        }
        assert_eq!(Arc::strong_count(&held), 4);
        drop(thread);
        assert_eq!(Arc::strong_count(&held), 1);
    }
}
