use super::super::compare::CompareForm;
use super::*;

fn column(declared: &str, logical: LogicalType) -> ColumnType {
    ColumnType { declared: declared.to_owned(), logical, nullable: true, strict: true }
}

/// Every variant of [`LogicalType`], the parameterised ones at their limits.
fn every_type() -> Vec<ColumnType> {
    use LogicalType as T;
    vec![
        column("BOOLEAN", T::Boolean),
        column("SMALLINT", T::Integer { bits: 16, signed: true }),
        column("BIGINT", T::Integer { bits: 64, signed: true }),
        column("BIGINT UNSIGNED", T::Integer { bits: 64, signed: false }),
        column("NUMERIC", T::Decimal { precision: None, scale: None }),
        column("DECIMAL(12,2)", T::Decimal { precision: Some(12), scale: Some(2) }),
        column("DECIMAL(12,4)", T::Decimal { precision: Some(12), scale: Some(4) }),
        column("DECIMAL(3,0)", T::Decimal { precision: Some(3), scale: Some(0) }),
        column("REAL", T::Float { bits: 32 }),
        column("DOUBLE", T::Float { bits: 64 }),
        column("TEXT", T::Text { length_max: None }),
        column("VARCHAR(20)", T::Text { length_max: Some(20) }),
        column("CHAR(36)", T::Char { length: 36 }),
        column("BLOB", T::Blob { length_max: None }),
        column("BINARY(16)", T::Blob { length_max: Some(16) }),
        column("VARBINARY(8)", T::Blob { length_max: Some(8) }),
        column("DATE", T::Date),
        column("TIME", T::Time { precision: 0 }),
        column("TIME(6)", T::Time { precision: 6 }),
        column("TIMESTAMP(6)", T::Timestamp { precision: 6 }),
        column("DATETIME", T::Timestamp { precision: 0 }),
        column("TIMESTAMPTZ(3)", T::TimestampUtc { precision: 3 }),
        column("UUID", T::Uuid),
        column("JSON", T::Json),
        column("", T::Any),
        column("GEOMETRY", T::Other("geometry".to_owned())),
    ]
}

fn line(source: &ColumnType, target: &ColumnType, same_engine: bool) -> String {
    let compatibility = compatibility(source, target, same_engine);
    let form = compare_form(source, target, same_engine);
    let detail = compatibility.detail().map(|detail| format!(" · {detail}")).unwrap_or_default();
    format!("{source} → {target} · {} · {form}{detail}", compatibility.as_str())
}

#[test]
fn every_pair_of_types_across_engines() {
    let types = every_type();
    let mut lines = Vec::new();
    for source in &types {
        let (impossible, possible): (Vec<_>, Vec<_>) =
            types.iter().partition(|target| compatibility(source, target, false).as_str() == "impossible");
        lines.extend(possible.iter().map(|target| line(source, target, false)));
        let names: Vec<String> = impossible.iter().map(ToString::to_string).collect();
        lines.push(format!("{source} → impossible: {}\n", names.join(", ")));
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_pair_is_compared_exactly_when_it_can_be_converted_and_alike_both_ways() {
    for same_engine in [false, true] {
        for source in every_type() {
            for target in every_type() {
                let there = compare_form(&source, &target, same_engine);
                let back = compare_form(&target, &source, same_engine);
                let impossible =
                    matches!(compatibility(&source, &target, same_engine), Compatibility::Impossible(_));
                assert_eq!(
                    there == CompareForm::NotCompared,
                    impossible,
                    "{}",
                    line(&source, &target, same_engine)
                );
                if there != CompareForm::NotCompared && back != CompareForm::NotCompared {
                    assert_eq!(there, back, "{source} and {target}");
                }
            }
        }
    }
}

#[test]
fn exact_needs_the_same_engine_and_the_same_declared_type() {
    for one in every_type() {
        assert_eq!(compare_form(&one, &one, true), CompareForm::Exact, "{one}");
        assert_eq!(compatibility(&one, &one, true), Compatibility::Exact, "{one}");
        assert_ne!(compare_form(&one, &one, false), CompareForm::Exact, "{one}");
    }
    let small = LogicalType::Integer { bits: 64, signed: true };
    let pair = |a: &str, b: &str| {
        compare_form(&column(a, small.clone()), &column(b, small.clone()), true).to_string()
    };
    assert_eq!(pair("integer", "INTEGER"), "exact", "spelling does not matter");
    assert_eq!(pair("INT", "INTEGER"), "common(integer)");
}

#[test]
fn what_a_loosely_typed_column_cannot_hold_is_said() {
    let loose = |declared: &str, precision| ColumnType {
        strict: false,
        ..column(declared, LogicalType::Decimal { precision: Some(precision), scale: Some(2) })
    };
    let strict = |declared: &str, precision| ColumnType { strict: true, ..loose(declared, precision) };
    assert_eq!(
        compatibility(&strict("NUMERIC(20,2)", 20), &loose("DECIMAL(20,2)", 20), false),
        Compatibility::Lossy(
            "NUMERIC(20,2) → DECIMAL(20,2): NUMERIC affinity holds at most 15 digits exactly".to_owned()
        )
    );
    assert_eq!(
        compatibility(&strict("NUMERIC(12,2)", 12), &loose("DECIMAL(12,2)", 12), false),
        Compatibility::Exact
    );
    assert_eq!(
        compatibility(&loose("NUMERIC(20,2)", 20), &loose("DECIMAL(20,2)", 20), true),
        Compatibility::Exact
    );
}

#[test]
fn a_hostile_type_name_is_shown_escaped() {
    let hostile = column("TEXT\u{1b}[2J", LogicalType::Text { length_max: None });
    assert_eq!(hostile.to_string(), "TEXT\\x1b[2J");
    let long = column(&"x".repeat(5000), LogicalType::Any);
    assert!(long.to_string().len() < 200);
}
