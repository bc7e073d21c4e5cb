//! Forms of the facts that events and snapshots share.

use serde::{Deserialize, Serialize};

use super::WireError;
use super::form::{Form, Seconds, form, unknown, words};
use crate::model::event::{
    ColumnFact, Level, Phase, PlanFact, RangeFact, RangeVerdict, RunState, SampleKey, Side,
};
use crate::model::outcome::RowCounts;

words! {
    /// The state word of a run.
    RunStateForm of RunState {
        Starting = "starting",
        Running = "running",
        Pausing = "pausing",
        Paused = "paused",
        Sleeping = "sleeping",
        Held = "held",
        Stopping = "stopping",
        Failed = "failed",
        Finished = "finished",
    }
}

words! {
    /// A phase of a pass.
    PhaseForm of Phase {
        Initialise = "initialise",
        Discover = "discover",
        Plan = "plan",
        Find = "find",
        Guard = "guard",
        Apply = "apply",
        Verify = "verify",
        Report = "report",
    }
}

words! {
    /// A side of a job.
    SideForm of Side {
        Source = "source",
        Target = "target",
    }
}

words! {
    /// How loud a message is.
    LevelForm of Level {
        Debug = "debug",
        Info = "info",
        Warning = "warning",
    }
}

words! {
    /// How a range stands.
    RangeVerdictForm of RangeVerdict {
        Equal = "equal",
        Differs = "differs",
        LeafRead = "leaf-read",
        Unreadable = "unreadable",
    }
}

form! {
    /// One column pair.
    ColumnForm of ColumnFact {
        source: String,
        target: String,
        source_type: String,
        target_type: String,
        compatibility: String,
        detail: Option<String>,
        form: String,
        key: bool,
    }
}

form! {
    /// A table's plan.
    PlanForm of PlanFact {
        steps: Vec<String>,
        reason: String,
        row: u8,
        source_count: u64,
        target_count: u64,
        changed: Option<u64>,
        trusted: bool,
        strategy: String,
        strategy_reason: String,
        estimated_rows: u64,
        estimated_bytes: u64,
        estimated_seconds: Seconds,
        held: Option<String>,
        writes: bool,
    }
}

form! {
    /// A range of keys.
    RangeForm of RangeFact {
        lower: Option<String>,
        upper: Option<String>,
        depth: u64,
        source_rows: Option<u64>,
        target_rows: Option<u64>,
    }
}

form! {
    /// Rows by what happened to them.
    RowsForm of RowCounts {
        added: u64,
        modified: u64,
        deleted: u64,
        skipped: u64,
    }
}

/// A key with what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampleForm {
    kind: String,
    key: String,
}

impl Form<SampleKey> for SampleForm {
    fn of(model: &SampleKey) -> Self {
        Self { kind: model.kind.to_owned(), key: model.key.clone() }
    }

    fn into_model(self) -> Result<SampleKey, WireError> {
        let kind = ["missing", "extra", "changed"].into_iter().find(|kind| *kind == self.kind);
        let kind = kind.ok_or_else(|| unknown("the kind of a difference", &self.kind))?;
        Ok(SampleKey { kind, key: self.key })
    }
}
