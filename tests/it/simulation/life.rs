//! One process of the simulated job: from its start until its end, or until it is killed between any two awaits.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use syncline::base::clock::Clock;
use syncline::base::random::Random;
use syncline::engine::control::Control;
use syncline::engine::hub::Hub;
use syncline::engine::{Job, PassOptions, run_pass};
use syncline::model::event::Event;
use syncline::model::outcome::PassSummary;

use super::operator;
use super::world::World;

/// A pass that takes longer than this does not end.
const PASS_TIME_MAX: Duration = Duration::from_hours(24 * 30);

/// A pass that is polled more often than this turns in circles.
const POLLS_MAX: u64 = 3_000_000;

/// How a process is to live.
#[derive(Debug, Clone)]
pub struct Plan {
    pub options: PassOptions,
    /// The process is killed after so many polls.
    pub killed_after: Option<u64>,
    /// Commands come at random, about one in so many turns of the runtime; none when 0.
    pub commands_every: u64,
    pub seed: u64,
}

/// How a process ended.
pub enum End {
    Killed,
    Finished(Box<PassSummary>, Vec<Arc<Event>>),
}

/// Runs one pass in a process of its own.
///
/// # Panics
/// When the pass does not end.
pub fn live(world: &World, plan: &Plan) -> End {
    super::tell(|| format!("a process begins: {plan:?}"));
    world.ledger.lock().unwrap().begin_life(world, plan);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let end = runtime.block_on(async {
        world.clock.begin_life();
        let end = pass(world, plan).await;
        let mut random = Random::from_seed(plan.seed);
        let pause = [0, 20, 400, 5_000, 100_000][random.below(5) as usize];
        world.clock.end_life(Duration::from_secs(pause));
        end
    });
    drop(runtime);
    super::tell(|| match &end {
        End::Killed => "it was killed".to_owned(),
        End::Finished(summary, _) => format!("it ended: {:?}", summary.exit),
    });
    world.disk.kill();
    world.source.end_process();
    world.target.end_process();
    assert_eq!(world.source.snapshots_open() + world.target.snapshots_open(), 0, "a snapshot was left open");
    let summary = match &end {
        End::Killed => None,
        End::Finished(summary, _) => Some(&**summary),
    };
    world.ledger.lock().unwrap().end_life(world, plan, summary);
    end
}

async fn pass(world: &World, plan: &Plan) -> End {
    let mut random = Random::from_seed(plan.seed);
    let clock: Arc<dyn Clock> = world.clock.clone();
    let job = Job {
        settings: world.settings.clone(),
        source: Arc::new(world.source.clone()),
        target: Arc::new(world.target.clone()),
        state: Arc::new(world.disk.open().expect("the lock of a dead process is gone")),
        clock: clock.clone(),
        random_seed: random.next_u64(),
    };
    let hub = Arc::new(Hub::new(clock));
    let events = hub.subscribe();
    let (commands, control) = Control::new(hub.clone());
    let control = Arc::new(control);
    let listener = syncline::base::task::spawn(operator::listen(events));
    if plan.commands_every > 0 {
        let tables = world.settings.tables.iter().map(|table| table.name.clone()).collect();
        syncline::base::task::spawn(operator::operate(commands, tables, random.fork(), plan.commands_every));
    }
    let pass = Mortal {
        inner: Box::pin(run_pass(&job, &plan.options, &hub, &control)),
        polls: 0,
        limit: plan.killed_after,
    };
    let ended = tokio::select! {
        biased;
        ended = pass => ended,
        () = world.clock.sleep(PASS_TIME_MAX) => panic!("the pass does not end"),
    };
    match ended {
        None => End::Killed,
        Some(summary) => {
            let events = listener.await.unwrap();
            operator::check(&events, &summary);
            End::Finished(Box::new(summary), events)
        }
    }
}

/// A future that is dropped after a number of polls.
struct Mortal<'a, T> {
    inner: Pin<Box<dyn Future<Output = T> + 'a>>,
    polls: u64,
    limit: Option<u64>,
}

impl<T> Future for Mortal<'_, T> {
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        self.polls += 1;
        assert!(self.polls < POLLS_MAX, "the pass turns in circles");
        if self.limit.is_some_and(|limit| self.polls > limit) {
            return Poll::Ready(None);
        }
        self.inner.as_mut().poll(context).map(Some)
    }
}
