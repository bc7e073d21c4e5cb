//! The table that is measured, and the targets that differ from it.

use std::path::Path;

use anyhow::Context;
use rusqlite::{Connection, params};

/// How a target differs from the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// Not at all.
    None,
    /// Ten rows missing, ten extra, ten changed.
    Thirty,
    /// One row in a hundred changed.
    OnePercent,
    /// Every row changed.
    All,
    /// The table is empty.
    Empty,
}

const TABLE: &str = "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER NOT NULL, name TEXT NOT NULL, \
     email TEXT, amount TEXT NOT NULL, score REAL NOT NULL, active INTEGER NOT NULL, created TEXT NOT NULL, note TEXT)";

/// Makes a file with `rows` rows; the same ones every time.
pub fn make(path: &Path, rows: u64) -> anyhow::Result<()> {
    let mut connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.execute_batch(TABLE)?;
    let transaction = connection.transaction()?;
    {
        let mut insert = transaction.prepare("INSERT INTO orders VALUES (?,?,?,?,?,?,?,?,?)")?;
        for n in 0..i64::try_from(rows)? {
            // A multiplicative hash gives values that look drawn and need no generator.
            let drawn = (n.cast_unsigned().wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 16).cast_signed();
            insert.execute(params![
                n * 3,
                drawn % 50_000,
                format!("Customer {drawn:x} Ångström & Söhne {}", n % 97),
                (n % 10 != 0).then(|| format!("user{}@example{}.com", drawn % 90_000, n % 11)),
                format!("{}.{:02}", drawn % 100_000, n % 100),
                drawn as f64 / 1_234.5,
                n % 2,
                format!(
                    "2026-{:02}-{:02} {:02}:{:02}:{:02}.{:06}",
                    n % 12 + 1,
                    n % 28 + 1,
                    n % 24,
                    n % 60,
                    drawn % 60,
                    n % 1_000_000
                ),
                (n % 4 != 0).then(|| format!("note {drawn} on delivery")),
            ])?;
        }
    }
    transaction.commit()?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}

/// Makes a target from the source.
pub fn derive(source: &Path, target: &Path, rows: u64, difference: Difference) -> anyhow::Result<()> {
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", target.display()));
    }
    if difference == Difference::Empty {
        let connection = Connection::open(target)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        return connection.execute_batch(TABLE).context("making an empty target");
    }
    std::fs::copy(source, target)?;
    let connection = Connection::open(target)?;
    let (step, last) = (rows / 10, rows * 3);
    let sql = match difference {
        Difference::None | Difference::Empty => String::new(),
        Difference::Thirty => format!(
            "DELETE FROM orders WHERE id % ({step} * 3) = 3; \
             UPDATE orders SET amount = amount || '1' WHERE id % ({step} * 3) = 6; \
             INSERT INTO orders SELECT id + 1, customer, name, email, amount, score, active, created, note \
             FROM orders WHERE id % ({step} * 3) = 9"
        ),
        Difference::OnePercent => "UPDATE orders SET score = score + 1 WHERE id % 300 = 0".to_owned(),
        Difference::All => format!("UPDATE orders SET score = score + 1 WHERE id <= {last}"),
    };
    connection.execute_batch(&sql)?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}
