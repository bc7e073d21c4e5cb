//! Errors, counted and kept against the thresholds, and the measurements of a pass.

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use super::hub::Hub;
use super::interrupt::{Flow, Interrupt, Stop};
use crate::base::limits::SUMMARY_ERRORS_MAX;
use crate::model::event::EventBody;
use crate::model::outcome::{ErrorRecord, Metrics};
use crate::model::settings::Limits;

/// What went wrong and what was measured in one pass.
#[derive(Debug, Default)]
pub struct Tally {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    errors: Vec<ErrorRecord>,
    error_count: u64,
    metrics: Metrics,
}

/// What time was spent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Reading rows.
    Read,
    /// Writing rows.
    Write,
    /// Deleting rows.
    Delete,
    /// Comparing rows.
    Compare,
    /// Searching ranges.
    Search,
}

impl Tally {
    /// Counts an error and says it; interrupts the pass when a threshold is reached.
    pub fn error(&self, hub: &Hub, limits: &Limits, error: ErrorRecord) -> Flow<()> {
        let count = {
            let mut inner = self.inner();
            inner.error_count += 1;
            if inner.errors.len() < SUMMARY_ERRORS_MAX {
                inner.errors.push(error.clone());
            }
            inner.error_count
        };
        hub.emit(EventBody::ErrorOccurred { error });
        let threshold = if limits.continue_on_error { limits.max_error_count } else { 1 };
        if threshold > 0 && count >= threshold {
            return Err(Interrupt::Stop(Stop::TooManyErrors(count)));
        }
        Ok(())
    }

    /// Counts an error without asking the thresholds, for what ends the pass anyway.
    pub fn final_error(&self, hub: &Hub, error: ErrorRecord) {
        let mut inner = self.inner();
        inner.error_count += 1;
        inner.errors.push(error.clone());
        drop(inner);
        hub.emit(EventBody::ErrorOccurred { error });
    }

    /// Adds time spent.
    pub fn spent(&self, work: Work, time: Duration) {
        let mut inner = self.inner();
        let metrics = &mut inner.metrics;
        *match work {
            Work::Read => &mut metrics.read_time_all,
            Work::Write => &mut metrics.write_time_all,
            Work::Delete => &mut metrics.delete_time_all,
            Work::Compare => &mut metrics.data_compare_time_all,
            Work::Search => &mut metrics.binary_search_time_all,
        } += time.as_secs_f64();
    }

    /// Adds what a range search did.
    pub fn searched(&self, iterations: u64, queries: u64, depth: u64) {
        let mut inner = self.inner();
        inner.metrics.binary_search_count_all += 1;
        inner.metrics.binary_search_iteration_count += iterations;
        inner.metrics.binary_search_query_count += queries;
        inner.metrics.binary_search_max_depth_all = inner.metrics.binary_search_max_depth_all.max(depth);
    }

    /// Errors kept, errors in all, and the measurements.
    pub fn results(&self) -> (Vec<ErrorRecord>, u64, Metrics) {
        let inner = self.inner();
        (inner.errors.clone(), inner.error_count, inner.metrics)
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("no code panics while it holds the tally")
    }
}
