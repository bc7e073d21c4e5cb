//! Record types: conditions that say which rows of a table a pair is about.

use std::collections::BTreeSet;

use super::super::schema::{Catalog, ReferentialAction, Table, TableName};
use super::super::settings::TableSettings;
use super::columns::Matched;
use super::{Failure, Paired, Remark, quoted};

/// Whether the SQL condition names `column`, outside of text in single quotes. May be mistaken where a function has
/// the column's name; never the other way round.
pub fn names_column(sql: &str, column: &str) -> bool {
    let (sql, column) = (sql.to_lowercase(), column.to_lowercase());
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    sql.split('\'').step_by(2).any(|outside| {
        outside.match_indices(&column).any(|(at, found)| {
            !outside[..at].ends_with(is_part) && !outside[at + found.len()..].starts_with(is_part)
        })
    })
}

/// Refuses a condition that is taken for the target's as well but names a column that has another name there, or none.
pub(super) fn check(settings: &TableSettings, source: &Table, matched: &Matched) -> Result<(), Failure> {
    let Some(condition) = &settings.where_source else { return Ok(()) };
    if settings.where_target.as_ref() != Some(condition) {
        return Ok(());
    }
    for column in source.columns.iter().filter(|column| names_column(condition, &column.name)) {
        let pair = matched.columns.iter().find(|pair| pair.source == column.name);
        let reason = match pair {
            Some(pair) if pair.target.eq_ignore_ascii_case(&column.name) => continue,
            Some(pair) => {
                format!(
                    "`where` names {}, which is {} at the target",
                    quoted(&column.name),
                    quoted(&pair.target)
                )
            }
            None if settings.exclude.iter().any(|name| name.eq_ignore_ascii_case(&column.name)) => continue,
            None => format!("`where` names {}, which the target does not have", quoted(&column.name)),
        };
        return Err(Failure::new(reason, "write the condition in the target's terms as `target_where`"));
    }
    Ok(())
}

/// Warns of pairs on one target table whose rows overlap as far as that can be seen without asking the database.
pub(super) fn remark_overlaps(paired: &mut [Paired]) {
    let words = |filter: &Option<String>| {
        filter.as_ref().map(|sql| sql.split_whitespace().collect::<Vec<_>>().join(" "))
    };
    let scopes: Vec<_> = paired
        .iter()
        .map(|paired| paired.pair().map(|pair| (pair.target.table.clone(), words(&pair.target.filter))))
        .collect();
    let names: Vec<String> = paired.iter().map(|paired| paired.name().to_owned()).collect();
    for (index, entry) in paired.iter_mut().enumerate() {
        let (Paired::Ready(ready), Some((table, filter))) = (entry, &scopes[index]) else { continue };
        for (other, scope) in scopes.iter().enumerate().filter(|(other, _)| *other != index) {
            let Some((other_table, other_filter)) = scope else { continue };
            if other_table == table && (filter.is_none() || other_filter.is_none() || filter == other_filter)
            {
                ready.remarks.push(Remark::warning(
                    format!(
                        "its rows overlap with those of {}: each would undo the other's work",
                        quoted(&names[other])
                    ),
                    "give each of them a `where`, so that each row belongs to one",
                ));
            }
        }
    }
}

/// Warns of deletes that would reach tables which the job does not keep equal.
pub(super) fn remark_cascades(paired: &mut [Paired], target: &Catalog) {
    let kept: BTreeSet<TableName> =
        paired.iter().filter_map(Paired::pair).map(|pair| pair.target.table.clone()).collect();
    for paired in paired {
        let Paired::Ready(ready) = paired else { continue };
        for other in target.tables.iter().filter(|other| !kept.contains(&other.name)) {
            let reached = other.foreign_keys.iter().find(|key| {
                key.on_delete != ReferentialAction::Refuse
                    && target.find(&key.parent).is_some_and(|parent| parent.name == ready.pair.target.table)
            });
            let does = match reached.map(|key| key.on_delete) {
                Some(ReferentialAction::Cascade) => "deletes rows of",
                Some(ReferentialAction::SetNull | ReferentialAction::SetDefault) => "changes rows of",
                Some(ReferentialAction::Refuse) | None => continue,
            };
            ready.remarks.push(Remark::warning(
                format!(
                    "a delete here {does} {}, which this job does not keep equal",
                    quoted(&other.name.name)
                ),
                "keep that table equal too, or set `deletes = \"hold\"`",
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_in_a_condition_are_found_outside_of_quotes() {
        let sql = "a.\"Order type\"='it''s work' AND x_1>=2";
        assert_eq!(["a", "order TYPE", "x_1"].map(|column| names_column(sql, column)), [true; 3]);
        assert_eq!(["it", "work", "x", "orde", "b"].map(|column| names_column(sql, column)), [false; 5]);
    }
}
