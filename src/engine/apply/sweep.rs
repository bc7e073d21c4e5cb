//! Sweeps over the findings of a table: each finding is settled, parked or quarantined.

use std::collections::BTreeSet;

use super::super::context::Context;
use super::super::interrupt::Flow;
use super::super::table::TableWork;
use super::deletes::delete_page;
use super::rows::write_page;
use super::unit::OnRefusal;
use crate::state::{FindingKind, StoredFinding};

/// Deletes extra rows; repeats while that settles something, then leaves the rest parked or quarantined.
pub async fn sweep_deletes(context: &Context, table: &mut TableWork, on_refusal: OnRefusal) -> Flow<()> {
    let page_rows = table.paired().settings().delete_batch_size;
    repeat(context, table, &[FindingKind::Extra], page_rows, on_refusal).await
}

/// Inserts missing rows, then updates changed ones; repeats while that settles something.
pub async fn sweep_rows(context: &Context, table: &mut TableWork, on_refusal: OnRefusal) -> Flow<()> {
    let page_rows = table.paired().settings().batch_size;
    repeat(context, table, &[FindingKind::Missing, FindingKind::Changed], page_rows, on_refusal).await
}

async fn repeat(
    context: &Context,
    table: &mut TableWork,
    kinds: &[FindingKind],
    page_rows: usize,
    on_refusal: OnRefusal,
) -> Flow<()> {
    loop {
        let before = rows_left(context, table, kinds)?;
        if before == 0 {
            return Ok(());
        }
        for &kind in kinds {
            sweep(context, table, kind, page_rows, on_refusal).await?;
        }
        let after = rows_left(context, table, kinds)?;
        if after == 0 || after >= before {
            return Ok(());
        }
    }
}

fn rows_left(context: &Context, table: &TableWork, kinds: &[FindingKind]) -> Flow<u64> {
    let mut rows = 0;
    for &kind in kinds {
        rows += context.state().finding_rows(&table.name, kind)?;
    }
    Ok(rows)
}

/// One walk over the findings of a kind; findings that are listed again on the way wait for the next walk.
async fn sweep(
    context: &Context,
    table: &mut TableWork,
    kind: FindingKind,
    page_rows: usize,
    on_refusal: OnRefusal,
) -> Flow<()> {
    let resumed: BTreeSet<u64> =
        context.state().open_units(&table.name)?.into_iter().flat_map(|unit| unit.findings).collect();
    let mut after = 0;
    loop {
        context.control.safe_point(Some(&table.name)).await?;
        let page = context.state().findings(&table.name, kind, after, page_rows)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.id;
        settle(context, table, kind, &page, &resumed, on_refusal).await?;
    }
}

async fn settle(
    context: &Context,
    table: &mut TableWork,
    kind: FindingKind,
    page: &[StoredFinding],
    resumed: &BTreeSet<u64>,
    on_refusal: OnRefusal,
) -> Flow<()> {
    match kind {
        FindingKind::Extra => delete_page(context, table, page, resumed, on_refusal).await,
        FindingKind::Missing | FindingKind::Changed => {
            write_page(context, table, kind, page, on_refusal).await
        }
    }
}
