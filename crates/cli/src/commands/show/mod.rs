//! `show`: one stored object.

mod counters;
mod dashboard;
mod names;
pub(crate) mod node;
mod plain;
mod sketch;
mod summary;

use clap::Args;
use serde::Serialize;
use serde_json::value::RawValue;
use vault::{ChangeFilter, RunId, Stored};

use self::counters::CounterPart;
use crate::args::command_help;
use crate::context::{Context, Opened};
use crate::exit::Exit;
use crate::kinds::KindName;
use crate::moments::{AsOf, Meant, MomentPart};
use crate::output::human;
use crate::report::{Failure, Outcome};

/// Show one stored object
///
/// Works offline, on the newest state of the vault or, with --as-of, an earlier
/// one. For people: the main fields, for a dashboard its filters, tiles and
/// layout, for a list its rows. With --json: the API's whole answer under
/// `parts.object`, with numbers as they were spelled and the fields that change
/// without an edit as last read (a version that is no longer current comes
/// without them); values
/// that were never stored are named in `redacted`.
#[derive(Args, Debug)]
#[command(after_long_help = command_help(EXAMPLES, EXITS))]
pub struct ShowArgs {
    /// Content kind, for instance dashboard; `lookervault kinds` shows all
    #[arg(value_name = "KIND")]
    pub kind: KindName,

    /// The object's id in Looker
    #[arg(value_name = "ID")]
    pub id: String,

    /// The state to look at.
    #[command(flatten)]
    pub as_of: AsOf,
}

const EXAMPLES: &str = "
  A dashboard with its tiles:
    lookervault show dashboard 1012

  The same dashboard as it was at the end of a day, or as run 12 left it:
    lookervault show dashboard 1012 --as-of 2026-03-01
    lookervault show dashboard 1012 --as-of 12

  The API's answer for it, as a file:
    lookervault show dashboard 1012 --json | jq .parts.object > 1012.json";

const EXITS: &[Exit] = &[Exit::Failed, Exit::Usage];

/// Prints the object.
///
/// # Errors
/// When there is no vault, it cannot be read, or it has no such object.
pub fn run(context: &Context, args: &ShowArgs) -> Outcome {
    let opened = context.read_vault()?;
    let as_of = opened.as_of(context, &args.as_of)?;
    let at = as_of.as_ref().map(|meant| meant.moment.run);
    let found = opened.reader.show_at(opened.instance.id, args.kind.plural(), &args.id, at)?;
    let Some(stored) = found else { return Err(absent(context, &opened, args, at)?) };
    let object: &RawValue = serde_json::from_slice(&stored.document).map_err(|error| {
        Failure::new("vault.damaged", Exit::Damage, format!("the stored object is not JSON: {error}"))
    })?;
    let counted = opened.reader.counters(opened.instance.id, args.kind.plural(), &args.id, at)?;
    if context.printer.is_json() {
        let document = Document::new(&opened, args.kind, as_of.as_ref(), &stored, object);
        context.printer.json(&Document { counters: counters::parts(&counted), ..document })?;
    } else {
        opened.tell_epoch(&context.printer);
        summary::print(context, &opened, args.kind, at, &stored, object)?;
        counters::print(&context.printer, &counted)?;
    }
    Ok(Exit::Ok)
}

/// Says what is known of an object that is not there: when it was, if ever.
fn absent(
    context: &Context,
    opened: &Opened,
    args: &ShowArgs,
    at: Option<RunId>,
) -> Result<Failure, Failure> {
    let mut versions = Vec::new();
    let filter = ChangeFilter {
        kind: Some(args.kind.plural().to_owned()),
        key: Some(args.id.clone()),
        ..ChangeFilter::of(opened.instance.id)
    };
    opened.reader.changes(&filter, |change| {
        versions.push(change.after);
        true
    })?;
    let name = format!("{} {}", args.kind.singular(), args.id);
    let zone = context.printer.zone();
    let then = at.unwrap_or(RunId::from_number(i64::MAX));
    let (later, earlier): (Vec<_>, Vec<_>) = versions.iter().partition(|version| version.from_run > then);
    let (message, hint) = if let Some(gone) = earlier.first() {
        let since = human::time(gone.read_at, zone);
        let last = earlier.iter().find(|version| version.side.is_some());
        let hint = match last.filter(|last| last.from_run < gone.from_run) {
            Some(last) => format!("`--as-of {}` shows how it was last", last.from_run),
            None => format!("it came and went while run {} was at work", gone.from_run),
        };
        (format!("the {name} is gone since run {} ({since})", gone.from_run), hint)
    } else if let Some(first) = later.last() {
        let since = human::time(first.read_at, zone);
        let message = format!("the vault did not have the {name} yet");
        (message, format!("run {} ({since}) was the first that saw it", first.from_run))
    } else {
        let hint = format!("`lookervault list {} --all` shows what it has", args.kind);
        (format!("the vault has no {name}"), hint)
    };
    let failure = Failure::new("vault.no_such_object", Exit::Failed, message);
    Ok(failure.at(opened.instance.name()).hint(hint))
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    instance: &'a str,
    epoch: u32,
    kind: &'static str,
    id: &'a str,
    as_of: Option<MomentPart<'a>>,
    state: &'static str,
    run: i64,
    read_at: String,
    parts: Parts<'a>,
    counters: Vec<CounterPart<'a>>,
    redacted: Vec<String>,
}

#[derive(Serialize)]
struct Parts<'a> {
    object: &'a RawValue,
}

impl<'a> Document<'a> {
    fn new(
        opened: &'a Opened,
        kind: KindName,
        as_of: Option<&'a Meant>,
        stored: &'a Stored,
        object: &'a RawValue,
    ) -> Self {
        let redacted = vault::redactions(&stored.document);
        Self {
            schema: "lookervault.show/1",
            instance: &opened.instance.url,
            epoch: opened.instance.epoch,
            kind: kind.plural(),
            id: &stored.row.key,
            as_of: as_of.map(Meant::part),
            state: stored.row.side.name(),
            run: stored.row.from_run.number(),
            read_at: stored.read_at.to_string(),
            parts: Parts { object },
            counters: Vec::new(),
            redacted,
        }
    }
}
