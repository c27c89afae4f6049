//! The benchmark's command line.

use std::path::PathBuf;

use anyhow::{Context, bail, ensure};

/// What was asked for.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) dashboards: u32,
    pub(crate) days: u32,
    pub(crate) body_bytes: u32,
    /// Where the vault is kept; nowhere if not said.
    pub(crate) vault: Option<PathBuf>,
    pub(crate) json: Option<PathBuf>,
    pub(crate) help: bool,
    /// Whether a limit that is missed is an error: not at the size of a test.
    pub(crate) judges: bool,
}

impl Options {
    /// What `cargo test --benches` gets: enough to see that all of it works.
    const TINY: Self = Self {
        dashboards: 300,
        days: 5,
        body_bytes: 6_000,
        vault: None,
        json: None,
        help: false,
        judges: false,
    };

    /// Reads arguments. `cargo bench` passes `--bench`, `cargo test --benches` does
    /// not.
    ///
    /// # Errors
    /// For an unknown option, or a size that is none.
    pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let all: Vec<String> = arguments.collect();
        let mut options = if all.iter().any(|argument| argument == "--bench") {
            Self { dashboards: 26_000, days: 365, body_bytes: 30_000, judges: true, ..Self::TINY }
        } else {
            Self::TINY
        };
        let mut rest = all.into_iter();
        while let Some(argument) = rest.next() {
            let mut value = || rest.next().with_context(|| format!("{argument} takes a value"));
            match argument.as_str() {
                "--bench" => {}
                "--help" | "-h" => options.help = true,
                "--dashboards" => options.dashboards = value()?.parse()?,
                "--days" => options.days = value()?.parse()?,
                "--body-bytes" => options.body_bytes = value()?.parse()?,
                "--vault" => options.vault = Some(value()?.into()),
                "--json" => options.json = Some(value()?.into()),
                name => bail!("there is no option `{name}`; see --help"),
            }
        }
        ensure!(options.dashboards >= 100, "--dashboards takes 100 at least: one in a hundred is edited");
        ensure!(options.days >= 3, "--days takes 3 at least");
        Ok(options)
    }
}
