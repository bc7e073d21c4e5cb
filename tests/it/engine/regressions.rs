//! Faults that the simulation found, each made small.

use std::sync::Arc;

use syncline::model::event::EventBody;
use syncline::model::outcome::{Exit, Verdict};
use syncline::model::settings::{Bookkeeping, Deletes, ModifyColumn, Strategy, TableSettings, Verify};
use syncline::model::value::Value;
use syncline::state::memory::CommitFault;
use syncline::store::memory::{
    Call, Database, Fault, FaultScript, MemoryOptions, MemoryStore, Moment, TableDefinition,
};

use super::bench::{Bench, outcome, row};

fn items() -> TableDefinition {
    TableDefinition::new("items").integer("id").text("name").primary_key(&["id"])
}

/// Seed 8143.
#[tokio::test(start_paused = true)]
async fn a_unit_whose_answer_was_lost_counts_once_when_the_process_dies_after_the_next_try() {
    let lost = Fault::Lose { moment: Moment::After, probes: 0 };
    let mut continued = 0;
    for commits_before in 0.. {
        let mut bench = Bench::new(&[items()]);
        bench.settings.defaults.bookkeeping = Bookkeeping::Target;
        Bench::insert(&bench.source, "items", (0..10).map(|n| row(n, "x")));
        Bench::insert(&bench.target, "items", (0..14).map(|n| row(n, "x")));
        bench.target.set_faults(Some(Box::new(FaultScript::new().at(Call::Apply, 0, lost))));
        bench.disk.fail_commit(commits_before, CommitFault::BeforeEffect);
        let first = bench.pass().await;
        bench.disk.kill();
        if first.exit == Exit::Done {
            break;
        }
        if bench.target.rows_written() == 0 {
            continue;
        }
        continued += 1;
        let summary = bench.pass().await;
        let items = outcome(&summary, "items");
        assert_eq!(
            (items.verdict, items.rows.deleted),
            (Verdict::Equal, 4),
            "{commits_before}: {summary:#?}"
        );
    }
    assert!(continued > 3, "{continued}");
}

/// Seeds 2554 and 8782.
#[tokio::test(start_paused = true)]
async fn a_count_search_that_became_a_comparison_of_all_rows_lists_changed_rows_once() {
    let items =
        TableDefinition::new("items").integer("id").text("name").integer("stamp").primary_key(&["id"]);
    let stamped = |id: i64, name: &str, stamp: i64| {
        let mut row = row(id, name);
        row.push(Value::Integer((1_763_600_000 + stamp).into()));
        row
    };
    let mut bench = Bench::new(&[items]);
    bench.settings.defaults.strategy = Strategy::CountSearch;
    bench.settings.defaults.modify_column = ModifyColumn::Required("stamp".to_owned());
    bench.settings.defaults.trust_modify_id = true;
    Bench::insert(&bench.source, "items", (0..400).map(|n| stamped(2 * n, "old", 0)));
    assert_eq!(bench.pass().await.exit, Exit::Done);
    Bench::insert(&bench.source, "items", (0..400).map(|n| stamped(2 * n + 1, "new", 10)));
    let is_changed = |row: &[Value]| (0..6).any(|n| row[0] == Value::Integer(100 * n));
    let (name, stamp) = (Value::text("new"), Value::Integer(1_763_600_010));
    let change = |row: &mut [Value]| row[1..].clone_from_slice(&[name.clone(), stamp.clone()]);
    bench.source.edit(|t| t.update("items", is_changed, change)).unwrap();
    let summary = bench.pass().await;
    let strategies: Vec<_> = bench
        .bodies()
        .filter_map(|body| match body {
            EventBody::FindStarted { strategy, .. } => Some(strategy.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(strategies, ["count search", "merge compare"]);
    let items = outcome(&summary, "items");
    assert_eq!((items.rows.added, items.rows.modified), (400, 6), "{summary:#?}");
    assert!(bench.equal("items"));
}

/// Seed 9302.
#[tokio::test(start_paused = true)]
async fn a_changed_row_beside_a_missing_one_is_listed_once_by_count_search_and_modified_since() {
    let items =
        TableDefinition::new("items").integer("id").text("name").integer("stamp").primary_key(&["id"]);
    let stamped = |id: i64, name: &str, stamp: i64| {
        vec![Value::Integer(id.into()), Value::text(name), Value::Integer((1_763_600_000 + stamp).into())]
    };
    let mut bench = Bench::new(&[items]);
    bench.settings.defaults.strategy = Strategy::CountSearch;
    bench.settings.defaults.modify_column = ModifyColumn::Required("stamp".to_owned());
    bench.settings.defaults.trust_modify_id = true;
    Bench::insert(&bench.source, "items", (0..2000).map(|n| stamped(2 * n, "old", 0)));
    assert_eq!(bench.pass().await.exit, Exit::Done);
    Bench::insert(&bench.source, "items", [stamped(2001, "new", 10)]);
    let changed = stamped(2002, "new", 10);
    let is_changed = |row: &[Value]| row[0] == changed[0];
    bench.source.edit(|t| t.update("items", is_changed, |row| row.clone_from_slice(&changed))).unwrap();
    let summary = bench.pass().await;
    let items = outcome(&summary, "items");
    assert!(items.strategy.starts_with("count search"), "{summary:#?}");
    assert_eq!((items.rows.added, items.rows.modified), (1, 1), "{summary:#?}");
    let found = bench.bodies().find_map(|body| match body {
        EventBody::DifferencesFound { missing, changed, extra, .. } => Some((*missing, *changed, *extra)),
        _ => None,
    });
    assert_eq!(found, Some((1, 1, 0)));
    assert!(bench.equal("items"));
}

/// Seed 7287.
#[tokio::test(start_paused = true)]
async fn rows_of_a_unit_that_hit_none_are_not_counted_when_its_mark_is_found() {
    let product =
        || TableDefinition::new("product").integer("id").text("type").text("name").primary_key(&["id"]);
    let row = |id: i64, kind: &str| vec![Value::Integer(id.into()), Value::text(kind), Value::text("p")];
    let mut continued = 0;
    for commits_before in 0.. {
        let mut bench = Bench::new(&[product()]);
        bench.settings.sync_all = false;
        let pair = |kind: &str| TableSettings {
            name: format!("product-{kind}"),
            where_source: Some(format!("type = '{kind}'")),
            where_target: Some(format!("type = '{kind}'")),
            bookkeeping: Bookkeeping::Target,
            ..bench.settings.defaults.for_table("product")
        };
        bench.settings.tables = vec![pair("work"), pair("rent")];
        Bench::insert(&bench.source, "product", [row(1, "rent"), row(2, "rent"), row(3, "work")]);
        Bench::insert(&bench.target, "product", [row(1, "other"), row(2, "other"), row(3, "work")]);
        bench.disk.fail_commit(commits_before, CommitFault::BeforeEffect);
        let first = bench.pass().await;
        bench.disk.kill();
        if first.exit == Exit::Remaining {
            break;
        }
        continued += 1;
        let summary = bench.pass().await;
        let rent = outcome(&summary, "product-rent");
        assert_eq!((rent.rows.written(), rent.quarantined), (0, 2), "{commits_before}: {summary:#?}");
    }
    assert!(continued > 3, "{continued}");
}

/// Seed 6704.
#[tokio::test(start_paused = true)]
async fn a_row_that_cannot_be_taken_over_from_another_record_type_is_not_forgotten() {
    let product =
        || TableDefinition::new("product").integer("id").text("type").text("code").primary_key(&["id"]);
    let mut bench = Bench::new(&[product()]);
    let unique = Database::new(vec![product().unique(&["code"])]).unwrap();
    bench.target = MemoryStore::new(MemoryOptions::named("target"), Arc::clone(&bench.clock) as _, unique);
    bench.settings.sync_all = false;
    let pair = |kind: &str| TableSettings {
        name: format!("product-{kind}"),
        where_source: Some(format!("type = '{kind}'")),
        where_target: Some(format!("type = '{kind}'")),
        deletes: Deletes::Never,
        verify: Verify::Count,
        ..bench.settings.defaults.for_table("product")
    };
    bench.settings.tables = vec![pair("work"), pair("rent")];
    let product = |id: i64, kind: &str, code: &str| {
        vec![Value::Integer(id.into()), Value::text(kind), Value::text(code)]
    };
    Bench::insert(&bench.source, "product", [product(1, "rent", "a"), product(2, "work", "b")]);
    Bench::insert(&bench.target, "product", [product(1, "work", "c"), product(2, "work", "b")]);
    Bench::insert(&bench.target, "product", [product(3, "work", "a")]);
    let summary = bench.pass().await;
    let rent = outcome(&summary, "product-rent");
    assert_eq!((rent.verdict, rent.quarantined), (Verdict::Differs, 1), "{summary:#?}");
}
