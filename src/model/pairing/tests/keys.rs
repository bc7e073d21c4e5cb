use super::*;

#[test]
fn trap_24_the_key_comes_first_in_key_order() {
    let two = |primary_key: &[&str]| Table {
        primary_key: primary_key.iter().map(|name| (*name).to_owned()).collect(),
        indexes: vec![index("pk", primary_key, true)],
        ..table("t", &["a INTEGER!", "x TEXT", "b INTEGER!"])
    };
    let pair = pair_one(without_modify_column(), two(&["b", "a"]), two(&["b", "a"])).unwrap().pair;
    assert_eq!(names(&pair).iter().map(|name| name.0).collect::<Vec<_>>(), ["b", "a", "x"]);
    assert_eq!((pair.key_length, pair.key_order.clone()), (2, KeyOrder::Canonical));
    assert!(pair.source.key_unique && pair.target.key_unique);
    let other_order = pair_one(without_modify_column(), two(&["b", "a"]), two(&["a", "b"])).unwrap().pair;
    assert_eq!(
        other_order.key_order,
        KeyOrder::Hashed("no index at the target keeps the order of (`b`, `a`) by bytes".to_owned())
    );
    assert!(other_order.target.key_unique, "the order of a unique index does not matter for uniqueness");
}

#[test]
fn trap_35_a_key_that_nothing_proves_unique_is_remarked() {
    let settings = TableSettings { key: Some(vec!["code".to_owned()]), ..without_modify_column() };
    let columns = ["id INTEGER!", "code TEXT"];
    let ready = ready(settings, &columns, &columns);
    assert_eq!(names(&ready.pair), [("code", "code"), ("id", "id")]);
    assert!(!ready.pair.source.key_unique);
    assert_eq!(
        ready.pair.key_order,
        KeyOrder::Hashed("no index on (`code`) at the source; no index on (`code`) at the target".to_owned())
    );
    assert_eq!(
        remarks(&ready),
        [
            "no constraint proves the key (`code`) unique at the source",
            "no constraint proves the key (`code`) unique at the target",
            "the key (`code`) may hold NULL: such rows are only counted and compared as a whole",
            "no index on (`code`) at the source: both sides are read whole, and every write searches for its row",
            "no index on (`code`) at the target: both sides are read whole, and every write searches for its row",
        ]
    );
}

#[test]
fn trap_36_a_table_without_a_key_is_paired_and_says_so() {
    let keyless = || Table { primary_key: Vec::new(), indexes: Vec::new(), ..table("t", &["a INTEGER"]) };
    let ready = pair_one(without_modify_column(), keyless(), keyless()).unwrap();
    assert_eq!(ready.pair.key_length, 0);
    assert_eq!(ready.pair.key_order, KeyOrder::Hashed("the table has no key".to_owned()));
    assert!(remarks(&ready)[0].starts_with("it has no key"));
}

#[test]
fn a_key_that_cannot_be_matched_fails_the_table() {
    let keyed = |name: &str| TableSettings { key: Some(vec![name.to_owned()]), ..without_modify_column() };
    let columns = ["id INTEGER!", "code TEXT"];
    assert!(
        failure(keyed("coed"), &columns, &columns)
            .starts_with("the key names `coed`, which the source does not have; did you mean `code`?")
    );
    assert!(
        failure(keyed("code"), &columns, &["id INTEGER!"])
            .starts_with("the target has no column for the key column `code`")
    );
    assert!(
        failure(keyed("code"), &columns, &["id INTEGER!", "code TEXT#"])
            .starts_with("the target computes its key column `code`")
    );
    assert!(
        failure(keyed("id"), &columns, &["id TEXT!"])
            .starts_with("keys cannot be matched: `id` is INTEGER at the source and TEXT at the target")
    );
    let (fine, coarse) = (["id INTEGER!", "code TIMESTAMP!"], ["id INTEGER!", "code TIMESTAMP(0)!"]);
    assert!(
        failure(keyed("code"), &fine, &coarse).starts_with("keys cannot be matched: `code` is TIMESTAMP")
    );
    assert_eq!(ready(keyed("code"), &coarse, &fine).pair.key_length, 1);
    let twice = TableSettings { key: Some(vec!["id".into(), "ID".into()]), ..without_modify_column() };
    assert!(failure(twice, &columns, &columns).starts_with("the key names `ID` twice"));
    let excluded = TableSettings { exclude: vec!["id".to_owned()], ..without_modify_column() };
    assert!(failure(excluded, &columns, &columns).starts_with("the key column `id` is excluded"));
}

#[test]
fn whole_numbers_sort_alike_whatever_the_collation_where_their_type_is_enforced() {
    let with_collation = |strict| {
        let mut table = Table { strict, ..table("t", &["id INTEGER!"]) };
        table.indexes[0].columns[0].byte_order = false;
        table
    };
    let order = |strict| {
        pair_one(without_modify_column(), with_collation(strict), with_collation(strict))
            .unwrap()
            .pair
            .key_order
    };
    assert_eq!(order(true), KeyOrder::Canonical);
    assert!(matches!(order(false), KeyOrder::Hashed(_)));
}

#[test]
fn a_key_that_numbers_the_rows_is_never_null() {
    let rows = || Table { indexes: vec![index("rowid", &["id"], true)], ..table("t", &["id INTEGER"]) };
    let ready = pair_one(without_modify_column(), rows(), rows()).unwrap();
    assert!(!ready.pair.columns[0].source_type.nullable);
    assert_eq!(remarks(&ready), [""; 0]);
    let ordinary = || table("t", &["id INTEGER"]);
    let ready = pair_one(without_modify_column(), ordinary(), ordinary()).unwrap();
    assert!(remarks(&ready)[0].contains("may hold NULL"));
}

#[test]
fn a_modify_column_for_all_tables_may_be_missing_and_one_of_the_entry_may_not() {
    let with = |modify_column| TableSettings { modify_column, ..entry("t") };
    let columns = ["id INTEGER!", "changed TIMESTAMP", "flag BOOLEAN"];
    let inherited = |name: &str| with(ModifyColumn::Inherited(name.to_owned()));
    let required = |name: &str| with(ModifyColumn::Required(name.to_owned()));
    assert_eq!(ready(inherited("modify_time"), &columns, &columns).pair.modify_column, None);
    assert!(failure(required("chnaged"), &columns, &columns).starts_with(
        "`modify_column` names `chnaged`, which the source does not have; did you mean `changed`?"
    ));
    let found = ready(required("CHANGED"), &columns, &columns);
    let stamp = found.pair.modify_column.clone().unwrap();
    assert_eq!((stamp.source.as_str(), stamp.position, stamp.indexed), ("changed", Some(1), false));
    assert!(remarks(&found)[0].starts_with("no index on the modify column (`changed`) at the source"));
    let unpaired = ready(required("changed"), &columns, &["id INTEGER!"]).pair;
    assert_eq!(unpaired.modify_column.unwrap().position, None);
    assert!(failure(required("flag"), &columns, &columns).contains("tells no order of changes"));
    assert_eq!(ready(inherited("flag"), &columns, &columns).pair.modify_column, None);
}

#[test]
fn a_condition_for_both_sides_must_mean_the_same_on_both() {
    let scoped = |condition: &str, target: Option<&str>, mapped: bool| TableSettings {
        where_source: Some(condition.to_owned()),
        where_target: Some(target.unwrap_or(condition).to_owned()),
        field_mapping: if mapped {
            vec![MappedField { source: "type".into(), target: "kind".into(), required: true }]
        } else {
            Vec::new()
        },
        ..without_modify_column()
    };
    let source = ["id INTEGER!", "type TEXT", "region TEXT"];
    let target = ["id INTEGER!", "kind TEXT"];
    assert_eq!(
        failure(scoped("type = 'work'", None, true), &source, &target),
        "`where` names `type`, which is `kind` at the target | write the condition in the target's terms as `target_where`"
    );
    assert!(
        failure(scoped("region = 'n'", None, true), &source, &target)
            .starts_with("`where` names `region`, which the target does not have")
    );
    let pair = ready(scoped("type = 'work'", Some("kind = 'work'"), true), &source, &target).pair;
    assert_eq!(
        (pair.source.filter.as_deref(), pair.target.filter.as_deref()),
        (Some("type = 'work'"), Some("kind = 'work'"))
    );
    ready(scoped("id > 5 AND 'region' <> ''", None, true), &source, &target);
}
