//! The SQLite store under the contract.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::Connection;
use rusqlite::types::{ToSqlOutput, ValueRef as SqlRef};
use syncline::model::schema::{Column, Index, ReferentialAction, Table};
use syncline::model::types::LogicalType;
use syncline::model::value::Value;
use syncline::store::memory::TableDefinition;
use syncline::store::sqlite::SqliteStore;
use syncline::store::{self};

use super::memory::portable_key_types;
use super::{Backend, Independent, Made, Role};

/// Makes SQLite databases.
pub struct Sqlite {
    /// Journal mode of the file.
    pub journal: &'static str,
    /// What follows `CREATE TABLE (…)`, where the table allows it.
    pub options: &'static str,
    /// Whether key columns get a collation that no index serves key order in.
    pub collated: bool,
}

impl Sqlite {
    /// Ordinary tables in a database with this journal mode.
    pub fn with(journal: &'static str) -> Self {
        Self { journal, options: "", collated: false }
    }
}

#[async_trait]
impl Backend for Sqlite {
    async fn make(&self, role: Role, tables: Vec<TableDefinition>) -> Made {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("contract.db");
        let connection = Connection::open(&path).unwrap();
        connection.pragma_update(None, "journal_mode", self.journal).unwrap();
        connection.pragma_update(None, "synchronous", "OFF").unwrap();
        for table in &tables {
            connection.execute_batch(&self.create(table)).unwrap();
        }
        drop(connection);
        let role = match role {
            Role::Source => store::Role::Source,
            Role::Target => store::Role::Target,
        };
        Made {
            store: Arc::new(SqliteStore::open(&path, role)),
            database: Box::new(File { path, _folder: folder }),
        }
    }

    fn key_types(&self) -> Vec<(LogicalType, Vec<Value>)> {
        portable_key_types()
    }
}

impl Sqlite {
    fn create(&self, definition: &TableDefinition) -> String {
        let table = &definition.table;
        let mut parts: Vec<String> = table.columns.iter().map(|column| self.column(column, table)).collect();
        let mut indexes = String::new();
        for index in &table.indexes {
            let columns = list(index.columns.iter().filter_map(|column| column.name.as_deref()));
            match index {
                Index { name, .. } if name == "primary" => parts.push(format!("PRIMARY KEY ({columns})")),
                Index { unique: true, .. } => parts.push(format!("UNIQUE ({columns})")),
                Index { name, .. } => {
                    let name = format!("{}_{name}", table.name.name);
                    let table = &table.name.name;
                    let _ = write!(indexes, "CREATE INDEX \"{name}\" ON \"{table}\" ({columns});");
                }
            }
        }
        for reference in &table.foreign_keys {
            let action = match reference.on_delete {
                ReferentialAction::Refuse => "NO ACTION",
                ReferentialAction::Cascade => "CASCADE",
                ReferentialAction::SetNull => "SET NULL",
                ReferentialAction::SetDefault => "SET DEFAULT",
            };
            let columns = list(reference.columns.iter().map(String::as_str));
            let parents = list(reference.parent_columns.iter().map(String::as_str));
            let parents = if parents.is_empty() { parents } else { format!("({parents})") };
            let deferred = if reference.deferred { "DEFERRABLE INITIALLY DEFERRED" } else { "" };
            let parent = &reference.parent.name;
            parts.push(format!(
                "FOREIGN KEY ({columns}) REFERENCES \"{parent}\"{parents} ON DELETE {action} {deferred}"
            ));
        }
        parts.extend(definition.checks.iter().map(|check| format!("CHECK ({check})")));
        let options = if table.primary_key.is_empty() {
            self.options.replace("WITHOUT ROWID, ", "")
        } else {
            self.options.to_owned()
        };
        format!("CREATE TABLE \"{}\" ({}) {options};{indexes}", table.name.name, parts.join(", "))
    }

    fn column(&self, column: &Column, table: &Table) -> String {
        let declared = match &column.logical_type {
            LogicalType::Integer { .. } => "INTEGER",
            LogicalType::Float { .. } => "REAL",
            LogicalType::Text { .. } => "TEXT",
            LogicalType::Blob { .. } => "BLOB",
            LogicalType::Any if self.options.contains("STRICT") => "ANY",
            LogicalType::Any => "",
            other => panic!("the suite asks for a type that SQLite has no keys of: {other:?}"),
        };
        let null = if column.nullable { "" } else { " NOT NULL" };
        let default = column.default.as_ref().map_or(String::new(), |default| format!(" DEFAULT {default}"));
        let in_index =
            table.indexes.iter().any(|i| i.columns.iter().any(|c| c.name.as_ref() == Some(&column.name)));
        let collation = if self.collated && in_index { " COLLATE RTRIM" } else { "" };
        format!("\"{}\" {declared}{null}{default}{collation}", column.name)
    }
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}

/// The file, seen through connections of its own.
struct File {
    path: PathBuf,
    _folder: tempfile::TempDir,
}

impl File {
    fn connect(&self) -> Connection {
        let connection = Connection::open(&self.path).unwrap();
        connection.pragma_update(None, "synchronous", "OFF").unwrap();
        connection
    }
}

impl Independent for File {
    fn rows(&self, table: &str) -> Vec<Vec<Value>> {
        let connection = self.connect();
        let mut statement = connection.prepare(&format!("SELECT * FROM \"{table}\"")).unwrap();
        let width = statement.column_count();
        let row = |row: &rusqlite::Row<'_>| Ok((0..width).map(|i| value(row.get_ref_unwrap(i))).collect());
        statement.query_map([], row).unwrap().map(Result::unwrap).collect()
    }

    fn insert(&self, table: &str, rows: &[Vec<Value>]) {
        let mut connection = self.connect();
        let transaction = connection.transaction().unwrap();
        for row in rows {
            let marks = vec!["?"; row.len()].join(", ");
            transaction
                .prepare_cached(&format!("INSERT INTO \"{table}\" VALUES ({marks})"))
                .unwrap()
                .execute(rusqlite::params_from_iter(row.iter().map(Stored)))
                .unwrap();
        }
        transaction.commit().unwrap();
    }

    fn clear(&self, table: &str) {
        self.connect().execute(&format!("DELETE FROM \"{table}\""), []).unwrap();
    }

    fn run(&self, script: &str) -> bool {
        self.connect().execute_batch(script).unwrap();
        true
    }
}

/// A value as SQLite holds it.
pub fn value(value: SqlRef<'_>) -> Value {
    match value {
        SqlRef::Null => Value::Null,
        SqlRef::Integer(n) => Value::Integer(n.into()),
        SqlRef::Real(x) => Value::Real(x),
        SqlRef::Text(bytes) => Value::Text(bytes.to_vec()),
        SqlRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
    }
}

/// A value to be bound.
pub struct Stored<'a>(pub &'a Value);

impl rusqlite::ToSql for Stored<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => SqlRef::Null,
            Value::Integer(n) => SqlRef::Integer(i64::try_from(*n).unwrap()),
            Value::Real(x) => SqlRef::Real(*x),
            Value::Text(bytes) => SqlRef::Text(bytes),
            Value::Blob(bytes) => SqlRef::Blob(bytes),
            other => panic!("SQLite has no storage class for {other:?}"),
        }))
    }
}
