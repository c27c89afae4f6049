//! The program from its arguments to its exit code.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;
use clap::error::ErrorKind;
use tracing_subscriber::EnvFilter;

use crate::args::{Cli, Command};
use crate::commands;
use crate::context::Context;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::output::{Printer, Style, Terminals, Wishes};
use crate::report::{Failure, Outcome};

/// Runs the program on the arguments and environment of this process.
pub fn run() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    match Cli::try_parse_from(&arguments) {
        Ok(cli) => run_command(cli).into(),
        Err(error) => refuse(&error, &arguments).into(),
    }
}

fn run_command(cli: Cli) -> Exit {
    let env = Environment::of_process();
    let style = Style::decide(cli.global.wishes(), Terminals::of_process(), &env);
    let printer = Printer::of_process(style);
    start_log(&printer, &env);
    let outcome = std::env::current_dir().map_err(Failure::from).and_then(|cwd| {
        let exit =
            dispatch(&Context { global: cli.global, env, cwd, printer: printer.clone() }, cli.command)?;
        printer.flush().map(|()| exit)
    });
    outcome.unwrap_or_else(|failure| {
        printer.failure(&failure);
        failure.exit
    })
}

fn dispatch(context: &Context, command: Command) -> Outcome {
    match command {
        #[cfg(feature = "sim")]
        Command::Demo(args) => commands::demo::run(context, &args),
        Command::Check(args) => commands::check::run(context, &args),
        Command::Extract(args) => commands::extract::run(context, &args),
        Command::Kinds(args) => commands::kinds::run(context, &args),
        Command::List(args) => commands::list::run(context, &args),
        Command::Show(args) => commands::show::run(context, &args),
        Command::Redacted(args) => commands::redacted::run(context, &args),
        Command::Log(args) => commands::log::run(context, &args),
        Command::Diff(args) => commands::diff::run(context, &args),
        Command::Search(args) => commands::search::run(context, &args),
        Command::Impact(args) => commands::impact::run(context, &args),
        Command::Lint(args) => commands::lint::run(context, &args),
        Command::Verify(args) => commands::verify::run(context, &args),
        Command::Runs(args) => commands::runs::run(context, &args),
        Command::Tag(args) => commands::tag::run(context, &args),
        Command::Calls(args) => commands::calls::run(context, &args),
        Command::Stats(args) => commands::stats::run(context, &args),
        Command::Sql(args) => commands::sql::run(context, &args),
        Command::Prune(args) => commands::prune::run(context, &args),
        Command::Restore(args) => commands::restore::run(context, &args),
        #[cfg(feature = "sim")]
        Command::Sim(args) => commands::sim::run(context, &args),
        Command::Completions(args) => commands::completions::run(context, &args),
        Command::Man(args) => commands::man::run(context, &args),
    }
}

/// Help and version are no errors; anything else is wrong usage, told as JSON
/// when JSON was asked for.
fn refuse(error: &clap::Error, arguments: &[OsString]) -> Exit {
    let help = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if help || !asks_for_json(arguments) {
        // The reader of the help may be gone; there is nobody left to tell.
        let _ = error.print();
    } else {
        let text = error.to_string();
        let (message, hint) = split_usage(&text);
        let failure = Failure { hint, ..Failure::new("usage", Exit::Usage, message) };
        let wishes = Wishes { json: true, ..Wishes::default() };
        let style = Style::decide(wishes, Terminals::default(), &Environment::default());
        Printer::of_process(style).failure(&failure);
    }
    if help { Exit::Ok } else { Exit::Usage }
}

/// Whether a command line that could not be understood asks for JSON.
fn asks_for_json(arguments: &[OsString]) -> bool {
    let words: Vec<&str> = arguments.iter().filter_map(|argument| argument.to_str()).collect();
    words.iter().any(|word| matches!(*word, "--json" | "-ojson" | "-o=json" | "--output=json"))
        || words.windows(2).any(|pair| matches!(pair, ["-o" | "--output", "json"]))
}

/// The message of a usage error without its label, and the rest as a hint.
fn split_usage(text: &str) -> (String, Option<String>) {
    let text = text.trim().trim_start_matches("error: ");
    let (message, rest) = text.split_once("\n\n").unwrap_or((text, ""));
    let rest = rest.split_whitespace().collect::<Vec<_>>().join(" ");
    (message.trim().to_owned(), (!rest.is_empty()).then_some(rest))
}

/// The log goes to stderr. `LOOKERVAULT_LOG` says what it holds in the form of
/// `RUST_LOG`, else the number of `-v` does.
fn start_log(printer: &Printer, env: &Environment) {
    let style = printer.style();
    let level = match style.verbose {
        0 if style.quiet => "error",
        0 => "warn",
        1 => "info",
        2 => "debug",
        _ => "trace",
    };
    let ours =
        ["lookervault", "looker", "vault", "engine", "looker_sim"].map(|name| format!("{name}={level}"));
    // What fails in other people's libraries comes back to us and is told in our words.
    let others = if style.verbose == 0 { "off" } else { "error" };
    let filter =
        env.get("LOOKERVAULT_LOG").map_or_else(|| format!("{others},{}", ours.join(",")), str::to_owned);
    let log = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_writer(printer.clone())
        .with_ansi(style.err_color);
    // A second start within one process (tests) keeps the first log.
    let _ = if style.json { log.json().try_init() } else { log.with_target(style.verbose > 1).try_init() };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_usage_error_is_split_into_message_and_hint() {
        let (message, hint) = split_usage(
            "error: unexpected argument '--frob' found\n\nUsage: x [OPTIONS]\n\nFor more, try '--help'.\n",
        );
        assert_eq!(message, "unexpected argument '--frob' found");
        assert_eq!(hint.unwrap(), "Usage: x [OPTIONS] For more, try '--help'.");
    }
}
