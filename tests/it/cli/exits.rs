//! Each exit code, reached by the real binary.

use super::{ORDERS, World, summary};

#[test]
fn exit_0_all_equal() {
    let world = World::drifted();
    world.run(&["run"]).expect(0);
    world.run(&["run"]).expect(0);
    assert_eq!(
        world.rows("source.db", "SELECT * FROM orders"),
        world.rows("target.db", "SELECT * FROM orders")
    );
}

#[test]
fn exit_1_there_is_work_or_a_difference() {
    let world = World::drifted();
    let checks = world.run(&["plan"]).expect(0);
    assert!(checks.stdout.contains("only checks: not proven"), "{}", checks.stdout);
    world.sql("target.db", "DELETE FROM orders WHERE id = 8");
    world.run(&["plan"]).expect(1);
    world.run(&["run", "--dry-run"]).expect(1);
    world.run(&["diff"]).expect(1);
    world.run(&["verify"]).expect(1);
}

#[test]
fn exit_1_a_row_is_quarantined() {
    let world = World::with(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER); INSERT INTO t VALUES (1, 1), (2, -2);",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER CHECK (n > 0)); INSERT INTO t VALUES (1, 5);",
    );
    world.config("");
    let ended = world.run(&["run", "--mode", "json"]).expect(1);
    assert_eq!(summary(&ended)["tables"][0]["quarantined"], 1);
}

#[test]
fn exit_2_usage_or_configuration() {
    let world = World::drifted();
    for arguments in [
        &["run", "--no-such-flag"][..],
        &["no-such-command"],
        &["run", "--config", "absent.toml"],
        &["run", "--table", "no_such_table"],
        &["diff", "sqlite:source.db"],
        &["plan", "postgres://h/d", "sqlite:target.db"],
        &["quarantine", "drop"],
        &["history", "--pass", "7"],
    ] {
        world.run(arguments).expect(2);
    }
    World::new().run(&[]).expect(2);
}

#[test]
fn exit_3_stopped_by_the_error_threshold() {
    let world = World::with(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER); INSERT INTO t VALUES (1, -1), (2, -2), (3, -3);",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER CHECK (n > 0));",
    );
    world.config("[limits]\nmax_error_count = 2\n");
    let ended = world.run(&["run"]).expect(3);
    assert!(ended.stdout.contains("maximum error count 2 was reached"), "{}", ended.stdout);
}

#[test]
fn exit_3_a_database_is_not_there() {
    let world = World::drifted();
    std::fs::remove_file(world.path().join("source.db")).unwrap();
    let ended = world.run(&["run"]).expect(3);
    assert!(ended.stdout.contains("there is no such file"), "{}", ended.stdout);
}

#[test]
fn exit_4_held_until_exactly_that_is_approved() {
    let world =
        World::with("CREATE TABLE orders (id INTEGER PRIMARY KEY, name TEXT, modify_time TEXT);", ORDERS);
    world.config("");
    let held = world.run(&["run", "--mode", "json"]).expect(4);
    let id = summary(&held)["holds"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(world.rows("target.db", "SELECT count(*) FROM orders"), ["Integer(1000)"]);
    world.run(&["run", "--yes", "0000000000000000"]).expect(4);
    world.run(&["run", "--yes", &id]).expect(0);
    assert_eq!(world.rows("target.db", "SELECT count(*) FROM orders"), ["Integer(0)"]);
}

#[test]
fn plain_yes_approves_what_an_earlier_pass_recorded_and_nothing_else() {
    let world =
        World::with("CREATE TABLE orders (id INTEGER PRIMARY KEY, name TEXT, modify_time TEXT);", ORDERS);
    world.config("");
    world.run(&["run", "--yes"]).expect(4);
    world.run(&["run", "--yes"]).expect(0);
}

#[test]
fn plain_yes_is_refused_with_a_schedule() {
    let world = World::drifted();
    world.config("[schedule]\nevery = \"1h\"\n");
    let refused = world.run(&["run", "--yes"]).expect(2);
    assert!(refused.stderr.contains("hint: name the hold"), "{}", refused.stderr);
    world.run(&["run", "--once", "--yes"]).expect(0);
}

#[test]
fn exit_6_the_state_is_damaged_or_newer() {
    let world = World::drifted();
    world.run(&["run"]).expect(0);
    let state = world.state_file();
    let sound = std::fs::read(&state).unwrap();
    std::fs::write(&state, b"this is no database").unwrap();
    for command in ["run", "plan", "status", "history"] {
        world.run(&[command]).expect(6);
    }
    std::fs::write(&state, sound).unwrap();
    rusqlite::Connection::open(&state).unwrap().pragma_update(None, "user_version", 1000).unwrap();
    let newer = world.run(&["run"]).expect(6);
    assert!(newer.stderr.contains("newer"), "{}", newer.stderr);
}

/// Only a build with debug assertions can be asked to panic, and tests run one.
#[cfg(debug_assertions)]
#[test]
fn exit_101_a_bug_in_whatever_thread() {
    let world = World::drifted();
    for place in ["main", "task"] {
        let ended = world.run_with(&[("SYNCLINE_DEBUG_PANIC", place)], &["run"]).expect(101);
        assert!(ended.stderr.contains("error: bug: asked for by"), "{}", ended.stderr);
        assert!(!ended.stderr.contains('\u{1b}'), "no control character reaches the terminal");
    }
    let log = world.files().into_iter().find(|(path, _)| path.extension().is_some_and(|end| end == "log"));
    let (path, log) = log.expect("a run writes a log");
    assert!(String::from_utf8(log).unwrap().contains("bug: asked for by"), "{}", path.display());
}
