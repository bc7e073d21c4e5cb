//! Tables as information_schema tells them.

use sqlx::mysql::MySqlRow;
use sqlx::{Decode, MySql, Row as _};

use super::connect::Session;
use super::sql;
use super::types::{Declared, Wire};
use super::value::Param;
use crate::model::schema::{ReferentialAction, TableName};
use crate::model::types::LogicalType;

/// A table.
#[derive(Debug, Clone)]
pub(super) struct TableFacts {
    pub(super) name: TableName,
    /// The storage engine.
    pub(super) engine: String,
    pub(super) columns: Vec<ColumnFacts>,
    pub(super) indexes: Vec<IndexFacts>,
    pub(super) foreign_keys: Vec<ForeignKeyFacts>,
    pub(super) triggers: Vec<String>,
}

/// A column.
#[derive(Debug, Clone)]
pub(super) struct ColumnFacts {
    pub(super) name: String,
    pub(super) declared: String,
    pub(super) data_type: String,
    pub(super) logical: LogicalType,
    pub(super) wire: Wire,
    pub(super) nullable: bool,
    /// As SQL.
    pub(super) default: Option<String>,
    pub(super) generated: bool,
    pub(super) auto_increment: bool,
    pub(super) collation: Option<String>,
}

/// An index.
#[derive(Debug, Clone)]
pub(super) struct IndexFacts {
    pub(super) name: String,
    pub(super) unique: bool,
    pub(super) columns: Vec<IndexColumnFacts>,
}

/// A column of an index.
#[derive(Debug, Clone)]
pub(super) struct IndexColumnFacts {
    /// Position in the table; none for an expression.
    pub(super) column: Option<usize>,
    /// Holds only the beginning of each value.
    pub(super) prefix: bool,
    pub(super) descending: bool,
}

/// A reference to another table.
#[derive(Debug, Clone)]
pub(super) struct ForeignKeyFacts {
    pub(super) columns: Vec<String>,
    pub(super) parent: TableName,
    pub(super) parent_columns: Vec<String>,
    pub(super) on_delete: ReferentialAction,
}

/// A text of a row; none for NULL.
pub(super) fn text(row: &MySqlRow, index: usize) -> Option<String> {
    raw(row, index).map(|bytes| String::from_utf8_lossy(bytes).into_owned())
}

/// The bytes of a field as they came; none for NULL.
pub(super) fn raw(row: &MySqlRow, index: usize) -> Option<&[u8]> {
    let value = row.try_get_raw(index).ok()?;
    // NULL is the only thing that this decoder refuses. `is_null` would take zero dates for NULL.
    <&[u8] as Decode<'_, MySql>>::decode(value).ok()
}

/// A whole number of a row, as it comes in the binary protocol; 0 for NULL.
pub(super) fn number(row: &MySqlRow, index: usize) -> u64 {
    let bytes = raw(row, index).unwrap_or_default();
    let mut whole = [0; 8];
    let length = bytes.len().min(8);
    whole[..length].copy_from_slice(&bytes[..length]);
    u64::from_le_bytes(whole)
}

/// A whole number that the query turned into text.
fn parsed(row: &MySqlRow, index: usize) -> Option<u64> {
    text(row, index)?.parse().ok()
}

impl TableFacts {
    /// The position of a column: exact spelling, then without regard to case, as the server finds it.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        let exact = self.columns.iter().position(|column| column.name == name);
        exact.or_else(|| self.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name)))
    }

    /// The primary key's columns, in key order.
    pub(super) fn primary_key(&self) -> Vec<usize> {
        let primary = self.indexes.iter().find(|index| index.name == "PRIMARY");
        primary.map_or(Vec::new(), |index| index.columns.iter().filter_map(|c| c.column).collect())
    }

    /// An index that serves rows in the order of exactly these columns; of InnoDB's, each ends with the primary key.
    pub(super) fn index_serving(&self, columns: &[usize]) -> Option<&IndexFacts> {
        let primary = self.primary_key();
        self.indexes.iter().find(|index| {
            let whole = index.columns.iter().all(|column| !column.prefix && !column.descending);
            let own: Vec<Option<usize>> = index.columns.iter().map(|column| column.column).collect();
            let suffix = primary.iter().map(|&column| Some(column)).filter(|column| !own.contains(column));
            let all = own.iter().copied().chain(suffix.collect::<Vec<_>>());
            whole && !columns.is_empty() && all.clone().count() >= columns.len() && {
                all.zip(columns).all(|(has, &wanted)| has == Some(wanted))
            }
        })
    }

    /// Whether these columns, none of them NULL, tell all rows apart.
    pub(super) fn is_unique(&self, columns: &[usize]) -> bool {
        self.unique_index(columns).is_some()
    }

    /// A unique index on some or all of these columns, the primary key first.
    pub(super) fn unique_index(&self, columns: &[usize]) -> Option<&IndexFacts> {
        let covered = |index: &&IndexFacts| {
            index.columns.iter().all(|c| c.column.is_some_and(|c| columns.contains(&c)))
        };
        let mut found: Vec<&IndexFacts> =
            self.indexes.iter().filter(|index| index.unique).filter(covered).collect();
        found.sort_by_key(|index| index.name != "PRIMARY");
        found.first().copied()
    }

    /// Whether transactions mean anything to its storage engine.
    pub(super) fn is_transactional(&self) -> bool {
        ["InnoDB", "ROCKSDB", "TokuDB", "ndbcluster"]
            .iter()
            .any(|name| name.eq_ignore_ascii_case(&self.engine))
    }

    /// The table in SQL.
    pub(super) fn sql_name(&self) -> String {
        sql::table(&self.name)
    }
}

impl ColumnFacts {
    /// The column in SQL.
    pub(super) fn sql_name(&self) -> String {
        sql::quote(&self.name)
    }

    /// Whether the server compares and sorts the bare column as keys are compared and sorted.
    pub(super) fn sorts_as_keys(&self) -> bool {
        match self.wire {
            Wire::Text => {
                matches!(self.data_type.as_str(), "varchar" | "tinytext" | "text" | "mediumtext" | "longtext")
                    && self.collation.as_deref().is_some_and(is_byte_collation)
            }
            Wire::Json | Wire::Uuid => false,
            Wire::Blob => !matches!(self.logical, LogicalType::Other(_)),
            _ => true,
        }
    }

    /// Whether paging by `column > last` follows the server's own order of the column.
    pub(super) fn can_be_paged(&self) -> bool {
        !matches!(self.data_type.as_str(), "enum" | "set") && !matches!(self.logical, LogicalType::Other(_))
    }

    /// What the server sorts as keys are sorted.
    pub(super) fn order_sql(&self) -> String {
        let name = self.sql_name();
        match self.wire {
            _ if self.sorts_as_keys() => name,
            Wire::Uuid => format!("UNHEX(REPLACE(CAST({name} AS CHAR), '-', ''))"),
            Wire::Blob => format!("CAST({name} AS BINARY)"),
            _ => format!("CAST(CONVERT({name} USING utf8mb4) AS BINARY)"),
        }
    }
}

/// Whether a collation sorts text as its UTF-8 bytes sort, and holds no two texts for equal.
fn is_byte_collation(collation: &str) -> bool {
    // Of latin1 and the like, some bytes sort otherwise than the characters that they stand for; with padding, `a` and
    // `a ` are one, and a control character sorts before nothing.
    matches!(
        collation.to_ascii_lowercase().as_str(),
        "utf8mb4_nopad_bin"
            | "utf8mb3_nopad_bin"
            | "utf8_nopad_bin"
            | "ascii_nopad_bin"
            | "utf8mb4_0900_bin"
            | "binary"
    )
}

/// One table; none when there is no such table.
pub(super) async fn one(session: &mut Session, name: &TableName) -> Result<Option<TableFacts>, sqlx::Error> {
    let schema = name.schema.clone().unwrap_or_else(|| session.database.clone());
    let mut found = read(session, &schema, Some(&name.name)).await?;
    for table in &mut found {
        table.name = name.clone();
    }
    Ok(found.into_iter().find(|table| !table.columns.is_empty()))
}

/// Every table of the session's database.
pub(super) async fn all(session: &mut Session) -> Result<Vec<TableFacts>, sqlx::Error> {
    let schema = session.database.clone();
    read(session, &schema, None).await
}

/// Asks for rows of a view of information_schema, of one table or all.
async fn ask(
    session: &mut Session,
    select: &str,
    (schema_column, table_column): (&str, &str),
    order: &str,
    (schema, table): (&str, Option<&str>),
) -> Result<Vec<MySqlRow>, sqlx::Error> {
    let mut params = vec![Param::Text(schema.to_owned())];
    let mut condition = format!("{schema_column} = ?");
    if let Some(table) = table {
        condition = format!("{condition} AND {table_column} = ?");
        params.push(Param::Text(table.to_owned()));
    }
    session.rows(&format!("{select} WHERE {condition} ORDER BY {order}"), &params).await
}

async fn read(
    session: &mut Session,
    schema: &str,
    table: Option<&str>,
) -> Result<Vec<TableFacts>, sqlx::Error> {
    let of = (schema, table);
    let tables = ask(
        session,
        "SELECT TABLE_NAME, ENGINE FROM information_schema.TABLES",
        ("TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') AND TABLE_SCHEMA", "TABLE_NAME"),
        "TABLE_NAME",
        of,
    )
    .await?;
    let mut found: Vec<TableFacts> = tables
        .iter()
        .map(|row| TableFacts {
            name: TableName::new(text(row, 0).unwrap_or_default()),
            engine: text(row, 1).unwrap_or_default(),
            columns: Vec::new(),
            indexes: Vec::new(),
            foreign_keys: Vec::new(),
            triggers: Vec::new(),
        })
        .collect();
    let json = checked_json(session, of).await?;
    let mariadb = session.flavor.mariadb;
    let columns = ask(
        session,
        "SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, IS_NULLABLE, COLUMN_DEFAULT, EXTRA, \
        GENERATION_EXPRESSION, COLLATION_NAME, CAST(CHARACTER_MAXIMUM_LENGTH AS CHAR), \
        CAST(NUMERIC_PRECISION AS CHAR), CAST(NUMERIC_SCALE AS CHAR), CAST(DATETIME_PRECISION AS CHAR) FROM information_schema.COLUMNS",
        ("TABLE_SCHEMA", "TABLE_NAME"),
        "TABLE_NAME, ORDINAL_POSITION",
        of,
    )
    .await?;
    for row in &columns {
        if let Some(table) = named(&mut found, row) {
            let column = column(row, &table.name.name, &json, mariadb);
            table.columns.push(column);
        }
    }
    indexes(session, of, &mut found).await?;
    foreign_keys(session, of, &mut found).await?;
    let triggers = ask(
        session,
        "SELECT EVENT_OBJECT_TABLE, TRIGGER_NAME FROM information_schema.TRIGGERS",
        ("EVENT_OBJECT_SCHEMA", "EVENT_OBJECT_TABLE"),
        "TRIGGER_NAME",
        of,
    )
    .await?;
    for row in &triggers {
        if let Some(table) = named(&mut found, row) {
            table.triggers.extend(text(row, 1));
        }
    }
    Ok(found)
}

fn named<'a>(tables: &'a mut [TableFacts], row: &MySqlRow) -> Option<&'a mut TableFacts> {
    let name = text(row, 0)?;
    tables.iter_mut().find(|table| table.name.name == name)
}

/// Columns that MariaDB keeps JSON in: those with the check that `JSON` stands for.
async fn checked_json(
    session: &mut Session,
    of: (&str, Option<&str>),
) -> Result<Vec<(String, String)>, sqlx::Error> {
    if !session.flavor.mariadb {
        return Ok(Vec::new());
    }
    let checks = ask(
        session,
        "SELECT TABLE_NAME, CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS",
        ("CONSTRAINT_SCHEMA", "TABLE_NAME"),
        "TABLE_NAME",
        of,
    )
    .await?;
    let column = |row: &MySqlRow| {
        let clause = text(row, 1)?;
        let column = clause.strip_prefix("json_valid(`")?.strip_suffix("`)")?;
        Some((text(row, 0)?, column.replace("``", "`")))
    };
    Ok(checks.iter().filter_map(column).collect())
}

fn column(row: &MySqlRow, table: &str, json: &[(String, String)], mariadb: bool) -> ColumnFacts {
    let name = text(row, 1).unwrap_or_default();
    let declared = Declared {
        data_type: text(row, 2).unwrap_or_default().to_ascii_lowercase(),
        column_type: text(row, 3).unwrap_or_default(),
        characters_max: parsed(row, 9),
        precision: parsed(row, 10),
        scale: parsed(row, 11),
        time_precision: parsed(row, 12),
        checked_json: json.iter().any(|(of, column)| of == table && *column == name),
    };
    let (logical, wire) = declared.meaning();
    let extra = text(row, 6).unwrap_or_default().to_ascii_lowercase();
    let default = text(row, 5).and_then(|default| default_sql(default, &extra, &declared, mariadb));
    ColumnFacts {
        declared: declared.shown(),
        data_type: declared.data_type,
        logical,
        wire,
        nullable: text(row, 4).is_some_and(|answer| answer == "YES"),
        default,
        generated: text(row, 7).is_some_and(|expression| !expression.is_empty()),
        auto_increment: extra.contains("auto_increment"),
        collation: text(row, 8),
        name,
    }
}

/// MariaDB tells defaults as SQL; MySQL tells constants as they are, and marks expressions.
fn default_sql(default: String, extra: &str, declared: &Declared, mariadb: bool) -> Option<String> {
    if mariadb {
        return Some(default).filter(|default| default != "NULL");
    }
    if extra.contains("default_generated") {
        let plain = default.to_ascii_uppercase().starts_with("CURRENT_TIMESTAMP");
        return Some(if plain { default } else { format!("({default})") });
    }
    let is_number =
        matches!(declared.meaning().1, Wire::Signed | Wire::Unsigned | Wire::Float | Wire::Double)
            || matches!(declared.meaning().1, Wire::Decimal | Wire::Truth | Wire::Bits);
    Some(if is_number { default } else { sql::text_literal(&default) })
}

async fn indexes(
    session: &mut Session,
    of: (&str, Option<&str>),
    found: &mut [TableFacts],
) -> Result<(), sqlx::Error> {
    let rows = ask(
        session,
        "SELECT TABLE_NAME, INDEX_NAME, NON_UNIQUE = 0, COLUMN_NAME, SUB_PART, COLLATION, INDEX_TYPE \
        FROM information_schema.STATISTICS",
        ("TABLE_SCHEMA", "TABLE_NAME"),
        "TABLE_NAME, INDEX_NAME <> 'PRIMARY', INDEX_NAME, SEQ_IN_INDEX",
        of,
    )
    .await?;
    for row in &rows {
        let Some(table) = named(found, row) else { continue };
        // Full-text and spatial indexes serve neither order nor equality.
        if !text(row, 6).is_some_and(|kind| matches!(kind.as_str(), "BTREE" | "HASH" | "LSM")) {
            continue;
        }
        let name = text(row, 1).unwrap_or_default();
        if table.indexes.last().is_none_or(|last| last.name != name) {
            table.indexes.push(IndexFacts { name, unique: number(row, 2) != 0, columns: Vec::new() });
        }
        let column = text(row, 3).and_then(|name| table.position(&name));
        let index = table.indexes.last_mut().expect("one was just pushed");
        index.columns.push(IndexColumnFacts {
            column,
            prefix: raw(row, 4).is_some(),
            descending: text(row, 5).is_some_and(|order| order == "D"),
        });
    }
    Ok(())
}

async fn foreign_keys(
    session: &mut Session,
    of: (&str, Option<&str>),
    found: &mut [TableFacts],
) -> Result<(), sqlx::Error> {
    let rows = ask(
        session,
        "SELECT k.TABLE_NAME, k.CONSTRAINT_NAME, k.COLUMN_NAME, k.REFERENCED_TABLE_SCHEMA, \
        k.REFERENCED_TABLE_NAME, k.REFERENCED_COLUMN_NAME, r.DELETE_RULE \
        FROM information_schema.KEY_COLUMN_USAGE k JOIN information_schema.REFERENTIAL_CONSTRAINTS r \
        ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME \
        AND r.TABLE_NAME = k.TABLE_NAME",
        ("k.TABLE_SCHEMA", "k.TABLE_NAME"),
        "k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION",
        of,
    )
    .await?;
    let mut last: Option<(String, String)> = None;
    for row in &rows {
        let Some(table) = named(found, row) else { continue };
        let this = (table.name.name.clone(), text(row, 1).unwrap_or_default());
        if last.as_ref() != Some(&this) {
            last = Some(this);
            let on_delete = match text(row, 6).unwrap_or_default().as_str() {
                "CASCADE" => ReferentialAction::Cascade,
                "SET NULL" => ReferentialAction::SetNull,
                "SET DEFAULT" => ReferentialAction::SetDefault,
                _ => ReferentialAction::Refuse,
            };
            let schema = text(row, 3).filter(|schema| schema != of.0);
            let parent = TableName { schema, name: text(row, 4).unwrap_or_default() };
            table.foreign_keys.push(ForeignKeyFacts {
                columns: Vec::new(),
                parent,
                parent_columns: Vec::new(),
                on_delete,
            });
        }
        let reference = table.foreign_keys.last_mut().expect("one was just pushed");
        reference.columns.extend(text(row, 2));
        reference.parent_columns.extend(text(row, 5));
    }
    Ok(())
}
