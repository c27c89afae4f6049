//! `list`: the stored objects of a kind.

use clap::Args;
use jiff::Timestamp;
use serde::ser::{Serialize, SerializeMap, Serializer};
use vault::{InstanceInfo, ListFilter, ListRow, Side};

use crate::args::command_help;
use crate::context::{Context, Opened};
use crate::exit::Exit;
use crate::kinds::KindName;
use crate::output::{Align, Table, human};
use crate::report::{Failure, Outcome};

/// List the stored objects of a kind
///
/// Works offline, on the newest state of the vault. With --json: one document
/// with `objects`, one entry a row.
#[derive(Args, Debug)]
#[command(visible_alias = "ls", after_long_help = command_help(EXAMPLES, EXITS))]
pub struct ListArgs {
    /// Content kind: dashboards, looks, folders, users, groups, roles
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

  The ids of everything in the trash, for a script:
    lookervault ls dashboards --trash --json | jq -r '.objects[].id'";

const EXITS: &[Exit] = &[Exit::Failed, Exit::Usage];

/// Prints the list.
///
/// # Errors
/// When there is no vault or it cannot be read.
pub fn run(context: &Context, args: &ListArgs) -> Outcome {
    let opened = context.read_vault()?;
    let rows = select(&opened, args)?;
    let printer = &context.printer;
    if printer.is_json() {
        let objects: Vec<Row> = rows.iter().map(|row| Row { row, kind: args.kind }).collect();
        printer.json(&Document { instance: &opened.instance, kind: args.kind, objects })?;
        return Ok(Exit::Ok);
    }
    opened.tell_epoch(printer);
    if rows.is_empty() {
        printer.status(format!("No {} match.", args.kind));
    } else {
        printer.table(&table(context, args, &rows))?;
        printer.status(human::counted(rows.len() as u64, args.kind.singular(), args.kind.plural()));
    }
    Ok(Exit::Ok)
}

fn select(opened: &Opened, args: &ListArgs) -> Result<Vec<ListRow>, Failure> {
    let by_id = args.folder.as_deref().filter(|folder| is_folder_id(folder));
    let by_name = args.folder.as_deref().filter(|folder| !is_folder_id(folder));
    let filter = ListFilter {
        instance: Some(opened.instance.id),
        sides: sides(args),
        folder: by_id.map(str::to_owned),
        folder_kind: KindName::FOLDERS.to_owned(),
        ..ListFilter::of(args.kind.plural())
    };
    let mut rows = Vec::new();
    opened.reader.list(&filter, |row| {
        if by_name.is_none_or(|name| lies_in(&row, name)) {
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

fn is_folder_id(folder: &str) -> bool {
    folder == "lookml" || folder.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether the folder is called `name`: its whole path or the end of it.
fn lies_in(row: &ListRow, name: &str) -> bool {
    let Some(path) = &row.folder_path else { return false };
    let (path, name) = (path.to_lowercase(), name.trim_matches('/').to_lowercase());
    path == name || path.strip_suffix(&name).is_some_and(|before| before.ends_with('/'))
}

fn table(context: &Context, args: &ListArgs, rows: &[ListRow]) -> Table {
    let mut columns = vec![
        ("id", Align::Right),
        (args.kind.title_word(), Align::Left),
        ("folder", Align::Left),
        ("updated", Align::Left),
    ];
    if args.all {
        columns.push(("state", Align::Left));
    }
    let mut table = Table::new(&columns);
    for row in rows {
        let folder = row.folder_path.as_ref().or(row.folder.as_ref());
        let updated = row.updated_at.map(|at| human::time(at, context.printer.zone()));
        let text = |value: Option<&String>| value.cloned().unwrap_or_default();
        let mut cells =
            vec![row.key.clone(), text(row.title.as_ref()), text(folder), updated.unwrap_or_default()];
        cells.extend(args.all.then(|| row.side.name().to_owned()));
        table.row(cells);
    }
    table
}

struct Document<'a> {
    instance: &'a InstanceInfo,
    kind: KindName,
    objects: Vec<Row<'a>>,
}

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("schema", "lookervault.list/1")?;
        map.serialize_entry("instance", &self.instance.url)?;
        map.serialize_entry("epoch", &self.instance.epoch)?;
        map.serialize_entry("kind", self.kind.plural())?;
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
