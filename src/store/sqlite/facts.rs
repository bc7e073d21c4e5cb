//! What SQLite says of one table, read from its own pragma functions: enough to describe it and to plan access to it.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::sql;
use super::types::{Affinity, affinity};

/// One table.
#[derive(Debug, Clone)]
pub(super) struct TableFacts {
    /// As the catalogue spells it.
    pub(super) name: String,
    /// Columns that can be read, generated ones included.
    pub(super) columns: Vec<ColumnFacts>,
    /// Positions of the primary key's columns, in key order.
    pub(super) primary_key: Vec<usize>,
    /// The column that is the rowid, if there is one.
    pub(super) rowid_column: Option<usize>,
    /// SQL that reaches the rowid; none without a rowid, or when columns hide all its names.
    pub(super) rowid: Option<String>,
    pub(super) without_rowid: bool,
    pub(super) strict: bool,
    pub(super) indexes: Vec<IndexFacts>,
}

/// One column.
#[derive(Debug, Clone)]
pub(super) struct ColumnFacts {
    pub(super) name: String,
    pub(super) declared: String,
    pub(super) affinity: Affinity,
    pub(super) collation: String,
    pub(super) not_null: bool,
    pub(super) default: Option<String>,
    pub(super) generated: bool,
    /// Whether SQLite sorts its values in the order of [`crate::model::key::Key`].
    pub(super) key_order: bool,
}

/// One index.
#[derive(Debug, Clone)]
pub(super) struct IndexFacts {
    pub(super) name: String,
    pub(super) unique: bool,
    pub(super) partial: bool,
    pub(super) primary: bool,
    pub(super) columns: Vec<IndexColumnFacts>,
}

/// One column of an index.
#[derive(Debug, Clone)]
pub(super) struct IndexColumnFacts {
    /// Its position among the table's columns; none for an expression or the rowid.
    pub(super) column: Option<usize>,
    pub(super) collation: String,
    pub(super) descending: bool,
}

/// Whether a table of this name belongs to SQLite or to our own bookkeeping.
pub(super) fn is_internal(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.starts_with("sqlite_") || lower.starts_with("syncline_")
}

/// Names of the ordinary tables, in the catalogue's order; views, virtual tables and their shadows are left out.
pub(super) fn table_names(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT s.name FROM main.sqlite_schema s
        JOIN pragma_table_list l ON l.schema = 'main' AND l.name = s.name AND l.type = 'table'
        WHERE s.type = 'table' ORDER BY s.rowid";
    let mut statement = connection.prepare(sql)?;
    let names =
        statement.query_map([], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(names.into_iter().filter(|name| !is_internal(name)).collect())
}

impl TableFacts {
    /// The table of this name; none when there is no ordinary table of it.
    pub(super) fn read(connection: &Connection, name: &str) -> rusqlite::Result<Option<Self>> {
        let sql = "SELECT name, wr, strict FROM pragma_table_list
            WHERE schema = 'main' AND type = 'table' AND name = ?1 COLLATE NOCASE";
        let found = connection
            .query_row(sql, [name], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, bool>(1)?, row.get::<_, bool>(2)?))
            })
            .optional()?;
        let Some((name, without_rowid, strict)) = found else { return Ok(None) };
        let encoding: String = connection.query_row("PRAGMA main.encoding", [], |row| row.get(0))?;
        let (mut columns, primary_key) = read_columns(connection, &name, strict, encoding == "UTF-8")?;
        let indexes = read_indexes(connection, &name, &columns)?;
        let has_key_index = indexes.iter().any(|index| index.primary);
        let rowid_column = match primary_key.as_slice() {
            [column] if !without_rowid && !has_key_index => Some(*column),
            _ => None,
        };
        if let Some(column) = rowid_column {
            columns[column].not_null = true;
            columns[column].key_order = true;
        }
        let rowid = match rowid_column {
            _ if without_rowid => None,
            Some(column) => Some(sql::quote(&columns[column].name)),
            None => ["rowid", "_rowid_", "oid"]
                .into_iter()
                .find(|alias| columns.iter().all(|column| !column.name.eq_ignore_ascii_case(alias)))
                .map(str::to_owned),
        };
        Ok(Some(Self { name, columns, primary_key, rowid_column, rowid, without_rowid, strict, indexes }))
    }

    /// The position of a column, by exact spelling first, then without regard to ASCII case.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        let exact = self.columns.iter().position(|column| column.name == name);
        exact.or_else(|| self.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name)))
    }

    /// The table, quoted.
    pub(super) fn sql_name(&self) -> String {
        sql::table(&self.name)
    }

    /// A column, quoted.
    pub(super) fn sql_column(&self, position: usize) -> String {
        sql::quote(&self.columns[position].name)
    }
}

type Columns = (Vec<ColumnFacts>, Vec<usize>);

fn read_columns(connection: &Connection, table: &str, strict: bool, utf8: bool) -> rusqlite::Result<Columns> {
    let sql = "SELECT name, type, \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo(?1, 'main')
        WHERE hidden <> 1 ORDER BY cid";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([table])?;
    let mut columns = Vec::new();
    let mut key = Vec::new();
    while let Some(row) = rows.next()? {
        let name: String = row.get(0)?;
        // Generated columns carry `GENERATED ALWAYS` in the type that is reported.
        let hidden: i64 = row.get(5)?;
        let metadata = connection.column_metadata(Some("main"), table, name.as_str())?;
        let collation = metadata.1.map_or("BINARY".to_owned(), |name| name.to_string_lossy().into_owned());
        let declared = without_generated(&row.get::<_, Option<String>>(1)?.unwrap_or_default());
        let ordinal: i64 = row.get(4)?;
        if ordinal > 0 {
            key.push((ordinal, columns.len()));
        }
        let holds_no_text = strict && !matches!(declared.to_ascii_uppercase().as_str(), "TEXT" | "ANY");
        columns.push(ColumnFacts {
            affinity: affinity(&declared, strict),
            // UTF-16 text sorts by its own bytes, which is another order than UTF-8's.
            key_order: collation.eq_ignore_ascii_case("BINARY") && (utf8 || holds_no_text),
            collation,
            not_null: row.get(2)?,
            default: row.get(3)?,
            generated: hidden == 2 || hidden == 3,
            name,
            declared,
        });
    }
    key.sort_unstable();
    Ok((columns, key.into_iter().map(|(_, position)| position).collect()))
}

fn without_generated(declared: &str) -> String {
    let upper = declared.to_ascii_uppercase();
    match upper.strip_suffix("GENERATED ALWAYS") {
        Some(rest) => declared[..rest.len()].trim_end().to_owned(),
        None => declared.to_owned(),
    }
}

fn read_indexes(
    connection: &Connection,
    table: &str,
    columns: &[ColumnFacts],
) -> rusqlite::Result<Vec<IndexFacts>> {
    let list = "SELECT name, \"unique\", origin, partial FROM pragma_index_list(?1, 'main') ORDER BY seq";
    let info = "SELECT name, coll, \"desc\" FROM pragma_index_xinfo(?1, 'main') WHERE key = 1 ORDER BY seqno";
    let mut statement = connection.prepare(list)?;
    let mut info = connection.prepare(info)?;
    let mut indexes = Vec::new();
    let mut rows = statement.query([table])?;
    while let Some(row) = rows.next()? {
        let name: String = row.get(0)?;
        let position = |name: Option<String>| columns.iter().position(|c| Some(&c.name) == name.as_ref());
        let index_columns = info
            .query_map(params![name], |row| {
                Ok(IndexColumnFacts {
                    column: position(row.get(0)?),
                    collation: row.get::<_, Option<String>>(1)?.unwrap_or_default(),
                    descending: row.get(2)?,
                })
            })?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        indexes.push(IndexFacts {
            name,
            unique: row.get(1)?,
            primary: row.get::<_, String>(2)? == "pk",
            partial: row.get(3)?,
            columns: index_columns,
        });
    }
    Ok(indexes)
}
