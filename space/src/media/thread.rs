//! The thread that all media run on.
//!
//! A leg wakes for every packet and does very little. On a runtime of several threads most of that time
//! goes into waking the other threads, and requests and packets get into each other's way.

use std::io;

use tokio::runtime::{Builder, Handle};
use tokio::sync::watch;

/// Starts the thread; it ends, and its tasks with it, when the sender of `running` is dropped.
///
/// # Errors
/// The operating system gives no thread or no event queue.
pub(super) fn start(mut running: watch::Receiver<()>) -> io::Result<Handle> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    std::thread::Builder::new()
        .name("media".to_owned())
        .spawn(move || {
            // Nothing is ever sent: an end of waiting is the end of the owner.
            runtime.block_on(async { while running.changed().await.is_ok() {} });
        })?;
    Ok(handle)
}
