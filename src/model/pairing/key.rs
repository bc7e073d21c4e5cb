//! What identifies a row, in which order, and which column tells when it changed.

use super::super::compare::CompareForm;
use super::super::pair::{ColumnPair, ColumnType, KeyOrder, ModifyStamp};
use super::super::schema::Table;
use super::super::settings::{ModifyColumn, TableSettings};
use super::super::types::LogicalType;
use super::columns::{Matched, is_excluded};
use super::{Failure, Remark, did_you_mean, listed, quoted};

/// Puts the key's columns first, in key order, and tells how many they are.
pub(super) fn move_to_front(
    settings: &TableSettings,
    source: &Table,
    target: &Table,
    matched: &mut Matched,
    remarks: &mut Vec<Remark>,
) -> Result<usize, Failure> {
    let key = settings.key.as_ref().unwrap_or(&source.primary_key);
    if key.is_empty() {
        remarks.push(Remark::warning(
            "it has no key: it is compared as a whole and never written".to_owned(),
            "name the columns that identify a row with `key = [\"…\"]`",
        ));
        return Ok(0);
    }
    for (place, name) in key.iter().enumerate() {
        let position = key_position(settings, source, target, matched, name)?;
        if position < place {
            return Err(Failure::new(
                format!("the key names {} twice", quoted(name)),
                "name each column once in `key`",
            ));
        }
        let column = matched.columns.remove(position);
        matched.columns.insert(place, column);
    }
    let (source_key, target_key) = names(&matched.columns[..key.len()]);
    for (side, table, key) in [("source", source, &source_key), ("target", target, &target_key)] {
        if !table.is_unique(key) {
            remarks.push(Remark::warning(
                format!("no constraint proves the key {} unique at the {side}", listed_key(key)),
                format!("CREATE UNIQUE INDEX on {} at the {side}", listed_key(key)),
            ));
        }
    }
    if matched.columns[..key.len()].iter().any(|pair| pair.source_type.nullable || pair.target_type.nullable)
    {
        remarks.push(Remark::note(format!(
            "the key {} may hold NULL: such rows are only counted and compared as a whole",
            listed_key(&source_key)
        )));
    }
    Ok(key.len())
}

fn key_position(
    settings: &TableSettings,
    source: &Table,
    target: &Table,
    matched: &Matched,
    name: &str,
) -> Result<usize, Failure> {
    let shown = quoted(name);
    if source.column(name).is_none() {
        let names = source.columns.iter().map(|column| column.name.as_str());
        return Err(Failure::new(
            format!("the key names {shown}, which the source does not have{}", did_you_mean(name, names)),
            "correct `key`",
        ));
    }
    let Some(position) = matched.position(source, name) else {
        return Err(
            if is_excluded(settings, source, &source.column(name).map_or(String::new(), |c| c.name.clone())) {
                Failure::new(
                    format!("the key column {shown} is excluded"),
                    "rows cannot be told apart without it: remove it from `exclude`",
                )
            } else {
                Failure::new(
                    format!("the target has no column for the key column {shown}"),
                    "map it with `field_mapping`, or choose another `key`",
                )
            },
        );
    };
    let pair = &matched.columns[position];
    if target.column(&pair.target).is_some_and(|column| column.generated) {
        return Err(Failure::new(
            format!("the target computes its key column {}", quoted(&pair.target)),
            "choose a `key` of columns that can be written",
        ));
    }
    if pair.form == CompareForm::NotCompared
        || key_kind(&pair.source_type) != key_kind(&pair.target_type)
        || is_cut(&pair.source_type, &pair.target_type)
    {
        return Err(Failure::new(
            format!(
                "keys cannot be matched: {} is {} at the source and {} at the target",
                quoted(name),
                pair.source_type,
                pair.target_type
            ),
            "give the column the same type on both sides, or choose another `key`",
        ));
    }
    Ok(position)
}

/// Types whose values are one key when they are equal; see [`super::super::key`].
#[derive(Debug, PartialEq, Eq)]
enum KeyKind<'a> {
    /// Whole and floating numbers share one order; in loosely typed columns all numbers are one or the other.
    Number,
    Decimal,
    Boolean,
    Text,
    Blob,
    Date,
    Time,
    Timestamp,
    TimestampUtc,
    Uuid,
    Json,
    Any,
    Other(&'a str),
}

fn key_kind(column: &ColumnType) -> KeyKind<'_> {
    match &column.logical {
        LogicalType::Integer { .. } | LogicalType::Float { .. } => KeyKind::Number,
        LogicalType::Boolean | LogicalType::Decimal { .. } if !column.strict => KeyKind::Number,
        LogicalType::Boolean => KeyKind::Boolean,
        LogicalType::Decimal { .. } => KeyKind::Decimal,
        LogicalType::Text { .. } | LogicalType::Char { .. } => KeyKind::Text,
        LogicalType::Blob { .. } => KeyKind::Blob,
        LogicalType::Date => KeyKind::Date,
        LogicalType::Time { .. } => KeyKind::Time,
        LogicalType::Timestamp { .. } => KeyKind::Timestamp,
        LogicalType::TimestampUtc { .. } => KeyKind::TimestampUtc,
        LogicalType::Uuid => KeyKind::Uuid,
        LogicalType::Json => KeyKind::Json,
        LogicalType::Any => KeyKind::Any,
        LogicalType::Other(name) => KeyKind::Other(name),
    }
}

/// Whether the target keeps less of a time, so that the key written would be another than the key read.
fn is_cut(source: &ColumnType, target: &ColumnType) -> bool {
    use LogicalType::{Time, Timestamp, TimestampUtc};
    let enforced = source.strict || target.strict;
    match (&source.logical, &target.logical) {
        (Time { precision: from }, Time { precision: to })
        | (Timestamp { precision: from }, Timestamp { precision: to })
        | (TimestampUtc { precision: from }, TimestampUtc { precision: to }) => enforced && from > to,
        _ => false,
    }
}

/// The names of column pairs on both sides.
pub(super) fn names(columns: &[ColumnPair]) -> (Vec<String>, Vec<String>) {
    columns.iter().map(|column| (column.source.clone(), column.target.clone())).unzip()
}

fn listed_key(key: &[String]) -> String {
    format!("({})", listed(key.iter().map(String::as_str)))
}

/// Whether both sides can deliver rows in key order.
pub(super) fn order(
    source: &Table,
    source_key: &[String],
    target: &Table,
    target_key: &[String],
    remarks: &mut Vec<Remark>,
) -> KeyOrder {
    if source_key.is_empty() {
        return KeyOrder::Hashed("the table has no key".to_owned());
    }
    let mut reasons = Vec::new();
    for (side, table, key) in [("source", source, source_key), ("target", target, target_key)] {
        if serves_key_order(table, key) {
            continue;
        }
        let columns = listed_key(key);
        if has_index(table, key) {
            let reason = format!("no index at the {side} keeps the order of {columns} by bytes");
            remarks.push(Remark::warning(
                format!("{reason}: both sides are read whole to match keys by hash"),
                format!(
                    "add an index on {columns}, in this order, ascending and sorted by bytes, at the {side}"
                ),
            ));
            reasons.push(reason);
        } else {
            let reason = format!("no index on {columns} at the {side}");
            remarks.push(Remark::warning(
                format!("{reason}: both sides are read whole, and every write searches for its row"),
                format!("CREATE UNIQUE INDEX on {columns} at the {side}"),
            ));
            reasons.push(reason);
        }
    }
    if reasons.is_empty() { KeyOrder::Canonical } else { KeyOrder::Hashed(reasons.join("; ")) }
}

/// As [`Table::serves_order`], and whole numbers of an enforced type sort as numbers whatever the collation.
fn serves_key_order(table: &Table, key: &[String]) -> bool {
    let is_integer = |name: &str| {
        table.strict
            && table
                .column(name)
                .is_some_and(|column| matches!(column.logical_type, LogicalType::Integer { .. }))
    };
    table.serves_order(key)
        || table.indexes.iter().any(|index| {
            !index.partial
                && index.columns.len() >= key.len()
                && index.columns.iter().zip(key).all(|(indexed, wanted)| {
                    indexed.name.as_ref() == Some(wanted)
                        && !indexed.descending
                        && (indexed.byte_order || is_integer(wanted))
                })
        })
}

/// Whether an index finds rows by these columns, in whatever order it keeps them.
fn has_index(table: &Table, columns: &[String]) -> bool {
    table.indexes.iter().any(|index| {
        !index.partial
            && index.columns.len() >= columns.len()
            && index.columns[..columns.len()]
                .iter()
                .all(|indexed| indexed.name.as_ref().is_some_and(|name| columns.contains(name)))
    })
}

/// The column that tells when a source row last changed.
pub(super) fn modify_stamp(
    settings: &TableSettings,
    source: &Table,
    matched: &Matched,
    remarks: &mut Vec<Remark>,
) -> Result<Option<ModifyStamp>, Failure> {
    let Some(name) = settings.modify_column.name() else { return Ok(None) };
    let required = matches!(settings.modify_column, ModifyColumn::Required(_));
    let Some(column) = source.column(name) else {
        if !required {
            return Ok(None);
        }
        let names = source.columns.iter().map(|column| column.name.as_str());
        return Err(Failure::new(
            format!(
                "`modify_column` names {}, which the source does not have{}",
                quoted(name),
                did_you_mean(name, names)
            ),
            "correct `modify_column`, or set it to \"\" for none",
        ));
    };
    if !tells_time(&column.logical_type) {
        let reason = format!(
            "the modify column {} is {}, which tells no order of changes",
            quoted(name),
            quoted(&column.declared_type)
        );
        if required {
            return Err(Failure::new(reason, "name a column with a time or a growing number"));
        }
        remarks.push(Remark::note(format!("{reason}; it is not used")));
        return Ok(None);
    }
    let indexed = has_index(source, std::slice::from_ref(&column.name));
    if !indexed {
        remarks.push(Remark::warning(
            format!(
                "no index on the modify column ({}) at the source: finding changed rows reads all",
                quoted(&column.name)
            ),
            format!("CREATE INDEX on ({}) at the source", quoted(&column.name)),
        ));
    }
    let position = matched.position(source, &column.name);
    Ok(Some(ModifyStamp { source: column.name.clone(), position, indexed }))
}

fn tells_time(logical: &LogicalType) -> bool {
    use LogicalType::{Any, Char, Date, Decimal, Float, Integer, Text, Timestamp, TimestampUtc};
    matches!(
        logical,
        Integer { .. }
            | Decimal { .. }
            | Float { .. }
            | Text { .. }
            | Char { .. }
            | Date
            | Timestamp { .. }
            | TimestampUtc { .. }
            | Any
    )
}
