//! The views as tables of a file of its own, for tools that cannot look into the
//! vault's documents.

use std::io::ErrorKind;
use std::path::Path;

use rusqlite::hooks::{AuthContext, Authorization};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use tempfile::NamedTempFile;

use super::{Queries, SqlError, SqlValue, ViewInfo, authorize, locked};
use crate::query::number;

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
        mut self,
        target: &Path,
        mut progress: impl FnMut(&ExportedView),
    ) -> Result<Vec<ExportedView>, SqlError> {
        if target.exists() {
            return Err(SqlError::Exists);
        }
        // Gone again unless it gets its name.
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
        let unfinished = NamedTempFile::new_in(folder.unwrap_or(Path::new("."))).map_err(failed)?;
        let mut file = Connection::open(unfinished.path()).map_err(failed)?;
        file.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF").map_err(failed)?;
        // All tables are of one moment, whoever writes meanwhile.
        let unread = |error| SqlError::new(error, None);
        self.connection.authorizer(None::<fn(AuthContext<'_>) -> Authorization>).map_err(unread)?;
        begin(&self.connection).map_err(unread)?;
        begin(&locked(&self.documents).connection).map_err(unread)?;
        self.connection.authorizer(Some(authorize)).map_err(unread)?;
        let mut exported = Vec::new();
        for view in self.views()? {
            let view = self.export_view(&mut file, &view)?;
            progress(&view);
            exported.push(view);
        }
        file.close().map_err(|(_, error)| failed(error))?;
        unfinished.as_file().sync_all().map_err(failed)?;
        unfinished.persist_noclobber(target).map_err(|unnamed| match unnamed.error.kind() {
            ErrorKind::AlreadyExists => SqlError::Exists,
            _ => failed(unnamed.error),
        })?;
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

/// Begins to read the vault as it is now.
fn begin(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("BEGIN")?;
    // The transaction is of the moment when it first reads.
    number(connection, "SELECT count(*) FROM main.sqlite_schema", ()).map(drop)
}

fn failed(error: impl std::fmt::Display) -> SqlError {
    SqlError::Export(error.to_string())
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
