//! The harness on trial: each planted bug has to be found.

use syncline::base::planted::{Bug, Planted};

use super::failures;

/// Seeds within which every planted bug is found.
const SEEDS_MAX: u64 = 3000;

#[test]
fn every_planted_bug_is_found() {
    let mut unseen = Vec::new();
    for bug in Bug::ALL {
        match find(bug) {
            Some((seed, why)) => {
                let why = why.lines().next().unwrap_or_default();
                println!("{bug:?} is found by seed {seed}: {}", why.chars().take(160).collect::<String>());
            }
            None => unseen.push(bug),
        }
    }
    assert!(unseen.is_empty(), "not found in {SEEDS_MAX} seeds: {unseen:?}");
}

/// The first seed that fails with the bug and passes without it.
fn find(bug: Bug) -> Option<(u64, String)> {
    let mut first = 0;
    while first < SEEDS_MAX {
        let (seed, why) = failures(first..SEEDS_MAX, 1, || Planted::new(Some(bug))).pop_first()?;
        if failures(seed..seed + 1, 1, || ()).is_empty() {
            return Some((seed, why));
        }
        first = seed + 1;
    }
    None
}
