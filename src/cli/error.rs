//! What ends a command before its work is done: with which exit code, in which words, with which hints.

use std::io::Write;

use crate::base::escape::visible;
use crate::config::ConfigError;
use crate::model::outcome::{ErrorRecord, Exit};
use crate::state::StateError;
use crate::store::{ErrorClass, StoreError};

/// The result of a command or a part of one.
pub type Result<T> = std::result::Result<T, CliError>;

/// A command that cannot go on. The kind of failure decides the exit code; hints are kept apart from the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CliError {
    /// How the process ends.
    pub exit: Exit,
    /// The class word of reports: `usage`, `state`, `connection`, ….
    pub class: &'static str,
    /// What was attempted and why it failed; escaped.
    pub message: String,
    /// What may help.
    pub hints: Vec<String>,
}

impl CliError {
    /// Wrong usage or configuration; nothing was touched.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "usage", message)
    }

    /// Stopped by an error.
    pub fn stopped(class: &'static str, message: impl Into<String>) -> Self {
        Self::new(Exit::Stopped, class, message)
    }

    /// Another process runs the job.
    pub fn locked(message: impl Into<String>) -> Self {
        Self::new(Exit::Locked, "state", message)
    }

    fn new(exit: Exit, class: &'static str, message: impl Into<String>) -> Self {
        Self { exit, class, message: message.into(), hints: Vec::new() }
    }

    /// Adds what may help.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Output that could not be written.
    pub fn output(attempt: &str, error: &std::io::Error) -> Self {
        Self::stopped("output", format!("{attempt}: {}", visible(&error.to_string())))
    }

    /// An error that a pass reported, to be told to a person.
    pub fn reported(record: &ErrorRecord) -> Self {
        let table = record.table.as_ref().map(|table| format!("{}: ", visible(table)));
        let key = record.key.as_ref().map(|key| format!("key {}: ", visible(key)));
        let message =
            format!("{}{}{}", table.unwrap_or_default(), key.unwrap_or_default(), visible(&record.message));
        Self {
            hints: record.hint.iter().map(|hint| visible(hint)).collect(),
            ..Self::stopped("run", message)
        }
    }

    /// The same for reports.
    pub fn record(&self) -> ErrorRecord {
        ErrorRecord {
            class: self.class.to_owned(),
            table: None,
            key: None,
            message: self.message.clone(),
            hint: (!self.hints.is_empty()).then(|| self.hints.join("; ")),
        }
    }

    /// Tells a person, on standard error.
    pub fn tell(&self, out: &mut dyn Write) -> std::io::Result<()> {
        writeln!(out, "error: {}", self.message)?;
        for (number, hint) in self.hints.iter().enumerate() {
            let blank = if number == 0 { "\n" } else { "" };
            writeln!(out, "{blank}hint: {hint}")?;
        }
        out.flush()
    }
}

impl From<ConfigError> for CliError {
    fn from(error: ConfigError) -> Self {
        // Each problem has its own hint; a single one moves to where hints stand.
        match &error.problems[..] {
            [problem] if error.more == 0 => {
                let problem = problem.clone();
                let message = format!("{}: {}", problem.place, problem.message);
                let hints = problem.hint.into_iter().collect();
                Self { hints, ..Self::new(Exit::Usage, "config", message) }
            }
            _ => {
                let problems = error.to_string().replace('\n', "\n  ");
                Self::new(Exit::Usage, "config", format!("the configuration cannot be used\n  {problems}"))
            }
        }
    }
}

impl From<StateError> for CliError {
    fn from(error: StateError) -> Self {
        let exit = match &error {
            StateError::Locked(_) => Exit::Locked,
            StateError::Unusable(_) => Exit::BadState,
            StateError::Absent(_) => Exit::Usage,
            StateError::Failed { .. } => Exit::Stopped,
        };
        let hint = match &error {
            StateError::Locked(_) => Some("wait for it, or look at it with: syncline status"),
            StateError::Absent(_) => Some("the first pass makes it: syncline run"),
            StateError::Unusable(_) | StateError::Failed { .. } => None,
        };
        Self {
            hints: hint.into_iter().map(str::to_owned).collect(),
            ..Self::new(exit, "state", error.to_string())
        }
    }
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        let class = error.class.as_str();
        let exit = if error.class == ErrorClass::Schema { Exit::Usage } else { Exit::Stopped };
        Self { hints: error.hint.clone().into_iter().collect(), ..Self::new(exit, class, error.to_string()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(error: &CliError) -> String {
        let mut out = Vec::new();
        error.tell(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn hints_stand_apart_from_the_message() {
        let error = CliError::usage("no table `x`").hint("did you mean `y`?").hint("see check");
        assert_eq!(told(&error), "error: no table `x`\n\nhint: did you mean `y`?\nhint: see check\n");
    }

    #[test]
    fn the_kind_of_failure_decides_the_exit_code() {
        let exit = |error: StateError| CliError::from(error).exit;
        assert_eq!(exit(StateError::Locked("pid 1".to_owned())), Exit::Locked);
        assert_eq!(exit(StateError::Unusable("newer".to_owned())), Exit::BadState);
    }
}
