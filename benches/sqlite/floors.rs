//! What the files allow at best.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

const COLUMNS: &str = "id, customer, name, email, amount, score, active, created, note";

#[expect(clippy::disallowed_methods, reason = "a benchmark measures the machine's own time")]
fn timed<T>(run: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<(Duration, T)> {
    let start = Instant::now();
    let result = run()?;
    Ok((start.elapsed(), result))
}

/// Both files at once, one thread each; every column value is read and dropped.
pub fn read_both(one: &Path, other: &Path) -> anyhow::Result<Duration> {
    let (time, _) = timed(|| {
        std::thread::scope(|scope| {
            let other = scope.spawn(|| read(other));
            let one = read(one)?;
            let other = other.join().expect("the reading thread does not panic")?;
            Ok(one + other)
        })
    })?;
    Ok(time)
}

fn read(path: &Path) -> anyhow::Result<u64> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut statement = connection.prepare(&format!("SELECT {COLUMNS} FROM orders ORDER BY id"))?;
    let mut rows = statement.query([])?;
    let mut sum = 0;
    while let Some(row) = rows.next()? {
        for column in 0..9 {
            sum += match row.get_ref(column)? {
                ValueRef::Null => 0,
                ValueRef::Integer(n) => n as u64,
                ValueRef::Real(x) => x.to_bits(),
                ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.len() as u64,
            } & 0xff;
        }
    }
    Ok(std::hint::black_box(sum))
}

/// `INSERT … SELECT` into an empty table.
pub fn copy(source: &Path, target: &Path) -> anyhow::Result<Duration> {
    crate::data::derive(source, target, 0, crate::data::Difference::Empty)?;
    let connection = Connection::open(target)?;
    connection.execute("ATTACH ? AS source", [source.to_string_lossy()])?;
    let sql =
        format!("INSERT INTO main.orders ({COLUMNS}) SELECT {COLUMNS} FROM source.orders WHERE id >= 0");
    Ok(timed(|| Ok(connection.execute(&sql, [])?))?.0)
}

/// One prepared upsert a row, 5,000 a transaction, over a target that has every row.
pub fn upsert_all(source: &Path, target: &Path) -> anyhow::Result<Duration> {
    let reader = Connection::open_with_flags(source, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut select = reader.prepare(&format!("SELECT {COLUMNS} FROM orders ORDER BY id"))?;
    let writer = Connection::open(target)?;
    writer.pragma_update(None, "synchronous", "normal")?;
    let sets: Vec<String> =
        COLUMNS.split(", ").skip(1).map(|column| format!("{column} = excluded.{column}")).collect();
    let sql = format!(
        "INSERT INTO orders ({COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?) ON CONFLICT (id) DO UPDATE SET {}",
        sets.join(", ")
    );
    let mut upsert = writer.prepare(&sql)?;
    let mut rows = select.query([])?;
    let (time, ()) = timed(|| {
        let mut count = 0;
        writer.execute_batch("BEGIN IMMEDIATE")?;
        while let Some(row) = rows.next()? {
            for column in 0..9 {
                upsert.raw_bind_parameter(column + 1, row.get_ref(column)?.to_owned_value())?;
            }
            upsert.raw_execute()?;
            count += 1;
            if count % 5000 == 0 {
                writer.execute_batch("COMMIT; BEGIN IMMEDIATE")?;
            }
        }
        Ok(writer.execute_batch("COMMIT")?)
    })?;
    Ok(time)
}

trait ToOwnedValue {
    fn to_owned_value(&self) -> rusqlite::types::ToSqlOutput<'_>;
}

impl ToOwnedValue for ValueRef<'_> {
    fn to_owned_value(&self) -> rusqlite::types::ToSqlOutput<'_> {
        rusqlite::types::ToSqlOutput::Borrowed(*self)
    }
}

/// The time of `sqldiff` on both files, where it is installed.
pub fn sqldiff(one: &Path, other: &Path) -> Option<Duration> {
    let run = || {
        Ok(std::process::Command::new("sqldiff").arg("--table").arg("orders").arg(one).arg(other).output()?)
    };
    let (time, output) = timed(run).ok()?;
    output.status.success().then_some(time)
}
