//! The two lanes out of the engine.
//!
//! Life-cycle events are numbered and lossless: each subscriber has a bounded queue, and when one is full the engine
//! waits for it, but only at a safe point ([`Hub::settle`]), with no transaction open. Progress is latest-value.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::{mpsc, watch};

use crate::base::clock::Clock;
use crate::base::limits::EVENTS_WAITING_MAX;
use crate::model::event::{Event, EventBody, Level, Progress};

/// A subscriber's end of the life-cycle lane.
pub type Events = mpsc::Receiver<Arc<Event>>;

/// Hands events to whoever subscribed.
pub struct Hub {
    clock: Arc<dyn Clock>,
    seq: AtomicU64,
    lanes: Mutex<Vec<Lane>>,
    progress: watch::Sender<Progress>,
}

struct Lane {
    sender: mpsc::Sender<Arc<Event>>,
    /// What did not fit; emptied at the next safe point.
    waiting: VecDeque<Arc<Event>>,
}

impl Hub {
    /// A hub without subscribers.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let (progress, _) = watch::channel(Progress::default());
        Self { clock, seq: AtomicU64::new(0), lanes: Mutex::new(Vec::new()), progress }
    }

    /// Every event from now on.
    pub fn subscribe(&self) -> Events {
        let (sender, receiver) = mpsc::channel(EVENTS_WAITING_MAX);
        self.lanes().push(Lane { sender, waiting: VecDeque::new() });
        receiver
    }

    /// The latest progress of the table at work.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Emits a life-cycle event; never waits.
    pub fn emit(&self, body: EventBody) {
        let mut lanes = self.lanes();
        let seq = self.seq.fetch_add(1, Ordering::Relaxed) + 1;
        let event = Arc::new(Event { seq, at: self.clock.now(), body });
        lanes.retain_mut(|lane| {
            if lane.waiting.is_empty() {
                match lane.sender.try_send(Arc::clone(&event)) {
                    Ok(()) => true,
                    Err(mpsc::error::TrySendError::Full(event)) => {
                        lane.waiting.push_back(event);
                        true
                    }
                    Err(mpsc::error::TrySendError::Closed(_)) => false,
                }
            } else {
                lane.waiting.push_back(Arc::clone(&event));
                true
            }
        });
    }

    /// Emits a line for people.
    pub fn message(&self, level: Level, table: Option<&str>, text: impl Into<String>) {
        self.emit(EventBody::MessageLogged { level, table: table.map(str::to_owned), text: text.into() });
    }

    /// Publishes the latest progress.
    pub fn report(&self, progress: Progress) {
        self.progress.send_replace(progress);
    }

    /// Waits until every subscriber has room for what it missed; called at safe points only.
    pub async fn settle(&self) {
        loop {
            let next = self.lanes().iter_mut().find_map(|lane| {
                let event = lane.waiting.front()?;
                Some((lane.sender.clone(), Arc::clone(event)))
            });
            let Some((sender, event)) = next else { return };
            let delivered = sender.send(event).await.is_ok();
            let mut lanes = self.lanes();
            if let Some(position) = lanes.iter().position(|lane| lane.sender.same_channel(&sender)) {
                if delivered {
                    lanes[position].waiting.pop_front();
                } else {
                    lanes.remove(position);
                }
            }
        }
    }

    fn lanes(&self) -> MutexGuard<'_, Vec<Lane>> {
        self.lanes.lock().expect("no code panics while it holds the lanes")
    }
}
