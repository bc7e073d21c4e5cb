//! Keys in, a changed view and effects out. Pure: the same keys over the same facts do the same.

use std::sync::Arc;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::action::{ACTIONS, Action};
use super::draw::help_lines;
use super::keys::{Key, KeyMap};
use super::text;
use super::view::{Answer, Effect, Overlay, Pane, Purpose, Question, View};
use crate::board::{BoardSnapshot, TableFacts};
use crate::model::command::Command;
use crate::model::event::RunState;

/// Longest line that can be typed.
const TYPED_CHARS_MAX: usize = 200;

/// The limit of rows a second that the first step down sets, and the one above which there is none.
const RATE_FIRST: u64 = 10_000;
const RATE_MAX: u64 = 1_000_000;

/// Takes a key in.
pub fn key(view: &mut View, board: &Arc<BoardSnapshot>, keys: &KeyMap, event: &KeyEvent) -> Vec<Effect> {
    if event.kind == KeyEventKind::Release {
        return Vec::new();
    }
    let pressed = Key::of(event);
    // Stopping works whatever lies on top.
    if keys.action(pressed) == Some(Action::Stop) {
        return act(view, board, Action::Stop);
    }
    match view.overlay.take() {
        Some(Overlay::Confirm(question)) => answer(view, question, event),
        Some(Overlay::Typing(purpose, line)) => typed(view, board, purpose, line, event),
        Some(Overlay::Help(top)) => {
            help_key(view, top, keys, pressed);
            Vec::new()
        }
        None => {
            view.notice = None;
            match (keys.action(pressed), event.code) {
                (Some(action), _) => act(view, board, action),
                (None, KeyCode::Char(digit @ '1'..='6')) => {
                    focus(view, Pane::ALL[digit as usize - '1' as usize]);
                    Vec::new()
                }
                _ => Vec::new(),
            }
        }
    }
}

/// Does an action.
pub fn act(view: &mut View, board: &Arc<BoardSnapshot>, action: Action) -> Vec<Effect> {
    match action {
        Action::Up | Action::Down | Action::PageUp | Action::PageDown | Action::First | Action::Last => {
            travel(view, board, action);
        }
        Action::NextPane => step_pane(view, 1),
        Action::PreviousPane => step_pane(view, Pane::ALL.len() - 1),
        Action::Zoom => view.zoomed = !view.zoomed,
        Action::Back => back(view),
        Action::Filter => view.overlay = Some(Overlay::Typing(Purpose::Filter, view.filter.clone())),
        Action::CommandLine => view.overlay = Some(Overlay::Typing(Purpose::Command, String::new())),
        Action::Help => view.overlay = Some(Overlay::Help(0)),
        Action::Freeze => {
            view.frozen = if view.frozen.is_some() { None } else { Some(Arc::clone(board)) };
        }
        Action::NextError => next_error(view, board),
        Action::Quit => return quit(view, board),
        Action::Stop => {
            let stops = board.state == RunState::Stopping;
            return vec![if stops { Effect::Abort } else { Effect::Leave }];
        }
        Action::Redraw => return vec![Effect::Redraw],
        Action::Suspend => return vec![Effect::Suspend],
        Action::NextTheme => return vec![Effect::NextTheme],
        Action::Copy => return copy(view, board),
        Action::PauseAll => {
            let paused = matches!(board.state, RunState::Paused | RunState::Pausing);
            let command =
                if paused { Command::Resume { table: None } } else { Command::Pause { table: None } };
            return vec![Effect::Send(command)];
        }
        Action::SyncNow => return vec![Effect::Send(Command::SyncNow)],
        Action::MoreConcurrency | Action::LessConcurrency => {
            let now = board.concurrency.unwrap_or(view.concurrency);
            let tables = if action == Action::MoreConcurrency { now + 1 } else { now.saturating_sub(1) };
            view.concurrency = tables.clamp(1, 64);
            return vec![Effect::Send(Command::SetConcurrency { tables: view.concurrency })];
        }
        Action::Faster | Action::Slower => return vec![Effect::Send(rate(view, board, action))],
        Action::PauseTable
        | Action::FullCompare
        | Action::VerifyNow
        | Action::SkipTable
        | Action::Approve
        | Action::Retry => match view.selected_table(board) {
            Some(table) => return on_table(view, table, action),
            None => view.notice = Some("there is no table yet".to_owned()),
        },
    }
    Vec::new()
}

fn on_table(view: &mut View, table: &TableFacts, action: Action) -> Vec<Effect> {
    let name = table.name.clone();
    let shown = text::clean(&name);
    let send = |command: Command| vec![Effect::Send(command)];
    match action {
        Action::PauseTable if table.paused => return send(Command::Resume { table: Some(name) }),
        Action::PauseTable => return send(Command::Pause { table: Some(name) }),
        Action::VerifyNow => return send(Command::VerifyNow { table: name }),
        Action::Retry => return send(Command::RetryQuarantined { table: Some(name) }),
        Action::FullCompare => {
            let mut lines = vec![format!("Compare every row of {shown}, in this pass or in the next?")];
            if let Some(plan) = &table.plan {
                let rows = plan.source_count + plan.target_count;
                let seconds = plan.estimated_seconds.max(0.0) as u64;
                lines.push(format!(
                    "About {} rows are read, as estimated in {}.",
                    text::short(rows as f64),
                    text::clock(seconds)
                ));
            }
            let headless = format!("syncline run --full-compare --table {shown}");
            ask(view, lines, Some(headless), Answer::Send(Command::FullCompare { table: name }));
        }
        Action::SkipTable => {
            let lines = vec![
                format!("Leave {shown} alone for the rest of this pass?"),
                "What is written already stays.".to_owned(),
            ];
            ask(view, lines, None, Answer::Send(Command::SkipTable { table: name }));
        }
        _ => match table.hold.as_ref().and_then(|hold| Some((hold, hold.id.clone()?))) {
            Some((hold, id)) => {
                let lines = vec![
                    format!("Let the held plan of {shown} through, once?"),
                    text::clean(&hold.reason),
                    format!(
                        "{} rows of the target will be deleted.",
                        crate::base::human::count(hold.deletes)
                    ),
                ];
                let headless = format!("syncline run --yes {id}");
                ask(view, lines, Some(headless), Answer::Send(Command::ApproveHold { id }));
            }
            None => view.notice = Some(format!("{shown} is not held")),
        },
    }
    Vec::new()
}

fn ask(view: &mut View, lines: Vec<String>, headless: Option<String>, answer: Answer) {
    view.overlay = Some(Overlay::Confirm(Question { lines, headless, answer }));
}

fn answer(view: &mut View, question: Question, event: &KeyEvent) -> Vec<Effect> {
    match event.code {
        KeyCode::Char('y' | 'Y') | KeyCode::Enter => match question.answer {
            Answer::Send(command) => vec![Effect::Send(command)],
            Answer::Leave => vec![Effect::Leave],
        },
        KeyCode::Char('n' | 'N' | 'q') | KeyCode::Esc => Vec::new(),
        // Any other key is a slip: the question stays.
        _ => {
            view.overlay = Some(Overlay::Confirm(question));
            Vec::new()
        }
    }
}

fn typed(
    view: &mut View,
    board: &Arc<BoardSnapshot>,
    purpose: Purpose,
    mut line: String,
    event: &KeyEvent,
) -> Vec<Effect> {
    match event.code {
        KeyCode::Esc => {
            if purpose == Purpose::Filter {
                view.filter.clear();
            }
            return Vec::new();
        }
        KeyCode::Enter => {
            return match purpose {
                Purpose::Filter => Vec::new(),
                Purpose::Command => command_line(view, board, line.trim()),
            };
        }
        KeyCode::Backspace => drop(line.pop()),
        KeyCode::Tab if purpose == Purpose::Command => complete(&mut line),
        KeyCode::Char(c)
            if !event.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT)
                && line.chars().count() < TYPED_CHARS_MAX =>
        {
            line.push(c);
        }
        _ => {}
    }
    if purpose == Purpose::Filter {
        view.filter.clone_from(&line);
    }
    view.overlay = Some(Overlay::Typing(purpose, line));
    Vec::new()
}

/// Completes a line to what all actions that begin like it have in common.
fn complete(line: &mut String) {
    let mut names = ACTIONS.iter().map(|spec| spec.name).filter(|name| name.starts_with(line.as_str()));
    let Some(first) = names.next() else { return };
    let common = names.fold(first, |common, name| {
        let same = common.bytes().zip(name.bytes()).take_while(|(a, b)| a == b).count();
        &common[..same]
    });
    *line = common.to_owned();
}

fn command_line(view: &mut View, board: &Arc<BoardSnapshot>, line: &str) -> Vec<Effect> {
    if line.is_empty() {
        return Vec::new();
    }
    match Action::from_name(line) {
        Some(action) => act(view, board, action),
        None => {
            let near = crate::base::nearest::nearest(line, ACTIONS.iter().map(|spec| spec.name));
            let near = near.map_or(String::new(), |near| format!("; nearest: {near}"));
            view.notice = Some(format!("there is no action {}{near}", text::clean(line)));
            Vec::new()
        }
    }
}

fn help_key(view: &mut View, top: usize, keys: &KeyMap, pressed: Key) {
    let last = help_lines(keys).len().saturating_sub(1);
    let page = view.page.max(1);
    let top = match keys.action(pressed) {
        Some(Action::Up) => top.saturating_sub(1),
        Some(Action::Down) => top + 1,
        Some(Action::PageUp) => top.saturating_sub(page),
        Some(Action::PageDown) => top + page,
        Some(Action::First) => 0,
        Some(Action::Last) => last,
        _ => return,
    };
    view.overlay = Some(Overlay::Help(top.min(last)));
}

fn quit(view: &mut View, board: &BoardSnapshot) -> Vec<Effect> {
    if matches!(board.state, RunState::Finished | RunState::Failed) {
        return vec![Effect::Leave];
    }
    let at_rest = board.state == RunState::Sleeping;
    let what = if at_rest { "End the schedule and leave?" } else { "Stop at the next safe point and leave?" };
    let lines = vec![what.to_owned(), "Nothing is lost: the next run goes on from there.".to_owned()];
    ask(view, lines, Some("kill -TERM, or Ctrl-C".to_owned()), Answer::Leave);
    Vec::new()
}

fn back(view: &mut View) {
    if view.zoomed {
        view.zoomed = false;
    } else if !view.filter.is_empty() {
        view.filter.clear();
    } else {
        view.frozen = None;
        view.scroll = 0;
    }
}

fn focus(view: &mut View, pane: Pane) {
    if view.focus != pane {
        view.scroll = 0;
    }
    view.focus = pane;
}

fn step_pane(view: &mut View, by: usize) {
    let position = Pane::ALL.iter().position(|pane| *pane == view.focus).unwrap_or(0);
    focus(view, Pane::ALL[(position + by) % Pane::ALL.len()]);
}

fn travel(view: &mut View, board: &BoardSnapshot, action: Action) {
    let page = view.page.max(1);
    if matches!(view.focus, Pane::Log | Pane::Errors) {
        // The newest lines are at the bottom.
        let most = match view.focus {
            Pane::Log => board.messages.len(),
            _ => board.errors.records.len(),
        };
        view.scroll = match action {
            Action::Up => view.scroll + 1,
            Action::Down => view.scroll.saturating_sub(1),
            Action::PageUp => view.scroll + page,
            Action::PageDown => view.scroll.saturating_sub(page),
            Action::First => most,
            _ => 0,
        }
        .min(most.saturating_sub(1));
        return;
    }
    let tables = view.tables(board);
    let Some(last) = tables.len().checked_sub(1) else { return };
    let at = view.selected(&tables);
    let to = match action {
        Action::Up => at.saturating_sub(1),
        Action::Down => at + 1,
        Action::PageUp => at.saturating_sub(page),
        Action::PageDown => at + page,
        Action::First => 0,
        _ => last,
    };
    let name = tables[to.min(last)].name.clone();
    view.table = Some(name);
}

/// Selects the next table that somebody should look at.
fn next_error(view: &mut View, board: &BoardSnapshot) {
    let tables = view.tables(board);
    let at = view.selected(&tables);
    let troubled = |table: &&&TableFacts| {
        table.errors > 0 || table.quarantined > 0 || table.hold.as_ref().is_some_and(|hold| !hold.approved)
    };
    let after = tables.iter().skip(at + 1).chain(tables.iter().take(at + 1)).find(troubled);
    match after.map(|table| table.name.clone()) {
        Some(name) => view.table = Some(name),
        None => view.notice = Some("no table has errors, quarantined rows or a hold".to_owned()),
    }
}

fn copy(view: &mut View, board: &BoardSnapshot) -> Vec<Effect> {
    let text = match view.focus {
        Pane::Log => board.messages.iter().rev().nth(view.scroll).map(|line| line.text.clone()),
        Pane::Errors => {
            board.errors.records.iter().rev().nth(view.scroll).map(|line| line.error.message.clone())
        }
        _ => view.selected_table(board).map(|table| {
            match table.hold.as_ref().and_then(|hold| hold.id.clone()) {
                Some(id) => format!("syncline run --yes {id}"),
                None => table.name.clone(),
            }
        }),
    };
    match text {
        Some(text) => {
            let text = text::clean(&text);
            view.notice = Some(format!("sent to your terminal's clipboard: {text}"));
            vec![Effect::Copy(text)]
        }
        None => Vec::new(),
    }
}

/// The next limit of rows a second up or down; 0 is none.
fn rate(view: &mut View, board: &BoardSnapshot, action: Action) -> Command {
    let now = board.rows_per_second.or(view.rows_per_second).filter(|rows| *rows > 0);
    let rows = match (action, now) {
        (Action::Slower, None) => RATE_FIRST,
        (Action::Slower, Some(rows)) => (rows / 2).max(1),
        (_, Some(rows)) if rows < RATE_MAX => rows * 2,
        _ => 0,
    };
    view.rows_per_second = Some(rows);
    Command::SetRowsPerSecond { rows }
}
