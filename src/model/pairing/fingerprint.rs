//! What a stored watermark, proof or digest was about, in a form that can be compared later.

use std::fmt::Write;

use super::super::digest::{ALGORITHM, DigestHeader, DigestSeed, FORM_VERSION};
use super::super::pair::{SideTable, TablePair};
use super::super::types::LogicalType;
use xxhash_rust::xxh3::xxh3_128;

/// A text that changes whenever schema, key, mapping, compare forms or scope of a pair change, and only then: what was
/// remembered under another one is void. Columns that are not paired do not count.
pub fn fingerprint(pair: &TablePair) -> String {
    let mut text = String::new();
    // Each part with its length, so that no two pairs have one text.
    let mut add = |part: &str| {
        let _ = write!(text, "{}:{part}", part.len());
    };
    add(&FORM_VERSION.to_string());
    for side in [&pair.source, &pair.target] {
        add(side.table.schema.as_deref().unwrap_or(""));
        add(&side.table.name);
        add(if side.filter.is_some() { "where" } else { "" });
        add(side.filter.as_deref().unwrap_or(""));
    }
    add(&pair.key_length.to_string());
    add(&pair.columns.len().to_string());
    for column in &pair.columns {
        add(&column.source);
        add(&column.target);
        for side in [&column.source_type, &column.target_type] {
            add(&side.declared);
            add(&logical_text(&side.logical));
        }
        add(&column.form.to_string());
        add(&column.null_as.as_ref().map_or(String::new(), |value| format!("={value:?}")));
    }
    add(pair.modify_column.as_ref().map_or("", |stamp| &stamp.source));
    format!("{:032x}", xxh3_128(text.as_bytes()))
}

/// A text of a type that no later version of this program may change for the same type.
fn logical_text(logical: &LogicalType) -> String {
    let number = |n: Option<u32>| n.map_or("*".to_owned(), |n| n.to_string());
    match logical {
        LogicalType::Boolean => "boolean".to_owned(),
        LogicalType::Integer { bits, signed } => format!("integer {bits} {signed}"),
        LogicalType::Decimal { precision, scale } => {
            format!("decimal {} {}", number(precision.map(Into::into)), number(scale.map(Into::into)))
        }
        LogicalType::Float { bits } => format!("float {bits}"),
        LogicalType::Text { length_max } => format!("text {}", number(*length_max)),
        LogicalType::Char { length } => format!("char {length}"),
        LogicalType::Blob { length_max } => format!("blob {}", number(*length_max)),
        LogicalType::Date => "date".to_owned(),
        LogicalType::Time { precision } => format!("time {precision}"),
        LogicalType::Timestamp { precision } => format!("timestamp {precision}"),
        LogicalType::TimestampUtc { precision } => format!("instant {precision}"),
        LogicalType::Uuid => "uuid".to_owned(),
        LogicalType::Json => "json".to_owned(),
        LogicalType::Any => "any".to_owned(),
        LogicalType::Other(name) => format!("other {name}"),
    }
}

/// What a digest of a pair means.
pub fn digest_header(pair: &TablePair, seed: DigestSeed) -> DigestHeader {
    let column = |column: &super::super::pair::ColumnPair| {
        let null_as = column.null_as.as_ref().map_or(String::new(), |value| format!(", NULL = {value:?}"));
        format!("{:?} → {:?}: {}{null_as}", column.source, column.target, column.form)
    };
    let side = |side: &SideTable| {
        let schema = side.table.schema.as_ref().map_or(String::new(), |schema| format!("{schema:?}."));
        let filter = side.filter.as_ref().map_or(String::new(), |filter| format!(" where {filter:?}"));
        format!("{schema}{:?}{filter}", side.table.name)
    };
    DigestHeader {
        form_version: FORM_VERSION,
        algorithm: ALGORITHM.to_owned(),
        seed_id: seed.id(),
        columns: pair.columns.iter().map(column).collect(),
        scope: format!("{} → {}, key of {}", side(&pair.source), side(&pair.target), pair.key_length),
    }
}
