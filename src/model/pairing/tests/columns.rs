use super::*;

#[test]
fn columns_match_by_mapping_then_name_then_name_without_case() {
    let settings = TableSettings {
        field_mapping: vec![MappedField {
            source: "varchar_field".into(),
            target: "text_field".into(),
            required: true,
        }],
        exclude: vec!["note".to_owned()],
        ..without_modify_column()
    };
    let source = ["varchar_field TEXT", "id INTEGER!", "Name TEXT", "note TEXT", "mine TEXT"];
    let target = ["text_field TEXT", "id INTEGER!", "name TEXT", "note TEXT", "theirs TEXT"];
    let ready = ready(settings, &source, &target);
    assert_eq!(names(&ready.pair), [("id", "id"), ("varchar_field", "text_field"), ("Name", "name")]);
    assert_eq!(ready.pair.inexact, ["only at the source: `mine`", "only at the target: `note`, `theirs`"]);
}

#[test]
fn a_mapping_of_the_entry_must_hold_and_one_for_all_tables_holds_where_it_can() {
    let mapped = |source: &str, target: &str, required| TableSettings {
        field_mapping: vec![MappedField { source: source.into(), target: target.into(), required }],
        ..without_modify_column()
    };
    let columns = ["id INTEGER!", "name TEXT"];
    assert_eq!(
        failure(mapped("nmae", "name", true), &columns, &columns),
        "`field_mapping` names `nmae`, which the source does not have; did you mean `name`? | correct the name, or remove it from `field_mapping`"
    );
    assert!(
        failure(mapped("name", "title", true), &columns, &columns)
            .starts_with("`name` is mapped to `title`, which the target does not have")
    );
    assert_eq!(
        names(&ready(mapped("name", "title", false), &columns, &columns).pair),
        [("id", "id"), ("name", "name")]
    );
    assert_eq!(
        failure(mapped("other", "name", true), &["id INTEGER!", "name TEXT", "other TEXT"], &columns),
        "`name` and `other` both go to the target's `name` | map one of them elsewhere with `field_mapping`, or exclude it"
    );
}

#[test]
fn trap_40_generated_columns_are_compared_and_not_written() {
    let columns = ["id INTEGER!", "net INTEGER", "gross INTEGER#"];
    let pair = ready(without_modify_column(), &columns, &columns).pair;
    assert_eq!(pair.columns.iter().map(|column| column.written).collect::<Vec<_>>(), [true, true, false]);
    assert!(pair.columns.iter().all(|column| column.form == CompareForm::Exact));
    assert_eq!(pair.write_target().columns, ["id", "net"]);
    let ordinary =
        ready(without_modify_column(), &columns, &["id INTEGER!", "net INTEGER", "gross INTEGER"]).pair;
    assert!(ordinary.columns[2].written, "what the source computes is written to an ordinary column");
}

#[test]
fn trap_48_columns_without_a_form_in_common_are_named_and_left_alone() {
    let pair =
        ready(without_modify_column(), &["id INTEGER!", "data BLOB"], &["id INTEGER!", "data TEXT"]).pair;
    assert_eq!((pair.columns[1].form, pair.columns[1].written), (CompareForm::NotCompared, false));
    assert_eq!(
        pair.inexact,
        [
            "`data` is neither compared nor written: BLOB → TEXT: characters and bytes have no form in common",
            "only at the target: `data`"
        ]
    );
    let required =
        failure(without_modify_column(), &["id INTEGER!", "data BLOB"], &["id INTEGER!", "data DATE!"]);
    assert!(
        required.starts_with("the target's `data` (DATE) allows no NULL, and nothing fills it"),
        "{required}"
    );
}

#[test]
fn documents_whose_own_keys_must_stay_are_left_alone() {
    let settings = TableSettings { copy_all_json_keys: false, ..without_modify_column() };
    let columns = ["id INTEGER!", "extra JSON"];
    let pair = ready(settings, &columns, &columns).pair;
    assert!(!pair.columns[1].written);
    assert_eq!(pair.inexact[0], "`extra` is neither compared nor written: copy_all_json_keys is off");
    assert!(ready(without_modify_column(), &columns, &columns).pair.inexact.is_empty());
}

#[test]
fn what_compares_equal_although_it_differs_is_said() {
    let settings = TableSettings { zero_dates: ZeroDates::Null, ..without_modify_column() };
    let source = ["id INTEGER!", "at TIMESTAMP", "on DATE", "x REAL"];
    let target = ["id INTEGER!", "at TIMESTAMP(0)", "on TEXT", "x DECIMAL(12,2)"];
    assert_eq!(
        ready(settings, &source, &target).pair.inexact,
        [
            "`at`: fractions of a second are compared to 0 digits; dates such as 0000-00-00 count as NULL",
            "`on`: dates such as 0000-00-00 count as NULL",
            "`x`: −0 counts as 0",
        ]
    );
}

#[test]
fn unfilled_columns_get_their_default_or_the_one_that_fits_or_are_left_to_the_target() {
    let settings = TableSettings {
        defaults: vec![("Currency".to_owned(), Literal::Text("EUR".to_owned()))],
        ..without_modify_column()
    };
    let target = [
        "id INTEGER!",
        "currency TEXT!",
        "count BIGINT!",
        "open BOOLEAN!",
        "since DATE!='2020-01-01'",
        "note TEXT",
    ];
    let pair = ready(settings, &["id INTEGER!"], &target).pair;
    let given: Vec<_> = pair.defaults.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    assert_eq!(
        given,
        [("currency", Value::text("EUR")), ("count", Value::Integer(0)), ("open", Value::Boolean(false))]
    );
    assert_eq!(pair.write_target().columns, ["id", "currency", "count", "open"]);
    assert_eq!(pair.inexact[0], "only at the target: `since`, `note`");
    assert_eq!(pair.inexact[1], "`currency` is not compared: it is always written as 'EUR'");
}

#[test]
fn a_column_that_nothing_fills_fails_the_table_when_no_default_may_be_made_up() {
    let settings = TableSettings { set_default_value: false, ..without_modify_column() };
    assert_eq!(
        failure(settings, &["id INTEGER!"], &["id INTEGER!", "n INTEGER!"]),
        "the target's `n` (INTEGER) allows no NULL, and nothing fills it | map a source column to it, or set `defaults = { n = … }`"
    );
}

#[test]
fn defaults_are_checked_like_any_value() {
    let with = |name: &str, literal| TableSettings {
        defaults: vec![(name.to_owned(), literal)],
        ..without_modify_column()
    };
    let source = ["id INTEGER!"];
    let target = ["id INTEGER!", "code VARCHAR(9)", "born DATE"];
    let long = failure(with("code", Literal::Text("0123456789".into())), &source, &target);
    assert!(long.starts_with("the default of column code (VARCHAR(9)): '0123456789': it has 10 characters where at most 9 are kept"), "{long}");
    assert!(failure(with("cod", Literal::Integer(1)), &source, &target).contains("did you mean `code`?"));
    assert!(failure(with("born", Literal::Text("soon".into())), &source, &target).contains("not a date"));
    let pair = ready(with("born", Literal::Text("2020-02-29".into())), &source, &target).pair;
    assert_eq!(pair.defaults, [("born".to_owned(), Value::Date(18_321))]);
}

#[test]
fn a_null_that_the_target_refuses_counts_as_the_default_on_both_ways() {
    let source = ["id INTEGER!", "currency TEXT", "n INTEGER", "d DATE"];
    let target = ["id INTEGER!", "currency TEXT!", "n INTEGER!=(-1)", "d DATE!"];
    let settings = TableSettings {
        defaults: vec![("currency".to_owned(), Literal::Text("EUR".to_owned()))],
        ..without_modify_column()
    };
    let ready = ready(settings, &source, &target);
    let stand_ins: Vec<_> = ready.pair.columns.iter().map(|column| column.null_as.clone()).collect();
    assert_eq!(stand_ins, [None, Some(Value::text("EUR")), Some(Value::Integer(-1)), None]);
    assert_eq!(ready.pair.inexact[0], "`currency`: NULL counts as 'EUR', since the target allows none");
    assert!(
        remarks(&ready)
            .contains(&"`d` may be NULL at the source and not at the target: such rows go to quarantine")
    );
    assert_eq!(ready.pair.source_view().shape.null_as, stand_ins);
    assert!(ready.pair.target_view().shape.null_as.is_empty());
}

#[test]
fn a_loosely_typed_column_gets_what_it_would_give_back() {
    let loose = |columns: &[&str]| Table { strict: false, ..table("t", columns) };
    let settings = TableSettings {
        defaults: vec![
            ("b".to_owned(), Literal::Boolean(true)),
            ("m".to_owned(), Literal::Text("1.50".into())),
            ("w".to_owned(), Literal::Real(2.0)),
            ("x".to_owned(), Literal::Integer(3)),
            ("d".to_owned(), Literal::Text("2020-01-02".into())),
        ],
        ..without_modify_column()
    };
    let target =
        loose(&["id INTEGER!", "b BOOLEAN", "m DECIMAL(12,2)", "w DECIMAL(12,2)", "x REAL", "d DATE"]);
    let pair = pair_one(settings, loose(&["id INTEGER!"]), target).unwrap().pair;
    let values: Vec<_> = pair.defaults.into_iter().map(|(_, value)| value).collect();
    let expected =
        [Value::Integer(1), Value::Real(1.5), Value::Integer(2), Value::Real(3.0), Value::text("2020-01-02")];
    assert_eq!(values, expected);
}

#[test]
fn a_numbering_column_of_the_target_is_left_to_it() {
    let mut target = table("t", &["row INTEGER!", "id INTEGER!"]);
    target.indexes.push(index("rowid", &["row"], true));
    let pair = pair_one(without_modify_column(), table("t", &["id INTEGER!"]), target).unwrap().pair;
    assert!(pair.defaults.is_empty());
    assert_eq!(pair.inexact, ["only at the target: `row`"]);
}
