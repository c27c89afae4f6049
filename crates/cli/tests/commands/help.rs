//! The whole command line reference, so that no help text changes unseen.

use clap::{Command, CommandFactory as _};
use lookervault::args::Cli;

fn visit(command: &Command, path: &str, each: &mut dyn FnMut(&Command, &str)) {
    each(command, path);
    for sub in command.get_subcommands() {
        visit(sub, &format!("{path} {}", sub.get_name()), each);
    }
}

fn every_command(each: &mut dyn FnMut(&Command, &str)) {
    let mut program = Cli::command().disable_help_subcommand(true).term_width(100);
    program.build();
    visit(&program, "lookervault", each);
}

#[test]
fn the_reference_is_as_reviewed() {
    every_command(&mut |command, path| {
        insta::assert_snapshot!(path.replace(' ', "_"), command.clone().render_long_help());
    });
}

#[test]
fn every_command_has_examples_and_exit_codes() {
    every_command(&mut |command, path| {
        let help = command.clone().render_long_help().to_string();
        assert!(help.contains("Examples:\n"), "{path} has no examples");
        assert!(help.contains("Exit codes:\n  0    success"), "{path} has no exit codes");
        assert!(help.contains("lookervault"), "{path}");
    });
}

#[test]
fn no_line_is_wider_than_a_page() {
    every_command(&mut |command, path| {
        let help = command.clone().render_long_help().to_string();
        let wide: Vec<&str> = help.lines().filter(|line| line.chars().count() > 100).collect();
        assert!(wide.is_empty(), "{path}: {wide:?}");
    });
}

/// The definitions contradict themselves nowhere: clap's own check.
#[test]
fn the_definitions_hold() {
    Cli::command().debug_assert();
}
