//! The results: printed, judged, written as JSON.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use serde::Serialize;

use crate::asking::Asked;
use crate::dumps::Dumps;
use crate::options::Options;
use crate::table::{Spread, megabytes, table};

/// How many times smaller than daily dumps the vault shall be.
const SMALLER: f64 = 50.0;

/// Everything that the benchmark came to.
#[derive(Serialize)]
pub(crate) struct Book {
    schema: &'static str,
    cores: usize,
    dashboards: u32,
    days: u32,
    body_bytes: u32,
    questions: Vec<Question>,
    vault_bytes: u64,
    dumped_bytes: u64,
    dumped_one_by_one: u64,
    dumped_whole: u64,
}

/// Answers to a question, in milliseconds.
#[derive(Serialize)]
struct Question {
    what: String,
    asked: usize,
    least: f64,
    median: f64,
    /// 95 of 100 answers took no longer.
    most_took: f64,
    most: f64,
    limit: f64,
    met: bool,
}

impl Question {
    fn of(asked: &Asked) -> Self {
        let millis = |time: &Duration| time.as_secs_f64() * 1e3;
        let Spread { median, least, most } = Spread::of(asked.times.iter().map(millis));
        let mut sorted = asked.times.clone();
        sorted.sort();
        let most_took = sorted.get((sorted.len() * 95).div_ceil(100).saturating_sub(1)).map_or(0.0, millis);
        let limit = millis(&asked.limit);
        let (what, asked) = (asked.what.clone(), asked.times.len());
        Self { what, asked, least, median, most_took, most, limit, met: most_took < limit }
    }

    fn row(&self) -> Vec<String> {
        vec![
            self.what.clone(),
            self.asked.to_string(),
            format!("{:.2}", self.least),
            format!("{:.2}", self.median),
            format!("{:.2}", self.most_took),
            format!("{:.2}", self.most),
            format!("{:.0}", self.limit),
            if self.met { "met" } else { "MISSED" }.to_owned(),
        ]
    }
}

impl Book {
    pub(crate) fn new(options: &Options, asked: &[Asked], dumps: &Dumps, vault_bytes: u64) -> Self {
        Self {
            schema: "lookervault.bench_history/1",
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            dashboards: options.dashboards,
            days: options.days,
            body_bytes: options.body_bytes,
            questions: asked.iter().map(Question::of).collect(),
            vault_bytes,
            dumped_bytes: dumps.raw,
            dumped_one_by_one: dumps.one_by_one,
            dumped_whole: dumps.whole,
        }
    }

    /// How many times smaller the vault is than so many bytes.
    fn smaller(&self, than: u64) -> f64 {
        than as f64 / self.vault_bytes.max(1) as f64
    }

    /// Prints all of it.
    pub(crate) fn print(&self) {
        let head = ["question", "asked", "min ms", "median", "95 %", "max", "limit", ""];
        let rows: Vec<Vec<String>> = self.questions.iter().map(Question::row).collect();
        println!("\n{}", table(&head, &rows));
        let size = |what: &str, bytes: u64| {
            let smaller = format!("{:.1}x", self.smaller(bytes));
            vec![what.to_owned(), megabytes(bytes), smaller]
        };
        let rows = [
            size("vault, all indexes included", self.vault_bytes),
            size("daily dumps, each dashboard compressed by itself", self.dumped_one_by_one),
            size("daily dumps, each day one compressed file", self.dumped_whole),
            size("daily dumps, not compressed", self.dumped_bytes),
        ];
        println!("{}", table(&["size", "MB", "vault is smaller"], &rows));
        let verdict = if self.is_small() { "met" } else { "MISSED" };
        println!(
            "At least {SMALLER} times smaller than daily dumps with each dashboard compressed by itself: {verdict}."
        );
    }

    fn is_small(&self) -> bool {
        self.smaller(self.dumped_one_by_one) >= SMALLER
    }

    /// Whether every limit was kept.
    pub(crate) fn is_met(&self) -> bool {
        self.is_small() && self.questions.iter().all(|question| question.met)
    }

    /// Writes it as JSON.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn write_json(&self, path: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        std::fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))
    }
}
