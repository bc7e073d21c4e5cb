//! `kill -9` at random instants of a run over real files, restarted until done: equal each time, nothing doubled.
//!
//! `SYNCLINE_KILLS` says how many runs are killed (20 when unset); `SYNCLINE_KILL_SEED` draws the instants.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use syncline::base::random::Random;

const BATCH: u64 = 200;
const MISSING: u64 = 900;
const CHANGED: u64 = 1100;
const EXTRA: u64 = 300;

struct Scene {
    folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = Connection::open(folder.path().join("source.db")).unwrap();
        source
            .execute_batch(
                "PRAGMA journal_mode = wal;
                 CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
                 CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customer,
                                      amount TEXT, note TEXT);
                 WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
                 INSERT INTO customer SELECT i, 'customer ' || i FROM n;
                 WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)
                 INSERT INTO orders SELECT i, i % 500 + 1, i || '.50', 'note ' || i FROM n;",
            )
            .unwrap();
        drop(source);
        std::fs::copy(folder.path().join("source.db"), folder.path().join("drifted.db")).unwrap();
        let target = Connection::open(folder.path().join("drifted.db")).unwrap();
        target
            .execute_batch(&format!(
                "DELETE FROM orders WHERE id % 13 = 0 AND id <= {MISSING} * 13;
                 UPDATE orders SET amount = amount || '!' WHERE id % 10 = 3 AND id % 13 <> 0
                     AND id IN (SELECT id FROM orders WHERE id % 10 = 3 AND id % 13 <> 0 ORDER BY id LIMIT {CHANGED});
                 WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {EXTRA})
                 INSERT INTO orders SELECT 20000 + i, 1, 'extra', NULL FROM n;
                 CREATE TABLE written (rows INTEGER NOT NULL);
                 INSERT INTO written VALUES (0);
                 CREATE TRIGGER i AFTER INSERT ON orders BEGIN UPDATE written SET rows = rows + 1; END;
                 CREATE TRIGGER u AFTER UPDATE ON orders BEGIN UPDATE written SET rows = rows + 1; END;
                 CREATE TRIGGER d AFTER DELETE ON orders BEGIN UPDATE written SET rows = rows + 1; END;"
            ))
            .unwrap();
        let scene = Self { folder };
        std::fs::write(
            scene.path("job.toml"),
            format!(
                "name = \"kills\"\n[source]\nurl = \"sqlite:source.db\"\n[target]\nurl = \"sqlite:target.db\"\n\
                 [sync]\nsync_all = true\nbatch_size = {BATCH}\ndelete_batch_size = {BATCH}\n"
            ),
        )
        .unwrap();
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The drifted target and no memory of any pass.
    fn reset(&self) {
        let _ = std::fs::remove_dir_all(self.path("state"));
        for suffix in ["", "-wal", "-shm", "-journal"] {
            let _ = std::fs::remove_file(self.path(&format!("target.db{suffix}")));
        }
        std::fs::copy(self.path("drifted.db"), self.path("target.db")).unwrap();
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_syncline"));
        command
            .args(["run", "--mode", "json", "--config"])
            .arg(self.path("job.toml"))
            .arg("--state-dir")
            .arg(self.path("state"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs to the end and returns the summary.
    fn finish(&self) -> serde_json::Value {
        let output = self.command().output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{text}\n{errors}");
        serde_json::from_str(text.lines().last().unwrap()).unwrap()
    }

    /// Kills a run after `delay`; returns whether it was still running.
    #[expect(clippy::disallowed_methods, reason = "the instant of a kill is a real one")]
    fn kill_after(&self, delay: Duration) -> bool {
        let mut child = self.command().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(delay);
        let running = child.try_wait().unwrap().is_none();
        child.kill().unwrap();
        child.wait().unwrap();
        running
    }
}

/// Every row of a table as SQLite itself prints it.
fn dump(path: &Path, table: &str) -> Vec<String> {
    let connection = Connection::open(path).unwrap();
    let mut statement = connection.prepare(&format!("SELECT * FROM {table} ORDER BY id")).unwrap();
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| {
        (0..columns).map(|column| Ok(format!("{:?}", row.get_ref(column)?))).collect::<Result<Vec<_>, _>>()
    });
    rows.unwrap().map(|row| row.unwrap().join("|")).collect()
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the length of an undisturbed run is a real one")]
fn a_run_killed_at_any_instant_goes_on_and_doubles_nothing() {
    let kills = number("SYNCLINE_KILLS").unwrap_or(20);
    let seed = number("SYNCLINE_KILL_SEED").unwrap_or(1);
    let scene = Scene::new();
    scene.reset();
    let start = Instant::now();
    let undisturbed = scene.finish();
    let length = start.elapsed();
    let orders =
        &undisturbed["tables"].as_array().unwrap().iter().find(|table| table["name"] == "orders").unwrap();
    let counts = |table: &serde_json::Value| {
        ["added", "modified", "deleted"].map(|field| table[field].as_u64().unwrap())
    };
    let expected = counts(orders);
    let written_once: u64 = expected.iter().sum();
    let mut random = Random::from_seed(seed);
    let mut killed = 0;
    while killed < kills {
        scene.reset();
        let mut killed_here = 0;
        for _ in 0..=random.below(4) {
            let delay = Duration::from_micros(random.below(length.as_micros() as u64));
            killed_here += u64::from(scene.kill_after(delay));
        }
        killed += killed_here.max(1);
        let summary = scene.finish();
        for table in ["customer", "orders"] {
            assert_eq!(
                dump(&scene.path("source.db"), table),
                dump(&scene.path("target.db"), table),
                "{table} after kill {killed} of seed {seed}"
            );
        }
        let target = Connection::open(scene.path("target.db")).unwrap();
        let written: i64 = target.query_row("SELECT rows FROM written", [], |row| row.get(0)).unwrap();
        let written = written.unsigned_abs();
        assert!(
            written >= written_once && written <= written_once + killed_here * BATCH,
            "{written} rows written instead of {written_once}, after {killed_here} kills of seed {seed}"
        );
        if summary["pass"] == 1 {
            let table =
                summary["tables"].as_array().unwrap().iter().find(|table| table["name"] == "orders").unwrap();
            assert_eq!(
                counts(table),
                expected,
                "the totals of a pass are true whoever made them (seed {seed})"
            );
        }
    }
}
