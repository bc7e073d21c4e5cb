//! What goes wrong with the file, and what a person is told to do about it.

use std::path::Path;

use rusqlite::ErrorCode;

use crate::base::escape::visible;
use crate::state::StateError;

/// A failure below the trait, before it is known what was attempted.
#[derive(Debug)]
pub(super) enum Fault {
    /// SQLite refused or failed.
    Sqlite(rusqlite::Error),
    /// The file holds what this program cannot have written.
    Damaged(String),
}

pub(super) type Outcome<T> = Result<T, Fault>;

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<String> for Fault {
    fn from(what: String) -> Self {
        Self::Damaged(what)
    }
}

impl Fault {
    /// The error for a caller who attempted `operation` on the state in `folder`.
    pub(super) fn explain(self, operation: &str, folder: &Path) -> StateError {
        use rusqlite::Error as E;
        match self {
            Self::Damaged(what) => damaged(folder, &what),
            Self::Sqlite(
                error @ (E::FromSqlConversionFailure(..)
                | E::IntegralValueOutOfRange(..)
                | E::InvalidColumnType(..)
                | E::Utf8Error(..)
                | E::QueryReturnedNoRows),
            ) => damaged(folder, &error.to_string()),
            Self::Sqlite(error) => match error.sqlite_error_code() {
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                    damaged(folder, &error.to_string())
                }
                code => failed(operation, folder, &format!("{error}{}", hint(code))),
            },
        }
    }

    /// The error for a caller who opens the state: SQL that always works on a sound file does not.
    pub(super) fn explain_opening(self, folder: &Path) -> StateError {
        match self {
            Self::Sqlite(error) if error.sqlite_error_code() == Some(ErrorCode::Unknown) => {
                damaged(folder, &error.to_string())
            }
            fault => fault.explain("open the state", folder),
        }
    }
}

fn hint(code: Option<ErrorCode>) -> &'static str {
    match code {
        Some(ErrorCode::DiskFull) => "; free some space, the state is as it was before",
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => {
            "; the folder and the file in it must be readable and writable for this user"
        }
        _ => "",
    }
}

/// The file system or SQLite failed.
pub(super) fn failed(operation: &str, path: &Path, cause: &dyn std::fmt::Display) -> StateError {
    StateError::Failed {
        operation: format!("{operation} in {}", visible(&path.to_string_lossy())),
        cause: visible(&cause.to_string()),
    }
}

/// A file that holds what no syncline wrote.
pub(super) fn damaged(folder: &Path, what: &str) -> StateError {
    StateError::Unusable(format!(
        "the state in {} is damaged ({}); {}",
        shown(folder),
        visible(what),
        way_out(folder)
    ))
}

/// A file of a format that this program does not know.
pub(super) fn newer(folder: &Path, found: i64, known: i64) -> StateError {
    StateError::Unusable(format!(
        "the state in {} was written by a newer syncline (format {found}, this one knows {known}); use that version, or {}",
        shown(folder),
        way_out(folder)
    ))
}

/// A sound file in a folder that is meant for another job.
pub(super) fn foreign(folder: &Path, owner: &str) -> StateError {
    StateError::Unusable(format!(
        "the state in {} belongs to another job ({}), so its folder was copied or renamed; {}",
        shown(folder),
        visible(owner),
        way_out(folder)
    ))
}

/// What to do and what it costs.
fn way_out(folder: &Path) -> String {
    let mut aside = folder.as_os_str().to_owned();
    aside.push(".aside");
    format!(
        "to go on without it: mv {} {} (lost with it: watermarks, proofs, quarantine, holds and history of this job; \
         no row of either database; the next pass compares every table in full)",
        shown(folder),
        shown(Path::new(&aside))
    )
}

/// A path as a shell takes it.
pub(super) fn shown(path: &Path) -> String {
    let text = path.to_string_lossy();
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+,:@%".contains(c);
    if text.chars().all(is_plain) {
        text.into_owned()
    } else {
        format!("'{}'", visible(&text.replace('\'', r"'\''")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_out_can_be_pasted_into_a_shell() {
        let message = damaged(Path::new("/s/it's a job"), "page 3").to_string();
        assert!(message.contains(r"mv '/s/it'\''s a job' '/s/it'\''s a job.aside'"), "{message}");
        assert!(newer(Path::new("/s/erp-1"), 9, 1).to_string().contains("mv /s/erp-1 /s/erp-1.aside"));
    }
}
