//! The real console on a real terminal device: what it shows, what keys and signals do, what it leaves behind.

use std::io::{Read, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use syncline::base::clock::{Clock, SystemClock};
use tempfile::TempDir;

/// Longest wait for something to show; a loaded machine is slow.
const PATIENCE: Duration = Duration::from_mins(1);

/// A console in a terminal of 80×24 that is read by a terminal parser.
struct Session {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    keyboard: Box<dyn Write + Send>,
    screen: Arc<Mutex<vt100::Parser>>,
    _folder: TempDir,
}

impl Session {
    fn demo(variables: &[(&str, &str)]) -> Self {
        Self::start(&["demo", "--dir", "demo", "--rows", "2000"], variables)
    }

    fn start(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["source.db", "target.db"] {
            let schema = "CREATE TABLE orders (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO orders VALUES (1, 'x');";
            rusqlite::Connection::open(folder.path().join(name)).unwrap().execute_batch(schema).unwrap();
        }
        let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_syncline"));
        command.args(arguments);
        command.cwd(folder.path());
        command.env_clear();
        for (name, value) in
            [("HOME", folder.path().to_str().unwrap()), ("TERM", "xterm-256color"), ("LANG", "C.UTF-8")]
        {
            command.env(name, value);
        }
        for (name, value) in variables {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let screen = Arc::new(Mutex::new(vt100::Parser::new(24, 80, 500)));
        let (mut output, parser) = (pair.master.try_clone_reader().unwrap(), Arc::clone(&screen));
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = output.read(&mut buffer) {
                parser.lock().unwrap().process(&buffer[..length]);
            }
        });
        let keyboard = pair.master.take_writer().unwrap();
        Self { child, master: pair.master, keyboard, screen, _folder: folder }
    }

    fn shown(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    #[track_caller]
    fn until(&self, what: &str, holds: impl Fn(&vt100::Screen) -> bool) {
        let clock = SystemClock::new();
        while !holds(self.screen.lock().unwrap().screen()) {
            assert!(clock.elapsed() < PATIENCE, "not seen: {what}\n{}", self.shown());
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }

    #[track_caller]
    fn until_text(&self, text: &str) {
        self.until(text, |screen| screen.contents().contains(text));
    }

    fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    fn signal(&self, name: &str) {
        let id = self.child.process_id().unwrap().to_string();
        assert!(std::process::Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    /// Waits for the end; the terminal must be as it was: the first screen, with a cursor and without the mouse.
    #[track_caller]
    fn ended(&mut self) -> u32 {
        let clock = SystemClock::new();
        let code = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status.exit_code();
            }
            assert!(clock.elapsed() < PATIENCE, "it does not end\n{}", self.shown());
            std::thread::park_timeout(Duration::from_millis(20));
        };
        self.until("the terminal as it was", |screen| {
            !screen.alternate_screen()
                && !screen.hide_cursor()
                && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None
        });
        code
    }
}

#[test]
fn a_demo_is_watched_helped_resized_and_left() {
    let mut session = Session::demo(&[]);
    session.until("the screen", vt100::Screen::alternate_screen);
    session.until_text("FINISHED");
    session.until_text("order_row");
    session.press("?");
    session.until_text("Pause the selected table");
    session.press("\u{1b}");
    session.until("the help is gone", |screen| !screen.contents().contains("Pause the selected table"));
    session.master.resize(PtySize { rows: 40, cols: 120, pixel_width: 0, pixel_height: 0 }).unwrap();
    session.screen.lock().unwrap().screen_mut().set_size(40, 120);
    session.until_text("6 Log");
    session.press("q");
    assert_eq!(session.ended(), 0);
    session.until_text("exit 0: all equal or all done");
}

#[test]
fn a_signal_ends_the_screen_and_gives_its_code() {
    for (name, code) in [("-TERM", 143), ("-INT", 130)] {
        let mut session = Session::demo(&[]);
        session.until_text("FINISHED");
        session.signal(name);
        let ended = session.ended();
        // A run that was over when the signal came has done all of its work.
        assert!([code, 0].contains(&ended), "{name} ended with {ended}");
    }
}

#[test]
fn ctrl_c_stops_a_run() {
    let mut session = Session::demo(&[]);
    session.until("the screen", vt100::Screen::alternate_screen);
    session.press("\u{3}");
    assert!([0, 130].contains(&session.ended()), "{}", session.shown());
}

#[cfg(debug_assertions)]
#[test]
fn a_panic_leaves_a_sane_terminal_and_says_so() {
    let job = ["run", "--mode", "tui", "--source", "sqlite:source.db", "--target", "sqlite:target.db"];
    let mut session = Session::start(&job, &[("SYNCLINE_DEBUG_PANIC", "screen")]);
    assert_eq!(session.ended(), 101);
    session.until_text("error: bug: ");
}

#[test]
fn a_dumb_terminal_gets_text() {
    let mut session = Session::demo(&[("TERM", "dumb")]);
    assert_eq!(session.ended(), 0);
    session.until_text("exit 0: all equal or all done");
}

#[test]
fn a_question_can_be_answered_with_no() {
    let mut session = Session::demo(&[]);
    session.until_text("FINISHED");
    session.press("F");
    session.until_text("Are you sure?");
    session.press("n");
    session.until("the question is gone", |screen| !screen.contents().contains("Are you sure?"));
    session.press("q");
    assert_eq!(session.ended(), 0);
}
