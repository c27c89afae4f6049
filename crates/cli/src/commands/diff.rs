//! `diff`: what differs between two states.

mod document;
mod live;
mod place;
mod print;
mod side;
mod told;

use clap::{Args, ValueEnum};
use engine::diff::{self, Comparison, Folders, Identity, Scope, View};
use engine::extract::{FolderScope, FolderSelector};
use looker::Kind;

use crate::args::{Spending, command_help};
use crate::context::Context;
use crate::exit::Exit;
use crate::kinds::{KindChoice, KindName, resolve};
use crate::report::{Failure, Outcome};
use side::Side;
use told::Told;

/// Show what was added, removed and changed between two states
///
/// A state is what a run left of an instance: RUN (a number), a tag, a time (the
/// newest run that had ended by then), `latest`, `latest~1`; of another instance
/// in the vault `INSTANCE:RUN`; of another vault `FILE@RUN` or
/// `FILE@INSTANCE:RUN`. `live` is the instance as it is now: it is read in the
/// scope of the other side, as a run that is kept in the vault. Only `live` makes
/// API calls.
///
/// Tiles, filters, layouts and other parts are matched by their ids, then by their
/// content. What follows from other changes is left out: the ids of an edited
/// query, copies of other objects, stamps. Queries of looks and merge queries are
/// compared where they are used.
#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
#[command(after_long_help = command_help(EXAMPLES, EXITS))]
pub struct DiffArgs {
    /// The old state
    #[arg(value_name = "FROM", default_value = "latest~1")]
    pub from: String,

    /// The new state
    #[arg(value_name = "TO", default_value = "latest")]
    pub to: String,

    /// Only these kinds or groups of them, with commas
    #[arg(short = 't', long = "kind", visible_alias = "types", value_name = "KINDS", value_delimiter = ',')]
    pub kinds: Vec<KindChoice>,

    /// Only what lies in this folder or below: an id or a path; may be repeated
    #[arg(long = "folder", value_name = "FOLDER")]
    pub folders: Vec<FolderSelector>,

    /// By what objects and parts are matched [default: id; between instances: name]
    ///
    /// By name, what ids refer to is compared by name as well.
    #[arg(long = "match", value_name = "WHAT")]
    pub matching: Option<Matching>,

    /// Leave out ids, but those that refer to other objects
    #[arg(long)]
    pub ignore_ids: bool,

    /// Leave out where tiles are placed
    #[arg(long)]
    pub ignore_layout: bool,

    /// Show everything: ids, copies, stamps, order, whole documents
    #[arg(short, long, conflicts_with_all = ["ignore_ids", "ignore_layout"])]
    pub all: bool,

    /// Show counts only: by kind, and of the changes in each object
    #[arg(long)]
    pub stat: bool,

    /// End with exit code 8 when anything shown differs
    #[arg(long)]
    pub exit_code: bool,

    /// What the reading of a live side may spend.
    #[command(flatten, next_help_heading = "Options for a side that is `live`")]
    pub spending: Spending,
}

/// By what objects are matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Matching {
    /// By Looker's ids.
    Id,
    /// By folder and title, name, or e-mail.
    Name,
}

const EXAMPLES: &str = "
  What the newest run found, compared with the one before it:
    lookervault diff

  Since a day, in one folder, without moved tiles:
    lookervault diff 2026-03-01 latest --folder /Shared/Finance --ignore-layout

  What was edited since the newest run, for at most 200 calls:
    lookervault diff latest live --kind dashboards,looks --max-calls 200

  Two instances of a vault, and a run of another vault:
    lookervault diff staging:latest prod:latest --kind content
    lookervault diff backup.db@12 latest

  For scripts:
    lookervault diff 7 8 --stat --exit-code
    lookervault diff 7 8 --json | jq '.objects[].changes[].words'";

const EXITS: &[Exit] = &[
    Exit::Failed,
    Exit::Usage,
    Exit::Incomplete,
    Exit::Budget,
    Exit::Connection,
    Exit::Busy,
    Exit::Differs,
    Exit::Interrupted,
];

impl DiffArgs {
    fn view(&self, identity: Identity) -> View {
        let ignore_ids = self.ignore_ids || identity == Identity::Name;
        View { all: self.all, ignore_ids, ignore_layout: self.ignore_layout }
    }

    /// By what two sides are matched, unless it was said.
    fn identity(&self, from: &Side, to: &Side) -> Identity {
        match self.matching {
            Some(Matching::Id) => Identity::Id,
            None if (&from.instance.url, from.instance.epoch) == (&to.instance.url, to.instance.epoch) => {
                Identity::Id
            }
            Some(Matching::Name) | None => Identity::Name,
        }
    }

    /// The kinds that are compared; without any named, those that are not only what
    /// others are made of.
    fn kinds(&self) -> Vec<&'static Kind> {
        let named = resolve(&self.kinds).into_iter().map(KindName::entry);
        named.filter(|kind| !self.kinds.is_empty() || self.all || !diff::is_part_of_others(kind)).collect()
    }

    /// The folders that are named, with all below them.
    fn folders(&self) -> Option<FolderScope> {
        let include = self.folders.clone();
        (!include.is_empty()).then(|| FolderScope { include, recursive: true, ..FolderScope::default() })
    }
}

/// Compares the two states and tells what differs.
///
/// # Errors
/// When a side names no state, a vault cannot be read, or the instance cannot.
pub fn run(context: &Context, args: &DiffArgs) -> Outcome {
    let (from, to, live) = side::both(context, args)?;
    let identity = args.identity(&from, &to);
    let folders = match (args.folders(), &live) {
        (Some(scope), _) => Folders::Chosen(scope),
        (None, Some(live)) => Folders::OfRun(live.run),
        (None, None) => Folders::All,
    };
    let kinds = live.as_ref().map_or_else(|| args.kinds(), |live| live.kinds.clone());
    let mut comparison = Comparison::new(from.state(), to.state(), identity, &Scope { kinds, folders })?;
    let pairs = comparison.pairs()?;
    let view = args.view(identity);
    let told = Told { comparison: &comparison, pairs: &pairs, view, stat: args.stat };
    let differs = if context.printer.is_json() {
        document::print(context, &told, &from, &to)?
    } else {
        print::print(context, &told, &from, &to)?
    };
    Ok(match live {
        Some(live) if live.exit != Exit::Ok => live.exit,
        _ if differs && args.exit_code => Exit::Differs,
        _ => Exit::Ok,
    })
}

/// A usage error about the sides.
fn usage(message: impl Into<String>, hint: &str) -> Failure {
    Failure::new("usage", Exit::Usage, message).hint(hint)
}
