//! `status`, `history` and `check` as a person and a script see them.

use super::World;

/// The text with instants and durations, which are never twice the same, replaced.
fn timeless(text: &str) -> String {
    let is_instant = |text: &str| {
        let shape = text.bytes().take(19).map(|byte| if byte.is_ascii_digit() { b'0' } else { byte });
        shape.eq(*b"0000-00-00 00:00:00")
    };
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let number = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (shown, taken) = match &rest[..number] {
            _ if is_instant(rest) => ("[INSTANT]", 19),
            number if number.contains('.') && rest[number.len()..].starts_with(" s") => {
                // Longer durations take up more of the spaces before them.
                out.truncate(out.trim_end().len());
                (" [TIME]", number.len() + 2)
            }
            number => (number, number.len()),
        };
        out.push_str(shown);
        rest = &rest[taken..];
    }
    out + rest
}

#[test]
fn status_and_history_tell_what_is_remembered() {
    let world = World::drifted();
    world
        .sql("source.db", "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER); INSERT INTO t VALUES (1, -1)");
    world.sql("target.db", "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER CHECK (n > 0))");
    world.config("[limits]\nmax_delete_ratio = 0.5\n");
    let nothing = [world.run(&["status"]).expect(0).stdout, world.run(&["history"]).expect(0).stdout];
    insta::assert_snapshot!("looks_before_the_first_pass", nothing.concat());
    world.run(&["run"]).expect(1);
    world.sql("source.db", "DELETE FROM orders WHERE id > 300");
    world.run(&["run"]).expect(4);
    let shown = ["status", "history"].map(|command| timeless(&world.run(&[command]).expect(0).stdout));
    let id =
        world.run(&["status", "--mode", "json"]).json()[1]["holds"][0]["id"].as_str().unwrap().to_owned();
    insta::assert_snapshot!("looks_after_two_passes", shown.concat().replace(&id, "[HOLD]"));
    let one = world.run(&["history", "--pass", "1", "--mode", "json"]).expect(0).json();
    assert_eq!((one.len(), &one[1]["summary"]["pass"]), (2, &1.into()));
    assert_eq!(world.run(&["history", "--limit", "1", "--mode", "json"]).json().len(), 2);
    let summary = world.run(&["history", "--pass", "1"]).expect(0);
    assert!(summary.stdout.contains("erp, pass 1"), "{}", summary.stdout);
}

#[test]
fn check_names_what_is_missing_and_what_is_odd() {
    let world = World::with(
        "CREATE TABLE keyed (code TEXT COLLATE NOCASE PRIMARY KEY, modify_time TEXT); CREATE TABLE bare (a, b);",
        "CREATE TABLE keyed (code TEXT COLLATE NOCASE PRIMARY KEY, modify_time TEXT); CREATE TABLE bare (a, b);",
    );
    world.config("[sync]\ntrust_modify_id = true\n");
    let findings = world.run(&["check", "--mode", "json"]).expect(0).json();
    let said = |subject: &str, part: &str| {
        let of_subject = findings.iter().filter(|finding| finding["subject"] == subject);
        of_subject.into_iter().any(|finding| finding["message"].as_str().unwrap().contains(part))
    };
    assert!(said("keyed", "index"), "{findings:#?}");
    assert!(said("keyed", "order"), "{findings:#?}");
    assert!(said("bare", "no key"), "{findings:#?}");
    for warning in findings.iter().filter(|finding| finding["severity"] == "warning") {
        assert!(warning["hint"].is_string(), "{warning}");
    }
    world.run(&["check", "--table", "absent"]).expect(2);
}

#[test]
fn a_job_without_a_table_is_no_success() {
    let world = World::with("", "CREATE TABLE other (id INTEGER PRIMARY KEY)");
    world.config("");
    for command in ["run", "plan", "verify", "diff"] {
        let ended = world.run(&[command]).expect(2);
        assert!(
            format!("{}{}", ended.stdout, ended.stderr).contains("this job has no table"),
            "{}",
            ended.shown()
        );
    }
    world.run(&["check"]).expect(1);
}
