//! The views as tables of a file of its own, for tools that cannot look into the
//! vault's documents.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::{Queries, SqlError, SqlValue, ViewInfo};
use crate::lock::open_private;

/// A view that was written as a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedView {
    /// Its name.
    pub name: String,
    /// Its rows.
    pub rows: u64,
}

impl Queries {
    /// Writes every view as a table of the same name and columns into a new SQLite
    /// file, readable for its owner only. `progress` is told of each that is done.
    ///
    /// # Errors
    /// When there is a file already, it cannot be written, or the vault cannot be
    /// read; then nothing is left behind.
    pub fn export(
        &mut self,
        target: &Path,
        mut progress: impl FnMut(&ExportedView),
    ) -> Result<Vec<ExportedView>, SqlError> {
        if target.exists() {
            return Err(SqlError::Exists);
        }
        let unfinished = Unfinished(beside(target));
        // What another attempt left, which was cut off.
        let _ = fs::remove_file(&unfinished.0);
        drop(open_private(&unfinished.0).map_err(failed)?);
        let mut file = Connection::open(&unfinished.0).map_err(failed)?;
        file.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF").map_err(failed)?;
        let mut exported = Vec::new();
        for view in self.views()? {
            let view = self.export_view(&mut file, &view)?;
            progress(&view);
            exported.push(view);
        }
        file.close().map_err(|(_, error)| failed(error))?;
        fs::rename(&unfinished.0, target).map_err(failed)?;
        Ok(exported)
    }

    fn export_view(&mut self, file: &mut Connection, view: &ViewInfo) -> Result<ExportedView, SqlError> {
        let columns: Vec<String> = view.columns.iter().map(|name| quoted(name)).collect();
        let table = quoted(&view.name);
        let transaction = file.transaction().map_err(failed)?;
        transaction
            .execute_batch(&format!("CREATE TABLE {table} ({})", columns.join(", ")))
            .map_err(failed)?;
        let places = vec!["?"; columns.len()].join(", ");
        let mut insert =
            transaction.prepare(&format!("INSERT INTO {table} VALUES ({places})")).map_err(failed)?;
        let (mut rows, mut written) = (0, Ok(0));
        self.query(
            &format!("SELECT * FROM {table}"),
            &[],
            None,
            |_| (),
            |row: Vec<SqlValue>| {
                written = insert.execute(params_from_iter(row.into_iter().map(Value::from)));
                rows += 1;
                written.is_ok()
            },
        )?;
        drop(insert);
        written.map_err(failed)?;
        transaction.commit().map_err(failed)?;
        Ok(ExportedView { name: view.name.clone(), rows })
    }
}

/// A file that is removed unless it got its name.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn failed(error: impl std::fmt::Display) -> SqlError {
    SqlError::Export(error.to_string())
}

fn beside(target: &Path) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
