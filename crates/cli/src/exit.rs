//! Exit codes, as one table that the program, its help and its manual share.

use std::process::ExitCode;

/// How a command ended, as its caller sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// The command did all that was asked.
    Ok = 0,
    /// The command failed for a reason that has no code of its own.
    Failed = 1,
    /// The command line or the configuration is wrong.
    Usage = 2,
    /// The run ended with gaps, or is suspect and awaits confirmation.
    Incomplete = 3,
    /// The run stopped at its call budget and can be resumed.
    Budget = 4,
    /// Verification found damage, or the vault differs from the instance.
    Damage = 5,
    /// Looker could not be reached, or refused the credentials.
    Connection = 6,
    /// Another process is using the vault.
    Busy = 7,
    /// The two states that were compared differ, and the caller wanted to know.
    Differs = 8,
    /// Interrupted, for instance with Ctrl-C.
    Interrupted = 130,
}

/// Every exit code with its meaning, in rising order.
pub const TABLE: &[(Exit, &str)] = &[
    (Exit::Ok, "success"),
    (Exit::Failed, "failed"),
    (Exit::Usage, "wrong usage or configuration"),
    (
        Exit::Incomplete,
        "the run ended incomplete or suspect (`lookervault runs show` says why), or a restore needs somebody",
    ),
    (Exit::Budget, "stopped by the call budget or allowance: continue with --resume"),
    (Exit::Damage, "verification found damage, or a difference from the instance"),
    (Exit::Connection, "could not connect or sign in"),
    (Exit::Busy, "the vault is in use by another process"),
    (
        Exit::Differs,
        "the two states differ (`diff --exit-code`), or a plan has something to do (`restore plan`)",
    ),
    (Exit::Interrupted, "interrupted"),
];

/// Exit codes from the worst on: of several, the first of these is told.
const WORST_FIRST: [Exit; 10] = [
    Exit::Interrupted,
    Exit::Busy,
    Exit::Damage,
    Exit::Failed,
    Exit::Usage,
    Exit::Connection,
    Exit::Incomplete,
    Exit::Budget,
    Exit::Differs,
    Exit::Ok,
];

impl Exit {
    /// What several ends come to: the worst of them, success if there are none.
    pub fn worst(ends: impl IntoIterator<Item = Self>) -> Self {
        let rank = |exit: &Self| WORST_FIRST.iter().position(|worse| worse == exit);
        ends.into_iter().min_by_key(rank).unwrap_or(Self::Ok)
    }

    /// The number the process ends with.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// What the code means, from [`TABLE`].
    pub fn meaning(self) -> &'static str {
        TABLE.iter().find(|(exit, _)| *exit == self).map_or("", |(_, meaning)| meaning)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// The help section that lists `exits`, one a line.
pub fn help_section(exits: impl IntoIterator<Item = Exit>) -> String {
    let lines = exits.into_iter().map(|exit| format!("  {:<5}{}", exit.code(), exit.meaning()));
    std::iter::once("Exit codes:".to_owned()).chain(lines).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_listed_once_with_a_meaning() {
        let codes: Vec<u8> = TABLE.iter().map(|(exit, _)| exit.code()).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 7, 8, 130]);
        assert!(TABLE.iter().all(|(exit, _)| !exit.meaning().is_empty()));
    }

    #[test]
    fn the_worst_end_counts() {
        assert!(TABLE.iter().all(|(exit, _)| WORST_FIRST.contains(exit)));
        assert_eq!(Exit::worst([]), Exit::Ok);
        assert_eq!(Exit::worst([Exit::Ok, Exit::Budget, Exit::Incomplete]), Exit::Incomplete);
        assert_eq!(Exit::worst([Exit::Connection, Exit::Interrupted, Exit::Ok]), Exit::Interrupted);
    }

    #[test]
    fn the_help_section_has_one_line_a_code() {
        assert_eq!(
            help_section([Exit::Ok, Exit::Interrupted]),
            "Exit codes:\n  0    success\n  130  interrupted"
        );
    }
}
