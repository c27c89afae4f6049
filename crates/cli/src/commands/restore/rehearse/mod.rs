//! `restore rehearse`: the fire drill.
//!
//! The same plan, the same requests and the same reading back, against a simulated
//! Looker that holds what the vault saw last, with a copy of the vault to write to.

#[cfg(feature = "sim")]
mod damage;
#[cfg(feature = "sim")]
mod play;
#[cfg(feature = "sim")]
mod report;
#[cfg(feature = "sim")]
mod stage;

use clap::{Args, ValueEnum};

use super::select::SelectArgs;
use crate::context::Context;
use crate::report::Outcome;

/// What to rehearse.
#[derive(Args, Clone, Debug, Default)]
pub struct RehearseArgs {
    /// What to restore.
    #[command(flatten)]
    pub select: SelectArgs,

    /// What has happened to the instance since it was read last [default: nothing]
    #[arg(long, value_name = "WHAT")]
    pub damage: Option<Damage>,
}

/// What has happened to the instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Damage {
    /// What is selected lies in the trash, or is deleted where its kind has none.
    Trash,
    /// What is selected is deleted for good, with what hangs on it.
    Purge,
    /// What is selected has other titles; tiles have too, and one of each dashboard is gone.
    Edit,
    /// Nothing is left but connections and LookML: the instance was set up anew.
    Empty,
}

#[cfg(feature = "sim")]
impl Damage {
    /// As it is typed.
    const fn name(self) -> &'static str {
        match self {
            Self::Trash => "trash",
            Self::Purge => "purge",
            Self::Edit => "edit",
            Self::Empty => "empty",
        }
    }
}

/// Rehearses a restore.
///
/// # Errors
/// When this build has no simulated Looker, nothing is selected, or the vault cannot be
/// read or copied.
#[cfg(feature = "sim")]
pub(super) fn rehearse(context: &Context, args: &RehearseArgs) -> Outcome {
    let rehearsal = play::play(context, args)?;
    if context.printer.is_json() {
        context.printer.json(&report::document(&rehearsal))?;
    } else {
        report::print(&context.printer, &rehearsal)?;
    }
    Ok(report::exit(&rehearsal))
}

/// Says that this build cannot.
///
/// # Errors
/// Always.
#[cfg(not(feature = "sim"))]
pub(super) fn rehearse(_: &Context, _: &RehearseArgs) -> Outcome {
    use crate::exit::Exit;
    use crate::report::Failure;
    let message = "this build has no simulated Looker, on which a restore could be rehearsed";
    Err(Failure::new("restore.no_simulator", Exit::Usage, message).hint(
        "build it with the feature `sim`, which is on by default; `restore plan` shows what would be done",
    ))
}
