//! Configuration: TOML files, environment and flags laid over each other, checked, with the origin of each value.
//!
//! Does not belong here: the engine, the screen, reading the process's environment or arguments (they are handed in).
//!
//! The way of a value: text ([`document`]) → what was written ([`raw`]) → what its key accepts ([`convert`], told by the
//! table in [`keys`]) → one layer ([`layer`]) → the highest layer wins ([`merge`]) → settings ([`resolve`]).
//! Reading goes by hand over the parser's spans instead of through serde's derive, because that stops at the first
//! error and cannot say what was meant.
//!
//! Invariants: an unknown key is an error; all problems of a file are reported together, each with its place and a
//! hint; no message, warning or print holds a secret; input of any kind never panics.

mod convert;
mod document;
mod endpoint;
mod error;
mod expand;
pub mod import;
mod key;
mod keys;
mod layer;
mod merge;
mod origin;
mod parse;
mod print;
#[cfg(test)]
mod properties;
mod raw;
mod resolve;
mod secrets;
mod table;
mod units;
mod url;
mod value;
mod view;

use std::path::PathBuf;

pub use document::Document;
pub use error::{ConfigError, Problem};
pub use expand::Environment;
pub use key::Section;
pub use layer::{Entry, FlagValue};
pub use merge::Merged;
pub use origin::Origin;
pub use value::Value;
pub(crate) use value::quote;

use error::{Fault, Problems};

use crate::model::settings::JobSettings;

/// What is not wrong but should be known, each with its place; a hint stands on a line of its own.
pub type Warnings = Vec<String>;

/// Whether passwords are fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SecretPolicy {
    /// From the environment, a file or a command, as configured.
    #[default]
    Fetch,
    /// Not at all: nothing is run and no file is opened; for showing a configuration.
    Leave,
}

/// What a configuration is made of.
#[derive(Debug, Clone, Default)]
pub struct LoadRequest {
    /// The job's files; a later one overrides an earlier one key by key.
    pub job_files: Vec<Document>,
    /// The user's own file, below the job files.
    pub user_file: Option<Document>,
    /// The process's environment: for `${NAME}`, `password_env` and `SYNCLINE_…`.
    pub environment: Environment,
    /// Flags that are settings.
    pub flags: Vec<FlagValue>,
    /// The working directory, absolute: where relative paths in flags and the environment start.
    pub folder: PathBuf,
    /// Whether passwords are fetched.
    pub secrets: SecretPolicy,
}

/// A configuration that can be used.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// What the engine is told.
    pub settings: JobSettings,
    /// Every value with its origin.
    pub origins: Merged,
    /// What should be known.
    pub warnings: Warnings,
}

impl Loaded {
    /// The merged configuration as TOML, under modern names, each value with its origin, without secrets.
    pub fn print_config(&self) -> String {
        print::print(&self.origins)
    }
}

/// The commented template: every key with its default and one line of explanation.
pub const fn template() -> &'static str {
    include_str!("../../config/syncline.toml")
}

/// Merges and checks a configuration.
pub fn load(request: LoadRequest) -> Result<Loaded, ConfigError> {
    let LoadRequest { job_files, user_file, environment, flags, folder, secrets } = request;
    let mut problems = Problems::default();
    let mut layers = Vec::with_capacity(job_files.len() + 3);
    let users =
        user_file.iter().map(|file| (file, Origin::UserFile { path: file.path().to_owned(), line: 1 }));
    let jobs = job_files.iter().map(|file| (file, Origin::JobFile { path: file.path().to_owned(), line: 1 }));
    for (file, origin) in users.chain(jobs) {
        let start =
            folder.join(file.path()).parent().map_or_else(|| folder.clone(), std::path::Path::to_owned);
        layers.push(parse::parse(file, &origin, start, &environment, &mut problems));
    }
    layers.push(layer::from_environment(&environment, &folder, &mut problems));
    layers.push(layer::from_flags(&flags, &folder, &mut problems));
    let mut merged = Merged::new(layers, &mut problems);
    // What a refused value would have led to is not worth a second message.
    if problems.is_empty() {
        let place = job_files
            .first()
            .map_or_else(|| "no configuration file".to_owned(), |file| origin::shown_path(file.path()));
        require(&merged, &place, &mut problems);
        name_job(&mut merged, job_files.first());
    }
    let merged = problems.or(merged)?;
    finish(merged, secrets, &environment)
}

/// As [`load`], for two databases named on the command line, without a file for the job.
pub fn adhoc(source_url: &str, target_url: &str, mut request: LoadRequest) -> Result<Loaded, ConfigError> {
    let urls = [("SOURCE", "source.url", source_url), ("TARGET", "target.url", target_url)];
    request.flags.extend(urls.map(|(flag, key, url)| FlagValue::new(flag, key, url)));
    load(request)
}

fn require(merged: &Merged, place: &str, problems: &mut Problems) {
    for section in [Section::Source, Section::Target] {
        if merged.get(&section, "url").is_none() {
            resolve::missing(&section, "url", place, problems);
        }
    }
}

/// A job without a name is called after its first file, or after its two databases.
fn name_job(merged: &mut Merged, file: Option<&Document>) {
    if merged.get(&Section::Root, "name").is_some() {
        return;
    }
    let place = |section| match merged.get(&section, "url").map(|entry| &entry.value) {
        Some(Value::Url { url, .. }) => {
            let end = url.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
            end.rsplit(['/', ':', '@']).next().unwrap_or_default().trim_end_matches(".db").to_owned()
        }
        _ => String::new(),
    };
    let name = match file.and_then(|file| file.path().file_stem()) {
        Some(stem) => stem.to_string_lossy().into_owned(),
        None => format!("{}-to-{}", place(Section::Source), place(Section::Target)),
    };
    merged.derive(Section::Root, "name", Value::Text(convert::as_name(&name)));
}

fn finish(
    mut merged: Merged,
    secrets: SecretPolicy,
    environment: &Environment,
) -> Result<Loaded, ConfigError> {
    let (mut problems, mut warnings) = (Problems::default(), Warnings::new());
    let settings = resolve::resolve(&mut merged, secrets, environment, &mut problems, &mut warnings);
    endpoint::warn_of_inline_passwords(&merged, &mut warnings);
    problems.or(Loaded { settings, origins: merged, warnings })
}
