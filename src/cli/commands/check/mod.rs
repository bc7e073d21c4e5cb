//! `check`: everything about a job that can be known before a row is read.

mod judge;

use std::io;

use crate::base::clock::Clock;
use crate::cli::args::AdHocJob;
use crate::cli::drive;
use crate::cli::error::Result;
use crate::cli::output::{self, Format};
use crate::cli::settings::{Asked, Resolved, resolve};
use crate::cli::surroundings::Surroundings;
use crate::cli::wiring;
use crate::model::check::{CheckFinding, Severity};
use crate::model::outcome::Exit;
use crate::model::settings::EndpointSettings;
use crate::report::check as report;
use crate::store::{ErrorClass, Role, Store, StoreError, open};
use judge::{Examined, Side, finding};

/// Examines a job; 1 with an error finding.
pub fn check(arguments: &AdHocJob, around: &Surroundings) -> Result<Exit> {
    let asked = Asked { job: Some(&arguments.job), urls: arguments.urls.both(), ..Asked::default() };
    let resolved = resolve(asked, around)?;
    let findings = drive::block_on(around, async { examine(&resolved, around).await })?;
    let text = output::text_options(around, arguments.output.verbose, &resolved.run_command);
    let mut out = output::stdout();
    let written: io::Result<()> = match output::format(arguments.output.mode) {
        Format::Silent => Ok(()),
        Format::Json => report::write_json(&mut out, &findings),
        Format::Text => report::write_text(&mut out, &findings, &text),
    };
    output::written(written, "write the findings", report::exit(&findings))
}

async fn examine(resolved: &Resolved, around: &Surroundings) -> Result<Vec<CheckFinding>> {
    let settings = &resolved.loaded.settings;
    let mut findings = judge::configuration(&resolved.loaded.warnings);
    examine_state(resolved, around, &mut findings);
    let source = examine_side(&settings.source, Role::Source, &*around.clock, &mut findings).await;
    let target = examine_side(&settings.target, Role::Target, &*around.clock, &mut findings).await;
    if let (Some(source), Some(target)) = (source, target) {
        let column_type =
            |logical: &_, declared: &str, same: bool| target.store.column_type(logical, declared, same);
        let examined =
            Examined { settings, wanted: &resolved.tables, source: &source.side, target: &target.side };
        judge::databases(&examined, &mut findings);
        judge::tables(&examined, &column_type, &mut findings)?;
    }
    Ok(findings)
}

/// Whether the state can be used, and whether somebody uses it.
fn examine_state(resolved: &Resolved, around: &Surroundings, findings: &mut Vec<CheckFinding>) {
    match wiring::look_at_state(resolved, around) {
        Ok(Some(_)) => {}
        Ok(None) => findings.push(finding(Severity::Note, "state", "there is none yet: no pass has begun")),
        Err(error) => findings.push(CheckFinding {
            hint: error.hints.first().cloned(),
            ..finding(Severity::Error, "state", &error.message)
        }),
    }
    if wiring::is_running(resolved, around).unwrap_or(false) {
        findings.push(finding(Severity::Note, "state", "a process runs this job now"));
    }
}

/// A side that answered.
struct Reached {
    store: std::sync::Arc<dyn Store>,
    side: Side,
}

async fn examine_side(
    endpoint: &EndpointSettings,
    role: Role,
    clock: &dyn Clock,
    findings: &mut Vec<CheckFinding>,
) -> Option<Reached> {
    let reached = async {
        let store = open::open(endpoint, role)?;
        let asked_at = clock.now();
        let probe = in_time(endpoint, clock, store.probe()).await?;
        let catalog = in_time(endpoint, clock, store.describe()).await?;
        store.disconnect().await;
        let engine = store.capabilities().engine;
        Ok::<_, StoreError>(Reached { store, side: Side { engine, probe, catalog, asked_at } })
    };
    match reached.await {
        Ok(reached) => Some(reached),
        Err(error) => {
            findings.push(CheckFinding {
                hint: error.hint.clone(),
                ..finding(Severity::Error, &role.to_string(), &error.to_string())
            });
            None
        }
    }
}

async fn in_time<T>(
    endpoint: &EndpointSettings,
    clock: &dyn Clock,
    call: impl Future<Output = std::result::Result<T, StoreError>>,
) -> std::result::Result<T, StoreError> {
    tokio::select! {
        result = call => result,
        () = clock.sleep(endpoint.timeout) => {
            let cause = format!("no answer within {}", crate::base::human::duration(endpoint.timeout));
            Err(StoreError::new(ErrorClass::Connection, "connecting", cause))
        }
    }
}
