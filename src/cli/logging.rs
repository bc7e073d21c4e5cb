//! The log: one file a job and day in a private folder, written by a thread of its own.
//!
//! Nothing but errors is told twice: what a run reports on standard output goes to the file too, under the target
//! [`RUN`]; the terminal sees the rest of the log only when asked (`-v` in text mode, on standard error).

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use super::error::{CliError, Result};
use super::settings::shown;
use crate::base::clock::{Clock, Timestamp};
use crate::base::limits::{EVENTS_WAITING_MAX, LOG_FILES_MAX};
use crate::model::settings::{LogLevel, LogSettings, Rotate};

/// The target of the lines that a run reports anyway.
pub const RUN: &str = "syncline::run";

/// Keeps the log open; what was logged is on its way to the disk when it is dropped.
pub struct Log {
    _worker: WorkerGuard,
    path: PathBuf,
}

impl Log {
    /// The file that is written now.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Where and what is logged.
pub struct LogRequest<'a> {
    /// The job's settings.
    pub settings: &'a LogSettings,
    /// The folder when the settings name none.
    pub folder: PathBuf,
    /// The job's name, which begins the names of its files.
    pub job: &'a str,
    /// Whether standard error gets what a report does not say.
    pub to_stderr: bool,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// Opens the log of this process; called once.
pub fn start(request: &LogRequest<'_>) -> Result<Log> {
    let folder = request.settings.dir.as_ref().map_or_else(|| request.folder.clone(), PathBuf::from);
    let failed = |error: &io::Error| {
        CliError::stopped("log", format!("the log in {} cannot be written: {error}", shown(&folder)))
            .hint("choose another folder: dir in [log], or --state-dir")
    };
    let mut files = Files {
        folder: folder.clone(),
        job: request.job.to_owned(),
        rotate: request.settings.rotate,
        clock: Arc::clone(&request.clock),
        open: None,
    };
    DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(|error| failed(&error))?;
    let path = files.reopen().map_err(|error| failed(&error))?;
    let (writer, worker) = NonBlockingBuilder::default()
        .lossy(false)
        .buffered_lines_limit(EVENTS_WAITING_MAX)
        .thread_name("log")
        .finish(files);
    let level = level_filter(request.settings.level);
    let timer = Timer(Arc::clone(&request.clock));
    let file = fmt::layer().with_ansi(false).with_target(false).with_timer(timer.clone()).with_writer(writer);
    let stderr = request.to_stderr.then(|| {
        let others = Targets::new().with_target("syncline", level).with_target(RUN, LevelFilter::OFF);
        let layer = fmt::layer().with_ansi(false).with_target(false).with_timer(timer);
        layer.with_writer(io::stderr).with_filter(others)
    });
    let ours = Targets::new().with_target("syncline", level).with_default(LevelFilter::WARN);
    let started = tracing_subscriber::registry().with(file.with_filter(ours)).with(stderr).try_init();
    started.map_err(|error| CliError::stopped("log", format!("the log was opened before: {error}")))?;
    Ok(Log { _worker: worker, path })
}

fn level_filter(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}

#[derive(Clone)]
struct Timer(Arc<dyn Clock>);

impl FormatTime for Timer {
    fn format_time(&self, writer: &mut Writer<'_>) -> std::fmt::Result {
        write!(writer, "{}", self.0.now())
    }
}

/// The files of one job's log: a new one each day or hour, the oldest removed.
struct Files {
    folder: PathBuf,
    job: String,
    rotate: Rotate,
    clock: Arc<dyn Clock>,
    open: Option<(String, File)>,
}

impl Files {
    /// `erp-warehouse.2026-11-20.log`
    fn name(&self, now: Timestamp) -> String {
        let now = now.to_string();
        // The text of an instant begins with its date and hour, whatever else it holds.
        let part = |length| now.get(..length).unwrap_or(&now).replace(['T', ':'], "-");
        match self.rotate {
            Rotate::Never => format!("{}.log", self.job),
            Rotate::Daily => format!("{}.{}.log", self.job, part("2026-11-20".len())),
            Rotate::Hourly => format!("{}.{}.log", self.job, part("2026-11-20T14".len())),
        }
    }

    /// Opens the file of this moment, readable for the user alone.
    fn reopen(&mut self) -> io::Result<PathBuf> {
        let name = self.name(self.clock.now());
        let path = self.folder.join(&name);
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(&path)?;
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
        self.open = Some((name, file));
        self.remove_old()?;
        Ok(path)
    }

    /// Keeps the newest [`LOG_FILES_MAX`] files; their names sort by age.
    fn remove_old(&self) -> io::Result<()> {
        let start = format!("{}.", self.job);
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            let stamp = name.strip_prefix(&start).and_then(|rest| rest.strip_suffix(".log"));
            if stamp.is_some_and(|stamp| stamp.chars().all(|c| c.is_ascii_digit() || c == '-')) {
                names.push(name);
            }
        }
        names.sort_unstable();
        let surplus = names.len().saturating_sub(LOG_FILES_MAX);
        names[..surplus].iter().try_for_each(|name| fs::remove_file(self.folder.join(name)))
    }
}

impl Write for Files {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let is_of_now = self.open.as_ref().is_some_and(|(name, _)| *name == self.name(self.clock.now()));
        if !is_of_now {
            self.reopen()?;
        }
        match &mut self.open {
            Some((_, file)) => file.write(bytes),
            None => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.open.as_mut().map_or(Ok(()), |(_, file)| file.flush())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};
    use std::time::Duration;

    use super::*;

    struct Hands(AtomicI64);

    #[async_trait::async_trait]
    impl Clock for Hands {
        fn now(&self) -> Timestamp {
            Timestamp(self.0.load(Ordering::Relaxed))
        }
        fn elapsed(&self) -> Duration {
            Duration::ZERO
        }
        async fn sleep(&self, _: Duration) {}
    }

    #[test]
    fn files_are_private_turn_over_with_the_day_and_do_not_pile_up() {
        const DAY_MICROS: i64 = 86_400_000_000;
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(Hands(AtomicI64::new(1_795_219_200_000_000)));
        let mut files = Files {
            folder: folder.path().to_owned(),
            job: "erp".to_owned(),
            rotate: Rotate::Daily,
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            open: None,
        };
        fs::write(folder.path().join("erp.notes.log"), "mine").unwrap();
        for _ in 0..LOG_FILES_MAX + 3 {
            writeln!(files, "line").unwrap();
            clock.0.fetch_add(DAY_MICROS, Ordering::Relaxed);
        }
        let mut names: Vec<String> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names.len(), LOG_FILES_MAX + 1, "what is not ours stays");
        assert_eq!(names[0], "erp.2026-11-24.log");
        let mode = fs::metadata(folder.path().join(&names[0])).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
