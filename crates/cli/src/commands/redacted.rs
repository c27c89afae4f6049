//! `redacted`: values that were never stored.

use clap::Args;
use serde::Serialize;
use vault::Redacted;

use crate::args::command_help;
use crate::context::{Context, Opened};
use crate::exit::Exit;
use crate::kinds::{self, KindChoice, KindName};
use crate::output::{Align, Table, human};
use crate::report::{Failure, Outcome};

/// List the values that were never stored: to be entered again after a restore
///
/// Passwords, tokens, keys and the like are left out of the vault; the place is
/// marked. This names all places, of what is live and of the trash, by kind, object
/// and field. Works offline, on the newest state of the vault.
#[derive(Args, Debug, Default)]
#[command(after_long_help = command_help(EXAMPLES, EXITS))]
pub struct RedactedArgs {
    /// Content kinds or groups of them [default: all]
    #[arg(value_name = "KINDS", value_delimiter = ',')]
    pub kinds: Vec<KindChoice>,
}

const EXAMPLES: &str = "
  All that would have to be entered again:
    lookervault redacted

  Schedules whose destinations were left out:
    lookervault redacted scheduled_plans

  As a list for a script:
    lookervault redacted --json | jq -r '.objects[] | .kind + \" \" + .id + .fields[]'";

const EXITS: &[Exit] = &[Exit::Failed, Exit::Usage];

/// Prints the places.
///
/// # Errors
/// When there is no vault, or it cannot be read.
pub fn run(context: &Context, args: &RedactedArgs) -> Outcome {
    let opened = context.read_vault()?;
    let objects = find(&opened, &kinds::resolve(&args.kinds))?;
    let values = objects.iter().map(|object| object.fields.len() as u64).sum();
    let printer = &context.printer;
    if printer.is_json() {
        printer.json(&Document {
            schema: "lookervault.redacted/1",
            instance: &opened.instance.url,
            count: values,
            objects,
        })?;
    } else if objects.is_empty() {
        printer.status("No value was left out.");
    } else {
        printer.table(&table(&objects))?;
        printer.status(format!("{} never stored", human::counted(values, "value was", "values were")));
    }
    Ok(Exit::Ok)
}

fn find(opened: &Opened, kinds: &[KindName]) -> Result<Vec<Entry>, Failure> {
    let mut objects = Vec::new();
    for kind in kinds {
        opened
            .reader
            .redacted(opened.instance.id, kind.plural(), |found| objects.push(Entry::new(*kind, found)))?;
    }
    Ok(objects)
}

fn table(objects: &[Entry]) -> Table {
    let columns =
        [("kind", Align::Left), ("id", Align::Right), ("title", Align::Left), ("field", Align::Left)];
    let mut table = Table::new(&columns);
    for object in objects {
        for field in &object.fields {
            let title = object.title.clone().unwrap_or_default();
            table.row([object.kind.to_owned(), object.id.clone(), title, field.clone()]);
        }
    }
    table
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    instance: &'a str,
    count: u64,
    objects: Vec<Entry>,
}

/// An object with values that were left out.
#[derive(Serialize)]
struct Entry {
    kind: &'static str,
    id: String,
    title: Option<String>,
    state: &'static str,
    fields: Vec<String>,
}

impl Entry {
    fn new(kind: KindName, found: Redacted) -> Self {
        let Redacted { key, title, side, fields } = found;
        Self { kind: kind.plural(), id: key, title, state: side.name(), fields }
    }
}
