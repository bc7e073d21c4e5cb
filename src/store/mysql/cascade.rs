//! Rows that a delete changes on top, by foreign keys: the server does not tell them, so they are counted before.

use super::connect::Session;
use super::facts::{TableFacts, text};
use super::sql;
use super::value::Param;
use crate::model::schema::ReferentialAction;

/// Levels of tables that are followed.
const LEVELS_MAX: usize = 8;

/// A foreign key that changes rows of its own table when rows that they refer to are deleted.
#[derive(Debug, Clone)]
pub(super) struct Reference {
    child: String,
    columns: Vec<String>,
    parent: String,
    parent_columns: Vec<String>,
    action: ReferentialAction,
}

/// All such foreign keys of the database.
pub(super) async fn references(session: &mut Session) -> Result<Vec<Reference>, sqlx::Error> {
    let database = Param::Text(session.database.clone());
    let rows = session
        .rows(
            "SELECT k.TABLE_NAME, k.CONSTRAINT_NAME, k.COLUMN_NAME, k.REFERENCED_TABLE_NAME, \
            k.REFERENCED_COLUMN_NAME, r.DELETE_RULE FROM information_schema.KEY_COLUMN_USAGE k \
            JOIN information_schema.REFERENTIAL_CONSTRAINTS r ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA \
            AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND r.TABLE_NAME = k.TABLE_NAME \
            WHERE k.TABLE_SCHEMA = ? AND k.REFERENCED_TABLE_SCHEMA = ? \
            AND r.DELETE_RULE IN ('CASCADE', 'SET NULL', 'SET DEFAULT') \
            ORDER BY k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION",
            &[database.clone(), database],
        )
        .await?;
    let mut found: Vec<Reference> = Vec::new();
    let mut last = None;
    for row in &rows {
        let field = |index| text(row, index).unwrap_or_default();
        let this = Some((field(0), field(1)));
        if last != this {
            last = this;
            let action = match field(5).as_str() {
                "CASCADE" => ReferentialAction::Cascade,
                _ => ReferentialAction::SetNull,
            };
            let (child, parent) = (field(0), field(3));
            found.push(Reference { child, columns: Vec::new(), parent, parent_columns: Vec::new(), action });
        }
        let reference = found.last_mut().expect("one was just pushed");
        reference.columns.push(field(2));
        reference.parent_columns.push(field(4));
    }
    Ok(found)
}

/// Rows that go or change with the rows of `facts` that fulfil a condition, and the queries that it took.
///
/// A row that is reached on several ways counts once for each.
pub(super) async fn count(
    session: &mut Session,
    facts: &TableFacts,
    condition: &str,
    params: &[Param],
) -> Result<(u64, u64), sqlx::Error> {
    let references = session.references().await?;
    let base = format!("(SELECT * FROM {} WHERE {condition}) t0", facts.sql_name());
    let (mut rows, mut queries) = (0, 0);
    let mut waiting = vec![(facts.name.name.clone(), base, 0)];
    while let Some((parent, from, level)) = waiting.pop() {
        for reference in references.iter().filter(|reference| reference.parent == parent) {
            let (above, own) = (format!("t{level}"), format!("t{}", level + 1));
            let on: Vec<String> = reference
                .columns
                .iter()
                .zip(&reference.parent_columns)
                .map(|(column, parent)| {
                    format!("{own}.{} = {above}.{}", sql::quote(column), sql::quote(parent))
                })
                .collect();
            let joined =
                format!("{from} JOIN {} {own} ON {}", sql::quote(&reference.child), on.join(" AND "));
            let row = session.row(&format!("SELECT count(*) FROM {joined}"), params).await?;
            let reached = row.map_or(0, |row| super::facts::number(&row, 0));
            queries += 1;
            rows += reached;
            if reached > 0 && reference.action == ReferentialAction::Cascade && level + 1 < LEVELS_MAX {
                waiting.push((reference.child.clone(), joined, level + 1));
            }
        }
    }
    Ok((rows, queries))
}
