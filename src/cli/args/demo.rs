//! Flags of the commands that make something to begin with.

use std::path::PathBuf;

use clap::Args;

use super::common::{Output, YesOrNo};

/// `demo`.
#[derive(Debug, Clone, Args)]
pub struct DemoArguments {
    /// Folder to make it in: a new or empty one, or one that holds a demo already; by default a new scratch folder
    #[arg(long, value_name = "DIR", env = "SYNCLINE_DIR", hide_env_values = true)]
    pub dir: Option<PathBuf>,

    /// About how many rows the source has in all [default: 300000]
    #[arg(long, value_name = "COUNT", env = "SYNCLINE_ROWS", hide_env_values = true)]
    #[arg(value_parser = clap::value_parser!(u64).range(500..=50_000_000))]
    pub rows: Option<u64>,

    /// What the data follows from: the same seed makes the same rows [default: 1]
    #[arg(long, value_name = "NUMBER", env = "SYNCLINE_SEED", hide_env_values = true)]
    pub seed: Option<u64>,

    /// Make the demo in the folder anew
    #[arg(long, env = "SYNCLINE_FRESH", hide_env_values = true, value_parser = YesOrNo::new())]
    pub fresh: bool,

    /// How to report.
    #[command(flatten)]
    pub output: Output,
}

/// `init`.
#[derive(Debug, Clone, Args)]
pub struct InitArguments {
    /// Database that is only read; asked for when there is a terminal
    #[arg(long, value_name = "URL", env = "SYNCLINE_SOURCE", hide_env_values = true)]
    pub source: Option<String>,

    /// Database that is made equal; asked for when there is a terminal
    #[arg(long, value_name = "URL", env = "SYNCLINE_TARGET", hide_env_values = true)]
    pub target: Option<String>,

    /// Where to write the configuration; a file that is there is never replaced
    #[arg(short, long, value_name = "FILE", default_value = "syncline.toml")]
    #[arg(env = "SYNCLINE_OUTPUT", hide_env_values = true)]
    pub output: PathBuf,
}
