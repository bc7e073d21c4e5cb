//! Signals: the first drains, the second cuts off, a hang-up does neither; and one process runs a job.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};

use rusqlite::Connection;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::{ORDERS, World};

/// A process that reports in JSON, read line by line.
struct Running {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Running {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines }
    }

    /// Reads events up to the first of this type.
    fn until(&mut self, kind: &str) -> Value {
        loop {
            let mut line = String::new();
            assert!(self.lines.read_line(&mut line).unwrap() > 0, "the output ended before {kind}");
            let event: Value = serde_json::from_str(&line).unwrap();
            if event["type"] == kind {
                return event;
            }
        }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// The exit code, the last JSON object and standard error, once the process has ended.
    fn end(mut self) -> (Option<i32>, Value, String) {
        let (mut rest, mut stderr) = (String::new(), String::new());
        self.lines.read_to_string(&mut rest).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        let code = self.child.wait().unwrap().code();
        let last = rest.lines().last().map_or(Value::Null, |line| serde_json::from_str(line).unwrap());
        (code, last, stderr)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Already ended unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn scheduled() -> World {
    let world = World::drifted();
    world.config("[schedule]\nevery = \"1h\"\n");
    world
}

#[test]
fn exit_130_and_143_a_sleeping_run_ends_at_once() {
    let world = scheduled();
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let mut running = Running::start(&mut world.command(&["run", "--mode", "json"]));
        running.until("sleep-started");
        running.signal(signal);
        let (ended, summary, _) = running.end();
        assert_eq!(ended, Some(code));
        assert_eq!((&summary["type"], &summary["exit_code"]), (&"summary".into(), &code.into()));
    }
}

#[test]
fn a_hang_up_does_not_end_a_run() {
    let world = scheduled();
    let mut running = Running::start(&mut world.command(&["run", "--mode", "json"]));
    running.until("sleep-started");
    running.signal(Signal::HUP);
    running.signal(Signal::HUP);
    assert!(running.child.try_wait().unwrap().is_none());
    running.signal(Signal::TERM);
    assert_eq!(running.end().0, Some(143));
}

#[test]
fn exit_5_another_process_runs_the_job_while_looking_is_free() {
    let world = scheduled();
    let mut running = Running::start(&mut world.command(&["run", "--mode", "json"]));
    running.until("sleep-started");
    for arguments in
        [&["run", "--once"][..], &["verify"], &["quarantine", "retry"], &["quarantine", "drop", "--all"]]
    {
        let refused = world.run(arguments).expect(5);
        assert!(refused.stderr.contains("another process runs this job: pid"), "{}", refused.stderr);
    }
    let status = world.run(&["status"]).expect(0);
    assert!(status.stdout.starts_with("erp: running\n"), "{}", status.stdout);
    world.run(&["plan"]).expect(0);
    world.run(&["history"]).expect(0);
    running.signal(Signal::TERM);
    running.end();
    assert!(world.run(&["status"]).expect(0).stdout.starts_with("erp: not running\n"));
}

#[test]
fn a_drained_pass_is_continued_by_the_next_run() {
    let world = World::with(ORDERS, ORDERS);
    world.sql("source.db", "UPDATE orders SET name = name || '!'");
    world.config("[sync]\nbatch_size = 50\n[limits]\nrows_per_second = 200\n");
    let mut running = Running::start(&mut world.command(&["run", "--mode", "json"]));
    running.until("unit-applied");
    running.signal(Signal::INT);
    let (code, summary, stderr) = running.end();
    assert_eq!(code, Some(130), "{stderr}");
    let written = summary["tables"][0]["modified"].as_u64().unwrap();
    assert!((50..1000).contains(&written), "{written} rows were written before the drain");
    world.config("[sync]\nbatch_size = 50\n");
    let ended = world.run(&["run", "--mode", "json"]).expect(0);
    let total = super::summary(&ended)["tables"][0]["modified"].as_u64().unwrap();
    assert_eq!(total, 1000, "the summary counts the pass, not the process");
    assert_eq!(
        world.rows("source.db", "SELECT * FROM orders"),
        world.rows("target.db", "SELECT * FROM orders")
    );
}

#[test]
fn a_second_signal_cuts_off_what_cannot_drain() {
    let world = World::drifted();
    let before = world.rows("target.db", "SELECT * FROM orders");
    // Nobody can read the source for as long as this transaction stands; a busy database is waited for.
    let blocker = Connection::open(world.path().join("source.db")).unwrap();
    blocker.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let mut running = Running::start(&mut world.command(&["run", "--mode", "json"]));
    running.until("phase-started");
    running.signal(Signal::TERM);
    let told = running.until("message-logged");
    assert!(told["text"].as_str().unwrap().contains("a second signal stops at once"), "{told}");
    running.signal(Signal::INT);
    let (code, summary, _) = running.end();
    assert_eq!(code, Some(143), "the first signal names the code");
    assert_eq!(summary["exit_code"], 143);
    drop(blocker);
    assert_eq!(world.rows("target.db", "SELECT * FROM orders"), before);
    world.run(&["run"]).expect(0);
}

#[test]
fn a_reader_that_stops_reading_does_not_keep_a_signalled_process() {
    let many = ORDERS.replace("1000", "60000");
    let world =
        World::with(&many, "CREATE TABLE orders (id INTEGER PRIMARY KEY, name TEXT, modify_time TEXT);");
    world.config("");
    let mut running = Running::start(&mut world.command(&["diff", "--format", "json"]));
    let mut first = String::new();
    running.lines.read_line(&mut first).unwrap();
    running.signal(Signal::TERM);
    assert_eq!(running.child.wait().unwrap().code(), None, "the system ends what has nothing to drain");
}
