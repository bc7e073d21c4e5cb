//! Typed access to merged values; a wrong type here is a mistake in the table of keys, which a test would find.

use std::num::NonZeroU64;
use std::time::Duration;

use super::key::Section;
use super::layer::Entry;
use super::merge::Merged;
use super::value::Value;

/// One section, with the sections that it inherits from.
pub(crate) struct View<'a> {
    merged: &'a Merged,
    section: Section,
}

impl<'a> View<'a> {
    /// The values of `section`; a table entry inherits from `[sync]` and `[limits]`.
    pub(crate) fn new(merged: &'a Merged, section: Section) -> Self {
        Self { merged, section }
    }

    /// Whether this is an entry of `[[tables]]`.
    pub(crate) fn is_table(&self) -> bool {
        matches!(self.section, Section::Table(_))
    }

    /// The value set in this very section.
    pub(crate) fn own(&self, name: &str) -> Option<&'a Entry> {
        self.merged.get(&self.section, name)
    }

    fn find(&self, name: &str) -> Option<&'a Value> {
        let inherited = match self.section {
            Section::Table(_) => &[Section::Sync, Section::Limits][..],
            Section::Sync => &[Section::Limits][..],
            _ => &[],
        };
        let entry =
            self.own(name).or_else(|| inherited.iter().find_map(|section| self.merged.get(section, name)));
        entry.map(|entry| &entry.value)
    }

    /// A number that may be unset.
    pub(crate) fn count_if_set(&self, name: &str) -> Option<u64> {
        match self.find(name)? {
            Value::Count(number) | Value::Size(number) => Some(*number),
            other => unreachable!("{name} is {other:?}, not a number"),
        }
    }

    /// A number with a built-in value.
    pub(crate) fn count(&self, name: &str) -> u64 {
        self.count_if_set(name).unwrap_or_else(|| unreachable!("{name} has a built-in value"))
    }

    /// A number of things that fit in memory.
    pub(crate) fn size(&self, name: &str) -> usize {
        usize::try_from(self.count(name)).unwrap_or(usize::MAX)
    }

    /// A number where 0 means "no limit".
    pub(crate) fn limit(&self, name: &str) -> Option<NonZeroU64> {
        NonZeroU64::new(self.count(name))
    }

    /// A switch.
    pub(crate) fn switch(&self, name: &str) -> bool {
        match self.find(name) {
            Some(Value::Boolean(value)) => *value,
            other => unreachable!("{name} is {other:?}, not a switch"),
        }
    }

    /// A share.
    pub(crate) fn ratio(&self, name: &str) -> f64 {
        match self.find(name) {
            Some(Value::Ratio(value)) => *value,
            other => unreachable!("{name} is {other:?}, not a share"),
        }
    }

    /// A time with a built-in value.
    pub(crate) fn duration(&self, name: &str) -> Duration {
        match self.find(name) {
            Some(Value::Duration(value)) => *value,
            other => unreachable!("{name} is {other:?}, not a duration"),
        }
    }

    /// Text that is neither unset nor empty.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match self.find(name)? {
            Value::Text(text) => Some(text.clone()).filter(|text| !text.is_empty()),
            other => unreachable!("{name} is {other:?}, not text"),
        }
    }

    /// One word out of a few.
    pub(crate) fn choice<T>(&self, name: &str, from_name: fn(&str) -> Option<T>) -> T {
        let text = self.text(name).unwrap_or_default();
        from_name(&text).unwrap_or_else(|| unreachable!("{name} is \"{text}\", which its kind refuses"))
    }

    /// Names; none when unset.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        match self.find(name) {
            Some(Value::Texts(texts)) => texts.clone(),
            None => Vec::new(),
            other => unreachable!("{name} is {other:?}, not a list"),
        }
    }

    /// Any value.
    pub(crate) fn value(&self, name: &str) -> Option<&'a Value> {
        self.find(name)
    }
}
