//! What `plan` found: every table's plan with its reason and its estimate; nothing was written.

use std::io::{self, Write};

pub use super::json::plan::write as write_json;

use super::layout::{Grid, Page, Title, counted};
use super::{TextOptions, summary};
use crate::base::escape::visible;
use crate::base::human;
use crate::model::event::PlanFact;
use crate::model::outcome::Exit;

/// A table with its plan.
pub type PlannedTable = (String, PlanFact);

/// How `plan` exits: 1 when rows are known to need writing or a table would be held.
pub fn exit(plans: &[PlannedTable]) -> Exit {
    let work = plans.iter().any(|(_, plan)| plan.writes || plan.held.is_some());
    if work { Exit::Remaining } else { Exit::Done }
}

/// Writes the plans as text.
pub fn write_text(out: &mut dyn Write, plans: &[PlannedTable], options: &TextOptions) -> io::Result<()> {
    let mut page = Page::new(options.width);
    let mut grid = Grid::new(&[
        Title::Left("table"),
        Title::Right("source"),
        Title::Right("target"),
        Title::Right("changed"),
        Title::Right("to read"),
        Title::Right("bytes"),
        Title::Right("time"),
    ]);
    for (table, plan) in plans {
        grid.row([
            visible(table),
            human::count(plan.source_count),
            human::count(plan.target_count),
            plan.changed.map_or_else(|| "?".to_owned(), human::count),
            human::count(plan.estimated_rows),
            human::bytes(plan.estimated_bytes),
            summary::seconds(plan.estimated_seconds),
        ]);
        let steps = summary::plan_words(&plan.steps, &plan.strategy);
        grid.below(format!("{steps}: {}", visible(&plan.reason)));
        if !plan.strategy_reason.is_empty() {
            grid.below(visible(&plan.strategy_reason));
        }
        match &plan.held {
            Some(held) => grid.below(format!("would be held: {}", visible(held))),
            None if !plan.writes && !plan.steps.is_empty() => {
                grid.below("only checks: not proven".to_owned());
            }
            None => {}
        }
    }
    page.grid(&grid);
    page.line("");
    page.wrapped(0, &totals(plans));
    page.line(&match exit(plans) {
        Exit::Done => "exit 0: no rows are known to need writing".to_owned(),
        other => format!("exit {}: there is work", other.code()),
    });
    page.write_to(out)
}

fn totals(plans: &[PlannedTable]) -> String {
    let count = |wanted: fn(&PlanFact) -> bool| plans.iter().filter(|(_, plan)| wanted(plan)).count();
    let sum =
        |of: fn(&PlanFact) -> u64| plans.iter().fold(0_u64, |sum, (_, plan)| sum.saturating_add(of(plan)));
    let time: f64 = plans.iter().map(|(_, plan)| plan.estimated_seconds).sum();
    format!(
        "{}: {} to write, {} to check, {} with nothing to do, {} held; {} to read, {}, {}",
        counted(plans.len() as u64, "table", "tables"),
        count(|plan| plan.writes && plan.held.is_none()),
        count(|plan| !plan.writes && plan.held.is_none() && !plan.steps.is_empty()),
        count(|plan| !plan.writes && plan.held.is_none() && plan.steps.is_empty()),
        count(|plan| plan.held.is_some()),
        counted(sum(|plan| plan.estimated_rows), "row", "rows"),
        human::bytes(sum(|plan| plan.estimated_bytes)),
        summary::seconds(time),
    )
}
