//! Facts and a view on a frame. Pure, and sound at every size from nothing up.
//!
//! `layout` says which pane has which cells; every other file draws one pane or what lies on top.

mod detail;
mod errors;
mod header;
mod layout;
mod overlay;
mod pane;
mod rate;
mod search;
mod tables;

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::glyphs::Glyphs;
use super::keys::KeyMap;
use super::rates::Rates;
use super::text;
use super::theme::{Depth, Role, Theme};
use super::view::{Pane, View};
use crate::base::clock::Timestamp;
use crate::board::BoardSnapshot;
use layout::{Kind, Layout};

pub use overlay::help_lines;

/// Everything that a frame is made from.
pub struct Scene<'a> {
    /// The facts shown: those of now, or of when the view was frozen.
    pub board: &'a BoardSnapshot,
    /// What the operator looks at.
    pub view: &'a View,
    /// Rows a second.
    pub rates: &'a Rates,
    /// How it looks.
    pub theme: &'a Theme,
    /// What it is made of.
    pub glyphs: &'a Glyphs,
    /// How many colours there are.
    pub depth: Depth,
    /// Which key does what.
    pub keys: &'a KeyMap,
    /// Civil time.
    pub now: Timestamp,
    /// Where times of day are meant.
    pub zone: &'a jiff::tz::TimeZone,
    /// The run writes nothing.
    pub readonly: bool,
}

impl Scene<'_> {
    /// A piece of text in a role.
    fn span(&self, role: Role, content: impl Into<String>) -> Span<'static> {
        Span::styled(content.into(), self.theme.style(role))
    }

    /// A text from a database or a server in at most so many cells.
    fn cut(&self, content: &str, cells: usize) -> String {
        text::cut(&text::clean(content), cells, self.glyphs.ellipsis)
    }

    /// Time of day of an instant.
    fn time_of_day(&self, at: Timestamp) -> String {
        match jiff::Timestamp::from_microsecond(at.0) {
            Ok(instant) => instant.to_zoned(self.zone.clone()).strftime("%H:%M").to_string(),
            Err(_) => "--:--".to_owned(),
        }
    }

    /// Time since an instant, never negative.
    fn since(&self, at: Timestamp) -> Duration {
        self.now.since(at)
    }
}

/// Draws everything; returns the lines of a page in the focused pane.
pub fn draw(frame: &mut Frame<'_>, scene: &Scene<'_>) -> usize {
    let area = frame.area();
    let layout = Layout::of(area, scene.view);
    match layout.kind {
        Kind::TooSmall => {
            line(
                frame,
                area,
                Line::from(scene.span(Role::Warn, text::cut("needs 20x4", area.width as usize, ""))),
            );
            return 1;
        }
        Kind::Tiny => header::draw_facts(frame, area, scene),
        Kind::Panes => {
            header::draw(frame, layout.header, scene);
            for (pane, area) in &layout.panes {
                draw_pane(frame, *pane, *area, scene);
            }
            overlay::draw_footer(frame, layout.footer, scene);
        }
    }
    overlay::draw(frame, area, scene);
    let focused = layout.panes.iter().find(|(pane, _)| *pane == scene.view.focus);
    focused.map_or(1, |(_, area)| usize::from(area.height.saturating_sub(2)).max(1))
}

fn draw_pane(frame: &mut Frame<'_>, pane: Pane, area: Rect, scene: &Scene<'_>) {
    let zoomed = scene.view.zoomed && scene.view.focus == pane;
    match pane {
        Pane::Tables if zoomed => detail::draw(frame, area, scene),
        Pane::Tables => tables::draw(frame, area, scene),
        Pane::Search => search::draw(frame, area, scene),
        Pane::Errors => errors::draw(frame, area, scene, zoomed),
        Pane::Rate => rate::draw(frame, area, scene),
        Pane::Sleep => rate::draw_sleep(frame, area, scene),
        Pane::Log => errors::draw_log(frame, area, scene),
    }
}

/// One line at the top of an area.
fn line(frame: &mut Frame<'_>, area: Rect, content: Line<'_>) {
    let area = Rect { height: area.height.min(1), ..area }.intersection(frame.area());
    if !area.is_empty() {
        frame.render_widget(Paragraph::new(content), area);
    }
}
