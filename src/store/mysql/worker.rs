//! A connection with a task of its own, which serves requests in turn.
//!
//! Nobody else touches the connection, so that a caller that goes away never leaves it in the middle of an answer: the
//! statement at work runs to its end, and what comes behind it is not begun.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{mpsc, oneshot, watch};

use super::connect::Session;
use crate::base::limits::STORE_REQUESTS_WAITING_MAX;
use crate::base::task;
use crate::store::{ErrorClass, Result, StoreError};

/// Work on a connection.
pub(super) type Working<'c, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'c>>;

/// Hands the result over; done once the connection is known to be good for more, or closed.
type Reply = Box<dyn FnOnce() + Send>;

type Job = Box<
    dyn for<'c> FnOnce(&'c mut Session) -> Pin<Box<dyn Future<Output = Option<Reply>> + Send + 'c>> + Send,
>;

/// Every connection since the last time that all were ended.
pub(super) struct Life {
    ending: watch::Sender<bool>,
    alive: mpsc::Sender<()>,
    gone: mpsc::Receiver<()>,
}

impl Life {
    /// A new one, without connections.
    pub(super) fn new() -> Self {
        let (alive, gone) = mpsc::channel(1);
        Self { ending: watch::Sender::new(false), alive, gone }
    }

    /// Drops every connection, whatever it does, and returns when all are closed.
    pub(super) async fn end(self) {
        let Self { ending, alive, mut gone } = self;
        ending.send_replace(true);
        drop(alive);
        // Nothing is ever sent.
        let _ = gone.recv().await;
    }
}

/// Whether anybody waits for the result of the work under way.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted(Arc<AtomicBool>);

impl Wanted {
    /// An error, which nobody reads, when nobody does.
    pub(super) fn check(&self, operation: &str) -> Result<()> {
        if self.0.load(Ordering::Relaxed) {
            return Err(StoreError::new(ErrorClass::Connection, operation, "nobody waits for it any more"));
        }
        Ok(())
    }
}

struct AbandonOnDrop(Wanted);

impl Drop for AbandonOnDrop {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}

/// The caller's end. Dropping every clone ends the connection.
#[derive(Clone)]
pub(super) struct Worker {
    jobs: mpsc::Sender<Job>,
}

impl Worker {
    /// Gives a connection its task; it ends at the latest with `life`.
    pub(super) fn start(mut session: Session, life: &Life) -> Self {
        let (jobs, mut requests) = mpsc::channel::<Job>(STORE_REQUESTS_WAITING_MAX);
        let (mut ending, alive) = (life.ending.subscribe(), life.alive.clone());
        task::spawn(async move {
            let serve = async {
                while let Some(job) = requests.recv().await {
                    let reply = job(&mut session).await;
                    let broken = session.is_broken();
                    if broken {
                        requests.close();
                    }
                    if let Some(reply) = reply {
                        reply();
                    }
                    if broken {
                        return false;
                    }
                }
                true
            };
            let whole = tokio::select! {
                biased;
                _ = ending.wait_for(|ended| *ended) => false,
                whole = serve => whole,
            };
            // A connection in the middle of an answer is dropped; the server rolls back what was open.
            if whole {
                session.close().await;
            }
            drop(alive);
        });
        Self { jobs }
    }

    /// Whether the connection is lost.
    pub(super) fn is_closed(&self) -> bool {
        self.jobs.is_closed()
    }

    /// Runs `work` on the connection and waits for its result; dropping the future stops the work soon.
    pub(super) async fn call<T: Send + 'static>(
        &self,
        operation: &str,
        work: impl for<'c> FnOnce(&'c mut Session) -> Working<'c, T> + Send + 'static,
    ) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        let wanted = Wanted::default();
        let guard = AbandonOnDrop(wanted.clone());
        let job: Job = Box::new(move |session| {
            Box::pin(async move {
                if wanted.0.load(Ordering::Relaxed) {
                    return None;
                }
                session.wanted = wanted;
                let result = work(session).await;
                let reply: Reply = Box::new(move || drop(reply.send(result)));
                Some(reply)
            })
        });
        let ended = || StoreError::new(ErrorClass::Connection, operation, "the connection was ended");
        self.jobs.send(job).await.map_err(|_| ended())?;
        let result = answer.await.unwrap_or_else(|_| Err(ended()));
        drop(guard);
        result
    }
}
