//! `show`: one stored object.

mod node;
mod redactions;
mod summary;

use clap::Args;
use serde::Serialize;
use serde_json::value::RawValue;
use vault::Stored;

use crate::args::command_help;
use crate::context::{Context, Opened};
use crate::exit::Exit;
use crate::kinds::KindName;
use crate::report::{Failure, Outcome};

/// Show one stored object
///
/// Works offline, on the newest state of the vault. For people: the main
/// fields, and for a dashboard its filters, tiles and layouts. With --json:
/// the API's whole answer under `parts.object`, with numbers as they were
/// spelled and the fields that change without an edit as last read; values
/// that were never stored are named in `redacted`.
#[derive(Args, Debug)]
#[command(after_long_help = command_help(EXAMPLES, EXITS))]
pub struct ShowArgs {
    /// Content kind: dashboard, look, folder, user, group, role
    #[arg(value_name = "KIND")]
    pub kind: KindName,

    /// The object's id in Looker
    #[arg(value_name = "ID")]
    pub id: String,
}

const EXAMPLES: &str = "
  A dashboard with its tiles:
    lookervault show dashboard 1012

  The API's answer for it, as a file:
    lookervault show dashboard 1012 --json | jq .parts.object > 1012.json";

const EXITS: &[Exit] = &[Exit::Failed, Exit::Usage];

/// Prints the object.
///
/// # Errors
/// When there is no vault, it cannot be read, or it has no such object.
pub fn run(context: &Context, args: &ShowArgs) -> Outcome {
    let opened = context.read_vault()?;
    let found = opened.reader.show(opened.instance.id, args.kind.plural(), &args.id)?;
    let stored = found.ok_or_else(|| absent(&opened, args))?;
    let object: &RawValue = serde_json::from_slice(&stored.document).map_err(|error| {
        Failure::new("vault.damaged", Exit::Damage, format!("the stored object is not JSON: {error}"))
    })?;
    if context.printer.is_json() {
        context.printer.json(&Document::new(&opened, args.kind, &stored, object))?;
    } else {
        opened.tell_epoch(&context.printer);
        summary::print(context, &opened, args.kind, &stored, object)?;
    }
    Ok(Exit::Ok)
}

fn absent(opened: &Opened, args: &ShowArgs) -> Failure {
    Failure::new(
        "vault.no_such_object",
        Exit::Failed,
        format!("the vault has no {} {}", args.kind.singular(), args.id),
    )
    .at(opened.instance.name())
    .hint(format!("`lookervault list {} --all` shows what it has", args.kind))
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    instance: &'a str,
    epoch: u32,
    kind: &'static str,
    id: &'a str,
    state: &'static str,
    run: i64,
    read_at: String,
    parts: Parts<'a>,
    redacted: Vec<String>,
}

#[derive(Serialize)]
struct Parts<'a> {
    object: &'a RawValue,
}

impl<'a> Document<'a> {
    fn new(opened: &'a Opened, kind: KindName, stored: &'a Stored, object: &'a RawValue) -> Self {
        let redacted = if stored.redacted > 0 { redactions::pointers(object) } else { Vec::new() };
        Self {
            schema: "lookervault.show/1",
            instance: &opened.instance.url,
            epoch: opened.instance.epoch,
            kind: kind.plural(),
            id: &stored.row.key,
            state: stored.row.side.name(),
            run: stored.row.from_run.number(),
            read_at: stored.read_at.to_string(),
            parts: Parts { object },
            redacted,
        }
    }
}
