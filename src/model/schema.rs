//! What a database says of its tables, in terms that every engine shares.

use super::types::LogicalType;

/// A table's name, with its schema where the engine has schemas.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableName {
    /// The schema, or none for the connection's own.
    pub schema: Option<String>,
    /// The name as the catalogue spells it.
    pub name: String,
}

impl TableName {
    /// A name without schema.
    pub fn new(name: impl Into<String>) -> Self {
        Self { schema: None, name: name.into() }
    }
}

impl std::fmt::Display for TableName {
    /// The name, escaped for a terminal; not quoted for SQL.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(schema) = &self.schema {
            write!(f, "{}.", crate::base::escape::visible(schema))?;
        }
        f.write_str(&crate::base::escape::visible(&self.name))
    }
}

/// All tables of one side.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    /// In the catalogue's order.
    pub tables: Vec<Table>,
}

impl Catalog {
    /// The table of this name; exact spelling first, then without regard to ASCII case when that is unambiguous.
    pub fn find(&self, name: &TableName) -> Option<&Table> {
        let exact = self.tables.iter().find(|table| table.name == *name);
        exact.or_else(|| {
            let mut alike = self.tables.iter().filter(|table| {
                table.name.schema == name.schema && table.name.name.eq_ignore_ascii_case(&name.name)
            });
            alike.next().filter(|_| alike.next().is_none())
        })
    }
}

/// One table.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its name.
    pub name: TableName,
    /// Its columns in declared order, generated ones included, hidden ones left out.
    pub columns: Vec<Column>,
    /// The primary key's columns in key order (not in ordinal order); empty without one.
    pub primary_key: Vec<String>,
    /// Its indexes, those behind constraints included.
    pub indexes: Vec<Index>,
    /// Its foreign keys.
    pub foreign_keys: Vec<ForeignKey>,
    /// Names of its triggers.
    pub triggers: Vec<String>,
    /// Whether the engine enforces the declared types.
    pub strict: bool,
    /// Whether the rows live in the primary key's own index (SQLite: `WITHOUT ROWID`).
    pub without_rowid: bool,
}

impl Table {
    /// The column of this name; exact spelling first, then without regard to ASCII case.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns
            .iter()
            .find(|column| column.name == name)
            .or_else(|| self.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name)))
    }

    /// Whether these columns (in any order) are proven unique: by the primary key or a whole unique index.
    pub fn is_unique(&self, columns: &[String]) -> bool {
        let covered = |key: &[String]| !key.is_empty() && key.iter().all(|column| columns.contains(column));
        covered(&self.primary_key)
            || self.indexes.iter().any(|index| {
                index.unique
                    && !index.partial
                    && covered(&index.columns.iter().filter_map(|c| c.name.clone()).collect::<Vec<_>>())
                    && index.columns.iter().all(|c| c.name.is_some())
            })
    }

    /// Whether an index (or the table itself) serves rows in the order of exactly these columns, by bytes, ascending.
    pub fn serves_order(&self, columns: &[String]) -> bool {
        self.indexes.iter().any(|index| {
            !index.partial
                && index.columns.len() >= columns.len()
                && index.columns.iter().zip(columns).all(|(indexed, wanted)| {
                    indexed.name.as_ref() == Some(wanted) && indexed.byte_order && !indexed.descending
                })
        })
    }
}

/// One column.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its name as the catalogue spells it.
    pub name: String,
    /// The type as declared, for messages and for exactness between equal engines.
    pub declared_type: String,
    /// What the type means.
    pub logical_type: LogicalType,
    /// Whether NULL is allowed.
    pub nullable: bool,
    /// The default as SQL text.
    pub default: Option<String>,
    /// Whether the engine computes it, so that it cannot be written.
    pub generated: bool,
    /// Whether text in it compares by bytes (SQLite: BINARY).
    pub byte_collation: bool,
}

/// One index; the primary key's own is listed too, a rowid table's integer key included.
#[derive(Debug, Clone)]
pub struct Index {
    /// Its name; for a rowid key `rowid`.
    pub name: String,
    /// Its columns in order.
    pub columns: Vec<IndexColumn>,
    /// Whether it allows each value once.
    pub unique: bool,
    /// Whether it holds only some rows.
    pub partial: bool,
}

/// One column of an index.
#[derive(Debug, Clone)]
pub struct IndexColumn {
    /// The column, or none for an expression.
    pub name: Option<String>,
    /// Whether its order is byte order for text.
    pub byte_order: bool,
    /// Whether it is descending.
    pub descending: bool,
}

/// A reference from this table's columns to another table's.
#[derive(Debug, Clone)]
pub struct ForeignKey {
    /// The referring columns.
    pub columns: Vec<String>,
    /// The table referred to.
    pub parent: TableName,
    /// The columns referred to; empty means the parent's primary key.
    pub parent_columns: Vec<String>,
    /// What a delete of the parent does.
    pub on_delete: ReferentialAction,
    /// Whether it is checked only at commit.
    pub deferred: bool,
}

/// What a foreign key does when the row referred to goes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReferentialAction {
    /// Refuses, at once or at commit.
    Refuse,
    /// Deletes the referring rows.
    Cascade,
    /// Sets the referring columns to NULL.
    SetNull,
    /// Sets the referring columns to their defaults.
    SetDefault,
}

/// A table to be made.
#[derive(Debug, Clone)]
pub struct NewTable {
    /// Its name.
    pub name: TableName,
    /// Columns: name, SQL type of this side, nullable, default as SQL when the engine is the same.
    pub columns: Vec<NewColumn>,
    /// The primary key.
    pub primary_key: Vec<String>,
    /// The table that it is made after.
    pub model: Table,
}

/// A column to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewColumn {
    /// Its name.
    pub name: String,
    /// Its type in this side's SQL.
    pub sql_type: String,
    /// Whether NULL is allowed.
    pub nullable: bool,
    /// Its default in this side's SQL.
    pub default: Option<String>,
}
