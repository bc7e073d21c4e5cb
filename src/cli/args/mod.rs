//! The command line as it is typed: every command and flag once, with its help and the environment variable that
//! stands in for it.
//!
//! Does not belong here: what a flag means together with a configuration (`settings`), opening anything.
//!
//! Invariants: every flag has an environment variable; help, completions and manual follow from these definitions
//! alone. Flags that are settings leave their variable to `config`, so that `--print-config` shows its true origin.

mod common;
mod demo;
mod job;
mod look;

use clap::{CommandFactory, Parser, Subcommand};

pub use common::{Mode, Output, Screen};
pub use demo::{DemoArguments, InitArguments};
pub use job::{AdHocJob, JobArguments, RunArguments};
pub use look::{
    DiffArguments, DiffFormat, HistoryArguments, ImportArguments, QuarantineArguments, QuarantineCommand,
    QuarantineDrop, QuarantineRows,
};

use common::YesOrNo;

/// Keeps the tables of two databases equal, proves it, and shows why it did what it did.
#[derive(Debug, Parser)]
#[command(
    name = "syncline",
    version,
    about,
    long_about = "Keeps the tables of two databases equal, proves it, and shows why it did what it did.\n\n\
        Without a command it runs the job of the configuration that it finds: --config, else ./syncline.toml, \
        else jobs/*.toml in the user's configuration folder.",
    after_help = "Exit codes: 0 all equal or all done, 1 differences remain, 2 usage, 3 stopped by errors, \
        4 held, 5 already running, 6 state damaged, 130/143 signal, 101 bug.",
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    max_term_width = 100
)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line, each read by name")]
pub struct Arguments {
    /// Print a commented configuration with every key, and exit
    #[arg(long, env = "SYNCLINE_PRINT_CONFIG_TEMPLATE", hide_env_values = true)]
    #[arg(value_parser = YesOrNo::new(), conflicts_with = "print_config")]
    pub print_config_template: bool,

    /// Print the merged configuration, each value with its origin, and exit
    #[arg(long, env = "SYNCLINE_PRINT_CONFIG", hide_env_values = true, value_parser = YesOrNo::new())]
    pub print_config: bool,

    /// Print every action of the console with its keys, as a key map, and exit
    #[arg(long, env = "SYNCLINE_PRINT_ACTIONS", hide_env_values = true, value_parser = YesOrNo::new())]
    pub print_actions: bool,

    /// Print every role of a theme, as the default theme has them, and exit
    #[arg(long, env = "SYNCLINE_PRINT_THEME_ITEMS", hide_env_values = true, value_parser = YesOrNo::new())]
    pub print_theme_items: bool,

    /// Without a command: as `run`.
    #[command(flatten)]
    pub run: RunArguments,

    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make two databases with believable, drifting data, and sync them
    Demo(DemoArguments),
    /// Write a configuration to begin with, from a look at two databases
    Init(InitArguments),
    /// Examine configuration, connections, privileges, clocks, schemas, keys and indexes
    Check(AdHocJob),
    /// Show what a run would do, table by table, with the reasons; writes nothing
    Plan(PlanArguments),
    /// Make the target equal to the source, and prove it
    Run(RunArguments),
    /// Prove that both sides are equal, or list what is not; writes nothing to them
    Verify(AdHocJob),
    /// Show the rows that differ
    Diff(DiffArguments),
    /// Look at the rows that the target refused, try them again, or forget them
    Quarantine(QuarantineArguments),
    /// Show past passes
    History(HistoryArguments),
    /// Show where the job stands: what runs, what is held, what is proven
    Status(JobOnly),
    /// Turn a db-sync.json into a configuration
    Import(ImportArguments),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

/// A job and how its report looks.
#[derive(Debug, clap::Args)]
pub struct JobOnly {
    /// Which job.
    #[command(flatten)]
    pub job: JobArguments,
    /// How to report.
    #[command(flatten)]
    pub output: Output,
}

/// `plan`.
#[derive(Debug, clap::Args)]
pub struct PlanArguments {
    /// Plan to compare every row, whatever the counts say
    #[arg(long, env = "SYNCLINE_FULL_COMPARE", hide_env_values = true, value_parser = YesOrNo::new())]
    pub full_compare: bool,
    /// The job.
    #[command(flatten)]
    pub job: AdHocJob,
}

/// The whole command line as clap knows it, for completions, manual and tests.
pub fn definition() -> clap::Command {
    Arguments::command()
}
