//! Figures that the plan of a pass relies on; run with `--release -- --ignored --nocapture state::speed`.

use std::time::Duration;

use tempfile::tempdir;

use syncline::base::clock::{Clock, SystemClock};
use syncline::state::{Finding, FindingKind, State, StateChange, Unit};

use super::{key, open};

const BATCH: usize = 100_000;
const BATCHES: usize = 10;

fn rate(count: usize, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

#[test]
#[ignore = "measures; needs a release build and a quiet machine"]
fn findings_are_kept_half_a_million_a_second() {
    let place = tempdir().unwrap();
    let state = open(place.path());
    let clock = SystemClock::new();
    let since = |start: Duration| clock.elapsed().saturating_sub(start);
    let table = "product-work".to_owned();
    let kinds = [FindingKind::Extra, FindingKind::Missing, FindingKind::Changed];
    let batches: Vec<StateChange> = (0..BATCHES)
        .map(|batch| {
            let row = |n: usize| Finding::Row { kind: kinds[n % 3], key: key((batch * BATCH + n) as i128) };
            StateChange::FindingsAdded { table: table.clone(), findings: (0..BATCH).map(row).collect() }
        })
        .collect();
    let start = clock.elapsed();
    for batch in &batches {
        state.commit(std::slice::from_ref(batch)).unwrap();
    }
    let inserted = rate(BATCHES * BATCH, since(start));

    let start = clock.elapsed();
    let units: u64 = 200;
    for id in 1..=units {
        let findings = state.findings(&table, FindingKind::Missing, 0, 1000).unwrap();
        let ids: Vec<u64> = findings.iter().map(|finding| finding.id).collect();
        let unit = Unit { id, table: table.clone(), findings: ids.clone(), kind: FindingKind::Missing };
        state.commit(&[StateChange::UnitStarted { unit }]).unwrap();
        let removed = StateChange::FindingsRemoved { table: table.clone(), ids };
        state.commit(&[removed, StateChange::UnitFinished { unit: id }]).unwrap();
    }
    let unit_time = since(start) / units as u32;

    let start = clock.elapsed();
    let deletes = state.finding_rows(&table, FindingKind::Extra).unwrap();
    let counted = since(start);
    drop(state);
    let start = clock.elapsed();
    let state = open(place.path());
    let opened = since(start);
    let figures = format!(
        "{inserted:.0} findings/s; {unit_time:?} a unit of 1000 with its two commits; \
         {deletes} deletes counted in {counted:?}; opened and examined in {opened:?}"
    );
    assert!(state.interrupted_pass().unwrap().is_none());
    std::io::Write::write_all(&mut std::io::stdout(), figures.as_bytes()).unwrap();
    assert!(inserted >= 500_000.0, "{figures}");
}
