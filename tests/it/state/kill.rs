//! A process killed at any instant leaves its last whole commit.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::tempdir;

use syncline::base::clock::Timestamp;
use syncline::base::random::Random;
use syncline::model::digest::Digest;
use syncline::model::outcome::RowCounts;
use syncline::state::sqlite::{OpenMode, SqliteState};
use syncline::state::{
    FindProgress, Finding, FindingKind, PassFingerprint, State, StateChange, StateError, TableTotals, Unit,
};

use super::{key, open, request};

const STATE_DIR: &str = "SYNCLINE_TEST_STATE_KILL";
const TABLE: &str = "orders";

/// What the `n`th commit changes: several things that must be seen together or not at all.
fn changes(n: u64) -> Vec<StateChange> {
    let table = TABLE.to_owned();
    let rows = RowCounts { added: 1, ..RowCounts::default() };
    let findings = (0..n % 400).map(|i| Finding::Row { kind: FindingKind::Missing, key: key(i.into()) });
    let progress = FindProgress {
        strategy: "merge compare".to_owned(),
        remaining: Vec::new(),
        equal_rows: n,
        digest: Digest::EMPTY,
        watermark: None,
        done: false,
    };
    let unit = Unit { id: n, table: table.clone(), findings: vec![n], kind: FindingKind::Missing };
    vec![
        StateChange::FindingsCleared { table: table.clone() },
        StateChange::TotalsAdded {
            table: table.clone(),
            totals: TableTotals { rows, ..TableTotals::default() },
        },
        StateChange::FindingsAdded { table: table.clone(), findings: findings.collect() },
        StateChange::FindAdvanced { table, progress },
        StateChange::UnitStarted { unit },
    ]
}

/// How many commits a state holds; panics when it holds a part of one.
fn whole_commits(state: &SqliteState) -> u64 {
    let commits = state.totals(TABLE).unwrap().rows.added;
    let progress = state.find_progress(TABLE).unwrap().map_or(0, |progress| progress.equal_rows);
    let units: Vec<u64> = state.open_units(TABLE).unwrap().iter().map(|unit| unit.id).collect();
    let findings = state.finding_rows(TABLE, FindingKind::Missing).unwrap();
    let expected = (commits, commits % 400, if commits == 0 { vec![] } else { vec![commits] });
    assert_eq!((progress, findings, units), expected, "after {commits} commits");
    commits
}

/// What the process to be killed does.
fn commit_for_ever(state_dir: &Path) {
    let state = open(state_dir);
    let mut out = std::io::stdout();
    if state.interrupted_pass().unwrap().is_none() {
        let fingerprint =
            PassFingerprint { config: String::new(), source: String::new(), target: String::new() };
        state.commit(&[StateChange::PassStarted { pass: 1, at: Timestamp(0), fingerprint }]).unwrap();
    }
    for n in whole_commits(&state) + 1.. {
        state.commit(&changes(n)).unwrap();
        // The parent is gone when nobody reads any more.
        if writeln!(out, "committed {n}").and_then(|()| out.flush()).is_err() {
            return;
        }
    }
}

fn spawn(state_dir: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture", "state::kill::a_killed_process_leaves_its_last_whole_commit"])
        .env(STATE_DIR, state_dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn a_killed_process_leaves_its_last_whole_commit() {
    if let Some(state_dir) = std::env::var_os(STATE_DIR) {
        return commit_for_ever(Path::new(&state_dir));
    }
    let place = tempdir().unwrap();
    let mut random = Random::from_seed(3);
    let mut before = 0;
    for round in 0..12 {
        let mut child = spawn(place.path());
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut told = 0;
        let patience = random.below(60) as usize;
        for line in
            lines.by_ref().filter_map(|line| line.strip_prefix("committed ")?.parse().ok()).take(patience + 1)
        {
            told = line;
        }
        if round == 0 {
            watch_from_outside(place.path(), &child, told);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        for line in lines.filter_map(|line| line.strip_prefix("committed ")?.parse::<u64>().ok()) {
            told = line;
        }
        let kept = whole_commits(&open(place.path()));
        assert!(kept == told || kept == told + 1, "told {told}, kept {kept}");
        assert!(kept > before);
        before = kept;
    }
}

/// While another process runs the job: it cannot be run twice, but be looked at.
fn watch_from_outside(state_dir: &Path, child: &Child, told: u64) {
    let second = SqliteState::open(&request(state_dir), OpenMode::ReadWriteLocked);
    let Err(StateError::Locked(holder)) = second else { panic!("ran twice: {second:?}") };
    assert!(holder.starts_with(&format!("pid {} since ", child.id())), "{holder}");
    let reader = SqliteState::open(&request(state_dir), OpenMode::ReadOnly).unwrap();
    assert!(reader.totals(TABLE).unwrap().rows.added >= told);
}

/// What the process without room on its disk does.
fn commit_until_it_fails(state_dir: &Path) {
    let state = open(state_dir);
    let failed = (whole_commits(&state) + 1..).find_map(|n| Some((n, state.commit(&changes(n)).err()?)));
    let (n, error) = failed.unwrap();
    assert!(matches!(error, StateError::Failed { .. }), "{error:?}");
    let kept = whole_commits(&state);
    assert!(kept == n || kept == n - 1, "failed at {n}, kept {kept}");
    std::fs::write(state_dir.join("kept"), kept.to_string()).unwrap();
}

#[test]
fn a_full_disk_fails_the_commit_and_loses_nothing() {
    const STATE_DIR: &str = "SYNCLINE_TEST_STATE_FULL";
    if let Some(state_dir) = std::env::var_os(STATE_DIR) {
        return commit_until_it_fails(Path::new(&state_dir));
    }
    // Blocks of 512 bytes that a file may have; the log reaches that soon.
    for blocks in ["300", "1001"] {
        let place = tempdir().unwrap();
        let child = Command::new("sh")
            .args(["-c", "trap '' XFSZ; ulimit -f $0; exec \"$@\"", blocks])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", "--nocapture", "state::kill::a_full_disk_fails_the_commit_and_loses_nothing"])
            .env(STATE_DIR, place.path())
            .output()
            .unwrap();
        assert!(child.status.success(), "{child:?}");
        let kept: u64 = std::fs::read_to_string(place.path().join("kept")).unwrap().parse().unwrap();
        let state = open(place.path());
        assert_eq!(whole_commits(&state), kept);
        assert!(kept > 3, "the limit came too early to show anything");
        state.commit(&changes(kept + 1)).unwrap();
        assert_eq!(whole_commits(&state), kept + 1, "goes on when there is room again");
    }
}
