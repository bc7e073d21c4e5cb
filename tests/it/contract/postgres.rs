//! The PostgreSQL store under the contract, on the server that `tests/servers` starts.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};
use syncline::model::schema::{Column, Index, ReferentialAction, Table};
use syncline::model::settings::{EndpointSettings, Secret};
use syncline::model::types::LogicalType;
use syncline::model::value::Value;
use syncline::store::memory::TableDefinition;
use syncline::store::postgres::PostgresStore;
use syncline::store::{self, ServerAddress};

use super::memory::portable_key_types;
use super::{Backend, Independent, Made, Role};

/// Makes schemas in a PostgreSQL database.
#[derive(Default)]
pub struct Postgres {
    /// Whether text columns keep the database's own collation, which does not sort by bytes.
    pub collated: bool,
}

#[async_trait]
impl Backend for Postgres {
    async fn make(&self, role: Role, tables: Vec<TableDefinition>) -> Made {
        let database = Schema::make();
        let mut script = String::new();
        for table in &tables {
            script.push_str(&self.create(table));
        }
        database.execute(script);
        let role = match role {
            Role::Source => store::Role::Source,
            Role::Target => store::Role::Target,
        };
        let store = PostgresStore::new(database.address(role), role);
        Made { store: Arc::new(store), database: Box::new(Tables { schema: database, tables }) }
    }

    fn key_types(&self) -> Vec<(LogicalType, Vec<Value>)> {
        let mut types = portable_key_types();
        types.retain(|(logical, _)| *logical != LogicalType::Any);
        for (_, values) in &mut types {
            // No text holds a NUL.
            values.retain(|value| !matches!(value, Value::Text(bytes) if bytes.contains(&0)));
        }
        let decimals = ["0", "-0.5", "0.25", "10", "-100", "99999999999999999999.01", "1.5"];
        types.extend([
            (
                LogicalType::Integer { bits: 16, signed: true },
                [0, -1, 32767, -32768].map(Value::Integer).to_vec(),
            ),
            (
                LogicalType::Decimal { precision: None, scale: None },
                decimals.map(|digits| Value::Decimal(digits.into())).to_vec(),
            ),
            (LogicalType::Date, [-1, 0, 20_000, -800_000, 2_000_000].map(Value::Date).to_vec()),
            (LogicalType::Time { precision: 6 }, [0, 1, 86_399_999_999].map(Value::Time).to_vec()),
            (
                LogicalType::Timestamp { precision: 6 },
                [-62_200_000_000_000_001, -1, 0, 1_763_654_521_000_007].map(Value::Timestamp).to_vec(),
            ),
            (
                LogicalType::TimestampUtc { precision: 6 },
                [-5, 0, 7, 253_402_300_800_000_000].map(Value::TimestampUtc).to_vec(),
            ),
            (LogicalType::Uuid, [0u8, 9, 0x80, 0xff].map(|byte| Value::Uuid([byte; 16])).to_vec()),
            (LogicalType::Boolean, [false, true].map(Value::Boolean).to_vec()),
        ]);
        types
    }
}

impl Postgres {
    fn create(&self, definition: &TableDefinition) -> String {
        let table = &definition.table;
        let mut parts: Vec<String> = table.columns.iter().map(|column| self.column(column)).collect();
        let mut indexes = String::new();
        for index in &table.indexes {
            let columns = list(index.columns.iter().filter_map(|column| column.name.as_deref()));
            match index {
                Index { name, .. } if name == "primary" => parts.push(format!("PRIMARY KEY ({columns})")),
                Index { unique: true, .. } => parts.push(format!("UNIQUE ({columns})")),
                Index { name, .. } => {
                    let name = format!("{}_{name}", table.name.name);
                    let _ =
                        write!(indexes, "CREATE INDEX \"{name}\" ON \"{}\" ({columns});", table.name.name);
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
        format!("CREATE TABLE \"{}\" ({});{indexes}", table.name.name, parts.join(", "))
    }

    fn column(&self, column: &Column) -> String {
        let declared = match &column.logical_type {
            LogicalType::Boolean => "boolean",
            LogicalType::Integer { bits: 16, .. } => "smallint",
            LogicalType::Integer { .. } => "bigint",
            LogicalType::Decimal { .. } => "numeric",
            LogicalType::Float { .. } => "double precision",
            LogicalType::Text { .. } if self.collated => "text",
            LogicalType::Text { .. } => "text COLLATE \"C\"",
            LogicalType::Blob { .. } => "bytea",
            LogicalType::Date => "date",
            LogicalType::Time { .. } => "time",
            LogicalType::Timestamp { .. } => "timestamp",
            LogicalType::TimestampUtc { .. } => "timestamptz",
            LogicalType::Uuid => "uuid",
            other => panic!("the suite asks for a type that PostgreSQL has no keys of: {other:?}"),
        };
        let null = if column.nullable { "" } else { " NOT NULL" };
        let default = column.default.as_ref().map_or(String::new(), |default| format!(" DEFAULT {default}"));
        format!("\"{}\" {declared}{null}{default}", column.name)
    }
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}

/// A variable that `tests/servers` sets.
pub fn variable(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("{name} is not set: start the servers with tests/run or tests/servers"))
}

/// A schema of its own in the server's first database, seen through a connection of its own.
pub struct Schema {
    name: String,
    requests: mpsc::Sender<Request>,
}

enum Request {
    Execute(String, mpsc::Sender<()>),
    Query(String, mpsc::Sender<Vec<Vec<Option<String>>>>),
}

impl Schema {
    /// Makes an empty schema.
    pub fn make() -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("t{}_{number}", std::process::id());
        let url = format!("{}/postgres", variable("SYNCLINE_TEST_POSTGRES"));
        let (requests, received) = mpsc::channel();
        // The suite looks at databases from inside its own runtime, which must not be blocked by another one.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(serve(&url, &received));
        });
        let schema = Self { name, requests };
        schema.execute(format!("CREATE SCHEMA {0}; SET search_path = {0}", schema.name));
        schema
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs statements.
    pub fn execute(&self, script: impl Into<String>) {
        let (done, answer) = mpsc::channel();
        self.requests.send(Request::Execute(script.into(), done)).unwrap();
        answer.recv().expect("the statements succeed");
    }

    /// Rows of texts.
    pub fn query(&self, text: impl Into<String>) -> Vec<Vec<Option<String>>> {
        let (done, answer) = mpsc::channel();
        self.requests.send(Request::Query(text.into(), done)).unwrap();
        answer.recv().expect("the query succeeds")
    }

    /// Where a store finds it.
    pub fn endpoint(&self) -> EndpointSettings {
        let url = url::Url::parse(&format!("{}/postgres", variable("SYNCLINE_TEST_POSTGRES"))).unwrap();
        let mut bare = url.clone();
        bare.set_password(None).unwrap();
        EndpointSettings {
            secret: url.password().map(Secret::new),
            schema: Some(self.name.clone()),
            timeout: Duration::from_mins(1),
            ..EndpointSettings::at(bare.as_str())
        }
    }

    /// Where a store finds it.
    pub fn address(&self, role: store::Role) -> ServerAddress {
        ServerAddress::parse(&self.endpoint(), role, 5432).unwrap()
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        // Waits for nothing: a reader of the store under test may still be there.
        let (done, _) = mpsc::channel();
        let script = format!("SET lock_timeout = '1s'; DROP SCHEMA {} CASCADE", self.name);
        let _ = self.requests.send(Request::Execute(script, done));
    }
}

async fn serve(url: &str, received: &mpsc::Receiver<Request>) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    while let Ok(request) = received.recv() {
        match request {
            Request::Execute(script, done) => {
                let dropping = script.contains("DROP SCHEMA");
                let result = sqlx::raw_sql(AssertSqlSafe(script.clone())).execute(&mut connection).await;
                assert!(dropping || result.is_ok(), "{result:?}: {script}");
                let _ = done.send(());
            }
            Request::Query(text, done) => {
                let rows = sqlx::query(AssertSqlSafe(text.clone())).fetch_all(&mut connection).await;
                let rows = rows.unwrap_or_else(|error| panic!("{error}: {text}"));
                let row = |row: &sqlx::postgres::PgRow| (0..row.len()).map(|i| row.get(i)).collect();
                let _ = done.send(rows.iter().map(row).collect());
            }
        }
    }
}

/// Tables as the suite declared or somebody created them.
struct Tables {
    schema: Schema,
    tables: Vec<TableDefinition>,
}

impl Tables {
    fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().map(|definition| &definition.table).find(|table| table.name.name == name)
    }

    /// Columns of a table with the names of their types.
    fn columns(&self, table: &str) -> Vec<(String, String)> {
        let text = format!(
            "SELECT attname::text, atttypid::regtype::text FROM pg_attribute
            WHERE attrelid = '\"{table}\"'::regclass AND attnum > 0 ORDER BY attnum"
        );
        let text_of = |value: &Option<String>| value.clone().unwrap();
        self.schema.query(text).iter().map(|row| (text_of(&row[0]), text_of(&row[1]))).collect()
    }
}

impl Independent for Tables {
    fn rows(&self, table: &str) -> Vec<Vec<Value>> {
        let columns = self.columns(table);
        let outputs: Vec<String> = columns.iter().map(|(name, kind)| output(name, kind)).collect();
        let rows = self.schema.query(format!("SELECT {} FROM \"{table}\"", outputs.join(", ")));
        let row = |row: Vec<Option<String>>| {
            let value = |(text, (_, kind)): (Option<String>, &(String, String))| {
                text.map_or(Value::Null, |text| parsed(&text, kind))
            };
            row.into_iter().zip(&columns).map(value).collect()
        };
        rows.into_iter().map(row).collect()
    }

    fn insert(&self, table: &str, rows: &[Vec<Value>]) {
        let _ = self.table(table).expect("the suite declared this table");
        for rows in rows.chunks(1000) {
            let row =
                |row: &Vec<Value>| format!("({})", row.iter().map(literal).collect::<Vec<_>>().join(", "));
            let rows: Vec<String> = rows.iter().map(row).collect();
            self.schema.execute(format!("INSERT INTO \"{table}\" VALUES {}", rows.join(", ")));
        }
    }

    fn clear(&self, table: &str) {
        self.schema.execute(format!("DELETE FROM \"{table}\""));
    }

    fn run(&self, script: &str) -> bool {
        self.schema.execute(script);
        true
    }
}

/// A column as a text that is easy to read.
fn output(name: &str, kind: &str) -> String {
    match kind {
        "date" => format!("(\"{name}\" - '1970-01-01'::date)::text"),
        "time without time zone" | "timestamp without time zone" | "timestamp with time zone" => {
            format!("(extract(epoch FROM \"{name}\") * 1000000)::int8::text")
        }
        _ => format!("\"{name}\"::text"),
    }
}

fn parsed(text: &str, kind: &str) -> Value {
    let bytes = |digits: &str| -> Vec<u8> {
        (0..digits.len()).step_by(2).map(|i| u8::from_str_radix(&digits[i..i + 2], 16).unwrap()).collect()
    };
    match kind {
        "smallint" | "bigint" | "integer" => Value::Integer(text.parse().unwrap()),
        "double precision" => Value::Real(text.parse().unwrap()),
        "numeric" => Value::Decimal(text.to_owned()),
        "boolean" => Value::Boolean(text == "true"),
        "bytea" => Value::Blob(bytes(&text[2..])),
        "uuid" => Value::Uuid(bytes(&text.replace('-', "")).try_into().unwrap()),
        "date" => Value::Date(text.parse().unwrap()),
        "time without time zone" => Value::Time(text.parse().unwrap()),
        "timestamp without time zone" => Value::Timestamp(text.parse().unwrap()),
        "timestamp with time zone" => Value::TimestampUtc(text.parse().unwrap()),
        _ => Value::text(text),
    }
}

fn literal(value: &Value) -> String {
    let instant = |us: i64| {
        let (seconds, us) = (us.div_euclid(1_000_000), us.rem_euclid(1_000_000));
        format!("{seconds} * interval '1 second' + {us} * interval '1 microsecond'")
    };
    let hex = |bytes: &[u8]| bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Boolean(b) => b.to_string(),
        Value::Integer(n) => n.to_string(),
        Value::Real(x) => format!("'{x:?}'::float8"),
        Value::Decimal(text) => format!("{text}::numeric"),
        Value::Text(bytes) | Value::Json(bytes) => {
            format!("'{}'", String::from_utf8(bytes.clone()).unwrap().replace('\'', "''"))
        }
        Value::Blob(bytes) => format!("'\\x{}'::bytea", hex(bytes)),
        Value::Uuid(bytes) => format!("'{}'::uuid", hex(bytes)),
        Value::Date(days) => format!("'1970-01-01'::date + {days}"),
        Value::Time(us) => format!("'00:00'::time + ({})", instant(*us)),
        Value::Timestamp(us) => format!("'1970-01-01'::timestamp + ({})", instant(*us)),
        Value::TimestampUtc(us) => format!("'1970-01-01 00:00+00'::timestamptz + ({})", instant(*us)),
    }
}
