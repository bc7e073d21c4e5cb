//! Simulated time: it passes only while everybody waits, and its civil reading jumps on demand.

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use syncline::base::clock::{Clock, Timestamp};

/// Where civil time begins: 2026-01-05T08:00:00Z.
const START: Timestamp = Timestamp(1_767_600_000_000_000);

/// A clock over tokio's paused time, which survives the runtimes that it is used in.
#[derive(Default)]
pub struct SimClock {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// When the life at hand began, on its runtime's clock.
    born: Option<tokio::time::Instant>,
    /// Time in earlier lives.
    before: Duration,
    /// How far civil time has jumped, in microseconds.
    jumped: i64,
}

impl SimClock {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    /// A process begins; called inside its runtime.
    pub fn begin_life(&self) {
        self.inner().born = Some(tokio::time::Instant::now());
    }

    /// The process is over, and so much more time passes before the next one; called inside its runtime.
    pub fn end_life(&self, pause: Duration) {
        let elapsed = self.elapsed() + pause;
        let mut inner = self.inner();
        inner.before = elapsed;
        inner.born = None;
    }

    /// Moves civil time, forward or back.
    pub fn jump(&self, microseconds: i64) {
        self.inner().jumped += microseconds;
    }
}

#[async_trait]
impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        let jumped = self.inner().jumped;
        Timestamp(START.plus(self.elapsed()).0 + jumped)
    }

    fn elapsed(&self) -> Duration {
        let inner = self.inner();
        inner.before + inner.born.map_or(Duration::ZERO, |born| born.elapsed())
    }

    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
