//! Guards: nothing destructive by surprise.
//!
//! They look at findings, with the exact number of deletes, after all tables were searched and before the first write,
//! and again at what verification finds later. What a guard refuses is held under an id that names table, guard and
//! keys; an approval serves one pass, in all its processes, and covers a delete set that is a subset of the approved one.

use xxhash_rust::xxh3::Xxh3;

use super::context::Context;
use super::interrupt::Flow;
use super::job::Approvals;
use super::table::{Stage, TableWork};
use crate::base::human;
use crate::base::limits::{GUARD_ROWS_MIN, STATE_PAGE_ROWS_MAX};
use crate::base::planted::{Bug, is_planted};
use crate::model::digest::Digest;
use crate::model::event::EventBody;
use crate::model::settings::{Deletes, TableSettings};
use crate::state::{Finding, FindingKind, Hold, HoldState, StateChange};

/// Judges the findings of one table; a refused table is held.
pub fn judge(context: &Context, table: &mut TableWork) -> Flow<()> {
    if !table.is_open() {
        return Ok(());
    }
    let deletes = context.state().finding_rows(&table.name, FindingKind::Extra)?;
    if deletes == 0 {
        return Ok(());
    }
    let settings = table.paired().settings().clone();
    if settings.deletes == Deletes::Never {
        return keep_extras(context, table, deletes);
    }
    let deletes = deletes - set_aside(context, table)?;
    if deletes == 0 {
        return Ok(());
    }
    let target_rows = table.counts.1.unwrap_or(deletes);
    let source_is_empty = table.counts.0 == Some(0);
    match refusal(&settings, source_is_empty, deletes, target_rows) {
        Some(_) if is_planted(Bug::HoldIgnored) => Ok(()),
        Some((guard, reason)) => hold_deletes(context, table, guard, reason, deletes),
        None => Ok(()),
    }
}

/// The guard that refuses these deletes, and why.
fn refusal(
    settings: &TableSettings,
    source_is_empty: bool,
    deletes: u64,
    target_rows: u64,
) -> Option<(&'static str, String)> {
    use crate::model::settings::OnEmptySource;
    if source_is_empty && settings.on_empty_source == OnEmptySource::Hold {
        let reason = format!("source is empty => hold ({} rows would be deleted)", human::count(deletes));
        return Some(("source-empty", reason));
    }
    if settings.deletes == Deletes::Hold {
        return Some((
            "deletes-held",
            format!("{} rows would be deleted (deletes = \"hold\")", human::count(deletes)),
        ));
    }
    if let Some(rows_max) = settings.max_delete_rows.filter(|&rows_max| deletes > rows_max) {
        let reason = format!(
            "{} rows would be deleted, more than max_delete_rows = {}",
            human::count(deletes),
            human::count(rows_max)
        );
        return Some(("max-delete-rows", reason));
    }
    let share = deletes as f64 / target_rows.max(1) as f64;
    // Who means an empty source means all rows; what was set by number or by word holds nevertheless.
    if deletes > GUARD_ROWS_MIN && share > settings.max_delete_ratio && !source_is_empty {
        let reason = format!(
            "{} of {} target rows ({:.0} %) would be deleted, more than max_delete_ratio = {}",
            human::count(deletes),
            human::count(target_rows),
            share * 100.0,
            settings.max_delete_ratio
        );
        return Some(("max-delete-ratio", reason));
    }
    None
}

/// Takes deletes off the list that the target refused before and that this pass leaves alone; returns how many.
///
/// They are in quarantine, which says so. Asking for them again would hold a table for what is not going to happen.
fn set_aside(context: &Context, table: &TableWork) -> Flow<u64> {
    let mut rows = 0;
    let mut after = 0;
    while !table.quarantine.is_empty() {
        let page = context.state().findings(&table.name, FindingKind::Extra, after, STATE_PAGE_ROWS_MAX)?;
        let Some(last) = page.last() else { break };
        after = last.id;
        let left_alone = |finding: &Finding| match finding {
            Finding::Row { key, .. } => table.quarantine.leaves_alone(key, Digest::EMPTY),
            Finding::Run { .. } => false,
        };
        let ids: Vec<u64> =
            page.iter().filter(|stored| left_alone(&stored.finding)).map(|stored| stored.id).collect();
        rows += ids.len() as u64;
        if !ids.is_empty() {
            context.remember(&[StateChange::FindingsRemoved { table: table.name.clone(), ids }])?;
        }
    }
    Ok(rows)
}

/// With `deletes = "never"` extra rows stay, are named, and are no difference.
fn keep_extras(context: &Context, table: &mut TableWork, deletes: u64) -> Flow<()> {
    table.keep_extras(deletes);
    loop {
        let page = context.state().findings(&table.name, FindingKind::Extra, 0, STATE_PAGE_ROWS_MAX)?;
        if page.is_empty() {
            return Ok(());
        }
        let ids = page.iter().map(|stored| stored.id).collect();
        context.remember(&[StateChange::FindingsRemoved { table: table.name.clone(), ids }])?;
    }
}

/// Holds the table's deletes unless an approval covers them.
fn hold_deletes(
    context: &Context,
    table: &mut TableWork,
    guard: &str,
    reason: String,
    deletes: u64,
) -> Flow<()> {
    let id = hold_id(context, &table.name, guard)?;
    if approved(context, &table.name, guard, &id)? {
        return Ok(());
    }
    let record = Hold {
        id: id.clone(),
        table: table.name.clone(),
        guard: guard.to_owned(),
        reason: reason.clone(),
        deletes,
        at: context.job.clock.now(),
        pass: context.number,
        state: HoldState::Waiting,
    };
    let name = table.name.clone();
    context.remember(&[
        StateChange::HoldRecorded { hold: record, keys: Vec::new() },
        StateChange::HoldKeysTaken { id: id.clone(), table: name },
    ])?;
    hold(context, table, Some(id), reason, deletes);
    Ok(())
}

/// Marks a table held and says so.
pub fn hold(context: &Context, table: &mut TableWork, id: Option<String>, reason: String, deletes: u64) {
    context.hub.emit(EventBody::TableHeld {
        table: table.name.clone(),
        hold: id.clone(),
        reason: reason.clone(),
        deletes,
    });
    table.stage = Stage::Held { hold: id, reason };
}

/// Holds a table for a reason that is not its deletes (identity or schema changed), unless approved.
pub fn hold_plan(context: &Context, table: &mut TableWork, guard: &str, reason: String) -> Flow<()> {
    let id = plan_hold_id(&table.name, guard, &reason);
    if approved(context, &table.name, guard, &id)? {
        return Ok(());
    }
    let record = Hold {
        id: id.clone(),
        table: table.name.clone(),
        guard: guard.to_owned(),
        reason: reason.clone(),
        deletes: 0,
        at: context.job.clock.now(),
        pass: context.number,
        state: HoldState::Waiting,
    };
    context.remember(&[StateChange::HoldRecorded { hold: record, keys: Vec::new() }])?;
    hold(context, table, Some(id), reason, 0);
    Ok(())
}

/// Whether an approval lets this hold through; it is used up by that when the pass ends.
///
/// Until then it stays in use: a process that goes on with the pass after a kill finds a part of the approved deletes
/// left, and a second look at a moving source may judge the same ones again.
fn approved(context: &Context, table: &str, guard: &str, id: &str) -> Flow<bool> {
    let asked_while_running = context.control.take_approved();
    let known = context.state().holds()?;
    for waiting in asked_while_running {
        if known.iter().any(|hold| hold.id == waiting && hold.state == HoldState::Waiting) {
            context.remember(&[StateChange::HoldMoved { id: waiting, state: HoldState::Approved }])?;
        }
    }
    for hold in context.state().holds()? {
        if hold.table != table || hold.guard != guard || hold.state == HoldState::Used {
            continue;
        }
        let let_through = matches!(hold.state, HoldState::Approved | HoldState::InUse)
            || match &context.options.approvals {
                Approvals::None => false,
                Approvals::Recorded => hold.pass < context.number,
                Approvals::Ids(ids) => ids.contains(&hold.id),
            };
        let covers =
            hold.id == id || (hold.deletes > 0 && context.state().deletes_beyond_hold(table, &hold.id)? == 0);
        if let_through && covers {
            if hold.state != HoldState::InUse {
                context.remember(&[StateChange::HoldMoved { id: hold.id, state: HoldState::InUse }])?;
            }
            return Ok(true);
        }
    }
    Ok(false)
}

/// The hash of table, guard and delete keys.
fn hold_id(context: &Context, table: &str, guard: &str) -> Flow<String> {
    let mut hash = Xxh3::new();
    update_sized(&mut hash, table.as_bytes());
    update_sized(&mut hash, guard.as_bytes());
    let mut after = 0;
    loop {
        let page = context.state().findings(table, FindingKind::Extra, after, STATE_PAGE_ROWS_MAX)?;
        let Some(last) = page.last() else { break };
        after = last.id;
        for stored in &page {
            if let Finding::Row { key, .. } = &stored.finding {
                update_sized(&mut hash, key.as_bytes());
            }
        }
    }
    Ok(format!("{:016x}", hash.digest()))
}

fn plan_hold_id(table: &str, guard: &str, reason: &str) -> String {
    let mut hash = Xxh3::new();
    for part in [table, guard, reason] {
        update_sized(&mut hash, part.as_bytes());
    }
    format!("{:016x}", hash.digest())
}

/// Length first, so that no two lists of parts give the same bytes.
fn update_sized(hash: &mut Xxh3, bytes: &[u8]) {
    hash.update(&(bytes.len() as u64).to_le_bytes());
    hash.update(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::settings::OnEmptySource;

    fn guard(
        settings: &TableSettings,
        source_is_empty: bool,
        deletes: u64,
        rows: u64,
    ) -> Option<&'static str> {
        refusal(settings, source_is_empty, deletes, rows).map(|(guard, _)| guard)
    }

    #[test]
    fn trap_33_an_empty_source_is_held_unless_it_is_meant() {
        let mut settings = TableSettings::default();
        assert_eq!(guard(&settings, true, 1, 1), Some("source-empty"));
        settings.on_empty_source = OnEmptySource::Delete;
        assert_eq!(guard(&settings, true, 1_000_000, 1_000_000), None);
    }

    #[test]
    fn on_empty_source_delete_does_not_overrule_a_limit_or_a_general_hold() {
        let meant = TableSettings { on_empty_source: OnEmptySource::Delete, ..TableSettings::default() };
        let limited = TableSettings { max_delete_rows: Some(5), ..meant.clone() };
        assert_eq!(guard(&limited, true, 6, 6), Some("max-delete-rows"));
        let held = TableSettings { deletes: Deletes::Hold, ..meant };
        assert_eq!(guard(&held, true, 1, 1), Some("deletes-held"));
    }

    #[test]
    fn the_ratio_needs_more_than_twenty_rows() {
        let settings = TableSettings::default();
        assert_eq!(guard(&settings, false, 20, 20), None);
        assert_eq!(guard(&settings, false, 21, 21), Some("max-delete-ratio"));
        assert_eq!(guard(&settings, false, 20_000, 100_000), None);
        assert_eq!(guard(&settings, false, 20_001, 100_000), Some("max-delete-ratio"));
    }

    #[test]
    fn an_absolute_limit_and_a_general_hold() {
        let settings = TableSettings { max_delete_rows: Some(5), ..TableSettings::default() };
        assert_eq!(guard(&settings, false, 6, 1000), Some("max-delete-rows"));
        let settings = TableSettings { deletes: Deletes::Hold, ..TableSettings::default() };
        assert_eq!(guard(&settings, false, 1, 1000), Some("deletes-held"));
    }
}
