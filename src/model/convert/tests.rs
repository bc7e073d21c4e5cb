use std::sync::Arc;

use proptest::prelude::*;

use super::super::compare::encode_row;
use super::super::pair::{KeyOrder, SideTable};
use super::super::schema::TableName;
use super::super::settings::TableSettings;
use super::super::types::{compare_form, compatibility};
use super::*;
use LogicalType as T;

const BIGINT: T = T::Integer { bits: 64, signed: true };
const TEXT: T = T::Text { length_max: None };

fn column(logical: T) -> ColumnType {
    ColumnType { declared: format!("{logical:?}"), logical, nullable: true, strict: true }
}

fn loose(declared: &str, logical: T) -> ColumnType {
    ColumnType { declared: declared.to_owned(), logical, nullable: true, strict: false }
}

fn pair_of(source: ColumnType, target: ColumnType, same_engine: bool) -> ColumnPair {
    ColumnPair {
        source: "s".to_owned(),
        target: "t".to_owned(),
        compatibility: compatibility(&source, &target, same_engine),
        form: compare_form(&source, &target, same_engine),
        source_type: source,
        target_type: target,
        written: true,
        null_as: None,
    }
}

fn convert(pair: &ColumnPair, value: &Value) -> Result<Value, ConversionError> {
    let conversion = Conversion::new(pair, ZeroDates::Quarantine);
    conversion.convert(value.as_ref(), &mut Vec::new()).map(ValueRef::to_owned)
}

#[expect(clippy::needless_pass_by_value, reason = "values are written in place")]
fn arrives(source: T, target: T, value: Value) -> Result<Value, String> {
    convert(&pair_of(column(source), column(target), false), &value).map_err(|error| error.why)
}

fn decimal(text: &str) -> Value {
    Value::Decimal(text.to_owned())
}

fn refused(why: &str) -> Result<Value, String> {
    Err(why.to_owned())
}

#[test]
fn integers_arrive_whole_or_not_at_all() {
    let small = T::Integer { bits: 16, signed: true };
    let unsigned = T::Integer { bits: 64, signed: false };
    assert_eq!(arrives(BIGINT, small.clone(), Value::Integer(32_767)), Ok(Value::Integer(32_767)));
    assert_eq!(arrives(BIGINT, small, Value::Integer(32_768)), refused("it is above 32767"));
    assert_eq!(arrives(BIGINT, unsigned.clone(), Value::Integer(-1)), refused("it is below 0"));
    assert_eq!(
        arrives(unsigned.clone(), BIGINT, Value::Integer(u64::MAX.into())),
        refused("it is above 9223372036854775807")
    );
    assert_eq!(
        arrives(TEXT, unsigned, Value::text("18446744073709551615")),
        Ok(Value::Integer(u64::MAX.into()))
    );
    assert_eq!(arrives(TEXT, BIGINT, Value::text("042")), Ok(Value::Integer(42)));
    assert_eq!(arrives(TEXT, BIGINT, Value::text("4.20e1")), Ok(Value::Integer(42)));
    assert_eq!(arrives(TEXT, BIGINT, Value::text("4.2")), refused("it has digits behind the point"));
    assert_eq!(arrives(TEXT, BIGINT, Value::text("abc")), refused("not a whole number"));
    assert_eq!(arrives(TEXT, BIGINT, Value::text("")), refused("not a whole number"));
    assert_eq!(arrives(T::Float { bits: 64 }, BIGINT, Value::Real(2.0)), Ok(Value::Integer(2)));
    assert_eq!(
        arrives(T::Float { bits: 64 }, BIGINT, Value::Real(f64::INFINITY)),
        refused("not a whole number")
    );
    assert_eq!(arrives(T::Any, BIGINT, Value::Blob(vec![1])), refused("not a whole number"));
}

#[test]
fn decimals_keep_every_digit_or_are_refused() {
    let cents = T::Decimal { precision: Some(12), scale: Some(2) };
    let fine = T::Decimal { precision: Some(12), scale: Some(4) };
    assert_eq!(arrives(fine.clone(), cents.clone(), decimal("10.5000")), Ok(decimal("10.5")));
    assert_eq!(
        arrives(fine.clone(), cents.clone(), decimal("10.5001")),
        refused("it has 4 digits behind the point, of which 2 are kept")
    );
    assert_eq!(
        arrives(BIGINT, cents.clone(), Value::Integer(12_345_678_901)),
        refused("it has 11 digits where at most 10 are kept")
    );
    assert_eq!(arrives(T::Float { bits: 64 }, cents.clone(), Value::Real(0.1)), Ok(decimal("0.1")));
    assert_eq!(
        arrives(T::Float { bits: 64 }, cents.clone(), Value::Real(0.1 + 0.2)),
        refused("it has 17 digits behind the point, of which 2 are kept")
    );
    assert_eq!(arrives(T::Float { bits: 64 }, cents, Value::Real(f64::NAN)), refused("not a finite number"));
    assert_eq!(
        arrives(fine, T::Float { bits: 64 }, decimal("0.10000000000000000001")),
        refused("a float of 64 bits would round it")
    );
}

#[test]
fn a_column_with_numeric_affinity_takes_fifteen_digits() {
    let money = || loose("DECIMAL(38,2)", T::Decimal { precision: Some(38), scale: Some(2) });
    let pair = pair_of(column(T::Decimal { precision: Some(38), scale: Some(2) }), money(), false);
    assert_eq!(convert(&pair, &decimal("1234567890123.45")), Ok(decimal("1234567890123.45")));
    assert_eq!(
        convert(&pair, &decimal("12345678901234.56")).unwrap_err().why,
        "it has 16 digits, of which NUMERIC affinity keeps 15 exactly"
    );
    assert!(convert(&pair, &decimal("9223372036854775807")).is_ok(), "kept as a 64-bit integer");
    let float = pair_of(
        column(T::Float { bits: 64 }),
        loose("NUMERIC", T::Decimal { precision: None, scale: None }),
        false,
    );
    assert_eq!(
        convert(&float, &Value::Real(0.1 + 0.2)),
        Ok(Value::Real(0.1 + 0.2)),
        "kept as the double it is"
    );
}

#[test]
fn trap_12_what_is_no_number_is_refused() {
    for special in [Value::Real(f64::NAN), Value::Real(f64::INFINITY), decimal("NaN"), decimal("-Infinity")] {
        for target in [BIGINT, T::Decimal { precision: None, scale: None }, T::Boolean] {
            assert!(arrives(T::Any, target, special.clone()).is_err(), "{special:?}");
        }
        assert!(arrives(T::Any, T::Float { bits: 64 }, special.clone()).is_err(), "{special:?}");
    }
    let float = T::Float { bits: 64 };
    assert_eq!(
        arrives(float.clone(), float.clone(), Value::Real(f64::INFINITY)),
        Ok(Value::Real(f64::INFINITY))
    );
    assert!(arrives(float.clone(), float, Value::Real(f64::NAN)).is_err());
}

#[test]
fn trap_19_two_is_not_true() {
    assert_eq!(arrives(BIGINT, T::Boolean, Value::Integer(1)), Ok(Value::Boolean(true)));
    assert_eq!(arrives(BIGINT, T::Boolean, Value::Integer(2)), refused("not true or false"));
    assert_eq!(arrives(TEXT, T::Boolean, Value::text("False")), Ok(Value::Boolean(false)));
    assert_eq!(arrives(TEXT, T::Boolean, Value::text("yes")), refused("not true or false"));
}

#[test]
fn text_is_counted_in_characters_and_never_cut() {
    let short = T::Text { length_max: Some(4) };
    assert_eq!(arrives(TEXT, short.clone(), Value::text("äöüß")), Ok(Value::text("äöüß")));
    assert_eq!(
        arrives(TEXT, short.clone(), Value::text("äöüßx")),
        refused("it has 5 characters where at most 4 are kept")
    );
    assert_eq!(
        arrives(TEXT, short.clone(), Value::text("abc  ")),
        refused("it has 5 characters where at most 4 are kept")
    );
    assert_eq!(
        arrives(TEXT, T::Char { length: 4 }, Value::text("abc  ")),
        Ok(Value::text("abc")),
        "padding may go"
    );
    assert_eq!(arrives(BIGINT, short, Value::Integer(-12)), Ok(Value::text("-12")));
    assert_eq!(arrives(T::Any, TEXT, Value::Blob(vec![65])), refused("not text"));
}

#[test]
fn trap_43_bytes_that_are_not_utf_8_are_refused_where_text_is_checked() {
    assert_eq!(
        arrives(T::Char { length: 9 }, TEXT, Value::Text(b"a\xff".to_vec())),
        refused("not text in UTF-8")
    );
    let both_loose = pair_of(loose("TEXT", TEXT), loose("VARCHAR(9)", T::Text { length_max: Some(9) }), true);
    assert_eq!(convert(&both_loose, &Value::Text(b"a\xff".to_vec())), Ok(Value::Text(b"a\xff".to_vec())));
}

#[test]
fn trap_15_fractions_of_a_second_are_cut_as_they_are_compared() {
    let (fine, coarse) = (T::Timestamp { precision: 6 }, T::Timestamp { precision: 3 });
    assert_eq!(arrives(fine.clone(), coarse, Value::Timestamp(-1)), Ok(Value::Timestamp(-1000)));
    assert_eq!(
        arrives(T::Time { precision: 6 }, T::Time { precision: 0 }, Value::Time(-1_999_999)),
        Ok(Value::Time(-1_000_000))
    );
    assert_eq!(arrives(TEXT, fine, Value::text("2024-02-30 00:00:00")), refused("not a date and time"));
}

#[test]
fn trap_16_an_offset_is_counted_or_refused_never_dropped() {
    let text = || Value::text("1970-01-01 02:00:00+02:00");
    assert_eq!(arrives(TEXT, T::TimestampUtc { precision: 6 }, text()), Ok(Value::TimestampUtc(0)));
    assert_eq!(
        arrives(TEXT, T::Timestamp { precision: 6 }, text()),
        refused("the target keeps no offset from UTC")
    );
}

#[test]
fn trap_17_a_time_of_day_is_not_dropped_for_a_date() {
    assert_eq!(
        arrives(T::Timestamp { precision: 6 }, T::Date, Value::Timestamp(86_400_000_000)),
        Ok(Value::Date(1))
    );
    assert_eq!(
        arrives(T::Timestamp { precision: 6 }, T::Date, Value::Timestamp(1)),
        refused("it has a time of day")
    );
    assert_eq!(
        arrives(T::Date, T::Timestamp { precision: 6 }, Value::Date(1)),
        Ok(Value::Timestamp(86_400_000_000))
    );
}

#[test]
fn trap_18_zero_dates_follow_the_policy() {
    let zero = Value::text("0000-00-00");
    let apply = |pair: &ColumnPair, policy| {
        let conversion = Conversion::new(pair, policy);
        conversion.convert(zero.as_ref(), &mut Vec::new()).map(ValueRef::to_owned).map_err(|error| error.why)
    };
    let strict = pair_of(column(T::Any), column(T::Date), false);
    assert_eq!(apply(&strict, ZeroDates::Quarantine), refused("there is no such date"));
    assert_eq!(apply(&strict, ZeroDates::Null), Ok(Value::Null));
    assert_eq!(
        apply(&strict, ZeroDates::Text),
        refused("there is no such date"),
        "a date column holds no text"
    );
    let kept = pair_of(loose("DATE", T::Date), loose("DATE_ISO", T::Date), true);
    assert_eq!(apply(&kept, ZeroDates::Text), Ok(zero.clone()));
    let text = pair_of(column(T::Date), column(TEXT), false);
    assert_eq!(apply(&text, ZeroDates::Text), Ok(zero.clone()));
    let mut required = strict;
    required.target_type.nullable = false;
    assert_eq!(apply(&required, ZeroDates::Null), refused("the target's column allows no NULL"));
}

#[test]
fn trap_22_a_uuid_takes_the_form_of_its_column() {
    let bytes = [0xab; 16];
    let hyphens = "abababab-abab-abab-abab-abababababab";
    assert_eq!(arrives(TEXT, T::Uuid, Value::text(&hyphens.to_uppercase())), Ok(Value::Uuid(bytes)));
    assert_eq!(arrives(T::Uuid, TEXT, Value::Uuid(bytes)), Ok(Value::text(hyphens)));
    assert_eq!(
        arrives(T::Uuid, T::Char { length: 32 }, Value::Uuid(bytes)),
        Ok(Value::text(&"ab".repeat(16)))
    );
    assert_eq!(
        arrives(T::Uuid, T::Blob { length_max: Some(16) }, Value::text(hyphens)),
        Ok(Value::Blob(bytes.to_vec()))
    );
    assert_eq!(
        arrives(T::Blob { length_max: None }, T::Uuid, Value::Blob(bytes.to_vec())),
        Ok(Value::Uuid(bytes))
    );
    assert_eq!(arrives(TEXT, T::Uuid, Value::text("ab")), refused("not a uuid"));
}

#[test]
fn trap_46_a_document_arrives_as_it_was_written_or_not_at_all() {
    let written = r#"{ "b": 1.0, "a": [] }"#;
    assert_eq!(arrives(TEXT, T::Json, Value::text(written)), Ok(Value::Json(written.into())));
    assert_eq!(arrives(T::Json, TEXT, Value::Json(written.into())), Ok(Value::text(written)));
    assert_eq!(arrives(TEXT, T::Json, Value::text("{")), refused("not JSON"));
    assert_eq!(arrives(TEXT, T::Json, Value::text(r#"{"a":1,"a":2}"#)), refused("the key \"a\" comes twice"));
    assert_eq!(arrives(T::Any, T::Json, Value::Real(0.5)), Ok(Value::Json(b"0.5".to_vec())));
}

#[test]
fn null_is_null_its_stand_in_or_a_refusal() {
    let mut pair = pair_of(column(BIGINT), column(BIGINT), true);
    assert_eq!(convert(&pair, &Value::Null), Ok(Value::Null));
    pair.target_type.nullable = false;
    let error = convert(&pair, &Value::Null).unwrap_err();
    assert_eq!(
        error.to_string(),
        "column t (Integer { bits: 64, signed: true }): NULL: the target's column allows no NULL"
    );
    assert!(error.hint.contains("defaults = { t = … }"));
    pair.null_as = Some(Value::Integer(0));
    assert_eq!(convert(&pair, &Value::Null), Ok(Value::Integer(0)));
}

#[test]
fn a_refused_value_is_shown_short_and_escaped() {
    let pair = pair_of(column(TEXT), column(BIGINT), false);
    let error = convert(&pair, &Value::text(&format!("\u{1b}[2J{}", "x".repeat(10_000_000)))).unwrap_err();
    assert!(error.value.starts_with("'\\x1b[2Jxxx") && error.value.len() < 300, "{}", error.value.len());
}

#[test]
fn loosely_typed_columns_of_one_kind_pass_what_does_not_conform() {
    let pair = pair_of(loose("INT", BIGINT), loose("BIGINT", BIGINT), true);
    for odd in [Value::text("abc"), Value::Blob(vec![0]), Value::Real(1.5)] {
        assert_eq!(convert(&pair, &odd).ok(), if odd == Value::Real(1.5) { None } else { Some(odd) });
    }
    let other_kind = pair_of(loose("TEXT", TEXT), loose("BIGINT", BIGINT), true);
    assert!(convert(&other_kind, &Value::text("abc")).is_err());
    let dates = pair_of(
        loose("DATETIME", T::Timestamp { precision: 6 }),
        loose("TIMESTAMP", T::Timestamp { precision: 6 }),
        true,
    );
    let written = Value::text("2024-01-01T10:00:00Z");
    assert_eq!(convert(&dates, &written), Ok(written), "text stays as it was written");
}

fn table_pair(columns: Vec<ColumnPair>, key_length: usize, defaults: Vec<(String, Value)>) -> TablePair {
    let side = |name: &str| SideTable { table: TableName::new(name), filter: None, key_unique: true };
    TablePair {
        name: "t".to_owned(),
        source: side("s"),
        target: side("t"),
        columns,
        key_length,
        key_order: KeyOrder::Canonical,
        modify_column: None,
        defaults,
        inexact: Vec::new(),
        settings: Arc::new(TableSettings::default()),
    }
}

#[test]
fn a_row_arrives_in_the_order_of_its_write_target_with_defaults() {
    let mut generated = pair_of(column(BIGINT), column(BIGINT), false);
    generated.written = false;
    let columns = vec![
        pair_of(column(BIGINT), column(BIGINT), false),
        generated,
        pair_of(column(BIGINT), column(TEXT), false),
    ];
    let pair = table_pair(columns, 1, vec![("currency".to_owned(), Value::text("EUR"))]);
    assert_eq!(pair.write_target().columns, ["t", "t", "currency"]);

    let mut source = BlockBuilder::new(pair.source_view().shape);
    source.push_row(&[Value::Integer(1), Value::Integer(2), Value::Integer(3)]);
    let rows = source.take();
    let mut transform = RowTransform::new(&pair);
    assert!(!transform.is_identity());
    let mut out = BlockBuilder::new(transform.shape());
    transform.transform(&rows, 0, &mut out).unwrap();
    let out = out.take();
    let values: Vec<Value> = out.fields(0).map(ValueRef::to_owned).collect();
    assert_eq!(values, [Value::Integer(1), Value::text("3"), Value::text("EUR")]);
    assert_eq!(out.key(0), rows.key(0));
}

#[test]
fn trap_18_dates_that_became_null_are_counted() {
    let mut pair = table_pair(
        vec![pair_of(column(BIGINT), column(BIGINT), true), pair_of(column(T::Any), column(T::Date), false)],
        1,
        vec![],
    );
    Arc::make_mut(&mut pair.settings).zero_dates = ZeroDates::Null;
    let mut source = BlockBuilder::new(pair.source_view().shape);
    source.push_row(&[Value::Integer(1), Value::text("0000-00-00")]);
    source.push_row(&[Value::Integer(2), Value::Null]);
    let rows = source.take();
    let mut transform = RowTransform::new(&pair);
    let mut out = BlockBuilder::new(transform.shape());
    transform.transform(&rows, 0, &mut out).unwrap();
    transform.transform(&rows, 1, &mut out).unwrap();
    assert_eq!(transform.zero_dates_nulled(), 1);
}

#[test]
fn a_refused_row_leaves_nothing_behind() {
    let columns =
        vec![pair_of(column(BIGINT), column(BIGINT), false), pair_of(column(TEXT), column(BIGINT), false)];
    let pair = table_pair(columns, 1, Vec::new());
    let mut source = BlockBuilder::new(pair.source_view().shape);
    source.push_row(&[Value::Integer(1), Value::text("x")]);
    source.push_row(&[Value::Integer(2), Value::text("20")]);
    let rows = source.take();
    let mut transform = RowTransform::new(&pair);
    let mut out = BlockBuilder::new(transform.shape());
    assert_eq!(transform.transform(&rows, 0, &mut out).unwrap_err().why, "not a whole number");
    transform.transform(&rows, 1, &mut out).unwrap();
    let out = out.take();
    assert_eq!(out.len(), 1);
    assert_eq!(
        out.fields(0).map(ValueRef::to_owned).collect::<Vec<_>>(),
        [Value::Integer(2), Value::Integer(20)]
    );
}

#[test]
fn a_pair_of_equal_columns_needs_no_transform() {
    let exact = pair_of(column(BIGINT), column(BIGINT), true);
    assert!(RowTransform::new(&table_pair(vec![exact.clone()], 1, Vec::new())).is_identity());
    let mut required = exact;
    required.target_type.nullable = false;
    assert!(!RowTransform::new(&table_pair(vec![required], 1, Vec::new())).is_identity());
}

fn any_type() -> impl Strategy<Value = T> {
    prop_oneof![
        Just(T::Boolean),
        (prop_oneof![Just(16u8), Just(64)], any::<bool>())
            .prop_map(|(bits, signed)| T::Integer { bits, signed }),
        Just(T::Decimal { precision: None, scale: None }),
        Just(T::Decimal { precision: Some(9), scale: Some(2) }),
        prop_oneof![Just(32u8), Just(64)].prop_map(|bits| T::Float { bits }),
        Just(TEXT),
        Just(T::Text { length_max: Some(12) }),
        Just(T::Char { length: 8 }),
        Just(T::Char { length: 32 }),
        Just(T::Blob { length_max: Some(16) }),
        Just(T::Date),
        (0u8..=6).prop_map(|precision| T::Time { precision }),
        (0u8..=6).prop_map(|precision| T::Timestamp { precision }),
        (0u8..=6).prop_map(|precision| T::TimestampUtc { precision }),
        Just(T::Uuid),
        Just(T::Json),
        Just(T::Any),
        Just(T::Other("point".to_owned())),
    ]
}

/// Values of every kind, as often as not of one that the column means.
fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<bool>().prop_map(Value::Boolean),
        prop_oneof![-3i128..300, any::<i64>().prop_map(Into::into), any::<i128>()].prop_map(Value::Integer),
        prop_oneof![(-40i32..40).prop_map(|n| f64::from(n) / 4.0), any::<f64>()].prop_map(Value::Real),
        "-?[0-9]{1,12}(\\.[0-9]{1,4})?".prop_map(Value::Decimal),
        "-?[0-9]{1,12}(\\.[0-9]{1,4})?(e-?[0-9])?".prop_map(|text| Value::text(&text)),
        "[a-z0 ]{0,9}|true|false|0000-00-00|\\[1.0, \\{\\}\\]".prop_map(|text| Value::text(&text)),
        "20[0-9]{2}-0[1-9]-[0-2][0-9]([ T][01][0-9]:[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,7})?)?(Z|[+-]0[0-9]:00)?)?"
            .prop_map(|text| Value::text(&text)),
        "[01][0-9]:[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,6})?)?".prop_map(|text| Value::text(&text)),
        "[0-9a-fA-F]{32}".prop_map(|text| Value::text(&text)),
        any::<Vec<u8>>().prop_map(Value::Text),
        "[a-z]{0,5}|\\{\"a\":[0-9.]{1,3}\\}".prop_map(|text| Value::Json(text.into())),
        proptest::collection::vec(any::<u8>(), 0..18).prop_map(Value::Blob),
        any::<[u8; 16]>().prop_map(Value::Uuid),
        (-800_000i32..800_000).prop_map(Value::Date),
        (-100_000_000_000i64..100_000_000_000).prop_map(Value::Time),
        (-90_000_000_000_000_000i64..90_000_000_000_000_000).prop_map(Value::Timestamp),
        (-3i64..3).prop_map(|days| Value::Timestamp(days * 86_400_000_000)),
        (-90_000_000_000_000_000i64..90_000_000_000_000_000).prop_map(Value::TimestampUtc),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    /// The promise on which "write it, then it is equal" rests.
    #[test]
    fn what_arrives_is_equal_to_what_was_sent(
        source in any_type(), target in any_type(), source_strict: bool, target_strict: bool, same_engine: bool,
        value in any_value(), zero_is_null: bool,
    ) {
        let source = ColumnType { strict: source_strict, ..column(source) };
        let target = ColumnType { strict: target_strict, ..column(target) };
        let mut pair = pair_of(source, target, same_engine);
        let mut policy = ZeroDates::Quarantine;
        if zero_is_null {
            pair.form = pair.form.with_zero_dates_as_null();
            policy = ZeroDates::Null;
        }
        let conversion = Conversion::new(&pair, policy);
        let mut scratch = Vec::new();
        if let Ok(arrived) = conversion.convert(value.as_ref(), &mut scratch) {
            let form = |value: ValueRef<'_>| {
                let mut out = Vec::new();
                encode_row(&RowShape::new(vec![], vec![pair.form]), std::iter::once(value), &mut out);
                out
            };
            prop_assert_eq!(form(arrived), form(value.as_ref()), "{} {:?}", pair.form, pair.compatibility);
        }
    }

    #[test]
    fn values_of_a_type_that_fits_are_never_refused(bits in prop_oneof![Just(16u8), Just(32)], n: i16, text in "\\PC{0,12}") {
        let source = T::Integer { bits: 16, signed: true };
        let wide_enough = [
            T::Integer { bits, signed: true },
            T::Float { bits },
            T::Decimal { precision: Some(5), scale: Some(0) },
            T::Text { length_max: Some(6) },
        ];
        for target in wide_enough {
            let compatibility = compatibility(&column(source.clone()), &column(target.clone()), false);
            prop_assert!(compatibility.detail().is_none());
            prop_assert_eq!(arrives(source.clone(), target, Value::Integer(n.into())).err(), None);
        }
        let short = T::Text { length_max: Some(12) };
        prop_assert_eq!(arrives(short, TEXT, Value::text(&text)).err(), None);
    }
}
