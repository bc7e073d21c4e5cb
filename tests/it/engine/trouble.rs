//! Passes that meet resistance: guards, refused rows, rows that wait for each other, record types.

use syncline::engine::{Approvals, PassOptions};
use syncline::model::event::EventBody;
use syncline::model::outcome::{Exit, Verdict};
use syncline::model::schema::ReferentialAction;
use syncline::model::settings::{Deletes, OnEmptySource, Strategy, TableSettings};
use syncline::model::value::Value;
use syncline::state::memory::CommitFault;
use syncline::state::{HoldState, State};
use syncline::store::memory::{Database, MemoryOptions, MemoryStore, TableDefinition};

use super::bench::{Bench, outcome, row};

fn items() -> TableDefinition {
    TableDefinition::new("items").integer("id").text("name").primary_key(&["id"])
}

#[tokio::test(start_paused = true)]
async fn trap_33_an_empty_source_is_held_and_an_approval_serves_once() {
    let mut bench = Bench::new(&[items()]);
    Bench::insert(&bench.target, "items", (0..50).map(|n| row(n, "x")));
    let summary = bench.pass().await;
    assert_eq!(outcome(&summary, "items").verdict, Verdict::Held, "{summary:#?}");
    assert_eq!((summary.exit, bench.target.commits()), (Exit::Held, 0));
    let id = bench
        .bodies()
        .find_map(|body| match body {
            EventBody::TableHeld { hold, deletes: 50, .. } => hold.clone(),
            _ => None,
        })
        .expect("a hold has an id");
    let yes = PassOptions { approvals: Approvals::Ids(vec![id]), ..PassOptions::default() };
    let summary = bench.pass_with(yes.clone()).await;
    assert_eq!(outcome(&summary, "items").rows.deleted, 50, "{summary:#?}");
    assert!(bench.equal("items"));
    Bench::insert(&bench.target, "items", (0..50).map(|n| row(n, "x")));
    assert_eq!(bench.pass_with(yes).await.exit, Exit::Held, "the approval was used up");
}

#[tokio::test(start_paused = true)]
async fn an_approval_serves_its_whole_pass_also_when_a_process_dies_between_its_use_and_the_deletes() {
    let mut gone_on = 0;
    for commits_before in 0.. {
        let mut bench = Bench::new(&[items()]);
        bench.settings.defaults.delete_batch_size = 7;
        Bench::insert(&bench.target, "items", (0..50).map(|n| row(n, "x")));
        assert_eq!(bench.pass().await.exit, Exit::Held);
        bench.disk.fail_commit(commits_before, CommitFault::BeforeEffect);
        let yes = PassOptions { approvals: Approvals::Recorded, ..PassOptions::default() };
        if bench.pass_with(yes).await.exit == Exit::Done {
            break;
        }
        let holds = bench.disk.open_read_only().holds().unwrap();
        let was_used = holds.iter().any(|hold| hold.state == HoldState::InUse);
        let next = bench.pass().await;
        if was_used {
            gone_on += 1;
            assert_eq!((next.exit, outcome(&next, "items").rows.deleted), (Exit::Done, 50), "{next:#?}");
        } else {
            assert_eq!(next.exit, Exit::Held, "nobody approved of that: {next:#?}");
        }
        Bench::insert(&bench.target, "items", (50..100).map(|n| row(n, "x")));
        assert_eq!(bench.pass().await.exit, Exit::Held, "the approval was used up");
    }
    assert!(gone_on > 7, "{gone_on}");
}

#[tokio::test(start_paused = true)]
async fn on_empty_source_delete_deletes() {
    let mut bench = Bench::new(&[items()]);
    bench.settings.defaults.on_empty_source = OnEmptySource::Delete;
    Bench::insert(&bench.target, "items", (0..50).map(|n| row(n, "x")));
    let summary = bench.pass().await;
    assert_eq!((outcome(&summary, "items").rows.deleted, summary.exit), (50, Exit::Done), "{summary:#?}");
}

#[tokio::test(start_paused = true)]
async fn with_deletes_never_extra_rows_stay_and_are_named() {
    let mut bench = Bench::new(&[items()]);
    bench.settings.defaults.deletes = Deletes::Never;
    Bench::insert(&bench.source, "items", (0..50).map(|n| row(n, "x")));
    Bench::insert(&bench.target, "items", (10..70).map(|n| row(n, "x")));
    let summary = bench.pass().await;
    let items = outcome(&summary, "items");
    assert_eq!(
        (items.verdict, items.rows.added, items.rows.deleted),
        (Verdict::Equal, 10, 0),
        "{summary:#?}"
    );
    assert!(items.inexact[0].contains("20 extra rows"), "{:?}", items.inexact);
}

#[tokio::test(start_paused = true)]
async fn with_deletes_never_a_row_that_the_source_gives_up_leaves_quarantine() {
    let strict =
        TableDefinition::new("items").integer("id").text("name").primary_key(&["id"]).check("name <> 'bad'");
    let mut bench = Bench::new(&[items()]);
    bench.settings.defaults.deletes = Deletes::Never;
    let database = Database::new(vec![strict]).unwrap();
    bench.target = MemoryStore::new(MemoryOptions::named("t"), bench.clock.clone(), database);
    Bench::insert(&bench.source, "items", [row(1, "good"), row(2, "bad")]);
    Bench::insert(&bench.target, "items", [row(1, "good"), row(2, "good")]);
    assert_eq!(outcome(&bench.pass().await, "items").quarantined, 1);
    bench.source.edit(|t| t.delete("items", |row| row[0] == Value::Integer(2))).unwrap();
    let summary = bench.pass().await;
    let items = outcome(&summary, "items");
    assert_eq!((items.verdict, items.quarantined), (Verdict::Equal, 0), "{summary:#?}");
    assert!(items.inexact[0].contains("1 extra rows"), "{:?}", items.inexact);
}

#[tokio::test(start_paused = true)]
async fn a_delete_that_the_target_refused_is_not_asked_for_again() {
    let child = TableDefinition::new("child").integer("id").integer("item").primary_key(&["id"]).foreign_key(
        &["item"],
        "items",
        ReferentialAction::Refuse,
    );
    let mut bench = Bench::new(&[items()]);
    bench.settings.defaults.deletes = Deletes::Hold;
    let database = Database::new(vec![items(), child]).unwrap();
    bench.target = MemoryStore::new(MemoryOptions::named("t"), bench.clock.clone(), database);
    Bench::insert(&bench.source, "items", [row(1, "x")]);
    Bench::insert(&bench.target, "items", [row(1, "x"), row(2, "x")]);
    Bench::insert(&bench.target, "child", [vec![Value::Integer(1), Value::Integer(2)]]);
    assert_eq!(bench.pass().await.exit, Exit::Held);
    let yes = PassOptions { approvals: Approvals::Recorded, ..PassOptions::default() };
    assert_eq!(outcome(&bench.pass_with(yes).await, "items").quarantined, 1);
    let summary = bench.pass().await;
    let items = outcome(&summary, "items");
    assert_eq!((items.verdict, items.quarantined), (Verdict::Differs, 1), "{summary:#?}");
    assert_eq!((summary.exit, summary.error_count), (Exit::Remaining, 0), "{summary:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_row_that_the_target_refuses_goes_to_quarantine_and_the_rest_goes_on() {
    let strict =
        TableDefinition::new("items").integer("id").text("name").primary_key(&["id"]).check("name <> 'bad'");
    let mut bench = Bench::new(&[items()]);
    let clock = std::sync::Arc::clone(&bench.clock);
    bench.target = MemoryStore::new(
        MemoryOptions { positions: false, ..MemoryOptions::named("t") },
        clock,
        Database::new(vec![strict]).unwrap(),
    );
    Bench::insert(&bench.source, "items", (0..100).map(|n| row(n, if n == 57 { "bad" } else { "good" })));
    let summary = bench.pass().await;
    let items = outcome(&summary, "items");
    assert_eq!((items.rows.added, items.quarantined, items.errors), (99, 1, 1), "{summary:#?}");
    assert_eq!((items.verdict, summary.exit), (Verdict::Differs, Exit::Remaining));
    assert_eq!(summary.errors[0].key.as_deref(), Some("57"));
    let again = bench.pass().await;
    assert_eq!(again.error_count, 0, "the unchanged row is left alone: {again:#?}");
    assert_eq!(outcome(&again, "items").quarantined, 1);
    bench
        .source
        .edit(|t| t.update("items", |row| row[0] == Value::Integer(57), |row| row[1] = Value::text("fine")))
        .unwrap();
    let healed = bench.pass().await;
    assert_eq!(outcome(&healed, "items").verdict, Verdict::Equal, "{healed:#?}");
    assert!(bench.equal("items"));
}

#[tokio::test(start_paused = true)]
async fn trap_35_a_key_that_repeats_is_no_equality_when_rows_are_compared_by_buckets() {
    let loose = TableDefinition::new("items").integer("id").text("name").index(&["id"]);
    let mut bench = Bench::new(&[loose]);
    bench.settings.defaults.key = Some(vec!["id".to_owned()]);
    bench.settings.defaults.strategy = Strategy::HashBuckets;
    Bench::insert(&bench.source, "items", [row(1, "a"), row(1, "b"), row(2, "c")]);
    Bench::insert(&bench.target, "items", [row(1, "b"), row(2, "c")]);
    let summary = bench.pass().await;
    let items = outcome(&summary, "items");
    assert_eq!((items.verdict, bench.target.commits()), (Verdict::Failed, 0), "{summary:#?}");
    assert!(items.message.as_ref().unwrap().contains("holds key 1 more than once"), "{summary:#?}");
}

#[tokio::test(start_paused = true)]
async fn trap_38_foreign_keys_order_inserts_and_deletes() {
    let parent = TableDefinition::new("parent").integer("id").text("name").primary_key(&["id"]);
    let child = TableDefinition::new("child")
        .integer("id")
        .integer("parent_id")
        .primary_key(&["id"])
        .foreign_key(&["parent_id"], "parent", ReferentialAction::Refuse);
    let mut bench = Bench::new(&[child, parent]);
    let pair = |id: i64, parent: i64| vec![Value::Integer(id.into()), Value::Integer(parent.into())];
    Bench::insert(&bench.source, "parent", (0..60).map(|n| row(n, "p")));
    Bench::insert(&bench.source, "child", (0..200).map(|n| pair(n, n % 60)));
    Bench::insert(&bench.target, "parent", (5..65).map(|n| row(n, "p")));
    Bench::insert(&bench.target, "child", (3..210).map(|n| pair(n, 5 + n % 60)));
    let summary = bench.pass().await;
    assert!(summary.tables.iter().all(|table| table.verdict == Verdict::Equal), "{summary:#?}");
    assert!(bench.equal("parent") && bench.equal("child"));
}

#[tokio::test(start_paused = true)]
async fn trap_39_unique_values_that_swap_are_written_together() {
    let table =
        TableDefinition::new("items").integer("id").text("code").primary_key(&["id"]).unique(&["code"]);
    let mut bench = Bench::new(&[table]);
    Bench::insert(&bench.source, "items", (0..30).map(|n| row(n, &format!("c{}", (n + 1) % 30))));
    Bench::insert(&bench.target, "items", (0..30).map(|n| row(n, &format!("c{n}"))));
    let summary = bench.pass().await;
    let items = outcome(&summary, "items");
    assert_eq!(
        (items.verdict, items.rows.modified, items.quarantined),
        (Verdict::Equal, 30, 0),
        "{summary:#?}"
    );
    assert!(bench.equal("items"));
}

#[tokio::test(start_paused = true)]
async fn a_self_reference_in_a_cycle_is_written_together() {
    let table = TableDefinition::new("node")
        .integer("id")
        .integer("next")
        .primary_key(&["id"])
        .foreign_key(&["next"], "node", ReferentialAction::Refuse)
        .deferred();
    let immediate = TableDefinition::new("node")
        .integer("id")
        .integer("next")
        .primary_key(&["id"])
        .foreign_key(&["next"], "node", ReferentialAction::Refuse);
    let mut bench = Bench::new(&[table]);
    let clock = std::sync::Arc::clone(&bench.clock);
    bench.target =
        MemoryStore::new(MemoryOptions::named("t"), clock, Database::new(vec![immediate]).unwrap());
    let pair = |id: i64, next: i64| vec![Value::Integer(id.into()), Value::Integer(next.into())];
    Bench::insert(&bench.source, "node", (0..20).map(|n| pair(n, (n + 7) % 20)));
    let summary = bench.pass().await;
    assert_eq!(outcome(&summary, "node").verdict, Verdict::Equal, "{summary:#?}");
    assert!(bench.equal("node"));
}

#[tokio::test(start_paused = true)]
async fn a_row_that_moves_to_another_record_type_is_updated_where_it_stands() {
    let product =
        TableDefinition::new("product").integer("id").text("type").text("name").primary_key(&["id"]);
    let mut bench = Bench::new(&[product]);
    bench.settings.sync_all = false;
    let pair = |kind: &str| TableSettings {
        name: format!("product-{kind}"),
        where_source: Some(format!("type = '{kind}'")),
        where_target: Some(format!("type = '{kind}'")),
        ..bench.settings.defaults.for_table("product")
    };
    bench.settings.tables = vec![pair("work"), pair("material")];
    let product = |id: i64, kind: &str| vec![Value::Integer(id.into()), Value::text(kind), Value::text("p")];
    let kinds = ["work", "material", "other"];
    Bench::insert(&bench.source, "product", (0..90).map(|n| product(n, kinds[n as usize % 2])));
    Bench::insert(
        &bench.target,
        "product",
        (0..90).map(|n| product(n, kinds[(n as usize + usize::from(n % 30 == 0)) % 2])),
    );
    Bench::insert(&bench.target, "product", (500..510).map(|n| product(n, "other")));
    let summary = bench.pass().await;
    assert!(summary.tables.iter().all(|table| table.verdict == Verdict::Equal), "{summary:#?}");
    let source = bench.source.database().rows("product").unwrap();
    let target = bench.target.database().rows("product").unwrap();
    assert_eq!(target[..90], source[..]);
    assert_eq!(target.len(), 100, "rows outside every record type are untouched");
}

#[tokio::test(start_paused = true)]
async fn a_replaced_file_is_held_only_when_its_tables_are_others() {
    let file = |identity: &str| MemoryOptions {
        identity: identity.to_owned(),
        in_process: true,
        ..MemoryOptions::named("source")
    };
    let fill_source = |store: &MemoryStore| Bench::insert(store, "items", (0..50).map(|n| row(n, "x")));
    let replaced = |bench: &mut Bench, identity: &str, tables: Vec<TableDefinition>| {
        bench.source = MemoryStore::new(file(identity), bench.clock.clone(), Database::new(tables).unwrap());
        fill_source(&bench.source);
    };
    let other = TableDefinition::new("other").integer("id").primary_key(&["id"]);
    let both = [items(), other];
    let mut bench = Bench::with_options(&both, file("first"), MemoryOptions::named("target"));
    fill_source(&bench.source);
    assert_eq!(bench.pass().await.exit, Exit::Done);
    replaced(&mut bench, "restored", both.to_vec());
    assert_eq!(bench.pass().await.exit, Exit::Done, "a restored backup is the same database");
    replaced(&mut bench, "another", vec![items()]);
    for _ in 0..2 {
        let summary = bench.pass().await;
        assert_eq!((outcome(&summary, "items").verdict, summary.exit), (Verdict::Held, Exit::Held));
    }
    let yes = PassOptions { approvals: Approvals::Recorded, ..PassOptions::default() };
    let summary = bench.pass_with(yes).await;
    assert_eq!(summary.exit, Exit::Done, "{summary:#?}");
    assert_eq!(bench.pass().await.exit, Exit::Done, "it was let through for good");
}
