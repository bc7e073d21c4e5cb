//! What must hold after a pass, judged without the engine.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use syncline::model::event::{Event, EventBody, Phase};
use syncline::model::key::Key;
use syncline::model::outcome::{Exit, PassSummary, TableOutcome, Verdict};
use syncline::model::schema::ReferentialAction;
use syncline::model::settings::{Deletes, OnEmptySource, Verify};
use syncline::model::value::Value;
use syncline::state::QuarantineFilter;
use syncline::store::memory::Database;

use super::pair::{Pair, Rows, differences};
use super::search;
use super::spec::Use;
use super::world::World;

/// A pass as seen from outside.
pub struct Observed<'a> {
    pub world: &'a World,
    pub summary: &'a PassSummary,
    /// What it said.
    pub events: &'a [Arc<Event>],
    /// The target when the process began.
    pub target_before: &'a Database,
    /// Nothing went wrong, nobody else wrote and nobody commanded.
    pub calm: bool,
    /// The pass began and ended in this process.
    pub whole: bool,
}

/// Asserts everything that a pass has to keep.
pub fn check(observed: &Observed<'_>) {
    let world = observed.world;
    check_sides(world, observed.target_before);
    check_exit(observed.summary);
    let names: Vec<&str> = observed.summary.tables.iter().map(|table| table.name.as_str()).collect();
    let distinct: BTreeSet<&str> = names.iter().copied().collect();
    assert_eq!(names.len(), distinct.len(), "a table is reported once: {names:?}");
    for outcome in &observed.summary.tables {
        let pair = pair(world, &outcome.name);
        if has_repeated_keys(pair, world) {
            continue;
        }
        check_verdict(observed, pair, outcome);
        if observed.calm {
            check_counts(observed, pair, outcome);
        }
        if observed.calm && observed.whole {
            search::check(observed, pair);
        }
    }
    if observed.calm {
        assert_eq!(names.len(), world.pairs.len(), "every table is reported: {names:?}");
    }
}

/// Asserts what holds at any time, also when a process was killed.
pub fn check_sides(world: &World, target_before: &Database) {
    assert_eq!(world.source.commits(), 0, "the source is never written");
    for store in [&world.source, &world.target] {
        assert!(store.misuses().is_empty(), "the contract of a store was broken: {:?}", store.misuses());
    }
    let target = world.target.database();
    for pair in &world.pairs {
        assert_eq!(
            pair.nobodys(&target),
            pair.nobodys(target_before),
            "{}: rows of nobody stay",
            pair.settings.name
        );
        check_guard(world, pair, target_before, &target);
    }
}

/// Asserts that nothing is deleted that a person has to be asked about first, as long as nobody was asked.
fn check_guard(world: &World, pair: &Pair, target_before: &Database, target: &Database) {
    let cascades =
        pair.spec.reference.is_some_and(|reference| reference.on_delete == ReferentialAction::Cascade);
    if cascades || world.ledger.lock().unwrap().approved() {
        return;
    }
    let history = world.source_history.lock().unwrap();
    let source_is_empty = || history.iter().all(|version| pair.expected(version).is_empty());
    let protected = match pair.settings.deletes {
        Deletes::Never | Deletes::Hold => true,
        Deletes::Apply => pair.settings.on_empty_source == OnEmptySource::Hold && source_is_empty(),
    };
    if !protected {
        return;
    }
    let left = Pair { kind: None, ..pair.clone() }.actual(target);
    let before = pair.actual(target_before);
    let gone: Vec<_> = before.keys().filter(|key| !left.contains_key(*key)).collect();
    assert!(gone.is_empty(), "{}: {gone:?} were deleted, and nobody was asked", pair.settings.name);
}

fn pair<'a>(world: &'a World, name: &str) -> &'a Pair {
    world.pairs.iter().find(|pair| pair.settings.name == name).expect("only tables of the job are reported")
}

fn check_exit(summary: &PassSummary) {
    let verdicts = || summary.tables.iter().map(|table| table.verdict);
    if summary.exit == Exit::Done {
        let fine = |verdict| matches!(verdict, Verdict::Equal | Verdict::NotCompared | Verdict::Planned);
        assert!(verdicts().all(fine), "exit 0 with {:?}", verdicts().collect::<Vec<_>>());
        let skipped = summary.tables.iter().filter(|table| table.verdict == Verdict::NotCompared);
        assert!(skipped.clone().all(|table| table.message.is_some()), "what was not compared says why");
    }
    if verdicts().any(|verdict| matches!(verdict, Verdict::Differs | Verdict::Failed)) {
        assert_ne!(summary.exit, Exit::Done);
    }
    if verdicts().any(|verdict| verdict == Verdict::Held) {
        assert!(summary.exit >= Exit::Held, "held tables exit 4 or worse, not {:?}", summary.exit);
    }
}

/// Whether a key stands for several rows of the table, whatever their record types: nothing can be promised then.
fn has_repeated_keys(pair: &Pair, world: &World) -> bool {
    let repeated = |rows: Rows| rows.values().any(|rows| rows.len() > 1);
    let whole = Pair { kind: None, ..pair.clone() };
    let (source, target) = (world.source.database(), world.target.database());
    pair.spec.loose && (repeated(whole.expected(&source)) || repeated(whole.actual(&target)))
}

/// Whether a key of any table stands for several rows.
pub fn any_key_repeats(world: &World) -> bool {
    world.pairs.iter().any(|pair| has_repeated_keys(pair, world))
}

fn check_verdict(observed: &Observed<'_>, pair: &Pair, outcome: &TableOutcome) {
    let name = &pair.settings.name;
    let actual = pair.actual(&observed.world.target.database());
    match outcome.verdict {
        Verdict::Equal if observed.calm => {
            let expected = pair.expected(&observed.world.source.database());
            let different = differences(&expected, &actual);
            let different = beyond_never_deleted(pair, outcome, different, &expected);
            assert!(
                different.is_empty() || (is_qualified(outcome) && !trust_is_sound(observed.world, pair)),
                "{name} is reported equal and differs in {different:?}: {outcome:#?}"
            );
        }
        Verdict::Equal => check_equal_at_some_time(observed, pair, outcome, &actual),
        Verdict::Differs if observed.calm => {
            let expected = pair.expected(&observed.world.source.database());
            let quarantined = quarantined(observed.world, name);
            let different = beyond_never_deleted(pair, outcome, differences(&expected, &actual), &expected);
            let unexplained: Vec<_> = different.iter().filter(|key| !quarantined.contains(**key)).collect();
            // Who compares only counts is told how many, not which.
            let said = |text| outcome.message.as_ref().is_some_and(|message| message.contains(text));
            let counted = pair.settings.verify == Verify::Count
                && (said("rows differ") || said("only counts were compared"));
            assert!(
                unexplained.is_empty() || counted,
                "{name} leaves {unexplained:?} without a word: {outcome:#?}"
            );
            assert_eq!(outcome.quarantined, quarantined.len() as u64, "{name}: quarantined rows are counted");
        }
        Verdict::Held if observed.calm => {
            check_held(observed, pair, &actual);
            assert!(outcome.message.is_some());
        }
        Verdict::Failed if observed.calm => panic!("{name} failed though nothing went wrong: {outcome:#?}"),
        _ => {}
    }
}

/// A held table writes nothing. When only verification saw what a guard refuses, with the other rows written by then,
/// what was written must at least be right: as the source has it.
fn check_held(observed: &Observed<'_>, pair: &Pair, actual: &Rows) {
    let name = &pair.settings.name;
    // A row that belongs to another record type now was taken over by that one's pair.
    let before = pair.actual(observed.target_before);
    let moved = Pair { kind: None, ..pair.clone() }.actual(&observed.world.target.database());
    let expected = pair.expected(&observed.world.source.database());
    let held_late = observed
        .events
        .iter()
        .skip_while(|event| !matches!(event.body, EventBody::PhaseStarted { phase: Phase::Verify }))
        .any(|event| matches!(&event.body, EventBody::TableHeld { table, .. } if table == name));
    let mut written = differences(&before, actual);
    written.retain(|key| actual.contains_key(*key) || !moved.contains_key(*key));
    written.retain(|key| !held_late || actual.get(*key) != expected.get(*key));
    assert!(written.is_empty() || !observed.whole, "{name} is held and {written:?} were written");
}

/// Whether something stands beside the verdict that lets rows differ; a column that only one side has does not.
fn is_qualified(outcome: &TableOutcome) -> bool {
    outcome.inexact.iter().any(|line| !line.starts_with("only at the "))
}

/// Whether every change of this table's rows shows in the source's stamps, and nobody else wrote to the target: what was
/// proven once and followed by the stamps is then equal, as long as the source stands still.
fn trust_is_sound(world: &World, pair: &Pair) -> bool {
    let plain = pair.spec.reference.is_none() && !pair.spec.scoped && !pair.spec.loose;
    plain && world.honest_stamps && !world.target_touched.load(Ordering::Relaxed)
}

/// Extra rows that are kept on purpose are no difference, when the report says so.
fn beyond_never_deleted<'a>(
    pair: &Pair,
    outcome: &TableOutcome,
    mut different: Vec<&'a Key>,
    expected: &Rows,
) -> Vec<&'a Key> {
    let said = outcome.inexact.iter().any(|line| line.contains("extra rows at the target are kept"));
    if pair.settings.deletes == Deletes::Never && said {
        different.retain(|key| expected.contains_key(*key));
    }
    different
}

/// On a source that moves, `equal` means equal to what it held at some time during the pass.
fn check_equal_at_some_time(observed: &Observed<'_>, pair: &Pair, outcome: &TableOutcome, actual: &Rows) {
    if is_qualified(outcome) {
        return;
    }
    let history = observed.world.source_history.lock().unwrap();
    let mut versions: BTreeMap<Key, BTreeSet<Vec<u8>>> = BTreeMap::new();
    let mut times_present: BTreeMap<Key, usize> = BTreeMap::new();
    let form =
        |rows: &[Vec<Value>]| rows.iter().flat_map(|row| Key::from_values(row).as_bytes().to_vec()).collect();
    for version in history.iter() {
        for (key, rows) in pair.expected(version) {
            versions.entry(key.clone()).or_default().insert(form(&rows));
            *times_present.entry(key).or_default() += 1;
        }
    }
    for (key, rows) in actual {
        let known = versions.get(key).is_some_and(|forms| forms.contains::<Vec<u8>>(&form(rows)));
        assert!(
            known,
            "{}: {key} is reported equal to what the source never held: {rows:?}",
            pair.settings.name
        );
    }
    for (key, times) in times_present {
        let lost = times == history.len() && !actual.contains_key(&key);
        assert!(
            !lost,
            "{}: {key} was at the source all the time and is not at the target",
            pair.settings.name
        );
    }
}

/// Keys of a table that are quarantined.
pub fn quarantined(world: &World, table: &str) -> BTreeSet<Key> {
    use syncline::state::State;
    let state = world.disk.open_read_only();
    let filter = QuarantineFilter { table: Some(table.to_owned()), ..QuarantineFilter::default() };
    state.quarantine(&filter).unwrap().into_iter().map(|row| row.key).collect()
}

fn check_counts(observed: &Observed<'_>, pair: &Pair, outcome: &TableOutcome) {
    let name = &pair.settings.name;
    let world = observed.world;
    let (before, after) = (pair.actual(observed.target_before), pair.actual(&world.target.database()));
    let expected = pair.expected(&world.source.database());
    if let Some(count) = outcome.source_count {
        assert_eq!(count, expected.len() as u64, "{name}: rows at the source");
    }
    // A continued pass may find, while it verifies one record type, a row that the other one was counted with.
    let counted_at_the_end = observed.whole || !pair.spec.scoped;
    if let (Some(count), Verdict::Equal | Verdict::Differs, true) =
        (outcome.target_count, outcome.verdict, counted_at_the_end)
    {
        assert_eq!(count, after.len() as u64, "{name}: rows at the target: {outcome:#?}");
    }
    check_own_columns(observed, pair);
    // References may have changed or deleted rows on top, which are counted apart.
    let cascades = world.specs.iter().any(|spec| spec.reference.is_some());
    if !observed.whole || cascades {
        return;
    }
    let added = after.keys().filter(|key| !before.contains_key(*key)).count() as u64;
    let deleted = before.keys().filter(|key| !after.contains_key(*key)).count() as u64;
    let modified =
        after.iter().filter(|(key, rows)| before.get(*key).is_some_and(|old| old != *rows)).count() as u64;
    let told = outcome.rows;
    let whole = Pair { kind: None, ..pair.clone() }.actual(&world.target.database());
    let gone = before.keys().filter(|key| !whole.contains_key(*key)).count() as u64;
    assert!((gone..=deleted).contains(&told.deleted), "{name}: rows deleted: {outcome:#?}");
    assert_eq!(told.added + told.modified, added + modified, "{name}: rows written: {outcome:#?}");
    // A row that is taken over from another record type is new here, and changed at the target.
    assert!(told.added == added || pair.spec.scoped, "{name}: rows added: {outcome:#?}");
}

/// What only the target knows of a row stays when the row stays.
fn check_own_columns(observed: &Observed<'_>, pair: &Pair) {
    let Some(own) = pair.spec.at_target(Use::Own) else { return };
    let key_of = |row: &[Value]| {
        let key: Vec<Value> =
            pair.columns[..pair.spec.key_length].iter().map(|&(_, position)| row[position].clone()).collect();
        Key::from_values(&key)
    };
    let kind = pair.spec.at_target(Use::Kind).unwrap();
    let in_scope =
        |row: &Vec<Value>| pair.kind.as_ref().is_none_or(|wanted| row[kind] == Value::text(wanted));
    let rows = |database: &Database| -> BTreeMap<Key, Value> {
        let rows = database.rows(&pair.spec.at_target).unwrap().into_iter().filter(in_scope);
        rows.map(|row| (key_of(&row), row[own].clone())).collect()
    };
    let after = rows(&observed.world.target.database());
    for (key, value) in rows(observed.target_before) {
        if let Some(kept) = after.get(&key) {
            assert_eq!(*kept, value, "{}: {key}: a column that is not ours was changed", pair.settings.name);
        }
    }
}

/// Asserts how everything stands when nothing went wrong for long enough: equal, or impossible and said so.
pub fn check_end(world: &World, summary: &PassSummary) {
    for outcome in &summary.tables {
        let pair = pair(world, &outcome.name);
        if has_repeated_keys(pair, world) {
            continue;
        }
        match outcome.verdict {
            verdict if verdict == Verdict::Equal || pair.settings.verify != Verify::Digest => {
                let expected = pair.expected(&world.source.database());
                let actual = pair.actual(&world.target.database());
                let different =
                    beyond_never_deleted(pair, outcome, differences(&expected, &actual), &expected);
                let quarantined = quarantined(world, &outcome.name);
                let unexplained: Vec<_> =
                    different.iter().filter(|key| !quarantined.contains(**key)).collect();
                assert!(
                    unexplained.is_empty(),
                    "{} ends with {unexplained:?} different: {outcome:#?}",
                    outcome.name
                );
            }
            Verdict::Differs => {
                let quarantined = quarantined(world, &outcome.name);
                assert!(
                    !quarantined.is_empty(),
                    "{} ends different for no reason: {outcome:#?}",
                    outcome.name
                );
                for key in quarantined {
                    check_impossible(world, pair, &key);
                }
            }
            _ => panic!("{} does not come to its end: {outcome:#?}", outcome.name),
        }
    }
}

/// Asserts that the target really refuses a row that ended in quarantine.
fn check_impossible(world: &World, pair: &Pair, key: &Key) {
    let expected = pair.expected(&world.source.database());
    let mut target = world.target.database();
    let table = &pair.spec.at_target;
    let key_columns: Vec<usize> =
        pair.columns[..pair.spec.key_length].iter().map(|&(_, position)| position).collect();
    let has_key = |row: &[Value]| {
        let values: Vec<Value> = key_columns.iter().map(|&position| row[position].clone()).collect();
        Key::from_values(&values) == *key
    };
    let done = target.edit(|change| match expected.get(key).map(|rows| rows[0].clone()) {
        None => change.delete(table, has_key).map(drop),
        Some(row) => {
            let set = |image: &mut [Value]| {
                for (&(_, position), value) in pair.columns.iter().zip(&row) {
                    image[position] = value.clone();
                }
            };
            if change.update(table, has_key, set)? == 0 {
                let mut image = vec![
                    Value::text("fresh");
                    row.len() + usize::from(pair.spec.at_target(Use::Own).is_some())
                ];
                set(&mut image);
                change.insert(table, image)?;
            }
            Ok(())
        }
    });
    let different = expected.get(key) != pair.actual(&world.target.database()).get(key);
    let blocked = done.is_err() || exists_out_of_scope(world, pair, key);
    assert!(!different || blocked, "{}: {key} is quarantined and could be written", pair.settings.name);
}

fn exists_out_of_scope(world: &World, pair: &Pair, key: &Key) -> bool {
    let whole = Pair { kind: None, ..pair.clone() };
    let target = world.target.database();
    whole.actual(&target).contains_key(key) && !pair.actual(&target).contains_key(key)
}
