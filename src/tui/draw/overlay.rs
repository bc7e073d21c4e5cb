//! What lies over the panes: help, questions, the line being typed; and the footer.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Clear, Paragraph};

use super::{Scene, line};
use crate::tui::action::ACTIONS;
use crate::tui::keys::KeyMap;
use crate::tui::text;
use crate::tui::theme::Role;
use crate::tui::view::{Overlay, Purpose, offered};

/// Draws the last line: what was just said, or what can be done now.
pub fn draw_footer(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>) {
    let width = usize::from(area.width);
    if let Some(notice) = &scene.view.notice {
        line(frame, area, Line::from(scene.span(Role::Warn, scene.cut(&format!(" {notice}"), width))));
        return;
    }
    let mut spans: Vec<Span<'static>> = Vec::new();
    let mut used = 0;
    for action in offered(scene.board, scene.view) {
        let Some(key) = scene.keys.labels(action).into_iter().next() else { continue };
        let short = action.spec().short;
        let cells = text::width(&key) + text::width(short) + 3;
        if used + cells > width {
            break;
        }
        used += cells;
        spans.push(scene.span(Role::Key, format!(" {key}")));
        spans.push(scene.span(Role::Text, format!(" {short} ")));
    }
    line(frame, area, Line::from(spans));
}

/// Draws what lies on top, if anything does.
pub fn draw(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>) {
    match &scene.view.overlay {
        None => {}
        Some(Overlay::Help(top)) => {
            let lines = help_lines(scene.keys);
            let lines = lines.into_iter().skip(*top).map(|(key, help)| {
                Line::from(vec![
                    scene.span(Role::Key, text::left(&key, 18, scene.glyphs.ellipsis)),
                    scene.span(Role::Popup, help),
                ])
            });
            popup(frame, area, scene, " Help: j k scroll, Esc closes ", lines.collect(), 100);
        }
        Some(Overlay::Confirm(question)) => {
            let mut lines: Vec<Line<'static>> =
                question.lines.iter().map(|text| Line::from(scene.span(Role::Popup, text.clone()))).collect();
            if let Some(headless) = &question.headless {
                lines.push(Line::from(
                    scene.span(Role::Muted, format!("the same without a screen: {headless}")),
                ));
            }
            lines.push(Line::from(vec![
                scene.span(Role::Key, " y "),
                scene.span(Role::Popup, "yes  "),
                scene.span(Role::Key, " n "),
                scene.span(Role::Popup, "no"),
            ]));
            popup(frame, area, scene, " Are you sure? ", lines, 76);
        }
        Some(Overlay::Typing(purpose, typed)) => {
            let sign = match purpose {
                Purpose::Command => ':',
                Purpose::Filter => '/',
            };
            let bottom = Rect { y: area.bottom().saturating_sub(1), height: area.height.min(1), ..area };
            let content = format!("{sign}{}_", text::clean(typed));
            let width = usize::from(area.width);
            frame.render_widget(Clear, bottom);
            line(
                frame,
                bottom,
                Line::from(scene.span(Role::Match, text::left(&content, width, scene.glyphs.ellipsis))),
            );
        }
    }
}

/// Every action with its keys, in the order of the table, and what has no action of its own.
pub fn help_lines(keys: &KeyMap) -> Vec<(String, String)> {
    let mut lines: Vec<(String, String)> = ACTIONS
        .iter()
        .map(|spec| {
            let labels = keys.labels(spec.action).join(" ");
            let asks = if spec.confirms { " (asks first)" } else { "" };
            (labels, format!("{}{asks} :{}", spec.help, spec.name))
        })
        .collect();
    lines.push((
        "1 2 3 4 5 6".to_owned(),
        "Jump to a pane: tables, search, errors, rate, sleep, log".to_owned(),
    ));
    lines
}

/// A box in the middle, as large as its lines and no larger than the screen.
fn popup(
    frame: &mut Frame<'_>,
    area: Rect,
    scene: &Scene<'_>,
    title: &str,
    lines: Vec<Line<'static>>,
    width_max: u16,
) {
    let widest = lines.iter().map(Line::width).max().unwrap_or(0).max(text::width(title));
    let width = u16::try_from(widest + 4).unwrap_or(u16::MAX).min(width_max).min(area.width);
    let wraps = |line: &Line<'_>| line.width().div_ceil(usize::from(width.saturating_sub(2)).max(1)).max(1);
    let needed = lines.iter().map(wraps).sum::<usize>() + 2;
    let height = u16::try_from(needed).unwrap_or(u16::MAX).min(area.height);
    let spot =
        Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
    let block = Block::new()
        .borders(Borders::ALL)
        .border_set(scene.glyphs.border)
        .border_style(scene.theme.style(Role::PopupBorder))
        .title(Span::styled(title.to_owned(), scene.theme.style(Role::PopupBorder)));
    let wrap = ratatui::widgets::Wrap { trim: false };
    frame.render_widget(Clear, spot);
    frame.render_widget(
        Paragraph::new(lines).block(block).wrap(wrap).style(scene.theme.style(Role::Popup)),
        spot,
    );
}
