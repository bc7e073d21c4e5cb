//! The comparing scan: is the target, as it is now, the source as the pass read it?

use super::super::context::Context;
use super::super::find::{self, Views};
use super::super::interrupt::{Flow, Interrupt};
use super::super::table::TableWork;
use super::super::tally::Work;
use super::differences::Differences;
use crate::base::limits::DIGEST_RANGES_MAX;
use crate::model::digest::Digest;
use crate::model::event::Side;
use crate::model::pair::KeyOrder;
use crate::model::plan::Strategy;
use crate::model::range::KeyRange;
use crate::state::ProofRange;

/// Compares everything in scope, by digests where the source's are known, else row by row.
///
/// Afterwards the table's proofs are those of what was covered.
pub async fn scan(context: &Context, table: &mut TableWork) -> Flow<Differences> {
    let mut failures = 0;
    loop {
        match scan_once(context, table).await {
            Err(Interrupt::Lost(side, error)) => {
                failures += 1;
                table.found.one_instant = false;
                context.lost(side, &error, failures).await?;
            }
            other => return other,
        }
    }
}

async fn scan_once(context: &Context, table: &mut TableWork) -> Flow<Differences> {
    if table.found.one_instant && table.found.covered && !table.proofs.is_empty() {
        // A search covers leaves as it reads them, and what was equal at its end.
        table.proofs.sort_by(|left, right| left.range.lower.cmp(&right.range.lower));
        let suspicious = digest_target(context, table).await?;
        if suspicious.is_empty() {
            return Ok(Differences { equal_rows: table.counts.0.unwrap_or(0), ..Differences::default() });
        }
        return compare(context, table, &suspicious).await;
    }
    context.release_source().await;
    let differences = compare(context, table, &[KeyRange::all()]).await?;
    let header = table.paired().header.clone();
    let at = context.job.clock.now();
    table.found.source_digest =
        Some(differences.covered.iter().fold(Digest::EMPTY, |sum, (_, digest)| sum.combine(*digest)));
    table.proofs = differences
        .covered
        .iter()
        .map(|(range, digest)| ProofRange {
            range: range.clone(),
            digest: *digest,
            header: header.clone(),
            at,
        })
        .collect();
    Ok(differences)
}

/// Ranges whose digest at the target is not the one that the source had.
async fn digest_target(context: &Context, table: &TableWork) -> Flow<Vec<KeyRange>> {
    let target = context.sides.snapshot(Side::Target).await?;
    let view = &table.paired().target_view;
    let mut suspicious = Vec::new();
    for page in table.proofs.chunks(DIGEST_RANGES_MAX) {
        let ranges: Vec<KeyRange> = page.iter().map(|proof| proof.range.clone()).collect();
        let call = target.digest(view, &ranges, context.seed);
        let digests = context
            .timed(Work::Read, context.sides.call(Side::Target, "digesting what was written", call))
            .await?;
        if digests.len() != page.len() {
            return Err(Interrupt::logic("the target answered another number of digests than was asked for"));
        }
        context.sides.pace(digests.iter().map(|digest| digest.count).sum()).await;
        let unlike = page.iter().zip(&digests).filter(|(proof, digest)| proof.digest != **digest);
        suspicious.extend(unlike.map(|(proof, _)| proof.range.clone()));
    }
    Ok(suspicious)
}

/// Compares ranges row by row or by buckets, in key order through a newer view whenever one has become too old.
async fn compare(context: &Context, table: &TableWork, ranges: &[KeyRange]) -> Flow<Differences> {
    let paired = table.paired();
    let (strategy, source_age_max) = match paired.pair.key_order {
        KeyOrder::Canonical => (Strategy::MergeCompare, Some(paired.settings().snapshot_age_max)),
        KeyOrder::Hashed(_) => (Strategy::HashBuckets, None),
    };
    let mut differences = Differences { source_age_max, ..Differences::default() };
    let mut remaining = ranges.to_vec();
    loop {
        let views = Views::open(context, paired).await?;
        match find::search(context, &views, strategy, table, &remaining, &mut differences).await {
            Err(Interrupt::Aged) => {
                context.release_source().await;
                remaining = std::mem::take(&mut differences.remaining);
            }
            other => return other.map(|_| differences),
        }
    }
}
