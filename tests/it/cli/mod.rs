//! The real binary, as a shell sees it: exit codes, both streams, files.

mod diff;
mod exits;
mod help;
mod looks;
mod messages;
mod runs;
mod secrets;
mod signals;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rusqlite::Connection;
use tempfile::TempDir;

/// A folder that is working folder, home and everything else to the processes started in it.
pub struct World {
    folder: TempDir,
}

/// What a shell sees of an ended process.
#[derive(Debug)]
pub struct Ended {
    /// The exit code; none when a signal killed it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl World {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A world with `source.db` and `target.db`, made by these statements.
    pub fn with(source: &str, target: &str) -> Self {
        let world = Self::new();
        world.sql("source.db", source);
        world.sql("target.db", target);
        world
    }

    /// A world whose two databases differ by one missing, one changed and one extra row, and a configuration.
    pub fn drifted() -> Self {
        let world = Self::with(ORDERS, ORDERS);
        world.sql(
            "target.db",
            "DELETE FROM orders WHERE id = 7; UPDATE orders SET name = 'drifted' WHERE id = 100; \
             INSERT INTO orders VALUES (9001, 'extra', NULL);",
        );
        world.config("");
        world
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn sql(&self, database: &str, statements: &str) {
        Connection::open(self.path().join(database)).unwrap().execute_batch(statements).unwrap();
    }

    /// The rows of a query, as text.
    pub fn rows(&self, database: &str, query: &str) -> Vec<String> {
        let connection = Connection::open(self.path().join(database)).unwrap();
        let mut statement = connection.prepare(query).unwrap();
        let columns = statement.column_count();
        let row = |row: &rusqlite::Row<'_>| {
            let values = (0..columns).map(|column| format!("{:?}", row.get_ref(column).unwrap()));
            Ok(values.collect::<Vec<_>>().join("|"))
        };
        statement.query_map([], row).unwrap().map(Result::unwrap).collect()
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Writes `syncline.toml` between both databases, with more of it at the end.
    pub fn config(&self, more: &str) {
        let urls = "[source]\nurl = \"sqlite:source.db\"\n[target]\nurl = \"sqlite:target.db\"\n";
        self.write("syncline.toml", &format!("name = \"erp\"\n{urls}{more}"));
    }

    /// The binary, in this world, told nothing by the machine's environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_syncline"));
        command.args(arguments).current_dir(self.path()).env_clear().stdin(Stdio::null());
        command.env("HOME", self.path()).env("COLUMNS", "80").env("TZ", "UTC");
        // A source with a rollback journal moves; nobody moves it here.
        command.env("SYNCLINE_SYNC_SECOND_LOOK", "10ms");
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ended {
        self.finish(&mut self.command(arguments))
    }

    pub fn run_with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Ended {
        self.finish(self.command(arguments).envs(variables.iter().copied()))
    }

    pub fn finish(&self, command: &mut Command) -> Ended {
        let output = command.output().unwrap();
        Ended {
            code: output.status.code(),
            stdout: self.plain(&output.stdout),
            stderr: self.plain(&output.stderr),
        }
    }

    /// Output without what changes from one world to the next.
    fn plain(&self, bytes: &[u8]) -> String {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let folder = self.path().to_str().unwrap();
        text.replace(&format!("/private{folder}"), "[WORLD]").replace(folder, "[WORLD]")
    }

    /// Every file below the world with its content, but for the side files that a WAL database has while it is open.
    pub fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut folders = vec![self.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let name = path.to_string_lossy().into_owned();
                if path.is_dir() {
                    folders.push(path);
                } else if !name.ends_with("-wal") && !name.ends_with("-shm") {
                    files.insert(path.clone(), std::fs::read(&path).unwrap());
                }
            }
        }
        files
    }

    /// The state file of the only job of this world.
    pub fn state_file(&self) -> PathBuf {
        let files = self.files();
        files.into_keys().find(|path| path.ends_with("state.sqlite")).expect("a pass has made it")
    }
}

impl Ended {
    /// Both streams and the code, for snapshots.
    pub fn shown(&self) -> String {
        let Self { code, stdout, stderr } = self;
        let code = code.map_or("none".to_owned(), |code| code.to_string());
        format!("{stdout}----- stderr -----\n{stderr}----- exit {code} -----")
    }

    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}", self.shown());
        self
    }

    /// The JSON objects of standard output.
    pub fn json(&self) -> Vec<serde_json::Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// A table of 1000 rows.
pub const ORDERS: &str = "CREATE TABLE orders (id INTEGER PRIMARY KEY, name TEXT, modify_time TEXT); \
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) \
    INSERT INTO orders SELECT i, 'order ' || i, '2026-01-01' FROM n;";

/// The last object of JSON output, which is the summary.
pub fn summary(ended: &Ended) -> serde_json::Value {
    let last = ended.json().pop().expect("there is output");
    assert_eq!(last["type"], "summary", "{}", ended.shown());
    last
}
