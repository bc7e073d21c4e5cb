//! The JSON parts of the file, converted by hand from and to the model.
//!
//! Exact: numbers beyond 64 bits, floats, bytes and keys are text. Unknown fields are ignored, so that a file written
//! by a later program of the same format is read; a field added later has a default.
//!
//! Does not belong here: SQL; a form that anybody but this program reads.

mod exact;
mod memory;
mod outcome;
mod pass;
mod rows;

pub(super) use exact::header;
pub(super) use memory::{progress, table_memory};
pub(super) use outcome::summary;
pub(super) use pass::{Job, job, pass_under_way, totals};
pub(super) use rows::{finding_ids, quarantined};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// JSON text of one of our records.
fn write<T: Serialize>(record: &T) -> String {
    serde_json::to_string(record)
        .expect("records hold only text, numbers and lists, which always have a JSON form")
}

/// A record from its JSON text; the error says what does not fit.
fn read<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| format!("a record is not readable: {error}"))
}
