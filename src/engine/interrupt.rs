//! Why the engine leaves what it was doing.

use crate::model::event::Side;
use crate::model::outcome::{ErrorRecord, Exit};
use crate::state::StateError;
use crate::store::{ErrorClass, StoreError};

/// The result of a step that may end early.
pub type Flow<T> = Result<T, Interrupt>;

/// Why a step ended early.
#[derive(Debug, Clone)]
pub enum Interrupt {
    /// The table cannot go on; the pass can.
    Table(Failure),
    /// The operator took the table out of this pass.
    Skipped,
    /// A side was lost while a unit was at work; reconnect and do the unit again.
    Lost(Side, StoreError),
    /// The source view has reached its greatest age, and what was done is kept: go on through a newer one.
    Aged,
    /// The pass cannot go on.
    Stop(Stop),
}

/// A table's failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The class word: `schema`, `data`, `logic`, `guard`.
    pub class: &'static str,
    /// What was attempted and why it failed.
    pub message: String,
    /// What may help.
    pub hint: Option<String>,
}

/// Why a run ends before its work is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// Asked to, at a safe point.
    Drained,
    /// Asked to, at once.
    Aborted,
    /// A side could not be reached in all the time that it was given.
    Unreachable(String),
    /// `max_error_count` new errors.
    TooManyErrors(u64),
    /// The state cannot be used.
    State(StateError),
    /// Something outside of any table failed.
    Failed(Failure),
    /// The run was asked for what this job does not have.
    Usage(String),
}

impl Stop {
    /// How a process ends for this reason.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Drained | Self::Aborted => Exit::Interrupted,
            Self::Unreachable(_)
            | Self::TooManyErrors(_)
            | Self::Failed(_)
            | Self::State(StateError::Failed { .. } | StateError::Absent(_)) => Exit::Stopped,
            Self::State(StateError::Locked(_)) => Exit::Locked,
            Self::State(StateError::Unusable(_)) => Exit::BadState,
            Self::Usage(_) => Exit::Usage,
        }
    }

    /// The error to report, when it is one.
    pub fn error(&self) -> Option<ErrorRecord> {
        let (class, message, hint) = match self {
            Self::Drained | Self::Aborted => return None,
            Self::Unreachable(cause) => ("connection", format!("sync connection failed: {cause}"), None),
            Self::TooManyErrors(count) => ("logic", format!("maximum error count {count} was reached"), None),
            Self::State(error) => ("logic", error.to_string(), None),
            Self::Failed(failure) => (failure.class, failure.message.clone(), failure.hint.clone()),
            Self::Usage(message) => ("usage", message.clone(), None),
        };
        Some(ErrorRecord { class: class.to_owned(), table: None, key: None, message, hint })
    }
}

impl Interrupt {
    /// The table fails by its logic: something that cannot be.
    pub fn logic(message: impl Into<String>) -> Self {
        Self::Table(Failure { class: "logic", message: message.into(), hint: None })
    }

    /// What an error of a store means to the step at hand.
    pub fn from_store(side: Side, error: StoreError) -> Self {
        match error.class {
            ErrorClass::Connection => Self::Lost(side, error),
            class => Self::Table(Failure {
                class: class.as_str(),
                message: format!("{}: {}", side.as_str(), error),
                hint: error.hint,
            }),
        }
    }
}

impl From<StateError> for Interrupt {
    fn from(error: StateError) -> Self {
        Self::Stop(Stop::State(error))
    }
}
