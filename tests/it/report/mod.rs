//! What a person or a script reads of a run.

mod looks;
mod real;
pub mod schema;
pub mod script;

use std::io::{self, Write};

use insta::assert_snapshot;
use syncline::base::clock::Timestamp;
use syncline::board::Board;
use syncline::model::event::{Event, EventBody, RunState};
use syncline::model::outcome::{ErrorRecord, Exit};
use syncline::report::{
    JsonReporter, Reporter, RunEnd, SilentReporter, TextOptions, TextReporter, summary, write_header,
};

use script::START;

fn run(reporter: &mut dyn Reporter, events: &[Event], end: &RunEnd) {
    for event in events {
        reporter.event(event).expect("a vector takes everything");
    }
    reporter.finish(end).expect("a vector takes everything");
}

fn utf8(out: Vec<u8>) -> String {
    String::from_utf8(out).expect("reports are UTF-8")
}

fn text_of(events: &[Event], options: TextOptions, end: &RunEnd) -> String {
    let mut out = Vec::new();
    run(&mut TextReporter::new(&mut out, options), events, end);
    utf8(out)
}

/// A snapshot outlives a release.
fn without_version(json: &str) -> String {
    json.replace(env!("CARGO_PKG_VERSION"), "VERSION")
}

fn json_of(events: &[Event]) -> String {
    json_ended(events, &ends(Exit::Held))
}

fn json_ended(events: &[Event], end: &RunEnd) -> String {
    let mut out = Vec::new();
    run(&mut JsonReporter::new(&mut out, "erp-warehouse"), events, end);
    utf8(out)
}

fn ends(exit: Exit) -> RunEnd {
    RunEnd { exit, error: None }
}

fn failed(exit: Exit, message: &str) -> RunEnd {
    let error = ErrorRecord {
        class: "connection".to_owned(),
        table: None,
        key: None,
        message: message.to_owned(),
        hint: Some("is it running?".to_owned()),
    };
    RunEnd { exit, error: Some(error) }
}

/// These bodies as events, so many seconds apart.
fn spaced(bodies: impl IntoIterator<Item = EventBody>, seconds: i64) -> Vec<Event> {
    let at = |n: u64| Timestamp(START.0 + n as i64 * seconds * 1_000_000);
    (1..).zip(bodies).map(|(seq, body)| Event { seq, at: at(seq - 1), body }).collect()
}

#[test]
fn a_pass_in_text() {
    assert_snapshot!(text_of(&script::events(), TextOptions::default(), &ends(Exit::Held)));
}

#[test]
fn a_pass_in_text_keeps_within_80_columns_in_its_summary() {
    let text = text_of(&script::events(), TextOptions::default(), &ends(Exit::Held));
    let summary =
        text.lines().skip_while(|line| !line.is_empty()).take_while(|line| !line.starts_with("exit "));
    let lines: Vec<&str> = summary.collect();
    assert!(lines.len() > 20);
    assert!(lines.iter().all(|line| line.chars().count() <= 80), "{lines:#?}");
}

#[test]
fn every_detail_is_shown_when_asked_for() {
    let options = TextOptions { verbose: true, ..TextOptions::default() };
    let verbose = text_of(&script::events(), options, &ends(Exit::Held));
    for line in ["range [4501, …) at depth 0 split into 2", "missing 5001", "not shown", "sleeping"] {
        assert!(verbose.contains(line), "{line} is not in {verbose}");
    }
}

#[test]
fn a_pass_in_json() {
    assert_snapshot!(without_version(&json_of(&script::events())));
}

#[test]
fn the_last_json_line_is_the_summary_with_the_exit_code_of_the_process() {
    let events = script::events();
    for (events, pass) in [(&events[..], 12), (&events[..5], 0), (&[], 0)] {
        let output = json_ended(events, &failed(Exit::Interrupted, "connect to db1: refused"));
        schema::assert_valid(schema::closed(), &output);
        let first: serde_json::Value = serde_json::from_str(output.lines().next().unwrap()).unwrap();
        assert_eq!((&first["type"], &first["schema"]), (&"header".into(), &1.into()));
        let last: serde_json::Value = serde_json::from_str(output.lines().next_back().unwrap()).unwrap();
        assert_eq!(last["type"], "summary");
        assert_eq!(last["job"], "erp-warehouse");
        assert_eq!(last["pass"], pass);
        assert_eq!(last["exit_code"], 130);
        let errors = last["errors"].as_array().unwrap();
        assert_eq!(errors.last().unwrap()["message"], "connect to db1: refused");
        assert_eq!(last["error_count"], errors.len());
    }
}

#[test]
fn the_json_summary_names_the_holds_that_wait() {
    let output = json_of(&script::events());
    let last: serde_json::Value = serde_json::from_str(output.lines().next_back().unwrap()).unwrap();
    assert_eq!(last["holds"][0]["id"], "9f31c0de");
    assert_eq!(last["holds"][0]["deletes"], 60_000);
}

#[test]
fn silence_says_nothing_and_accepts_everything() {
    run(&mut SilentReporter, &script::events(), &ends(Exit::Held));
}

#[test]
fn a_run_that_never_had_a_pass_says_why_and_how_it_ends() {
    let text =
        text_of(&[], TextOptions::default(), &failed(Exit::Stopped, "connect to db1\u{1b}[2J: refused"));
    assert_eq!(
        text,
        "error: connection · connect to db1\\x1b[2J: refused\nhint: is it running?\n\
         exit 3: stopped by an error or by an error threshold\n"
    );
}

#[test]
fn s4_053_a_wait_for_a_time_of_day_is_told_by_the_clock() {
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(2));
    let at = |seconds: i64| Timestamp(START.0 + seconds * 1_000_000);
    let night = EventBody::SleepStarted {
        until: at(35_880),
        reason: "Sync complete. Waiting until 02:00 for next run...".to_owned(),
    };
    let woken = EventBody::SleepEnded { reason: "Target time reached. Starting sync at 02:00...".to_owned() };
    let events = [
        Event { seq: 1, at: at(0), body: night },
        Event { seq: 2, at: at(23_280), body: EventBody::SleepAdvanced { remaining_seconds: 12_600.0 } },
        Event { seq: 3, at: at(35_880), body: woken },
    ];
    let text = text_of(&events, TextOptions { zone, ..TextOptions::default() }, &ends(Exit::Done));
    assert_eq!(
        text,
        "2026-11-20\n\
         16:02:00  Sync complete. Waiting until 02:00 for next run...\n\
         22:30:00  Current time: 22:30, target: 02:00 (3.5 hours remaining)\n\
         2026-11-21\n\
         02:00:00  Target time reached. Starting sync at 02:00...\n\
         exit 0: all equal or all done\n"
    );
}

#[test]
fn s4_053_an_interval_is_told_by_what_remains() {
    let events = spaced(
        [
            EventBody::SleepStarted {
                until: Timestamp(START.0 + 86_400_000_000),
                reason: "Sync complete. Sleeping 86400 seconds until next run...".to_owned(),
            },
            EventBody::SleepAdvanced { remaining_seconds: 82_800.0 },
        ],
        3600,
    );
    let text = text_of(&events, TextOptions::default(), &ends(Exit::Done));
    assert!(text.contains("\n15:02:00  Sleep progress: 82800 seconds remaining (23.0 hours)\n"), "{text}");
}

#[test]
fn s4_090_progress_is_told_as_known_but_not_for_every_unit() {
    let rows = |modified| syncline::model::outcome::RowCounts { modified, ..Default::default() };
    let table = || "orders".to_owned();
    let found = EventBody::DifferencesFound {
        table: table(),
        missing: 0,
        changed: 100,
        extra: 0,
        samples: Vec::new(),
    };
    let plan =
        syncline::model::event::PlanFact { source_count: 5000, target_count: 5000, ..Default::default() };
    let unit = || EventBody::UnitApplied { table: table(), rows: rows(10), cascaded: 0, seconds: 0.1 };
    let planned = EventBody::TablePlanned { table: table(), plan };
    let bodies = [planned, found].into_iter().chain(std::iter::repeat_with(unit).take(8));
    let text = text_of(&spaced(bodies, 4), TextOptions::default(), &ends(Exit::Done));
    let progress: Vec<&str> = text.lines().filter(|line| line.contains("records to sync")).collect();
    assert_eq!(
        progress,
        [
            "14:02:04  orders  records to sync: 100 / 5000, records synced: 4900 / 5000",
            "14:02:16  orders  records to sync: 70 / 5000, records synced: 4930 / 5000",
            "14:02:28  orders  records to sync: 40 / 5000, records synced: 4960 / 5000",
        ]
    );
}

#[test]
fn refusals_of_one_table_are_told_only_so_far() {
    let refused = |n: u64| EventBody::RowQuarantined {
        table: "orders".to_owned(),
        key: n.to_string(),
        reason: "CHECK".to_owned(),
    };
    let text = text_of(&spaced((0..500).map(refused), 0), TextOptions::default(), &ends(Exit::Done));
    assert_eq!(text.lines().filter(|line| line.contains("quarantined: key")).count(), 20);
    assert_eq!(text.lines().filter(|line| line.contains("further quarantined rows")).count(), 1);
}

#[test]
fn a_pause_and_its_end_are_told_the_usual_states_are_not() {
    let states =
        [RunState::Starting, RunState::Running, RunState::Pausing, RunState::Paused, RunState::Running];
    let bodies = states.map(|state| EventBody::RunStateChanged { state });
    let text = text_of(&spaced(bodies, 1), TextOptions::default(), &ends(Exit::Done));
    assert_eq!(
        text,
        "2026-11-20\n14:02:02  pausing at the next safe point\n14:02:03  paused\n14:02:04  running again\n\
         exit 0: all equal or all done\n"
    );
}

fn summary_of(change: impl FnOnce(&mut syncline::model::outcome::PassSummary)) -> String {
    let mut pass = script::summary();
    change(&mut pass);
    let mut out = Vec::new();
    summary::write(&mut out, &pass, Board::new(25).facts(), &TextOptions::default())
        .expect("a vector takes everything");
    utf8(out)
}

#[test]
fn s4_069_and_s4_092_errors_are_numbered_and_the_threshold_is_named_once() {
    let many = |count: usize, exit: Exit| {
        summary_of(|pass| {
            pass.exit = exit;
            pass.error_count = count as u64;
            pass.errors = vec![pass.errors[0].clone(); count.min(3)];
        })
    };
    let stopped = many(25, Exit::Stopped);
    assert!(
        stopped.contains("\nmaximum error count 25 was reached\nSync completed with 25 errors:\n  1. data")
    );
    assert!(stopped.contains("\n  3. data") && stopped.contains("\n  … and 22 more\n"), "{stopped}");
    assert!(!many(24, Exit::Stopped).contains("maximum error count"));
    assert!(!many(25, Exit::Remaining).contains("maximum error count"));
    let said = summary_of(|pass| {
        pass.exit = Exit::Stopped;
        pass.error_count = 25;
        pass.notes = vec!["maximum error count 25 was reached".to_owned()];
    });
    assert_eq!(said.matches("maximum error count 25 was reached").count(), 1);
    assert!(!summary_of(|pass| (pass.errors, pass.error_count) = (Vec::new(), 0)).contains("Sync completed"));
}

#[test]
fn a_summary_of_nothing_is_short() {
    let nothing = summary_of(|pass| {
        *pass = syncline::model::outcome::PassSummary {
            job: "j".to_owned(),
            pass: 1,
            exit: Exit::Done,
            seconds: f64::NAN,
            tables: Vec::new(),
            errors: Vec::new(),
            error_count: 0,
            metrics: syncline::model::outcome::Metrics::default(),
            notes: Vec::new(),
        };
    });
    assert_eq!(
        nothing,
        "\nj, pass 1\n0 tables\n+0 ~0 -0, 0 the same, 0 quarantined, 0 errors in 0.00 s\n\
         read 0.00 s, write 0.00 s, delete 0.00 s, compare 0.00 s, search 0.00 s\n\
         0 queries; 0 searches with 0 ranges and 0 queries, depth 0\n\nexit 0: all equal or all done\n"
    );
}

/// Breaks after so many bytes, as a pipe does whose reader has gone.
struct Pipe(usize);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let taken = bytes.len().min(self.0);
        self.0 -= taken;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.0 == 0 { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(()) }
    }
}

#[test]
fn a_closed_pipe_is_an_error_wherever_it_closes() {
    let events = script::events();
    for bytes in [0, 1, 70, 500, 3000] {
        let reporters: [Box<dyn Reporter>; 2] = [
            Box::new(TextReporter::new(Pipe(bytes), TextOptions::default())),
            Box::new(JsonReporter::new(Pipe(bytes), "erp-warehouse")),
        ];
        for mut reporter in reporters {
            let result = events.iter().try_for_each(|event| reporter.event(event));
            let result = result.and_then(|()| reporter.finish(&ends(Exit::Done)));
            assert_eq!(result.map_err(|error| error.kind()), Err(io::ErrorKind::BrokenPipe), "after {bytes}");
        }
    }
    assert!(write_header(&mut Pipe(10)).is_err());
}

proptest::proptest! {
    #[test]
    fn no_event_brings_a_control_character_to_the_terminal(outputs in crate::events::output()) {
        let events: Vec<Event> = outputs.into_iter().filter_map(|output| match output {
            crate::events::Output::Event(event) => Some(event),
            crate::events::Output::Progress(_) => None,
        }).collect();
        for verbose in [false, true] {
            let text = text_of(&events, TextOptions { verbose, ..TextOptions::default() }, &ends(Exit::Done));
            let hidden = |line: &str| line.contains(syncline::base::escape::is_unsafe);
            proptest::prop_assert!(!text.split('\n').any(hidden), "{:?}", text);
        }
        let json = json_ended(&events, &ends(Exit::Done));
        proptest::prop_assert!(!json.split('\n').any(|line| line.contains(syncline::base::escape::is_unsafe)));
    }
}
