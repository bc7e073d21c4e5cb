//! `init`: a configuration to begin with, from a look at two databases.
//!
//! Does not belong here: what is proposed ([`propose`]); judging a job (`check`).
//!
//! Invariants: both databases are only read; a file that is there is never replaced; what is written can be loaded,
//! and holds no password.

mod propose;

use std::fs::OpenOptions;
use std::io::{BufRead, IsTerminal, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::args::InitArguments;
use super::error::{CliError, Result};
use super::settings::shown;
use super::surroundings::Surroundings;
use super::{drive, output, settings};
use crate::base::escape::visible;
use crate::config::{self, Document, LoadRequest};
use crate::model::outcome::Exit;
use crate::model::pairing::{Paired, pair_tables};
use crate::model::schema::Catalog;
use crate::model::settings::EndpointSettings;
use crate::store::{Role, open};

/// Bytes of a line that is typed.
const LINE_BYTES_MAX: u64 = 4096;

/// Writes the configuration.
pub fn init(arguments: &InitArguments, around: &Surroundings) -> Result<Exit> {
    let file = around.folder.join(&arguments.output);
    refuse_existing(&file)?;
    let typed = [
        url(arguments.source.as_deref(), "source", "the database that is only read")?,
        url(arguments.target.as_deref(), "target", "the database that is made equal")?,
    ];
    let job = config::adhoc(&typed[0], &typed[1], request(around, Vec::new()))?.settings;
    let (source, target, same_engine) = drive::block_on(around, async {
        let (source, engine) = look(&job.source).await?;
        let (target, other) = look(&job.target).await?;
        Ok((source, target, engine == other))
    })?;
    let beside = file.parent() == Some(&around.folder);
    let urls = [written_url(&typed[0], &job.source, beside), written_url(&typed[1], &job.target, beside)];
    let proposal = propose::propose([&urls[0], &urls[1]], &source, &target);
    let failed = try_out(&file, &proposal.toml, (&source, &target, same_engine), around)?;
    write(&file, proposal.toml.as_bytes())?;
    output::tell(&format!("wrote {}: {} tables", shown(&file), proposal.tables));
    for note in proposal.notes.iter().chain(&failed) {
        output::tell(&format!("note: {note}"));
    }
    let flags = [("--config", arguments.output.to_string_lossy().into_owned())];
    for command in ["check", "plan", "run"] {
        output::tell(&format!("next: {}", settings::command(&format!("syncline {command}"), &flags)));
    }
    Ok(Exit::Done)
}

fn refuse_existing(file: &Path) -> Result<()> {
    if file.symlink_metadata().is_ok() {
        return Err(CliError::usage(format!("{} is there already, and is not replaced", shown(file)))
            .hint("name another file: --output FILE"));
    }
    Ok(())
}

/// The URL of a side: from its flag, or typed.
fn url(flag: Option<&str>, side: &str, meaning: &str) -> Result<String> {
    if let Some(url) = flag {
        return Ok(url.to_owned());
    }
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Err(CliError::usage(format!("no {side} is named, and there is no terminal to ask on"))
            .hint("name both: syncline init --source sqlite:a.db --target sqlite:b.db"));
    }
    output::tell(&format!("URL of the {side}, {meaning} (for example sqlite:{side}.db):"));
    let mut line = String::new();
    let read = stdin.lock().take(LINE_BYTES_MAX).read_line(&mut line);
    read.map_err(|error| {
        CliError::usage(format!("the answer cannot be read: {}", visible(&error.to_string())))
    })?;
    let line = line.trim();
    if line.is_empty() { Err(CliError::usage(format!("no {side} was named"))) } else { Ok(line.to_owned()) }
}

fn request(around: &Surroundings, job_files: Vec<Document>) -> LoadRequest {
    LoadRequest {
        job_files,
        environment: around.environment.clone(),
        folder: around.folder.clone(),
        ..LoadRequest::default()
    }
}

/// What a database says of its tables, and the name of its engine.
async fn look(endpoint: &EndpointSettings) -> Result<(Catalog, &'static str)> {
    let store = open::open(endpoint, Role::Source)?;
    let catalog = store.describe().await?;
    let engine = store.capabilities().engine;
    store.disconnect().await;
    Ok((catalog, engine))
}

/// The URL for the file: as typed where that means the same from there, and without a password.
fn written_url(typed: &str, endpoint: &EndpointSettings, beside: bool) -> String {
    if endpoint.secret.is_none() && beside { typed.to_owned() } else { endpoint.url.clone() }
}

/// Loads the proposal as a run would, and returns what would fail.
fn try_out(
    file: &Path,
    toml: &str,
    (source, target, same_engine): (&Catalog, &Catalog, bool),
    around: &Surroundings,
) -> Result<Vec<String>> {
    let document = Document::from_bytes(file, toml.as_bytes().to_vec())?;
    let loaded = config::load(request(around, vec![document]))?;
    let same_type = |_: &_, declared: &str, _| declared.to_owned();
    let paired = pair_tables(&loaded.settings, source, target, same_engine, &same_type);
    let failed = paired.into_iter().filter_map(|paired| match paired {
        Paired::Failed { name, reason, hint } => Some(format!("{}: {reason}; {hint}", visible(&name))),
        Paired::Ready(_) | Paired::Missing { .. } | Paired::Skipped { .. } => None,
    });
    Ok(failed.collect())
}

/// Writes for the user alone: the file may come to name where secrets are.
fn write(file: &Path, text: &[u8]) -> Result<()> {
    let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    opened.and_then(|mut file| file.write_all(text)).map_err(|error| {
        CliError::usage(format!("{} cannot be written: {}", shown(file), visible(&error.to_string())))
    })
}
