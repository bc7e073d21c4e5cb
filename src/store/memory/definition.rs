//! How a table of the memory store is declared.

use super::types::declare;
use crate::model::schema::{Column, ForeignKey, Index, IndexColumn, ReferentialAction, Table, TableName};
use crate::model::types::LogicalType;

/// A table to be made: its schema and its CHECK constraints.
///
/// ```ignore
/// TableDefinition::new("order_row").integer("id").integer("order_id").nullable().text("note")
///     .primary_key(&["id"])
///     .foreign_key(&["order_id"], "orders", ReferentialAction::Cascade)
///     .check("length(note) <= 40")
/// ```
#[derive(Debug, Clone)]
pub struct TableDefinition {
    /// The schema, as [`crate::store::Store::describe`] tells it.
    pub table: Table,
    /// Conditions that no row may make false.
    pub checks: Vec<String>,
}

impl TableDefinition {
    /// A table without columns.
    pub fn new(name: &str) -> Self {
        let table = Table {
            name: TableName::new(name),
            columns: Vec::new(),
            primary_key: Vec::new(),
            indexes: Vec::new(),
            foreign_keys: Vec::new(),
            triggers: Vec::new(),
            strict: true,
            without_rowid: false,
        };
        Self { table, checks: Vec::new() }
    }

    /// Adds a column that takes no NULL.
    #[must_use]
    pub fn column(mut self, name: &str, logical: LogicalType) -> Self {
        self.table.columns.push(Column {
            name: name.to_owned(),
            declared_type: declare(&logical),
            logical_type: logical,
            nullable: false,
            default: None,
            generated: false,
            byte_collation: true,
        });
        self
    }

    /// Adds a column of 64-bit integers.
    #[must_use]
    pub fn integer(self, name: &str) -> Self {
        self.column(name, LogicalType::Integer { bits: 64, signed: true })
    }

    /// Adds a column of text without limit.
    #[must_use]
    pub fn text(self, name: &str) -> Self {
        self.column(name, LogicalType::Text { length_max: None })
    }

    fn last(&mut self) -> &mut Column {
        self.table.columns.last_mut().expect("a column was added before it is qualified")
    }

    /// Lets the last column take NULL.
    ///
    /// # Panics
    /// Without a column, as the other qualifiers of a column do.
    #[must_use]
    pub fn nullable(mut self) -> Self {
        self.last().nullable = true;
        self
    }

    /// Gives the last column a default, as a literal.
    #[must_use]
    pub fn default(mut self, literal: &str) -> Self {
        self.last().default = Some(literal.to_owned());
        self
    }

    /// Declares that text of the last column does not sort by bytes, so that its keys have to be matched by hash.
    /// Values still compare by bytes here.
    #[must_use]
    pub fn collated(mut self) -> Self {
        self.last().byte_collation = false;
        self
    }

    /// Declares the primary key, in key order.
    #[must_use]
    pub fn primary_key(mut self, columns: &[&str]) -> Self {
        self.table.primary_key = names(columns);
        self.add_index("primary", columns, true);
        self
    }

    /// Adds a unique constraint; rows with a NULL in it do not collide.
    #[must_use]
    pub fn unique(mut self, columns: &[&str]) -> Self {
        self.add_index(&format!("unique_{}", columns.join("_")), columns, true);
        self
    }

    /// Adds an index that proves nothing.
    #[must_use]
    pub fn index(mut self, columns: &[&str]) -> Self {
        self.add_index(&format!("index_{}", columns.join("_")), columns, false);
        self
    }

    fn add_index(&mut self, name: &str, columns: &[&str], unique: bool) {
        let column = |name: &&str| IndexColumn {
            name: Some((*name).to_owned()),
            byte_order: self.table.column(name).is_none_or(|column| column.byte_collation),
            descending: false,
        };
        let columns = columns.iter().map(column).collect();
        self.table.indexes.push(Index { name: name.to_owned(), columns, unique, partial: false });
    }

    /// Adds a foreign key to the primary key of `parent`, checked after each row.
    #[must_use]
    pub fn foreign_key(mut self, columns: &[&str], parent: &str, on_delete: ReferentialAction) -> Self {
        self.table.foreign_keys.push(ForeignKey {
            columns: names(columns),
            parent: TableName::new(parent),
            parent_columns: Vec::new(),
            on_delete,
            deferred: false,
        });
        self
    }

    fn last_foreign_key(&mut self) -> &mut ForeignKey {
        self.table.foreign_keys.last_mut().expect("a foreign key was added before it is qualified")
    }

    /// Makes the last foreign key refer to these columns of its parent; a unique constraint must cover them.
    #[must_use]
    pub fn referring_to(mut self, columns: &[&str]) -> Self {
        self.last_foreign_key().parent_columns = names(columns);
        self
    }

    /// Makes the last foreign key checked only at commit.
    #[must_use]
    pub fn deferred(mut self) -> Self {
        self.last_foreign_key().deferred = true;
        self
    }

    /// Adds a CHECK constraint in the language of scopes.
    #[must_use]
    pub fn check(mut self, condition: &str) -> Self {
        self.checks.push(condition.to_owned());
        self
    }
}

fn names(columns: &[&str]) -> Vec<String> {
    columns.iter().map(|&name| name.to_owned()).collect()
}
