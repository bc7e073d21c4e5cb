//! Several batches in one transaction, for rows that wait for each other.
//!
//! Foreign keys are checked at the commit. SQLite has no deferred unique constraints: a row that another one stands in
//! the way of is tried again after the others, which resolves chains; in a cycle one row's unique values are parked,
//! until it gets its own. Nothing is deleted for that, so what refers to an updated row stays.

use std::collections::BTreeSet;

use rusqlite::Connection;

use super::apply::{in_transaction, refused};
use super::error::{code_of, refusal_kind, store_error};
use super::table_writer::{Outcome, TableWriter};
use super::write::{Obstacle, Writing};
use crate::base::random::Random;
use crate::store::{Applied, Batch, Change, RefusalKind, Result, SideEffects};

/// What is being done, for messages.
pub(super) const OPERATION: &str = "writing rows that wait for each other";

/// Applies batches together.
pub(super) fn apply(connection: &Connection, batches: &[Batch]) -> Result<Vec<Applied>> {
    let side_effects = SideEffects {
        foreign_keys: batches.iter().all(|batch| batch.side_effects.foreign_keys),
        triggers: batches.iter().all(|batch| batch.side_effects.triggers),
    };
    in_transaction(connection, side_effects, OPERATION, || {
        // Ends with the transaction.
        connection
            .execute_batch("PRAGMA defer_foreign_keys = ON")
            .map_err(|error| store_error(OPERATION, &error))?;
        let before = connection.total_changes();
        let writers = batches
            .iter()
            .map(|batch| {
                let writing = Writing::plan(connection, &batch.target, OPERATION)?;
                Ok(TableWriter::new(connection, writing))
            })
            .collect::<Result<Vec<_>>>()?;
        let mut together =
            Together { batches, writers, applied: vec![Applied::default(); batches.len()], parked: 0 };
        together.write_all()?;
        let Together { writers, mut applied, parked, .. } = together;
        for (applied, writer) in applied.iter_mut().zip(&writers) {
            applied.queries = writer.queries;
            applied.missed.sort_unstable();
        }
        if let Some(first) = applied.first_mut() {
            let direct = writers.iter().map(|writer| writer.direct).sum::<u64>() + parked;
            first.cascaded = (connection.total_changes() - before).saturating_sub(direct);
        }
        Ok(applied)
    })
}

struct Together<'b, 'c> {
    batches: &'b [Batch],
    writers: Vec<TableWriter<'c>>,
    applied: Vec<Applied>,
    /// Rows changed by parking.
    parked: u64,
}

/// A row: its batch, and its position there.
type Place = (usize, usize);

impl Together<'_, '_> {
    fn write_all(&mut self) -> Result<()> {
        let positions = |(number, batch): (usize, &Batch)| (0..batch.change.len()).map(move |p| (number, p));
        let mut waiting: Vec<Place> = self.batches.iter().enumerate().flat_map(positions).collect();
        let mut parked: BTreeSet<Place> = BTreeSet::new();
        let mut random = Random::from_system();
        while !waiting.is_empty() {
            let before = waiting.len();
            let mut obstacle = None;
            let mut still = Vec::new();
            for place in waiting {
                if let Some(found) = self.write(place)? {
                    obstacle = Some(found);
                    still.push(place);
                }
            }
            waiting = still;
            let Some(obstacle) = obstacle.filter(|_| waiting.len() == before) else { continue };
            // Nothing moved: each row that waits stands in another one's way, or in the way of none of these.
            let next = waiting.iter().copied().find(|place| !parked.contains(place));
            let Some(next) = next else { return Err(refused(OPERATION, obstacle, None)) };
            parked.insert(next);
            self.park(next, random.next_u64())?;
        }
        Ok(())
    }

    /// Writes one row; the obstacle when another one has to go first.
    fn write(&mut self, (number, position): Place) -> Result<Option<Obstacle>> {
        match self.writers[number].write(&self.batches[number].change, position) {
            Ok(Outcome::Written(rows)) => self.applied[number].rows += rows,
            Ok(Outcome::Missed) => self.applied[number].missed.push(position),
            Err(obstacle) if kind_of(&obstacle).is_some_and(RefusalKind::may_pass_later) => {
                return Ok(Some(obstacle));
            }
            Err(obstacle) => return Err(refused(OPERATION, obstacle, None)),
        }
        Ok(None)
    }

    fn park(&mut self, (number, position): Place, token: u64) -> Result<()> {
        let (Change::Insert(rows) | Change::Update(rows)) = &self.batches[number].change else {
            return Ok(());
        };
        match self.writers[number].park(rows, position, token) {
            Ok(done) => self.parked += u64::from(done),
            // A row that cannot be parked (a CHECK, a trigger) leaves that to the others.
            Err(obstacle) if kind_of(&obstacle).is_some() => {}
            Err(obstacle) => return Err(refused(OPERATION, obstacle, None)),
        }
        Ok(())
    }
}

fn kind_of(obstacle: &Obstacle) -> Option<RefusalKind> {
    match obstacle {
        Obstacle::Row(kind, _) => Some(*kind),
        Obstacle::Database(error) => refusal_kind(code_of(error)),
    }
}
