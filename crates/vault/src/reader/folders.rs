//! Folders by their paths.

use std::collections::{HashMap, HashSet};

use rusqlite::{OptionalExtension, Row};

use super::Reader;
use super::answers::FOLDER_KIND;
use super::as_of::{AsOf, valid};
use crate::error::AtPath;
use crate::query::gather;
use crate::{InstanceId, Result, RunId};

/// How far a folder's parents are followed, should they go round in a circle.
const DEPTH: usize = 64;

/// Titles and parents of an instance's folders by key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FolderPaths(HashMap<String, (String, Option<String>)>);

impl FolderPaths {
    /// The titles from the root down to a folder, such as `Shared/Sales`, if the
    /// folder is known.
    pub fn path(&self, key: &str) -> Option<String> {
        let above = |(_, parent): &&(String, Option<String>)| self.0.get(parent.as_ref()?);
        path_of(std::iter::successors(self.0.get(key), above).map(|(title, _)| title.as_str()))
    }

    /// The keys of all folders, in no order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// These folders with all that lie below them, at any depth.
    pub fn with_descendants(&self, keys: &[&str]) -> HashSet<String> {
        let mut children: HashMap<&str, Vec<&str>> = HashMap::new();
        for (key, (_, parent)) in &self.0 {
            children.entry(parent.as_deref().unwrap_or_default()).or_default().push(key);
        }
        let mut found = HashSet::new();
        let mut open = keys.to_vec();
        while let Some(key) = open.pop() {
            if found.insert(key.to_owned()) {
                open.extend(children.get(key).into_iter().flatten());
            }
        }
        found
    }
}

/// The path of these titles, the lowest first; `None` when there are none.
fn path_of<T: AsRef<str>>(titles: impl Iterator<Item = T>) -> Option<String> {
    let mut titles: Vec<T> = titles.take(DEPTH).collect();
    titles.reverse();
    let titles: Vec<&str> = titles.iter().map(AsRef::as_ref).collect();
    (!titles.is_empty()).then(|| titles.join("/"))
}

fn folders_sql(at: Option<RunId>) -> String {
    let valid = valid("v", 3, at);
    format!(
        "SELECT o.key, coalesce(v.title, o.key), v.folder
         FROM object o JOIN version v ON v.object = o.id AND {valid}
         WHERE o.instance = ?1 AND o.kind = ?2 AND v.side < 2"
    )
}

fn folder_sql(at: Option<RunId>) -> String {
    let valid = valid("v", 4, at);
    format!(
        "SELECT coalesce(v.title, o.key), v.folder
         FROM object o JOIN version v ON v.object = o.id AND {valid}
         WHERE o.instance = ?1 AND o.kind = ?2 AND o.key = ?3 AND v.side < 2"
    )
}

/// An absence keeps the title of what is gone.
const EVERY_FOLDER: &str = "SELECT o.key, coalesce(v.title, o.key), v.folder
     FROM object o JOIN version v ON v.object = o.id AND v.until_run IS NULL
     WHERE o.instance = ?1 AND o.kind = ?2";

impl Reader {
    /// Every folder that an instance ever had, by the name it had last.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn every_folder(&self, instance: InstanceId) -> Result<FolderPaths> {
        let all = gather(&self.connection, EVERY_FOLDER, (instance.0, FOLDER_KIND), folder);
        Ok(FolderPaths(all.at(&self.path)?.into_iter().collect()))
    }

    /// The folders of an instance, now or as a run left them.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn folders(&self, of: impl Into<AsOf>) -> Result<FolderPaths> {
        let of = of.into();
        let parameters = (of.instance.0, FOLDER_KIND, of.number());
        let all = gather(&self.connection, &folders_sql(of.run), parameters, folder);
        Ok(FolderPaths(all.at(&self.path)?.into_iter().collect()))
    }

    /// The path of one folder, found through its parents alone.
    pub(super) fn folder_path(
        &self,
        instance: InstanceId,
        key: &str,
        at: Option<RunId>,
    ) -> Result<Option<String>> {
        let select = || -> rusqlite::Result<Option<String>> {
            let mut select = self.connection.prepare_cached(&folder_sql(at))?;
            let (mut titles, mut next) = (Vec::new(), Some(key.to_owned()));
            while let Some(key) = next.filter(|_| titles.len() < DEPTH) {
                let parameters = (instance.0, FOLDER_KIND, key, at.map(|run| run.0));
                let found = select.query_row(parameters, |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
                let Some((title, parent)): Option<(String, Option<String>)> = found else { break };
                titles.push(title);
                next = parent;
            }
            Ok(path_of(titles.into_iter()))
        };
        select().at(&self.path)
    }
}

fn folder(row: &Row<'_>) -> rusqlite::Result<(String, (String, Option<String>))> {
    Ok((row.get(0)?, (row.get(1)?, row.get(2)?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::assert_indexed;

    #[test]
    fn folders_are_found_by_an_index() {
        for at in [None, Some(RunId(1))] {
            assert_indexed(&[&folders_sql(at), &folder_sql(at), EVERY_FOLDER], &[]);
        }
    }

    #[test]
    fn a_folder_is_found_with_all_below_it_even_in_a_ring() {
        let folder =
            |key: &str, parent: &str| (key.to_owned(), (key.to_uppercase(), Some(parent.to_owned())));
        let folders =
            [folder("a", ""), folder("b", "a"), folder("c", "b"), folder("d", "d"), folder("e", "x")];
        let folders = FolderPaths(folders.into_iter().collect());
        assert_eq!(folders.path("c").as_deref(), Some("A/B/C"));
        assert_eq!((folders.path("e").as_deref(), folders.path("x")), (Some("E"), None));
        let below = |key| {
            let mut found: Vec<String> = folders.with_descendants(&[key]).into_iter().collect();
            found.sort();
            found.join("")
        };
        assert_eq!((below("a").as_str(), below("c").as_str(), below("d").as_str()), ("abc", "c", "d"));
    }
}
