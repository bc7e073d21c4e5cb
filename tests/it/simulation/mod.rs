//! Whole passes over two memory stores, all from one seed, with everything going wrong that can.
//!
//! A seed draws two databases and a job ([`world`]), then lets processes live and die ([`life`]): operations fail before
//! or after their effect, streams are cut, calls hang, connections and clocks go away and come back, rows are refused,
//! the source's application goes on writing, an operator sends commands, and the process is killed between any two
//! awaits or at a commit of its state. Then everything is calm, and what must hold is judged without the engine
//! ([`oracle`]; over all processes of a pass, [`ledger`]; what a search has to find, [`search`]). That this finds what it
//! is for is proven by bugs planted on purpose (`planted`, with the feature `planted-bugs`).
//!
//! ```text
//! cargo test --test it simulation::                          a few hundred seeds
//! SYNCLINE_SIM_SEEDS=10000 cargo test --test it simulation:: as many as asked
//! SYNCLINE_SIM_SEED=4711 cargo test --test it simulation::   one seed again, with its story
//! cargo test --features planted-bugs --test it planted::     each planted bug is found
//! ```
//!
//! Does not belong here: what one backend or one part of the engine promises.

mod clock;
mod faults;
mod ledger;
mod life;
mod operator;
mod oracle;
mod pair;
#[cfg(feature = "planted-bugs")]
mod planted;
mod search;
mod seeds;
mod spec;
mod world;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Seeds of a plain `cargo test`.
const SEEDS_BY_DEFAULT: u64 = 300;

/// Whether the story of the seed is told on standard output.
static TELLS: AtomicBool = AtomicBool::new(false);

/// Tells a line of the story, when it is asked for; see it with `-- --nocapture`.
#[expect(clippy::print_stdout, reason = "a story is read by a person")]
fn tell(line: impl FnOnce() -> String) {
    if TELLS.load(Ordering::Relaxed) {
        println!("{}", line());
    }
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is a number, not {text:?}")))
}

#[test]
fn passes_keep_their_promises_whatever_goes_wrong() {
    if let Some(seed) = number("SYNCLINE_SIM_SEED") {
        TELLS.store(true, Ordering::Relaxed);
        return seeds::run_seed(seed);
    }
    let first = number("SYNCLINE_SIM_FIRST").unwrap_or(0);
    let count = number("SYNCLINE_SIM_SEEDS").unwrap_or(SEEDS_BY_DEFAULT);
    let stop_at = number("SYNCLINE_SIM_FAILURES").unwrap_or(1);
    let failures = failures(first..first + count, stop_at, || ());
    TELLS.store(true, Ordering::Relaxed);
    for (seed, why) in &failures {
        tell(|| format!("seed {seed}: {why}"));
    }
    let Some((seed, why)) = failures.first_key_value() else { return };
    panic!(
        "{} seeds failed, the first is {seed}: {why}\nreplay: SYNCLINE_SIM_SEED={seed} cargo test --test it simulation::",
        failures.len()
    );
}

/// Runs seeds on every core until so many failed; those that did, and why. Each thread holds what `prepare` gives it.
fn failures<T>(
    seeds: std::ops::Range<u64>,
    stop_at: u64,
    prepare: impl Fn() -> T + Sync,
) -> BTreeMap<u64, String> {
    let next = AtomicU64::new(seeds.start);
    let failures: Mutex<BTreeMap<u64, String>> = Mutex::default();
    let work = || {
        let _prepared = prepare();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end || failures.lock().unwrap().len() as u64 >= stop_at {
                return;
            }
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| seeds::run_seed(seed))) {
                let why = panic.downcast::<String>().map_or_else(
                    |panic| {
                        panic
                            .downcast::<&str>()
                            .map_or_else(|_| "see above".to_owned(), |why| why.to_string())
                    },
                    |why| *why,
                );
                failures.lock().unwrap().insert(seed, why);
            }
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(work);
        }
    });
    failures.into_inner().unwrap()
}
