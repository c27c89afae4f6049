//! `list`: the stored objects of a kind.

pub(crate) mod about;

use std::collections::HashMap;

use clap::Args;
use jiff::Timestamp;
use serde::ser::{Serialize, SerializeMap, Serializer};
use vault::{InstanceInfo, ListFilter, ListRow, Side};

use crate::args::command_help;
use crate::context::{Context, Opened};
use crate::exit::Exit;
use crate::folders;
use crate::kinds::KindName;
use crate::moments::{AsOf, Meant, MomentPart};
use crate::output::{Align, Table, human};
use crate::report::{Failure, Outcome};

/// List the stored objects of a kind
///
/// Works offline, on the newest state of the vault or, with --as-of, an earlier
/// one. With --json: one document with `objects`, one entry a row.
#[derive(Args, Debug)]
#[command(visible_alias = "ls", after_long_help = command_help(EXAMPLES, EXITS))]
pub struct ListArgs {
    /// Content kind, for instance dashboards; `lookervault kinds` shows all
    #[arg(value_name = "KIND")]
    pub kind: KindName,

    /// Only what lies in this folder: its id, its name or its path
    #[arg(long, value_name = "FOLDER")]
    pub folder: Option<String>,

    /// Only what is in use (the default)
    #[arg(long, group = "side")]
    pub live: bool,

    /// Only what lies in Looker's trash
    #[arg(long, group = "side")]
    pub trash: bool,

    /// Both
    #[arg(long, group = "side")]
    pub all: bool,

    /// The state to list.
    #[command(flatten)]
    pub as_of: AsOf,

    /// At most N objects
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,

    /// Skip the first N objects
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub offset: usize,
}

const EXAMPLES: &str = "
  All dashboards:
    lookervault list dashboards

  Looks of a folder, by its path:
    lookervault list looks --folder \"Shared/Finance\"

  What a folder held at the end of a day:
    lookervault list dashboards --folder Finance --as-of 2026-03-01

  The ids of everything in the trash, for a script:
    lookervault ls dashboards --trash --json | jq -r '.objects[].id'";

const EXITS: &[Exit] = &[Exit::Failed, Exit::Usage];

/// Prints the list.
///
/// # Errors
/// When there is no vault or it cannot be read.
pub fn run(context: &Context, args: &ListArgs) -> Outcome {
    let opened = context.read_vault()?;
    let as_of = opened.as_of(context, &args.as_of)?;
    let rows = select(&opened, args, as_of.as_ref())?;
    let printer = &context.printer;
    if printer.is_json() {
        let objects: Vec<Row> = rows.iter().map(|row| Row { row, kind: args.kind }).collect();
        let as_of = as_of.as_ref().map(Meant::part);
        printer.json(&Document { instance: &opened.instance, kind: args.kind, as_of, objects })?;
        return Ok(Exit::Ok);
    }
    opened.tell_epoch(printer);
    if rows.is_empty() {
        printer.status(format!("No {} match.", args.kind));
    } else {
        let moment = as_of.as_ref().map(|meant| meant.moment.run);
        let of = vault::AsOf { instance: opened.instance.id, run: moment };
        let about = about::about(&opened.reader, of, args.kind.entry())?;
        printer.table(&table(context, args, &rows, about.as_ref()))?;
        printer.status(human::counted(rows.len() as u64, args.kind.singular(), args.kind.plural()));
    }
    Ok(Exit::Ok)
}

fn select(opened: &Opened, args: &ListArgs, as_of: Option<&Meant>) -> Result<Vec<ListRow>, Failure> {
    let by_id = args.folder.as_deref().filter(|folder| folders::is_id(folder));
    let by_name = args.folder.as_deref().filter(|folder| !folders::is_id(folder));
    let filter = ListFilter {
        instance: Some(opened.instance.id),
        sides: sides(args),
        folder: by_id.map(str::to_owned),
        at: as_of.map(|meant| meant.moment.run),
        ..ListFilter::of(args.kind.plural())
    };
    let mut rows = Vec::new();
    opened.reader.list(&filter, |row| {
        if by_name
            .is_none_or(|name| row.folder_path.as_ref().is_some_and(|path| folders::is_called(path, name)))
        {
            rows.push(row);
        }
    })?;
    let last = args.limit.map_or(rows.len(), |limit| args.offset.saturating_add(limit));
    rows.truncate(last);
    Ok(rows.split_off(args.offset.min(rows.len())))
}

fn sides(args: &ListArgs) -> Vec<Side> {
    match (args.trash, args.all) {
        (true, _) => vec![Side::Trash],
        (_, true) => vec![Side::Live, Side::Trash],
        _ => vec![Side::Live],
    }
}

fn table(
    context: &Context,
    args: &ListArgs,
    rows: &[ListRow],
    about: Option<&(&'static str, HashMap<String, String>)>,
) -> Table {
    let envelope = &args.kind.entry().envelope;
    let columns = [
        (true, ("id", Align::Right)),
        (!envelope.title.is_empty(), (args.kind.title_word(), Align::Left)),
        (about.is_some(), (about.map_or("", |(column, _)| *column), Align::Left)),
        (envelope.folder.is_some(), ("folder", Align::Left)),
        (envelope.updated_at.is_some(), ("updated", Align::Left)),
        (args.all, ("state", Align::Left)),
    ];
    let shown = |(is_shown, column)| -> Option<_> { Some(column).filter(|_| is_shown) };
    let mut table = Table::new(&columns.into_iter().filter_map(shown).collect::<Vec<_>>());
    for row in rows {
        let folder = row.folder_path.as_ref().or(row.folder.as_ref());
        let updated = row.updated_at.map(|at| human::time(at, context.printer.zone()));
        let text = |value: Option<&String>| value.cloned().unwrap_or_default();
        let cells = [
            row.key.clone(),
            text(row.title.as_ref()),
            text(about.and_then(|(_, texts)| texts.get(&row.key))),
            text(folder),
            updated.unwrap_or_default(),
            row.side.name().to_owned(),
        ];
        table
            .row(cells.into_iter().zip(columns).filter_map(|(cell, (is_shown, _))| is_shown.then_some(cell)));
    }
    table
}

struct Document<'a> {
    instance: &'a InstanceInfo,
    kind: KindName,
    as_of: Option<MomentPart<'a>>,
    objects: Vec<Row<'a>>,
}

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("schema", "lookervault.list/1")?;
        map.serialize_entry("instance", &self.instance.url)?;
        map.serialize_entry("epoch", &self.instance.epoch)?;
        map.serialize_entry("kind", self.kind.plural())?;
        map.serialize_entry("as_of", &self.as_of)?;
        map.serialize_entry("count", &self.objects.len())?;
        map.serialize_entry("objects", &self.objects)?;
        map.end()
    }
}

/// One object; what it is called is `title` or `name`, as in the API.
struct Row<'a> {
    row: &'a ListRow,
    kind: KindName,
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let row = self.row;
        let time = |at: Option<Timestamp>| at.map(|at| at.to_string());
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", &row.key)?;
        map.serialize_entry(self.kind.title_word(), &row.title)?;
        map.serialize_entry("folder_id", &row.folder)?;
        map.serialize_entry("folder", &row.folder_path.as_ref().or(row.folder.as_ref()))?;
        map.serialize_entry("state", row.side.name())?;
        map.serialize_entry("updated_at", &time(row.updated_at))?;
        map.serialize_entry("created_at", &time(row.created_at))?;
        map.serialize_entry("run", &row.from_run.number())?;
        map.end()
    }
}
