//! What is known of the pass under way over all its processes, so that what it claims can be held against the target.

use syncline::engine::{Approvals, Purpose};
use syncline::model::outcome::PassSummary;
use syncline::state::State;

use super::life::Plan;
use super::world::World;

/// The pass under way.
#[derive(Debug, Default)]
pub struct Ledger {
    /// Its number, once a process has left it behind.
    pass: Option<u64>,
    /// Rows that the target had acknowledged before it began.
    rows_before: u64,
    /// Rows that the target had acknowledged when the process at hand began.
    rows_at_birth: u64,
    /// An operator let holds through.
    approved: bool,
    /// Somebody else wrote to the target after it began.
    touched: bool,
}

impl Ledger {
    /// A process begins.
    pub fn begin_life(&mut self, world: &World, plan: &Plan) {
        let approves = plan.options.approvals != Approvals::None;
        self.rows_at_birth = world.target.rows_written();
        if interrupted(world).is_none() || interrupted(world) != self.pass {
            self.rows_before = self.rows_at_birth;
            self.approved = false;
            self.touched = false;
        }
        self.approved |= approves;
    }

    /// Somebody else writes to the target: a row that is gone when a delete without an answer is tried again may have
    /// been deleted by them, which nobody can tell.
    pub fn touch(&mut self) {
        self.touched = true;
    }

    /// The process ended, with a summary unless it was killed: what its pass counts as written was acknowledged by the
    /// target, every row of it.
    pub fn end_life(&mut self, world: &World, plan: &Plan, summary: Option<&PassSummary>) {
        let left = interrupted(world);
        if left.is_some() && left != self.pass {
            self.rows_before = self.rows_at_birth;
        }
        self.pass = left;
        let written = world.target.rows_written() - self.rows_before;
        let claimed = match (left, summary) {
            (Some(_), _) => {
                let state = world.disk.open_read_only();
                let totals = |name: &str| state.totals(name).unwrap().rows.written();
                world.settings.tables.iter().map(|table| totals(&table.name)).sum()
            }
            (None, Some(summary)) if plan.options.purpose == Purpose::Sync => {
                summary.tables.iter().map(|table| table.rows.written()).sum()
            }
            _ => 0,
        };
        assert!(
            self.touched || claimed <= written,
            "{claimed} rows count as written, and the target acknowledged {written}"
        );
    }

    /// Whether an operator let holds through in this pass.
    pub fn approved(&self) -> bool {
        self.approved
    }
}

fn interrupted(world: &World) -> Option<u64> {
    world.disk.open_read_only().interrupted_pass().unwrap().map(|pass| pass.pass)
}
