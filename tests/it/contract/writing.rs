//! Batches: all or nothing, idempotent, inside the scope, refused by kind and place.

use std::sync::Arc;

use syncline::model::key::Key;
use syncline::model::pair::{TableView, WriteTarget};
use syncline::model::schema::ReferentialAction;
use syncline::model::value::Value;
use syncline::store::memory::TableDefinition;
use syncline::store::{Batch, Change, ErrorClass, RefusalKind, SideEffects, Store, StoreError, UnitMark};

use super::fixture::{
    batch, block, int, item_rows, item_view, items, key, sorted, text, view, with_items_as, write_target,
};
use super::{Backend, Made, Role};

async fn target_with_items(backend: &dyn Backend, rows: &[Vec<Value>]) -> (Made, WriteTarget) {
    let made = with_items_as(backend, Role::Target, rows).await;
    let view = item_view(&*made.store).await;
    (made, write_target(&view))
}

/// A row of items that is in nobody's way.
fn item(id: i128, kind: &str, name: &str) -> Vec<Value> {
    vec![int(id), text(kind), text(name), Value::Null, Value::Null, int(1)]
}

fn keys(ids: &[i128]) -> Change {
    Change::Delete(ids.iter().map(|&id| key(int(id))).collect())
}

pub async fn a_batch_is_idempotent(backend: &dyn Backend) {
    let (made, target) = target_with_items(backend, &item_rows(6)).await;
    let inserted = block(1, &[item(15, "work", "new"), item(20, "work", "over")]);
    let updated = block(1, &[item(30, "rent", "changed"), item(40, "work", "changed")]);
    for change in [Change::Insert(inserted), Change::Update(updated), keys(&[10, 60])] {
        let batch = batch(&target, change);
        let first = made.store.apply(&batch).await.unwrap();
        assert_eq!((first.rows, first.missed.len()), (2, 0));
        let after = made.database.rows("item");
        made.store.apply(&batch).await.unwrap();
        assert_eq!(sorted(made.database.rows("item")), sorted(after));
    }
    let mut expected = item_rows(6);
    expected[1] = item(20, "work", "over");
    expected[2] = item(30, "rent", "changed");
    expected[3] = item(40, "work", "changed");
    expected[5] = item(15, "work", "new");
    assert_eq!(sorted(made.database.rows("item")), sorted(expected[1..].to_vec()));
}

pub async fn inserts_overwrite_and_updates_do_not_add(backend: &dyn Backend) {
    let (made, target) = target_with_items(backend, &item_rows(2)).await;
    let rows = [item(10, "work", "there"), item(11, "work", "not there")];
    let done = made.store.apply(&batch(&target, Change::Update(block(1, &rows)))).await.unwrap();
    assert_eq!((done.rows, done.missed), (1, vec![1]));
    assert_eq!(made.database.rows("item").len(), 2);
    let done = made.store.apply(&batch(&target, Change::Insert(block(1, &rows)))).await.unwrap();
    assert_eq!((done.rows, done.missed), (2, vec![]));
    let mut expected = rows.to_vec();
    expected.push(item_rows(2).remove(1));
    assert_eq!(sorted(made.database.rows("item")), sorted(expected));
}

pub async fn what_is_missed_is_told_by_position(backend: &dyn Backend) {
    let (made, target) = target_with_items(backend, &item_rows(5)).await;
    let done = made.store.apply(&batch(&target, keys(&[5, 10, 25, 30, 99]))).await.unwrap();
    assert_eq!((done.rows, done.missed), (2, vec![0, 2, 4]));
    assert_eq!(made.database.rows("item").len(), 3);
}

/// A table with a constraint of each kind, and a row that each refuses.
fn strict() -> TableDefinition {
    TableDefinition::new("strict")
        .integer("id")
        .text("name")
        .text("code")
        .nullable()
        .integer("parent")
        .nullable()
        .primary_key(&["id"])
        .unique(&["code"])
        .check("length(name) <= 5")
        .foreign_key(&["parent"], "strict", ReferentialAction::Refuse)
}

fn strict_row(id: i128, name: Option<&str>, code: Option<&str>, parent: Option<i128>) -> Vec<Value> {
    let text_or_null = |value: Option<&str>| value.map_or(Value::Null, text);
    vec![int(id), text_or_null(name), text_or_null(code), parent.map_or(Value::Null, int)]
}

fn bad_rows() -> [(RefusalKind, Vec<Value>); 4] {
    [
        (RefusalKind::NotNull, strict_row(50, None, None, None)),
        (RefusalKind::Unique, strict_row(50, Some("a"), Some("taken"), None)),
        (RefusalKind::Check, strict_row(50, Some("too long"), None, None)),
        (RefusalKind::ForeignKey, strict_row(50, Some("a"), None, Some(77))),
    ]
}

async fn strict_target(backend: &dyn Backend) -> (Made, WriteTarget) {
    let made = backend.make(Role::Target, vec![strict()]).await;
    let rows = [strict_row(1, Some("one"), Some("taken"), None), strict_row(2, Some("two"), None, Some(1))];
    made.database.insert("strict", &rows);
    let view = view(&*made.store, "strict", &["id"]).await;
    (made, write_target(&view))
}

/// Asserts that a refusal is a data error of this kind at this place, if a place is told.
fn assert_refused(error: &StoreError, kind: RefusalKind, position: usize) {
    assert_eq!(error.class, ErrorClass::Data, "{error}");
    let refusal = error.refusal.expect("a refusal is told");
    assert_eq!(refusal.kind, kind, "{error}");
    assert!(refusal.position.is_none_or(|told| told == position), "{error}: {refusal:?}");
}

pub async fn trap_50_a_refused_row_undoes_the_whole_batch(backend: &dyn Backend) {
    for (kind, bad) in bad_rows() {
        let (made, target) = strict_target(backend).await;
        let before = sorted(made.database.rows("strict"));
        let good = |id| strict_row(id, Some("fine"), None, Some(1));
        let rows = block(1, &[good(40), good(41), bad, good(60)]);
        let error = made.store.apply(&batch(&target, Change::Insert(rows))).await.unwrap_err();
        assert_refused(&error, kind, 2);
        assert_eq!(sorted(made.database.rows("strict")), before, "{kind:?}");
        let rows = block(1, &[good(40), good(41)]);
        assert_eq!(
            made.store.apply(&batch(&target, Change::Insert(rows))).await.unwrap().rows,
            2,
            "{kind:?}"
        );
    }
}

pub async fn refusals_are_told_by_kind(backend: &dyn Backend) {
    for (kind, mut bad) in bad_rows() {
        let (made, target) = strict_target(backend).await;
        bad[0] = int(2);
        let fine = strict_row(1, Some("one"), Some("taken"), None);
        let rows = block(1, &[fine, bad]);
        let error = made.store.apply(&batch(&target, Change::Update(rows))).await.unwrap_err();
        assert_refused(&error, kind, 1);
    }
    let (made, target) = strict_target(backend).await;
    let error = made.store.apply(&batch(&target, keys(&[1]))).await.unwrap_err();
    assert_refused(&error, RefusalKind::ForeignKey, 0);
    assert_eq!(made.store.apply(&batch(&target, keys(&[2, 1]))).await.unwrap().rows, 2, "child first");
}

pub async fn nothing_outside_the_scope_is_written(backend: &dyn Backend) {
    let rows = item_rows(6);
    let (made, target) = target_with_items(backend, &rows).await;
    let target = WriteTarget { filter: Some("kind = 'rent'".into()), ..target };
    // 10 and 20 are of kind `work`, 30 and 60 of kind `rent`.
    let written = [item(10, "rent", "stolen"), item(30, "rent", "mine"), item(35, "rent", "new")];
    let done = made.store.apply(&batch(&target, Change::Insert(block(1, &written)))).await.unwrap();
    assert_eq!((done.rows, done.missed), (2, vec![0]));
    let written = [item(20, "rent", "stolen"), item(60, "rent", "mine")];
    let done = made.store.apply(&batch(&target, Change::Update(block(1, &written)))).await.unwrap();
    assert_eq!((done.rows, done.missed), (1, vec![0]));
    let done = made.store.apply(&batch(&target, keys(&[10, 30, 40]))).await.unwrap();
    assert_eq!((done.rows, done.missed), (1, vec![0, 2]));
    let mut expected = rows;
    expected[5] = item(60, "rent", "mine");
    expected[2] = item(35, "rent", "new");
    assert_eq!(sorted(made.database.rows("item")), sorted(expected));
}

pub async fn columns_that_are_not_written_keep_their_values(backend: &dyn Backend) {
    let table = TableDefinition::new("t")
        .integer("id")
        .text("name")
        .text("own")
        .default("'fresh'")
        .text("free")
        .nullable()
        .primary_key(&["id"]);
    let made = backend.make(Role::Target, vec![table]).await;
    made.database.insert("t", &[vec![int(1), text("a"), text("kept"), text("too")]]);
    let mut target = write_target(&view(&*made.store, "t", &["id"]).await);
    target.columns.truncate(2);
    let rows = block(1, &[vec![int(1), text("b")], vec![int(2), text("c")]]);
    made.store.apply(&batch(&target, Change::Insert(rows))).await.unwrap();
    let first = vec![int(1), text("b"), text("kept"), text("too")];
    let second = vec![int(2), text("c"), text("fresh"), Value::Null];
    assert_eq!(sorted(made.database.rows("t")), sorted(vec![first, second]));
    let rows = block(1, &[vec![int(1), text("d")]]);
    made.store.apply(&batch(&target, Change::Update(rows))).await.unwrap();
    assert!(made.database.rows("t").contains(&vec![int(1), text("d"), text("kept"), text("too")]));
}

/// Parents 1 to 3, and children (10 × parent and 10 × parent + 1) that refer to them.
async fn family(backend: &dyn Backend, on_delete: ReferentialAction, deferred: bool) -> (Made, WriteTarget) {
    let parent = TableDefinition::new("parent").integer("id").primary_key(&["id"]);
    let mut child = TableDefinition::new("child").integer("id").integer("parent").nullable();
    child = child.primary_key(&["id"]).foreign_key(&["parent"], "parent", on_delete);
    let child = if deferred { child.deferred() } else { child };
    let made = backend.make(Role::Target, vec![parent, child]).await;
    for id in 1..=3 {
        made.database.insert("parent", &[vec![int(id)]]);
        made.database.insert("child", &[vec![int(id * 10), int(id)], vec![int(id * 10 + 1), int(id)]]);
    }
    let target = write_target(&view(&*made.store, "parent", &["id"]).await);
    (made, target)
}

pub async fn references_are_enforced_and_cascade(backend: &dyn Backend) {
    let (made, parents) = family(backend, ReferentialAction::Refuse, false).await;
    let error = made.store.apply(&batch(&parents, keys(&[2]))).await.unwrap_err();
    assert_refused(&error, RefusalKind::ForeignKey, 0);
    let (made, parents) = family(backend, ReferentialAction::Cascade, false).await;
    let done = made.store.apply(&batch(&parents, keys(&[2]))).await.unwrap();
    assert_eq!((done.rows, done.cascaded), (1, 2));
    assert_eq!(made.database.rows("child").len(), 4);
    let (made, parents) = family(backend, ReferentialAction::SetNull, false).await;
    let done = made.store.apply(&batch(&parents, keys(&[2]))).await.unwrap();
    assert_eq!((done.rows, done.cascaded), (1, 2));
    let orphans = made.database.rows("child").into_iter().filter(|row| row[1] == Value::Null);
    assert_eq!(orphans.count(), 2);
}

pub async fn references_can_be_left_alone(backend: &dyn Backend) {
    let (made, parents) = family(backend, ReferentialAction::Cascade, false).await;
    let quiet = SideEffects { foreign_keys: false, triggers: false };
    let quiet = Batch { side_effects: quiet, ..batch(&parents, keys(&[2])) };
    let done = made.store.apply(&quiet).await.unwrap();
    assert_eq!((done.rows, done.cascaded), (1, 0));
    assert_eq!(made.database.rows("child").len(), 6, "children stay");
    let loud = batch(&parents, keys(&[3]));
    assert_eq!(made.store.apply(&loud).await.unwrap().cascaded, 2, "the next batch is enforced again");
}

pub async fn deferred_references_hold_at_commit(backend: &dyn Backend) {
    let (made, _) = family(backend, ReferentialAction::Refuse, true).await;
    let children = write_target(&view(&*made.store, "child", &["id"]).await);
    let rows = block(1, &[vec![int(90), int(1)], vec![int(91), int(9)]]);
    let error = made.store.apply(&batch(&children, Change::Insert(rows))).await.unwrap_err();
    assert_refused(&error, RefusalKind::ForeignKey, 1);
    assert_eq!(made.database.rows("child").len(), 6);
    let rows = block(1, &[vec![int(90), int(1)]]);
    made.store.apply(&batch(&children, Change::Insert(rows))).await.unwrap();
}

fn mark(unit: u64) -> UnitMark {
    UnitMark { job: "it's a job".into(), table: "item".into(), unit }
}

pub async fn marks_are_kept_with_the_rows(backend: &dyn Backend) {
    let (made, target) = strict_target(backend).await;
    if !made.store.capabilities().marks {
        return;
    }
    assert!(!made.store.marked(&mark(1)).await.unwrap());
    let good = || block(1, &[strict_row(3, Some("good"), None, None)]);
    let bad = block(1, &[strict_row(3, None, None, None)]);
    let with_mark = |change, unit| Batch { mark: Some(mark(unit)), ..batch(&target, change) };
    made.store.apply(&with_mark(Change::Insert(bad), 1)).await.unwrap_err();
    assert!(!made.store.marked(&mark(1)).await.unwrap(), "a mark goes with its rows");
    made.store.apply(&with_mark(Change::Insert(good()), 2)).await.unwrap();
    made.store.apply(&with_mark(Change::Insert(good()), 2)).await.unwrap();
    assert!(made.store.marked(&mark(2)).await.unwrap());
    assert!(!made.store.marked(&mark(1)).await.unwrap());
    let other = UnitMark { job: "another".into(), ..mark(2) };
    assert!(!made.store.marked(&other).await.unwrap());
    let tables = made.store.describe().await.unwrap().tables;
    assert_eq!(tables.len(), 1, "our own bookkeeping is no table of the user");
    made.store.disconnect().await;
    made.store.probe().await.unwrap();
    assert!(made.store.marked(&mark(2)).await.unwrap(), "marks last");
}

pub async fn values_come_back_as_they_went_in(backend: &dyn Backend) {
    for (logical, values) in backend.key_types() {
        let table = TableDefinition::new("t").integer("id").column("v", logical.clone()).nullable();
        let made = backend.make(Role::Target, vec![table.primary_key(&["id"])]).await;
        let target = write_target(&view(&*made.store, "t", &["id"]).await);
        let values = values.into_iter().chain([Value::Null]);
        let rows: Vec<Vec<Value>> =
            values.enumerate().map(|(n, value)| vec![int(n as i128), value]).collect();
        made.store.apply(&batch(&target, Change::Insert(block(1, &rows)))).await.unwrap();
        assert_eq!(sorted(made.database.rows("t")), sorted(rows), "{logical:?}");
    }
}

pub async fn a_script_does_what_the_batch_does(backend: &dyn Backend) {
    let rows = item_rows(8);
    let (scripted, target) = target_with_items(backend, &rows).await;
    let (applied, _) = target_with_items(backend, &rows).await;
    let target = WriteTarget { filter: Some("kind = 'work'".into()), ..target };
    let awkward = vec![int(15), text("work"), text("it's; \"\n--"), Value::Null, text("'"), int(-5)];
    for change in [
        keys(&[10, 30, 99]),
        Change::Insert(block(1, &[awkward, item(16, "work", "")])),
        Change::Update(block(1, &[item(20, "work", "é'"), item(60, "work", "out of scope")])),
    ] {
        let batch = batch(&target, change);
        let script = scripted.store.script(&batch).unwrap();
        assert!(script.ends_with(";\n"), "{script:?}");
        applied.store.apply(&batch).await.unwrap();
        if scripted.database.run(&script) {
            assert_eq!(
                sorted(scripted.database.rows("item")),
                sorted(applied.database.rows("item")),
                "{script}"
            );
        }
    }
}

pub async fn an_empty_batch_is_no_work(backend: &dyn Backend) {
    let (made, target) = target_with_items(backend, &item_rows(3)).await;
    for change in [keys(&[]), Change::Insert(block(1, &[])), Change::Update(block(1, &[]))] {
        let done = made.store.apply(&batch(&target, change)).await.unwrap();
        assert_eq!((done.rows, done.missed.len()), (0, 0));
    }
    assert_eq!(sorted(made.database.rows("item")), sorted(item_rows(3)));
}

pub async fn a_source_is_never_written(backend: &dyn Backend) {
    let made = backend.make(Role::Source, vec![items()]).await;
    made.database.insert("item", &item_rows(3));
    let target = write_target(&item_view(&*made.store).await);
    made.store.apply(&batch(&target, keys(&[10]))).await.unwrap_err();
    let rows = block(1, &[item(5, "work", "")]);
    made.store.apply(&batch(&target, Change::Insert(rows))).await.unwrap_err();
    assert_eq!(sorted(made.database.rows("item")), sorted(item_rows(3)));
}

pub async fn trap_52_large_batches_are_no_problem(backend: &dyn Backend) {
    let (made, target) = target_with_items(backend, &[]).await;
    let rows = item_rows(12_000);
    let done = made.store.apply(&batch(&target, Change::Insert(block(1, &rows)))).await.unwrap();
    assert_eq!(done.rows, 12_000);
    let ids: Vec<Key> = rows.iter().map(|row| key(row[0].clone())).collect();
    let done = made.store.apply(&batch(&target, Change::Delete(ids))).await.unwrap();
    assert_eq!(done.rows, 12_000);
    assert!(made.database.rows("item").is_empty());
}

/// 1 and 1.0 are one key, and two values: after a write the target holds the one that was sent.
pub async fn the_written_form_of_a_key_is_the_sources(backend: &dyn Backend) {
    let logical = syncline::model::types::LogicalType::Any;
    if !backend.key_types().iter().any(|(known, _)| *known == logical) {
        return;
    }
    let table = TableDefinition::new("t").column("k", logical).integer("n").primary_key(&["k"]);
    let made: Made = backend.make(Role::Target, vec![table]).await;
    made.database.insert("t", &[vec![int(1), int(0)], vec![int(2), int(0)]]);
    let view: TableView = view(&*made.store, "t", &["k"]).await;
    let target = write_target(&view);
    let store: &Arc<dyn Store> = &made.store;
    let rows = block(1, &[vec![Value::Real(1.0), int(7)]]);
    assert_eq!(store.apply(&batch(&target, Change::Update(rows))).await.unwrap().rows, 1);
    let rows = block(1, &[vec![Value::Real(2.0), int(8)]]);
    assert_eq!(store.apply(&batch(&target, Change::Insert(rows))).await.unwrap().rows, 1);
    let expected = vec![vec![Value::Real(1.0), int(7)], vec![Value::Real(2.0), int(8)]];
    assert_eq!(sorted(made.database.rows("t")), expected);
}

pub async fn trap_39_rows_that_wait_for_each_other_are_written_together(backend: &dyn Backend) {
    let (made, target) = strict_target(backend).await;
    made.database.insert("strict", &[strict_row(3, Some("three"), Some("b"), Some(3))]);
    // 1 and 3 swap their codes, a new row refers to a newer one, and 2 goes together with what refers to it.
    let swapped =
        [strict_row(1, Some("one"), Some("b"), None), strict_row(3, Some("three"), Some("taken"), Some(60))];
    let new = [strict_row(50, Some("new"), None, Some(60)), strict_row(60, Some("newer"), None, None)];
    let batches = [
        batch(&target, keys(&[2, 99])),
        batch(&target, Change::Update(block(1, &swapped))),
        batch(&target, Change::Insert(block(1, &new))),
    ];
    let done = made.store.apply_together(&batches).await.unwrap();
    let told: Vec<_> = done.iter().map(|applied| (applied.rows, applied.missed.clone())).collect();
    assert_eq!(told, [(1, vec![1]), (2, vec![]), (2, vec![])]);
    let expected: Vec<Vec<Value>> = swapped.into_iter().chain(new).collect();
    assert_eq!(sorted(made.database.rows("strict")), sorted(expected.clone()));
    made.store.apply_together(&batches).await.unwrap();
    assert_eq!(sorted(made.database.rows("strict")), sorted(expected), "and once more changes nothing");
}

pub async fn what_is_written_together_is_refused_together(backend: &dyn Backend) {
    for (kind, bad) in bad_rows() {
        let (made, target) = strict_target(backend).await;
        let before = sorted(made.database.rows("strict"));
        let good = block(1, &[strict_row(40, Some("fine"), None, Some(1))]);
        let batches = [
            batch(&target, keys(&[2])),
            batch(&target, Change::Insert(good)),
            batch(&target, Change::Insert(block(1, &[bad]))),
        ];
        let error = made.store.apply_together(&batches).await.unwrap_err();
        assert_eq!((error.class, error.refusal.unwrap().kind), (ErrorClass::Data, kind), "{error}");
        assert_eq!(sorted(made.database.rows("strict")), before, "{kind:?}");
    }
}

pub async fn rows_written_together_keep_what_refers_to_them(backend: &dyn Backend) {
    let (made, parents) = family(backend, ReferentialAction::Cascade, false).await;
    let children = write_target(&view(&*made.store, "child", &["id"]).await);
    let batches = [
        batch(&parents, Change::Update(block(1, &[vec![int(1)], vec![int(2)]]))),
        batch(&children, Change::Update(block(1, &[vec![int(10), int(3)]]))),
        batch(&parents, keys(&[3])),
    ];
    let error = made.store.apply_together(&batches[..2]).await;
    assert!(error.is_ok(), "{error:?}");
    assert_eq!(made.database.rows("child").len(), 6, "nothing cascades from a row that is changed");
    made.store.apply_together(&batches[2..]).await.unwrap();
    assert_eq!(made.database.rows("child").len(), 3, "a deleted one cascades");
}
