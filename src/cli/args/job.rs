//! Flags that say which job, and what a run of it is to do.

use std::path::PathBuf;

use clap::Args;

use super::common::{Output, Screen, YesOrNo};

/// Which job, and what of it.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Job")]
pub struct JobArguments {
    /// Configuration file, or folder that holds one; again for files that override it
    #[arg(long, value_name = "FILE", env = "SYNCLINE_CONFIG", hide_env_values = true)]
    pub config: Vec<PathBuf>,

    /// Database that is only read, in place of the configured one
    ///
    /// [env: SYNCLINE_SOURCE]
    #[arg(long, value_name = "URL")]
    pub source: Option<String>,

    /// Database that is made equal, in place of the configured one
    ///
    /// [env: SYNCLINE_TARGET]
    #[arg(long, value_name = "URL")]
    pub target: Option<String>,

    /// Only this table, by the name shown; may be repeated
    #[arg(long, value_name = "NAME", env = "SYNCLINE_TABLE", hide_env_values = true)]
    pub table: Vec<String>,

    /// Folder under which every job keeps its state and its log
    #[arg(long, value_name = "DIR", env = "SYNCLINE_STATE_DIR", hide_env_values = true)]
    pub state_dir: Option<PathBuf>,

    /// Write to no database and to no state; compare only
    #[arg(long, env = "SYNCLINE_READONLY", hide_env_values = true, value_parser = YesOrNo::new())]
    pub readonly: bool,

    /// Least important messages that are logged: error, warn, info, debug or trace
    ///
    /// [env: SYNCLINE_LOG_LEVEL]
    #[arg(long, value_name = "LEVEL")]
    pub log_level: Option<String>,
}

/// Two databases given without a flag.
#[derive(Debug, Clone, Default, Args)]
pub struct Urls {
    /// Database that is only read; with TARGET, no configuration is needed
    #[arg(value_name = "SOURCE", requires = "target_url", conflicts_with_all = ["source", "target"])]
    pub source_url: Option<String>,

    /// Database that it is compared with
    #[arg(value_name = "TARGET")]
    pub target_url: Option<String>,
}

impl Urls {
    /// Source and target.
    pub fn both(&self) -> Option<(&str, &str)> {
        Some((self.source_url.as_deref()?, self.target_url.as_deref()?))
    }
}

/// A job that is configured or given as two URLs, and how to report on it.
#[derive(Debug, Clone, Args)]
pub struct AdHocJob {
    /// The job as two URLs.
    #[command(flatten)]
    pub urls: Urls,
    /// The job.
    #[command(flatten)]
    pub job: JobArguments,
    /// How to report.
    #[command(flatten)]
    pub output: Output,
}

/// `run`.
#[derive(Debug, Clone, Args)]
pub struct RunArguments {
    /// The job.
    #[command(flatten)]
    pub job: JobArguments,
    /// What to do.
    #[command(flatten)]
    pub pass: PassArguments,
    /// How to report.
    #[command(flatten)]
    pub output: Output,
    /// How the console looks.
    #[command(flatten)]
    pub screen: Screen,
}

/// What a run is to do on top of its configuration.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Run")]
pub struct PassArguments {
    /// One pass, even when the configuration has a schedule
    #[arg(long, env = "SYNCLINE_ONCE", hide_env_values = true, value_parser = YesOrNo::new())]
    pub once: bool,

    /// Plan, search and judge, but write nothing
    #[arg(long, env = "SYNCLINE_DRY_RUN", hide_env_values = true, value_parser = YesOrNo::new())]
    pub dry_run: bool,

    /// Compare every row, whatever the counts say
    #[arg(long, env = "SYNCLINE_FULL_COMPARE", hide_env_values = true, value_parser = YesOrNo::new())]
    pub full_compare: bool,

    /// Let these held plans through, once; without an ID those that an earlier pass recorded
    #[arg(long, value_name = "ID", num_args = 0.., value_delimiter = ',')]
    #[arg(env = "SYNCLINE_YES", hide_env_values = true)]
    pub yes: Option<Vec<String>>,
}
