//! How fast a job's state keeps findings, which the plan of a pass relies on: half a million a second.
//!
//! `cargo bench --bench state`.
#![expect(clippy::print_stdout, reason = "figures go to the terminal")]

use std::path::Path;
use std::time::Duration;

use tempfile::tempdir;

use syncline::base::clock::{Clock, SystemClock, Timestamp};
use syncline::model::digest::DigestSeed;
use syncline::model::key::Key;
use syncline::model::value::Value;
use syncline::state::sqlite::{OpenMode, OpenRequest, SqliteState};
use syncline::state::{Finding, FindingKind, State, StateChange, Unit};

const BATCH: usize = 100_000;
const BATCHES: usize = 10;

fn rate(count: usize, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

fn open(state_dir: &Path) -> SqliteState {
    let request = OpenRequest {
        state_dir,
        job: "bench",
        source: "sqlite:/data/erp.db",
        target: "sqlite:/data/warehouse.db",
        new_seed: DigestSeed(1),
        now: Timestamp(0),
    };
    SqliteState::open(&request, OpenMode::ReadWriteLocked).expect("a state in a new folder opens")
}

fn main() {
    let place = tempdir().expect("a temporary folder can be made");
    let state = open(place.path());
    let clock = SystemClock::new();
    let since = |start: Duration| clock.elapsed().saturating_sub(start);
    let table = "product-work".to_owned();
    let kinds = [FindingKind::Extra, FindingKind::Missing, FindingKind::Changed];
    let batches: Vec<StateChange> = (0..BATCHES)
        .map(|batch| {
            let row = |n: usize| Finding::Row {
                kind: kinds[n % 3],
                key: Key::from_values(&[Value::Integer((batch * BATCH + n) as i128)]),
            };
            StateChange::FindingsAdded { table: table.clone(), findings: (0..BATCH).map(row).collect() }
        })
        .collect();
    let start = clock.elapsed();
    for batch in &batches {
        state.commit(std::slice::from_ref(batch)).expect("the state works");
    }
    let inserted = rate(BATCHES * BATCH, since(start));

    let start = clock.elapsed();
    let units: u64 = 200;
    for id in 1..=units {
        let findings = state.findings(&table, FindingKind::Missing, 0, 1000).expect("the state works");
        let ids: Vec<u64> = findings.iter().map(|finding| finding.id).collect();
        let unit = Unit { id, table: table.clone(), findings: ids.clone(), kind: FindingKind::Missing };
        state.commit(&[StateChange::UnitStarted { unit }]).expect("the state works");
        let removed = StateChange::FindingsRemoved { table: table.clone(), ids };
        state.commit(&[removed, StateChange::UnitFinished { unit: id }]).expect("the state works");
    }
    let unit_time = since(start) / units as u32;

    let start = clock.elapsed();
    let deletes = state.finding_rows(&table, FindingKind::Extra).expect("the state works");
    let counted = since(start);
    drop(state);
    let start = clock.elapsed();
    drop(open(place.path()));
    let opened = since(start);
    println!("{inserted:.0} findings/s");
    println!("{unit_time:?} a unit of 1000 findings with its two commits");
    println!("{counted:?} to count {deletes} deletes");
    println!("{opened:?} to open and examine");
}
