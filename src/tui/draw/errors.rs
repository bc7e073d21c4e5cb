//! What went wrong, by class and one by one; and the log.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::{Scene, pane};
use crate::base::human;
use crate::model::event::{Level, Side};
use crate::tui::text;
use crate::tui::theme::Role;
use crate::tui::view::Pane;

/// Draws the tallies, and the list when the pane has room for it.
pub fn draw(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>, zoomed: bool) {
    let errors = &scene.board.errors;
    let title = format!("Errors {}/{}", errors.tallies.total(), errors.error_count_max);
    let inside = pane::open(frame, area, scene, Pane::Errors, &title);
    let width = usize::from(inside.width);
    let mut lines = vec![tallies(scene)];
    lines.extend(lost(scene, width));
    let quarantined: u64 = scene.board.tables.iter().map(|table| table.quarantined).sum();
    if quarantined > 0 {
        let text = format!("{} rows in quarantine: syncline quarantine list", human::count(quarantined));
        lines.push(Line::from(scene.span(Role::Warn, scene.cut(&text, width))));
    }
    let room = usize::from(inside.height).saturating_sub(lines.len());
    let newest: Vec<_> =
        errors.records.iter().rev().skip(scene.view.scroll_in(Pane::Errors)).take(room).collect();
    for record in newest.into_iter().rev() {
        let error = &record.error;
        let place = match (&error.table, &error.key) {
            (Some(table), Some(key)) => format!("{table} {key}: "),
            (Some(table), None) => format!("{table}: "),
            _ => String::new(),
        };
        let hint = error.hint.as_ref().filter(|_| zoomed).map_or(String::new(), |hint| format!(" ({hint})"));
        let content =
            format!("{} {} {place}{}{hint}", scene.time_of_day(record.at), error.class, error.message);
        lines.push(Line::from(scene.span(Role::Error, scene.cut(&content, width))));
    }
    if errors.records.is_empty() && room > 0 {
        lines.push(Line::from(scene.span(Role::Muted, scene.cut("nothing went wrong", width))));
    }
    pane::lines(frame, inside, lines);
}

/// Classes with their counts; those that occurred come first, since the others may not fit.
fn tallies(scene: &Scene<'_>) -> Line<'static> {
    let mut classes = scene.board.errors.tallies.by_class();
    classes.sort_by_key(|(_, count)| *count == 0);
    let spans =
        classes.into_iter().filter(|(class, count)| *count > 0 || *class != "other").map(|(class, count)| {
            let role = if count > 0 { Role::Error } else { Role::Muted };
            scene.span(role, format!("{class} {count}  "))
        });
    Line::from(spans.collect::<Vec<_>>())
}

fn lost(scene: &Scene<'_>, width: usize) -> Vec<Line<'static>> {
    let line = |side: Side| {
        let lost = scene.board.lost(side)?;
        let left = lost.retry_in_seconds - scene.since(lost.at).as_secs_f64();
        let text = format!("{} lost, attempt {} in {:.0} s", side.as_str(), lost.attempt, left.max(0.0));
        Some(Line::from(scene.span(Role::Error, scene.cut(&text, width))))
    };
    [Side::Source, Side::Target].into_iter().filter_map(line).collect()
}

/// Draws the log, the newest line at the bottom.
pub fn draw_log(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>) {
    let messages = &scene.board.messages;
    let scroll = scene.view.scroll_in(Pane::Log);
    let title = if scroll > 0 { format!("Log, {scroll} lines up") } else { "Log".to_owned() };
    let inside = pane::open(frame, area, scene, Pane::Log, &title);
    let (width, room) = (usize::from(inside.width), usize::from(inside.height));
    let wanted = scene.view.filter.to_lowercase();
    let shown: Vec<_> = messages
        .iter()
        .rev()
        .filter(|line| wanted.is_empty() || line.text.to_lowercase().contains(&wanted))
        .skip(scroll)
        .take(room)
        .collect();
    let lines = shown.into_iter().rev().map(|line| {
        let role = match line.level {
            Level::Warning => Role::Warn,
            Level::Info => Role::Text,
            Level::Debug => Role::Muted,
        };
        let table = line.table.as_ref().map_or(String::new(), |table| format!("{table}: "));
        let content = format!("{} {table}{}", scene.time_of_day(line.at), line.text);
        Line::from(scene.span(role, text::cut(&text::clean(&content), width, scene.glyphs.ellipsis)))
    });
    pane::lines(frame, inside, lines.collect());
}
