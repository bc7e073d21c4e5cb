//! Gathering rows for one unit: conversion, the rows left alone, and the unit's bounds.

use super::super::context::Context;
use super::super::interrupt::Flow;
use super::super::table::TableWork;
use super::quarantine::refuse_conversion;
use super::unit::{Item, Load};
use crate::base::limits::UNIT_BYTES_MAX;
use crate::model::block::{BlockBuilder, RowBlock};
use crate::model::digest::Digest;
use crate::model::key::Key;
use crate::state::{FindingKind, StateChange};

/// Target rows of one kind, up to the bounds of a unit.
pub struct BatchBuilder {
    kind: FindingKind,
    rows: BlockBuilder,
    items: Vec<Item>,
    digest: Digest,
    /// Rows arrive as they were read, so that their bytes are copied and nothing is converted.
    identity: bool,
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick {
    /// It is in the batch.
    Taken,
    /// It was refused before, and nothing about it changed.
    LeftAlone,
    /// It cannot be converted and went to quarantine.
    Refused,
}

impl BatchBuilder {
    /// An empty batch for rows of `table`.
    pub fn new(table: &TableWork, kind: FindingKind) -> Self {
        let transform = &table.paired().transform;
        let rows = BlockBuilder::new(transform.shape());
        let identity = transform.is_identity();
        Self { kind, rows, items: Vec::new(), digest: Digest::EMPTY, identity }
    }

    /// What kind of difference the batch settles.
    pub fn kind(&self) -> FindingKind {
        self.kind
    }

    /// Digest of every source row that was offered, taken or not.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Takes a source row in, converted.
    pub fn add(
        &mut self,
        context: &Context,
        table: &mut TableWork,
        source: &RowBlock,
        index: usize,
        finding: Option<u64>,
    ) -> Flow<Pick> {
        let mut source_digest = Digest::EMPTY;
        source_digest.add_row(source.compare_form(index), context.seed);
        self.digest = self.digest.combine(source_digest);
        let item = Item { finding, key: source.key_owned(index), source_digest };
        if table.quarantine.leaves_alone(&item.key, source_digest) {
            return Ok(Pick::LeftAlone);
        }
        if self.identity {
            self.rows.copy_row(source, index);
            self.items.push(item);
            return Ok(Pick::Taken);
        }
        match table.paired_mut().transform.transform(source, index, &mut self.rows) {
            Ok(()) => {
                self.items.push(item);
                Ok(Pick::Taken)
            }
            Err(error) => {
                refuse_conversion(context, table, self.kind, item, (source, index), &error)?;
                Ok(Pick::Refused)
            }
        }
    }

    /// Takes a key in that is to be deleted.
    pub fn add_delete(&mut self, key: Key, finding: u64) {
        self.items.push(Item { finding: Some(finding), key, source_digest: Digest::EMPTY });
    }

    /// Whether a unit's bound in rows or bytes is reached.
    pub fn is_full(&self, table: &TableWork) -> bool {
        self.items.len() >= table.paired().settings().batch_size || self.rows.size_bytes() >= UNIT_BYTES_MAX
    }

    /// The batch so far, with what is to be remembered when it is done; a new one begins.
    pub fn take(&mut self, progress: Vec<StateChange>) -> Load {
        Load {
            kind: self.kind,
            items: std::mem::take(&mut self.items),
            rows: self.rows.take(),
            adopt_from: None,
            progress,
        }
    }
}
