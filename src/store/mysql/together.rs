//! Several batches in one transaction, for rows that wait for each other.
//!
//! These servers check everything at each statement. A row that another one stands in the way of is tried again after
//! the others, which resolves chains. In a cycle of unique values one row's are parked until it gets its own; in a
//! cycle of references one row is written unchecked, and what it refers to, and what refers to it, is checked at the
//! end. Nothing is deleted for that, so what refers to an updated row stays.

use std::collections::BTreeSet;

use super::apply::{begin, end, writable};
use super::connect::Session;
use super::error::store_error;
use super::facts::number;
use super::sql;
use super::write::Writing;
use super::writer::{Obstacle, Writer};
use crate::base::random::Random;
use crate::store::{Applied, Batch, Change, ErrorClass, RefusalKind, Result, StoreError};

/// What is being done, for messages.
pub(super) const OPERATION: &str = "writing rows that wait for each other";

/// Applies batches together.
pub(super) async fn apply(session: &mut Session, batches: &[Batch]) -> Result<Vec<Applied>> {
    writable(session, OPERATION)?;
    let foreign_keys = batches.iter().all(|batch| batch.side_effects.foreign_keys);
    begin(session, foreign_keys, OPERATION).await?;
    let result = in_transaction(session, batches, foreign_keys).await;
    end(session, foreign_keys, result, OPERATION).await
}

async fn in_transaction(
    session: &mut Session,
    batches: &[Batch],
    foreign_keys: bool,
) -> Result<Vec<Applied>> {
    let mut writers = Vec::with_capacity(batches.len());
    for batch in batches {
        let writing = Writing::plan(session, &batch.target, batch.side_effects, OPERATION).await?;
        let operation = OPERATION.to_owned();
        writers.push(Writer { writing, operation, foreign_keys, queries: 0, cascaded: 0 });
    }
    let mut together = Together {
        batches,
        writers,
        applied: vec![Applied::default(); batches.len()],
        unchecked: BTreeSet::new(),
    };
    together.write_all(session).await?;
    together.check(session).await?;
    for (applied, writer) in together.applied.iter_mut().zip(&together.writers) {
        applied.queries = writer.queries;
        applied.cascaded = writer.cascaded;
        applied.missed.sort_unstable();
    }
    Ok(together.applied)
}

struct Together<'b> {
    batches: &'b [Batch],
    writers: Vec<Writer>,
    applied: Vec<Applied>,
    /// Batches of which a row was written with foreign keys unchecked.
    unchecked: BTreeSet<usize>,
}

/// A row: its batch, and its position there.
type Place = (usize, usize);

impl Together<'_> {
    async fn write_all(&mut self, session: &mut Session) -> Result<()> {
        let positions = |(number, batch): (usize, &Batch)| (0..batch.change.len()).map(move |p| (number, p));
        let mut waiting: Vec<Place> = self.batches.iter().enumerate().flat_map(positions).collect();
        let mut parked: BTreeSet<Place> = BTreeSet::new();
        let mut random = Random::from_system();
        while !waiting.is_empty() {
            let before = waiting.len();
            let mut obstacles = Vec::new();
            let mut left = Vec::new();
            for place in waiting {
                session.wanted.check(OPERATION)?;
                if let Some(obstacle) = self.write(session, place).await? {
                    left.push(place);
                    obstacles.push(obstacle);
                }
            }
            waiting = left;
            if waiting.is_empty() || waiting.len() < before {
                continue;
            }
            let next = waiting
                .iter()
                .zip(&obstacles)
                .find(|(place, obstacle)| {
                    let updates =
                        matches!(self.batches[place.0].change, Change::Update(_) | Change::Insert(_));
                    obstacle.kind() == Some(RefusalKind::Unique) && updates && !parked.contains(place)
                })
                .map(|(place, _)| *place);
            if let Some(next) = next {
                parked.insert(next);
                self.park(session, next, random.next_u64() as i64).await?;
                continue;
            }
            // No unique value can be moved out of the way any more: a cycle of references is left, or nothing helps.
            let held = obstacles.iter().position(|obstacle| obstacle.kind() == Some(RefusalKind::ForeignKey));
            match held {
                Some(index) if self.write_unchecked(session, waiting[index]).await? => {
                    waiting.remove(index);
                }
                _ => {
                    let obstacle = obstacles.swap_remove(held.unwrap_or(0));
                    return Err(obstacle.refused(OPERATION, None));
                }
            }
        }
        Ok(())
    }

    /// Writes one row; the obstacle when another one has to go first.
    async fn write(&mut self, session: &mut Session, (number, position): Place) -> Result<Option<Obstacle>> {
        let change = &self.batches[number].change;
        match self.writers[number].write_some(session, change, &[position]).await {
            Ok(done) => {
                self.applied[number].rows += done.rows;
                self.applied[number].missed.extend(done.missed);
            }
            Err((_, obstacle)) if obstacle.kind().is_some_and(RefusalKind::may_pass_later) => {
                return Ok(Some(obstacle));
            }
            Err((_, obstacle)) => return Err(obstacle.refused(OPERATION, None)),
        }
        Ok(None)
    }

    /// Writes one row with foreign keys unchecked; false when something else stands in its way.
    async fn write_unchecked(&mut self, session: &mut Session, place: Place) -> Result<bool> {
        let failed = |error| store_error(OPERATION, &error);
        session.plain("SET SESSION foreign_key_checks = 0").await.map_err(failed)?;
        let written = self.write(session, place).await;
        session.plain("SET SESSION foreign_key_checks = 1").await.map_err(failed)?;
        self.unchecked.insert(place.0);
        Ok(written?.is_none())
    }

    async fn park(&mut self, session: &mut Session, (number, position): Place, token: i64) -> Result<()> {
        let (Change::Insert(rows) | Change::Update(rows)) = &self.batches[number].change else {
            return Ok(());
        };
        match self.writers[number].park(session, rows, position, token).await {
            Ok(()) => Ok(()),
            // A row that cannot be parked (a CHECK, a trigger) leaves that to the others.
            Err(obstacle) if obstacle.kind().is_some() => Ok(()),
            Err(obstacle) => Err(obstacle.refused(OPERATION, None)),
        }
    }

    /// Looks for rows that refer to nothing, in and around the tables that were written unchecked.
    async fn check(&mut self, session: &mut Session) -> Result<()> {
        if self.unchecked.is_empty() {
            return Ok(());
        }
        let written: Vec<String> = self
            .unchecked
            .iter()
            .map(|&number| self.writers[number].writing.facts.name.name.clone())
            .collect();
        let failed = |error| store_error(OPERATION, &error);
        let tables = super::facts::all(session).await.map_err(failed)?;
        for table in &tables {
            for reference in &table.foreign_keys {
                let concerned =
                    written.contains(&table.name.name) || written.contains(&reference.parent.name);
                if !concerned {
                    continue;
                }
                let pairs = || reference.columns.iter().zip(&reference.parent_columns);
                let on: Vec<String> =
                    pairs().map(|(c, p)| format!("c.{} = p.{}", sql::quote(c), sql::quote(p))).collect();
                let set: Vec<String> =
                    pairs().map(|(c, _)| format!("c.{} IS NOT NULL", sql::quote(c))).collect();
                let first = reference.parent_columns.first().map_or(String::new(), |p| sql::quote(p));
                let text = format!(
                    "SELECT EXISTS (SELECT 1 FROM {} c LEFT JOIN {} p ON {} WHERE {} AND p.{first} IS NULL)",
                    table.sql_name(),
                    sql::table(&reference.parent),
                    on.join(" AND "),
                    set.join(" AND "),
                );
                let row = session.row(&text, &[]).await.map_err(failed)?;
                if row.is_some_and(|row| number(&row, 0) > 0) {
                    let cause = format!(
                        "rows of `{}` refer to rows of `{}` that are missing",
                        table.name, reference.parent
                    );
                    return Err(StoreError::new(ErrorClass::Data, OPERATION, cause)
                        .with_refusal(RefusalKind::ForeignKey, None));
                }
            }
        }
        Ok(())
    }
}
