//! Random changes of a state.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use syncline::base::clock::Timestamp;
use syncline::model::digest::{Digest, DigestHeader};
use syncline::model::key::Key;
use syncline::model::outcome::{ErrorRecord, Exit, Metrics, PassSummary, RowCounts, TableOutcome, Verdict};
use syncline::model::range::KeyRange;
use syncline::model::value::Value;
use syncline::state::{
    FindProgress, Finding, FindingKind, Hold, HoldState, PassFingerprint, PassRecord, ProofRange,
    QuarantinedRow, Rates, StateChange, TableMemory, TableProof, TableTotals, Unit, Watermark,
};

pub(super) const TABLES: [&str; 3] = ["orders", "order row", "täb\u{0}le'\"\n%"];
pub(super) const HOLDS: [&str; 3] = ["h1", "h2", "a hold that is rarely recorded"];

fn table() -> impl Strategy<Value = String> {
    prop::sample::select(TABLES.to_vec()).prop_map(str::to_owned)
}

fn hold_id() -> impl Strategy<Value = String> {
    prop_oneof![6 => Just("h1"), 6 => Just("h2"), 1 => Just(HOLDS[2])].prop_map(str::to_owned)
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[a-z ]{0,8}", any::<String>()]
}

fn at() -> impl Strategy<Value = Timestamp> {
    prop_oneof![(0..5i64), any::<i64>()].prop_map(Timestamp)
}

fn count() -> impl Strategy<Value = u64> {
    prop_oneof![0..10u64, 0..1u64 << 53]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Boolean),
        any::<i128>().prop_map(Value::Integer),
        any::<u64>().prop_map(|bits| Value::Real(f64::from_bits(bits))),
        Just(Value::Real(-0.0)),
        Just(Value::Real(1.0)),
        "-?[0-9]{1,30}\\.[0-9]{0,9}".prop_map(Value::Decimal),
        any::<Vec<u8>>().prop_map(Value::Text),
        any::<Vec<u8>>().prop_map(Value::Json),
        any::<Vec<u8>>().prop_map(Value::Blob),
        any::<[u8; 16]>().prop_map(Value::Uuid),
        (-700_000..700_000).prop_map(Value::Date),
        any::<i64>().prop_map(Value::Time),
        (-60_000_000_000_000_000..200_000_000_000_000_000i64).prop_map(Value::Timestamp),
        (-60_000_000_000_000_000..200_000_000_000_000_000i64).prop_map(Value::TimestampUtc),
    ]
}

/// Mostly one of a few, so that changes meet.
fn key() -> impl Strategy<Value = Key> {
    prop_oneof![
        8 => (0..6i128).prop_map(super::key),
        1 => vec(value(), 0..4).prop_map(|values| Key::from_values(&values)),
    ]
}

fn range() -> impl Strategy<Value = KeyRange> {
    (option::of(key()), option::of(key())).prop_map(|(lower, upper)| KeyRange::new(lower, upper))
}

fn digest() -> impl Strategy<Value = Digest> {
    (count(), any::<u128>()).prop_map(|(count, sum)| Digest { count, sum })
}

fn header() -> impl Strategy<Value = DigestHeader> {
    (any::<u32>(), text(), text(), vec(text(), 0..3), text()).prop_map(
        |(form_version, algorithm, seed_id, columns, scope)| DigestHeader {
            form_version,
            algorithm,
            seed_id,
            columns,
            scope,
        },
    )
}

fn watermark() -> impl Strategy<Value = Watermark> {
    (value(), option::of(key()), any::<u64>(), at()).prop_map(|(stamp, key, ties, at)| Watermark {
        stamp,
        key,
        ties,
        at,
    })
}

fn kind() -> impl Strategy<Value = FindingKind> {
    prop::sample::select(vec![FindingKind::Extra, FindingKind::Missing, FindingKind::Changed])
}

fn finding() -> impl Strategy<Value = Finding> {
    prop_oneof![
        60 => (kind(), key()).prop_map(|(kind, key)| Finding::Row { kind, key }),
        // One in ten of these is extra, which no state takes.
        3 => (prop_oneof![9 => Just(FindingKind::Missing), 9 => Just(FindingKind::Changed), 1 => kind()],
              range(), count()).prop_map(|(kind, range, rows)| Finding::Run { kind, range, rows }),
    ]
}

fn memory() -> impl Strategy<Value = TableMemory> {
    let names = (text(), text(), text(), vec((text(), text()), 0..3));
    let proof = (at(), any::<u64>(), digest(), header()).prop_map(|(at, pass, digest, header)| TableProof {
        at,
        pass,
        digest,
        header,
    });
    let rates = (any::<f64>(), any::<f64>(), any::<f64>(), any::<u64>()).prop_map(
        |(read_rows, write_rows, row_bytes, differences)| Rates {
            read_rows,
            write_rows,
            row_bytes,
            differences,
        },
    );
    let rest = (option::of(any::<u64>()), option::of(key()), rates, any::<(bool, bool)>());
    (names, option::of(watermark()), option::of(proof), rest).prop_map(|(names, watermark, proof, rest)| {
        let (schema, source_identity, target_identity, source_columns) = names;
        let (target_count, target_largest, rates, (pending, full_compare_asked)) = rest;
        TableMemory {
            table_sets: format!("sets of {schema}"),
            schema,
            source_identity,
            target_identity,
            source_columns,
            watermark,
            proof,
            target_count,
            target_largest,
            rates,
            pending,
            full_compare_asked,
        }
    })
}

fn progress() -> impl Strategy<Value = FindProgress> {
    (text(), vec(range(), 0..4), any::<u64>(), digest(), option::of(watermark()), any::<bool>()).prop_map(
        |(strategy, remaining, equal_rows, digest, watermark, done)| FindProgress {
            strategy,
            remaining,
            equal_rows,
            digest,
            watermark,
            done,
        },
    )
}

fn rows() -> impl Strategy<Value = RowCounts> {
    (count(), count(), count(), count()).prop_map(|(added, modified, deleted, skipped)| RowCounts {
        added,
        modified,
        deleted,
        skipped,
    })
}

fn totals() -> impl Strategy<Value = TableTotals> {
    (rows(), count(), count(), any::<f64>()).prop_map(|(rows, errors, cascaded, seconds)| TableTotals {
        rows,
        errors,
        cascaded,
        seconds,
    })
}

fn outcome() -> impl Strategy<Value = TableOutcome> {
    let verdict = prop::sample::select(vec![
        Verdict::Equal,
        Verdict::Differs,
        Verdict::Held,
        Verdict::Failed,
        Verdict::NotCompared,
        Verdict::Planned,
    ]);
    let texts = (table(), vec(text(), 0..4), text(), text(), vec(text(), 0..3), option::of(text()));
    let counts = (option::of(any::<u64>()), option::of(any::<u64>()), rows(), any::<u64>(), any::<u64>());
    (texts, counts, verdict, any::<f64>()).prop_map(|(texts, counts, verdict, seconds)| {
        let (name, plan, strategy, reason, inexact, message) = texts;
        let (source_count, target_count, rows, quarantined, errors) = counts;
        TableOutcome {
            name,
            plan,
            strategy,
            reason,
            source_count,
            target_count,
            rows,
            quarantined,
            errors,
            verdict,
            inexact,
            message,
            seconds,
        }
    })
}

fn metrics() -> impl Strategy<Value = Metrics> {
    (any::<[f64; 5]>(), any::<[u64; 10]>()).prop_map(|(times, counts)| Metrics {
        read_time_all: times[0],
        write_time_all: times[1],
        delete_time_all: times[2],
        data_compare_time_all: times[3],
        binary_search_time_all: times[4],
        query_count_all: counts[0],
        record_count_all_tables: counts[1],
        record_count_all_added: counts[2],
        record_count_all_modified: counts[3],
        record_count_all_deleted: counts[4],
        record_count_all_skipped: counts[5],
        binary_search_count_all: counts[6],
        binary_search_iteration_count: counts[7],
        binary_search_query_count: counts[8],
        binary_search_max_depth_all: counts[9],
    })
}

fn pass_record() -> impl Strategy<Value = PassRecord> {
    let error = (text(), option::of(text()), option::of(text()), text(), option::of(text()))
        .prop_map(|(class, table, key, message, hint)| ErrorRecord { class, table, key, message, hint });
    let exit = prop::sample::select(vec![0u8, 1, 2, 3, 4, 5, 6, 101, 130, 143])
        .prop_map(|code| Exit::from_code(code).unwrap());
    let how = (text(), 1..20u64, exit, any::<f64>(), any::<u64>());
    (at(), at(), how, vec(outcome(), 0..3), vec(error, 0..3), metrics(), vec(text(), 0..2)).prop_map(
        |(started_at, finished_at, how, tables, errors, metrics, notes)| {
            let (job, pass, exit, seconds, error_count) = how;
            let summary =
                PassSummary { job, pass, exit, seconds, tables, errors, error_count, metrics, notes };
            PassRecord { started_at, finished_at, summary }
        },
    )
}

fn quarantined() -> impl Strategy<Value = QuarantinedRow> {
    let image = || option::of(vec((text(), text()), 0..3));
    let why = (text(), text(), option::of(text()), text(), text());
    let when = (any::<u64>(), at(), at(), any::<bool>());
    ((table(), key(), kind()), why, (image(), image(), digest()), when).prop_map(
        |(what, why, images, when)| {
            let (table, key, kind) = what;
            let (class, reason, hint, statement, fingerprint) = why;
            let (source_image, target_image, source_digest) = images;
            let (attempts, first_at, last_at, retry_asked) = when;
            QuarantinedRow {
                table,
                key,
                kind,
                class,
                reason,
                hint,
                statement,
                source_image,
                target_image,
                source_digest,
                fingerprint,
                attempts,
                first_at,
                last_at,
                retry_asked,
            }
        },
    )
}

fn hold_state() -> impl Strategy<Value = HoldState> {
    prop::sample::select(vec![HoldState::Waiting, HoldState::Approved, HoldState::InUse, HoldState::Used])
}

fn hold() -> impl Strategy<Value = Hold> {
    (hold_id(), table(), text(), text(), any::<u64>(), at(), any::<u64>(), hold_state()).prop_map(
        |(id, table, guard, reason, deletes, at, pass, state)| Hold {
            id,
            table,
            guard,
            reason,
            deletes,
            at,
            pass,
            state,
        },
    )
}

fn proof() -> impl Strategy<Value = ProofRange> {
    (range(), digest(), header(), at()).prop_map(|(range, digest, header, at)| ProofRange {
        range,
        digest,
        header,
        at,
    })
}

fn fingerprint() -> impl Strategy<Value = PassFingerprint> {
    (text(), text(), text()).prop_map(|(config, source, target)| PassFingerprint { config, source, target })
}

/// Any change; those that end a pass are rarer, so that something is left to be asked for.
pub(super) fn change() -> impl Strategy<Value = StateChange> {
    prop_oneof![
        1 => (1..20u64, at(), fingerprint())
            .prop_map(|(pass, at, fingerprint)| StateChange::PassStarted { pass, at, fingerprint }),
        1 => pass_record().prop_map(|record| StateChange::PassFinished { record }),
        1 => table().prop_map(|table| StateChange::FindingsCleared { table }),
        2 => table().prop_map(|table| StateChange::TableFinished { table }),
        3 => (table(), memory()).prop_map(|(table, memory)| StateChange::TableRemembered { table, memory }),
        3 => (table(), progress()).prop_map(|(table, progress)| StateChange::FindAdvanced { table, progress }),
        9 => (table(), vec(finding(), 0..6))
            .prop_map(|(table, findings)| StateChange::FindingsAdded { table, findings }),
        4 => (table(), vec(1..30u64, 0..6))
            .prop_map(|(table, ids)| StateChange::FindingsRemoved { table, ids }),
        3 => (table(), 1..30u64, finding())
            .prop_map(|(table, id, finding)| StateChange::FindingShrunk { table, id, finding }),
        3 => (1..9u64, table(), vec(1..30u64, 0..6), kind()).prop_map(|(id, table, findings, kind)| {
            StateChange::UnitStarted { unit: Unit { id, table, findings, kind } }
        }),
        2 => (1..9u64).prop_map(|unit| StateChange::UnitFinished { unit }),
        3 => (table(), totals()).prop_map(|(table, totals)| StateChange::TotalsAdded { table, totals }),
        6 => quarantined().prop_map(|row| StateChange::RowQuarantined { row }),
        2 => (table(), key()).prop_map(|(table, key)| StateChange::QuarantineDropped { table, key }),
        2 => (option::of(table()), option::of(key()))
            .prop_map(|(table, key)| StateChange::QuarantineRetryAsked { table, key }),
        3 => (table(), vec(proof(), 0..6))
            .prop_map(|(table, proofs)| StateChange::ProofsReplaced { table, proofs }),
        5 => (hold(), vec(key(), 0..6)).prop_map(|(hold, keys)| StateChange::HoldRecorded { hold, keys }),
        3 => (hold_id(), table()).prop_map(|(id, table)| StateChange::HoldKeysTaken { id, table }),
        3 => (hold_id(), hold_state()).prop_map(|(id, state)| StateChange::HoldMoved { id, state }),
    ]
}

/// Every change has a place here: a new one does not compile until it is generated above.
fn place(change: &StateChange) -> usize {
    match change {
        StateChange::PassStarted { .. } => 0,
        StateChange::TableFinished { .. } => 1,
        StateChange::PassFinished { .. } => 2,
        StateChange::TableRemembered { .. } => 3,
        StateChange::FindAdvanced { .. } => 4,
        StateChange::FindingsAdded { .. } => 5,
        StateChange::FindingsCleared { .. } => 6,
        StateChange::FindingShrunk { .. } => 7,
        StateChange::FindingsRemoved { .. } => 8,
        StateChange::UnitStarted { .. } => 9,
        StateChange::UnitFinished { .. } => 10,
        StateChange::TotalsAdded { .. } => 11,
        StateChange::RowQuarantined { .. } => 12,
        StateChange::QuarantineDropped { .. } => 13,
        StateChange::QuarantineRetryAsked { .. } => 14,
        StateChange::ProofsReplaced { .. } => 15,
        StateChange::HoldRecorded { .. } => 16,
        StateChange::HoldKeysTaken { .. } => 17,
        StateChange::HoldMoved { .. } => 18,
    }
}

#[test]
fn every_change_is_generated() {
    let mut runner = TestRunner::deterministic();
    let changes = vec(change(), 2000).new_tree(&mut runner).unwrap().current();
    let generated: BTreeSet<usize> = changes.iter().map(place).collect();
    assert_eq!(generated, (0..19).collect());
}
