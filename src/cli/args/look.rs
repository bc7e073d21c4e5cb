//! Flags of the commands that look at differences, at the past, or at another program's configuration.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::common::{Output, YesOrNo};
use super::job::{JobArguments, Urls};

/// `diff`.
#[derive(Debug, Args)]
pub struct DiffArguments {
    /// The job as two URLs.
    #[command(flatten)]
    pub urls: Urls,

    /// How the rows are written
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    #[arg(env = "SYNCLINE_FORMAT", hide_env_values = true)]
    pub format: DiffFormat,

    /// Tell what is not exact, on standard error
    #[arg(short, long, env = "SYNCLINE_VERBOSE", hide_env_values = true, value_parser = YesOrNo::new())]
    pub verbose: bool,

    /// The job.
    #[command(flatten)]
    pub job: JobArguments,
}

/// How differing rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum DiffFormat {
    /// For reading
    #[default]
    Table,
    /// One JSON object a difference
    Json,
    /// One record a row
    Csv,
    /// Statements for the target's own shell that would repair it
    Sql,
}

/// `quarantine`.
#[derive(Debug, Args)]
pub struct QuarantineArguments {
    /// What to do with them.
    #[command(subcommand)]
    pub command: QuarantineCommand,
}

/// What to do with refused rows.
#[derive(Debug, Subcommand)]
pub enum QuarantineCommand {
    /// List the refused rows with the reasons
    List(QuarantineRows),
    /// Show everything known of refused rows: the statement and both images
    Show(QuarantineRows),
    /// Try refused rows again: a pass over their tables
    Retry(QuarantineRows),
    /// Forget refused rows; the next pass finds them anew
    Drop(QuarantineDrop),
}

/// Some refused rows.
#[derive(Debug, Clone, Args)]
pub struct QuarantineRows {
    /// Only the rows with these keys, as `quarantine list` shows them
    #[arg(value_name = "KEY")]
    pub keys: Vec<String>,
    /// The job.
    #[command(flatten)]
    pub job: JobArguments,
    /// How to report.
    #[command(flatten)]
    pub output: Output,
}

/// `quarantine drop`.
#[derive(Debug, Clone, Args)]
pub struct QuarantineDrop {
    /// Forget all of them, when neither a key nor a table is named
    #[arg(long, env = "SYNCLINE_ALL", hide_env_values = true, value_parser = YesOrNo::new())]
    pub all: bool,
    /// Which rows.
    #[command(flatten)]
    pub rows: QuarantineRows,
}

/// `history`.
#[derive(Debug, Args)]
pub struct HistoryArguments {
    /// So many of the last passes
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    #[arg(env = "SYNCLINE_LIMIT", hide_env_values = true)]
    pub limit: u32,

    /// The summary of this pass
    #[arg(long, value_name = "NUMBER", env = "SYNCLINE_PASS", hide_env_values = true)]
    pub pass: Option<u64>,

    /// The job.
    #[command(flatten)]
    pub job: JobArguments,

    /// How to report.
    #[command(flatten)]
    pub output: Output,
}

/// `import`.
#[derive(Debug, Args)]
pub struct ImportArguments {
    /// The configuration of db-sync
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// Where to write ours; - for standard output
    #[arg(short, long, value_name = "FILE", default_value = "syncline.toml")]
    #[arg(env = "SYNCLINE_OUTPUT", hide_env_values = true)]
    pub output: PathBuf,

    /// Replace a file that is there
    #[arg(long, env = "SYNCLINE_FORCE", hide_env_values = true, value_parser = YesOrNo::new())]
    pub force: bool,

    /// Database that is only read, where the file names none
    #[arg(long, value_name = "URL", env = "SYNCLINE_SOURCE", hide_env_values = true)]
    pub source: Option<String>,

    /// Database that is made equal, where the file names none
    #[arg(long, value_name = "URL", env = "SYNCLINE_TARGET", hide_env_values = true)]
    pub target: Option<String>,
}
