//! The initial copy: an empty target gets every source row, without a search before it.

use super::super::context::Context;
use super::super::interrupt::Flow;
use super::super::table::TableWork;
use super::stream::{Progress, write_stream};
use super::unit::OnRefusal;
use crate::model::digest::Digest;
use crate::model::range::KeyRange;
use crate::state::{FindProgress, FindingKind};

const COPY: &str = "copy";

/// Copies the table, going on where an earlier process stopped.
pub async fn copy(context: &Context, table: &mut TableWork) -> Flow<()> {
    let earlier = context.state().find_progress(&table.name)?;
    let resumed = earlier.is_some();
    let progress = earlier.filter(|progress| progress.strategy == COPY).unwrap_or_else(|| FindProgress {
        strategy: COPY.to_owned(),
        remaining: vec![KeyRange::all()],
        equal_rows: 0,
        digest: Digest::EMPTY,
        watermark: table.found.watermark.clone(),
        done: false,
    });
    table.found.covered = true;
    table.found.one_instant = !resumed;
    for range in progress.remaining.clone() {
        let shown = Progress::Copy(progress.clone());
        write_stream(context, table, FindingKind::Missing, range, shown, OnRefusal::Park).await?;
    }
    Ok(())
}
