//! Encryption, read-only sessions, lost connections, large tables.

use std::path::PathBuf;

use sqlx::{AssertSqlSafe, Row as _};
use syncline::model::range::KeyRange;
use syncline::model::settings::{EndpointSettings, Tls};
use syncline::store::{self, Change, ErrorClass, Role};

use super::rows;
use crate::contract::fixture::{batch, block, int, key, read, snapshot, view, write_target};
use crate::contract::mariadb::{Scratch, connect, run};

#[tokio::test]
async fn a_server_is_believed_only_with_a_certificate_from_the_right_authority() {
    let scratch = Scratch::new().await;
    let authority =
        std::env::var("SYNCLINE_TEST_CA").expect("start the servers with tests/run or tests/servers");
    let opened = |endpoint| store::open::open(&endpoint, Role::Source).unwrap();
    let verified = EndpointSettings {
        tls: Some(Tls::VerifyFull),
        tls_ca: Some(PathBuf::from(authority)),
        ..scratch.endpoint()
    };
    opened(verified.clone()).probe().await.unwrap();
    let unknown = EndpointSettings { tls_ca: None, ..verified.clone() };
    let error = opened(unknown).probe().await.unwrap_err();
    assert!(error.to_string().to_lowercase().contains("certificate"), "{error}");
    let other_name = EndpointSettings { url: verified.url.replace("localhost", "127.0.0.1"), ..verified };
    let error = opened(other_name).probe().await.unwrap_err();
    assert!(error.to_string().to_lowercase().contains("certificate"), "{error}");
}

#[tokio::test]
async fn a_wrong_password_is_told_and_not_tried_again() {
    let scratch = Scratch::new().await;
    let secret = Some(syncline::model::settings::Secret::new("not the password"));
    let store = store::open::open(&EndpointSettings { secret, ..scratch.endpoint() }, Role::Source).unwrap();
    let error = store.probe().await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Schema, "{error}");
    assert!(!format!("{error:?}").contains("not the password"));
}

#[tokio::test]
async fn a_killed_connection_is_a_lost_one_and_the_store_connects_again() {
    let scratch = Scratch::new().await;
    run(Some(&scratch.name), "CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)").await;
    let store = scratch.store(Role::Target);
    let view = view(&*store, "t", &["id"]).await;
    let open = snapshot(&*store).await;
    let mut administrator = connect(None).await;
    let asked =
        format!("SELECT CAST(ID AS CHAR) FROM information_schema.PROCESSLIST WHERE DB = '{}'", scratch.name);
    let all = sqlx::raw_sql(AssertSqlSafe(asked)).fetch_all(&mut administrator).await.unwrap();
    assert_eq!(all.len(), 2, "one for the view, one for the rest");
    for row in &all {
        let kill = format!("KILL CONNECTION {}", row.get::<String, _>(0));
        sqlx::raw_sql(AssertSqlSafe(kill)).execute(&mut administrator).await.unwrap();
    }
    let error = open.count(&view, &KeyRange::all()).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Connection, "{error}");
    let target = write_target(&view);
    let change = || Change::Delete(vec![key(int(1))]);
    let error = store.apply(&batch(&target, change())).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Connection, "{error}");
    assert_eq!(store.apply(&batch(&target, change())).await.unwrap().rows, 1);
    assert!(rows(&*store, "t", &["id"]).await.is_empty());
}

#[tokio::test]
async fn a_large_table_is_read_page_by_page_with_others_in_between() {
    let scratch = Scratch::new().await;
    let create = "CREATE TABLE t (id INT PRIMARY KEY, stamp INT, INDEX (stamp));
        INSERT INTO t SELECT seq, seq DIV 7 FROM seq_1_to_60000";
    run(Some(&scratch.name), create).await;
    let store = scratch.store(Role::Source);
    let mut view = view(&*store, "t", &["id"]).await;
    view.modify_column = Some("stamp".into());
    let snapshot = snapshot(&*store).await;
    let mut stream = snapshot.read(&view, &KeyRange::all()).await.unwrap();
    let mut changed = snapshot.changed(&view, Some(&int(10)), None).await.unwrap();
    let (mut seen, mut count) = (0, 0);
    while let Some(rows) = stream.next().await.unwrap() {
        seen += rows.len();
        let since = changed.next().await.unwrap();
        count += since.map_or(0, |rows| rows.len());
        assert_eq!(snapshot.count(&view, &KeyRange::new(None, Some(key(int(10))))).await.unwrap(), 9);
    }
    while let Some(rows) = changed.next().await.unwrap() {
        count += rows.len();
    }
    assert_eq!((seen, count), (60_000, 60_000 - 69));
    let cuts = snapshot.split(&view, &KeyRange::all(), 100).await.unwrap();
    assert_eq!((cuts.len(), &cuts[0], &cuts[98]), (99, &key(int(601)), &key(int(59_401))));
    assert_eq!(read(&*snapshot, &view, &KeyRange::new(Some(cuts[98].clone()), None)).await.len(), 600);
}

#[tokio::test]
async fn a_table_without_transactions_is_never_written() {
    let scratch = Scratch::new().await;
    run(Some(&scratch.name), "CREATE TABLE t (id INT PRIMARY KEY) ENGINE = MyISAM").await;
    let store = scratch.store(Role::Target);
    let target = write_target(&view(&*store, "t", &["id"]).await);
    let error = store.apply(&batch(&target, Change::Insert(block(1, &[vec![int(1)]])))).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Schema, "{error}");
    assert!(store.probe().await.unwrap().notes.iter().any(|note| note.contains("MyISAM")));
}
