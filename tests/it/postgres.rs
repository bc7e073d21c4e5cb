//! What is special about PostgreSQL: its types and their extremes, encryption, read-only sources, lost connections.

use std::time::Duration;

use syncline::model::range::KeyRange;
use syncline::model::settings::Tls;
use syncline::model::value::Value;
use syncline::store::postgres::PostgresStore;
use syncline::store::{Change, ErrorClass, Role, ServerAddress, Store};

use crate::contract::fixture::{batch, block, drain, read, rows_of, snapshot, view, write_target};
use crate::contract::postgres::{Schema, variable};

fn store_of(schema: &Schema, role: Role) -> PostgresStore {
    PostgresStore::new(schema.address(role), role)
}

/// A column of each built-in kind, and values of it, as the server writes them.
const TYPES: [(&str, &[&str]); 26] = [
    ("boolean", &["true", "false"]),
    ("smallint", &["-32768", "32767"]),
    ("integer", &["-2147483648", "2147483647"]),
    ("bigint", &["-9223372036854775808", "9223372036854775807"]),
    ("oid", &["0", "4294967295"]),
    (
        "numeric",
        &[
            "NaN",
            "-0.00100",
            "12345678901234567890123456789.000000000000000000001",
            "0.0000",
            "10000",
            "-Infinity",
        ],
    ),
    ("numeric(12,2)", &["-9999999999.99", "0.00"]),
    ("real", &["0.1", "3.4028235e+38", "-0", "NaN", "1e-45"]),
    ("double precision", &["0.1", "-0", "1.7976931348623157e+308", "5e-324", "Infinity", "NaN"]),
    ("text", &["", "é 🦀 '\"\\ \n", "NULL", " padded "]),
    ("varchar(5)", &["", "abc  "]),
    ("char(5)", &["a", ""]),
    ("bytea", &["\\x", "\\x00ff27"]),
    ("date", &["infinity", "-infinity", "4713-01-01 BC", "5874897-12-31", "0001-01-01", "2000-02-29"]),
    ("time", &["00:00:00", "24:00:00", "23:59:59.999999"]),
    ("timestamp", &["infinity", "-infinity", "4713-01-01 00:00:00 BC", "9999-12-31 23:59:59.999999"]),
    ("timestamptz", &["infinity", "2024-03-31 01:30:00.000001+00", "0044-03-15 12:00:00+00 BC"]),
    ("uuid", &["00000000-0000-0000-0000-00000000000f"]),
    ("json", &["{\"b\": 1,  \"a\": 1.0, \"b\": 2}"]),
    ("jsonb", &["{\"a\": 1.0, \"b\": [null, \"x\"]}"]),
    ("interval", &["1 year 2 mons 3 days 04:05:06.000007", "-00:00:01"]),
    ("integer[]", &["{1,NULL,3}", "{}", "{{1,2},{3,4}}"]),
    ("text[]", &["{a,\"b,c\",\"\\\"\",NULL}"]),
    ("inet", &["10.0.0.1/8", "::1/128"]),
    ("int4range", &["[1,5)", "empty"]),
    ("bit varying", &["1010", ""]),
];

#[tokio::test]
async fn every_built_in_type_comes_back_as_it_went_in() {
    let schema = Schema::make();
    for (number, (declared, values)) in TYPES.iter().enumerate() {
        schema.execute(format!("CREATE TABLE a{number} (id int PRIMARY KEY, v {declared}); CREATE TABLE b{number} (LIKE a{number} INCLUDING ALL)"));
        for (id, value) in values.iter().enumerate() {
            let value = value.replace('\'', "''");
            schema.execute(format!("INSERT INTO a{number} VALUES ({id}, '{value}')"));
        }
        schema.execute(format!("INSERT INTO a{number} VALUES (1000, NULL)"));
    }
    let source = store_of(&schema, Role::Source);
    let target = store_of(&schema, Role::Target);
    for (number, (declared, values)) in TYPES.iter().enumerate() {
        let read_from = view(&source, &format!("a{number}"), &["id"]).await;
        let written_to = view(&target, &format!("b{number}"), &["id"]).await;
        let rows = read(&*snapshot(&source).await, &read_from, &KeyRange::all()).await;
        assert_eq!(rows.len(), values.len() + 1, "{declared}");
        let batch = batch(&write_target(&written_to), Change::Insert(block(1, &rows)));
        target.apply(&batch).await.unwrap_or_else(|error| panic!("{declared}: {error}"));
        let texts = |table: &str| {
            schema.query(format!("SELECT id::text, v::text FROM {table}{number} ORDER BY {table}{number}.id"))
        };
        assert_eq!(texts("a"), texts("b"), "{declared}");
        for (row, value) in texts("b").iter().zip(*values) {
            assert_eq!(row[1].as_deref().map(str::trim_end), Some(value.trim_end()), "{declared}");
        }
    }
}

#[tokio::test]
async fn what_other_engines_cannot_hold_is_no_time_and_no_number() {
    let schema = Schema::make();
    schema.execute("CREATE TABLE t (id int PRIMARY KEY, d date, s timestamp); INSERT INTO t VALUES (1, 'infinity', '-infinity')");
    let store = store_of(&schema, Role::Source);
    let view = view(&store, "t", &["id"]).await;
    let rows = read(&*snapshot(&store).await, &view, &KeyRange::all()).await;
    assert_eq!(rows[0][1..], [Value::text("infinity"), Value::text("-infinity")]);
}

#[tokio::test]
async fn text_that_the_server_cannot_hold_is_refused_with_its_place() {
    let schema = Schema::make();
    schema.execute("CREATE TABLE t (id int PRIMARY KEY, v text)");
    let store = store_of(&schema, Role::Target);
    let target = write_target(&view(&store, "t", &["id"]).await);
    for bad in [Value::text("a\0b"), Value::Text(b"\xff".to_vec())] {
        let rows = block(1, &[vec![Value::Integer(1), Value::text("fine")], vec![Value::Integer(2), bad]]);
        let error = store.apply(&batch(&target, Change::Insert(rows))).await.unwrap_err();
        assert_eq!(error.refusal.unwrap().position, Some(1), "{error}");
    }
    assert!(schema.query("SELECT v FROM t").is_empty());
}

#[tokio::test]
async fn identities_are_overridden_and_generated_columns_are_told() {
    let schema = Schema::make();
    schema.execute(
        "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n int, twice int GENERATED ALWAYS AS (n * 2) STORED)",
    );
    let store = store_of(&schema, Role::Target);
    let mut view = view(&store, "t", &["id"]).await;
    let table = store.describe().await.unwrap().tables.remove(0);
    assert_eq!(table.columns.iter().map(|column| column.generated).collect::<Vec<_>>(), [false, false, true]);
    view.columns.truncate(2);
    let target = write_target(&view);
    for n in [7, 8] {
        let rows = block(1, &[vec![Value::Integer(41), Value::Integer(n)]]);
        assert_eq!(store.apply(&batch(&target, Change::Insert(rows))).await.unwrap().rows, 1);
        assert_eq!(
            schema.query("SELECT id::text, twice::text FROM t"),
            [[Some("41".into()), Some((n * 2).to_string())]]
        );
    }
}

#[tokio::test]
async fn a_certificate_is_verified_against_the_authority_and_the_host() {
    let schema = Schema::make();
    let address = |tls, ca: bool, host: &str| ServerAddress {
        tls,
        tls_ca: ca.then(|| variable("SYNCLINE_TEST_CA").into()),
        host: host.to_owned(),
        ..schema.address(Role::Source)
    };
    let probe = async |address| PostgresStore::new(address, Role::Source).probe().await;
    let verified = probe(address(Tls::VerifyFull, true, "localhost")).await.unwrap();
    assert!(!verified.notes.iter().any(|note| note.contains("not encrypted")), "{:?}", verified.notes);
    let unknown = probe(address(Tls::VerifyFull, false, "localhost")).await.unwrap_err();
    assert_eq!(unknown.class, ErrorClass::Connection, "{unknown}");
    probe(address(Tls::VerifyFull, true, "127.0.0.1")).await.expect_err("the certificate names another host");
    probe(address(Tls::VerifyCa, true, "127.0.0.1")).await.unwrap();
    let plain = probe(address(Tls::Off, false, "localhost")).await.unwrap();
    assert!(plain.notes.iter().any(|note| note.contains("not encrypted")));
    assert_eq!(plain.identity, verified.identity);
}

#[tokio::test]
async fn a_condition_on_the_source_cannot_write() {
    let schema = Schema::make();
    schema.execute(
        "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);
        CREATE FUNCTION wipe() RETURNS bool LANGUAGE sql AS 'DELETE FROM t; SELECT true'",
    );
    let store = store_of(&schema, Role::Source);
    let mut view = view(&store, "t", &["id"]).await;
    view.filter = Some("wipe()".into());
    let error = snapshot(&store).await.count(&view, &KeyRange::all()).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Schema, "{error}");
    assert_eq!(schema.query("SELECT id::text FROM t").len(), 1);
}

#[tokio::test]
async fn a_terminated_connection_is_a_connection_error_and_the_store_connects_again() {
    let schema = Schema::make();
    // More bytes than any buffer on the way holds, so that the server is still sending when it is cut off.
    schema.execute(
        "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT n, repeat(md5(n::text), 100) FROM generate_series(1, 20000) n",
    );
    let store = store_of(&schema, Role::Source);
    let view = view(&store, "t", &["id"]).await;
    let open = snapshot(&store).await;
    let mut stream = open.read(&view, &KeyRange::all()).await.unwrap();
    assert!(!rows_of(&stream.next().await.unwrap().unwrap()).is_empty());
    let cut = schema.query(format!(
        "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity WHERE application_name = 'syncline' AND query LIKE '%{}\".\"t%'",
        schema.name()
    ));
    assert_eq!(cut, [[Some("true".to_owned())]]);
    let error = loop {
        match stream.next().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("a read that was cut off looked like the end after {} rows", stream.rows()),
            Err(error) => break error,
        }
    };
    assert_eq!(error.class, ErrorClass::Connection, "{error}");
    store.disconnect().await;
    drop(open);
    let all = drain(snapshot(&store).await.read(&view, &KeyRange::all()).await.unwrap()).await;
    assert_eq!(all.len(), 20_000);
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up() {
    let schema = Schema::make();
    schema.execute("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)");
    let address = ServerAddress { timeout: Duration::from_millis(300), ..schema.address(Role::Source) };
    let store = PostgresStore::new(address, Role::Source);
    let mut view = view(&store, "t", &["id"]).await;
    view.filter = Some("pg_sleep(20) IS NOT NULL".into());
    let error = snapshot(&store).await.count(&view, &KeyRange::all()).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Connection, "{error}");
    view.filter = None;
    assert_eq!(snapshot(&store).await.count(&view, &KeyRange::all()).await.unwrap(), 1);
}
