//! A workbench: two databases in memory, a job on them, and what a pass said.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use syncline::base::clock::{Clock, Timestamp};
use syncline::engine::control::Control;
use syncline::engine::hub::Hub;
use syncline::engine::{Job, PassOptions, run_pass};
use syncline::model::digest::DigestSeed;
use syncline::model::event::{Event, EventBody};
use syncline::model::outcome::{PassSummary, TableOutcome};
use syncline::model::settings::JobSettings;
use syncline::model::value::Value;
use syncline::state::memory::MemoryDisk;
use syncline::store::memory::{Database, MemoryOptions, MemoryStore, TableDefinition};

/// Civil time of the first instant of a test.
const START: Timestamp = Timestamp(1_763_654_400_000_000);

/// The runtime's own time, which a paused runtime moves only when everybody sleeps.
pub struct RuntimeClock {
    start: tokio::time::Instant,
}

impl RuntimeClock {
    pub fn new() -> Self {
        Self { start: tokio::time::Instant::now() }
    }
}

#[async_trait]
impl Clock for RuntimeClock {
    fn now(&self) -> Timestamp {
        START.plus(self.elapsed())
    }

    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    #[expect(clippy::disallowed_methods, reason = "the paused runtime is this test's clock")]
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// Two databases with the same tables, and a job that keeps the second equal to the first.
pub struct Bench {
    pub source: MemoryStore,
    pub target: MemoryStore,
    pub disk: MemoryDisk,
    pub settings: JobSettings,
    pub clock: Arc<RuntimeClock>,
    /// What the last pass said.
    pub events: Vec<Arc<Event>>,
}

impl Bench {
    pub fn new(tables: &[TableDefinition]) -> Self {
        Self::with_options(tables, MemoryOptions::named("source"), MemoryOptions::named("target"))
    }

    pub fn with_options(tables: &[TableDefinition], source: MemoryOptions, target: MemoryOptions) -> Self {
        let clock = Arc::new(RuntimeClock::new());
        let make = |options| {
            let database = Database::new(tables.to_vec()).expect("the test declares sound tables");
            MemoryStore::new(options, Arc::clone(&clock) as Arc<dyn Clock>, database)
        };
        Self {
            source: make(source),
            target: make(target),
            disk: MemoryDisk::new(DigestSeed(42)),
            settings: JobSettings::between("bench", "memory:source", "memory:target"),
            events: Vec::new(),
            clock,
        }
    }

    /// Adds rows of integers and texts at one side.
    pub fn insert(store: &MemoryStore, table: &str, rows: impl IntoIterator<Item = Vec<Value>>) {
        let rows: Vec<Vec<Value>> = rows.into_iter().collect();
        store
            .edit(|transaction| rows.into_iter().try_for_each(|row| transaction.insert(table, row)))
            .expect("the test's rows satisfy its constraints");
    }

    pub async fn pass(&mut self) -> PassSummary {
        self.pass_with(PassOptions::default()).await
    }

    pub async fn pass_with(&mut self, options: PassOptions) -> PassSummary {
        let state = self.disk.open().expect("no other process holds the disk");
        let job = Job {
            settings: Arc::new(self.settings.clone()),
            source: Arc::new(self.source.clone()),
            target: Arc::new(self.target.clone()),
            state: Arc::new(state),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            random_seed: 1,
        };
        let hub = Arc::new(Hub::new(Arc::clone(&self.clock) as Arc<dyn Clock>));
        let mut events = hub.subscribe();
        let (_commands, control) = Control::new(Arc::clone(&hub));
        let control = Arc::new(control);
        let mut seen = Vec::new();
        let summary = {
            let pass = run_pass(&job, &options, &hub, &control);
            tokio::pin!(pass);
            loop {
                tokio::select! {
                    summary = &mut pass => break summary,
                    Some(event) = events.recv() => seen.push(event),
                }
            }
        };
        while let Ok(event) = events.try_recv() {
            seen.push(event);
        }
        self.events = seen;
        summary
    }

    /// Bodies of the last pass's events.
    pub fn bodies(&self) -> impl Iterator<Item = &EventBody> {
        self.events.iter().map(|event| &event.body)
    }

    /// Whether both sides hold the same rows of a table.
    pub fn equal(&self, table: &str) -> bool {
        self.source.database().rows(table) == self.target.database().rows(table)
    }
}

/// The outcome of one table.
pub fn outcome<'a>(summary: &'a PassSummary, table: &str) -> &'a TableOutcome {
    summary.tables.iter().find(|outcome| outcome.name == table).expect("the pass has this table")
}

/// A row of an integer key and a text.
pub fn row(key: i64, text: &str) -> Vec<Value> {
    vec![Value::Integer(key.into()), Value::text(text)]
}
