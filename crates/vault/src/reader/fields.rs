//! Which fields are used, and whose documents use them.

use rusqlite::Row;

use super::Reader;
use super::as_of::{AsOf, valid};
use super::objects::Frame;
use super::references::Referrer;
use crate::error::AtPath;
use crate::query::gather;
use crate::{FieldName, Result, RunId, VaultError};

/// Which fields are meant; what is not given may be anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldFilter {
    /// The model.
    pub model: Option<String>,
    /// The explore.
    pub explore: Option<String>,
    /// The field: `view.field`.
    pub name: Option<String>,
}

/// Of documents that do not say on what explore a field is, the field by itself
/// tells; not so the explore or the model.
const MEANT: &str = "(?2 IS NULL OR f.model = ?2 OR f.model = '' AND ?4 IS NOT NULL)
         AND (?3 IS NULL OR f.explore = ?3 OR f.explore = '' AND ?4 IS NOT NULL)
         AND (?4 IS NULL OR f.name = ?4)";

fn users_sql(at: Option<RunId>) -> String {
    format!(
        "SELECT o.kind, o.key, v.title, v.folder, v.side, b.raw_len, b.dictionary, b.data
         FROM (SELECT DISTINCT u.body FROM field f CROSS JOIN field_use u ON u.field = f.id WHERE {meant})
             used CROSS JOIN version v INDEXED BY version_body CROSS JOIN object o CROSS JOIN body b
         WHERE v.body = used.body AND {valid} AND v.side < 2
             AND o.id = v.object AND o.instance = ?1 AND b.id = v.body",
        meant = MEANT,
        valid = valid("v", 5, at),
    )
}

/// Each field is asked for until one object is found.
fn in_use_sql(at: Option<RunId>) -> String {
    format!(
        "SELECT f.model, f.explore, f.name FROM field f WHERE {meant}
         AND EXISTS (SELECT 1 FROM field_use u
             CROSS JOIN version v INDEXED BY version_body CROSS JOIN object o
             WHERE u.field = f.id AND v.body = u.body AND {valid}
                 AND (v.side = 0 OR ?6 AND v.side = 1)
                 AND o.id = v.object AND o.instance = ?1)
         ORDER BY f.model, f.explore, f.name",
        meant = MEANT,
        valid = valid("v", 5, at),
    )
}

impl Reader {
    /// Hands every object, live or in the trash, that uses one of the fields to
    /// `each`, with its body, in the order of bodies. Only what was searched before
    /// is found, see [`Reader::unsearched`].
    ///
    /// # Errors
    /// When the vault cannot be read, or a body cannot be decompressed.
    pub fn field_users(
        &self,
        of: impl Into<AsOf>,
        fields: &FieldFilter,
        mut each: impl FnMut(Referrer, Vec<u8>),
    ) -> Result<()> {
        let of = of.into();
        let mut select = self.connection.prepare_cached(&users_sql(of.run)).at(&self.path)?;
        let parameters = (of.instance.0, &fields.model, &fields.explore, &fields.name, of.number());
        let mut rows = select.query(parameters).at(&self.path)?;
        while let Some(row) = rows.next().at(&self.path)? {
            let user = Referrer::read(row).at(&self.path)?;
            let frame = frame(row).at(&self.path)?;
            let body = self.decode(&frame).at(&self.path)?.map_err(|why| {
                VaultError::damaged(&self.path, format!("the body of {} {}: {why}", user.kind, user.key))
            })?;
            each(user, body);
        }
        Ok(())
    }

    /// The fields that objects use, those in the trash too if `trash`; models and
    /// explores as a whole are among them.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn fields_in_use(
        &self,
        of: impl Into<AsOf>,
        fields: &FieldFilter,
        trash: bool,
    ) -> Result<Vec<FieldName>> {
        let of = of.into();
        let parameters = (of.instance.0, &fields.model, &fields.explore, &fields.name, of.number(), trash);
        let field =
            |row: &Row<'_>| Ok(FieldName { model: row.get(0)?, explore: row.get(1)?, name: row.get(2)? });
        gather(&self.connection, &in_use_sql(of.run), parameters, field).at(&self.path)
    }
}

fn frame(row: &Row<'_>) -> rusqlite::Result<Frame> {
    Ok(Frame { raw_len: row.get(5)?, dictionary: row.get(6)?, data: row.get(7)? })
}
