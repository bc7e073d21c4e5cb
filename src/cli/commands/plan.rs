//! `plan`: what a run would do, with the reasons; nothing is written.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use crate::cli::args::PlanArguments;
use crate::cli::drive::{self, drive};
use crate::cli::error::{CliError, Result};
use crate::cli::output::{self, Format};
use crate::cli::settings::{Asked, resolve};
use crate::cli::surroundings::Surroundings;
use crate::cli::wiring::{Access, open_job};
use crate::engine::{PassOptions, Purpose};
use crate::model::event::{Event, EventBody};
use crate::model::outcome::{Exit, PassSummary};
use crate::report::plan::{self as report, PlannedTable};
use crate::report::{Reporter, RunEnd};
use crate::wire::{Form, SummaryForm, json};

/// Plans every table; 1 when there is work.
pub fn plan(arguments: &PlanArguments, around: &Surroundings) -> Result<Exit> {
    let job = &arguments.job;
    let asked = Asked { job: Some(&job.job), urls: job.urls.both(), ..Asked::default() };
    let resolved = resolve(asked, around)?;
    output::warn(&resolved.loaded.warnings);
    let opened = open_job(&resolved, Access::Look, false, around)?;
    let options = PassOptions {
        purpose: Purpose::Plan,
        tables: resolved.tables.clone(),
        full_compare: arguments.full_compare,
        ..PassOptions::default()
    };
    let plans = Plans::default();
    let collector = Box::new(plans.clone());
    let (exit, summary) = drive::block_on(around, drive(&opened.job, &options, true, vec![collector], None))?;
    let plans = plans.take();
    let text = output::text_options(around, job.output.verbose, &resolved.run_command);
    let mut out = output::stdout();
    let written = match output::format(job.output.mode) {
        Format::Json => write_json(&mut out, &plans, summary.as_ref()),
        Format::Silent => Ok(()),
        Format::Text if plans.is_empty() => Ok(()),
        Format::Text => report::write_text(&mut out, &plans, &text),
    };
    for error in summary.iter().flat_map(|summary| &summary.errors) {
        output::tell_error(&CliError::reported(error));
    }
    output::written(written, "write the plan", exit.worst(report::exit(&plans)))
}

fn write_json(
    out: &mut dyn io::Write,
    plans: &[PlannedTable],
    summary: Option<&PassSummary>,
) -> io::Result<()> {
    report::write_json(out, plans)?;
    if let Some(summary) = summary {
        json::write_line(out, &SummaryForm::of(summary))?;
    }
    out.flush()
}

/// Collects the plans as they are made.
#[derive(Clone, Default)]
struct Plans(Arc<Mutex<Vec<PlannedTable>>>);

impl Plans {
    fn take(&self) -> Vec<PlannedTable> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Reporter for Plans {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        if let EventBody::TablePlanned { table, plan } = &event.body {
            let mut plans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            plans.push((table.clone(), plan.clone()));
        }
        Ok(())
    }

    fn finish(&mut self, _: &RunEnd) -> io::Result<()> {
        Ok(())
    }
}
