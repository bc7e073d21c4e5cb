use super::super::{Counts, PlanInputs, ProofFreshness};
use std::sync::LazyLock;

use super::*;
use crate::model::settings::{self, OnEmptySource};

const SERVER: Digesting = Digesting::InDatabase;
const LOCAL: Digesting = Digesting::InProcess;
const COUNTER: Digesting = Digesting::CountOnly;

fn plan(source: u64, target: u64, changed: Changed, trust: bool) -> Plan {
    Plan::decide(&PlanInputs {
        counts: Counts { source, target, changed },
        trust_modify_id: trust,
        proof: ProofFreshness::Stale,
        forced: false,
        check_all_tables: false,
        min_rows_to_sync: 1,
        on_empty_source: OnEmptySource::Hold,
    })
}

/// A pair with the documented defaults, between two sides.
fn between(plan: &Plan, source: Digesting, target: Digesting) -> StrategyInputs<'_> {
    static DEFAULTS: LazyLock<TableSettings> = LazyLock::new(TableSettings::default);
    StrategyInputs {
        plan,
        settings: &DEFAULTS,
        key_order: &KeyOrder::Canonical,
        source,
        target,
        journal: false,
        expected_differences: None,
        rates: Rates::default(),
    }
}

fn forcing(strategy: settings::Strategy) -> TableSettings {
    TableSettings { strategy, ..TableSettings::default() }
}

fn chosen(inputs: &StrategyInputs<'_>) -> (Strategy, String) {
    let choice = choose_strategy(inputs).expect("the plan has steps");
    (choice.strategy, choice.reason)
}

#[test]
fn s4_091_binary_search_for_adds() {
    let plan = plan(5100, 5000, Changed::Known(100), true);
    assert_eq!(
        chosen(&between(&plan, SERVER, SERVER)),
        (Strategy::DigestSearch, "using binary search for adds (from=5100, to=5000, diff=100)".to_owned())
    );
}

#[test]
fn s4_091_full_compare_for_a_large_difference() {
    let plan = plan(100_000, 5000, Changed::Unknown, false);
    assert_eq!(
        chosen(&between(&plan, SERVER, SERVER)),
        (Strategy::MergeCompare, "using full compare for adds (reason=large difference)".to_owned())
    );
}

#[test]
fn many_expected_differences_are_a_large_difference_too() {
    let plan = plan(100_000, 100_000, Changed::Unknown, false);
    let inputs = StrategyInputs { expected_differences: Some(20_000), ..between(&plan, SERVER, SERVER) };
    assert_eq!(
        chosen(&inputs),
        (Strategy::MergeCompare, "using full compare for changes (reason=large difference)".to_owned())
    );
}

#[test]
fn deletes_are_named_as_such() {
    let plan = plan(4990, 5000, Changed::Known(0), true);
    assert_eq!(
        chosen(&between(&plan, SERVER, SERVER)).1,
        "using binary search for deletes (from=4990, to=5000, diff=10)"
    );
}

#[test]
fn an_empty_target_is_copied_whatever_the_configuration_says() {
    let plan = plan(5000, 0, Changed::Unknown, false);
    let settings = forcing(settings::Strategy::HashBuckets);
    let inputs = StrategyInputs { settings: &settings, ..between(&plan, SERVER, SERVER) };
    assert_eq!(chosen(&inputs), (Strategy::Copy, "using copy for adds (reason=target empty)".to_owned()));
}

#[test]
fn trusted_incremental_reads_what_was_modified_or_the_journal() {
    let plan = plan(9000, 9000, Changed::Known(12), true);
    assert_eq!(
        chosen(&between(&plan, SERVER, COUNTER)),
        (Strategy::ModifiedSince, "using modified-since for changes (changed=12)".to_owned())
    );
    let journaled = StrategyInputs { journal: true, ..between(&plan, SERVER, SERVER) };
    assert_eq!(chosen(&journaled).0, Strategy::Journal);
}

#[test]
fn small_tables_and_in_process_pairs_are_read_once() {
    let small = plan(900, 901, Changed::Unknown, false);
    assert_eq!(
        chosen(&between(&small, SERVER, SERVER)),
        (Strategy::MergeCompare, "using full compare for deletes (reason=small table)".to_owned())
    );
    let large = plan(900_000, 900_001, Changed::Unknown, false);
    assert_eq!(
        chosen(&between(&large, LOCAL, LOCAL)),
        (Strategy::MergeCompare, "using full compare for deletes (reason=in-process pair)".to_owned())
    );
    assert_eq!(chosen(&between(&large, SERVER, LOCAL)).0, Strategy::DigestSearch);
}

#[test]
fn a_side_that_only_counts_is_searched_by_counts_and_never_for_content() {
    let adds = plan(5010, 5000, Changed::Known(10), true);
    let choice = choose_strategy(&between(&adds, COUNTER, SERVER)).unwrap();
    assert_eq!((choice.strategy, choice.then), (Strategy::CountSearch, Some(Strategy::ModifiedSince)));
    let content = plan(5010, 5000, Changed::Unknown, false);
    assert_eq!(chosen(&between(&content, COUNTER, SERVER)).0, Strategy::MergeCompare);
}

#[test]
fn trap_01_sides_that_sort_differently_are_compared_by_hash_buckets() {
    let plan = plan(50_000, 50_001, Changed::Unknown, false);
    let order = KeyOrder::Hashed("`name` sorts by NOCASE at the target".to_owned());
    let inputs = StrategyInputs { key_order: &order, ..between(&plan, SERVER, SERVER) };
    assert_eq!(
        chosen(&inputs),
        (
            Strategy::HashBuckets,
            "using hash buckets for deletes (reason=`name` sorts by NOCASE at the target)".to_owned()
        )
    );
}

#[test]
fn the_operator_forces_an_ordered_read_and_the_configuration_any_strategy() {
    let ordinary = plan(50_000, 50_001, Changed::Known(1), true);
    let forced = Plan::decide(&PlanInputs {
        counts: ordinary.counts,
        trust_modify_id: true,
        proof: ProofFreshness::Fresh,
        forced: true,
        check_all_tables: false,
        min_rows_to_sync: 1,
        on_empty_source: OnEmptySource::Hold,
    });
    assert_eq!(
        chosen(&between(&forced, SERVER, SERVER)),
        (Strategy::MergeCompare, "using full compare for deletes (reason=forced by operator)".to_owned())
    );
    for (setting, strategy) in [
        (settings::Strategy::ModifiedSince, Strategy::ModifiedSince),
        (settings::Strategy::DigestSearch, Strategy::DigestSearch),
        (settings::Strategy::CountSearch, Strategy::CountSearch),
        (settings::Strategy::MergeCompare, Strategy::MergeCompare),
        (settings::Strategy::HashBuckets, Strategy::HashBuckets),
    ] {
        let settings = forcing(setting);
        let inputs = StrategyInputs { settings: &settings, ..between(&ordinary, SERVER, SERVER) };
        let choice = choose_strategy(&inputs).unwrap();
        assert_eq!((choice.strategy, choice.refused.as_deref()), (strategy, None));
        assert_eq!(choice.strategy.as_str(), setting.as_str());
        assert!(choice.reason.contains("forced by configuration"), "{}", choice.reason);
    }
}

#[test]
fn a_forced_strategy_that_cannot_work_is_refused_with_its_obstacle() {
    let plan = plan(50_000, 50_001, Changed::Unknown, false);
    for (forced, obstacle) in [
        (settings::Strategy::Copy, "copy was asked for, but the target is not empty"),
        (
            settings::Strategy::ModifiedSince,
            "modified-since was asked for, but the table has no modify column",
        ),
        (settings::Strategy::DigestSearch, "digest search was asked for, but a side can only count"),
        (settings::Strategy::Journal, "journal was asked for, but the source has no change journal"),
    ] {
        let settings = forcing(forced);
        let inputs = StrategyInputs { settings: &settings, ..between(&plan, COUNTER, SERVER) };
        let choice = choose_strategy(&inputs).unwrap();
        assert_eq!((choice.strategy, choice.refused.as_deref()), (Strategy::MergeCompare, Some(obstacle)));
    }
}

#[test]
fn no_steps_need_no_strategy() {
    let plan = plan(0, 0, Changed::Unknown, false);
    assert_eq!(choose_strategy(&between(&plan, SERVER, SERVER)), None);
}

#[test]
fn binary_search_for_add_off_reads_everything() {
    let plan = plan(5100, 5000, Changed::Known(100), true);
    let settings = TableSettings { binary_search_for_add: false, ..TableSettings::default() };
    let inputs = StrategyInputs { settings: &settings, ..between(&plan, SERVER, SERVER) };
    assert_eq!(chosen(&inputs).0, Strategy::MergeCompare);
}

#[test]
fn the_numbers_decide_between_a_search_and_a_read() {
    let plan = plan(1_000_000, 1_000_000, Changed::Unknown, false);
    let slow_digest = Rates { digest_rows_per_second: 50_000.0, bytes_per_second: 1e9, ..Rates::default() };
    let inputs = StrategyInputs { rates: slow_digest, ..between(&plan, SERVER, SERVER) };
    let (strategy, reason) = chosen(&inputs);
    assert_eq!(strategy, Strategy::MergeCompare);
    assert!(reason.starts_with("using full compare for changes (reason=reading is faster: 1."), "{reason}");
    assert_eq!(chosen(&between(&plan, SERVER, SERVER)).0, Strategy::DigestSearch);
}

#[test]
fn estimates_count_both_sides_and_grow_with_the_table() {
    let plan = plan(1_000_000, 900_000, Changed::Unknown, false);
    let inputs = between(&plan, LOCAL, LOCAL);
    let read = Estimate::of(Strategy::MergeCompare, &inputs);
    assert_eq!((read.rows, read.bytes), (1_900_000, 190_000_000));
    assert!((16.0..17.0).contains(&read.seconds), "{read:?}");
    let copy = Estimate::of(Strategy::Copy, &inputs);
    assert_eq!((copy.rows, copy.bytes), (1_000_000, 100_000_000));
    let search = Estimate::of(Strategy::DigestSearch, &inputs);
    assert!(search.rows > 2_000_000 && search.bytes < read.bytes, "{search:?}");
}
