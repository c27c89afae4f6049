//! Names for runs.

use jiff::Timestamp;
use rusqlite::OptionalExtension;

use crate::error::AtPath;
use crate::{Result, RunId, Vault, VaultError};

impl Vault {
    /// Names a run. Naming it so once more changes nothing.
    ///
    /// # Errors
    /// When there is no such run, the name is another run's, or the vault cannot
    /// be written.
    pub fn tag(&mut self, name: &str, run: RunId, at: Timestamp) -> Result<()> {
        let known = "SELECT 1 FROM run WHERE id = ?1 AND id NOT IN (SELECT run FROM forgotten)";
        let known = self.connection.query_row(known, [run.0], |_| Ok(())).optional().at(&self.path)?;
        known.ok_or(VaultError::NoSuchRun { run: run.0 })?;
        let insert = "INSERT INTO tag (name, run, at) VALUES (?1, ?2, ?3) ON CONFLICT (name) DO NOTHING";
        self.connection.execute(insert, (name, run.0, at.as_microsecond())).at(&self.path)?;
        let select = "SELECT run FROM tag WHERE name = ?1";
        let named: i64 = self.connection.query_row(select, [name], |row| row.get(0)).at(&self.path)?;
        if named == run.0 { Ok(()) } else { Err(VaultError::TagTaken { name: name.to_owned(), run: named }) }
    }

    /// Forgets a name; the run it had, or `None` when there was no such name.
    ///
    /// # Errors
    /// When the vault cannot be written.
    pub fn untag(&mut self, name: &str) -> Result<Option<RunId>> {
        let delete = "DELETE FROM tag WHERE name = ?1 RETURNING run";
        let run = self.connection.query_row(delete, [name], |row| row.get(0).map(RunId));
        run.optional().at(&self.path)
    }
}
