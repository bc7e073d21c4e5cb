//! What the common text promises, and the traps of the field that it answers, by number.

use proptest::prelude::*;

use super::super::block::{BlockBuilder, RowShape};
use super::super::compare::CompareForm;
use super::super::value::Value;
use super::*;

const DATE: CommonType = CommonType::Date { zero_is_null: false };
const TIMESTAMP: CommonType = CommonType::Timestamp { precision: 6, zero_is_null: false };
const INSTANT: CommonType = CommonType::TimestampUtc { precision: 6, zero_is_null: false };

fn form(common: CommonType, value: &Value) -> String {
    let mut out = Vec::new();
    encode(common, value.as_ref(), &mut out);
    out.escape_ascii().to_string()
}

fn row(forms: &[CompareForm], values: &[Value]) -> Vec<u8> {
    let mut builder = BlockBuilder::new(RowShape::new(vec![], forms.to_vec()));
    builder.push_row(values);
    builder.take().compare_form(0).to_vec()
}

fn decimal(text: &str) -> Value {
    Value::Decimal(text.to_owned())
}

fn assert_all_equal(common: CommonType, values: &[Value]) {
    for value in values {
        assert_eq!(form(common, value), form(common, &values[0]), "{value:?} as {common}");
    }
}

fn assert_all_different(common: CommonType, values: &[Value]) {
    for (index, a) in values.iter().enumerate() {
        for b in &values[..index] {
            assert_ne!(form(common, a), form(common, b), "{a:?} and {b:?} as {common}");
        }
    }
}

#[test]
fn a_row_of_common_fields_is_the_text_that_concat_ws_gives() {
    use CommonType::{Boolean, Decimal, Float, Integer, Text};
    let forms =
        [Integer, Integer, Text, Text, Decimal, Float, Boolean, TIMESTAMP, Text].map(CompareForm::Common);
    let values = [
        Value::Integer(42),
        Value::Integer(-7),
        Value::text("Müller"),
        Value::Null,
        decimal("10.50"),
        Value::Real(0.1),
        Value::Boolean(true),
        Value::Timestamp(1_500_000),
        Value::text(""),
    ];
    // concat_ws('|', id, cust, coalesce(octet_length(name),-1), name, coalesce(octet_length(email),-1), email, …)
    let expected = "42|-7|7|Müller|-1|10.5|0.1|1|1970-01-01 00:00:01.5|0|";
    assert_eq!(String::from_utf8(row(&forms, &values)).unwrap(), expected);
    let nulls = vec![Value::Null; forms.len()];
    assert_eq!(row(&forms, &nulls), b"~|~|-1|-1|~|~|~|~|-1");
}

#[test]
fn columns_that_are_not_compared_leave_no_trace() {
    use CompareForm::{Common, Exact, NotCompared};
    let forms = [NotCompared, Common(CommonType::Integer), NotCompared, Exact];
    let with = |ignored: &str| {
        row(&forms, &[Value::text(ignored), Value::Integer(1), Value::text(ignored), Value::Integer(2)])
    };
    assert_eq!(with("a"), with("b"));
    assert!(with("a").starts_with(b"1|"));
}

#[test]
fn a_null_with_a_stand_in_is_equal_to_it() {
    let forms = vec![CompareForm::Exact, CompareForm::Common(CommonType::Text)];
    let mut shape = RowShape::new(vec![0], forms.clone());
    shape.null_as = vec![None, Some(Value::text("EUR"))];
    assert!(!shape.is_exact());
    let mut builder = BlockBuilder::new(shape);
    builder.push_row(&[Value::Integer(1), Value::Null]);
    builder.push_row(&[Value::Null, Value::Null]);
    let block = builder.take();
    assert_eq!(block.compare_form(0), row(&forms, &[Value::Integer(1), Value::text("EUR")]));
    assert_eq!(block.compare_form(1), row(&forms, &[Value::Null, Value::text("EUR")]));
    assert_eq!(block.field(0, 1), ValueRef::Null, "what was read stays as it was");
}

#[test]
fn a_side_with_a_stand_in_for_null_compares_with_a_side_without() {
    let forms = vec![CompareForm::Exact; 2];
    let mut shape = RowShape::new(vec![0], forms.clone());
    shape.null_as = vec![None, Some(Value::text("EUR"))];
    let form_in = |shape: RowShape, value: Value| {
        let mut builder = BlockBuilder::new(shape);
        builder.push_row(&[Value::Integer(1), value]);
        builder.take().compare_form(0).to_vec()
    };
    let target = RowShape::new(vec![0], forms);
    assert_eq!(form_in(shape.clone(), Value::Null), form_in(target.clone(), Value::text("EUR")));
    assert_eq!(form_in(shape, Value::text("USD")), form_in(target, Value::text("USD")));
}

#[test]
fn trap_07_separators_and_sentinels_cannot_be_forged() {
    let forms = [CompareForm::Common(CommonType::Text); 2];
    let pair = |a: &str, b: &str| row(&forms, &[Value::text(a), Value::text(b)]);
    assert_ne!(pair("a|b", "c"), pair("a", "b|c"));
    assert_ne!(pair("a|1|b", ""), pair("a", "b"));
    assert_ne!(form(CommonType::Text, &Value::text("-1")), form(CommonType::Text, &Value::Null));
    assert_ne!(form(CommonType::Integer, &Value::text("~")), form(CommonType::Integer, &Value::Null));
    assert_ne!(form(CommonType::Json, &Value::text("null")), form(CommonType::Json, &Value::Null));
}

#[test]
fn trap_08_null_is_not_empty() {
    for common in
        [CommonType::Text, CommonType::Char, CommonType::Json, CommonType::Blob, CommonType::Decimal]
    {
        assert_ne!(form(common, &Value::Null), form(common, &Value::text("")), "{common}");
    }
    assert_ne!(form(CommonType::Blob, &Value::Null), form(CommonType::Blob, &Value::Blob(vec![])));
}

#[test]
fn trap_09_zero_is_a_number_and_not_null() {
    for common in [CommonType::Float, CommonType::Decimal, CommonType::Integer, CommonType::Boolean] {
        assert_eq!(form(common, &Value::Integer(0)), "0");
        assert_eq!(form(common, &Value::Real(-0.0)), "0");
        assert_eq!(form(common, &Value::Null), "~");
    }
}

#[test]
fn trap_10_floats_have_one_text_whatever_the_engine_prints() {
    assert_eq!(form(CommonType::Float, &Value::Real(16_777_217.0)), "16777217");
    assert_all_equal(
        CommonType::Float,
        &[Value::Real(1e22), Value::text("1.0e+22"), decimal("10000000000000000000000")],
    );
    assert_all_different(
        CommonType::Float,
        &[Value::Real(0.1), Value::Real(0.1 + f64::EPSILON), Value::Real(0.3)],
    );
}

#[test]
fn trap_11_minus_zero_is_zero_in_the_common_form_only() {
    assert_all_equal(CommonType::Float, &[Value::Real(0.0), Value::Real(-0.0), decimal("-0.00")]);
    let exact = [CompareForm::Exact];
    assert_ne!(row(&exact, &[Value::Real(0.0)]), row(&exact, &[Value::Real(-0.0)]));
}

#[test]
fn trap_13_the_scale_of_a_decimal_does_not_matter() {
    let values = [
        decimal("3000.00"),
        decimal("3000.0"),
        Value::Integer(3000),
        Value::Real(3000.0),
        Value::text("3e3"),
    ];
    assert_all_equal(CommonType::Decimal, &values);
    assert_all_equal(
        CommonType::Decimal,
        &[Value::Integer(1), Value::text("1"), Value::Real(1.0), Value::Boolean(true)],
    );
    assert_eq!(form(CommonType::Decimal, &decimal("100")), "100", "zeros before the point stay");
}

#[test]
fn trap_14_every_significant_digit_counts() {
    let values = [
        decimal("12345678901234567890.123456789012345678"),
        decimal("12345678901234567890.123456789012345679"),
        decimal("12345678901234567891.123456789012345678"),
        Value::Integer(9_007_199_254_740_993),
        Value::Integer(9_007_199_254_740_992),
        Value::Integer(u64::MAX.into()),
    ];
    assert_all_different(CommonType::Decimal, &values);
    assert_all_different(CommonType::Float, &values);
}

#[test]
fn trap_15_timestamps_are_cut_to_the_coarser_precision_never_rounded() {
    let milliseconds = CommonType::Timestamp { precision: 3, zero_is_null: false };
    assert_all_equal(
        milliseconds,
        &[Value::Timestamp(1_999_999), Value::Timestamp(1_999_000), Value::text("1970-01-01 00:00:01.999")],
    );
    assert_all_different(milliseconds, &[Value::Timestamp(1_999_999), Value::Timestamp(2_000_000)]);
    assert_all_different(TIMESTAMP, &[Value::Timestamp(1_999_999), Value::Timestamp(1_999_998)]);
}

#[test]
fn trap_16_instants_are_compared_in_utc() {
    let noon = [
        Value::text("2026-03-29 14:00:00+02:00"),
        Value::text("2026-03-29T12:00:00Z"),
        Value::text("2026-03-29 12:00:00"),
    ];
    assert_all_equal(INSTANT, &noon);
    assert_ne!(form(TIMESTAMP, &noon[0]), form(TIMESTAMP, &noon[1]), "civil time has no offset to count");
    assert_all_equal(TIMESTAMP, &noon[1..]);
}

#[test]
fn trap_17_a_date_is_its_midnight_and_no_other_time_of_the_day() {
    assert_all_equal(
        TIMESTAMP,
        &[Value::Date(1), Value::Timestamp(86_400_000_000), Value::text("1970-01-02")],
    );
    assert_ne!(form(TIMESTAMP, &Value::Date(1)), form(TIMESTAMP, &Value::Timestamp(86_400_000_001)));
    assert_all_equal(DATE, &[Value::Date(1), Value::text("1970-01-02"), Value::text("1970-01-02 00:00:00")]);
    assert_ne!(form(DATE, &Value::Date(1)), form(DATE, &Value::text("1970-01-02 00:00:01")));
}

#[test]
fn trap_18_zero_dates_count_as_null_only_when_they_are_written_so() {
    let zero = Value::text("2020-00-10");
    assert_ne!(form(DATE, &zero), form(DATE, &Value::Null));
    for common in [DATE, TIMESTAMP, INSTANT] {
        let CompareForm::Common(common) = CompareForm::Common(common).with_zero_dates_as_null() else {
            panic!()
        };
        assert_eq!(form(common, &zero), form(common, &Value::Null));
        assert_ne!(form(common, &Value::text("2020-01-40")), form(common, &Value::Null));
    }
}

#[test]
fn trap_20_unsigned_64_bits_are_whole() {
    assert_eq!(form(CommonType::Integer, &Value::Integer(u64::MAX.into())), "18446744073709551615");
    assert_all_equal(
        CommonType::Integer,
        &[Value::Integer(u64::MAX.into()), decimal("18446744073709551615.0")],
    );
}

#[test]
fn trap_22_a_uuid_is_its_sixteen_bytes_however_it_is_kept() {
    let bytes =
        [0xa0, 0xee, 0xbc, 0x99, 0x9c, 0x0b, 0x4e, 0xf8, 0xbb, 0x6d, 0x6b, 0xb9, 0xbd, 0x38, 0x0a, 0x11];
    let values = [
        Value::Uuid(bytes),
        Value::Blob(bytes.to_vec()),
        Value::text("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
        Value::text("A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"),
        Value::text("A0EEBC999C0B4EF8BB6D6BB9BD380A11"),
    ];
    assert_all_equal(CommonType::Uuid, &values);
    assert_eq!(form(CommonType::Uuid, &values[0]), "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11");
    assert_ne!(
        form(CommonType::Uuid, &Value::text("a0eebc999c0b-4ef8-bb6d-6bb9bd380a11-")),
        form(CommonType::Uuid, &values[0])
    );
}

#[test]
fn trap_44_text_is_its_bytes_and_normalisation_is_a_difference() {
    assert_all_different(
        CommonType::Text,
        &[Value::text("\u{e9}"), Value::text("e\u{301}"), Value::text("E\u{301}")],
    );
    assert_all_different(
        CommonType::Text,
        &[Value::text("a"), Value::text("A"), Value::Text(b"\xff".to_vec())],
    );
}

#[test]
fn trap_45_blanks_are_padding_only_in_char() {
    assert_all_equal(CommonType::Char, &[Value::text("z"), Value::text("z  ")]);
    assert_all_different(
        CommonType::Char,
        &[Value::text("z"), Value::text(" z"), Value::text("z\t"), Value::text("z\u{a0}")],
    );
    assert_all_different(CommonType::Text, &[Value::text("z"), Value::text("z "), Value::text("z  ")]);
}

#[test]
fn trap_46_json_is_compared_as_a_document() {
    let values = [Value::Json(br#"{"a": 1.0, "b": "x"}"#.to_vec()), Value::text(r#"{"b":"\u0078","a":1}"#)];
    assert_all_equal(CommonType::Json, &values);
    let twice = r#"{"a":1,"a":1}"#;
    assert_all_different(
        CommonType::Json,
        &[Value::text(twice), Value::text(r#"{"a":1}"#), Value::text(r#"{"a":1, "a":1}"#)],
    );
    assert_all_equal(CommonType::Json, &[Value::text(twice), Value::Json(twice.as_bytes().to_vec())]);
    assert_all_equal(CommonType::Json, &[Value::Integer(200), Value::Real(200.0), Value::text("2e2")]);
}

#[test]
fn a_value_that_does_not_conform_equals_only_itself() {
    let odd = Value::text("abc");
    for common in
        [CommonType::Integer, CommonType::Decimal, CommonType::Float, CommonType::Uuid, DATE, TIMESTAMP]
    {
        assert_eq!(form(common, &odd), form(common, &odd));
        assert!(form(common, &odd).starts_with("~!"), "{common}");
        assert_ne!(form(common, &odd), form(common, &Value::Blob(b"abc".to_vec())));
    }
    assert_ne!(form(CommonType::Text, &Value::Blob(b"abc".to_vec())), form(CommonType::Text, &odd));
    assert_ne!(form(CommonType::Integer, &Value::Real(1.5)), form(CommonType::Integer, &Value::Integer(1)));
}

/// A meaning under a type, with one of the values that have it.
type Meant = (CommonType, String, Value);

fn number() -> impl Strategy<Value = Meant> {
    (prop_oneof![-30..30, any::<i32>()], 0u32..4, 0usize..4, 0usize..3, 0usize..3).prop_map(
        |(digits, scale, shape, zeros, common)| {
            let divisor = 10i64.pow(scale);
            let (whole, fraction) =
                (i64::from(digits) / divisor, (i64::from(digits) % divisor).unsigned_abs());
            let sign = if digits < 0 && whole == 0 { "-" } else { "" };
            let plain = if scale == 0 {
                whole.to_string()
            } else {
                format!("{sign}{whole}.{fraction:0width$}", width = scale as usize)
            };
            let padded = if scale == 0 { plain.clone() } else { format!("{plain}{}", "0".repeat(zeros)) };
            let value = match shape {
                0 => decimal(&padded),
                1 => Value::text(&padded),
                2 => Value::Real(plain.parse().unwrap()),
                _ if fraction == 0 => Value::Integer(whole.into()),
                _ => Value::text(&format!("{digits}e-{scale}")),
            };
            // The meaning is the number in thousandths: no two generated numbers share it unless they are equal.
            let thousandths = i64::from(digits) * 1000 / divisor;
            let common = [CommonType::Decimal, CommonType::Float, CommonType::Integer][common];
            let conforms = common != CommonType::Integer || fraction == 0;
            let meaning = if conforms { format!("{thousandths}") } else { format!("{value:?}") };
            (common, meaning, value)
        },
    )
}

fn characters() -> impl Strategy<Value = Meant> {
    ("[|~!a-c0-9 -]{0,4}", any::<bool>(), any::<bool>()).prop_map(|(text, padded, char)| {
        let value = Value::text(&if char && padded { format!("{text}  ") } else { text.clone() });
        let meaning = if char { text.trim_end_matches(' ').to_owned() } else { text };
        (if char { CommonType::Char } else { CommonType::Text }, meaning, value)
    })
}

fn times() -> impl Strategy<Value = Meant> {
    (prop_oneof![-2i64..2, -2_000_000_000_000_000i64..4_000_000_000_000_000], 0usize..3).prop_map(
        |(us, shape)| {
            let mut text = Vec::new();
            civil::write_timestamp(us, 6, &mut text);
            let value = match shape {
                0 => Value::Timestamp(us),
                1 => Value::TimestampUtc(us),
                _ => Value::Text(text),
            };
            (if shape == 0 { TIMESTAMP } else { INSTANT }, us.to_string(), value)
        },
    )
}

fn oddities() -> impl Strategy<Value = Meant> {
    let any_type = prop_oneof![
        Just(CommonType::Integer),
        Just(CommonType::Text),
        Just(DATE),
        Just(CommonType::Uuid),
        Just(CommonType::Boolean),
        Just(CommonType::Json),
        Just(CommonType::Float),
    ];
    prop_oneof![
        any_type.clone().prop_map(|common| (common, "NULL".to_owned(), Value::Null)),
        // Five bytes are neither a uuid nor, as bytes, anything else but a blob.
        (any_type, proptest::collection::vec(any::<u8>(), 0..5))
            .prop_map(|(common, bytes)| { (common, format!("{bytes:?}"), Value::Blob(bytes)) }),
        proptest::collection::vec(any::<u8>(), 0..5)
            .prop_map(|bytes| { (CommonType::Blob, format!("{bytes:?}"), Value::Blob(bytes)) }),
    ]
}

fn meant() -> impl Strategy<Value = Meant> {
    prop_oneof![number(), characters(), times(), oddities()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn values_of_one_type_are_equal_exactly_when_they_mean_the_same(
        values in proptest::collection::vec(meant(), 2..16),
    ) {
        for a in &values {
            for b in values.iter().filter(|b| b.0 == a.0) {
                prop_assert_eq!(form(a.0, &a.2) == form(b.0, &b.2), a.1 == b.1, "{:?} {:?}", a, b);
            }
        }
    }

    #[test]
    fn values_that_mean_the_same_are_equal_whatever_their_type(n: i64, scale in 0usize..5) {
        let text = format!("{n}.{}", "0".repeat(scale));
        for common in [CommonType::Integer, CommonType::Decimal, CommonType::Boolean] {
            assert_all_equal(common, &[Value::Integer(n.into()), decimal(&text), Value::text(&text)]);
        }
    }

    #[test]
    fn rows_of_any_mixture_of_forms_are_equal_exactly_when_their_fields_are(
        columns in proptest::collection::vec((meant(), meant(), any::<bool>(), any::<bool>()), 1..4),
    ) {
        // The second row takes over the first one's value, or another of the same type, column by column.
        let pick = |(a, b, same, _): &(Meant, Meant, bool, bool)| {
            if *same || a.0 != b.0 { a.clone() } else { b.clone() }
        };
        let forms: Vec<_> = columns.iter()
            .map(|(a, _, _, exact)| if *exact { CompareForm::Exact } else { CompareForm::Common(a.0) })
            .collect();
        let left: Vec<_> = columns.iter().map(|(a, ..)| a.2.clone()).collect();
        let right: Vec<_> = columns.iter().map(|column| pick(column).2).collect();
        let equal = columns.iter().all(|column| {
            let picked = pick(column);
            if column.3 { column.0.2 == picked.2 } else { column.0.1 == picked.1 }
        });
        prop_assert_eq!(row(&forms, &left) == row(&forms, &right), equal);
    }

    #[test]
    fn neighbouring_texts_cannot_trade_bytes(a in "[|0-9~-]{0,6}", b in "[|0-9~-]{0,6}", c in "[|0-9~-]{0,6}", d in "[|0-9~-]{0,6}") {
        let forms = [CompareForm::Common(CommonType::Text); 2];
        let equal = row(&forms, &[Value::text(&a), Value::text(&b)]) == row(&forms, &[Value::text(&c), Value::text(&d)]);
        prop_assert_eq!(equal, a == c && b == d);
    }

    #[test]
    fn no_value_makes_a_field_of_another_type_ambiguous(bytes: Vec<u8>) {
        for common in [CommonType::Integer, CommonType::Float, DATE, CommonType::Uuid, CommonType::Blob] {
            let mut out = Vec::new();
            encode(common, ValueRef::Text(&bytes), &mut out);
            prop_assert!(!out.contains(&b'|'));
        }
    }
}
