//! What leaves the process is read back as what it was.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};
use syncline::base::clock::Timestamp;
use syncline::board::Board;
use syncline::model::command::Command;
use syncline::model::event::{Event, EventBody, RunState};
use syncline::wire::{
    CommandForm, EventForm, Form, SnapshotForm, SummaryForm, WireError, json, read_command, read_event,
    read_snapshot, read_summary,
};

use crate::board::take;
use crate::events::{command, event, output, summary};

/// Adds a field that no version knows to every object inside.
fn with_unknown_fields(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.values_mut().for_each(with_unknown_fields);
            map.insert("added_later".to_owned(), json!({"deep": [1, 2]}));
        }
        Value::Array(values) => values.iter_mut().for_each(with_unknown_fields),
        _ => {}
    }
}

/// The same JSON as a newer program might write it.
fn newer(text: &str) -> String {
    let mut value = serde_json::from_str(text).expect("what was written is JSON");
    with_unknown_fields(&mut value);
    value.to_string()
}

proptest! {
    #[test]
    fn an_event_is_read_back_as_it_was(event in event()) {
        let text = json::to_text(&EventForm::of(&event)).unwrap();
        prop_assert_eq!(&read_event(&text).unwrap(), &event);
        prop_assert_eq!(&read_event(&newer(&text)).unwrap(), &event);
        prop_assert!(!text.contains(syncline::base::escape::is_unsafe), "{}", text);
    }

    #[test]
    fn a_command_is_read_back_as_it_was_under_its_one_name(command in command()) {
        let text = json::to_text(&CommandForm::of(&command)).unwrap();
        prop_assert_eq!(&read_command(&text).unwrap(), &command);
        prop_assert_eq!(&read_command(&newer(&text)).unwrap(), &command);
        let value: Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&value["name"], command.name());
    }

    #[test]
    fn a_summary_is_read_back_as_it_was(summary in summary()) {
        let text = json::to_text(&SummaryForm::of(&summary)).unwrap();
        prop_assert_eq!(&read_summary(&text).unwrap(), &summary);
        prop_assert_eq!(&read_summary(&newer(&text)).unwrap(), &summary);
    }

    #[test]
    fn an_attached_console_goes_on_from_a_snapshot_as_if_it_had_been_there(
        outputs in output(), cut in any::<prop::sample::Index>(),
    ) {
        let cut = if outputs.is_empty() { 0 } else { cut.index(outputs.len()) };
        let mut board = Board::new(25);
        take(&mut board, &outputs[..cut]);
        let text = json::to_text(&SnapshotForm::of(board.facts())).unwrap();
        let mut attached = Board::continued(Arc::new(read_snapshot(&newer(&text)).unwrap()));
        prop_assert_eq!(attached.snapshot(), board.snapshot());
        take(&mut board, &outputs[cut..]);
        take(&mut attached, &outputs[cut..]);
        prop_assert_eq!(attached.snapshot(), board.snapshot());
    }
}

#[test]
fn the_summary_has_the_documented_shape() {
    use syncline::model::outcome::{
        ErrorRecord, Exit, Metrics, PassSummary, RowCounts, TableOutcome, Verdict,
    };
    let summary = PassSummary {
        job: "erp-warehouse".to_owned(),
        pass: 12,
        exit: Exit::Remaining,
        seconds: 3.2,
        tables: vec![TableOutcome {
            name: "product-work".to_owned(),
            plan: vec!["add".to_owned(), "incremental".to_owned()],
            strategy: "digest search".to_owned(),
            reason: "source has more rows & trusted modify id".to_owned(),
            source_count: Some(5010),
            target_count: Some(5010),
            rows: RowCounts { added: 10, modified: 4, deleted: 0, skipped: 4996 },
            quarantined: 0,
            errors: 0,
            verdict: Verdict::Equal,
            inexact: Vec::new(),
            message: None,
            seconds: 0.1 + 0.3,
        }],
        errors: vec![ErrorRecord {
            class: "data".to_owned(),
            table: Some("orders".to_owned()),
            key: Some("17".to_owned()),
            message: "insert: NOT NULL constraint failed".to_owned(),
            hint: None,
        }],
        error_count: 1,
        metrics: Metrics {
            read_time_all: 0.8,
            write_time_all: 0.3,
            query_count_all: 41,
            binary_search_max_depth_all: 3,
            ..Metrics::default()
        },
        notes: Vec::new(),
    };
    let text = json::to_text(&SummaryForm::of(&summary)).unwrap();
    let expected = concat!(
        r#"{"type":"summary","schema":1,"job":"erp-warehouse","pass":12,"exit_code":1,"seconds":3.2,"tables":["#,
        r#"{"name":"product-work","plan":["add","incremental"],"strategy":"digest search","#,
        r#""reason":"source has more rows & trusted modify id","source_count":5010,"target_count":5010,"#,
        r#""added":10,"modified":4,"deleted":0,"skipped":4996,"quarantined":0,"errors":0,"verdict":"equal","#,
        r#""inexact":[],"message":null,"seconds":0.4}],"error_count":1,"errors":[{"class":"data","#,
        r#""table":"orders","key":"17","message":"insert: NOT NULL constraint failed","hint":null}],"holds":[],"#,
        r#""metrics":{"readTimeAll":0.8,"writeTimeAll":0.3,"deleteTimeAll":0.0,"dataCompareTimeAll":0.0,"#,
        r#""binarySearchTimeAll":0.0,"queryCountAll":41,"recordCountAllTables":0,"recordCountAllAdded":0,"#,
        r#""recordCountAllModified":0,"recordCountAllDeleted":0,"recordCountAllSkipped":0,"#,
        r#""binarySearchCountAll":0,"binarySearchIterationCount":0,"binarySearchQueryCount":0,"#,
        r#""binarySearchMaxDepthAll":3},"notes":[]}"#,
    );
    assert_eq!(text, expected);
}

#[test]
fn a_recorded_line_of_schema_1_is_still_read() {
    let line = r#"{"type":"run-state-changed","seq":7,"at":"2026-11-20T14:02:00.5Z","state":"paused"}"#;
    let event = Event {
        seq: 7,
        at: Timestamp(1_795_183_320_500_000),
        body: EventBody::RunStateChanged { state: RunState::Paused },
    };
    assert_eq!(read_event(line).unwrap(), event);
    assert_eq!(json::to_text(&EventForm::of(&event)).unwrap(), line);
    assert_eq!(
        read_command(r#"{"name":"pause","table":"orders"}"#).unwrap(),
        Command::Pause { table: Some("orders".to_owned()) }
    );
    assert_eq!(read_command(r#"{"name":"pause"}"#).unwrap(), Command::Pause { table: None });
}

#[test]
fn what_a_newer_program_means_differently_is_refused_and_a_new_kind_is_named() {
    let board = Board::new(25);
    let text = json::to_text(&SnapshotForm::of(board.facts())).unwrap();
    let newer = text.replace("\"schema\":1", "\"schema\":2");
    assert_eq!(read_snapshot(&newer), Err(WireError::Newer { what: "a snapshot", found: 2 }));
    let unknown = read_event(r#"{"type":"moon-rose\u001b","seq":1,"at":"2026-11-20T14:02:00Z"}"#);
    assert_eq!(
        unknown.unwrap_err().to_string(),
        "cannot read an event: this version does not know `moon-rose\\x1b`"
    );
    assert_eq!(
        read_command(r#"{"name":"explode"}"#).unwrap_err().to_string(),
        "cannot read a command: this version does not know `explode`"
    );
}

#[test]
fn what_is_not_a_form_is_an_error_that_says_what_was_read() {
    for text in ["", "[]", "{}", r#"{"type":"run-state-changed"}"#, "{\"type\":\"sleep-ended\",\"seq\":-1}"] {
        assert!(matches!(read_event(text), Err(WireError::Malformed { what: "an event", .. })), "{text}");
        assert!(matches!(read_summary(text), Err(WireError::Malformed { what: "a summary", .. })), "{text}");
    }
}

#[test]
fn seconds_that_no_number_can_say_are_zero() {
    let event = Event {
        seq: 1,
        at: Timestamp(0),
        body: EventBody::SleepAdvanced { remaining_seconds: f64::INFINITY },
    };
    let text = json::to_text(&EventForm::of(&event)).unwrap();
    assert_eq!(
        text,
        r#"{"type":"sleep-advanced","seq":1,"at":"1970-01-01T00:00:00Z","remaining_seconds":0.0}"#
    );
    assert!(read_event(&text).is_ok());
}
