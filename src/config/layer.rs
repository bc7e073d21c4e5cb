//! One layer of configuration: the checked values of one file, of the environment, or of the flags.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::convert::convert;
use super::error::{Fault, Problems};
use super::expand::Environment;
use super::key::{self, Found, KeySpec, Kind, Section};
use super::origin::Origin;
use super::raw::Raw;
use super::value::Value;
use crate::base::escape::visible_short;

/// A value with its origin.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// What was set.
    pub value: Value,
    /// Where.
    pub origin: Origin,
    /// The name under which it was written there.
    pub(crate) written: String,
}

/// The values of one origin; no two of them set the same thing.
#[derive(Debug, Default)]
pub(crate) struct Layer {
    pub(crate) entries: BTreeMap<(Section, &'static str), Entry>,
    /// The tables named, in order, and where.
    pub(crate) tables: Vec<(String, Origin)>,
}

impl Layer {
    /// Records a value, or a problem when this layer has set the same thing already.
    pub(crate) fn insert(
        &mut self,
        section: Section,
        spec: &'static KeySpec,
        entry: Entry,
        problems: &mut Problems,
    ) {
        let path = section.path(spec.name);
        let place = entry.origin.to_string();
        let Some(earlier) = self.entries.get(&(section.clone(), spec.name)) else {
            self.entries.insert((section, spec.name), entry);
            return;
        };
        let fault = Fault::new(format!(
            "{path} is set by {} and by {} ({})",
            visible_short(&entry.written, 60),
            visible_short(&earlier.written, 60),
            earlier.origin
        ));
        problems.push(place, fault.hint(format!("keep one of them, for example {}", spec.example_line())));
    }

    /// Records what `raw` says for `sections`: both endpoints for a db-sync key that speaks of connections.
    pub(crate) fn set(
        &mut self,
        found: Found,
        sections: Vec<Section>,
        raw: &Raw,
        at: &Written<'_>,
        problems: &mut Problems,
    ) {
        let value = match convert(found, raw, at.folder) {
            Ok(value) => value,
            Err(fault) => return problems.push(at.origin.to_string(), fault.at_key(&at.path)),
        };
        let entry = |value| Entry { value, origin: at.origin.clone(), written: at.path.clone() };
        for section in sections {
            match (found.spec.kind, &value) {
                // A number here is db-sync's way of giving both keys at once.
                (Kind::BooleanOrCount, Value::Count(number)) => {
                    self.insert(section.clone(), found.spec, entry(Value::Boolean(*number > 0)), problems);
                    if let (Some(limit), 1..) = (section.spec("max_error_count"), *number) {
                        self.insert(section, limit, entry(Value::Count(*number)), problems);
                    }
                }
                _ => self.insert(section, found.spec, entry(value.clone()), problems),
            }
        }
    }
}

/// Where and under which name something was written.
pub(crate) struct Written<'a> {
    pub(crate) origin: Origin,
    /// The key as a message shows it.
    pub(crate) path: String,
    /// Where relative paths start.
    pub(crate) folder: &'a PathBuf,
}

/// A value given by a command-line flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlagValue {
    /// The flag as it was typed, for example `--source`.
    pub flag: String,
    /// The key that it sets, for example `source.url`.
    pub key: String,
    /// The value, as text.
    pub value: String,
}

impl FlagValue {
    /// The flag `flag` that sets `key` to `value`.
    pub fn new(flag: &str, key: &str, value: &str) -> Self {
        Self { flag: flag.to_owned(), key: key.to_owned(), value: value.to_owned() }
    }
}

/// The layer of the flags.
pub(crate) fn from_flags(flags: &[FlagValue], folder: &PathBuf, problems: &mut Problems) -> Layer {
    let mut layer = Layer::default();
    for flag in flags {
        let (section, name) = flag.key.split_once('.').unwrap_or(("", &flag.key));
        let section = if section.is_empty() { Some(Section::Root) } else { Section::from_name(section) };
        let Some((found, sections)) = section.and_then(|section| key::find(&section, name)) else {
            problems.push(
                flag.flag.clone(),
                Fault::new(format!("{}: unknown key", visible_short(&flag.key, 60))),
            );
            continue;
        };
        let at = Written { origin: Origin::Flag(flag.flag.clone()), path: flag.key.clone(), folder };
        set_text(&mut layer, found, sections, &flag.value, &at, problems);
    }
    layer
}

/// The layer of the variables `SYNCLINE_<SECTION>_<KEY>`, `SYNCLINE_NAME`, `SYNCLINE_SOURCE` and `SYNCLINE_TARGET`.
/// A variable that begins like one of them but names no key is a problem; others belong to flags that are no settings.
pub(crate) fn from_environment(
    environment: &Environment,
    folder: &PathBuf,
    problems: &mut Problems,
) -> Layer {
    let mut layer = Layer::default();
    for (variable, text) in environment {
        let Some(name) = variable.strip_prefix("SYNCLINE_") else { continue };
        let name = name.to_ascii_lowercase();
        let (section, name) = match name.as_str() {
            "name" => (Section::Root, "name"),
            "source" => (Section::Source, "url"),
            "target" => (Section::Target, "url"),
            other => {
                let headed =
                    other.split_once('_').and_then(|(head, name)| Some((Section::from_name(head)?, name)));
                let Some(headed) = headed else { continue };
                headed
            }
        };
        let origin = Origin::Environment(variable.clone());
        let path = section.path(name);
        if let Some(spec) = section.spec(name) {
            let at = Written { origin, path, folder };
            set_text(&mut layer, Found { spec, bare: None }, vec![section], text, &at, problems);
        } else {
            let fault = Fault::new(format!("{path}: unknown key"));
            problems.push(origin.to_string(), fault.hint(key::advice(&section, name)));
        }
    }
    layer
}

fn set_text(
    layer: &mut Layer,
    found: Found,
    sections: Vec<Section>,
    text: &str,
    at: &Written<'_>,
    problems: &mut Problems,
) {
    match Raw::from_text(text, found.spec.kind) {
        Ok(raw) => layer.set(found, sections, &raw, at, problems),
        Err(fault) => problems.push(at.origin.to_string(), fault.at_key(&at.path)),
    }
}
