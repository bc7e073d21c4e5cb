//! How the file of a job is found, made, opened and examined.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::fault::{Fault, Outcome, damaged, failed, foreign, newer};
use super::folder;
use super::json::{self, Job};
use super::schema;
use crate::base::clock::Timestamp;
use crate::model::digest::DigestSeed;
use crate::state::location::{folder_name, without_secrets};
use crate::state::{Result, StateError};

const FILE: &str = "state.sqlite";

/// Waiting for another process that reads while we write, or the other way round.
const BUSY_TIME_MAX: Duration = Duration::from_secs(10);

/// Pages of log before they are moved into the file: 16 MiB, several of the largest commits.
const LOG_PAGES_MAX: i64 = 4096;

/// Bytes of log that are kept when it is empty.
const LOG_BYTES_KEPT_MAX: i64 = 16 << 20;

/// Page cache, in KiB; negative as SQLite wants it.
const CACHE_KIB: i64 = -8192;

/// Prepared statements kept; more than there are.
const STATEMENTS_MAX: usize = 64;

/// Whether the state is written or only looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenMode {
    /// Made when missing; locked, so that no other process runs the job.
    ReadWriteLocked,
    /// Never made and not locked: works while another process runs the job.
    ReadOnly,
}

/// Which job's state.
#[derive(Clone, Copy)]
pub struct OpenRequest<'a> {
    /// The folder under which every job has its own.
    pub state_dir: &'a Path,
    /// The job's name.
    pub job: &'a str,
    /// The source, without secrets.
    pub source: &'a str,
    /// The target, without secrets.
    pub target: &'a str,
    /// The digest seed of a job that has none yet, freshly drawn.
    pub new_seed: DigestSeed,
    /// The time now.
    pub now: Timestamp,
}

impl OpenRequest<'_> {
    fn folder_name(&self) -> String {
        folder_name(self.job, self.source, self.target)
    }

    fn job(&self) -> Job {
        Job {
            name: self.job.to_owned(),
            source: without_secrets(self.source),
            target: without_secrets(self.target),
        }
    }

    /// Where the job's state is or would be.
    pub fn folder(&self) -> PathBuf {
        self.state_dir.join(self.folder_name())
    }
}

/// An opened and examined file.
pub(super) struct Opened {
    pub(super) connection: Connection,
    pub(super) folder: PathBuf,
    pub(super) seed: DigestSeed,
    pub(super) lock: Option<folder::Lock>,
}

/// Opens the state of a job.
pub(super) fn open(request: &OpenRequest<'_>, mode: OpenMode) -> Result<Opened> {
    let folder = match mode {
        OpenMode::ReadWriteLocked => folder::enter(request.state_dir, &request.folder_name())?,
        OpenMode::ReadOnly => folder::look(request.state_dir, &request.folder_name())?
            .ok_or_else(|| absent(&request.folder()))?,
    };
    let file = folder.join(FILE);
    let lock = match mode {
        OpenMode::ReadWriteLocked => Some(folder::lock(&folder, request.now)?),
        OpenMode::ReadOnly => None,
    };
    if !folder::exists(&file)? {
        if folder::exists(&folder.join(format!("{FILE}-wal")))? {
            return Err(damaged(&folder, "the file is gone, only its log is left"));
        }
        if mode == OpenMode::ReadOnly {
            return Err(absent(&folder));
        }
        make(&folder, &file, request)?;
    }
    if mode == OpenMode::ReadWriteLocked {
        folder::make_file_private(&file)?;
    }
    let explain = |fault: Fault| fault.explain_opening(&folder);
    let connection = connect(&file, mode).map_err(explain)?;
    let format = schema::pragma(&connection, "user_version").map_err(explain)?;
    if format > schema::FORMAT {
        return Err(newer(&folder, format, schema::FORMAT));
    }
    schema::examine(&connection).map_err(explain)?;
    if mode == OpenMode::ReadWriteLocked {
        prepare_to_write(&connection).map_err(explain)?;
    }
    let (job, seed) = owner(&connection).map_err(explain)?;
    if job != request.job() {
        return Err(foreign(&folder, &format!("{}, from {} to {}", job.name, job.source, job.target)));
    }
    Ok(Opened { connection, folder, seed, lock })
}

/// Whether a process holds the lock of the job.
pub(super) fn is_locked(request: &OpenRequest<'_>) -> Result<bool> {
    match folder::look(request.state_dir, &request.folder_name())? {
        Some(folder) => folder::is_locked(&folder),
        None => Ok(false),
    }
}

fn absent(folder: &Path) -> StateError {
    StateError::Absent(crate::base::escape::visible(&folder.join(FILE).to_string_lossy()))
}

/// Makes the file beside its place and moves it there when it is whole: a state is either there or not.
fn make(folder: &Path, file: &Path, request: &OpenRequest<'_>) -> Result<()> {
    let new = folder.join(format!("{FILE}.new"));
    for side_file in ["-journal", "-wal", "-shm"] {
        let left_over = folder.join(format!("{FILE}.new{side_file}"));
        if folder::exists(&left_over)? {
            std::fs::remove_file(&left_over)
                .map_err(|error| failed("clear what an earlier start left", &left_over, &error))?;
        }
    }
    folder::make_file(&new)?;
    let explain = |fault: Fault| fault.explain("make the state", folder);
    let mut connection = connect(&new, OpenMode::ReadWriteLocked).map_err(explain)?;
    let job = json::job::write(&request.job(), request.new_seed, request.now);
    schema::create(&mut connection, &job).map_err(explain)?;
    connection.close().map_err(|(_, error)| explain(error.into()))?;
    folder::put_in_place(&new, file)
}

fn connect(file: &Path, mode: OpenMode) -> Outcome<Connection> {
    let access = match mode {
        OpenMode::ReadWriteLocked => OpenFlags::SQLITE_OPEN_READ_WRITE,
        OpenMode::ReadOnly => OpenFlags::SQLITE_OPEN_READ_ONLY,
    };
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(BUSY_TIME_MAX)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", CACHE_KIB)?;
    schema::register_row_check(&connection)?;
    Ok(connection)
}

/// A commit is one write to the log and one fsync of it; it survives the process, the kernel and the power supply.
fn prepare_to_write(connection: &Connection) -> Outcome<()> {
    let journal: String =
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if journal != "wal" || connection.is_readonly("main")? {
        return Err(Fault::Damaged(format!("it does not take a write-ahead log but \"{journal}\"")));
    }
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "checkpoint_fullfsync", true)?;
    connection.pragma_update_and_check(None, "wal_autocheckpoint", LOG_PAGES_MAX, |_| Ok(()))?;
    connection.pragma_update_and_check(None, "journal_size_limit", LOG_BYTES_KEPT_MAX, |_| Ok(()))?;
    Ok(())
}

fn owner(connection: &Connection) -> Outcome<(Job, DigestSeed)> {
    match schema::record(connection, "job", "")? {
        Some(body) => Ok(json::job::read(&body)?),
        None => Err(Fault::Damaged("it does not say whose state it is".to_owned())),
    }
}
