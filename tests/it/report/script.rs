//! A pass as an engine would tell it: planned, found, held, applied, quarantined, with errors, and a sleep after it.

use syncline::base::clock::Timestamp;
use syncline::model::command::Command;
use syncline::model::event::{
    ColumnFact, Event, EventBody, Level, Phase, PlanFact, RangeFact, RangeVerdict, RunState, SampleKey, Side,
};
use syncline::model::outcome::{ErrorRecord, Exit, Metrics, PassSummary, RowCounts, TableOutcome, Verdict};

/// 2026-11-20 14:02:00 UTC.
pub const START: Timestamp = Timestamp(1_795_183_320_000_000);

fn s(text: &str) -> String {
    text.to_owned()
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| s(text)).collect()
}

/// Bodies with the second after the start at which each happens.
pub fn pass() -> Vec<(f64, EventBody)> {
    let mut bodies = start();
    bodies.extend(planned());
    bodies.extend(found());
    bodies.extend(applied());
    bodies.push((33.5, EventBody::PhaseStarted { phase: Phase::Report }));
    bodies.push((33.5, EventBody::PassFinished { summary: summary() }));
    bodies.extend(slept());
    bodies
}

/// The same as numbered events.
pub fn events() -> Vec<Event> {
    (1..)
        .zip(pass())
        .map(|(seq, (seconds, body))| Event {
            seq,
            at: Timestamp(START.0 + (seconds * 1e6).round() as i64),
            body,
        })
        .collect()
}

fn start() -> Vec<(f64, EventBody)> {
    vec![
        (0.0, EventBody::RunStateChanged { state: RunState::Running }),
        (
            0.0,
            EventBody::PassStarted {
                job: s("erp-warehouse"),
                pass: 12,
                source: s("sqlite:/data/erp.db"),
                target: s("sqlite:/data/warehouse.db"),
                resumed: false,
                tables: strings(&["company", "product-work", "orders", "order_row"]),
            },
        ),
        (0.0, EventBody::PhaseStarted { phase: Phase::Discover }),
        (
            0.1,
            EventBody::TablePaired {
                table: s("product-work"),
                columns: vec![
                    column("id", "INTEGER", "id", "INTEGER", "exact", None),
                    column("price", "REAL", "price", "NUMERIC(10,2)", "lossy", Some("digits beyond 2")),
                ],
                inexact: strings(&["price is compared to 2 digits"]),
            },
        ),
    ]
}

fn column(
    source: &str,
    source_type: &str,
    target: &str,
    target_type: &str,
    word: &str,
    detail: Option<&str>,
) -> ColumnFact {
    ColumnFact {
        source: s(source),
        target: s(target),
        source_type: s(source_type),
        target_type: s(target_type),
        compatibility: s(word),
        detail: detail.map(s),
        form: s("exact"),
        key: source == "id",
    }
}

fn plan(steps: &[&str], reason: &str, row: u8, source: u64, target: u64) -> PlanFact {
    PlanFact {
        steps: strings(steps),
        reason: s(reason),
        row,
        source_count: source,
        target_count: target,
        strategy: s(if steps.is_empty() { "" } else { "digest search" }),
        estimated_rows: if steps.is_empty() { 0 } else { source + target },
        estimated_bytes: if steps.is_empty() { 0 } else { (source + target) * 120 },
        estimated_seconds: if steps.is_empty() { 0.0 } else { 0.42 },
        writes: source != target,
        ..PlanFact::default()
    }
}

/// The plans of the pass.
pub fn plans() -> Vec<(String, PlanFact)> {
    let company = PlanFact { trusted: true, changed: Some(0), ..plan(&[], "no changes", 5, 5, 5) };
    let product = PlanFact {
        changed: Some(10),
        trusted: true,
        strategy_reason: s("using binary search for adds (from=5010, to=5000, diff=10)"),
        ..plan(&["add", "incremental"], "source has more rows & trusted modify id", 8, 5010, 5000)
    };
    let orders = PlanFact {
        strategy: s("merge compare"),
        strategy_reason: s("using full compare for deletes (reason=in-process)"),
        ..plan(&["delete"], "target has more rows => delete extras", 4, 120_000, 180_000)
    };
    let order_row = PlanFact {
        changed: Some(40),
        strategy_reason: s("using binary search for changes (from=300000, to=300000, diff=0)"),
        ..plan(&["changed"], "no count change & untrusted modify id => verify all", 7, 300_000, 300_000)
    };
    [("company", company), ("product-work", product), ("orders", orders), ("order_row", order_row)]
        .map(|(name, plan)| (s(name), plan))
        .into()
}

fn planned() -> Vec<(f64, EventBody)> {
    let mut bodies = vec![(0.2, EventBody::PhaseStarted { phase: Phase::Plan })];
    bodies.extend(plans().into_iter().map(|(table, plan)| (0.3, EventBody::TablePlanned { table, plan })));
    bodies
}

fn range(depth: u64) -> RangeFact {
    RangeFact { lower: Some(s("4501")), upper: None, depth, source_rows: Some(510), target_rows: Some(500) }
}

fn found() -> Vec<(f64, EventBody)> {
    let table = || s("product-work");
    let trail = "add binary search 5010 records, need to find ≥ 10:\n10%↑510";
    vec![
        (0.4, EventBody::PhaseStarted { phase: Phase::Find }),
        (
            0.4,
            EventBody::FindStarted {
                table: table(),
                strategy: s("digest search"),
                reason: s("using binary search for adds (from=5010, to=5000, diff=10)"),
            },
        ),
        (0.5, EventBody::RangeSplit { table: table(), range: range(0), pieces: 2 }),
        (0.5, EventBody::RangeCompared { table: table(), range: range(1), verdict: RangeVerdict::LeafRead }),
        (
            0.5,
            EventBody::SearchAdvanced {
                table: table(),
                trail: s(trail),
                depth: 2,
                splits: 1,
                queries: 6,
                found: 14,
                expected: 10,
            },
        ),
        (
            0.6,
            EventBody::DifferencesFound {
                table: table(),
                missing: 10,
                changed: 4,
                extra: 0,
                samples: vec![SampleKey { kind: "missing", key: s("5001") }],
            },
        ),
        (0.7, EventBody::FallbackStarted { table: s("order_row"), reason: s("Invalid toCount=0") }),
        (
            0.8,
            EventBody::DifferencesFound {
                table: s("order_row"),
                missing: 0,
                changed: 12_000,
                extra: 0,
                samples: Vec::new(),
            },
        ),
        (0.9, EventBody::PhaseStarted { phase: Phase::Guard }),
        (
            0.9,
            EventBody::TableHeld {
                table: s("orders"),
                hold: Some(s("9f31c0de")),
                reason: s(
                    "60,000 of 180,000 target rows (33 %) would be deleted, more than max_delete_ratio = 0.2",
                ),
                deletes: 60_000,
            },
        ),
    ]
}

fn unit(table: &str, added: u64, modified: u64) -> EventBody {
    let rows = RowCounts { added, modified, ..RowCounts::default() };
    EventBody::UnitApplied { table: s(table), rows, cascaded: 0, seconds: 0.1 }
}

fn refused() -> ErrorRecord {
    ErrorRecord {
        class: s("data"),
        table: Some(s("order_row")),
        key: Some(s("O-1\\x1b,2")),
        message: s("update order_row: CHECK constraint failed: quantity > 0"),
        hint: Some(s("see `syncline quarantine show --table order_row`")),
    }
}

fn applied() -> Vec<(f64, EventBody)> {
    let order_row = || s("order_row");
    vec![
        (1.0, EventBody::PhaseStarted { phase: Phase::Apply }),
        (1.1, unit("product-work", 10, 4)),
        (1.2, unit("order_row", 0, 5000)),
        (
            1.3,
            EventBody::RowsParked { table: order_row(), rows: 2, reason: s("FOREIGN KEY constraint failed") },
        ),
        (2.0, EventBody::ConnectionLost { side: Side::Target, attempt: 1, retry_in_seconds: 30.0 }),
        (32.0, EventBody::ConnectionRestored { side: Side::Target }),
        (32.1, unit("order_row", 0, 5000)),
        (32.2, unit("order_row", 0, 1999)),
        (
            32.3,
            EventBody::RowQuarantined {
                table: order_row(),
                key: s("O-1\\x1b,2"),
                reason: s("CHECK constraint failed: quantity > 0"),
            },
        ),
        (32.3, EventBody::ErrorOccurred { error: refused() }),
        (
            32.4,
            EventBody::MessageLogged {
                level: Level::Warning,
                table: None,
                text: s("the target's clock is 3 s ahead"),
            },
        ),
        (32.4, EventBody::MessageLogged { level: Level::Debug, table: None, text: s("not shown") }),
        (32.5, EventBody::CommandAccepted { command: Command::Pause { table: Some(order_row()) } }),
        (32.6, EventBody::CommandRejected { command: Command::SyncNow, reason: s("a pass is under way") }),
        (33.0, EventBody::PhaseStarted { phase: Phase::Verify }),
    ]
    .into_iter()
    .chain(outcomes().into_iter().map(|outcome| (33.4, EventBody::TableFinished { outcome })))
    .collect()
}

fn outcome(name: &str, verdict: Verdict) -> TableOutcome {
    let (_, plan) = plans().into_iter().find(|(table, _)| table == name).expect("a planned table");
    let reason = match plan.strategy_reason.as_str() {
        "" => plan.reason,
        strategy_reason => format!("{}; {strategy_reason}", plan.reason),
    };
    TableOutcome {
        name: s(name),
        plan: plan.steps,
        strategy: plan.strategy,
        reason,
        source_count: Some(plan.source_count),
        target_count: Some(plan.target_count),
        rows: RowCounts::default(),
        quarantined: 0,
        errors: 0,
        verdict,
        inexact: Vec::new(),
        message: None,
        seconds: 0.4,
    }
}

fn outcomes() -> Vec<TableOutcome> {
    vec![
        TableOutcome {
            inexact: strings(&["proven 2026-11-20 02:00, only trusted changes since"]),
            ..outcome("company", Verdict::Equal)
        },
        TableOutcome {
            target_count: Some(5010),
            rows: RowCounts { added: 10, modified: 4, deleted: 0, skipped: 4996 },
            inexact: strings(&["price is compared to 2 digits"]),
            ..outcome("product-work", Verdict::Equal)
        },
        TableOutcome {
            message: Some(s(
                "60,000 rows would be deleted; let it through once with: syncline run --yes 9f31c0de",
            )),
            ..outcome("orders", Verdict::Held)
        },
        TableOutcome {
            rows: RowCounts { added: 0, modified: 11_999, deleted: 0, skipped: 288_000 },
            quarantined: 1,
            errors: 1,
            seconds: 33.2,
            ..outcome("order_row", Verdict::Differs)
        },
    ]
}

/// How the pass ended.
pub fn summary() -> PassSummary {
    PassSummary {
        job: s("erp-warehouse"),
        pass: 12,
        exit: Exit::Held,
        seconds: 33.5,
        tables: outcomes(),
        errors: vec![refused()],
        error_count: 1,
        metrics: Metrics {
            read_time_all: 0.8,
            write_time_all: 0.3,
            data_compare_time_all: 0.25,
            binary_search_time_all: 0.2,
            query_count_all: 41,
            record_count_all_tables: 425_015,
            record_count_all_added: 10,
            record_count_all_modified: 12_003,
            record_count_all_skipped: 292_996,
            binary_search_count_all: 1,
            binary_search_iteration_count: 3,
            binary_search_query_count: 6,
            binary_search_max_depth_all: 2,
            ..Metrics::default()
        },
        notes: strings(&["digest seed 5eed0001"]),
    }
}

fn slept() -> Vec<(f64, EventBody)> {
    let until = Timestamp(START.0 + 3_634_000_000);
    vec![
        (34.0, EventBody::RunStateChanged { state: RunState::Sleeping }),
        (
            34.0,
            EventBody::SleepStarted {
                until,
                reason: s("Sync complete. Sleeping 3600 seconds until next run..."),
            },
        ),
        (1834.0, EventBody::SleepAdvanced { remaining_seconds: 1800.0 }),
        (3634.0, EventBody::SleepEnded { reason: s("Sleep complete. Starting next sync cycle...") }),
    ]
}
