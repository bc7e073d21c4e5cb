//! Spawning, in one place, so that a simulation can choose where tasks run.

use std::future::Future;

/// Runs `future` on the current runtime; dropping the handle does not stop it.
///
/// # Panics
/// When called outside a runtime.
#[expect(clippy::disallowed_methods, reason = "the one sanctioned spawner")]
pub fn spawn<F>(future: F) -> tokio::task::JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tokio::spawn(future)
}
