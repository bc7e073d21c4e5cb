//! Values as SQLite holds them, through a read, a write and a script.

use syncline::model::range::KeyRange;
use syncline::model::value::Value;
use syncline::store::{Change, Store};

use super::{File, agree, batch, block, int, open, read, rows_of, target, text, view};

/// Values that get lost easily, with their storage class.
fn awkward() -> Vec<Value> {
    let reals = [0.1, 1.0, -0.0, 1.0 / 3.0, f64::MAX, f64::MIN_POSITIVE, 5e-324, 9_007_199_254_740_993.0];
    let mut values: Vec<Value> = reals.into_iter().map(Value::Real).collect();
    values.extend([Value::Real(f64::INFINITY), Value::Real(f64::NEG_INFINITY), Value::Real(12.34)]);
    values.extend([int(i64::MAX), int(i64::MIN), int(0), Value::Null]);
    let texts =
        ["", "NULL", "it's", "a\0b", "\0", "line\r\nbreak", "\u{1b}[2J", "é", "1", "1.0", ".quit", "; --"];
    values.extend(texts.into_iter().map(text));
    values.extend([Value::Text(vec![0xff]), Value::Text(b"a\xf0\x28".to_vec())]);
    values.extend([Value::Blob(vec![]), Value::Blob(vec![0, 0xff]), Value::Blob(b"text".to_vec())]);
    values
}

fn rows() -> Vec<Vec<Value>> {
    awkward().into_iter().enumerate().map(|(n, value)| vec![int(n as i64), value]).collect()
}

/// Equal to the last bit, which `==` of floats is not.
fn assert_same(left: &[Vec<Value>], right: &[Vec<Value>]) {
    let bytes = |rows: &[Vec<Value>]| {
        let block = block(0, rows);
        (0..block.len()).map(|index| block.row(index).to_vec()).collect::<Vec<_>>()
    };
    assert_eq!(bytes(left), bytes(right), "{left:?}\n{right:?}");
}

#[tokio::test]
async fn every_value_is_read_and_written_to_the_last_bit() {
    for declared in ["v)", "v ANY) STRICT", "v BLOB) WITHOUT ROWID"] {
        let file = File::wal(&format!("CREATE TABLE t(id INTEGER PRIMARY KEY, {declared}"));
        let store = file.target();
        let done = store
            .apply(&batch(&target("t", &["id", "v"], 1), Change::Insert(block(1, &rows()))))
            .await
            .unwrap();
        assert_eq!(done.rows, rows().len() as u64);
        assert_same(&file.query("SELECT id, v FROM t ORDER BY id"), &rows());
        let snapshot = open(&store).await;
        assert_same(&agree(&*snapshot, &view("t", &["id", "v"], 1), &KeyRange::all()).await, &rows());
    }
}

#[tokio::test]
async fn a_script_gives_the_same_bits_in_the_sqlite3_shell() {
    let file = File::wal("CREATE TABLE t(id INTEGER PRIMARY KEY, v)");
    let mut script = String::new();
    let place = target("t", &["id", "v"], 1);
    let store = file.target();
    let mut stale: Vec<Vec<Value>> = rows().into_iter().take(3).collect();
    for row in &mut stale {
        row[1] = text("stale");
    }
    store.apply(&batch(&place, Change::Insert(block(1, &stale)))).await.unwrap();
    store.apply(&batch(&place, Change::Insert(block(1, &[vec![int(500), text("extra")]])))).await.unwrap();
    for change in [Change::Delete(vec![super::key(&[int(500)])]), Change::Insert(block(1, &rows()))] {
        script.push_str(&store.script(&batch(&place, change)).unwrap());
    }
    let update = vec![int(4), Value::Real(std::f64::consts::PI)];
    script.push_str(&store.script(&batch(&place, Change::Update(block(1, &[update])))).unwrap());
    store.disconnect().await;
    run_in_shell(&file, &script);
    let mut expected = rows();
    expected[4][1] = Value::Real(std::f64::consts::PI);
    assert_same(&file.query("SELECT id, v FROM t ORDER BY id"), &expected);
}

/// The shell is asked to stop at the first error, so that none goes by unseen.
fn run_in_shell(file: &File, script: &str) {
    use std::io::Write as _;
    let mut shell = std::process::Command::new("sqlite3")
        .args(["-batch", "-bail"])
        .arg(file.path())
        .stdin(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("this test runs the sqlite3 shell");
    shell.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    let output = shell.wait_with_output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && complaint.is_empty(), "{complaint}\n{script}");
}

#[tokio::test]
async fn trap_47_values_of_ten_megabytes_travel_alone() {
    let file = File::wal(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, v);
        INSERT INTO t VALUES (1, 'small'), (2, zeroblob(10000000)), (3, CAST(zeroblob(10000000) AS TEXT)), (4, 'small');",
    );
    let store = file.source();
    let snapshot = open(&store).await;
    let view = view("t", &["id", "v"], 1);
    let mut stream = snapshot.read(&view, &KeyRange::all()).await.unwrap();
    let mut sizes = Vec::new();
    while let Some(block) = stream.next().await.unwrap() {
        sizes.push((block.len(), block.size_bytes() > 10_000_000));
    }
    assert_eq!(sizes, [(1, false), (1, true), (1, true), (1, false)]);
    let copy = File::wal("CREATE TABLE t(id INTEGER PRIMARY KEY, v)");
    let rows = block(1, &read(&*snapshot, &view, &KeyRange::all()).await);
    copy.target().apply(&batch(&target("t", &["id", "v"], 1), Change::Insert(rows))).await.unwrap();
    let sums = "SELECT id, typeof(v), length(CAST(v AS BLOB)) FROM t";
    assert_eq!(copy.query(sums), file.query(sums));
}

#[tokio::test]
async fn trap_40_generated_columns_are_read() {
    let file = File::wal(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, a INT, b AS (a * 2), c TEXT GENERATED ALWAYS AS (a || '!') STORED);
        INSERT INTO t(id, a) VALUES (1, 5);",
    );
    let store = file.source();
    let rows = agree(&*open(&store).await, &view("t", &["id", "c", "b", "a"], 1), &KeyRange::all()).await;
    assert_eq!(rows, [[int(1), text("5!"), int(10), int(5)]]);
}

#[tokio::test]
async fn declared_types_change_no_value() {
    let file = File::wal(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, a DATE, b DECIMAL(10,2), c BOOLEAN, d JSON, e DATETIME);
        INSERT INTO t VALUES (1, '2024-02-30', 12.50, 'yes', '{\"a\": 1.0}', 1700000000);",
    );
    let store = file.source();
    let view = view("t", &["id", "a", "b", "c", "d", "e"], 1);
    let rows = rows_of(&open(&store).await.fetch(&view, &[super::key(&[int(1)])]).await.unwrap());
    let expected = [
        int(1),
        text("2024-02-30"),
        Value::Real(12.5),
        text("yes"),
        text("{\"a\": 1.0}"),
        int(1_700_000_000),
    ];
    assert_eq!(rows, [expected]);
}
