//! What was made against what a pass found.

use std::collections::{BTreeMap, BTreeSet};

use super::drift::Differences;
use crate::base::human;
use crate::model::outcome::PassSummary;

/// The differences that a pass repaired, by table pair; pairs without any are left out.
fn found(summary: &PassSummary) -> BTreeMap<String, Differences> {
    let of_table = summary.tables.iter().map(|table| {
        let rows = table.rows;
        let found = Differences { missing: rows.added, changed: rows.modified, extra: rows.deleted };
        (table.name.clone(), found)
    });
    of_table.filter(|(_, found)| *found != Differences::default()).collect()
}

/// Whether a pass found exactly what was made.
pub(super) fn agrees(made: &BTreeMap<String, Differences>, summary: &PassSummary) -> bool {
    found(summary) == *made
}

/// All differences together.
pub(super) fn sum(differences: &BTreeMap<String, Differences>) -> Differences {
    differences.values().fold(Differences::default(), |sum, one| Differences {
        missing: sum.missing + one.missing,
        changed: sum.changed + one.changed,
        extra: sum.extra + one.extra,
    })
}

/// A table of both, one line for each pair that has any.
pub(super) fn table(made: &BTreeMap<String, Differences>, summary: &PassSummary) -> String {
    let found = found(summary);
    let titles = ["missing", "changed", "extra"].map(str::to_owned);
    let heads = ["added", "modified", "deleted"].map(str::to_owned);
    let mut lines = vec![
        line("", &["made:", "", ""].map(str::to_owned), &["found:", "", ""].map(str::to_owned)),
        line("table", &titles, &heads),
    ];
    let of = |all: &BTreeMap<String, Differences>, name: &str| all.get(name).copied().unwrap_or_default();
    let names: BTreeSet<&String> = made.keys().chain(found.keys()).collect();
    for name in names {
        lines.push(line(name, &cells(of(made, name)), &cells(of(&found, name))));
    }
    lines.push(line("all", &cells(sum(made)), &cells(sum(&found))));
    lines.concat()
}

fn cells(differences: Differences) -> [String; 3] {
    [differences.missing, differences.changed, differences.extra].map(human::count)
}

fn line(name: &str, made: &[String; 3], found: &[String; 3]) -> String {
    let three = |cells: &[String; 3]| format!("{:>9}{:>9}{:>9}", cells[0], cells[1], cells[2]);
    let line = format!("  {name:<18}{}   {}", three(made), three(found));
    format!("{}\n", line.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::outcome::{Exit, Metrics, RowCounts, TableOutcome, Verdict};

    fn summary(name: &str, rows: RowCounts) -> PassSummary {
        let table = TableOutcome {
            name: name.to_owned(),
            plan: Vec::new(),
            strategy: String::new(),
            reason: String::new(),
            source_count: None,
            target_count: None,
            rows,
            quarantined: 0,
            errors: 0,
            verdict: Verdict::Equal,
            inexact: Vec::new(),
            message: None,
            seconds: 0.0,
        };
        PassSummary {
            job: "demo".to_owned(),
            pass: 1,
            exit: Exit::Done,
            seconds: 0.0,
            tables: vec![table],
            errors: Vec::new(),
            error_count: 0,
            metrics: Metrics::default(),
            notes: Vec::new(),
        }
    }

    #[test]
    fn a_pass_that_found_something_else_does_not_agree() {
        let made =
            BTreeMap::from([("orders".to_owned(), Differences { missing: 1_200, changed: 2, extra: 0 })]);
        let rows = RowCounts { added: 1_200, modified: 2, deleted: 0, skipped: 9 };
        assert!(agrees(&made, &summary("orders", rows)));
        assert!(!agrees(&made, &summary("orders", RowCounts { added: 1_199, ..rows })));
        assert!(!agrees(&made, &summary("invoices", rows)));
        assert!(!agrees(&BTreeMap::new(), &summary("orders", rows)));
        insta::assert_snapshot!(table(&made, &summary("orders", RowCounts { added: 1_199, ..rows })), @r"
                                made:                        found:
          table               missing  changed    extra       added modified  deleted
          orders                1,200        2        0       1,199        2        0
          all                   1,200        2        0       1,199        2        0
        ");
    }
}
