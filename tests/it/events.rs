//! Arbitrary events, commands and progress for property tests.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use syncline::base::clock::Timestamp;
use syncline::model::command::Command;
use syncline::model::event::{
    ColumnFact, Event, EventBody, Level, Phase, PlanFact, Progress, RangeFact, RangeVerdict, RunState,
    SampleKey, Side,
};
use syncline::model::outcome::{ErrorRecord, Exit, Metrics, PassSummary, RowCounts, TableOutcome, Verdict};

/// Text as databases hold it: plain, empty, hostile.
pub fn text() -> BoxedStrategy<String> {
    prop_oneof![
        3 => "[a-z_ ]{0,12}",
        1 => any::<String>(),
        1 => select(vec!["\u{1b}[2J", "\u{9b}31m", "a\u{202e}b", "\"quoted\"\\\n", "名前", "\u{e0041}", "\0"])
            .prop_map(str::to_owned),
    ]
    .boxed()
}

/// One of a few tables, so that events of a sequence meet.
pub fn table() -> BoxedStrategy<String> {
    prop_oneof![
        8 => select(vec!["orders", "company", "product-work", "order_row"]).prop_map(str::to_owned),
        1 => text(),
    ]
    .boxed()
}

/// Seconds as they are kept on the wire: whole microseconds.
pub fn seconds() -> BoxedStrategy<f64> {
    (0u64..1_000_000_000_000).prop_map(|us| us as f64 / 1e6).boxed()
}

fn at() -> BoxedStrategy<Timestamp> {
    (0i64..2_000_000_000_000_000).prop_map(Timestamp).boxed()
}

fn number() -> BoxedStrategy<u64> {
    prop_oneof![4 => 0u64..100_000, 1 => any::<u64>()].boxed()
}

fn range() -> BoxedStrategy<RangeFact> {
    let bound = || option::of((0u64..20).prop_map(|n| n.to_string()));
    (bound(), bound(), 0u64..5, option::of(number()), option::of(number()))
        .prop_map(|(lower, upper, depth, source_rows, target_rows)| RangeFact {
            lower,
            upper,
            depth,
            source_rows,
            target_rows,
        })
        .boxed()
}

fn column() -> BoxedStrategy<ColumnFact> {
    (vec(text(), 6), option::of(text()), any::<bool>())
        .prop_map(|(mut texts, detail, key)| ColumnFact {
            source: texts.remove(0),
            target: texts.remove(0),
            source_type: texts.remove(0),
            target_type: texts.remove(0),
            compatibility: texts.remove(0),
            form: texts.remove(0),
            detail,
            key,
        })
        .boxed()
}

fn plan() -> BoxedStrategy<PlanFact> {
    let steps = vec(select(vec!["add", "delete", "incremental", "changed"]).prop_map(str::to_owned), 0..4);
    (
        (steps, text(), 0u8..=10, number(), number(), option::of(number()), any::<bool>()),
        (text(), text(), number(), number(), seconds(), option::of(text()), any::<bool>()),
    )
        .prop_map(|(decision, cost)| PlanFact {
            steps: decision.0,
            reason: decision.1,
            row: decision.2,
            source_count: decision.3,
            target_count: decision.4,
            changed: decision.5,
            trusted: decision.6,
            strategy: cost.0,
            strategy_reason: cost.1,
            estimated_rows: cost.2,
            estimated_bytes: cost.3,
            estimated_seconds: cost.4,
            held: cost.5,
            writes: cost.6,
        })
        .boxed()
}

fn rows() -> BoxedStrategy<RowCounts> {
    (number(), number(), number(), number())
        .prop_map(|(added, modified, deleted, skipped)| RowCounts { added, modified, deleted, skipped })
        .boxed()
}

fn error() -> BoxedStrategy<ErrorRecord> {
    let class = select(vec!["connection", "schema", "data", "logic", "guard"]).prop_map(str::to_owned);
    (class, option::of(table()), option::of(text()), text(), option::of(text()))
        .prop_map(|(class, table, key, message, hint)| ErrorRecord { class, table, key, message, hint })
        .boxed()
}

fn outcome() -> BoxedStrategy<TableOutcome> {
    let verdict = select(vec![
        Verdict::Equal,
        Verdict::Differs,
        Verdict::Held,
        Verdict::Failed,
        Verdict::NotCompared,
        Verdict::Planned,
    ]);
    (
        (table(), vec(text(), 0..3), text(), text(), option::of(number()), option::of(number()), rows()),
        (number(), number(), verdict, vec(text(), 0..3), option::of(text()), seconds()),
    )
        .prop_map(|(work, end)| TableOutcome {
            name: work.0,
            plan: work.1,
            strategy: work.2,
            reason: work.3,
            source_count: work.4,
            target_count: work.5,
            rows: work.6,
            quarantined: end.0,
            errors: end.1,
            verdict: end.2,
            inexact: end.3,
            message: end.4,
            seconds: end.5,
        })
        .boxed()
}

fn metrics() -> BoxedStrategy<Metrics> {
    (vec(seconds(), 5), vec(number(), 10))
        .prop_map(|(s, n)| Metrics {
            read_time_all: s[0],
            write_time_all: s[1],
            delete_time_all: s[2],
            data_compare_time_all: s[3],
            binary_search_time_all: s[4],
            query_count_all: n[0],
            record_count_all_tables: n[1],
            record_count_all_added: n[2],
            record_count_all_modified: n[3],
            record_count_all_deleted: n[4],
            record_count_all_skipped: n[5],
            binary_search_count_all: n[6],
            binary_search_iteration_count: n[7],
            binary_search_query_count: n[8],
            binary_search_max_depth_all: n[9],
        })
        .boxed()
}

/// Every way a process can end.
pub const EXITS: [Exit; 10] = [
    Exit::Done,
    Exit::Remaining,
    Exit::Held,
    Exit::Stopped,
    Exit::Usage,
    Exit::Locked,
    Exit::BadState,
    Exit::Interrupted,
    Exit::Terminated,
    Exit::Bug,
];

/// How a pass ended.
pub fn summary() -> BoxedStrategy<PassSummary> {
    (
        (text(), number(), select(EXITS.to_vec()), seconds(), vec(outcome(), 0..4)),
        (vec(error(), 0..4), number(), metrics(), vec(text(), 0..2)),
    )
        .prop_map(|(pass, rest)| PassSummary {
            job: pass.0,
            pass: pass.1,
            exit: pass.2,
            seconds: pass.3,
            tables: pass.4,
            errors: rest.0,
            error_count: rest.1,
            metrics: rest.2,
            notes: rest.3,
        })
        .boxed()
}

/// Any command.
pub fn command() -> BoxedStrategy<Command> {
    let all = option::of(table());
    prop_oneof![
        all.clone().prop_map(|table| Command::Pause { table }),
        all.clone().prop_map(|table| Command::Resume { table }),
        table().prop_map(|table| Command::FullCompare { table }),
        table().prop_map(|table| Command::VerifyNow { table }),
        Just(Command::SyncNow),
        table().prop_map(|table| Command::SkipTable { table }),
        select(vec!["a1", "b2"]).prop_map(|id| Command::ApproveHold { id: id.to_owned() }),
        all.prop_map(|table| Command::RetryQuarantined { table }),
        (1usize..64).prop_map(|tables| Command::SetConcurrency { tables }),
        number().prop_map(|rows| Command::SetRowsPerSecond { rows }),
        Just(Command::Drain),
        Just(Command::Abort),
    ]
    .boxed()
}

fn side() -> BoxedStrategy<Side> {
    select(vec![Side::Source, Side::Target]).boxed()
}

fn run_body() -> BoxedStrategy<EventBody> {
    let states = vec![
        RunState::Starting,
        RunState::Running,
        RunState::Pausing,
        RunState::Paused,
        RunState::Sleeping,
        RunState::Held,
        RunState::Stopping,
        RunState::Failed,
        RunState::Finished,
    ];
    let levels = vec![Level::Debug, Level::Info, Level::Warning];
    prop_oneof![
        select(states).prop_map(|state| EventBody::RunStateChanged { state }),
        (text(), number(), text(), text(), any::<bool>(), vec(table(), 0..5)).prop_map(
            |(job, pass, source, target, resumed, tables)| EventBody::PassStarted {
                job,
                pass,
                source,
                target,
                resumed,
                tables,
            }
        ),
        select(PHASES.to_vec()).prop_map(|phase| EventBody::PhaseStarted { phase }),
        error().prop_map(|error| EventBody::ErrorOccurred { error }),
        (side(), number(), seconds()).prop_map(|(side, attempt, retry_in_seconds)| {
            EventBody::ConnectionLost { side, attempt, retry_in_seconds }
        }),
        side().prop_map(|side| EventBody::ConnectionRestored { side }),
        (at(), text()).prop_map(|(until, reason)| EventBody::SleepStarted { until, reason }),
        seconds().prop_map(|remaining_seconds| EventBody::SleepAdvanced { remaining_seconds }),
        text().prop_map(|reason| EventBody::SleepEnded { reason }),
        command().prop_map(|command| EventBody::CommandAccepted { command }),
        (command(), text()).prop_map(|(command, reason)| EventBody::CommandRejected { command, reason }),
        (select(levels), option::of(table()), text())
            .prop_map(|(level, table, text)| { EventBody::MessageLogged { level, table, text } }),
        summary().prop_map(|summary| EventBody::PassFinished { summary }),
    ]
    .boxed()
}

const PHASES: [Phase; 8] = [
    Phase::Initialise,
    Phase::Discover,
    Phase::Plan,
    Phase::Find,
    Phase::Guard,
    Phase::Apply,
    Phase::Verify,
    Phase::Report,
];

fn search_body() -> BoxedStrategy<EventBody> {
    let verdicts =
        vec![RangeVerdict::Equal, RangeVerdict::Differs, RangeVerdict::LeafRead, RangeVerdict::Unreadable];
    let sample =
        (select(vec!["missing", "extra", "changed"]), text()).prop_map(|(kind, key)| SampleKey { kind, key });
    prop_oneof![
        (table(), text(), text()).prop_map(|(table, strategy, reason)| EventBody::FindStarted {
            table,
            strategy,
            reason
        }),
        (table(), range(), number()).prop_map(|(table, range, pieces)| EventBody::RangeSplit {
            table,
            range,
            pieces
        }),
        (table(), range(), select(verdicts))
            .prop_map(|(table, range, verdict)| { EventBody::RangeCompared { table, range, verdict } }),
        (table(), text(), number(), number(), number(), number(), number()).prop_map(
            |(table, trail, depth, splits, queries, found, expected)| EventBody::SearchAdvanced {
                table,
                trail,
                depth,
                splits,
                queries,
                found,
                expected,
            }
        ),
        (table(), number(), number(), number(), vec(sample, 0..25)).prop_map(
            |(table, missing, changed, extra, samples)| EventBody::DifferencesFound {
                table,
                missing,
                changed,
                extra,
                samples,
            }
        ),
        (table(), text()).prop_map(|(table, reason)| EventBody::FallbackStarted { table, reason }),
    ]
    .boxed()
}

fn table_body() -> BoxedStrategy<EventBody> {
    let hold = option::of(select(vec!["a1", "b2"]).prop_map(str::to_owned));
    prop_oneof![
        (table(), vec(column(), 0..3), vec(text(), 0..3))
            .prop_map(|(table, columns, inexact)| { EventBody::TablePaired { table, columns, inexact } }),
        (table(), plan()).prop_map(|(table, plan)| EventBody::TablePlanned { table, plan }),
        (table(), hold, text(), number()).prop_map(|(table, hold, reason, deletes)| {
            EventBody::TableHeld { table, hold, reason, deletes }
        }),
        (table(), rows(), number(), seconds()).prop_map(|(table, rows, cascaded, seconds)| {
            EventBody::UnitApplied { table, rows, cascaded, seconds }
        }),
        (table(), number(), text()).prop_map(|(table, rows, reason)| EventBody::RowsParked {
            table,
            rows,
            reason
        }),
        (table(), text(), text()).prop_map(|(table, key, reason)| EventBody::RowQuarantined {
            table,
            key,
            reason
        }),
        outcome().prop_map(|outcome| EventBody::TableFinished { outcome }),
    ]
    .boxed()
}

/// Any event body.
pub fn body() -> BoxedStrategy<EventBody> {
    prop_oneof![run_body(), search_body(), table_body()].boxed()
}

/// One event.
pub fn event() -> BoxedStrategy<Event> {
    (1u64.., at(), body()).prop_map(|(seq, at, body)| Event { seq, at, body }).boxed()
}

/// The latest on a table.
pub fn progress() -> BoxedStrategy<Progress> {
    (table(), select(PHASES.to_vec()), vec(number(), 5))
        .prop_map(|(table, phase, n)| Progress {
            table,
            phase: phase.as_str(),
            rows_done: n[0],
            rows_total: n[1],
            rows_read: n[2],
            rows_written: n[3],
            bytes_read: n[4],
        })
        .boxed()
}

/// What comes out of an engine: events, numbered in order but perhaps with repeats and gaps, among them progress.
#[derive(Debug, Clone)]
pub enum Output {
    /// A life-cycle event.
    Event(Event),
    /// The latest on a table.
    Progress(Progress),
}

/// A run's output in an order that no sane engine would choose.
pub fn output() -> BoxedStrategy<Vec<Output>> {
    let step = prop_oneof![
        6 => (select(vec![0u64, 1, 1, 1, 1, 3]), at(), body()).prop_map(|(advance, at, body)| {
            Output::Event(Event { seq: advance, at, body })
        }),
        1 => progress().prop_map(Output::Progress),
    ];
    vec(step, 0..60)
        .prop_map(|mut steps| {
            let mut seq = 0;
            for step in &mut steps {
                if let Output::Event(event) = step {
                    seq += event.seq;
                    event.seq = seq;
                }
            }
            steps
        })
        .boxed()
}
