//! What a change writes, inside the transaction of its commit.

use rusqlite::{Connection, OptionalExtension, params};

use super::fault::Outcome;
use super::json;
use super::query::{self, hold_state_number, kind_number};
use super::schema::put_record;
use crate::base::limits::{HISTORY_PASSES_MAX, HOLDS_PER_TABLE_MAX};
use crate::model::key::Key;
use crate::state::bounds::bounded_proofs;
use crate::state::{
    Finding, FindingKind, Hold, HoldState, PassRecord, ProofRange, QuarantinedRow, StateChange, Unit,
};

pub(super) fn apply(connection: &Connection, change: &StateChange) -> Outcome<()> {
    use StateChange as C;
    match change {
        C::PassStarted { pass, at, fingerprint } => {
            forget_pass(connection)?;
            put_record(connection, "pass", "", &json::pass_under_way::write(*pass, *at, fingerprint))
        }
        C::TableFinished { table } => run(
            connection,
            "INSERT OR REPLACE INTO record SELECT 'finished', ?1, '', row_check('record', 'finished', ?1, '') \
             WHERE EXISTS (SELECT 1 FROM record WHERE topic = 'pass')",
            [table],
        ),
        C::PassFinished { record } => finish_pass(connection, record),
        C::TableRemembered { table, memory } => {
            put_record(connection, "memory", table, &json::table_memory::write(memory))
        }
        C::FindAdvanced { table, progress } => {
            put_record(connection, "progress", table, &json::progress::write(progress))
        }
        C::FindingsAdded { table, findings } => add_findings(connection, table, findings),
        C::FindingsCleared { table } => {
            run(connection, "DELETE FROM record WHERE topic = 'progress' AND name = ?1", [table])?;
            run(connection, "DELETE FROM unit WHERE table_name = ?1", [table])?;
            run(connection, "DELETE FROM finding WHERE table_name = ?1", [table])
        }
        C::FindingShrunk { table, id, finding } => shrink_finding(connection, table, *id, finding),
        C::FindingsRemoved { table, ids } => remove_findings(connection, table, ids),
        C::UnitStarted { unit } => start_unit(connection, unit),
        C::UnitFinished { unit } => run(connection, "DELETE FROM unit WHERE id = ?1", [unit.cast_signed()]),
        C::TotalsAdded { table, totals } => {
            let sum = query::totals(connection, table)?.plus(*totals);
            put_record(connection, "totals", table, &json::totals::write(sum))
        }
        C::RowQuarantined { row } => quarantine(connection, row),
        C::QuarantineDropped { table, key } => run(
            connection,
            "DELETE FROM quarantine WHERE table_name = ?1 AND key = ?2",
            params![table, key.as_bytes()],
        ),
        C::QuarantineRetryAsked { table, key } => ask_retry(connection, table.as_deref(), key.as_ref()),
        C::ProofsReplaced { table, proofs } => replace_proofs(connection, table, proofs),
        C::HoldRecorded { hold, keys } => record_hold(connection, hold, keys),
        C::HoldKeysTaken { id, table } => take_hold_keys(connection, id, table),
        C::HoldMoved { id, state } => move_hold(connection, id, *state),
    }
}

fn ask_retry(connection: &Connection, table: Option<&str>, key: Option<&Key>) -> Outcome<()> {
    run(
        connection,
        "UPDATE quarantine SET retry_asked = 1, \
         checksum = row_check('quarantine', table_name, key, first_at, 1, record) \
         WHERE (?1 IS NULL OR table_name = ?1) AND (?2 IS NULL OR key = ?2)",
        params![table, key.map(Key::as_bytes)],
    )
}

fn take_hold_keys(connection: &Connection, id: &str, table: &str) -> Outcome<()> {
    run(
        connection,
        "INSERT OR IGNORE INTO hold_key SELECT ?1, lower, row_check('hold_key', ?1, lower) FROM finding \
         WHERE table_name = ?2 AND kind = ?3 AND EXISTS (SELECT 1 FROM hold WHERE id = ?1)",
        params![id, table, kind_number(FindingKind::Extra)],
    )
}

fn move_hold(connection: &Connection, id: &str, state: HoldState) -> Outcome<()> {
    run(
        connection,
        "UPDATE hold SET state = ?2, \
         checksum = row_check('hold', id, place, table_name, guard, reason, deletes, at, pass, ?2) WHERE id = ?1",
        params![id, hold_state_number(state)],
    )
}

fn run(connection: &Connection, sql: &str, parameters: impl rusqlite::Params) -> Outcome<()> {
    connection.prepare_cached(sql)?.execute(parameters)?;
    Ok(())
}

fn forget_pass(connection: &Connection) -> Outcome<()> {
    run(
        connection,
        "UPDATE hold SET state = ?2, \
         checksum = row_check('hold', id, place, table_name, guard, reason, deletes, at, pass, ?2) WHERE state = ?1",
        [hold_state_number(HoldState::InUse), hold_state_number(HoldState::Used)],
    )?;
    run(connection, "DELETE FROM record WHERE topic IN ('pass', 'finished', 'progress', 'totals')", [])?;
    run(connection, "DELETE FROM unit", [])?;
    run(connection, "DELETE FROM finding", [])
}

fn finish_pass(connection: &Connection, record: &PassRecord) -> Outcome<()> {
    let PassRecord { started_at, finished_at, summary } = record;
    forget_pass(connection)?;
    run(
        connection,
        "INSERT OR REPLACE INTO history VALUES (?1, ?2, ?3, ?4, row_check('history', ?1, ?2, ?3, ?4))",
        params![summary.pass.cast_signed(), started_at.0, finished_at.0, json::summary::write(summary)],
    )?;
    run(
        connection,
        "DELETE FROM history WHERE pass <= (SELECT pass FROM history ORDER BY pass DESC LIMIT 1 OFFSET ?1)",
        [HISTORY_PASSES_MAX.cast_signed()],
    )
}

/// Where a finding lies and how many rows it stands for; none for a single one, which lies at its key.
fn columns_of(finding: &Finding) -> (Option<&[u8]>, Option<&[u8]>, Option<i64>) {
    match finding {
        Finding::Row { key, .. } => (Some(key.as_bytes()), None, None),
        Finding::Run { range, rows, .. } => (
            range.lower.as_ref().map(Key::as_bytes),
            range.upper.as_ref().map(Key::as_bytes),
            Some(rows.cast_signed()),
        ),
    }
}

fn add_findings(connection: &Connection, table: &str, findings: &[Finding]) -> Outcome<()> {
    let mut next = query::counter(connection, "finding")?;
    let mut insert = connection.prepare_cached(
        "INSERT INTO finding VALUES (?1, ?2, ?3, ?4, ?5, ?6, row_check('finding', ?1, ?2, ?3, ?4, ?5, ?6))",
    )?;
    for finding in findings {
        let (lower, upper, rows) = columns_of(finding);
        insert.execute(params![
            table,
            kind_number(finding.kind()),
            next.cast_signed(),
            lower,
            upper,
            rows
        ])?;
        next += 1;
    }
    put_record(connection, "counter", "finding", &next.to_string())
}

fn shrink_finding(connection: &Connection, table: &str, id: u64, finding: &Finding) -> Outcome<()> {
    let (lower, upper, rows) = columns_of(finding);
    run(
        connection,
        "UPDATE finding SET lower = ?4, upper = ?5, rows = ?6, \
         checksum = row_check('finding', ?1, ?2, ?3, ?4, ?5, ?6) WHERE table_name = ?1 AND kind = ?2 AND id = ?3",
        params![table, kind_number(finding.kind()), id.cast_signed(), lower, upper, rows],
    )
}

fn remove_findings(connection: &Connection, table: &str, ids: &[u64]) -> Outcome<()> {
    let mut delete = connection
        .prepare_cached("DELETE FROM finding WHERE table_name = ?1 AND kind IN (0, 1, 2) AND id = ?2")?;
    for id in ids {
        delete.execute(params![table, id.cast_signed()])?;
    }
    Ok(())
}

fn start_unit(connection: &Connection, unit: &Unit) -> Outcome<()> {
    let next = query::counter(connection, "unit")?.max(unit.id + 1);
    put_record(connection, "counter", "unit", &next.to_string())?;
    run(
        connection,
        "INSERT OR REPLACE INTO unit VALUES (?1, ?2, ?3, ?4, row_check('unit', ?1, ?2, ?3, ?4))",
        params![
            unit.id.cast_signed(),
            unit.table,
            kind_number(unit.kind),
            json::finding_ids::write(&unit.findings)
        ],
    )
}

fn replace_proofs(connection: &Connection, table: &str, proofs: &[ProofRange]) -> Outcome<()> {
    run(connection, "DELETE FROM proof WHERE table_name = ?1", [table])?;
    let mut insert = connection.prepare_cached(
        "INSERT INTO proof VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, \
         row_check('proof', ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8))",
    )?;
    let mut header_before = None;
    for (position, proof) in (0_i64..).zip(bounded_proofs(proofs.to_vec())) {
        let header =
            (header_before.as_ref() != Some(&proof.header)).then(|| json::header::write(&proof.header));
        insert.execute(params![
            table,
            position,
            proof.range.lower.as_ref().map(Key::as_bytes),
            proof.range.upper.as_ref().map(Key::as_bytes),
            proof.digest.count.cast_signed(),
            proof.digest.sum.to_le_bytes(),
            header,
            proof.at.0
        ])?;
        header_before = Some(proof.header);
    }
    Ok(())
}

fn quarantine(connection: &Connection, row: &QuarantinedRow) -> Outcome<()> {
    run(
        connection,
        "INSERT INTO quarantine VALUES (?1, ?2, ?3, ?4, ?5, row_check('quarantine', ?1, ?2, ?3, ?4, ?5)) \
         ON CONFLICT (table_name, key) DO UPDATE SET retry_asked = ?4, record = ?5, \
         checksum = row_check('quarantine', table_name, key, first_at, ?4, ?5)",
        params![
            row.table,
            row.key.as_bytes(),
            row.first_at.0,
            i64::from(row.retry_asked),
            json::quarantined::write(row)
        ],
    )
}

fn record_hold(connection: &Connection, hold: &Hold, keys: &[Key]) -> Outcome<()> {
    run(
        connection,
        "INSERT OR REPLACE INTO hold SELECT ?1, place, ?2, ?3, ?4, ?5, ?6, ?7, ?8, \
         row_check('hold', ?1, place, ?2, ?3, ?4, ?5, ?6, ?7, ?8) \
         FROM (SELECT coalesce(max(place), 0) + 1 AS place FROM hold)",
        params![
            hold.id,
            hold.table,
            hold.guard,
            hold.reason,
            hold.deletes.cast_signed(),
            hold.at.0,
            hold.pass.cast_signed(),
            hold_state_number(hold.state)
        ],
    )?;
    let mut insert = connection
        .prepare_cached("INSERT OR IGNORE INTO hold_key VALUES (?1, ?2, row_check('hold_key', ?1, ?2))")?;
    for key in keys {
        insert.execute(params![hold.id, key.as_bytes()])?;
    }
    forget_old_holds(connection, hold)
}

/// Keeps a table's newest holds; what was approved and not used goes last.
fn forget_old_holds(connection: &Connection, newest: &Hold) -> Outcome<()> {
    let mut oldest = connection.prepare_cached(
        "SELECT id FROM hold WHERE table_name = ?1 AND id <> ?2 AND \
         (SELECT count(*) FROM hold WHERE table_name = ?1) > ?3 ORDER BY state IN (?4, ?5), place LIMIT 1",
    )?;
    let approved = hold_state_number(HoldState::Approved);
    let in_use = hold_state_number(HoldState::InUse);
    let parameters = params![newest.table, newest.id, HOLDS_PER_TABLE_MAX as i64, approved, in_use];
    while let Some(id) = oldest.query_row(parameters, |row| row.get::<_, String>(0)).optional()? {
        run(connection, "DELETE FROM hold_key WHERE id = ?1", [&id])?;
        run(connection, "DELETE FROM hold WHERE id = ?1", [&id])?;
    }
    Ok(())
}
