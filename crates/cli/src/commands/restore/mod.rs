//! `restore`: what the vault has goes back to the instance.

mod addresses;
mod advice;
mod carry;
mod document;
mod history;
mod print;
mod rehearse;
mod select;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use engine::restore::RestoreError;

use crate::args::command_help;
use crate::context::Context;
use crate::exit::Exit;
use crate::report::{Failure, Outcome};
use carry::ApplyArgs;
use rehearse::RehearseArgs;
use select::{ConflictChoice, SelectArgs};

/// Put back what the vault has
///
/// Compares what was with what is there, says what it would do and what that costs,
/// asks, and does it. What still exists keeps its id, with tiles, filters and
/// layouts; what lies in the trash is taken out of it; what is gone is made anew.
/// Schedules and alerts that are made anew arrive disabled. Each request is written
/// down before it is sent, so that a restore that was cut off is taken up by `restore
/// resume` without making anything twice, and what is there before is kept, so that
/// `restore undo` gives it back. What was written is read back.
///
/// Only `restore` with objects, `apply`, `single`, `bulk`, `resume`, `failed retry`
/// and `undo` write to the instance.
#[derive(Args, Debug)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_long_help = command_help(EXAMPLES, EXITS)
)]
pub struct RestoreArgs {
    /// What to do; without it: plan, show, ask, apply.
    #[command(subcommand)]
    pub command: Option<RestoreCommand>,

    /// What to restore.
    #[command(flatten)]
    pub select: SelectArgs,

    /// How to carry it out.
    #[command(flatten)]
    pub apply: ApplyArgs,

    /// Show the plan and do nothing; the same as `restore plan`
    #[arg(long)]
    pub dry_run: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum RestoreCommand {
    /// Show what a restore would do and cost; exit code 8 when there is something to do
    #[command(after_long_help = command_help(EXAMPLES_OF_PLAN, EXITS))]
    Plan {
        /// What to restore.
        #[command(flatten)]
        select: SelectArgs,

        /// Keep the plan in this file, for `restore apply`
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Rehearse a restore on a simulated Looker, without one API call
    ///
    /// A simulated Looker is filled with what the vault saw last of the instance, is
    /// damaged as told, and the same plan as for a real one is made, carried out and
    /// read back, with a copy of the vault in the temporary directory. What comes out:
    /// what would be done, what it would cost, what comes back exactly and what does
    /// not, and what is lost in any case. No connection to the instance is needed, and
    /// the vault stays as it is.
    #[command(after_long_help = command_help(EXAMPLES_OF_REHEARSE, EXITS))]
    Rehearse(Box<RehearseArgs>),
    /// Carry out a plan that was kept in a file
    #[command(after_long_help = command_help(EXAMPLES_OF_APPLY, EXITS))]
    Apply {
        /// The plan.
        #[arg(value_name = "FILE")]
        file: PathBuf,

        /// How to carry it out.
        #[command(flatten)]
        apply: ApplyArgs,

        /// Plan it again where what is live has changed since
        #[arg(long)]
        replan: bool,

        /// What to do with objects that somebody changed after the vault last read them
        /// [default: ask on a terminal, else fail]
        #[arg(long, value_name = "WHAT")]
        on_conflict: Option<ConflictChoice>,

        /// Make no more than N API calls
        #[arg(long, value_name = "N")]
        max_calls: Option<std::num::NonZeroU64>,

        /// Go on though the month's allowance is spent
        #[arg(long)]
        over_allowance: bool,
    },
    /// Restore one object: `restore single dashboard 42`
    #[command(after_long_help = command_help(EXAMPLES_OF_SINGLE, EXITS))]
    Single {
        /// The kind.
        #[arg(value_name = "KIND")]
        kind: String,

        /// Its id.
        #[arg(value_name = "ID")]
        id: String,

        /// How.
        #[command(flatten)]
        select: SelectArgs,

        /// How to carry it out.
        #[command(flatten)]
        apply: ApplyArgs,
    },
    /// Restore all objects of a kind: `restore bulk looks`
    #[command(after_long_help = command_help(EXAMPLES_OF_BULK, EXITS))]
    Bulk {
        /// The kind.
        #[arg(value_name = "KIND")]
        kind: String,

        /// How.
        #[command(flatten)]
        select: SelectArgs,

        /// How to carry it out.
        #[command(flatten)]
        apply: ApplyArgs,
    },
    /// Go on with a restore that was cut off [default: the newest]
    #[command(after_long_help = command_help(EXAMPLES_OF_RESUME, EXITS))]
    Resume {
        /// Its number.
        #[arg(value_name = "ID")]
        id: Option<i64>,

        /// Make no more than N API calls
        #[arg(long, value_name = "N")]
        max_calls: Option<std::num::NonZeroU64>,

        /// Go on though the month's allowance is spent
        #[arg(long)]
        over_allowance: bool,
    },
    /// Show restores, or one of them step by step
    #[command(after_long_help = command_help(EXAMPLES_OF_STATUS, EXITS))]
    Status {
        /// Its number.
        #[arg(value_name = "ID")]
        id: Option<i64>,
    },
    /// Show failed steps, make them again, or give them up
    #[command(after_long_help = command_help(EXAMPLES_OF_FAILED, EXITS))]
    Failed {
        /// What to do with them.
        #[arg(value_enum, value_name = "WHAT")]
        what: FailedChoice,

        /// The restore [default: the newest with failed steps]
        #[arg(value_name = "ID")]
        id: Option<i64>,
    },
    /// Give back what a restore changed
    #[command(after_long_help = command_help(EXAMPLES_OF_UNDO, EXITS))]
    Undo {
        /// Its number.
        #[arg(value_name = "ID")]
        id: i64,

        /// How to carry it out.
        #[command(flatten)]
        apply: ApplyArgs,

        /// Make no more than N API calls
        #[arg(long, value_name = "N")]
        max_calls: Option<std::num::NonZeroU64>,

        /// Go on though the month's allowance is spent
        #[arg(long)]
        over_allowance: bool,
    },
}

/// What to do with failed steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum FailedChoice {
    /// One line each.
    List,
    /// With what was sent and what was answered.
    Show,
    /// Make them again.
    Retry,
    /// Give them up.
    Clear,
}

const EXAMPLES: &str = "
  What would it take to bring a dashboard back as it was yesterday?
    lookervault restore plan dashboard:42 --as-of yesterday

  Do it:
    lookervault restore dashboard:42 --as-of yesterday

  A folder that somebody emptied, with the schedules and alerts that hung on it:
    lookervault restore --folder /Shared/Finance -r --deleted-since 3d --with-dependencies

  Look at a plan first, and carry out just that:
    lookervault restore plan --folder 40 --out plan.json
    lookervault restore apply plan.json --yes

  After it was cut off, and if it was a mistake:
    lookervault restore resume
    lookervault restore undo 3";

const EXAMPLES_OF_PLAN: &str = "
  What it would take to bring back what somebody deleted in a folder:
    lookervault restore plan --folder /Shared/Finance -r --deleted-since 3d

  Keep it, for later:
    lookervault restore plan dashboard:42 --as-of yesterday --out plan.json";

const EXAMPLES_OF_REHEARSE: &str = "
  What if somebody deleted a folder for good, with all that is in it?
    lookervault restore rehearse --folder /Shared/Finance -r --with-dependencies --damage purge

  The whole instance, set up anew under the same address:
    lookervault restore rehearse all --damage empty

  What would bring back a dashboard of last week over the one of today?
    lookervault restore rehearse dashboard:42 --as-of 7d";

const EXAMPLES_OF_APPLY: &str = "
  Carry out a plan that was looked at:
    lookervault restore apply plan.json --yes

  The same, though the instance has changed since:
    lookervault restore apply plan.json --replan";

const EXAMPLES_OF_SINGLE: &str = "
  One look, as it was a week ago:
    lookervault restore single look 7 --as-of 7d";

const EXAMPLES_OF_BULK: &str = "
  All boards that are gone:
    lookervault restore bulk boards --skip-existing";

const EXAMPLES_OF_RESUME: &str = "
  The newest restore that was cut off:
    lookervault restore resume";

const EXAMPLES_OF_STATUS: &str = "
  All restores, then one of them:
    lookervault restore status
    lookervault restore status 3";

const EXAMPLES_OF_FAILED: &str = "
  What Looker refused, and once more:
    lookervault restore failed show
    lookervault restore failed retry";

const EXAMPLES_OF_UNDO: &str = "
  Back to what was there before restore 3:
    lookervault restore undo 3";

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

/// Plans, carries out, resumes, undoes, or shows restores.
///
/// # Errors
/// When nothing can be planned or carried out; steps that failed are told, with the
/// exit code.
pub fn run(context: &Context, args: &RestoreArgs) -> Outcome {
    match &args.command {
        None if args.dry_run => carry::plan(context, &args.select, None),
        None => carry::restore(context, &args.select, &args.apply),
        Some(RestoreCommand::Plan { select, out }) => carry::plan(context, select, out.as_deref()),
        Some(RestoreCommand::Rehearse(args)) => rehearse::rehearse(context, args),
        Some(RestoreCommand::Apply { file, apply, replan, on_conflict, max_calls, over_allowance }) => {
            let select = SelectArgs {
                on_conflict: *on_conflict,
                max_calls: *max_calls,
                over_allowance: *over_allowance,
                ..SelectArgs::default()
            };
            carry::apply_file(context, file, &select, apply, *replan)
        }
        Some(RestoreCommand::Single { kind, id, select, apply }) => {
            let mut select = select.clone();
            select.objects.push(format!("{kind}:{id}"));
            carry::restore(context, &select, apply)
        }
        Some(RestoreCommand::Bulk { kind, select, apply }) => {
            let mut select = select.clone();
            select
                .kinds
                .push(kind.parse().map_err(|error: String| Failure::new("usage", Exit::Usage, error))?);
            carry::restore(context, &select, apply)
        }
        Some(RestoreCommand::Resume { id, max_calls, over_allowance }) => {
            carry::resume(context, *id, *max_calls, *over_allowance)
        }
        Some(RestoreCommand::Status { id }) => history::status(context, *id),
        Some(RestoreCommand::Failed { what, id }) => history::failed(context, *what, *id),
        Some(RestoreCommand::Undo { id, apply, max_calls, over_allowance }) => {
            carry::undo(context, *id, apply, *max_calls, *over_allowance)
        }
    }
}

impl From<RestoreError> for Failure {
    fn from(error: RestoreError) -> Self {
        let message = error.to_string();
        match error {
            RestoreError::Looker(error) => (*error).into(),
            RestoreError::Vault(error) => error.into(),
            RestoreError::Run(error) => error.into(),
            RestoreError::NothingStored { .. } => Self::new("restore.nothing", Exit::Failed, message)
                .hint("read it into the vault with `lookervault extract`"),
            RestoreError::NothingSelected { .. } | RestoreError::NotStored { .. } => {
                Self::new("restore.nothing", Exit::Failed, message)
                    .hint("`lookervault log KIND ID` shows when it was there; choose with --as-of")
            }
            RestoreError::NotRestorable { .. } => Self::new("restore.kind", Exit::Usage, message)
                .hint("`lookervault kinds` shows what can be restored"),
            RestoreError::UnknownFolder { .. } | RestoreError::AmbiguousFolder { .. } => {
                Self::new("folder.unknown", Exit::Usage, message)
                    .hint("`lookervault list folders --as-of RUN` shows those that were stored")
            }
            RestoreError::UnknownUser { .. } => Self::new("restore.user", Exit::Usage, message),
            RestoreError::Pruned { .. } => Self::new("restore.pruned", Exit::Failed, message)
                .hint("`lookervault restore OBJECTS --as-of RUN` brings back an older state that is kept"),
            RestoreError::Moved { .. } => Self::new("restore.moved", Exit::Failed, message)
                .hint("--replan plans the same objects again; or look with `lookervault restore plan`"),
            _ => Self::new("restore.failed", Exit::Failed, message),
        }
    }
}
