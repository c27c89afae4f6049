//! What the project promises of itself, beside what was measured.

use serde::Serialize;

use crate::table::table;

/// A promise and what became of it.
#[derive(Debug, Serialize)]
struct Expectation {
    what: String,
    expected: String,
    measured: String,
    met: bool,
}

/// All promises that were looked at.
#[derive(Debug, Default, Serialize)]
#[serde(transparent)]
pub(crate) struct Expectations(Vec<Expectation>);

impl Expectations {
    /// Holds what was measured against what is expected.
    pub(crate) fn expect(
        &mut self,
        what: impl Into<String>,
        expected: impl Into<String>,
        measured: impl Into<String>,
        met: bool,
    ) {
        let [what, expected, measured] = [what.into(), expected.into(), measured.into()];
        self.0.push(Expectation { what, expected, measured, met });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many were met.
    fn met(&self) -> usize {
        self.0.iter().filter(|one| one.met).count()
    }

    /// Whether every one was.
    pub(crate) fn are_met(&self) -> bool {
        self.met() == self.0.len()
    }

    /// Prints each with its verdict.
    pub(crate) fn print(&self) {
        let row = |one: &Expectation| {
            let verdict = if one.met { "met" } else { "MISSED" };
            vec![one.what.clone(), one.expected.clone(), one.measured.clone(), verdict.to_owned()]
        };
        let rows: Vec<Vec<String>> = self.0.iter().map(row).collect();
        println!("== Summary: {} of {} expectations met ==\n", self.met(), rows.len());
        println!("{}", table(&["what", "expected", "measured", ""], &rows));
    }
}
