//! From raw flags to a resolved job: which files, which layers, which folder for the state.
//!
//! Nothing is opened here but configuration files, and nothing is written.

use std::path::{Path, PathBuf};

use super::args::{JobArguments, Screen};
use super::error::{CliError, Result};
use super::surroundings::Surroundings;
use crate::base::escape::visible;
use crate::config::{self, Document, FlagValue, LoadRequest, Loaded, SecretPolicy};

/// The configuration file in the working folder.
const JOB_FILE: &str = "syncline.toml";

/// The user's own defaults for every job, in the user's configuration folder.
const USER_FILE: &str = "config.toml";

/// What was asked for, by flags and by arguments.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asked<'a> {
    /// Which job.
    pub job: Option<&'a JobArguments>,
    /// Source and target as arguments.
    pub urls: Option<(&'a str, &'a str)>,
    /// How the console looks.
    pub screen: Option<&'a Screen>,
    /// Whether passwords are fetched.
    pub secrets: SecretPolicy,
}

/// A job, ready to be opened.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The settings, with their origins.
    pub loaded: Loaded,
    /// The folder under which every job keeps its state.
    pub state_dir: PathBuf,
    /// Only these tables, by the name shown; empty means all.
    pub tables: Vec<String>,
    /// Nothing is written, wherever.
    pub readonly: bool,
    /// The command line that runs this job again, without the options of one run.
    pub run_command: String,
}

/// Where a job's settings stand.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// In these files, as flags name them.
    Named(Vec<PathBuf>),
    /// In the file that is found without a flag.
    Found(PathBuf),
    /// In flags or variables alone.
    AdHoc,
}

/// Finds, reads and checks the settings of the job.
pub fn resolve(asked: Asked<'_>, around: &Surroundings) -> Result<Resolved> {
    let job = asked.job.cloned().unwrap_or_default();
    let place = place(&job, asked.urls, around)?;
    let (files, file_flags) = match &place {
        Place::Named(files) => (files.clone(), files.iter().map(|file| ("--config", text(file))).collect()),
        Place::Found(file) => (vec![file.clone()], Vec::new()),
        Place::AdHoc => (Vec::new(), Vec::new()),
    };
    let request = LoadRequest {
        job_files: files.iter().map(|file| Document::read(file)).collect::<std::result::Result<_, _>>()?,
        user_file: user_file(around)?,
        environment: around.environment.clone(),
        flags: flags(&job, asked.urls, asked.screen),
        folder: around.folder.clone(),
        secrets: asked.secrets,
    };
    let loaded = config::load(request)?;
    let mut words: Vec<(&str, String)> = file_flags;
    let both = [("--source", &loaded.settings.source.url), ("--target", &loaded.settings.target.url)];
    let given = [job.source.is_some(), job.target.is_some()];
    for ((flag, url), given) in both.into_iter().zip(given) {
        if given || place == Place::AdHoc || asked.urls.is_some() {
            words.push((flag, url.clone()));
        }
    }
    words.extend(job.state_dir.iter().map(|folder| ("--state-dir", text(folder))));
    Ok(Resolved {
        state_dir: state_dir(&job, around)?,
        tables: job.table.clone(),
        readonly: job.readonly,
        run_command: command("syncline run", &words),
        loaded,
    })
}

/// The folder under which every job keeps its state.
fn state_dir(job: &JobArguments, around: &Surroundings) -> Result<PathBuf> {
    let folder = job.state_dir.as_ref().map(|folder| around.folder.join(folder));
    folder.or_else(|| around.state_folder()).ok_or_else(|| {
        CliError::usage("there is no place for the state: HOME is not set")
            .hint("name a folder: --state-dir DIR")
    })
}

fn flags(job: &JobArguments, urls: Option<(&str, &str)>, screen: Option<&Screen>) -> Vec<FlagValue> {
    let mut flags = Vec::new();
    let mut set = |flag: &str, key: &str, value: Option<&str>| {
        flags.extend(value.map(|value| FlagValue::new(flag, key, value)));
    };
    set("SOURCE", "source.url", urls.map(|(source, _)| source));
    set("TARGET", "target.url", urls.map(|(_, target)| target));
    set("--source", "source.url", job.source.as_deref());
    set("--target", "target.url", job.target.as_deref());
    set("--log-level", "log.level", job.log_level.as_deref());
    if let Some(screen) = screen {
        set("--theme", "console.theme", screen.theme.as_deref());
        set("--color", "console.color", screen.color.as_deref());
        set("--ascii", "console.glyphs", screen.ascii.then_some("ascii"));
    }
    flags
}

fn user_file(around: &Surroundings) -> Result<Option<Document>> {
    let file = around.config_folder().map(|folder| folder.join(USER_FILE));
    match file.filter(|file| file.exists()) {
        Some(file) => Ok(Some(Document::read(&file)?)),
        None => Ok(None),
    }
}

fn place(job: &JobArguments, urls: Option<(&str, &str)>, around: &Surroundings) -> Result<Place> {
    if !job.config.is_empty() {
        return named(&job.config).map(Place::Named);
    }
    if urls.is_some() || (job.source.is_some() && job.target.is_some()) {
        return Ok(Place::AdHoc);
    }
    let here = around.folder.join(JOB_FILE);
    if here.exists() {
        return Ok(Place::Found(PathBuf::from(JOB_FILE)));
    }
    let folder = around.config_folder().map(|folder| folder.join("jobs"));
    if let Some(folder) = folder.filter(|folder| folder.is_dir()) {
        match &job_files(&folder)?[..] {
            [] => {}
            [file] => return Ok(Place::Found(file.clone())),
            files => return Err(several(&folder, files)),
        }
    }
    let is_set = |given: &Option<String>, name| given.is_some() || around.environment.contains_key(name);
    if is_set(&job.source, "SYNCLINE_SOURCE") && is_set(&job.target, "SYNCLINE_TARGET") {
        return Ok(Place::AdHoc);
    }
    Err(nothing_found())
}

fn nothing_found() -> CliError {
    CliError::usage(
        "there is no configuration: neither ./syncline.toml nor a file below the user's jobs folder",
    )
    .hint("name one: syncline run --config FILE")
    .hint("or name two databases: syncline diff sqlite:a.db sqlite:b.db --table orders")
    .hint("or write one to begin with: syncline init")
    .hint("or see it work on data of its own: syncline demo")
}

/// The files that `--config` names; a folder stands for the one file in it.
fn named(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::with_capacity(paths.len());
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        match &job_files(path)?[..] {
            [] => {
                let message = format!("the folder {} holds no .toml file", shown(path));
                return Err(CliError::usage(message).hint("name a configuration file: --config FILE"));
            }
            [file] => files.push(file.clone()),
            several_files => return Err(several(path, several_files)),
        }
    }
    Ok(files)
}

/// The configuration files in `folder`, sorted by name.
fn job_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let failed = |error: std::io::Error| {
        CliError::usage(format!(
            "the folder {} cannot be read: {}",
            shown(folder),
            visible(&error.to_string())
        ))
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn several(folder: &Path, files: &[PathBuf]) -> CliError {
    let names: Vec<String> = files.iter().map(|file| format!("\n  {}", shown(file))).collect();
    let message = format!("{} holds several jobs, and a process runs one{}", shown(folder), names.concat());
    CliError::usage(message).hint(format!("choose one: --config {}", word(&text(&files[0]))))
}

/// A path as a message shows it.
pub fn shown(path: &Path) -> String {
    visible(&path.to_string_lossy())
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// A command line that a shell takes as it is meant.
pub fn command(start: &str, flags: &[(&str, String)]) -> String {
    let flags = flags.iter().map(|(flag, value)| format!(" {flag} {}", word(value)));
    flags.fold(start.to_owned(), |line, flag| line + &flag)
}

/// One word of a command line, quoted where a shell would see more in it.
fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:@%+=,".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", visible(text).replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::base::clock::SystemClock;

    fn around(folder: &Path, variables: &[(&str, &str)]) -> Surroundings {
        let home = folder.to_str().unwrap();
        let variables = variables.iter().copied().chain([("HOME", home)]);
        Surroundings {
            environment: variables.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            folder: folder.to_owned(),
            clock: Arc::new(SystemClock::new()),
            zone: jiff::tz::TimeZone::UTC,
            columns: None,
        }
    }

    fn place_of(job: &JobArguments, around: &Surroundings) -> std::result::Result<Place, String> {
        place(job, None, around).map_err(|error| error.message)
    }

    #[test]
    fn a_job_is_found_where_the_manual_says() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let nothing = around(path, &[]);
        let job = JobArguments::default();
        assert!(place_of(&job, &nothing).unwrap_err().starts_with("there is no configuration"));
        let variables = [("SYNCLINE_SOURCE", "sqlite:a"), ("SYNCLINE_TARGET", "sqlite:b")];
        assert_eq!(place_of(&job, &around(path, &variables)), Ok(Place::AdHoc));

        let jobs =
            path.join(if cfg!(target_os = "macos") { "Library/Application Support" } else { ".config" });
        let jobs = jobs.join("syncline/jobs");
        std::fs::create_dir_all(&jobs).unwrap();
        std::fs::write(jobs.join("a.toml"), "").unwrap();
        std::fs::write(jobs.join("a.toml.bak"), "").unwrap();
        assert_eq!(place_of(&job, &nothing), Ok(Place::Found(jobs.join("a.toml"))));
        std::fs::write(jobs.join("b.toml"), "").unwrap();
        let several = place_of(&job, &nothing).unwrap_err();
        assert!(several.contains("a.toml") && several.contains("b.toml"), "{several}");

        std::fs::write(path.join(JOB_FILE), "").unwrap();
        assert_eq!(place_of(&job, &nothing), Ok(Place::Found(PathBuf::from(JOB_FILE))));
        let urls = JobArguments {
            source: Some("sqlite:a".to_owned()),
            target: Some("sqlite:b".to_owned()),
            ..JobArguments::default()
        };
        assert_eq!(place_of(&urls, &nothing), Ok(Place::AdHoc));
    }

    #[test]
    fn a_printed_command_means_the_same_in_a_shell() {
        let line = command("syncline run", &[("--config", "a b's.toml".to_owned())]);
        assert_eq!(line, "syncline run --config 'a b'\\''s.toml'");
        assert_eq!(word("sqlite:/data/a.db"), "sqlite:/data/a.db");
        assert_eq!(word("$(x)"), "'$(x)'");
    }
}
