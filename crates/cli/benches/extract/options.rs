//! The benchmark's command line.

use std::path::PathBuf;

use anyhow::{Context, bail};

/// A part that can be run by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    SelfCheck,
    Scenarios,
    Adaptive,
    Throughput,
    Memory,
    Auto,
}

impl Part {
    /// All parts, in the order they run in.
    pub(crate) const ALL: [(&'static str, Self); 6] = [
        ("self-check", Self::SelfCheck),
        ("scenarios", Self::Scenarios),
        ("adaptive", Self::Adaptive),
        ("throughput", Self::Throughput),
        ("memory", Self::Memory),
        ("auto", Self::Auto),
    ];
}

/// What was asked for.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) parts: Vec<Part>,
    pub(crate) rounds: usize,
    pub(crate) json: Option<PathBuf>,
    pub(crate) help: bool,
}

impl Options {
    /// Reads arguments. `cargo bench` passes `--bench`, `cargo test --benches`
    /// does not: the latter gets the self-check only.
    ///
    /// # Errors
    /// For an unknown part or option.
    pub(crate) fn parse(args: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let mut options = Self { parts: Vec::new(), rounds: 3, json: None, help: false };
        let mut benching = false;
        let mut args = args;
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--bench" => benching = true,
                "--help" | "-h" => options.help = true,
                "--rounds" => {
                    let rounds: usize = args.next().context("--rounds takes a number")?.parse()?;
                    options.rounds = rounds.max(1);
                }
                "--json" => options.json = Some(args.next().context("--json takes a file")?.into()),
                "all" => options.parts.extend(Part::ALL.map(|(_, part)| part)),
                name => match Part::ALL.iter().find(|(known, _)| *known == name) {
                    Some((_, part)) => options.parts.push(*part),
                    None => bail!("there is no part or option `{name}`; see --help"),
                },
            }
        }
        if options.parts.is_empty() {
            options.parts =
                if benching { Part::ALL.map(|(_, part)| part).to_vec() } else { vec![Part::SelfCheck] };
        }
        Ok(options)
    }
}
