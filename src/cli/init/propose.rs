//! What a configuration for two databases may begin with: pure, from what both say of their tables.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::base::escape::visible;
use crate::config::quote;
use crate::model::schema::{Catalog, Table};

/// Names that a column with the time of the last change goes by, the likeliest first.
const MODIFY_NAMES: [&str; 16] = [
    "modify_time",
    "modified_at",
    "updated_at",
    "modified",
    "updated",
    "last_modified",
    "last_update",
    "last_updated",
    "update_time",
    "modify_date",
    "update_date",
    "modified_on",
    "updated_on",
    "changed_at",
    "change_time",
    "mtime",
];

/// A configuration, and what should be known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Proposal {
    /// The file.
    pub(super) toml: String,
    /// Tables that a pass would work on.
    pub(super) tables: usize,
    /// What a person should look at; escaped.
    pub(super) notes: Vec<String>,
}

/// A table as far as the proposal goes.
struct Meant<'a> {
    table: &'a Table,
    /// The columns that identify a row, and whether they have to be written down.
    key: Option<(Vec<String>, bool)>,
    modify: Option<&'a str>,
}

/// Proposes a configuration.
pub(super) fn propose(urls: [&str; 2], source: &Catalog, target: &Catalog) -> Proposal {
    let meant: Vec<Meant<'_>> = source.tables.iter().map(meant).collect();
    let missing: Vec<String> =
        meant.iter().filter(|m| target.find(&m.table.name).is_none()).map(shown).collect();
    let usual = usual_modify_column(&meant);
    let mut notes = Vec::new();
    let mut toml = head(urls);
    if let Some(usual) = usual {
        let _ = writeln!(toml, "modify_column = {}  # tells when a row was changed", quote(usual));
        toml.push_str(
            "trust_modify_id = false  # true: a row whose modify column is unchanged is unchanged\n",
        );
    }
    if !missing.is_empty() {
        let _ = writeln!(toml, "on_missing_table = \"create\"  # the target lacks {}", missing.join(", "));
        notes.push(format!("the target lacks {}; a run creates it", missing.join(", ")));
    }
    let width = meant.iter().map(|m| shown(m).chars().count()).max().unwrap_or(0);
    toml.push_str("\n# What was found: table, key, modify column.\n");
    for m in &meant {
        let _ = writeln!(toml, "{}", found_line(m, width).trim_end());
        if m.key.is_none() {
            notes.push(format!(
                "{} has no key: it is compared as a whole and not repaired row by row",
                shown(m)
            ));
        }
    }
    let entries = meant.iter().filter_map(|m| entry(m, usual));
    entries.for_each(|entry| toml.push_str(&entry));
    if meant.is_empty() {
        notes.push("the source has no tables".to_owned());
    }
    Proposal { toml, tables: meant.len(), notes }
}

fn head([source, target]: [&str; 2]) -> String {
    format!(
        "# A configuration to begin with; `syncline --print-config-template` shows every key.\n\n\
         # The database that is only read.\n[source]\nurl = {}\n\n\
         # The database that is made equal.\n[target]\nurl = {}\n\n\
         [sync]\nsync_all = true  # every table that both have; entries at the end say more of some\n",
        quote(source),
        quote(target)
    )
}

fn meant(table: &Table) -> Meant<'_> {
    let modify = MODIFY_NAMES.iter().find_map(|name| {
        table.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name)).map(|column| &*column.name)
    });
    let key = if table.primary_key.is_empty() {
        unique_key(table).map(|key| (key, true))
    } else {
        Some((table.primary_key.clone(), false))
    };
    Meant { table, key, modify }
}

/// The shortest unique index that can stand in for a primary key: whole, and without NULLs.
fn unique_key(table: &Table) -> Option<Vec<String>> {
    let usable = table.indexes.iter().filter(|index| index.unique && !index.partial).filter_map(|index| {
        let names: Option<Vec<String>> = index.columns.iter().map(|column| column.name.clone()).collect();
        names.filter(|names| {
            names.iter().all(|name| table.column(name).is_some_and(|column| !column.nullable))
        })
    });
    usable.min_by_key(Vec::len)
}

/// The modify column that most tables have; of two as frequent, the likelier.
fn usual_modify_column<'a>(meant: &[Meant<'a>]) -> Option<&'a str> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for name in meant.iter().filter_map(|m| m.modify) {
        *counts.entry(name).or_default() += 1;
    }
    let rank = |name: &str| MODIFY_NAMES.iter().position(|known| name.eq_ignore_ascii_case(known));
    counts
        .into_iter()
        .max_by_key(|(name, count)| (*count, std::cmp::Reverse(rank(name))))
        .map(|(name, _)| name)
}

fn shown(m: &Meant<'_>) -> String {
    m.table.name.to_string()
}

fn found_line(m: &Meant<'_>, width: usize) -> String {
    let key = m.key.as_ref().map_or_else(|| "no key".to_owned(), |(key, _)| visible(&key.join(", ")));
    let modify = m.modify.map_or_else(String::new, |name| {
        let indexed = m
            .table
            .indexes
            .iter()
            .any(|index| index.columns.first().is_some_and(|first| first.name.as_deref() == Some(name)));
        format!("{}{}", visible(name), if indexed { "" } else { ", without an index" })
    });
    format!("#   {:width$}  {key:20}  {modify}", shown(m))
}

/// An entry for a table that needs more than the defaults.
fn entry(m: &Meant<'_>, usual: Option<&str>) -> Option<String> {
    let mut lines = String::new();
    if let Some((key, true)) = &m.key {
        let names: Vec<String> = key.iter().map(|name| quote(name)).collect();
        let _ = writeln!(
            lines,
            "key = [{}]  # there is no primary key; these columns are unique",
            names.join(", ")
        );
    }
    if let Some(modify) =
        m.modify.filter(|modify| usual.is_some_and(|usual| !usual.eq_ignore_ascii_case(modify)))
    {
        let _ = writeln!(lines, "modify_column = {}", quote(modify));
    }
    let name = &m.table.name;
    let written =
        name.schema.as_ref().map_or_else(|| name.name.clone(), |schema| format!("{schema}.{}", name.name));
    (!lines.is_empty()).then(|| format!("\n[[tables]]\nname = {}\n{lines}", quote(&written)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::schema::{Column, Index, IndexColumn, TableName};
    use crate::model::types::LogicalType;

    fn column(name: &str, nullable: bool) -> Column {
        Column {
            name: name.to_owned(),
            declared_type: "TEXT".to_owned(),
            logical_type: LogicalType::Text { length_max: None },
            nullable,
            default: None,
            generated: false,
            byte_collation: true,
        }
    }

    fn index(columns: &[&str], unique: bool) -> Index {
        let column =
            |name: &&str| IndexColumn { name: Some((*name).to_owned()), byte_order: true, descending: false };
        Index { name: "i".to_owned(), columns: columns.iter().map(column).collect(), unique, partial: false }
    }

    fn table(name: &str, columns: &[(&str, bool)], key: &[&str], indexes: Vec<Index>) -> Table {
        Table {
            name: TableName::new(name),
            columns: columns.iter().map(|(name, nullable)| column(name, *nullable)).collect(),
            primary_key: key.iter().map(|name| (*name).to_owned()).collect(),
            indexes,
            foreign_keys: Vec::new(),
            triggers: Vec::new(),
            strict: false,
            without_rowid: false,
        }
    }

    #[test]
    fn tables_keys_and_modify_columns_are_proposed() {
        let source = Catalog {
            tables: vec![
                table(
                    "orders",
                    &[("id", false), ("modify_time", true)],
                    &["id"],
                    vec![index(&["modify_time"], false)],
                ),
                table(
                    "order \"row\"",
                    &[("a", false), ("b", false), ("modify_time", true)],
                    &["a", "b"],
                    vec![],
                ),
                table("rates", &[("code", false), ("updated_at", true)], &[], vec![index(&["code"], true)]),
                table("log", &[("line", true)], &[], vec![index(&["line"], true)]),
            ],
        };
        let target = Catalog { tables: source.tables[..3].to_vec() };
        let proposal = propose(["sqlite:a.db", "sqlite:b.db"], &source, &target);
        assert_eq!((proposal.tables, proposal.notes.len()), (4, 2), "{:?}", proposal.notes);
        insta::assert_snapshot!(proposal.toml, @r##"
        # A configuration to begin with; `syncline --print-config-template` shows every key.

        # The database that is only read.
        [source]
        url = "sqlite:a.db"

        # The database that is made equal.
        [target]
        url = "sqlite:b.db"

        [sync]
        sync_all = true  # every table that both have; entries at the end say more of some
        modify_column = "modify_time"  # tells when a row was changed
        trust_modify_id = false  # true: a row whose modify column is unchanged is unchanged
        on_missing_table = "create"  # the target lacks log

        # What was found: table, key, modify column.
        #   orders       id                    modify_time
        #   order "row"  a, b                  modify_time, without an index
        #   rates        code                  updated_at, without an index
        #   log          no key

        [[tables]]
        name = "rates"
        key = ["code"]  # there is no primary key; these columns are unique
        modify_column = "updated_at"
        "##);
    }

    #[test]
    fn names_from_a_database_cannot_leave_their_comment_or_their_string() {
        let evil = "x\n[source]\nurl = \"sqlite:evil\"\u{1b}[2J";
        let source = Catalog { tables: vec![table(evil, &[(evil, false)], &[], vec![index(&[evil], true)])] };
        let toml = propose(["sqlite:a", "sqlite:b"], &source, &Catalog::default()).toml;
        assert!(!toml.contains('\u{1b}'), "{toml}");
        assert!(!toml.lines().any(|line| line == "url = \"sqlite:evil\""), "{toml}");
        assert!(toml.lines().all(|line| line.is_empty() || !line.starts_with('x')), "{toml}");
    }
}
