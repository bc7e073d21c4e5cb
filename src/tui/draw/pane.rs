//! The frame of a pane: its border, its title, its digit.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Block, Borders, Paragraph};

use super::Scene;
use crate::tui::theme::Role;
use crate::tui::view::Pane;

/// Draws a pane's frame and returns what is inside.
pub fn open(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>, pane: Pane, title: &str) -> Rect {
    let focused = scene.view.focus == pane;
    let role = if focused { Role::BorderFocus } else { Role::Border };
    let digit = Pane::ALL.iter().position(|known| *known == pane).unwrap_or(0) + 1;
    let title = Line::from(vec![
        scene.span(role, format!(" {digit} ")),
        scene.span(Role::Title, scene.cut(title, usize::from(area.width).saturating_sub(8))),
        scene.span(role, " "),
    ]);
    let block = Block::new()
        .borders(Borders::ALL)
        .border_set(scene.glyphs.border)
        .border_style(scene.theme.style(role))
        .title(title);
    let inside = block.inner(area);
    frame.render_widget(block, area);
    inside
}

/// Lines from the top of an area; what does not fit is left out.
pub fn lines(frame: &mut Frame<'_>, area: Rect, lines: Vec<Line<'_>>) {
    frame.render_widget(Paragraph::new(lines), area);
}
