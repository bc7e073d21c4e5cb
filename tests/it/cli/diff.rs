//! `diff --format sql` really repairs.

use std::process::{Command, Stdio};

use super::World;

/// Applies the script with the `sqlite3` shell when the machine has one, else with the library.
fn apply(world: &World, script: &str) {
    let shell = Command::new("sqlite3")
        .args(["-bail", "target.db"])
        .current_dir(world.path())
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    match shell {
        Ok(mut shell) => {
            std::io::Write::write_all(&mut shell.stdin.take().unwrap(), script.as_bytes()).unwrap();
            let ended = shell.wait_with_output().unwrap();
            assert!(ended.status.success(), "{}\n{script}", String::from_utf8_lossy(&ended.stderr));
        }
        Err(_) => world.sql("target.db", script),
    }
}

/// Repairs the target by a script and looks at each table on both sides.
fn assert_repaired(world: &World, tables: &[&str]) {
    let script = world.run(&["diff", "--format", "sql"]).expect(1);
    assert_eq!(script.stderr, "");
    apply(world, &script.stdout);
    for table in tables {
        let all = format!("SELECT * FROM {table} ORDER BY 1, 2");
        assert_eq!(
            world.rows("source.db", &all),
            world.rows("target.db", &all),
            "{table}\n{}",
            script.stdout
        );
    }
    assert_eq!(world.run(&["diff", "--format", "sql"]).expect(0).stdout, "", "nothing is left to repair");
    assert_eq!(world.rows("target.db", "PRAGMA foreign_key_check"), Vec::<String>::new());
}

#[test]
fn awkward_values_survive_the_way_through_the_shell() {
    let schema =
        "CREATE TABLE \"odd \"\"name\" (\"key\"\"\" TEXT, part INTEGER, v, PRIMARY KEY (\"key\"\"\", part));";
    let world = World::with(schema, schema);
    world.sql(
        "source.db",
        "INSERT INTO \"odd \"\"name\" VALUES ('it''s', 1, 'a' || char(10) || 'b'), ('é名', 2, x'00ff'), ('', 3, NULL), \
         ('semi;', 4, 0.1), ('--', 5, 9223372036854775807), ('esc', 6, char(27) || '[2J'), ('nul', 7, CAST(x'610062' AS TEXT)), \
         ('real', 8, 1e300 / 7), ('min', 9, -9223372036854775808);",
    );
    world.sql(
        "target.db",
        "INSERT INTO \"odd \"\"name\" VALUES ('it''s', 1, 'other'), ('gone''; DROP TABLE x; --', 1, 1), ('', 3, '');",
    );
    world.config("");
    assert_repaired(&world, &["\"odd \"\"name\""]);
}

#[test]
fn trap_38_parents_and_children_are_repaired_in_one_transaction() {
    let schema = "CREATE TABLE company (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES company(id)); \
        CREATE TABLE orders (id INTEGER PRIMARY KEY, company INTEGER NOT NULL REFERENCES company(id) ON DELETE CASCADE); \
        CREATE TABLE row (id INTEGER PRIMARY KEY, orders INTEGER NOT NULL REFERENCES orders(id), n INTEGER);";
    let world = World::with(schema, schema);
    // Company 1 goes, its order is re-pointed to the new company 3; company 4 refers to a later one; a row moves.
    world.sql(
        "source.db",
        "INSERT INTO company VALUES (2, NULL), (3, 2), (5, NULL); INSERT INTO company VALUES (4, 5); \
         INSERT INTO orders VALUES (1, 3), (2, 2); INSERT INTO row VALUES (1, 1, 1), (2, 2, 2), (3, 2, 3);",
    );
    world.sql(
        "target.db",
        "INSERT INTO company VALUES (1, NULL), (2, 1); \
         INSERT INTO orders VALUES (1, 1), (9, 2); INSERT INTO row VALUES (1, 1, 1), (2, 9, 2), (8, 9, 8);",
    );
    world.config("");
    assert_repaired(&world, &["company", "orders", "row"]);
}

#[test]
fn mapping_defaults_and_record_types_hold_in_the_script() {
    let world = World::with(
        "CREATE TABLE product (id INTEGER PRIMARY KEY, kind TEXT, varchar_field TEXT, secret TEXT); \
         INSERT INTO product VALUES (1, 'work', 'a', 's'), (2, 'work', 'b', 's'), (3, 'other', 'c', 's');",
        "CREATE TABLE product (id INTEGER PRIMARY KEY, kind TEXT, text_field TEXT, currency TEXT NOT NULL); \
         INSERT INTO product VALUES (2, 'work', 'drifted', 'EUR'), (4, 'work', 'extra', 'EUR'), (5, 'other', 'mine', 'EUR');",
    );
    world.config(
        "[[tables]]\nname = \"product-work\"\nsource = \"product\"\nwhere = \"kind = 'work'\"\n\
         field_mapping = { varchar_field = \"text_field\" }\nexclude = [\"secret\"]\ndefaults = { currency = \"EUR\" }\n",
    );
    let script = world.run(&["diff", "--format", "sql"]).expect(1);
    apply(&world, &script.stdout);
    assert_eq!(
        world.rows("target.db", "SELECT id, text_field, currency FROM product ORDER BY id"),
        [
            "Integer(1)|Text([97])|Text([69, 85, 82])",
            "Integer(2)|Text([98])|Text([69, 85, 82])",
            "Integer(5)|Text([109, 105, 110, 101])|Text([69, 85, 82])"
        ],
        "{}",
        script.stdout
    );
    world.run(&["diff"]).expect(0);
    world.run(&["run"]).expect(0);
}

#[test]
fn a_row_that_cannot_be_repaired_is_named_and_the_others_are_repaired() {
    let world = World::with(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, n); INSERT INTO t VALUES (1, 'no number'), (2, 2);",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER) STRICT;",
    );
    world.config("");
    let script = world.run(&["diff", "--format", "sql"]).expect(1);
    assert!(script.stderr.contains("key 1 is not repaired"), "{}", script.stderr);
    apply(&world, &script.stdout);
    assert_eq!(world.rows("target.db", "SELECT id FROM t"), ["Integer(2)"]);
}

#[test]
fn extra_rows_that_are_kept_are_no_difference() {
    let world = World::with(
        "CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1);",
        "CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1), (2);",
    );
    world.config("[sync]\ndeletes = \"never\"\n");
    world.run(&["diff"]).expect(0);
    assert_eq!(world.run(&["diff", "--format", "sql"]).expect(0).stdout, "");
}

#[test]
fn trap_01_keys_that_sort_otherwise_are_matched_by_hash() {
    let schema = "CREATE TABLE t (code TEXT COLLATE NOCASE PRIMARY KEY, n INTEGER);";
    let world = World::with(schema, schema);
    world.sql("source.db", "INSERT INTO t VALUES ('a', 1), ('B', 2), ('c', 3), ('_', 4), ('Z', 5)");
    world.sql("target.db", "INSERT INTO t VALUES ('a', 1), ('B', 9), ('C', 3), ('_', 4), ('y', 6)");
    world.config("");
    let kinds: Vec<String> = world
        .run(&["diff", "--format", "json"])
        .expect(1)
        .json()
        .iter()
        .map(|row| format!("{} {}", row["kind"].as_str().unwrap(), row["key"]["code"].as_str().unwrap()))
        .collect();
    for expected in ["changed B", "missing c", "extra C", "missing Z", "extra y"] {
        assert!(kinds.contains(&expected.to_owned()), "{expected} is not among {kinds:?}");
    }
    assert_eq!(kinds.len(), 5);
    assert_repaired(&world, &["t"]);
}

#[test]
fn several_tables_and_only_the_named_one() {
    let schema = "CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (id INTEGER PRIMARY KEY);";
    let world = World::with(schema, schema);
    world.sql("source.db", "INSERT INTO a VALUES (1); INSERT INTO b VALUES (2)");
    world.config("");
    let tables = |arguments: &[&str]| {
        let rows = world.run(&[&["diff", "--format", "json"], arguments].concat()).expect(1).json();
        rows.iter().map(|row| row["table"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(tables(&[]), ["a", "b"]);
    assert_eq!(tables(&["--table", "b"]), ["b"]);
    assert_eq!(tables(&["--table", "b", "--table", "a"]), ["a", "b"]);
}

#[test]
fn trap_39_unique_values_that_move_among_rows() {
    let schema = "CREATE TABLE t (id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE, slot INTEGER UNIQUE, \
        a INTEGER NOT NULL, b INTEGER NOT NULL, UNIQUE (a, b)); \
        CREATE TABLE named (id INTEGER PRIMARY KEY, name TEXT UNIQUE); \
        CREATE TABLE child (id INTEGER PRIMARY KEY, name TEXT REFERENCES named(name) ON UPDATE CASCADE);";
    let world = World::with(schema, schema);
    // Two rows trade, three go round, one takes what an extra one held, a new one takes what a changed one held.
    world.sql(
        "source.db",
        "INSERT INTO t VALUES (1, 'b', 20, 1, 1), (2, 'a', 10, 1, 2), (3, 'd', 40, 2, 2), (4, 'e', 50, 2, 3), \
         (5, 'c', 30, 2, 1), (6, 'gone', 60, 3, 1), (7, 'h', 70, 3, 2), (8, 'g', 80, 3, 3); \
         INSERT INTO named VALUES (1, 'one'), (2, 'two'); INSERT INTO child VALUES (1, 'one'), (2, 'two')",
    );
    world.sql(
        "target.db",
        "INSERT INTO t VALUES (1, 'a', 10, 1, 2), (2, 'b', 20, 1, 1), (3, 'c', 30, 2, 1), (4, 'd', 40, 2, 2), \
         (5, 'e', 50, 2, 3), (6, 'f', 60, 3, 1), (7, 'g', 70, 3, 2), (9, 'gone', NULL, 9, 9); \
         INSERT INTO named VALUES (1, 'one'), (2, 'zwei'); INSERT INTO child VALUES (1, 'one'), (2, 'zwei')",
    );
    world.config("");
    assert_repaired(&world, &["t", "named", "child"]);
}
