//! Refused rows, and the findings of a unit.

use serde::{Deserialize, Serialize};

use super::exact::{At, DigestText};
use crate::base::clock::Timestamp;
use crate::model::key::Key;
use crate::state::{FindingKind, QuarantinedRow};

#[derive(Serialize, Deserialize)]
struct QuarantinedText {
    kind: String,
    class: String,
    reason: String,
    hint: Option<String>,
    statement: String,
    source_image: Option<Vec<(String, String)>>,
    target_image: Option<Vec<(String, String)>>,
    source_digest: DigestText,
    fingerprint: String,
    attempts: u64,
    last_at: At,
}

/// A refused row; what the file keeps in columns of its own is not repeated.
pub(in crate::state::sqlite) mod quarantined {
    use super::{FindingKind, Key, QuarantinedRow, QuarantinedText, Timestamp};
    use crate::state::sqlite::json;

    pub(in crate::state::sqlite) fn write(row: &QuarantinedRow) -> String {
        json::write(&QuarantinedText {
            kind: row.kind.as_str().to_owned(),
            class: row.class.clone(),
            reason: row.reason.clone(),
            hint: row.hint.clone(),
            statement: row.statement.clone(),
            source_image: row.source_image.clone(),
            target_image: row.target_image.clone(),
            source_digest: row.source_digest.into(),
            fingerprint: row.fingerprint.clone(),
            attempts: row.attempts,
            last_at: row.last_at.into(),
        })
    }

    pub(in crate::state::sqlite) fn read(
        text: &str,
        table: String,
        key: Key,
        first_at: Timestamp,
        retry_asked: bool,
    ) -> Result<QuarantinedRow, String> {
        let record: QuarantinedText = json::read(text)?;
        Ok(QuarantinedRow {
            table,
            key,
            kind: FindingKind::from_name(&record.kind).ok_or("not a kind of difference")?,
            class: record.class,
            reason: record.reason,
            hint: record.hint,
            statement: record.statement,
            source_image: record.source_image,
            target_image: record.target_image,
            source_digest: record.source_digest.try_into()?,
            fingerprint: record.fingerprint,
            attempts: record.attempts,
            first_at,
            last_at: record.last_at.into(),
            retry_asked,
        })
    }
}

/// Numbers of findings as runs of neighbours: a unit mostly applies findings that were found together.
pub(in crate::state::sqlite) mod finding_ids {
    use crate::state::sqlite::json;

    pub(in crate::state::sqlite) fn write(ids: &[u64]) -> String {
        let mut runs: Vec<(u64, u64)> = Vec::new();
        for &id in ids {
            match runs.last_mut() {
                Some((first, count)) if first.checked_add(*count) == Some(id) => *count += 1,
                _ => runs.push((id, 1)),
            }
        }
        json::write(&runs)
    }

    pub(in crate::state::sqlite) fn read(text: &str) -> Result<Vec<u64>, String> {
        let runs: Vec<(u64, u64)> = json::read(text)?;
        Ok(runs
            .into_iter()
            .flat_map(|(first, count)| (0..count).map(move |n| first.wrapping_add(n)))
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::finding_ids;

    proptest! {
        #[test]
        fn any_list_of_findings_comes_back_in_its_order(
            ids in proptest::collection::vec(prop_oneof![0..20u64, Just(u64::MAX), Just(u64::MAX - 1)], 0..50),
        ) {
            prop_assert_eq!(finding_ids::read(&finding_ids::write(&ids)).unwrap(), ids);
        }
    }

    #[test]
    fn neighbours_take_no_room() {
        let ids: Vec<u64> = (17..5017).collect();
        assert_eq!(finding_ids::write(&ids), "[[17,5000]]");
    }
}
