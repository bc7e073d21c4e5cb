//! The demo and the starter configuration, as a shell sees them.

use std::path::Path;
use std::process::Command;

use super::cli::{Ended, World, summary};

/// The tables of the demo, record types as the pairs that keep them equal.
const PAIRS: [&str; 10] = [
    "product-work",
    "product-material",
    "product-service",
    "currency",
    "terms_of_payment",
    "company",
    "orders",
    "order_row",
    "invoices",
    "invoice_row",
];

/// What the shell of SQLite says of one database: every row of every table, sorted. It shares no code with syncline.
fn dump(database: &Path) -> Vec<String> {
    let shell = |commands: &[&str]| -> String {
        let output = Command::new("sqlite3")
            .args(["-batch", "-readonly", "-cmd", ".mode quote"])
            .arg(database)
            .args(commands)
            .output()
            .expect("the sqlite3 shell is installed; tests/run does that");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let names = shell(&["SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"]);
    let names: Vec<&str> = names.lines().map(|name| name.trim_matches('\'')).collect();
    assert_eq!(names.len(), 8, "{names:?}");
    let mut lines: Vec<String> = Vec::new();
    for name in names {
        let rows = shell(&[&format!("SELECT * FROM {name}")]);
        assert!(!rows.is_empty(), "{name} has rows");
        lines.extend(rows.lines().map(|row| format!("{name}: {row}")));
    }
    lines.sort_unstable();
    lines
}

fn demo(world: &World, more: &[&str]) -> Ended {
    world.run(&[&["demo", "--dir", "d", "--mode", "json"], more].concat())
}

/// The sum of a counter over all tables.
fn sum(summary: &serde_json::Value, counter: &str) -> u64 {
    summary["tables"].as_array().unwrap().iter().map(|table| table[counter].as_u64().unwrap()).sum()
}

fn assert_equal(world: &World, folder: &str) {
    let folder = world.path().join(folder);
    assert!(
        dump(&folder.join("source.db")) == dump(&folder.join("target.db")),
        "the shell sees a difference"
    );
}

#[test]
fn the_demo_ends_with_every_table_equal_and_the_shell_of_sqlite_agrees() {
    let world = World::new();
    let ended = demo(&world, &["--rows", "4000"]).expect(0);
    let summary = summary(&ended);
    let tables = summary["tables"].as_array().unwrap();
    let names: Vec<&str> = tables.iter().map(|table| table["name"].as_str().unwrap()).collect();
    assert_eq!(names, PAIRS);
    for table in tables {
        assert_eq!(
            (&table["verdict"], &table["inexact"]),
            (&"equal".into(), &serde_json::json!([])),
            "{table}"
        );
    }
    for counter in ["added", "modified", "deleted"] {
        assert!(sum(&summary, counter) > 10, "{counter}: the target had drifted");
    }
    assert_eq!(tables[4]["added"], 0, "one table was equal from the start");
    assert_equal(&world, "d");
}

#[test]
fn a_demo_run_again_finds_nothing_to_do_and_writes_nothing() {
    let world = World::new();
    demo(&world, &["--rows", "2000"]).expect(0);
    let databases = || {
        ["source.db", "target.db"].map(|name| {
            let path = world.path().join("d").join(name);
            // What is in a write-ahead log was written, too.
            let log = std::fs::read(path.with_extension("db-wal")).unwrap_or_default();
            (std::fs::read(&path).unwrap(), log.len())
        })
    };
    let before = databases();
    let ended = demo(&world, &[]).expect(0);
    let summary = summary(&ended);
    let written = ["added", "modified", "deleted"].map(|counter| sum(&summary, counter));
    assert_eq!(written, [0, 0, 0]);
    assert!(before == databases(), "a file was written");
    let tables = summary["tables"].as_array().unwrap();
    assert!(tables.iter().all(|table| table["verdict"] == "equal"));
}

#[test]
fn a_demo_finds_what_somebody_changes_in_it() {
    let world = World::new();
    demo(&world, &["--rows", "2000"]).expect(0);
    // A product that orders refer to is booked as another type: extra in one pair, missing in another.
    world.sql(
        "d/target.db",
        "UPDATE product SET type = 'work' WHERE record_id =
           (SELECT product_id FROM order_row JOIN product ON record_id = product_id WHERE type = 'material' LIMIT 1);
         DELETE FROM invoice_row WHERE record_id % 50 = 1;
         UPDATE orders SET note = '' WHERE note IS NULL;",
    );
    let ended = demo(&world, &["--rows", "2000", "--seed", "1"]).expect(0);
    assert!(sum(&summary(&ended), "modified") > 50);
    assert_equal(&world, "d");
}

#[test]
fn fresh_makes_a_demo_anew_and_the_seed_decides_its_rows() {
    let world = World::new();
    let source = || dump(&world.path().join("d/source.db"));
    demo(&world, &["--rows", "1000"]).expect(0);
    let first = source();
    let refused = demo(&world, &["--seed", "2"]).expect(2);
    assert!(refused.stderr.contains("--fresh"), "{}", refused.stderr);
    let second = demo(&world, &["--seed", "2", "--fresh"]).expect(0);
    assert!(sum(&summary(&second), "added") > 0, "the target drifted again");
    assert!(source() != first);
    assert_equal(&world, "d");
    demo(&world, &["--seed", "1", "--fresh"]).expect(0);
    assert!(source() == first);
}

#[test]
fn a_folder_with_other_files_is_refused_and_left_alone() {
    for name in ["notes.txt", "source.db", "syncline.toml"] {
        for more in [&[][..], &["--fresh"]] {
            let world = World::new();
            world.write(&format!("d/{name}"), "name = 'mine'");
            let before = world.files();
            let refused = demo(&world, more).expect(2);
            assert!(refused.stderr.contains("not a demo's"), "{}", refused.stderr);
            assert!(before == world.files());
        }
    }
}

#[test]
fn a_demo_that_was_cut_off_is_made_anew() {
    let world = World::new();
    world.write("d/syncline.toml", "# Being made by `syncline demo`\n");
    world.write("d/source.db", "half");
    demo(&world, &["--rows", "1000"]).expect(0);
    assert_equal(&world, "d");
}

#[test]
fn a_demo_touches_no_database_of_the_user() {
    let world = World::drifted();
    world.write(".config/syncline/config.toml", "[target]\nurl = \"sqlite:target.db\"\n");
    let before = world.files();
    let variables = [("SYNCLINE_TARGET", "sqlite:target.db"), ("SYNCLINE_SYNC_ON_EMPTY_SOURCE", "delete")];
    world.run_with(&variables, &["demo", "--dir", "d", "--rows", "1000"]).expect(0);
    let mut after = world.files();
    after.retain(|path, _| !path.starts_with(world.path().join("d")));
    assert!(before == after);
}

#[test]
fn without_a_folder_it_makes_one_and_says_how_to_go_on() {
    let world = World::new();
    let folder = world.path().to_str().unwrap();
    let ended =
        world.run_with(&[("TMPDIR", folder)], &["demo", "--rows", "1000", "--mode", "text"]).expect(0);
    let last = ended.stdout.lines().last().unwrap().trim().replace("[WORLD]", folder);
    let words: Vec<&str> = last.split(' ').collect();
    assert_eq!(words[..3], ["syncline", "run", "--config"], "{last}");
    let again = world.run(&[&words[1..], &["--mode", "json"]].concat()).expect(0);
    assert_eq!(summary(&again)["pass"], 2, "the same state");
    assert_eq!(sum(&summary(&again), "added"), 0);
    for wanted in ["product-service", "found:", "made in", "another form"] {
        assert!(ended.stdout.contains(wanted), "{wanted}: {}", ended.stdout);
    }
    let silent =
        world.run_with(&[("TMPDIR", folder)], &["demo", "--rows", "500", "--mode", "silent"]).expect(0);
    assert_eq!((silent.stdout, silent.stderr), (String::new(), String::new()));
}

#[test]
fn what_init_writes_is_a_job_that_runs() {
    let world = World::new();
    world.sql(
        "source.db",
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, name TEXT, modify_time TEXT);
         CREATE TABLE rates (code TEXT NOT NULL UNIQUE, value TEXT, updated_at TEXT);
         INSERT INTO orders VALUES (1, 'a', '2025-01-01'), (2, NULL, NULL);
         INSERT INTO rates VALUES ('SEK', '10.9', '2025-01-01');",
    );
    world.sql("target.db", "CREATE TABLE rates (code TEXT NOT NULL UNIQUE, value TEXT, updated_at TEXT);");
    let before = world.files();
    let ended =
        world.run(&["init", "--source", "sqlite:source.db", "--target", "sqlite:target.db"]).expect(0);
    assert!(ended.stderr.contains("the target lacks orders"), "{}", ended.stderr);
    let mut after = world.files();
    after.remove(&world.path().join("syncline.toml")).expect("it was written");
    assert!(before == after, "both databases are only read");
    world.run(&["check"]).expect(0);
    let ended = world.run(&["run", "--mode", "json"]).expect(0);
    assert_eq!(sum(&summary(&ended), "added"), 3);
    assert_eq!(
        world.rows("target.db", "SELECT * FROM orders"),
        world.rows("source.db", "SELECT * FROM orders")
    );

    let refused =
        world.run(&["init", "--source", "sqlite:source.db", "--target", "sqlite:target.db"]).expect(2);
    assert!(refused.stderr.contains("is there already"), "{}", refused.stderr);
}

#[test]
fn init_asks_only_on_a_terminal_and_refuses_what_it_cannot_open() {
    let world = World::new();
    let refused = world.run(&["init"]).expect(2);
    assert!(refused.stderr.contains("no terminal to ask on"), "{}", refused.stderr);
    world.sql("source.db", "CREATE TABLE t (id INTEGER PRIMARY KEY)");
    let refused =
        world.run(&["init", "--source", "sqlite:source.db", "--target", "sqlite:nope.db"]).expect(2);
    assert!(refused.stderr.contains("there is no such file"), "{}", refused.stderr);
    assert!(!world.path().join("syncline.toml").exists());
}
