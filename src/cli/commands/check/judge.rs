//! What the facts about a job mean to its operator. Nothing is read here.

use crate::base::clock::Timestamp;
use crate::base::escape::visible;
use crate::base::human;
use crate::cli::error::{CliError, Result};
use crate::model::check::{CheckFinding, Severity};
use crate::model::pair::TablePair;
use crate::model::pairing::{ColumnTypeOf, Paired, Weight, pair_tables};
use crate::model::schema::{Catalog, ReferentialAction, Table};
use crate::model::settings::{JobSettings, Triggers};
use crate::model::types::Compatibility;
use crate::store::Probe;

/// One side, as it answered.
pub struct Side {
    /// Name of the engine.
    pub engine: &'static str,
    /// Who is there.
    pub probe: Probe,
    /// Its tables.
    pub catalog: Catalog,
    /// When it was asked, by our clock.
    pub asked_at: Timestamp,
}

/// Both sides of a job.
pub struct Examined<'a> {
    /// The settings.
    pub settings: &'a JobSettings,
    /// Only these tables; empty means all.
    pub wanted: &'a [String],
    /// Where rows come from.
    pub source: &'a Side,
    /// Where they go.
    pub target: &'a Side,
}

/// A finding without a hint.
pub fn finding(severity: Severity, subject: &str, message: &str) -> CheckFinding {
    CheckFinding { severity, subject: subject.to_owned(), message: message.to_owned(), hint: None }
}

/// What the configuration warns of.
pub fn configuration(warnings: &[String]) -> Vec<CheckFinding> {
    let judge = |warning: &String| {
        let (message, hint) =
            warning.split_once("\n    hint: ").map_or((&**warning, None), |(m, h)| (m, Some(h)));
        CheckFinding { hint: hint.map(str::to_owned), ..finding(Severity::Warning, "config", message) }
    };
    warnings.iter().map(judge).collect()
}

/// Versions, places, rights and clocks.
pub fn databases(examined: &Examined<'_>, findings: &mut Vec<CheckFinding>) {
    for (name, side) in [("source", examined.source), ("target", examined.target)] {
        let Probe { version, location, notes, clock, .. } = &side.probe;
        let (place, tables) = (visible(location), side.catalog.tables.len());
        findings.push(finding(Severity::Note, name, &format!("{version} at {place}, {tables} tables")));
        findings.extend(notes.iter().map(|note| finding(Severity::Note, name, note)));
        findings.extend(clock.and_then(|clock| skew(examined, name, clock, side.asked_at)));
    }
    if !examined.target.probe.writable {
        findings.push(CheckFinding {
            hint: Some("give this user the right to write, or use it as the source only".to_owned()),
            ..finding(Severity::Error, "target", "it cannot be written with the rights at hand")
        });
    }
    if examined.source.probe.location == examined.target.probe.location {
        findings.push(CheckFinding {
            hint: Some(
                "check source.url and target.url, unless tables are copied under other names".to_owned(),
            ),
            ..finding(Severity::Warning, "target", "source and target are one database")
        });
    }
}

/// A clock that is further off than an incremental reads back would let changes go unseen.
fn skew(examined: &Examined<'_>, name: &str, clock: Timestamp, asked_at: Timestamp) -> Option<CheckFinding> {
    let off = clock.since(asked_at).max(asked_at.since(clock));
    let window = examined.settings.defaults.overlap_window;
    (off > window).then(|| CheckFinding {
        hint: Some("set the clocks by NTP, or widen overlap_window".to_owned()),
        ..finding(
            Severity::Warning,
            name,
            &format!(
                "its clock is off by {}, more than overlap_window = {}",
                human::duration(off),
                human::duration(window)
            ),
        )
    })
}

/// Every table that the job means.
pub fn tables(
    examined: &Examined<'_>,
    column_type: ColumnTypeOf<'_>,
    findings: &mut Vec<CheckFinding>,
) -> Result<()> {
    let (source, target) = (&examined.source.catalog, &examined.target.catalog);
    let same_engine = examined.source.engine == examined.target.engine;
    let paired = pair_tables(examined.settings, source, target, same_engine, column_type);
    let is_wanted = |name: &str| examined.wanted.is_empty() || examined.wanted.iter().any(|w| w == name);
    if let Some(unknown) = examined.wanted.iter().find(|w| !paired.iter().any(|p| p.name() == *w)) {
        let message = format!("this job has no table `{}`", visible(unknown));
        return Err(CliError::usage(message).hint("see the names: syncline plan"));
    }
    if paired.is_empty() {
        findings.push(CheckFinding {
            hint: Some("name them in [[tables]], or create them: on_missing_table = \"create\"".to_owned()),
            ..finding(Severity::Error, "config", "the job has no table")
        });
    }
    for paired in paired.iter().filter(|paired| is_wanted(paired.name())) {
        table(examined, paired, findings);
    }
    Ok(())
}

fn table(examined: &Examined<'_>, paired: &Paired, findings: &mut Vec<CheckFinding>) {
    let name = visible(paired.name());
    match paired {
        Paired::Failed { reason, hint, .. } => {
            findings
                .push(CheckFinding { hint: Some(hint.clone()), ..finding(Severity::Error, &name, reason) });
        }
        Paired::Skipped { reason, .. } => findings.push(finding(Severity::Note, &name, reason)),
        Paired::Missing { plan, .. } => {
            let message = format!("the target lacks `{}`; a run creates it", plan.name);
            findings.push(finding(Severity::Note, &name, &message));
        }
        Paired::Ready(ready) => {
            let pair = &ready.pair;
            if is_one_table(examined, pair) {
                findings.push(CheckFinding {
                    hint: Some("check source.url and target.url".to_owned()),
                    ..finding(Severity::Error, &name, "source and target are the same table of one database")
                });
            }
            columns(&name, pair, findings);
            for remark in &ready.remarks {
                let severity = match remark.weight {
                    Weight::Note => Severity::Note,
                    Weight::Warning => Severity::Warning,
                };
                findings.push(CheckFinding {
                    hint: remark.hint.clone(),
                    ..finding(severity, &name, &remark.text)
                });
            }
            if let Some(target) = examined.target.catalog.find(&pair.target.table) {
                reactions(&name, pair, target, &examined.target.catalog, findings);
            }
        }
    }
}

fn is_one_table(examined: &Examined<'_>, pair: &TablePair) -> bool {
    examined.source.probe.location == examined.target.probe.location && pair.source.table == pair.target.table
}

/// One line for the table, then one for each column that is not exact.
fn columns(name: &str, pair: &TablePair, findings: &mut Vec<CheckFinding>) {
    let count =
        |word: &str| pair.columns.iter().filter(|column| column.compatibility.as_str() == word).count();
    let key: Vec<String> = pair.key_columns().map(visible).collect();
    let key = if key.is_empty() { "no key".to_owned() } else { format!("key {}", key.join(", ")) };
    let words = ["exact", "widening", "lossy", "impossible"].map(|word| (count(word), word));
    let words: Vec<String> =
        words.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    findings.push(finding(Severity::Note, name, &format!("{key}; columns: {}", words.join(", "))));
    for column in &pair.columns {
        let subject = format!("{name}.{}", visible(&column.source));
        let types = format!(
            "{} → {}, compared as {}",
            visible(&column.source_type.declared),
            visible(&column.target_type.declared),
            column.form
        );
        let found = match &column.compatibility {
            Compatibility::Exact => continue,
            Compatibility::Widening => finding(Severity::Note, &subject, &format!("widening: {types}")),
            Compatibility::Lossy(detail) => CheckFinding {
                hint: Some("widen the target's column, or leave it out: exclude".to_owned()),
                ..finding(Severity::Warning, &subject, &format!("lossy: {detail} ({types})"))
            },
            Compatibility::Impossible(detail) => CheckFinding {
                hint: Some("change the target's column, or leave it out: exclude".to_owned()),
                ..finding(Severity::Error, &subject, &format!("impossible: {detail} ({types})"))
            },
        };
        findings.push(found);
    }
}

/// What the target does by itself when it is written.
fn reactions(
    name: &str,
    pair: &TablePair,
    table: &Table,
    catalog: &Catalog,
    findings: &mut Vec<CheckFinding>,
) {
    if !table.triggers.is_empty() && pair.settings.triggers == Triggers::Fire {
        let triggers: Vec<String> = table.triggers.iter().map(|trigger| visible(trigger)).collect();
        findings.push(CheckFinding {
            hint: Some(
                "triggers = \"suppress\" keeps them from firing where the database lets us".to_owned(),
            ),
            ..finding(
                Severity::Warning,
                name,
                &format!("triggers of the target fire when it is written: {}", triggers.join(", ")),
            )
        });
    }
    for referring in &catalog.tables {
        for foreign_key in referring.foreign_keys.iter().filter(|key| key.parent == table.name) {
            let does = match foreign_key.on_delete {
                ReferentialAction::Refuse => continue,
                ReferentialAction::Cascade => "deletes rows of",
                ReferentialAction::SetNull | ReferentialAction::SetDefault => "changes rows of",
            };
            let text = format!("a delete {does} {} too; such deletes run last", referring.name);
            findings.push(finding(Severity::Note, name, &text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(location: &str, clock: Option<Timestamp>, writable: bool) -> Side {
        let probe = Probe {
            identity: location.to_owned(),
            location: location.to_owned(),
            version: "SQLite 3".to_owned(),
            clock,
            writable,
            notes: Vec::new(),
        };
        Side { engine: "sqlite", probe, catalog: Catalog::default(), asked_at: Timestamp(0) }
    }

    fn problems(source: &Side, target: &Side) -> Vec<(Severity, String)> {
        let settings = JobSettings::between("j", "sqlite:a", "sqlite:b");
        let mut findings = Vec::new();
        databases(&Examined { settings: &settings, wanted: &[], source, target }, &mut findings);
        let findings = findings.into_iter().filter(|finding| finding.severity > Severity::Note);
        findings.map(|finding| (finding.severity, finding.message)).collect()
    }

    #[test]
    fn a_target_must_be_writable_and_another_database() {
        assert_eq!(problems(&side("a", None, false), &side("b", None, true)), []);
        let read_only = problems(&side("a", None, false), &side("b", None, false));
        assert!(matches!(&read_only[..], [(Severity::Error, text)] if text.contains("cannot be written")));
        let same = problems(&side("a", None, false), &side("a", None, true));
        assert!(matches!(&same[..], [(Severity::Warning, text)] if text.contains("one database")));
    }

    #[test]
    fn trap_55_a_clock_that_is_further_off_than_the_overlap_window_is_named() {
        let minutes = |minutes: i64| Some(Timestamp(minutes * 60_000_000));
        let target = side("b", None, true);
        assert_eq!(problems(&side("a", minutes(4), true), &target), []);
        for off in [6, -6] {
            let found = problems(&side("a", minutes(off), true), &target);
            assert!(
                matches!(&found[..], [(Severity::Warning, text)] if text.contains("6m 00s")),
                "{found:?}"
            );
        }
    }
}
