//! Faults of a seed: operations that fail at random, and rows that the target will not take for now.

use std::hash::{DefaultHasher, Hash, Hasher};

use syncline::model::key::Key;
use syncline::model::schema::TableName;
use syncline::store::RefusalKind;
use syncline::store::memory::{Call, Fault, FaultDraw, FaultPlan};

/// Random faults, and a fixed share of keys that are refused as long as this plan is in force.
pub struct SimFaults {
    draw: FaultDraw,
    refuse_one_in: u64,
    salt: u64,
}

impl SimFaults {
    /// `refuse_one_in` keys is refused, chosen by `salt`; 0 for none.
    pub fn new(draw: FaultDraw, refuse_one_in: u64, salt: u64) -> Self {
        Self { draw, refuse_one_in, salt }
    }
}

impl FaultPlan for SimFaults {
    fn fault(&mut self, call: Call, nth: u64) -> Option<Fault> {
        self.draw.fault(call, nth)
    }

    fn refusal(&mut self, table: &TableName, key: &Key) -> Option<RefusalKind> {
        if self.refuse_one_in == 0 {
            return None;
        }
        let mut hasher = DefaultHasher::new();
        (table, key, self.salt).hash(&mut hasher);
        let hash = hasher.finish();
        let kinds = [RefusalKind::Check, RefusalKind::Value, RefusalKind::NotNull, RefusalKind::Unique];
        hash.is_multiple_of(self.refuse_one_in).then(|| kinds[(hash >> 32) as usize % kinds.len()])
    }
}
