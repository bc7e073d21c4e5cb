//! Layers laid over each other: for each key the value of the highest layer, and where it came from.

use std::collections::BTreeMap;
use std::path::Path;

use super::convert::convert;
use super::error::{Fault, Problems};
use super::key::{Found, KeySpec, Section};
use super::keys::KEYS;
use super::layer::{Entry, Layer};
use super::origin::Origin;
use super::raw::Raw;
use super::value::Value;
use crate::base::escape::visible_short;
use toml::de::DeValue;

/// Keys of one section of which only one can hold.
const ALTERNATIVES: [&[&str]; 2] =
    [&["every", "at", "cron"], &["password_env", "password_file", "password_command"]];

/// A value, and the number of its layer: a higher one wins.
#[derive(Debug, Clone, PartialEq)]
struct Ranked {
    entry: Entry,
    rank: usize,
}

/// Every value that holds, with its origin.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Merged {
    entries: BTreeMap<(Section, &'static str), Ranked>,
    /// Names of the table entries, in the order written, lower layers first.
    tables: Vec<(String, Origin)>,
}

impl Merged {
    /// Lays `layers`, lowest first, over the built-in values.
    pub(crate) fn new(layers: Vec<Layer>, problems: &mut Problems) -> Self {
        let mut merged = Self::default();
        merged.add_builtin();
        for (rank, layer) in (1..).zip(layers) {
            let mut known: std::collections::BTreeSet<String> =
                merged.tables.iter().map(|(name, _)| name.clone()).collect();
            merged.tables.extend(layer.tables.into_iter().filter(|(name, _)| known.insert(name.clone())));
            for ((section, name), entry) in layer.entries {
                merged.add(section, name, Ranked { entry, rank }, problems);
            }
        }
        merged.settle_tables();
        merged
    }

    fn add_builtin(&mut self) {
        for spec in KEYS.iter().filter(|spec| spec.is_default) {
            let value = builtin(spec);
            for section in spec.scope.sections() {
                let entry =
                    Entry { value: value.clone(), origin: Origin::Builtin, written: spec.name.to_owned() };
                self.entries.insert((section.clone(), spec.name), Ranked { entry, rank: 0 });
            }
        }
    }

    fn add(&mut self, section: Section, name: &'static str, new: Ranked, problems: &mut Problems) {
        let others = ALTERNATIVES.iter().find(|group| group.contains(&name)).copied().unwrap_or_default();
        for other in others.iter().filter(|other| **other != name) {
            let Some(old) = self.entries.get(&(section.clone(), *other)) else { continue };
            if old.rank < new.rank {
                self.entries.remove(&(section.clone(), *other));
                continue;
            }
            let fault = Fault::new(format!(
                "{} and {} ({}) cannot both hold",
                visible_short(&new.entry.written, 60),
                visible_short(&old.entry.written, 60),
                old.entry.origin
            ));
            problems
                .push(new.entry.origin.to_string(), fault.hint(format!("keep one of {}", others.join(", "))));
        }
        self.entries.insert((section, name), new);
    }

    /// Listing tables without `sync_all` means only those.
    fn settle_tables(&mut self) {
        if self.tables.is_empty() {
            return;
        }
        if let Some(all) = self.entries.get_mut(&(Section::Sync, "sync_all")).filter(|all| all.rank == 0) {
            all.entry.value = Value::Boolean(false);
        }
    }

    /// The value of a key where it was set, without looking elsewhere.
    pub fn get(&self, section: &Section, name: &str) -> Option<&Entry> {
        let spec = section.spec(name)?;
        self.entries.get(&(section.clone(), spec.name)).map(|ranked| &ranked.entry)
    }

    /// The number of the layer that set a key; 0 is built-in.
    pub(crate) fn rank(&self, section: &Section, name: &'static str) -> usize {
        self.entries.get(&(section.clone(), name)).map_or(0, |ranked| ranked.rank)
    }

    /// Takes a value away that lost against another key.
    pub(crate) fn remove(&mut self, section: &Section, name: &'static str) {
        self.entries.remove(&(section.clone(), name));
    }

    /// Sets a value that follows from others.
    pub(crate) fn derive(&mut self, section: Section, name: &'static str, value: Value) {
        let entry = Entry { value, origin: Origin::Builtin, written: name.to_owned() };
        self.entries.insert((section, name), Ranked { entry, rank: 0 });
    }

    /// Names of the table entries, in the order written, and where each began.
    pub fn tables(&self) -> &[(String, Origin)] {
        &self.tables
    }
}

/// The built-in value of `spec`.
fn builtin(spec: &'static KeySpec) -> Value {
    let parsed = DeValue::parse(spec.example).expect("a test loads every example");
    let raw = Raw::from_toml(parsed.get_ref(), &BTreeMap::new()).expect("no example names a variable");
    convert(Found { spec, bare: None }, &raw, Path::new("/")).expect("a test loads every example")
}
