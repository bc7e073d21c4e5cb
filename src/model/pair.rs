//! A table pair: what is kept equal with what, column by column.

use std::sync::Arc;

use super::block::RowShape;
use super::compare::CompareForm;
use super::schema::TableName;
use super::settings::TableSettings;
use super::types::{Compatibility, LogicalType};
use super::value::Value;

/// A source table (optionally filtered) and its target table, with all that discovery decided about them.
#[derive(Debug, Clone)]
pub struct TablePair {
    /// The name shown; unique in the job.
    pub name: String,
    /// The source side.
    pub source: SideTable,
    /// The target side.
    pub target: SideTable,
    /// The columns that have a counterpart, key columns first and in key order.
    pub columns: Vec<ColumnPair>,
    /// How many of the leading columns make the key; 0 when there is none.
    pub key_length: usize,
    /// Whether both sides deliver rows in key order, or keys have to be matched by hash.
    pub key_order: KeyOrder,
    /// The column that says when a source row last changed.
    pub modify_column: Option<ModifyStamp>,
    /// Target columns without a source, with the value they get.
    pub defaults: Vec<(String, Value)>,
    /// What is not exact, in words, for the verdict.
    pub inexact: Vec<String>,
    /// The table's settings.
    pub settings: Arc<TableSettings>,
}

/// One side of a pair.
#[derive(Debug, Clone)]
pub struct SideTable {
    /// The table.
    pub table: TableName,
    /// The record type: a condition in this side's SQL.
    pub filter: Option<String>,
    /// Whether the key is proven unique on this side.
    pub key_unique: bool,
}

/// The column that says when a row last changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModifyStamp {
    /// Its name at the source.
    pub source: String,
    /// Its position among the pair's columns, when it has a counterpart.
    pub position: Option<usize>,
    /// Whether an index serves it.
    pub indexed: bool,
}

/// Whether keys sort alike on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyOrder {
    /// Both sides read in the order of [`super::key::Key`].
    Canonical,
    /// A side does not, for this reason.
    Hashed(String),
}

/// Two columns that belong together.
#[derive(Debug, Clone)]
pub struct ColumnPair {
    /// Name at the source.
    pub source: String,
    /// Name at the target.
    pub target: String,
    /// Type at the source.
    pub source_type: ColumnType,
    /// Type at the target.
    pub target_type: ColumnType,
    /// Whether the source's values fit the target.
    pub compatibility: Compatibility,
    /// How values are compared.
    pub form: CompareForm,
    /// Whether it is written; generated target columns are only compared.
    pub written: bool,
    /// What a NULL of the source becomes, where the target allows none; it counts as this when compared.
    pub null_as: Option<Value>,
}

/// A type as declared and as understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnType {
    /// As the catalogue spells it.
    pub declared: String,
    /// What it means.
    pub logical: LogicalType,
    /// Whether NULL is allowed.
    pub nullable: bool,
    /// Whether the engine enforces the declared type; SQLite does only in STRICT tables.
    pub strict: bool,
}

/// What a store has to know to read one side of a pair: rows come in this column order, whatever the table's own.
#[derive(Debug, Clone)]
pub struct TableView {
    /// The table.
    pub table: TableName,
    /// Column names in view order.
    pub columns: Vec<String>,
    /// What each column means, in view order; a store reads its values accordingly.
    pub types: Vec<LogicalType>,
    /// Key positions and compare forms.
    pub shape: RowShape,
    /// The record type, in this side's SQL.
    pub filter: Option<String>,
    /// The modify column of this side, for [`crate::store::Snapshot::changed`].
    pub modify_column: Option<String>,
}

/// What a store has to know to write the target of a pair: rows come in this column order.
#[derive(Debug, Clone)]
pub struct WriteTarget {
    /// The table.
    pub table: TableName,
    /// Columns written, key columns first and in key order.
    pub columns: Vec<String>,
    /// How many of the leading columns make the key.
    pub key_length: usize,
    /// The record type: updates and deletes touch no row outside it.
    pub filter: Option<String>,
    /// Whether a unique constraint stands behind the key, so that an upsert can name it.
    pub key_unique: bool,
}

impl TablePair {
    /// How the source is read.
    pub fn source_view(&self) -> TableView {
        TableView {
            table: self.source.table.clone(),
            columns: self.columns.iter().map(|column| column.source.clone()).collect(),
            types: self.columns.iter().map(|column| column.source_type.logical.clone()).collect(),
            shape: self.source_shape(),
            filter: self.source.filter.clone(),
            modify_column: self.modify_column.as_ref().map(|column| column.source.clone()),
        }
    }

    /// How the target is read.
    pub fn target_view(&self) -> TableView {
        let modify = self.modify_column.as_ref().and_then(|column| column.position);
        TableView {
            table: self.target.table.clone(),
            columns: self.columns.iter().map(|column| column.target.clone()).collect(),
            types: self.columns.iter().map(|column| column.target_type.logical.clone()).collect(),
            shape: self.shape(),
            filter: self.target.filter.clone(),
            modify_column: modify.map(|position| self.columns[position].target.clone()),
        }
    }

    /// How the target is written: the written columns, then those that only get a default.
    pub fn write_target(&self) -> WriteTarget {
        let written = self.columns.iter().filter(|column| column.written).map(|column| column.target.clone());
        WriteTarget {
            table: self.target.table.clone(),
            columns: written.chain(self.defaults.iter().map(|(name, _)| name.clone())).collect(),
            key_length: self.key_length,
            filter: self.target.filter.clone(),
            key_unique: self.target.key_unique,
        }
    }

    /// The key's column names at the source.
    pub fn key_columns(&self) -> impl Iterator<Item = &str> {
        self.columns[..self.key_length].iter().map(|column| column.source.as_str())
    }

    fn source_shape(&self) -> RowShape {
        let mut shape = self.shape();
        if self.columns.iter().any(|column| column.null_as.is_some()) {
            shape.null_as = self.columns.iter().map(|column| column.null_as.clone()).collect();
        }
        shape
    }

    fn shape(&self) -> RowShape {
        let forms = self.columns.iter().map(|column| column.form).collect();
        RowShape::new((0..self.key_length).collect(), forms)
    }
}
