//! Traps met by the real binary between two SQLite files.

use crate::cli::{Ended, World, summary};

/// A pass over every table that ends with equal tables; returns what it said.
#[track_caller]
fn synced(world: &World, tables: &[&str]) -> Ended {
    let ended = world.run(&["run", "--mode", "json"]).expect(0);
    for table in tables {
        let all = format!("SELECT * FROM {table} ORDER BY 1, 2");
        assert_eq!(world.rows("source.db", &all), world.rows("target.db", &all), "{}", ended.shown());
    }
    ended
}

/// A number of one table's entry in the summary.
fn number(ended: &Ended, table: &str, field: &str) -> u64 {
    let summary = summary(ended);
    let tables = summary["tables"].as_array().unwrap();
    let entry = tables.iter().find(|entry| entry["name"] == table).unwrap();
    entry[field].as_u64().unwrap_or_else(|| panic!("{field} in {entry}"))
}

fn configured(schema: &str, source: &str, target: &str, more: &str) -> World {
    let world = World::with(&format!("{schema};{source};"), &format!("{schema};{target};"));
    world.config(more);
    world
}

/// Statement that inserts rows (i, 'x') for i in a range.
fn fill(table: &str, first: i64, last: i64) -> String {
    format!(
        "WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last}) \
         INSERT INTO {table}(id, name) SELECT i, 'x' FROM n"
    )
}

const ITEMS: &str = "CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT)";

#[test]
fn trap_03_an_add_and_a_delete_that_cancel_are_found_by_their_content() {
    for strategy in ["auto", "digest search", "merge compare", "hash buckets"] {
        let world = configured(
            ITEMS,
            &format!("{}; DELETE FROM items WHERE id = 700", fill("items", 1, 3000)),
            &format!("{}; DELETE FROM items WHERE id = 2900", fill("items", 1, 3000)),
            &format!("[sync]\nstrategy = \"{strategy}\"\n"),
        );
        let ended = synced(&world, &["items"]);
        let counts = ["added", "modified", "deleted"].map(|field| number(&ended, "items", field));
        assert_eq!(counts, [1, 0, 1], "{strategy}");
    }
}

#[test]
fn trap_06_neighbours_that_a_short_hash_confuses_are_told_apart() {
    // CRC32('plumless') = CRC32('buckeroo'), the textbook pair.
    let source = "INSERT INTO items VALUES (1, 'plumless'), (2, 'x')";
    let target = "INSERT INTO items VALUES (1, 'buckeroo'), (2, 'x')";
    let world = configured(ITEMS, source, target, "[sync]\nstrategy = \"digest search\"\n");
    assert_eq!(number(&synced(&world, &["items"]), "items", "modified"), 1);
}

#[test]
fn trap_21_keys_that_one_floating_point_number_stands_for_stay_apart() {
    let source = "INSERT INTO items VALUES (9007199254740992, 'a'), (9007199254740993, 'b'), \
        (9007199254740994, 'c'), (9223372036854775806, 'd'), (9223372036854775807, 'e'), (-9223372036854775808, 'f')";
    let target = "INSERT INTO items VALUES (9007199254740993, 'old'), (9223372036854775805, 'gone'), \
        (9223372036854775807, 'e')";
    for strategy in ["digest search", "merge compare", "hash buckets"] {
        let world = configured(ITEMS, source, target, &format!("[sync]\nstrategy = \"{strategy}\"\n"));
        let ended = synced(&world, &["items"]);
        let counts = ["added", "modified", "deleted"].map(|field| number(&ended, "items", field));
        assert_eq!(counts, [4, 1, 1], "{strategy}");
    }
}

#[test]
fn trap_25_gaps_and_skew_cost_no_more_ranges_than_even_keys() {
    let queries = |spread: &str| {
        let fill = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 19999) \
            INSERT INTO items SELECT KEY, 'x' FROM n"
            .replace("KEY", spread);
        let change = "; UPDATE items SET name = 'other' WHERE id IN (SELECT id FROM items ORDER BY id LIMIT 1 OFFSET 777)";
        let world =
            configured(ITEMS, &fill, &format!("{fill}{change}"), "[sync]\nstrategy = \"digest search\"\n");
        let ended = synced(&world, &["items"]);
        assert_eq!(number(&ended, "items", "modified"), 1, "{spread}");
        summary(&ended)["metrics"]["binarySearchQueryCount"].as_u64().expect("a count")
    };
    let even = queries("i");
    // Half of the rows within 10,000 of each other, half of them spread over the whole range of keys.
    let skewed = queries("CASE WHEN i < 10000 THEN i ELSE i * 400000000000000 END");
    assert!(skewed <= even * 2, "{skewed} queries for skewed keys, {even} for even ones");
}

#[test]
fn trap_26_text_keys_that_look_like_uuids_at_first_are_still_text() {
    let schema = "CREATE TABLE items (id TEXT PRIMARY KEY, name TEXT)";
    let uuids = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 1999) \
        INSERT INTO items SELECT printf('%08x-0000-4000-8000-%012x', i, i), 'x' FROM n";
    let others = "INSERT INTO items VALUES ('no uuid', 'x'), ('FFFFFFFF-0000-4000-8000-000000000000', 'upper'), \
        ('ffffffff-0000-4000-8000-000000000000', 'lower'), ('', 'empty'), ('zz', 'last')";
    let world = configured(schema, &format!("{uuids}; {others}"), uuids, "");
    assert_eq!(number(&synced(&world, &["items"]), "items", "added"), 5);
}

#[test]
fn trap_31_deletes_that_no_modify_column_shows_are_found() {
    let schema = "CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT, modify_time TEXT)";
    let rows = fill("items", 1, 2000);
    let stamps = "UPDATE items SET modify_time = '2026-01-01T00:00:00Z'";
    let rows = format!("{rows}; {stamps}");
    let world = configured(schema, &rows, &rows, "[sync]\ntrust_modify_id = true\n");
    synced(&world, &["items"]);
    // One row goes and one comes, so that the counts agree and the newest stamp tells only of the one that came.
    world.sql(
        "source.db",
        "DELETE FROM items WHERE id = 900; INSERT INTO items VALUES (5000, 'new', '2026-01-02T00:00:00Z')",
    );
    let ended = synced(&world, &["items"]);
    assert_eq!((number(&ended, "items", "added"), number(&ended, "items", "deleted")), (1, 1));
}

#[test]
fn trap_34_rows_beyond_the_other_sides_first_and_last_key_are_found() {
    for strategy in ["auto", "digest search", "merge compare", "hash buckets"] {
        let world = configured(
            ITEMS,
            &fill("items", 100, 5000),
            &format!(
                "{}; INSERT INTO items VALUES (-7, 'low'), (99, 'low'), (900000, 'high')",
                fill("items", 300, 4800)
            ),
            &format!("[sync]\nstrategy = \"{strategy}\"\n"),
        );
        let ended = synced(&world, &["items"]);
        let counts = ["added", "modified", "deleted"].map(|field| number(&ended, "items", field));
        assert_eq!(counts, [400, 0, 3], "{strategy}");
    }
}

#[test]
fn trap_41_the_next_key_of_the_target_is_beyond_every_synced_one_and_never_lowered() {
    let schema = "CREATE TABLE items (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT)";
    let next =
        |world: &World| world.rows("target.db", "SELECT seq FROM sqlite_sequence WHERE name = 'items'");
    let world = configured(schema, &fill("items", 1, 500), "INSERT INTO items VALUES (1, 'x')", "");
    synced(&world, &["items"]);
    assert_eq!(next(&world), ["Integer(500)"]);
    let world = configured(
        schema,
        &fill("items", 1, 500),
        &format!("{}; DELETE FROM items WHERE id > 490", fill("items", 1, 900)),
        "",
    );
    synced(&world, &["items"]);
    assert_eq!(next(&world), ["Integer(900)"]);
}

#[test]
fn trap_42_text_of_a_file_in_utf_16_arrives_in_one_of_utf_8() {
    let world = World::new();
    let rows = "INSERT INTO items VALUES (1, '😀 naïve Ω 漢字'), (2, 'plain'), (3, '👩‍👩‍👧')";
    world.sql("source.db", &format!("PRAGMA encoding = 'UTF-16le'; {ITEMS}; {rows}"));
    world.sql("target.db", &format!("{ITEMS}; INSERT INTO items VALUES (2, 'plain')"));
    world.config("");
    let ended = synced(&world, &["items"]);
    assert_eq!(number(&ended, "items", "added"), 2);
}
