//! The benchmark's command line.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};

use crate::support::restoration::Damage;

/// Dashboards of a case.
const MANY: u32 = 10_000;
const FEW: u32 = 500;
/// Calls at once, one measurement after the other: where mostly processors bind, and where
/// mostly calls do.
const WORKERS: [u32; 3] = [8, 2, 1];
/// What each call takes the simulator.
const LATENCY: Duration = Duration::from_millis(5);
/// What `cargo test --benches` gets: enough to see that all of it works.
const TINY: u32 = 20;

/// What was asked for.
pub(crate) struct Options {
    pub(crate) cases: Vec<(Damage, u32)>,
    /// Calls at once, each case with each.
    pub(crate) workers: Vec<u32>,
    /// What each call takes the simulator.
    pub(crate) latency: Duration,
    /// Whether slowness is an error: not at the size of a test.
    pub(crate) judges_time: bool,
    pub(crate) json: Option<PathBuf>,
    pub(crate) help: bool,
}

impl Options {
    /// Reads arguments. `cargo bench` passes `--bench`, `cargo test --benches` does not.
    ///
    /// # Errors
    /// For an unknown case or option.
    pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let mut options = Self {
            cases: Vec::new(),
            workers: WORKERS.into(),
            latency: LATENCY,
            judges_time: false,
            json: None,
            help: false,
        };
        let (mut chosen, mut dashboards) = (Vec::new(), None);
        let mut arguments = arguments;
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().with_context(|| format!("{argument} takes a value"));
            match argument.as_str() {
                "--bench" => options.judges_time = true,
                "--help" | "-h" => options.help = true,
                "--dashboards" => dashboards = Some(value()?.parse()?),
                "--workers" => {
                    let numbers = value()?;
                    let workers: Result<_, _> = numbers.split(',').map(str::parse).collect();
                    options.workers = workers.with_context(|| format!("`{numbers}` are no numbers"))?;
                }
                "--latency" => {
                    let milliseconds = value()?;
                    let parsed = milliseconds.parse().map(Duration::from_millis);
                    options.latency =
                        parsed.with_context(|| format!("`{milliseconds}` are no milliseconds"))?;
                }
                "--json" => options.json = Some(value()?.into()),
                "titles" => chosen.push(Damage::Titles),
                "trashed" => chosen.push(Damage::Trashed),
                "purged" => chosen.push(Damage::Purged),
                "all" => chosen.extend(Damage::ALL),
                name => bail!("there is no case or option `{name}`; see --help"),
            }
        }
        if chosen.is_empty() {
            chosen.extend(Damage::ALL);
        }
        let usual = |damage| match damage {
            _ if !options.judges_time => TINY,
            Damage::Titles | Damage::Trashed => MANY,
            Damage::Purged => FEW,
        };
        options.cases =
            chosen.into_iter().map(|damage| (damage, dashboards.unwrap_or(usual(damage)))).collect();
        Ok(options)
    }
}
