//! Rows in an order that no index serves, with bounded memory: the table is walked several times, and each walk keeps
//! the rows that come next.
//!
//! Slow, but as right as a sorted read: it serves keys whose collation is not by bytes, UTF-16 databases, and modify
//! columns without an index. The engine prefers hash buckets for such keys.

use super::reader::{Reader, View};
use super::scan::{Flow, Scan, encode_outputs};
use super::value::from_sql;
use crate::base::limits::{BLOCK_BYTES_MAX, BLOCK_ROWS_MAX, SELECTION_BYTES_MAX};
use crate::model::block::{BlockBuilder, RowBlock};
use crate::store::Result;

/// A read that sorts on the way.
pub(super) struct Selection {
    /// The walk at its start.
    start: Scan,
    builder: BlockBuilder,
    width: usize,
    /// Outputs that rows are sorted by; the last ones tell all rows apart.
    order: Vec<usize>,
    /// Which rows are wanted at all, by the encoded values that they are sorted by.
    wanted: Wanted,
    picked: Vec<Picked>,
    /// Where this walk's share ends: rows behind it were left for a later one.
    ceiling: Option<Vec<u8>>,
    /// How many of the picked rows were handed over, once a walk is done.
    handed: Option<usize>,
    /// Where the share of the walk before ended.
    last: Option<Vec<u8>>,
}

type Wanted = Box<dyn Fn(&[u8]) -> bool>;

struct Picked {
    order: Vec<u8>,
    /// Its position in the builder's block.
    row: usize,
}

impl Selection {
    /// Sorted rows of a walk whose first outputs are the view's columns.
    pub(super) fn new(
        start: Scan,
        view: &View,
        order: Vec<usize>,
        wanted: impl Fn(&[u8]) -> bool + 'static,
    ) -> Self {
        Self {
            start,
            builder: BlockBuilder::new(view.shape.clone()),
            width: view.columns.len(),
            order,
            wanted: Box::new(wanted),
            picked: Vec::new(),
            ceiling: None,
            handed: None,
            last: None,
        }
    }

    /// Goes on; true at the end.
    pub(super) fn run(&mut self, reader: &Reader, emit: &mut dyn FnMut(RowBlock) -> Flow) -> Result<bool> {
        loop {
            if self.handed.is_none() {
                self.pick(reader)?;
                self.handed = Some(0);
            }
            if !self.hand_over(emit) {
                return Ok(false);
            }
            let Some(ceiling) = self.ceiling.take() else { return Ok(true) };
            self.last = Some(ceiling);
            self.picked.clear();
            self.builder.clear();
            self.handed = None;
        }
    }

    /// One walk: keeps the rows that come next, as many as fit.
    fn pick(&mut self, reader: &Reader) -> Result<()> {
        let mut order = Vec::new();
        let mut scan = self.start.clone();
        scan.run(reader, |row| {
            order.clear();
            encode_outputs(row, &self.order, &mut order);
            let done = self.last.as_ref().is_some_and(|last| order <= *last);
            let later = self.ceiling.as_ref().is_some_and(|ceiling| order > *ceiling);
            if done || later || !(self.wanted)(&order) {
                return Ok(Flow::More);
            }
            for column in 0..self.width {
                self.builder.push(from_sql(row.get_ref_unwrap(column)));
            }
            self.builder.end_row();
            self.picked.push(Picked { order: order.clone(), row: self.builder.len() - 1 });
            if self.builder.size_bytes() > 2 * SELECTION_BYTES_MAX && self.picked.len() > 1 {
                self.shrink();
            }
            Ok(Flow::More)
        })?;
        self.picked.sort_unstable_by(|a, b| a.order.cmp(&b.order));
        Ok(())
    }

    /// Drops the rows that come last, about half of them.
    fn shrink(&mut self) {
        self.picked.sort_unstable_by(|a, b| a.order.cmp(&b.order));
        let all = self.builder.take();
        let mut kept = RowBlock::default();
        let mut count = 0;
        while count < self.picked.len() && (count == 0 || kept.size_bytes() < SELECTION_BYTES_MAX) {
            kept.push_row_of(&all, self.picked[count].row);
            self.picked[count].row = count;
            count += 1;
        }
        if count < self.picked.len() {
            self.ceiling = Some(self.picked[count - 1].order.clone());
        }
        self.picked.truncate(count);
        self.builder.replace(kept);
    }

    /// Hands the picked rows over; false when the consumer is behind.
    fn hand_over(&mut self, emit: &mut dyn FnMut(RowBlock) -> Flow) -> bool {
        let mut handed = self.handed.unwrap_or(0);
        while handed < self.picked.len() {
            let mut block = RowBlock::default();
            while handed < self.picked.len() && block.len() < BLOCK_ROWS_MAX {
                let row = self.picked[handed].row;
                let bytes = self.builder.block().row(row).len();
                if !block.is_empty() && block.size_bytes() + bytes > BLOCK_BYTES_MAX {
                    break;
                }
                block.push_row_of(self.builder.block(), row);
                handed += 1;
            }
            self.handed = Some(handed);
            match emit(block) {
                Flow::More => {}
                Flow::Pause => return false,
                Flow::Stop => {
                    self.ceiling = None;
                    return true;
                }
            }
        }
        true
    }
}
