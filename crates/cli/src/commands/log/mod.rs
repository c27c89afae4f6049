//! `log`: what happened, from the runs of a vault.

mod document;
mod line;

use clap::Args;
use engine::log::{Entry, LogFilter, Told, tell};
use jiff::{Timestamp, ToSpan};
use vault::ChangeFilter;

use crate::args::command_help;
use crate::context::{Context, Opened};
use crate::exit::Exit;
use crate::folders;
use crate::kinds::KindName;
use crate::moments::{self, Bound};
use crate::output::human;
use crate::report::{Failure, Outcome};

/// Show what changed, newest first
///
/// Works offline. One line a change: when, the run that found it, what happened,
/// to what, by whom. A change is dated by Looker's stamp; where there is none,
/// `≤` means at the latest then, and the line ends with the time after which it
/// was.
///
/// The API tells who updated a dashboard or look last, who put something into
/// the trash and who made it, and no more. `gone` means purged or no longer
/// visible to the account: Looker answers the same to both. The runs' accounts
/// are compared, and the line says when they differ.
#[derive(Args, Debug)]
#[command(after_long_help = command_help(EXAMPLES, EXITS))]
pub struct LogArgs {
    /// Only of this content kind
    #[arg(value_name = "KIND")]
    pub kind: Option<KindName>,

    /// Only of the object with this id
    #[arg(value_name = "ID")]
    pub id: Option<String>,

    /// Only what lies or lay in this folder or below it: its id, name or path
    #[arg(long, value_name = "FOLDER")]
    pub folder: Option<String>,

    /// Only since then: a time (2026-03-01, yesterday, 3d), or what later runs
    /// than this one found (a number, a tag, latest~1)
    #[arg(long, value_name = "RUN|TIME")]
    pub since: Option<String>,

    /// Only until then: a time, or what runs up to this one found
    #[arg(long, value_name = "RUN|TIME")]
    pub until: Option<String>,

    /// Only what this user did: an id, an e-mail address or a name
    #[arg(long, value_name = "USER")]
    pub by: Option<String>,

    /// At most N changes, the newest first
    #[arg(long, value_name = "N")]
    pub limit: Option<u64>,
}

const EXAMPLES: &str = "
  What the newest run found:
    lookervault log --since latest~1

  The history of a dashboard:
    lookervault log dashboard 1012

  Who did what in a folder in the last week:
    lookervault log --folder Shared/Finance --since 1w
    lookervault log --by ada@example.com --since monday

  What went, for a script:
    lookervault log --since yesterday --json | jq '.changes[] | select(.what[] == \"gone\")'";

const EXITS: &[Exit] = &[Exit::Failed, Exit::Usage];

/// Prints the changes.
///
/// # Errors
/// When there is no vault or it cannot be read, or a folder, run or time is
/// not understood.
pub fn run(context: &Context, args: &LogArgs) -> Outcome {
    let opened = context.read_vault()?;
    let span = Span::find(context, &opened, args)?;
    let filter = filter(&opened, args, &span)?;
    if context.printer.is_json() {
        document::print(context, &opened, args, &span, &filter)?;
    } else {
        let told =
            take(&opened, args, &filter, |entry| context.printer.line(line::of(&entry, &context.printer)))?;
        context.printer.status(conclusion(args, told));
    }
    Ok(Exit::Ok)
}

/// Hands over entries as they are found, so that nothing gathers here.
fn take(
    opened: &Opened,
    args: &LogArgs,
    filter: &LogFilter,
    mut each: impl FnMut(Entry) -> Result<(), Failure>,
) -> Result<Told, Failure> {
    let mut left = args.limit.unwrap_or(u64::MAX);
    if left == 0 {
        return Ok(Told::default());
    }
    let mut failed = None;
    let told = tell(&opened.reader, filter, |entry| {
        left -= 1;
        failed = each(entry).err();
        failed.is_none() && left > 0
    })?;
    failed.map_or(Ok(told), Err)
}

fn conclusion(args: &LogArgs, told: Told) -> String {
    let changes = human::counted(told.entries, "change", "changes");
    match (&args.by, told.unknown_authors) {
        (Some(_), 0) => format!("{changes}; the authors of all others are known"),
        (Some(_), unknown) => format!("{changes}; of {} more nobody knows the author", human::count(unknown)),
        (None, _) => changes,
    }
}

/// The ends of the history that is asked for.
struct Span {
    since: Option<Bound>,
    until: Option<Bound>,
}

impl Span {
    /// Finds both ends and says on stderr how they were understood.
    fn find(context: &Context, opened: &Opened, args: &LogArgs) -> Result<Self, Failure> {
        let now = context.now();
        let find = |text: &Option<String>, label: &str, of: fn(&Bound) -> Timestamp| {
            let Some(text) = text else { return Ok(None) };
            let bound = moments::find_bound(&opened.reader, &opened.instance, text, &now)?;
            let meant = match &bound {
                Bound::Run(meant) => meant.describe(&context.printer),
                Bound::Time(_) => {
                    let time = human::time(of(&bound), context.printer.zone());
                    format!("{time} ({})", human::one_line(text))
                }
            };
            context.printer.status(format!("{label} {meant}."));
            Ok::<_, Failure>(Some(bound))
        };
        let since =
            find(&args.since, "Since", |bound| bound.time().map_or(Timestamp::MIN, |time| time.from))?;
        let until =
            find(&args.until, "Until", |bound| bound.time().map_or(Timestamp::MAX, |time| time.until))?;
        Ok(Self { since, until })
    }
}

fn filter(opened: &Opened, args: &LogArgs, span: &Span) -> Result<LogFilter, Failure> {
    let instance = opened.instance.id;
    let run = |bound: &Option<Bound>| match bound {
        Some(Bound::Run(meant)) => Some(meant.moment.run),
        _ => None,
    };
    let time = |bound: &Option<Bound>| bound.as_ref().and_then(Bound::time);
    let since = time(&span.since).map(|time| time.from);
    // Runs that ended well before then, whatever the clocks, found nothing later.
    let earlier = since.and_then(|since| since.checked_sub(24.hours()).ok());
    let after = match earlier {
        Some(earlier) => opened.reader.moment_at(instance, earlier)?.map(|moment| moment.run),
        None => run(&span.since),
    };
    let changes = ChangeFilter {
        kind: args.kind.map(|kind| kind.plural().to_owned()),
        key: args.id.clone(),
        after,
        until: run(&span.until),
        ..ChangeFilter::of(instance)
    };
    let folders = args.folder.as_deref().map(|folder| folders_called(opened, folder)).transpose()?;
    let until = time(&span.until).map(|time| time.until);
    Ok(LogFilter { changes, folders, since, until, by: args.by.clone() })
}

/// The folders that are called so, and all below them.
fn folders_called(opened: &Opened, name: &str) -> Result<std::collections::HashSet<String>, Failure> {
    let all = opened.reader.every_folder(opened.instance.id)?;
    let is_meant = |key: &&str| {
        if folders::is_id(name) {
            *key == name
        } else {
            all.path(key).is_some_and(|path| folders::is_called(&path, name))
        }
    };
    let found: Vec<&str> = all.keys().filter(is_meant).collect();
    if found.is_empty() {
        let message = format!("the vault never had a folder `{}`", human::one_line(name));
        return Err(Failure::new("vault.no_such_folder", Exit::Failed, message)
            .at(&opened.instance.url)
            .hint("`lookervault list folders` shows which it has"));
    }
    Ok(all.with_descendants(&found))
}
