//! Which pane has which cells, by the size of the terminal.

use ratatui::layout::{Constraint, Direction, Rect};

use crate::tui::view::{Pane, View};

/// What fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nothing but how much would be needed.
    TooSmall,
    /// One line a fact, no panes.
    Tiny,
    /// Panes.
    Panes,
}

/// The areas of a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// What fits.
    pub kind: Kind,
    /// The first line.
    pub header: Rect,
    /// The last line.
    pub footer: Rect,
    /// Panes with their areas.
    pub panes: Vec<(Pane, Rect)>,
}

impl Layout {
    /// The layout of an area: wide from 120×30, normal from 80×24, stacked from 40×10, then one line a fact.
    pub fn of(area: Rect, view: &View) -> Self {
        let kind = match (area.width, area.height) {
            (..20, _) | (_, ..4) => Kind::TooSmall,
            (..40, _) | (_, ..10) => Kind::Tiny,
            _ => Kind::Panes,
        };
        let mut layout = Self { kind, header: Rect::ZERO, footer: Rect::ZERO, panes: Vec::new() };
        if kind != Kind::Panes {
            return layout;
        }
        let [header, body, footer] = split(
            area,
            Direction::Vertical,
            [Constraint::Length(1), Constraint::Min(0), Constraint::Length(1)],
        );
        (layout.header, layout.footer) = (header, footer);
        layout.panes = match () {
            () if view.zoomed => vec![(view.focus, body)],
            () if area.width >= 120 && area.height >= 30 => wide(body),
            () if area.width >= 80 && area.height >= 20 => normal(body, view),
            () => stacked(body, view),
        };
        layout
    }
}

fn split<const N: usize>(area: Rect, direction: Direction, constraints: [Constraint; N]) -> [Rect; N] {
    ratatui::layout::Layout::default().direction(direction).constraints(constraints).areas(area)
}

fn wide(body: Rect) -> Vec<(Pane, Rect)> {
    let [top, middle, log] =
        split(body, Direction::Vertical, [Constraint::Min(10), Constraint::Length(7), Constraint::Length(7)]);
    let [tables, search] =
        split(top, Direction::Horizontal, [Constraint::Min(70), Constraint::Percentage(38)]);
    let third = Constraint::Fill(1);
    let [errors, rate, sleep] = split(middle, Direction::Horizontal, [third, third, third]);
    vec![
        (Pane::Tables, tables),
        (Pane::Search, search),
        (Pane::Errors, errors),
        (Pane::Rate, rate),
        (Pane::Sleep, sleep),
        (Pane::Log, log),
    ]
}

/// As wide, but the log takes the place of the search when it is looked at.
fn normal(body: Rect, view: &View) -> Vec<(Pane, Rect)> {
    let [top, bottom] = split(body, Direction::Vertical, [Constraint::Min(8), Constraint::Length(6)]);
    let [tables, beside] = split(top, Direction::Horizontal, [Constraint::Min(48), Constraint::Length(26)]);
    let third = Constraint::Fill(1);
    let [errors, rate, sleep] = split(bottom, Direction::Horizontal, [third, third, third]);
    let side = if view.focus == Pane::Log { Pane::Log } else { Pane::Search };
    vec![
        (Pane::Tables, tables),
        (side, beside),
        (Pane::Errors, errors),
        (Pane::Rate, rate),
        (Pane::Sleep, sleep),
    ]
}

/// The tables, and below them the pane that is looked at.
fn stacked(body: Rect, view: &View) -> Vec<(Pane, Rect)> {
    let second = if view.focus == Pane::Tables { Pane::Search } else { view.focus };
    let [tables, below] = split(body, Direction::Vertical, [Constraint::Fill(3), Constraint::Fill(2)]);
    vec![(Pane::Tables, tables), (second, below)]
}
