//! What the file answers. The first column of every query tells whether the row is as it was written.

use rusqlite::{Connection, OptionalExtension, Params, Row, params};

use super::fault::{Fault, Outcome};
use super::json;
use super::schema::record;
use crate::base::clock::Timestamp;
use crate::base::limits::STATE_PAGE_ROWS_MAX;
use crate::model::digest::Digest;
use crate::model::key::Key;
use crate::model::range::KeyRange;
use crate::state::{
    FindProgress, Finding, FindingKind, Hold, HoldState, InterruptedPass, PassRecord, ProofRange,
    QuarantineFilter, QuarantinedRow, StoredFinding, TableMemory, TableTotals, Unit,
};

/// The number under which a kind is kept.
pub(super) fn kind_number(kind: FindingKind) -> i64 {
    match kind {
        FindingKind::Extra => 0,
        FindingKind::Missing => 1,
        FindingKind::Changed => 2,
    }
}

fn kind_of_number(number: i64) -> Outcome<FindingKind> {
    [FindingKind::Extra, FindingKind::Missing, FindingKind::Changed]
        .into_iter()
        .find(|kind| kind_number(*kind) == number)
        .ok_or_else(|| Fault::Damaged(format!("no kind of difference has the number {number}")))
}

/// The number under which the state of a hold is kept.
pub(super) fn hold_state_number(state: HoldState) -> i64 {
    match state {
        HoldState::Waiting => 0,
        HoldState::Approved => 1,
        HoldState::Used => 2,
        HoldState::InUse => 3,
    }
}

fn hold_state_of_number(number: i64) -> Outcome<HoldState> {
    [HoldState::Waiting, HoldState::Approved, HoldState::InUse, HoldState::Used]
        .into_iter()
        .find(|state| hold_state_number(*state) == number)
        .ok_or_else(|| Fault::Damaged(format!("no state of a hold has the number {number}")))
}

/// A limit as SQLite takes it.
fn bounded(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// All rows of a query, each checked before it is read.
fn rows<T>(
    connection: &Connection,
    sql: &str,
    parameters: impl Params,
    read: impl Fn(&Row<'_>) -> Outcome<T>,
) -> Outcome<Vec<T>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut found = statement.query(parameters)?;
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        if !row.get::<_, bool>(0)? {
            return Err(Fault::Damaged("a row is not as it was written".to_owned()));
        }
        rows.push(read(row)?);
    }
    Ok(rows)
}

fn unsigned(row: &Row<'_>, column: usize) -> Outcome<u64> {
    Ok(row.get::<_, i64>(column)?.cast_unsigned())
}

fn at(row: &Row<'_>, column: usize) -> Outcome<Timestamp> {
    Ok(Timestamp(row.get(column)?))
}

fn optional_key(row: &Row<'_>, column: usize) -> Outcome<Option<Key>> {
    let bytes = row.get_ref(column)?.as_blob_or_null().map_err(rusqlite::Error::from)?;
    bytes.map(Key::from_bytes).transpose().map_err(|error| Fault::Damaged(error.to_string()))
}

fn key(row: &Row<'_>, column: usize) -> Outcome<Key> {
    optional_key(row, column)?.ok_or_else(|| Fault::Damaged("a key is missing".to_owned()))
}

pub(super) fn interrupted_pass(connection: &Connection) -> Outcome<Option<InterruptedPass>> {
    let Some(body) = record(connection, "pass", "")? else { return Ok(None) };
    let mut pass = json::pass_under_way::read(&body)?;
    let sql = "SELECT row_check('record', topic, name, body) IS checksum, name FROM record \
               WHERE topic = 'finished' ORDER BY name";
    pass.finished_tables = rows(connection, sql, [], |row| Ok(row.get(1)?))?;
    Ok(Some(pass))
}

pub(super) fn table_memory(connection: &Connection, table: &str) -> Outcome<Option<TableMemory>> {
    let body = record(connection, "memory", table)?;
    Ok(body.map(|body| json::table_memory::read(&body)).transpose()?)
}

pub(super) fn find_progress(connection: &Connection, table: &str) -> Outcome<Option<FindProgress>> {
    let body = record(connection, "progress", table)?;
    Ok(body.map(|body| json::progress::read(&body)).transpose()?)
}

pub(super) fn totals(connection: &Connection, table: &str) -> Outcome<TableTotals> {
    let body = record(connection, "totals", table)?;
    Ok(body.map(|body| json::totals::read(&body)).transpose()?.unwrap_or_default())
}

/// The next number of a counter that starts at 1.
pub(super) fn counter(connection: &Connection, name: &str) -> Outcome<u64> {
    match record(connection, "counter", name)? {
        None => Ok(1),
        Some(body) => body.parse().map_err(|_| Fault::Damaged("a counter holds no number".to_owned())),
    }
}

pub(super) fn findings(
    connection: &Connection,
    table: &str,
    kind: FindingKind,
    after_id: u64,
    limit: usize,
) -> Outcome<Vec<StoredFinding>> {
    let sql = "SELECT row_check('finding', table_name, kind, id, lower, upper, rows) IS checksum, \
               id, lower, upper, rows FROM finding \
               WHERE table_name = ?1 AND kind = ?2 AND id > ?3 ORDER BY id LIMIT ?4";
    let after_id = i64::try_from(after_id).unwrap_or(i64::MAX);
    let parameters = params![table, kind_number(kind), after_id, bounded(limit)];
    rows(connection, sql, parameters, |row| {
        let finding = match row.get::<_, Option<i64>>(4)? {
            None => Finding::Row { kind, key: key(row, 2)? },
            Some(rows) => {
                let range = KeyRange::new(optional_key(row, 2)?, optional_key(row, 3)?);
                Finding::Run { kind, range, rows: rows.cast_unsigned() }
            }
        };
        Ok(StoredFinding { id: unsigned(row, 1)?, finding })
    })
}

pub(super) fn finding_rows(connection: &Connection, table: &str, kind: FindingKind) -> Outcome<u64> {
    let sql = "SELECT coalesce(sum(coalesce(rows, 1)), 0) FROM finding WHERE table_name = ?1 AND kind = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let rows: i64 = statement.query_row(params![table, kind_number(kind)], |row| row.get(0))?;
    Ok(rows.cast_unsigned())
}

pub(super) fn open_units(connection: &Connection, table: &str) -> Outcome<Vec<Unit>> {
    let sql = "SELECT row_check('unit', id, table_name, kind, findings) IS checksum, id, table_name, kind, findings \
               FROM unit WHERE table_name = ?1 ORDER BY id";
    rows(connection, sql, [table], |row| {
        Ok(Unit {
            id: unsigned(row, 1)?,
            table: row.get(2)?,
            kind: kind_of_number(row.get(3)?)?,
            findings: json::finding_ids::read(&row.get::<_, String>(4)?)?,
        })
    })
}

pub(super) fn quarantine(connection: &Connection, filter: &QuarantineFilter) -> Outcome<Vec<QuarantinedRow>> {
    // One bound on both columns, so that a page is found by its place and not by reading up to it.
    let (comparison, first_table, first_key) = match (&filter.after, &filter.table) {
        (Some((after, key)), table) if table.as_ref().is_none_or(|table| table <= after) => {
            (">", after.as_str(), key.as_bytes())
        }
        (_, Some(table)) => (">=", table.as_str(), [].as_slice()),
        (_, None) => (">=", "", [].as_slice()),
    };
    let sql = format!(
        "SELECT row_check('quarantine', table_name, key, first_at, retry_asked, record) IS checksum, \
         table_name, key, first_at, retry_asked, record FROM quarantine \
         WHERE (table_name, key) {comparison} (?1, ?2) AND (?3 IS NULL OR table_name = ?3) \
         ORDER BY table_name, key LIMIT ?4"
    );
    let limit = if filter.limit == 0 { STATE_PAGE_ROWS_MAX } else { filter.limit };
    rows(connection, &sql, params![first_table, first_key, filter.table, bounded(limit)], |row| {
        let body: String = row.get(5)?;
        Ok(json::quarantined::read(&body, row.get(1)?, key(row, 2)?, at(row, 3)?, row.get(4)?)?)
    })
}

pub(super) fn quarantine_count(connection: &Connection, table: &str) -> Outcome<u64> {
    let mut statement = connection.prepare_cached("SELECT count(*) FROM quarantine WHERE table_name = ?1")?;
    Ok(statement.query_row([table], |row| row.get::<_, i64>(0))?.cast_unsigned())
}

pub(super) fn proofs(connection: &Connection, table: &str) -> Outcome<Vec<ProofRange>> {
    let sql = "SELECT row_check('proof', table_name, position, lower, upper, count, sum, header, at) IS checksum, \
               lower, upper, count, sum, header, at FROM proof WHERE table_name = ?1 ORDER BY position";
    let rows = rows(connection, sql, [table], |row| {
        let range = KeyRange::new(optional_key(row, 1)?, optional_key(row, 2)?);
        let digest = Digest { count: unsigned(row, 3)?, sum: u128::from_le_bytes(row.get(4)?) };
        Ok((range, digest, row.get::<_, Option<String>>(5)?, at(row, 6)?))
    })?;
    let mut proofs: Vec<ProofRange> = Vec::with_capacity(rows.len());
    for (range, digest, header, at) in rows {
        // Only a header that differs from the one before is written down.
        let header = match (header, proofs.last()) {
            (Some(text), _) => json::header::read(&text)?,
            (None, Some(before)) => before.header.clone(),
            (None, None) => return Err(Fault::Damaged("a proof has no header".to_owned())),
        };
        proofs.push(ProofRange { range, digest, header, at });
    }
    Ok(proofs)
}

pub(super) fn holds(connection: &Connection) -> Outcome<Vec<Hold>> {
    let sql = "SELECT row_check('hold', id, place, table_name, guard, reason, deletes, at, pass, state) IS checksum, \
               id, table_name, guard, reason, deletes, at, pass, state FROM hold ORDER BY place DESC";
    rows(connection, sql, [], |row| {
        Ok(Hold {
            id: row.get(1)?,
            table: row.get(2)?,
            guard: row.get(3)?,
            reason: row.get(4)?,
            deletes: unsigned(row, 5)?,
            at: at(row, 6)?,
            pass: unsigned(row, 7)?,
            state: hold_state_of_number(row.get(8)?)?,
        })
    })
}

/// The table of a hold; none when no such hold is recorded.
pub(super) fn table_of_hold(connection: &Connection, id: &str) -> Outcome<Option<String>> {
    let mut statement = connection.prepare_cached("SELECT table_name FROM hold WHERE id = ?1")?;
    Ok(statement.query_row([id], |row| row.get(0)).optional()?)
}

pub(super) fn hold_keys(
    connection: &Connection,
    id: &str,
    after: Option<&Key>,
    limit: usize,
) -> Outcome<Vec<Key>> {
    let (comparison, after) = match after {
        Some(key) => (">", key.as_bytes()),
        None => (">=", [].as_slice()),
    };
    let sql = format!(
        "SELECT row_check('hold_key', id, key) IS checksum, key FROM hold_key \
         WHERE id = ?1 AND key {comparison} ?2 ORDER BY key LIMIT ?3"
    );
    rows(connection, &sql, params![id, after, bounded(limit)], |row| key(row, 1))
}

pub(super) fn deletes_beyond_hold(connection: &Connection, table: &str, id: &str) -> Outcome<u64> {
    if table_of_hold(connection, id)?.as_deref() != Some(table) {
        return finding_rows(connection, table, FindingKind::Extra);
    }
    // A key whose row is damaged permits nothing.
    let sql = "SELECT count(*) FROM finding WHERE table_name = ?1 AND kind = ?2 AND NOT EXISTS (\
               SELECT 1 FROM hold_key WHERE hold_key.id = ?3 AND hold_key.key = finding.lower \
               AND row_check('hold_key', hold_key.id, hold_key.key) IS hold_key.checksum)";
    let mut statement = connection.prepare_cached(sql)?;
    let parameters = params![table, kind_number(FindingKind::Extra), id];
    Ok(statement.query_row(parameters, |row| row.get::<_, i64>(0))?.cast_unsigned())
}

pub(super) fn history(connection: &Connection, limit: usize) -> Outcome<Vec<PassRecord>> {
    let sql = "SELECT row_check('history', pass, started_at, finished_at, summary) IS checksum, \
               started_at, finished_at, summary FROM history ORDER BY pass DESC LIMIT ?1";
    rows(connection, sql, [bounded(limit)], |row| {
        Ok(PassRecord {
            started_at: at(row, 1)?,
            finished_at: at(row, 2)?,
            summary: json::summary::read(&row.get::<_, String>(3)?)?,
        })
    })
}
