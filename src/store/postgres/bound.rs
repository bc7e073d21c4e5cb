//! Keys as values to compare columns with, so that the server's answer is the key order's answer.

use super::facts::ColumnFacts;
use super::query::{Param, Statement};
use super::sql::{hex, quote};
use super::types::Class;
use super::value;
use crate::model::key::Key;
use crate::model::value::Value;

/// The expression of a column by which its rows sort as keys do.
pub(super) fn order(column: &ColumnFacts) -> String {
    let name = quote(&column.name);
    match column.class {
        Class::Other | Class::Json | Class::Jsonb => format!("{name}::text COLLATE \"C\""),
        Class::Char if !column.byte_order => format!("{name}::text COLLATE \"C\""),
        Class::Text if !column.byte_order => format!("{name} COLLATE \"C\""),
        _ => name,
    }
}

/// Where a value stands among the values of a column.
pub(super) enum Component {
    /// Compare this expression with this parameter, cast to this type.
    Same { expression: String, text: String, cast: &'static str },
    /// Below every value.
    Below,
    /// Above every value.
    Above,
}

/// The rank of kinds in [`crate::model::key`].
fn rank(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Integer(_) | Value::Real(_) | Value::Decimal(_) => 1,
        Value::Boolean(_) => 2,
        Value::Date(_) => 3,
        Value::Time(_) => 4,
        Value::Timestamp(_) => 5,
        Value::TimestampUtc(_) => 6,
        Value::Text(_) => 7,
        Value::Json(_) => 8,
        Value::Blob(_) => 9,
        Value::Uuid(_) => 10,
    }
}

fn rank_of(class: Class) -> u8 {
    match class {
        Class::Integer | Class::Oid | Class::Float4 | Class::Float8 | Class::Numeric => 1,
        Class::Boolean => 2,
        Class::Date => 3,
        Class::Time => 4,
        Class::Timestamp => 5,
        Class::TimestampUtc => 6,
        Class::Text | Class::Char | Class::Other => 7,
        Class::Json | Class::Jsonb => 8,
        Class::Bytea => 9,
        Class::Uuid => 10,
    }
}

pub(super) fn component(column: &ColumnFacts, value: &Value) -> Component {
    match rank(value).cmp(&rank_of(column.class)) {
        std::cmp::Ordering::Less => return Component::Below,
        std::cmp::Ordering::Greater => return Component::Above,
        std::cmp::Ordering::Equal => {}
    }
    let expression = order(column);
    let Some(text) = value::text_of(value) else {
        // Text that the server cannot hold still has a place among its bytes.
        return match value {
            Value::Text(bytes) | Value::Json(bytes) => {
                let name = quote(&column.name);
                let expression = format!("convert_to({name}::text, 'UTF8')");
                Component::Same { expression, text: hex(bytes), cast: "bytea" }
            }
            Value::Time(us) if *us < 0 => Component::Below,
            _ => Component::Above,
        };
    };
    let cast = match (column.class, value) {
        (Class::Integer, Value::Integer(n)) if i64::try_from(*n).is_ok() => "int8",
        (Class::Float4 | Class::Float8, _) => "float8",
        (Class::Integer | Class::Oid | Class::Numeric, Value::Real(_)) => {
            return among_decimals(column, value);
        }
        (Class::Integer | Class::Numeric, _) => "numeric",
        (Class::Oid, _) => {
            let expression = format!("{}::int8", quote(&column.name));
            return Component::Same { expression, text, cast: "numeric" };
        }
        (Class::Boolean, _) => "bool",
        (Class::Char, _) if column.byte_order => "bpchar",
        (Class::Text | Class::Char | Class::Other | Class::Json | Class::Jsonb, _) => "text",
        (Class::Bytea, _) => "bytea",
        (Class::Date, _) => "date",
        (Class::Time, _) => "time",
        (Class::Timestamp, _) => "timestamp",
        (Class::TimestampUtc, _) => "timestamptz",
        (Class::Uuid, _) => "uuid",
    };
    Component::Same { expression, text, cast }
}

/// A double among exact numbers: its exact decimal value.
fn among_decimals(column: &ColumnFacts, value: &Value) -> Component {
    let Value::Real(x) = value else { return Component::Above };
    if x.is_nan() || *x == f64::INFINITY {
        return Component::Above;
    }
    if *x == f64::NEG_INFINITY {
        return Component::Below;
    }
    let name = quote(&column.name);
    let expression = if column.class == Class::Oid { format!("{name}::int8") } else { name };
    // Every double has at most 1,074 binary places, so as many decimal ones give it exactly.
    Component::Same { expression, text: format!("{x:.1074}"), cast: "numeric" }
}

/// Adds `columns OPERATOR key`; the operator is `>=`, `<` or `<=`, and columns beyond the key's values do not count.
pub(super) fn compare(statement: &mut Statement, columns: &[&ColumnFacts], key: &Key, operator: &str) {
    let mut left = Vec::new();
    let mut right = Vec::new();
    for (column, value) in columns.iter().zip(key.values()) {
        match component(column, &value) {
            Component::Same { expression, text, cast } => {
                let parameter = statement.bind(Param::Text(text));
                left.push(expression);
                right.push(format!("CAST({parameter} AS {cast})"));
            }
            Component::Below => {
                // What follows the equal ones lies above the bound.
                let open = if operator == ">=" { ">=" } else { "<" };
                return finish(statement, &left, &right, open, open == ">=");
            }
            Component::Above => {
                let open = if operator == ">=" { ">" } else { "<=" };
                return finish(statement, &left, &right, open, open == "<=");
            }
        }
    }
    finish(statement, &left, &right, operator, true);
}

fn finish(statement: &mut Statement, left: &[String], right: &[String], operator: &str, empty: bool) {
    statement.conditions.push(match left {
        [] => empty.to_string(),
        [one] => format!("{one} {operator} {}", right[0]),
        _ => format!("({}) {operator} ({})", left.join(", "), right.join(", ")),
    });
}
