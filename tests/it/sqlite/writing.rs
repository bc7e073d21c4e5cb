//! Batches on real tables: constraints, triggers, collations, locks, the journal.

use syncline::base::clock::{Clock as _, SystemClock};
use syncline::model::key::Key;
use syncline::model::pair::WriteTarget;
use syncline::model::value::Value;
use syncline::store::{Batch, Change, ErrorClass, Refusal, RefusalKind, SideEffects, Store, UnitMark};

use super::{File, batch, block, int, key, open, target, text, view};

fn insert(rows: &[Vec<Value>]) -> Change {
    Change::Insert(block(1, rows))
}

fn update(rows: &[Vec<Value>]) -> Change {
    Change::Update(block(1, rows))
}

fn delete(keys: &[Value]) -> Change {
    Change::Delete(keys.iter().map(|value| key(std::slice::from_ref(value))).collect())
}

async fn refusal(store: &dyn Store, batch: &Batch) -> Refusal {
    let error = store.apply(batch).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Data, "{error}");
    error.refusal.unwrap_or_else(|| panic!("{error} tells no refusal"))
}

#[tokio::test]
async fn the_journal_mode_stays_as_it_is() {
    for journal in ["wal", "delete"] {
        let file = File::with(journal, "CREATE TABLE t(id INTEGER PRIMARY KEY, v)");
        let store = file.target();
        store.apply(&batch(&target("t", &["id", "v"], 1), insert(&[vec![int(1), text("x")]]))).await.unwrap();
        store.disconnect().await;
        assert_eq!(file.query("PRAGMA journal_mode"), [[text(journal)]]);
        assert_eq!(file.query("SELECT * FROM t"), [[int(1), text("x")]]);
    }
}

#[tokio::test]
async fn values_that_a_type_does_not_take_are_refused_with_their_place() {
    let file = File::wal(
        "CREATE TABLE strict(id INTEGER PRIMARY KEY, v INTEGER) STRICT;
        CREATE TABLE loose(id INTEGER PRIMARY KEY, v INTEGER);",
    );
    let store = file.target();
    let bad = [
        ("strict", vec![int(2), text("no number")]),
        ("loose", vec![text("no rowid"), int(1)]),
        ("loose", vec![int(2), Value::Integer(i128::from(u64::MAX))]),
    ];
    for (table, row) in bad {
        let batch = batch(&target(table, &["id", "v"], 1), insert(&[vec![int(1), int(1)], row]));
        let refused = refusal(&store, &batch).await;
        assert_eq!(refused, Refusal { kind: RefusalKind::Value, position: Some(1) }, "{table}");
    }
    assert!(file.query("SELECT * FROM strict UNION ALL SELECT * FROM loose").is_empty(), "all or nothing");
}

#[tokio::test]
async fn a_deferred_reference_is_refused_at_the_commit_without_a_place() {
    let file = File::wal(
        "CREATE TABLE p(id INTEGER PRIMARY KEY);
        CREATE TABLE c(id INTEGER PRIMARY KEY, p INT REFERENCES p DEFERRABLE INITIALLY DEFERRED);",
    );
    let store = file.target();
    let place = target("c", &["id", "p"], 1);
    let refused = refusal(&store, &batch(&place, insert(&[vec![int(1), int(9)]]))).await;
    assert_eq!(refused, Refusal { kind: RefusalKind::ForeignKey, position: None });
    assert!(file.query("SELECT * FROM c").is_empty());
    let unchecked = SideEffects { foreign_keys: false, triggers: true };
    let batch = Batch { side_effects: unchecked, ..batch(&place, insert(&[vec![int(1), int(9)]])) };
    assert_eq!(store.apply(&batch).await.unwrap().rows, 1);
}

#[tokio::test]
async fn an_upsert_of_a_parent_touches_no_child() {
    let file = File::wal(
        "CREATE TABLE p(id INTEGER PRIMARY KEY, v);
        CREATE TABLE c(id INTEGER PRIMARY KEY, p INT REFERENCES p ON DELETE CASCADE ON UPDATE SET NULL);
        INSERT INTO p VALUES (1, 'old'); INSERT INTO c VALUES (1, 1), (2, 1);",
    );
    let store = file.target();
    let done = store
        .apply(&batch(&target("p", &["id", "v"], 1), insert(&[vec![int(1), text("new")]])))
        .await
        .unwrap();
    assert_eq!((done.rows, done.cascaded), (1, 0));
    assert_eq!(file.query("SELECT p FROM c"), [[int(1)], [int(1)]]);
    let done = store.apply(&batch(&target("p", &["id", "v"], 1), delete(&[int(1)]))).await.unwrap();
    assert_eq!((done.rows, done.cascaded), (1, 2));
}

const TRIGGERS: &str = "CREATE TABLE t(id INTEGER PRIMARY KEY, v); CREATE TABLE log(what);
    CREATE TRIGGER a AFTER INSERT ON t BEGIN INSERT INTO log VALUES (new.id), (new.v); END;
    CREATE TRIGGER b BEFORE UPDATE ON t WHEN new.v = 'never' BEGIN SELECT RAISE(ABORT, 'not that'); END;
    CREATE TRIGGER c BEFORE INSERT ON t WHEN new.v = 'ignored' BEGIN SELECT RAISE(IGNORE); END;";

#[tokio::test]
async fn trap_37_triggers_fire_are_counted_and_can_be_kept_quiet() {
    let file = File::wal(TRIGGERS);
    let store = file.target();
    let place = target("t", &["id", "v"], 1);
    let done = store.apply(&batch(&place, insert(&[vec![int(1), text("x")]]))).await.unwrap();
    assert_eq!((done.rows, done.cascaded), (1, 2));
    let refused = refusal(&store, &batch(&place, update(&[vec![int(1), text("never")]]))).await;
    assert_eq!(refused, Refusal { kind: RefusalKind::Check, position: Some(0) });
    let done = store.apply(&batch(&place, insert(&[vec![int(5), text("ignored")]]))).await.unwrap();
    assert_eq!((done.rows, done.missed), (0, vec![0]), "a row that a trigger ignored is not there");

    let quiet = SideEffects { foreign_keys: true, triggers: false };
    let batch = Batch {
        side_effects: quiet,
        ..batch(&place, insert(&[vec![int(2), text("y")], vec![int(1), text("never")]]))
    };
    let done = store.apply(&batch).await.unwrap();
    assert_eq!((done.rows, done.cascaded), (2, 0));
    assert_eq!(file.query("SELECT count(*) FROM log"), [[int(2)]]);
    assert_eq!(store.script(&batch).unwrap_err().class, ErrorClass::Schema, "text cannot keep them quiet");
}

#[tokio::test]
async fn trap_02_a_row_whose_key_the_constraint_takes_for_another_is_refused_and_not_overwritten() {
    let file = File::wal(
        "CREATE TABLE t(k TEXT PRIMARY KEY COLLATE NOCASE, v); INSERT INTO t VALUES ('a', 'old');
        CREATE TABLE part(a INT UNIQUE, b INT, v); INSERT INTO part VALUES (1, 1, 'old');",
    );
    let store = file.target();
    let place = target("t", &["k", "v"], 1);
    let refused =
        refusal(&store, &batch(&place, insert(&[vec![text("b"), text("x")], vec![text("A"), text("new")]])))
            .await;
    assert_eq!(refused, Refusal { kind: RefusalKind::Unique, position: Some(1) });
    assert_eq!(file.query("SELECT k, v FROM t"), [[text("a"), text("old")]]);
    let done = store.apply(&batch(&place, update(&[vec![text("A"), text("new")]]))).await.unwrap();
    assert_eq!(done.missed, [0]);
    let done = store.apply(&batch(&place, delete(&[text("A")]))).await.unwrap();
    assert_eq!(done.missed, [0]);
    let done = store.apply(&batch(&place, insert(&[vec![text("a"), text("new")]]))).await.unwrap();
    assert_eq!(done.rows, 1);

    // The constraint covers only a part of the key: (1, 2) is another row than (1, 1), and cannot be there with it.
    let place = WriteTarget { key_length: 2, ..target("part", &["a", "b", "v"], 2) };
    let rows = Change::Insert(block(2, &[vec![int(1), int(2), text("new")]]));
    let refused = refusal(&store, &batch(&place, rows)).await;
    assert_eq!(refused, Refusal { kind: RefusalKind::Unique, position: Some(0) });
    assert_eq!(file.query("SELECT b, v FROM part"), [[int(1), text("old")]]);
}

#[tokio::test]
async fn trap_35_rows_that_nothing_keeps_apart_become_one() {
    let file = File::wal(
        "CREATE TABLE t(k INT, v, kind TEXT DEFAULT 'work');
        INSERT INTO t VALUES (1, 'a', 'work'), (1, 'b', 'work'), (2, 'c', 'rent'), (3, 'd', 'work');",
    );
    let store = file.target();
    let place = WriteTarget {
        key_unique: false,
        filter: Some("kind = 'work'".into()),
        ..target("t", &["k", "v"], 1)
    };
    let rows: Vec<Vec<Value>> = (1..=4).map(|n| vec![int(n), text("new")]).collect();
    let done = store.apply(&batch(&place, insert(&rows))).await.unwrap();
    assert_eq!((done.rows, done.missed), (3, vec![1]));
    let expected = [
        [int(1), text("new"), text("work")],
        [int(2), text("c"), text("rent")],
        [int(3), text("new"), text("work")],
        [int(4), text("new"), text("work")],
    ];
    assert_eq!(file.query("SELECT k, v, kind FROM t ORDER BY k"), expected);
    let done = store
        .apply(&batch(&place, update(&[vec![int(9), text("x")], vec![int(4), text("y")]])))
        .await
        .unwrap();
    assert_eq!((done.rows, done.missed), (1, vec![0]));
}

#[tokio::test]
async fn a_table_of_keys_alone_is_written_too() {
    for declared in ["INTEGER", "TEXT", ""] {
        let file = File::wal(&format!(
            "CREATE TABLE t(k {declared} PRIMARY KEY, kind TEXT DEFAULT 'work');
            INSERT INTO t VALUES (1, 'work'), (2, 'rent');"
        ));
        let store = file.target();
        let place = WriteTarget { filter: Some("kind = 'work'".into()), ..target("t", &["k"], 1) };
        let stored = |n: i64| if declared == "TEXT" { text(&n.to_string()) } else { int(n) };
        let rows: Vec<Vec<Value>> = (1..=3).map(|n| vec![stored(n)]).collect();
        let done = store.apply(&batch(&place, insert(&rows))).await.unwrap();
        assert_eq!((done.rows, done.missed), (2, vec![1]), "{declared}: the second lies outside the scope");
        let done = store.apply(&batch(&place, update(&rows))).await.unwrap();
        assert_eq!((done.rows, done.missed), (2, vec![1]), "{declared}");
    }
}

#[tokio::test]
async fn trap_40_a_generated_column_is_never_written() {
    let file = File::wal("CREATE TABLE t(id INTEGER PRIMARY KEY, a, b AS (a))");
    let error = file
        .target()
        .apply(&batch(&target("t", &["id", "b"], 1), insert(&[vec![int(1), int(2)]])))
        .await
        .unwrap_err();
    assert!(error.class == ErrorClass::Schema && error.cause.contains("generated"), "{error}");
}

#[tokio::test]
async fn a_key_with_a_null_is_no_key() {
    let file = File::wal("CREATE TABLE t(k TEXT PRIMARY KEY, v); INSERT INTO t VALUES (NULL, 'a')");
    let store = file.target();
    let place = target("t", &["k", "v"], 1);
    let refused = refusal(&store, &batch(&place, insert(&[vec![Value::Null, text("b")]]))).await;
    assert_eq!(refused, Refusal { kind: RefusalKind::NotNull, position: Some(0) });
    let done = store.apply(&batch(&place, delete(&[Value::Null]))).await.unwrap();
    assert_eq!(done.missed, [0]);
    assert_eq!(file.query("SELECT v FROM t"), [[text("a")]]);
}

#[tokio::test]
async fn a_locked_target_is_a_connection_error_and_nothing_is_written() {
    let file = File::wal("CREATE TABLE t(id INTEGER PRIMARY KEY, v)");
    let store = file.target();
    let application = file.connect();
    application.execute_batch("BEGIN IMMEDIATE").unwrap();
    let rows = batch(&target("t", &["id", "v"], 1), insert(&[vec![int(1), text("x")]]));
    let error = store.apply(&rows).await.unwrap_err();
    assert!(error.class == ErrorClass::Connection && error.hint.is_some(), "{error:?}");
    application.execute_batch("ROLLBACK").unwrap();
    assert_eq!(store.apply(&rows).await.unwrap().rows, 1);
}

#[tokio::test]
async fn with_a_rollback_journal_a_view_of_the_target_keeps_a_batch_waiting() {
    let file =
        File::with("delete", "CREATE TABLE t(id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1, 'x')");
    let store = file.target();
    assert!(store.capabilities().snapshot_blocks_apply);
    let snapshot = open(&store).await;
    assert!(snapshot.consistent());
    let rows = batch(&target("t", &["id", "v"], 1), insert(&[vec![int(1), text("y")]]));
    let apply = store.apply(&rows);
    let release = async {
        SystemClock::new().sleep(std::time::Duration::from_millis(200)).await;
        drop(snapshot);
    };
    let (done, ()) = tokio::join!(apply, release);
    assert_eq!(done.unwrap().rows, 1, "it waits for the view to go");
}

#[tokio::test]
async fn the_target_gets_a_table_of_ours_only_with_marks() {
    let file = File::wal("CREATE TABLE t(id INTEGER PRIMARY KEY, v)");
    let store = file.target();
    let mark = |unit| UnitMark { job: "j".into(), table: "t".into(), unit };
    let plain = batch(&target("t", &["id", "v"], 1), insert(&[vec![int(1), text("x")]]));
    store.apply(&plain).await.unwrap();
    assert!(!store.marked(&mark(1)).await.unwrap());
    let ours = "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'syncline%'";
    assert_eq!(file.query(ours), [[int(0)]]);
    store.apply(&Batch { mark: Some(mark(1)), ..plain }).await.unwrap();
    assert!(store.marked(&mark(1)).await.unwrap() && !store.marked(&mark(2)).await.unwrap());
    assert_eq!(file.query(ours), [[int(1)]]);
}

#[tokio::test]
async fn a_dropped_batch_is_there_whole_or_not_at_all() {
    let file = File::wal("CREATE TABLE t(id INTEGER PRIMARY KEY, v)");
    let store = file.target();
    let rows: Vec<Vec<Value>> = (0..20_000).map(|n| vec![int(n), text("x")]).collect();
    let rows = batch(&target("t", &["id", "v"], 1), insert(&rows));
    for wait_ms in [0, 1, 5, 20] {
        let apply = store.apply(&rows);
        let _ = tokio::time::timeout(std::time::Duration::from_millis(wait_ms), apply).await;
        // The next call comes behind the one that was dropped.
        store.describe().await.unwrap();
        let count = file.query("SELECT count(*) FROM t");
        assert!(count == [[int(0)]] || count == [[int(20_000)]], "{count:?}");
        file.connect().execute_batch("DELETE FROM t").unwrap();
    }
}

#[tokio::test]
async fn unique_values_move_in_cycles_and_children_stay_with_their_parents() {
    let file = File::wal(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, u TEXT NOT NULL UNIQUE, n INT UNIQUE);
        CREATE TABLE c(id INTEGER PRIMARY KEY, t INT REFERENCES t ON DELETE CASCADE);
        INSERT INTO t VALUES (1, 'a', 10), (2, 'b', 20), (3, 'c', 30); INSERT INTO c VALUES (1, 1), (2, 2), (3, 3);",
    );
    let store = file.target();
    let place = target("t", &["id", "u", "n"], 1);
    let cycle = update(&[
        vec![int(1), text("b"), int(30)],
        vec![int(2), text("c"), int(10)],
        vec![int(3), text("a"), int(20)],
    ]);
    let done = store.apply_together(&[batch(&place, cycle)]).await.unwrap();
    assert_eq!((done[0].rows, done[0].cascaded), (3, 0));
    let expected = [[int(1), text("b"), int(30)], [int(2), text("c"), int(10)], [int(3), text("a"), int(20)]];
    assert_eq!(file.query("SELECT * FROM t"), expected);
    assert_eq!(file.query("SELECT count(*) FROM c"), [[int(3)]]);
    let taken = update(&[vec![int(1), text("c"), int(30)]]);
    let error = store.apply_together(&[batch(&place, taken)]).await.unwrap_err();
    assert_eq!(error.refusal, Some(Refusal { kind: RefusalKind::Unique, position: None }));
    assert_eq!(file.query("SELECT * FROM t"), expected, "what was parked is as it was");
}

#[tokio::test]
async fn without_memory_of_its_own_a_view_of_a_table_that_changed_sees_the_new_columns() {
    let file = File::with("delete", "CREATE TABLE t(id INTEGER PRIMARY KEY, v)");
    let store = file.source();
    let snapshot = open(&store).await;
    let wider = view("t", &["id", "v", "w"], 1);
    let all = syncline::model::range::KeyRange::all();
    assert_eq!(snapshot.count(&wider, &all).await.unwrap_err().class, ErrorClass::Schema);
    file.connect()
        .execute_batch("ALTER TABLE t ADD COLUMN w DEFAULT 7; INSERT INTO t(id) VALUES (1)")
        .unwrap();
    let keys = [Key::from_values(&[int(1)])];
    assert_eq!(
        super::rows_of(&snapshot.fetch(&wider, &keys).await.unwrap()),
        [[int(1), Value::Null, int(7)]]
    );
}
