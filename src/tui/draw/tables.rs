//! The tables: one line each, only those that fit.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Scene, pane};
use crate::board::{ProgressFacts, TableFacts, TableState};
use crate::model::outcome::Verdict;
use crate::tui::text;
use crate::tui::theme::Role;
use crate::tui::view::Pane;

/// Glyph and role of a table's state.
pub fn glyph(scene: &Scene<'_>, table: &TableFacts) -> (&'static str, Role) {
    let glyphs = scene.glyphs;
    if let Some(outcome) = &table.outcome {
        return match outcome.verdict {
            Verdict::Equal => (glyphs.equal, Role::Ok),
            Verdict::Differs => (glyphs.differs, Role::Error),
            Verdict::Held => (glyphs.held, Role::Danger),
            Verdict::Failed => (glyphs.failed, Role::Error),
            Verdict::NotCompared => (glyphs.skipped, Role::Warn),
            Verdict::Planned => (glyphs.waiting, Role::Info),
        };
    }
    match table.state {
        _ if table.paused => (glyphs.paused, Role::Paused),
        _ if table.skipped => (glyphs.skipped, Role::Muted),
        TableState::Held => (glyphs.held, Role::Danger),
        TableState::Finding | TableState::Applying => (glyphs.working, Role::Info),
        _ => (glyphs.waiting, Role::Muted),
    }
}

/// The first line shown so that the selected one is inside, near the middle.
pub fn first_shown(selected: usize, lines: usize, room: usize) -> usize {
    selected.saturating_sub(room / 2).min(lines.saturating_sub(room))
}

/// Draws the pane.
pub fn draw(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>) {
    let tables = scene.view.tables(scene.board);
    let all = scene.board.tables.len();
    let title = match (tables.len() == all, scene.view.filter.as_str()) {
        (true, "") => format!("Tables {all}"),
        (_, filter) => format!("Tables {} of {all} with /{filter}", tables.len()),
    };
    let inside = pane::open(frame, area, scene, Pane::Tables, &title);
    let width = usize::from(inside.width);
    let room = usize::from(inside.height);
    if tables.is_empty() {
        let text = if all == 0 {
            "no tables yet: connecting and reading both schemas"
        } else {
            "no table holds that text; Esc shows all"
        };
        let text = scene.cut(text, width);
        pane::lines(frame, inside, vec![Line::from(scene.span(Role::Muted, text))]);
        return;
    }
    let selected = scene.view.selected(&tables);
    let first = first_shown(selected, tables.len(), room);
    let name_width =
        tables.iter().skip(first).take(room).map(|table| text::width(&text::clean(&table.name))).max();
    let name_width = name_width.unwrap_or(0).clamp(8, (width / 3).max(8));
    let lines = tables
        .iter()
        .enumerate()
        .skip(first)
        .take(room)
        .map(|(position, table)| row(scene, table, position == selected, name_width, width));
    pane::lines(frame, inside, lines.collect());
}

fn row(
    scene: &Scene<'_>,
    table: &TableFacts,
    selected: bool,
    name_width: usize,
    width: usize,
) -> Line<'static> {
    let ellipsis = scene.glyphs.ellipsis;
    let (glyph, role) = glyph(scene, table);
    let mark = if selected { scene.glyphs.selected } else { " " };
    let name = text::left(&text::clean(&table.name), name_width, ellipsis);
    let mut spans = vec![
        scene.span(Role::Key, text::left(mark, 1, "")),
        scene.span(role, format!("{glyph} ")),
        scene.span(Role::Text, name),
        scene.span(Role::Text, " "),
        scene.span(role, text::left(&state_text(table), 9, ellipsis)),
    ];
    let used = |spans: &[Span<'_>]| spans.iter().map(Span::width).sum::<usize>();
    let tail = counts(table);
    let tail_width = COUNTS_WIDTH.min(width.saturating_sub(used(&spans) + 1));
    let middle = width.saturating_sub(used(&spans) + tail_width + 1);
    spans.push(scene.span(Role::Text, " "));
    spans.extend(middle_part(scene, table, middle));
    spans.push(scene.span(
        if table.errors > 0 { Role::Error } else { Role::Text },
        text::left(&tail, tail_width, ellipsis),
    ));
    let mut line = Line::from(spans);
    if selected {
        line = line.patch_style(scene.theme.style(Role::Selection));
    }
    line
}

fn state_text(table: &TableFacts) -> String {
    let word = table.word();
    if word == "held" { "HELD".to_owned() } else { text::clean(word) }
}

/// A bar while rows are counted, else what there is to say.
fn middle_part(scene: &Scene<'_>, table: &TableFacts, cells: usize) -> Vec<Span<'static>> {
    if cells < 4 {
        return vec![scene.span(Role::Text, " ".repeat(cells))];
    }
    let padded = |role: Role, content: &str| {
        vec![scene.span(role, text::left(&text::clean(content), cells, scene.glyphs.ellipsis))]
    };
    if let Some(outcome) = &table.outcome {
        return match (outcome.verdict, &outcome.message) {
            (Verdict::Equal, _) => {
                let at =
                    table.equal_at.map_or(String::new(), |at| format!("proven {}", scene.time_of_day(at)));
                padded(Role::Muted, &at)
            }
            (_, Some(message)) => padded(Role::Warn, message),
            (_, None) => padded(Role::Muted, ""),
        };
    }
    if let Some(hold) = table.hold.as_ref().filter(|hold| !hold.approved) {
        return padded(Role::Danger, &hold.reason);
    }
    let share =
        table.progress.as_ref().filter(|_| matches!(table.state, TableState::Finding | TableState::Applying));
    match (share.and_then(ProgressFacts::share), &table.plan) {
        (Some(share), _) if cells >= 10 => {
            let bar = cells - 5;
            let full = ((bar as f64) * share).round() as usize;
            vec![
                scene.span(Role::ProgressDone, scene.glyphs.done.repeat(full.min(bar))),
                scene.span(Role::ProgressTodo, scene.glyphs.todo.repeat(bar - full.min(bar))),
                scene.span(Role::Text, format!("{:>4.0}%", share * 100.0)),
            ]
        }
        (Some(share), _) => padded(Role::Text, &format!("{:.0}%", share * 100.0)),
        (None, Some(plan)) => padded(Role::Muted, &plan.steps.join("+")),
        (None, None) => padded(Role::Muted, ""),
    }
}

/// Cells of [`counts`].
const COUNTS_WIDTH: usize = 21;

/// Added, changed, deleted, errors; in a fixed width so that nothing jumps.
fn counts(table: &TableFacts) -> String {
    let rows = &table.rows;
    let [added, modified, deleted] = [rows.added, rows.modified, rows.deleted].map(text::tiny);
    let errors = text::tiny(table.errors + table.quarantined);
    format!("+{added:<4} ~{modified:<4} -{deleted:<4} e{errors}")
}
