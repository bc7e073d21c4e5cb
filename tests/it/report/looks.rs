//! The commands that only look.

use insta::assert_snapshot;
use proptest::prelude::*;
use syncline::base::clock::Timestamp;
use syncline::model::check::{CheckFinding, Severity};
use syncline::model::digest::{Digest, DigestHeader};
use syncline::model::event::PlanFact;
use syncline::model::key::Key;
use syncline::model::outcome::{Exit, RowCounts};
use syncline::model::value::{Value, ValueRef};
use syncline::report::diff::{
    ControlCharacters, CsvDiff, DiffColumn, DiffTable, DiffWriter, Difference, JsonDiff, TableDiff,
};
use syncline::report::status::{JobStatus, TableStatus};
use syncline::report::{TextOptions, check, history, plan, quarantine, status};
use syncline::state::{
    FindingKind, Hold, HoldState, InterruptedPass, PassFingerprint, PassRecord, QuarantinedRow, TableMemory,
    TableProof, Watermark,
};

use super::schema::{assert_valid, closed};
use super::script::{START, plans, summary};
use super::{utf8, without_version};

fn written(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).expect("a vector takes everything");
    utf8(out)
}

/// Text and JSON of a report in one snapshot; the JSON is as its schema says.
fn both(text: &str, json: &str) -> String {
    assert_valid(closed(), json);
    format!("{text}----\n{}", without_version(json))
}

fn later(seconds: i64) -> Timestamp {
    Timestamp(START.0 + seconds * 1_000_000)
}

#[test]
fn plans_of_all_tables() {
    let plans = plans();
    let text = written(|out| plan::write_text(out, &plans, &TextOptions::default()));
    assert_snapshot!(both(&text, &written(|out| plan::write_json(out, &plans))));
}

#[test]
fn a_plan_exits_1_when_rows_need_writing_or_a_table_would_be_held() {
    let named = |plan: PlanFact| [("orders".to_owned(), plan)];
    let checks = PlanFact { steps: vec!["changed".to_owned()], ..PlanFact::default() };
    assert_eq!(plan::exit(&named(checks.clone())), Exit::Done);
    assert_eq!(plan::exit(&named(PlanFact { writes: true, ..checks.clone() })), Exit::Remaining);
    let held = PlanFact { held: Some("source is empty".to_owned()), ..checks };
    assert_eq!(plan::exit(&named(held.clone())), Exit::Remaining);
    let text = written(|out| plan::write_text(out, &named(held), &TextOptions::default()));
    assert!(text.contains("\n  would be held: source is empty\n"), "{text}");
}

fn finding(severity: Severity, subject: &str, message: &str, hint: Option<&str>) -> CheckFinding {
    CheckFinding {
        severity,
        subject: subject.to_owned(),
        message: message.to_owned(),
        hint: hint.map(str::to_owned),
    }
}

#[test]
fn findings_of_a_check() {
    let findings = [
        finding(Severity::Note, "source", "SQLite 3.51.1, WAL; erp.db-wal and erp.db-shm may appear", None),
        finding(
            Severity::Warning,
            "orders.modify_time",
            "no index serves the modify column, so that every incremental pass reads the whole table",
            Some("CREATE INDEX orders_modify_time ON orders (modify_time)"),
        ),
        finding(
            Severity::Error,
            "order\u{1b}row",
            "the target lacks the column `note`",
            Some("exclude = [\"note\"]"),
        ),
    ];
    assert_eq!(check::exit(&findings), Exit::Remaining);
    assert_eq!(check::exit(&findings[..2]), Exit::Done);
    let text = written(|out| check::write_text(out, &findings, &TextOptions::default()));
    assert_snapshot!(both(&text, &written(|out| check::write_json(out, &findings))));
}

fn record() -> PassRecord {
    PassRecord { started_at: START, finished_at: later(33), summary: summary() }
}

#[test]
fn past_passes() {
    let text = written(|out| history::write_text(out, &[record(), record()], &TextOptions::default()));
    assert_snapshot!(both(&text, &written(|out| history::write_json(out, &[record()]))));
    let nothing = written(|out| history::write_text(out, &[], &TextOptions::default()));
    assert_eq!(nothing, "no pass has ended yet\n");
}

fn memory() -> TableMemory {
    let header = DigestHeader {
        form_version: 1,
        algorithm: "xxh3-128/sum".to_owned(),
        seed_id: "5eed0001".to_owned(),
        columns: Vec::new(),
        scope: String::new(),
    };
    TableMemory {
        watermark: Some(Watermark {
            stamp: Value::text("2026-11-20 14:01:59\u{9b}"),
            key: None,
            ties: 1,
            at: START,
        }),
        proof: Some(TableProof { at: START, pass: 12, digest: Digest::EMPTY, header }),
        target_count: Some(5010),
        pending: true,
        ..TableMemory::default()
    }
}

fn hold(state: HoldState) -> Hold {
    Hold {
        id: "9f31c0de".to_owned(),
        table: "orders".to_owned(),
        guard: "max_delete_ratio".to_owned(),
        reason: "60,000 of 180,000 target rows (33 %) would be deleted, more than max_delete_ratio = 0.2"
            .to_owned(),
        deletes: 60_000,
        at: later(1),
        pass: 12,
        state,
    }
}

fn job(running: bool) -> JobStatus {
    let unfinished = InterruptedPass {
        pass: 13,
        started_at: later(3634),
        fingerprint: PassFingerprint { config: String::new(), source: String::new(), target: String::new() },
        finished_tables: vec!["company".to_owned()],
    };
    JobStatus {
        job: "erp-warehouse".to_owned(),
        running,
        unfinished: Some(unfinished),
        last: Some(record()),
        tables: vec![
            TableStatus { name: "product-work".to_owned(), memory: Some(memory()), quarantined: 0 },
            TableStatus { name: "order_row".to_owned(), memory: None, quarantined: 1 },
        ],
        holds: vec![hold(HoldState::Waiting), hold(HoldState::Used)],
    }
}

#[test]
fn the_status_of_a_job() {
    let text = written(|out| status::write_text(out, &job(false), &TextOptions::default()));
    assert_snapshot!(both(&text, &written(|out| status::write_json(out, &job(false)))));
    let running = written(|out| status::write_text(out, &job(true), &TextOptions::default()));
    assert!(running.starts_with("erp-warehouse: running\n") && running.contains("pass 13 is under way"));
}

#[test]
fn the_status_of_a_job_that_never_ran() {
    let fresh = JobStatus {
        job: "new".to_owned(),
        running: false,
        unfinished: None,
        last: None,
        tables: Vec::new(),
        holds: Vec::new(),
    };
    let text = written(|out| status::write_text(out, &fresh, &TextOptions::default()));
    assert_eq!(text, "new: not running\nno pass has ended yet\n");
    assert_valid(closed(), &written(|out| status::write_json(out, &fresh)));
}

fn refused() -> QuarantinedRow {
    let image = |name: &str| {
        Some(vec![("id".to_owned(), "O-1".to_owned()), ("customer\u{202e}".to_owned(), name.to_owned())])
    };
    QuarantinedRow {
        table: "order_row".to_owned(),
        key: Key::from_values(&[Value::text("O-1\u{1b}"), Value::Integer(2)]),
        kind: FindingKind::Changed,
        class: "data".to_owned(),
        reason: "CHECK constraint failed: quantity > 0".to_owned(),
        hint: Some("correct the row at the source".to_owned()),
        statement: "UPDATE \"order_row\" SET \"quantity\" = ?1 WHERE \"id\" = ?2".to_owned(),
        source_image: image("Ann"),
        target_image: None,
        source_digest: Digest::EMPTY,
        fingerprint: String::new(),
        attempts: 3,
        first_at: START,
        last_at: later(33),
        retry_asked: true,
    }
}

#[test]
fn refused_rows() {
    let list = written(|out| quarantine::write_list(out, &[refused()], &TextOptions::default()));
    let details = written(|out| quarantine::write_details(out, &[refused()], &TextOptions::default()));
    let json = written(|out| quarantine::write_json(out, &[refused()]));
    assert_snapshot!(both(&format!("{list}----\n{details}"), &json));
    let nothing = written(|out| quarantine::write_list(out, &[], &TextOptions::default()));
    assert_eq!(nothing, "0 quarantined rows\n");
}

#[test]
fn a_number_that_is_too_large_is_still_a_number() {
    let mut record = record();
    for table in &mut record.summary.tables {
        table.rows = RowCounts { added: u64::MAX, modified: u64::MAX, deleted: u64::MAX, skipped: u64::MAX };
        table.quarantined = u64::MAX;
    }
    let text = written(|out| history::write_text(out, &[record.clone()], &TextOptions::default()));
    assert!(text.contains("18,446,744,073,709,551,615"));
    assert_valid(closed(), &written(|out| history::write_json(out, &[record])));
}

fn value() -> BoxedStrategy<Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Boolean),
        any::<i128>().prop_map(Value::Integer),
        any::<f64>().prop_map(Value::Real),
        crate::events::text().prop_map(|text| Value::text(&text)),
        any::<Vec<u8>>().prop_map(Value::Text),
        any::<Vec<u8>>().prop_map(Value::Json),
        any::<Vec<u8>>().prop_map(Value::Blob),
        any::<[u8; 16]>().prop_map(Value::Uuid),
        any::<i32>().prop_map(Value::Date),
        any::<i64>().prop_map(Value::Time),
        any::<i64>().prop_map(Value::Timestamp),
        any::<i64>().prop_map(Value::TimestampUtc),
    ]
    .boxed()
}

proptest! {
    #[test]
    fn any_difference_can_be_written_in_any_form(
        name in crate::events::text(), source in value(), target in value(), width in 0usize..100,
    ) {
        let column = |name: &str, key| DiffColumn { source: name.to_owned(), target: name.to_owned(), key };
        let table = DiffTable { name: name.clone(), columns: vec![column("id", true), column(&name, false)] };
        let (source, target) = ([ValueRef::Integer(1), source.as_ref()], [ValueRef::Integer(1), target.as_ref()]);
        let changed = Difference {
            kind: FindingKind::Changed,
            source: Some(&source),
            target: Some(&target),
            differing: &[1],
        };
        let of = |writer: &mut dyn DiffWriter| writer.difference(&changed).and_then(|()| writer.finish());
        assert_valid(closed(), &written(|out| of(&mut JsonDiff::new(out, table.clone()))));
        for text in [
            written(|out| of(&mut TableDiff::new(out, table.clone(), width))),
            written(|out| of(&mut CsvDiff::new(out, table.clone(), ControlCharacters::Escaped))),
        ] {
            let hidden = |line: &str| line.contains(syncline::base::escape::is_unsafe);
            prop_assert!(!text.replace("\r\n", "\n").split('\n').any(hidden), "{:?}", text);
        }
    }
}
