//! Keys as SQLite orders them and as it does not: affinities, collations, encodings, directions, names of the rowid.

use std::collections::BTreeSet;

use syncline::base::clock::Timestamp;
use syncline::model::key::Key;
use syncline::model::range::KeyRange;
use syncline::model::value::Value;
use syncline::store::Store;

use super::{File, SEED, agree, drain, int, key, open, read, text, view};

/// Every range between two of these keys, and the open ones.
fn ranges(keys: &[Key]) -> Vec<KeyRange> {
    let mut bounds: Vec<Option<Key>> = keys.iter().cloned().map(Some).collect();
    bounds.push(None);
    let lowers = bounds.iter();
    lowers.flat_map(|lower| bounds.iter().map(|upper| KeyRange::new(lower.clone(), upper.clone()))).collect()
}

/// Values of every storage class, some of which mean the same to one affinity and not to another.
fn mixed() -> Vec<Value> {
    vec![
        int(-5),
        int(0),
        Value::Real(0.5),
        int(12),
        Value::Real(1e300),
        text(""),
        text("12"),
        text("12 "),
        text("A"),
        text("a"),
        text("a\0b"),
        text("b"),
        text("é"),
        text("e\u{301}"),
        Value::Text(vec![0xff, 0xfe]),
        Value::Blob(vec![]),
        Value::Blob(b"12".to_vec()),
        Value::Blob(vec![0xff]),
    ]
}

/// A table of mixed keys with this declaration of its key column.
fn mixed_table(declared: &str, options: &str, values: &[Value]) -> File {
    let file = File::wal(&format!("CREATE TABLE t(k {declared}, n INT{options}"));
    let connection = file.connect();
    for (n, value) in values.iter().enumerate() {
        let stored = super::super::contract::sqlite::Stored(value);
        connection
            .execute("INSERT OR IGNORE INTO t VALUES (?, ?)", rusqlite::params![stored, n as i64])
            .unwrap();
    }
    drop(connection);
    file
}

async fn every_range_is_right(file: &File) {
    let store = file.source();
    let snapshot = open(&store).await;
    let view = view("t", &["k", "n"], 1);
    let mut expected = file.query("SELECT k, n FROM t WHERE k IS NOT NULL");
    expected.sort_by_key(|row| key(&row[..1]));
    assert_eq!(read(&*snapshot, &view, &KeyRange::all()).await, expected);
    let bounds: Vec<Key> = mixed().into_iter().map(|value| key(&[value])).collect();
    for range in ranges(&bounds) {
        let mut inside = expected.clone();
        inside.retain(|row| range.contains(key(&row[..1]).as_bytes()));
        assert_eq!(agree(&*snapshot, &view, &range).await, inside, "{range}");
        let newest = snapshot.newest(&view, &range, 2).await.unwrap();
        let second = inside.len().checked_sub(2).map(|index| key(&inside[index][..1]));
        assert_eq!(newest, second, "{range}");
    }
    let largest = expected.last().map(|row| key(&row[..1]));
    assert_eq!(snapshot.largest(&view).await.unwrap(), largest);
    let cuts = snapshot.split(&view, &KeyRange::all(), 4).await.unwrap();
    assert!(cuts.len() == 3 && cuts.is_sorted(), "{cuts:?}");
    let keys: Vec<Key> = expected.iter().map(|row| key(&row[..1])).collect();
    assert!(cuts.iter().all(|cut| keys[1..].contains(cut)), "{cuts:?}");
    let pieces = KeyRange::all().split(&cuts);
    let counts: Vec<u64> =
        snapshot.digest(&view, &pieces, SEED).await.unwrap().iter().map(|digest| digest.count).collect();
    assert_eq!(counts.iter().sum::<u64>(), expected.len() as u64);
    assert!(counts.iter().all(|&count| count >= 2), "balanced: {counts:?}");
    let every: BTreeSet<usize> = (0..7).collect();
    let stream = snapshot.read_buckets(&view, 7, &every, SEED).await.unwrap();
    assert_eq!(drain(stream).await.len(), expected.len());
}

#[tokio::test]
async fn mixed_storage_classes_in_one_key_column_are_ordered_by_class_then_value() {
    for declared in ["BLOB", "", "TEXT", "NUMERIC", "INT", "REAL"] {
        every_range_is_right(&mixed_table(declared, ", PRIMARY KEY(k))", &mixed())).await;
        every_range_is_right(&mixed_table(declared, ", PRIMARY KEY(k)) WITHOUT ROWID", &mixed())).await;
    }
    every_range_is_right(&mixed_table("ANY", ", PRIMARY KEY(k)) STRICT", &mixed())).await;
}

#[tokio::test]
async fn trap_01_keys_that_no_index_serves_in_byte_order_are_read_in_it_all_the_same() {
    for declared in ["BLOB COLLATE NOCASE", "TEXT COLLATE RTRIM", "TEXT COLLATE NOCASE"] {
        every_range_is_right(&mixed_table(declared, ")", &mixed())).await;
        every_range_is_right(&mixed_table(declared, ", PRIMARY KEY(k))", &mixed())).await;
    }
    // No index at all.
    every_range_is_right(&mixed_table("", ")", &mixed())).await;
    // An index, but the wrong way round, of some rows, or in another collation.
    for index in ["t(k DESC)", "t(k) WHERE n > 3", "t(k COLLATE NOCASE)", "t(n, k)"] {
        let file = mixed_table("", ")", &mixed());
        file.connect().execute_batch(&format!("CREATE INDEX i ON {index}")).unwrap();
        every_range_is_right(&file).await;
    }
}

#[tokio::test]
async fn utf16_databases_are_read_in_utf8_order() {
    let texts: Vec<Value> =
        ["", "a", "B", "é", "\u{ffff}", "\u{10000}", "日本", "z", "aa"].into_iter().map(text).collect();
    for encoding in ["UTF-16le", "UTF-16be"] {
        let file = File::with(
            "delete",
            &format!("PRAGMA encoding = '{encoding}'; CREATE TABLE t(k TEXT PRIMARY KEY, n INT)"),
        );
        for value in &texts {
            let stored = super::super::contract::sqlite::Stored(value);
            file.connect().execute("INSERT INTO t VALUES (?, 1)", [stored]).unwrap();
        }
        every_range_is_right(&file).await;
    }
}

#[tokio::test]
async fn an_invalid_text_can_be_found_written_and_deleted_by_its_bytes() {
    let file = mixed_table("TEXT", ", PRIMARY KEY(k))", &mixed());
    let store = file.target();
    let broken = Value::Text(vec![0xff, 0xfe]);
    let place = super::target("t", &["k", "n"], 1);
    let row = vec![broken.clone(), int(99)];
    let update = syncline::store::Change::Update(super::block(1, &[row]));
    assert_eq!(store.apply(&super::batch(&place, update)).await.unwrap().rows, 1);
    assert_eq!(file.query("SELECT n FROM t WHERE k = CAST(x'fffe' AS TEXT)"), [[int(99)]]);
    let delete = syncline::store::Change::Delete(vec![key(&[broken])]);
    assert_eq!(store.apply(&super::batch(&place, delete)).await.unwrap().rows, 1);
    assert!(file.query("SELECT n FROM t WHERE n = 99").is_empty());
}

#[tokio::test]
async fn trap_24_descending_and_reordered_keys_are_read_in_key_order() {
    let rows = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99)
        INSERT INTO t SELECT 'c', i % 10, i / 10 FROM n;";
    for declared in [
        "PRIMARY KEY(a, b)) WITHOUT ROWID",
        "PRIMARY KEY(a DESC, b)) WITHOUT ROWID",
        "PRIMARY KEY(a DESC, b DESC)) WITHOUT ROWID",
        "PRIMARY KEY(b, a))",
        "UNIQUE(a, b))",
        "UNIQUE(a DESC, b))",
    ] {
        for journal in ["wal", "delete"] {
            let file = File::with(
                journal,
                &format!("CREATE TABLE t(c TEXT, b INT NOT NULL, a INT NOT NULL, {declared}; {rows}"),
            );
            let store = file.source();
            let snapshot = open(&store).await;
            let view = view("t", &["a", "b", "c"], 2);
            let range = KeyRange::new(Some(key(&[int(2), int(5)])), Some(key(&[int(4), int(1)])));
            let inside: Vec<Vec<Value>> =
                (25..41).map(|i| vec![int(i / 10), int(i % 10), text("c")]).collect();
            assert_eq!(agree(&*snapshot, &view, &range).await, inside, "{declared}");
            let buckets = snapshot.digest_buckets(&view, 3, SEED).await.unwrap();
            assert_eq!(buckets.iter().map(|digest| digest.count).sum::<u64>(), 100);
        }
    }
}

#[tokio::test]
async fn columns_may_bear_the_names_of_the_rowid() {
    let file = File::wal(
        "CREATE TABLE t(rowid TEXT, _rowid_ INT, k INT); INSERT INTO t VALUES ('x', 5, 1), ('x', 6, 1), ('y', 7, 2);
        CREATE TABLE hidden(rowid TEXT, _rowid_ INT, oid INT, k INT); INSERT INTO hidden VALUES ('x', 1, 2, 3);",
    );
    let store = file.source();
    let snapshot = open(&store).await;
    let rows = agree(&*snapshot, &view("t", &["k", "rowid", "_rowid_"], 1), &KeyRange::all()).await;
    assert_eq!(rows[1], [int(1), text("x"), int(6)]);
    let hidden = view("hidden", &["k", "rowid"], 1);
    let error = snapshot.digest(&hidden, &[KeyRange::all()], SEED).await.unwrap_err();
    assert!(error.hint.as_ref().is_some_and(|hint| hint.contains("rename")), "{error:?}");
    file.connect().execute_batch("CREATE UNIQUE INDEX i ON hidden(k)").unwrap();
    assert_eq!(agree(&*open(&store).await, &hidden, &KeyRange::all()).await, [[int(3), text("x")]]);
}

#[tokio::test]
async fn a_sort_that_does_not_fit_is_done_in_passes() {
    // Forty rows of a megabyte under a collation that no index serves: more than are kept at once.
    let file = File::wal(
        "CREATE TABLE t(k TEXT COLLATE NOCASE, v BLOB);
        WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 39)
        INSERT INTO t SELECT char(97 + (i * 7) % 26) || (i * 11) % 40, zeroblob(1000000 + i) FROM n;
        INSERT INTO t SELECT 'same', zeroblob(900000) FROM t LIMIT 20;",
    );
    let store = file.source();
    let snapshot = open(&store).await;
    let view = view("t", &["k", "v"], 1);
    let mut stream = snapshot.read(&view, &KeyRange::all()).await.unwrap();
    let mut keys = Vec::new();
    while let Some(block) = stream.next().await.unwrap() {
        assert!(block.len() == 1 || block.size_bytes() <= syncline::base::limits::BLOCK_BYTES_MAX);
        keys.extend((0..block.len()).map(|index| block.key_owned(index)));
    }
    assert_eq!(keys.len(), 60, "none is lost between two passes, equal keys neither");
    assert!(keys.is_sorted());
}

#[tokio::test]
async fn changed_rows_come_in_order_whatever_index_there_is() {
    let indexes =
        ["", "CREATE INDEX i ON t(m)", "CREATE INDEX i ON t(m, id)", "CREATE INDEX i ON t(m COLLATE NOCASE)"];
    let options = [
        "id INTEGER PRIMARY KEY, m, v)",
        "id INT NOT NULL, m TEXT COLLATE NOCASE, v, PRIMARY KEY(id)) WITHOUT ROWID",
    ];
    for (index, options) in
        indexes.iter().flat_map(|index| options.iter().map(move |options| (index, options)))
    {
        for journal in ["wal", "delete"] {
            let file = File::with(
                journal,
                &format!(
                    "CREATE TABLE t({options}; {index};
                    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 5999)
                    INSERT INTO t SELECT i * 7 % 6000, CASE WHEN i % 10 = 0 THEN NULL ELSE '2024-01-0' || (i % 7) || 'aB' END, i FROM n;
                    INSERT INTO t VALUES (7000, '2024-01-03Ab', 0), (7001, '2099-01-01', 0);"
                ),
            );
            let store = file.source();
            let snapshot = open(&store).await;
            let mut view = view("t", &["id", "m", "v"], 1);
            view.modify_column = Some("m".into());
            let (since, until) = (text("2024-01-03Ab"), text("2024-01-05aB"));
            let stream = snapshot.changed(&view, Some(&since), Some(&until)).await.unwrap();
            let rows = drain(stream).await;
            let mut expected = file.query(
                "SELECT id, m, v FROM t WHERE m COLLATE BINARY BETWEEN '2024-01-03Ab' AND '2024-01-05aB'",
            );
            expected.sort_by_key(|row| key(&[row[1].clone(), row[0].clone()]));
            assert!(expected.len() > 2000 && rows == expected, "{index} {options} {journal}: {}", rows.len());
            let now = Timestamp(1_763_654_400_000_000);
            let stamps = snapshot.stamps(&view, Some(&until), now).await.unwrap();
            let tied = file
                .query("SELECT count(*) FROM t WHERE m COLLATE BINARY = '2024-01-05aB'")
                .remove(0)
                .remove(0);
            assert_eq!(Value::Integer(stamps.ties.into()), tied, "{index} {options}");
            assert_eq!((stamps.missing, stamps.future), (600, 1), "{index} {options}");
            assert_eq!(stamps.largest, Some(text("2024-01-06aB")), "{index} {options}");
        }
    }
}
