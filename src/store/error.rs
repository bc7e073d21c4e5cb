//! What can go wrong at a database, typed by what to do about it.

/// The classes of the checklist (S4-060); the engine's policy is a table over them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ErrorClass {
    /// Refused, reset, timed out, busy: disconnect, wait, reconnect, resume.
    Connection,
    /// Missing table or column, impossible type: the table fails.
    Schema,
    /// A row that the target does not take: isolate it.
    Data,
    /// Something that cannot be, such as an incomplete read: full compare, or the table fails.
    Logic,
}

impl ErrorClass {
    /// The word of the checklist.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Schema => "schema",
            Self::Data => "data",
            Self::Logic => "logic",
        }
    }
}

/// An operation that failed: what was attempted, where, why, and what may help.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation}: {cause}")]
pub struct StoreError {
    /// What to do about it.
    pub class: ErrorClass,
    /// What was attempted, with the table: ``reading rows of `orders` at the source``.
    pub operation: String,
    /// What the database said, already escaped.
    pub cause: String,
    /// What may help.
    pub hint: Option<String>,
    /// Which row was refused and why, for data errors of a batch.
    pub refusal: Option<Refusal>,
}

/// A row that the target does not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub kind: RefusalKind,
    /// Its position in the batch, when the database tells.
    pub position: Option<usize>,
}

/// Why a row is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefusalKind {
    /// A row it refers to is missing, or one that refers to it is still there; may pass later.
    ForeignKey,
    /// Another row holds a value that must be unique; may pass later.
    Unique,
    /// NULL where none is allowed.
    NotNull,
    /// A CHECK constraint or a trigger said no.
    Check,
    /// A value that the column's type does not take.
    Value,
}

impl RefusalKind {
    /// Whether another write may make this one possible, so that it is parked and not an error yet.
    pub fn may_pass_later(self) -> bool {
        matches!(self, Self::ForeignKey | Self::Unique)
    }
}

impl StoreError {
    /// An error of this class; `cause` is escaped here.
    pub fn new(class: ErrorClass, operation: impl Into<String>, cause: impl AsRef<str>) -> Self {
        Self {
            class,
            operation: operation.into(),
            cause: crate::base::escape::visible(cause.as_ref()),
            hint: None,
            refusal: None,
        }
    }

    /// Adds what may help.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// A refused row.
    #[must_use]
    pub fn with_refusal(mut self, kind: RefusalKind, position: Option<usize>) -> Self {
        self.refusal = Some(Refusal { kind, position });
        self
    }

    /// A stream that ended without its end mark: never the end of the data.
    pub fn incomplete(operation: impl Into<String>) -> Self {
        Self::new(ErrorClass::Connection, operation, "the read ended before its end mark")
    }
}
