//! `completions`: completion scripts for shells.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;
use serde::Serialize;

use crate::args::{Cli, command_help};
use crate::context::Context;
use crate::exit::Exit;
use crate::report::Outcome;

/// Print a completion script for a shell
#[derive(Args, Debug)]
#[command(after_long_help = command_help(EXAMPLES, EXITS))]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

const EXAMPLES: &str = "
  For bash, for the current user:
    mkdir -p ~/.local/share/bash-completion/completions
    lookervault completions bash > ~/.local/share/bash-completion/completions/lookervault

  For zsh, in a folder of $fpath:
    lookervault completions zsh > ~/.zfunc/_lookervault

  For fish:
    lookervault completions fish > ~/.config/fish/completions/lookervault.fish";

const EXITS: &[Exit] = &[Exit::Usage];

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    shell: String,
    script: &'a str,
}

/// Prints the script.
///
/// # Errors
/// When stdout cannot be written.
pub fn run(context: &Context, args: &CompletionsArgs) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "lookervault", &mut script);
    let script = String::from_utf8_lossy(&script);
    if context.printer.is_json() {
        let schema = "lookervault.completions/1";
        context.printer.json(&Document { schema, shell: args.shell.to_string(), script: &script })?;
    } else {
        context.printer.line(script.trim_end())?;
    }
    Ok(Exit::Ok)
}
