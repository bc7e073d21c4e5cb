//! What a person reads when something is wrong: snapshots of both streams and the code.

use super::{ORDERS, World};

#[track_caller]
fn assert_shown(name: &str, world: &World, arguments: &[&str]) {
    let shown = world.run(arguments).shown();
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings.set_description(format!("syncline {}", arguments.join(" ")));
    settings.bind(|| insta::assert_snapshot!(format!("message_{name}"), shown));
}

#[test]
fn nothing_to_work_on() {
    let world = World::new();
    assert_shown("no_configuration", &world, &[]);
    assert_shown("absent_file", &world, &["plan", "--config", "absent.toml"]);
    world.write("jobs/a.toml", "");
    world.write("jobs/b.toml", "");
    assert_shown("several_jobs", &world, &["run", "--config", "jobs"]);
    world.write("empty/readme", "");
    assert_shown("empty_folder", &world, &["run", "--config", "empty"]);
}

#[test]
fn wrong_usage() {
    let world = World::drifted();
    assert_shown("unknown_flag", &world, &["run", "--dryrun"]);
    assert_shown("unknown_command", &world, &["rnu"]);
    assert_shown("flag_before_command", &world, &["--config", "syncline.toml", "run"]);
    assert_shown("one_url", &world, &["diff", "sqlite:source.db"]);
    assert_shown("unknown_table", &world, &["plan", "--table", "ordres"]);
    assert_shown("unknown_scheme", &world, &["check", "sqlte:source.db", "sqlite:target.db"]);
    assert_shown("no_store", &world, &["plan", "4d://u@h/d", "sqlite:target.db"]);
    assert_shown("unknown_pass", &world, &["history", "--pass", "9"]);
    assert_shown("unknown_key", &world, &["quarantine", "show", "17"]);
}

#[test]
fn wrong_configuration() {
    let world = World::drifted();
    world.config("[sync]\nbatchsize = 10\n");
    assert_shown("one_problem", &world, &["run"]);
    world.config("[sync]\nbatchsize = 10\n[limits]\nmemory = 96\n");
    assert_shown("several_problems", &world, &["run"]);
    world.config("[schedule]\nevery = \"1h\"\n");
    assert_shown("yes_with_schedule", &world, &["run", "--yes"]);
}

#[test]
fn what_check_says() {
    let world = World::with(
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, name TEXT, price REAL, note TEXT); \
         CREATE TABLE gone (id INTEGER PRIMARY KEY); CREATE TABLE loose (a, b);",
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, name TEXT, price INTEGER, note TEXT) STRICT; \
         CREATE TABLE loose (a, b); CREATE TRIGGER echo AFTER INSERT ON orders BEGIN SELECT 1; END;",
    );
    world
        .config("[[tables]]\nname = \"orders\"\n[[tables]]\nname = \"gone\"\n[[tables]]\nname = \"loose\"\n");
    assert_shown("check", &world, &["check"]);
    std::fs::remove_file(world.path().join("target.db")).unwrap();
    assert_shown("check_unreachable", &world, &["check"]);
}

#[test]
fn what_plan_and_diff_say() {
    let world = World::with(&ORDERS.replace("1000", "30"), &ORDERS.replace("1000", "30"));
    world.sql("target.db", "DELETE FROM orders WHERE id = 7; UPDATE orders SET name = NULL WHERE id = 20");
    world.config("");
    assert_shown("diff", &world, &["diff"]);
    assert_shown("diff_sql", &world, &["diff", "--format", "sql"]);
    assert_shown("diff_csv", &world, &["diff", "--format", "csv"]);
    assert_shown("diff_json", &world, &["diff", "--format", "json"]);
    let keyless = World::with("CREATE TABLE t (a)", "CREATE TABLE t (a)");
    keyless.config("");
    assert_shown("diff_without_key", &keyless, &["diff"]);
    let absent = World::with(ORDERS, "");
    absent.config("");
    assert_shown("diff_without_table", &absent, &["diff"]);
}
