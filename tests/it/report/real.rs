//! Reports of passes that an engine really ran.

use syncline::board::Board;
use syncline::model::event::{Event, EventBody};
use syncline::model::outcome::{PassSummary, RowCounts, Verdict};
use syncline::report::TextOptions;
use syncline::store::memory::TableDefinition;

use super::schema::{assert_valid, closed};
use super::{ends, json_ended, text_of};
use crate::engine::bench::{Bench, outcome, row};

fn items(name: &str) -> TableDefinition {
    TableDefinition::new(name).integer("id").text("name").primary_key(&["id"])
}

/// One table to repair, one that is held, one that is equal.
async fn ran() -> (Vec<Event>, PassSummary) {
    let mut bench = Bench::new(&[items("drifted"), items("emptied"), items("same")]);
    Bench::insert(&bench.source, "drifted", (0..5000).map(|n| row(n, "x")));
    Bench::insert(&bench.target, "drifted", (3..5007).map(|n| row(n, if n == 40 { "y" } else { "x" })));
    Bench::insert(&bench.target, "emptied", (0..50).map(|n| row(n, "x")));
    for side in [&bench.source, &bench.target] {
        Bench::insert(side, "same", (0..10).map(|n| row(n, "x")));
    }
    let summary = bench.pass().await;
    (bench.events.iter().map(|event| (**event).clone()).collect(), summary)
}

#[tokio::test(start_paused = true)]
async fn its_json_is_as_the_schema_says_and_tells_the_outcome() {
    let (events, summary) = ran().await;
    let output = json_ended(&events, &ends(summary.exit));
    assert_valid(closed(), &output);
    let last: serde_json::Value = serde_json::from_str(output.lines().next_back().unwrap()).unwrap();
    assert_eq!(last["exit_code"], 4);
    assert_eq!(last["holds"][0]["table"], "emptied");
    let drifted = last["tables"].as_array().unwrap().iter().find(|table| table["name"] == "drifted").unwrap();
    assert_eq!(
        (&drifted["added"], &drifted["modified"], &drifted["deleted"], &drifted["verdict"]),
        (&3.into(), &1.into(), &7.into(), &"equal".into())
    );
}

#[tokio::test(start_paused = true)]
async fn its_text_says_the_same_and_how_to_let_the_hold_through() {
    let (events, summary) = ran().await;
    let text = text_of(&events, TextOptions::default(), &ends(summary.exit));
    assert!(text.contains("\nexit 4: held"), "{text}");
    assert!(text.contains("\n3 tables: 2 equal, 1 held\n+3 ~1 -7, "), "{text}");
    let mut board = Board::new(25);
    for event in &events {
        board.apply(event);
    }
    let id = board.facts().waiting_holds().find_map(|table| table.hold.clone()?.id).unwrap();
    assert!(text.contains(&format!("\n    syncline run --yes {id}\n")), "{text}");
}

#[tokio::test(start_paused = true)]
async fn the_fold_of_its_units_is_its_outcome() {
    let (events, summary) = ran().await;
    let mut board = Board::new(25);
    let mut folded = Vec::new();
    for event in &events {
        if let EventBody::TableFinished { outcome } = &event.body {
            let rows = board.facts().table(&outcome.name).map(|table| table.rows).unwrap_or_default();
            folded.push((outcome.name.clone(), rows));
        }
        board.apply(event);
    }
    assert_eq!(board.facts().missed, 0);
    assert_eq!(folded.len(), 3);
    for (name, rows) in folded {
        let told = outcome(&summary, &name).rows;
        assert_eq!(RowCounts { skipped: 0, ..rows }, RowCounts { skipped: 0, ..told }, "{name}");
    }
    assert_eq!(board.facts().last_summary.as_deref(), Some(&summary));
    assert_eq!(board.facts().table("emptied").unwrap().word(), Verdict::Held.as_str());
}
