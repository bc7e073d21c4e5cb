//! A source is only read: its bytes, its journal mode and its application's freedom to write stay as they are.

use std::time::Duration;

use rusqlite::Connection;
use syncline::base::clock::{Clock as _, SystemClock};
use syncline::model::range::KeyRange;
use syncline::store::{ErrorClass, Store};

use super::{File, SEED, agree, drain, filtered, int, key, open, text, view};

/// A table of so many rows.
fn numbers(rows: u32) -> String {
    format!(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT NOT NULL, m INT);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
        INSERT INTO t SELECT i, 'value ' || i, i FROM n;"
    )
}

/// The bytes of the database and its side files, read by another process: closing a descriptor of ours would drop
/// SQLite's locks.
fn bytes(file: &File) -> Vec<Vec<u8>> {
    ["", "-wal", "-journal"]
        .iter()
        .map(|suffix| {
            let path = format!("{}{suffix}", file.path().display());
            std::process::Command::new("cat").arg(path).output().unwrap().stdout
        })
        .collect()
}

async fn read_everything(file: &File) {
    let store = file.source();
    store.probe().await.unwrap();
    store.describe().await.unwrap();
    let snapshot = open(&store).await;
    let mut view = view("t", &["id", "v", "m"], 1);
    view.modify_column = Some("m".into());
    assert_eq!(agree(&*snapshot, &view, &KeyRange::all()).await.len(), 3000);
    assert_eq!(
        snapshot.split(&view, &KeyRange::all(), 3).await.unwrap(),
        [key(&[int(1001)]), key(&[int(2001)])]
    );
    assert_eq!(snapshot.largest(&view).await.unwrap(), Some(key(&[int(3000)])));
    drain(snapshot.changed(&view, Some(&int(2990)), None).await.unwrap()).await;
    snapshot.digest_buckets(&view, 16, SEED).await.unwrap();
    drop(snapshot);
    store.disconnect().await;
}

#[tokio::test]
async fn reading_a_source_changes_no_byte_of_it() {
    for journal in ["wal", "delete"] {
        let file = File::with(journal, &numbers(2999));
        let before = bytes(&file);
        // In WAL mode, a row that is not in the database file yet, and an application that keeps it open.
        let application = file.connect();
        application.execute("INSERT INTO t VALUES (3000, 'late', 0)", []).unwrap();
        let during = bytes(&file);
        assert_ne!(during, before, "the insert shows somewhere");
        read_everything(&file).await;
        assert_eq!(bytes(&file), during, "{journal}");
        let mode: String = application.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
        assert_eq!(mode, journal);
        assert_eq!(
            application.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0)).unwrap(),
            "ok"
        );
    }
}

#[tokio::test]
async fn a_reader_that_closes_last_leaves_the_log_to_the_application() {
    let file = File::wal(&numbers(3000));
    let application = file.connect();
    application.execute("UPDATE t SET v = 'changed' WHERE id = 1", []).unwrap();
    application.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).unwrap();
    drop(application);
    let before = bytes(&file);
    read_everything(&file).await;
    assert_eq!(bytes(&file), before);
}

#[tokio::test]
async fn with_a_write_ahead_log_a_view_is_one_instant_and_in_nobodys_way() {
    let file = File::wal(&numbers(3000));
    let store = file.source();
    let snapshot = open(&store).await;
    assert!(snapshot.consistent() && !store.capabilities().snapshot_blocks_apply);
    let application = file.connect();
    application.execute_batch("DELETE FROM t WHERE id > 10; CREATE TABLE other(a)").unwrap();
    let view = view("t", &["id", "v"], 1);
    assert_eq!(agree(&*snapshot, &view, &KeyRange::all()).await.len(), 3000);
    assert_eq!(open(&store).await.count(&view, &KeyRange::all()).await.unwrap(), 10);
}

#[tokio::test]
async fn with_a_rollback_journal_the_application_commits_while_a_stream_waits() {
    let file = File::with("delete", &numbers(20_000));
    let store = file.source();
    let snapshot = open(&store).await;
    assert!(!snapshot.consistent());
    let view = view("t", &["id", "v"], 1);
    let mut stream = snapshot.read(&view, &KeyRange::all()).await.unwrap();
    let first = stream.next().await.unwrap().unwrap().len();
    // The reader has run ahead as far as it may and waits, without a lock: the application does not have to.
    let application = file.connect();
    let clock = SystemClock::new();
    while let Err(error) =
        application.execute_batch("DELETE FROM t WHERE id <= 100; INSERT INTO t VALUES (90001, 'x', 0)")
    {
        assert!(clock.elapsed() < Duration::from_secs(5), "{error}");
        clock.sleep(Duration::from_millis(5)).await;
    }
    let mut rows = first;
    while let Some(block) = stream.next().await.unwrap() {
        rows += block.len();
    }
    assert_eq!(rows, 20_001, "rows read before they were deleted, and the one that came behind");
}

#[tokio::test]
async fn with_a_rollback_journal_a_long_read_lets_the_application_in() {
    let file = File::with("delete", &numbers(3000));
    file.connect().execute_batch("CREATE TABLE slow(x); INSERT INTO slow SELECT id FROM t").unwrap();
    let store = file.source();
    let snapshot = open(&store).await;
    // A condition that costs so much for each row that the whole takes many times the longest transaction.
    let view = filtered(
        view("t", &["id", "v"], 1),
        "(SELECT count(*) FROM slow WHERE x <> t.id % 7) > 0 AND id > 0",
    );
    let application = file.connect();
    let read = async {
        let clock = SystemClock::new();
        let digest = snapshot.digest(&view, &[KeyRange::all()], SEED).await.unwrap();
        (digest[0].count, clock.elapsed())
    };
    let write = tokio::task::spawn_blocking(move || {
        application.busy_timeout(Duration::from_secs(30)).unwrap();
        let clock = SystemClock::new();
        let mut waits = Vec::new();
        for round in 0..3 {
            let before = clock.elapsed();
            application.execute("UPDATE t SET m = ?", [round]).unwrap();
            waits.push(clock.elapsed().saturating_sub(before));
        }
        waits
    });
    let ((count, reading), waits) = tokio::join!(read, write);
    let waits = waits.unwrap();
    assert_eq!(count, 3000);
    let longest = waits.iter().max().unwrap();
    assert!(reading < Duration::from_secs(2) || *longest < reading / 2, "waited {waits:?} in {reading:?}");
}

#[tokio::test]
async fn a_database_that_stays_locked_is_a_connection_error_with_a_hint() {
    let file = File::with("delete", &numbers(10));
    let application = file.connect();
    application.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let store = file.source();
    let error = store.probe().await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Connection, "{error}");
    assert!(error.cause.contains("locked") && error.hint.is_some(), "{error:?}");
    application.execute_batch("ROLLBACK").unwrap();
    store.probe().await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn a_wal_database_in_a_folder_that_cannot_be_written_is_a_clear_error() {
    use std::os::unix::fs::PermissionsExt as _;
    let file = File::wal(&numbers(10));
    let folder = file.folder.path();
    let shared = format!("{}-shm", file.path().display());
    let _ = std::fs::remove_file(&shared);
    let rights = |mode| std::fs::set_permissions(folder, std::fs::Permissions::from_mode(mode)).unwrap();
    rights(0o555);
    if std::fs::write(folder.join("probe"), "").is_ok() {
        // Rights do not bind this user (root): put something in the way that binds everybody.
        std::os::unix::fs::symlink(folder.join("no such folder/file"), &shared).unwrap();
    }
    let error = file.source().probe().await.unwrap_err();
    rights(0o755);
    let hint = error.hint.clone().unwrap_or_default();
    assert!(hint.contains("-wal") && hint.contains("folder"), "{error:?}");
    assert!(error.operation.contains("a.db"), "{error:?}");
}

#[tokio::test]
async fn dropping_a_read_stops_its_work() {
    let file = File::wal(&numbers(3000));
    file.connect().execute_batch("CREATE TABLE slow(x); INSERT INTO slow SELECT id FROM t").unwrap();
    let store = file.source();
    let snapshot = open(&store).await;
    let plain = view("t", &["id", "v"], 1);
    // Minutes of work, and no row comes of it.
    let endless =
        filtered(plain.clone(), "(SELECT count(*) FROM slow a, slow b WHERE a.x + b.x <> t.id) < 0");
    for _ in 0..2 {
        let whole = [KeyRange::all()];
        let digest = snapshot.digest(&endless, &whole, SEED);
        assert!(
            tokio::time::timeout(Duration::from_millis(50), digest).await.is_err(),
            "it is still at work"
        );
        let mut stream = snapshot.read(&endless, &KeyRange::all()).await.unwrap();
        assert!(tokio::time::timeout(Duration::from_millis(50), stream.next()).await.is_err());
        drop(stream);
        let clock = SystemClock::new();
        assert_eq!(snapshot.count(&plain, &KeyRange::all()).await.unwrap(), 3000);
        assert!(clock.elapsed() < Duration::from_secs(10), "the thread is free soon: {:?}", clock.elapsed());
    }
}

#[tokio::test]
async fn streams_and_other_reads_share_a_view_without_waiting_for_each_other() {
    for journal in ["wal", "delete"] {
        let file = File::with(journal, &numbers(20_000));
        let store = file.source();
        let snapshot = open(&store).await;
        let view = view("t", &["id", "v"], 1);
        let mut one = snapshot.read(&view, &KeyRange::all()).await.unwrap();
        let mut two = snapshot.read(&view, &KeyRange::all()).await.unwrap();
        let (mut first, mut second) = (0, 0);
        let merge = async {
            while let Some(block) = one.next().await.unwrap() {
                first += block.len();
                let wanted = [key(&[int(first as i64)])];
                assert_eq!(snapshot.fetch(&view, &wanted).await.unwrap().len(), 1);
                second += two.next().await.unwrap().unwrap().len();
            }
            assert!(two.next().await.unwrap().is_none());
        };
        tokio::time::timeout(Duration::from_mins(1), merge).await.expect("nobody waits for ever");
        assert_eq!((first, second), (20_000, 20_000), "{journal}");
    }
}

#[tokio::test]
async fn a_missing_file_and_a_file_that_is_no_database_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("no\u{1b}[2Jsuch.db");
    let store = syncline::store::sqlite::SqliteStore::open(&path, syncline::store::Role::Source);
    let error = store.probe().await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Schema);
    assert!(error.to_string().contains("no such file") && !error.to_string().contains('\u{1b}'), "{error}");
    assert!(!path.exists(), "looking for it does not make it");
    std::fs::write(&path, "this is not a database, but it is long enough to be taken for one").unwrap();
    let error = store.probe().await.unwrap_err();
    assert!(error.hint.as_ref().is_some_and(|hint| hint.contains("not a SQLite database")), "{error:?}");
}

#[tokio::test]
async fn a_condition_is_one_expression_on_known_columns() {
    let file = File::wal(&numbers(10));
    let store = file.source();
    let snapshot = open(&store).await;
    let plain = view("t", &["id", "v"], 1);
    for bad in
        ["id = 1) OR (1", "id = 1; DROP TABLE t", "1 /*", "nope = 1", "v = \"value 1\"", "id, v", "id = ?"]
    {
        let error = snapshot.count(&filtered(plain.clone(), bad), &KeyRange::all()).await.unwrap_err();
        assert_eq!(error.class, ErrorClass::Schema, "{bad}: {error}");
        assert!(error.operation.contains("`t`") && error.hint.is_some(), "{error:?}");
    }
    for (good, rows) in
        [("v = 'value 1' -- one", 1), ("id IN (SELECT id FROM t WHERE id > 8)", 2), ("id < 3 OR id > 8", 4)]
    {
        let scoped = filtered(plain.clone(), good);
        assert_eq!(agree(&*snapshot, &scoped, &KeyRange::all()).await.len(), rows, "{good}");
    }
    let first = KeyRange::new(None, Some(key(&[int(2)])));
    assert_eq!(
        agree(&*snapshot, &filtered(plain, "id < 3 OR id > 8"), &first).await,
        [vec![int(1), text("value 1")]]
    );
}

#[tokio::test]
async fn a_crashed_application_leaves_a_source_that_says_what_to_do() {
    // A hot journal: a copy of a database and its journal in the middle of a transaction.
    let file = File::with("delete", &numbers(3000));
    let copy = tempfile::tempdir().unwrap();
    let path = copy.path().join("a.db");
    let application: Connection = file.connect();
    application.execute_batch("PRAGMA cache_size = 1; BEGIN; UPDATE t SET v = v || ' changed'").unwrap();
    for suffix in ["", "-journal"] {
        let from = format!("{}{suffix}", file.path().display());
        let to = format!("{}{suffix}", path.display());
        assert!(std::process::Command::new("cp").args([from, to]).status().unwrap().success());
    }
    let store = syncline::store::sqlite::SqliteStore::open(&path, syncline::store::Role::Source);
    let error = store.probe().await.unwrap_err();
    assert!(error.hint.is_some_and(|hint| hint.contains("died while writing")), "{}", error.cause);
}
