//! The console: what a user sees at each size, what keys do, and that nothing breaks it.
//!
//! - `screens`: snapshots of frames over a told pass.
//! - `keys`: a robot that presses keys and looks at the view and at the commands.
//! - `hostile`: every size, random input, names that carry escape sequences.
//!
//! Does not belong here: the terminal itself (see `pty`), the facts (see `board`).

mod hostile;
mod keys;
mod screens;

use std::sync::Arc;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use syncline::base::clock::Timestamp;
use syncline::board::{Board, BoardSnapshot};
use syncline::model::event::Event;
use syncline::tui::draw::{Scene, draw};
use syncline::tui::glyphs::{ASCII, Glyphs, UNICODE};
use syncline::tui::keys::KeyMap;
use syncline::tui::rates::Rates;
use syncline::tui::theme::{Depth, Theme};
use syncline::tui::update;
use syncline::tui::view::{Effect, View};

use crate::report::script;

/// The facts after the first so many seconds of the told pass.
fn board_at(seconds: f64) -> Arc<BoardSnapshot> {
    let until = Timestamp(script::START.0 + (seconds * 1e6) as i64);
    board_of(script::events().iter().filter(|event| event.at <= until))
}

fn board_of<'a>(events: impl IntoIterator<Item = &'a Event>) -> Arc<BoardSnapshot> {
    let mut board = Board::new(25);
    events.into_iter().for_each(|event| board.apply(event));
    board.snapshot()
}

/// A console without a terminal.
struct Robot {
    board: Arc<BoardSnapshot>,
    view: View,
    keys: KeyMap,
    glyphs: Glyphs,
    depth: Depth,
}

impl Robot {
    fn new(board: Arc<BoardSnapshot>) -> Self {
        Self { board, view: View::default(), keys: KeyMap::default(), glyphs: UNICODE, depth: Depth::Mono }
    }

    fn ascii(self) -> Self {
        Self { glyphs: ASCII, ..self }
    }

    /// Presses keys: characters as they are, others by name in brackets, for example `jj<enter>`.
    fn press(&mut self, keys: &str) -> Vec<Effect> {
        let mut effects = Vec::new();
        let mut rest = keys;
        while let Some(c) = rest.chars().next() {
            let (code, after) = match rest.strip_prefix('<').and_then(|named| named.split_once('>')) {
                Some((name, after)) => (named_key(name), after),
                None => ((KeyCode::Char(c), KeyModifiers::NONE), &rest[c.len_utf8()..]),
            };
            rest = after;
            effects.extend(self.event(&KeyEvent::new(code.0, code.1)));
        }
        effects
    }

    fn event(&mut self, event: &KeyEvent) -> Vec<Effect> {
        update::key(&mut self.view, &self.board, &self.keys, event)
    }

    /// The frame at a size, line by line, without the blanks at the ends.
    fn frame(&mut self, width: u16, height: u16) -> String {
        let buffer = self.buffer(width, height);
        let lines = buffer.content().chunks(usize::from(width).max(1)).map(|cells| {
            cells.iter().map(ratatui::buffer::Cell::symbol).collect::<String>().trim_end().to_owned()
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    fn buffer(&mut self, width: u16, height: u16) -> ratatui::buffer::Buffer {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let theme = Theme::built_in("default", self.depth).unwrap();
        let mut page = 0;
        let rates = Rates::default();
        let frozen = self.view.frozen.clone();
        let board = frozen.unwrap_or_else(|| Arc::clone(&self.board));
        terminal
            .draw(|frame| {
                let scene = Scene {
                    board: &board,
                    view: &self.view,
                    rates: &rates,
                    theme: &theme,
                    glyphs: &self.glyphs,
                    depth: self.depth,
                    keys: &self.keys,
                    now: self.board.at,
                    zone: &jiff::tz::TimeZone::UTC,
                    readonly: false,
                };
                page = draw(frame, &scene);
            })
            .unwrap();
        self.view.page = page;
        terminal.backend().buffer().clone()
    }
}

fn named_key(name: &str) -> (KeyCode, KeyModifiers) {
    match name {
        "enter" => (KeyCode::Enter, KeyModifiers::NONE),
        "esc" => (KeyCode::Esc, KeyModifiers::NONE),
        "tab" => (KeyCode::Tab, KeyModifiers::NONE),
        "backspace" => (KeyCode::Backspace, KeyModifiers::NONE),
        "ctrl-c" => (KeyCode::Char('c'), KeyModifiers::CONTROL),
        other => panic!("the robot does not know the key {other}"),
    }
}
