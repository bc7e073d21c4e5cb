//! A view for reading: one instant, seen through any number of connections.
//!
//! The first connection exports its snapshot and then does nothing, so that no read that is given up half-way can end
//! it. Every read has a connection of its own that imported the snapshot; when the read ended well the connection is
//! kept for the next one. A stream that is still open when the view is dropped can be read to its end.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use sqlx::{AssertSqlSafe, Row as _};

use super::bound::{self, Component};
use super::error::read_error;
use super::facts::ColumnFacts;
use super::query::{Param, Statement, View, by, prepared};
use super::rows::{self, Reading};
use super::session::{Home, Lease, Life};
use super::sql::quote;
use super::stamps;
use crate::base::clock::Timestamp;
use crate::base::task;
use crate::model::block::{BlockBuilder, RowBlock};
use crate::model::digest::{Digest, DigestSeed};
use crate::model::key::Key;
use crate::model::pair::TableView;
use crate::model::range::KeyRange;
use crate::model::value::Value;
use crate::store::{ErrorClass, Result, RowStream, Snapshot, Stamps, StoreError, row_channel};

const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";

/// A view of a PostgreSQL database.
pub(super) struct PostgresSnapshot {
    shared: Arc<Shared>,
}

struct Shared {
    home: Arc<Home>,
    life: Life,
    /// The exported snapshot's name.
    name: String,
    /// Holds the exported snapshot; the rest of the connections inside it that nobody uses.
    kept: Mutex<(Option<Lease>, Vec<Lease>)>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        let (exporter, readers) =
            std::mem::take(self.kept.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner));
        if tokio::runtime::Handle::try_current().is_ok() {
            for lease in exporter.into_iter().chain(readers) {
                task::spawn(end(lease));
            }
        }
    }
}

/// Ends a lease's transaction and gives the connection back.
async fn end(mut lease: Lease) {
    let (home, life) = (lease.home(), lease.life());
    let operation = "ending a view";
    let ended = async {
        let result = sqlx::raw_sql("ROLLBACK").execute(&mut *lease).await;
        result.map(drop).map_err(|error| read_error(operation, &error))
    };
    // A connection that cannot even do that is closed, which ends the transaction as well.
    if home.within(life, operation, ended).await.is_ok() {
        lease.give_back();
    }
}

impl Shared {
    fn kept(&self) -> std::sync::MutexGuard<'_, (Option<Lease>, Vec<Lease>)> {
        self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// A connection inside the snapshot.
    async fn lend(&self, operation: &str) -> Result<Lease> {
        if self.home.life() != self.life {
            let cause = "the snapshot ended with its connection";
            return Err(StoreError::new(ErrorClass::Connection, operation, cause));
        }
        let kept = self.kept().1.pop();
        if let Some(lease) = kept {
            return Ok(lease);
        }
        let mut lease = self.home.lend(self.life, operation).await?;
        let import = format!("{BEGIN}; SET TRANSACTION SNAPSHOT {}", super::sql::string(&self.name));
        let begin = async {
            let result = sqlx::raw_sql(AssertSqlSafe(import)).execute(&mut *lease).await;
            result.map(drop).map_err(|error| {
                let mut error = read_error(operation, &error);
                // The exporter's session is gone.
                error.class = ErrorClass::Connection;
                error
            })
        };
        self.home.within(self.life, operation, begin).await?;
        Ok(lease)
    }

    fn keep(&self, lease: Lease) {
        self.kept().1.push(lease);
    }
}

impl PostgresSnapshot {
    /// Opens a view of this instant.
    pub(super) async fn open(home: &Arc<Home>) -> Result<Self> {
        let operation = "opening a view";
        let life = home.life();
        let mut exporter = home.lend(life, operation).await?;
        let export = async {
            let failed = |error: sqlx::Error| read_error(operation, &error);
            sqlx::raw_sql(BEGIN).execute(&mut *exporter).await.map_err(failed)?;
            let row = sqlx::query("SELECT pg_export_snapshot()").fetch_one(&mut *exporter).await;
            row.and_then(|row| row.try_get::<String, _>(0)).map_err(failed)
        };
        let name = home.within(life, operation, export).await?;
        let kept = Mutex::new((Some(exporter), Vec::new()));
        Ok(Self { shared: Arc::new(Shared { home: home.clone(), life, name, kept }) })
    }

    fn operation(&self, doing: &str, view: &TableView) -> String {
        format!("{doing} `{}` at the {}", view.table, self.shared.home.role)
    }

    /// A connection and what the view names.
    async fn start(&self, view: &TableView, operation: &str) -> Result<(Lease, View)> {
        let mut lease = self.shared.lend(operation).await?;
        let found = View::find(&mut lease, view, operation);
        let found = self.shared.home.within(self.shared.life, operation, found).await?;
        Ok((lease, found))
    }

    async fn all(
        &self,
        lease: &mut Lease,
        text: &str,
        params: &[Param],
        operation: &str,
    ) -> Result<Vec<sqlx::postgres::PgRow>> {
        let work = async {
            let rows = prepared(text, params).fetch_all(&mut **lease).await;
            rows.map_err(|error| read_error(operation, &error))
        };
        self.shared.home.within(self.shared.life, operation, work).await
    }

    fn stream(&self, lease: Lease, reading: Reading) -> RowStream {
        let (sender, stream) = row_channel(reading.operation.clone());
        let shared = Arc::downgrade(&self.shared);
        task::spawn(async move {
            let mut lease = lease;
            if reading.send(&mut lease, sender).await {
                match shared.upgrade() {
                    Some(shared) => shared.keep(lease),
                    None => end(lease).await,
                }
            }
        });
        stream
    }

    /// Reads rows and only looks at them.
    async fn look(
        &self,
        lease: Lease,
        reading: Reading,
        visit: impl FnMut(&RowBlock) + Send,
    ) -> Result<Lease> {
        let mut lease = lease;
        reading.each(&mut lease, visit).await?;
        Ok(lease)
    }

    async fn count_where(
        &self,
        lease: &mut Lease,
        view: &View,
        range: &KeyRange,
        operation: &str,
    ) -> Result<u64> {
        let statement = view.in_range(range);
        let text = format!("SELECT count(*) FROM {}{}", view.table.sql_name, statement.clause());
        let rows = self.all(lease, &text, &statement.params, operation).await?;
        let count: i64 = scalar(&rows, operation)?;
        Ok(count.unsigned_abs())
    }
}

fn scalar(rows: &[sqlx::postgres::PgRow], operation: &str) -> Result<i64> {
    let row = rows.first().ok_or(sqlx::Error::RowNotFound);
    row.and_then(|row| row.try_get(0)).map_err(|error| read_error(operation, &error))
}

fn reading(view: View, statement: Statement, order: &str, operation: String) -> Reading {
    let text =
        format!("SELECT {} FROM {}{}{order}", outputs_of(&view), view.table.sql_name, statement.clause());
    Reading { text, params: statement.params, view, wanted: None, operation }
}

/// A view without columns still has rows.
fn outputs_of(view: &View) -> String {
    if view.columns.is_empty() { "1".to_owned() } else { view.outputs() }
}

/// Ranges that follow one another without a gap, as one; with the positions of those inside.
fn runs(ranges: &[KeyRange]) -> Vec<(KeyRange, std::ops::Range<usize>)> {
    let mut runs: Vec<(KeyRange, std::ops::Range<usize>)> = Vec::new();
    for (position, range) in ranges.iter().enumerate() {
        match runs.last_mut() {
            Some((run, positions)) if run.upper.is_some() && run.upper == range.lower => {
                run.upper.clone_from(&range.upper);
                positions.end = position + 1;
            }
            _ => runs.push((range.clone(), position..position + 1)),
        }
    }
    runs
}

#[async_trait]
impl Snapshot for PostgresSnapshot {
    fn consistent(&self) -> bool {
        true
    }

    async fn count(&self, view: &TableView, range: &KeyRange) -> Result<u64> {
        let operation = self.operation("counting rows of", view);
        let (mut lease, found) = self.start(view, &operation).await?;
        let count = self.count_where(&mut lease, &found, range, &operation).await?;
        self.shared.keep(lease);
        Ok(count)
    }

    async fn digest(&self, view: &TableView, ranges: &[KeyRange], seed: DigestSeed) -> Result<Vec<Digest>> {
        let operation = self.operation("digesting rows of", view);
        let (mut lease, found) = self.start(view, &operation).await?;
        let mut digests = vec![Digest::EMPTY; ranges.len()];
        for (run, positions) in runs(ranges) {
            let (ranges, digests) = (&ranges[positions.clone()], &mut digests[positions]);
            let reading = reading(found.clone(), found.in_range(&run), "", operation.clone());
            let visit = |block: &RowBlock| {
                for index in 0..block.len() {
                    let key = block.key(index);
                    let below =
                        |range: &KeyRange| range.upper.as_ref().is_some_and(|upper| upper.as_bytes() <= key);
                    let position = ranges.partition_point(below).min(ranges.len() - 1);
                    digests[position].add_row(block.compare_form(index), seed);
                }
            };
            lease = self.look(lease, reading, visit).await?;
        }
        self.shared.keep(lease);
        Ok(digests)
    }

    async fn split(&self, view: &TableView, range: &KeyRange, pieces: usize) -> Result<Vec<Key>> {
        let operation = self.operation("splitting a range of", view);
        let (mut lease, found) = self.start(view, &operation).await?;
        let rows = self.count_where(&mut lease, &found, range, &operation).await?;
        let positions: BTreeSet<u64> = (1..pieces as u64)
            .map(|piece| (u128::from(rows) * u128::from(piece) / pieces as u128) as u64)
            .collect();
        if rows < 2 || positions.is_empty() || found.key.is_empty() {
            self.shared.keep(lease);
            return Ok(Vec::new());
        }
        let mut statement = found.in_range(range);
        let clause = statement.clause();
        let wanted = std::iter::once(0).chain(positions).map(|position| Some(position as i64)).collect();
        let wanted = statement.bind(Param::Integers(wanted));
        let names: Vec<String> = found.key.iter().map(|column| quote(&column.name)).collect();
        let text = format!(
            "SELECT {} FROM (SELECT {}, row_number() OVER ({}) - 1 AS syncline_row FROM {}{clause}) s
            WHERE syncline_row = ANY({wanted}) ORDER BY syncline_row",
            found.key_outputs(),
            names.join(", "),
            found.by_key("").trim_start(),
            found.table.sql_name,
        );
        let rows = self.all(&mut lease, &text, &statement.params, &operation).await?;
        self.shared.keep(lease);
        let keys = rows.iter().map(|row| rows::key(row, &found.key, 0)).collect::<sqlx::Result<Vec<_>>>();
        let mut keys = keys.map_err(|error| read_error(&operation, &error))?;
        keys.dedup();
        // The first row's key; a bound there would cut nothing off.
        keys.drain(..keys.len().min(1));
        Ok(keys)
    }

    async fn newest(&self, view: &TableView, range: &KeyRange, rows: u64) -> Result<Option<Key>> {
        let operation = self.operation("finding the newest rows of", view);
        let (mut lease, found) = self.start(view, &operation).await?;
        let Some(offset) = rows.checked_sub(1).filter(|_| !found.key.is_empty()) else {
            self.shared.keep(lease);
            return Ok(None);
        };
        let statement = found.in_range(range);
        let text = format!(
            "SELECT {} FROM {}{}{} OFFSET {offset} LIMIT 1",
            found.key_outputs(),
            found.table.sql_name,
            statement.clause(),
            found.by_key(" DESC"),
        );
        let rows = self.all(&mut lease, &text, &statement.params, &operation).await?;
        self.shared.keep(lease);
        let key = rows.first().map(|row| rows::key(row, &found.key, 0)).transpose();
        key.map_err(|error| read_error(&operation, &error))
    }

    async fn read(&self, view: &TableView, range: &KeyRange) -> Result<RowStream> {
        let operation = self.operation("reading rows of", view);
        let (lease, found) = self.start(view, &operation).await?;
        let (statement, order) = (found.in_range(range), found.by_key(""));
        Ok(self.stream(lease, reading(found, statement, &order, operation)))
    }

    async fn fetch(&self, view: &TableView, keys: &[Key]) -> Result<RowBlock> {
        let operation = self.operation("fetching rows of", view);
        let (mut lease, found) = self.start(view, &operation).await?;
        let mut builder = BlockBuilder::new(found.shape.clone());
        if let Some((join, params)) = key_join(&found.key, keys) {
            let scope = found.scoped();
            let text = format!(
                "SELECT {} FROM {join} JOIN {} ON {}{}{}",
                found.outputs(),
                found.table.sql_name,
                key_matches(&found.key),
                scope.clause(),
                found.by_key(""),
            );
            let rows = self.all(&mut lease, &text, &params, &operation).await?;
            for row in &rows {
                rows::push(row, &found, &mut builder).map_err(|error| read_error(&operation, &error))?;
            }
        }
        self.shared.keep(lease);
        Ok(builder.take())
    }

    async fn changed(
        &self,
        view: &TableView,
        since: Option<&Value>,
        until: Option<&Value>,
    ) -> Result<RowStream> {
        let operation = self.operation("reading changed rows of", view);
        let (lease, found) = self.start(view, &operation).await?;
        let stamp = stamps::column(&found, &operation)?.clone();
        let mut statement = found.whole_keys();
        statement.conditions.push(format!("{} IS NOT NULL", quote(&stamp.name)));
        for (bound, operator) in [(since, ">="), (until, "<=")] {
            if let Some(bound) = bound {
                let bound = Key::from_values(std::slice::from_ref(bound));
                bound::compare(&mut statement, &[&stamp], &bound, operator);
            }
        }
        let order = by(std::iter::once(&stamp).chain(&found.key), "");
        Ok(self.stream(lease, reading(found, statement, &order, operation)))
    }

    async fn stamps(&self, view: &TableView, since: Option<&Value>, now: Timestamp) -> Result<Stamps> {
        let operation = self.operation("looking at the modify stamps of", view);
        let (mut lease, found) = self.start(view, &operation).await?;
        let (home, life) = (&self.shared.home, self.shared.life);
        let work = stamps::read(&mut lease, &found, since, now, &operation);
        let stamps = home.within(life, &operation, work).await?;
        self.shared.keep(lease);
        Ok(stamps)
    }

    async fn null_keys(&self, view: &TableView, seed: DigestSeed) -> Result<Digest> {
        let operation = self.operation("digesting rows without a key of", view);
        let (mut lease, found) = self.start(view, &operation).await?;
        let mut digest = Digest::EMPTY;
        let nullable: Vec<String> = found
            .key
            .iter()
            .filter(|column| !column.not_null)
            .map(|column| format!("{} IS NULL", quote(&column.name)))
            .collect();
        if !nullable.is_empty() {
            let mut statement = found.scoped();
            statement.conditions.push(format!("({})", nullable.join(" OR ")));
            let visit = |block: &RowBlock| {
                (0..block.len()).for_each(|index| digest.add_row(block.compare_form(index), seed));
            };
            lease = self.look(lease, reading(found, statement, "", operation), visit).await?;
        }
        self.shared.keep(lease);
        Ok(digest)
    }

    async fn digest_buckets(
        &self,
        view: &TableView,
        buckets: usize,
        seed: DigestSeed,
    ) -> Result<Vec<Digest>> {
        let operation = self.operation("digesting buckets of", view);
        let (lease, found) = self.start(view, &operation).await?;
        let mut digests = vec![Digest::EMPTY; buckets];
        let visit = |block: &RowBlock| {
            for index in 0..block.len() {
                digests[seed.bucket_of(block.key(index), buckets)].add_row(block.compare_form(index), seed);
            }
        };
        let statement = found.whole_keys();
        let lease = self.look(lease, reading(found, statement, "", operation), visit).await?;
        self.shared.keep(lease);
        Ok(digests)
    }

    async fn read_buckets(
        &self,
        view: &TableView,
        buckets: usize,
        wanted: &BTreeSet<usize>,
        seed: DigestSeed,
    ) -> Result<RowStream> {
        let operation = self.operation("reading buckets of", view);
        let (lease, found) = self.start(view, &operation).await?;
        let statement = found.whole_keys();
        let reading = reading(found, statement, "", operation);
        Ok(self.stream(lease, Reading { wanted: Some((buckets, wanted.clone(), seed)), ..reading }))
    }

    async fn largest(&self, view: &TableView) -> Result<Option<Key>> {
        self.newest(view, &KeyRange::all(), 1).await
    }
}

/// `unnest(…) AS syncline_key(…)` of the keys that rows can have, with the arrays; none when there is none.
fn key_join(columns: &[ColumnFacts], keys: &[Key]) -> Option<(String, Vec<Param>)> {
    let mut arrays: Vec<Vec<Option<String>>> = vec![Vec::new(); columns.len()];
    'keys: for key in keys {
        let mut texts = Vec::with_capacity(columns.len());
        for (column, value) in columns.iter().zip(key.values()) {
            match bound::component(column, &value) {
                Component::Same { text, cast, .. } if cast != "bytea" || matches!(value, Value::Blob(_)) => {
                    texts.push(text);
                }
                _ => continue 'keys,
            }
        }
        arrays.iter_mut().zip(texts).for_each(|(array, text)| array.push(Some(text)));
    }
    if arrays.first().is_none_or(Vec::is_empty) {
        return None;
    }
    let parameters: Vec<String> = (1..=columns.len()).map(|number| format!("${number}")).collect();
    let names: Vec<String> = (1..=columns.len()).map(|number| format!("syncline_{number}")).collect();
    let join = format!("unnest({}) AS syncline_key({})", parameters.join(", "), names.join(", "));
    Some((join, arrays.into_iter().map(Param::Texts).collect()))
}

/// Each column of the key equals its array's element, in the type that the column's index serves.
fn key_matches(columns: &[ColumnFacts]) -> String {
    let matches = columns.iter().enumerate().map(|(position, column)| {
        super::write::equals(column, &format!("syncline_key.syncline_{}", position + 1))
    });
    matches.collect::<Vec<_>>().join(" AND ")
}
