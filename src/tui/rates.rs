//! Rates over wall time, derived from what the board counts: rows a second, read and written.

use std::collections::VecDeque;
use std::time::Duration;

use crate::board::BoardSnapshot;

/// Seconds of history that a sparkline can show.
const SECONDS_KEPT: usize = 120;

/// Rows a second over the last minutes, one sample a second.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rates {
    /// Rows read a second, the newest last.
    pub read: VecDeque<f64>,
    /// Rows written a second, the newest last.
    pub written: VecDeque<f64>,
    last: Option<(Duration, u64, u64)>,
}

impl Rates {
    /// Takes a sample when a second has gone by since the last one; returns whether it did.
    pub fn sample(&mut self, now: Duration, board: &BoardSnapshot) -> bool {
        let (read, written) = totals(board);
        let Some((then, read_then, written_then)) = self.last else {
            self.last = Some((now, read, written));
            return false;
        };
        let seconds = now.saturating_sub(then).as_secs_f64();
        if seconds < 1.0 {
            return false;
        }
        // A new pass counts from nothing.
        let rate = |now: u64, then: u64| now.checked_sub(then).unwrap_or(now) as f64 / seconds;
        push(&mut self.read, rate(read, read_then));
        push(&mut self.written, rate(written, written_then));
        self.last = Some((now, read, written));
        true
    }
}

fn push(samples: &mut VecDeque<f64>, rate: f64) {
    if samples.len() == SECONDS_KEPT {
        samples.pop_front();
    }
    samples.push_back(rate);
}

/// Rows read and written in this pass, over all tables.
fn totals(board: &BoardSnapshot) -> (u64, u64) {
    board.tables.iter().fold((0, 0), |(read, written), table| {
        let progress = table.progress.as_ref();
        (read + progress.map_or(0, |progress| progress.rows_read), written + table.rows.written())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_taken_once_a_second_and_kept_for_a_while() {
        let board = crate::board::Board::new(25).snapshot();
        let mut rates = Rates::default();
        let taken = (0..2000).filter(|n| rates.sample(Duration::from_millis(n * 100), &board)).count();
        assert_eq!(taken, 199);
        assert_eq!(rates.read.len(), SECONDS_KEPT);
    }
}
