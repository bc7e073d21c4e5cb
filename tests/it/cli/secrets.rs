//! A password is nowhere but in the hands of the driver.

use super::World;

/// No part of any output or file may hold this.
const CANARY: &str = "canary-7f3a";

/// Nobody answers at the URLs below, and nobody shall be waited for.
const IMPATIENT: [(&str, &str); 3] = [
    ("SYNCLINE_SOURCE_RETRY_COUNT", "0"),
    ("SYNCLINE_SOURCE_RECONNECT_DELAY", "10ms"),
    ("SYNCLINE_SOURCE_RECONNECT_FOR", "10ms"),
];

/// Runs commands and looks for the canary in both streams and in every file but those that hold it by intention.
fn assert_secret(world: &World, variables: &[(&str, &str)], commands: &[&[&str]], meant: &[&str]) {
    for arguments in commands {
        for mode in ["text", "json"] {
            let variables: Vec<_> =
                variables.iter().copied().chain([("SYNCLINE_MODE", mode)]).chain(IMPATIENT).collect();
            let ended = world.run_with(&variables, arguments);
            assert!(!ended.shown().contains(CANARY), "{arguments:?}: {}", ended.shown());
        }
    }
    for (path, content) in world.files() {
        let is_meant = meant.iter().any(|name| path.ends_with(name));
        let text = String::from_utf8_lossy(&content);
        assert!(is_meant || !text.contains(CANARY), "{}", path.display());
        assert!(!path.to_string_lossy().contains(CANARY), "{}", path.display());
    }
}

const COMMANDS: &[&[&str]] = &[
    &["run"],
    &["run", "-v", "--log-level", "trace"],
    &["run", "--dry-run"],
    &["verify"],
    &["plan"],
    &["check"],
    &["diff"],
    &["diff", "--format", "sql"],
    &["status"],
    &["history"],
    &["quarantine", "list"],
    &["--print-config"],
];

#[test]
fn a_password_in_a_url_is_never_shown() {
    let world = World::new();
    let url = format!("postgres://reader:{CANARY}@127.0.0.1:1/erp");
    let file = format!("[source]\nurl = \"{url}\"\n[target]\nurl = \"sqlite:target.db\"\n");
    world.write("syncline.toml", &file);
    world.sql("target.db", "CREATE TABLE t (id INTEGER PRIMARY KEY)");
    assert_secret(&world, &[], COMMANDS, &["syncline.toml"]);
    assert_secret(
        &world,
        &[],
        &[
            &["check", &url, "sqlite:target.db"],
            &["diff", &url, "sqlite:target.db"],
            &["plan", "--source", &url, "--target", "sqlite:target.db"],
            &["run", "--source", &url, "--target", "sqlite:target.db"],
            &["status", "--source", &url, "--target", "sqlite:target.db"],
            // Misspelt, so that the URL cannot be taken apart.
            &["plan", "--source", &url.replace("postgres", "postgre"), "--target", "sqlite:target.db"],
        ],
        &["syncline.toml"],
    );
    assert_secret(&world, &[("SYNCLINE_SOURCE", &url)], COMMANDS, &["syncline.toml"]);
    for help in [&["--help"][..], &["run", "--help"], &["import", "--help"]] {
        assert_secret(&world, &[("SYNCLINE_SOURCE", &url)], &[help], &["syncline.toml"]);
    }
}

#[test]
fn a_password_from_elsewhere_is_never_shown() {
    let world = World::drifted();
    world.write("password", &format!("{CANARY}\n"));
    for key in [
        "password_env = \"ERP_PASSWORD\"",
        "password_file = \"password\"",
        "password_command = [\"cat\", \"password\"]",
    ] {
        let urls =
            format!("[source]\nurl = \"sqlite:source.db\"\n{key}\n[target]\nurl = \"sqlite:target.db\"\n");
        world.write("syncline.toml", &urls);
        assert_secret(&world, &[("ERP_PASSWORD", CANARY)], COMMANDS, &["password"]);
    }
}

#[test]
fn an_import_copies_no_password() {
    let world = World::new();
    let json = format!(
        r#"{{"source": {{"url": "postgres://u:{CANARY}@h/d", "password": "{CANARY}"}}, "batch_size": 5}}"#
    );
    world.write("db-sync.json", &json);
    assert_secret(
        &world,
        &[],
        &[&["import", "db-sync.json"], &["import", "db-sync.json", "-o", "-"]],
        &["db-sync.json"],
    );
}
