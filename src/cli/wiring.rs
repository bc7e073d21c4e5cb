//! From a resolved job to a running one: stores by their URLs, state by its place, the log, clock and chance.

use std::sync::Arc;

use super::error::Result;
use super::logging::{self, Log, LogRequest};
use super::settings::Resolved;
use super::surroundings::Surroundings;
use crate::base::random::Random;
use crate::engine::Job;
use crate::model::digest::DigestSeed;
use crate::state::rehearsal::RehearsalState;
use crate::state::sqlite::{OpenMode, OpenRequest, SqliteState};
use crate::state::{State, StateError};
use crate::store::{Role, open};

/// What a command is going to do to the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// The target and the state are written; no other process may run the job.
    Write,
    /// The state is written, the databases are only read; no other process may run the job.
    Prove,
    /// Nothing is written, wherever: the state is a copy in memory, and both databases are opened as sources are.
    Look,
}

/// A job that can be run, with what has to live as long as it.
pub struct Opened {
    /// The job.
    pub job: Job,
    /// The log; none for a command that writes nothing.
    pub log: Option<Log>,
}

/// Opens everything a pass needs; a read-only job is never opened for more than looking.
pub fn open_job(
    resolved: &Resolved,
    access: Access,
    log_to_stderr: bool,
    around: &Surroundings,
) -> Result<Opened> {
    let access = if resolved.readonly { Access::Look } else { access };
    let settings = &resolved.loaded.settings;
    let source = open::open(&settings.source, Role::Source)?;
    let target_role = if access == Access::Look { Role::Source } else { Role::Target };
    let target = open::open(&settings.target, target_role)?;
    let mut random = Random::from_system();
    let new_seed = new_seed(&mut random);
    let state: Arc<dyn State> = match access {
        Access::Write | Access::Prove => {
            Arc::new(open_state(resolved, OpenMode::ReadWriteLocked, new_seed, around)?)
        }
        Access::Look => match look_at_state(resolved, around)? {
            Some(real) => Arc::new(RehearsalState::of(Arc::new(real))?),
            None => Arc::new(RehearsalState::of_new_job(new_seed)?),
        },
    };
    let log = match access {
        Access::Look => None,
        Access::Write | Access::Prove => Some(logging::start(&LogRequest {
            settings: &settings.log,
            folder: resolved.state_dir.join("log"),
            job: &settings.name,
            to_stderr: log_to_stderr,
            clock: Arc::clone(&around.clock),
        })?),
    };
    let job = Job {
        settings: Arc::new(settings.clone()),
        source,
        target,
        state,
        clock: Arc::clone(&around.clock),
        random_seed: random.next_u64(),
    };
    Ok(Opened { job, log })
}

/// The job's memory, opened for reading only; none when there is none yet.
pub fn look_at_state(resolved: &Resolved, around: &Surroundings) -> Result<Option<SqliteState>> {
    // The seed of an existing state is its own; this one is never used.
    match open_state(resolved, OpenMode::ReadOnly, DigestSeed(0), around) {
        Ok(state) => Ok(Some(state)),
        Err(StateError::Absent(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The job's memory, opened for writing; no other process may run the job.
pub fn lock_state(resolved: &Resolved, around: &Surroundings) -> Result<SqliteState> {
    Ok(open_state(resolved, OpenMode::ReadWriteLocked, new_seed(&mut Random::from_system()), around)?)
}

/// Whether a process runs the job now.
pub fn is_running(resolved: &Resolved, around: &Surroundings) -> Result<bool> {
    Ok(SqliteState::is_locked(&state_request(resolved, DigestSeed(0), around))?)
}

fn open_state(
    resolved: &Resolved,
    mode: OpenMode,
    new_seed: DigestSeed,
    around: &Surroundings,
) -> std::result::Result<SqliteState, StateError> {
    SqliteState::open(&state_request(resolved, new_seed, around), mode)
}

fn state_request<'a>(resolved: &'a Resolved, new_seed: DigestSeed, around: &Surroundings) -> OpenRequest<'a> {
    let settings = &resolved.loaded.settings;
    OpenRequest {
        state_dir: &resolved.state_dir,
        job: &settings.name,
        source: &settings.source.url,
        target: &settings.target.url,
        new_seed,
        now: around.clock.now(),
    }
}

fn new_seed(random: &mut Random) -> DigestSeed {
    DigestSeed(random.next_u64())
}
