//! The MySQL store under the contract, on a real MariaDB.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use sqlx::mysql::{MySqlArguments, MySqlConnectOptions, MySqlConnection, MySqlRow, MySqlSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Row as _};
use syncline::model::schema::{Column, Index, ReferentialAction, Table};
use syncline::model::settings::{EndpointSettings, Secret, Tls};
use syncline::model::types::LogicalType;
use syncline::model::value::{Value, ValueRef};
use syncline::store::memory::TableDefinition;
use syncline::store::{self, Store};

use super::memory::portable_key_types;
use super::{Backend, Independent, Made, Role};

/// Makes databases on the server that the test command started.
#[derive(Default)]
pub struct MariaDb {
    /// Whether text gets a collation that is not by bytes.
    pub folded: bool,
}

/// Where the server is, with the rights of an administrator. One without a server fails.
pub fn server() -> url::Url {
    let address = std::env::var("SYNCLINE_TEST_MARIADB")
        .expect("no MariaDB to test on: start the servers with tests/run or tests/servers");
    url::Url::parse(&address).unwrap()
}

/// A connection of the test's own.
pub async fn connect(database: Option<&str>) -> MySqlConnection {
    let server = server();
    let mut options = MySqlConnectOptions::new()
        .host(server.host_str().unwrap())
        .port(server.port().unwrap())
        .username(server.username())
        .password(server.password().unwrap())
        .ssl_mode(MySqlSslMode::Disabled)
        .pipes_as_concat(false);
    if let Some(database) = database {
        options = options.database(database);
    }
    options.connect().await.unwrap()
}

/// Runs statements.
pub async fn run(database: Option<&str>, statements: &str) {
    let mut connection = connect(database).await;
    sqlx::raw_sql(AssertSqlSafe(statements.to_owned())).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// Runs a future from code that cannot wait, on a runtime of its own.
pub fn wait<T: Send>(work: impl Future<Output = T> + Send) -> T {
    std::thread::scope(|scope| {
        let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        scope.spawn(move || runtime().block_on(work)).join().unwrap()
    })
}

/// A database that goes with this value.
pub struct Scratch {
    /// Its name.
    pub name: String,
}

impl Scratch {
    /// A new one, empty.
    pub async fn new() -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("t{}_{number}", std::process::id());
        run(None, &format!("CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin")).await;
        Self { name }
    }

    /// How a store reaches it, unencrypted: a handshake takes 40 ms, in which both ends wait for each other.
    pub fn endpoint(&self) -> EndpointSettings {
        let server = server();
        let (user, host, port) = (server.username(), server.host_str().unwrap(), server.port().unwrap());
        EndpointSettings {
            secret: Some(Secret::new(server.password().unwrap())),
            tls: Some(Tls::Off),
            ..EndpointSettings::at(format!("mysql://{user}@{host}:{port}/{}", self.name))
        }
    }

    /// A store on it.
    pub fn store(&self, role: store::Role) -> Arc<dyn Store> {
        store::open::open(&self.endpoint(), role).unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let name = self.name.clone();
        wait(async move {
            let mut connection = connect(None).await;
            // What still reads it would hold the drop up, and cannot go while the test's thread waits here.
            let asked =
                format!("SELECT CAST(ID AS CHAR) FROM information_schema.PROCESSLIST WHERE DB = '{name}'");
            let readers = sqlx::raw_sql(AssertSqlSafe(asked)).fetch_all(&mut connection).await.unwrap();
            let kill = readers.iter().map(|row| format!("KILL {}", row.get::<String, _>(0)));
            for statement in kill.chain([format!("DROP DATABASE IF EXISTS {name}")]) {
                // One that ended meanwhile is no longer there to be killed.
                let _ = sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await;
            }
        });
    }
}

#[async_trait]
impl Backend for MariaDb {
    async fn make(&self, role: Role, tables: Vec<TableDefinition>) -> Made {
        let scratch = Scratch::new().await;
        let statements: String = tables.iter().map(|table| self.create(table, &tables)).collect();
        run(Some(&scratch.name), &statements).await;
        let role = match role {
            Role::Source => store::Role::Source,
            Role::Target => store::Role::Target,
        };
        Made { store: scratch.store(role), database: Box::new(Server { scratch }) }
    }

    fn key_types(&self) -> Vec<(LogicalType, Vec<Value>)> {
        let day = 86_400_000_000;
        let mut types = portable_key_types();
        types.retain(|(logical, _)| *logical != LogicalType::Any);
        types.extend([
            (
                LogicalType::Integer { bits: 64, signed: false },
                [0, 1, 255, u64::MAX.into(), 1 << 63].map(Value::Integer).to_vec(),
            ),
            (LogicalType::Integer { bits: 8, signed: true }, [-128, 127, 0].map(Value::Integer).to_vec()),
            (
                LogicalType::Decimal { precision: Some(40), scale: Some(2) },
                ["0.00", "-0.50", "0.25", "10.00", "-100.00", "99999999999999999999.01", "1.50"]
                    .map(|digits| Value::Decimal(digits.into()))
                    .to_vec(),
            ),
            (
                LogicalType::Float { bits: 32 },
                [0.0, 0.1f32, -2.5, 1e30].map(|x| Value::Real(x.into())).to_vec(),
            ),
            (LogicalType::Date, [-1, 0, 20_000, -719_528, 2_932_896].map(Value::Date).to_vec()),
            (
                LogicalType::Time { precision: 6 },
                [-1, 0, 86_399_999_999, -838 * 3_600_000_000, 100 * 3_600_000_000].map(Value::Time).to_vec(),
            ),
            (
                LogicalType::Timestamp { precision: 6 },
                [-719_528 * day, -1, 0, 1_763_654_521_000_001].map(Value::Timestamp).to_vec(),
            ),
            (
                LogicalType::TimestampUtc { precision: 3 },
                [1_000_000, 7_000, 1_763_654_521_001_000].map(Value::TimestampUtc).to_vec(),
            ),
            (
                LogicalType::Uuid,
                [
                    [0; 16],
                    [9; 16],
                    *b"\x81\x02\x03\x04\x05\x06\x47\x08\x89\x10\x11\x12\x13\x14\x15\x16",
                    *b"\x01\x02\x03\x04\x05\x06\x17\x08\x89\x10\x11\x12\x13\x14\x15\x16",
                ]
                .map(Value::Uuid)
                .to_vec(),
            ),
            (LogicalType::Boolean, [false, true].map(Value::Boolean).to_vec()),
        ]);
        types
    }

    fn defers_references(&self) -> bool {
        false
    }
}

impl MariaDb {
    fn create(&self, definition: &TableDefinition, all: &[TableDefinition]) -> String {
        let table = &definition.table;
        let mut parts: Vec<String> = table.columns.iter().map(|column| self.column(column, table)).collect();
        for index in &table.indexes {
            let columns = list(index.columns.iter().filter_map(|column| column.name.as_deref()));
            parts.push(match index {
                Index { name, .. } if name == "primary" => format!("PRIMARY KEY ({columns})"),
                Index { name, unique, .. } => {
                    format!("{} `{name}` ({columns})", if *unique { "UNIQUE" } else { "INDEX" })
                }
            });
        }
        for reference in &table.foreign_keys {
            let action = match reference.on_delete {
                ReferentialAction::Cascade => "CASCADE",
                ReferentialAction::SetNull => "SET NULL",
                ReferentialAction::Refuse | ReferentialAction::SetDefault => "NO ACTION",
            };
            let columns = list(reference.columns.iter().map(String::as_str));
            let parent = &reference.parent.name;
            let found = all.iter().find(|other| other.table.name.name == *parent).unwrap();
            let parents = if reference.parent_columns.is_empty() {
                &found.table.primary_key
            } else {
                &reference.parent_columns
            };
            let parents = list(parents.iter().map(String::as_str));
            parts.push(format!(
                "FOREIGN KEY ({columns}) REFERENCES `{parent}` ({parents}) ON DELETE {action}"
            ));
        }
        parts.extend(definition.checks.iter().map(|check| format!("CHECK ({check})")));
        format!("CREATE TABLE `{}` ({}) ENGINE = InnoDB;\n", table.name.name, parts.join(", "))
    }

    fn column(&self, column: &Column, table: &Table) -> String {
        let in_index =
            table.indexes.iter().any(|i| i.columns.iter().any(|c| c.name.as_ref() == Some(&column.name)));
        let declared = match &column.logical_type {
            LogicalType::Integer { bits: 64, signed: true } => "BIGINT".to_owned(),
            LogicalType::Integer { bits: 64, signed: false } => "BIGINT UNSIGNED".to_owned(),
            LogicalType::Integer { bits: 8, signed: true } => "TINYINT".to_owned(),
            LogicalType::Float { bits: 32 } => "FLOAT".to_owned(),
            // A column of any type has nothing to stand for it; numbers will do for the suite.
            LogicalType::Float { .. } | LogicalType::Any => "DOUBLE".to_owned(),
            LogicalType::Decimal { precision: Some(precision), scale: Some(scale) } => {
                format!("DECIMAL({precision},{scale})")
            }
            LogicalType::Text { .. } if in_index => "VARCHAR(190)".to_owned(),
            LogicalType::Text { .. } => "LONGTEXT".to_owned(),
            LogicalType::Blob { .. } if in_index => "VARBINARY(190)".to_owned(),
            LogicalType::Blob { .. } => "LONGBLOB".to_owned(),
            LogicalType::Date => "DATE".to_owned(),
            LogicalType::Time { precision } => format!("TIME({precision})"),
            LogicalType::Timestamp { precision } => format!("DATETIME({precision})"),
            LogicalType::TimestampUtc { precision } => format!("TIMESTAMP({precision})"),
            LogicalType::Uuid => "UUID".to_owned(),
            LogicalType::Boolean => "BIT(1)".to_owned(),
            other => panic!("the suite asks for a type that MariaDB has no keys of: {other:?}"),
        };
        let is_text = matches!(column.logical_type, LogicalType::Text { .. });
        let collation = if self.folded && is_text { " COLLATE utf8mb4_general_ci" } else { "" };
        let null = if column.nullable { " NULL" } else { " NOT NULL" };
        let default = column.default.as_ref().map_or(String::new(), |default| format!(" DEFAULT {default}"));
        format!("`{}` {declared}{collation}{null}{default}", column.name)
    }
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The database, seen through connections of its own.
struct Server {
    scratch: Scratch,
}

impl Server {
    fn query(&self, statement: String) -> Vec<MySqlRow> {
        let name = self.scratch.name.clone();
        wait(async move {
            let mut connection = connect(Some(&name)).await;
            sqlx::raw_sql(AssertSqlSafe(statement)).fetch_all(&mut connection).await.unwrap()
        })
    }

    /// Names and types of a table's columns.
    fn columns(&self, table: &str) -> Vec<(String, String)> {
        let of = format!("TABLE_SCHEMA = '{}' AND TABLE_NAME = '{table}'", self.scratch.name);
        let asked = format!(
            "SELECT COLUMN_NAME, DATA_TYPE FROM information_schema.COLUMNS WHERE {of} ORDER BY ORDINAL_POSITION"
        );
        self.query(asked).iter().map(|row| (row.get(0), row.get::<String, _>(1))).collect()
    }
}

impl Independent for Server {
    /// Everything as text, by the server's own conversions.
    fn rows(&self, table: &str) -> Vec<Vec<Value>> {
        let columns = self.columns(table);
        let outputs = columns.iter().map(|(name, kind)| match kind.as_str() {
            "longblob" | "varbinary" | "binary" => format!("HEX(`{name}`)"),
            "bit" => format!("CAST(`{name}` + 0 AS CHAR)"),
            "float" => format!("CAST(CAST(`{name}` AS DOUBLE) AS CHAR)"),
            "time" => format!("CAST(CAST(TIME_TO_SEC(`{name}`) * 1000000 AS DECIMAL(30)) AS CHAR)"),
            _ => format!("CAST(`{name}` AS CHAR)"),
        });
        let outputs = outputs.collect::<Vec<_>>().join(", ");
        let rows = self.query(format!("SELECT {outputs} FROM `{table}`"));
        let value = |row: &MySqlRow, index: usize| {
            let text: Option<String> = row.get(index);
            text.map_or(Value::Null, |text| value(&columns[index].1, text))
        };
        rows.iter().map(|row| (0..columns.len()).map(|index| value(row, index)).collect()).collect()
    }

    fn insert(&self, table: &str, rows: &[Vec<Value>]) {
        let (name, table, rows) = (self.scratch.name.clone(), table.to_owned(), rows.to_vec());
        wait(async move {
            let mut connection = connect(Some(&name)).await;
            let strict = "SET sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO'";
            sqlx::raw_sql(strict).execute(&mut connection).await.unwrap();
            sqlx::raw_sql("START TRANSACTION").execute(&mut connection).await.unwrap();
            for chunk in rows.chunks(500) {
                let mut statement = format!("INSERT INTO `{table}` VALUES ");
                let mut arguments = MySqlArguments::default();
                for (index, row) in chunk.iter().enumerate() {
                    let marks = vec!["?"; row.len()].join(", ");
                    let _ = write!(statement, "{}({marks})", if index == 0 { "" } else { ", " });
                    for value in row {
                        bind(&mut arguments, value);
                    }
                }
                sqlx::query_with(AssertSqlSafe(statement), arguments).execute(&mut connection).await.unwrap();
            }
            sqlx::raw_sql("COMMIT").execute(&mut connection).await.unwrap();
        });
    }

    fn clear(&self, table: &str) {
        self.query(format!("DELETE FROM `{table}`"));
    }

    fn run(&self, script: &str) -> bool {
        self.query(script.to_owned());
        true
    }
}

fn bind(arguments: &mut MySqlArguments, value: &Value) {
    use sqlx::Arguments as _;
    let added = match value.as_ref() {
        ValueRef::Null => arguments.add(None::<i64>),
        ValueRef::Boolean(b) => arguments.add(i64::from(b)),
        ValueRef::Integer(n) if n > i64::MAX.into() => arguments.add(u64::try_from(n).unwrap()),
        ValueRef::Integer(n) => arguments.add(i64::try_from(n).unwrap()),
        ValueRef::Real(x) => arguments.add(x),
        ValueRef::Text(bytes) => arguments.add(std::str::from_utf8(bytes).unwrap()),
        ValueRef::Blob(bytes) => arguments.add(bytes),
        ValueRef::Decimal(digits) => arguments.add(digits),
        ValueRef::Date(days) => arguments.add(date(days.into())),
        ValueRef::Timestamp(us) | ValueRef::TimestampUtc(us) => {
            let (days, us) = (us.div_euclid(86_400_000_000), us.rem_euclid(86_400_000_000));
            arguments.add(format!("{} {}", date(days), time(us)))
        }
        ValueRef::Time(us) => arguments.add(time(us)),
        value @ ValueRef::Uuid(_) => arguments.add(value.to_string()),
        other @ ValueRef::Json(_) => panic!("the suite writes no {other}"),
    };
    added.unwrap();
}

fn date(days: i64) -> String {
    let day = jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().days(days)).unwrap();
    format!("{:04}-{:02}-{:02}", day.year(), day.month(), day.day())
}

fn time(us: i64) -> String {
    let (sign, seconds) = (if us < 0 { "-" } else { "" }, us.abs() / 1_000_000);
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!("{sign}{hours:02}:{minutes:02}:{:02}.{:06}", seconds % 60, us.abs() % 1_000_000)
}

/// Microseconds from 1970 to a date and time.
fn civil(text: &str) -> i64 {
    let moment: jiff::civil::DateTime = text.parse().unwrap();
    let days = moment.date().since(jiff::civil::date(1970, 1, 1)).unwrap().get_days();
    let time = moment.time().since(jiff::civil::Time::midnight()).unwrap();
    i64::from(days) * 86_400_000_000 + time.total(jiff::Unit::Microsecond).unwrap().round() as i64
}

/// A value from the text that [`Independent::rows`] asks for.
fn value(kind: &str, text: String) -> Value {
    let number = || text.split('.').next().unwrap().parse::<i64>().unwrap();
    match kind {
        "bigint" | "tinyint" => Value::Integer(text.parse().unwrap()),
        "bit" => Value::Boolean(text != "0"),
        "float" | "double" => Value::Real(text.parse().unwrap()),
        "decimal" => Value::Decimal(text),
        "longblob" | "varbinary" | "binary" => {
            let byte = |index| u8::from_str_radix(&text[index..index + 2], 16).unwrap();
            Value::Blob((0..text.len()).step_by(2).map(byte).collect())
        }
        "date" => Value::Date((civil(&format!("{text} 00:00:00")) / 86_400_000_000) as i32),
        "time" => Value::Time(number()),
        "datetime" => Value::Timestamp(civil(&text)),
        "timestamp" => Value::TimestampUtc(civil(&text)),
        "uuid" => {
            let digits = text.replace('-', "");
            let byte = |index: usize| u8::from_str_radix(&digits[2 * index..2 * index + 2], 16).unwrap();
            Value::Uuid(std::array::from_fn(byte))
        }
        _ => Value::Text(text.into_bytes()),
    }
}
