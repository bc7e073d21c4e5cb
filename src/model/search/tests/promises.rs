use super::world::*;
use crate::base::limits;
use crate::model::digest::Digest;
use crate::model::event::Side;
use crate::model::range::KeyRange;
use crate::model::search::cost::CostModel;
use crate::model::search::*;

const HALVES: FanOut = FanOut::Forced(2);

fn counting(stop_after: Option<u64>) -> SearchSettings {
    SearchSettings { compare: Compare::CountOnly { stop_after }, ..settings(10, 0, HALVES) }
}

#[test]
fn b4_1_a_missing_and_an_extra_row_in_the_same_half_are_found_by_content_and_not_by_count() {
    let source = table((0..1000).filter(|&n| n != 100));
    let target = table((0..1000).filter(|&n| n != 140));
    for fan_out in [HALVES, FanOut::Forced(7), FanOut::Model(CostModel::default())] {
        let mut world = World::new(source.clone(), target.clone());
        let mut search = world.search(settings(10, 0, fan_out));
        let summary = world.drive(&mut search);
        assert_eq!(summary.found, Found { missing: 1, extra: 1, changed: 0 });
        assert_eq!(world.log.found, world.all_differences());
    }
    let mut world = World::new(source, target);
    let mut search = world.search(counting(None));
    let summary = world.drive(&mut search);
    assert_eq!(summary.found.total(), 0, "counts agree in the half that holds both");
    assert_eq!(search.proven().count(), 0, "and therefore nothing is proven");
    assert_eq!(search.unproven(), [KeyRange::all()]);
}

#[test]
fn b4_1_a_forced_count_search_stops_at_the_expected_number_and_names_what_it_left_out() {
    // Three rows missing, one extra: the counts differ by two.
    let source = table(0..1000);
    let target = table((0..1000).filter(|n| ![900, 901, 100].contains(n)).chain([5000]));
    let mut world = World::new(source, target);
    let mut search = world.search(counting(Some(2)));
    let summary = world.drive(&mut search);
    assert_eq!(summary.outcome, Outcome::StoppedEarly);
    assert!(summary.found.total() >= 2 && summary.found.total() < 4, "{:?}", summary.found);
    assert!(!summary.remaining.is_empty());
}

#[test]
fn b4_3_pieces_never_overlap_and_a_leaf_is_never_larger_than_its_limit() {
    let source = table(0..179_196);
    let target = table((0..179_196).filter(|&n| n != 150_000));
    let mut world = World::new(source, target);
    let unbounded = SearchSettings { request_rows_max: u64::MAX, ..settings(500, 5000, HALVES) };
    let mut search = world.search(unbounded);
    let mut sizes = Vec::new();
    loop {
        let request = search.next_request();
        match &request {
            Request::Done(_) => break,
            Request::Digest(probes) => {
                for probe in probes {
                    sizes.push(digest(&world.source, &probe.range).count);
                }
            }
            Request::Leaf(probes) => {
                for probe in probes {
                    assert!(digest(&world.source, &probe.range).count <= 500);
                    assert!(probe.source_rows.is_some_and(|rows| rows <= 500));
                }
            }
            Request::Split(_) => {}
        }
        world.answer(&mut search, &request, 0..questions(&request));
    }
    assert_eq!(sizes[..3], [5000, 87_098, 87_098], "halves of 174,196 rows, not of 174,197");
}

#[test]
fn s4_028_the_trail_follows_the_search() {
    let source = table((0..179_196).filter(|n| ![150_000, 150_001].contains(n)));
    let target = table(0..179_196);
    let mut world = World::new(source, target);
    let mut search = world.search(settings(500, 5000, HALVES));
    world.drive(&mut search);
    assert_eq!(
        search.trail().to_string(),
        "delete binary search 179196 records, search 5000 recent first, need to find ≥ 2:\n\
         2.8%↑5000 97%↓174196 49%↑87098 24%↑43549 12%↓21774 6.1%↑10887 3.0%↑5444 1.5%↑2722 \
         0.76%↓1361 0.38%↓680 0.19%↓340"
    );
}

#[test]
fn the_newest_rows_are_searched_first_in_halves_and_in_wide_levels() {
    let source = table(0..20_000);
    let target = table((0..20_000).filter(|n| ![10, 19_990].contains(n)));
    for fan_out in [HALVES, FanOut::Forced(100), FanOut::Model(CostModel::default())] {
        let mut world = World::new(source.clone(), target.clone());
        let mut search = world.search(settings(50, 1000, fan_out));
        let mut order = Vec::new();
        loop {
            let request = search.next_request();
            if let Request::Done(_) = request {
                break;
            }
            world.answer(&mut search, &request, 0..questions(&request));
            if order.len() < world.log.found.len() {
                order.extend(world.log.found.iter().map(|(key, ..)| key.clone()).rev());
                order.dedup();
            }
        }
        assert_eq!(order.first(), Some(&key(19_990)), "{fan_out:?}");
        assert_eq!(world.log.found.len(), 2);
    }
}

#[test]
fn equal_tables_cost_one_scan_and_are_proven_as_a_whole() {
    for fan_out in [HALVES, FanOut::Forced(64), FanOut::Model(CostModel::default())] {
        let mut world = World::new(table(0..5000), table(0..5000));
        let mut search = world.search(settings(50, 500, fan_out));
        let summary = world.drive(&mut search);
        assert_eq!(summary.outcome, Outcome::Complete);
        assert_eq!(world.log.rows_digested, 5000);
        assert_eq!(world.log.rows_read, 0);
        let proven: Vec<_> = search.proven().collect();
        assert_eq!(proven, [(KeyRange::all(), digest(&world.source, &KeyRange::all()))]);
        assert!(search.unproven().is_empty());
    }
}

#[test]
fn small_tables_are_read_at_once_and_proven_by_the_digest_taken_on_the_way() {
    for (source, target) in [(table([]), table([])), (table([7]), table([7])), (table(0..10), table(0..10))] {
        let mut world = World::new(source, target);
        world.leaf_digests = true;
        let mut search = world.search(settings(10, 5, HALVES));
        world.drive(&mut search);
        assert_eq!(world.log.requests, ["leaf"]);
        assert!(search.unproven().is_empty());
    }
}

#[test]
fn a_range_that_only_one_side_has_is_read_without_searching_it_in_units() {
    let rows = limits::SEARCH_UNIT_ROWS_MAX as i64 * 2 + 5;
    let mut world = World::new(table(0..rows), table([]));
    let mut search = world.search(settings(500, 5000, HALVES));
    let summary = world.drive(&mut search);
    assert_eq!(world.log.digested, []);
    assert_eq!(world.log.read.len(), 3);
    assert_eq!(summary.found.missing, rows as u64);
}

#[test]
fn too_many_differing_ranges_end_the_search_and_keep_what_is_proven() {
    let source = table(0..100_000);
    let mut target = source.clone();
    for n in (0..100_000).step_by(1000) {
        target.insert(key(n), 1);
    }
    let mut world = World::new(source, target);
    let mut search = world.search(settings(500, 0, FanOut::Forced(1000)));
    let summary = world.drive(&mut search);
    assert_eq!(summary.outcome, Outcome::TooManyDifferences);
    assert_eq!(world.log.rows_digested, 100_000, "only the first level was digested");
    assert_eq!(summary.remaining.len(), 100);
    assert_eq!(summary.remaining, search.unproven(), "the rest is proven");
    let left: u64 = summary.remaining.iter().map(|range| digest(&world.source, range).count).sum();
    assert_eq!(left, 10_000);
}

#[test]
fn many_differences_among_the_newest_rows_do_not_end_the_search() {
    let source = table(0..100_000);
    let mut target = source.clone();
    for n in 99_000..100_000 {
        target.insert(key(n), 1);
    }
    let mut world = World::new(source, target);
    let mut search = world.search(settings(100, 5000, FanOut::Forced(100)));
    assert_eq!(world.drive(&mut search).outcome, Outcome::Complete);
    assert_eq!(world.log.found.len(), 1000);
}

#[test]
fn one_scan_and_the_leaves_is_all_that_few_differences_cost() {
    let rows = 200_000;
    let source = table(0..rows);
    let mut target = source.clone();
    for n in 1..=20 {
        target.insert(key(n * 9_973 % rows), 1);
    }
    let model = CostModel { bytes_per_second: 125e6, ..CostModel::default() };
    let mut world = World::new(source, target);
    let mut search = world
        .search(SearchSettings { request_rows_max: 1_000_000, ..settings(500, 0, FanOut::Model(model)) });
    let summary = world.drive(&mut search);
    assert_eq!(world.log.found, world.all_differences());
    let shape = model.best_wide(rows as u64, 11, 500);
    let touched = (world.log.rows_digested + world.log.rows_read) as f64;
    assert!(touched <= 1.25 * rows as f64, "rows touched: {touched}");
    let bound = shape.first_fan_out + 20 * shape.inner_fan_out * u64::from(shape.levels);
    assert!(summary.counters.digests <= bound, "{} > {bound}", summary.counters.digests);
    assert!(world.log.requests.len() <= 2 * shape.levels as usize + 2, "{:?}", world.log.requests);
}

#[test]
fn s4_092_a_count_that_cannot_be_ends_the_search_without_a_proof() {
    let world = World::new(table(0..100), table(0..100));
    let mut search = world.search(settings(10, 0, HALVES));
    let Request::Split(split) = search.next_request() else { panic!("a split") };
    search.answer_split(split[0].id, &[key(50)]).unwrap();
    let Request::Digest(halves) = search.next_request() else { panic!("digests") };
    let whole = digest(&world.source, &halves[0].range);
    search.answer_digest(halves[0].id, whole, whole).unwrap();
    assert_eq!(search.proven().count(), 1);
    let error = search.answer_digest(halves[1].id, whole, Digest::EMPTY).unwrap_err();
    assert_eq!(
        error,
        SearchError::InvalidCount { side: Side::Target, parts: 50, whole: 100, range: KeyRange::all() }
    );
    assert_eq!(
        error.to_string(),
        "Binary search: Invalid toCount=50 in (…, …), where 100 rows were counted before"
    );
    let Request::Done(summary) = search.next_request() else { panic!("the end") };
    assert_eq!(summary.outcome, Outcome::Failed(error));
    assert_eq!(summary.remaining, [KeyRange::all()]);
    assert_eq!(search.proven().count(), 0, "nothing that was answered before is believed either");
}

#[test]
fn s4_092_no_rows_where_there_were_some() {
    let world = World::new(table(0..10), table(0..7));
    let mut search = world.search(settings(10, 0, HALVES));
    let Request::Leaf(leaf) = search.next_request() else { panic!("a leaf") };
    let answer = LeafAnswer {
        source_rows: 10,
        target_rows: 0,
        found: Found { missing: 10, ..Found::default() },
        digest: None,
    };
    let error = search.answer_leaf(leaf[0].id, answer).unwrap_err();
    assert!(error.to_string().starts_with("Binary search: Invalid toCount=0 in "), "{error}");
}

#[test]
fn totals_of_another_instant_are_no_measure() {
    let mut world = World::new(table(0..100), table(0..90));
    for (totals, ok) in [(Totals::estimated(70, 95), true), (Totals::exact(70, 95), false)] {
        let mut search = RangeSearch::over(settings(200, 0, HALVES), &[KeyRange::all()], totals);
        let Request::Leaf(leaf) = search.next_request() else { panic!("a leaf") };
        let answer = LeafAnswer {
            source_rows: 100,
            target_rows: 90,
            found: Found { missing: 10, ..Found::default() },
            digest: None,
        };
        assert_eq!(search.answer_leaf(leaf[0].id, answer).is_ok(), ok);
    }
    world.drive(&mut RangeSearch::over(settings(10, 0, HALVES), &[KeyRange::all()], Totals::estimated(3, 0)));
    assert_eq!(world.log.found.len(), 10);
}

#[test]
fn trap_32_a_short_leaf_read_is_not_the_end_of_the_data() {
    let world = World::new(table(0..100), table(0..99));
    let mut search = world.search(settings(60, 0, HALVES));
    let mut world = world;
    loop {
        let request = search.next_request();
        if let Request::Leaf(leaf) = &request {
            let answer = LeafAnswer {
                source_rows: leaf[0].source_rows.unwrap(),
                target_rows: leaf[0].target_rows.unwrap() - 1,
                found: Found { missing: 2, ..Found::default() },
                digest: None,
            };
            let error = search.answer_leaf(leaf[0].id, answer).unwrap_err();
            assert!(matches!(error, SearchError::InvalidCount { side: Side::Target, .. }), "{error}");
            return;
        }
        world.answer(&mut search, &request, 0..questions(&request));
    }
}

#[test]
fn moving_sides_are_planned_anew_not_asserted() {
    let moving =
        SearchSettings { source_consistent: false, target_consistent: false, ..settings(10, 0, HALVES) };
    let mut world = World::new(table(0..100), table(0..90));
    let mut search = world.search(moving);
    let mut n = 100;
    let summary = loop {
        let request = search.next_request();
        if let Request::Done(summary) = request {
            break summary;
        }
        world.answer(&mut search, &request, 0..questions(&request));
        if n < 130 {
            world.source.insert(key(n), 0);
            world.target.remove(&key(n - 60));
            n += 1;
        }
    };
    assert_eq!(summary.outcome, Outcome::Complete);
    assert_eq!(summary.remaining, []);
}

#[test]
fn digests_that_differ_over_equal_rows_are_a_logic_error_on_snapshots_only() {
    for consistent in [true, false] {
        let world = World::new(table(0..100), table(0..100));
        let mut search =
            world.search(SearchSettings { source_consistent: consistent, ..settings(60, 0, HALVES) });
        let Request::Split(split) = search.next_request() else { panic!("a split") };
        search.answer_split(split[0].id, &[key(50)]).unwrap();
        let Request::Digest(halves) = search.next_request() else { panic!("digests") };
        for half in &halves {
            let digest = digest(&world.source, &half.range);
            search.answer_digest(half.id, digest, Digest { sum: 1, ..digest }).unwrap();
        }
        let Request::Leaf(leaf) = search.next_request() else { panic!("a leaf") };
        let answer = LeafAnswer { source_rows: 50, target_rows: 50, ..LeafAnswer::default() };
        let told = search.answer_leaf(leaf[0].id, answer);
        let error = SearchError::NothingDiffers { range: leaf[0].range.clone() };
        assert_eq!(told, if consistent { Err(error) } else { Ok(()) });
    }
}

#[test]
fn differences_that_do_not_fit_the_rows_read_are_refused() {
    let world = World::new(table(0..5), table(0..5));
    for found in [
        Found { missing: 1, ..Found::default() },
        Found { changed: 6, ..Found::default() },
        Found { extra: 6, missing: 6, changed: 0 },
    ] {
        let mut search = world.search(settings(10, 0, HALVES));
        let Request::Leaf(leaf) = search.next_request() else { panic!("a leaf") };
        let answer = LeafAnswer { source_rows: 5, target_rows: 5, found, digest: None };
        assert!(matches!(search.answer_leaf(leaf[0].id, answer), Err(SearchError::InvalidLeaf { .. })));
    }
}

#[test]
fn a_question_is_answered_once_and_by_its_own_kind() {
    let world = World::new(table(0..100), table(0..100));
    let mut search = world.search(settings(10, 0, HALVES));
    let Request::Split(split) = search.next_request() else { panic!("a split") };
    let id = split[0].id;
    let unknown = Err(SearchError::UnknownProbe(id));
    assert_eq!(search.answer_digest(id, Digest::EMPTY, Digest::EMPTY), unknown);
    assert_eq!(search.answer_leaf(id, LeafAnswer::default()), unknown);
    assert_eq!(search.next_request(), Request::Split(split), "and it is asked again until it is");
    search.answer_split(id, &[key(50)]).unwrap();
    assert_eq!(search.answer_split(id, &[key(50)]), unknown);
}

#[test]
fn a_range_that_cannot_be_cut_is_read_as_it_is() {
    let mut world = World::new(table(0..100), table(0..99));
    let mut search = world.search(settings(10, 0, HALVES));
    let Request::Split(split) = search.next_request() else { panic!("a split") };
    search.answer_split(split[0].id, &[]).unwrap();
    let summary = world.drive(&mut search);
    assert_eq!(world.log.requests, ["leaf"]);
    assert_eq!(summary.found.missing, 1);
}

#[test]
fn steps_tell_what_happened_and_join_equal_neighbours() {
    let mut world = World::new(table(0..100), table((0..100).filter(|&n| n != 42)));
    let mut search = world.search(settings(10, 0, FanOut::Forced(10)));
    world.drive(&mut search);
    let steps = search.take_steps();
    let words: Vec<String> = steps
        .iter()
        .map(|step| match step {
            SearchStep::Split { pieces, .. } => format!("split {pieces}"),
            SearchStep::Equal { rows, .. } => format!("equal {rows}"),
            SearchStep::Differs { source_rows, target_rows, .. } => {
                format!("differs {source_rows}/{target_rows}")
            }
            SearchStep::LeafRead { answer, .. } => format!("read {}", answer.found.total()),
        })
        .collect();
    assert_eq!(words, ["split 10", "equal 40", "differs 10/9", "equal 50", "read 1"]);
    assert_eq!(search.take_steps(), []);
}

#[test]
fn a_search_over_remaining_ranges_covers_them_and_nothing_else() {
    let mut world = World::new(table(0..1000), table((0..1000).filter(|n| ![120, 555, 910].contains(n))));
    let left = [KeyRange::new(Some(key(100)), Some(key(600))), KeyRange::new(Some(key(900)), None)];
    let mut search = RangeSearch::over(settings(10, 100, HALVES), &left, Totals::exact(1000, 997));
    loop {
        let request = search.next_request();
        if let Request::Done(summary) = request {
            assert_eq!(summary.outcome, Outcome::Complete);
            break;
        }
        world.answer(&mut search, &request, 0..questions(&request));
    }
    let found: Vec<_> = world.log.found.iter().map(|(key, ..)| key.clone()).collect();
    assert_eq!(found, [key(120), key(555), key(910)]);
    for range in world.log.digested.iter().chain(&world.log.read) {
        assert!(left.iter().any(|left| range.lower >= left.lower
            && left.contains(range.lower.as_ref().expect("inside").as_bytes())));
    }
}
