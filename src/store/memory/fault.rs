//! What goes wrong, and when: a plan that a memory store asks before every operation.
//!
//! Swarm testing: each seed enables another subset of the faults, so that rare combinations are not drowned by common
//! ones. A plan has a budget; when it is spent, nothing goes wrong any more and the work must end.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::base::random::Random;
use crate::model::key::Key;
use crate::model::schema::TableName;
use crate::store::RefusalKind;

/// An operation of a store, or one block of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the methods of Store and Snapshot")]
pub enum Call {
    Probe,
    Describe,
    Snapshot,
    Create,
    Apply,
    ApplyTogether,
    Marked,
    Count,
    Digest,
    Split,
    Newest,
    Read,
    /// A block of a stream, whichever call opened it.
    Block,
    Fetch,
    Changed,
    Stamps,
    NullKeys,
    DigestBuckets,
    ReadBuckets,
    Largest,
}

impl Call {
    /// Every call.
    pub const ALL: [Self; 20] = [
        Self::Probe,
        Self::Describe,
        Self::Snapshot,
        Self::Create,
        Self::Apply,
        Self::ApplyTogether,
        Self::Marked,
        Self::Count,
        Self::Digest,
        Self::Split,
        Self::Newest,
        Self::Read,
        Self::Block,
        Self::Fetch,
        Self::Changed,
        Self::Stamps,
        Self::NullKeys,
        Self::DigestBuckets,
        Self::ReadBuckets,
        Self::Largest,
    ];
}

/// Whether a fault strikes before the operation takes effect or between its effect and its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the enum's sentence says it")]
pub enum Moment {
    Before,
    After,
}

/// Something that goes wrong with one operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It fails; the connection survives.
    Fail(Moment),
    /// The connection is lost: every call fails until [`crate::store::Store::disconnect`] and a successful probe.
    Lose {
        /// Before or after the effect.
        moment: Moment,
        /// Probes that still fail after the disconnect.
        probes: u32,
    },
    /// The database is busy.
    Busy,
    /// It takes this long on top.
    Delay(Duration),
    /// A write is acknowledged and leaves no trace, as after a fail-over to a replica that lags; elsewhere nothing.
    Forget,
    /// It never answers, until the connection is ended.
    Hang(Moment),
    /// The stream ends here without its end mark; elsewhere as [`Fault::Fail`] before the effect.
    Cut,
    /// The stream ends here with an end mark that counts a row too many; elsewhere as [`Fault::Fail`].
    Short,
}

/// Decides what goes wrong.
pub trait FaultPlan: Send {
    /// The fault of the `nth` call of this kind, counted from 0.
    fn fault(&mut self, call: Call, nth: u64) -> Option<Fault>;

    /// Why the row with this key is refused though no constraint speaks against it.
    fn refusal(&mut self, table: &TableName, key: &Key) -> Option<RefusalKind> {
        let _ = (table, key);
        None
    }
}

/// Faults at known places, for directed tests.
#[derive(Debug, Clone, Default)]
pub struct FaultScript {
    faults: BTreeMap<(Call, u64), Fault>,
    refusals: Vec<(TableName, Key, RefusalKind)>,
}

impl FaultScript {
    /// Nothing goes wrong yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a fault of the `nth` call of a kind, counted from 0.
    #[must_use]
    pub fn at(mut self, call: Call, nth: u64, fault: Fault) -> Self {
        self.faults.insert((call, nth), fault);
        self
    }

    /// Refuses the row with this key for ever.
    #[must_use]
    pub fn refuse(mut self, table: &str, key: Key, kind: RefusalKind) -> Self {
        self.refusals.push((TableName::new(table), key, kind));
        self
    }
}

impl FaultPlan for FaultScript {
    fn fault(&mut self, call: Call, nth: u64) -> Option<Fault> {
        self.faults.get(&(call, nth)).copied()
    }

    fn refusal(&mut self, table: &TableName, key: &Key) -> Option<RefusalKind> {
        let found = self.refusals.iter().find(|(name, refused, _)| name == table && refused == key);
        found.map(|(_, _, kind)| *kind)
    }
}

/// How often what goes wrong; chances are one in so many calls, 0 is never.
#[derive(Debug, Clone, Default)]
pub struct FaultProfile {
    /// Each fault with its chance.
    pub faults: Vec<(Fault, u64)>,
    /// The calls that anything happens to; empty means all.
    pub calls: Vec<Call>,
    /// Faults in all; after them nothing goes wrong.
    pub budget: u64,
}

impl FaultProfile {
    /// A profile that enables a random subset of the faults and calls, with random chances.
    pub fn swarm(random: &mut Random) -> Self {
        let moment = |random: &mut Random| if random.chance(2) { Moment::Before } else { Moment::After };
        let mut faults = Vec::new();
        let mut offer = |fault: Fault, random: &mut Random| {
            if random.chance(2) {
                faults.push((fault, 5 << random.below(7)));
            }
        };
        offer(Fault::Fail(Moment::Before), random);
        offer(Fault::Fail(Moment::After), random);
        let lose = Fault::Lose { moment: moment(random), probes: random.below(3) as u32 };
        offer(lose, random);
        offer(Fault::Busy, random);
        offer(Fault::Delay(Duration::from_millis(random.below(20_000))), random);
        let hang = Fault::Hang(moment(random));
        offer(hang, random);
        offer(Fault::Cut, random);
        offer(Fault::Short, random);
        offer(Fault::Forget, random);
        let calls = if random.chance(2) {
            Call::ALL.into_iter().filter(|_| random.chance(3)).collect()
        } else {
            Vec::new()
        };
        Self { faults, calls, budget: random.below(12) }
    }
}

/// Faults drawn from a seed.
#[derive(Debug)]
pub struct FaultDraw {
    profile: FaultProfile,
    random: Random,
}

impl FaultDraw {
    /// Draws faults by a profile.
    pub fn new(profile: FaultProfile, random: Random) -> Self {
        Self { profile, random }
    }
}

impl FaultPlan for FaultDraw {
    fn fault(&mut self, call: Call, _nth: u64) -> Option<Fault> {
        let concerned = self.profile.calls.is_empty() || self.profile.calls.contains(&call);
        if self.profile.budget == 0 || !concerned {
            return None;
        }
        let drawn = self.profile.faults.iter().find(|(_, chance)| self.random.chance(*chance));
        let fault = drawn.map(|(fault, _)| *fault);
        self.profile.budget -= u64::from(fault.is_some());
        fault
    }
}
