//! A db-sync configuration (`db-sync.json`) turned into ours.
//!
//! Does not belong here: guesses. What has no sure counterpart is listed as unmapped, with the reason.
//!
//! Invariants: the TOML that comes out loads, or the list says what has to be changed first; no password is copied; every key of the file is either in the TOML or in
//! the list of unmapped ones, unless it was empty or null, which means unset.

mod endpoint;
mod write;

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value as Json};

use super::convert::convert;
use super::error::{ConfigError, Fault};
use super::key::{self, Found, KeySpec, Scope, Section};
use super::keys::KEYS;
use super::raw::{Raw, Scalar};
use super::value::Value;
use super::{Document, LoadRequest, SecretPolicy};
use crate::base::escape::visible_short;

/// What the importer is told beside the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportBase {
    /// The file's name, for messages.
    pub file: String,
    /// The source, where the file names none or another shall be used.
    pub source_url: Option<String>,
    /// The target, likewise.
    pub target_url: Option<String>,
}

/// The result of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Our configuration; it loads once the variables that it names are set and, where `unmapped` names lines of the
    /// result, these are put right.
    pub toml: String,
    /// What has no counterpart: its path in the file, and why.
    pub unmapped: Vec<(String, String)>,
}

/// Turns the text of a `db-sync.json` into our configuration; an error only when it is not a JSON object.
pub fn db_sync(json_text: &str, base: &ImportBase) -> Result<Imported, ConfigError> {
    let text = json_text.strip_prefix('\u{feff}').unwrap_or(json_text);
    let json: Json = serde_json::from_str(text).map_err(|error| {
        let place = format!("{}:{}", visible_short(&base.file, 200), error.line());
        ConfigError::one(place, Fault::new(format!("not JSON: {error}")))
    })?;
    let Json::Object(root) = json else {
        let fault = Fault::new("expected a JSON object").hint("for example { \"batch_size\": 5000 }");
        return Err(ConfigError::one(format!("{}:1", visible_short(&base.file, 200)), fault));
    };
    let mut import = Import::default();
    import.object(&root, "");
    endpoint::ensure(&mut import, &Section::Source, base.source_url.as_deref());
    endpoint::ensure(&mut import, &Section::Target, base.target_url.as_deref());
    check(&mut import);
    Ok(Imported { toml: write::write(&import), unmapped: import.unmapped })
}

/// Says what would keep the result from being loaded: contradictions that db-sync does not mind.
fn check(import: &mut Import) {
    let variables = ["SOURCE_URL", "TARGET_URL"].map(|name| (name.to_owned(), "sqlite:any.db".to_owned()));
    let path = Path::new("result");
    let Ok(document) = Document::from_bytes(path, write::write(import).into_bytes()) else { return };
    let request = LoadRequest {
        job_files: vec![document],
        environment: variables.into(),
        secrets: SecretPolicy::Leave,
        ..LoadRequest::default()
    };
    let problems = super::load(request).map_or_else(|error| error.problems, |_| Vec::new());
    // Each problem becomes one more line of comment above the line that it is about.
    let added = problems.len();
    for problem in problems {
        let line = problem.place.rsplit_once(':').and_then(|(_, line)| line.parse::<usize>().ok());
        import.unmapped.push((format!("result:{}", line.unwrap_or(0) + added), problem.message));
    }
}

/// What has been gathered so far.
#[derive(Debug, Default)]
struct Import {
    /// TOML values by place.
    settings: BTreeMap<(Section, &'static str), String>,
    tables: Vec<String>,
    unmapped: Vec<(String, String)>,
}

/// The side that an object of this name describes.
fn side(name: &str) -> Option<Section> {
    match name {
        "source" | "from" => Some(Section::Source),
        "target" | "to" | "destination" | "dest" => Some(Section::Target),
        _ => None,
    }
}

impl Import {
    fn unmapped(&mut self, path: &str, reason: impl Into<String>) {
        self.unmapped.push((visible_short(path, 200), reason.into()));
    }

    /// The keys of the root, or of a group of keys, which db-sync does not need but people like.
    fn object(&mut self, object: &Map<String, Json>, path: &str) {
        for (name, json) in object {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let is_no_sleep = name == "sleep_seconds" && json.as_f64() == Some(0.0);
            if is_unset(json) || is_no_sleep {
                continue;
            }
            if let Some(section) = side(name) {
                match json {
                    Json::Object(parts) => endpoint::read(self, &section, parts, &path),
                    Json::String(url) => endpoint::set_url(self, &section, url, &path),
                    _ => self.unmapped(&path, "not a connection"),
                }
            } else if matches!(name.as_str(), "sync_table" | "sync_tables" | "tables") {
                self.list_tables(json, &path);
            } else if let Some((found, sections)) = find_anywhere(name) {
                self.key(found, &sections, json, &path);
            } else if let Json::Object(group) = json {
                self.object(group, &path);
            } else {
                self.unmapped(&path, format!("unknown key; {}", key::advice(&Section::Root, name)));
            }
        }
    }

    /// One setting, for each of `sections`.
    fn key(&mut self, found: Found, sections: &[Section], json: &Json, path: &str) {
        let (spec, value) = match Self::value(found, json) {
            Ok(value) => (found.spec, value),
            Err(fault) => return self.unmapped(path, fault.message),
        };
        if let Value::Count(errors) = value
            && spec.name == "continue_on_error"
        {
            self.set(sections, spec, &Value::Boolean(errors > 0), path);
            if let (Some(limit), 1..) = (Section::Limits.spec("max_error_count"), errors) {
                self.set(&[Section::Limits], limit, &value, path);
            }
            return;
        }
        self.set(sections, spec, &value, path);
    }

    fn value(found: Found, json: &Json) -> Result<Value, Fault> {
        let folder = Path::new("");
        let raw = raw(json).ok_or_else(|| Fault::new("a list or object where db-sync has none"))?;
        convert(found, &raw, folder).or_else(|fault| {
            // Numbers and switches are sometimes written as text.
            let Json::String(text) = json else { return Err(fault) };
            Raw::from_text(text, found.spec.kind)
                .and_then(|raw| convert(found, &raw, folder))
                .map_err(|_| fault)
        })
    }

    fn set(&mut self, sections: &[Section], spec: &'static KeySpec, value: &Value, path: &str) {
        let toml = value.to_toml();
        for section in sections {
            if let Some(rival) = self.rival(section, spec) {
                return self.unmapped(path, format!("{rival} already says when passes are run"));
            }
            match self.settings.get(&(section.clone(), spec.name)) {
                Some(earlier) if *earlier != toml => {
                    let reason = format!("{} is already {earlier}", section.path(spec.name));
                    return self.unmapped(path, reason);
                }
                _ => drop(self.settings.insert((section.clone(), spec.name), toml.clone())),
            }
        }
    }

    /// Another key of the schedule that is set.
    fn rival(&self, section: &Section, spec: &KeySpec) -> Option<&'static str> {
        let rivals = ["every", "at", "cron"];
        let is_set = |name: &&'static str| self.settings.contains_key(&(section.clone(), *name));
        rivals
            .into_iter()
            .filter(|name| rivals.contains(&spec.name) && *name != spec.name)
            .find(|name| is_set(name))
    }

    /// `sync_table` or `tables`: names, objects, or an object of objects by name.
    fn list_tables(&mut self, json: &Json, path: &str) {
        match json {
            Json::String(name) => self.table(name, None, path),
            Json::Array(items) => {
                for (i, item) in items.iter().enumerate() {
                    let path = format!("{path}[{i}]");
                    let name = ["name", "table", "source"].iter().find_map(|key| item.get(key)?.as_str());
                    match (item, name) {
                        (Json::String(name), _) => self.table(name, None, &path),
                        (Json::Object(entry), Some(name)) => self.table(name, Some(entry), &path),
                        _ => self.unmapped(&path, "not the name of a table"),
                    }
                }
            }
            Json::Object(entries) => {
                for (name, item) in entries {
                    let path = format!("{path}.{name}");
                    match item {
                        Json::Object(entry) => self.table(name, Some(entry), &path),
                        Json::Null | Json::Bool(true) => self.table(name, None, &path),
                        _ => self.unmapped(&path, "not an entry of a table"),
                    }
                }
            }
            _ => self.unmapped(path, "not a list of tables"),
        }
    }

    fn table(&mut self, name: &str, entry: Option<&Map<String, Json>>, path: &str) {
        if name.is_empty() || name.contains('\0') {
            return self.unmapped(path, "the name of the table is empty or holds a NUL character");
        }
        if !self.tables.iter().any(|other| other == name) {
            self.tables.push(name.to_owned());
        }
        let section = Section::Table(name.to_owned());
        let has_table =
            entry.is_some_and(|entry| entry.contains_key("table") || entry.contains_key("source"));
        if let Some((table, kind)) = name.split_once('-')
            && !has_table
        {
            let (table, kind) = (visible_short(table, 60), visible_short(kind, 60));
            self.unmapped(path, format!(
                "looks like the record type {kind} of the table {table}: write source = \"{table}\" and the condition as where"
            ));
        }
        for (key, json) in entry.into_iter().flatten().filter(|(key, json)| *key != "name" && !is_unset(json))
        {
            let path = format!("{path}.{key}");
            let modern = if key == "table" { "source" } else { key };
            match key::find(&section, modern).or_else(|| key::find(&section, &snake(modern))) {
                Some((found, sections)) => self.key(found, &sections, json, &path),
                None => self.unmapped(&path, "not a key of a table"),
            }
        }
    }
}

/// The key that `name` means wherever it stands: db-sync knows no sections.
fn find_anywhere(name: &str) -> Option<(Found, Vec<Section>)> {
    let by_name = |name: &str| {
        let spec = KEYS.iter().find(|spec| {
            spec.name == name && !matches!(spec.scope, Scope::Root | Scope::Endpoint | Scope::Table)
        })?;
        Some((Found { spec, bare: None }, spec.scope.sections().to_vec()))
    };
    let find = |name: &str| key::find(&Section::Root, name).or_else(|| by_name(name));
    find(name).or_else(|| find(&snake(name)))
}

/// `batchSize` → `batch_size`.
fn snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// db-sync writes null, empty texts and a sleep of 0 for what is not wanted.
fn is_unset(json: &Json) -> bool {
    match json {
        Json::Null => true,
        Json::String(text) => text.is_empty(),
        Json::Array(items) => items.is_empty(),
        Json::Object(object) => object.is_empty(),
        _ => false,
    }
}

fn raw(json: &Json) -> Option<Raw> {
    match json {
        Json::Array(items) => Some(Raw::List(items.iter().map(scalar).collect::<Option<_>>()?)),
        Json::Object(object) => {
            let pairs = object.iter().map(|(key, value)| Some((key.clone(), scalar(value)?)));
            Some(Raw::Table(pairs.collect::<Option<_>>()?))
        }
        json => scalar(json).map(Raw::Scalar),
    }
}

fn scalar(json: &Json) -> Option<Scalar> {
    match json {
        Json::Bool(value) => Some(Scalar::Boolean(*value)),
        Json::Number(number) => Some(match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Scalar::Integer(Some(whole)),
            (None, _) if number.is_u64() => Scalar::Integer(None),
            (None, Some(real)) if real.fract() == 0.0 && real.abs() < 9e15 => {
                Scalar::Integer(Some(real as i64))
            }
            (None, real) => Scalar::Real(real.unwrap_or(f64::NAN)),
        }),
        Json::String(text) => Some(Scalar::Text { text: text.clone(), written: text.clone() }),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}
