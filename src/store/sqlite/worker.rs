//! A thread that owns a connection and does one thing at a time for callers that are async.
//!
//! A caller that goes away stops its work: the connection's progress handler asks whether somebody still waits.

use std::future::Future as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot, watch};

use crate::base::limits::{SQLITE_PROGRESS_OPERATIONS, STORE_REQUESTS_WAITING_MAX};
use crate::base::task;
use crate::store::{ErrorClass, Result, StoreError};

/// What lives on a worker's thread.
pub(super) trait Session: 'static {
    /// The connection that callers' work runs on.
    fn connection(&self) -> &Connection;

    /// Whether the statement that runs has to stop for a reason of the session's own; for the progress handler.
    fn expiry(&self) -> Box<dyn FnMut() -> bool + Send>;

    /// Becomes ready when there is something to go on with, besides requests; see [`Session::go_on`].
    fn poll_idle(&mut self, context: &mut Context<'_>) -> Poll<()>;

    /// Goes on with what became ready.
    fn go_on(&mut self);

    /// Whether something is still to be done when nobody can ask any more.
    fn is_busy(&self) -> bool;
}

type Job<S> = Box<dyn FnOnce(&mut S) + Send>;

/// The life of connections that end together, whoever still holds them.
#[derive(Debug)]
pub(super) struct Life {
    ending: watch::Sender<bool>,
    /// Held by every thread until its connection is closed; the receiver learns when the last one is.
    alive: mpsc::Sender<()>,
    gone: mpsc::Receiver<()>,
}

impl Life {
    /// A new life.
    pub(super) fn new() -> Self {
        let (alive, gone) = mpsc::channel(1);
        Self { ending: watch::Sender::new(false), alive, gone }
    }

    /// Ends every thread that was started in this life, and returns when their connections are closed.
    pub(super) async fn end(self) {
        let Self { ending, alive, mut gone } = self;
        ending.send_replace(true);
        drop(alive);
        // Nothing is ever sent.
        let _ = gone.recv().await;
    }
}

/// Says whether a thread's life has ended.
#[derive(Debug, Clone)]
pub(super) struct Ending(watch::Receiver<bool>);

impl Ending {
    /// Whether it has.
    pub(super) fn has_begun(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }

    async fn wait(mut self) {
        // A life that is gone ends what was started in it, too.
        let _ = self.0.wait_for(|ended| *ended).await;
    }
}

/// The caller's end. Dropping it ends the thread once its session is not busy any more.
pub(super) struct Worker<S> {
    jobs: mpsc::Sender<Job<S>>,
}

impl<S> Clone for Worker<S> {
    fn clone(&self) -> Self {
        Self { jobs: self.jobs.clone() }
    }
}

impl<S: Session> Worker<S> {
    /// Starts a thread and opens its session there; it ends at the latest with `life`.
    pub(super) async fn start(
        name: &str,
        life: &Life,
        open: impl FnOnce(Ending) -> Result<S> + Send + 'static,
    ) -> Result<Self> {
        let (jobs, requests) = mpsc::channel(STORE_REQUESTS_WAITING_MAX);
        let (opened, answer) = oneshot::channel();
        let (ending, alive) = (Ending(life.ending.subscribe()), life.alive.clone());
        let thread = move || {
            match open(ending.clone()) {
                Ok(session) => {
                    if opened.send(Ok(())).is_ok() {
                        serve(session, requests, ending);
                    }
                }
                Err(error) => {
                    let _ = opened.send(Err(error));
                }
            }
            drop(alive);
        };
        let operation = || format!("starting the thread `{name}`");
        task::spawn_thread(name, thread)
            .map_err(|error| StoreError::new(ErrorClass::Connection, operation(), error.to_string()))?;
        answer.await.unwrap_or_else(|_| Err(ended(operation())))?;
        Ok(Self { jobs })
    }

    /// Runs `work` on the thread and waits for its result; dropping the future stops the work soon.
    pub(super) async fn call<T: Send + 'static>(
        &self,
        operation: String,
        work: impl FnOnce(&mut S) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        let abandoned = Arc::new(AtomicBool::new(false));
        let mut guard = AbandonOnDrop(Some(abandoned.clone()));
        let job = move |session: &mut S| {
            if abandoned.load(Ordering::Relaxed) {
                return;
            }
            let result = while_wanted(session, move || abandoned.load(Ordering::Relaxed), work);
            let _ = reply.send(result);
        };
        let sent = self.jobs.send(Box::new(job)).await;
        let result = match sent {
            Ok(()) => answer.await.unwrap_or_else(|_| Err(ended(operation))),
            Err(_) => Err(ended(operation)),
        };
        guard.0 = None;
        result
    }
}

/// Runs `work` with statements interrupted as soon as `unwanted` says so.
pub(super) fn while_wanted<S: Session, T>(
    session: &mut S,
    mut unwanted: impl FnMut() -> bool + Send + 'static,
    work: impl FnOnce(&mut S) -> T,
) -> T {
    let mut expired = session.expiry();
    let stop = move || unwanted() || expired();
    // Errors here mean a connection that is not our own; work then only runs to its end.
    let _ = session.connection().progress_handler(SQLITE_PROGRESS_OPERATIONS, Some(stop));
    let result = work(session);
    let _ = session.connection().progress_handler(0, None::<fn() -> bool>);
    result
}

struct AbandonOnDrop(Option<Arc<AtomicBool>>);

impl Drop for AbandonOnDrop {
    fn drop(&mut self) {
        if let Some(abandoned) = &self.0 {
            abandoned.store(true, Ordering::Relaxed);
        }
    }
}

fn ended(operation: impl Into<String>) -> StoreError {
    StoreError::new(ErrorClass::Connection, operation, "the database thread ended")
}

enum Event<S> {
    Job(Job<S>),
    Ready,
    /// Nobody can ask any more.
    Closed,
    /// Everything ends.
    LifeEnded,
}

fn serve<S: Session>(mut session: S, mut requests: mpsc::Receiver<Job<S>>, ending: Ending) {
    let mut life = Box::pin(ending.wait());
    let mut open = true;
    while open || session.is_busy() {
        let event = task::block_on(std::future::poll_fn(|context| {
            if life.as_mut().poll(context).is_ready() {
                return Poll::Ready(Event::LifeEnded);
            }
            // Requests first: they are short, and a stream's consumer may be waiting for one.
            if open && let Poll::Ready(job) = requests.poll_recv(context) {
                return Poll::Ready(job.map_or(Event::Closed, Event::Job));
            }
            session.poll_idle(context).map(|()| Event::Ready)
        }));
        match event {
            Event::Job(job) => job(&mut session),
            Event::Ready => session.go_on(),
            Event::Closed => open = false,
            Event::LifeEnded => return,
        }
    }
}
