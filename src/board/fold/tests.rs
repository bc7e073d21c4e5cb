use super::*;
use crate::base::limits::{BOARD_ERRORS_MAX, BOARD_MESSAGES_MAX, BOARD_RANGES_MAX, EVENT_SAMPLES_MAX};
use crate::model::event::{Phase, PlanFact, RangeFact, RangeVerdict, SampleKey};
use crate::model::outcome::{Exit, Metrics, RowCounts};

/// A board that has taken in these bodies, one second apart, numbered from 1.
fn folded(bodies: &[EventBody]) -> Board {
    let mut board = Board::new(25);
    for event in events(bodies) {
        board.apply(&event);
    }
    board
}

fn events(bodies: &[EventBody]) -> Vec<Event> {
    (1..)
        .zip(bodies)
        .map(|(seq, body)| Event { seq, at: Timestamp(seq as i64 * 1_000_000), body: body.clone() })
        .collect()
}

fn pass_started(tables: &[&str]) -> EventBody {
    EventBody::PassStarted {
        job: "erp".to_owned(),
        pass: 12,
        source: "sqlite:source.db".to_owned(),
        target: "sqlite:target.db".to_owned(),
        resumed: false,
        tables: tables.iter().map(|&name| name.to_owned()).collect(),
    }
}

fn orders() -> String {
    "orders".to_owned()
}

fn range(lower: &str, upper: &str, depth: u64) -> RangeFact {
    RangeFact {
        lower: Some(lower.to_owned()),
        upper: Some(upper.to_owned()),
        depth,
        source_rows: None,
        target_rows: None,
    }
}

fn error(class: &str, table: Option<&str>) -> EventBody {
    EventBody::ErrorOccurred {
        error: ErrorRecord {
            class: class.to_owned(),
            table: table.map(str::to_owned),
            key: None,
            message: "no".to_owned(),
            hint: None,
        },
    }
}

fn outcome(verdict: Verdict) -> TableOutcome {
    TableOutcome {
        name: orders(),
        plan: vec!["add".to_owned()],
        strategy: "digest search".to_owned(),
        reason: "source has more rows & trusted modify id".to_owned(),
        source_count: Some(5010),
        target_count: Some(5010),
        rows: RowCounts { added: 10, modified: 4, deleted: 0, skipped: 4996 },
        quarantined: 0,
        errors: 0,
        verdict,
        inexact: Vec::new(),
        message: None,
        seconds: 0.4,
    }
}

fn held(id: &str) -> EventBody {
    EventBody::TableHeld {
        table: orders(),
        hold: Some(id.to_owned()),
        reason: "31 %".to_owned(),
        deletes: 99,
    }
}

fn applied(rows: RowCounts) -> EventBody {
    EventBody::UnitApplied { table: orders(), rows, cascaded: 1, seconds: 0.5 }
}

#[test]
fn a_table_goes_from_waiting_to_its_verdict() {
    let plan = PlanFact { source_count: 5010, target_count: 5000, ..PlanFact::default() };
    let script = [
        (pass_started(&["orders", "company"]), "waiting"),
        (EventBody::TablePlanned { table: orders(), plan }, "planned"),
        (
            EventBody::FindStarted {
                table: orders(),
                strategy: "digest search".to_owned(),
                reason: "using binary search for adds (from=5010, to=5000, diff=10)".to_owned(),
            },
            "finding",
        ),
        (
            EventBody::DifferencesFound {
                table: orders(),
                missing: 10,
                changed: 4,
                extra: 0,
                samples: Vec::new(),
            },
            "found",
        ),
        (applied(RowCounts { added: 10, ..RowCounts::default() }), "applying"),
        (applied(RowCounts { modified: 3, ..RowCounts::default() }), "applying"),
    ];
    let mut bodies = Vec::new();
    for (body, word) in script {
        bodies.push(body);
        assert_eq!(folded(&bodies).facts().table("orders").unwrap().word(), word);
    }
    let board = folded(&bodies);
    let table = board.facts().table("orders").unwrap();
    assert_eq!((table.source_count, table.target_count), (Some(5010), Some(5000)));
    assert_eq!(table.rows, RowCounts { added: 10, modified: 3, deleted: 0, skipped: 0 });
    assert_eq!((table.units, table.cascaded, table.rows_to_sync()), (2, 2, Some(1)));
    assert_eq!(board.facts().table("company").unwrap().word(), "waiting");

    bodies.push(EventBody::TableFinished { outcome: outcome(Verdict::Equal) });
    let board = folded(&bodies);
    let table = board.facts().table("orders").unwrap();
    assert_eq!((table.word(), table.target_count), ("equal", Some(5010)));
    assert_eq!(table.equal_at, Some(Timestamp(7_000_000)));
}

#[test]
fn the_outcome_of_a_continued_pass_includes_what_the_killed_process_did() {
    let finished = EventBody::TableFinished { outcome: outcome(Verdict::Equal) };
    let board = folded(&[
        pass_started(&["orders"]),
        applied(RowCounts { modified: 1, ..RowCounts::default() }),
        finished,
    ]);
    assert_eq!(board.facts().table("orders").unwrap().rows.added, 10);
}

#[test]
fn a_new_pass_starts_every_row_anew_but_remembers_when_it_was_equal() {
    let board = folded(&[
        pass_started(&["orders", "gone"]),
        error("data", Some("orders")),
        EventBody::TableFinished { outcome: outcome(Verdict::Equal) },
        pass_started(&["orders", "new"]),
    ]);
    let facts = board.facts();
    assert_eq!(facts.tables.iter().map(|table| table.name.as_str()).collect::<Vec<_>>(), ["orders", "new"]);
    let table = facts.table("orders").unwrap();
    assert_eq!((table.word(), table.errors, table.equal_at), ("waiting", 0, Some(Timestamp(3_000_000))));
    assert_eq!(facts.errors.tallies.total(), 0);
    assert_eq!(facts.errors.records.len(), 1, "records outlive their pass");
}

#[test]
fn what_is_heard_before_a_pass_names_its_tables_belongs_to_it() {
    let initialise = EventBody::PhaseStarted { phase: Phase::Initialise };
    let paired = EventBody::TablePaired {
        table: orders(),
        columns: Vec::new(),
        inexact: vec!["price is compared to 2 digits".to_owned()],
    };
    let first =
        [initialise.clone(), paired, error("schema", Some("orders")), pass_started(&["company", "orders"])];
    let board = folded(&first);
    let facts = board.facts();
    assert_eq!(facts.phase, Some(Phase::Initialise));
    assert_eq!((facts.errors.tallies.schema, facts.opening), (1, false));
    let table = facts.table("orders").unwrap();
    assert_eq!((table.errors, table.inexact.len()), (1, 1));
    assert_eq!(facts.tables[0].name, "company", "the pass has the last word on the order");

    let mut second = first.to_vec();
    second.push(initialise);
    let board = folded(&second);
    let facts = board.facts();
    assert_eq!((facts.errors.tallies.schema, facts.opening), (0, true));
    let table = facts.table("orders").unwrap();
    assert_eq!((table.errors, table.inexact.len(), table.word()), (0, 0, "waiting"));
}

#[test]
fn a_hold_waits_until_it_is_approved_or_its_table_ends_otherwise() {
    let ids = |bodies: &[EventBody]| {
        let board = folded(bodies);
        board.facts().waiting_holds().map(|table| table.hold.clone().unwrap().id.unwrap()).collect::<Vec<_>>()
    };
    let start = pass_started(&["orders"]);
    let approve =
        |id: &str| EventBody::CommandAccepted { command: Command::ApproveHold { id: id.to_owned() } };
    assert_eq!(ids(&[start.clone(), held("a1")]), ["a1"]);
    assert_eq!(ids(&[start.clone(), held("a1"), approve("b2")]), ["a1"]);
    assert!(ids(&[start.clone(), held("a1"), approve("a1")]).is_empty());
    let ends = |verdict| EventBody::TableFinished { outcome: outcome(verdict) };
    assert_eq!(ids(&[start.clone(), held("a1"), ends(Verdict::Held)]), ["a1"]);
    assert!(ids(&[start.clone(), held("a1"), ends(Verdict::Failed)]).is_empty());
    assert_eq!(folded(&[start.clone(), held("a1")]).facts().table("orders").unwrap().word(), "held");
    assert_eq!(folded(&[start, held("a1"), approve("a1")]).facts().table("orders").unwrap().word(), "found");
}

#[test]
fn errors_are_tallied_by_class_and_table() {
    let board = folded(&[
        pass_started(&["orders"]),
        error("data", Some("orders")),
        error("data", Some("company")),
        error("connection", None),
        error("cosmic", None),
    ]);
    let errors = &board.facts().errors;
    assert_eq!((errors.tallies.data, errors.tallies.connection, errors.tallies.other), (2, 1, 1));
    assert_eq!((errors.tallies.total(), errors.error_count_max), (4, 25));
    assert_eq!(board.facts().table("orders").unwrap().errors, 1);
    assert_eq!(board.facts().table("company").unwrap().errors, 1, "a table outside the list gets a row");
}

#[test]
fn a_range_that_is_compared_and_then_split_is_one_range() {
    let table = orders();
    let board = folded(&[
        EventBody::RangeCompared {
            table: table.clone(),
            range: range("0", "9", 0),
            verdict: RangeVerdict::Differs,
        },
        EventBody::RangeSplit { table: table.clone(), range: range("0", "9", 0), pieces: 2 },
        EventBody::RangeCompared { table, range: range("0", "4", 1), verdict: RangeVerdict::Equal },
    ]);
    let search = board.facts().table("orders").unwrap().search.as_ref().unwrap();
    let ranges: Vec<_> = search.ranges.iter().map(|record| (record.pieces, record.verdict)).collect();
    assert_eq!(ranges, [(Some(2), Some(RangeVerdict::Differs)), (None, Some(RangeVerdict::Equal))]);
}

#[test]
fn a_sleep_is_known_from_its_start_to_its_end() {
    let start =
        EventBody::SleepStarted { until: Timestamp(3_601_000_000), reason: "Sync complete.".to_owned() };
    let advanced = EventBody::SleepAdvanced { remaining_seconds: 1800.0 };
    let sleep = |bodies: &[EventBody]| folded(bodies).facts().sleep.as_ref().map(|s| s.remaining.as_secs());
    assert_eq!(sleep(std::slice::from_ref(&start)), Some(3600));
    assert_eq!(sleep(&[start.clone(), advanced.clone()]), Some(1800));
    let ended = EventBody::SleepEnded { reason: "n".to_owned() };
    assert_eq!(sleep(&[start, advanced.clone(), ended]), None);
    assert_eq!(sleep(&[advanced]), None);
}

#[test]
fn commands_change_what_they_say_and_leave_a_line() {
    let accepted = |command| EventBody::CommandAccepted { command };
    let board = folded(&[
        pass_started(&["orders", "company"]),
        accepted(Command::Pause { table: None }),
        accepted(Command::Resume { table: Some("company".to_owned()) }),
        accepted(Command::SkipTable { table: orders() }),
        accepted(Command::SetConcurrency { tables: 8 }),
        accepted(Command::SetRowsPerSecond { rows: 0 }),
        EventBody::CommandRejected { command: Command::SyncNow, reason: "a pass is under way".to_owned() },
    ]);
    let facts = board.facts();
    assert_eq!(facts.table("orders").unwrap().word(), "paused");
    assert!(facts.table("orders").unwrap().skipped);
    assert_eq!(facts.table("company").unwrap().word(), "waiting");
    assert_eq!((facts.concurrency, facts.rows_per_second), (Some(8), Some(0)));
    let last = facts.messages.iter().next_back().unwrap();
    assert_eq!((last.level, last.text.as_str()), (Level::Warning, "sync-now rejected: a pass is under way"));
    assert_eq!(facts.messages.len(), 6);
}

#[test]
fn a_lost_side_is_lost_until_it_is_restored() {
    let lost = EventBody::ConnectionLost { side: Side::Target, attempt: 2, retry_in_seconds: 30.0 };
    let board = folded(std::slice::from_ref(&lost));
    assert_eq!(board.facts().lost(Side::Target).map(|lost| lost.attempt), Some(2));
    assert_eq!(board.facts().lost(Side::Source), None);
    let board = folded(&[lost, EventBody::ConnectionRestored { side: Side::Target }]);
    assert_eq!(board.facts().lost(Side::Target), None);
}

#[test]
fn progress_shows_until_the_table_ends_and_never_brings_a_row_about() {
    let progress = Progress {
        table: orders(),
        phase: Phase::Verify.as_str(),
        rows_done: 5,
        rows_total: 10,
        ..Progress::default()
    };
    let mut board = Board::new(25);
    board.progress(&progress);
    assert!(board.facts().tables.is_empty());
    let mut board = folded(&[pass_started(&["orders"])]);
    board.progress(&progress);
    let table = board.facts().table("orders").unwrap();
    assert_eq!((table.word(), table.progress.as_ref().unwrap().share()), ("verify", Some(0.5)));
    let mut board =
        folded(&[pass_started(&["orders"]), EventBody::TableFinished { outcome: outcome(Verdict::Differs) }]);
    board.progress(&progress);
    assert_eq!(board.facts().table("orders").unwrap().progress, None);
}

#[test]
fn an_event_counts_once_and_a_gap_is_counted() {
    let all =
        events(&[pass_started(&["orders"]), error("data", None), error("data", None), error("data", None)]);
    let mut board = Board::new(25);
    for event in [&all[0], &all[1], &all[1], &all[0], &all[3]] {
        board.apply(event);
    }
    let facts = board.facts();
    assert_eq!((facts.seq, facts.missed, facts.errors.tallies.data), (4, 1, 2));
    assert_eq!(facts.at, all[3].at);
}

#[test]
fn a_snapshot_does_not_change_when_the_board_goes_on() {
    let mut board = folded(&[pass_started(&["orders"])]);
    let before = board.snapshot();
    let copy = (*before).clone();
    board.apply(&Event { seq: 2, at: Timestamp(5), body: held("a1") });
    assert_eq!(*before, copy);
    assert_ne!(*board.snapshot(), copy);
}

#[test]
fn a_summary_ends_the_pass() {
    let summary = PassSummary {
        job: "erp".to_owned(),
        pass: 12,
        exit: Exit::Done,
        seconds: 1.0,
        tables: Vec::new(),
        errors: Vec::new(),
        error_count: 0,
        metrics: Metrics::default(),
        notes: Vec::new(),
    };
    let board = folded(&[
        pass_started(&[]),
        EventBody::PhaseStarted { phase: Phase::Report },
        EventBody::PassFinished { summary: summary.clone() },
        EventBody::RunStateChanged { state: RunState::Finished },
    ]);
    let facts = board.facts();
    let pass = facts.pass.as_ref().unwrap();
    assert_eq!(
        (pass.number, facts.phase, pass.finished_at),
        (12, Some(Phase::Report), Some(Timestamp(3_000_000)))
    );
    assert_eq!((facts.last_summary.as_deref(), facts.state), (Some(&summary), RunState::Finished));
}

#[test]
fn memory_does_not_grow_with_the_number_of_events() {
    let mut board = Board::new(25);
    let sample = SampleKey { kind: "missing", key: "1".to_owned() };
    for n in 0..20_000_u64 {
        let body = match n % 5 {
            0 => error("data", None),
            1 => EventBody::MessageLogged { level: Level::Info, table: None, text: n.to_string() },
            2 => EventBody::RangeSplit { table: orders(), range: range(&n.to_string(), "z", 1), pieces: 2 },
            3 => EventBody::RowsParked { table: format!("t{n}"), rows: u64::MAX, reason: String::new() },
            _ => EventBody::DifferencesFound {
                table: orders(),
                missing: u64::MAX,
                changed: u64::MAX,
                extra: u64::MAX,
                samples: vec![sample.clone(); 50],
            },
        };
        board.apply(&Event { seq: n * 4 + 1, at: Timestamp(n as i64), body: body.clone() });
        board.apply(&Event { seq: n * 4 + 2, at: Timestamp(n as i64), body });
        let extra =
            EventBody::RowQuarantined { table: format!("u{n}"), key: String::new(), reason: String::new() };
        board.apply(&Event { seq: n * 4 + 3, at: Timestamp(n as i64), body: extra });
    }
    let facts = board.facts();
    let table = facts.table("orders").unwrap();
    assert_eq!(facts.tables.len(), BOARD_TABLES_MAX);
    assert!(facts.tables_dropped > 0);
    assert_eq!(facts.errors.records.len(), BOARD_ERRORS_MAX);
    assert_eq!(facts.messages.len(), BOARD_MESSAGES_MAX);
    assert_eq!(table.search.as_ref().unwrap().ranges.len(), BOARD_RANGES_MAX);
    assert_eq!(table.found.as_ref().unwrap().samples.len(), EVENT_SAMPLES_MAX);
}
