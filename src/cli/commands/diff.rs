//! `diff`: the differing rows, for reading, as JSON, as CSV, or as statements that would repair the target.

use std::io::{self, IsTerminal};

use crate::base::escape::visible;
use crate::cli::args::{DiffArguments, DiffFormat};
use crate::cli::drive::{self, Supervised, supervise};
use crate::cli::error::{CliError, Result};
use crate::cli::output;
use crate::cli::settings::{Asked, resolve};
use crate::cli::signals::Signals;
use crate::cli::surroundings::Surroundings;
use crate::cli::wiring::{Access, open_job};
use crate::engine::diff::{self, DiffEnd, RowConsumer, RowDifference};
use crate::model::outcome::Exit;
use crate::model::pair::{ColumnPair, TablePair};
use crate::report::diff::{
    ControlCharacters, CsvDiff, DiffColumn, DiffTable, DiffWriter, Difference, JsonDiff, TableDiff,
};

/// Shows the rows that differ; 1 when there are any.
pub fn diff(arguments: &DiffArguments, around: &Surroundings) -> Result<Exit> {
    let asked = Asked { job: Some(&arguments.job), urls: arguments.urls.both(), ..Asked::default() };
    let resolved = resolve(asked, around)?;
    output::warn(&resolved.loaded.warnings);
    let opened = open_job(&resolved, Access::Look, false, around)?;
    let (job, tables) = (&opened.job, &resolved.tables[..]);
    let supervised = drive::block_on(around, async {
        let work = async |hub: &_, control: &_, _: &_| match arguments.format {
            DiffFormat::Sql => diff::script(job, tables, hub, control, &mut output::stdout()).await,
            format => {
                let width = output::text_options(around, false, "").width;
                diff::diff(job, tables, hub, control, &mut Rows::new(format, width)).await
            }
        };
        // A reader that stops reading must not keep the process alive: there is nothing to drain.
        Ok(supervise(job, Signals::leave(), work).await)
    })?;
    end(supervised, arguments.verbose)
}

/// Tells what the rows did not say, on standard error.
fn end(supervised: Supervised<DiffEnd>, verbose: bool) -> Result<Exit> {
    // Without a result a part of the program panicked, which decides the exit code.
    let Some(DiffEnd { errors, inexact, left_out, exit, output: written, .. }) = supervised.result else {
        return Ok(Exit::Bug);
    };
    for (table, text) in &left_out {
        output::tell(&format!("not compared: {}: {text}", visible(table)));
    }
    for (table, text) in inexact.iter().filter(|_| verbose || exit == Exit::Done) {
        output::tell(&format!("not exact: {}: {text}", visible(table)));
    }
    for error in &errors {
        output::tell_error(&CliError::reported(error));
    }
    output::written(written, "write the differences", exit)
}

/// Writes rows, table after table.
struct Rows {
    format: DiffFormat,
    width: usize,
    control: ControlCharacters,
    writer: Option<Box<dyn DiffWriter + Send>>,
}

impl Rows {
    fn new(format: DiffFormat, width: usize) -> Self {
        let to_terminal = io::stdout().is_terminal();
        let control = if to_terminal { ControlCharacters::Escaped } else { ControlCharacters::Kept };
        Self { format, width, control, writer: None }
    }
}

impl RowConsumer for Rows {
    fn begin(&mut self, pair: &TablePair) -> io::Result<()> {
        let column = |(position, column): (usize, &ColumnPair)| DiffColumn {
            source: column.source.clone(),
            target: column.target.clone(),
            key: position < pair.key_length,
        };
        let columns = pair.columns.iter().enumerate().map(column).collect();
        let table = DiffTable { name: pair.name.clone(), columns };
        let out = output::stdout();
        self.writer = Some(match self.format {
            DiffFormat::Json => Box::new(JsonDiff::new(out, table)),
            DiffFormat::Csv => Box::new(CsvDiff::new(out, table, self.control)),
            // SQL is written by the target's store and never comes here.
            DiffFormat::Table | DiffFormat::Sql => Box::new(TableDiff::new(out, table, self.width)),
        });
        Ok(())
    }

    fn difference(&mut self, difference: &RowDifference<'_>) -> io::Result<()> {
        let RowDifference { kind, source, target, differing } = *difference;
        let difference = Difference { kind, source, target, differing };
        self.writer.as_mut().map_or(Ok(()), |writer| writer.difference(&difference))
    }

    fn end(&mut self) -> io::Result<()> {
        self.writer.take().map_or(Ok(()), |mut writer| writer.finish())
    }
}
