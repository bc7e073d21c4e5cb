//! Target columns that no source column fills, and NULLs that the target does not take.

use super::super::compare::CompareForm;
use super::super::convert::{Conversion, shown};
use super::super::pair::{ColumnPair, ColumnType};
use super::super::schema::{Column, Table};
use super::super::settings::{Literal, TableSettings};
use super::super::types::{Compatibility, LogicalType, compare_form};
use super::super::value::{Value, ValueRef};
use super::columns::{Matched, column_type, is_column, numbers_rows};
use super::{Failure, Remark, did_you_mean, quoted};

/// Values for target columns that the source does not fill.
pub(super) struct Filled {
    pub(super) defaults: Vec<(String, Value)>,
    pub(super) inexact: Vec<String>,
}

/// Gives every unfilled target column its value, or leaves it to the target, or fails; and finds a stand-in for NULLs
/// that a filled one does not take.
pub(super) fn fill(
    settings: &TableSettings,
    target: &Table,
    key_length: usize,
    matched: &mut Matched,
    remarks: &mut Vec<Remark>,
) -> Result<Filled, Failure> {
    for (name, _) in &settings.defaults {
        if target.column(name).is_none() {
            let names = target.columns.iter().map(|column| column.name.as_str());
            return Err(Failure::new(
                format!(
                    "`defaults` names {}, which the target does not have{}",
                    quoted(name),
                    did_you_mean(name, names)
                ),
                "correct the name, or remove it from `defaults`",
            ));
        }
    }
    // Rows whose key holds a NULL are never written by key: no stand-in there.
    for pair in matched.columns[key_length..].iter_mut().filter(|pair| pair.written) {
        stand_in(settings, target, pair, remarks)?;
    }
    let mut filled = Filled { defaults: Vec::new(), inexact: Vec::new() };
    for column in std::mem::take(&mut matched.unfilled) {
        match value_for(settings, target, &column)? {
            Some(value) => {
                filled.inexact.push(format!(
                    "{} is not compared: it is always written as {}",
                    quoted(&column.name),
                    shown(value.as_ref())
                ));
                filled.defaults.push((column.name, value));
            }
            None => matched.left_alone.push(column.name),
        }
    }
    Ok(filled)
}

fn configured<'a>(settings: &'a TableSettings, target: &Table, column: &str) -> Option<&'a Literal> {
    settings.defaults.iter().find(|(name, _)| is_column(target, name, column)).map(|(_, literal)| literal)
}

/// What a NULL becomes at a target column that allows none: the configured default, else the column's own.
fn stand_in(
    settings: &TableSettings,
    target: &Table,
    pair: &mut ColumnPair,
    remarks: &mut Vec<Remark>,
) -> Result<(), Failure> {
    let configured = configured(settings, target, &pair.target);
    if pair.target_type.nullable || !pair.source_type.nullable {
        if configured.is_some() {
            remarks.push(Remark::note(format!(
                "the default for {} is not used: the source fills the column and no NULL is refused",
                quoted(&pair.target)
            )));
        }
        return Ok(());
    }
    let column = target.column(&pair.target);
    pair.null_as = match (configured, column.and_then(|column| column.default.as_deref())) {
        (Some(literal), _) => Some(typed(literal, &pair.target, &pair.target_type)?),
        (None, Some(sql)) if settings.set_default_value => {
            literal_of_sql(sql).and_then(|literal| typed(&literal, &pair.target, &pair.target_type).ok())
        }
        _ => None,
    };
    if pair.null_as.is_none() {
        remarks.push(Remark::note(format!(
            "{} may be NULL at the source and not at the target: such rows go to quarantine",
            quoted(&pair.source)
        )));
    }
    Ok(())
}

/// What an unfilled column gets with every row; none when the target fills it.
fn value_for(settings: &TableSettings, target: &Table, column: &Column) -> Result<Option<Value>, Failure> {
    let kind = column_type(target, column);
    if let Some(literal) = configured(settings, target, &column.name) {
        return typed(literal, &column.name, &kind).map(Some);
    }
    if column.nullable || column.default.is_some() || numbers_rows(target, column) {
        return Ok(None);
    }
    let fitting = fitting(&kind.logical).filter(|_| settings.set_default_value);
    match fitting {
        Some(literal) => typed(&literal, &column.name, &kind).map(Some),
        None => Err(Failure::new(
            format!("the target's {} ({kind}) allows no NULL, and nothing fills it", quoted(&column.name)),
            format!(
                "map a source column to it, or set `defaults = {{ {} = … }}`",
                column.name.escape_debug()
            ),
        )),
    }
}

/// The value that says least; there is none for dates, times, uuids and what we do not know.
fn fitting(logical: &LogicalType) -> Option<Literal> {
    Some(match logical {
        LogicalType::Boolean => Literal::Boolean(false),
        LogicalType::Integer { .. } | LogicalType::Decimal { .. } | LogicalType::Float { .. } => {
            Literal::Integer(0)
        }
        LogicalType::Text { .. } | LogicalType::Char { .. } | LogicalType::Any => {
            Literal::Text(String::new())
        }
        LogicalType::Json => Literal::Text("{}".to_owned()),
        _ => return None,
    })
}

/// A literal as a value of a column, checked as any value on its way there.
pub(super) fn typed(literal: &Literal, column: &str, kind: &ColumnType) -> Result<Value, Failure> {
    let value = match literal {
        Literal::Boolean(truth) => Value::Boolean(*truth),
        Literal::Integer(n) => Value::Integer((*n).into()),
        Literal::Real(x) => Value::Real(*x),
        Literal::Text(text) => Value::text(text),
    };
    let anything =
        ColumnType { declared: String::new(), logical: LogicalType::Any, nullable: true, strict: true };
    let pair = ColumnPair {
        source: "default".to_owned(),
        target: column.to_owned(),
        form: compare_form(&anything, kind, false),
        compatibility: Compatibility::Widening,
        source_type: anything,
        target_type: kind.clone(),
        written: true,
        null_as: None,
    };
    let mut scratch = Vec::new();
    if pair.form == CompareForm::NotCompared && kind.logical != LogicalType::Any {
        return Err(Failure::new(
            format!("{} ({kind}) takes no default", quoted(column)),
            "remove it from `defaults`",
        ));
    }
    let conversion = Conversion::new(&pair, super::super::settings::ZeroDates::Quarantine);
    match conversion.convert(value.as_ref(), &mut scratch) {
        Ok(arrived) => Ok(stored(arrived, kind)),
        Err(error) => Err(Failure::new(format!("the default of {error}"), "correct it in `defaults`")),
    }
}

/// The value as a column gives it back: where types are not enforced, numbers and text are all there is.
fn stored(value: ValueRef<'_>, kind: &ColumnType) -> Value {
    if kind.strict {
        return value.to_owned();
    }
    let text = |value: ValueRef<'_>| Value::text(&value.to_string());
    match (value, &kind.logical) {
        (ValueRef::Boolean(truth), _) => Value::Integer(truth.into()),
        (ValueRef::Integer(n), LogicalType::Float { .. }) => Value::Real(n as f64),
        (ValueRef::Decimal(digits), _) => match (digits.parse::<i64>(), digits.parse::<f64>()) {
            (Ok(n), _) => Value::Integer(n.into()),
            (_, Ok(x)) => Value::Real(x),
            _ => Value::text(digits),
        },
        (ValueRef::Real(x), LogicalType::Decimal { .. } | LogicalType::Integer { .. })
            if x.fract() == 0.0 && x.abs() < 9e15 =>
        {
            Value::Integer(x as i128)
        }
        (ValueRef::Json(bytes), _) => Value::Text(bytes.to_vec()),
        (ValueRef::Uuid(_), _) => text(value),
        (ValueRef::Date(_) | ValueRef::Time(_) | ValueRef::Timestamp(_) | ValueRef::TimestampUtc(_), _) => {
            let mut out = Vec::new();
            super::super::common::write_text_of(value, &mut out);
            Value::Text(out)
        }
        (value, _) => value.to_owned(),
    }
}

/// The literal that a column's default is, when it is one: a number, a string, a truth value.
fn literal_of_sql(sql: &str) -> Option<Literal> {
    let mut sql = sql.trim();
    while let Some(inside) = sql.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        sql = inside.trim();
    }
    if let Some(text) = sql.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
        let unescaped = text.replace("''", "\u{0}");
        return (!unescaped.contains('\'')).then(|| Literal::Text(unescaped.replace('\u{0}', "'")));
    }
    if let Ok(n) = sql.parse() {
        return Some(Literal::Integer(n));
    }
    match sql.to_ascii_lowercase().as_str() {
        "true" => Some(Literal::Boolean(true)),
        "false" => Some(Literal::Boolean(false)),
        number if number.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e')) => {
            number.parse().ok().filter(|x: &f64| x.is_finite()).map(Literal::Real)
        }
        _ => None,
    }
}
