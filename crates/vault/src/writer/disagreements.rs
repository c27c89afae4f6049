//! Where a light listing and what a run has seen differ.

use rusqlite::{Connection, Params};

use crate::{Folders, ListingScope, RunId, Side};

/// An object over which the listing and the run disagree.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Disagreement {
    /// The kind.
    pub kind: String,
    /// The object's key.
    pub key: String,
    /// The side: of the listing; for what vanished, where it was seen.
    pub side: Side,
    /// The folder: of the listing; for what vanished, where it was seen.
    pub folder: Option<String>,
}

/// Where a listing and what the run has seen differ. No object is in two of
/// the lists; each is sorted and without repetition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Disagreements {
    /// Listed in the scope, never seen by this run.
    pub missing: Vec<Disagreement>,
    /// Listed with a later stamp than it was seen with.
    pub newer: Vec<Disagreement>,
    /// Listed in another folder or on another side than it was seen (a listing
    /// without folders says nothing of folders).
    pub moved: Vec<Disagreement>,
    /// Seen in the scope, not listed.
    pub vanished: Vec<Disagreement>,
}

impl Disagreements {
    /// The listing agrees with the run.
    pub fn is_empty(&self) -> bool {
        [&self.missing, &self.newer, &self.moved, &self.vanished].iter().all(|list| list.is_empty())
    }

    /// The lists, by the numbers that queries give them.
    fn lists(&mut self) -> [&mut Vec<Disagreement>; 4] {
        [&mut self.missing, &mut self.newer, &mut self.moved, &mut self.vanished]
    }
}

/// What is listed otherwise than it was seen, with the number of the list that it
/// belongs to. Folders are only looked at of what differs.
const LISTED: &str = "SELECT l.kind, l.key, l.side, l.folder,
         CASE WHEN s.object IS NULL THEN 0 WHEN coalesce(l.updated_at > s.updated_at, 0) THEN 1 ELSE 2 END
     FROM listed l
     LEFT JOIN object o ON o.instance = (SELECT instance FROM run WHERE id = ?1)
         AND o.kind = l.kind AND o.key = l.key
     LEFT JOIN sighting s ON s.run = ?1 AND s.object = o.id
     WHERE l.run = ?1 AND l.listing = ?2 AND l.kind = ?3
         AND (s.object IS NULL OR coalesce(l.updated_at > s.updated_at, 0) OR l.side <> s.side
             OR l.folder IS NOT NULL AND l.folder IS NOT s.folder)
         AND (?4 AND 0 IN (l.side, coalesce(s.side, l.side)) OR ?5 AND 1 IN (l.side, coalesce(s.side, l.side)))
         AND (?6 IS NULL
             OR ?7 <> coalesce(l.folder IN (SELECT value FROM json_each(?6)), 0)
             OR s.object IS NOT NULL AND ?7 <> coalesce(s.folder IN (SELECT value FROM json_each(?6)), 0))";

const VANISHED: &str = "SELECT o.kind, o.key, s.side, s.folder, 3 FROM sighting s
     JOIN object o ON o.id = s.object
     LEFT JOIN listed l ON l.run = ?1 AND l.listing = ?2 AND l.kind = o.kind AND l.key = o.key
     WHERE s.run = ?1 AND o.kind = ?3 AND l.key IS NULL
         AND (?4 AND s.side = 0 OR ?5 AND s.side = 1)
         AND (?6 IS NULL OR ?7 <> coalesce(s.folder IN (SELECT value FROM json_each(?6)), 0))";

/// Compares a round of the listing with the run's sightings within the scopes.
pub(super) fn find(
    connection: &Connection,
    run: RunId,
    listing: u32,
    scopes: &[ListingScope],
) -> rusqlite::Result<Disagreements> {
    let mut found = Disagreements::default();
    for scope in scopes {
        let side = |side| scope.sides.contains(&side);
        let (folders, but) = folder_list(scope);
        let scope = (run.0, listing, &scope.kind, side(Side::Live), side(Side::Trash), folders, but);
        for sql in [LISTED, VANISHED] {
            read(connection, sql, &scope, &mut found)?;
        }
    }
    for list in found.lists() {
        list.sort_unstable();
        list.dedup();
    }
    Ok(found)
}

/// The scope's folders as a JSON array, for `json_each`, and whether those are
/// the ones left out.
pub(super) fn folder_list(scope: &ListingScope) -> (Option<String>, bool) {
    let list = |keys: &[String]| Some(serde_json::Value::from(keys).to_string());
    match &scope.folders {
        None => (None, false),
        Some(Folders::Only(keys)) => (list(keys), false),
        Some(Folders::AllBut(keys)) => (list(keys), true),
    }
}

/// Adds each row to the list that its last column names.
fn read<P>(connection: &Connection, sql: &str, scope: &P, found: &mut Disagreements) -> rusqlite::Result<()>
where
    P: Params + Clone,
{
    let mut select = connection.prepare_cached(sql)?;
    let mut rows = select.query(scope.clone())?;
    while let Some(row) = rows.next()? {
        let side = Side::from_code(row.get(2)?).unwrap_or(Side::Live);
        let one = Disagreement { kind: row.get(0)?, key: row.get(1)?, side, folder: row.get(3)? };
        found.lists()[usize::from(row.get::<_, u8>(4)?)].push(one);
    }
    Ok(())
}
