//! Speed, and the sleep between passes.

use std::collections::VecDeque;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Scene, pane};
use crate::board::TableState;
use crate::model::event::{RunState, Side};
use crate::tui::text;
use crate::tui::theme::Role;
use crate::tui::view::Pane;

/// Draws rows a second, read and written, and what holds them up.
pub fn draw(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>) {
    let inside = pane::open(frame, area, scene, Pane::Rate, "Rate");
    let width = usize::from(inside.width);
    let mut lines = vec![
        line(scene, "read", &scene.rates.read, width),
        line(scene, "write", &scene.rates.written, width),
    ];
    let limit = scene.board.rows_per_second.or(scene.view.rows_per_second).filter(|rows| *rows > 0);
    if let Some(rows) = limit {
        let text = format!("limit {}/s", text::short(rows as f64));
        lines.push(Line::from(scene.span(Role::Warn, scene.cut(&text, width))));
    }
    lines.push(Line::from(scene.span(Role::Muted, scene.cut(&why(scene), width))));
    pane::lines(frame, inside, lines);
}

fn line(scene: &Scene<'_>, what: &str, samples: &VecDeque<f64>, width: usize) -> Line<'static> {
    let now = samples.back().copied().unwrap_or(0.0);
    let head = format!("{what:<5} {:>6}/s ", text::short(now));
    let cells = width.saturating_sub(text::width(&head));
    let mut spans: Vec<Span<'static>> = vec![scene.span(Role::Text, text::cut(&head, width, ""))];
    spans.push(scene.span(Role::Spark, sparkline(samples, cells, scene.glyphs.spark)));
    Line::from(spans)
}

/// The newest samples, one a cell, against their own highest.
fn sparkline(samples: &VecDeque<f64>, cells: usize, heights: &[&str]) -> String {
    let shown: Vec<f64> = samples.iter().skip(samples.len().saturating_sub(cells)).copied().collect();
    let highest = shown.iter().copied().fold(1.0, f64::max);
    shown
        .iter()
        .map(|rate| heights[((rate / highest) * (heights.len() - 1) as f64).round() as usize])
        .collect()
}

/// The one thing that holds the run up now.
fn why(scene: &Scene<'_>) -> String {
    let board = scene.board;
    for side in [Side::Source, Side::Target] {
        if board.lost(side).is_some() {
            return format!("waits for the {}", side.as_str());
        }
    }
    match board.state {
        RunState::Paused | RunState::Pausing => return "paused by the operator".to_owned(),
        RunState::Sleeping => return "sleeps until the next pass".to_owned(),
        RunState::Finished | RunState::Failed => return "the run is over".to_owned(),
        _ => {}
    }
    let at_work =
        board.tables.iter().find(|table| matches!(table.state, TableState::Finding | TableState::Applying));
    match at_work {
        Some(table) if table.state == TableState::Applying => format!("writes {}", table.name),
        Some(table) => format!("reads {}", table.name),
        None => board.phase.map_or(String::new(), |phase| phase.as_str().to_owned()),
    }
}

/// Draws the countdown to the next pass.
pub fn draw_sleep(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>) {
    let inside = pane::open(frame, area, scene, Pane::Sleep, "Sleep");
    let width = usize::from(inside.width);
    let say = |role: Role, text: String| Line::from(scene.span(role, scene.cut(&text, width)));
    let board = scene.board;
    let mut lines = Vec::new();
    match &board.sleep {
        Some(sleep) => {
            let left = sleep.until.since(scene.now).as_secs();
            lines.push(say(
                Role::Sleep,
                format!("next pass {} ({})", text::clock(left), scene.time_of_day(sleep.until)),
            ));
            let whole = sleep.until.since(sleep.started_at).as_secs_f64().max(1.0);
            let done = ((1.0 - left as f64 / whole).clamp(0.0, 1.0) * width as f64) as usize;
            lines.push(Line::from(vec![
                scene.span(Role::ProgressDone, scene.glyphs.done.repeat(done)),
                scene.span(Role::ProgressTodo, scene.glyphs.todo.repeat(width - done)),
            ]));
            lines.push(say(Role::Muted, sleep.reason.clone()));
        }
        None if matches!(board.state, RunState::Finished | RunState::Failed) => {
            lines.push(say(Role::Text, "no further pass".to_owned()));
        }
        None if board.state == RunState::Sleeping => {
            lines.push(say(Role::Muted, "the next pass begins".to_owned()));
        }
        None => lines.push(say(Role::Muted, "a pass is under way".to_owned())),
    }
    if let Some(summary) = &board.last_summary {
        lines.push(say(
            Role::Muted,
            format!("last: pass {} in {:.1} s, exit {}", summary.pass, summary.seconds, summary.exit.code()),
        ));
    }
    pane::lines(frame, inside, lines);
}
