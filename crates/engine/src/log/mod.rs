//! What happened to the objects of an instance, told from the versions that a
//! vault keeps.
//!
//! The API tells states, not events: who did what is concluded. A change is
//! named by what differs between two versions, dated by Looker's stamp if that
//! moved, else by the two runs it happened between, and its author is known
//! only where the document names one.

mod author;
mod what;
mod when;

pub use author::Author;
pub use what::What;
pub use when::When;

use std::collections::HashSet;

use jiff::Timestamp;
use looker::Kind;
use serde_json::{Map, Value};
use vault::{Change, ChangeFilter, FolderPaths, InstanceId, Reader, Result, RunId, Version};

use author::Authors;
use when::Runs;

/// Which changes to tell.
#[derive(Debug, Clone)]
pub struct LogFilter {
    /// What the vault is asked for.
    pub changes: ChangeFilter,
    /// Only what lies or lay in one of these folders, and the folders themselves.
    pub folders: Option<HashSet<String>>,
    /// Only what may have happened at this time or later.
    pub since: Option<Timestamp>,
    /// Only what may have happened at this time or earlier.
    pub until: Option<Timestamp>,
    /// Only what this user did: an id, an e-mail address or a name.
    pub by: Option<String>,
}

impl LogFilter {
    /// All changes of an instance.
    pub fn of(instance: InstanceId) -> Self {
        Self { changes: ChangeFilter::of(instance), folders: None, since: None, until: None, by: None }
    }
}

/// One change of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The kind.
    pub kind: String,
    /// Looker's id.
    pub key: String,
    /// What happened, never empty; several things may have happened at once.
    pub what: Vec<What>,
    /// When.
    pub when: When,
    /// Who did it, where the API tells.
    pub author: Option<Author>,
    /// The run that found it.
    pub run: RunId,
    /// What it was before; `None` when it was not there or not known.
    pub before: Option<Place>,
    /// What it became; of what is gone, what it was last.
    pub after: Place,
    /// Of what is gone: why that may mean less than it seems.
    pub evidence: Option<Evidence>,
}

/// What an object is called and where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Title or name.
    pub title: Option<String>,
    /// The key of its folder.
    pub folder: Option<String>,
    /// The folder's path by the names that folders had last.
    pub path: Option<String>,
}

/// As whom the instance was read before and after something was gone. The API
/// answers the same for what was purged and for what may not be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The account of the run before, as that run kept it (JSON): of the last complete
    /// one of the same scope, else of any scope, or of the one that found the object as it
    /// was last, whichever is newer.
    pub before: Option<String>,
    /// The account of the run that missed the object.
    pub now: String,
}

impl Evidence {
    /// Whether the account is another one, or has other roles or permissions.
    pub fn account_changed(&self) -> bool {
        let Some(before) = &self.before else { return false };
        let read = |account: &str| serde_json::from_str::<Map<String, Value>>(account);
        let (Ok(before), Ok(now)) = (read(before), read(&self.now)) else { return *before != self.now };
        // What nobody knew before tells nothing.
        before.iter().any(|(name, value)| !value.is_null() && now.get(name) != Some(value))
    }
}

/// What was told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Told {
    /// Entries that were handed over.
    pub entries: u64,
    /// Changes left out because nobody knows who made them, when an author was
    /// asked for.
    pub unknown_authors: u64,
}

/// Hands the changes that fit to `each`, the newest run first, until it answers
/// false.
///
/// # Errors
/// When the vault cannot be read, or a document in it is damaged.
pub fn tell(reader: &Reader, filter: &LogFilter, mut each: impl FnMut(Entry) -> bool) -> Result<Told> {
    let mut teller = Teller::new(reader, filter)?;
    let mut told = Told::default();
    let mut failed = None;
    reader.changes(&filter.changes, |change| match teller.entry(change) {
        Ok(Some(entry)) if teller.is_by(&entry, &mut told) => {
            told.entries += 1;
            each(entry)
        }
        Ok(_) => true,
        Err(error) => {
            failed = Some(error);
            false
        }
    })?;
    failed.map_or(Ok(told), Err)
}

struct Teller<'a> {
    reader: &'a Reader,
    filter: &'a LogFilter,
    folders: FolderPaths,
    runs: Runs,
    authors: Authors<'a>,
}

impl<'a> Teller<'a> {
    fn new(reader: &'a Reader, filter: &'a LogFilter) -> Result<Self> {
        let instance = filter.changes.instance;
        Ok(Self {
            reader,
            filter,
            folders: reader.every_folder(instance)?,
            runs: Runs::new(reader.moments(instance)?),
            authors: Authors::new(reader, instance),
        })
    }

    /// The entry of a change, unless it was not asked for.
    fn entry(&mut self, change: Change) -> Result<Option<Entry>> {
        if !self.lies_in(&change) {
            return Ok(None);
        }
        let kind = Kind::find(&change.kind);
        // A date that is known without the documents spares reading them.
        let when = self.runs.when(kind, &change, None);
        if !matches!(when, When::Between { .. }) && !self.is_in_time(&when) {
            return Ok(None);
        }
        let bodies = what::Bodies::read(self.reader, kind, &change)?;
        let what = what::what(kind, &change, &bodies);
        let when = self.runs.when(kind, &change, bodies.deleted_at(&what));
        if !self.is_in_time(&when) {
            return Ok(None);
        }
        let author = self.authors.of(&change, &what, &bodies)?;
        let gone = change.after.side.is_none();
        let evidence = gone.then(|| self.runs.evidence(&change)).flatten();
        let before = change.before.filter(|before| gone || before.side.is_some());
        Ok(Some(Entry {
            what,
            when,
            author,
            run: change.after.from_run,
            before: before.map(|version| self.place(version)),
            evidence,
            after: self.place(change.after),
            kind: change.kind,
            key: change.key,
        }))
    }

    fn place(&self, version: Version) -> Place {
        let path = version.folder.as_ref().and_then(|folder| self.folders.path(folder));
        Place { title: version.title, folder: version.folder, path }
    }

    fn lies_in(&self, change: &Change) -> bool {
        let Some(folders) = &self.filter.folders else { return true };
        let versions = change.before.iter().chain([&change.after]);
        let is_one = change.kind == "folders" && folders.contains(&change.key);
        is_one || versions.filter_map(|version| version.folder.as_ref()).any(|key| folders.contains(key))
    }

    fn is_in_time(&self, when: &When) -> bool {
        let (from, until) = when.bounds();
        self.filter.since.is_none_or(|since| until >= since)
            && self.filter.until.is_none_or(|limit| from.is_none_or(|from| from <= limit))
    }

    fn is_by(&self, entry: &Entry, told: &mut Told) -> bool {
        let Some(wanted) = &self.filter.by else { return true };
        told.unknown_authors += u64::from(entry.author.is_none());
        entry.author.as_ref().is_some_and(|author| author.is_called(wanted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(before: Option<&str>, now: &str) -> bool {
        Evidence { before: before.map(str::to_owned), now: now.to_owned() }.account_changed()
    }

    #[test]
    fn another_account_is_told_by_user_role_and_permission() {
        let now = r#"{"client_id":"key","user_id":"1","role_ids":["2"],"permissions":["see_looks"]}"#;
        assert!(!changed(Some(now), now));
        for before in [
            r#"{"client_id":"key","user_id":"4","role_ids":["2"],"permissions":["see_looks"]}"#,
            r#"{"client_id":"key","user_id":"1","role_ids":["2","3"],"permissions":["see_looks"]}"#,
            r#"{"client_id":"key","user_id":"1","role_ids":["2"],"permissions":["see_looks","see_users"]}"#,
            r#"{"client_id":"old","user_id":"1","role_ids":["2"],"permissions":["see_looks"]}"#,
        ] {
            assert!(changed(Some(before), now), "{before}");
        }
    }

    #[test]
    fn what_nobody_knew_before_tells_nothing() {
        let now = r#"{"client_id":"key","user_id":"1","role_ids":["2"],"permissions":["see_looks"]}"#;
        assert!(!changed(None, now), "nobody read it before");
        assert!(!changed(Some(r#"{"client_id":"key"}"#), now));
        let unread = r#"{"client_id":"key","user_id":"1","role_ids":null,"permissions":null}"#;
        assert!(!changed(Some(unread), now));
        assert!(changed(Some(now), unread), "what is no longer told may be lost");
    }
}
