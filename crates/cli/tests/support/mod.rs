//! What the tests against a misbehaving Looker share.
//!
//! A test starts a simulated Looker in its own process, where it can be stopped,
//! changed and asked what it served, and runs the built program as a child
//! process against its socket. What the program said (`--json`, exit code) and
//! what it stored are then compared with what the simulator knows.

#![allow(dead_code, reason = "each group of tests uses a part of this")]
#![allow(clippy::expect_used, reason = "a test that cannot go on must fail")]

pub(crate) mod api;
pub(crate) mod content;
pub(crate) mod estate;
pub(crate) mod front;
pub(crate) mod gate;
pub(crate) mod json;
pub(crate) mod looker;
pub(crate) mod minimum;
pub(crate) mod quiet;
pub(crate) mod requests;
pub(crate) mod restoration;
pub(crate) mod restored;
pub(crate) mod seeded;
pub(crate) mod targets;
pub(crate) mod tls;
mod world;
pub(crate) mod wounds;

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

pub(crate) use world::{Ran, World};

/// The vault's file in a world, when no other is named.
pub(crate) const VAULT: &str = "lookervault.db";

/// Kinds of each way of reading but one call an object: whole lists, pages with
/// and without stamps, with and without folders and a trash.
pub(crate) const BASICS: &str = "folders dashboards looks users groups roles";

impl Ran {
    /// The document on stdout.
    pub(crate) fn report(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("no document: {}", self.all()))
    }

    /// The report of a run that must have ended complete.
    #[track_caller]
    pub(crate) fn complete(&self) -> Value {
        assert_eq!(self.code, 0, "{}", self.all());
        let report = self.report();
        assert_eq!(report["state"], "complete", "{}", self.all());
        assert_eq!(report["gaps"], serde_json::json!([]), "{}", self.all());
        report
    }

    /// The last line on stderr that is an error document.
    pub(crate) fn failure(&self) -> Value {
        let documents = self.err.lines().rev().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let errors = documents.map(|document| document["error"].clone());
        errors.into_iter().find(Value::is_object).unwrap_or_else(|| panic!("no error: {}", self.all()))
    }
}

impl World {
    /// Starts the program, its output kept for [`finish`].
    pub(crate) fn start(&self, line: &str) -> Child {
        let mut command = self.command(line);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Runs with arguments that may hold blanks.
    pub(crate) fn run_with(&self, arguments: &[&str]) -> Ran {
        Ran::new(&self.command("").args(arguments).output().unwrap())
    }

    /// Runs `extract --json` with more arguments.
    pub(crate) fn extract(&self, line: &str) -> Ran {
        self.run(&format!("extract --json {line}"))
    }

    /// The same for [`BASICS`].
    pub(crate) fn extract_basics(&self, line: &str) -> Ran {
        self.extract(&format!("{BASICS} {line}"))
    }

    /// What `verify` says of the vault.
    pub(crate) fn verdict(&self) -> String {
        let ran = self.run("verify --json");
        assert!(matches!(ran.code, 0 | 5), "{}", ran.all());
        let report = ran.report();
        assert_eq!(ran.code == 5, report["verdict"] == "damaged", "{}", ran.all());
        if ran.code == 5 { ran.all() } else { report["verdict"].as_str().unwrap().to_owned() }
    }
}

/// Waits for a child's end.
pub(crate) fn finish(child: Child) -> Ran {
    Ran::new(&child.wait_with_output().unwrap())
}

/// Sends a signal to a child: `INT`, `TERM`, `KILL`.
pub(crate) fn signal(child: &Child, name: &str) {
    let pid = child.id().to_string();
    let sent = std::process::Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap();
    assert!(sent.success(), "kill -{name} {pid}");
}

/// Waits until something is true; fails after twenty seconds.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut is_true: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_true() {
        assert!(started.elapsed() < Duration::from_secs(20), "{what} never happened");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The sum of a number over the entries of a list in a report.
pub(crate) fn sum(list: &Value, number: &str) -> u64 {
    list.as_array().unwrap().iter().map(|entry| entry[number].as_u64().unwrap()).sum()
}

/// Every place that a report names as a gap.
pub(crate) fn gap_places(report: &Value) -> Vec<String> {
    let gaps = report["gaps"].as_array().unwrap();
    gaps.iter().map(|gap| gap["place"].as_str().unwrap().to_owned()).collect()
}
