//! A panic anywhere is a bug: it is told on standard error and in the log, ends the run, and decides the exit code.

use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

use crate::base::escape::visible;
use crate::model::outcome::Exit;

static HAPPENED: AtomicBool = AtomicBool::new(false);
static NOTICE: Notify = Notify::const_new();
/// The hook can be called from several threads at a time; only one tells at a time.
static TELLING: Mutex<()> = Mutex::new(());

/// Runs the program: a panic in any of its threads, from here on, makes it end with [`Exit::Bug`].
pub fn guard(program: impl FnOnce() -> Exit) -> Exit {
    panic::set_hook(Box::new(tell));
    let exit = panic::catch_unwind(AssertUnwindSafe(program)).unwrap_or(Exit::Bug);
    if happened() { Exit::Bug } else { exit }
}

/// Whether something panicked.
pub fn happened() -> bool {
    HAPPENED.load(Ordering::SeqCst)
}

/// Returns once something has panicked. Cancel-safe.
pub async fn noticed() {
    let notified = NOTICE.notified();
    if !happened() {
        notified.await;
    }
}

fn tell(info: &PanicHookInfo<'_>) {
    HAPPENED.store(true, Ordering::SeqCst);
    NOTICE.notify_one();
    let payload = info.payload();
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
    let place = info.location().map(|place| format!("{}:{}", place.file(), place.line())).unwrap_or_default();
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or("unnamed").to_owned();
    let message = format!("{} at {place} in thread {}", visible(text), visible(&thread));
    let _one_at_a_time = TELLING.lock();
    tracing::error!("bug: {message}");
    crate::tui::give_back();
    let mut out = std::io::stderr().lock();
    // Nothing is left to tell when standard error is closed.
    let _ = std::io::Write::write_fmt(
        &mut out,
        format_args!("error: bug: {message}\n\nhint: please report it with this line and the log\n"),
    );
}

/// A panic on purpose, so that a test can see what becomes of one; not part of a release.
#[cfg(debug_assertions)]
pub fn on_purpose(environment: &crate::config::Environment, place: &str) {
    let asked = environment.get("SYNCLINE_DEBUG_PANIC").is_some_and(|asked| asked == place);
    assert!(!asked, "asked for by SYNCLINE_DEBUG_PANIC\u{1b}[2J");
}
