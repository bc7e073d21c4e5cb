//! The speed limit of a run: so many rows, and so many bytes, a second, read and written together.
//!
//! A leaky bucket: what went through pushes the time ahead from which on more may go. Nothing is saved up over more than
//! [`BURST`], so that a pause is not followed by a rush. Commands are obeyed while it waits.
//!
//! Does not belong here: what is read or written, and why.

use std::num::NonZeroU64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::control::Control;
use crate::base::clock::Clock;
use crate::base::limits::PACE_WAIT_MAX;
use crate::model::settings::Limits;

/// So much time may be caught up after a slow stretch.
const BURST: Duration = Duration::from_millis(500);

/// Holds a run to its rows and bytes a second.
pub struct Pace {
    rows: Option<NonZeroU64>,
    bytes: Option<NonZeroU64>,
    clock: Arc<dyn Clock>,
    control: Arc<Control>,
    /// When the next row may go, as time of the clock.
    due: Mutex<Duration>,
}

impl Pace {
    /// The limits as configured; the operator may change the rows while it runs.
    pub fn new(limits: &Limits, clock: Arc<dyn Clock>, control: Arc<Control>) -> Self {
        let due = Mutex::new(clock.elapsed());
        Self { rows: limits.rows_per_second, bytes: limits.bytes_per_second, clock, control, due }
    }

    /// Waits as long as these rows and bytes take at the allowed speed; ends early when the run is to stop.
    pub async fn spend(&self, rows: u64, bytes: u64) {
        let allowed = self.control.rows_per_second().map_or(self.rows, NonZeroU64::new);
        let cost = time_for(rows, allowed).max(time_for(bytes, self.bytes));
        if cost.is_zero() {
            return;
        }
        let due = {
            let mut due = self.due.lock().expect("no code panics while it holds the time");
            *due = (*due).max(self.clock.elapsed().saturating_sub(BURST)) + cost;
            *due
        };
        loop {
            let left = due.saturating_sub(self.clock.elapsed());
            if left.is_zero() || self.control.stopping().is_some() {
                return;
            }
            self.clock.sleep(left.min(PACE_WAIT_MAX)).await;
            self.control.take_waiting().await;
        }
    }
}

fn time_for(amount: u64, per_second: Option<NonZeroU64>) -> Duration {
    per_second.map_or(Duration::ZERO, |rate| Duration::from_secs_f64(amount as f64 / rate.get() as f64))
}
