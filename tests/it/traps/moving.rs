//! Traps of databases that change, answer wrongly or break while they are read, on stores in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use syncline::base::clock::Clock;
use syncline::engine::{PassOptions, Purpose};
use syncline::model::outcome::Verdict;
use syncline::model::settings::Strategy;
use syncline::model::value::Value;
use syncline::store::memory::{
    Call, Database, Fault, FaultPlan, FaultScript, MemoryOptions, Moment, TableDefinition,
};

use crate::engine::bench::{Bench, outcome, row};

fn items() -> TableDefinition {
    TableDefinition::new("items").integer("id").text("name").primary_key(&["id"])
}

fn moving(name: &str) -> MemoryOptions {
    MemoryOptions { consistent: false, block_rows: 50, ..MemoryOptions::named(name) }
}

fn rename(database: &mut Database, id: i64, name: &str) {
    let is_it = |row: &[Value]| row[0] == Value::Integer(id.into());
    database.edit(|change| change.update("items", is_it, |row| row[1] = Value::text(name))).unwrap();
}

/// A row of another table of the same source changes at every read of it, and once an equal change reaches both sides.
#[tokio::test(start_paused = true)]
async fn trap_27_a_source_that_changes_while_it_is_compared_loses_and_invents_nothing() {
    for strategy in [Strategy::DigestSearch, Strategy::MergeCompare, Strategy::HashBuckets] {
        let mut bench = Bench::with_options(&[items()], moving("source"), moving("target"));
        bench.settings.defaults.strategy = strategy;
        Bench::insert(&bench.source, "items", (0..2000).map(|n| row(n, "x")));
        Bench::insert(&bench.target, "items", (0..2000).filter(|n| n % 400 != 9).map(|n| row(n, "x")));
        let mut step = 0;
        bench.source.set_meanwhile(Some(Box::new(move |database, _| {
            step += 1;
            if step > 150 {
                return;
            }
            // Rows before and behind wherever the reader stands: one comes, one goes, one changes.
            rename(database, (step * 37) % 2000, &format!("changed {step}"));
            let gone = Value::Integer(((step * 53) % 2000).into());
            database
                .edit(|change| {
                    change.delete("items", |row| row[0] == gone)?;
                    change.insert("items", row(2000 + step, "new"))
                })
                .unwrap();
        })));
        let summary = bench.pass().await;
        let verdict = outcome(&summary, "items").verdict;
        assert!(matches!(verdict, Verdict::Equal | Verdict::Differs), "{strategy:?}: {summary:#?}");
        // Every row of the target is one that the source had: nothing was invented.
        bench.source.set_meanwhile(None);
        let summary = bench.pass().await;
        assert_eq!(outcome(&summary, "items").verdict, Verdict::Equal, "{strategy:?}: {summary:#?}");
        assert!(bench.equal("items"), "{strategy:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn trap_28_two_sides_read_at_different_instants_are_looked_at_again_before_a_row_counts_as_differing() {
    let mut bench = Bench::with_options(&[items()], moving("source"), moving("target"));
    bench.settings.defaults.strategy = Strategy::MergeCompare;
    Bench::insert(&bench.source, "items", (0..1000).map(|n| row(n, "x")));
    Bench::insert(&bench.target, "items", (0..1000).map(|n| row(n, "x")));
    // The source shows a change at once, the target some reads later, as a replica would.
    let mut written = false;
    bench.source.set_meanwhile(Some(Box::new(move |database, call| {
        if call == Call::Block && !written {
            written = true;
            rename(database, 990, "later");
        }
    })));
    bench.target.set_meanwhile(Some(Box::new(move |database, call| {
        if call == Call::Fetch {
            rename(database, 990, "later");
        }
    })));
    let summary = bench.pass_with(PassOptions { purpose: Purpose::Verify, ..PassOptions::default() }).await;
    assert_eq!(outcome(&summary, "items").verdict, Verdict::Equal, "{summary:#?}");
    assert!(bench.equal("items"));
}

#[tokio::test(start_paused = true)]
async fn trap_51_a_batch_whose_answer_was_lost_is_neither_doubled_nor_counted_twice() {
    for moment in [Moment::Before, Moment::After] {
        let mut bench = Bench::new(&[items()]);
        Bench::insert(&bench.source, "items", (0..1000).map(|n| row(n, "x")));
        Bench::insert(&bench.target, "items", (500..1100).map(|n| row(n, if n < 600 { "y" } else { "x" })));
        let lost = Fault::Lose { moment, probes: 1 };
        let faults = (0..4).fold(FaultScript::new(), |script, nth| script.at(Call::Apply, nth * 2, lost));
        bench.target.set_faults(Some(Box::new(faults)));
        let summary = bench.pass().await;
        let rows = &outcome(&summary, "items").rows;
        assert_eq!((rows.added, rows.modified, rows.deleted), (500, 100, 100), "{moment:?}: {summary:#?}");
        assert!(bench.equal("items"));
    }
}

#[tokio::test(start_paused = true)]
async fn trap_54_no_view_of_the_source_stays_open_beyond_its_greatest_age() {
    for copied in [true, false] {
        let mut bench = Bench::with_options(
            &[items()],
            MemoryOptions { block_rows: 50, ..MemoryOptions::named("source") },
            MemoryOptions::named("target"),
        );
        bench.settings.defaults.snapshot_age_max = Duration::from_mins(1);
        bench.settings.defaults.batch_size = 500;
        bench.settings.defaults.strategy = if copied { Strategy::Auto } else { Strategy::MergeCompare };
        Bench::insert(&bench.source, "items", (0..20_000).map(|n| row(n, "x")));
        if !copied {
            Bench::insert(&bench.target, "items", (5..20_000).map(|n| row(n, "x")));
        }
        let opened = Arc::new(AtomicU64::new(0));
        let views = Arc::clone(&opened);
        bench.source.set_faults(Some(Box::new(Slow(Duration::from_secs(2)))));
        bench.source.set_meanwhile(Some(Box::new(move |_, call| {
            views.fetch_add(u64::from(call == Call::Snapshot), Ordering::Relaxed);
        })));
        let start = bench.clock.elapsed();
        let summary = bench.pass().await;
        let minutes = bench.clock.elapsed().saturating_sub(start).as_secs() / 60;
        assert_eq!(outcome(&summary, "items").verdict, Verdict::Equal, "{summary:#?}");
        assert!(bench.equal("items"));
        let opened = opened.load(Ordering::Relaxed);
        assert!(minutes > 2 && opened * 2 >= minutes, "{opened} views of the source in {minutes} minutes");
    }
}

/// Every block of the source takes its time.
struct Slow(Duration);

impl FaultPlan for Slow {
    fn fault(&mut self, call: Call, _nth: u64) -> Option<Fault> {
        (call == Call::Block).then_some(Fault::Delay(self.0))
    }
}
