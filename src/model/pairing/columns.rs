//! Which columns belong together.

use std::collections::BTreeMap;

use super::super::compare::{CommonType, CompareForm};
use super::super::convert::shown;
use super::super::pair::{ColumnPair, ColumnType};
use super::super::schema::{Column, Table};
use super::super::settings::{TableSettings, ZeroDates};
use super::super::types::{Compatibility, LogicalType, compare_form, compatibility};
use super::{Failure, Remark, did_you_mean, listed, quoted};

/// The columns of two tables, sorted out.
pub(super) struct Matched {
    /// Those that belong together, in the source's order at first.
    pub(super) columns: Vec<ColumnPair>,
    /// Source columns without a counterpart, excluded ones left out.
    pub(super) source_only: Vec<String>,
    /// Target columns that no source column fills, generated ones left out.
    pub(super) unfilled: Vec<Column>,
    /// Target columns that are left as they are.
    pub(super) left_alone: Vec<String>,
    /// Columns that are neither compared nor written, with the reason.
    apart: Vec<String>,
}

/// Matches columns by mapping and by name.
pub(super) fn matched(
    settings: &TableSettings,
    source: &Table,
    target: &Table,
    same_engine: bool,
    remarks: &mut Vec<Remark>,
) -> Result<Matched, Failure> {
    check_names(settings, source, remarks)?;
    let mut found = Matched {
        columns: Vec::new(),
        source_only: Vec::new(),
        unfilled: Vec::new(),
        left_alone: Vec::new(),
        apart: Vec::new(),
    };
    let mut taken: BTreeMap<&str, &str> = BTreeMap::new();
    for column in &source.columns {
        if is_excluded(settings, source, &column.name) {
            continue;
        }
        let Some(counterpart) = counterpart(settings, source, column, target)? else {
            found.source_only.push(column.name.clone());
            continue;
        };
        if let Some(other) = taken.insert(&counterpart.name, &column.name) {
            return Err(Failure::new(
                format!(
                    "{} and {} both go to the target's {}",
                    quoted(other),
                    quoted(&column.name),
                    quoted(&counterpart.name)
                ),
                "map one of them elsewhere with `field_mapping`, or exclude it",
            ));
        }
        let pair = column_pair(settings, (source, column), (target, counterpart), same_engine);
        if pair.form == CompareForm::NotCompared {
            found.apart.push(apart_reason(settings, &pair));
        }
        found.columns.push(pair);
    }
    let filled = |column: &Column| {
        found.columns.iter().any(|pair| pair.target == column.name && (pair.written || column.generated))
    };
    found.unfilled =
        target.columns.iter().filter(|column| !column.generated && !filled(column)).cloned().collect();
    Ok(found)
}

/// Whether every column that the settings name is there.
fn check_names(settings: &TableSettings, source: &Table, remarks: &mut Vec<Remark>) -> Result<(), Failure> {
    let names = || source.columns.iter().map(|column| column.name.as_str());
    for field in &settings.field_mapping {
        if field.required && source.column(&field.source).is_none() {
            return Err(Failure::new(
                format!(
                    "`field_mapping` names {}, which the source does not have{}",
                    quoted(&field.source),
                    did_you_mean(&field.source, names())
                ),
                "correct the name, or remove it from `field_mapping`",
            ));
        }
    }
    for name in settings.exclude.iter().filter(|name| source.column(name).is_none()) {
        remarks.push(Remark::note(format!(
            "`exclude` names {}, which the source does not have{}",
            quoted(name),
            did_you_mean(name, names())
        )));
    }
    Ok(())
}

/// Whether two spellings name one column of a table.
pub(super) fn is_column(table: &Table, named: &str, column: &str) -> bool {
    table.column(named).is_some_and(|found| found.name == column)
}

pub(super) fn is_excluded(settings: &TableSettings, source: &Table, column: &str) -> bool {
    settings.exclude.iter().any(|name| is_column(source, name, column))
}

/// The target's column for a source column, if it has one.
fn counterpart<'a>(
    settings: &TableSettings,
    source: &Table,
    column: &Column,
    target: &'a Table,
) -> Result<Option<&'a Column>, Failure> {
    let mapped = settings.field_mapping.iter().find(|field| is_column(source, &field.source, &column.name));
    let Some(field) = mapped else { return Ok(target.column(&column.name)) };
    match target.column(&field.target) {
        Some(found) => Ok(Some(found)),
        // A mapping for all tables holds where it can.
        None if !field.required => Ok(target.column(&column.name)),
        None => {
            let names = target.columns.iter().map(|column| column.name.as_str());
            Err(Failure::new(
                format!(
                    "{} is mapped to {}, which the target does not have{}",
                    quoted(&column.name),
                    quoted(&field.target),
                    did_you_mean(&field.target, names)
                ),
                "correct `field_mapping`, or add the column to the target's table",
            ))
        }
    }
}

/// Whether the engine numbers the rows of a table by this column when it is left out; then it is never NULL.
pub(super) fn numbers_rows(table: &Table, column: &Column) -> bool {
    table.indexes.iter().any(|index| {
        index.name == "rowid"
            && index.columns.len() == 1
            && index.columns[0].name.as_ref() == Some(&column.name)
    })
}

pub(super) fn column_type(table: &Table, column: &Column) -> ColumnType {
    ColumnType {
        declared: column.declared_type.clone(),
        logical: column.logical_type.clone(),
        nullable: column.nullable && !numbers_rows(table, column),
        strict: table.strict,
    }
}

fn column_pair(
    settings: &TableSettings,
    (source_table, source): (&Table, &Column),
    (target_table, target): (&Table, &Column),
    same_engine: bool,
) -> ColumnPair {
    let source_type = column_type(source_table, source);
    let target_type = column_type(target_table, target);
    let compatibility = compatibility(&source_type, &target_type, same_engine);
    let mut form = compare_form(&source_type, &target_type, same_engine);
    if settings.zero_dates == ZeroDates::Null {
        form = form.with_zero_dates_as_null();
    }
    // Keys that only the target's documents have are to stay, which writing a whole document cannot do.
    if !settings.copy_all_json_keys && is_json(&source_type, &target_type) {
        form = CompareForm::NotCompared;
    }
    ColumnPair {
        source: source.name.clone(),
        target: target.name.clone(),
        compatibility,
        written: !target.generated && form != CompareForm::NotCompared,
        form,
        source_type,
        target_type,
        null_as: None,
    }
}

fn is_json(source: &ColumnType, target: &ColumnType) -> bool {
    source.logical == LogicalType::Json || target.logical == LogicalType::Json
}

fn apart_reason(settings: &TableSettings, pair: &ColumnPair) -> String {
    let name = quoted(&pair.source);
    match &pair.compatibility {
        Compatibility::Impossible(why) => format!("{name} is neither compared nor written: {why}"),
        _ if !settings.copy_all_json_keys => {
            format!("{name} is neither compared nor written: copy_all_json_keys is off")
        }
        _ => format!("{name} is neither compared nor written"),
    }
}

impl Matched {
    /// The pair of a source column.
    pub(super) fn position(&self, source: &Table, named: &str) -> Option<usize> {
        self.columns.iter().position(|pair| is_column(source, named, &pair.source))
    }

    /// What the pair leaves out or treats as equal, in words.
    pub(super) fn inexact(&self) -> Vec<String> {
        let mut lines = self.apart.clone();
        for pair in &self.columns {
            lines.extend(self::inexact(pair));
        }
        if !self.source_only.is_empty() {
            lines
                .push(format!("only at the source: {}", listed(self.source_only.iter().map(String::as_str))));
        }
        if !self.left_alone.is_empty() {
            lines.push(format!("only at the target: {}", listed(self.left_alone.iter().map(String::as_str))));
        }
        lines
    }
}

/// What values of one column pair are equal although they differ.
fn inexact(pair: &ColumnPair) -> Option<String> {
    let name = quoted(&pair.source);
    let precision_of = |logical: &LogicalType| match *logical {
        LogicalType::Time { precision }
        | LogicalType::Timestamp { precision }
        | LogicalType::TimestampUtc { precision } => Some(precision),
        _ => None,
    };
    let zero_dates = match pair.form {
        CompareForm::Common(
            CommonType::Date { zero_is_null }
            | CommonType::Timestamp { zero_is_null, .. }
            | CommonType::TimestampUtc { zero_is_null, .. },
        ) => zero_is_null,
        _ => false,
    };
    let mut said = Vec::new();
    match pair.form {
        CompareForm::Common(CommonType::Char) => said.push("blanks at its end are not compared".to_owned()),
        CompareForm::Common(CommonType::Float) => said.push("−0 counts as 0".to_owned()),
        CompareForm::Common(
            CommonType::Time { precision }
            | CommonType::Timestamp { precision, .. }
            | CommonType::TimestampUtc { precision, .. },
        ) => {
            let finest = precision_of(&pair.source_type.logical).max(precision_of(&pair.target_type.logical));
            if finest.is_some_and(|finest| finest > precision) {
                said.push(format!("fractions of a second are compared to {precision} digits"));
            }
            let zoneless = |column: &ColumnType| {
                matches!(column.logical, LogicalType::Timestamp { .. } | LogicalType::Date)
            };
            if matches!(pair.form, CompareForm::Common(CommonType::TimestampUtc { .. }))
                && (zoneless(&pair.source_type) || zoneless(&pair.target_type))
            {
                said.push("times without a zone are taken as UTC".to_owned());
            }
        }
        _ => {}
    }
    if zero_dates {
        said.push("dates such as 0000-00-00 count as NULL".to_owned());
    }
    if let Some(value) = &pair.null_as {
        said.push(format!("NULL counts as {}, since the target allows none", shown(value.as_ref())));
    }
    (!said.is_empty()).then(|| format!("{name}: {}", said.join("; ")))
}
