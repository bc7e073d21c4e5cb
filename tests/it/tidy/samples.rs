//! The rules find what they are for, and nothing else.

use std::collections::BTreeMap;

use super::code::SourceFile;
use super::{rules, rust_files};

/// What is broken in one file of this text.
fn broken(path: &str, text: &str) -> Vec<String> {
    rules::broken_in(&SourceFile::new(path, text, false))
}

fn found(path: &str, text: &str, expected: &str) {
    let broken = broken(path, text);
    assert!(broken.iter().any(|line| line.contains(expected)), "{path}: {text}\nfound {broken:?}");
}

fn clean(path: &str, text: &str) {
    assert_eq!(broken(path, text), Vec::<String>::new(), "{path}: {text}");
}

#[test]
fn an_import_to_the_right_is_found_however_it_is_written() {
    for (path, text) in [
        ("src/model/key.rs", "use crate::store::Store;"),
        ("src/model/key.rs", "pub use crate::store::Store as S;"),
        ("src/model/key.rs", "use crate::{base::clock, store::{Store, Batch}};"),
        ("src/model/key.rs", "use crate::{\n    base::clock,\n    config as c,\n};"),
        ("src/model/key.rs", "fn f() -> crate::engine::Job { g() }"),
        ("src/model/key.rs", "#[cfg(test)]\nmod tests {\n    use crate::engine::Job;\n}"),
        ("src/config/mod.rs", "use crate::store::Store;"),
        ("src/store/mod.rs", "use crate::state::Memory;"),
        ("src/state/mod.rs", "use crate::config::load;"),
        ("src/report/text.rs", "use crate::tui::Screen;"),
        ("src/engine/pass.rs", "use crate::board::Facts;"),
        ("src/model/key.rs", "use syncline::store::Store;"),
    ] {
        found(path, text, "imports");
    }
}

#[test]
fn an_import_to_the_left_or_of_the_own_layer_is_fine() {
    clean(
        "src/engine/pass.rs",
        "use crate::{base::clock, model::{key::Key, range}, engine::hub, store::Store};",
    );
    clean("src/cli/run.rs", "use crate::store::sqlite::SqliteStore;\nuse crate::report::Text;");
    clean(
        "src/model/key.rs",
        "//! Used by [`crate::engine`].\n// crate::store::Store\nconst A: &str = \"crate::cli::x\";",
    );
    clean("src/main.rs", "fn main() -> std::process::ExitCode { syncline::cli::main() }");
    clean("src/lib.rs", "pub mod base;");
}

#[test]
fn a_folder_that_is_no_layer_is_found() {
    found("src/helpers/mod.rs", "fn f() {}", "no layer");
    found("src/engine/pass.rs", "use crate::helpers::x;", "no layer");
}

#[test]
fn super_does_not_lead_out_of_a_layer() {
    found("src/model/key.rs", "use super::super::store::Store;", "leaves its layer");
    found("src/model/mod.rs", "use super::store::Store;", "leaves its layer");
    clean("src/model/key.rs", "use super::value::Value;");
    clean("src/model/mod.rs", "mod tests {\n    use super::*;\n}");
    clean("src/model/key.rs", "mod tests {\n    use super::super::value::Value;\n}");
    found("src/model/key.rs", "mod a { fn f() {} }\nmod b {}\nuse super::super::x;", "leaves its layer");
}

#[test]
fn the_engine_knows_no_backend_outside_its_tests() {
    found("src/engine/sides.rs", "use crate::store::{Store, sqlite::SqliteStore};", "no backend");
    found("src/engine/sides.rs", "fn f(s: &crate::state::memory::MemoryState) {}", "no backend");
    clean(
        "src/engine/sides.rs",
        "use crate::store::Store;\n#[cfg(test)]\nmod tests {\n    use crate::store::memory::MemoryStore;\n}",
    );
}

#[test]
fn libraries_stay_where_they_belong() {
    found("src/model/block.rs", "use serde::Serialize;", "serde");
    found("src/engine/pass.rs", "fn f() -> rusqlite::Result<()> { Ok(()) }", "rusqlite");
    found("src/cli/run.rs", "use rusqlite::Connection;", "rusqlite");
    found("src/engine/pass.rs", "use ::sqlx::Row;", "sqlx");
    found("src/report/text.rs", "use ratatui::Frame;", "ratatui");
    found("src/config/mod.rs", "use clap::Parser;", "clap");
    found("src/store/mod.rs", "use anyhow::Context;", "anyhow");
    found("src/model/event.rs", "use tokio::sync::mpsc;", "tokio");
    found("src/state/record.rs", "use serde::Serialize;", "serde");
    found("src/engine/run.rs", "use tokio::{sync::mpsc, time};", "`sync` and `select!` only");
    clean("src/engine/run.rs", "use tokio::sync::mpsc;\nfn f() { tokio::select! {} }");
    clean("src/state/sqlite/json/mod.rs", "use serde::Serialize;");
    clean("src/report/json.rs", "use serde_json::Value;");
    clean("src/store/sqlite/x.rs", "use rusqlite::Connection;\nuse crate::model::tokio_like;");
    clean("src/model/a.rs", "#[cfg(test)]\nmod tests {\n    fn f() { serde_json::from_str(\"\"); }\n}");
    clean("src/model/a.rs", "fn f() { self.serde::<u8>(); other::serde::x(); }");
}

#[test]
fn the_engine_sees_no_files_and_no_environment() {
    found("src/engine/job.rs", "fn f() { std::env::var(\"HOME\"); }", "std::env");
    found("src/model/a.rs", "use std::{fmt, fs::File};", "std::fs");
    clean("src/store/a.rs", "use std::fs::File;");
    clean("src/engine/job.rs", "use std::collections::BTreeMap;");
}

#[test]
fn banned_calls_are_found() {
    for (text, what) in [
        ("fn f() { std::time::SystemTime::now(); }", "SystemTime::now"),
        ("use std::time::Instant;\nfn f() { Instant::now(); }", "Instant::now"),
        ("fn f() { std::thread::sleep(d); }", "thread::sleep"),
        ("fn f() { std::process::exit(1); }", "process::exit"),
        ("fn f() { tokio::spawn(x); }", "tokio::spawn"),
        ("fn f() { tokio::time::sleep(x); }", "tokio::time"),
        ("fn f() { println!(); }", "outside cli"),
        ("fn f() { eprint!(); }", "outside cli"),
        ("fn f() { todo!() }", "todo!"),
        ("fn f() { unimplemented!() }", "unimplemented!"),
        ("fn f() { dbg!(1); }", "dbg!"),
        ("#[ignore = \"slow\"]\nfn f() {}", "#[ignore"),
        ("#[cfg(test)]\nmod tests {\n    #[ignore]\n    fn f() {}\n}", "#[ignore"),
    ] {
        found("src/store/a.rs", text, what);
    }
    found("tests/it/a.rs", "#[test]\n#[ignore]\nfn f() {}", "#[ignore");
    clean("src/base/clock.rs", "fn f() { std::time::Instant::now(); }");
    clean("src/cli/run.rs", "fn f() { println!(); }");
    clean("src/store/a.rs", "/// Never `todo!()`.\nfn f() -> &'static str { r#\"dbg!(\"x\") println!\"# }");
    clean("src/store/a.rs", "fn f() { my_println!(); }");
}

#[test]
fn a_long_function_is_found_by_its_lines_of_code() {
    let body = |lines: usize, line: &str| {
        format!("fn long<'a>(x: &'a str) -> u8\nwhere\n    u8: Copy,\n{{\n{}}}\n", line.repeat(lines))
    };
    found("src/store/a.rs", &body(71, "    call('{');\n"), "`long` has 71 lines");
    clean("src/store/a.rs", &body(70, "    call(\"}\");\n"));
    clean("src/store/a.rs", &body(200, "    // why\n"));
    clean("src/store/a.rs", &body(200, "\n"));
    found("tests/it/a.rs", &body(71, "    call();\n"), "`long` has 71 lines");
}

#[test]
fn a_long_file_is_found() {
    found("src/store/a.rs", &"// line\n".repeat(601), "more than 600 lines");
    clean("src/store/a.rs", &"// line\n".repeat(600));
}

#[test]
fn a_folder_without_its_purpose_is_found() {
    assert!(rules::broken_folder("src/a", None).is_some());
    assert!(rules::broken_folder("src/a", Some("mod b;\n//! late")).is_some());
    assert!(rules::broken_folder("src/a", Some("//! What it is for.")).is_none());
}

#[test]
fn reminders_and_machine_paths_are_found_in_any_text() {
    let reminder = ["FIX", "ME later"].concat();
    let path = ["see /wor", "k/x"].concat();
    assert_eq!(rules::broken_text("README.md", &format!("a\n{reminder}\n{path}")).len(), 2);
    assert!(rules::broken_text("README.md", "a workshop, homework/x").is_empty());
}

#[test]
fn a_file_that_only_tests_compile_counts_as_a_test() {
    let files = BTreeMap::from([
        ("src/engine/mod.rs".to_owned(), "#[cfg(test)]\nmod trial;\nmod real;".to_owned()),
        ("src/engine/trial.rs".to_owned(), "use crate::store::memory::MemoryStore;".to_owned()),
        ("src/engine/real.rs".to_owned(), "use crate::store::memory::MemoryStore;".to_owned()),
        ("src/model/a.rs".to_owned(), "#[cfg(test)]\n#[path = \"x.rs\"]\nmod tests;".to_owned()),
        ("src/model/a/tests.rs".to_owned(), "use serde_json::json;".to_owned()),
    ]);
    let broken: Vec<String> = rust_files(&files).iter().flat_map(rules::broken_in).collect();
    assert_eq!(broken.len(), 1, "{broken:?}");
    assert!(broken[0].starts_with("src/engine/real.rs:1"), "{broken:?}");
}
