//! What every implementation checks and cuts in the same way before it stores anything.

use std::collections::HashSet;

use super::{Finding, FindingKind, ProofRange, Result, StateChange, StateError};
use crate::base::limits::PROOF_RANGES_MAX;

/// Refuses changes that no state can make: a run of extra rows, or a hold that is not recorded.
///
/// `is_recorded` tells whether a hold was recorded by an earlier commit.
pub(super) fn check(
    changes: &[StateChange],
    mut is_recorded: impl FnMut(&str) -> Result<bool>,
) -> Result<()> {
    let mut recorded = HashSet::new();
    for change in changes {
        match change {
            StateChange::FindingsAdded { table, findings } if findings.iter().any(is_extra_run) => {
                return Err(unlisted_deletes(table));
            }
            StateChange::FindingShrunk { table, finding, .. } if is_extra_run(finding) => {
                return Err(unlisted_deletes(table));
            }
            StateChange::HoldRecorded { hold, .. } => {
                recorded.insert(hold.id.as_str());
            }
            StateChange::HoldKeysTaken { id, .. } | StateChange::HoldMoved { id, .. }
                if !recorded.contains(id.as_str()) && !is_recorded(id)? =>
            {
                return Err(StateError::Failed {
                    operation: format!("change hold {id}"),
                    cause: "no such hold is recorded".to_owned(),
                });
            }
            _ => {}
        }
    }
    Ok(())
}

fn is_extra_run(finding: &Finding) -> bool {
    matches!(finding, Finding::Run { kind: FindingKind::Extra, .. })
}

fn unlisted_deletes(table: &str) -> StateError {
    StateError::Failed {
        operation: format!("keep findings of table {table}"),
        cause: "rows to delete must be listed one by one".to_owned(),
    }
}

/// `proofs` in key order and at most [`PROOF_RANGES_MAX`] of them.
///
/// When there are more, neighbours of the same time and meaning become one until there are few enough. Proofs that
/// have no such neighbour are dropped, oldest first: a proof that is forgotten costs a comparison, one that claims too
/// much would be a lie.
pub(super) fn bounded_proofs(mut proofs: Vec<ProofRange>) -> Vec<ProofRange> {
    proofs.sort_by(|a, b| a.range.lower.cmp(&b.range.lower));
    while proofs.len() > PROOF_RANGES_MAX {
        let before = proofs.len();
        proofs = join_pairs(proofs, before - PROOF_RANGES_MAX);
        if proofs.len() == before {
            drop_oldest(&mut proofs, before - PROOF_RANGES_MAX);
        }
    }
    proofs
}

/// Joins neighbours two by two, at most `joins_max` times.
fn join_pairs(proofs: Vec<ProofRange>, joins_max: usize) -> Vec<ProofRange> {
    let mut joins = 0;
    let mut joined: Vec<ProofRange> = Vec::with_capacity(proofs.len());
    let mut last_is_joined = true;
    for proof in proofs {
        match joined.last_mut() {
            Some(last) if !last_is_joined && joins < joins_max && are_one(last, &proof) => {
                last.range.upper = proof.range.upper;
                last.digest = last.digest.combine(proof.digest);
                last_is_joined = true;
                joins += 1;
            }
            _ => {
                joined.push(proof);
                last_is_joined = false;
            }
        }
    }
    joined
}

fn are_one(left: &ProofRange, right: &ProofRange) -> bool {
    left.range.upper.is_some()
        && left.range.upper == right.range.lower
        && left.at == right.at
        && left.header == right.header
}

fn drop_oldest(proofs: &mut Vec<ProofRange>, count: usize) {
    let mut by_age: Vec<usize> = (0..proofs.len()).collect();
    by_age.sort_by_key(|&index| proofs[index].at);
    let dropped: HashSet<usize> = by_age.into_iter().take(count).collect();
    let mut index = 0;
    proofs.retain(|_| {
        index += 1;
        !dropped.contains(&(index - 1))
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::Timestamp;
    use crate::model::digest::{Digest, DigestHeader};
    use crate::model::key::Key;
    use crate::model::range::KeyRange;
    use crate::model::value::Value;

    fn key(n: usize) -> Key {
        Key::from_values(&[Value::Integer(n as i128)])
    }

    fn proofs(count: usize, at: impl Fn(usize) -> i64) -> Vec<ProofRange> {
        (0..count)
            .map(|n| ProofRange {
                range: KeyRange::new((n > 0).then(|| key(n)), (n + 1 < count).then(|| key(n + 1))),
                digest: Digest { count: 1, sum: n as u128 },
                header: DigestHeader {
                    form_version: 1,
                    algorithm: "a".to_owned(),
                    seed_id: "s".to_owned(),
                    columns: Vec::new(),
                    scope: String::new(),
                },
                at: Timestamp(at(n)),
            })
            .collect()
    }

    #[test]
    fn proofs_of_one_time_are_joined_and_still_cover_everything() {
        let count = PROOF_RANGES_MAX * 3 + 7;
        let bounded = bounded_proofs(proofs(count, |_| 5));
        assert_eq!(bounded.len(), PROOF_RANGES_MAX);
        let total = bounded.iter().fold(Digest::EMPTY, |sum, proof| sum.combine(proof.digest));
        assert_eq!(total, Digest { count: count as u64, sum: (count * (count - 1) / 2) as u128 });
        assert_eq!((&bounded[0].range.lower, &bounded[PROOF_RANGES_MAX - 1].range.upper), (&None, &None));
        assert!(bounded.windows(2).all(|pair| pair[0].range.upper == pair[1].range.lower));
    }

    #[test]
    fn proofs_of_different_times_are_never_joined_but_the_oldest_forgotten() {
        let count = PROOF_RANGES_MAX + 10;
        let bounded = bounded_proofs(proofs(count, |n| n as i64));
        assert_eq!(bounded.len(), PROOF_RANGES_MAX);
        assert!(bounded.iter().all(|proof| proof.digest.count == 1 && proof.at >= Timestamp(10)));
    }
}
