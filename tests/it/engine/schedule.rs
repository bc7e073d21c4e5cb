//! A run with a schedule: what the operator can do while it sleeps.

use std::sync::Arc;
use std::time::Duration;

use syncline::base::clock::Clock;
use syncline::engine::control::{Commands, Control};
use syncline::engine::hub::{Events, Hub};
use syncline::engine::{Job, PassOptions};
use syncline::model::command::Command;
use syncline::model::event::{EventBody, RunState};
use syncline::model::settings::Repeat;
use syncline::store::memory::TableDefinition;

use super::bench::{Bench, row};

/// Waits for the next state word.
async fn next_state(events: &mut Events) -> RunState {
    loop {
        let event = events.recv().await.expect("the run goes on");
        if let EventBody::RunStateChanged { state } = &event.body {
            return *state;
        }
    }
}

async fn operate(commands: Commands, mut events: Events) -> Vec<RunState> {
    let mut seen = Vec::new();
    while seen.last() != Some(&RunState::Sleeping) {
        seen.push(next_state(&mut events).await);
    }
    for command in [Command::Pause { table: None }, Command::Resume { table: None }, Command::Drain] {
        commands.send(command.clone()).await.unwrap();
        seen.push(next_state(&mut events).await);
        if matches!(command, Command::Pause { .. }) {
            seen.push(next_state(&mut events).await);
        }
    }
    seen
}

#[tokio::test(start_paused = true)]
async fn a_pause_while_asleep_holds_at_once_and_resuming_goes_on_sleeping() {
    let mut bench =
        Bench::new(&[TableDefinition::new("items").integer("id").text("name").primary_key(&["id"])]);
    Bench::insert(&bench.source, "items", (0..10).map(|n| row(n, "x")));
    bench.settings.schedule.repeat = Repeat::Every(Duration::from_hours(1));
    let clock = Arc::clone(&bench.clock) as Arc<dyn Clock>;
    let job = Job {
        settings: Arc::new(bench.settings.clone()),
        source: Arc::new(bench.source.clone()),
        target: Arc::new(bench.target.clone()),
        state: Arc::new(bench.disk.open().unwrap()),
        clock: Arc::clone(&clock),
        random_seed: 1,
    };
    let hub = Arc::new(Hub::new(clock));
    let events = hub.subscribe();
    let (commands, control) = Control::new(Arc::clone(&hub));
    let control = Arc::new(control);
    let options = PassOptions::default();
    let run = syncline::engine::run(&job, &options, false, &hub, &control);
    let (_, seen) = futures_util::future::join(run, operate(commands, events)).await;
    let end = &seen[seen.len() - 5..];
    assert_eq!(
        end,
        [RunState::Sleeping, RunState::Pausing, RunState::Paused, RunState::Sleeping, RunState::Finished]
    );
}
