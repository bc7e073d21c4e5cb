//! Differing rows, handed to a consumer as they are found.

use std::io;
use std::sync::Arc;

use async_trait::async_trait;

use super::super::context::Context;
use super::super::find::{RowRef, Sink};
use super::super::interrupt::Flow;
use super::{RowConsumer, RowDifference, Walk, output_ended};
use crate::model::compare::differing_columns;
use crate::model::digest::Digest;
use crate::model::pair::TableView;
use crate::model::range::KeyRange;
use crate::model::settings::Deletes;
use crate::model::value::ValueRef;
use crate::state::FindingKind;

/// Compares every table, parents first.
pub(super) async fn walk(walk: &mut Walk, consumer: &mut dyn RowConsumer) -> Flow<()> {
    let discovered = walk.discover().await?;
    for index in discovered.order.forward() {
        let table = &discovered.tables[index];
        if !table.is_open() {
            continue;
        }
        let paired = table.paired();
        let mut sink = RowSink {
            consumer,
            source_view: Arc::clone(&paired.source_view),
            target_view: Arc::clone(&paired.target_view),
            keeps_extras: paired.settings().deletes == Deletes::Never,
            found: 0,
            output: Ok(()),
        };
        sink.output = sink.consumer.begin(&paired.pair);
        let compared = match &sink.output {
            Ok(()) => walk.compare(table, &mut sink).await,
            Err(_) => Err(output_ended()),
        };
        if sink.output.is_ok() && compared.is_ok() {
            sink.output = sink.consumer.end();
        }
        let RowSink { found, output, .. } = sink;
        walk.differences += found;
        walk.output = output;
        compared?;
    }
    Ok(())
}

struct RowSink<'a> {
    consumer: &'a mut dyn RowConsumer,
    source_view: Arc<TableView>,
    target_view: Arc<TableView>,
    /// Rows that only the target has are no difference.
    keeps_extras: bool,
    found: u64,
    output: io::Result<()>,
}

/// The values of a row, in the order of the pair's columns.
pub(super) fn values(row: RowRef<'_>) -> Vec<ValueRef<'_>> {
    row.block.fields(row.index).collect()
}

#[async_trait]
impl Sink for RowSink<'_> {
    fn differs(
        &mut self,
        kind: FindingKind,
        _key: &[u8],
        source: Option<RowRef<'_>>,
        target: Option<RowRef<'_>>,
    ) {
        if self.output.is_err() || (self.keeps_extras && kind == FindingKind::Extra) {
            return;
        }
        self.found += 1;
        let (source, target) = (source.map(values), target.map(values));
        let differing = match (&source, &target) {
            (Some(source), Some(target)) => {
                differing_columns((&self.source_view.shape, source), (&self.target_view.shape, target))
            }
            _ => Vec::new(),
        };
        let difference = RowDifference {
            kind,
            source: source.as_deref(),
            target: target.as_deref(),
            differing: &differing,
        };
        self.output = self.consumer.difference(&difference);
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
