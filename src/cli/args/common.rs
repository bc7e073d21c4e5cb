//! Flags that many commands share.

use clap::{Args, ValueEnum};

/// `0`, `false`, `no`, `off` and the empty text are no; everything else is yes.
pub use clap::builder::FalseyValueParser as YesOrNo;

/// How a command reports.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub struct Output {
    /// How to report: text to read, JSON lines, or nothing but the exit code
    #[arg(long, value_enum, value_name = "MODE", default_value_t)]
    #[arg(env = "SYNCLINE_MODE", hide_env_values = true)]
    pub mode: Mode,

    /// Tell decisions in detail, and write the log to standard error as well
    #[arg(short, long, env = "SYNCLINE_VERBOSE", hide_env_values = true, value_parser = YesOrNo::new())]
    pub verbose: bool,
}

/// How a command reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Mode {
    /// What suits where the output goes
    #[default]
    Auto,
    /// The console: live panes and keys, on a terminal
    Tui,
    /// For reading
    Text,
    /// One JSON object a line
    Json,
    /// Nothing but errors and the exit code
    Silent,
}

/// How the console looks; these are settings, whose variables `config` reads.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct Screen {
    /// Name or file of the console's theme
    ///
    /// [env: SYNCLINE_CONSOLE_THEME]
    #[arg(long, value_name = "NAME")]
    pub theme: Option<String>,

    /// Colours of the console: auto, truecolor, 256, 16 or mono
    ///
    /// [env: SYNCLINE_CONSOLE_COLOR]
    #[arg(long, value_name = "COLORS")]
    pub color: Option<String>,

    /// Draw with ASCII characters only
    #[arg(long, env = "SYNCLINE_ASCII", hide_env_values = true, value_parser = YesOrNo::new())]
    pub ascii: bool,
}
