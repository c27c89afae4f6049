//! Verification: is all that is stored what was written?
//!
//! Every body is read, decompressed, measured, hashed, and searched for what it
//! refers to (and, where the caller brings an indexer, for what search should
//! know); dictionaries and volatile parts are hashed likewise; SQLite checks
//! its own pages, indexes and references; every table is compared with its seal
//! (see [`seals`](crate::seals)), so that any other bit is found too; the schema
//! is compared with the one this build makes; the
//! versions of each object must form a chain without hole or overlap that ends
//! in one current version; nothing may be left over that no version needs. All
//! of it sees one moment of the vault, even beside a writer.
//!
//! A vault can be sound and still not hold everything: runs with gaps, and runs
//! that never ended, are found too and make the verdict `SoundWithGaps`.

mod bodies;
mod content;
mod journal;
mod references;
mod structure;

use crate::error::AtPath;
use crate::{Indexer, Reader, Result};
use content::Expected;

/// How many findings of one sort are named.
const NAMED: usize = 1_000;

/// How far a verification is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifyProgress {
    /// What is checked now.
    pub step: &'static str,
    /// Done of this step.
    pub done: u64,
    /// All of this step; 0 when unknown.
    pub total: u64,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What is wrong.
    pub what: String,
    /// Where.
    pub place: String,
    /// What to do.
    pub advice: String,
    /// Content is lost or cannot be trusted (as opposed to: it was never read).
    pub damage: bool,
}

/// The result of a verification in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// All is as it was written.
    Sound,
    /// All is as it was written, but a run has gaps or never ended.
    SoundWithGaps,
    /// Something is not as it was written.
    Damaged,
}

/// The result of a verification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyReport {
    /// In one word.
    pub verdict: Verdict,
    /// All that was found; of one sort at most 1,000, then how many more.
    pub findings: Vec<Finding>,
    /// Bodies read.
    pub bodies: u64,
    /// Their bytes before compression.
    pub raw_bytes: u64,
    /// Objects checked.
    pub objects: u64,
    /// Versions checked.
    pub versions: u64,
}

/// What to do about content that is lost.
const RESTORE_A_COPY: &str = "restore a copy of the vault, or read the object again";

/// A verification at work.
struct Check<'a> {
    reader: &'a Reader,
    progress: &'a mut dyn FnMut(VerifyProgress),
    report: VerifyReport,
    /// What search should know; nothing where that cannot be told.
    expected: Option<Expected>,
}

impl Reader {
    /// Checks everything that is stored; reads all of it. `progress` is told
    /// now and then how far it is.
    ///
    /// # Errors
    /// When the vault cannot be read at all; what is damaged is a finding.
    pub fn verify(&self, progress: &mut dyn FnMut(VerifyProgress)) -> Result<VerifyReport> {
        self.check(true, None, progress)
    }

    /// Checks everything but the content of documents: bodies and volatile parts
    /// are not read.
    ///
    /// # Errors
    /// When the vault cannot be read at all; what is damaged is a finding.
    pub fn verify_without_data(&self, progress: &mut dyn FnMut(VerifyProgress)) -> Result<VerifyReport> {
        self.check(false, None, progress)
    }

    /// Checks everything, and compares what is kept for search with what `indexer`
    /// finds, where the same edition of it has found that.
    ///
    /// # Errors
    /// As [`Reader::verify`].
    pub fn verify_with(
        &self,
        indexer: &Indexer,
        progress: &mut dyn FnMut(VerifyProgress),
    ) -> Result<VerifyReport> {
        self.check(true, Some(indexer), progress)
    }

    fn check(
        &self,
        with_data: bool,
        indexer: Option<&Indexer>,
        progress: &mut dyn FnMut(VerifyProgress),
    ) -> Result<VerifyReport> {
        let snapshot = self.connection.unchecked_transaction().at(&self.path)?;
        let report = VerifyReport {
            verdict: Verdict::Sound,
            findings: Vec::new(),
            bodies: 0,
            raw_bytes: 0,
            objects: 0,
            versions: 0,
        };
        let mut check = Check { reader: self, progress, report, expected: None };
        if let Some(indexer) = indexer {
            check.step("search index", |check| {
                check.expected = Expected::new(&check.reader.connection, indexer)?;
                Ok(())
            });
        }
        check.step("write-ahead log", |check| {
            check.journal();
            Ok(())
        });
        check.step("database", Check::database);
        check.step("schema", Check::schema);
        check.step("seals", Check::seals);
        check.step("dictionaries", Check::dictionaries);
        if with_data {
            check.step("bodies", Check::bodies);
            check.step("search index", Check::stray_words);
            check.step("volatile parts", Check::volatile_parts);
        }
        check.step("versions", Check::versions);
        check.step("leftovers", Check::leftovers);
        check.step("runs", Check::runs);
        let mut report = check.report;
        report.verdict = verdict(&report.findings);
        snapshot.finish().at(&self.path)?;
        Ok(report)
    }
}

fn verdict(findings: &[Finding]) -> Verdict {
    match findings.iter().map(|finding| finding.damage).max() {
        None => Verdict::Sound,
        Some(false) => Verdict::SoundWithGaps,
        Some(true) => Verdict::Damaged,
    }
}

impl Check<'_> {
    /// Takes one step; where the file cannot be read, that is what it finds.
    fn step(&mut self, name: &'static str, check: impl FnOnce(&mut Self) -> rusqlite::Result<()>) {
        (self.progress)(VerifyProgress { step: name, done: 0, total: 0 });
        if let Err(error) = check(self) {
            let what = format!("the {name} cannot be read to the end: {error}");
            self.damage(what, self.reader.path.display().to_string());
        }
    }

    /// Content is lost or cannot be trusted.
    fn damage(&mut self, what: impl Into<String>, place: impl Into<String>) {
        self.find(what, place, RESTORE_A_COPY, true);
    }

    fn find(&mut self, what: impl Into<String>, place: impl Into<String>, advice: &str, damage: bool) {
        let (what, place) = (what.into(), place.into());
        let same = self.report.findings.iter().filter(|finding| finding.what == what).count();
        if same < NAMED {
            let finding = Finding { what, place, advice: advice.to_owned(), damage };
            self.report.findings.push(finding);
        }
    }

    /// Tells how far a step is, not too often.
    fn tell(&mut self, step: &'static str, done: u64, total: u64) {
        if done.is_multiple_of(256) || done == total {
            (self.progress)(VerifyProgress { step, done, total });
        }
    }
}
