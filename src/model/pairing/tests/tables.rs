use super::*;

#[test]
fn all_tables_are_those_that_both_sides_have_and_entries_override() {
    let mut settings = job(vec![TableSettings { target: "items".to_owned(), ..entry("product") }]);
    settings.sync_all = true;
    let source = ["orders", "product", "ITEMS", "log"].map(|name| table(name, &["id INTEGER!"]));
    let target = ["items", "Orders", "extra"].map(|name| table(name, &["id INTEGER!"]));
    let paired = pair_all(&settings, source.into(), target.into());
    let told: Vec<String> = paired
        .iter()
        .map(|paired| match paired {
            Paired::Ready(ready) => {
                format!("{}: {} → {}", ready.pair.name, ready.pair.source.table, ready.pair.target.table)
            }
            Paired::Skipped { name, reason } => format!("{name} skipped: {reason}"),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(
        told,
        [
            "product: product → items",
            "orders: orders → Orders",
            "ITEMS skipped: another entry writes the target's table `items`",
            "log skipped: only the source has it",
        ]
    );
}

#[test]
fn without_sync_all_only_the_entries_count() {
    let both = || vec![table("a", &["id INTEGER!"]), table("b", &["id INTEGER!"])];
    let paired = pair_all(&job(vec![entry("b")]), both(), both());
    assert_eq!(paired.iter().map(Paired::name).collect::<Vec<_>>(), ["b"]);
}

#[test]
fn a_missing_table_fails_alone_and_names_the_nearest() {
    let settings = job(vec![entry("ordres"), entry("a")]);
    let source = vec![table("orders", &["id INTEGER!"]), table("a", &["id INTEGER!"])];
    let paired = pair_all(&settings, source, vec![table("a", &["id INTEGER!"])]);
    let Paired::Failed { reason, .. } = &paired[0] else { panic!("{:?}", paired[0]) };
    assert_eq!(reason, "the source has no table `ordres`; did you mean `orders`?");
    assert!(paired[1].pair().is_some());
}

#[test]
fn a_table_that_the_target_lacks_fails_is_skipped_or_created() {
    let with = |on_missing_table| {
        let settings = TableSettings {
            on_missing_table,
            exclude: vec!["secret".to_owned()],
            field_mapping: vec![MappedField { source: "no".into(), target: "number".into(), required: true }],
            defaults: vec![("origin".to_owned(), Literal::Text("erp".to_owned()))],
            ..entry("t")
        };
        let source = table("t", &["id INTEGER!", "no VARCHAR(9)='x'", "secret TEXT", "total INTEGER#"]);
        pair_all(&job(vec![settings]), vec![source], Vec::new()).remove(0)
    };
    assert!(
        matches!(with(OnMissingTable::Error), Paired::Failed { reason, .. } if reason == "the target has no table `t`")
    );
    assert!(matches!(with(OnMissingTable::Skip), Paired::Skipped { .. }));
    let Paired::Missing { plan, .. } = with(OnMissingTable::Create) else { panic!() };
    let columns: Vec<String> = plan
        .columns
        .iter()
        .map(|c| format!("{} {} {} {:?}", c.name, c.sql_type, c.nullable, c.default))
        .collect();
    assert_eq!(
        columns,
        [
            "id INTEGER false None",
            "number VARCHAR(9) true Some(\"'x'\")",
            "total INTEGER true None",
            "origin <Text { length_max: None }> true None",
        ]
    );
    assert_eq!(plan.primary_key, ["id"]);
}

#[test]
fn several_record_types_read_one_table_and_overlaps_are_remarked() {
    let of_type = |name: &str, condition: Option<&str>| TableSettings {
        name: name.to_owned(),
        where_source: condition.map(str::to_owned),
        where_target: condition.map(str::to_owned),
        ..entry("product")
    };
    let columns = &["id INTEGER!", "type TEXT"];
    let overlapping = |entries: Vec<TableSettings>| -> Vec<String> {
        pair_all(&job(entries), vec![table("product", columns)], vec![table("product", columns)])
            .iter()
            .flat_map(|paired| match paired {
                Paired::Ready(ready) => remarks(ready).into_iter().map(str::to_owned).collect::<Vec<_>>(),
                other => panic!("{other:?}"),
            })
            .filter(|text| text.contains("overlap"))
            .collect()
    };
    let work = || of_type("work", Some("type = 'work'"));
    let material = || of_type("material", Some("type = 'material'"));
    assert!(overlapping(vec![work(), material()]).is_empty());
    let all = overlapping(vec![work(), material(), of_type("all", None)]);
    assert_eq!(all.len(), 4, "{all:?}");
    assert_eq!(overlapping(vec![work(), of_type("again", Some("type  =  'work'"))]).len(), 2);
}

#[test]
fn trap_38_deletes_that_reach_tables_outside_the_job_are_remarked() {
    let child = |name: &str, on_delete| Table {
        foreign_keys: vec![ForeignKey {
            columns: vec!["id".to_owned()],
            parent: TableName::new("ORDERS"),
            parent_columns: Vec::new(),
            on_delete,
            deferred: false,
        }],
        ..table(name, &["id INTEGER!"])
    };
    let orders = || table("orders", &["id INTEGER!"]);
    let target = vec![
        orders(),
        child("audit", ReferentialAction::Cascade),
        child("note", ReferentialAction::SetNull),
        child("invoice", ReferentialAction::Refuse),
    ];
    let paired = pair_all(&job(vec![entry("orders")]), vec![orders()], target.clone());
    let Paired::Ready(ready) = &paired[0] else { panic!() };
    assert_eq!(
        remarks(ready),
        [
            "a delete here deletes rows of `audit`, which this job does not keep equal",
            "a delete here changes rows of `note`, which this job does not keep equal",
        ]
    );
    let all = ["orders", "audit", "note"].map(entry).into();
    let paired = pair_all(&job(all), target.clone(), target);
    let Paired::Ready(ready) = &paired[0] else { panic!() };
    assert_eq!(remarks(ready), [""; 0]);
}

#[test]
fn tables_are_found_with_and_without_their_schema() {
    let in_schema = |schema: &str| Table {
        name: TableName { schema: Some(schema.to_owned()), name: "t".to_owned() },
        ..table("t", &["id INTEGER!"])
    };
    let settings = job(vec![TableSettings { source: "public.t".to_owned(), ..entry("t") }]);
    let paired = pair_all(&settings, vec![in_schema("public"), in_schema("old")], vec![in_schema("public")]);
    assert_eq!(paired[0].pair().unwrap().source.table.to_string(), "public.t");
    let ambiguous =
        pair_all(&job(vec![entry("t")]), vec![in_schema("public"), in_schema("old")], vec![in_schema("a")]);
    assert!(matches!(ambiguous[0], Paired::Failed { .. }));
}

#[test]
fn trap_49_the_fingerprint_changes_with_schema_mapping_and_scope_and_with_nothing_else() {
    let source = ["id INTEGER!", "name TEXT", "changed TIMESTAMP"];
    let fingerprint_of = |settings: TableSettings, source: &[&str], target: &[&str]| {
        fingerprint(&ready(settings, source, target).pair)
    };
    let base = fingerprint_of(without_modify_column(), &source, &source);
    assert_eq!(base.len(), 32);
    assert_eq!(base, fingerprint_of(without_modify_column(), &source, &source));
    let added = ["id INTEGER!", "name TEXT", "changed TIMESTAMP", "new TEXT"];
    assert_eq!(
        base,
        fingerprint_of(without_modify_column(), &added, &source),
        "an unpaired column does not count"
    );
    let renamed = TableSettings { name: "other".into(), batch_size: 1, ..without_modify_column() };
    assert_eq!(base, fingerprint_of(renamed, &source, &source));

    let retyped = ["id INTEGER!", "name VARCHAR(9)", "changed TIMESTAMP"];
    let swapped = ["id INTEGER!", "changed TIMESTAMP", "name TEXT"];
    let scoped = TableSettings {
        where_source: Some("id > 1".into()),
        where_target: Some("id > 1".into()),
        ..without_modify_column()
    };
    let other = [
        fingerprint_of(without_modify_column(), &retyped, &source),
        fingerprint_of(without_modify_column(), &source, &retyped),
        fingerprint_of(without_modify_column(), &swapped, &source),
        fingerprint_of(without_modify_column(), &source[..2], &source),
        fingerprint_of(scoped, &source, &source),
        fingerprint_of(
            TableSettings { modify_column: ModifyColumn::Inherited("changed".into()), ..entry("t") },
            &source,
            &source,
        ),
        fingerprint_of(
            TableSettings { key: Some(vec!["name".into()]), ..without_modify_column() },
            &source,
            &source,
        ),
    ];
    for (index, one) in other.iter().enumerate() {
        assert_ne!(*one, base, "{index}");
        assert!(!other[..index].contains(one), "{index}");
    }
}

#[test]
fn a_digest_header_names_columns_forms_and_scope_and_never_the_seed() {
    let pair =
        ready(without_modify_column(), &["id INTEGER!", "n INTEGER"], &["id INTEGER!", "n BIGINT"]).pair;
    let header = digest_header(&pair, DigestSeed(12_345_678));
    assert_eq!(header.columns, ["\"id\" → \"id\": exact", "\"n\" → \"n\": common(integer)"]);
    assert_eq!(header.scope, "\"t\" → \"t\", key of 1");
    assert!(!format!("{header:?}").contains("12345678"));
    assert_ne!(header, digest_header(&pair, DigestSeed(1)));
}

#[test]
fn hostile_names_are_shown_escaped() {
    let hostile = "a\u{1b}[2J`\n";
    let mut source = table("t", &["id INTEGER!", "x TEXT"]);
    hostile.clone_into(&mut source.columns[1].name);
    let pair = pair_one(without_modify_column(), source, table("t", &["id INTEGER!"])).unwrap().pair;
    assert_eq!(pair.inexact, ["only at the source: `a\\x1b[2J`\\n`"]);
}
