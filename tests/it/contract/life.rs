//! Connecting, describing, creating.

use syncline::model::range::KeyRange;
use syncline::model::schema::{ReferentialAction, TableName};
use syncline::store::memory::TableDefinition;
use syncline::store::{Change, ErrorClass, NewColumn, NewTable};

use super::fixture::{
    batch, block, int, item_rows, item_view, items, read, snapshot, sorted, text, with_items, write_target,
};
use super::{Backend, Role};

pub async fn a_probe_names_the_database(backend: &dyn Backend) {
    let made = with_items(backend, &item_rows(1)).await;
    let probe = made.store.probe().await.unwrap();
    assert!(!probe.identity.is_empty() && !probe.location.is_empty() && !probe.version.is_empty());
    assert!(!probe.writable, "a source is opened for reading");
    made.database.clear("item");
    assert_eq!(made.store.probe().await.unwrap().identity, probe.identity, "content does not matter");
    let target = backend.make(Role::Target, vec![items()]).await;
    assert!(target.store.probe().await.unwrap().writable);
}

pub async fn the_catalogue_is_described(backend: &dyn Backend) {
    let parent =
        TableDefinition::new("parent").integer("id").text("code").primary_key(&["id"]).unique(&["code"]);
    let child = TableDefinition::new("child")
        .text("b")
        .integer("a")
        .integer("parent")
        .nullable()
        .integer("other")
        .default("7")
        .primary_key(&["a", "b"])
        .index(&["parent"])
        .foreign_key(&["parent"], "parent", ReferentialAction::Cascade)
        .foreign_key(&["other"], "parent", ReferentialAction::Refuse)
        .deferred();
    let made = backend.make(Role::Source, vec![parent, child]).await;
    let catalog = made.store.describe().await.unwrap();
    let mut names: Vec<&str> = catalog.tables.iter().map(|table| table.name.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["child", "parent"]);

    let child = catalog.find(&TableName::new("child")).unwrap();
    let columns: Vec<(&str, bool)> =
        child.columns.iter().map(|column| (column.name.as_str(), column.nullable)).collect();
    assert_eq!(columns, [("b", false), ("a", false), ("parent", true), ("other", false)]);
    assert_eq!(child.primary_key, ["a", "b"], "in key order, not in column order");
    let columns_of = |columns: &[&str]| columns.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    assert!(child.is_unique(&columns_of(&["a", "b"])) && !child.is_unique(&columns_of(&["parent"])));
    assert!(child.serves_order(&columns_of(&["a", "b"])) && child.serves_order(&columns_of(&["parent"])));
    assert!(!child.serves_order(&columns_of(&["b"])));
    assert_eq!(child.column("other").unwrap().default.as_deref(), Some("7"));
    assert!(child.columns.iter().all(|column| !column.generated && column.byte_collation));

    let mut references = child.foreign_keys.clone();
    references.sort_by(|left, right| left.columns.cmp(&right.columns));
    let told: Vec<_> = references
        .iter()
        .map(|reference| (reference.columns.join(","), reference.on_delete, reference.deferred))
        .collect();
    let expected = [
        ("other".into(), ReferentialAction::Refuse, backend.defers_references()),
        ("parent".into(), ReferentialAction::Cascade, false),
    ];
    assert_eq!(told, expected);
    assert!(references.iter().all(|reference| reference.parent.name == "parent"));
    let parent = catalog.find(&TableName::new("parent")).unwrap();
    assert!(parent.is_unique(&columns_of(&["code"])) && parent.is_unique(&columns_of(&["id"])));
}

pub async fn a_table_can_be_created(backend: &dyn Backend) {
    let model = backend.make(Role::Source, vec![items()]).await;
    let model = model.store.describe().await.unwrap().tables.remove(0);
    let made = backend
        .make(Role::Target, vec![TableDefinition::new("other").integer("id").primary_key(&["id"])])
        .await;
    let column = |column: &syncline::model::schema::Column| NewColumn {
        name: column.name.clone(),
        sql_type: made.store.column_type(&column.logical_type, &column.declared_type, true),
        nullable: column.nullable,
        default: column.default.clone(),
    };
    let new = NewTable {
        name: model.name.clone(),
        columns: model.columns.iter().map(column).collect(),
        primary_key: model.primary_key.clone(),
        model: model.clone(),
    };
    made.store.create(&new).await.unwrap();
    let catalog = made.store.describe().await.unwrap();
    let created = catalog.find(&model.name).unwrap();
    assert_eq!(created.primary_key, model.primary_key);
    for (left, right) in created.columns.iter().zip(&model.columns) {
        assert_eq!((&left.name, &left.logical_type), (&right.name, &right.logical_type));
        assert_eq!((left.nullable, &left.default), (right.nullable, &right.default));
    }
    let error = made.store.create(&new).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Schema, "{error}");
    let target = write_target(&item_view(&*made.store).await);
    let rows = block(1, &item_rows(5));
    made.store.apply(&batch(&target, Change::Insert(rows))).await.unwrap();
    assert_eq!(sorted(made.database.rows("item")), sorted(item_rows(5)));
}

pub async fn a_disconnected_store_can_connect_again(backend: &dyn Backend) {
    let made = backend.make(Role::Target, vec![items()]).await;
    made.database.insert("item", &item_rows(5));
    let view = item_view(&*made.store).await;
    let before = snapshot(&*made.store).await;
    assert_eq!(read(&*before, &view, &KeyRange::all()).await.len(), 5);
    made.store.disconnect().await;
    made.store.disconnect().await;
    let error = before.count(&view, &KeyRange::all()).await.expect_err("a snapshot ends with its connection");
    assert_eq!(error.class, ErrorClass::Connection, "{error}");
    made.store.probe().await.unwrap();
    let after = snapshot(&*made.store).await;
    assert_eq!(read(&*after, &view, &KeyRange::all()).await.len(), 5);
    drop((before, after));
    let target = write_target(&item_view(&*made.store).await);
    let row = vec![int(1), text("work"), text(""), int(0), text(""), int(0)];
    made.store.apply(&batch(&target, Change::Insert(block(1, &[row])))).await.unwrap();
    assert_eq!(made.database.rows("item").len(), 6);
}
