//! `kinds`: the catalogue of content kinds.

use clap::Args;
use looker::Kind;
use looker::catalogue::KINDS;
use looker::pacing::Ledger;
use serde::Serialize;

use crate::args::command_help;
use crate::context::Context;
use crate::exit::Exit;
use crate::output::{Align, Table};
use crate::report::Outcome;

/// Show the content kinds and how each is read
///
/// One row a kind: its names, the API operation that lists it, whether it can
/// be read by folder and whether it has a trash.
#[derive(Args, Debug, Default)]
#[command(after_long_help = command_help(EXAMPLES, EXITS))]
pub struct KindsArgs {}

const EXAMPLES: &str = "
  What can be extracted:
    lookervault kinds";

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
    about: &'static str,
    looker_type: &'static str,
    operation: &'static str,
    path: &'static str,
    ledger: Ledger,
    page_size: Option<u32>,
    by_folder: bool,
    trash: bool,
    proved_by_listing: bool,
    natural_key: &'static [&'static str],
    redacted: Vec<String>,
}

impl Entry {
    fn new(kind: &'static Kind) -> Self {
        let operation = kind.operation();
        Self {
            kind: kind.name,
            about: kind.about,
            looker_type: kind.looker_type,
            operation: operation.id,
            path: operation.path,
            ledger: operation.ledger,
            page_size: kind.paged().map(|paged| paged.page),
            by_folder: kind.lies_in_folders(),
            trash: kind.has_trash(),
            proved_by_listing: kind.envelope.updated_at.is_some(),
            natural_key: kind.natural_key,
            redacted: kind.redacted.iter().map(ToString::to_string).collect(),
        }
    }
}

/// Prints the catalogue.
///
/// # Errors
/// When stdout cannot be written.
pub fn run(context: &Context, _: &KindsArgs) -> Outcome {
    let kinds: Vec<Entry> = KINDS.iter().map(Entry::new).collect();
    let printer = &context.printer;
    if printer.is_json() {
        printer.json(&Document { schema: "lookervault.kinds/1", kinds })?;
        return Ok(Exit::Ok);
    }
    let columns = ["kind", "what", "listed by", "page", "by folder", "trash", "never stored"];
    let mut table = Table::new(&columns.map(|name| (name, Align::Left)));
    let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
    for kind in &kinds {
        table.row([
            kind.kind.to_owned(),
            kind.about.to_owned(),
            kind.operation.to_owned(),
            kind.page_size.map_or_else(|| "all at once".to_owned(), |page| page.to_string()),
            yes(kind.by_folder),
            yes(kind.trash),
            kind.redacted.join(", "),
        ]);
    }
    printer.table(&table)?;
    Ok(Exit::Ok)
}
