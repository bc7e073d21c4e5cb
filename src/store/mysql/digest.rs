//! Digests: rows are read and digested here, in the very way in which every other store does it.

use super::bound::Condition;
use super::connect::Session;
use super::walk::{Flow, View, Walk};
use crate::model::block::BlockBuilder;
use crate::model::digest::{Digest, DigestSeed};
use crate::model::key::Key;
use crate::model::range::KeyRange;
use crate::store::Result;

/// One digest a range; ranges that touch are read in one walk.
pub(super) async fn ranges(
    session: &mut Session,
    view: &View,
    ranges: &[KeyRange],
    seed: DigestSeed,
    operation: &str,
) -> Result<Vec<Digest>> {
    let mut digests = vec![Digest::EMPTY; ranges.len()];
    let mut first = 0;
    while first < ranges.len() {
        let mut last = first;
        while last + 1 < ranges.len()
            && ranges[last].upper.is_some()
            && ranges[last].upper == ranges[last + 1].lower
        {
            last += 1;
        }
        let whole = KeyRange::new(ranges[first].lower.clone(), ranges[last].upper.clone());
        if !whole.is_empty() {
            run(session, view, (&whole, &ranges[first..=last]), &mut digests[first..=last], seed, operation)
                .await?;
        }
        first = last + 1;
    }
    Ok(digests)
}

/// Adjacent ranges in one walk.
async fn run(
    session: &mut Session,
    view: &View,
    (whole, pieces): (&KeyRange, &[KeyRange]),
    digests: &mut [Digest],
    seed: DigestSeed,
    operation: &str,
) -> Result<()> {
    let conditions = view.in_range(whole);
    let mut walk = if pieces.len() == 1 {
        // The order does not matter: what serves the range is for the server to say.
        Walk::for_sum(view, conditions, operation)
    } else {
        Walk::by_key(view, &view.columns, conditions, operation)
    };
    let mut builder = BlockBuilder::new(view.shape.clone());
    let (width, key_positions) = (view.columns.len(), view.shape.key.clone());
    let mut at = 0;
    walk.run(session, |row| {
        builder.clear();
        row.push(width, &key_positions, &mut builder)?;
        let key = builder.block().key(0);
        while pieces[at].upper.as_ref().map(Key::as_bytes).is_some_and(|upper| upper <= key)
            && at + 1 < pieces.len()
        {
            at += 1;
        }
        digests[at].add_row(builder.block().compare_form(0), seed);
        Ok(Flow::More)
    })
    .await
}

/// One digest a bucket.
pub(super) async fn buckets(
    session: &mut Session,
    view: &View,
    buckets: usize,
    seed: DigestSeed,
    operation: &str,
) -> Result<Vec<Digest>> {
    let mut digests = vec![Digest::EMPTY; buckets];
    let mut walk = Walk::by_table(view, &view.columns, view.scope(), operation);
    let mut builder = BlockBuilder::new(view.shape.clone());
    let (width, key) = (view.columns.len(), view.shape.key.clone());
    walk.run(session, |row| {
        builder.clear();
        row.push(width, &key, &mut builder)?;
        let bucket = seed.bucket_of(builder.block().key(0), buckets);
        digests[bucket].add_row(builder.block().compare_form(0), seed);
        Ok(Flow::More)
    })
    .await?;
    Ok(digests)
}

/// The digest of the rows whose key holds a NULL.
pub(super) async fn null_keys(
    session: &mut Session,
    view: &View,
    seed: DigestSeed,
    operation: &str,
) -> Result<Digest> {
    let nullable = view.key_facts().into_iter().filter(|column| column.nullable);
    let holes: Vec<String> = nullable.map(|column| format!("{} IS NULL", column.sql_name())).collect();
    let mut digest = Digest::EMPTY;
    if holes.is_empty() {
        return Ok(digest);
    }
    let mut conditions = vec![Condition::plain(format!("({})", holes.join(" OR ")))];
    conditions.extend(view.filter_condition());
    let mut walk = Walk::by_table(view, &view.columns, conditions, operation);
    let mut builder = BlockBuilder::new(view.shape.clone());
    let width = view.columns.len();
    walk.run(session, |row| {
        builder.clear();
        row.push(width, &[], &mut builder)?;
        digest.add_row(builder.block().compare_form(0), seed);
        Ok(Flow::More)
    })
    .await?;
    Ok(digest)
}
