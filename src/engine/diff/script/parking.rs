//! Unique values that move among rows: parked before any row gets its new ones.
//!
//! Without that, a row cannot take a value that another one still holds, and two rows cannot trade theirs. Only rows
//! whose own unique values change are parked. Columns that other tables refer to are not, for parking them would
//! reach those tables.

use std::sync::Arc;

use crate::model::block::{BlockBuilder, RowBlock, RowShape};
use crate::model::compare::CompareForm;
use crate::model::pair::{ColumnPair, TablePair, WriteTarget};
use crate::model::schema::Catalog;
use crate::model::types::LogicalType;
use crate::model::value::{Value, ValueRef};

/// How rows of one table are parked.
pub(super) struct Parking {
    /// Positions in the pair of the columns that are parked.
    columns: Vec<usize>,
    tokens: Vec<Token>,
    key_length: usize,
    target: Arc<WriteTarget>,
    rows: BlockBuilder,
    parked: i64,
}

/// What stands in a column meanwhile.
#[derive(Debug, Clone, Copy)]
enum Token {
    Null,
    Text,
    Integer,
}

impl Token {
    fn of(column: &ColumnPair) -> Option<Self> {
        match column.target_type.logical {
            _ if column.target_type.nullable => Some(Self::Null),
            LogicalType::Text { .. } | LogicalType::Any => Some(Self::Text),
            LogicalType::Integer { bits: 64, signed: true } => Some(Self::Integer),
            _ => None,
        }
    }

    /// A value that no other row is likely to hold.
    fn value(self, number: i64) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Text => Value::text(&format!("parked by syncline {number}")),
            Self::Integer => Value::Integer(i128::from(i64::MIN + number)),
        }
    }
}

impl Parking {
    /// Parking for a pair; none when the target has no unique values that could be in each other's way, or when a parked
    /// row could fall out of the record type, where nothing would reach it any more.
    pub(super) fn of(pair: &TablePair, target: &Catalog) -> Option<Self> {
        if pair.target.filter.is_some() {
            return None;
        }
        let table = target.find(&pair.target.table)?;
        let unique = table.indexes.iter().filter(|index| index.unique).flat_map(|index| &index.columns);
        let unique: Vec<&str> = unique.filter_map(|column| column.name.as_deref()).collect();
        let is_unique = |column: &str| unique.contains(&column);
        let is_referred_to = |column: &str| {
            let mut keys = target.tables.iter().flat_map(|table| &table.foreign_keys);
            keys.any(|key| {
                key.parent == table.name && key.parent_columns.iter().any(|parent| parent == column)
            })
        };
        let (columns, tokens): (Vec<usize>, Vec<Token>) = pair
            .columns
            .iter()
            .enumerate()
            .skip(pair.key_length)
            .filter(|(_, column)| {
                column.written && is_unique(&column.target) && !is_referred_to(&column.target)
            })
            .filter_map(|(position, column)| Some((position, Token::of(column)?)))
            .unzip();
        if columns.is_empty() {
            return None;
        }
        let written = (0..pair.key_length).chain(columns.iter().copied());
        let names = written.map(|position| pair.columns[position].target.clone()).collect();
        let forms = vec![CompareForm::Exact; pair.key_length + columns.len()];
        Some(Self {
            key_length: pair.key_length,
            target: Arc::new(WriteTarget { columns: names, ..pair.write_target() }),
            rows: BlockBuilder::new(RowShape::new((0..pair.key_length).collect(), forms)),
            columns,
            tokens,
            parked: 0,
        })
    }

    /// Parks a row of the target when one of its unique values changes.
    pub(super) fn add(&mut self, target: &[ValueRef<'_>], differing: &[usize]) {
        if !self.columns.iter().any(|column| differing.contains(column)) {
            return;
        }
        self.parked += 1;
        for value in target.iter().take(self.key_length) {
            self.rows.push(*value);
        }
        for (column, token) in self.columns.iter().zip(&self.tokens) {
            // A unique value that stays is in nobody's way.
            let stays = !differing.contains(column);
            let token = token.value(self.parked);
            let value = target.get(*column).copied().filter(|_| stays);
            self.rows.push(value.unwrap_or_else(|| token.as_ref()));
        }
        self.rows.end_row();
    }

    /// Rows and bytes that wait to be written.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.rows.len(), self.rows.size_bytes())
    }

    /// The rows that wait to be written, and where to.
    pub(super) fn take(&mut self) -> Option<(Arc<WriteTarget>, RowBlock)> {
        (!self.rows.is_empty()).then(|| (Arc::clone(&self.target), self.rows.take()))
    }
}
