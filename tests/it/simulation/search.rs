//! What the search of a table has to find when nothing goes wrong, counted without the engine.

use syncline::model::event::EventBody;
use syncline::model::plan::Strategy;

use super::oracle::Observed;
use super::pair::Pair;

/// Asserts that the search of a table worked as it should, in a pass that began and ended in calm.
///
/// The passes are built so that a search that lost rows is noticed and made good; that it was made good must not hide
/// that it lost them.
pub fn check(observed: &Observed<'_>, pair: &Pair) {
    let name = &pair.settings.name;
    let (before, expected) =
        (pair.actual(observed.target_before), pair.expected(&observed.world.source.database()));
    let in_both = before.iter().filter_map(|(key, rows)| Some((rows, expected.get(key)?)));
    let truth = (
        expected.keys().filter(|key| !before.contains_key(*key)).count() as u64,
        in_both.filter(|(before, expected)| before != expected).count() as u64,
        before.keys().filter(|key| !expected.contains_key(*key)).count() as u64,
    );
    let mut covers = false;
    for event in observed.events.iter().filter(|event| event.body.table() == Some(name)) {
        match &event.body {
            EventBody::FallbackStarted { reason, .. } => {
                assert!(!reason.starts_with("Binary search failed"), "{name}: {reason}");
            }
            EventBody::FindStarted { strategy, .. } => {
                let covering = [Strategy::MergeCompare, Strategy::DigestSearch, Strategy::HashBuckets];
                covers = covering.iter().any(|covering| covering.as_str() == strategy);
            }
            EventBody::DifferencesFound { missing, changed, extra, .. } => {
                let found = (*missing, *changed, *extra);
                assert!(found == truth || !covers, "{name}: {truth:?} differ, and {found:?} were found");
                return;
            }
            _ => {}
        }
    }
}
