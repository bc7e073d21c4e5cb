//! Passes of the real binary: what they write, what they leave alone, what they report.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use super::{ORDERS, World, summary};
use crate::report::schema::{assert_valid, closed};

/// Runs commands in a world with and without a state, and compares every file byte by byte.
fn assert_leaves_no_trace(commands: &[&[&str]]) {
    let world = World::drifted();
    for journal in ["delete", "wal"] {
        for database in ["source.db", "target.db"] {
            world.sql(database, &format!("PRAGMA journal_mode = {journal}"));
        }
        for arguments in commands {
            let before = world.files();
            world.run(arguments);
            assert!(before == world.files(), "{arguments:?} wrote something with journal_mode = {journal}");
        }
        // Once more with a state that remembers a pass.
        world.run(&["run", "--mode", "silent"]).expect(0);
        world.sql("target.db", "DELETE FROM orders WHERE id < 10");
    }
}

#[test]
fn looking_leaves_no_trace() {
    assert_leaves_no_trace(&[
        &["plan"],
        &["plan", "--full-compare", "--mode", "json"],
        &["run", "--dry-run"],
        &["run", "--readonly", "--full-compare"],
        &["verify", "--readonly"],
        &["check"],
        &["diff"],
        &["diff", "--format", "sql"],
        &["status"],
        &["history"],
        &["quarantine", "list"],
        &["quarantine", "retry", "--readonly"],
        &["--print-config"],
    ]);
}

#[test]
fn only_sync_plan_plans_only() {
    let world = World::drifted();
    world.config("[sync]\nonly_sync_plan = true\n");
    let before = world.files();
    let ended = world.run(&["run", "--mode", "json"]).expect(0);
    assert_eq!(summary(&ended)["tables"][0]["verdict"], "planned");
    assert!(before == world.files());
}

#[test]
fn a_dry_run_knows_what_the_job_knows() {
    let world =
        World::with("CREATE TABLE orders (id INTEGER PRIMARY KEY, name TEXT, modify_time TEXT);", ORDERS);
    world.config("");
    let held = world.run(&["run", "--dry-run"]).expect(4);
    assert!(held.stdout.contains("source is empty"), "{}", held.stdout);
    world.run(&["run"]).expect(4);
    let rehearsed = world.run(&["run", "--dry-run", "--yes", "--mode", "json"]).expect(1);
    assert_eq!(summary(&rehearsed)["pass"], 2, "it would be the pass after the real one");
    world.run(&["run"]).expect(4);
    world.run(&["run", "--yes"]).expect(0);
}

#[test]
fn json_begins_with_a_header_and_ends_with_a_summary_whatever_happens() {
    let world = World::drifted();
    for arguments in [
        &["run", "--mode", "json"][..],
        &["verify", "--mode", "json"],
        &["run", "--mode", "json", "--config", "absent.toml"],
        &["run", "--mode", "json", "--table", "absent"],
    ] {
        let ended = world.run(arguments);
        let lines = ended.json();
        assert_eq!((&lines[0]["type"], &lines[0]["schema"]), (&"header".into(), &1.into()), "{arguments:?}");
        assert_eq!(lines.iter().filter(|line| line["type"] == "header").count(), 1);
        assert_eq!(summary(&ended)["exit_code"], ended.code.unwrap(), "{arguments:?}");
    }
    let plan = world.run(&["plan", "--mode", "json"]).json();
    assert_eq!(plan[1]["type"], "plan");
    assert_eq!(plan.last().unwrap()["type"], "summary");
}

#[test]
fn verify_proves_and_leaves_the_target_alone() {
    let world = World::drifted();
    let target = std::fs::read(world.path().join("target.db")).unwrap();
    let ended = world.run(&["verify", "--mode", "json"]).expect(1);
    assert_eq!(summary(&ended)["tables"][0]["verdict"], "differs");
    assert_eq!(std::fs::read(world.path().join("target.db")).unwrap(), target);
    world.run(&["run"]).expect(0);
    let ended = world.run(&["verify", "--mode", "json"]).expect(0);
    assert_eq!(summary(&ended)["tables"][0]["verdict"], "equal");
    let status = &world.run(&["status", "--mode", "json"]).json()[1];
    assert!(status["tables"][0]["proven_at"].is_string(), "{status}");
}

#[test]
fn two_urls_are_a_job_with_a_state_of_its_own() {
    let world = World::drifted();
    std::fs::remove_file(world.path().join("syncline.toml")).unwrap();
    let urls = ["--source", "sqlite:source.db", "--target", "sqlite:target.db"];
    world.run(&["diff", "sqlite:source.db", "sqlite:target.db", "--table", "orders"]).expect(1);
    for pass in [1, 2] {
        let ended = world.run(&[&["run", "--mode", "json"], &urls[..]].concat()).expect(0);
        assert_eq!(summary(&ended)["pass"], pass);
    }
    let elsewhere = world.run(&[&["history", "--state-dir", "other"], &urls[..]].concat()).expect(0);
    assert_eq!(elsewhere.stdout, "no pass has ended yet\n");
    let reversed = world.run(&["history", "--source", urls[3], "--target", urls[1]]).expect(0);
    assert_eq!(reversed.stdout, "no pass has ended yet\n");
}

#[test]
fn only_the_named_tables_are_worked_on() {
    let two = format!("{ORDERS} CREATE TABLE other (id INTEGER PRIMARY KEY); INSERT INTO other VALUES (1);");
    let world = World::with(&two, &two);
    world.sql("target.db", "DELETE FROM orders WHERE id = 1; DELETE FROM other");
    world.config("");
    let ended = world.run(&["run", "--table", "orders", "--mode", "json"]).expect(0);
    assert_eq!(summary(&ended)["tables"].as_array().unwrap().len(), 1);
    assert_eq!(world.rows("target.db", "SELECT count(*) FROM other"), ["Integer(0)"]);
}

#[test]
fn one_table_is_not_synced_with_itself() {
    let world = World::drifted();
    std::os::unix::fs::symlink(world.path().join("source.db"), world.path().join("alias.db")).unwrap();
    let ended = world.run(&["run", "--source", "sqlite:source.db", "--target", "sqlite:alias.db"]).expect(1);
    assert!(ended.stdout.contains("same table"), "{}", ended.stdout);
    let check = world.run(&["check", "sqlite:source.db", "sqlite:alias.db"]).expect(1);
    assert!(check.stdout.contains("error: orders: source and target are the same table"), "{}", check.stdout);
}

#[test]
fn a_closed_pipe_ends_the_report_and_not_the_work() {
    let world = World::drifted();
    let mut child = world.command(&["run"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), &ended.stderr[..]), (Some(0), &b""[..]));
    assert_eq!(
        world.rows("source.db", "SELECT * FROM orders"),
        world.rows("target.db", "SELECT * FROM orders")
    );

    world.sql("source.db", "DELETE FROM orders");
    let mut child = world.command(&["diff"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let ended = child.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), &ended.stderr[..]), (Some(1), &b""[..]), "{first}");
}

#[test]
fn the_log_tells_the_run_and_is_the_users_alone() {
    let world = World::drifted();
    world.config("[log]\ndir = \"logs\"\nlevel = \"debug\"\n");
    let ended = world.run(&["run", "--mode", "silent"]).expect(0);
    assert_eq!(ended.shown(), "----- stderr -----\n----- exit 0 -----");
    let logs: Vec<_> = std::fs::read_dir(world.path().join("logs")).unwrap().collect();
    let [log] = &logs[..] else { panic!("{logs:?}") };
    let log = log.as_ref().unwrap().path();
    assert_eq!(std::fs::metadata(&log).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::metadata(world.path().join("logs")).unwrap().permissions().mode() & 0o777, 0o700);
    let text = std::fs::read_to_string(log).unwrap();
    for told in ["INFO orders: equal: +1 ~1 -1", "exit 0: all equal or all done"] {
        assert!(text.contains(told), "{told} is missing:\n{text}");
    }
}

#[test]
fn refused_rows_are_shown_retried_and_forgotten() {
    let world = World::with(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER); INSERT INTO t VALUES (1, 1), (2, -2), (3, -3);",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER CHECK (n > -3)); ",
    );
    world.sql(
        "target.db",
        "CREATE TRIGGER no BEFORE INSERT ON t WHEN new.n = -2 BEGIN SELECT RAISE(ABORT, 'not now'); END",
    );
    world.config("");
    world.run(&["run"]).expect(1);
    let keys = |world: &World| {
        let listed = world.run(&["quarantine", "list", "--mode", "json"]).expect(0).json();
        listed[1..].iter().map(|row| row["key"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(keys(&world), ["2", "3"]);
    let shown = world.run(&["quarantine", "show", "2"]).expect(0);
    assert!(shown.stdout.contains("not now") && !shown.stdout.contains("key 3"), "{}", shown.stdout);
    world.run(&["quarantine", "show", "4"]).expect(2);
    // Nothing about the rows changed, so a pass leaves them alone; a retry does not.
    world.sql("target.db", "DROP TRIGGER no");
    world.run(&["run"]).expect(1);
    assert_eq!(keys(&world), ["2", "3"]);
    world.run(&["quarantine", "retry", "2"]).expect(1);
    assert_eq!(keys(&world), ["3"]);
    assert_eq!(world.rows("target.db", "SELECT id FROM t"), ["Integer(1)", "Integer(2)"]);
    world.run(&["quarantine", "drop", "3"]).expect(0);
    assert_eq!(keys(&world), Vec::<String>::new());
}

#[test]
fn imported_configuration_runs() {
    let world = World::drifted();
    std::fs::remove_file(world.path().join("syncline.toml")).unwrap();
    world.write("db-sync.json", r#"{"batch_size": 100, "sync_all": true, "no_such_key": 1}"#);
    let urls = ["--source", "sqlite:source.db", "--target", "sqlite:target.db"];
    let imported = world.run(&[&["import", "db-sync.json"], &urls[..]].concat()).expect(1);
    assert!(imported.stderr.contains("not mapped: no_such_key"), "{}", imported.stderr);
    let again = world.run(&[&["import", "db-sync.json"], &urls[..]].concat()).expect(2);
    assert!(again.stderr.contains("--force"), "{}", again.stderr);
    let printed = world.run(&[&["import", "db-sync.json", "--output", "-"], &urls[..]].concat()).expect(1);
    assert_eq!(printed.stdout, std::fs::read_to_string(world.path().join("syncline.toml")).unwrap());
    world.run(&["run"]).expect(0);
}

/// Only Linux has a device that is always full.
#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_an_error_of_its_own() {
    let world = World::drifted();
    for arguments in [&["diff"][..], &["plan"], &["man"], &["status"], &["run"], &["run", "--mode", "json"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let ended = world.finish(world.command(arguments).stdout(full)).expect(3);
        assert!(ended.stderr.starts_with("error: write "), "{arguments:?}: {}", ended.stderr);
    }
    assert_eq!(
        world.rows("source.db", "SELECT * FROM orders"),
        world.rows("target.db", "SELECT * FROM orders"),
        "the work was done all the same"
    );
}

#[test]
fn a_reader_that_had_enough_changes_no_exit_code() {
    let world = World::drifted();
    world.sql("target.db", "DELETE FROM orders WHERE id = 8");
    for (arguments, code) in [
        (&["plan"][..], 1),
        (&["check"], 0),
        (&["man"], 0),
        (&["--print-config"], 0),
        (&["diff", "--format", "sql"], 1),
        (&["verify", "--mode", "json"], 1),
    ] {
        let mut child =
            world.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let ended = child.wait_with_output().unwrap();
        assert_eq!((ended.status.code(), &ended.stderr[..]), (Some(code), &b""[..]), "{arguments:?}");
    }
}

#[test]
fn no_control_character_of_a_database_reaches_a_terminal() {
    let name = "a\u{1b}[2J\r\n\u{202e}b";
    let schema = format!(
        "CREATE TABLE \"{name}\" (\"k{name}\" TEXT PRIMARY KEY, \"v{name}\" TEXT CHECK (\"v{name}\" <> 'no'));"
    );
    let world =
        World::with(&schema.replace("CHECK", "-- \n CHECK").replace("<> 'no'", "<> 'never'"), &schema);
    world.sql(
        "source.db",
        &format!("INSERT INTO \"{name}\" VALUES ('key{name}', 'value{name}'), ('x{name}', 'no')"),
    );
    world.sql("target.db", &format!("INSERT INTO \"{name}\" VALUES ('extra{name}', 'value{name}')"));
    world.config("");
    for arguments in [
        &["check"][..],
        &["plan"],
        &["plan", "--mode", "json"],
        &["diff"],
        &["diff", "--format", "json"],
        &["run", "--dry-run", "-v"],
        &["run", "--mode", "json"],
        &["run", "-v"],
        &["verify"],
        &["status"],
        &["history", "--pass", "1"],
        &["quarantine", "list"],
        &["quarantine", "show"],
        &["quarantine", "list", "--mode", "json"],
        &["run", "--table", name],
        &["run", "--table", &format!("{name}?")],
        &["run", "--config", name],
        &["quarantine", "show", name],
    ] {
        let ended = world.run(arguments);
        let is_raw = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!ended.shown().contains(is_raw), "{arguments:?}: {:?}", ended.shown());
    }
    let quarantined = world.run(&["quarantine", "list", "--mode", "json"]).json();
    assert_eq!(quarantined.len(), 2, "the refused row went through all reports");
    let logs = world.files().into_iter().filter(|(path, _)| path.extension().is_some_and(|end| end == "log"));
    for (path, log) in logs {
        assert!(!log.contains(&0x1b), "{}", path.display());
    }
}

#[test]
fn json_is_what_the_contract_says() {
    let world = World::with(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER); INSERT INTO t VALUES (1, 1), (2, -2), (4, 4);",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER CHECK (n > 0)); INSERT INTO t VALUES (1, 5), (3, 3);",
    );
    world.config("");
    for arguments in [
        &["check"][..],
        &["plan"],
        &["diff", "--format", "json"],
        &["run", "--dry-run"],
        &["run"],
        &["verify"],
        &["status"],
        &["history"],
        &["quarantine", "list"],
        &["quarantine", "retry", "--table", "t"],
        &["run", "--config", "absent.toml"],
    ] {
        let ended = world.run_with(&[("SYNCLINE_MODE", "json")], arguments);
        assert!(!ended.stdout.is_empty(), "{arguments:?}");
        assert_valid(closed(), &ended.stdout);
    }
}
