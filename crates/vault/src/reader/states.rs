//! All objects of a kind as a run left them, with the names of their bodies:
//! what a comparison with another instance or another vault begins with.

use super::as_of::valid;
use super::{Reader, Version};
use crate::error::AtPath;
use crate::{InstanceId, Result, RunId};

fn states_sql() -> String {
    let valid = valid("v", 3, Some(RunId(0)));
    format!(
        "SELECT o.key, {columns}
         FROM object o JOIN version v ON v.object = o.id AND {valid}
         JOIN body b ON b.id = v.body
         WHERE o.instance = ?1 AND o.kind = ?2
         ORDER BY o.key GLOB '*[^0-9]*',
             CASE WHEN o.key NOT GLOB '*[^0-9]*' THEN length(ltrim(o.key, '0')) END, o.key",
        columns = super::history::VERSION_COLUMNS,
    )
}

impl Reader {
    /// Hands every object of a kind that a run left live or in the trash to
    /// `each`, in the order of its id.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn states(
        &self,
        instance: InstanceId,
        kind: &str,
        at: RunId,
        mut each: impl FnMut(String, Version),
    ) -> Result<()> {
        let mut tell = || -> rusqlite::Result<()> {
            let mut select = self.connection.prepare_cached(&states_sql())?;
            let mut rows = select.query((instance.0, kind, at.0))?;
            while let Some(row) = rows.next()? {
                if let Some(version) = Version::read(row, 1)? {
                    each(row.get(0)?, version);
                }
            }
            Ok(())
        };
        tell().at(&self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::assert_indexed;

    #[test]
    fn states_are_found_by_an_index() {
        assert_indexed(&[&states_sql()], &[]);
    }
}
