//! Everything about one table: the decision, the search, the columns, some of the rows that differ.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::{Scene, pane};
use crate::base::human;
use crate::board::TableFacts;
use crate::model::event::{ColumnFact, SampleKey};
use crate::tui::text;
use crate::tui::theme::Role;
use crate::tui::view::Pane;

/// Differing keys that are shown.
const SAMPLES_MAX: usize = 6;

/// Draws the selected table alone.
pub fn draw(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>) {
    let Some(table) = scene.view.selected_table(scene.board) else {
        super::tables::draw(frame, area, scene);
        return;
    };
    let inside = pane::open(frame, area, scene, Pane::Tables, &format!("Table {}", table.name));
    let width = usize::from(inside.width);
    let mut lines = Vec::new();
    let mut say =
        |role: Role, text: String| lines.push(Line::from(scene.span(role, scene.cut(&text, width))));
    for (role, text) in facts(scene, table) {
        say(role, text);
    }
    pane::lines(frame, inside, lines);
}

/// A line with its role.
type Fact = (Role, String);

fn facts(scene: &Scene<'_>, table: &TableFacts) -> Vec<Fact> {
    let mut out = vec![standing(scene, table)];
    out.extend(held(table));
    out.extend(plan(table));
    if let Some(reason) = &table.fallback {
        out.push((Role::Warn, format!("fell back: {reason}")));
    }
    out.extend(found(table));
    if table.parked + table.quarantined + table.errors > 0 {
        let text =
            format!("{} parked, {} quarantined, {} errors", table.parked, table.quarantined, table.errors);
        out.push((Role::Error, text));
    }
    out.extend(table.inexact.iter().map(|note| (Role::Warn, format!("not exact: {note}"))));
    if let Some(message) = table.outcome.as_ref().and_then(|outcome| outcome.message.as_ref()) {
        out.push((Role::Warn, message.clone()));
    }
    out.extend(columns(scene, table));
    out
}

fn standing(scene: &Scene<'_>, table: &TableFacts) -> Fact {
    let (glyph, role) = super::tables::glyph(scene, table);
    let number = |rows: Option<u64>| rows.map_or("?".to_owned(), human::count);
    let (source, target) = (number(table.source_count), number(table.target_count));
    let rows = &table.rows;
    let [added, modified, deleted, skipped] =
        [rows.added, rows.modified, rows.deleted, rows.skipped].map(human::count);
    let word = table.word();
    let counts = format!("+{added} ~{modified} -{deleted}  the same {skipped}");
    (role, format!("{glyph} {word}   source {source}  target {target}   {counts}"))
}

fn held(table: &TableFacts) -> Vec<Fact> {
    let Some(hold) = &table.hold else { return Vec::new() };
    let mut out = vec![(Role::Danger, format!("held: {}", hold.reason))];
    if let Some(id) = &hold.id {
        let state = if hold.approved { "approved" } else { "a to approve, or: syncline run --yes" };
        let deletes = human::count(hold.deletes);
        out.push((Role::Warn, format!("{deletes} rows would be deleted; {state} {id}")));
    }
    out
}

/// The row of the decision table that matched, with its numbers, and how differences are found.
fn plan(table: &TableFacts) -> Vec<Fact> {
    let Some(plan) = &table.plan else { return Vec::new() };
    let changed = plan.changed.map_or("unknown".to_owned(), human::count);
    let trusted = if plan.trusted { "trusted" } else { "not trusted" };
    let (source, target) = (human::count(plan.source_count), human::count(plan.target_count));
    let decision =
        format!("  row {}: S {source} T {target} C {changed} {trusted}: {}", plan.row, plan.reason);
    let estimate = format!(
        "  estimate: {} rows, {}, {}",
        human::count(plan.estimated_rows),
        text::bytes(plan.estimated_bytes as f64),
        text::clock(plan.estimated_seconds.max(0.0) as u64)
    );
    vec![
        (Role::Title, format!("Plan  {}", plan.steps.join(", "))),
        (Role::Text, decision),
        (Role::Text, format!("  {}: {}", plan.strategy, plan.strategy_reason)),
        (Role::Muted, estimate),
    ]
}

fn found(table: &TableFacts) -> Vec<Fact> {
    let Some(found) = &table.found else { return Vec::new() };
    let [missing, changed, extra] = [found.missing, found.changed, found.extra].map(human::count);
    let head = (Role::Title, format!("Found  {missing} missing, {changed} changed, {extra} extra"));
    let sample = |sample: &SampleKey| (Role::RangeDiffers, format!("  {:<8}{}", sample.kind, sample.key));
    std::iter::once(head).chain(found.samples.iter().take(SAMPLES_MAX).map(sample)).collect()
}

fn columns(scene: &Scene<'_>, table: &TableFacts) -> Vec<Fact> {
    let head = (Role::Title, format!("Columns  {}", table.columns.len()));
    let line = |column: &ColumnFact| {
        let key = if column.key { "key " } else { "    " };
        let detail = column.detail.as_ref().map_or(String::new(), |detail| format!(": {detail}"));
        let role = if column.compatibility == "exact" { Role::Muted } else { Role::Warn };
        let source = format!("{} {}", column.source, column.source_type);
        let target = format!("{} {}", column.target, column.target_type);
        (role, format!("  {key}{source} {} {target}  {}{detail}", scene.glyphs.arrow, column.compatibility))
    };
    std::iter::once(head).chain(table.columns.iter().map(line)).collect()
}
