//! What is known of a table, and how far its search has come.

use serde::{Deserialize, Serialize};

use super::exact::{At, DigestText, HeaderText, KeyText, RangeText, Real, ValueText, key, key_text};
use crate::state::{FindProgress, Rates, TableMemory, TableProof, Watermark};

#[derive(Serialize, Deserialize)]
struct WatermarkText {
    stamp: ValueText,
    key: Option<KeyText>,
    ties: u64,
    at: At,
}

impl From<&Watermark> for WatermarkText {
    fn from(watermark: &Watermark) -> Self {
        let Watermark { stamp, key, ties, at } = watermark;
        Self { stamp: stamp.into(), key: key_text(key.as_ref()), ties: *ties, at: (*at).into() }
    }
}

impl TryFrom<WatermarkText> for Watermark {
    type Error = String;

    fn try_from(text: WatermarkText) -> Result<Self, String> {
        Ok(Self { stamp: text.stamp.try_into()?, key: key(text.key), ties: text.ties, at: text.at.into() })
    }
}

#[derive(Serialize, Deserialize)]
struct TableProofText {
    at: At,
    pass: u64,
    digest: DigestText,
    header: HeaderText,
}

#[derive(Serialize, Deserialize)]
struct RatesText {
    read_rows: Real,
    write_rows: Real,
    row_bytes: Real,
    differences: u64,
}

#[derive(Serialize, Deserialize)]
struct TableMemoryText {
    schema: String,
    source_identity: String,
    target_identity: String,
    #[serde(default)]
    table_sets: String,
    source_columns: Vec<(String, String)>,
    watermark: Option<WatermarkText>,
    proof: Option<TableProofText>,
    target_count: Option<u64>,
    target_largest: Option<KeyText>,
    rates: RatesText,
    pending: bool,
    full_compare_asked: bool,
}

impl From<&TableMemory> for TableMemoryText {
    fn from(memory: &TableMemory) -> Self {
        let TableMemory {
            schema,
            source_identity,
            target_identity,
            table_sets,
            source_columns,
            watermark,
            proof,
            target_count,
            target_largest,
            rates: Rates { read_rows, write_rows, row_bytes, differences },
            pending,
            full_compare_asked,
        } = memory;
        Self {
            schema: schema.clone(),
            source_identity: source_identity.clone(),
            target_identity: target_identity.clone(),
            table_sets: table_sets.clone(),
            source_columns: source_columns.clone(),
            watermark: watermark.as_ref().map(WatermarkText::from),
            proof: proof.as_ref().map(|TableProof { at, pass, digest, header }| TableProofText {
                at: (*at).into(),
                pass: *pass,
                digest: (*digest).into(),
                header: header.into(),
            }),
            target_count: *target_count,
            target_largest: key_text(target_largest.as_ref()),
            rates: RatesText {
                read_rows: Real(*read_rows),
                write_rows: Real(*write_rows),
                row_bytes: Real(*row_bytes),
                differences: *differences,
            },
            pending: *pending,
            full_compare_asked: *full_compare_asked,
        }
    }
}

impl TryFrom<TableMemoryText> for TableMemory {
    type Error = String;

    fn try_from(text: TableMemoryText) -> Result<Self, String> {
        let proof = text.proof.map(|TableProofText { at, pass, digest, header }| {
            Ok::<_, String>(TableProof {
                at: at.into(),
                pass,
                digest: digest.try_into()?,
                header: header.into(),
            })
        });
        let RatesText { read_rows, write_rows, row_bytes, differences } = text.rates;
        Ok(Self {
            schema: text.schema,
            source_identity: text.source_identity,
            target_identity: text.target_identity,
            table_sets: text.table_sets,
            source_columns: text.source_columns,
            watermark: text.watermark.map(Watermark::try_from).transpose()?,
            proof: proof.transpose()?,
            target_count: text.target_count,
            target_largest: key(text.target_largest),
            rates: Rates {
                read_rows: read_rows.0,
                write_rows: write_rows.0,
                row_bytes: row_bytes.0,
                differences,
            },
            pending: text.pending,
            full_compare_asked: text.full_compare_asked,
        })
    }
}

#[derive(Serialize, Deserialize)]
struct FindProgressText {
    strategy: String,
    remaining: Vec<RangeText>,
    equal_rows: u64,
    digest: DigestText,
    watermark: Option<WatermarkText>,
    done: bool,
}

impl From<&FindProgress> for FindProgressText {
    fn from(progress: &FindProgress) -> Self {
        let FindProgress { strategy, remaining, equal_rows, digest, watermark, done } = progress;
        Self {
            strategy: strategy.clone(),
            remaining: remaining.iter().map(RangeText::from).collect(),
            equal_rows: *equal_rows,
            digest: (*digest).into(),
            watermark: watermark.as_ref().map(WatermarkText::from),
            done: *done,
        }
    }
}

impl TryFrom<FindProgressText> for FindProgress {
    type Error = String;

    fn try_from(text: FindProgressText) -> Result<Self, String> {
        Ok(Self {
            strategy: text.strategy,
            remaining: text.remaining.into_iter().map(Into::into).collect(),
            equal_rows: text.equal_rows,
            digest: text.digest.try_into()?,
            watermark: text.watermark.map(Watermark::try_from).transpose()?,
            done: text.done,
        })
    }
}

/// What is known of a table.
pub(in crate::state::sqlite) mod table_memory {
    use super::{TableMemory, TableMemoryText};
    use crate::state::sqlite::json;

    pub(in crate::state::sqlite) fn write(memory: &TableMemory) -> String {
        json::write(&TableMemoryText::from(memory))
    }

    pub(in crate::state::sqlite) fn read(text: &str) -> Result<TableMemory, String> {
        json::read::<TableMemoryText>(text)?.try_into()
    }
}

/// How far a search has come.
pub(in crate::state::sqlite) mod progress {
    use super::{FindProgress, FindProgressText};
    use crate::state::sqlite::json;

    pub(in crate::state::sqlite) fn write(progress: &FindProgress) -> String {
        json::write(&FindProgressText::from(progress))
    }

    pub(in crate::state::sqlite) fn read(text: &str) -> Result<FindProgress, String> {
        json::read::<FindProgressText>(text)?.try_into()
    }
}
