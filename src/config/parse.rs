//! From the text of a file to a layer; gathers every problem instead of stopping at the first.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::document::{Document, Lines};
use super::error::{Fault, Problems};
use super::expand::Environment;
use super::key::{self, Section};
use super::layer::{Layer, Written};
use super::origin::Origin;
use super::raw::{Raw, Scalar, in_order};
use crate::base::escape::visible_short;

/// What is the same for every key of a file.
struct Parser<'a> {
    lines: Lines,
    /// The file; its line is filled in for each key.
    origin: Origin,
    folder: PathBuf,
    environment: &'a Environment,
    problems: &'a mut Problems,
    layer: Layer,
    /// The tables listed so far, and where.
    listed: BTreeMap<String, Origin>,
}

/// The layer that `document` describes. `origin` is the file at any line; relative paths start at `folder`.
pub(crate) fn parse(
    document: &Document,
    origin: &Origin,
    folder: PathBuf,
    environment: &Environment,
    problems: &mut Problems,
) -> Layer {
    let (table, mut errors) = DeTable::parse_recoverable(document.text());
    let lines = document.lines();
    errors.sort_by_key(|error| error.span().map(|span| span.start));
    let mut only_duplicates = true;
    for error in &errors {
        let span = error.span().unwrap_or_else(|| longest_path(document.text()));
        let place = origin.at_line(lines.number(&span)).to_string();
        only_duplicates &= error.message() == "duplicate key";
        problems.push(place, syntax_fault(error, document.text()));
    }
    let (origin, layer, listed) = (origin.clone(), Layer::default(), BTreeMap::new());
    let mut parser = Parser { lines, origin, folder, environment, problems, layer, listed };
    // After other errors the table holds guesses of the parser.
    if only_duplicates {
        parser.root(table.get_ref());
    }
    parser.layer
}

fn syntax_fault(error: &toml::de::Error, text: &str) -> Fault {
    match error.message() {
        "duplicate key" => {
            let name = error.span().and_then(|span| text.get(span)).unwrap_or_default();
            Fault::new(format!("{} is written twice", visible_short(name.trim(), 60)))
                .hint("keep one of the two lines")
        }
        message if message.contains("recurs") => Fault::new("brackets or dotted keys are nested too deeply")
            .hint("no key needs more than two levels"),
        message => Fault::new(format!("not TOML: {}", visible_short(message, 200)))
            .hint("a line is [section], key = value, or # comment; text stands in \"quotes\""),
    }
}

/// Where the line with the most dots begins: the parser does not say where it refused a dotted key as too long.
fn longest_path(text: &str) -> Range<usize> {
    let dots = |line: &str| line.bytes().filter(|byte| *byte == b'.').count();
    let mut at = 0;
    let starts = text.split_inclusive('\n').map(|line| {
        at += line.len();
        (dots(line), std::cmp::Reverse(at - line.len()))
    });
    let start = starts.max().map_or(0, |(_, std::cmp::Reverse(start))| start);
    start..start
}

impl Parser<'_> {
    fn place(&self, span: &Range<usize>) -> Origin {
        self.origin.at_line(self.lines.number(span))
    }

    fn problem(&mut self, span: &Range<usize>, fault: Fault) {
        let place = self.place(span).to_string();
        self.problems.push(place, fault);
    }

    fn root(&mut self, table: &DeTable<'_>) {
        let has_tables = table.contains_key("tables");
        for (name, span, value) in in_order(table) {
            match (Section::from_name(name), value.get_ref()) {
                (Some(section), DeValue::Table(inner)) => self.section(&section, inner),
                (Some(section), _) => {
                    let fault = Fault::new(format!("{name}: expected the section [{name}]"));
                    let example = super::keys::KEYS.iter().find(|spec| section.accepts(spec));
                    let example = example.map(key::KeySpec::example_line).unwrap_or_default();
                    self.problem(&span, fault.hint(format!("for example [{name}] and below it {example}")));
                }
                (None, DeValue::Array(items)) if name == "tables" => {
                    for (i, item) in items.iter().enumerate() {
                        self.table_entry(i + 1, item);
                    }
                }
                (None, _) if name == "tables" => {
                    self.problem(&span, Fault::new("tables: expected entries [[tables]], with two brackets"));
                }
                (None, _) if name == "sync_table" && has_tables => {
                    let fault = Fault::new("sync_table and [[tables]] both list the tables");
                    self.problem(
                        &span,
                        fault.hint("keep [[tables]]; an entry with nothing but a name is enough"),
                    );
                }
                (None, _) if name == "sync_table" => self.sync_table(&span, value),
                (None, _) => self.key(&Section::Root, name, &span, value),
            }
        }
    }

    fn section(&mut self, section: &Section, table: &DeTable<'_>) {
        for (name, span, value) in in_order(table) {
            self.key(section, name, &span, value);
        }
    }

    fn key(&mut self, section: &Section, name: &str, span: &Range<usize>, value: &Spanned<DeValue<'_>>) {
        let origin = self.place(span);
        let path = section.path(name);
        let Some((found, sections)) = key::find(section, name) else {
            let advice = if self.problems.is_full() { String::new() } else { key::advice(section, name) };
            return self.problem(span, Fault::new(format!("{path}: unknown key")).hint(advice));
        };
        match Raw::from_toml(value.get_ref(), self.environment) {
            Ok(raw) => {
                let at = Written { origin, path, folder: &self.folder };
                self.layer.set(found, sections, &raw, &at, self.problems);
            }
            Err(fault) => self.problem(span, fault.at_key(&path)),
        }
    }

    /// The db-sync list of tables: an entry without further keys for each.
    fn sync_table(&mut self, span: &Range<usize>, value: &Spanned<DeValue<'_>>) {
        let example = "for example sync_table = [\"company\", \"product\"]";
        let names = match Raw::from_toml(value.get_ref(), self.environment) {
            Ok(Raw::List(items)) => items,
            Ok(Raw::Scalar(item)) => vec![item],
            Ok(Raw::Table(_)) => vec![Scalar::Nested],
            Err(fault) => return self.problem(span, fault.at_key("sync_table")),
        };
        for item in names {
            match item {
                Scalar::Text { text, .. } if !text.is_empty() && !text.contains('\0') => {
                    self.name_table(span, &text, "sync_table");
                }
                other => {
                    let fault = Fault::new(format!(
                        "sync_table: expected names of tables, found {}",
                        other.describe()
                    ));
                    self.problem(span, fault.hint(example));
                }
            }
        }
    }

    /// Opens the entry called `name`; false when this file has one already.
    fn name_table(&mut self, span: &Range<usize>, name: &str, written: &str) -> bool {
        let origin = self.place(span);
        if let Some(earlier) = self.listed.get(name) {
            let shown = visible_short(name, 60);
            let fault =
                Fault::new(format!("{written}: the table {shown} is listed twice, first at {earlier}"));
            self.problem(span, fault.hint("give each entry that reads the same table a name of its own"));
            return false;
        }
        self.listed.insert(name.to_owned(), origin.clone());
        self.layer.tables.push((name.to_owned(), origin));
        true
    }

    fn table_entry(&mut self, number: usize, item: &Spanned<DeValue<'_>>) {
        let span = item.span();
        let DeValue::Table(table) = item.get_ref() else {
            let fault = Fault::new(format!("tables[{number}]: expected an entry [[tables]]"));
            return self.problem(&span, fault);
        };
        let text = |key: &str| {
            let raw = Raw::from_toml(table.get(key)?.get_ref(), self.environment).ok()?;
            match raw {
                Raw::Scalar(Scalar::Text { text, .. }) if !text.is_empty() => Some(text),
                _ => None,
            }
        };
        let name = text("name").or_else(|| text("source"));
        let opened = if let Some(name) = &name {
            self.name_table(&span, name, &format!("tables[{number}]"))
        } else {
            let fault = Fault::new(format!("tables[{number}]: the entry needs a name or a source"));
            self.problem(&span, fault.hint("for example name = \"orders\""));
            false
        };
        let section = Section::Table(name.unwrap_or_else(|| number.to_string()));
        if opened {
            return self.section(&section, table);
        }
        // An entry that cannot be used is still checked, so that all its problems are seen at once.
        let kept = std::mem::take(&mut self.layer.entries);
        self.section(&section, table);
        self.layer.entries = kept;
    }
}
