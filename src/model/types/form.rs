//! How a pair of columns is compared.

use super::super::compare::{CommonType, CompareForm};
use super::super::pair::ColumnType;
use super::{Compatibility, LogicalType, compatibility, effective, is_same};

/// How values of the two columns are compared: exactly when engine and declared type are the same, else by the common
/// text of the coarser type, and not at all when the source's values mean nothing at the target.
pub fn compare_form(source: &ColumnType, target: &ColumnType, same_engine: bool) -> CompareForm {
    if is_same(source, target, same_engine) {
        return CompareForm::Exact;
    }
    if matches!(compatibility(source, target, same_engine), Compatibility::Impossible(_)) {
        return CompareForm::NotCompared;
    }
    if (&source.logical, &target.logical) == (&LogicalType::Any, &LogicalType::Any) {
        return CompareForm::Exact;
    }
    common_type(&effective(source), &effective(target)).map_or(CompareForm::NotCompared, CompareForm::Common)
}

/// The coarser of two types: what both can be read as without hiding a difference that both could hold.
///
/// Numbers go up to the wider kind, and text gives way to the other type, since what it says can be read. A date and a
/// timestamp meet as timestamps, so that a time of day shows.
fn common_type(a: &LogicalType, b: &LogicalType) -> Option<CommonType> {
    use LogicalType::{Any, Blob, Char, Date, Json, Other, Text, Time, Timestamp, TimestampUtc, Uuid};
    if let (Any, known) | (known, Any) = (a, b) {
        return own(known);
    }
    Some(match (a, b) {
        (Other(_), _)
        | (_, Other(_))
        | (Text { .. } | Char { .. }, Blob { .. })
        | (Blob { .. }, Text { .. } | Char { .. }) => return None,
        (Text { .. }, Text { .. }) => CommonType::Text,
        (Text { .. } | Char { .. }, Text { .. } | Char { .. }) => CommonType::Char,
        (Text { .. } | Char { .. }, known) | (known, Text { .. } | Char { .. }) => own(known)?,
        (Uuid, Uuid | Blob { .. }) | (Blob { .. }, Uuid) => CommonType::Uuid,
        (Blob { .. }, Blob { .. }) => CommonType::Blob,
        (Json, Json) => CommonType::Json,
        (Date, stamp @ (Date | Timestamp { .. } | TimestampUtc { .. }))
        | (stamp @ (Timestamp { .. } | TimestampUtc { .. }), Date) => own(stamp)?,
        (Time { precision: a }, Time { precision: b }) => CommonType::Time { precision: *a.min(b) },
        (Timestamp { precision: a }, Timestamp { precision: b }) => {
            CommonType::Timestamp { precision: *a.min(b), zero_is_null: false }
        }
        (
            Timestamp { precision: a } | TimestampUtc { precision: a },
            Timestamp { precision: b } | TimestampUtc { precision: b },
        ) => CommonType::TimestampUtc { precision: *a.min(b), zero_is_null: false },
        (a, b) => number_kind(a)?.max(number_kind(b)?).common(),
    })
}

/// The common type of a column compared with one of its own kind.
fn own(logical: &LogicalType) -> Option<CommonType> {
    Some(match *logical {
        LogicalType::Text { .. } => CommonType::Text,
        LogicalType::Char { .. } => CommonType::Char,
        LogicalType::Blob { .. } => CommonType::Blob,
        LogicalType::Date => CommonType::Date { zero_is_null: false },
        LogicalType::Time { precision } => CommonType::Time { precision },
        LogicalType::Timestamp { precision } => CommonType::Timestamp { precision, zero_is_null: false },
        LogicalType::TimestampUtc { precision } => {
            CommonType::TimestampUtc { precision, zero_is_null: false }
        }
        LogicalType::Uuid => CommonType::Uuid,
        LogicalType::Json => CommonType::Json,
        LogicalType::Any | LogicalType::Other(_) => return None,
        ref number => number_kind(number)?.common(),
    })
}

/// Kinds of numbers, the narrowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum NumberKind {
    Boolean,
    Integer,
    Decimal,
    Float,
}

impl NumberKind {
    fn common(self) -> CommonType {
        match self {
            Self::Boolean => CommonType::Boolean,
            Self::Integer => CommonType::Integer,
            Self::Decimal => CommonType::Decimal,
            Self::Float => CommonType::Float,
        }
    }
}

fn number_kind(logical: &LogicalType) -> Option<NumberKind> {
    Some(match logical {
        LogicalType::Boolean => NumberKind::Boolean,
        LogicalType::Integer { .. } => NumberKind::Integer,
        LogicalType::Decimal { .. } => NumberKind::Decimal,
        LogicalType::Float { .. } => NumberKind::Float,
        _ => return None,
    })
}
