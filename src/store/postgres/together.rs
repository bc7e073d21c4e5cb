//! Several batches in one transaction, for rows that wait for each other.
//!
//! Deferrable constraints are checked at the commit. The others are checked at the end of a statement, so a batch that
//! another one stands in the way of is tried again after the others; then its rows one by one; then the unique values of
//! the rows that wait are parked until they get their own. Nothing is deleted for that, so what refers to an updated row
//! stays.

use std::sync::Arc;

use sqlx::PgConnection;

use super::apply::{begin, changes, close, commit, suppress, writer};
use super::error::store_error;
use super::session::Home;
use super::write::{Writing, Written};
use crate::base::random::Random;
use crate::store::{Applied, Batch, Change, RefusalKind, Result, SideEffects, StoreError};

const OPERATION: &str = "writing rows that wait for each other";

/// Applies batches together.
pub(super) async fn apply(home: &Arc<Home>, batches: &[Batch]) -> Result<Vec<Applied>> {
    let mut lease = writer(home, OPERATION).await?;
    let work = async {
        begin(&mut lease, OPERATION).await?;
        let applied = write_all(&mut lease, batches).await?;
        commit(&mut lease, OPERATION).await.map_err(unplaced)?;
        Ok(applied)
    };
    let result = home.within(home.life(), OPERATION, work).await;
    close(lease, OPERATION, &result).await;
    result
}

/// Rows of one batch that are written by one statement.
struct Waiting {
    batch: usize,
    positions: Vec<usize>,
}

async fn write_all(connection: &mut PgConnection, batches: &[Batch]) -> Result<Vec<Applied>> {
    let mut writings = Vec::with_capacity(batches.len());
    for batch in batches {
        writings.push(Writing::plan(connection, &batch.target, OPERATION).await?);
    }
    let side_effects = SideEffects {
        foreign_keys: batches.iter().all(|batch| batch.side_effects.foreign_keys),
        triggers: batches.iter().all(|batch| batch.side_effects.triggers),
    };
    let facts: Vec<_> = writings.iter().map(|writing| &writing.facts).collect();
    let counted = suppress(connection, &facts, side_effects, OPERATION).await?;
    run(connection, "SET CONSTRAINTS ALL DEFERRED").await?;
    let before = if counted { changes(connection, OPERATION).await? } else { 0 };
    let mut together =
        Together { batches, writings, applied: vec![Applied::default(); batches.len()], direct: 0 };
    together.write(connection).await?;
    let Together { mut applied, direct, .. } = together;
    for applied in &mut applied {
        applied.missed.sort_unstable();
    }
    if let Some(first) = applied.first_mut().filter(|_| counted) {
        first.cascaded = changes(connection, OPERATION).await?.saturating_sub(before + direct);
    }
    Ok(applied)
}

async fn run(connection: &mut PgConnection, text: &'static str) -> Result<()> {
    let done = sqlx::raw_sql(text).execute(connection).await;
    done.map(drop).map_err(|error| store_error(OPERATION, &error))
}

struct Together<'b> {
    batches: &'b [Batch],
    writings: Vec<Writing>,
    applied: Vec<Applied>,
    /// Rows changed by our own statements.
    direct: u64,
}

impl Together<'_> {
    async fn write(&mut self, connection: &mut PgConnection) -> Result<()> {
        let whole = |(number, batch): (usize, &Batch)| Waiting {
            batch: number,
            positions: (0..batch.change.len()).collect(),
        };
        let mut waiting: Vec<Waiting> = self.batches.iter().enumerate().map(whole).collect();
        waiting.retain(|waiting| !waiting.positions.is_empty());
        let (mut split, mut parked) = (false, false);
        while !waiting.is_empty() {
            let before = waiting.len();
            let mut obstacle = None;
            let mut still = Vec::new();
            for next in waiting {
                if let Some(found) = self.attempt(connection, &next).await? {
                    obstacle = Some(found);
                    still.push(next);
                }
            }
            waiting = still;
            let Some(obstacle) = obstacle.filter(|_| waiting.len() == before) else { continue };
            if !parked {
                parked = true;
                self.park(connection, &waiting).await?;
            } else if !split {
                split = true;
                waiting = waiting.iter().flat_map(rows).collect();
            } else {
                return Err(obstacle);
            }
        }
        Ok(())
    }

    /// Writes some rows; the obstacle when others have to go first.
    async fn attempt(&mut self, connection: &mut PgConnection, next: &Waiting) -> Result<Option<StoreError>> {
        run(connection, "SAVEPOINT syncline_row").await?;
        let change = &self.batches[next.batch].change;
        let written = self.writings[next.batch].write(connection, change, &next.positions, OPERATION).await;
        let applied = &mut self.applied[next.batch];
        applied.queries += 3;
        match written {
            Ok(Written { rows, missed, direct, .. }) => {
                run(connection, "RELEASE SAVEPOINT syncline_row").await?;
                applied.rows += rows;
                applied.missed.extend(missed);
                self.direct += direct;
                Ok(None)
            }
            Err(error) if error.refusal.is_some_and(|refusal| refusal.kind.may_pass_later()) => {
                run(connection, "ROLLBACK TO SAVEPOINT syncline_row").await?;
                Ok(Some(unplaced(error)))
            }
            Err(error) => Err(unplaced(error)),
        }
    }

    async fn park(&mut self, connection: &mut PgConnection, waiting: &[Waiting]) -> Result<()> {
        let mut random = Random::from_system();
        for next in waiting {
            let (Change::Insert(rows) | Change::Update(rows)) = &self.batches[next.batch].change else {
                continue;
            };
            run(connection, "SAVEPOINT syncline_row").await?;
            let table = &self.writings[next.batch];
            let parked = table.park(connection, rows, &next.positions, random.next_u64(), OPERATION).await;
            match parked {
                Ok(rows) => {
                    run(connection, "RELEASE SAVEPOINT syncline_row").await?;
                    self.direct += rows;
                }
                // Rows that cannot be parked (a CHECK, a trigger) leave that to the others.
                Err(error) if error.refusal.is_some() => {
                    run(connection, "ROLLBACK TO SAVEPOINT syncline_row").await?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn rows(waiting: &Waiting) -> impl Iterator<Item = Waiting> + '_ {
    waiting.positions.iter().map(|&position| Waiting { batch: waiting.batch, positions: vec![position] })
}

/// The same error without a position, which would not say in which batch.
fn unplaced(mut error: StoreError) -> StoreError {
    let kind: Option<RefusalKind> = error.refusal.map(|refusal| refusal.kind);
    match kind {
        Some(kind) => error.with_refusal(kind, None),
        None => {
            error.refusal = None;
            error
        }
    }
}
