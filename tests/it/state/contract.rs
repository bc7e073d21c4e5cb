//! Both implementations answer every question alike, whatever happened to them.

use proptest::collection::vec;
use proptest::prelude::*;

use syncline::base::clock::Timestamp;
use syncline::base::limits::{HISTORY_PASSES_MAX, HOLDS_PER_TABLE_MAX, PROOF_RANGES_MAX};
use syncline::model::digest::{Digest, DigestHeader};
use syncline::model::outcome::{Exit, Metrics, PassSummary};
use syncline::model::range::KeyRange;
use syncline::state::memory::MemoryDisk;
use syncline::state::{
    Finding, FindingKind, Hold, HoldState, PassFingerprint, PassRecord, ProofRange, State, StateChange,
    StateError, TableTotals, Unit,
};

use super::generate::change;
use super::{SEED, answers, key, open, swift_folder};

#[derive(Debug, Clone)]
enum Step {
    Commit(Vec<StateChange>),
    /// The process ends, in order or not, and the next one begins.
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![8 => vec(change(), 0..6).prop_map(Step::Commit), 1 => Just(Step::Restart)];
    vec(step, 1..16)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_file_answers_as_the_model_after_any_changes(steps in steps()) {
        let place = swift_folder();
        let disk = MemoryDisk::new(SEED);
        let mut file = open(place.path());
        let mut memory = disk.open().unwrap();
        for step in steps {
            match step {
                Step::Commit(changes) => {
                    let (in_file, in_memory) = (file.commit(&changes), memory.commit(&changes));
                    prop_assert_eq!(in_file.is_ok(), in_memory.is_ok(), "{:?} {:?}", in_file, in_memory);
                }
                Step::Restart => {
                    drop(file);
                    file = open(place.path());
                    disk.kill();
                    memory = disk.open().unwrap();
                }
            }
            prop_assert_eq!(answers(&file), answers(&memory));
        }
        prop_assert_eq!(file.next_unit().unwrap(), memory.next_unit().unwrap());
    }
}

/// Runs a promise on both implementations.
fn on_both(promise: impl Fn(&dyn State)) {
    let place = swift_folder();
    promise(&open(place.path()));
    promise(&MemoryDisk::new(SEED).open().unwrap());
}

fn pass_started(pass: u64) -> StateChange {
    let fingerprint = PassFingerprint { config: String::new(), source: String::new(), target: String::new() };
    StateChange::PassStarted { pass, at: Timestamp(0), fingerprint }
}

fn pass_finished(pass: u64) -> StateChange {
    let summary = PassSummary {
        job: String::new(),
        pass,
        exit: Exit::Done,
        seconds: 0.1,
        tables: Vec::new(),
        errors: Vec::new(),
        error_count: 0,
        metrics: Metrics::default(),
        notes: Vec::new(),
    };
    let record = PassRecord { started_at: Timestamp(1), finished_at: Timestamp(2), summary };
    StateChange::PassFinished { record }
}

fn hold(id: &str, state: HoldState) -> StateChange {
    let hold = Hold {
        id: id.to_owned(),
        table: "orders".to_owned(),
        guard: "mass delete".to_owned(),
        reason: "too many".to_owned(),
        deletes: 3,
        at: Timestamp(1),
        pass: 1,
        state,
    };
    StateChange::HoldRecorded { hold, keys: vec![key(1)] }
}

fn extras(keys: impl IntoIterator<Item = i128>) -> StateChange {
    let row = |n| Finding::Row { kind: FindingKind::Extra, key: key(n) };
    StateChange::FindingsAdded { table: "orders".to_owned(), findings: keys.into_iter().map(row).collect() }
}

#[test]
fn a_new_pass_begins_empty_and_keeps_what_outlives_a_pass() {
    on_both(|state| {
        let unit = Unit { id: 7, table: "orders".to_owned(), findings: vec![1], kind: FindingKind::Extra };
        let finished = StateChange::TableFinished { table: "orders".to_owned() };
        let started = StateChange::UnitStarted { unit };
        state.commit(&[finished.clone(), pass_started(1), finished, extras(0..3), started]).unwrap();
        assert_eq!(state.interrupted_pass().unwrap().unwrap().finished_tables, ["orders"]);
        state.commit(&[hold("h", HoldState::Waiting), pass_started(2)]).unwrap();
        let pass = state.interrupted_pass().unwrap().unwrap();
        assert_eq!((pass.pass, pass.finished_tables.len()), (2, 0));
        assert_eq!(state.finding_rows("orders", FindingKind::Extra).unwrap(), 0);
        assert!(state.open_units("orders").unwrap().is_empty());
        assert_eq!(state.next_unit().unwrap(), 8, "numbers are never used again");
        assert_eq!(state.hold_keys("h", None, 9).unwrap(), [key(1)]);
        state.commit(&[extras([9]), pass_finished(2)]).unwrap();
        assert_eq!(state.interrupted_pass().unwrap(), None);
        assert_eq!(state.finding_rows("orders", FindingKind::Extra).unwrap(), 0);
        state.commit(&[extras([9])]).unwrap();
        let found = state.findings("orders", FindingKind::Extra, 0, 9).unwrap();
        assert_eq!(found.iter().map(|finding| finding.id).collect::<Vec<_>>(), [5], "nor are these");
    });
}

#[test]
fn a_hold_covers_the_keys_it_took_of_its_own_table_only() {
    on_both(|state| {
        let taken = StateChange::HoldKeysTaken { id: "h".to_owned(), table: "orders".to_owned() };
        state.commit(&[extras(1..4), hold("h", HoldState::Waiting), taken]).unwrap();
        assert_eq!(state.hold_keys("h", None, 9).unwrap(), [key(1), key(2), key(3)]);
        assert_eq!(state.hold_keys("h", Some(&key(1)), 1).unwrap(), [key(2)]);
        assert_eq!(state.deletes_beyond_hold("orders", "h").unwrap(), 0);
        state.commit(&[pass_started(2), extras(2..6)]).unwrap();
        assert_eq!(state.deletes_beyond_hold("orders", "h").unwrap(), 2, "4 and 5 were never approved");
        assert_eq!(state.deletes_beyond_hold("orders", "unknown").unwrap(), 4);
        let of_other_table = StateChange::FindingsAdded {
            table: "order row".to_owned(),
            findings: vec![Finding::Row { kind: FindingKind::Extra, key: key(2) }],
        };
        state.commit(&[of_other_table]).unwrap();
        assert_eq!(state.deletes_beyond_hold("order row", "h").unwrap(), 1);
    });
}

#[test]
fn an_approval_in_use_is_used_up_when_its_pass_is_over() {
    on_both(|state| {
        let states = |state: &dyn State| -> Vec<(String, HoldState)> {
            state.holds().unwrap().into_iter().map(|hold| (hold.id, hold.state)).collect()
        };
        let both = |used| vec![("asked".to_owned(), used), ("granted".to_owned(), HoldState::Approved)];
        let holds = [hold("granted", HoldState::Approved), hold("asked", HoldState::Waiting)];
        let taken = StateChange::HoldMoved { id: "asked".to_owned(), state: HoldState::InUse };
        for end in [pass_finished(1), pass_started(2)] {
            state.commit(&[pass_started(1)]).unwrap();
            state.commit(&holds).unwrap();
            state.commit(&[taken.clone(), extras([9])]).unwrap();
            assert_eq!(states(state), both(HoldState::InUse));
            state.commit(&[end]).unwrap();
            assert_eq!(states(state), both(HoldState::Used));
        }
    });
}

#[test]
fn what_no_state_can_mean_is_refused_and_nothing_of_its_commit_is_kept() {
    on_both(|state| {
        let run = Finding::Run { kind: FindingKind::Extra, range: KeyRange::all(), rows: 9 };
        let table = "orders".to_owned();
        for refused in [
            StateChange::FindingsAdded { table: table.clone(), findings: vec![run] },
            StateChange::HoldMoved { id: "h".to_owned(), state: HoldState::Approved },
            StateChange::HoldKeysTaken { id: "h".to_owned(), table },
        ] {
            let answer = state.commit(&[pass_started(1), refused]);
            assert!(matches!(answer, Err(StateError::Failed { .. })), "{answer:?}");
            assert_eq!(state.interrupted_pass().unwrap(), None);
        }
    });
}

#[test]
fn old_holds_are_forgotten_but_never_the_newest_and_approved_ones_last() {
    on_both(|state| {
        let mut changes = vec![hold("approved", HoldState::Approved)];
        changes.extend((0..HOLDS_PER_TABLE_MAX).map(|n| hold(&format!("{n}"), HoldState::Waiting)));
        state.commit(&changes).unwrap();
        let ids = |state: &dyn State| -> Vec<String> {
            state.holds().unwrap().into_iter().map(|hold| hold.id).collect()
        };
        assert_eq!(ids(state).len(), HOLDS_PER_TABLE_MAX);
        assert_eq!(ids(state)[0], (HOLDS_PER_TABLE_MAX - 1).to_string());
        assert!(ids(state).contains(&"approved".to_owned()) && !ids(state).contains(&"0".to_owned()));
        assert!(state.hold_keys("0", None, 9).unwrap().is_empty());
        state.commit(&[hold("5", HoldState::Waiting)]).unwrap();
        assert_eq!(ids(state)[0], "5", "recorded again, it is the newest");
        assert_eq!(ids(state).len(), HOLDS_PER_TABLE_MAX);
    });
}

#[test]
fn the_history_keeps_its_newest_passes() {
    on_both(|state| {
        let passes: Vec<StateChange> = (1..=HISTORY_PASSES_MAX + 3).map(pass_finished).collect();
        state.commit(&passes).unwrap();
        let kept = state.history(usize::MAX).unwrap();
        assert_eq!(kept.len() as u64, HISTORY_PASSES_MAX);
        assert_eq!((kept[0].summary.pass, kept.last().unwrap().summary.pass), (HISTORY_PASSES_MAX + 3, 4));
        assert_eq!(state.history(2).unwrap(), kept[..2]);
    });
}

#[test]
fn proofs_are_bounded_and_never_claim_more_than_was_proven() {
    let header = DigestHeader {
        form_version: 1,
        algorithm: "sum".to_owned(),
        seed_id: "s".to_owned(),
        columns: vec!["id".to_owned()],
        scope: "orders".to_owned(),
    };
    let count = PROOF_RANGES_MAX as i128 + 500;
    let proofs: Vec<ProofRange> = (0..count)
        .map(|n| ProofRange {
            range: KeyRange::new(Some(key(n)), Some(key(n + 1))),
            digest: Digest { count: 1, sum: 1 },
            header: header.clone(),
            at: Timestamp((n / 1000) as i64),
        })
        .collect();
    on_both(|state| {
        state
            .commit(&[StateChange::ProofsReplaced { table: "orders".to_owned(), proofs: proofs.clone() }])
            .unwrap();
        let kept = state.proofs("orders").unwrap();
        assert_eq!(kept.len(), PROOF_RANGES_MAX);
        assert_eq!(
            kept.iter().map(|proof| proof.digest.count).sum::<u64>(),
            count as u64,
            "all rows still proven"
        );
        for proof in &kept {
            let pieces = proofs.iter().filter(|piece| {
                piece.range.lower >= proof.range.lower && piece.range.upper <= proof.range.upper
            });
            assert!(pieces.clone().all(|piece| piece.at == proof.at));
            assert_eq!(pieces.count() as u64, proof.digest.count);
        }
    });
}

#[test]
fn unit_numbers_are_handed_out_once_and_those_committed_never_again() {
    on_both(|state| {
        let (first, second) = (state.next_unit().unwrap(), state.next_unit().unwrap());
        assert!(first < second);
        let unit =
            Unit { id: second, table: "orders".to_owned(), findings: vec![], kind: FindingKind::Missing };
        state
            .commit(&[StateChange::UnitStarted { unit }, StateChange::UnitFinished { unit: second }])
            .unwrap();
        assert!(state.next_unit().unwrap() > second);
    });
}

#[test]
fn commits_of_many_workers_are_all_kept() {
    on_both(|state| {
        let workers = 8;
        let commits = 12;
        let numbers: Vec<u64> = std::thread::scope(|scope| {
            let work = || {
                let commit = |_| {
                    let id = state.next_unit().unwrap();
                    let table = "orders".to_owned();
                    let unit =
                        Unit { id, table: table.clone(), findings: vec![], kind: FindingKind::Missing };
                    let totals = TableTotals { errors: 1, ..TableTotals::default() };
                    let counted = StateChange::TotalsAdded { table, totals };
                    state.commit(&[StateChange::UnitStarted { unit }, counted]).unwrap();
                    id
                };
                (0..commits).map(commit).collect::<Vec<u64>>()
            };
            let handles: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
            handles.into_iter().flat_map(|handle| handle.join().unwrap()).collect()
        });
        assert_eq!(state.totals("orders").unwrap().errors, workers * commits);
        assert_eq!(state.open_units("orders").unwrap().len(), numbers.len());
    });
}
