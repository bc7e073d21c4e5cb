//! Calls to either side under a deadline, and getting a lost side back.

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::control::Control;
use super::hub::Hub;
use super::interrupt::{Flow, Interrupt, Stop};
use super::pace::Pace;
use crate::base::clock::Clock;
use crate::base::random::Random;
use crate::model::block::RowBlock;
use crate::model::event::{EventBody, Side};
use crate::model::settings::EndpointSettings;
use crate::store::{Applied, Batch, Change, ErrorClass, RowStream, Snapshot, Store, StoreError};

/// Both sides of a job, with what it takes to reach them.
pub struct Sides {
    /// Where rows come from.
    pub source: Arc<dyn Store>,
    /// Where they go.
    pub target: Arc<dyn Store>,
    source_settings: EndpointSettings,
    target_settings: EndpointSettings,
    clock: Arc<dyn Clock>,
    random: Mutex<Random>,
    pace: Pace,
    queries: std::sync::atomic::AtomicU64,
}

impl Sides {
    /// The sides of a job.
    pub fn new(
        source: (Arc<dyn Store>, EndpointSettings),
        target: (Arc<dyn Store>, EndpointSettings),
        clock: Arc<dyn Clock>,
        random: Random,
        pace: Pace,
    ) -> Self {
        Self {
            source: source.0,
            target: target.0,
            source_settings: source.1,
            target_settings: target.1,
            clock,
            random: Mutex::new(random),
            pace,
            queries: std::sync::atomic::AtomicU64::new(0),
        }
    }

    /// The store of a side.
    pub fn store(&self, side: Side) -> &Arc<dyn Store> {
        match side {
            Side::Source => &self.source,
            Side::Target => &self.target,
        }
    }

    fn settings(&self, side: Side) -> &EndpointSettings {
        match side {
            Side::Source => &self.source_settings,
            Side::Target => &self.target_settings,
        }
    }

    /// Queries sent so far.
    pub fn queries(&self) -> u64 {
        self.queries.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Runs one call of a side; one that outlasts the side's timeout counts as a lost connection.
    pub async fn call<T>(
        &self,
        side: Side,
        what: &str,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Flow<T> {
        self.queries.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let timeout = self.settings(side).timeout;
        let result = tokio::select! {
            biased;
            result = call => result,
            () = self.clock.sleep(timeout) => Err(timed_out(what, timeout)),
        };
        result.map_err(|error| Interrupt::from_store(side, error))
    }

    /// Applies a batch at the target; the caller tells refusals from failures.
    pub async fn apply(&self, batch: &Batch) -> Result<Applied, StoreError> {
        let timeout = self.target_settings.timeout;
        let result = tokio::select! {
            biased;
            result = self.target.apply(batch) => result,
            () = self.clock.sleep(timeout) => Err(timed_out("writing", timeout)),
        };
        let queries = result.as_ref().map_or(1, |applied| applied.queries);
        self.queries.fetch_add(queries, std::sync::atomic::Ordering::Relaxed);
        if result.is_ok() {
            let bytes = match &batch.change {
                Change::Delete(_) => 0,
                Change::Insert(rows) | Change::Update(rows) => rows.size_bytes(),
            };
            self.pace.spend(batch.change.len() as u64, bytes as u64).await;
        }
        result
    }

    /// Applies several batches in one transaction.
    pub async fn apply_together(&self, batches: &[Batch]) -> Result<Vec<Applied>, StoreError> {
        let timeout = self.target_settings.timeout;
        self.queries.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        tokio::select! {
            biased;
            result = self.target.apply_together(batches) => result,
            () = self.clock.sleep(timeout) => Err(timed_out("writing", timeout)),
        }
    }

    /// The next block of a stream, under the same deadline.
    pub async fn next(&self, side: Side, stream: &mut RowStream) -> Flow<Option<RowBlock>> {
        let timeout = self.settings(side).timeout;
        let result = tokio::select! {
            biased;
            result = stream.next() => result,
            () = self.clock.sleep(timeout) => Err(timed_out("waiting for rows", timeout)),
        };
        let block = result.map_err(|error| Interrupt::from_store(side, error))?;
        if let Some(block) = &block {
            self.pace.spend(block.len() as u64, block.size_bytes() as u64).await;
        }
        Ok(block)
    }

    /// Holds the run to its speed after rows that a side read without handing them out.
    pub async fn pace(&self, rows: u64) {
        self.pace.spend(rows, 0).await;
    }

    /// Opens a view of a side.
    pub async fn snapshot(&self, side: Side) -> Flow<Box<dyn Snapshot>> {
        self.call(side, "opening a snapshot", self.store(side).snapshot()).await
    }

    /// Gets a lost side back: the statement is tried again a few times after `retry_delay`, then everything is
    /// disconnected and connected anew with growing, jittered delays for at most `reconnect_for`.
    ///
    /// `attempt` counts the failures of the same unit in a row, from 1. Interruptible by the operator.
    pub async fn recover(&self, side: Side, attempt: u64, hub: &Hub, control: &Control) -> Flow<()> {
        let settings = self.settings(side);
        if attempt <= u64::from(settings.retry_count) {
            announce_wait(side, attempt, settings.retry_delay, hub);
            self.wait(settings.retry_delay, control).await?;
            self.target.disconnect().await;
            self.source.disconnect().await;
            if self.reachable(side).await.is_ok() {
                hub.emit(EventBody::ConnectionRestored { side });
                return Ok(());
            }
        }
        let lost_at = self.clock.elapsed();
        let mut delay = settings.reconnect_delay;
        for attempt in attempt.. {
            self.source.disconnect().await;
            self.target.disconnect().await;
            let jittered = self.jitter(delay);
            announce_wait(side, attempt, jittered, hub);
            self.wait(jittered, control).await?;
            let Err(last) = self.reachable(side).await else { break };
            if self.clock.elapsed().saturating_sub(lost_at) >= settings.reconnect_for {
                return Err(Interrupt::Stop(Stop::Unreachable(format!("{}: {last}", side.as_str()))));
            }
            delay = (delay * 2).min(settings.reconnect_delay * 8);
        }
        hub.emit(EventBody::ConnectionRestored { side });
        Ok(())
    }

    async fn reachable(&self, side: Side) -> Result<(), StoreError> {
        match self.call(side, "connecting", self.store(side).probe()).await {
            Ok(_) => Ok(()),
            Err(Interrupt::Lost(_, error)) => Err(error),
            Err(_) => Err(StoreError::new(ErrorClass::Connection, "connecting", "refused")),
        }
    }

    /// Sleeps, but obeys commands meanwhile.
    pub async fn wait(&self, delay: Duration, control: &Control) -> Flow<()> {
        let until = self.clock.elapsed() + delay;
        loop {
            if let Some(stop) = control.stopping() {
                return Err(Interrupt::Stop(stop));
            }
            let left = until.saturating_sub(self.clock.elapsed());
            if left.is_zero() {
                return Ok(());
            }
            tokio::select! {
                () = self.clock.sleep(left) => {}
                () = control.next() => {}
            }
        }
    }

    /// Half to one and a half of `delay`, so that many clients do not come back at once.
    fn jitter(&self, delay: Duration) -> Duration {
        let mut random = self.random.lock().expect("no code panics while it holds the generator");
        delay / 2 + Duration::from_millis(random.below(delay.as_millis() as u64 + 1))
    }
}

fn timed_out(what: &str, timeout: Duration) -> StoreError {
    StoreError::new(
        ErrorClass::Connection,
        what,
        format!("no answer within {}", humantime::format_duration(timeout)),
    )
    .with_hint("raise `timeout` of this side if the statement needs longer")
}

fn announce_wait(side: Side, attempt: u64, delay: Duration, hub: &Hub) {
    hub.emit(EventBody::ConnectionLost { side, attempt, retry_in_seconds: delay.as_secs_f64() });
}
