//! One pass of syncline in a process of its own.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use syncline::base::clock::{Clock, SystemClock};
use syncline::engine::control::Control;
use syncline::engine::hub::Hub;
use syncline::engine::{Job, PassOptions, run_pass};
use syncline::model::digest::DigestSeed;
use syncline::model::outcome::Verdict;
use syncline::model::settings::JobSettings;
use syncline::state::sqlite::{OpenMode, OpenRequest, SqliteState};
use syncline::store::open::{self, Role};

/// What a pass took.
pub struct Run {
    /// Wall time of the whole process.
    pub time: Duration,
    /// Its largest resident size.
    pub peak_kib: u64,
}

/// Runs a pass and waits for it.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures the machine's own time")]
pub fn run(source: &Path, target: &Path, state: &Path) -> anyhow::Result<Run> {
    let start = Instant::now();
    let output = Command::new(std::env::current_exe()?)
        .arg("--pass")
        .args([source, target, state])
        .stderr(Stdio::inherit())
        .output()?;
    let time = start.elapsed();
    if !output.status.success() {
        bail!("the pass failed: {}", String::from_utf8_lossy(&output.stdout));
    }
    let peak_kib =
        String::from_utf8(output.stdout)?.trim().parse().context("the pass tells its peak memory")?;
    Ok(Run { time, peak_kib })
}

/// The child: a whole pass, then the peak memory on standard output.
pub fn child(arguments: &[String]) -> anyhow::Result<()> {
    let [source, target, state] = arguments else { bail!("source, target and state are needed") };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let settings = JobSettings::between("bench", &format!("sqlite:{source}"), &format!("sqlite:{target}"));
    let request = OpenRequest {
        state_dir: Path::new(state),
        job: "bench",
        source: &settings.source.url,
        target: &settings.target.url,
        new_seed: DigestSeed(42),
        now: clock.now(),
    };
    let state = SqliteState::open(&request, OpenMode::ReadWriteLocked)?;
    let job = Job {
        source: open::open(&settings.source, Role::Source)?,
        target: open::open(&settings.target, Role::Target)?,
        state: Arc::new(state),
        clock: Arc::clone(&clock),
        random_seed: 1,
        settings: Arc::new(settings),
    };
    let hub = Arc::new(Hub::new(clock));
    let (_commands, control) = Control::new(Arc::clone(&hub));
    let summary = runtime.block_on(run_pass(&job, &PassOptions::default(), &hub, &Arc::new(control)));
    if summary.tables.iter().any(|table| table.verdict != Verdict::Equal) {
        bail!("the pass did not end equal: {summary:#?}");
    }
    if std::env::var_os("SYNCLINE_BENCH_VERBOSE").is_some() {
        eprintln!("{:#?}", summary.metrics);
        eprintln!("{:#?}", summary.tables);
    }
    println!("{}", peak_kib()?);
    Ok(())
}

fn peak_kib() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().nth(1)).unwrap_or("0");
    Ok(number.parse()?)
}
