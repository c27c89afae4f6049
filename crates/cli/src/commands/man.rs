//! `man`: manual pages from the same definitions as the help.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory as _};
use clap_mangen::Man;
use serde::Serialize;

use crate::args::{Cli, command_help};
use crate::context::Context;
use crate::exit::Exit;
use crate::report::{Failure, Outcome};

/// Write manual pages for the program and all its commands
#[derive(Args, Debug)]
#[command(after_long_help = command_help(EXAMPLES, EXITS))]
pub struct ManArgs {
    /// The folder to write to; it is made when it is missing
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}

const EXAMPLES: &str = "
  For the current user:
    lookervault man ~/.local/share/man/man1
    man lookervault-extract";

const EXITS: &[Exit] = &[Exit::Failed, Exit::Usage];

#[derive(Serialize)]
struct Document {
    schema: &'static str,
    files: Vec<PathBuf>,
}

/// Writes the pages and names them.
///
/// # Errors
/// When the folder cannot be written.
pub fn run(context: &Context, args: &ManArgs) -> Outcome {
    let failed = |error: std::io::Error| {
        Failure::new("man.write", Exit::Failed, format!("cannot write manual pages: {error}"))
            .at(args.folder.display())
    };
    fs::create_dir_all(&args.folder).map_err(failed)?;
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    let mut files = Vec::new();
    write_pages(&program, &args.folder, &mut files).map_err(failed)?;
    if context.printer.is_json() {
        context.printer.json(&Document { schema: "lookervault.man/1", files })?;
    } else {
        for file in &files {
            context.printer.line(file.display())?;
        }
    }
    Ok(Exit::Ok)
}

fn write_pages(command: &clap::Command, folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let page = Man::new(command.clone());
    let file = folder.join(page.get_filename());
    fs::write(&file, render(&page)?)?;
    files.push(file);
    command
        .get_subcommands()
        .filter(|sub| !sub.is_hide_set())
        .try_for_each(|sub| write_pages(sub, folder, files))
}

/// The page, with the examples under a heading of their own and with their
/// lines kept.
fn render(page: &Man) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    page.render(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let Some((before, extra)) = text.split_once(".SH EXTRA\n") else { return Ok(text) };
    let end = extra.find("\n.SH ").map_or(extra.len(), |at| at + 1);
    let (examples, after) = extra.split_at(end);
    Ok(format!("{before}.SH EXAMPLES AND EXIT CODES\n.nf\n{examples}.fi\n{after}"))
}
