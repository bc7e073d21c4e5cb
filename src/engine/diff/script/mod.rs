//! Differences as statements that repair the target, in the order in which a pass would write.
//!
//! Deletes run child-first, and unique values that move are parked; then inserts and updates parent-first; then deletes
//! that cascade. Each of these is a walk of its own over the tables that need it, so that nothing is kept in memory. All
//! statements stand in one transaction with foreign keys checked at its end.

mod parking;

use std::io;
use std::sync::Arc;

use async_trait::async_trait;

use super::rows::values;
use super::{Walk, output_ended};
use crate::base::limits::{SUMMARY_ERRORS_MAX, UNIT_BYTES_MAX};
use crate::engine::context::Context;
use crate::engine::discover::describe;
use crate::engine::find::{RowRef, Sink};
use crate::engine::interrupt::Flow;
use crate::engine::table::TableWork;
use crate::model::block::{BlockBuilder, RowBlock, RowShape};
use crate::model::compare::differing_columns;
use crate::model::convert::RowTransform;
use crate::model::digest::Digest;
use crate::model::event::Side;
use crate::model::key::Key;
use crate::model::pair::WriteTarget;
use crate::model::range::KeyRange;
use crate::model::schema::Catalog;
use crate::model::settings::Deletes;
use crate::state::FindingKind;
use crate::store::{Batch, Change, ErrorClass, SideEffects, Store, StoreError};
use parking::Parking;

/// Writes the script of all tables.
pub(super) async fn walk(walk: &mut Walk, out: &mut (dyn io::Write + Send)) -> Flow<()> {
    let discovered = walk.discover().await?;
    let (tables, order) = (discovered.tables, discovered.order);
    let catalog = describe(&walk.context, Side::Target).await?;
    let mut script = Script::new(walk, &tables, &catalog, out);
    let mut seen = vec![Seen::default(); tables.len()];
    for index in order.backward() {
        let part = Part::First { deletes: !order.cascades(index) };
        seen[index] = script.write(walk, &tables[index], part).await?;
    }
    for index in order.forward().filter(|&index| seen[index].rows > 0) {
        script.write(walk, &tables[index], Part::Rows).await?;
    }
    for index in order.backward().filter(|&index| order.cascades(index) && seen[index].deletes > 0) {
        script.write(walk, &tables[index], Part::Last).await?;
    }
    walk.differences = seen.iter().map(|seen| seen.deletes + seen.rows).sum();
    script.finish(walk)
}

/// Which statements of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Its deletes, unless they cascade, and what is parked.
    First {
        /// Whether deletes are written now.
        deletes: bool,
    },
    /// Its inserts and updates.
    Rows,
    /// Its deletes that cascade.
    Last,
}

impl Part {
    fn writes_deletes(self) -> bool {
        matches!(self, Self::First { deletes: true } | Self::Last)
    }
}

/// What a walk over one table saw.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    deletes: u64,
    rows: u64,
}

struct Script<'o> {
    catalog: &'o Catalog,
    out: &'o mut (dyn io::Write + Send),
    store: Arc<dyn Store>,
    side_effects: SideEffects,
    /// Whether the transaction was opened.
    begun: bool,
}

impl<'o> Script<'o> {
    fn new(
        walk: &Walk,
        tables: &[TableWork],
        catalog: &'o Catalog,
        out: &'o mut (dyn io::Write + Send),
    ) -> Self {
        let open =
            || tables.iter().filter(|table| table.is_open()).map(|table| table.paired().side_effects());
        let side_effects = SideEffects {
            foreign_keys: open().all(|side_effects| side_effects.foreign_keys),
            triggers: open().all(|side_effects| side_effects.triggers),
        };
        Self { catalog, out, store: Arc::clone(&walk.context.sides.target), side_effects, begun: false }
    }

    async fn write(&mut self, walk: &mut Walk, table: &TableWork, part: Part) -> Flow<Seen> {
        if !table.is_open() {
            return Ok(Seen::default());
        }
        let paired = table.paired();
        let transform = RowTransform::new(&paired.pair);
        let mut sink = ScriptSink {
            part,
            keeps_extras: paired.settings().deletes == Deletes::Never,
            batch_rows: paired.settings().batch_size,
            target: Arc::clone(&paired.write),
            source_columns: paired.pair.columns.iter().map(|column| column.source.clone()).collect(),
            parking: match part {
                Part::First { .. } => Parking::of(&paired.pair, self.catalog),
                Part::Rows | Part::Last => None,
            },
            shapes: (paired.source_view.shape.clone(), paired.target_view.shape.clone()),
            deletes: Vec::new(),
            inserts: BlockBuilder::new(transform.shape()),
            updates: BlockBuilder::new(transform.shape()),
            transform,
            script: self,
            seen: Seen::default(),
            refused: Vec::new(),
            refused_beyond: 0,
            output: Ok(()),
        };
        let compared = walk.compare(table, &mut sink).await;
        sink.flush();
        let ScriptSink { seen, refused, refused_beyond, output, .. } = sink;
        let ended = output.is_err();
        walk.output = output;
        for (key, error) in refused {
            walk.refuse(&table.name, &format!("key {key} is not repaired: {}", error.cause), error.hint);
        }
        if refused_beyond > 0 {
            walk.refuse(&table.name, &format!("{refused_beyond} further rows are not repaired"), None);
        }
        compared?;
        if ended { Err(output_ended()) } else { Ok(seen) }
    }

    /// Writes statements, after what opens the transaction.
    fn put(&mut self, statements: &str) -> io::Result<()> {
        if statements.is_empty() {
            return Ok(());
        }
        if !std::mem::replace(&mut self.begun, true) {
            self.out.write_all(self.store.script_frame(self.side_effects).0.as_bytes())?;
        }
        self.out.write_all(statements.as_bytes())
    }

    fn finish(self, walk: &mut Walk) -> Flow<()> {
        let end = if self.begun { self.store.script_frame(self.side_effects).1 } else { String::new() };
        walk.output = self.out.write_all(end.as_bytes()).and_then(|()| self.out.flush());
        if walk.output.is_ok() { Ok(()) } else { Err(output_ended()) }
    }
}

struct ScriptSink<'s, 'o> {
    part: Part,
    /// Rows that only the target has stay.
    keeps_extras: bool,
    batch_rows: usize,
    target: Arc<WriteTarget>,
    source_columns: Vec<String>,
    /// What of this table is parked, in the part that parks.
    parking: Option<Parking>,
    /// How both sides are compared.
    shapes: (RowShape, RowShape),
    deletes: Vec<Key>,
    inserts: BlockBuilder,
    updates: BlockBuilder,
    transform: RowTransform,
    script: &'s mut Script<'o>,
    seen: Seen,
    /// Keys whose rows no statement can repair, at most [`SUMMARY_ERRORS_MAX`].
    refused: Vec<(String, StoreError)>,
    /// How many more there are.
    refused_beyond: u64,
    output: io::Result<()>,
}

impl ScriptSink<'_, '_> {
    fn is_full(&self) -> bool {
        let parked = self.parking.as_ref().map(Parking::size).unwrap_or_default();
        let rows = self.deletes.len() + self.inserts.len() + self.updates.len() + parked.0;
        let bytes = self.inserts.size_bytes() + self.updates.size_bytes() + parked.1;
        rows >= self.batch_rows || bytes >= UNIT_BYTES_MAX
    }

    /// Writes what was gathered: deletes, what is parked, inserts, updates.
    fn flush(&mut self) {
        let target = Arc::clone(&self.target);
        if !self.deletes.is_empty() {
            let keys = std::mem::take(&mut self.deletes);
            self.statements(&target, &Change::Delete(keys));
        }
        if let Some((target, rows)) = self.parking.as_mut().and_then(Parking::take) {
            self.statements(&target, &Change::Update(rows));
        }
        if !self.inserts.is_empty() {
            let rows = self.inserts.take();
            self.statements(&target, &Change::Insert(rows));
        }
        if !self.updates.is_empty() {
            let rows = self.updates.take();
            self.statements(&target, &Change::Update(rows));
        }
    }

    fn statements(&mut self, target: &Arc<WriteTarget>, change: &Change) {
        if self.output.is_err() {
            return;
        }
        match self.text(target, change.clone()) {
            Ok(text) => self.output = self.script.put(&text),
            // One row cannot be written as text: the others are.
            Err(error) if error.class == ErrorClass::Data => {
                for (key, change) in one_by_one(change) {
                    match self.text(target, change) {
                        Ok(text) => self.output = self.script.put(&text),
                        Err(error) => self.refuse(key, error),
                    }
                }
            }
            Err(error) => self.refuse(format!("of {} rows", change.len()), error),
        }
    }

    fn text(&self, target: &Arc<WriteTarget>, change: Change) -> crate::store::Result<String> {
        let (target, side_effects) = (Arc::clone(target), self.script.side_effects);
        self.script.store.script(&Batch { target, change, mark: None, side_effects })
    }

    fn refuse(&mut self, key: String, error: StoreError) {
        if self.refused.len() < SUMMARY_ERRORS_MAX {
            self.refused.push((key, error));
        } else {
            self.refused_beyond += 1;
        }
    }

    fn park(&mut self, source: RowRef<'_>, target: RowRef<'_>) {
        let Some(parking) = &mut self.parking else { return };
        let (source, target) = (values(source), values(target));
        let differing = differing_columns((&self.shapes.0, &source), (&self.shapes.1, &target));
        parking.add(&target, &differing);
    }

    fn row(&mut self, kind: FindingKind, key: &[u8], source: RowRef<'_>) {
        let builder = if kind == FindingKind::Missing { &mut self.inserts } else { &mut self.updates };
        if let Err(error) = self.transform.transform(source.block, source.index, builder) {
            let columns = self.source_columns.len();
            let operation = format!("converting a row of {columns} columns");
            let mut refused = StoreError::new(ErrorClass::Data, operation, error.to_string());
            refused.hint = Some(error.hint);
            self.refuse(Key::from_encoded(key).to_string(), refused);
        }
    }
}

fn one_by_one(change: &Change) -> Vec<(String, Change)> {
    let single = |rows: &RowBlock, index: usize| {
        let mut single = RowBlock::default();
        single.push_row_of(rows, index);
        single
    };
    match change {
        Change::Delete(keys) => {
            keys.iter().map(|key| (key.to_string(), Change::Delete(vec![key.clone()]))).collect()
        }
        Change::Insert(rows) => (0..rows.len())
            .map(|index| (rows.key_owned(index).to_string(), Change::Insert(single(rows, index))))
            .collect(),
        Change::Update(rows) => (0..rows.len())
            .map(|index| (rows.key_owned(index).to_string(), Change::Update(single(rows, index))))
            .collect(),
    }
}

#[async_trait]
impl Sink for ScriptSink<'_, '_> {
    fn differs(
        &mut self,
        kind: FindingKind,
        key: &[u8],
        source: Option<RowRef<'_>>,
        target: Option<RowRef<'_>>,
    ) {
        match (kind, source) {
            (FindingKind::Extra, _) if self.keeps_extras => return,
            (FindingKind::Extra, _) => self.seen.deletes += 1,
            (FindingKind::Missing | FindingKind::Changed, _) => self.seen.rows += 1,
        }
        if self.output.is_err() {
            return;
        }
        match (kind, source, target) {
            (FindingKind::Extra, ..) if self.part.writes_deletes() => {
                self.deletes.push(Key::from_encoded(key));
            }
            (FindingKind::Missing | FindingKind::Changed, Some(source), _) if self.part == Part::Rows => {
                self.row(kind, key, source);
            }
            (FindingKind::Changed, Some(source), Some(target)) => self.park(source, target),
            _ => return,
        }
        if self.is_full() {
            self.flush();
        }
    }

    fn equal(&mut self, _key: &[u8]) {}

    fn equal_rows(&mut self, _rows: u64) {}

    fn covered(&mut self, _range: KeyRange, _source: Digest) {}

    async fn save(&mut self, context: &Context, _remaining: &[KeyRange]) -> Flow<()> {
        if self.output.is_err() {
            return Err(output_ended());
        }
        context.control.safe_point(None).await
    }
}
