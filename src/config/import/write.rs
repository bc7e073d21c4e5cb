//! What was gathered, as TOML.

use std::fmt::Write;

use super::super::key::Section;
use super::super::keys::KEYS;
use super::super::value::quote;
use super::Import;

/// The configuration, with what could not be mapped as comments at its top.
pub(super) fn write(import: &Import) -> String {
    let mut out = String::from("# Imported from a db-sync configuration.\n");
    for (path, reason) in &import.unmapped {
        let _ = writeln!(out, "# not mapped: {path}: {reason}");
    }
    section(&mut out, import, &Section::Root);
    for headed in Section::HEADED {
        if import.settings.keys().any(|(section, _)| *section == headed) {
            let _ = writeln!(out, "\n[{}]", headed.name());
            section(&mut out, import, &headed);
        }
    }
    for name in &import.tables {
        let _ = writeln!(out, "\n[[tables]]\nname = {}", quote(name));
        section(&mut out, import, &Section::Table(name.clone()));
    }
    out
}

fn section(out: &mut String, import: &Import, section: &Section) {
    for spec in KEYS.iter().filter(|spec| section.accepts(spec)) {
        if let Some(value) = import.settings.get(&(section.clone(), spec.name)) {
            let _ = writeln!(out, "{} = {value}", spec.name);
        }
    }
}
