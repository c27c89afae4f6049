//! A vault that is ready to be searched.
//!
//! Documents that came since the last time are searched first. That needs the
//! vault's lock; where it cannot be had, the answer is given without them, and
//! that is said.

use std::path::Path;

use engine::documents::INDEXER;
use vault::{ErrorKind, Vault, VaultError};

use crate::context::{Context, Opened};
use crate::output::human;
use crate::report::Failure;

impl Context {
    /// Opens the vault for reading, as [`Context::read_vault`] does, with all of
    /// it searched; `command` says for whom.
    ///
    /// # Errors
    /// As [`Context::read_vault`], or when the vault is damaged.
    pub fn read_searchable_vault(&self, command: &str) -> Result<Opened, Failure> {
        let opened = self.read_vault()?;
        let waiting = opened.reader.unsearched(&INDEXER, u64::MAX)?;
        if waiting == 0 {
            return Ok(opened);
        }
        let path = opened.reader.path().to_owned();
        // Nobody may read what is opened for writing.
        drop(opened);
        match self.search_through(&path, command, waiting) {
            Ok(()) => {}
            Err(error) if is_passing(&error) => self.warn_of(waiting, &error),
            Err(error) => return Err(error.into()),
        }
        self.read_vault()
    }

    fn search_through(&self, path: &Path, command: &str, waiting: u64) -> Result<(), VaultError> {
        let mut vault = Vault::open_for_writing(path, command)?;
        let task = self.printer.progress().task("indexing", Some(waiting));
        vault.index_content(&INDEXER, &mut |done| task.set(done))?;
        Ok(())
    }

    fn warn_of(&self, waiting: u64, error: &VaultError) {
        let documents = human::counted(waiting, "document is", "documents are");
        self.printer.warn(
            &format!("{documents} not ready to be searched, and nothing in them is found: {error}"),
            Some("ask again when the vault can be written"),
        );
    }
}

/// The vault itself is good; it just cannot be written now or here.
fn is_passing(error: &VaultError) -> bool {
    matches!(error.kind(), ErrorKind::InUse | ErrorKind::Io | ErrorKind::DiskFull)
}
