//! One seed from beginning to end: chaos first, or the life of every day; then calm, in which everything must come right.

use syncline::base::random::Random;
use syncline::engine::{Approvals, PassOptions, Purpose};
use syncline::model::outcome::{PassSummary, Verdict};
use syncline::state::memory::CommitFault;
use syncline::state::{State, StateChange};

use super::life::{End, Plan, live};
use super::oracle::{self, Observed};
use super::world::World;

/// Passes in which everything must come right once nothing goes wrong any more.
const CALM_PASSES: usize = 5;

/// Runs a seed.
///
/// # Panics
/// When anything does not hold that has to.
pub fn run_seed(seed: u64) {
    let mut random = Random::from_seed(seed);
    let world = World::draw(&mut random);
    super::tell(|| format!("{world:#?}"));
    let troubled = !random.chance(3);
    if troubled {
        chaos(&world, &mut random);
    }
    world.calm();
    if !troubled {
        everyday(&world, &mut random);
    }
    super::tell(|| format!("everything is calm from here\n{}", world.content()));
    calm(&world, &mut random);
}

/// Pass after pass, as the application writes between them and nothing goes wrong: each must be right by itself.
fn everyday(world: &World, random: &mut Random) {
    for _ in 0..random.below(5) {
        calm_pass(world, random, PassOptions::default());
        world.write_between_passes(random);
    }
}

fn chaos(world: &World, random: &mut Random) {
    world.unleash(random);
    for _ in 0..=random.below(4) {
        let before = world.target.database();
        if random.chance(4) {
            let fault = if random.chance(2) { CommitFault::BeforeEffect } else { CommitFault::AfterEffect };
            world.disk.fail_commit(random.below(60), fault);
        }
        let polls_max = 1 << (3 + random.below(10));
        let plan = Plan {
            options: chaotic_options(random),
            killed_after: random.chance(2).then(|| 1 + random.below(polls_max)),
            commands_every: if random.chance(3) { 10 << random.below(6) } else { 0 },
            seed: random.next_u64(),
        };
        match live(world, &plan) {
            End::Killed => oracle::check_sides(world, &before),
            End::Finished(summary, events) => {
                let (summary, events) = (&*summary, &*events);
                oracle::check(&Observed {
                    world,
                    summary,
                    events,
                    target_before: &before,
                    calm: false,
                    whole: false,
                });
            }
        }
        if random.chance(2) {
            world.write_between_passes(random);
        }
        if random.chance(6) {
            world.drift_again(random);
        }
    }
    world.disk.forget_faults();
}

fn chaotic_options(random: &mut Random) -> PassOptions {
    let purposes = [Purpose::Rehearse, Purpose::Plan, Purpose::Verify];
    PassOptions {
        purpose: if random.chance(6) { purposes[random.below(3) as usize] } else { Purpose::Sync },
        full_compare: random.chance(6),
        approvals: if random.chance(3) { Approvals::Recorded } else { Approvals::None },
        ..PassOptions::default()
    }
}

fn calm(world: &World, random: &mut Random) {
    let mut summary = calm_pass(world, random, PassOptions::default());
    let state = world.disk.open().unwrap();
    state.commit(&[StateChange::QuarantineRetryAsked { table: None, key: None }]).unwrap();
    drop(state);
    let options =
        PassOptions { full_compare: true, approvals: Approvals::Recorded, ..PassOptions::default() };
    for _ in 0..CALM_PASSES {
        summary = calm_pass(world, random, options.clone());
        if summary.tables.iter().all(|table| table.verdict == Verdict::Equal) {
            break;
        }
    }
    oracle::check_end(world, &summary);
    let commits = world.target.commits();
    let last = calm_pass(world, random, options);
    oracle::check_end(world, &last);
    let all_equal = last.tables.iter().all(|table| table.quarantined == 0 && table.verdict == Verdict::Equal);
    if all_equal && !oracle::any_key_repeats(world) {
        assert_eq!(world.target.commits(), commits, "there was nothing to do, and something was written");
    }
}

fn calm_pass(world: &World, random: &mut Random, options: PassOptions) -> PassSummary {
    let before = world.target.database();
    let resumes = world.disk.open_read_only().interrupted_pass().unwrap().is_some();
    let plan = Plan { options, killed_after: None, commands_every: 0, seed: random.next_u64() };
    let end = live(world, &plan);
    super::tell(|| world.content());
    match end {
        End::Killed => unreachable!("nobody kills a calm pass"),
        End::Finished(summary, events) => {
            oracle::check(&Observed {
                world,
                summary: &summary,
                events: &events,
                target_before: &before,
                calm: true,
                whole: !resumes,
            });
            *summary
        }
    }
}
