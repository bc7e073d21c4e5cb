//! Keys as conditions, so that the server's answer is the key order's answer.
//!
//! A component that no row can have (a fraction for a column of integers, a text for a number) is moved to the nearest
//! value that a row can have, and the rest of the tuple then says nothing any more. Tuples are compared in the expanded
//! form `a > x OR (a = x AND b >= y)`: of row values, this optimizer makes no range.

use std::fmt::Write as _;

use super::facts::ColumnFacts;
use super::types::Wire;
use super::value::{self, Param};
use crate::model::key::Key;
use crate::model::types::LogicalType;
use crate::model::value::Value;

/// SQL with its parameters.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Condition {
    pub(super) sql: String,
    pub(super) params: Vec<Param>,
}

impl Condition {
    /// Without parameters.
    pub(super) fn plain(sql: impl Into<String>) -> Self {
        Self { sql: sql.into(), params: Vec::new() }
    }

    /// What no row fulfils.
    pub(super) fn never() -> Self {
        Self::plain("FALSE")
    }
}

/// One comparison: the server's side, the mark of the parameter, the parameter.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    pub(super) sql: String,
    pub(super) mark: String,
    pub(super) param: Param,
}

/// How a value stands to what a column can hold.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Component {
    /// A row may have it.
    Same(Param),
    /// No row has it; this is the smallest value above it that one may have.
    Between(Param),
    /// All rows lie above it.
    Lowest,
    /// All rows lie below it.
    Highest,
}

/// A tuple to compare columns with.
#[derive(Debug, Clone, PartialEq)]
struct Tuple {
    parts: Vec<Part>,
    end: End,
}

/// Where the key lies, seen from the rows that have the tuple's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    At,
    /// Such rows lie above the key.
    Below,
    /// Such rows lie below the key.
    Above,
}

/// The parameter's mark for a column: typed where a text would be compared as something else.
pub(super) fn mark(column: &ColumnFacts, param: &Param) -> String {
    match (&column.logical, column.wire, param) {
        (LogicalType::Decimal { scale, .. }, _, Param::Text(digits)) => {
            let own = digits.split_once('.').map_or(0, |(_, fraction)| fraction.len());
            let scale = usize::from(scale.unwrap_or(0)).max(own).min(38);
            format!("CAST(? AS DECIMAL(65,{scale}))")
        }
        (_, Wire::Time, Param::Text(_)) => "CAST(? AS TIME(6))".to_owned(),
        _ => "?".to_owned(),
    }
}

/// A comparison of the column's key order with a value.
fn part(column: &ColumnFacts, param: Param) -> Part {
    let mark = mark(column, &param);
    let sql = match param {
        // A text that is not UTF-8 can only be compared as bytes.
        Param::Bytes(_) if column.wire == Wire::Text && column.sorts_as_keys() => {
            format!("CAST(CONVERT({} USING utf8mb4) AS BINARY)", column.sql_name())
        }
        _ => column.order_sql(),
    };
    Part { sql, mark, param }
}

/// How a key's value stands to a column.
pub(super) fn component(value: &Value, column: &ColumnFacts) -> Component {
    match (column.wire, value) {
        (_, Value::Null) => Component::Lowest,
        (Wire::Signed | Wire::Unsigned | Wire::Bits, Value::Integer(n)) => integer(*n),
        (Wire::Signed | Wire::Unsigned | Wire::Bits, Value::Real(x)) => match integer(x.ceil() as i128) {
            Component::Same(param) => Component::Between(param),
            outside => outside,
        },
        (Wire::Float | Wire::Double, Value::Integer(n)) => float(*n),
        (Wire::Float | Wire::Double, Value::Real(x)) if x.is_finite() => Component::Same(Param::Real(*x)),
        (Wire::Float | Wire::Double, Value::Real(x)) => outside(*x > 0.0 || x.is_nan()),
        (Wire::Decimal, Value::Decimal(digits)) => match digits.as_str() {
            "NaN" | "Infinity" => Component::Highest,
            "-Infinity" => Component::Lowest,
            digits => Component::Same(Param::Text(digits.to_owned())),
        },
        (Wire::Truth, Value::Boolean(b)) => Component::Same(Param::Signed((*b).into())),
        (Wire::Date, Value::Date(days)) => moment(value, i64::from(*days)),
        (Wire::Datetime, Value::Timestamp(us)) | (Wire::Timestamp, Value::TimestampUtc(us)) => {
            moment(value, us.div_euclid(86_400_000_000))
        }
        (Wire::Time, Value::Time(us)) => time(*us),
        (Wire::Text, Value::Text(bytes)) if column.sorts_as_keys() => match std::str::from_utf8(bytes) {
            Ok(text) => Component::Same(Param::Text(text.to_owned())),
            Err(_) => Component::Same(Param::Bytes(bytes.clone())),
        },
        (Wire::Text, Value::Text(bytes))
        | (Wire::Json, Value::Json(bytes))
        | (Wire::Blob, Value::Blob(bytes)) => Component::Same(Param::Bytes(bytes.clone())),
        (Wire::Uuid, Value::Uuid(bytes)) => Component::Same(Param::Bytes(bytes.to_vec())),
        (wire, value) => outside(kind(value) > kind(&sample(wire))),
    }
}

fn outside(above: bool) -> Component {
    if above { Component::Highest } else { Component::Lowest }
}

/// The first byte of a key, which tells kinds apart.
fn kind(value: &Value) -> Option<u8> {
    Key::from_values(std::slice::from_ref(value)).as_bytes().first().copied()
}

/// Some value of the kind that a column holds.
fn sample(wire: Wire) -> Value {
    match wire {
        Wire::Signed | Wire::Unsigned | Wire::Bits | Wire::Float | Wire::Double => Value::Integer(0),
        Wire::Decimal => Value::Decimal("0".to_owned()),
        Wire::Text => Value::Text(Vec::new()),
        Wire::Json => Value::Json(Vec::new()),
        Wire::Blob => Value::Blob(Vec::new()),
        Wire::Date => Value::Date(0),
        Wire::Time => Value::Time(0),
        Wire::Datetime => Value::Timestamp(0),
        Wire::Timestamp => Value::TimestampUtc(0),
        Wire::Truth => Value::Boolean(false),
        Wire::Uuid => Value::Uuid([0; 16]),
    }
}

fn integer(n: i128) -> Component {
    match value::param(crate::model::value::ValueRef::Integer(n)) {
        Ok(param) => Component::Same(param),
        Err(_) => outside(n > 0),
    }
}

fn float(n: i128) -> Component {
    let near = n as f64;
    if near as i128 == n {
        return Component::Same(Param::Real(near));
    }
    let above = if (near as i128) < n { near.next_up() } else { near };
    Component::Between(Param::Real(above))
}

fn moment(value: &Value, days: i64) -> Component {
    match value::param(value.as_ref()) {
        Ok(param) if value::in_calendar(days) => Component::Same(param),
        _ => outside(days > 0),
    }
}

/// The longest time that a column holds, 838:59:59.999999.
const TIME_US_MAX: i64 = ((838 * 60 + 59) * 60 + 59) * 1_000_000 + 999_999;

fn time(us: i64) -> Component {
    match value::param(crate::model::value::ValueRef::Time(us)) {
        Ok(param) if us.abs() <= TIME_US_MAX => Component::Same(param),
        _ => outside(us > 0),
    }
}

fn tuple(values: &[Value], columns: &[&ColumnFacts]) -> Tuple {
    let mut parts = Vec::with_capacity(values.len());
    for (value, column) in values.iter().zip(columns) {
        let end = match component(value, column) {
            Component::Same(param) => {
                parts.push(part(column, param));
                continue;
            }
            Component::Between(param) => {
                parts.push(part(column, param));
                End::Below
            }
            Component::Lowest => End::Below,
            Component::Highest => End::Above,
        };
        return Tuple { parts, end };
    }
    Tuple { parts, end: End::At }
}

/// Rows at or above a key.
pub(super) fn at_or_above(key: &[Value], columns: &[&ColumnFacts]) -> Condition {
    let Tuple { parts, end } = tuple(key, columns);
    match (parts.is_empty(), end) {
        (true, End::Above) => Condition::never(),
        (true, _) => Condition::plain("TRUE"),
        (false, End::Above) => compare(&parts, ">", ">"),
        (false, _) => compare(&parts, ">", ">="),
    }
}

/// Rows below a key.
pub(super) fn below(key: &[Value], columns: &[&ColumnFacts]) -> Condition {
    let Tuple { parts, end } = tuple(key, columns);
    match (parts.is_empty(), end) {
        (true, End::Above) => Condition::plain("TRUE"),
        (true, _) => Condition::never(),
        (false, End::Above) => compare(&parts, "<", "<="),
        (false, _) => compare(&parts, "<", "<"),
    }
}

/// Rows at or below a key.
pub(super) fn at_or_below(key: &[Value], columns: &[&ColumnFacts]) -> Condition {
    let Tuple { parts, end } = tuple(key, columns);
    match (parts.is_empty(), end) {
        (true, End::Above) => Condition::plain("TRUE"),
        (true, _) => Condition::never(),
        (false, End::Below) => compare(&parts, "<", "<"),
        (false, _) => compare(&parts, "<", "<="),
    }
}

/// Compares tuples: all but the last component strictly, or equal and on with the rest.
pub(super) fn compare(parts: &[Part], strict: &str, last: &str) -> Condition {
    let mut condition = Condition::default();
    write_parts(parts, strict, last, &mut condition);
    condition
}

fn write_parts(parts: &[Part], strict: &str, last: &str, out: &mut Condition) {
    let Some((first, rest)) = parts.split_first() else {
        out.sql.push_str("TRUE");
        return;
    };
    let operator = if rest.is_empty() { last } else { strict };
    let Part { sql, mark, param } = first;
    out.params.push(param.clone());
    if rest.is_empty() {
        let _ = write!(out.sql, "{sql} {operator} {mark}");
        return;
    }
    out.params.push(param.clone());
    let _ = write!(out.sql, "({sql} {operator} {mark} OR ({sql} = {mark} AND ");
    write_parts(rest, strict, last, out);
    out.sql.push_str("))");
}

/// What a row with this key fulfils; none when no row can have it.
///
/// The bare column is named as well where the server's order is another, since an index may serve that.
pub(super) fn equal(key: &[Value], columns: &[&ColumnFacts]) -> Option<Condition> {
    let mut condition = Condition::default();
    for (value, column) in key.iter().zip(columns) {
        let Component::Same(param) = component(value, column) else { return None };
        if !condition.sql.is_empty() {
            condition.sql.push_str(" AND ");
        }
        if !column.sorts_as_keys() {
            let bare = value::param(value.as_ref()).ok()?;
            let _ = write!(condition.sql, "{} = ? AND ", column.sql_name());
            condition.params.push(bare);
        }
        let Part { sql, mark, param } = part(column, param);
        let _ = write!(condition.sql, "{sql} = {mark}");
        condition.params.push(param);
    }
    Some(condition)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::mysql::types::Declared;

    fn column(name: &str, data_type: &str, collation: Option<&str>) -> ColumnFacts {
        let declared =
            Declared { data_type: data_type.into(), column_type: data_type.into(), ..Declared::default() };
        let (logical, wire) = declared.meaning();
        ColumnFacts {
            name: name.into(),
            declared: data_type.into(),
            data_type: data_type.into(),
            logical,
            wire,
            nullable: false,
            default: None,
            generated: false,
            auto_increment: false,
            collation: collation.map(str::to_owned),
        }
    }

    #[test]
    fn trap_23_tuples_are_compared_in_the_form_that_makes_a_range() {
        let (a, b) = (column("a", "int", None), column("b", "bigint", None));
        let key = [Value::Integer(1), Value::Integer(2)];
        let condition = at_or_above(&key, &[&a, &b]);
        assert_eq!(condition.sql, "(`a` > ? OR (`a` = ? AND `b` >= ?))");
        assert_eq!(condition.params, [Param::Signed(1), Param::Signed(1), Param::Signed(2)]);
        assert_eq!(below(&key, &[&a, &b]).sql, "(`a` < ? OR (`a` = ? AND `b` < ?))");
    }

    #[test]
    fn a_bound_that_no_row_can_have_moves_to_the_next_one() {
        let (a, b) = (column("a", "int", None), column("b", "bigint", None));
        let key = [Value::Real(1.5), Value::Integer(9)];
        assert_eq!(
            at_or_above(&key, &[&a, &b]),
            Condition { sql: "`a` >= ?".into(), params: vec![Param::Signed(2)] }
        );
        assert_eq!(
            below(&key, &[&a, &b]),
            Condition { sql: "`a` < ?".into(), params: vec![Param::Signed(2)] }
        );
        assert_eq!(at_or_above(&[Value::text("x")], &[&a]), Condition::never());
        assert_eq!(below(&[Value::text("x")], &[&a]).sql, "TRUE");
        assert_eq!(at_or_above(&[Value::Null], &[&a]).sql, "TRUE");
        let key = [Value::Integer(3), Value::text("x")];
        assert_eq!(at_or_above(&key, &[&a, &b]).sql, "`a` > ?");
        assert_eq!(below(&key, &[&a, &b]).sql, "`a` <= ?");
        assert_eq!(equal(&key, &[&a, &b]), None);
    }

    #[test]
    fn trap_01_text_that_does_not_sort_by_bytes_is_compared_as_bytes() {
        let folded = column("k", "varchar", Some("utf8mb4_general_ci"));
        let padded = column("k", "varchar", Some("utf8mb4_bin"));
        let bytes = column("k", "varchar", Some("utf8mb4_nopad_bin"));
        let key = [Value::text("a")];
        for column in [&folded, &padded] {
            assert_eq!(below(&key, &[column]).sql, "CAST(CONVERT(`k` USING utf8mb4) AS BINARY) < ?");
            let condition = equal(&key, &[column]).unwrap();
            assert_eq!(condition.sql, "`k` = ? AND CAST(CONVERT(`k` USING utf8mb4) AS BINARY) = ?");
            assert_eq!(condition.params, [Param::Text("a".into()), Param::Bytes(b"a".to_vec())]);
        }
        assert_eq!(below(&key, &[&bytes]).sql, "`k` < ?");
    }

    #[test]
    fn trap_21_large_numbers_never_pass_through_floating_point() {
        let decimal = column("d", "decimal", None);
        let condition = below(&[Value::Decimal("99999999999999999999.01".into())], &[&decimal]);
        assert_eq!(condition.sql, "`d` < CAST(? AS DECIMAL(65,2))");
        let float = column("f", "double", None);
        let between = component(&Value::Integer((1 << 53) + 1), &float);
        assert_eq!(between, Component::Between(Param::Real(9_007_199_254_740_994.0)));
    }
}
