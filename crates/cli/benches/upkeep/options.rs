//! The benchmark's command line.

use std::path::PathBuf;

use anyhow::{Context, bail};

use crate::support::targets::{LARGE, SMALL, Scale, Understands};

/// What was asked for.
pub(crate) struct Options {
    pub(crate) scales: Vec<&'static Scale>,
    /// How many outcomes of trying out what an instance understands.
    pub(crate) outcomes: usize,
    /// Whether months are run.
    pub(crate) months: bool,
    pub(crate) json: Option<PathBuf>,
    pub(crate) help: bool,
}

impl Options {
    /// Reads arguments. `cargo bench` passes `--bench`, `cargo test --benches` does not:
    /// the latter gets some days of the small instance, to see that all of it works.
    ///
    /// # Errors
    /// For an unknown instance or option.
    pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let mut options = Self { scales: Vec::new(), outcomes: 1, months: false, json: None, help: false };
        let mut arguments = arguments;
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--bench" => (options.outcomes, options.months) = (Understands::OUTCOMES.len(), true),
                "--help" | "-h" => options.help = true,
                "--json" => options.json = Some(arguments.next().context("--json takes a file")?.into()),
                "small" => options.scales.push(&SMALL),
                "large" => options.scales.push(&LARGE),
                "all" => options.scales.extend([&SMALL, &LARGE]),
                name => bail!("there is no instance or option `{name}`; see --help"),
            }
        }
        if options.scales.is_empty() {
            options.scales.push(&SMALL);
            options.scales.extend(options.months.then_some(&LARGE));
        }
        Ok(options)
    }
}
