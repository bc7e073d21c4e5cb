//! What the operator looks at: focus, selection, filter, what lies on top. No fact of the run is kept here.

use std::sync::Arc;

use super::action::Action;
use crate::board::{BoardSnapshot, TableFacts};
use crate::model::command::Command;
use crate::model::event::RunState;

/// A part of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Pane {
    Tables,
    Search,
    Errors,
    Rate,
    Sleep,
    Log,
}

impl Pane {
    /// Every pane, in the order of the digits that jump to it.
    pub const ALL: [Self; 6] = [Self::Tables, Self::Search, Self::Errors, Self::Rate, Self::Sleep, Self::Log];
}

/// What lies over the panes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Overlay {
    /// Every key with its meaning; the first line shown.
    Help(usize),
    /// A question before something that is hard to take back.
    Confirm(Question),
    /// A line being typed.
    Typing(Purpose, String),
}

/// What a typed line is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// An action by its name.
    Command,
    /// What tables and lines have to hold to be shown.
    Filter,
}

/// Something that is asked before it is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// What will happen, with its size.
    pub lines: Vec<String>,
    /// What a script would run instead.
    pub headless: Option<String>,
    /// What is done on yes.
    pub answer: Answer,
}

/// What a yes does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Sends a command.
    Send(Command),
    /// Stops the run at its next safe point and leaves.
    Leave,
}

/// What the operator looks at.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// The pane that keys go to.
    pub focus: Pane,
    /// Whether that pane has the screen for itself.
    pub zoomed: bool,
    /// The selected table; none for the first.
    pub table: Option<String>,
    /// Lines scrolled up from the newest, in the log and the errors.
    pub scroll: usize,
    /// What tables and lines have to hold.
    pub filter: String,
    /// What lies on top.
    pub overlay: Option<Overlay>,
    /// The facts as of when the view was frozen.
    pub frozen: Option<Arc<BoardSnapshot>>,
    /// What the last key did, when there is something to say.
    pub notice: Option<String>,
    /// Rows a second that were asked for last.
    pub rows_per_second: Option<u64>,
    /// Tables side by side that were asked for last.
    pub concurrency: usize,
    /// Lines of a page, as last drawn.
    pub page: usize,
}

impl Default for View {
    fn default() -> Self {
        Self {
            focus: Pane::Tables,
            zoomed: false,
            table: None,
            scroll: 0,
            filter: String::new(),
            overlay: None,
            frozen: None,
            notice: None,
            rows_per_second: None,
            concurrency: 4,
            page: 10,
        }
    }
}

impl View {
    /// The tables that the filter lets through, in working order.
    pub fn tables<'a>(&self, board: &'a BoardSnapshot) -> Vec<&'a TableFacts> {
        let wanted = self.filter.to_lowercase();
        let holds = |table: &&TableFacts| {
            wanted.is_empty()
                || table.name.to_lowercase().contains(&wanted)
                || table.word().to_lowercase().contains(&wanted)
        };
        board.tables.iter().map(Arc::as_ref).filter(holds).collect()
    }

    /// Position of the selected table among those shown.
    pub fn selected(&self, tables: &[&TableFacts]) -> usize {
        let name = self.table.as_deref();
        tables.iter().position(|table| Some(table.name.as_str()) == name).unwrap_or(0)
    }

    /// The selected table.
    pub fn selected_table<'a>(&self, board: &'a BoardSnapshot) -> Option<&'a TableFacts> {
        let tables = self.tables(board);
        tables.get(self.selected(&tables)).copied()
    }
}

/// What a key leads to beyond the view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// A command for the engine.
    Send(Command),
    /// The terminal's clipboard gets a text.
    Copy(String),
    /// The next theme.
    NextTheme,
    /// Every cell is drawn again.
    Redraw,
    /// The terminal goes back to the shell for a while.
    Suspend,
    /// Stop, then leave.
    Leave,
    /// Stop now.
    Abort,
}

/// Actions that the footer offers for a pane and a selected table, the most useful first.
pub fn offered(board: &BoardSnapshot, view: &View) -> Vec<Action> {
    let mut actions = Vec::new();
    if view
        .selected_table(board)
        .is_some_and(|table| table.hold.as_ref().is_some_and(|hold| hold.id.is_some() && !hold.approved))
    {
        actions.push(Action::Approve);
    }
    if board.sleep.is_some() {
        actions.push(Action::SyncNow);
    }
    if !matches!(board.state, RunState::Finished | RunState::Failed | RunState::Stopping) {
        actions.extend([Action::PauseTable, Action::FullCompare]);
    }
    if view.frozen.is_some() {
        actions.insert(0, Action::Freeze);
    }
    if board.errors.tallies.total() > 0 {
        actions.push(Action::NextError);
    }
    actions.extend([Action::Zoom, Action::Filter, Action::Help, Action::Quit]);
    actions
}

impl View {
    /// Lines that a pane is scrolled up: only the focused one is.
    pub fn scroll_in(&self, pane: Pane) -> usize {
        if self.focus == pane { self.scroll } else { 0 }
    }
}
