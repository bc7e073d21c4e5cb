//! The console's loop, on a thread of its own: keys in, frames out.
//!
//! A second thread folds events into the board, so that a stalled terminal never fills the engine's lane. The screen
//! takes the newest snapshot when it is about to draw, and draws only when something changed.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ratatui::crossterm::event::{self, Event as Input};
use tokio::sync::oneshot;

use super::draw::{Scene, draw};
use super::glyphs::{self, Glyphs};
use super::keys::KeyMap;
use super::rates::Rates;
use super::terminal::{Guard, give_back};
use super::theme::{BUILT_IN, Depth, Theme};
use super::update;
use super::view::{Effect, View};
use crate::base::clock::Clock;
use crate::base::limits::DRAIN_TIME_MAX;
use crate::base::task;
use crate::board::{Board, BoardSnapshot};
use crate::engine::control::Commands;
use crate::engine::hub::{Events, Hub};
use crate::model::command::Command;
use crate::model::event::RunState;

/// Longest wait for a key between two looks at the facts.
const INPUT_WAIT_MAX: Duration = Duration::from_millis(50);

/// Time that a shell takes to hand over the terminal.
const SHELL_TIME: Duration = Duration::from_millis(200);

/// Longest wait for a terminal that is to be given back.
const CLOSE_TIME_MAX: Duration = Duration::from_secs(1);

/// Within this time a second stop aborts.
const SECOND_STOP_WITHIN: Duration = Duration::from_secs(2);

/// The environment: the value of a variable.
pub type Variables = Box<dyn Fn(&str) -> Option<String> + Send>;

/// How the console is set up.
pub struct ConsoleSetup {
    /// Name of the theme, and its text when it is not a built-in one.
    pub theme: (String, Option<String>),
    /// Text of the key map.
    pub keymap: String,
    /// The setting `color`.
    pub color: String,
    /// The setting `glyphs`.
    pub glyphs: String,
    /// Most frames a second.
    pub fps: u32,
    /// Whether the mouse is taken.
    pub mouse: bool,
    /// Errors in a pass that stop the run.
    pub error_count_max: u64,
    /// Tables side by side, as configured.
    pub concurrency: usize,
    /// Where times of day are meant.
    pub zone: jiff::tz::TimeZone,
    /// The run writes nothing.
    pub readonly: bool,
    /// The environment of the process.
    pub variable: Variables,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// A console over a run.
pub struct Console {
    done: oneshot::Receiver<()>,
    run_over: Arc<AtomicBool>,
    closing: Arc<AtomicBool>,
}

/// What both threads share.
struct Facts {
    board: Mutex<Board>,
    changes: AtomicU64,
}

impl Console {
    /// Takes the terminal and shows the run of this hub from its first event.
    ///
    /// Errors: an unknown theme, a key map with faults, no terminal, no thread.
    pub fn open(setup: ConsoleSetup, hub: &Hub, commands: Commands) -> Result<Self, String> {
        let keys = KeyMap::parse(&setup.keymap)?;
        let depth = Depth::choose(&setup.color, &setup.variable);
        let theme = match &setup.theme {
            (name, Some(text)) => Theme::of_text(name, text, depth)?,
            (name, None) => Theme::built_in(name, depth)?,
        };
        let glyphs = glyphs::choose(&setup.glyphs, &setup.variable);
        let facts = Arc::new(Facts {
            board: Mutex::new(Board::new(setup.error_count_max)),
            changes: AtomicU64::new(0),
        });
        let no_thread = |error: io::Error| format!("the console cannot be started: {error}");
        fold(&facts, hub).map_err(no_thread)?;
        let guard =
            Guard::take(setup.mouse).map_err(|error| format!("the terminal cannot be taken: {error}"))?;
        let (tell, done) = oneshot::channel();
        let run_over = Arc::new(AtomicBool::new(false));
        let closing = Arc::new(AtomicBool::new(false));
        let view = View { concurrency: setup.concurrency, ..View::default() };
        let screen = Screen {
            guard,
            facts,
            commands,
            keys,
            theme,
            glyphs,
            depth,
            view,
            rates: Rates::default(),
            frame_time: Duration::from_secs(1) / setup.fps.clamp(1, 60),
            stopped_at: None,
            leaving: false,
            run_over: Arc::clone(&run_over),
            closing: Arc::clone(&closing),
            setup,
        };
        let work = move || {
            screen.run();
            // Nobody waits any more when the process ends in a hurry.
            let _ = tell.send(());
        };
        task::spawn_thread("console", work).map_err(no_thread)?;
        Ok(Self { done, run_over, closing })
    }

    /// Waits until the operator leaves; the run is over.
    pub async fn closed(self) {
        self.run_over.store(true, Ordering::SeqCst);
        // A screen that ended without a word has panicked, which has been told.
        let _ = self.done.await;
    }

    /// Takes the screen down; a terminal that does not answer is left to itself.
    pub async fn close(self, clock: &dyn Clock) {
        self.closing.store(true, Ordering::SeqCst);
        tokio::select! {
            _ = self.done => {}
            () = clock.sleep(CLOSE_TIME_MAX) => give_back(),
        }
    }
}

/// Folds every event as it comes, whatever the terminal does.
fn fold(facts: &Arc<Facts>, hub: &Hub) -> io::Result<()> {
    let mut events: Events = hub.subscribe();
    let progress = hub.progress();
    let facts = Arc::clone(facts);
    let work = move || {
        let mut progress = progress;
        while let Some(event) = events.blocking_recv() {
            let mut board = facts.board.lock().expect("no code panics while it holds the board");
            if progress.has_changed().unwrap_or(false) {
                board.progress(&progress.borrow_and_update());
            }
            board.apply(&event);
            facts.changes.fetch_add(1, Ordering::Release);
        }
    };
    task::spawn_thread("fold", work).map(drop)
}

struct Screen {
    guard: Guard,
    facts: Arc<Facts>,
    commands: Commands,
    keys: KeyMap,
    theme: Theme,
    glyphs: Glyphs,
    depth: Depth,
    view: View,
    rates: Rates,
    frame_time: Duration,
    stopped_at: Option<Duration>,
    leaving: bool,
    run_over: Arc<AtomicBool>,
    closing: Arc<AtomicBool>,
    setup: ConsoleSetup,
}

impl Screen {
    fn run(mut self) {
        // A terminal that cannot be read or written any more has gone away.
        if let Err(error) = self.watch() {
            tracing::info!(%error, "the terminal went away; the run goes on");
        }
    }

    fn watch(&mut self) -> io::Result<()> {
        let mut drawn_changes = u64::MAX;
        let mut drawn_second = u64::MAX;
        let mut drawn_at: Option<Duration> = None;
        let mut touched = true;
        loop {
            if event::poll(INPUT_WAIT_MAX)? {
                touched = true;
                // Everything that waits is taken before the next frame, so that a storm costs one.
                while event::poll(Duration::ZERO)? {
                    self.input(&event::read()?)?;
                }
            }
            let over = self.run_over.load(Ordering::SeqCst);
            if (over && self.leaving) || self.closing.load(Ordering::SeqCst) {
                return Ok(());
            }
            let changes = self.facts.changes.load(Ordering::Acquire);
            let board = self.snapshot();
            let now = self.setup.clock.elapsed();
            let second = now.as_secs();
            let ticks = ticks(&board) && second != drawn_second;
            let sampled = ticks && self.rates.sample(now, &board);
            let due = drawn_at.is_none_or(|at| now.saturating_sub(at) >= self.frame_time);
            if due && (touched || changes != drawn_changes || ticks || sampled) {
                self.draw(&board)?;
                (drawn_changes, drawn_second, touched) = (changes, second, false);
                drawn_at = Some(now);
            }
        }
    }

    fn snapshot(&self) -> Arc<BoardSnapshot> {
        self.facts.board.lock().expect("no code panics while it holds the board").snapshot()
    }

    fn draw(&mut self, board: &Arc<BoardSnapshot>) -> io::Result<()> {
        let frozen = self.view.frozen.clone();
        let mut page = self.view.page;
        let scene = Scene {
            board: frozen.as_deref().unwrap_or(board),
            view: &self.view,
            rates: &self.rates,
            theme: &self.theme,
            glyphs: &self.glyphs,
            depth: self.depth,
            keys: &self.keys,
            now: self.setup.clock.now(),
            zone: &self.setup.zone,
            readonly: self.setup.readonly,
        };
        self.guard.draw(|frame| page = draw(frame, &scene))?;
        #[cfg(debug_assertions)]
        panic_on_purpose(&self.setup.variable);
        self.view.page = page;
        Ok(())
    }

    fn input(&mut self, input: &Input) -> io::Result<()> {
        let Input::Key(key) = input else { return Ok(()) };
        let board = self.snapshot();
        for effect in update::key(&mut self.view, &board, &self.keys, key) {
            self.carry_out(effect)?;
        }
        Ok(())
    }

    fn carry_out(&mut self, effect: Effect) -> io::Result<()> {
        match effect {
            Effect::Send(command) => self.send(command),
            Effect::Copy(text) => Guard::copy(&text)?,
            Effect::Redraw => self.guard.redraw()?,
            Effect::NextTheme => self.next_theme(),
            Effect::Suspend => self.suspend()?,
            Effect::Leave => self.leave(),
            Effect::Abort => {
                self.leaving = true;
                self.send(Command::Abort);
            }
        }
        Ok(())
    }

    /// Stops the run at its next safe point; asked again within two seconds, at once.
    fn leave(&mut self) {
        let now = self.setup.clock.elapsed();
        let again = self.stopped_at.is_some_and(|at| now.saturating_sub(at) < SECOND_STOP_WITHIN);
        self.stopped_at = Some(now);
        self.leaving = true;
        if !self.run_over.load(Ordering::SeqCst) {
            self.send(if again { Command::Abort } else { Command::Drain });
            self.view.notice = Some("stopping at the next safe point; Ctrl-C again stops at once".to_owned());
        }
    }

    fn send(&mut self, command: Command) {
        if self.commands.try_send(command).is_err() && !self.run_over.load(Ordering::SeqCst) {
            self.view.notice = Some("too many commands wait already; try again".to_owned());
        }
    }

    fn next_theme(&mut self) {
        let at = BUILT_IN.iter().position(|(name, _)| *name == self.theme.name).map_or(0, |at| at + 1);
        let (name, _) = BUILT_IN[at % BUILT_IN.len()];
        match Theme::built_in(name, self.depth) {
            Ok(theme) => {
                self.view.notice = Some(format!("theme {name}"));
                self.theme = theme;
            }
            Err(error) => self.view.notice = Some(error),
        }
    }

    /// Pauses at a safe point, gives the terminal back and stops the process group, as Ctrl-Z does elsewhere.
    fn suspend(&mut self) -> io::Result<()> {
        let was_paused = matches!(self.snapshot().state, RunState::Paused | RunState::Pausing);
        if !was_paused && !self.run_over.load(Ordering::SeqCst) {
            self.send(Command::Pause { table: None });
            self.await_safe_point();
        }
        give_back();
        rustix::process::kill_current_process_group(rustix::process::Signal::STOP)?;
        // The shell sets the terminal's modes once more while it wakes us.
        std::thread::park_timeout(SHELL_TIME);
        self.guard.enter_again()?;
        if !was_paused {
            self.send(Command::Resume { table: None });
        }
        Ok(())
    }

    fn await_safe_point(&self) {
        let until = self.setup.clock.elapsed() + DRAIN_TIME_MAX;
        while self.setup.clock.elapsed() < until {
            if !matches!(self.snapshot().state, RunState::Running | RunState::Pausing | RunState::Starting) {
                return;
            }
            std::thread::park_timeout(INPUT_WAIT_MAX);
        }
    }
}

/// A panic under the screen, so that a test can see what it leaves; not part of a release.
#[cfg(debug_assertions)]
fn panic_on_purpose(variable: &Variables) {
    assert!(variable("SYNCLINE_DEBUG_PANIC").is_none_or(|place| place != "screen"), "asked for");
}

/// Whether something on screen counts seconds.
fn ticks(board: &BoardSnapshot) -> bool {
    !matches!(board.state, RunState::Finished | RunState::Failed | RunState::Paused)
}
