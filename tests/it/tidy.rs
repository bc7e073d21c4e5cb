//! The sources keep to the layers and habits of the code map in `src/lib.rs`.
//!
//! `code` reads a file, `rules` says what is wrong with it; `samples` holds what each rule must and must not find.

mod code;
mod rules;
mod samples;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use code::SourceFile;

/// What stands at the top of the repository, besides names that start with a dot.
const TOP_LEVEL: [&str; 13] = [
    "Cargo.toml",
    "Cargo.lock",
    "src",
    "themes",
    "config",
    "tests",
    "assets",
    "benches",
    "fuzz",
    "README.md",
    "CHANGELOG.md",
    "LICENSE",
    "target",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below a folder, as paths from the repository's root; hidden folders and builds are left out.
fn files_below(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if matches!(name.as_str(), ".git" | ".servers" | "target" | "proptest-regressions") {
            continue;
        }
        if path.is_dir() {
            files_below(&path, found);
        } else {
            found.insert(path.strip_prefix(root()).unwrap().to_string_lossy().into_owned());
        }
    }
}

fn all_files() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    files_below(root(), &mut found);
    found
}

/// Rust files by path, each told whether only tests compile it.
fn rust_files(files: &BTreeMap<String, String>) -> Vec<SourceFile> {
    let mut test_only: BTreeSet<String> = BTreeSet::new();
    for (path, text) in files {
        let file = SourceFile::new(path, text, false);
        let folder = match path.strip_suffix("/mod.rs").or_else(|| path.strip_suffix("/lib.rs")) {
            Some(folder) => folder.to_owned(),
            None => path.trim_end_matches(".rs").to_owned(),
        };
        test_only.extend(file.test_modules().iter().map(|name| format!("{folder}/{name}")));
    }
    let of_tests = |path: &str| {
        !path.starts_with("src/")
            || test_only.iter().any(|module| {
                path.strip_prefix(module.as_str()).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
            })
    };
    files.iter().map(|(path, text)| SourceFile::new(path, text, of_tests(path))).collect()
}

fn is_rust(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension == "rs")
}

fn assert_none(broken: &[String]) {
    assert!(broken.is_empty(), "{} rules broken:\n{}", broken.len(), broken.join("\n"));
}

#[test]
fn every_rust_file_keeps_to_the_layers_and_habits() {
    let read = |path: &String| (path.clone(), std::fs::read_to_string(root().join(path)).unwrap());
    let files = all_files().iter().filter(|path| is_rust(path)).map(read).collect();
    let files = rust_files(&files);
    assert!(files.len() > 100, "the sources are read");
    assert_none(&files.iter().flat_map(rules::broken_in).collect::<Vec<_>>());
}

#[test]
fn no_file_holds_a_reminder_or_a_path_of_one_machine() {
    let mut broken = Vec::new();
    for path in all_files() {
        // Bytes that are no text are fixtures; they hold neither.
        if let Ok(text) = std::fs::read_to_string(root().join(&path)) {
            broken.extend(rules::broken_text(&path, &text));
        }
    }
    assert_none(&broken);
}

#[test]
fn every_folder_of_sources_says_what_it_is_for() {
    let sources: BTreeSet<String> = all_files().into_iter().filter(|path| path.starts_with("src/")).collect();
    let folders: BTreeSet<&str> = sources
        .iter()
        .filter(|path| is_rust(path))
        .filter_map(|path| Some(path.rsplit_once('/')?.0))
        .collect();
    let module_file = |folder: &str| {
        let places = [format!("{folder}/mod.rs"), format!("{folder}/lib.rs"), format!("{folder}.rs")];
        let place = places.iter().find(|place| sources.contains(*place))?;
        Some(std::fs::read_to_string(root().join(place)).unwrap())
    };
    let broken =
        folders.iter().filter_map(|folder| rules::broken_folder(folder, module_file(folder).as_deref()));
    assert_none(&broken.collect::<Vec<_>>());
}

#[test]
fn the_top_level_holds_what_a_stranger_expects() {
    let names =
        std::fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    // `/proptest-regressions` is not in the repository: a case found there becomes a test of its own.
    let extra = names.filter(|name| {
        !name.starts_with('.') && !TOP_LEVEL.contains(&name.as_str()) && name != "proptest-regressions"
    });
    assert_none(&extra.collect::<Vec<_>>());
}
