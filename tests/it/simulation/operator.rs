//! A random operator: sends commands at random moments, and never leaves the run paused.

use std::collections::BTreeMap;
use std::sync::Arc;

use syncline::base::random::Random;
use syncline::engine::control::Commands;
use syncline::engine::hub::Events;
use syncline::model::command::Command;
use syncline::model::event::{Event, EventBody};
use syncline::model::outcome::PassSummary;

/// Sends commands until the other end goes away.
pub async fn operate(commands: Commands, tables: Vec<String>, mut random: Random, patience: u64) {
    loop {
        give_way(random.below(patience)).await;
        let table = tables[random.below(tables.len() as u64) as usize].clone();
        let command = draw(table, &mut random);
        let pauses = matches!(command, Command::Pause { .. });
        if commands.send(command).await.is_err() {
            return;
        }
        if pauses {
            give_way(random.below(patience)).await;
            if commands.send(Command::Resume { table: None }).await.is_err() {
                return;
            }
        }
    }
}

async fn give_way(times: u64) {
    for _ in 0..=times {
        tokio::task::yield_now().await;
    }
}

fn draw(table: String, random: &mut Random) -> Command {
    match random.below(24) {
        0..=3 => Command::Pause { table: None },
        4..=6 => Command::Pause { table: Some(table) },
        7 => Command::Resume { table: Some(table) },
        8 | 9 => Command::FullCompare { table },
        10 | 11 => Command::VerifyNow { table },
        12 => Command::SyncNow,
        13 => Command::SkipTable { table },
        14 => Command::ApproveHold { id: format!("{:016x}", random.next_u64()) },
        15 | 16 => Command::RetryQuarantined { table: Some(table) },
        17 => Command::RetryQuarantined { table: None },
        18 => Command::SetConcurrency { tables: random.below(70) as usize },
        19 | 20 => Command::SetRowsPerSecond { rows: random.below(1000) },
        21 => Command::Pause { table: Some("no such table".into()) },
        22 => Command::Drain,
        _ => Command::Abort,
    }
}

/// Takes every event as it comes, and asserts what holds of any run's events.
pub async fn listen(mut events: Events) -> Vec<Arc<Event>> {
    let mut seen: Vec<Arc<Event>> = Vec::new();
    while let Some(event) = events.recv().await {
        assert_eq!(
            event.seq,
            seen.last().map_or(event.seq, |last| last.seq + 1),
            "events are numbered without gaps"
        );
        super::tell(|| format!("  {} {:?}", event.seq, event.body));
        let done = matches!(event.body, EventBody::PassFinished { .. });
        seen.push(event);
        if done {
            break;
        }
    }
    seen
}

/// Asserts that the events of a pass tell what its summary tells.
pub fn check(events: &[Arc<Event>], summary: &PassSummary) {
    let mut told = BTreeMap::new();
    for event in events {
        if let EventBody::TableFinished { outcome } = &event.body {
            assert!(told.insert(&outcome.name, outcome).is_none(), "{} finished twice", outcome.name);
        }
    }
    let reported: BTreeMap<_, _> = summary.tables.iter().map(|outcome| (&outcome.name, outcome)).collect();
    assert_eq!(told, reported, "events and summary tell the same");
    let last = events.last().map(|event| &event.body);
    assert_eq!(last, Some(&EventBody::PassFinished { summary: summary.clone() }));
    let errors = events.iter().filter(|event| matches!(event.body, EventBody::ErrorOccurred { .. })).count();
    assert_eq!(errors as u64, summary.error_count, "every error is an event and is counted");
}
