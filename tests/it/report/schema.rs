//! The published schema and the documentation hold for everything that is written.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jsonschema::Validator;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use syncline::wire::{EventForm, Form, SummaryForm, json::to_text};

use super::{json_of, script};
use crate::events::{body, event, summary};

const SCHEMA: &str = include_str!("../../../assets/output.schema.json");
const CONTRACT: &str = include_str!("../../../assets/json-output.md");

fn schema() -> Value {
    serde_json::from_str(SCHEMA).expect("the schema is JSON")
}

fn definitions(schema: &mut Value) -> &mut serde_json::Map<String, Value> {
    schema["$defs"].as_object_mut().expect("the schema has definitions")
}

/// The schema without its leave to add fields, so that a field that it does not describe is found.
pub fn closed() -> &'static Validator {
    static CLOSED: LazyLock<Validator> = LazyLock::new(close);
    &CLOSED
}

fn close() -> Validator {
    let mut schema = schema();
    for (name, definition) in definitions(&mut schema) {
        if name != "line" && definition.get("properties").is_some() {
            definition["additionalProperties"] = Value::Bool(false);
        }
    }
    jsonschema::draft202012::new(&schema).expect("the schema is a schema")
}

/// Fails with what is wrong with which line.
pub fn assert_valid(validator: &Validator, output: &str) {
    for line in output.lines() {
        let value: Value = serde_json::from_str(line).expect("a line is JSON");
        if let Err(error) = validator.validate(&value) {
            panic!("{error} at {} in {line}", error.instance_path());
        }
    }
}

fn samples<T>(strategy: &impl Strategy<Value = T>, count: usize) -> Vec<T> {
    let mut runner = TestRunner::deterministic();
    let mut sample = || strategy.new_tree(&mut runner).expect("nothing is filtered").current();
    (0..count).map(|_| sample()).collect()
}

#[test]
fn the_schema_is_a_schema() {
    assert!(jsonschema::meta::is_valid(&schema()));
}

#[test]
fn every_kind_of_event_is_as_the_schema_says() {
    let validator = closed();
    let mut seen = BTreeSet::new();
    for event in samples(&event(), 4000) {
        let text = to_text(&EventForm::of(&event)).unwrap();
        assert_valid(validator, &text);
        let value: Value = serde_json::from_str(&text).unwrap();
        seen.insert(value["type"].as_str().unwrap().to_owned());
    }
    let kinds: BTreeSet<String> = EventForm::KINDS.iter().map(|&kind| kind.to_owned()).collect();
    assert_eq!(seen, kinds);
    let schema = schema();
    let known = |kind: &&String| schema["$defs"].get(kind.as_str()).is_some();
    assert_eq!(kinds.iter().filter(known).count(), kinds.len());
}

#[test]
fn summaries_and_whole_runs_are_as_the_schema_says() {
    let validator = closed();
    for summary in samples(&summary(), 300) {
        assert_valid(validator, &to_text(&SummaryForm::of(&summary)).unwrap());
    }
    assert_valid(validator, &json_of(&script::events()));
}

#[test]
fn the_schema_refuses_what_is_not_so() {
    let validator = closed();
    let good = json!({"type": "sleep-ended", "seq": 1, "at": "2026-11-20T14:02:00Z", "reason": "n"});
    assert!(validator.is_valid(&good));
    let with = |field: &str, value: Value| {
        let mut bad = good.clone();
        bad[field] = value;
        bad
    };
    let without = |field: &str| {
        let mut bad = good.clone();
        bad.as_object_mut().expect("an object").remove(field);
        bad
    };
    for bad in [
        with("seq", json!(0)),
        with("seq", json!("1")),
        with("reason", json!(null)),
        with("undocumented", json!(1)),
        with("type", json!("sleep-started")),
        without("reason"),
        without("type"),
        json!([]),
        json!(1),
    ] {
        assert!(!validator.is_valid(&bad), "{bad}");
    }
}

#[test]
fn a_reader_with_this_schema_accepts_what_is_added_later() {
    let open = jsonschema::draft202012::new(&schema()).unwrap();
    assert!(open.is_valid(&json!({"type": "moon-rose", "phase": "full"})));
    let later =
        json!({"type": "sleep-ended", "seq": 1, "at": "2026-11-20T14:02:00Z", "reason": "n", "dream": 1});
    assert!(open.is_valid(&later));
}

#[test]
fn every_kind_field_and_word_is_documented() {
    let mut schema = schema();
    let mut missing = BTreeSet::new();
    let mut need = |word: &str| {
        if !CONTRACT.contains(&format!("`{word}`")) && !CONTRACT.contains(&format!("\"{word}\"")) {
            missing.insert(word.to_owned());
        }
    };
    for definition in definitions(&mut schema).values() {
        let properties = definition.get("properties").and_then(Value::as_object);
        for (name, property) in properties.into_iter().flatten() {
            need(name);
            let words = property.get("enum").and_then(Value::as_array).into_iter().flatten();
            words.chain(property.get("const")).filter_map(Value::as_str).for_each(&mut need);
        }
    }
    assert!(missing.is_empty(), "assets/json-output.md does not name {missing:?}");
}

#[test]
fn bodies_of_events_name_their_table() {
    for body in samples(&body(), 500) {
        let event = syncline::model::event::Event { seq: 1, at: script::START, body };
        let value = serde_json::to_value(EventForm::of(&event)).unwrap();
        let named = [&value["table"], &value["outcome"]["name"], &value["error"]["table"]];
        let named = named.into_iter().find_map(Value::as_str);
        assert_eq!(named, event.body.table(), "{value}");
    }
}
