//! A file that was cut or altered is recognised, or still says exactly what was committed.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use proptest::collection::vec;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use rusqlite::Connection;
use tempfile::TempDir;

use syncline::base::random::Random;
use syncline::state::sqlite::{OpenMode, SqliteState};
use syncline::state::{State, StateChange, StateError};

use super::generate::change;
use super::{answers, file_of, open, request, swift_folder};

/// A job's folder as bytes, and everything that it said after each commit.
struct Recorded {
    place: TempDir,
    file: Vec<u8>,
    log: Vec<u8>,
    said: HashSet<Vec<String>>,
}

impl Recorded {
    /// A state with something in every table; `in_log` tells whether its last commits are still in the log alone.
    fn new(in_log: bool) -> Self {
        let place = swift_folder();
        let mut runner = TestRunner::deterministic();
        let mut said = HashSet::new();
        let mut commit = |state: &SqliteState, count: usize, may_end_the_pass: bool| {
            for _ in 0..count {
                let changes = vec(change(), 4..8).new_tree(&mut runner).unwrap().current();
                let ends = |change: &StateChange| {
                    matches!(change, StateChange::PassFinished { .. } | StateChange::PassStarted { .. })
                };
                if may_end_the_pass || !changes.iter().any(ends) {
                    // Some changes are refused; they must not show either.
                    let _ = state.commit(&changes);
                }
                said.insert(answers(state));
            }
        };
        let state = open(place.path());
        commit(&state, 40, true);
        commit(&state, 20, false);
        drop(state);
        assert_no_table_is_empty(place.path());
        let path = file_of(place.path());
        let mut log = Vec::new();
        let mut file = fs::read(&path).unwrap();
        if in_log {
            let state = open(place.path());
            commit(&state, 12, false);
            file = fs::read(&path).unwrap();
            log = fs::read(path.with_extension("sqlite-wal")).unwrap();
            assert!(log.len() > 4096);
        } else {
            let last = answers(&open(place.path()));
            said = HashSet::from([last]);
        }
        Self { place, file, log, said }
    }

    fn lay_out(&self, file: &[u8], log: &[u8]) {
        let path = file_of(self.place.path());
        let _ = fs::remove_file(path.with_extension("sqlite-shm"));
        let _ = fs::remove_file(path.with_extension("sqlite-wal"));
        fs::write(&path, file).unwrap();
        if !log.is_empty() {
            fs::write(path.with_extension("sqlite-wal"), log).unwrap();
        }
    }

    /// Opens what is laid out; true when it was usable.
    fn judge(&self, mode: OpenMode, what: &str) -> bool {
        match SqliteState::open(&request(self.place.path()), mode) {
            Ok(state) => {
                let found = answers(&state);
                if !self.said.contains(&found) {
                    let nearest = self.said.iter().next().unwrap();
                    let first = found.iter().zip(nearest).find(|(a, b)| a != b);
                    panic!("{what}: says what was never committed: {first:?}");
                }
                if mode == OpenMode::ReadWriteLocked {
                    state.commit(&[]).unwrap();
                }
                true
            }
            Err(StateError::Unusable(text)) => {
                let folder = request(self.place.path()).folder();
                assert!(text.contains(&format!("mv {0} {0}.aside", folder.display())), "{what}: {text}");
                false
            }
            Err(other) => panic!("{what}: {other}"),
        }
    }
}

fn assert_no_table_is_empty(state_dir: &Path) {
    let connection = Connection::open(file_of(state_dir)).unwrap();
    for table in ["finding", "history", "hold", "hold_key", "proof", "quarantine", "record", "unit"] {
        let count =
            connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0));
        assert!(count.unwrap() > 0, "nothing in {table}");
    }
}

const MODES: [OpenMode; 2] = [OpenMode::ReadOnly, OpenMode::ReadWriteLocked];

#[test]
fn a_file_cut_anywhere_is_refused() {
    let recorded = Recorded::new(false);
    for length in (0..recorded.file.len()).step_by(512) {
        for mode in MODES {
            recorded.lay_out(&recorded.file[..length], &[]);
            assert!(
                !recorded.judge(mode, &format!("{length} bytes")),
                "{length} bytes were taken for a state"
            );
        }
    }
    recorded.lay_out(&recorded.file, &[]);
    assert!(recorded.judge(OpenMode::ReadWriteLocked, "all bytes"));
}

#[test]
fn a_log_cut_anywhere_leaves_what_was_committed_before() {
    let recorded = Recorded::new(true);
    for (length, mode) in (0..=recorded.log.len()).step_by(512).zip(MODES.into_iter().cycle()) {
        recorded.lay_out(&recorded.file, &recorded.log[..length]);
        assert!(recorded.judge(mode, &format!("{length} bytes of log")));
    }
}

/// Alters one bit after another; how many were noticed.
fn alter_bits(recorded: &Recorded, bits: impl Iterator<Item = u64>) -> usize {
    let noticed = |bit: &u64| {
        let mut file = recorded.file.clone();
        file[(bit / 8) as usize] ^= 1 << (bit % 8);
        recorded.lay_out(&file, &[]);
        !recorded.judge(OpenMode::ReadWriteLocked, &format!("bit {bit}"))
    };
    bits.filter(noticed).count()
}

#[test]
fn altered_bits_are_refused_or_change_nothing() {
    let recorded = Recorded::new(false);
    let mut random = Random::from_seed(1);
    let bits = recorded.file.len() as u64 * 8;
    let noticed = alter_bits(&recorded, (0..500).map(|_| random.below(bits)));
    // Two thirds of a small file's pages are empty space.
    assert!(noticed > 120, "only {noticed} were noticed");
    alter_bits(&recorded, 0..800);
}

#[test]
fn a_lost_sector_is_refused_or_changes_nothing() {
    let recorded = Recorded::new(false);
    for sector in (0..recorded.file.len()).step_by(512) {
        for filler in [0, 0xff] {
            let mut file = recorded.file.clone();
            file[sector..sector + 512].fill(filler);
            recorded.lay_out(&file, &[]);
            recorded.judge(OpenMode::ReadOnly, &format!("sector at {sector} filled with {filler}"));
        }
    }
}

#[test]
fn altered_bits_of_the_log_leave_what_was_committed_before() {
    let recorded = Recorded::new(true);
    let mut random = Random::from_seed(2);
    for _ in 0..300 {
        let mut log = recorded.log.clone();
        let bit = random.below(log.len() as u64 * 8);
        log[(bit / 8) as usize] ^= 1 << (bit % 8);
        recorded.lay_out(&recorded.file, &log);
        assert!(recorded.judge(OpenMode::ReadWriteLocked, &format!("bit {bit} of the log")));
    }
}

fn alter(state_dir: &Path, sql: &str) {
    let connection = Connection::open(file_of(state_dir)).unwrap();
    connection.execute_batch(sql).unwrap();
}

#[test]
fn a_value_altered_by_a_sound_program_is_refused() {
    let recorded = Recorded::new(false);
    for sql in [
        "UPDATE record SET body = replace(body, 'a', 'b')",
        "UPDATE finding SET lower = x'108107'",
        "UPDATE hold SET state = 1 - state",
        "UPDATE quarantine SET retry_asked = 1 - retry_asked",
        "DELETE FROM record WHERE topic = 'job'",
        "CREATE TABLE more (x)",
        "DROP TABLE proof",
        "CREATE TRIGGER forget AFTER INSERT ON finding BEGIN DELETE FROM finding; END",
        "PRAGMA application_id = 7",
        "PRAGMA user_version = 0",
    ] {
        recorded.lay_out(&recorded.file, &[]);
        alter(recorded.place.path(), sql);
        for mode in MODES {
            assert!(!recorded.judge(mode, sql), "{sql}");
        }
    }
}

#[test]
fn damage_found_later_is_told_like_damage_found_at_once() {
    let recorded = Recorded::new(false);
    recorded.lay_out(&recorded.file, &[]);
    let state = open(recorded.place.path());
    assert!(state.history(9).unwrap().len() > 1);
    alter(recorded.place.path(), "UPDATE history SET summary = replace(summary, '1', '2')");
    let Err(StateError::Unusable(text)) = state.history(9) else { panic!("altered rows were believed") };
    assert!(text.contains("is damaged") && text.contains("mv "), "{text}");
}

#[test]
fn a_log_without_its_file_is_not_taken_for_a_new_job() {
    let recorded = Recorded::new(true);
    recorded.lay_out(&recorded.file, &recorded.log);
    fs::remove_file(file_of(recorded.place.path())).unwrap();
    for mode in MODES {
        assert!(!recorded.judge(mode, "no file"));
    }
}
