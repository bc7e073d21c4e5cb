use std::collections::{BTreeSet, HashSet};

use proptest::prelude::*;

use super::world::*;
use crate::model::key::Key;
use crate::model::range::KeyRange;
use crate::model::search::cost::CostModel;
use crate::model::search::*;
use crate::model::value::Value;

/// Keys with gaps and skew, of one column or of two, the first of which repeats.
fn keys() -> impl Strategy<Value = Vec<Key>> {
    let dense = (0i64..400).prop_map(key);
    let skewed = (0u32..40).prop_map(|exponent| key(1i64 << exponent));
    let composite = (0i64..4, "[ab]{0,3}", 0i64..20).prop_map(|(group, text, n)| {
        Key::from_values(&[Value::Integer(group.into()), Value::text(&text), Value::Integer(n.into())])
    });
    let key = prop_oneof![4 => dense, 1 => skewed];
    prop_oneof![
        2 => prop::collection::vec(key, 0..400),
        1 => prop::collection::vec(composite, 0..400),
    ]
}

#[derive(Debug, Clone)]
enum Edit {
    Delete(prop::sample::Index),
    Change(prop::sample::Index),
    /// The same edit of two rows, which an exclusive or would not see.
    ChangeTwo(prop::sample::Index, prop::sample::Index),
    /// One row goes and another comes next to it: the counts stay.
    Move(prop::sample::Index),
    /// A run of rows goes.
    DeleteRun(prop::sample::Index, u8),
    Insert(i64),
}

fn edit() -> impl Strategy<Value = Edit> {
    use prop::sample::Index;
    prop_oneof![
        any::<Index>().prop_map(Edit::Delete),
        any::<Index>().prop_map(Edit::Change),
        (any::<Index>(), any::<Index>()).prop_map(|(a, b)| Edit::ChangeTwo(a, b)),
        any::<Index>().prop_map(Edit::Move),
        (any::<Index>(), any::<u8>()).prop_map(|(at, rows)| Edit::DeleteRun(at, rows)),
        (-50i64..500).prop_map(Edit::Insert),
    ]
}

fn apply(table: &mut Table, edit: &Edit) {
    let nth = |table: &Table, index: &prop::sample::Index| {
        (!table.is_empty()).then(|| table.keys().nth(index.index(table.len())).expect("in range").clone())
    };
    let change = |table: &mut Table, index: &prop::sample::Index| {
        if let Some(key) = nth(table, index) {
            *table.get_mut(&key).expect("it exists") += 1;
        }
    };
    match edit {
        Edit::Change(at) => change(table, at),
        Edit::ChangeTwo(a, b) => {
            change(table, a);
            change(table, b);
        }
        Edit::Delete(at) => {
            if let Some(key) = nth(table, at) {
                table.remove(&key);
            }
        }
        Edit::Move(at) => {
            if let Some(key) = nth(table, at) {
                table.remove(&key);
                let mut values = key.values();
                values.push(Value::Null);
                table.insert(Key::from_values(&values), 0);
            }
        }
        Edit::DeleteRun(at, rows) => {
            if let Some(first) = nth(table, at) {
                let run: Vec<Key> =
                    table.range(first..).take(usize::from(*rows)).map(|(key, _)| key.clone()).collect();
                for key in run {
                    table.remove(&key);
                }
            }
        }
        Edit::Insert(n) => {
            table.insert(key(*n), 9);
        }
    }
}

fn tables() -> impl Strategy<Value = (Table, Table)> {
    let edits = prop_oneof![
        4 => prop::collection::vec(edit(), 0..6),
        1 => prop::collection::vec(edit(), 0..80),
    ];
    (keys(), edits, prop_oneof![8 => Just(0u8), 1 => Just(1), 1 => Just(2)]).prop_map(
        |(keys, edits, emptied)| {
            let source: Table = keys.into_iter().map(|key| (key, 0)).collect();
            let mut target = source.clone();
            for edit in &edits {
                apply(&mut target, edit);
            }
            match emptied {
                1 => (Table::new(), target),
                2 => (source, Table::new()),
                _ => (source, target),
            }
        },
    )
}

fn fan_out() -> impl Strategy<Value = FanOut> {
    let free = CostModel { round_trip_seconds: 0.0, rows_per_second: 1e12, ..CostModel::default() };
    let thin = CostModel { bytes_per_second: 1e4, ..CostModel::default() };
    prop_oneof![
        3 => Just(FanOut::Forced(2)),
        2 => (3u32..200).prop_map(FanOut::Forced),
        2 => prop_oneof![Just(CostModel::default()), Just(free), Just(thin)].prop_map(FanOut::Model),
    ]
}

fn search_settings() -> impl Strategy<Value = SearchSettings> {
    (1u64..30, prop_oneof![Just(0u64), 1u64..150], fan_out(), 1u64..300).prop_map(
        |(leaf_rows, recent, fan_out, request_rows_max)| SearchSettings {
            request_rows_max,
            ..settings(leaf_rows, recent, fan_out)
        },
    )
}

/// What the search left to an ordered read, read.
fn read_the_rest(world: &mut World, summary: &SearchSummary) {
    for range in &summary.remaining {
        world.log.found.extend(differences(&world.source, &world.target, range));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn exactly_the_differences_are_found_and_everything_else_is_proven(
        (source, target) in tables(), settings in search_settings(), leaf_digests: bool,
    ) {
        let mut world = World::new(source, target);
        world.leaf_digests = leaf_digests;
        let mut search = world.search(settings);
        let summary = world.drive(&mut search);
        assert_partition(&search);
        if summary.outcome == Outcome::Complete {
            prop_assert!(summary.remaining.is_empty());
            prop_assert_eq!(summary.found, tally(&world.log.found));
        } else {
            prop_assert_eq!(&summary.outcome, &Outcome::TooManyDifferences);
        }
        read_the_rest(&mut world, &summary);
        prop_assert_eq!(&world.log.found, &world.all_differences());
        for (range, proven) in search.proven() {
            prop_assert_eq!(proven, digest(&world.source, &range));
            prop_assert_eq!(proven, digest(&world.target, &range));
        }
        let asked: HashSet<KeyRange> = world.log.digested.iter().cloned().collect();
        prop_assert_eq!(asked.len(), world.log.digested.len(), "a range was digested twice");
        let read: HashSet<KeyRange> = world.log.read.iter().cloned().collect();
        prop_assert_eq!(read.len(), world.log.read.len(), "a range was read twice");
    }

    #[test]
    fn pausing_at_any_point_changes_nothing(
        (source, target) in tables(), settings in search_settings(),
        cuts in prop::collection::vec((0usize..4, any::<prop::sample::Index>()), 1..8),
    ) {
        let mut straight = World::new(source.clone(), target.clone());
        let mut search = straight.search(settings);
        let expected = straight.drive(&mut search);

        let mut world = World::new(source, target);
        let mut search = world.search(settings);
        let mut cuts = cuts.into_iter().cycle();
        let summary = loop {
            let (requests, part) = cuts.next().expect("a cycle");
            let mut ended = None;
            for _ in 0..requests {
                match search.next_request() {
                    Request::Done(summary) => {
                        ended = Some(summary);
                        break;
                    }
                    request => world.answer(&mut search, &request, 0..questions(&request)),
                }
            }
            if let Some(summary) = ended {
                break summary;
            }
            let request = search.next_request();
            if let Request::Done(summary) = request {
                break summary;
            }
            // Some of the questions are answered, in falling order; then the process ends.
            let answered = part.index(questions(&request) + 1);
            world.answer(&mut search, &request, (0..answered).rev());
            search = RangeSearch::resume(settings, search.checkpoint());
            assert_partition(&search);
            // At least one question is answered between two ends.
            let request = search.next_request();
            if let Request::Done(summary) = request {
                break summary;
            }
            world.answer(&mut search, &request, 0..1);
        };
        prop_assert_eq!(&summary.outcome, &expected.outcome);
        if summary.outcome == Outcome::Complete {
            prop_assert_eq!(summary.found, expected.found);
        }
        read_the_rest(&mut world, &summary);
        prop_assert_eq!(&world.log.found, &world.all_differences());
        for (range, proven) in search.proven() {
            prop_assert_eq!(proven, digest(&world.target, &range));
        }
        let read: BTreeSet<String> = world.log.read.iter().map(|range| format!("{range:?}")).collect();
        prop_assert_eq!(read.len(), world.log.read.len(), "a range was read twice");
    }

    #[test]
    fn halving_is_as_deep_as_the_logarithm_and_asks_no_more_than_its_bound(
        (source, target) in tables(), leaf_rows in 1u64..30, recent in 0u64..100,
    ) {
        let settings = settings(leaf_rows, recent, FanOut::Forced(2));
        let mut world = World::new(source, target);
        let mut search = world.search(settings);
        let summary = world.drive(&mut search);
        let halvings = |table: &Table| (table.len() as u64 / leaf_rows + 1).ilog2() + 1;
        // Each level halves the side with more rows there.
        let depth = 1 + halvings(&world.source) + halvings(&world.target);
        prop_assert!(summary.counters.depth_max <= depth, "{} > {depth}", summary.counters.depth_max);
        let differences = world.all_differences().len() as u64;
        let bound = 3 + 2 * differences * u64::from(depth);
        prop_assert!(summary.counters.digests <= bound, "{} > {bound}", summary.counters.digests);
    }

    #[test]
    fn a_count_search_finds_only_true_differences_and_never_proves(
        (source, target) in tables(), leaf_rows in 1u64..30, fan_out in fan_out(), stop_after in prop::option::of(1u64..5),
    ) {
        let settings = SearchSettings {
            compare: Compare::CountOnly { stop_after },
            ..settings(leaf_rows, 50, fan_out)
        };
        let mut world = World::new(source, target);
        let mut search = world.search(settings);
        let summary = world.drive(&mut search);
        prop_assert!(world.log.found.is_subset(&world.all_differences()));
        prop_assert_eq!(search.proven().count(), 0);
        prop_assert_eq!(search.unproven(), vec![KeyRange::all()]);
        let difference = world.source.len().abs_diff(world.target.len()) as u64;
        if summary.outcome == Outcome::Complete {
            prop_assert!(summary.found.total() >= difference);
        }
    }

    #[test]
    fn keys_that_are_no_row_positions_cost_time_and_nothing_else(
        (source, target) in tables(), leaf_rows in 1u64..30, recent in 0u64..100, fan_out in fan_out(),
        seed in prop::collection::vec(-60i64..500, 1..30),
    ) {
        let mut world = World::new(source, target);
        let mut search = world.search(settings(leaf_rows, recent, fan_out));
        let mut seed = seed.into_iter().cycle();
        let summary = loop {
            match search.next_request() {
                Request::Done(summary) => break summary,
                Request::Split(probes) => {
                    for probe in probes {
                        let keys: BTreeSet<Key> = seed.by_ref().take(3).map(key).collect();
                        search.answer_split(probe.id, &keys.into_iter().collect::<Vec<_>>()).unwrap();
                        assert_partition(&search);
                    }
                }
                request => world.answer(&mut search, &request, 0..questions(&request)),
            }
        };
        read_the_rest(&mut world, &summary);
        prop_assert_eq!(&world.log.found, &world.all_differences());
    }
}
