//! The correctness traps of the field: what compare and sync tools are known to get wrong, each as a test named by its
//! number, here or beside the code that the trap is about.
//!
//! - `files`: whole runs of the binary over two SQLite files.
//! - `moving`: databases that change, answer wrongly or break while they are read.
//!
//! Does not belong here: what only one layer can see (those tests stand in its own files).

mod files;
mod moving;

use std::collections::BTreeSet;
use std::path::Path;

/// Traps that no job between two SQLite files can meet, and why.
const ELSEWHERE: [(u32, &str); 2] = [
    (42, "SQLite has no session character set; files in UTF-16 are tested under the number"),
    (53, "there are no tombstones without a change journal"),
];

fn numbers_in(folder: &Path, found: &mut BTreeSet<u32>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            numbers_in(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            for name in text.split("fn trap_").skip(1) {
                found.extend(name.split('_').map_while(|part| part.parse::<u32>().ok()));
            }
        }
    }
}

#[test]
fn every_trap_has_a_test_with_its_number() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = BTreeSet::new();
    numbers_in(&root.join("src"), &mut found);
    numbers_in(&root.join("tests"), &mut found);
    found.extend(ELSEWHERE.map(|(number, _)| number));
    let missing: Vec<u32> = (1..=55).filter(|number| !found.contains(number)).collect();
    assert!(missing.is_empty(), "no test is named after the traps {missing:?}");
}
