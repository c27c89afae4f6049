//! Every compressed blob: is it what its hash says?

use rusqlite::Row;

use super::Check;
use crate::query::number;
use crate::reader::Frame;
use crate::{BodyHash, DictionaryId, seals, volatile_hash};

/// Whether the columns of a row, in the order in which they were sealed, fit its seal.
fn is_sealed(row: &Row<'_>, columns: &[usize], seal: usize) -> rusqlite::Result<bool> {
    let values = columns.iter().map(|column| row.get_ref(*column));
    let values: Vec<_> = values.collect::<rusqlite::Result<_>>()?;
    Ok(row.get::<_, Option<i64>>(seal)? == Some(seals::of_row(&values)))
}

impl Check<'_> {
    pub(super) fn dictionaries(&mut self) -> rusqlite::Result<()> {
        let reader = self.reader;
        let mut select = reader.connection.prepare("SELECT id, hash, kind, data FROM dictionary")?;
        let mut rows = select.query(())?;
        while let Some(row) = rows.next()? {
            let (hash, bytes): ([u8; 32], Vec<u8>) = (row.get(1)?, row.get(3)?);
            if DictionaryId::of(&bytes) != DictionaryId(hash) {
                let (id, kind): (i64, String) = (row.get(0)?, row.get(2)?);
                self.damage("a dictionary is not what was stored", format!("dictionary {id} of {kind}"));
            }
        }
        Ok(())
    }

    pub(super) fn bodies(&mut self) -> rusqlite::Result<()> {
        let reader = self.reader;
        let total = number(&reader.connection, "SELECT count(*) FROM body", ())?;
        let rules = self.reference_rules();
        let mut select = reader
            .connection
            .prepare("SELECT id, raw_len, dictionary, data, hash, kind, seal FROM body ORDER BY id")?;
        let mut rows = select.query(())?;
        while let Some(row) = rows.next()? {
            let hash = BodyHash(row.get(4)?);
            if !is_sealed(row, &[4, 5, 1, 2, 3], 6)? {
                let place = self.place_of_body(row.get(0)?)?;
                self.damage("the row of a body is not what was stored", place);
            }
            match self.decode(row)? {
                Ok(body) if BodyHash::of(&body) == hash => {
                    self.report.raw_bytes += body.len() as u64;
                    let kind: String = row.get(5)?;
                    self.references(row.get(0)?, &body, rules.get(&kind))?;
                    self.content(row.get(0)?, &kind, &body)?;
                }
                Ok(_) => {
                    let place = self.place_of_body(row.get(0)?)?;
                    self.damage("a body is not what was stored", place);
                }
                Err(reason) => {
                    let place = self.place_of_body(row.get(0)?)?;
                    self.damage(format!("a body cannot be read: {reason}"), place);
                }
            }
            self.report.bodies += 1;
            self.tell("bodies", self.report.bodies, total);
        }
        Ok(())
    }

    pub(super) fn volatile_parts(&mut self) -> rusqlite::Result<()> {
        let reader = self.reader;
        let mut select = reader
            .connection
            .prepare("SELECT object, raw_len, dictionary, data, hash, seal FROM volatile")?;
        let mut rows = select.query(())?;
        while let Some(row) = rows.next()? {
            let hash = row.get::<_, i64>(4)?.cast_unsigned();
            let sealed = is_sealed(row, &[0, 4, 1, 2, 3], 5)?;
            let what = match self.decode(row)? {
                Ok(volatile) if volatile_hash(&volatile) == hash && sealed => continue,
                Ok(_) => "a volatile part is not what was stored".to_owned(),
                Err(reason) => format!("a volatile part cannot be read: {reason}"),
            };
            let place = "SELECT kind || ' ' || key FROM object WHERE id = ?1";
            let place: String =
                reader.connection.query_row(place, [row.get::<_, i64>(0)?], |row| row.get(0))?;
            self.damage(what, place);
        }
        Ok(())
    }

    /// Decompresses a row of (id, raw length, dictionary, data).
    fn decode(&self, row: &Row<'_>) -> rusqlite::Result<Result<Vec<u8>, &'static str>> {
        let frame = Frame { raw_len: row.get(1)?, dictionary: row.get(2)?, data: row.get(3)? };
        self.reader.decode(&frame)
    }

    /// The objects that need a body.
    pub(super) fn place_of_body(&self, body: i64) -> rusqlite::Result<String> {
        let select = "SELECT coalesce(group_concat(DISTINCT o.kind || ' ' || o.key), 'needed by no object')
             FROM version v JOIN object o ON o.id = v.object WHERE v.body = ?1";
        let objects: String = self.reader.connection.query_row(select, [body], |row| row.get(0))?;
        Ok(format!("body {body}: {objects}"))
    }
}
