//! `extract`: read content from Looker into the vault.

mod all_instances;
mod history;
mod plan;

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use engine::extract::{self, Epoch, FolderSelector, Report, Request, Stop};
use jiff::SignedDuration;
use looker::catalogue::Source;
use looker::{Client, Kind};
use tokio_util::sync::CancellationToken;
use vault::{Vault, WriteAccess};

use crate::args::{Spending, command_help};
use crate::config::{
    Config, ExtractSettings, FolderStrategy, Instance, KindCadence, Layer, Origin, Pacing, Share, Value,
    Workers,
};
use crate::context::Context;
use crate::exit::Exit;
use crate::kinds::KindChoice;
use crate::output::human::{parse_above_zero, parse_duration};
use crate::report::{Failure, Outcome};
use crate::summary::{self, Under};
use crate::watching::Bars;
use crate::{interrupt, remote};

/// Read content from Looker into the vault
///
/// Reads the chosen kinds, whole or from chosen folders, in parallel, and
/// stores what is new or changed. The run is complete only when a closing
/// listing agrees with what was stored; what could not be read is recorded as
/// a gap and named.
#[derive(Args, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
#[command(after_long_help = command_help(EXAMPLES, EXITS))]
pub struct ExtractArgs {
    /// Content kinds or groups of them: dashboards, users, content, people, ..., or all
    ///
    /// `lookervault kinds` shows kinds and groups. Singular names are accepted.
    /// Default: `kinds` in [extract] of the configuration, else all.
    #[arg(value_name = "KINDS", value_delimiter = ',')]
    pub kinds: Vec<KindChoice>,

    /// Content kinds, with commas; the same as KINDS
    #[arg(short, long, value_name = "KINDS", value_delimiter = ',')]
    pub types: Vec<KindChoice>,

    /// Read only what lies in this folder: an id or a path; may be repeated
    ///
    /// A path starts at the root, for instance /Shared/Finance. In it * stands for
    /// any part of a name, ? for one character, and ** for any number of folders:
    /// /Shared/Finance/** is Finance with all below it. A \ before one of these, or
    /// before a slash, makes it a part of the name. Upper and lower case matter
    /// only where they must.
    #[arg(long = "folder", value_name = "FOLDER")]
    pub folders: Vec<FolderSelector>,

    /// Read only what lies in these folders, by id, with commas
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    pub folder_ids: Vec<FolderId>,

    /// Read what lies anywhere below those folders too
    #[arg(short, long, overrides_with = "no_recursive")]
    pub recursive: bool,

    /// Read no folder below them, whatever the configuration says
    #[arg(long, hide_short_help = true, overrides_with = "recursive")]
    pub no_recursive: bool,

    /// Leave out this folder and all below it, named as for --folder; may be repeated
    #[arg(long, value_name = "FOLDER")]
    pub exclude: Vec<FolderSelector>,

    /// Leave out personal folders and all below them
    #[arg(long, overrides_with = "personal")]
    pub no_personal: bool,

    /// Read personal folders, whatever the configuration says
    #[arg(long, hide_short_help = true, overrides_with = "no_personal")]
    pub personal: bool,

    /// Read every instance of the configuration, one after the other
    ///
    /// Each has a run of its own, with its own pacing and its own --max-calls. One
    /// that fails does not stop the others; the exit code is the worst of all, in
    /// the order 130, 7, 5, 1, 2, 6, 3, 4, 0.
    #[arg(long)]
    pub all_instances: bool,

    /// Use the values of [extract.NAME] of the configuration
    ///
    /// They weigh more than those of [extract] and less than the environment and
    /// the command line.
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,

    /// Ceiling of concurrent requests, 1 to 64 [default: 8]
    #[arg(short, long, value_name = "N")]
    pub workers: Option<Workers>,

    /// How concurrency moves below that ceiling [default: adaptive]
    #[arg(long, value_name = "MODE")]
    pub pacing: Option<Pacing>,

    /// The largest page, in objects [default: by kind]
    #[arg(short = 'b', long, visible_alias = "batch-size", value_name = "N", value_parser = parse_above_zero::<NonZeroU32>)]
    pub page_size: Option<NonZeroU32>,

    /// How folders are read [default: auto]
    #[arg(long, value_name = "STRATEGY")]
    pub folder_strategy: Option<FolderStrategy>,

    /// Leave out what lies in Looker's trash
    #[arg(long, overrides_with = "trash")]
    pub no_trash: bool,

    /// Read the trash, whatever the configuration says
    #[arg(long, hide_short_help = true, overrides_with = "no_trash")]
    pub trash: bool,

    /// Store the addresses of webhooks, buckets and servers that content is sent to
    ///
    /// They are secrets: who knows a webhook may post to it. Without this, addresses
    /// of schedules that are no e-mail addresses, their parameters, and the forms of
    /// actions in alerts are left out, and marked as such. A run that changes this
    /// gives the schedules and alerts concerned a new version.
    #[arg(long, overrides_with = "no_keep_destinations")]
    pub keep_destinations: bool,

    /// Leave those addresses out, whatever the configuration says
    #[arg(long, hide_short_help = true, overrides_with = "keep_destinations")]
    pub no_keep_destinations: bool,

    /// Say what the run will cost, and make none
    ///
    /// Kind by kind, by what the vault knows: at least, if nothing has changed, and
    /// likely, with changes as between the last runs. That makes no call. Of an
    /// instance that the vault does not know, how much there is to read is counted
    /// first, for about ten calls that are named before; on a terminal it asks. Ends
    /// with 4 when the allowance or --max-calls is less than the run needs.
    #[arg(long, conflicts_with_all = ["resume", "all_instances"])]
    pub plan: bool,

    /// What it may spend.
    #[command(flatten)]
    pub spending: Spending,

    /// Read everything now: kinds that are not due, and what is spread over runs
    #[arg(long)]
    pub all_now: bool,

    /// How often kinds or groups of them are read: settings=14d; may be repeated
    ///
    /// every-run, daily, weekly, on-request, or days such as 14d. It weighs more than
    /// `cadence` of the configuration. Kinds that are named are always read;
    /// `lookervault kinds` shows how often each is read otherwise.
    #[arg(long = "cadence", value_name = "KIND=HOW", value_delimiter = ',')]
    pub cadences: Vec<KindCadence>,

    /// Read again after so many days what changes without a stamp [default: 30]
    ///
    /// Access lists, attribute values and the like cost a call each and do not
    /// say when they were edited. Each run reads those that are oldest, so many
    /// that none is older than this.
    #[arg(long, value_name = "DAYS", value_parser = parse_above_zero::<NonZeroU32>)]
    pub max_age_days: Option<NonZeroU32>,

    /// Hold the run as suspect if more of a kind vanished at once [default: 20]
    ///
    /// In percent of what the vault has of the kind in the scope. Fewer than five
    /// objects are always believed; with 100 any number is. A suspect run marks
    /// nothing as gone until `lookervault runs confirm ID`.
    #[arg(long, value_name = "PERCENT")]
    pub suspect_share: Option<Share>,

    /// Begin a new history for this address, once
    ///
    /// For an instance that was rebuilt under its old address: it has other objects
    /// under the same ids. What was read before stays, as an older epoch.
    #[arg(long, conflicts_with_all = ["same_instance", "resume", "all_instances"])]
    pub new_epoch: bool,

    /// Go on with the old history though times of creation disagree, once
    #[arg(long, conflicts_with = "all_instances")]
    pub same_instance: bool,

    /// Read every object again, not only what a listing shows to have changed
    #[arg(long)]
    pub full: bool,

    /// Do so by itself after so many days [default: 30]
    ///
    /// What differs although its stamp did not move is reported, and halves the
    /// time to the next such run.
    #[arg(long, value_name = "DAYS")]
    pub full_every_days: Option<NonZeroU32>,

    /// Take up the newest run of the same scope where it stopped
    #[arg(long)]
    pub resume: bool,

    /// How often one call is tried [default: 8]
    #[arg(long, value_name = "N", value_parser = parse_above_zero::<NonZeroU32>)]
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
    lookervault extract dashboards looks --folder /Shared/Finance --folder 40 --recursive

  All folders called Reports below Shared, and all but two places:
    lookervault extract --folder '/Shared/**/Reports'
    lookervault extract --exclude /Shared/Scratch --no-personal

  Kinds by group, and a scope kept in the configuration as [extract.nightly]:
    lookervault extract content people
    lookervault extract --profile nightly --all-instances

  What will it cost?
    lookervault extract --plan

  Stay within a budget of API calls, and go on tomorrow:
    lookervault extract --max-calls 500
    lookervault extract --resume

  This once beyond the month's allowance (`lookervault calls` shows what is left):
    lookervault extract --over-allowance

  The instance was rebuilt under its old address:
    lookervault extract --new-epoch

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
        let folders: Vec<Value> = (self.folders.iter().map(ToString::to_string))
            .chain(self.folder_ids.iter().map(ToString::to_string))
            .map(Value::Text)
            .collect();
        let name = if self.folders.is_empty() { "--folder-ids" } else { "--folder" };
        flags.flag("folders", name, (!folders.is_empty()).then_some(Value::List(folders)));
        let exclude: Vec<Value> = self.exclude.iter().map(|one| Value::Text(one.to_string())).collect();
        flags.flag("exclude", "--exclude", (!exclude.is_empty()).then_some(Value::List(exclude)));
        let mut switch = |key, [on, off]: [(&'static str, bool); 2]| {
            for (name, given, value) in [(on.0, on.1, true), (off.0, off.1, false)] {
                flags.flag(key, name, given.then_some(Value::Flag(value)));
            }
        };
        switch("recursive", [("--recursive", self.recursive), ("--no-recursive", self.no_recursive)]);
        switch("personal", [("--personal", self.personal), ("--no-personal", self.no_personal)]);
        switch("trash", [("--trash", self.trash), ("--no-trash", self.no_trash)]);
        let kept = ("--keep-destinations", self.keep_destinations);
        switch("keep_destinations", [kept, ("--no-keep-destinations", self.no_keep_destinations)]);
        flags.flag("workers", "--workers", self.workers.map(|n| number(n.get().into())));
        flags.flag("pacing", "--pacing", self.pacing.as_ref().map(Value::choice));
        flags.flag("page_size", "--page-size", self.page_size.map(|n| number(n.get().into())));
        flags.flag("folder_strategy", "--folder-strategy", self.folder_strategy.as_ref().map(Value::choice));
        flags.flag("max_calls", "--max-calls", self.spending.max_calls.map(|n| number(n.get())));
        flags.flag("tries", "--tries", self.tries.map(|n| number(n.get().into())));
        flags.flag("patience", "--patience", self.patience.map(Value::duration));
        flags.flag("suspect_share", "--suspect-share", self.suspect_share.map(|n| number(n.get().into())));
        flags.flag("max_age_days", "--max-age-days", self.max_age_days.map(|n| number(n.get().into())));
        let full_every_days = self.full_every_days.map(|n| number(n.get().into()));
        flags.flag("full_every_days", "--full-every-days", full_every_days);
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
    let mut config = context.config()?;
    if let Some(profile) = &args.profile {
        config = config.with_profile(profile)?;
    }
    if args.all_instances {
        return all_instances::run(context, args, &config);
    }
    if args.plan {
        return plan::run(context, args, &config);
    }
    let instance = context.instance(&config)?;
    let planned = Planned::new(args, &config, instance.clone())?;
    let access = Arc::new(WriteAccess::take(&config.vault.value, "extract")?);
    let report = context.block_on(work(context, &planned.client, opening(&access), planned.request));
    let report = match report {
        Err(failure) if failure.kind == remote::OTHER_INSTANCE => {
            let epoch = history::ask(&context.printer, &failure).ok_or(failure)?;
            let Planned { client, mut request, .. } = Planned::new(args, &config, instance)?;
            request.epoch = epoch;
            context.block_on(work(context, &client, opening(&access), request))?
        }
        report => report?,
    };
    summary::print(&context.printer, &report, &config.vault.value, &planned.under)?;
    Ok(exit(&report))
}

/// An extraction that is ready to begin.
pub(super) struct Planned {
    pub(super) client: Client,
    pub(super) request: Request,
    under: Under,
}

/// What an extraction is to do, before there is a client for it.
struct Settled {
    instance: Instance,
    settings: ExtractSettings,
    request: Request,
    under: Under,
}

impl Settled {
    fn new(args: &ExtractArgs, config: &Config, mut instance: Instance) -> Result<Self, Failure> {
        instance.timeout = instance.timeout.clone().or_flag(args.timeout, "--timeout");
        let settings = config.extract(&args.flags(), &instance)?;
        let mut request = request(args, &settings)?;
        request.cadences = config.cadence(&args.cadences)?.cadences();
        let allowance = config.allowance(&instance.base_url.value.to_string())?.allowance();
        let set_aside = args.spending.over_allowance && allowance.is_set();
        request.refresh.spread = allowance.is_set() && !set_aside;
        request.allowance = (!set_aside).then(|| allowance.clone());
        Ok(Self { instance, settings, request, under: Under { allowance, set_aside } })
    }
}

impl Planned {
    pub(super) fn new(args: &ExtractArgs, config: &Config, instance: Instance) -> Result<Self, Failure> {
        let Settled { instance, settings, request, under } = Settled::new(args, config, instance)?;
        let client = remote::client(&instance, &settings)?;
        Ok(Self { client, request, under })
    }
}

/// Opens a vault whose lock is ours.
fn opening(access: &Arc<WriteAccess>) -> impl FnOnce() -> vault::Result<Vault> + Send + use<> {
    let access = Arc::clone(access);
    move || access.open()
}

/// Extracts with progress, until the end or Ctrl-C.
pub(super) async fn work(
    context: &Context,
    client: &Client,
    open: impl FnOnce() -> vault::Result<Vault> + Send + 'static,
    request: Request,
) -> Result<Report, Failure> {
    let interrupted = CancellationToken::new();
    let _listening = interrupt::on_signal(&interrupted, &context.printer);
    work_until(context, client, open, request, &interrupted).await
}

async fn work_until(
    context: &Context,
    client: &Client,
    open: impl FnOnce() -> vault::Result<Vault> + Send + 'static,
    request: Request,
    interrupted: &CancellationToken,
) -> Result<Report, Failure> {
    let bars = Bars::new(&context.printer);
    let report = extract::extract(client, open, request, bars.clone(), interrupted).await;
    bars.finish();
    Ok(report?)
}

/// The exit code that a report means.
pub(super) fn exit(report: &Report) -> Exit {
    match &report.stopped {
        Some(stop) if stop.is_limit() => Exit::Budget,
        Some(Stop::Interrupted) => Exit::Interrupted,
        _ if report.state == "complete" => Exit::Ok,
        _ => Exit::Incomplete,
    }
}

fn request(args: &ExtractArgs, settings: &ExtractSettings) -> Result<Request, Failure> {
    if args.recursive && settings.folders.value.is_empty() {
        return Err(Failure::new("usage", Exit::Usage, "--recursive goes with folders, and none are named")
            .hint("name some with --folder; without any, all folders are read"));
    }
    let named = settings.kinds_named();
    let mut kinds = settings.catalogue_kinds();
    let mut folders = settings.scope();
    let narrowed = !settings.folders.value.is_empty();
    if narrowed && !named {
        // Folders narrow a run to what lies in them, and what that is made of.
        let is_part = |kind: &Kind| kind.each().is_some_and(|each| each.source == Source::References);
        kinds.retain(|kind| kind.lies_in_folders() || is_part(kind));
    }
    let asked_for = narrowed && matches!(settings.folders.origin, Origin::Flag { .. });
    if !asked_for && !kinds.iter().any(|kind| kind.lies_in_folders()) {
        // What the configuration says of folders is about other kinds.
        folders = None;
    }
    let mut request = Request::new(kinds);
    request.kinds_named = named;
    request.folders = folders;
    request.trash = settings.trash.value;
    if settings.keep_destinations.value {
        request.destinations = extract::Destinations::Keep;
    }
    request.strategy = match settings.folder_strategy.value {
        FolderStrategy::Auto => extract::FolderStrategy::Auto,
        FolderStrategy::PerFolder => extract::FolderStrategy::PerFolder,
        FolderStrategy::Scan => extract::FolderStrategy::Scan,
    };
    request.page = settings.page_size.as_ref().map(|page| page.value.get());
    request.resume = args.resume;
    request.suspect_share = settings.suspect_share.value.get();
    request.epoch = match (args.new_epoch, args.same_instance) {
        (true, _) => Epoch::New,
        (_, true) => Epoch::Continued,
        _ => Epoch::Recognised,
    };
    request.refresh.max_age = SignedDuration::from_hours(24 * i64::from(settings.max_age_days.value.get()));
    request.refresh.all_now = args.all_now;
    request.full = args.full;
    request.full_every_days = settings.full_every_days.value.get();
    Ok(request)
}

#[cfg(test)]
mod tests;
