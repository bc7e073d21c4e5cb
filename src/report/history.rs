//! Past passes, as `history` shows them.

use std::io::{self, Write};

pub use super::json::history::write as write_json;

use super::layout::{Grid, Page, Title};
use super::{TextOptions, summary, time};
use crate::base::human;
use crate::model::outcome::{RowCounts, Verdict};
use crate::state::PassRecord;

/// Writes past passes as text, in the order given.
pub fn write_text(out: &mut dyn Write, passes: &[PassRecord], options: &TextOptions) -> io::Result<()> {
    let mut page = Page::new(options.width);
    if passes.is_empty() {
        page.line("no pass has ended yet");
        return page.write_to(out);
    }
    let mut grid = Grid::new(&[
        Title::Right("pass"),
        Title::Left("began"),
        Title::Right("time"),
        Title::Right("exit"),
        Title::Right("equal"),
        Title::Right("+added"),
        Title::Right("~mod"),
        Title::Right("-del"),
        Title::Right("quar"),
        Title::Right("err"),
    ]);
    for pass in passes {
        let tables = &pass.summary.tables;
        let equal = tables.iter().filter(|table| table.verdict == Verdict::Equal).count();
        let rows = tables.iter().fold(RowCounts::default(), |rows, table| rows.plus(table.rows));
        let quarantined = tables.iter().fold(0_u64, |sum, table| sum.saturating_add(table.quarantined));
        grid.row([
            pass.summary.pass.to_string(),
            time::date_and_time(pass.started_at, &options.zone),
            summary::seconds(pass.summary.seconds),
            pass.summary.exit.code().to_string(),
            format!("{equal}/{}", tables.len()),
            human::count(rows.added),
            human::count(rows.modified),
            human::count(rows.deleted),
            human::count(quarantined),
            human::count(pass.summary.error_count),
        ]);
    }
    page.grid(&grid);
    page.write_to(out)
}
