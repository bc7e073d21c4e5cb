//! What is wrong with a configuration, all of it at once.

use crate::base::limits;

/// One thing that is wrong, and how to put it right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// `path:line`, a flag, or the name of an environment variable.
    pub place: String,
    /// What is wrong, with the path of the key.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.place, self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "\n    hint: {hint}"),
            None => Ok(()),
        }
    }
}

/// A configuration that cannot be used; nothing was touched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.render())]
pub struct ConfigError {
    /// The first problems, at most [`limits::CONFIG_PROBLEMS_MAX`]; never empty.
    pub problems: Vec<Problem>,
    /// How many more there are.
    pub more: usize,
}

impl ConfigError {
    /// An error with a single problem.
    pub(crate) fn one(place: impl Into<String>, fault: Fault) -> Self {
        let mut problems = Problems::default();
        problems.push(place, fault);
        Self { problems: problems.list, more: 0 }
    }

    fn render(&self) -> String {
        let mut lines: Vec<String> = self.problems.iter().map(ToString::to_string).collect();
        if self.more > 0 {
            lines.push(format!("… and {} more", self.more));
        }
        lines.join("\n")
    }
}

/// What is wrong, before it is known where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Fault {
    /// A fault without advice.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    /// The same fault with advice; an earlier advice is kept.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint.get_or_insert_with(|| hint.into());
        self
    }

    /// The same fault with `path: ` before its message.
    #[must_use]
    pub(crate) fn at_key(mut self, path: &str) -> Self {
        self.message = format!("{path}: {}", self.message);
        self
    }
}

/// Gathers problems up to a limit, and counts the rest.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    list: Vec<Problem>,
    more: usize,
}

impl Problems {
    /// Adds one, unless it says the same as the last.
    pub(crate) fn push(&mut self, place: impl Into<String>, fault: Fault) {
        let problem = Problem { place: place.into(), message: fault.message, hint: fault.hint };
        if self.list.last() == Some(&problem) {
            return;
        }
        if self.is_full() {
            self.more += 1;
        } else {
            self.list.push(problem);
        }
    }

    /// Whether further problems are only counted, so that working out good advice for them is wasted.
    pub(crate) fn is_full(&self) -> bool {
        self.list.len() >= limits::CONFIG_PROBLEMS_MAX
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// `value`, unless something was wrong.
    pub(crate) fn or<T>(self, value: T) -> Result<T, ConfigError> {
        if self.list.is_empty() {
            Ok(value)
        } else {
            Err(ConfigError { problems: self.list, more: self.more })
        }
    }
}
