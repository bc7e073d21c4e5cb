//! Keys and unique values, as this server compares them.

use syncline::model::key::Key;
use syncline::model::range::KeyRange;
use syncline::store::{Change, ErrorClass, RefusalKind, Role, SideEffects};

use super::rows;
use crate::contract::fixture::{
    batch, block, in_key_order, int, key, read, snapshot, text, view, write_target,
};
use crate::contract::mariadb::{Scratch, connect, run};

#[tokio::test]
async fn trap_01_keys_are_read_in_byte_order_whatever_their_collation() {
    let values = ["b", "A", "a", "é", "Z", "a\u{1}", "aa", "_"];
    for collation in ["utf8mb4_bin", "utf8mb4_nopad_bin", "utf8mb4_general_ci"] {
        let scratch = Scratch::new().await;
        let create = format!("CREATE TABLE t (k VARCHAR(9) COLLATE {collation}, n INT, INDEX (k))");
        run(Some(&scratch.name), &create).await;
        let rows: Vec<_> = values.iter().enumerate().map(|(n, k)| vec![text(k), int(n as i128)]).collect();
        let inserts: Vec<String> = values.iter().enumerate().map(|(n, k)| format!("('{k}', {n})")).collect();
        run(Some(&scratch.name), &format!("INSERT INTO t VALUES {}", inserts.join(", "))).await;
        let store = scratch.store(Role::Source);
        let table = store.describe().await.unwrap().tables.remove(0);
        let by_bytes = collation == "utf8mb4_nopad_bin";
        assert_eq!(table.serves_order(&["k".to_owned()]), by_bytes, "{collation}");
        let view = view(&*store, "t", &["k"]).await;
        let snapshot = snapshot(&*store).await;
        let expected = in_key_order(&rows, 1);
        assert_eq!(read(&*snapshot, &view, &KeyRange::all()).await, expected, "{collation}");
        for (position, row) in expected.iter().enumerate() {
            let from = KeyRange::new(Some(key(row[0].clone())), None);
            assert_eq!(read(&*snapshot, &view, &from).await, expected[position..], "{collation} {from}");
            assert_eq!(snapshot.fetch(&view, &[key(row[0].clone())]).await.unwrap().len(), 1, "{collation}");
        }
    }
}

#[tokio::test]
async fn trap_02_a_key_that_the_collation_takes_for_another_is_refused_and_overwrites_nothing() {
    let scratch = Scratch::new().await;
    let create = "CREATE TABLE t (k VARCHAR(9) COLLATE utf8mb4_general_ci PRIMARY KEY, n INT);
        INSERT INTO t VALUES ('a', 1)";
    run(Some(&scratch.name), create).await;
    let store = scratch.store(Role::Target);
    let target = write_target(&view(&*store, "t", &["k"]).await);
    for other in ["A", "a "] {
        let rows = block(1, &[vec![text(other), int(2)]]);
        let error = store.apply(&batch(&target, Change::Insert(rows.clone()))).await.unwrap_err();
        assert_eq!(error.refusal.unwrap().kind, RefusalKind::Unique, "{error}");
        let done = store.apply(&batch(&target, Change::Update(rows))).await.unwrap();
        assert_eq!(done.missed, [0]);
        let done = store.apply(&batch(&target, Change::Delete(vec![key(text(other))]))).await.unwrap();
        assert_eq!(done.missed, [0]);
    }
    assert_eq!(rows(&*store, "t", &["k"]).await, [[text("a"), int(1)]]);
    let rows_of_a = block(1, &[vec![text("a"), int(3)]]);
    assert_eq!(store.apply(&batch(&target, Change::Insert(rows_of_a))).await.unwrap().rows, 1);
    assert_eq!(rows(&*store, "t", &["k"]).await, [[text("a"), int(3)]]);
}

#[tokio::test]
async fn trap_39_a_row_never_overwrites_the_row_that_holds_its_other_unique_value() {
    let scratch = Scratch::new().await;
    let create = "CREATE TABLE t (id INT PRIMARY KEY, code VARCHAR(9) UNIQUE, n INT);
        INSERT INTO t VALUES (1, 'taken', 10), (2, 'own', 20)";
    run(Some(&scratch.name), create).await;
    let store = scratch.store(Role::Target);
    let target = write_target(&view(&*store, "t", &["id"]).await);
    for id in [2, 3] {
        let rows = block(1, &[vec![int(id), text("taken"), int(99)]]);
        let error = store.apply(&batch(&target, Change::Insert(rows))).await.unwrap_err();
        let refusal = error.refusal.unwrap();
        assert_eq!((refusal.kind, refusal.position), (RefusalKind::Unique, Some(0)), "{error}");
    }
    let expected = [[int(1), text("taken"), int(10)], [int(2), text("own"), int(20)]];
    assert_eq!(rows(&*store, "t", &["id"]).await, expected);
}

#[tokio::test]
async fn trap_23_a_range_of_a_composite_key_is_a_range_for_the_optimizer() {
    let scratch = Scratch::new().await;
    let create = "CREATE TABLE t (a INT, b BIGINT, n INT, PRIMARY KEY (a, b));
        INSERT INTO t SELECT seq DIV 100, seq MOD 100, seq FROM seq_0_to_19999; ANALYZE TABLE t";
    run(Some(&scratch.name), create).await;
    let store = scratch.store(Role::Source);
    let view = view(&*store, "t", &["a", "b"]).await;
    let snapshot = snapshot(&*store).await;
    let bound = |a, b| Some(Key::from_values(&[int(a), int(b)]));
    let range = KeyRange::new(bound(70, 30), bound(71, 10));
    assert_eq!(read(&*snapshot, &view, &range).await.len(), 80);
    assert_eq!(snapshot.count(&view, &range).await.unwrap(), 80);
    let mut connection = connect(Some(&scratch.name)).await;
    let text = "EXPLAIN SELECT a, b, n FROM t FORCE INDEX (PRIMARY) WHERE (a > 70 OR (a = 70 AND b >= 30)) \
        AND (a < 71 OR (a = 71 AND b < 10)) ORDER BY a, b LIMIT 1000";
    let row = sqlx::raw_sql(text).fetch_one(&mut connection).await.unwrap();
    let field = |name| sqlx::Row::get::<Option<String>, _>(&row, name).unwrap_or_default();
    assert_eq!((field("type").as_str(), field("key_len").as_str()), ("range", "12"), "{row:?}");
    assert!(!field("Extra").contains("filesort"), "{row:?}");
}

#[tokio::test]
async fn trap_37_triggers_that_may_not_fire_are_an_error() {
    let scratch = Scratch::new().await;
    let create = "CREATE TABLE t (id INT PRIMARY KEY, n INT);
        CREATE TRIGGER watched BEFORE INSERT ON t FOR EACH ROW SET NEW.n = 5";
    run(Some(&scratch.name), create).await;
    let store = scratch.store(Role::Target);
    let target = write_target(&view(&*store, "t", &["id"]).await);
    let mut quiet = batch(&target, Change::Insert(block(1, &[vec![int(1), int(1)]])));
    quiet.side_effects = SideEffects { foreign_keys: true, triggers: false };
    let error = store.apply(&quiet).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Schema, "{error}");
    assert!(error.to_string().contains("watched"), "{error}");
}

#[tokio::test]
async fn rows_that_refer_to_each_other_in_a_circle_are_written_together() {
    let scratch = Scratch::new().await;
    let create =
        "CREATE TABLE t (id INT PRIMARY KEY, next INT NOT NULL, FOREIGN KEY (next) REFERENCES t (id))";
    run(Some(&scratch.name), create).await;
    let store = scratch.store(Role::Target);
    let target = write_target(&view(&*store, "t", &["id"]).await);
    let circle = [vec![int(1), int(2)], vec![int(2), int(1)]];
    store.apply_together(&[batch(&target, Change::Insert(block(1, &circle)))]).await.unwrap();
    assert_eq!(rows(&*store, "t", &["id"]).await, circle);
    let broken = [vec![int(3), int(4)], vec![int(4), int(5)]];
    let error = store.apply_together(&[batch(&target, Change::Insert(block(1, &broken)))]).await.unwrap_err();
    assert_eq!(error.refusal.unwrap().kind, RefusalKind::ForeignKey, "{error}");
    assert_eq!(rows(&*store, "t", &["id"]).await, circle);
}
