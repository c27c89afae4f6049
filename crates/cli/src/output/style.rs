//! How output looks in the place it goes to.

use clap::ValueEnum;

use crate::environment::Environment;

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On terminals, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What the command line asks of the output.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wishes {
    /// One JSON document on stdout, JSON lines on stderr.
    pub json: bool,
    /// No chatter.
    pub quiet: bool,
    /// How often `-v` was given.
    pub verbose: u8,
    /// When to use colour.
    pub color: ColorChoice,
    /// No progress display.
    pub no_progress: bool,
}

/// What stdin, stdout and stderr are connected to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terminals {
    /// Stdin is a terminal.
    pub input: bool,
    /// Stdout is a terminal.
    pub out: bool,
    /// Stderr is a terminal.
    pub err: bool,
    /// Columns of the terminal, when there is one.
    pub width: Option<u16>,
}

impl Terminals {
    /// The terminals this process is connected to.
    pub fn of_process() -> Self {
        use std::io::IsTerminal as _;
        Self {
            input: std::io::stdin().is_terminal(),
            out: std::io::stdout().is_terminal(),
            err: std::io::stderr().is_terminal(),
            width: terminal_size::terminal_size().map(|(width, _)| width.0),
        }
    }
}

/// The settled look of all output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about two streams")]
pub struct Style {
    /// One JSON document on stdout, JSON lines on stderr.
    pub json: bool,
    /// No chatter.
    pub quiet: bool,
    /// How often `-v` was given.
    pub verbose: u8,
    /// Colour on stdout.
    pub out_color: bool,
    /// Colour on stderr.
    pub err_color: bool,
    /// Columns for tables on stdout; `None` when piped: rows are never folded.
    pub width: Option<u16>,
    /// Moving bars on stderr.
    pub bars: bool,
    /// A progress line on stderr every few seconds.
    pub progress_lines: bool,
    /// Somebody is there who can be asked, and wants to be.
    pub asks: bool,
}

impl Style {
    /// Settles the look from what was asked for and where output goes.
    pub fn decide(wishes: Wishes, terminals: Terminals, env: &Environment) -> Self {
        let dumb = env.get("TERM") == Some("dumb");
        let chatty = !wishes.json && !wishes.quiet && !wishes.no_progress;
        let color = |terminal: bool| match wishes.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto if env.get("NO_COLOR").is_some() => false,
            ColorChoice::Auto => (terminal && !dumb) || env.is_on("CLICOLOR_FORCE"),
        };
        let bars = chatty && terminals.err && !dumb && !env.is_on("CI");
        Self {
            json: wishes.json,
            quiet: wishes.quiet,
            verbose: wishes.verbose,
            out_color: color(terminals.out) && !wishes.json,
            err_color: color(terminals.err) && !wishes.json,
            width: terminals.width.filter(|_| terminals.out),
            bars,
            progress_lines: chatty && !bars && wishes.verbose > 0,
            asks: terminals.input && terminals.err && !wishes.json && !wishes.quiet,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMINAL: Terminals = Terminals { input: true, out: true, err: true, width: Some(80) };
    const PIPE: Terminals = Terminals { input: false, out: false, err: false, width: Some(80) };

    fn decide(wishes: Wishes, terminals: Terminals, env: &[(&str, &str)]) -> Style {
        Style::decide(wishes, terminals, &Environment::from_pairs(env.iter().copied()))
    }

    #[test]
    fn a_terminal_gets_colour_bars_and_a_width() {
        let style = decide(Wishes::default(), TERMINAL, &[]);
        assert!(style.out_color && style.err_color && style.bars && !style.progress_lines);
        assert_eq!(style.width, Some(80));
    }

    #[test]
    fn a_pipe_gets_plain_text() {
        let style = decide(Wishes::default(), PIPE, &[]);
        assert_eq!(style, Style::default());
        let verbose = decide(Wishes { verbose: 1, ..Wishes::default() }, PIPE, &[]);
        assert!(verbose.progress_lines && !verbose.bars);
    }

    #[test]
    fn bars_hide_when_unwanted() {
        let hidden = [
            decide(Wishes { json: true, ..Wishes::default() }, TERMINAL, &[]),
            decide(Wishes { quiet: true, ..Wishes::default() }, TERMINAL, &[]),
            decide(Wishes { no_progress: true, ..Wishes::default() }, TERMINAL, &[]),
            decide(Wishes::default(), TERMINAL, &[("CI", "true")]),
            decide(Wishes::default(), TERMINAL, &[("TERM", "dumb")]),
        ];
        assert!(hidden.iter().all(|style| !style.bars));
    }

    #[test]
    fn only_who_is_there_is_asked() {
        assert!(decide(Wishes::default(), TERMINAL, &[]).asks);
        assert!(!decide(Wishes { json: true, ..Wishes::default() }, TERMINAL, &[]).asks);
        assert!(!decide(Wishes { quiet: true, ..Wishes::default() }, TERMINAL, &[]).asks);
        assert!(!decide(Wishes::default(), Terminals { input: false, ..TERMINAL }, &[]).asks);
    }

    #[test]
    fn colour_follows_flag_then_environment_then_terminal() {
        let always = Wishes { color: ColorChoice::Always, ..Wishes::default() };
        let never = Wishes { color: ColorChoice::Never, ..Wishes::default() };
        assert!(decide(always, PIPE, &[("NO_COLOR", "1")]).out_color);
        assert!(!decide(never, TERMINAL, &[("CLICOLOR_FORCE", "1")]).out_color);
        assert!(!decide(Wishes::default(), TERMINAL, &[("NO_COLOR", "1")]).out_color);
        assert!(decide(Wishes::default(), PIPE, &[("CLICOLOR_FORCE", "1")]).out_color);
        assert!(!decide(Wishes { json: true, ..always }, TERMINAL, &[]).err_color);
    }
}
