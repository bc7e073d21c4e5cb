use proptest::prelude::{Just, Strategy, prop_assert, prop_assert_eq, prop_oneof, proptest};

use super::{Changed, Counts, Held, OnEmptySource, Plan, PlanInputs, ProofFreshness, Reason, Step};

fn inputs(source: u64, target: u64, changed: Changed) -> PlanInputs {
    PlanInputs {
        counts: Counts { source, target, changed },
        trust_modify_id: true,
        proof: ProofFreshness::Stale,
        forced: false,
        check_all_tables: false,
        min_rows_to_sync: 1,
        on_empty_source: OnEmptySource::Hold,
    }
}

fn untrusted(source: u64, target: u64, changed: Changed) -> PlanInputs {
    PlanInputs { trust_modify_id: false, ..inputs(source, target, changed) }
}

fn decide(inputs: PlanInputs) -> (Option<u8>, Vec<&'static str>, String) {
    let plan = Plan::decide(&inputs);
    (plan.row(), plan.step_names(), plan.reason.to_string())
}

fn expect(row: u8, steps: &[&'static str], reason: &str) -> (Option<u8>, Vec<&'static str>, String) {
    (Some(row), steps.to_vec(), reason.to_owned())
}

#[test]
fn s4_017_first_example_target_empty() {
    for plan in [inputs(5000, 0, Changed::Known(5000)), untrusted(5000, 0, Changed::Known(5000))] {
        assert_eq!(decide(plan), expect(3, &["add"], "target empty => add all"));
    }
}

#[test]
fn s4_017_second_example_target_has_more() {
    for plan in [inputs(4990, 5000, Changed::Known(0)), untrusted(4990, 5000, Changed::Known(0))] {
        assert_eq!(decide(plan), expect(4, &["delete"], "target has more rows => delete extras"));
    }
}

#[test]
fn s4_017_third_example_source_has_more_trusted() {
    assert_eq!(
        decide(inputs(5010, 5000, Changed::Known(10))),
        expect(8, &["add", "incremental"], "source has more rows & trusted modify id")
    );
}

#[test]
fn s4_017_fourth_example_source_has_more_untrusted() {
    assert_eq!(
        decide(untrusted(5010, 5000, Changed::Known(10))),
        expect(9, &["add", "incremental", "changed"], "source has more rows & untrusted modify id")
    );
}

#[test]
fn row_01_forced_wins_over_every_other_row() {
    for (source, target) in [(0, 9), (9, 0), (5, 9), (9, 9), (9, 5), (0, 0)] {
        let forced = PlanInputs { forced: true, ..inputs(source, target, Changed::Known(0)) };
        assert_eq!(decide(forced), expect(1, &["delete", "add", "changed"], "forced by operator"));
    }
}

#[test]
fn row_01_forced_is_still_held_when_the_source_is_empty() {
    let forced = PlanInputs { forced: true, ..inputs(0, 9, Changed::Unknown) };
    assert_eq!(Plan::decide(&forced).held, Some(Held::SourceEmpty));
}

#[test]
fn row_02_source_empty_is_held() {
    let plan = Plan::decide(&inputs(0, 9, Changed::Known(0)));
    assert_eq!(plan.held, Some(Held::SourceEmpty));
    assert_eq!(decide(inputs(0, 9, Changed::Known(0))), expect(2, &["delete"], "source is empty => hold"));
}

#[test]
fn row_02_source_empty_deletes_where_that_is_configured() {
    let allowed = PlanInputs { on_empty_source: OnEmptySource::Delete, ..inputs(0, 9, Changed::Unknown) };
    assert_eq!(Plan::decide(&allowed).held, None);
    assert_eq!(decide(allowed), expect(2, &["delete"], "source is empty => delete all"));
}

#[test]
fn row_03_s4_010_target_empty_adds_all() {
    assert_eq!(decide(inputs(7, 0, Changed::Unknown)), expect(3, &["add"], "target empty => add all"));
}

#[test]
fn row_04_s4_011_target_has_extras_and_the_source_changes() {
    let reason = "target has more rows => delete extras";
    assert_eq!(decide(inputs(5, 9, Changed::Known(2))), expect(4, &["delete", "add", "incremental"], reason));
    assert_eq!(decide(untrusted(5, 9, Changed::Known(2))), expect(4, &["delete", "add", "changed"], reason));
}

#[test]
fn row_04_without_watermark_has_no_incremental() {
    assert_eq!(decide(inputs(5, 9, Changed::NoWatermark)).1, ["delete", "add", "changed"]);
}

#[test]
fn row_04_unknown_changes_are_not_taken_as_none() {
    assert_eq!(decide(inputs(5, 9, Changed::Unknown)).1, ["delete", "add", "changed"]);
}

#[test]
fn row_05_no_changes() {
    let fresh = PlanInputs { proof: ProofFreshness::Fresh, ..inputs(9, 9, Changed::Known(0)) };
    assert_eq!(decide(fresh), expect(5, &[], "no changes"));
}

#[test]
fn row_05_needs_a_fresh_proof_and_trust() {
    assert_eq!(decide(inputs(9, 9, Changed::Known(0))).0, Some(6));
    let fresh = PlanInputs { proof: ProofFreshness::Fresh, ..untrusted(9, 9, Changed::Known(0)) };
    assert_eq!(decide(fresh).0, Some(7));
}

#[test]
fn row_06_s4_012_trusted_is_incremental() {
    assert_eq!(
        decide(inputs(9, 9, Changed::Known(3))),
        expect(6, &["incremental"], "no count change & trusted modify id")
    );
}

#[test]
fn row_07_s4_013_untrusted_verifies_all() {
    let expected = expect(7, &["changed"], "no count change & untrusted modify id => verify all");
    assert_eq!(decide(untrusted(9, 9, Changed::Known(3))), expected);
    assert_eq!(decide(inputs(9, 9, Changed::Unknown)), expected);
    assert_eq!(decide(inputs(9, 9, Changed::NoWatermark)), expected);
    assert!(Plan::decide(&untrusted(9, 9, Changed::Known(3))).covers_scope());
}

#[test]
fn row_08_s4_014_source_has_more_trusted() {
    assert_eq!(
        decide(inputs(9, 5, Changed::Known(4))),
        expect(8, &["add", "incremental"], "source has more rows & trusted modify id")
    );
}

#[test]
fn row_09_s4_014_source_has_more_untrusted() {
    assert_eq!(
        decide(untrusted(9, 5, Changed::Known(4))),
        expect(9, &["add", "incremental", "changed"], "source has more rows & untrusted modify id")
    );
}

#[test]
fn row_09_s4_016_without_watermark_trust_counts_for_nothing_and_there_is_no_incremental() {
    assert_eq!(
        decide(inputs(9, 5, Changed::NoWatermark)),
        expect(9, &["add", "changed"], "source has more rows & untrusted modify id")
    );
}

#[test]
fn row_10_s4_015_else_full_compare() {
    let expected = expect(10, &["delete", "add", "changed"], "complex scenario => full compare");
    assert_eq!(decide(inputs(9, 5, Changed::Unknown)), expected, "rows 8 and 9 need a known C");
    assert_eq!(decide(inputs(9, 5, Changed::Known(0))), expected);
    assert_eq!(decide(untrusted(9, 5, Changed::Known(0))), expected);
}

#[test]
fn both_sides_empty_need_no_step() {
    let plan = Plan::decide(&inputs(0, 0, Changed::Unknown));
    assert_eq!((plan.row(), plan.steps.len(), plan.held), (None, 0, None));
    assert!(plan.covers_scope());
}

#[test]
fn min_rows_to_sync_skips_only_trusted_tables_with_a_fresh_proof() {
    let few =
        PlanInputs { proof: ProofFreshness::Fresh, min_rows_to_sync: 5, ..inputs(11, 9, Changed::Known(2)) };
    let plan = Plan::decide(&few);
    assert_eq!(plan.reason, Reason::BelowMinimum { rows: 4, minimum: 5 });
    assert_eq!(plan.reason.to_string(), "4 rows to sync, fewer than min_rows_to_sync = 5");
    assert!(plan.steps.is_empty());

    for not_skipped in [
        PlanInputs { min_rows_to_sync: 4, ..few },
        PlanInputs { trust_modify_id: false, ..few },
        PlanInputs { proof: ProofFreshness::Stale, ..few },
        PlanInputs { check_all_tables: true, ..few },
        PlanInputs { forced: true, ..few },
        PlanInputs { counts: Counts { changed: Changed::Unknown, ..few.counts }, ..few },
    ] {
        assert!(!Plan::decide(&not_skipped).steps.is_empty(), "{not_skipped:?}");
    }
}

#[test]
fn min_rows_to_sync_never_hides_an_empty_source() {
    let empty =
        PlanInputs { proof: ProofFreshness::Fresh, min_rows_to_sync: 100, ..inputs(0, 9, Changed::Known(0)) };
    assert_eq!(Plan::decide(&empty).row(), Some(2));
}

#[test]
fn check_all_tables_leaves_no_table_out() {
    let quiet = PlanInputs {
        proof: ProofFreshness::Fresh,
        check_all_tables: true,
        ..inputs(9, 9, Changed::Known(0))
    };
    assert_eq!(decide(quiet).1, ["incremental"]);
}

#[test]
fn a_plan_that_only_checks_knows_of_no_row_to_write() {
    let known = |inputs: PlanInputs| Plan::decide(&inputs).rows_known_to_write();
    assert_eq!(known(untrusted(9, 9, Changed::Known(3))), 0, "an untrusted stamp is no knowledge");
    assert_eq!(known(inputs(9, 9, Changed::NoWatermark)), 0);
    assert_eq!(known(inputs(9, 9, Changed::Known(3))), 3);
    assert_eq!(known(inputs(9, 5, Changed::Unknown)), 4);
}

fn changed() -> impl Strategy<Value = Changed> {
    prop_oneof![Just(Changed::Unknown), Just(Changed::NoWatermark), (0u64..4).prop_map(Changed::Known)]
}

proptest! {
    #[test]
    fn every_plan_follows_the_table_and_can_see_the_count_difference(
        source in 0u64..4, target in 0u64..4, changed in changed(), trust: bool, fresh: bool, forced: bool,
        check_all_tables: bool, min_rows_to_sync in 0u64..4, delete_when_empty: bool,
    ) {
        let plan_inputs = PlanInputs {
            counts: Counts { source, target, changed },
            trust_modify_id: trust,
            proof: if fresh { ProofFreshness::Fresh } else { ProofFreshness::Stale },
            forced,
            check_all_tables,
            min_rows_to_sync,
            on_empty_source: if delete_when_empty { OnEmptySource::Delete } else { OnEmptySource::Hold },
        };
        let plan = Plan::decide(&plan_inputs);
        prop_assert!(plan.row().is_none_or(|row| (1..=10).contains(&row)));
        if source == 0 && target > 0 && !delete_when_empty {
            prop_assert_eq!(plan.held, Some(Held::SourceEmpty));
        }
        if plan.steps.is_empty() {
            let quiet = plan.trusted && fresh && !check_all_tables && !forced;
            prop_assert!(quiet || (source == 0 && target == 0), "skipped without a proof: {:?}", plan);
        } else {
            let sees_all = plan.has(Step::Changed);
            prop_assert!(source <= target || plan.has(Step::Add) || sees_all);
            prop_assert!(target <= source || plan.has(Step::Delete) || sees_all);
        }
        if plan.has(Step::Incremental) {
            prop_assert!(matches!(changed, Changed::Known(_)), "incremental without a watermark");
        }
    }
}
