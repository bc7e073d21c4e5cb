//! Digests computed inside SQLite, by an aggregate function of ours: one statement a range.
//!
//! The function gets a row's values without the calls that fetching each of them costs; see [`super`] for the figures.
//! A statement with an aggregate cannot be left in the middle, so this serves only readers whose one transaction lasts.

use rusqlite::Connection;
use rusqlite::functions::{Aggregate, Context, FunctionFlags};

use super::digest::Hasher;
use super::error::store_error;
use super::reader::{Reader, View};
use super::scan::{Condition, key_conditions};
use super::sql;
use super::value::from_sql;
use crate::model::digest::{Digest, DigestSeed};
use crate::model::range::KeyRange;
use crate::store::Result;

const NAME: &str = "syncline_digest";

/// Arguments that SQLite passes to a function.
const ARGUMENTS_MAX: usize = 1000;

/// Whether the digests of a view can be computed so.
pub(super) fn serves(reader: &Reader, view: &View) -> bool {
    reader.is_held() && (1..=ARGUMENTS_MAX).contains(&view.columns.len())
}

/// One digest a range, each by a walk of its own over what `hint` names.
pub(super) fn ranges(
    reader: &Reader,
    view: &View,
    hint: &str,
    ranges: &[KeyRange],
    seed: DigestSeed,
    operation: &str,
) -> Result<Vec<Digest>> {
    let failed = |error| store_error(operation, &error);
    register(reader.connection(), Hasher::new(view, seed)).map_err(failed)?;
    let columns: Vec<String> = view.columns.iter().map(|&column| view.facts.sql_column(column)).collect();
    let head = format!("SELECT {NAME}({}) FROM {}{hint}", columns.join(", "), view.facts.sql_name());
    let digest = |range: &KeyRange| {
        let Some(mut conditions) = key_conditions(view, range) else { return Ok(Digest::EMPTY) };
        conditions.extend(view.filter.as_deref().map(|filter| Condition::plain(sql::parenthesised(filter))));
        one(reader.connection(), &head, &conditions).map_err(failed)
    };
    ranges.iter().map(digest).collect()
}

fn one(connection: &Connection, head: &str, conditions: &[Condition]) -> rusqlite::Result<Digest> {
    let parts: Vec<&str> = conditions.iter().map(|condition| condition.sql.as_str()).collect();
    let keyword = if parts.is_empty() { "" } else { " WHERE " };
    let mut statement = connection.prepare_cached(&format!("{head}{keyword}{}", parts.join(" AND ")))?;
    for (index, value) in conditions.iter().flat_map(|condition| &condition.values).enumerate() {
        statement.raw_bind_parameter(index + 1, value)?;
    }
    let mut rows = statement.raw_query();
    let row = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    row.get(0).map(from_bytes)
}

/// Registers the function for one view and seed, in the place of an earlier one. No schema can call it.
fn register(connection: &Connection, hasher: Hasher) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DIRECTONLY;
    connection.create_aggregate_function(NAME, -1, flags, RowDigest(hasher))
}

struct RowDigest(Hasher);

impl Aggregate<(Digest, Vec<u8>), Vec<u8>> for RowDigest {
    fn init(&self, _: &mut Context<'_>) -> rusqlite::Result<(Digest, Vec<u8>)> {
        Ok((Digest::EMPTY, Vec::new()))
    }

    fn step(&self, row: &mut Context<'_>, (digest, form): &mut (Digest, Vec<u8>)) -> rusqlite::Result<()> {
        self.0.add((0..row.len()).map(|column| from_sql(row.get_raw(column))), form, digest);
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, sum: Option<(Digest, Vec<u8>)>) -> rusqlite::Result<Vec<u8>> {
        Ok(to_bytes(sum.map_or(Digest::EMPTY, |(digest, _)| digest)))
    }
}

fn to_bytes(digest: Digest) -> Vec<u8> {
    let mut bytes = digest.count.to_le_bytes().to_vec();
    bytes.extend(digest.sum.to_le_bytes());
    bytes
}

fn from_bytes(bytes: [u8; 24]) -> Digest {
    let (count, sum) = bytes.split_at(8);
    Digest {
        count: u64::from_le_bytes(count.try_into().expect("eight of the 24 bytes")),
        sum: u128::from_le_bytes(sum.try_into().expect("sixteen of the 24 bytes")),
    }
}
