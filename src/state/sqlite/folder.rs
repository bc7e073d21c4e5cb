//! The job's folder: made for the user alone, refused when others could have written to it, locked by one process.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::fault::{failed, shown};
use crate::base::clock::Timestamp;
use crate::base::escape::visible_short;
use crate::base::limits::SHOWN_CHARS_MAX;
use crate::state::{Result, StateError};

const LOCK_FILE: &str = "lock";

/// Tries to take a lock that somebody may only be looking at, and the pause between them.
const LOCK_TRIES_MAX: u32 = 4;
const LOCK_TRY_PAUSE: Duration = Duration::from_millis(20);

const PRIVATE_FOLDER: u32 = 0o700;
const PRIVATE_FILE: u32 = 0o600;
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// The folder `name` in `state_dir`, both made when missing.
pub(super) fn enter(state_dir: &Path, name: &str) -> Result<PathBuf> {
    make(state_dir)?;
    let folder = canonical(state_dir)?.join(name);
    make(&folder)?;
    // Nobody else has business in a job's folder, whatever it was made with.
    set_mode(&folder, PRIVATE_FOLDER)?;
    Ok(folder)
}

/// The folder `name` in `state_dir` when it is there, left as it is.
pub(super) fn look(state_dir: &Path, name: &str) -> Result<Option<PathBuf>> {
    if !exists(state_dir)? {
        return Ok(None);
    }
    refuse_unsafe(state_dir)?;
    let folder = canonical(state_dir)?.join(name);
    if !exists(&folder)? {
        return Ok(None);
    }
    refuse_unsafe(&folder)?;
    Ok(Some(folder))
}

/// Whether there is something at `path`.
pub(super) fn exists(path: &Path) -> Result<bool> {
    path.try_exists().map_err(|error| failed("look for the state", path, &error))
}

fn canonical(path: &Path) -> Result<PathBuf> {
    path.canonicalize().map_err(|error| failed("find the state folder", path, &error))
}

/// Makes `path` and what is missing above it, each for the user alone; a folder that is there is only checked.
fn make(path: &Path) -> Result<()> {
    if !exists(path)? {
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty())
            && !exists(parent)?
        {
            make(parent)?;
        }
        match DirBuilder::new().mode(PRIVATE_FOLDER).create(path) {
            // The mask may have taken rights from ourselves.
            Ok(()) => set_mode(path, PRIVATE_FOLDER)?,
            // Another process was faster; what it made is checked below.
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed("make the state folder", path, &error)),
        }
    }
    refuse_unsafe(path)
}

fn set_mode(path: &Path, mode: u32) -> Result<()> {
    fs::set_permissions(path, Permissions::from_mode(mode))
        .map_err(|error| failed("make the state private", path, &error))
}

/// Refuses a folder that somebody else owns or may write to: what is found in it decides what is deleted.
fn refuse_unsafe(path: &Path) -> Result<()> {
    let metadata = fs::metadata(path).map_err(|error| failed("look at the state folder", path, &error))?;
    let refused = |what: String, remedy: &str| StateError::Failed {
        operation: format!("use the state folder {}", shown(path)),
        cause: format!("{what}; {remedy}, or choose another one with --state-dir"),
    };
    if !metadata.is_dir() {
        return Err(refused("it is not a folder".to_owned(), "move it away"));
    }
    let user = rustix::process::geteuid().as_raw();
    if metadata.uid() != user {
        let what = format!("it belongs to user {}, not to user {user}", metadata.uid());
        return Err(refused(what, "run as that user"));
    }
    if metadata.mode() & WRITABLE_BY_OTHERS != 0 {
        let what = format!("other users may write to it (mode {:04o})", metadata.mode() & 0o7777);
        return Err(refused(what, &format!("chmod go-w {}", shown(path))));
    }
    Ok(())
}

/// An empty file for the user alone, in place of any that is there.
pub(super) fn make_file(path: &Path) -> Result<()> {
    let make = || {
        if path.try_exists()? {
            fs::remove_file(path)?;
        }
        let file = OpenOptions::new().write(true).create_new(true).mode(PRIVATE_FILE).open(path)?;
        file.set_permissions(Permissions::from_mode(PRIVATE_FILE))
    };
    make().map_err(|error| failed("make the state file", path, &error))
}

/// Makes an existing file the user's alone.
pub(super) fn make_file_private(path: &Path) -> Result<()> {
    set_mode(path, PRIVATE_FILE)
}

/// Puts a finished file in its place, durably.
pub(super) fn put_in_place(new: &Path, place: &Path) -> Result<()> {
    let put = || {
        File::open(new)?.sync_all()?;
        fs::rename(new, place)?;
        for folder in place.ancestors().skip(1).take(2) {
            File::open(folder)?.sync_all()?;
        }
        Ok::<_, std::io::Error>(())
    };
    put().map_err(|error| failed("put the new state in place", place, &error))
}

/// The lock of a job, held until dropped or until the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // A program that is just being started from this one holds a copy of the handle for an instant; giving the
        // lock back by name does not wait for it. Should that fail, closing the handle gives it back.
        let _ = self.0.unlock();
    }
}

/// Takes the lock of a job, or tells who has it.
pub(super) fn lock(folder: &Path, now: Timestamp) -> Result<Lock> {
    let path = folder.join(LOCK_FILE);
    let attempt = |error| failed("lock the job", &path, &error);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(PRIVATE_FILE)
        .open(&path)
        .map_err(attempt)?;
    for tries_left in (0..LOCK_TRIES_MAX).rev() {
        match file.try_lock() {
            Ok(()) => break,
            // Somebody may only be looking, as `is_locked` does.
            Err(TryLockError::WouldBlock) if tries_left > 0 => wait(LOCK_TRY_PAUSE),
            Err(TryLockError::WouldBlock) => return Err(StateError::Locked(holder(&mut file, folder))),
            Err(TryLockError::Error(error)) => return Err(attempt(error)),
        }
    }
    let sign = |file: &mut File| {
        file.set_permissions(Permissions::from_mode(PRIVATE_FILE))?;
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0))?;
        writeln!(file, "pid {} since {now}", std::process::id())
    };
    sign(&mut file).map_err(attempt)?;
    Ok(Lock(file))
}

/// Blocks the thread; a bounded wait on a channel that nobody writes to is our sleep.
fn wait(pause: Duration) {
    let (_keep_open, never) = std::sync::mpsc::channel::<()>();
    let _ = never.recv_timeout(pause);
}

/// Whether a process holds the lock of a job; takes it for an instant, together with others who look.
pub(super) fn is_locked(folder: &Path) -> Result<bool> {
    let path = folder.join(LOCK_FILE);
    let attempt = |error| failed("look at the lock of the job", &path, &error);
    if !exists(&path)? {
        return Ok(false);
    }
    let file = File::open(&path).map_err(attempt)?;
    match file.try_lock_shared() {
        Ok(()) => file.unlock().map(|()| false).map_err(attempt),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(attempt(error)),
    }
}

/// Who holds the lock, by what it wrote there.
fn holder(file: &mut File, folder: &Path) -> String {
    let mut text = String::new();
    let read = file.take(SHOWN_CHARS_MAX as u64).read_to_string(&mut text);
    let who = match (read, text.trim()) {
        (Ok(_), text) if text.starts_with("pid ") => visible_short(text, SHOWN_CHARS_MAX),
        _ => "it did not leave its number".to_owned(),
    };
    format!("{who}, state in {}", shown(folder))
}
