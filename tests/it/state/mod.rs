//! What a job remembers: the contract of both implementations, and what the file promises beyond it.
//!
//! Does not belong here: what the engine makes of it.

mod contract;
mod damage;
mod generate;
mod kill;
mod places;

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use syncline::base::clock::Timestamp;
use syncline::model::digest::DigestSeed;
use syncline::model::key::Key;
use syncline::model::value::Value;
use syncline::state::sqlite::{OpenMode, OpenRequest, SqliteState};
use syncline::state::{FindingKind, QuarantineFilter, State};

use generate::{HOLDS, TABLES};

/// Where the states of these tests come from.
const SEED: DigestSeed = DigestSeed(0x5eed_0000_1234_5678);

/// A scratch folder in memory where the machine has one: for tests of what is stored, not of when.
fn swift_folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

fn request(state_dir: &Path) -> OpenRequest<'_> {
    OpenRequest {
        state_dir,
        job: "erp to warehouse",
        source: "sqlite:/data/erp.db",
        target: "sqlite:/data/warehouse.db",
        new_seed: SEED,
        now: Timestamp(1_763_654_521_000_000),
    }
}

fn open(state_dir: &Path) -> SqliteState {
    SqliteState::open(&request(state_dir), OpenMode::ReadWriteLocked).unwrap()
}

fn file_of(state_dir: &Path) -> PathBuf {
    request(state_dir).folder().join("state.sqlite")
}

fn key(n: i128) -> Key {
    Key::from_values(&[Value::Integer(n)])
}

/// Every answer of a state, in words, so that NaN equals itself.
fn answers(state: &dyn State) -> Vec<String> {
    let mut said = Vec::new();
    let mut say = |question: &str, answer: &dyn std::fmt::Debug| said.push(format!("{question}: {answer:?}"));
    say("seed", &state.seed().map(DigestSeed::id));
    say("pass", &state.interrupted_pass());
    say("history", &state.history(usize::MAX));
    say("holds", &state.holds());
    for id in HOLDS {
        say("hold keys", &state.hold_keys(id, None, usize::MAX));
        say("more hold keys", &state.hold_keys(id, Some(&key(3)), 2));
    }
    for table in TABLES {
        say("memory", &state.table_memory(table));
        say("progress", &state.find_progress(table));
        say("units", &state.open_units(table));
        say("totals", &state.totals(table));
        say("quarantined", &state.quarantine_count(table));
        say("proofs", &state.proofs(table));
        for kind in [FindingKind::Extra, FindingKind::Missing, FindingKind::Changed] {
            say("findings", &state.findings(table, kind, 0, usize::MAX));
            say("more findings", &state.findings(table, kind, 7, 3));
            say("finding rows", &state.finding_rows(table, kind));
        }
        for id in HOLDS {
            say("beyond", &state.deletes_beyond_hold(table, id));
        }
        for (table, after, limit) in [
            (None, None, 0),
            (Some(table), None, 2),
            (Some(table), Some((table.to_owned(), key(1))), 0),
            (None, Some((table.to_owned(), key(1))), 3),
            (Some(table), Some(("order row".to_owned(), key(1))), 0),
        ] {
            let filter = QuarantineFilter { table: table.map(str::to_owned), after, limit };
            say("quarantine", &state.quarantine(&filter));
        }
    }
    said
}
