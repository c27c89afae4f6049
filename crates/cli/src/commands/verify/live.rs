//! `verify --live`: a price, a question, a comparison.

use std::num::{NonZeroU64, NonZeroUsize};
use std::time::Duration;

use clap::Args;
use engine::extract::{CallReport, FolderScope, FolderSelector, Stop};
use engine::live::{self, Cost, KindReport, LiveError, ObjectReport, Outcome, Plan, Report};
use looker::Kind;
use tokio_util::sync::CancellationToken;
use vault::{Reader, Vault};

use crate::commands::extract::FolderId;
use crate::config::{Config, Instance, Layer, Origin, Setting};
use crate::context::Context;
use crate::exit::Exit;
use crate::kinds::{self, KindChoice, KindName};
use crate::output::{Align, Printer, Table, human};
use crate::report::Failure;
use crate::standing::ByLedger;
use crate::watching::Bars;
use crate::{interrupt, remote};

/// Objects that are compared when nobody says how many.
const SAMPLE: usize = 50;

/// Calls that are made without asking when nobody says how many.
const UNASKED_CALLS: NonZeroU64 = NonZeroU64::new(100).expect("100 is not 0");

/// Objects that are named one by one; `--json` names all.
const MOST_LINES: usize = 20;

/// The part of the command line that is about the comparison.
#[derive(Args, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
pub struct LiveArgs {
    /// Read objects of the instance again and compare them with the vault
    ///
    /// Says first what it costs. On a terminal it asks before it begins, unless --yes
    /// or --max-calls answers that; elsewhere it begins if that is at most 100 calls,
    /// or what --max-calls or --yes allows. The calls are counted and stored like
    /// those of a run.
    #[arg(long)]
    pub live: bool,

    /// Compare only these kinds or groups of them [default: all that are stored]
    #[arg(value_name = "KINDS", value_delimiter = ',', requires = "live")]
    pub kinds: Vec<KindChoice>,

    /// Compare so many objects, chosen at random [default: 50]
    #[arg(long, value_name = "N", requires = "live")]
    pub sample: Option<NonZeroUsize>,

    /// Compare all objects
    #[arg(long, requires = "live", conflicts_with_all = ["sample", "seed"])]
    pub all: bool,

    /// Choose the same objects as the comparison that named this seed
    #[arg(long, value_name = "SEED", requires = "live")]
    pub seed: Option<u64>,

    /// Compare only what the vault has in this folder: an id or a path; may be repeated
    #[arg(long = "folder", value_name = "FOLDER", requires = "live")]
    pub folders: Vec<FolderSelector>,

    /// Compare only what the vault has in these folders, by id, with commas
    #[arg(long, value_name = "IDS", value_delimiter = ',', requires = "live")]
    pub folder_ids: Vec<FolderId>,

    /// Compare what lies anywhere below those folders too
    #[arg(short, long, requires = "live")]
    pub recursive: bool,

    /// Make no more than N API calls; begin at once if they are enough
    #[arg(long, value_name = "N", requires = "live")]
    pub max_calls: Option<NonZeroU64>,

    /// Go on though the month's allowance, less its reserve for restores, is spent
    #[arg(long, requires = "live")]
    pub over_allowance: bool,

    /// Do not ask
    #[arg(short, long, requires = "live")]
    pub yes: bool,
}

/// Plans a comparison, says what it costs, asks, and makes it. `None`: somebody
/// said no.
///
/// # Errors
/// When nothing can be compared, it would cost too much, or there is no way to the
/// instance.
pub(super) fn run(
    context: &Context,
    args: &LiveArgs,
    config: &Config,
    reader: &Reader,
) -> Result<Option<Report>, Failure> {
    let instance = context.instance(config)?;
    let bars = Bars::new(&context.printer);
    let plan = live::plan(reader, &address(&instance), request(args, config, &instance)?, &*bars)?;
    context.printer.status(price(&plan));
    let budget = match leave(&context.printer, args, plan.cost)? {
        Leave::Calls(calls) => Some(calls),
        Leave::Whatever => None,
        Leave::No => return Ok(None),
    };
    let mut settings = config.extract(&Layer::default(), &instance)?;
    settings.max_calls = budget.map(|value| Setting { value, origin: Origin::Flag { name: "--max-calls" } });
    let client = remote::client(&instance, &settings)?;
    let vault = Vault::open_for_writing(&config.vault.value, vault::COMPARING)?;
    let report = context.block_on(async {
        let interrupted = CancellationToken::new();
        let _listening = interrupt::on_signal(&interrupted, &context.printer);
        Ok(live::compare(&client, vault, plan, bars.clone(), &interrupted).await?)
    });
    bars.finish();
    report.map(Some)
}

fn address(instance: &Instance) -> String {
    instance.base_url.value.to_string()
}

fn request(args: &LiveArgs, config: &Config, instance: &Instance) -> Result<live::Request, Failure> {
    let ids = args.folder_ids.iter().map(|id| FolderSelector::Id(id.as_str().to_owned()));
    let include: Vec<FolderSelector> = args.folders.iter().cloned().chain(ids).collect();
    if args.recursive && include.is_empty() {
        return Err(Failure::new("usage", Exit::Usage, "--recursive goes with folders, and none are named")
            .hint("name some with --folder"));
    }
    let scope = FolderScope { include, recursive: args.recursive, ..FolderScope::default() };
    let allowance = config.allowance(&address(instance))?.allowance();
    Ok(live::Request {
        kinds: kinds::resolve(&args.kinds).into_iter().map(KindName::entry).collect(),
        kinds_named: !args.kinds.is_empty(),
        folders: (!scope.is_everything()).then_some(scope),
        sample: (!args.all).then_some(args.sample.map_or(SAMPLE, NonZeroUsize::get)),
        seed: args.seed.unwrap_or_else(fresh_seed),
        allowance: (!args.over_allowance).then_some(allowance),
    })
}

/// Short enough to be typed.
fn fresh_seed() -> u64 {
    fastrand::u64(1..1_000_000)
}

fn price(plan: &Plan) -> String {
    format!(
        "Comparing {} of {} costs {}.",
        human::count(plan.objects as u64),
        human::counted(plan.stored as u64, "live object", "live objects"),
        words(plan.cost),
    )
}

fn words(cost: Cost) -> String {
    let Cost { administrative, query_based } = cost;
    ByLedger { administrative, query_based, unmetered: 0 }.words()
}

/// What was allowed.
#[derive(Clone, Copy)]
enum Leave {
    /// So many calls.
    Calls(NonZeroU64),
    /// As many as it takes.
    Whatever,
    /// Somebody said no.
    No,
}

fn leave(printer: &Printer, args: &LiveArgs, cost: Cost) -> Result<Leave, Failure> {
    let needed = cost.metered();
    if let Some(most) = args.max_calls {
        if needed <= most.get() {
            return Ok(Leave::Calls(most));
        }
        let message = format!("this needs {}, and --max-calls allows {most}", words(cost));
        return Err(too_many(message, "compare fewer objects with --sample N, or allow more calls"));
    }
    if args.yes {
        return Ok(Leave::Whatever);
    }
    if printer.style().asks {
        let answers = [("yes", Leave::Whatever), ("no", Leave::No)];
        return Ok(printer.ask("Go on?", &answers).unwrap_or(Leave::No));
    }
    if needed <= UNASKED_CALLS.get() {
        return Ok(Leave::Calls(UNASKED_CALLS));
    }
    let message = format!("this needs {}, more than the {UNASKED_CALLS} that are made unasked", words(cost));
    Err(too_many(message, "allow them with --max-calls N or --yes, or compare fewer with --sample N"))
}

fn too_many(message: String, hint: &'static str) -> Failure {
    Failure::new("verify.too_many_calls", Exit::Budget, message).hint(hint)
}

impl From<LiveError> for Failure {
    fn from(error: LiveError) -> Self {
        match error {
            LiveError::Run(error) => error.into(),
            LiveError::NothingStored { .. } => Self::new("verify.nothing", Exit::Failed, error.to_string())
                .hint("read something into the vault with `lookervault extract`"),
            LiveError::OverAllowance { .. } => Self::new("allowance.spent", Exit::Budget, error.to_string())
                .hint("compare fewer objects with --sample N; --over-allowance goes on regardless"),
            _ => Self::new("verify.failed", Exit::Failed, error.to_string()),
        }
    }
}

/// The exit code that a comparison means.
pub(super) fn exit(report: &Report) -> Exit {
    match &report.stopped {
        _ if report.has_findings() => Exit::Damage,
        Some(Stop::Interrupted) => Exit::Interrupted,
        Some(stop) if stop.is_limit() => Exit::Budget,
        _ if report.count(Outcome::Unread) > 0 => Exit::Incomplete,
        _ => Exit::Ok,
    }
}

/// Tells people what the comparison came to.
pub(super) fn print(printer: &Printer, report: &Report) -> Result<(), Failure> {
    printer.table(&table(&report.kinds))?;
    let worst_first = [
        Outcome::Differs,
        Outcome::Damaged,
        Outcome::Unread,
        Outcome::Gone,
        Outcome::Edited,
        Outcome::Changed,
    ];
    let objects = worst_first
        .into_iter()
        .flat_map(|outcome| report.objects.iter().filter(move |object| object.outcome == outcome));
    for object in objects.take(MOST_LINES) {
        printer.line(line(printer, object))?;
    }
    if report.objects.len() > MOST_LINES {
        let rest = human::count((report.objects.len() - MOST_LINES) as u64);
        printer.line(format!("… and {rest} more; --json names all"))?;
    }
    verdict(printer, report)
}

fn table(kinds: &[KindReport]) -> Table {
    let right = |name| (name, Align::Right);
    let mut table = Table::new(&[
        ("kind", Align::Left),
        right("compared"),
        right("equal"),
        right("edited"),
        right("changed"),
        right("gone"),
        right("differs"),
        right("unread"),
    ]);
    for kind in kinds {
        let differs = kind.differs + kind.damaged;
        let counts = [kind.chosen, kind.equal, kind.edited, kind.changed, kind.gone, differs, kind.unread];
        let counts = counts.map(|count| human::count(count as u64));
        table.row(std::iter::once(kind.kind.to_owned()).chain(counts));
    }
    table
}

/// `differs: dashboard 12 "Sales": another body under the same stamp, at /title`
fn line(printer: &Printer, object: &ObjectReport) -> String {
    let paint = printer.paint();
    let (label, why) = match object.outcome {
        Outcome::Differs => (paint.bad("differs"), "another body, though nothing says that it was edited"),
        Outcome::Damaged => (paint.bad("damage"), ""),
        Outcome::Unread => (paint.caution("unread"), ""),
        Outcome::Gone => ("gone".to_owned(), ""),
        Outcome::Edited => ("edited since".to_owned(), ""),
        Outcome::Changed => ("changed".to_owned(), "another body; its kind has no stamp that tells edits"),
        Outcome::Equal => ("equal".to_owned(), ""),
    };
    let singular = Kind::find(object.kind).map_or(object.kind, |kind| kind.singular);
    let title = object.title.as_deref().filter(|title| !title.is_empty());
    let title = title.map(|title| format!(" \"{}\"", human::one_line(title))).unwrap_or_default();
    let edited = (object.outcome == Outcome::Edited).then_some(object.live_at).flatten();
    let edited = edited.map(|at| format!("on {}", human::time(at, printer.zone())));
    let places = (!object.places.is_empty()).then(|| format!("at {}", object.places.join(", ")));
    let reason = object.reason.clone();
    let why = (!why.is_empty()).then(|| why.to_owned());
    let told: Vec<String> = [why, edited, reason, places].into_iter().flatten().collect();
    let told = human::one_line(&told.join(", "));
    format!("{label}: {singular} {}{title}: {told}", human::one_line(&object.id))
}

fn verdict(printer: &Printer, report: &Report) -> Result<(), Failure> {
    let paint = printer.paint();
    let mut spent = ByLedger::default();
    report.calls.iter().for_each(|line: &CallReport| spent.add(line.ledger.name(), line.calls));
    let chosen: usize = report.kinds.iter().map(|kind| kind.chosen).sum();
    let of = human::counted(report.stored as u64, "live object", "live objects");
    let seed = report.sample.map(|_| format!(" (seed {})", report.seed)).unwrap_or_default();
    printer.line(format!(
        "Compared {} of {of}{seed} in {}, {}; run {}.",
        human::count((chosen - report.count(Outcome::Unread)) as u64),
        human::duration(Duration::from_secs_f64(report.seconds)),
        spent.words(),
        report.run,
    ))?;
    let new: usize = report.kinds.iter().filter_map(|kind| kind.not_in_vault).sum();
    if new > 0 {
        let new = human::counted(new as u64, "object", "objects");
        printer.line(format!("The lists that were read name {new} that the vault does not have."))?;
    }
    if let Some(stop) = &report.stopped {
        printer.line(format!("It stopped early: {}.", human::one_line(&stop.reason())))?;
    }
    printer.line(match (report.has_findings(), report.objects.is_empty()) {
        (true, _) => paint.bad("The vault differs from the instance. `lookervault extract` reads it again."),
        (false, true) => paint.good("The vault agrees with the instance."),
        (false, false) => paint.good("The vault agrees with the instance, but for what is named above."),
    })
}
