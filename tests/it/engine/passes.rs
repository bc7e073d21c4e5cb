//! Whole passes without trouble: what differs is found, written and proven; what is equal is left alone.

use syncline::engine::{PassOptions, Purpose};
use syncline::model::outcome::{Exit, Verdict};
use syncline::store::memory::TableDefinition;

use super::bench::{Bench, outcome, row};

fn items() -> TableDefinition {
    TableDefinition::new("items").integer("id").text("name").primary_key(&["id"])
}

#[tokio::test(start_paused = true)]
async fn an_empty_target_is_copied_and_proven() {
    let mut bench = Bench::new(&[items()]);
    Bench::insert(&bench.source, "items", (0..12_000).map(|n| row(n, &format!("item {n}"))));
    let summary = bench.pass().await;
    let items = outcome(&summary, "items");
    assert_eq!(items.verdict, Verdict::Equal, "{summary:#?}");
    assert_eq!((items.rows.added, items.rows.modified, items.rows.deleted), (12_000, 0, 0));
    assert_eq!(items.plan, ["add"]);
    assert_eq!(summary.exit, Exit::Done);
    assert!(bench.equal("items"));
}

#[tokio::test(start_paused = true)]
async fn scattered_differences_are_repaired_and_counted() {
    let mut bench = Bench::new(&[items()]);
    Bench::insert(&bench.source, "items", (0..3000).map(|n| row(n, "same")));
    Bench::insert(
        &bench.target,
        "items",
        (5..3010).map(|n| row(n, if n % 100 == 7 { "other" } else { "same" })),
    );
    let summary = bench.pass().await;
    let items = outcome(&summary, "items");
    assert_eq!(items.verdict, Verdict::Equal, "{summary:#?}");
    assert_eq!((items.rows.added, items.rows.modified, items.rows.deleted), (5, 30, 10));
    assert_eq!((items.source_count, items.target_count), (Some(3000), Some(3000)));
    assert!(bench.equal("items"));
}

#[tokio::test(start_paused = true)]
async fn a_second_pass_writes_nothing() {
    let mut bench = Bench::new(&[items()]);
    Bench::insert(&bench.source, "items", (0..500).map(|n| row(n, "x")));
    bench.pass().await;
    let commits = bench.target.commits();
    let summary = bench.pass().await;
    assert_eq!(outcome(&summary, "items").verdict, Verdict::Equal);
    assert_eq!(bench.target.commits(), commits);
    assert_eq!(summary.pass, 2);
}

#[tokio::test(start_paused = true)]
async fn b4_1_an_add_and_a_delete_that_cancel_are_found() {
    let mut bench = Bench::new(&[items()]);
    Bench::insert(&bench.source, "items", (0..2000).filter(|n| *n != 700).map(|n| row(n, "x")));
    Bench::insert(&bench.target, "items", (0..2000).filter(|n| *n != 900).map(|n| row(n, "x")));
    let summary = bench.pass().await;
    let items = outcome(&summary, "items");
    assert_eq!((items.rows.added, items.rows.deleted), (1, 1));
    assert_eq!(items.verdict, Verdict::Equal);
    assert!(bench.equal("items"));
}

#[tokio::test(start_paused = true)]
async fn a_plan_reads_counts_and_writes_nothing_anywhere() {
    let mut bench = Bench::new(&[items()]);
    Bench::insert(&bench.source, "items", (0..10).map(|n| row(n, "x")));
    let before = bench.disk.commits();
    let summary = bench.pass_with(PassOptions { purpose: Purpose::Plan, ..PassOptions::default() }).await;
    assert_eq!(outcome(&summary, "items").verdict, Verdict::Planned);
    assert_eq!(summary.exit, Exit::Remaining);
    assert_eq!((bench.target.commits(), bench.disk.commits()), (0, before));
}

#[tokio::test(start_paused = true)]
async fn verify_proves_and_writes_nothing_to_the_target() {
    let mut bench = Bench::new(&[items()]);
    Bench::insert(&bench.source, "items", (0..10).map(|n| row(n, "x")));
    Bench::insert(&bench.target, "items", (0..10).map(|n| row(n, if n == 3 { "y" } else { "x" })));
    let verify = PassOptions { purpose: Purpose::Verify, ..PassOptions::default() };
    let summary = bench.pass_with(verify.clone()).await;
    assert_eq!(outcome(&summary, "items").verdict, Verdict::Differs, "{summary:#?}");
    assert_eq!(summary.exit, Exit::Remaining);
    assert_eq!(bench.target.commits(), 0);
    bench.pass().await;
    let summary = bench.pass_with(verify).await;
    assert_eq!(outcome(&summary, "items").verdict, Verdict::Equal);
    assert_eq!(summary.exit, Exit::Done);
}

#[tokio::test(start_paused = true)]
async fn trap_36_a_table_without_a_key_is_compared_as_a_multiset_and_never_written() {
    let mut bench = Bench::new(&[TableDefinition::new("log").integer("n").text("line")]);
    Bench::insert(&bench.source, "log", [row(1, "a"), row(1, "a"), row(2, "b")]);
    Bench::insert(&bench.target, "log", [row(2, "b"), row(1, "a")]);
    let summary = bench.pass().await;
    assert_eq!(
        outcome(&summary, "log").verdict,
        Verdict::Differs,
        "a row that is there twice is not there once"
    );
    assert_eq!(bench.target.commits(), 0);
    Bench::insert(&bench.target, "log", [row(1, "a")]);
    let summary = bench.pass().await;
    assert_eq!(outcome(&summary, "log").verdict, Verdict::Equal, "{summary:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_run_keeps_to_its_rows_a_second() {
    let seconds = async |rows_per_second: u64| {
        let mut bench = Bench::new(&[items()]);
        bench.settings.limits.rows_per_second = std::num::NonZeroU64::new(rows_per_second);
        Bench::insert(&bench.source, "items", (0..6000).map(|n| row(n, "x")));
        let summary = bench.pass().await;
        assert_eq!(outcome(&summary, "items").verdict, Verdict::Equal);
        summary.seconds
    };
    let free = seconds(0).await;
    // At least every row is read once and written once.
    let held = seconds(100).await;
    assert!(free < 1.0 && held >= 119.0, "{free} s without a limit, {held} s with one");
    assert!(held < 400.0, "{held} s: rows are counted more often than they are read and written");
}
