//! The memory store under the contract.

use std::sync::Arc;

use async_trait::async_trait;
use syncline::base::clock::SystemClock;
use syncline::model::types::LogicalType;
use syncline::model::value::Value;
use syncline::store::memory::{Database, MemoryOptions, MemoryStore, TableDefinition};

use super::{Backend, Independent, Made, Role};

/// Makes memory stores.
pub struct Memory {
    /// As [`MemoryOptions::consistent`].
    pub consistent: bool,
    /// As [`MemoryOptions::block_rows`].
    pub block_rows: usize,
}

impl Default for Memory {
    fn default() -> Self {
        Self { consistent: true, block_rows: 1024 }
    }
}

#[async_trait]
impl Backend for Memory {
    async fn make(&self, role: Role, tables: Vec<TableDefinition>) -> Made {
        let database = Database::new(tables).expect("the fixture declares sound tables");
        let options = MemoryOptions {
            consistent: self.consistent,
            block_rows: self.block_rows,
            writable: role == Role::Target,
            ..MemoryOptions::named("contract")
        };
        let store = MemoryStore::new(options, Arc::new(SystemClock::new()), database);
        Made { store: Arc::new(store.clone()), database: Box::new(store) }
    }

    fn key_types(&self) -> Vec<(LogicalType, Vec<Value>)> {
        let integer = |bits, signed| LogicalType::Integer { bits, signed };
        let decimals = ["0", "-0.5", "0.25", "10", "-100", "99999999999999999999.01", "1.5"];
        let mut types = portable_key_types();
        types.extend([
            (integer(64, false), [0, 1, 255, u64::MAX.into()].map(Value::Integer).to_vec()),
            (
                LogicalType::Decimal { precision: None, scale: None },
                decimals.map(|digits| Value::Decimal(digits.into())).to_vec(),
            ),
            (LogicalType::Date, [-1, 0, 20_000, i32::MAX].map(Value::Date).to_vec()),
            (LogicalType::Time { precision: 6 }, [-1, 0, 86_399_999_999].map(Value::Time).to_vec()),
            (
                LogicalType::Timestamp { precision: 6 },
                [i64::MIN, -1, 0, 1_763_654_521_000_000].map(Value::Timestamp).to_vec(),
            ),
            (
                LogicalType::TimestampUtc { precision: 6 },
                [-5, 0, 7, i64::MAX].map(Value::TimestampUtc).to_vec(),
            ),
            (LogicalType::Uuid, [0u8, 9, 0x80, 0xff].map(|byte| Value::Uuid([byte; 16])).to_vec()),
            (LogicalType::Boolean, [false, true].map(Value::Boolean).to_vec()),
        ]);
        types
    }
}

/// Key types that every engine here has: whole numbers, floats, text, blobs, and columns that hold anything.
pub fn portable_key_types() -> Vec<(LogicalType, Vec<Value>)> {
    let integers = [0, 1, -1, 127, 128, 255, 256, -129, 1 << 40, i64::MAX.into(), i64::MIN.into()];
    let reals = [0.0, 0.1, -0.1, 1.5, -1e300, 1e300, 5e-324, 9_007_199_254_740_992.0, -2.0];
    let texts = ["", "a", "A", "aa", "a b", "a\u{1}", "z", "é", "e\u{301}", "日本", "\u{10ffff}", "a'b", "~"];
    let blobs: [&[u8]; 6] = [b"", b"\0", b"\0\0", b"\0\xff", b"a", b"\xff\xff"];
    let mixed = [
        Value::Integer(2),
        Value::Real(1.5),
        Value::Integer(-7),
        Value::text("2"),
        Value::text(""),
        Value::Blob(b"2".to_vec()),
        Value::Integer(10),
    ];
    vec![
        (LogicalType::Integer { bits: 64, signed: true }, integers.map(Value::Integer).to_vec()),
        (LogicalType::Float { bits: 64 }, reals.map(Value::Real).to_vec()),
        (LogicalType::Text { length_max: None }, texts.map(Value::text).to_vec()),
        (LogicalType::Blob { length_max: None }, blobs.map(|bytes| Value::Blob(bytes.to_vec())).to_vec()),
        (LogicalType::Any, mixed.to_vec()),
    ]
}

impl Independent for MemoryStore {
    fn rows(&self, table: &str) -> Vec<Vec<Value>> {
        self.database().rows(table).expect("the fixture made this table")
    }

    fn insert(&self, table: &str, rows: &[Vec<Value>]) {
        self.edit(|change| rows.iter().try_for_each(|row| change.insert(table, row.clone())))
            .expect("the fixture's rows are sound");
    }

    fn clear(&self, table: &str) {
        self.edit(|change| change.delete(table, |_| true)).expect("the fixture's rows can go");
    }

    fn run(&self, _script: &str) -> bool {
        false
    }
}
