//! Where a job stands, from its memory alone, as `status` shows it.

use std::io::{self, Write};

pub use super::json::status::write as write_json;

use super::layout::{Grid, Page, Title, counted};
use super::{TextOptions, summary, time};
use crate::base::escape::visible;
use crate::base::human;
use crate::state::{Hold, HoldState, InterruptedPass, PassRecord, TableMemory};

/// Where a job stands.
#[derive(Debug, Clone)]
pub struct JobStatus {
    /// The job.
    pub job: String,
    /// Whether a process runs it now.
    pub running: bool,
    /// The pass that a killed process left unfinished; while a process runs, the pass it works on.
    pub unfinished: Option<InterruptedPass>,
    /// The last pass that ended.
    pub last: Option<PassRecord>,
    /// Its tables.
    pub tables: Vec<TableStatus>,
    /// Its holds.
    pub holds: Vec<Hold>,
}

/// Where a table stands.
#[derive(Debug, Clone)]
pub struct TableStatus {
    /// The pair's shown name.
    pub name: String,
    /// What is known from earlier passes.
    pub memory: Option<TableMemory>,
    /// Quarantined rows.
    pub quarantined: u64,
}

impl JobStatus {
    fn waiting_holds(&self) -> impl Iterator<Item = &Hold> {
        self.holds.iter().filter(|hold| hold.state == HoldState::Waiting)
    }
}

/// Writes a status as text.
pub fn write_text(out: &mut dyn Write, status: &JobStatus, options: &TextOptions) -> io::Result<()> {
    let mut page = Page::new(options.width);
    let running = if status.running { "running" } else { "not running" };
    page.line(&format!("{}: {running}", visible(&status.job)));
    if let Some(last) = &status.last {
        page.wrapped(
            0,
            &format!(
                "last pass {}: began {}, took {}, {}",
                last.summary.pass,
                time::date_and_time(last.started_at, &options.zone),
                summary::seconds(last.summary.seconds),
                summary::exit_line(last.summary.exit),
            ),
        );
    } else {
        page.line("no pass has ended yet");
    }
    if let Some(unfinished) = &status.unfinished {
        let finished = counted(unfinished.finished_tables.len() as u64, "table", "tables");
        let began = time::date_and_time(unfinished.started_at, &options.zone);
        let word = if status.running { "is under way" } else { "was interrupted; the next run continues it" };
        page.wrapped(0, &format!("pass {} {word}: began {began}, {finished} finished", unfinished.pass));
    }
    if !status.tables.is_empty() {
        page.line("");
        page.grid(&tables(&status.tables, options));
    }
    let mut first = true;
    for hold in status.waiting_holds() {
        if std::mem::take(&mut first) {
            page.line("");
            page.line("held until a person lets exactly this through:");
        }
        page.wrapped(2, &format!("{}: {}", visible(&hold.table), visible(&hold.reason)));
        page.line(&format!("    {} --yes {}", visible(&options.run_command), visible(&hold.id)));
    }
    page.write_to(out)
}

fn tables(tables: &[TableStatus], options: &TextOptions) -> Grid {
    let mut grid = Grid::new(&[
        Title::Left("table"),
        Title::Right("target"),
        Title::Left("last proven equal"),
        Title::Left("watermark"),
        Title::Left("pending"),
        Title::Right("quar"),
    ]);
    for table in tables {
        let memory = table.memory.as_ref();
        let rows = memory.and_then(|memory| memory.target_count).map_or_else(|| "?".to_owned(), human::count);
        let proof = memory.and_then(|memory| memory.proof.as_ref());
        let watermark = memory.and_then(|memory| memory.watermark.as_ref());
        let pending = memory.is_some_and(|memory| memory.pending);
        grid.row([
            visible(&table.name),
            rows,
            proof.map_or_else(|| "never".to_owned(), |proof| time::date_and_time(proof.at, &options.zone)),
            watermark.map_or_else(|| "none".to_owned(), |watermark| watermark.stamp.to_string()),
            if pending { "yes" } else { "no" }.to_owned(),
            human::count(table.quarantined),
        ]);
    }
    grid
}
