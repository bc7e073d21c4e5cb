//! The form of commands: what an attached console or `ctl` sends.

use serde::{Deserialize, Serialize};

use super::form::{Form, unknown};
use super::{WireError, json};
use crate::model::command::Command;

/// Declares the form of commands: for each its name, and its fields with their forms.
macro_rules! commands {
    ($($variant:ident = $name:literal { $($field:ident: $type:ty),* },)+) => {
        /// A command.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "name")]
        #[expect(missing_docs, reason = "the same variants and fields as Command")]
        pub enum CommandForm {
            $(#[serde(rename = $name)] $variant { $($field: $type),* },)+
        }

        impl CommandForm {
            /// The names of all commands.
            pub const NAMES: &'static [&'static str] = &[$($name),+];
        }

        impl Form<Command> for CommandForm {
            fn of(model: &Command) -> Self {
                match model {
                    $(Command::$variant { $($field),* } => Self::$variant { $($field: Form::of($field)),* },)+
                }
            }

            fn into_model(self) -> Result<Command, WireError> {
                Ok(match self {
                    $(Self::$variant { $($field),* } => Command::$variant { $($field: $field.into_model()?),* },)+
                })
            }
        }
    };
}

commands! {
    Pause = "pause" { table: Option<String> },
    Resume = "resume" { table: Option<String> },
    FullCompare = "full-compare" { table: String },
    VerifyNow = "verify-now" { table: String },
    SyncNow = "sync-now" {},
    SkipTable = "skip" { table: String },
    ApproveHold = "approve" { id: String },
    RetryQuarantined = "retry" { table: Option<String> },
    SetConcurrency = "concurrency" { tables: usize },
    SetRowsPerSecond = "rows-per-second" { rows: u64 },
    Drain = "drain" {},
    Abort = "abort" {},
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

pub(super) fn read(text: &str) -> Result<Command, WireError> {
    const WHAT: &str = "a command";
    let Name { name } = json::read(WHAT, text)?;
    if !CommandForm::NAMES.contains(&name.as_str()) {
        return Err(unknown(WHAT, &name));
    }
    json::read::<CommandForm>(WHAT, text)?.into_model()
}
