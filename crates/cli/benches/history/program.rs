//! The built program, asked as a person asks it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::ensure;

/// The program on the benchmark's vault, with nothing from the outside: neither the
/// configuration of whoever runs the benchmark, nor their environment.
pub(crate) struct Program {
    vault: PathBuf,
    /// An empty folder.
    home: PathBuf,
}

impl Program {
    pub(crate) fn new(vault: &Path, home: &Path) -> Self {
        Self { vault: vault.to_owned(), home: home.to_owned() }
    }

    /// The program with these arguments.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lookervault"));
        command.env_clear().env("HOME", &self.home).current_dir(&self.home).stdin(Stdio::null());
        command.arg("--vault").arg(&self.vault).args(arguments);
        command
    }

    /// Asks, and takes the time from the start of the process to its end.
    ///
    /// # Errors
    /// When it cannot be started or fails.
    pub(crate) fn ask(&self, arguments: &[&str]) -> anyhow::Result<(Duration, Vec<u8>)> {
        let mut command = self.command(arguments);
        let started = Instant::now();
        let output = command.output()?;
        let took = started.elapsed();
        let told = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "`lookervault {}` failed: {told}", arguments.join(" "));
        Ok((took, output.stdout))
    }
}
