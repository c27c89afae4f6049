//! `tag`: names for runs.

use std::path::Path;

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;
use vault::{Moment, Reader, Tag, Vault, VaultError};

use crate::args::command_help;
use crate::context::Context;
use crate::exit::Exit;
use crate::moments;
use crate::output::{Align, Table, human};
use crate::report::{Failure, Outcome};

/// Name a run, list the names, or forget one
///
/// A run that has a name goes by it everywhere: `--as-of before-migration`.
/// Without arguments: all names. A run may have several, a name has one run.
#[derive(Args, Debug)]
#[command(after_long_help = command_help(EXAMPLES, EXITS))]
pub struct TagArgs {
    /// The run: its number, another tag, `latest` or a time
    #[arg(value_name = "RUN", requires = "name")]
    pub run: Option<String>,

    /// The name: a letter, then letters, digits, `-`, `_` and `.`
    #[arg(value_name = "NAME")]
    pub name: Option<String>,

    /// Forget this name; the run stays
    #[arg(long, value_name = "NAME", conflicts_with_all = ["run", "name"])]
    pub delete: Option<String>,
}

const EXAMPLES: &str = "
  Name the newest run, and look at the past by that name:
    lookervault tag latest before-migration
    lookervault list dashboards --as-of before-migration

  All names, and one name less:
    lookervault tag
    lookervault tag --delete before-migration";

const EXITS: &[Exit] = &[Exit::Failed, Exit::Usage, Exit::Busy];

/// Names a run, forgets a name, or lists the names.
///
/// # Errors
/// When there is no vault, no such run or name, the name is taken or cannot be
/// one, or somebody else writes to the vault.
pub fn run(context: &Context, args: &TagArgs) -> Outcome {
    let path = context.config()?.vault.value;
    match (&args.run, &args.name, &args.delete) {
        (Some(run), Some(name), _) => name_run(context, &path, run, name)?,
        (_, _, Some(name)) => forget(context, &path, name)?,
        _ => {}
    }
    let reader = Vault::open_for_reading(&path)?;
    if context.printer.is_json() {
        let tags = reader.tags()?;
        let tags = tags.iter().map(|tag| TagPart::new(&reader, tag)).collect::<Result<_, _>>()?;
        context.printer.json(&Document { schema: "lookervault.tags/1", tags })?;
    } else if args.name.is_none() && args.delete.is_none() {
        print(context, &reader)?;
    }
    Ok(Exit::Ok)
}

fn name_run(context: &Context, path: &Path, run: &str, name: &str) -> Result<(), Failure> {
    let now = context.now();
    moments::check_tag(name, &now)?;
    let reader = Vault::open_for_reading(path)?;
    let meant = moments::find(&reader, run, &now, || context.instance_in(&reader))?;
    // Nobody may read what is opened for writing.
    drop(reader);
    let mut vault = Vault::open_for_writing(path, "tag")?;
    vault.tag(name, meant.moment.run, Timestamp::now()).map_err(|error| match error {
        VaultError::TagTaken { ref name, run } => {
            Failure::new("tag.taken", Exit::Failed, format!("`{name}` is the name of run {run}"))
                .hint(format!("choose another, or forget it first: `lookervault tag --delete {name}`"))
        }
        other => other.into(),
    })?;
    context.printer.status(format!("{name}: {}", meant.describe(&context.printer)));
    Ok(())
}

fn forget(context: &Context, path: &Path, name: &str) -> Result<(), Failure> {
    // Where there is no vault, none is made.
    drop(Vault::open_for_reading(path)?);
    let mut vault = Vault::open_for_writing(path, "tag")?;
    let run = vault.untag(name)?.ok_or_else(|| {
        let message = format!("no run is called `{}`", human::one_line(name));
        Failure::new("tag.unknown", Exit::Failed, message).hint("`lookervault tag` lists the names")
    })?;
    context.printer.status(format!("Run {run} is no longer called {name}."));
    Ok(())
}

fn print(context: &Context, reader: &Reader) -> Result<(), Failure> {
    let tags = reader.tags()?;
    if tags.is_empty() {
        context.printer.status("No run has a name yet.");
        return Ok(());
    }
    let mut table = Table::new(&[
        ("name", Align::Left),
        ("run", Align::Right),
        ("state", Align::Left),
        ("ended", Align::Left),
        ("named", Align::Left),
    ]);
    let time = |at| human::time(at, context.printer.zone());
    for tag in &tags {
        let moment = reader.moment(tag.run)?;
        let ended = moment.ended_at.map(time).unwrap_or_default();
        let state = moment.state.name().to_owned();
        table.row([tag.name.clone(), tag.run.to_string(), state, ended, time(tag.at)]);
    }
    context.printer.table(&table)
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    tags: Vec<TagPart<'a>>,
}

#[derive(Serialize)]
struct TagPart<'a> {
    name: &'a str,
    run: i64,
    state: &'static str,
    started_at: String,
    ended_at: Option<String>,
    named_at: String,
}

impl<'a> TagPart<'a> {
    fn new(reader: &Reader, tag: &'a Tag) -> Result<Self, Failure> {
        let Moment { state, started_at, ended_at, .. } = reader.moment(tag.run)?;
        Ok(Self {
            name: &tag.name,
            run: tag.run.number(),
            state: state.name(),
            started_at: started_at.to_string(),
            ended_at: ended_at.map(|at| at.to_string()),
            named_at: tag.at.to_string(),
        })
    }
}
