//! The first line: which job, what it does, since when, what comes next.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Scene, line, tables};
use crate::model::event::{RunState, Side};
use crate::tui::text;
use crate::tui::theme::Role;

/// The state word of a run, in capitals, and its role.
pub fn state_word(scene: &Scene<'_>) -> (&'static str, Role) {
    let board = scene.board;
    if board.lost(Side::Source).is_some() || board.lost(Side::Target).is_some() {
        return ("RECONNECTING", Role::Error);
    }
    if board.waiting_holds().next().is_some()
        && matches!(board.state, RunState::Sleeping | RunState::Finished)
    {
        return ("HELD", Role::Danger);
    }
    match board.state {
        RunState::Starting => ("STARTING", Role::Info),
        RunState::Running => ("RUNNING", Role::Ok),
        RunState::Pausing => ("PAUSING", Role::Paused),
        RunState::Paused => ("PAUSED", Role::Paused),
        RunState::Sleeping => ("SLEEPING", Role::Sleep),
        RunState::Held => ("HELD", Role::Danger),
        RunState::Stopping => ("STOPPING", Role::Warn),
        RunState::Failed => ("FAILED", Role::Danger),
        RunState::Finished => ("FINISHED", Role::Info),
    }
}

/// The header in one line; the databases give way first when it is narrow.
pub fn draw(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>) {
    let board = scene.board;
    let (word, role) = state_word(scene);
    let mut right: Vec<Span<'static>> = vec![scene.span(role, format!(" {word} "))];
    if let Some(phase) = board.phase.filter(|_| board.state == RunState::Running) {
        right.push(scene.span(Role::Muted, format!(" {}", phase.as_str())));
    }
    if let Some(pass) = &board.pass {
        let end = pass.finished_at.unwrap_or(scene.now);
        right.push(scene.span(Role::Header, format!("  pass {}", pass.number)));
        right.push(
            scene.span(Role::Header, format!("  {}", text::clock(end.since(pass.started_at).as_secs()))),
        );
    }
    if let Some(sleep) = &board.sleep {
        right.push(scene.span(Role::Sleep, format!("  next {}", scene.time_of_day(sleep.until))));
    }
    for (shown, role, banner) in [
        (scene.view.frozen.is_some(), Role::Danger, "FROZEN VIEW".to_owned()),
        (scene.readonly, Role::Info, "READ-ONLY".to_owned()),
        (board.missed > 0, Role::Warn, format!("dropped: {}", board.missed)),
    ] {
        if shown {
            right.push(scene.span(Role::Text, " "));
            right.push(scene.span(role, format!(" {banner} ")));
        }
    }
    if area.width >= 70 {
        right.push(scene.span(Role::Muted, format!("  {}/{} ", scene.glyphs.name, scene.depth.as_str())));
    }
    let used: usize = right.iter().map(Span::width).sum();
    let room = usize::from(area.width).saturating_sub(used + 2);
    let job = scene.cut(&board.job, room);
    let left = room.saturating_sub(text::width(&job) + 2);
    let places =
        format!("{} {} {}", text::clean(&board.source), scene.glyphs.arrow, text::clean(&board.target));
    let places = if left >= 12 { text::cut(&places, left, scene.glyphs.ellipsis) } else { String::new() };
    let pad = room.saturating_sub(text::width(&job) + text::width(&places) + 2);
    let mut spans = vec![
        scene.span(Role::Header, format!(" {job}  ")),
        scene.span(Role::Muted, places),
        scene.span(Role::Text, " ".repeat(pad + 1)),
    ];
    spans.append(&mut right);
    line(frame, area, Line::from(spans));
}

/// One line a fact, for terminals too small for panes.
pub fn draw_facts(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>) {
    let board = scene.board;
    let (word, role) = state_word(scene);
    let width = usize::from(area.width);
    let pass = board.pass.as_ref().map_or(String::new(), |pass| format!(" pass {}", pass.number));
    let mut lines = vec![Line::from(vec![
        scene.span(role, word),
        scene.span(Role::Text, pass),
        scene.span(Role::Muted, format!(" {}", scene.cut(&board.job, width / 2))),
    ])];
    if let Some(sleep) = &board.sleep {
        let left = sleep.until.since(scene.now).as_secs();
        lines.push(Line::from(scene.span(Role::Sleep, format!("next pass in {}", text::clock(left)))));
    }
    let errors = board.errors.tallies.total();
    if errors > 0 {
        lines.push(Line::from(
            scene.span(Role::Error, format!("{errors} errors of {}", board.errors.error_count_max)),
        ));
    }
    let shown = scene.view.tables(board);
    let room = usize::from(area.height).saturating_sub(lines.len() + 1);
    let first = tables::first_shown(scene.view.selected(&shown), shown.len(), room);
    for table in shown.iter().skip(first).take(room) {
        let (glyph, role) = tables::glyph(scene, table);
        lines.push(Line::from(vec![
            scene.span(role, format!("{glyph} ")),
            scene.span(Role::Text, scene.cut(&table.name, width.saturating_sub(12))),
            scene.span(role, format!(" {}", table.word())),
        ]));
    }
    lines.push(Line::from(scene.span(Role::Key, "? help  q quit")));
    super::pane::lines(frame, area, lines);
}
