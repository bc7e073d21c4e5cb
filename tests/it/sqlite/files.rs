//! Which file it is, what its schema says, tables made in it.

use syncline::model::range::KeyRange;
use syncline::model::schema::TableName;
use syncline::store::sqlite::SqliteStore;
use syncline::store::{ErrorClass, NewColumn, NewTable, Role, Store};

use super::{File, agree, int, open, text, view};

#[tokio::test]
async fn a_replaced_file_is_another_database_and_a_changed_one_is_not() {
    let file = File::wal("CREATE TABLE t(id INTEGER PRIMARY KEY)");
    let store = file.source();
    let first = store.probe().await.unwrap();
    file.connect().execute_batch("INSERT INTO t VALUES (1); CREATE TABLE u(a); VACUUM").unwrap();
    assert_eq!(store.probe().await.unwrap().identity, first.identity);
    let copy = file.folder.path().join("copy.db");
    std::fs::copy(file.path(), &copy).unwrap();
    std::fs::rename(&copy, file.path()).unwrap();
    for suffix in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", file.path().display()));
    }
    let second = store.probe().await.unwrap();
    assert_ne!(second.identity, first.identity);
    assert_eq!(second.location, first.location);
    file.connect().execute_batch("CREATE TABLE new(a)").unwrap();
    let tables = store.describe().await.unwrap().tables;
    assert!(
        tables.iter().any(|table| table.name.name == "new"),
        "the new file is read, not the one that was open"
    );
}

#[cfg(unix)]
#[tokio::test]
async fn two_names_of_one_file_are_one_location() {
    let file = File::with("delete", "CREATE TABLE t(a)");
    let folder = file.folder.path();
    std::os::unix::fs::symlink(file.path(), folder.join("link.db")).unwrap();
    let location = |path: std::path::PathBuf| async move {
        SqliteStore::open(path, Role::Target).probe().await.unwrap().location
    };
    let plain = location(file.path().to_path_buf()).await;
    assert_eq!(plain, std::fs::canonicalize(file.path()).unwrap().display().to_string());
    assert_eq!(location(folder.join("link.db")).await, plain);
    assert_eq!(location(folder.join("./link.db")).await, plain);
    std::fs::hard_link(file.path(), folder.join("hard.db")).unwrap();
    assert_eq!(location(folder.join("hard.db")).await, location(file.path().to_path_buf()).await);
}

#[tokio::test]
async fn a_probe_tells_the_journal_mode_and_what_may_appear() {
    for (journal, told) in [("wal", "-wal and -shm"), ("delete", "0.5 s")] {
        let file = File::with(journal, "CREATE TABLE t(a)");
        let probe = file.source().probe().await.unwrap();
        assert!(probe.version.starts_with("SQLite 3."));
        assert!(!probe.writable && probe.clock.is_none());
        assert!(
            probe.notes.iter().any(|note| note.contains(journal) && note.contains(told)),
            "{:?}",
            probe.notes
        );
        let target = file.target();
        assert!(target.probe().await.unwrap().writable);
        assert_eq!(target.capabilities().snapshot_blocks_apply, journal == "delete");
    }
}

#[tokio::test]
async fn statistics_that_mislead_the_planner_are_told() {
    let file = File::wal(
        "CREATE TABLE t(id INTEGER PRIMARY KEY); CREATE INDEX i ON t(id); INSERT INTO t VALUES (1); ANALYZE;
        WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) INSERT INTO t SELECT i FROM n;
        CREATE TABLE small(id INTEGER PRIMARY KEY); CREATE INDEX j ON small(id); INSERT INTO small VALUES (1); ANALYZE small;",
    );
    let notes = file.source().probe().await.unwrap().notes;
    assert!(notes.iter().any(|note| note.contains("`t`") && note.contains("ANALYZE")), "{notes:?}");
    assert!(!notes.iter().any(|note| note.contains("`small`")), "{notes:?}");
}

/// Names that try to break out of SQL, of messages and of terminals.
const HOSTILE: [&str; 6] =
    ["a\"b", "line\nbreak", "\u{1b}[31mred", "semi;colon -- x", "select", "ünï\u{202e}code"];

#[tokio::test]
async fn hostile_names_work_and_do_not_reach_a_terminal_raw() {
    let quote = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let columns: Vec<String> = HOSTILE.iter().map(|name| quote(name)).collect();
    let table = "t\"\n\u{1b}]0;x\u{7}'";
    let file = File::wal(&format!(
        "CREATE TABLE {}({}, PRIMARY KEY({}, {})); INSERT INTO {} VALUES (1, 2, 3, 4, 5, 6);
        CREATE INDEX {} ON {}({});",
        quote(table),
        columns.join(", "),
        columns[3],
        columns[0],
        quote(table),
        quote("i\"\n"),
        quote(table),
        columns[5],
    ));
    let store = file.target();
    let catalog = store.describe().await.unwrap();
    let described = catalog.find(&TableName::new(table)).unwrap();
    assert_eq!(described.primary_key, [HOSTILE[3], HOSTILE[0]]);
    let names: Vec<&str> = described.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, HOSTILE);
    let mut view = view(table, &[HOSTILE[3], HOSTILE[0], HOSTILE[1], HOSTILE[2], HOSTILE[4], HOSTILE[5]], 2);
    view.modify_column = Some(HOSTILE[5].to_owned());
    let snapshot = open(&store).await;
    let expected = vec![int(4), int(1), int(2), int(3), int(5), int(6)];
    assert_eq!(agree(&*snapshot, &view, &KeyRange::all()).await, std::slice::from_ref(&expected));
    let stream = snapshot.changed(&view, Some(&int(6)), None).await.unwrap();
    assert_eq!(super::drain(stream).await, [expected]);
    let columns: Vec<&str> = view.columns.iter().map(String::as_str).collect();
    let place = super::target(table, &columns, 2);
    let row = vec![int(4), int(1), text("x"), text("y"), text("z"), text("w")];
    let change = || syncline::store::Change::Insert(super::block(2, std::slice::from_ref(&row)));
    assert_eq!(store.apply(&super::batch(&place, change())).await.unwrap().rows, 1);
    assert!(store.script(&super::batch(&place, change())).is_ok());
    view.columns[5] = "missing\u{1b}[2J\n".to_owned();
    let error = snapshot.count(&view, &KeyRange::all()).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Schema);
    assert!(!format!("{error}{:?}", error.hint).chars().any(char::is_control), "{error}");
}

async fn created(model_sql: &str) -> String {
    let file = File::wal(model_sql);
    let model = file.source().describe().await.unwrap().tables.remove(0);
    let copy = File::wal("");
    let store = copy.target();
    let column = |column: &syncline::model::schema::Column| NewColumn {
        name: column.name.clone(),
        sql_type: store.column_type(&column.logical_type, &column.declared_type, true),
        nullable: column.nullable,
        default: column.default.clone(),
    };
    let columns = model.columns.iter().filter(|column| !column.generated).map(column).collect();
    let table = NewTable { name: model.name.clone(), columns, primary_key: model.primary_key.clone(), model };
    store.create(&table).await.unwrap();
    match copy.query("SELECT sql FROM sqlite_schema WHERE type = 'table'").remove(0).remove(0) {
        syncline::model::value::Value::Text(sql) => String::from_utf8(sql).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_table_is_made_with_types_key_nulls_defaults_and_options_of_its_model() {
    assert_eq!(
        created(
            "CREATE TABLE t(b TEXT, a INTEGER, c REAL NOT NULL, PRIMARY KEY(a, b)) WITHOUT ROWID, STRICT"
        )
        .await,
        "CREATE TABLE \"t\" (\"b\" TEXT NOT NULL, \"a\" INTEGER NOT NULL, \"c\" REAL NOT NULL, \
        PRIMARY KEY (\"a\", \"b\")) WITHOUT ROWID, STRICT"
    );
    let made = created(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, a DECIMAL(12,2) DEFAULT -1.5, b TEXT DEFAULT \"it's\", c DEFAULT CURRENT_TIMESTAMP,
        d VARCHAR(20) NOT NULL DEFAULT ('x' || 'y'), e AS (a), f BLOB DEFAULT x'00')",
    )
    .await;
    let copy = File::wal(&format!("{made}; INSERT INTO t(id) VALUES (7)"));
    let row = copy.query("SELECT id, a, b, length(c), d, f, typeof(rowid) FROM t").remove(0);
    let expected = [int(7), syncline::model::value::Value::Real(-1.5), text("it's"), int(19), text("xy")];
    assert_eq!(row[..5], expected);
    assert!(made.contains("DECIMAL(12,2)") && made.contains("VARCHAR(20) NOT NULL"), "{made}");
}

#[tokio::test]
async fn a_new_table_from_another_engine_gets_affinities_that_change_no_value() {
    use syncline::model::types::LogicalType;
    let store = File::wal("").target();
    for (logical, expected) in [
        (LogicalType::Decimal { precision: Some(30), scale: Some(10) }, "TEXT"),
        (LogicalType::Date, "TEXT"),
        (LogicalType::Timestamp { precision: 6 }, "TEXT"),
        (LogicalType::Json, "TEXT"),
        (LogicalType::Uuid, "TEXT"),
        (LogicalType::Boolean, "INTEGER"),
        (LogicalType::Integer { bits: 32, signed: true }, "INTEGER"),
        (LogicalType::Float { bits: 32 }, "REAL"),
        (LogicalType::Blob { length_max: None }, "BLOB"),
    ] {
        assert_eq!(store.column_type(&logical, "whatever", false), expected, "{logical:?}");
    }
    assert_eq!(store.column_type(&LogicalType::Date, "DATE", true), "DATE");
}

#[tokio::test]
async fn a_type_or_default_that_is_more_than_one_is_refused() {
    let file = File::wal("CREATE TABLE keep(a)");
    let store = file.target();
    let model = store.describe().await.unwrap().tables.remove(0);
    let with = |sql_type: &str, default: Option<&str>| NewTable {
        name: TableName::new("new"),
        columns: vec![NewColumn {
            name: "a".into(),
            sql_type: sql_type.into(),
            nullable: true,
            default: default.map(str::to_owned),
        }],
        primary_key: vec![],
        model: model.clone(),
    };
    for bad in
        [with("INT); DROP TABLE keep; --", None), with("INT, b TEXT", None), with("INT", Some("1), (2"))]
    {
        assert_eq!(store.create(&bad).await.unwrap_err().class, ErrorClass::Schema);
    }
    assert_eq!(file.query("SELECT name FROM sqlite_schema"), [[text("keep")]]);
}
