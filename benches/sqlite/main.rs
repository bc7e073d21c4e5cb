//! SQLite against its floors: `cargo bench --bench sqlite [-- --rows N] [-- --runs N]`.
//!
//! Every figure is a ratio to a floor that is measured in the same run on the same files:
//!
//! - *read floor*: both files in two threads, every column value read and dropped;
//! - *copy floor*: `INSERT … SELECT` through ATTACH with a column list and a WHERE;
//! - *upsert floor*: one prepared upsert for every row, in transactions of 5,000.
//!
//! A pass of syncline runs in a process of its own, so that its peak memory is its own too.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints its figures")]

mod data;
mod floors;
mod pass;

use std::path::{Path, PathBuf};
use std::time::Duration;

use data::Difference;

const ROWS: u64 = 1_000_000;
const RUNS: usize = 3;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(position) = arguments.iter().position(|argument| argument == "--pass") {
        return pass::child(&arguments[position + 1..]);
    }
    let number = |flag: &str| {
        let position = arguments.iter().position(|argument| argument == flag)?;
        arguments.get(position + 1)?.parse::<u64>().ok()
    };
    let rows = number("--rows").unwrap_or(ROWS);
    let runs = number("--runs").map_or(RUNS, |runs| runs as usize);
    let folder = tempfile::tempdir()?;
    let source = folder.path().join("source.db");
    println!("{rows} rows of 9 mixed columns, median of {runs} runs, files in memory");
    data::make(&source, rows)?;
    let equal = target(folder.path(), &source, "equal", rows, Difference::None)?;

    let read = median(runs, || floors::read_both(&source, &equal))?;
    let copy = median(runs, || floors::copy(&source, &folder.path().join("copied.db")))?;
    let different = target(folder.path(), &source, "different", rows, Difference::All)?;
    let upsert = median(runs, || floors::upsert_all(&source, &different))?;
    println!("read floor   {:8.3} s", read.as_secs_f64());
    println!("copy floor   {:8.3} s", copy.as_secs_f64());
    println!("upsert floor {:8.3} s", upsert.as_secs_f64());
    if let Some(time) = median_of(runs, || floors::sqldiff(&source, &equal)) {
        println!(
            "sqldiff      {:8.3} s   equal files, {:.2} x read floor",
            time.as_secs_f64(),
            ratio(time, read)
        );
    } else {
        println!("sqldiff      not installed");
    }
    println!("{:12} {:>8}  {:>6}  {:>6}  {:>9}  floor", "pass", "seconds", "ratio", "goal", "peak MiB");
    let cases = [
        ("equal", Difference::None, 1.5, read, "read"),
        ("30 differ", Difference::Thirty, 1.5, read, "read"),
        ("1 % differ", Difference::OnePercent, 2.0, read, "read"),
        ("all differ", Difference::All, 1.6, upsert + read, "upsert + read"),
        ("copy", Difference::Empty, 1.6, copy + read, "copy + read"),
    ];
    for (name, difference, goal, floor, words) in cases {
        let mut peak = 0;
        let time = median(runs, || {
            let target = target(folder.path(), &source, "work", rows, difference)?;
            let state = tempfile::tempdir()?;
            let run = pass::run(&source, &target, state.path())?;
            peak = peak.max(run.peak_kib);
            Ok(run.time)
        })?;
        let mib = peak as f64 / 1024.0;
        println!(
            "{name:12} {:8.3}  {:6.2}  {goal:6.2}  {mib:9.1}  {words}",
            time.as_secs_f64(),
            ratio(time, floor)
        );
    }
    Ok(())
}

fn ratio(time: Duration, floor: Duration) -> f64 {
    time.as_secs_f64() / floor.as_secs_f64()
}

/// A fresh target beside the source.
fn target(
    folder: &Path,
    source: &Path,
    name: &str,
    rows: u64,
    difference: Difference,
) -> anyhow::Result<PathBuf> {
    let path = folder.join(format!("{name}.db"));
    data::derive(source, &path, rows, difference)?;
    Ok(path)
}

fn median(runs: usize, mut run: impl FnMut() -> anyhow::Result<Duration>) -> anyhow::Result<Duration> {
    let mut times = (0..runs.max(1)).map(|_| run()).collect::<anyhow::Result<Vec<_>>>()?;
    times.sort();
    Ok(times[times.len() / 2])
}

fn median_of(runs: usize, run: impl FnMut() -> Option<Duration>) -> Option<Duration> {
    let mut times: Vec<Duration> = std::iter::repeat_with(run).take(runs.max(1)).collect::<Option<_>>()?;
    times.sort();
    Some(times[times.len() / 2])
}
