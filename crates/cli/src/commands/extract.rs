//! `extract`: read content from Looker into the vault.

use std::fmt;
use std::num::{NonZeroU32, NonZeroU64};
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use engine::extract::{self, FolderScope, Report, Request, Stop};
use looker::Client;
use tokio_util::sync::CancellationToken;
use vault::Vault;

use crate::args::command_help;
use crate::config::{ExtractSettings, FolderStrategy, Layer, Pacing, Value, Workers};
use crate::context::Context;
use crate::exit::Exit;
use crate::kinds::KindChoice;
use crate::output::human::parse_duration;
use crate::report::{Failure, Outcome};
use crate::summary;
use crate::watching::Bars;
use crate::{interrupt, remote};

/// Read content from Looker into the vault
///
/// Reads the chosen kinds, whole or from chosen folders, in parallel, and
/// stores what is new or changed. The run is complete only when a closing
/// listing agrees with what was stored; what could not be read is recorded as
/// a gap and named.
#[derive(Args, Debug, Default)]
#[command(after_long_help = command_help(EXAMPLES, EXITS))]
pub struct ExtractArgs {
    /// Content kinds: dashboards, looks, folders, users, groups, roles, or all
    ///
    /// Singular names are accepted. Default: `kinds` in [extract] of the
    /// configuration, else all.
    #[arg(value_name = "KINDS", value_delimiter = ',')]
    pub kinds: Vec<KindChoice>,

    /// Content kinds, with commas; the same as KINDS
    #[arg(short, long, value_name = "KINDS", value_delimiter = ',')]
    pub types: Vec<KindChoice>,

    /// Read only what lies in these folders; may be repeated
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    pub folder_ids: Vec<FolderId>,

    /// Read the folders below those of --folder-ids too
    #[arg(short, long, requires = "folder_ids")]
    pub recursive: bool,

    /// Ceiling of concurrent requests, 1 to 64 [default: 8]
    #[arg(short, long, value_name = "N")]
    pub workers: Option<Workers>,

    /// How concurrency moves below that ceiling [default: adaptive]
    #[arg(long, value_name = "MODE")]
    pub pacing: Option<Pacing>,

    /// The largest page, in objects [default: by kind]
    #[arg(short = 'b', long, visible_alias = "batch-size", value_name = "N")]
    pub page_size: Option<NonZeroU32>,

    /// How folders are read [default: auto]
    #[arg(long, value_name = "STRATEGY")]
    pub folder_strategy: Option<FolderStrategy>,

    /// Leave out what lies in Looker's trash
    #[arg(long)]
    pub no_trash: bool,

    /// Stop, resumable, before the run makes more than N API calls
    #[arg(long, value_name = "N")]
    pub max_calls: Option<NonZeroU64>,

    /// Take up the newest run of the same scope where it stopped
    #[arg(long)]
    pub resume: bool,

    /// How often one call is tried [default: 8]
    #[arg(long, value_name = "N")]
    pub tries: Option<NonZeroU32>,

    /// How long a server may stay down before the run gives up [default: 120s]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub patience: Option<Duration>,

    /// How long one answer may be silent [default: 120s]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub timeout: Option<Duration>,
}

const EXAMPLES: &str = "
  Everything the account can see:
    lookervault extract

  Dashboards and looks of two folders and all below them:
    lookervault extract dashboards looks --folder-ids 12,40 --recursive

  Stay within an allowance of API calls, and go on tomorrow:
    lookervault extract --max-calls 500
    lookervault extract --resume

  For a script:
    lookervault extract --json > run.json";

const EXITS: &[Exit] = &[
    Exit::Failed,
    Exit::Usage,
    Exit::Incomplete,
    Exit::Budget,
    Exit::Connection,
    Exit::Busy,
    Exit::Interrupted,
];

impl ExtractArgs {
    /// The command line's part in the settings of `extract`.
    pub fn flags(&self) -> Layer {
        let mut flags = Layer::default();
        let number = |n: u64| Value::Text(n.to_string());
        let kinds: Vec<Value> =
            self.kinds.iter().chain(&self.types).map(|kind| Value::Text(kind.to_string())).collect();
        flags.flag("kinds", "KINDS", (!kinds.is_empty()).then_some(Value::List(kinds)));
        flags.flag("workers", "--workers", self.workers.map(|n| number(n.get().into())));
        flags.flag("pacing", "--pacing", self.pacing.as_ref().map(Value::choice));
        flags.flag("page_size", "--page-size", self.page_size.map(|n| number(n.get().into())));
        flags.flag("folder_strategy", "--folder-strategy", self.folder_strategy.as_ref().map(Value::choice));
        flags.flag("trash", "--no-trash", self.no_trash.then_some(Value::Flag(false)));
        flags.flag("max_calls", "--max-calls", self.max_calls.map(|n| number(n.get())));
        flags.flag("tries", "--tries", self.tries.map(|n| number(n.get().into())));
        flags.flag("patience", "--patience", self.patience.map(Value::duration));
        flags
    }
}

/// A folder's id: digits, or `lookml`, the folder of LookML dashboards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderId(String);

impl FolderId {
    /// The id as the API spells it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FolderId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let id = text.trim();
        let valid = id == "lookml" || (!id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()));
        valid.then(|| Self(id.to_owned())).ok_or_else(|| {
            "a folder id is a number or `lookml`; `lookervault list folders` shows the stored ones".into()
        })
    }
}

impl fmt::Display for FolderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Runs the extraction and tells what it came to.
///
/// # Errors
/// When it cannot begin, or the vault cannot be written.
pub fn run(context: &Context, args: &ExtractArgs) -> Outcome {
    let config = context.config()?;
    let mut instance = context.instance(&config)?;
    instance.timeout = instance.timeout.clone().or_flag(args.timeout, "--timeout");
    let settings = config.extract(&args.flags(), &instance)?;
    let client = remote::client(&instance, &settings)?;
    let request = request(args, &settings);
    let vault = Vault::open_for_writing(&config.vault.value, "extract")?;
    let report = context.block_on(work(context, &client, vault, request))?;
    summary::print(&context.printer, &report, &config.vault.value)?;
    Ok(exit(&report))
}

/// Extracts with progress, until the end or Ctrl-C.
pub(super) async fn work(
    context: &Context,
    client: &Client,
    vault: Vault,
    request: Request,
) -> Result<Report, Failure> {
    let interrupted = CancellationToken::new();
    let _listening = interrupt::on_signal(&interrupted, &context.printer);
    let bars = Bars::new(&context.printer);
    let report = extract::extract(client, vault, request, bars.clone(), &interrupted).await;
    bars.finish();
    Ok(report?)
}

/// The exit code that a report means.
pub(super) fn exit(report: &Report) -> Exit {
    match &report.stopped {
        Some(Stop::Budget) => Exit::Budget,
        Some(Stop::Interrupted) => Exit::Interrupted,
        _ if report.state == "complete" => Exit::Ok,
        _ => Exit::Incomplete,
    }
}

fn request(args: &ExtractArgs, settings: &ExtractSettings) -> Request {
    let ids: Vec<String> = args.folder_ids.iter().map(ToString::to_string).collect();
    let folders = (!ids.is_empty()).then_some(FolderScope { ids, recursive: args.recursive });
    let named = settings.kinds_named();
    let mut kinds = settings.catalogue_kinds();
    if folders.is_some() && !named {
        // Folders narrow a run to what lies in them.
        kinds.retain(|kind| kind.lies_in_folders());
    }
    let mut request = Request::new(kinds);
    request.kinds_named = named;
    request.folders = folders;
    request.trash = settings.trash.value;
    request.strategy = match settings.folder_strategy.value {
        FolderStrategy::Auto => extract::FolderStrategy::Auto,
        FolderStrategy::PerFolder => extract::FolderStrategy::PerFolder,
        FolderStrategy::Scan => extract::FolderStrategy::Scan,
    };
    request.page = settings.page_size.as_ref().map(|page| page.value.get());
    request.resume = args.resume;
    request
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        extract: ExtractArgs,
    }

    fn parse(line: &str) -> Result<ExtractArgs, clap::Error> {
        Line::try_parse_from(std::iter::once("extract").chain(line.split_whitespace()))
            .map(|line| line.extract)
    }

    #[test]
    fn both_spellings_of_kinds_and_folders_mean_the_same() {
        let ours = parse("dashboards looks --folder-ids 1 --folder-ids 2 --page-size 50").unwrap();
        let python = parse("-t dashboard,look --folder-ids 1,2 -b 50").unwrap();
        assert_eq!(ours.kinds, python.types);
        assert_eq!(ours.folder_ids, python.folder_ids);
        assert_eq!(ours.page_size, python.page_size);
        assert_eq!(parse("--batch-size 50").unwrap().page_size, ours.page_size);
    }

    #[test]
    fn wrong_values_are_refused_at_once() {
        for line in [
            "--folder-ids 1,x",
            "--folder-ids=",
            "-w 0",
            "-w 65",
            "--max-calls 0",
            "--patience soon",
            "-r",
            "boards",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
        assert!(parse("--folder-ids lookml -r").is_ok());
    }

    #[test]
    fn only_what_was_given_becomes_a_flag() {
        assert!(parse("").unwrap().flags().is_empty());
        let flags = parse("looks --no-trash --patience 1m30s --pacing fixed").unwrap().flags();
        for key in ["kinds", "trash", "patience", "pacing"] {
            assert!(flags.get(key).is_some(), "{key}");
        }
        assert!(flags.get("workers").is_none());
    }
}
