//! A run: one pass, or passes with sleeps between them.

use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;

use super::control::Control;
use super::hub::Hub;
use super::job::{Job, PassOptions};
use super::pass::run_pass;
use crate::base::clock::Timestamp;
use crate::model::event::{EventBody, Level, RunState};
use crate::model::outcome::{Exit, PassSummary};
use crate::model::settings::{Repeat, Schedule};

/// Runs passes until the schedule, the operator or a threshold ends it; returns the last summary.
pub async fn run(
    job: &Job,
    options: &PassOptions,
    once: bool,
    hub: &Arc<Hub>,
    control: &Arc<Control>,
) -> PassSummary {
    let mut failed_rounds = 0;
    loop {
        let summary = run_pass(job, options, hub, control).await;
        failed_rounds = if summary.error_count > 0 { failed_rounds + 1 } else { 0 };
        if once || control.stopping().is_some() || job.settings.schedule.repeat == Repeat::Once {
            hub.emit(EventBody::RunStateChanged { state: RunState::Finished });
            return summary;
        }
        let rounds_max = job.settings.limits.max_error_loop;
        if fatal(summary.exit) || (rounds_max > 0 && failed_rounds >= rounds_max) {
            hub.message(Level::Warning, None, format!("stopped after {failed_rounds} rounds with errors"));
            hub.emit(EventBody::RunStateChanged { state: RunState::Failed });
            return PassSummary { exit: summary.exit.worst(Exit::Stopped), ..summary };
        }
        sleep(job, hub, control).await;
        if control.stopping().is_some() {
            hub.emit(EventBody::RunStateChanged { state: RunState::Finished });
            return summary;
        }
    }
}

fn fatal(exit: Exit) -> bool {
    matches!(exit, Exit::Locked | Exit::BadState | Exit::Usage)
}

/// Sleeps until the next pass: in chunks, after each of which the clock is read again.
async fn sleep(job: &Job, hub: &Hub, control: &Control) {
    let schedule = &job.settings.schedule;
    let Some(until) = next_start(schedule, job.clock.now()) else { return };
    hub.emit(EventBody::RunStateChanged { state: RunState::Sleeping });
    hub.emit(EventBody::SleepStarted { until, reason: reason(schedule, job.clock.now(), until) });
    let mut state = RunState::Sleeping;
    loop {
        let left = until.since(job.clock.now());
        if left.is_zero() {
            break;
        }
        tokio::select! {
            () = job.clock.sleep(left.min(schedule.max_sleep_chunk)) => {}
            () = control.next() => {
                if control.take_sync_now() || control.stopping().is_some() {
                    hub.emit(EventBody::SleepEnded { reason: "ended by the operator".to_owned() });
                    return;
                }
                // Asleep is a safe point: a pause holds at once, and keeps the next pass from beginning.
                let now = if control.is_paused(None) { RunState::Paused } else { RunState::Sleeping };
                if std::mem::replace(&mut state, now) != now {
                    hub.emit(EventBody::RunStateChanged { state });
                }
                continue;
            }
        }
        let left = until.since(job.clock.now());
        if !left.is_zero() {
            hub.emit(EventBody::SleepAdvanced { remaining_seconds: left.as_secs_f64() });
        }
        hub.settle().await;
    }
    hub.emit(EventBody::SleepEnded { reason: ended(schedule) });
}

/// When the next pass starts; none when there is no schedule.
pub fn next_start(schedule: &Schedule, now: Timestamp) -> Option<Timestamp> {
    let zone = match &schedule.timezone {
        Some(name) => TimeZone::get(name).unwrap_or(TimeZone::UTC),
        None => TimeZone::system(),
    };
    match &schedule.repeat {
        Repeat::Once => None,
        Repeat::Every(interval) => Some(now.plus(*interval)),
        Repeat::At(times) => {
            let zoned = jiff::Timestamp::from_microsecond(now.0).ok()?.to_zoned(zone);
            let days =
                [zoned.date(), zoned.date().tomorrow().ok()?, zoned.date().tomorrow().ok()?.tomorrow().ok()?];
            let candidates = days.into_iter().flat_map(|day| times.iter().map(move |time| (day, *time)));
            candidates
                .filter_map(|(day, time)| {
                    let civil = day.at(time.hour as i8, time.minute as i8, time.second as i8, 0);
                    // A time inside a gap becomes the first instant after it; of two, the first is taken.
                    let instant = civil.to_zoned(zoned.time_zone().clone()).ok()?.timestamp();
                    Some(Timestamp(instant.as_microsecond()))
                })
                .filter(|candidate| *candidate > now)
                .min()
        }
        Repeat::Cron(expression) => {
            let cron: croner::Cron = expression.parse().ok()?;
            let zoned = jiff::Timestamp::from_microsecond(now.0).ok()?.to_zoned(zone);
            let next = cron.find_next_occurrence(&zoned, false).ok()?;
            Some(Timestamp(next.timestamp().as_microsecond()))
        }
    }
}

/// The line of S4-053 for a sleep that begins.
fn reason(schedule: &Schedule, now: Timestamp, until: Timestamp) -> String {
    match &schedule.repeat {
        Repeat::At(times) => {
            let times: Vec<String> = times.iter().map(ToString::to_string).collect();
            format!("Sync complete. Waiting until {} for next run...", times.join(", "))
        }
        _ => {
            let seconds = whole_seconds(until.since(now));
            format!("Sync complete. Sleeping {seconds} seconds until next run...")
        }
    }
}

fn ended(schedule: &Schedule) -> String {
    match &schedule.repeat {
        Repeat::At(times) => {
            let times: Vec<String> = times.iter().map(ToString::to_string).collect();
            format!("Target time reached. Starting sync at {}...", times.join(", "))
        }
        _ => "Sleep complete. Starting next sync cycle...".to_owned(),
    }
}

fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() >= 500_000_000)
}
