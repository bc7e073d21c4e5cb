//! Tables without a key: compared as a multiset, never written (trap 36).
//!
//! Without a key nothing says which row an edit belongs to, and a write that is repeated after a lost connection would
//! double its rows.

use super::context::Context;
use super::find::Views;
use super::interrupt::Flow;
use super::table::{Stage, TableWork};
use crate::base::human;
use crate::model::event::Side;
use crate::model::outcome::Verdict;
use crate::model::range::KeyRange;

/// Compares count and digest of both sides, and judges by that.
pub async fn judge(context: &Context, table: &mut TableWork) -> Flow<()> {
    let all = [KeyRange::all()];
    let (source, target) = context
        .persist(async || {
            let views = Views::open(context, table.paired()).await?;
            let source = views.source.digest(&views.source_view, &all, context.seed);
            let source = context.sides.call(Side::Source, "digesting all rows", source).await?;
            let target = views.target.digest(&views.target_view, &all, context.seed);
            let target = context.sides.call(Side::Target, "digesting all rows", target).await?;
            Ok((source, target))
        })
        .await?;
    let total = |digests: &[crate::model::digest::Digest]| {
        digests.iter().fold(crate::model::digest::Digest::EMPTY, |sum, digest| sum.combine(*digest))
    };
    let (source, target) = (total(&source), total(&target));
    table.counts = (Some(source.count), Some(target.count));
    table.say_inexact("no key: compared as a multiset, never written");
    table.stage = if source == target {
        table.found.source_digest = Some(source);
        table.found.equal_rows = source.count;
        table.proven_now = true;
        Stage::Judged { verdict: Verdict::Equal, message: None }
    } else {
        let message = format!(
            "{} source rows and {} target rows are not the same; without a key they cannot be repaired: \
             give the table a `key`",
            human::count(source.count),
            human::count(target.count)
        );
        Stage::Judged { verdict: Verdict::Differs, message: Some(message) }
    };
    Ok(())
}
