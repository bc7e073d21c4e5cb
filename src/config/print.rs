//! The merged configuration, printed so that it can be read by a person and loaded again.

use std::fmt::Write;

use super::key::{KeySpec, Section};
use super::keys::KEYS;
use super::layer::Entry;
use super::merge::Merged;
use super::value::{self, Value};
use crate::base::escape::visible_short;

/// Column at which comments begin, where the value leaves room.
const COMMENT_COLUMN: usize = 44;

/// All of `merged` under modern names, with the origin of each value as a comment, without secrets.
pub(crate) fn print(merged: &Merged) -> String {
    let mut out = String::new();
    section(&mut out, merged, &Section::Root);
    for headed in Section::HEADED {
        let _ = writeln!(out, "\n[{}]", headed.name());
        section(&mut out, merged, &headed);
    }
    for (name, origin) in merged.tables() {
        let table = Section::Table(name.clone());
        let _ = writeln!(out, "\n[[tables]]");
        if merged.get(&table, "name").is_none() {
            line(&mut out, &format!("name = {}", value::quote(name)), &origin.to_string());
        }
        section(&mut out, merged, &table);
    }
    out
}

fn section(out: &mut String, merged: &Merged, section: &Section) {
    for spec in KEYS.iter().filter(|spec| section.accepts(spec)) {
        if let Some(entry) = merged.get(section, spec.name) {
            line(out, &format!("{} = {}", spec.name, entry.value.to_toml()), &comment(spec, entry));
        }
    }
}

fn line(out: &mut String, setting: &str, comment: &str) {
    let _ = writeln!(out, "{setting:COMMENT_COLUMN$}  # {comment}");
}

fn comment(spec: &KeySpec, entry: &Entry) -> String {
    let mut comment = entry.origin.to_string();
    let written = entry.written.rsplit('.').next().unwrap_or_default();
    if written != spec.name && !entry.written.ends_with(spec.name) {
        let _ = write!(comment, ", written as {}", visible_short(written, 60));
    }
    if matches!(entry.value, Value::Url { secret: Some(_), .. }) {
        comment.push_str(", password ***");
    }
    comment
}
