//! What a key of the configuration is: its place, what it accepts, and how a person finds the right one.

use super::keys::{KEYS, LEGACY};
use super::value::key_name;
use crate::base::escape::visible_short;
use crate::base::nearest::nearest;

/// Where a key is defined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    /// Before the first section.
    Root,
    /// In `[source]` and `[target]`.
    Endpoint,
    /// In `[sync]`.
    Sync,
    /// In `[limits]`.
    Limits,
    /// In `[schedule]`.
    Schedule,
    /// In `[console]`.
    Console,
    /// In `[log]`.
    Log,
    /// In `[[tables]]` only.
    Table,
}

/// A place in the merged configuration.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// Before the first section.
    Root,
    /// `[source]`
    Source,
    /// `[target]`
    Target,
    /// `[sync]`
    Sync,
    /// `[limits]`
    Limits,
    /// `[schedule]`
    Schedule,
    /// `[console]`
    Console,
    /// `[log]`
    Log,
    /// The entry of `[[tables]]` with this name.
    Table(String),
}

impl Section {
    /// Every section that has a header of its own, in the order of the template.
    pub(crate) const HEADED: [Self; 7] =
        [Self::Source, Self::Target, Self::Sync, Self::Limits, Self::Schedule, Self::Console, Self::Log];

    /// The name in the header.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Root => "",
            Self::Source => "source",
            Self::Target => "target",
            Self::Sync => "sync",
            Self::Limits => "limits",
            Self::Schedule => "schedule",
            Self::Console => "console",
            Self::Log => "log",
            Self::Table(_) => "tables",
        }
    }

    /// The section with this header.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::HEADED.into_iter().find(|section| section.name() == name)
    }

    /// Where the keys of this section are defined.
    pub(crate) fn scope(&self) -> Scope {
        match self {
            Self::Root => Scope::Root,
            Self::Source | Self::Target => Scope::Endpoint,
            Self::Sync => Scope::Sync,
            Self::Limits => Scope::Limits,
            Self::Schedule => Scope::Schedule,
            Self::Console => Scope::Console,
            Self::Log => Scope::Log,
            Self::Table(_) => Scope::Table,
        }
    }

    /// Whether `spec` may be set here.
    pub(crate) fn accepts(&self, spec: &KeySpec) -> bool {
        spec.scope == self.scope() || (spec.per_table && matches!(self, Self::Table(_)))
    }

    /// The key called `name` here.
    pub(crate) fn spec(&self, name: &str) -> Option<&'static KeySpec> {
        KEYS.iter().find(|spec| spec.name == name && self.accepts(spec))
    }

    /// `name` as a message shows it: `sync.batch_size`, `tables[orders].key`, `name`.
    pub(crate) fn path(&self, name: &str) -> String {
        let name = visible_short(&key_name(name), 60);
        match self {
            Self::Root => name,
            Self::Table(table) => format!("tables[{}].{name}", visible_short(table, 60)),
            _ => format!("{}.{name}", self.name()),
        }
    }
}

impl Scope {
    /// The sections in which keys of this scope stand.
    pub(crate) fn sections(self) -> &'static [Section] {
        match self {
            Self::Root => &[Section::Root],
            Self::Endpoint => &[Section::Source, Section::Target],
            Self::Sync => &[Section::Sync],
            Self::Limits => &[Section::Limits],
            Self::Schedule => &[Section::Schedule],
            Self::Console => &[Section::Console],
            Self::Log => &[Section::Log],
            Self::Table => &[],
        }
    }

    /// The header of this scope, as a hint names it.
    fn header(self) -> &'static str {
        match self {
            Self::Root => "before the first section",
            Self::Endpoint => "in [source] or [target]",
            Self::Sync => "in [sync]",
            Self::Limits => "in [limits]",
            Self::Schedule => "in [schedule]",
            Self::Console => "in [console]",
            Self::Log => "in [log]",
            Self::Table => "in a [[tables]] entry",
        }
    }
}

/// What a number without a unit means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bare {
    /// Nothing: it is an error.
    Ambiguous,
    /// Seconds, as in db-sync.
    Seconds,
    /// Milliseconds, as in db-sync.
    Milliseconds,
}

/// What a key accepts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    /// `true` or `false`.
    Boolean,
    /// `true`, `false`, or a number that is a limit of its own (db-sync).
    BooleanOrCount,
    /// A whole number from the first to the second bound.
    Count(u64, u64),
    /// A share from 0 to 1.
    Ratio,
    /// Bytes with a unit, at least this many; a bare 0 needs no unit.
    Size(u64),
    /// Time with a unit, at least this many milliseconds.
    Duration(Bare, u64),
    /// Any text; empty means "none".
    Text,
    /// A short text that becomes part of file names.
    Name,
    /// One word out of these.
    Choice(&'static [&'static str]),
    /// One name or a list of names; an empty list means "none".
    Columns,
    /// Source column = target column.
    Mapping,
    /// Target column = value.
    Literals,
    /// One time of day or a list.
    Times,
    /// A cron expression.
    Cron,
    /// An IANA time zone.
    Zone,
    /// A database.
    Url,
    /// A file or folder, relative to the configuration file.
    Path,
    /// A program and its arguments.
    Command,
}

/// One key.
#[derive(Debug)]
pub(crate) struct KeySpec {
    pub(crate) scope: Scope,
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// A value, in TOML.
    pub(crate) example: &'static str,
    /// The example is the built-in value.
    pub(crate) is_default: bool,
    /// May be set again in an entry of `[[tables]]`.
    pub(crate) per_table: bool,
}

impl KeySpec {
    /// `batch_size = 5000`
    pub(crate) fn example_line(&self) -> String {
        format!("{} = {}", self.name, self.example)
    }
}

/// A key of db-sync, accepted at the root and in the section of the key that replaced it.
#[derive(Debug)]
pub(crate) struct LegacyKey {
    pub(crate) name: &'static str,
    pub(crate) scope: Scope,
    pub(crate) modern: &'static str,
    /// Overrides what a number without a unit means.
    pub(crate) bare: Option<Bare>,
}

impl LegacyKey {
    /// The key that replaced it.
    pub(crate) fn spec(&self) -> &'static KeySpec {
        KEYS.iter()
            .find(|spec| spec.scope == self.scope && spec.name == self.modern)
            .expect("a test checks that every db-sync key names a key")
    }
}

/// A key as it was found by name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    pub(crate) spec: &'static KeySpec,
    /// What a number without a unit means here.
    pub(crate) bare: Option<Bare>,
}

/// The key that `name` means in `section`, under its own name or its db-sync name, and the sections that it sets.
pub(crate) fn find(section: &Section, name: &str) -> Option<(Found, Vec<Section>)> {
    if let Some(spec) = section.spec(name) {
        return Some((Found { spec, bare: None }, vec![section.clone()]));
    }
    let legacy = LEGACY.iter().find(|legacy| legacy.name == name)?;
    let found = Found { spec: legacy.spec(), bare: legacy.bare };
    match section {
        Section::Root => Some((found, legacy.scope.sections().to_vec())),
        section if section.accepts(found.spec) => Some((found, vec![section.clone()])),
        _ => None,
    }
}

/// Advice for a key that `section` does not have.
pub(crate) fn advice(section: &Section, name: &str) -> String {
    if let Some(spec) = KEYS.iter().find(|spec| spec.name == name) {
        return format!("{name} stands {}, for example {}", spec.scope.header(), spec.example_line());
    }
    if let Some(legacy) = LEGACY.iter().find(|legacy| legacy.name == name) {
        return format!("{name} stands before the first section or {}", legacy.scope.header());
    }
    let here = KEYS.iter().filter(|spec| section.accepts(spec)).map(|spec| spec.name);
    let headers = Section::HEADED.iter().map(Section::name).chain(["tables", "sync_table"]);
    let legacy = LEGACY.iter().map(|legacy| legacy.name);
    let best = match section {
        Section::Root => nearest(name, here.chain(headers).chain(legacy)),
        _ => nearest(name, here).or_else(|| nearest(name, KEYS.iter().map(|spec| spec.name))),
    };
    let all = "syncline --print-config-template shows every key";
    match (best, best.and_then(|best| find(section, best))) {
        (None, _) => all.to_owned(),
        (Some(best), Some((Found { bare: Some(_), .. }, _))) => {
            format!("did you mean {best}? for example {best} = 3600")
        }
        (Some(best), Some((found, _))) => {
            format!("did you mean {best}? for example {best} = {}", found.spec.example)
        }
        (Some(best), None) => {
            match KEYS.iter().find(|spec| spec.name == best && Section::from_name(best).is_none()) {
                Some(spec) => format!("did you mean {best}? it stands {}", spec.scope.header()),
                None => format!("did you mean {best}?"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_db_sync_key_names_a_key_and_no_key_is_defined_twice() {
        for legacy in LEGACY {
            assert_eq!(legacy.spec().name, legacy.modern);
        }
        for (i, spec) in KEYS.iter().enumerate() {
            let twin =
                KEYS[i + 1..].iter().find(|other| other.name == spec.name && other.scope == spec.scope);
            assert!(twin.is_none(), "{}", spec.name);
        }
    }

    #[test]
    fn a_name_on_its_own_means_one_key_wherever_it_is_advised() {
        for spec in KEYS.iter().filter(|spec| spec.scope != Scope::Table) {
            let also =
                KEYS.iter().filter(|other| other.name == spec.name && other.scope != Scope::Table).count();
            assert_eq!(also, 1, "{}", spec.name);
        }
    }

    #[test]
    fn misspellings_find_their_key() {
        let advice = |name| advice(&Section::Sync, name);
        assert_eq!(advice("batchsize"), "did you mean batch_size? for example batch_size = 5000");
        assert_eq!(
            advice("trust-modify-id"),
            "did you mean trust_modify_id? for example trust_modify_id = false"
        );
        assert_eq!(
            advice("max_error_count"),
            "max_error_count stands in [limits], for example max_error_count = 25"
        );
        assert_eq!(advice("qqq"), "syncline --print-config-template shows every key");
        assert_eq!(advice(&"x".repeat(1000)), "syncline --print-config-template shows every key");
    }
}
