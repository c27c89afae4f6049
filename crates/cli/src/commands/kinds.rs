//! `kinds`: the catalogue of content kinds.

mod markdown;

use clap::Args;
use looker::Kind;
use looker::catalogue::{Cadence, FieldPattern, KINDS, List, Operation, Resource, Restore, Source};
use looker::pacing::Ledger;
use serde::Serialize;

use crate::args::command_help;
use crate::config::{CadenceSettings, Setting};
use crate::context::Context;
use crate::exit::Exit;
use crate::output::{Align, Table};
use crate::report::Outcome;

/// Show the content kinds and how each is read
///
/// One row a kind: its name and group, either of which `extract` takes, what is
/// kept, how often it is read by the configuration and what that costs in API calls,
/// whether the API can write it back, and what no call can read. With --json also the
/// API operations, the ledger they are booked on, and the fields that are never
/// stored.
#[derive(Args, Debug, Default)]
#[command(after_long_help = command_help(EXAMPLES, EXITS))]
pub struct KindsArgs {
    /// Print a page in Markdown: every kind with its operations, keys and fields
    #[arg(long, conflicts_with = "json")]
    pub markdown: bool,
}

const EXAMPLES: &str = "
  What can be extracted:
    lookervault kinds

  The same with all details, as docs/kinds.md has it:
    lookervault kinds --markdown";

const EXITS: &[Exit] = &[Exit::Failed];

#[derive(Serialize)]
struct Document {
    schema: &'static str,
    kinds: Vec<Entry>,
}

/// An entry of the catalogue as it is shown.
#[derive(Serialize)]
struct Entry {
    kind: &'static str,
    group: &'static str,
    about: &'static str,
    looker_type: &'static str,
    operations: Vec<Called>,
    cost: String,
    cadence: String,
    /// Where that comes from.
    cadence_from: String,
    page_size: Option<u32>,
    by_folder: bool,
    trash: bool,
    proved_by_listing: bool,
    natural_key: &'static [&'static str],
    not_restorable: Option<&'static str>,
    never_saved: &'static [&'static str],
    redacted: Vec<String>,
    destinations: Vec<String>,
}

/// An operation that reads a kind.
#[derive(Serialize)]
struct Called {
    operation: &'static str,
    path: &'static str,
    ledger: Ledger,
}

impl Entry {
    /// As the catalogue has it.
    fn new(kind: &'static Kind) -> Self {
        Self::with(kind, &Setting::default_value(kind.cadence))
    }

    fn with(kind: &'static Kind, cadence: &Setting<Cadence>) -> Self {
        let called = |operation: &&'static Operation| Called {
            operation: operation.id,
            path: operation.path,
            ledger: operation.ledger,
        };
        Self {
            kind: kind.name,
            group: kind.group.name(),
            about: kind.about,
            looker_type: kind.looker_type,
            operations: kind.operations().iter().map(called).collect(),
            cost: cost(kind),
            cadence: cadence.value.to_string(),
            cadence_from: cadence.origin.to_string(),
            page_size: kind.paged().map(|paged| paged.page),
            by_folder: kind.lies_in_folders(),
            trash: kind.has_trash(),
            proved_by_listing: kind.paged().is_some() && kind.envelope.updated_at.is_some(),
            natural_key: kind.natural_key,
            not_restorable: match kind.restore {
                Restore::Full if Resource::find(kind.name).is_none() => {
                    Some("lookervault does not write it yet")
                }
                Restore::Full => None,
                Restore::No(why) => Some(why),
            },
            never_saved: kind.never_saved,
            redacted: patterns(kind.redacted),
            destinations: patterns(kind.destinations),
        }
    }
}

fn patterns(list: &[FieldPattern]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

/// The calls that reading all of a kind costs, in words.
fn cost(kind: &Kind) -> String {
    match &kind.list {
        List::Whole(_) => "1".to_owned(),
        List::Paged(paged) => format!("1 for {}", paged.page),
        List::Singles(operations) => operations.len().to_string(),
        List::Each(each) => match &each.source {
            Source::References => "1 for each, once".to_owned(),
            Source::Objects(of) if each.lists.is_some() => {
                format!("1 for 100 of {of}, else for each, by age")
            }
            Source::Objects(of) => format!("1 for each of {of}, by age"),
            Source::Fields(fields) => {
                let kinds: Vec<&str> = fields.iter().map(|field| field.kind).collect();
                format!("1 for each in {}, by age", kinds.join(" and "))
            }
            Source::Listing { .. } => "1, and 1 for each, by age".to_owned(),
        },
    }
}

/// Prints the catalogue.
///
/// # Errors
/// When stdout cannot be written.
pub fn run(context: &Context, args: &KindsArgs) -> Outcome {
    let printer = &context.printer;
    if args.markdown {
        printer.line(markdown::page().trim_end())?;
        return Ok(Exit::Ok);
    }
    let cadence = match context.config().and_then(|config| Ok(config.cadence(&[])?)) {
        Ok(cadence) => cadence,
        Err(failure) => {
            let message = format!(
                "the configuration cannot be read ({}): these are the usual cadences",
                failure.message
            );
            printer.warn(&message, Some("`lookervault check --offline` says what is wrong with it"));
            CadenceSettings::default()
        }
    };
    let kinds: Vec<Entry> = KINDS.iter().map(|kind| Entry::with(kind, &cadence.of(kind))).collect();
    if printer.is_json() {
        printer.json(&Document { schema: "lookervault.kinds/1", kinds })?;
        return Ok(Exit::Ok);
    }
    let columns = ["kind", "group", "what", "read", "calls", "restorable", "never saved"];
    let mut table = Table::new(&columns.map(|name| (name, Align::Left)));
    for kind in &kinds {
        table.row([
            kind.kind.to_owned(),
            kind.group.to_owned(),
            kind.about.to_owned(),
            kind.cadence.clone(),
            kind.cost.clone(),
            kind.not_restorable.map_or_else(|| "yes".to_owned(), |why| format!("no: {why}")),
            kind.never_saved.join(", "),
        ]);
    }
    printer.table(&table)?;
    Ok(Exit::Ok)
}
