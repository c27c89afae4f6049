//! The error report: what was wrong, where, and what to do.
//!
//! Every error of a library becomes a [`Failure`] in one `From` here or in a
//! module beside the code it belongs to; that is where its hint and its exit
//! code are decided. A command returns `Result<Exit, Failure>`.

use std::fmt;
use std::io;

use serde::Serialize;
use vault::VaultError;

use crate::exit::Exit;
use crate::output::Paint;

/// What a command returns.
pub type Outcome = Result<Exit, Failure>;

/// A failure as people and scripts see it.
#[derive(Debug)]
pub struct Failure {
    /// A stable word for scripts, for instance `config.unknown_key`.
    pub kind: &'static str,
    /// The code the process ends with.
    pub exit: Exit,
    /// What was wrong.
    pub message: String,
    /// Where: a file and line, a call, a vault.
    pub place: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure without place or hint.
    pub fn new(kind: &'static str, exit: Exit, message: impl Into<String>) -> Self {
        Self { kind, exit, message: message.into(), place: None, hint: None }
    }

    /// Says where it went wrong.
    #[must_use]
    pub fn at(mut self, place: impl fmt::Display) -> Self {
        self.place = Some(place.to_string());
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Whether the reader of our output went away, which is no failure.
    pub fn is_broken_pipe(&self) -> bool {
        self.kind == BROKEN_PIPE
    }

    /// The report for people: up to three lines, ended by a line break.
    pub fn render(&self, paint: Paint) -> String {
        let mut text = format!("{}: {}\n", paint.bad("error"), self.message);
        for (label, line) in [("where", &self.place), ("hint", &self.hint)] {
            if let Some(line) = line {
                text += &format!("{}: {line}\n", paint.bold(format!("{label:>7}")));
            }
        }
        text
    }

    /// The report for scripts.
    pub fn document(&self) -> impl Serialize + '_ {
        Document { schema: "lookervault.error/1", error: self.part() }
    }

    /// The report as a part of another document.
    pub(crate) fn part(&self) -> ErrorPart<'_> {
        ErrorPart {
            kind: self.kind,
            message: &self.message,
            r#where: self.place.as_deref(),
            hint: self.hint.as_deref(),
            exit_code: self.exit.code(),
        }
    }
}

const BROKEN_PIPE: &str = "output.closed";

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    error: ErrorPart<'a>,
}

/// An error within a document.
#[derive(Serialize)]
pub(crate) struct ErrorPart<'a> {
    kind: &'static str,
    message: &'a str,
    r#where: Option<&'a str>,
    hint: Option<&'a str>,
    exit_code: u8,
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::new(BROKEN_PIPE, Exit::Ok, "the reader of our output went away");
        }
        Self::new("io", Exit::Failed, error.to_string())
    }
}

impl From<VaultError> for Failure {
    fn from(error: VaultError) -> Self {
        let (kind, exit) = match error.kind() {
            vault::ErrorKind::NotAVault => ("vault.not_a_vault", Exit::Failed),
            vault::ErrorKind::Schema => ("vault.schema", Exit::Failed),
            vault::ErrorKind::InUse => ("vault.in_use", Exit::Busy),
            vault::ErrorKind::DiskFull => ("vault.disk_full", Exit::Failed),
            vault::ErrorKind::Io => ("vault.io", Exit::Failed),
            vault::ErrorKind::Damaged => ("vault.damaged", Exit::Damage),
            vault::ErrorKind::Misuse => ("vault.refused", Exit::Failed),
            _ => ("vault.failed", Exit::Failed),
        };
        match &error {
            VaultError::Absent { path } => Self::new("vault.absent", exit, "there is no vault")
                .at(path.display())
                .hint("make one with `lookervault extract`, or name another with --vault"),
            VaultError::Locked { path, holder } => {
                Self::new(kind, exit, format!("the vault is in use by {holder}"))
                    .at(path.display())
                    .hint("wait until it is done; list, show, runs and verify work meanwhile")
            }
            // The other messages name the vault and end in what to do.
            _ => Self::new(kind, exit, with_cause(&error)),
        }
    }
}

/// The message with the cause behind it, when there is one.
fn with_cause(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |cause| format!("{error} ({cause})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Failure {
        Failure::new("config.unknown_key", Exit::Usage, "unknown key `base-url`")
            .at("lookervault.toml:3")
            .hint("did you mean `base_url`?")
    }

    #[test]
    fn people_read_what_where_and_hint() {
        insta::assert_snapshot!(sample().render(Paint::new(false)), @r"
        error: unknown key `base-url`
          where: lookervault.toml:3
           hint: did you mean `base_url`?
        ");
    }

    #[test]
    fn a_vault_in_use_has_its_own_exit_code() {
        let locked = VaultError::Locked { path: "v.db".into(), holder: "pid 7, extract".into() };
        let failure = Failure::from(locked);
        assert_eq!((failure.kind, failure.exit), ("vault.in_use", Exit::Busy));
        assert_eq!(failure.place.as_deref(), Some("v.db"));
        assert!(failure.message.contains("pid 7, extract"), "{}", failure.message);
    }

    #[test]
    fn damage_has_its_own_exit_code() {
        let damaged = VaultError::Damaged { path: "v.db".into(), detail: "a hash differs".into() };
        assert_eq!(Failure::from(damaged).exit, Exit::Damage);
    }

    #[test]
    fn scripts_read_one_document() {
        let text = serde_json::to_string(&sample().document()).unwrap();
        insta::assert_snapshot!(text, @r#"{"schema":"lookervault.error/1","error":{"kind":"config.unknown_key","message":"unknown key `base-url`","where":"lookervault.toml:3","hint":"did you mean `base_url`?","exit_code":2}}"#);
    }
}
