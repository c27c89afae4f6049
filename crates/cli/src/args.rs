//! The command line.

use std::num::NonZeroU64;
use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use crate::commands;
use crate::config::Flags;
use crate::exit::{self, Exit};
use crate::output::human::parse_above_zero;
use crate::output::{ColorChoice, Wishes};

/// Version control and disaster recovery for the content of a Looker instance.
///
/// Reads all that the Looker API gives (dashboards, looks, folders, schedules,
/// users, roles, settings and more) into a vault, one file that keeps every
/// version, and works on that vault offline.
#[derive(Debug, Parser)]
#[command(
    name = "lookervault",
    version,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true,
    max_term_width = 100,
    after_long_help = program_help()
)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: GlobalArgs,

    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// What a run that reads an instance may spend.
#[derive(Args, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spending {
    /// Stop, resumable, before the run makes more than N API calls
    #[arg(long, value_name = "N", value_parser = parse_above_zero::<NonZeroU64>)]
    pub max_calls: Option<NonZeroU64>,

    /// Go on though the month's allowance, less its reserve for restores, is spent
    #[arg(long)]
    pub over_allowance: bool,
}

/// Options of every command.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Global options")]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
pub struct GlobalArgs {
    /// Configuration file [env: LOOKERVAULT_CONFIG]
    ///
    /// Without it: ./lookervault.toml, then lookervault/config.toml in
    /// $XDG_CONFIG_HOME or ~/.config. An SDK's ./looker.ini is read too.
    #[arg(short, long, global = true, value_name = "PATH")]
    pub config: Option<PathBuf>,

    /// Looker instance: a name from the configuration [env: LOOKERVAULT_INSTANCE]
    ///
    /// Commands that work offline also take the address of an instance in the
    /// vault. Where an address has several epochs, NAME#1 is the first of them;
    /// without a number the newest is meant.
    #[arg(short = 'I', long, global = true, value_name = "NAME")]
    pub instance: Option<String>,

    /// The vault's file [env: LOOKERVAULT_VAULT] [default: lookervault.db]
    #[arg(long, visible_alias = "db", alias = "db-path", global = true, value_name = "PATH")]
    pub vault: Option<PathBuf>,

    /// Print one JSON document on stdout, and errors as JSON on stderr
    #[arg(long, global = true)]
    pub json: bool,

    /// Output format
    #[arg(short, long, global = true, value_name = "FORMAT")]
    pub output: Option<OutputFormat>,

    /// Log to stderr; repeat for more [env: LOOKERVAULT_LOG]
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,

    /// As -vv, for people who are used to it.
    #[arg(long, global = true, hide = true)]
    pub debug: bool,

    /// Say nothing but data, warnings and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,

    /// Show no progress
    #[arg(long, global = true)]
    pub no_progress: bool,
}

/// How a command answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// Tables and text for people.
    Table,
    /// One JSON document; the same as --json.
    Json,
}

impl GlobalArgs {
    /// What the output should look like.
    pub fn wishes(&self) -> Wishes {
        Wishes {
            json: self.json || self.output == Some(OutputFormat::Json),
            quiet: self.quiet,
            verbose: if self.debug { self.verbose.max(2) } else { self.verbose },
            color: self.color,
            no_progress: self.no_progress,
        }
    }

    /// The command line's part in the configuration.
    pub fn flags(&self) -> Flags {
        let instance = self.instance_and_epoch().map(|(name, _)| name.to_owned());
        Flags { config: self.config.clone(), instance, vault: self.vault.clone() }
    }

    /// What `--instance` names, and the epoch behind its `#`.
    pub fn instance_and_epoch(&self) -> Option<(&str, Option<u32>)> {
        let given = self.instance.as_deref()?;
        let split = given.rsplit_once('#').and_then(|(name, epoch)| Some((name, epoch.parse().ok()?)));
        Some(split.map_or((given, None), |(name, epoch)| (name, Some(epoch))))
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
#[expect(missing_docs, reason = "a command is documented where its arguments are")]
pub enum Command {
    #[cfg(feature = "sim")]
    Demo(commands::demo::DemoArgs),
    #[command(visible_alias = "info")]
    Check(commands::check::CheckArgs),
    Extract(Box<commands::extract::ExtractArgs>),
    Kinds(commands::kinds::KindsArgs),
    List(commands::list::ListArgs),
    Show(commands::show::ShowArgs),
    Redacted(commands::redacted::RedactedArgs),
    Log(commands::log::LogArgs),
    Diff(Box<commands::diff::DiffArgs>),
    Search(commands::search::SearchArgs),
    Impact(commands::impact::ImpactArgs),
    Lint(commands::lint::LintArgs),
    Verify(commands::verify::VerifyArgs),
    Runs(commands::runs::RunsArgs),
    Tag(commands::tag::TagArgs),
    Calls(commands::calls::CallsArgs),
    Stats(commands::stats::StatsArgs),
    Sql(commands::sql::SqlArgs),
    Prune(commands::prune::PruneArgs),
    Restore(Box<commands::restore::RestoreArgs>),
    #[cfg(feature = "sim")]
    Sim(Box<commands::sim::SimArgs>),
    Completions(commands::completions::CompletionsArgs),
    Man(commands::man::ManArgs),
}

fn program_help() -> String {
    let examples = "\
Examples:
  Read two folders and all below them, then look at the result:
    lookervault extract dashboards looks --folder /Shared/Finance --folder 40 --recursive
    lookervault list dashboards
    lookervault show dashboard 1012

  Use another vault and an instance of the configuration:
    lookervault --vault backup.db --instance prod extract

  Credentials in the environment, as for the official SDK:
    export LOOKERSDK_BASE_URL=https://looker.example.com:19999
    export LOOKERSDK_CLIENT_ID=... LOOKERSDK_CLIENT_SECRET=...";
    let exits = exit::help_section(exit::TABLE.iter().map(|(exit, _)| *exit));
    format!("{examples}\n\n{exits}")
}

/// The end of a command's long help: its examples and its exit codes.
pub fn command_help(examples: &str, exits: &[Exit]) -> String {
    let exits = exit::help_section([Exit::Ok].into_iter().chain(exits.iter().copied()));
    format!("Examples:\n{}\n\n{exits}", examples.trim_matches('\n'))
}
