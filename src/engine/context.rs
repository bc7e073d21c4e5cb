//! What every phase of a pass shares.

use std::sync::Arc;
use std::time::Duration;

use super::control::Control;
use super::hub::Hub;
use super::interrupt::{Flow, Interrupt};
use super::job::{Job, PassOptions};
use super::sides::Sides;
use super::tally::{Tally, Work};
use crate::base::clock::Timestamp;
use crate::model::digest::DigestSeed;
use crate::model::event::Side;
use crate::model::outcome::ErrorRecord;
use crate::state::{State, StateChange};
use crate::store::{Snapshot, StoreError};

/// The surroundings of a pass.
pub struct Context {
    /// The job.
    pub job: Job,
    /// What the pass is for.
    pub options: PassOptions,
    /// Events out.
    pub hub: Arc<Hub>,
    /// Commands in.
    pub control: Arc<Control>,
    /// Both databases.
    pub sides: Sides,
    /// Errors and measurements.
    pub tally: Tally,
    /// The pass's number.
    pub number: u64,
    /// The key of the row hash.
    pub seed: DigestSeed,
    /// Whether the pass continues an interrupted one.
    pub resumed: bool,
    /// Identities of source and target.
    pub identities: (String, String),
    /// Fingerprint of which tables both have.
    pub table_sets: String,
    /// Where source and target are, without secrets.
    pub locations: (String, String),
    /// The source's own clock when the pass began, when it has one.
    pub source_clock: Option<Timestamp>,
    /// The source as of one instant, kept as long as it may be, and when it was opened.
    source: tokio::sync::Mutex<Option<(Arc<dyn Snapshot>, Duration)>>,
}

impl Context {
    /// The context of a pass that is not numbered yet.
    pub fn new(
        job: Job,
        options: PassOptions,
        hub: Arc<Hub>,
        control: Arc<Control>,
        sides: Sides,
        seed: DigestSeed,
    ) -> Self {
        Self {
            job,
            options,
            hub,
            control,
            sides,
            tally: Tally::default(),
            number: 0,
            seed,
            resumed: false,
            identities: Default::default(),
            table_sets: String::new(),
            locations: Default::default(),
            source_clock: None,
            source: tokio::sync::Mutex::default(),
        }
    }

    /// The job's memory.
    pub fn state(&self) -> &dyn State {
        &*self.job.state
    }

    /// Makes changes to the job's memory, all or none.
    pub fn remember(&self, changes: &[StateChange]) -> Flow<()> {
        Ok(self.job.state.commit(changes)?)
    }

    /// As [`Context::remember`], for progress that may be made again: a power failure can undo the last few.
    pub fn remember_soon(&self, changes: &[StateChange]) -> Flow<()> {
        Ok(self.job.state.commit_soon(changes)?)
    }

    /// The source view that the pass reads from, opened at the first call.
    pub async fn source(&self) -> Flow<Arc<dyn Snapshot>> {
        let mut source = self.source.lock().await;
        if let Some((snapshot, _)) = &*source {
            return Ok(Arc::clone(snapshot));
        }
        let snapshot: Arc<dyn Snapshot> = Arc::from(self.sides.snapshot(Side::Source).await?);
        *source = Some((Arc::clone(&snapshot), self.elapsed()));
        Ok(snapshot)
    }

    /// Leaves a step that can go on from what it has saved when the source view has been open for `age_max`: a
    /// database keeps old versions of everything that is changed meanwhile.
    pub async fn cap_source_age(&self, age_max: Duration) -> Flow<()> {
        match &*self.source.lock().await {
            Some((_, opened)) if self.elapsed().saturating_sub(*opened) >= age_max => Err(Interrupt::Aged),
            _ => Ok(()),
        }
    }

    /// Lets the source view go; the next [`Context::source`] is of a later instant.
    pub async fn release_source(&self) {
        self.source.lock().await.take();
    }

    /// Runs a step again after a lost connection, until it succeeds or the side stays lost.
    ///
    /// The step must be one that may be begun again: it reads, or it writes what is idempotent.
    pub async fn persist<T>(&self, mut step: impl AsyncFnMut() -> Flow<T>) -> Flow<T> {
        let mut attempt = 0;
        loop {
            match step().await {
                Err(Interrupt::Lost(side, error)) => {
                    attempt += 1;
                    self.lost(side, &error, attempt).await?;
                }
                other => return other,
            }
        }
    }

    /// Gets a lost side back; everything that was open is of the past.
    pub async fn lost(&self, side: Side, error: &StoreError, attempt: u64) -> Flow<()> {
        self.tally.error(
            &self.hub,
            &self.job.settings.limits,
            ErrorRecord {
                class: "connection".to_owned(),
                table: None,
                key: None,
                message: format!("sync connection failed: {}: {error}", side.as_str()),
                hint: error.hint.clone(),
            },
        )?;
        self.release_source().await;
        self.sides.recover(side, attempt, &self.hub, &self.control).await
    }

    /// Time since an arbitrary start.
    pub fn elapsed(&self) -> Duration {
        self.job.clock.elapsed()
    }

    /// Runs a step and books its time.
    pub async fn timed<T>(&self, work: Work, step: impl Future<Output = T>) -> T {
        let start = self.elapsed();
        let result = step.await;
        self.tally.spent(work, self.elapsed().saturating_sub(start));
        result
    }
}
